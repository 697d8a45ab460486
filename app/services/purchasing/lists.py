"""The list of what suppliers ask."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, select, text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.models.catalog import Product, ProductCost, ProductImage, Unit
from app.models.partners import Partner
from app.models.purchasing import SupplierPrice
from app.services.catalog.words import name_sql, named, unit_name

PRESETS = ("all", "preferred", "above_cost")


class OfferRow(NamedTuple):
    """A supplier's price in the list.  ``cost`` is the product's standard cost, ``above`` by how many percent the price
    lies above it (below: negative)."""

    id: int
    supplier_id: int
    supplier: str
    product_id: int
    sku: str
    image_id: int | None
    image_hash: str | None
    name: str
    supplier_sku: str | None
    unit: str
    min_qty: Decimal
    amount: Decimal
    currency: str
    cost: Decimal | None
    above: Decimal | None
    lead_days: int | None
    valid_from: date
    is_preferred: bool


class OfferForm(NamedTuple):
    """A supplier's price as its form shows it."""

    id: int
    row_version: int
    supplier_id: int
    supplier: str
    product_id: int
    product: str
    unit: str
    supplier_sku: str | None
    min_qty: Decimal
    amount: Decimal
    currency: str
    lead_days: Decimal | None
    valid_from: date
    is_preferred: bool
    standard_cost: Decimal | None
    updated_at: datetime
    updated_by_name: str | None


def list_supplier_prices(session: Session, query: ListQuery) -> Page:
    """Rows of `OfferRow`.  Presets: all, preferred, above_cost."""
    above = case(
        (
            ProductCost.standard_cost > 0,
            func.round((SupplierPrice.amount / ProductCost.standard_cost - 1) * 100, 1),
        )
    )
    statement, name = named(
        select(SupplierPrice.id)
        .join(Partner, Partner.id == SupplierPrice.supplier_id)
        .join(Product, Product.id == SupplierPrice.product_id)
        .join(Unit, Unit.id == Product.unit_id)
        .outerjoin(ProductCost, ProductCost.product_id == Product.id)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary)),
        query.language,
    )
    shown: list[Any] = [
        SupplierPrice.id,
        Partner.id,
        Partner.name,
        Product.id,
        Product.sku,
        ProductImage.id,
        ProductImage.content_hash,
        name,
        SupplierPrice.supplier_sku,
        unit_name(query.language),
        SupplierPrice.min_qty,
        SupplierPrice.amount,
        SupplierPrice.currency,
        ProductCost.standard_cost,
        above.label("above"),
        SupplierPrice.lead_days,
        SupplierPrice.valid_from,
        SupplierPrice.is_preferred,
    ]
    statement = statement.with_only_columns(*shown)
    match query.preset:
        case "preferred":
            statement = statement.where(SupplierPrice.is_preferred)
        case "above_cost":
            statement = statement.where(SupplierPrice.amount > ProductCost.standard_cost)
    columns: dict[str, Any] = {
        "id": SupplierPrice.id,
        "supplier": Partner.name,
        "supplier_id": Partner.id,
        "sku": Product.search_key,
        "name": name,
        "supplier_sku": SupplierPrice.supplier_sku,
        "unit": unit_name(query.language),
        "min_qty": SupplierPrice.min_qty,
        "amount": SupplierPrice.amount,
        "cost": ProductCost.standard_cost,
        "above": above,
        "lead_days": SupplierPrice.lead_days,
        "valid_from": SupplierPrice.valid_from,
        "is_preferred": SupplierPrice.is_preferred,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=OfferRow)


_FORM = text(f"""
SELECT o.id, o.row_version, o.supplier_id, s.number || ' · ' || s.name AS supplier,
       o.product_id, p.sku || ' · ' || {name_sql(":lang")} AS product,
       CASE :lang WHEN 'en' THEN u.name_en ELSE u.name_de END AS unit,
       o.supplier_sku, o.min_qty, o.amount, o.currency, o.lead_days::numeric AS lead_days, o.valid_from, o.is_preferred,
       k.standard_cost, o.updated_at,
       (SELECT n.person FROM sec.people() n WHERE n.login = o.updated_by) AS updated_by_name
  FROM purchasing.supplier_price o
  JOIN partners.partner s ON s.id = o.supplier_id
  JOIN catalog.product p ON p.id = o.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :lang
  LEFT JOIN catalog.product_cost k ON k.product_id = p.id
 WHERE o.id = :id
""")  # noqa: S608  (fixed names)


def load_supplier_price(session: Session, offer_id: int, language: str = "de") -> OfferForm:
    """A supplier's price for its form.  Raises `Refused` when it does not exist."""
    row = session.execute(_FORM, {"id": offer_id, "lang": language}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="purchasing.supplier_price", id=offer_id)
    return OfferForm(**row)
