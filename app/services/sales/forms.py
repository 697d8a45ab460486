"""What the forms of quotes and orders need: the document with its lines, and proposals while typing."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.together import Question, ask, ask_together
from app.services.catalog.words import name_sql
from app.services.inventory.reads import being_made


class LineForm(NamedTuple):
    """A line with what the form shows beside it.

    In a draft ``list_price`` and ``price_from_qty`` (the tier) are today's of the price list, later the snapshot;
    the tier is None then when the price list has another price for the document's day by now.
    ``free`` can still be promised in the document's warehouse, ``reserved`` is promised to this line, ``expected`` (in
    a draft) is being made for it until ``expected_on``.
    ``unit`` is the code, ``unit_name`` what people call it.
    """

    id: int
    position: int
    product_id: int
    sku: str
    name: str
    description: str
    unit: str
    decimals: int
    qty: Decimal
    list_price: Decimal | None
    price_from_qty: Decimal | None
    unit_price: Decimal
    discount_pct: Decimal
    tax_rate: Decimal
    net_amount: Decimal
    is_stocked: bool
    free: Decimal
    on_hand: Decimal
    reserved: Decimal
    qty_shipped: Decimal
    qty_invoiced: Decimal
    unit_name: str
    image_id: int | None
    image_hash: str | None
    expected: Decimal
    expected_on: date | None
    charges: list[dict[str, Any]]


class ApprovalState(NamedTuple):
    """The latest request for a discount on the document: open, approved, rejected, withdrawn or expired."""

    id: int
    state: str
    discount_pct: Decimal
    reason: str
    requested_by: str
    decided_by: str | None
    comment: str | None


class DraftForm(NamedTuple):
    """A quote or order with everything its form shows.  ``document_date`` is quote_date or order_date.

    ``credit_used`` is None without a credit limit.
    """

    id: int
    row_version: int
    number: str | None
    state: str
    delivery_state: str | None
    invoice_state: str | None
    quote_id: int | None
    sales_order_id: int | None
    customer_id: int
    customer: str
    customer_number: str
    customer_language: str
    tax_treatment: str
    is_delivery_blocked: bool
    block_reason: str | None
    credit_limit: Decimal | None
    contact_id: int | None
    contact: str | None
    delivery_address_id: int | None
    delivery_address: str | None
    warehouse_id: int
    warehouse: str
    price_list_id: int
    price_list: str
    payment_term_id: int
    payment_term: str
    quote_date: date | None
    valid_until: date | None
    order_date: date | None
    requested_date: date | None
    customer_reference: str | None
    remark: str | None
    reject_reason: str | None
    cancel_reason: str | None
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    charges: list[dict[str, Any]]
    currency: str
    exchange_rate: Decimal
    created_by: str
    created_at: datetime
    updated_by: str
    updated_by_name: str | None
    updated_at: datetime
    approval: ApprovalState | None
    lines: tuple[LineForm, ...]


class LineProposal(NamedTuple):
    """What a new line would be.  ``list_price`` (net) is None when the price list has none for that day.

    ``description`` is in the customer's language; ``tax_rate`` is 0 for tax-free customers.
    """

    product_id: int
    sku: str
    description: str
    unit: str
    decimals: int
    qty: Decimal
    list_price: Decimal | None
    price_from_qty: Decimal | None
    tax_rate: Decimal
    is_stocked: bool
    is_sold: bool
    state: str
    on_hand: Decimal
    free: Decimal
    unit_name: str


class CustomerProposal(NamedTuple):
    """What a new document for a customer starts with."""

    customer_id: int
    name: str
    number: str
    language: str
    tax_treatment: str
    price_list_id: int | None
    payment_term_id: int | None
    contact_id: int | None
    delivery_address_id: int | None
    delivery_address: str | None
    warehouse_id: int | None
    is_delivery_blocked: bool
    block_reason: str | None
    credit_limit: Decimal | None
    today: date


_ADDRESS = (
    """concat_ws(', ', coalesce(a.name, c.name), a.street, concat_ws(' ', a.postcode, a.city), a.country)"""
)
_HEADER = """
SELECT h.id, h.row_version, h.number, h.state, {states}, {links}, h.customer_id, c.name AS customer,
       c.number AS customer_number, c.language AS customer_language, c.tax_treatment, c.is_delivery_blocked,
       c.block_reason, c.credit_limit, h.contact_id, k.name AS contact, h.delivery_address_id,
       CASE WHEN a.id IS NOT NULL THEN {address} END AS delivery_address, h.warehouse_id, w.code AS warehouse,
       h.price_list_id, CASE :language WHEN 'en' THEN pl.name_en ELSE pl.name_de END AS price_list, h.payment_term_id,
       CASE :language WHEN 'en' THEN t.name_en ELSE t.name_de END AS payment_term, {dates}, h.customer_reference,
       h.remark, {reasons}, h.net_amount, h.tax_amount, h.gross_amount, h.charges, h.currency,
       h.exchange_rate, h.created_by, h.created_at,
       h.updated_by,
       (SELECT p.person FROM sec.people() p WHERE p.login = h.updated_by) AS updated_by_name, h.updated_at,
       {approval} AS approval
  FROM sales.{table} h
  JOIN partners.partner c ON c.id = h.customer_id
  JOIN inventory.warehouse w ON w.id = h.warehouse_id
  JOIN catalog.price_list pl ON pl.id = h.price_list_id
  JOIN partners.payment_term t ON t.id = h.payment_term_id
  LEFT JOIN partners.contact k ON k.id = h.contact_id
  LEFT JOIN partners.address a ON a.id = h.delivery_address_id
 WHERE h.id = :id
