"""What the forms of quotes and orders read beside the document: what can be chosen, what lines would cost."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from app.core.together import ask_together
from app.services.catalog.reads import price_lists_question, search_sold_products
from app.services.inventory.reads import Availability, availability_question, warehouses_question
from app.services.partners.reads import terms_question
from app.services.sales.forms import LineProposal, lines_question
from app.views.core.remembered import Remembered

Pairs = tuple[tuple[int, str], ...]


class Choices(NamedTuple):
    """Ids with words."""

    terms: Pairs
    price_lists: Pairs
    warehouses: Pairs


class Priced(NamedTuple):
    """Lines as the price list and the warehouse see them, in the order they were asked for."""

    proposals: Sequence[LineProposal]
    stock: Mapping[int, Availability]


def choices(session: Any, language: str) -> Choices:
    """Payment terms, price lists, warehouses; one round trip."""
    terms, lists, houses = ask_together(
        session, terms_question(language), price_lists_question(language), warehouses_question()
    )
    return Choices(
        tuple((row.id, row.name) for row in terms),
        tuple((row.id, row.name) for row in lists),
        tuple((row.id, f"{row.code} · {row.name}") for row in houses),
    )


CHOICES = Remembered(
    choices, frozenset({"partners.payment_term", "catalog.price_list", "inventory.warehouse"})
)


def priced(
    session: Any,
    items: Sequence[tuple[int, Decimal]],
    price_list_id: int | None,
    on: date,
    warehouse_id: int | None,
    customer_id: int | None,
    language: str,
) -> Priced:
    """Price, tax and stock of products (id, quantity), and what is being made of them; one round trip."""
    products = sorted({product for product, _ in items})
    proposals, stock = ask_together(
        session,
        lines_question(items, price_list_id, on, warehouse_id, customer_id, language),
        availability_question(products, warehouse_id),
    )
    return Priced(proposals, {row.product_id: row for row in stock})


def resolve_codes(session: Any, codes: Sequence[str], language: str) -> dict[str, Any]:
    """Products for item numbers as they were pasted; unknown ones are missing."""
    found: dict[str, Any] = {}
    for code in dict.fromkeys(codes):
        for hit in search_sold_products(session, code, 3, language):
            if hit.sku.casefold() == code.strip().casefold():
                found[code] = hit
                break
    return found
