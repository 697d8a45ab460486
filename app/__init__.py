"""Werkbank: a desktop ERP for small manufacturers."""

__version__ = "0.1.0"