"""
_APPROVAL = """(SELECT to_jsonb(x) FROM (
         SELECT y.id, CASE WHEN y.state = 'open' AND y.expires_at <= statement_timestamp() THEN 'expired'
                           ELSE y.state END AS state,
                y.amount AS discount_pct, y.reason, y.requested_by, v.voter AS decided_by,
                nullif(v.comment, '') AS comment
           FROM system.approval_request y
           LEFT JOIN LATERAL (SELECT * FROM system.approval_vote o WHERE o.request_id = y.id
                               ORDER BY o.id DESC LIMIT 1) v ON true
          WHERE y.kind = 'discount' AND ({asked})
          ORDER BY y.id DESC LIMIT 1) x)"""
_ASKED = "y.topic = 'sales.{table}' AND y.record_id = h.id"
# What was granted for the quote holds for its order.
_ASKED_BEFORE = "y.topic = 'sales.quote' AND y.record_id = h.quote_id AND y.state = 'approved'"


def _quote_header() -> TextClause:
    return text(
        _HEADER.format(
            table="quote",
            states="NULL AS delivery_state, NULL AS invoice_state",
            links="NULL::bigint AS quote_id,"
            " (SELECT o.id FROM sales.sales_order o WHERE o.quote_id = h.id) AS sales_order_id",
            dates="h.quote_date, h.valid_until, NULL::date AS order_date, NULL::date AS requested_date",
            reasons="h.reject_reason, NULL AS cancel_reason",
            address=_ADDRESS,
            approval=_APPROVAL.format(asked=_ASKED.format(table="quote")),
        )
    )


def _order_header() -> TextClause:
    return text(
        _HEADER.format(
            table="sales_order",
            states="h.delivery_state, h.invoice_state",
            links="h.quote_id, h.id AS sales_order_id",
            dates="NULL::date AS quote_date, NULL::date AS valid_until, h.order_date, h.requested_date",
            reasons="NULL AS reject_reason, h.cancel_reason",
            address=_ADDRESS,
            approval=_APPROVAL.format(asked=f"({_ASKED.format(table='sales_order')}) OR ({_ASKED_BEFORE})"),
        )
    )


_HEADERS = {"sales.quote": _quote_header(), "sales.sales_order": _order_header()}
_LINES = """
SELECT l.id, l.position, l.product_id, coalesce(l.sku, p.sku), {name}, l.description,
       coalesce(l.unit_code, u.code), u.decimals, l.qty,
       CASE WHEN h.state = 'draft' THEN f.amount ELSE l.list_price END,
       CASE WHEN h.state = 'draft' OR f.amount = l.list_price THEN f.min_qty END, l.unit_price,
       l.discount_pct, l.tax_rate, l.net_amount, p.is_stocked, coalesce(v.free, 0), coalesce(v.on_hand, 0), {order},
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, i.id, i.content_hash,
       coalesce(m.expected, 0), m.expected_on, l.charges
  FROM sales.{table}_line l
  JOIN sales.{table} h ON h.id = l.{table}_id
  JOIN catalog.product p ON p.id = l.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
  LEFT JOIN inventory.stock_level v ON v.product_id = l.product_id AND v.warehouse_id = h.warehouse_id
  {reservation}
  LEFT JOIN LATERAL catalog.prices_for(
    jsonb_build_array(jsonb_build_object('product_id', l.product_id, 'qty', l.qty)), h.price_list_id, h.{date}) f
    ON true
  LEFT JOIN LATERAL ({being_made}) m ON h.state = 'draft'
 WHERE l.{table}_id = :id
 ORDER BY l.position
