"""The form of a product: read in one statement, saved in one transaction with its prices and suppliers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import Changes, Result, changed
from app.core.errors import Invalid, Refused
from app.core.together import Question, ask_together
from app.models.catalog import Product
from app.services import records
from app.services.catalog import writes
from app.services.catalog.commands import Discard, SavePrice, SaveProduct, SetImage
from app.services.images.media import GalleryPicture, gallery_of
from app.services.purchasing import writes as purchasing
from app.services.purchasing.commands import SaveSupplierPrice
from app.services.records import Saved
from app.services.visible import may_read

PRODUCT = "catalog.product"


class PriceEntry(NamedTuple):
    """A price as the form edits it."""

    id: int
    row_version: int
    price_list_id: int
    min_qty: Decimal
    amount: Decimal
    valid_from: date
    valid_to: date | None


class OfferEntry(NamedTuple):
    """A supplier's price as the form edits it; ``supplier`` is what to show for the id."""

    id: int
    row_version: int
    supplier_id: int
    supplier: str
    supplier_sku: str | None
    min_qty: Decimal
    amount: Decimal
    lead_days: int | None
    valid_from: date
    is_preferred: bool


class VariantEntry(NamedTuple):
    """A product of the same family, the product itself among them."""

    id: int
    sku: str
    variant: str | None
    state: str
    on_hand: Decimal
    image_id: int | None
    image_hash: str | None


class ProductForm(NamedTuple):
    """A product with everything its form shows.

    ``prices`` and ``offers`` are None without the right to see them; ``bom_id`` is the effective bill of materials, or
    the newest one.
    """

    id: int
    row_version: int
    sku: str
    legacy_sku: str | None
    base_sku: str
    variant_code: str | None
    name: str
    name_en: str | None
    description: str | None
    description_en: str | None
    family_id: int | None
    family: str | None
    family_description: str | None
    category_id: int | None
    category: str | None
    unit_id: int
    unit: str
    decimals: int
    tax_class_id: int
    tax_class: str
    state: str
    is_made: bool
    is_bought: bool
    is_sold: bool
    is_stocked: bool
    is_lot_tracked: bool
    ean: str | None
    weight_g: Decimal | None
    reorder_point: Decimal
    size: str | None
    color: str | None
    standard_cost: Decimal | None
    image_id: int | None
    image_hash: str | None
    image_version: int | None
    on_hand: Decimal
    reserved: Decimal
    free: Decimal
    bom_id: int | None
    bom_version: int | None
    bom_state: str | None
    prices: Sequence[PriceEntry] | None
    offers: Sequence[OfferEntry] | None
    variants: Sequence[VariantEntry]
    updated_at: datetime
    updated_by_name: str | None
    pictures: Sequence[GalleryPicture]


_PRICES = """
  (SELECT coalesce(jsonb_agg(jsonb_build_array(x.id, x.row_version, x.price_list_id, x.min_qty::text, x.amount::text,
            x.valid_from, x.valid_to) ORDER BY x.price_list_id, x.min_qty, x.valid_from DESC), '[]')
     FROM catalog.price x WHERE x.product_id = p.id)"""
_OFFERS = """
  (SELECT coalesce(jsonb_agg(jsonb_build_array(x.id, x.row_version, x.supplier_id, s.number || ' · ' || s.name,
            x.supplier_sku, x.min_qty::text, x.amount::text, x.lead_days, x.valid_from, x.is_preferred)
            ORDER BY x.is_preferred DESC, s.name, x.min_qty, x.valid_from DESC), '[]')
     FROM purchasing.supplier_price x JOIN partners.partner s ON s.id = x.supplier_id WHERE x.product_id = p.id)"""
_BOM = """
  LEFT JOIN LATERAL (
    SELECT b.id, b.version, b.state FROM engineering.bom b WHERE b.product_id = p.id
     ORDER BY (b.state = 'approved' AND b.valid_from <= current_date
               AND coalesce(b.valid_to > current_date, true)) DESC, b.version DESC LIMIT 1) b ON true"""
