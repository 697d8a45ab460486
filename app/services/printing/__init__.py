"""Printers: what speaks to them, which one prints what, and the house's queue."""
