"""The history of a record is read by people: every column it can show has a name in both languages."""

import importlib
import pkgutil

from app import models
from app.core.i18n import LANGUAGES, catalogue
from app.models.base import Base
from app.views.core.side_cards import SILENT

BUSINESS = {"catalog", "partners", "engineering", "inventory", "purchasing", "production", "sales"}


def test_every_column_of_a_business_table_has_a_name() -> None:
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    missing = {
        f"{table.fullname}.{column.name}"
        for table in Base.metadata.sorted_tables
        if table.schema in BUSINESS
        for column in table.columns
        if column.name not in SILENT
        and any(language not in catalogue().get(f"column.{column.name}", {}) for language in LANGUAGES)
    }
    assert not missing