_FORM = """
SELECT p.id, p.row_version, p.sku, p.legacy_sku, p.base_sku, p.variant_code, p.name, te.name AS name_en,
       td.description, te.description AS description_en,
       p.family_id, f.code || ' · ' || CASE :lang WHEN 'en' THEN coalesce(f.name_en, f.name) ELSE f.name END AS family,
       f.description AS family_description,
       p.category_id, CASE :lang WHEN 'en' THEN c.name_en ELSE c.name_de END AS category,
       p.unit_id, CASE :lang WHEN 'en' THEN u.name_en ELSE u.name_de END AS unit, u.decimals,
       p.tax_class_id, CASE :lang WHEN 'en' THEN x.name_en ELSE x.name_de END AS tax_class,
       p.state, p.is_made, p.is_bought, p.is_sold, p.is_stocked, p.is_lot_tracked,
       p.ean, p.weight_g, p.reorder_point, p.size, p.color, {cost} AS standard_cost,
       i.id AS image_id, i.content_hash AS image_hash, i.row_version AS image_version,
       st.on_hand, st.reserved, st.free, {bom_columns},
       {prices} AS prices, {offers} AS offers,
       (SELECT jsonb_agg(jsonb_build_array(s.id, s.sku,
                 coalesce(CASE :lang WHEN 'en' THEN v.name_en ELSE v.name_de END, s.variant_code), s.state,
                 coalesce((SELECT sum(l.on_hand) FROM inventory.stock_level l WHERE l.product_id = s.id), 0)::text,
                 g.id, g.content_hash) ORDER BY s.search_key)
          FROM catalog.product s
          LEFT JOIN catalog.variant_code v ON v.code = s.variant_code
          LEFT JOIN catalog.product_image g ON g.product_id = s.id AND g.is_primary
         WHERE s.family_id = p.family_id) AS variants,
       p.updated_at, (SELECT n.person FROM sec.people() n WHERE n.login = p.updated_by) AS updated_by_name
  FROM catalog.product p
  JOIN catalog.unit u ON u.id = p.unit_id
  JOIN catalog.tax_class x ON x.id = p.tax_class_id
  LEFT JOIN catalog.family f ON f.id = p.family_id
  LEFT JOIN catalog.category c ON c.id = p.category_id
  LEFT JOIN catalog.product_text td ON td.product_id = p.id AND td.language = 'de'
  LEFT JOIN catalog.product_text te ON te.product_id = p.id AND te.language = 'en'
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary{bom}
 CROSS JOIN LATERAL (SELECT coalesce(sum(l.on_hand), 0) AS on_hand, coalesce(sum(l.reserved), 0) AS reserved,
                            coalesce(sum(l.free), 0) AS free
                       FROM inventory.stock_level l WHERE l.product_id = p.id) st
 WHERE p.id = :id
"""


def load_product(session: Session, product_id: int, language: str = "de") -> ProductForm:
    """A product for its form, in one round trip.  Raises `Refused` when it does not exist."""
    cost = may_read(session, "catalog.product_cost")
    prices = may_read(session, "catalog.price")
    offers = may_read(session, "purchasing.supplier_price") and may_read(session, "partners.partner")
    boms = may_read(session, "engineering.bom")
    statement = _FORM.format(
        cost="(SELECT k.standard_cost FROM catalog.product_cost k WHERE k.product_id = p.id)"
        if cost
        else "NULL::numeric",
        prices=_PRICES if prices else "NULL::jsonb",
        offers=_OFFERS if offers else "NULL::jsonb",
        bom=_BOM if boms else "",
        bom_columns="b.id AS bom_id, b.version AS bom_version, b.state AS bom_state"
        if boms
        else "NULL::bigint AS bom_id, NULL::integer AS bom_version, NULL::text AS bom_state",
    )
    form: Question[Sequence[Any]] = Question(
        text(statement), lambda rows: rows, {"id": product_id, "lang": language}
    )
    rows, pictures = ask_together(session, form, gallery_of(product_id))
    if not rows:
        raise Refused("record_not_found", table=PRODUCT, id=product_id)
    found: Any = ProductForm._make((*rows[0], pictures))  # lists are still as they came
    made: ProductForm = found._replace(
        prices=None if found.prices is None else tuple(_price(item) for item in found.prices),
        offers=None if found.offers is None else tuple(_offer(item) for item in found.offers),
        variants=tuple(
            VariantEntry._make([*item[:4], Decimal(item[4]), *item[5:]]) for item in found.variants or ()
        ),
    )
    return made


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _price(item: list[Any]) -> PriceEntry:
    return PriceEntry._make([*item[:3], Decimal(item[3]), Decimal(item[4]), _day(item[5]), _day(item[6])])


def _offer(item: list[Any]) -> OfferEntry:
    amounts = (Decimal(item[5]), Decimal(item[6]))
    return OfferEntry._make([*item[:5], *amounts, item[7], _day(item[8]), item[9]])


