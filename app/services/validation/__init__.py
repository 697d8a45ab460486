"""Checking records before they are written: rules as data, findings as the one way to say what is wrong.

Used alike for rows of the old system, imported files and forms: `Rules.read({...}).check(values)` gives `Finding`s.
"""

from app.services.validation.findings import ERROR, WARNING, Finding
from app.services.validation.rules import Context, Rules, RulesError

__all__ = ["ERROR", "WARNING", "Context", "Finding", "Rules", "RulesError"]
