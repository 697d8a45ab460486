"""The adviser's settings, an account, a partner's account, as forms."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from app.core.changes import Result
from app.core.errors import Invalid
from app.core.i18n import t
from app.services.accounting import lists, writes
from app.services.accounting.charts import CATEGORIES, PURPOSES
from app.services.accounting.commands import (
    DiscardAccount,
    SaveAccount,
    SavePersonalAccount,
    SaveSetting,
)
from app.services.partners.reads import search_partners, search_suppliers
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormRecord, FormSpec, FormValues, Notice, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.operation import WriteOp
from app.views.core.side_cards import StoryCards

SETTING, ACCOUNT, PERSONAL = writes.SETTING, writes.ACCOUNT, writes.PERSONAL
SIDES = (("debtor", "accounting.side.one.debtor"), ("creditor", "accounting.side.one.creditor"))
_WHOLE = ("consultant_no", "client_no", "account_length")
_RANGES = ("debtor_first", "debtor_last", "creditor_first", "creditor_last")
_TITLED = tuple((one, f"accounting.purpose.{one}") for one in PURPOSES)
_TAXES = (("", "accounting.category.none"), *((one, f"accounting.category.{one}") for one in CATEGORIES))


def _digits(value: Any, _values: Mapping[str, Any]) -> Invalid | None:
    return None if value in (None, "") or str(value).strip().isdigit() else Invalid("accounting_digits")


def _number(key: str, most: int, **options: Any) -> Field:
    """A number that names something: digits, never grouped."""
    return Field(key, f"accounting.field.{key}", max_length=most, validate=_digits, **options)


def load_setting(session: Any, _record_id: int, _language: str) -> FormRecord:
    """The one row of settings."""
    found = lists.get_setting(session)
    values = found._asdict()
    for key in (*_WHOLE, *_RANGES):
        values[key] = str(values[key]) if values[key] is not None else None
    values["fiscal_month"] = str(found.fiscal_month)
    return FormRecord(id=1, row_version=found.row_version, values=values, raw=found)


def save_setting(session: Any, command: SaveSetting) -> Result[int]:
    """Save the settings."""
    return writes.save_setting(session, command)


class _Told(FormPage):
    """A form with notes and history."""

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self._story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        return self._story.cards

    def shown(self) -> None:
        """A record was put into the form."""
        if self.record.id is not None:
            self._story.show(self.record.id, self.heading()[0])


class SettingPage(_Told):
    """What the tax adviser has set up for the house."""

    spec: ClassVar[FormSpec] = FormSpec(
        SETTING,
        "accounting.setting.one",
        "landmark",
        (
            Section(
                (
                    Field(
                        "chart",
                        "accounting.field.chart",
                        "choice",
                        choices=(
                            ("", "accounting.chart.none"),
                            ("03", "accounting.chart.03"),
                            ("04", "accounting.chart.04"),
                        ),
                    ),
                    _number("account_length", 1, required=True),
                    _number("consultant_no", 7),
                    _number("client_no", 5),
                    Field(
                        "fiscal_month",
                        "accounting.field.fiscal_month",
                        "choice",
                        required=True,
                        choices=tuple((str(one), f"accounting.month.{one}") for one in range(1, 13)),
                    ),
                    Field("initials", "accounting.field.initials", max_length=2),
                    Field(
                        "with_service_dates",
                        "accounting.field.with_service_dates",
                        "check",
                        span=2,
                        help="accounting.field.with_service_dates_help",
                    ),
                )
            ),
            Section(
                tuple(_number(key, 9, required=True) for key in _RANGES),
                "accounting.section.ranges",
            ),
        ),
        load=load_setting,
        update_right=f"{SETTING}:update",
        constraints=(
            ("chart_known", "chart"),
            ("consultant_no_range", "consultant_no"),
            ("client_no_range", "client_no"),
            ("account_length_range", "account_length"),
            ("initials_form", "initials"),
            ("personal_ranges_in_order", "debtor_last"),
        ),
    )

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """What it is."""
        return t(self.spec.title), None

    def notices(self) -> Sequence[Notice]:
        """What an export would lack."""
        values = self.record.values
        if not (values.get("chart") and values.get("consultant_no") and values.get("client_no")):
            words = t("accounting.setting.incomplete_text")
            return [Notice("incomplete", "warn", t("accounting.setting.incomplete"), words)]
        return []

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Only what was changed."""
        values = {key: form.values[key] for key in form.changed}
        for key in (*_WHOLE, *_RANGES, "fiscal_month"):
            if key in values:
                values[key] = int(values[key]) if values[key] not in (None, "") else None
        if "initials" in values:
            values["initials"] = (values["initials"] or "").upper()
        values["chart"] = form.values["chart"] or ""
        return save_setting, SaveSetting(form.row_version, values)


def load_account(session: Any, record_id: int, _language: str) -> dict[str, Any]:
    """One account."""
    return lists.get_account(session, record_id)._asdict()


