"""Words of the catalogue in the reader's language, for statements of every capability."""

from sqlalchemy.orm import InstrumentedAttribute

from app.models.catalog import Unit


def unit_name(language: str) -> InstrumentedAttribute[str]:
    """What people call a unit ("Stück", "piece"); its code is for files and other programs."""
    return Unit.name_en if language == "en" else Unit.name_de
