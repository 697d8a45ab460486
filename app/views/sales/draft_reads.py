"""What the forms of quotes and orders read beside the document: what can be chosen, what a customer brings along."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from app.services.catalog.reads import price_lists, search_sold_products, units
from app.services.inventory.reads import Availability, availability, warehouses
from app.services.partners.reads import PartnerDetail, get_partner, payment_terms
from app.services.sales.forms import CustomerProposal, LineProposal, propose_for_customer, propose_lines
from app.services.sales.reads import InvoiceDetail, get_invoice
from app.services.sales.shipping import DeliveryDetail, ShippingForm, get_delivery, shipping_form

Pairs = tuple[tuple[int, str], ...]


class Choices(NamedTuple):
    """Ids with words."""

    terms: Pairs
    price_lists: Pairs
    warehouses: Pairs


class CustomerChoice(NamedTuple):
    """A customer, and what a new document for it starts with (None when that was not asked)."""

    partner: PartnerDetail
    proposal: CustomerProposal | None


class Priced(NamedTuple):
    """Lines as the price list and the warehouse see them, in the order they were asked for."""

    proposals: Sequence[LineProposal]
    stock: Mapping[int, Availability]


def choices(session: Any, language: str) -> Choices:
    """Payment terms, price lists, warehouses; three round trips."""
    return Choices(
        tuple((row.id, row.name) for row in payment_terms(session, language)),
        tuple((row.id, row.name) for row in price_lists(session, language)),
        tuple((row.id, f"{row.code} · {row.name}") for row in warehouses(session)),
    )


def customer_choice(session: Any, customer_id: int, language: str, proposed: bool) -> CustomerChoice:
    """A customer with contacts and addresses; ``proposed`` asks for the proposal too."""
    partner = get_partner(session, customer_id, language)
    return CustomerChoice(partner, propose_for_customer(session, customer_id) if proposed else None)


def priced(
    session: Any,
    items: Sequence[tuple[int, Decimal]],
    price_list_id: int | None,
    on: date,
    warehouse_id: int | None,
    customer_id: int | None,
    language: str,
) -> Priced:
    """Price, tax and stock of products (id, quantity), and what is being made of them; two round trips."""
    proposals = propose_lines(session, items, price_list_id, on, warehouse_id, customer_id, language)
    products = sorted({product for product, _ in items})
    stock = {row.product_id: row for row in availability(session, products, warehouse_id)}
    return Priced(proposals, stock)


def unit_names(session: Any, language: str) -> dict[str, str]:
    """What people call units, by code; one round trip."""
    return {row.code: row.name for row in units(session, language)}


def invoice_in_words(session: Any, invoice_id: int, language: str) -> InvoiceDetail:
    """An invoice whose units are called by their names."""
    found = get_invoice(session, invoice_id)
    return found._replace(lines=_with_names(found.lines, unit_names(session, language)))


def delivery_in_words(session: Any, delivery_id: int, language: str) -> DeliveryDetail:
    """A delivery whose units are called by their names."""
    found = get_delivery(session, delivery_id)
    return found._replace(lines=_with_names(found.lines, unit_names(session, language)))


def shipping_in_words(session: Any, sales_order_id: int, language: str) -> ShippingForm:
    """What is to ship of an order, its units called by their names."""
    found = shipping_form(session, sales_order_id)
    return found._replace(lines=_with_names(found.lines, unit_names(session, language)))


def _with_names(lines: Sequence[Any], names: Mapping[str, str]) -> tuple[Any, ...]:
    return tuple(line._replace(unit=names.get(line.unit, line.unit)) for line in lines)


def resolve_codes(session: Any, codes: Sequence[str], language: str) -> dict[str, Any]:
    """Products for item numbers as they were pasted; unknown ones are missing."""
    found: dict[str, Any] = {}
    for code in dict.fromkeys(codes):
        for hit in search_sold_products(session, code, 3, language):
            if hit.sku.casefold() == code.strip().casefold():
                found[code] = hit
                break
    return found