"""
_BEING_MADE = being_made("l.product_id", "h.warehouse_id")
_QUOTE_LINES = text(
    _LINES.format(
        table="quote",
        name=name_sql(),
        date="quote_date",
        reservation="",
        being_made=_BEING_MADE,
        order="0::numeric, 0::numeric, 0::numeric",
    )
)
_ORDER_LINES = text(
    _LINES.format(
        table="sales_order",
        name=name_sql(),
        date="order_date",
        being_made=_BEING_MADE,
        reservation="LEFT JOIN inventory.reservation r ON r.source_type = 'sales_order_line' AND r.source_id = l.id",
        order="coalesce(r.qty, 0), l.qty_shipped, l.qty_invoiced",
    )
)
# What is written on a document is in its customer's language.
_PROPOSALS = text(
    """
SELECT f.product_id, p.sku, {name}, u.code, u.decimals, f.qty, f.amount, f.min_qty,
       CASE WHEN coalesce(c.tax_treatment, 'domestic') = 'domestic' AND NOT {small} THEN f.tax_rate ELSE 0::numeric END,
       p.is_stocked, p.is_sold, p.state, coalesce(v.on_hand, 0), coalesce(v.free, 0),
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END
  FROM catalog.prices_for(:items, CAST(:price_list_id AS bigint), CAST(:on AS date)) f
  JOIN catalog.product p ON p.id = f.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN partners.partner c ON c.id = CAST(:customer_id AS bigint)
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = coalesce(c.language, :language)
  LEFT JOIN inventory.stock_level v ON v.product_id = p.id AND v.warehouse_id = CAST(:warehouse_id AS bigint)
 ORDER BY f.line
""".format(
        name=name_sql("coalesce(c.language, :language)"),
        small="coalesce((SELECT s.is_small_business FROM system.company s), false)",
    )
).bindparams(bindparam("items", type_=JSONB))
_CUSTOMER_SQL = """
SELECT c.id, c.name, c.number, c.language, c.tax_treatment,
       coalesce(c.price_list_id, (SELECT l.id FROM catalog.price_list l
                                   WHERE l.kind = CASE c.kind WHEN 'b2c' THEN 'retail' ELSE 'wholesale' END
                                   ORDER BY l.id LIMIT 1)),
       coalesce(c.payment_term_id, (SELECT t.id FROM partners.payment_term t ORDER BY t.id LIMIT 1)),
       (SELECT k.id FROM partners.contact k WHERE k.partner_id = c.id ORDER BY k.id LIMIT 1), a.id,
       CASE WHEN a.id IS NOT NULL THEN {address} END,
       (SELECT w.id FROM inventory.warehouse w WHERE w.is_active ORDER BY w.id LIMIT 1), c.is_delivery_blocked,
       c.block_reason, c.credit_limit, system.today()
  FROM partners.partner c
  LEFT JOIN LATERAL (SELECT * FROM partners.address x WHERE x.partner_id = c.id
                      ORDER BY (x.kind = 'delivery') DESC, x.is_default DESC, x.id LIMIT 1) a ON true
 WHERE c.id = :id