class AccountPage(_Told):
    """An account; what it is for stays once it exists."""

    spec: ClassVar[FormSpec] = FormSpec(
        ACCOUNT,
        "accounting.account.one",
        "book-open",
        (
            Section(
                (
                    Field("purpose", "accounting.field.purpose", "choice", required=True, choices=_TITLED),
                    Field(
                        "partner_id",
                        "accounting.field.supplier",
                        "lookup",
                        find=search_suppliers,
                        text_key="partner",
                        help="accounting.field.supplier_help",
                    ),
                    Field("tax_category", "accounting.field.tax_category", "choice", choices=_TAXES),
                    Field(
                        "tax_rate",
                        "accounting.field.tax_rate",
                        "percent",
                        places=2,
                        minimum=Decimal(0),
                        maximum=Decimal("99.99"),
                    ),
                    Field("number", "accounting.field.number", required=True, max_length=8),
                    Field(
                        "tax_key",
                        "accounting.field.tax_key",
                        max_length=4,
                        help="accounting.field.tax_key_help",
                    ),
                    Field("name", "accounting.field.name", max_length=120, span=2),
                )
            ),
        ),
        load=load_account,
        update_right=f"{ACCOUNT}:update",
        create_right=f"{ACCOUNT}:insert",
        constraints=(
            ("account_number_form", "number"),
            ("account_tax_key_form", "tax_key"),
            ("account_supplier_expense", "partner_id"),
            ("account_tax_range", "tax_rate"),
            ("uq_account_general", "number"),
            ("uq_account_supplier", "partner_id"),
        ),
    )

    def defaults(self) -> Mapping[str, Any]:
        """An expense at the full rate: what a house adds for a supplier."""
        return {"purpose": "expense", "tax_category": "S", "tax_rate": Decimal(19)}

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Its number and name."""
        values = self.record.values
        if self.record.id is None:
            return t("accounting.account.new"), None
        return f"{values.get('number') or ''} {values.get('name') or ''}".strip(), None

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget has a method of that name
        """It can be taken away: what was exported keeps its number."""
        return (
            FormAction(
                "discard",
                "accounting.account.discard",
                "trash-2",
                AccountPage.ask_discard,
                right=f"{ACCOUNT}:discard",
                place="menu",
            ),
        )

    def ask_discard(self) -> None:
        """Ask, then take it away."""
        if self.record.id is None:
            return
        command = DiscardAccount(self.record.id, self.record.row_version or 0)

        def go() -> None:
            def gone(_value: object) -> None:
                self.ctx.navigate.toast(t("accounting.account.discarded"))
                self.ctx.navigate.close_page(self)

            WriteOp(self, self.ctx, writes.discard_account, command).success(gone).start()

        ask(
            self,
            t("accounting.account.discard_ask", number=str(self.record.values.get("number") or "")),
            t("accounting.account.discard_text"),
            "accounting.account.discard",
            go,
            danger=True,
        )

    def shown(self) -> None:
        """What it is for stays."""
        for key in ("purpose", "partner_id", "tax_category", "tax_rate"):
            self.boxes[key].set_read_only(self.record.id is not None or self.read_only)
        super().shown()

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the account."""
        if form.id is not None:
            values = {key: form.values[key] or "" for key in form.changed}
            return writes.save_account, SaveAccount(form.id, form.row_version, values)
        values = dict(form.values)
        for key in ("tax_category", "tax_key", "name"):
            values[key] = values.get(key) or ""
        values["tax_rate"] = values.get("tax_rate") or Decimal(0)
        return writes.save_account, SaveAccount(None, None, values)


def load_personal(session: Any, record_id: int, _language: str) -> dict[str, Any]:
    """One partner's account."""
    found = lists.get_personal(session, record_id)._asdict()
    return {**found, "number": str(found["account"])}


class PersonalPage(_Told):
    """The account of a customer or supplier; kept once it went out."""

    spec: ClassVar[FormSpec] = FormSpec(
        PERSONAL,
        "accounting.personal.one",
        "contact",
        (
            Section(
                (
                    Field(
                        "partner_id",
                        "accounting.field.partner",
                        "lookup",
                        required=True,
                        find=search_partners,
                        text_key="partner",
                        span=2,
                    ),
                    Field("side", "accounting.field.side", "choice", required=True, choices=SIDES),
                    _number("number", 9, required=True),
                )
            ),
        ),
        load=load_personal,
        update_right=f"{PERSONAL}:update",
        create_right=f"{PERSONAL}:insert",
        constraints=(
            ("personal_number_outside", "number"),
            ("personal_number_used", "number"),
            ("personal_number_once", "number"),
            ("personal_account_once", "partner_id"),
        ),
    )

    def defaults(self) -> Mapping[str, Any]:
        """A debtor."""
        return {"side": "debtor"}

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Number and name."""
        raw = self.record.raw
        if self.record.id is None or not isinstance(raw, dict):
            return t("accounting.personal.new"), None
        return f"{raw['account']} {raw['partner']}", None

    def shown(self) -> None:
        """Whose it is stays."""
        for key in ("partner_id", "side"):
            self.boxes[key].set_read_only(self.record.id is not None or self.read_only)
        super().shown()

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the account."""
        keys = ("number",) if form.id is not None else ("partner_id", "side", "number")
        values = {key: form.values[key] for key in keys}
        values["number"] = int(values["number"])
        return writes.save_personal_account, SavePersonalAccount(form.id, form.row_version or None, values)
