"""Customers, suppliers and payment terms as lists."""

from dataclasses import replace
from typing import Any

from app.core.i18n import language, t
from app.core.paging import Filter, ListQuery, Page
from app.services.catalog.reads import price_lists
from app.services.partners.forms import list_payment_terms, partner_counts
from app.services.partners.reads import PartnerRow, list_partners, payment_terms
from app.views.core.context import AppContext
from app.views.core.importing import import_action
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.core.workspace import TabPage
from app.views.partners.pane import PartnerPane
from app.views.partners.words import CREATE, KINDS, PARTNER, TERM

CUSTOMER, SUPPLIER = Filter("is_customer", "eq", True), Filter("is_supplier", "eq", True)


def new_customer(ctx: AppContext, _rows: Any = ()) -> None:
    """An empty form for a customer."""
    ctx.navigate.new_record(PARTNER, is_customer=True, is_supplier=False, kind="b2b")


def new_supplier(ctx: AppContext, _rows: Any = ()) -> None:
    """An empty form for a supplier."""
    ctx.navigate.new_record(PARTNER, is_customer=False, is_supplier=True, kind="b2b")


def _document(topic: str) -> Any:
    def run(ctx: AppContext, rows: list[PartnerRow]) -> None:
        row = rows[0]
        ctx.navigate.new_record(topic, customer_id=row.id, customer_id_words=f"{row.number} · {row.name}")

    return run


def _terms(session: Any) -> list[tuple[str, str]]:
    return [(row.name, row.name) for row in payment_terms(session, language())]


def _price_lists(session: Any) -> list[tuple[str, str]]:
    return [(row.name, row.name) for row in price_lists(session, language())]


def _customers(session: Any, query: ListQuery) -> Page:
    return list_partners(session, replace(query, filters=(CUSTOMER, *query.filters)))


def _suppliers(session: Any, query: ListQuery) -> Page:
    return list_partners(session, replace(query, filters=(SUPPLIER, *query.filters)))


def _state(row: PartnerRow) -> str:
    return "blocked" if row.is_delivery_blocked else "active" if row.is_active else "inactive"


