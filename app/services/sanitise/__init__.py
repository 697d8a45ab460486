"""A sanitised copy of a database, for training and tests.

The register says of every column what it holds (``resources/sanitise/register.yaml``). What was in the original is
never written into the copy: rows are read, replaced, and only then written into a database made anew.
"""
