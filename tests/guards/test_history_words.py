"""The history of a record is read by people: every column it can show has a name in both languages."""

import importlib
import pkgutil

from app import models
from app.core.i18n import LANGUAGES, catalogue
from app.models.base import Base
from app.views.core.side_cards import SILENT
from migrations import rights

BUSINESS = {"catalog", "partners", "engineering", "inventory", "purchasing", "production", "sales"}
ACCESS = {"sec", "system"}  # what of it is audited


def _declared() -> None:
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")


def test_every_column_of_a_business_table_has_a_name() -> None:
    _declared()
    missing = {
        f"{table.fullname}.{column.name}"
        for table in Base.metadata.sorted_tables
        if table.schema in BUSINESS
        for column in table.columns
        if column.name not in SILENT
        and any(language not in catalogue().get(f"column.{column.name}", {}) for language in LANGUAGES)
    }
    assert not missing


def test_every_audited_column_of_people_and_rights_has_a_name() -> None:
    _declared()
    tables = rights.load().tables
    missing = {
        f"{table.fullname}.{column.name}"
        for table in Base.metadata.sorted_tables
        if table.schema in ACCESS and (named := tables.get(table.fullname)) is not None and named.audited
        for column in table.columns
        if column.name not in SILENT
        and not any(
            set(LANGUAGES) <= set(catalogue().get(key, {}))
            for key in (f"column.{column.name}", f"column.{table.fullname}.{column.name}")
        )
    }
    assert not missing