"""
_CUSTOMER = text(_CUSTOMER_SQL.format(address=_ADDRESS))


def load_quote(session: Session, quote_id: int, language: str = "de") -> DraftForm:
    """A quote with its lines; one round trip.  Raises Refused record_not_found."""
    return _load(session, "sales.quote", quote_id, language)


def load_sales_order(session: Session, order_id: int, language: str = "de") -> DraftForm:
    """An order with its lines; one round trip.  Raises Refused record_not_found."""
    return _load(session, "sales.sales_order", order_id, language)


def _load(session: Session, topic: str, record_id: int, language: str) -> DraftForm:
    head, lines = ask_together(session, *draft_questions(topic, record_id, language))
    return draft_of(topic, record_id, head, lines)


def draft_of(topic: str, record_id: int, head: DraftForm | None, lines: tuple[LineForm, ...]) -> DraftForm:
    """The document that the answers to `draft_questions` are.  Raises Refused record_not_found."""
    if head is None:
        raise Refused("record_not_found", table=topic, id=record_id)
    return head._replace(lines=lines)


def draft_questions(
    topic: str, record_id: int, language: str
) -> tuple[Question[DraftForm | None], Question[tuple[LineForm, ...]]]:
    """Asks for a quote or order, and for its lines."""
    header = _HEADERS[topic]
    values = {"id": record_id, "language": language}
    lines = _QUOTE_LINES if topic == "sales.quote" else _ORDER_LINES
    return (
        Question(header, _head, values),
        Question(lines, lambda rows: tuple(LineForm._make(row) for row in rows), values),
    )


def _head(rows: Sequence[Any]) -> DraftForm | None:
    if not rows:
        return None
    *values, asked = rows[0]
    approval = None
    if asked:
        approval = ApprovalState(**{**asked, "discount_pct": Decimal(asked["discount_pct"])})
    return DraftForm._make((*values, approval, ()))


def propose_lines(
    session: Session,
    items: Sequence[tuple[int, Decimal]],
    price_list_id: int | None,
    on: date,
    warehouse_id: int | None,
    customer_id: int | None = None,
    language: str = "de",
) -> list[LineProposal]:
    """Price, text, tax and availability of products (id, quantity), in the order given; one round trip."""
    return ask(session, lines_question(items, price_list_id, on, warehouse_id, customer_id, language))


def lines_question(
    items: Sequence[tuple[int, Decimal]],
    price_list_id: int | None,
    on: date,
    warehouse_id: int | None,
    customer_id: int | None,
    language: str,
) -> Question[list[LineProposal]]:
    """Asks what lines of these products (id, quantity) would be."""
    values = {
        "items": [{"product_id": product, "qty": str(qty)} for product, qty in items],
        "price_list_id": price_list_id,
        "on": on,
        "warehouse_id": warehouse_id,
        "customer_id": customer_id,
        "language": language,
    }
    return Question(_PROPOSALS, lambda rows: [LineProposal._make(row) for row in rows], values)


def propose_for_customer(session: Session, customer_id: int) -> CustomerProposal:
    """What a new quote or order for a customer starts with; one round trip.  Raises Refused record_not_found."""
    found = ask(session, proposal_question(customer_id))
    if found is None:
        raise Refused("record_not_found", table="partners.partner", id=customer_id)
    return found


def proposal_question(customer_id: int) -> Question[CustomerProposal | None]:
    """Asks what a new quote or order for a customer starts with."""

    def proposal(rows: Sequence[Any]) -> CustomerProposal | None:
        return CustomerProposal._make(rows[0]) if rows else None

    return Question(_CUSTOMER, proposal, {"id": customer_id})
