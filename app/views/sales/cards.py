"""Cards beside quotes, orders and invoices: totals, the customer's figures, terms."""

from collections.abc import Sequence
from decimal import Decimal

from app.core import format as fmt
from app.core.clock import today
from app.core.i18n import t
from app.services.partners.reads import PartnerFigures
from app.services.sales.reads import InvoiceDetail, PaymentLine
from app.services.sales.rules import Sums
from app.views.core.bank_amount import difference_fact
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.marks import Label, ProgressBar

ZERO = Decimal(0)


def charge_fact(kind: str, reason: str, pct: Decimal | None, amount: Decimal, currency: str = "EUR") -> Fact:
    """An allowance or charge as a line of the totals."""
    words = reason if pct is None else t("sales.card.charge_pct", reason=reason, pct=fmt.percent(pct))
    return Fact(words, fmt.money(amount if kind == "charge" else -amount, currency))


def foreign_facts(found: InvoiceDetail) -> list[Fact]:
    """What an invoice in a foreign currency comes to in the house's own, and by which rate."""
    rate = t("sales.card.rate", rate=fmt.number(found.exchange_rate, places=4), currency=found.currency)
    return [
        Fact(rate, fmt.date_(found.exchange_date)),
        Fact(t("sales.card.own_tax"), fmt.money(found.own_tax_amount)),
        Fact(t("sales.card.own_gross"), fmt.money(found.own_gross_amount)),
    ]


def paid_facts(found: InvoiceDetail, payment: PaymentLine) -> list[Fact]:
    """Cash discount of a payment, and of one in a foreign currency what the bank moved and the difference."""
    facts = []
    if payment.discount_amount:
        facts.append(Fact(t("sales.card.skonto"), fmt.money(payment.discount_amount, found.currency)))
    if found.currency != "EUR":
        facts.append(Fact(t("exchange.own_paid"), fmt.money(payment.own_paid)))
    if payment.own_paid != payment.own_amount:
        facts.append(difference_fact(payment.own_paid - payment.own_amount))
    return facts


class TotalsCard(FactsCard):
    """Net, tax per rate, gross."""

    def __init__(self) -> None:
        super().__init__(t("sales.card.totals"))
        self.setObjectName("card.totals")

    def show_sums(
        self, sums: Sums, extra: Sequence[Fact] = (), before: Sequence[Fact] = (), currency: str = "EUR"
    ) -> None:
        """Show totals; ``before`` stands above the net amount, ``extra`` below."""
        facts = [*before, Fact(t("sales.total.net"), fmt.money(sums.net, currency))]
        facts += [
            Fact(t("sales.total.tax", rate=fmt.percent(rate)), fmt.money(tax, currency))
            for rate, _, tax in sums.rates
        ]
        facts.append(Fact(t("sales.total.gross"), fmt.money(sums.gross, currency), "total"))
        self.set_facts([*facts, *extra])


class CustomerCard(FactsCard):
    """Open items, credit with this document in it, last order, revenue."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(t("sales.card.customer"), link="sales.card.customer_open", link_clicked=self._open)
        self.setObjectName("card.customer")
        self._ctx = ctx
        self._customer: int | None = None
        self._figures: PartnerFigures | None = None
        self._amount = ZERO
        self._bar: ProgressBar | None = None
        self._words: Label | None = None
        self._link = self.findChildren(Button)[0]
        self._show()

    def show_customer(self, customer_id: int | None, figures: PartnerFigures | None = None) -> None:
        """Show a customer; without ``figures`` they are on their way."""
        self._customer, self._figures = customer_id, figures
        self._show()

    def show_amount(self, amount: Decimal) -> None:
        """Gross amount of the document on screen, as far as it is not in the figures yet."""
        if amount != self._amount:
            self._amount = amount
            self._show_credit()

    def _open(self) -> None:
        if self._customer is not None:
            self._ctx.navigate.open_record("partners.partner", self._customer)

    def _show(self) -> None:
        figures = self._figures
        self._link.setVisible(self._customer is not None)
        self._bar = self._words = None
        if self._customer is None or figures is None:
            words = t("sales.card.customer_none") if self._customer is None else t("kit.loading")
            self.set_facts([Fact(words)])
            return
        locked = t("kit.no_right")
        facts = [self._fact("sales.card.open_items", figures.open_items)]
        if figures.overdue:
            facts.append(Fact(t("sales.card.overdue"), fmt.money(figures.overdue)))
        if figures.credit_limit is not None:
            facts.append(Fact(t("sales.card.credit_limit"), fmt.money(figures.credit_limit)))
        self.set_facts(facts, locked)
        if figures.credit_limit:
            self._bar = ProgressBar()
            self.body.addWidget(self._bar)
            self._words = Label("", "small", "text2")
            self.body.addWidget(self._words)
        more = [
            Fact(
                t("sales.card.last_order"),
                fmt.date_(figures.last_order_date) if figures.last_order_date else fmt.NONE,
            ),
            self._fact("sales.card.revenue", figures.revenue, year=today().year),
        ]
        for fact in more:
            self.add_fact(fact, locked)
        self._show_credit()

    @staticmethod
    def _fact(key: str, amount: Decimal | None, **params: object) -> Fact:
        if amount is None:
            return Fact(t(key, **params), style="locked")
        return Fact(t(key, **params), fmt.money(amount))

    def _show_credit(self) -> None:
        figures = self._figures
        if figures is None or not figures.credit_limit or self._bar is None or self._words is None:
            return
        limit = figures.credit_limit
        used = (figures.open_items or ZERO) + (figures.open_orders or ZERO)
        with_this = used + self._amount
        over = with_this > limit
        scale = max(limit, with_this)
        self._bar.set_parts(
            [(float(used / scale), "text2"), (float(self._amount / scale), "bad_solid" if over else "accent")]
        )
        share = fmt.percent((with_this / limit * 100).quantize(Decimal(1)))
        key = "sales.card.credit_over" if over else "sales.card.credit_share"
        self._words.setText(t(key if self._amount or over else "sales.card.credit_used", share=share))
        self._words.set_color("bad" if over else "text2")


class TermsCard(FactsCard):
    """Payment, price list, warehouse, tax."""

    def __init__(self) -> None:
        super().__init__(t("sales.card.terms"))
        self.setObjectName("card.terms")

    def show_terms(self, payment: str, price_list: str, warehouse: str, treatment: str) -> None:
        """Show the terms as words; empty ones are left out."""
        tax = t(f"sales.tax.{treatment}") if treatment else ""
        pairs = (
            ("sales.field.payment_term", payment),
            ("sales.field.price_list", price_list),
            ("sales.field.warehouse", warehouse),
            ("sales.card.tax", tax),
        )
        self.set_facts([Fact(t(key), words) for key, words in pairs if words])
