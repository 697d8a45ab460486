"""The calendar day of this workstation, as proposals and colours go by it; the database decides by its own."""

from datetime import date, datetime


def today() -> date:
    """Today, where the user sits."""
    return datetime.now().astimezone().date()
