"""The company: what stands on its documents."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from app.core.changes import Result
from app.core.errors import Invalid
from app.core.i18n import t
from app.services.partners import rules
from app.services.partners.iban import clean_bic, clean_iban
from app.services.system import reads, writes
from app.services.system.commands import SaveCompany
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormRecord, FormSpec, FormValues, Notice, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.side_cards import StoryCards

COMPANY = "system.company"
COMPANY_ID = 1


def load(session: Any, _record_id: int, _language: str) -> FormRecord:
    """The one company; empty fields as None."""
    found = reads.company(session)
    values = {
        key: value if isinstance(value, bool) else value or None
        for key, value in found._asdict().items()
        if key not in ("row_version", "logo")
    }
    return FormRecord(id=COMPANY_ID, row_version=found.row_version, values=values, raw=found)


def save(session: Any, command: SaveCompany) -> Result[int]:
    """Save, and give the record's id as every form wants it."""
    return Result(COMPANY_ID, writes.save_company(session, command).changes)


def _country(value: Any, _values: Mapping[str, Any]) -> Invalid | None:
    return _wrong(lambda: rules.address_values({"country": value}))


def _vat_id(value: Any, _values: Mapping[str, Any]) -> Invalid | None:
    return _wrong(lambda: rules.check_vat_id(value)) if value else None


def _iban(value: Any, _values: Mapping[str, Any]) -> Invalid | None:
    return _wrong(lambda: clean_iban(str(value))) if value else None


def _bic(value: Any, _values: Mapping[str, Any]) -> Invalid | None:
    return _wrong(lambda: clean_bic(str(value))) if value else None


def _wrong(check: Callable[[], object]) -> Invalid | None:
    try:
        check()
    except Invalid as wrong:
        return wrong
    return None


class CompanyPage(FormPage):
    """Letterhead, tax, bank."""

    spec: ClassVar[FormSpec] = FormSpec(
        topic=COMPANY,
        title="company.one",
        icon="building-2",
        sections=(
            Section(
                (
                    Field("name", "company.name", required=True, span=2),
                    Field("managing_director", "company.managing_director", span=2),
                    Field("street", "company.street", required=True, span=2),
                    Field("postal_code", "company.postal_code", required=True, max_length=20),
                    Field("city", "company.city", required=True),
                    Field("country", "company.country", required=True, max_length=2, validate=_country),
                    Field("phone", "company.phone", max_length=60),
                    Field("email", "company.email"),
                    Field("web", "company.web"),
                ),
            ),
            Section(
                (
                    Field("vat_id", "company.vat_id", max_length=20, validate=_vat_id),
                    Field("tax_number", "company.tax_number", max_length=40),
                    Field("register_entry", "company.register_entry", span=2),
                    Field("is_small_business", "company.is_small_business", "check", span=2),
                ),
                "company.section.tax",
            ),
            Section(
                (
                    Field("contact_name", "company.contact_name", span=2),
                    Field("contact_phone", "company.contact_phone", max_length=60),
                    Field("contact_email", "company.contact_email", max_length=254),
                    Field("electronic_address", "company.electronic_address", span=2, max_length=254),
                    Field("electronic_address_scheme", "company.electronic_address_scheme", max_length=4),
                ),
                "company.section.einvoice",
            ),
            Section(
                (
                    Field("bank_name", "company.bank_name", span=2),
                    Field("iban", "company.iban", max_length=40, validate=_iban),
                    Field("bic", "company.bic", max_length=11, validate=_bic),
                    Field(
                        "language",
                        "company.language",
                        "choice",
                        required=True,
                        choices=(("de", "shell.language_de"), ("en", "shell.language_en")),
                    ),
                    Field("currency", "company.currency", "readonly"),
                ),
                "company.section.bank",
            ),
        ),
        load=load,
        update_right=f"{COMPANY}:update",
        constraints=(("company_name_length", "name"), ("company_language", "language")),
    )

    def __init__(
        self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any] | None = None
    ) -> None:
        self._story: StoryCards | None = None
        super().__init__(ctx, record_id, state)

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self._story = StoryCards(self, self.ctx, COMPANY, labels_of(self.spec))
        return self._story.cards

    def shown(self) -> None:
        """Read notes and history."""
        if self._story is not None:
            self._story.show(self.record.id, self.heading()[0])

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """What it is; the name stands in the first field."""
        return t(self.spec.title), None

    def notices(self) -> Sequence[Notice]:
        """What documents still lack."""
        values = self.record.values
        if not all(values.get(key) for key in ("name", "street", "postal_code", "city")):
            return [Notice("incomplete", "warn", t("company.incomplete"), t("company.incomplete_what"))]
        if not (values.get("vat_id") or values.get("tax_number")):
            return [Notice("incomplete", "warn", t("company.no_tax_number"), t("company.no_tax_number_what"))]
        return []

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Only what was changed; an emptied field is empty text."""
        values = {
            key: form.values[key] if key.startswith("is_") else form.values[key] or "" for key in form.changed
        }
        for key in ("country", "vat_id", "iban", "bic", "electronic_address_scheme"):
            if values.get(key):
                values[key] = str(values[key]).upper().strip()
        return save, SaveCompany(form.row_version, values)