STATE = {
    "active": ("ok", "partners.state.active"),
    "blocked": ("bad", "partner.delivery_blocked"),
    "inactive": ("neutral", "partners.state.inactive"),
}
NUMBER = Column("number", "partners.field.number", "code", width=76, filter="prefix")
NAME = Column("name", "partners.field.name", "bold", width=180, stretch=True, filter="contains")
PLACE = (
    Column("postcode", "partners.field.postcode", width=74, filter="prefix"),
    Column("city", "partners.field.city", width=112, filter="contains"),
    Column("country", "partners.field.country", width=70, filter="prefix"),
)
STATE_COLUMN = Column(
    "state", "partners.column.state", "chip", width=112, value=_state, chips=STATE, sortable=False
)
MORE = (
    Column("email", "partners.field.email", width=180, filter="contains", hidden=True),
    Column("phone", "partners.field.phone", width=130, filter="contains", hidden=True),
    Column("vat_id", "partners.field.vat_id", width=120, filter="prefix", hidden=True),
    Column(
        "language",
        "partners.field.language",
        width=90,
        hidden=True,
        text=lambda row: t(f"partners.language.{row.language}"),
    ),
)
CUSTOMERS = ListSpec(
    key="partners.customers",
    title="partners.customers.title",
    icon="users",
    columns=(
        NUMBER,
        NAME,
        Column(
            "kind",
            "partners.field.kind",
            "chip",
            width=108,
            chips=KINDS,
            filter="choice",
            choices=tuple((kind, words) for kind, (_, words) in KINDS.items()),
        ),
        *PLACE,
        Column("price_list", "partners.field.price_list", width=88, filter="choice", choices=_price_lists),
        Column(
            "payment_term",
            "partners.field.payment_term",
            width=180,
            filter="choice",
            choices=_terms,
            hidden=True,
        ),
        Column(
            "credit_limit",
            "partners.column.credit_limit",
            "money",
            width=108,
            currency=None,
            filter="min",
            hidden=True,
        ),
        STATE_COLUMN,
        *MORE,
    ),
    fetch=_customers,
    topics=frozenset({PARTNER}),
    presets=(
        Preset("all", "kit.list.all"),
        Preset("b2b", "partners.preset.b2b"),
        Preset("b2c", "partners.preset.b2c"),
        Preset("blocked", "partners.preset.blocked", count=True),
        Preset("inactive", "partners.preset.inactive"),
    ),
    counts=partner_counts,
    primary=ListAction("new", "partners.customer.new_button", new_customer, "user-plus", CREATE, "Ctrl+N"),
    more=(import_action("customers", CREATE),),
    row_actions=(
        ListAction(
            "quote", "partners.action.quote", _document("sales.quote"), "file-text", "sales.quote:insert"
        ),
        ListAction(
            "order",
            "partners.action.order",
            _document("sales.sales_order"),
            "receipt-text",
            "sales.sales_order:insert",
        ),
    ),
    empty=Empty(
        "partners.customers.empty_title", "partners.customers.empty_text", first="partners.customers.first"
    ),
    open=lambda ctx, row: ctx.navigate.open_record(PARTNER, row.id),
    detail=PartnerPane,
    sort="name",
)
SUPPLIERS = ListSpec(
    key="partners.suppliers",
    title="partners.suppliers.title",
    icon="truck",
    columns=(
        NUMBER,
        NAME,
        *PLACE,
        Column("payment_term", "partners.field.payment_term", width=160, filter="choice", choices=_terms),
        *MORE,
        STATE_COLUMN,
    ),
    fetch=_suppliers,
    topics=frozenset({PARTNER}),
    presets=(Preset("all", "kit.list.all"), Preset("inactive", "partners.preset.inactive")),
    primary=ListAction("new", "partners.supplier.new_button", new_supplier, "user-plus", CREATE, "Ctrl+N"),
    more=(import_action("suppliers", CREATE),),
    empty=Empty(
        "partners.suppliers.empty_title", "partners.suppliers.empty_text", first="partners.suppliers.first"
    ),
    open=lambda ctx, row: ctx.navigate.open_record(PARTNER, row.id),
    detail=PartnerPane,
    sort="name",
)
PAYMENT_TERMS = ListSpec(
    key="partners.payment_terms",
    title="partners.terms.title",
    icon="calendar-clock",
    columns=(
        Column("code", "catalog.column.code", "code", width=120, filter="prefix"),
        Column("name_de", "catalog.column.name_de", "bold", width=240, stretch=True, filter="contains"),
        Column("name_en", "catalog.column.name_en", width=240, filter="contains"),
        Column("net_days", "partners.field.net_days", "number", width=110, filter="min"),
        Column("discount_days", "partners.field.discount_days", "number", width=110, filter="min"),
        Column("discount_pct", "partners.field.discount_pct", "percent", width=100, filter="min"),
        Column("discount2_days", "partners.field.discount2_days", "number", width=130, hidden=True),
        Column("discount2_pct", "partners.field.discount2_pct", "percent", width=120, hidden=True),
        Column("partners", "partners.column.partners", "number", width=100),
    ),
    fetch=list_payment_terms,
    topics=frozenset({TERM, PARTNER}),
    primary=ListAction(
        "new",
        "partners.term.new_button",
        lambda ctx, _: ctx.navigate.new_record(TERM),
        "plus",
        "partners.payment_term:insert",
    ),
    empty=Empty("partners.terms.empty_title", "partners.terms.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(TERM, row.id),
    sort="code",
)


def customers_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace of customers."""
    return ListPage(ctx, CUSTOMERS, state)


def suppliers_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace of suppliers."""
    return ListPage(ctx, SUPPLIERS, state)


def terms_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace of payment terms."""
    return ListPage(ctx, PAYMENT_TERMS, state)
