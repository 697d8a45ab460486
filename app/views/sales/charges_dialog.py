"""Allowances and charges on a whole quote or order: freight, packing, a rebate, what small orders cost more."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
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


def charge_facts(amounts: Amounts, charges: Sequence[rules.Charge], currency: str = "EUR") -> list[Fact]:
    """The charges of a document as lines of its totals; ``amounts`` are (net, tax rate) of its lines."""
    shares = rules.shares(rules.groups_of((net, rate, None) for net, rate in amounts), charges)
    found = []
    for position, charge in enumerate(charges, 1):
        amount = sum((share.amount for share in shares if share.position == position), Decimal(0))
        found.append(charge_fact(charge.kind, charge.reason, charge.pct, amount, currency))
    return found


class ChargesDialog(Dialog):
    """One row per allowance or charge; below them what the document comes to.

    ``then`` gets the charges as they are stored once somebody agrees.
    """

    def __init__(
        self,
        host: QWidget,
        ctx: AppContext,
        stored: Sequence[Mapping[str, Any]],
        amounts: Amounts,
        then: Callable[[list[dict[str, str]]], object],
        currency: str = "EUR",
    ) -> None:
        super().__init__(
            host,
            t("sales.charges.title"),
            t("sales.charges.text"),
            icon="receipt-text",
            width=px("text_column") + px("grid") * 70,
        )
        self.setObjectName("dialog.charges")
        self._ctx, self._amounts, self._then = ctx, amounts, then
        self._currency = currency
        self.rows: list[dict[str, FieldBox]] = []
        self._area = QWidget()
        self._grid = QGridLayout(self._area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px("gap_m"))
        self._grid.setVerticalSpacing(px("gap_s"))
        for column, stretch in enumerate((3, 6, 3, 3)):
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
        fields = (
            Field("kind", "sales.charges.kind", "choice", required=True, choices=KINDS),
            Field("reason", "sales.charges.reason", max_length=140, placeholder="sales.charges.reason_hint"),
            Field("value", "sales.charges.value", "number", places=4, above=Decimal(0)),
            Field("by", "sales.charges.by", "choice", required=True, choices=BY),
        )
        row: dict[str, FieldBox] = {}
        for column, field in enumerate(fields):
            box = row[field.key] = FieldBox(self._ctx, field)
            box.setObjectName(f"charge.{number}.{field.key}")
            self._grid.addWidget(box, number, column)
            box.edited.connect(self._show)
        given = isinstance(charge, rules.Charge)
        row["kind"].set_value(charge.kind if given and charge else "charge")
        row["by"].set_value("pct" if given and charge and charge.pct is not None else "amount")
        if given and charge:
            row["reason"].set_value(charge.reason)
            row["value"].set_value(charge.pct if charge.pct is not None else charge.amount)
        self.rows.append(row)
        self._more.setVisible(len(self.rows) < MOST)
        if self.isVisible():
            row["reason"].focus()
            self._fit()

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
                key = str(self._value(row["by"]))
                found.append({"kind": self._value(row["kind"]), "reason": reason or "", key: value})
        return found

    def _whole(self) -> list[rules.Charge]:
        return [x for x in rules.charges_of(self.charges()) if (x.pct or x.amount or 0) > 0]

    def _show(self) -> None:
        charges = self._whole()
        before, after = rules.sums(self._amounts), rules.sums(self._amounts, charges)
        cur = self._currency
        facts = [
            Fact(t("sales.card.lines"), fmt.money(before.net, cur)),
            *charge_facts(self._amounts, charges, cur),
        ]
        facts += [
            Fact(t("sales.total.net"), fmt.money(after.net, cur)),
            Fact(t("sales.total.gross"), fmt.money(after.gross, cur), "total"),
        ]
        self.facts.set_facts(facts)
        self._fit()

    def _agree(self) -> None:
        wrong = None
        for row in self.rows:
            reason, value = self._value(row["reason"]), self._value(row["value"])
            if not reason and value is None and not row["value"].error:
                continue
            too_much = self._value(row["by"]) == "pct" and (value or 0) > rules.HUNDRED
            too_fine = self._value(row["by"]) == "amount" and value is not None and value != round(value, 2)
            problems = {
                "reason": "" if reason else t("error.required"),
                "value": t("error.charges_malformed")
                if not value or value < 0 or too_much or too_fine
                else "",
            }
            for key, problem in problems.items():
                row[key].set_error(problem)
                wrong = wrong or (row[key] if problem else None)
        if wrong is not None:
            wrong.focus()
            self._fit()
            return
        self.finish()
        self._then(rules.check_charges(self.charges()))
