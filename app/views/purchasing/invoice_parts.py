"""What a supplier's invoice has for fields, and the facts beside it: totals per tax, payments."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.core import format as fmt
from app.core.i18n import t
from app.services.partners.reads import search_suppliers
from app.services.purchasing.invoices import Invoice, get_invoice
from app.services.purchasing.payables import search_invoices
from app.services.system.exchange import own
from app.views.core.bank_amount import difference_fact
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, Section
from app.views.core.form_parts import Fact
from app.views.core.people import name
from app.views.purchasing.invoice_lines import LINES, ZERO
from app.views.purchasing.states import INVOICE, INVOICE_KINDS, INVOICE_STATES

Tax = tuple[str, Decimal]


def _search_invoices(session: Any, typed: str, limit: int = 8, _language: str = "de") -> list[Any]:
    return [
        (x.id, x.invoice_number, x.supplier, INVOICE_STATES[x.state])
        for x in search_invoices(session, typed, limit)
    ]


SPEC = FormSpec(
    topic=INVOICE,
    title="purchasing.type.invoice",
    icon="receipt-text",
    sections=(
        Section(
            (
                Field(
                    "supplier_id",
                    "catalog.line.supplier",
                    "lookup",
                    required=True,
                    span=2,
                    find=search_suppliers,
                    text_key="supplier",
                    topic="partners.partner",
                ),
                Field("kind", "purchasing.column.kind", "choice", required=True, choices=INVOICE_KINDS),
                Field("invoice_number", "purchasing.invoice.field.number", required=True, max_length=60),
                Field("invoice_date", "purchasing.invoice.field.date", "date", required=True),
                Field("supply_date", "purchasing.invoice.field.supply_date", "date"),
                Field("due_date", "sales.field.due_date", "date"),
                Field("currency", "catalog.column.currency", required=True, max_length=3),
                Field(
                    "exchange_rate",
                    "purchasing.invoice.field.rate",
                    "quantity",
                    places=6,
                    above=ZERO,
                    help="purchasing.invoice.field.rate_help",
                ),
                Field("stated_gross", "purchasing.invoice.field.stated", "money", places=2),
                Field("discount_pct", "purchasing.invoice.field.discount", "percent", minimum=ZERO),
                Field("discount_date", "purchasing.invoice.field.discount_date", "date"),
                Field("order_reference", "purchasing.invoice.field.order", max_length=60),
                Field(
                    "corrects_id",
                    "purchasing.invoice.field.corrects",
                    "lookup",
                    find=_search_invoices,
                    text_key="corrects",
                    topic=INVOICE,
                ),
                Field("accept_reason", "purchasing.invoice.field.accept", max_length=200, span=2),
                Field("remark", "purchasing.invoice.field.remark", max_length=2000),
            )
        ),
    ),
    load=get_invoice,
    lines=LINES,
    update_right="purchase_invoice_save",
    create_right="purchase_invoice_save",
    constraints=(
        ("uq_purchase_invoice_number", "invoice_number"),
        ("purchase_invoice_number_missing", "invoice_number"),
        ("purchase_invoice_date_out_of_range", "invoice_date"),
        ("purchase_invoice_due", "due_date"),
        ("purchase_invoice_discount", "discount_date"),
        ("purchase_invoice_currency", "currency"),
        ("exchange_rate_range", "exchange_rate"),
        ("purchase_invoice_corrects", "corrects_id"),
        ("supplier_not_active", "supplier_id"),
    ),
)


def total_facts(
    bases: Mapping[Tax, Decimal],
    taxes: Mapping[Tax, Decimal],
    stated: Decimal | None,
    currency: str,
    exchange_rate: Decimal | None = None,
) -> list[Fact]:
    """Net, tax per category and rate, gross; what is missing to the total on the paper; and in euros."""
    net, tax = sum(bases.values(), ZERO), sum(taxes.values(), ZERO)
    facts = [Fact(t("sales.total.net"), fmt.money(net, currency))]
    for (category, rate), part in sorted(taxes.items(), key=lambda x: -x[0][1]):
        taxed = category == "S"
        words = (
            t("sales.total.tax", rate=fmt.percent(rate)) if taxed else t(f"purchasing.category.{category}")
        )
        facts.append(Fact(words, fmt.money(part, currency)))
    facts.append(Fact(t("sales.total.gross"), fmt.money(net + tax, currency), "total"))
    if stated is not None and stated != net + tax:
        facts.append(Fact(t("purchasing.invoice.field.stated"), fmt.money(stated, currency)))
        facts.append(Fact(t("purchasing.invoice.rest"), fmt.money(stated - net - tax, currency), "total"))
    if exchange_rate:
        own_tax = sum((own(part, exchange_rate) for part in taxes.values()), ZERO)
        own_net = sum((own(part, exchange_rate) for part in bases.values()), ZERO)
        facts += [
            Fact(t("sales.card.rate", rate=fmt.number(exchange_rate), currency=currency)),
            Fact(t("sales.card.own_tax"), fmt.money(own_tax)),
            Fact(t("sales.card.own_gross"), fmt.money(own_net + own_tax)),
        ]
    return facts


def payment_facts(ctx: AppContext, invoice: Invoice) -> list[Fact]:
    """One line per payment, below them what is open."""
    facts = []
    for payment in invoice.payments:
        who = name(ctx, payment.posted_by) or payment.posted_by
        words = t("sales.card.payment", date=fmt.date_(payment.paid_on), who=who)
        facts.append(Fact(words, fmt.money(payment.amount, invoice.currency)))
        if payment.discount_amount:
            saved = fmt.money(payment.discount_amount, invoice.currency)
            facts.append(Fact(t("purchasing.pay.discount"), saved))
        if invoice.is_foreign:
            facts.append(Fact(t("exchange.own_paid"), fmt.money(payment.own_paid)))
        if payment.difference:
            facts.append(difference_fact(payment.difference))
    if not facts:
        facts.append(Fact(t("sales.card.no_payments")))
    facts.append(Fact(t("sales.payment.left"), fmt.money(invoice.open_amount, invoice.currency), "total"))
    return facts