class FormChoices(NamedTuple):
    """What the choices of a product form offer: (id, name) pairs, units with their decimals behind."""

    categories: tuple[tuple[int, str], ...]
    units: tuple[tuple[int, str, int], ...]
    tax_classes: tuple[tuple[int, str], ...]
    price_lists: tuple[tuple[int, str], ...]
    variants: Mapping[str, str]


_CHOICES = text("""
SELECT 'category', id, CASE :lang WHEN 'en' THEN name_en ELSE name_de END AS name, code, 0 FROM catalog.category
UNION ALL SELECT 'unit', id, CASE :lang WHEN 'en' THEN name_en ELSE name_de END, code, decimals FROM catalog.unit
UNION ALL SELECT 'tax', id, CASE :lang WHEN 'en' THEN name_en ELSE name_de END, code, 0 FROM catalog.tax_class
UNION ALL SELECT 'list', id, CASE :lang WHEN 'en' THEN name_en ELSE name_de END, code, 0 FROM catalog.price_list
UNION ALL SELECT 'variant', id, CASE :lang WHEN 'en' THEN name_en ELSE name_de END, code, 0 FROM catalog.variant_code
 ORDER BY 3, 2
""")


def form_choices(session: Session, language: str = "de") -> FormChoices:
    """Everything a product form offers to choose from, in one statement."""
    rows = session.execute(_CHOICES, {"lang": language}).all()

    def of(kind: str) -> tuple[tuple[int, str], ...]:
        return tuple((row[1], row[2]) for row in rows if row[0] == kind)

    units = tuple((row[1], row[2], row[4]) for row in rows if row[0] == "unit")
    variants = {row[3]: row[2] for row in rows if row[0] == "variant"}
    return FormChoices(of("category"), units, of("tax"), of("list"), variants)


@dataclass(frozen=True)
class LineChange:
    """A price to create (``id`` None) or change; ``values`` holds changed fields only."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class SaveProductForm:
    """A product with its prices and suppliers, all or nothing.

    ``values`` as in `SaveProduct`; ``removed_…`` are (id, row_version) pairs; ``image`` is a file's content for a new
    product whose picture was chosen before it was saved.
    """

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]
    prices: tuple[LineChange, ...] = ()
    offers: tuple[LineChange, ...] = ()
    removed_prices: tuple[tuple[int, int], ...] = ()
    removed_offers: tuple[tuple[int, int], ...] = ()
    image: bytes | None = None
    command: UUID = field(default_factory=uuid4)


def save_product_form(session: Session, command: SaveProductForm) -> Result[Saved]:
    """Save everything the form of a product holds.

    Raises like `writes.save_product`; a price at fault is named by ``table`` (prices or offers) and ``line`` (from 0).
    """
    saved = writes.save_product(session, SaveProduct(command.id, command.row_version, command.values)).value
    changes: Changes = changed((PRODUCT, saved.id))
    product = records.find(session, Product, saved.id)
    lines = (*command.prices, *command.offers, *command.removed_prices, *command.removed_offers)
    if lines and command.id is not None and not command.values:
        records.touch(product, "name")
        session.flush()
    for number, removed in enumerate(command.removed_prices):
        changes |= writes.discard_price(session, Discard(*removed, _sub(command, f"price{number}"))).changes
    for number, removed in enumerate(command.removed_offers):
        gone = Discard(*removed, _sub(command, f"offer{number}"))
        changes |= purchasing.discard_supplier_price(session, gone).changes
    for number, line in enumerate(command.prices):
        values = _of_product(line, saved.id)
        with _named("prices", number):
            changes |= writes.save_price(session, SavePrice(line.id, line.row_version, values)).changes
    for number, line in enumerate(command.offers):
        values = _of_product(line, saved.id)
        with _named("offers", number):
            offer = SaveSupplierPrice(line.id, line.row_version, values)
            changes |= purchasing.save_supplier_price(session, offer).changes
    if command.image is not None:
        changes |= writes.set_image(session, SetImage(saved.id, command.image)).changes
    return Result(Saved(saved.id, product.row_version), changes)


def _sub(command: SaveProductForm, part: str) -> UUID:
    return uuid5(command.command, part)


def _of_product(line: LineChange, product_id: int) -> dict[str, Any]:
    return dict(line.values) if line.id is not None else {**line.values, "product_id": product_id}


class _named:  # noqa: N801  (reads as a statement)
    """Say which line of which table a refused value belongs to."""

    def __init__(self, table: str, line: int) -> None:
        self._table, self._line = table, line

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Invalid):
            error.params.setdefault("table", self._table)
            error.params.setdefault("line", self._line)
