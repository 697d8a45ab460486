"""Allowances and charges on a quote or order as a whole, or on one of its lines: freight, packing, set-up, a rebate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t, translate
from app.services.sales import rules
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.fields import Field, FieldBox
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.theme import px
from app.views.sales.cards import charge_fact

MOST = 8
FIRST = 3
KINDS = (("charge", "sales.charges.charge"), ("allowance", "sales.charges.allowance"))
BY = (("amount", "sales.charges.by_amount"), ("pct", "sales.charges.by_pct"))
Amounts = Sequence[tuple[Decimal, Decimal]]


@dataclass(frozen=True)
class Charged:
    """What is charged: its net amounts and tax rates without these charges, its currency and its customer's language.

    ``line`` are the words for the line, where it is one: its charges are amounts, a percentage is its discount.
    """

    amounts: Amounts
    currency: str = "EUR"
    language: str = "de"
    line: str = ""


def charge_facts(amounts: Amounts, charges: Sequence[rules.Charge], currency: str = "EUR") -> list[Fact]:
    """The charges of a document as lines of its totals; ``amounts`` are (net, tax rate) of its lines."""
    shares = rules.shares(rules.groups_of((net, rate, None) for net, rate in amounts), charges)
    found = []
    for position, charge in enumerate(charges, 1):
        amount = sum((share.amount for share in shares if share.position == position), Decimal(0))
        words = charge.reason or t(dict(KINDS)[charge.kind])
        found.append(charge_fact(charge.kind, words, charge.pct, amount, currency))
    return found


class ChargesDialog(Dialog):
    """One row per allowance or charge; below them what the document, or its line, comes to.

    ``then`` gets the charges as they are stored once somebody agrees.
    """

    def __init__(
        self,
        host: QWidget,
        ctx: AppContext,
        stored: Sequence[Mapping[str, Any]],
        what: Charged,
        then: Callable[[list[dict[str, str]]], object],
    ) -> None:
        super().__init__(
            host,
            t("sales.charges.line_title", line=what.line) if what.line else t("sales.charges.title"),
            t("sales.charges.line_text" if what.line else "sales.charges.text"),
            icon="coins" if what.line else "receipt-text",
            width=px("text_column") + px("grid") * (92 if what.line else 112),
        )
        self.setObjectName("dialog.charges")
        self._ctx, self._what, self._then = ctx, what, then
        self.rows: list[dict[str, FieldBox]] = []
        self._area = QWidget()
        self._grid = QGridLayout(self._area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px("gap_m"))
        self._grid.setVerticalSpacing(px("gap_s"))
        for column, stretch in enumerate((3, 4, 6, 3) if what.line else (3, 4, 6, 3, 3)):
            self._grid.setColumnStretch(column, stretch)
        self.body.addWidget(self._area)
        self._more = Button("sales.charges.more", "plus", "ghost", clicked=self.add_row)
        self._more.setObjectName("action.more_charges")
        self.body.addWidget(self._more)
        self.facts = FactsCard("")
        self.facts.setObjectName("card.charges")
        self.body.addWidget(self.facts)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self.add_button(
            "yes",
            "sales.charges.yes",
            self._agree,
            icon="check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        for charge in rules.charges_of(stored):
            self.add_row(charge)
        while len(self.rows) < FIRST:
            self.add_row()
        self._show()

    def open(self) -> None:
        """Show it with the cursor in the first reason."""
        super().open()
        self.rows[0]["reason"].focus()
        self._fit()

    def add_row(self, charge: rules.Charge | None = None) -> None:
        """One more row, empty unless a charge is given."""
        number = len(self.rows)
        fields = [
            Field("kind", "sales.charges.kind", "choice", required=True, choices=KINDS),
            Field("code", "sales.charges.code", "choice"),
            Field("reason", "sales.charges.reason", max_length=140, placeholder="sales.charges.reason_hint"),
        ]
        if self._what.line:
            unit = "" if self._what.currency == "EUR" else self._what.currency
            fields.append(Field("value", "sales.charges.by_amount", "money", unit=unit, above=Decimal(0)))
        else:
            fields.append(Field("value", "sales.charges.value", "number", places=4, above=Decimal(0)))
            fields.append(Field("by", "sales.charges.by", "choice", required=True, choices=BY))
        row: dict[str, FieldBox] = {}
        for column, field in enumerate(fields):
            box = row[field.key] = FieldBox(self._ctx, field)
            box.setObjectName(f"charge.{number}.{field.key}")
            self._grid.addWidget(box, number, column)
            box.edited.connect(self._show)
        given = charge if isinstance(charge, rules.Charge) else None  # a button gives nothing of the kind
        row["kind"].set_value(given.kind if given else "charge")
        if "by" in row:
            row["by"].set_value("pct" if given and given.pct is not None else "amount")
        self._offer_codes(row, given.code if given else "")
        if given:
            row["code"].set_value(given.code or None)
            row["reason"].set_value(given.reason)
            row["value"].set_value(given.pct if given.pct is not None else given.amount)
        row["kind"].edited.connect(lambda: self._kind_changed(row))
        row["code"].edited.connect(lambda: self._code_chosen(row))
        self.rows.append(row)
        self._more.setVisible(len(self.rows) < MOST)
        if self.isVisible():
            row["reason"].focus()
            self._fit()

    @staticmethod
    def _offer_codes(row: dict[str, FieldBox], stored: str = "") -> None:
        """What the e-invoice calls charges, or allowances; a code that came from elsewhere stays."""
        codes = rules.REASON_CODES[str(row["kind"].value())]
        words = [(code, t(f"sales.charges.code.{code}")) for code in codes]
        row["code"].set_choices(words if stored in ("", *codes) else [*words, (stored, stored)])

    def _kind_changed(self, row: dict[str, FieldBox]) -> None:
        row["code"].set_value(None)
        self._offer_codes(row)

    def _code_chosen(self, row: dict[str, FieldBox]) -> None:
        """The reason is said as the code is called, in the customer's language, unless somebody has written one."""
        usual = {
            translate(self._what.language, f"sales.charges.code.{code}")
            for codes in rules.REASON_CODES.values()
            for code in codes
        }
        code = self._value(row["code"])
        if code in rules.REASON_CODES[str(row["kind"].value())] and (self._value(row["reason"]) or "") in {
            "",
            *usual,
        }:
            row["reason"].set_value(translate(self._what.language, f"sales.charges.code.{code}"))
        self._show()

    def _fit(self) -> None:
        """The rows get the height they need, with what is said below their fields; the panel once they are laid out."""
        heights = [max(box.sizeHint().height() for box in row.values()) for row in self.rows]
        self._area.setFixedHeight(sum(heights) + px("gap_s") * (len(heights) - 1))
        QTimer.singleShot(0, self, self.place)

    @staticmethod
    def _value(box: FieldBox) -> Any:
        try:
            return box.value()
        except ValueError:
            return None

    def charges(self) -> list[dict[str, Any]]:
        """What stands in the rows that are filled in."""
        found = []
        for row in self.rows:
            reason, value = self._value(row["reason"]), self._value(row["value"])
            if reason or value:
                key = str(self._value(row["by"])) if "by" in row else "amount"
                what = {"kind": self._value(row["kind"]), "code": self._value(row["code"]) or ""}
                found.append({**what, "reason": reason or "", key: value})
        return found

    def _whole(self) -> list[rules.Charge]:
        return [x for x in rules.charges_of(self.charges()) if (x.pct or x.amount or 0) > 0]

    def _show(self) -> None:
        charges = self._whole()
        amounts, cur = self._what.amounts, self._what.currency
        before, after = rules.sums(amounts), rules.sums(amounts, charges)
        of = "sales.charges.of_line" if self._what.line else "sales.card.lines"
        facts = [Fact(t(of), fmt.money(before.net, cur)), *charge_facts(amounts, charges, cur)]
        if self._what.line:
            facts.append(Fact(t("sales.total.net"), fmt.money(after.net, cur), "total"))
        else:
            facts.append(Fact(t("sales.total.net"), fmt.money(after.net, cur)))
            facts.append(Fact(t("sales.total.gross"), fmt.money(after.gross, cur), "total"))
        self.facts.set_facts(facts)
        self._fit()

    def _agree(self) -> None:
        wrong = None
        for row in self.rows:
            reason, value = self._value(row["reason"]), self._value(row["value"])
            if not reason and value is None and not row["value"].error:
                continue
            by = self._value(row["by"]) if "by" in row else "amount"
            too_much = by == "pct" and (value or 0) > rules.HUNDRED
            too_fine = by == "amount" and value is not None and value != round(value, 2)
            problems = {
                "reason": "" if reason else t("error.required"),
                "value": t("error.charges_malformed")
                if not value or value < 0 or too_much or too_fine
                else "",
            }
            for key, problem in problems.items():
                row[key].set_error(problem)
                wrong = wrong or (row[key] if problem else None)
        if wrong is None and self._what.line and rules.sums(self._what.amounts, self._whole()).net < 0:
            wrong = next(row["value"] for row in self.rows if row["kind"].value() == "allowance")
            wrong.set_error(t("error.quote_line_net_not_negative"))
        if wrong is not None:
            wrong.focus()
            self._fit()
            return
        self.finish()
        self._then(rules.check_charges(self.charges()))
