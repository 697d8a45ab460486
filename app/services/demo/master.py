"""Master data of the demo company, entered by the people whose job it is."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.core.db import call_api
from app.models.catalog import (
    Category,
    Family,
    Price,
    PriceList,
    Product,
    ProductCost,
    ProductImage,
    ProductText,
    TaxClass,
    Unit,
    VariantCode,
)
from app.models.inventory import Place, Warehouse
from app.models.partners import Address, Contact, Partner, PaymentTerm
from app.models.purchasing import SupplierPrice
from app.models.system import Company
from app.services.catalog.rules import ean_check_digit
from app.services.demo.canvas import Canvas, palette
from app.services.demo.data import Article, articles, catalog, cents, partners
from app.services.demo.house import House, command_id
from app.services.demo.shapes import SHAPES
from app.services.partners.commands import SetCredit
from app.services.partners.rules import treatment_for
from app.services.partners.writes import set_credit

COMPANY = "Zinngießerei Muster GmbH"
THUMBNAIL = 128
_EAN_PREFIX = "4012345"


def company(house: House) -> None:
    """Letterhead, units, tax classes, categories, price lists, payment terms."""
    data = catalog()

    def work(session: Session) -> None:
        session.execute(
            update(Company).values(
                name=COMPANY,
                street="Klingengasse 14",
                postal_code="91541",
                city="Rothenburg ob der Tauber",
                country="DE",
                vat_id="DE287654321",
                register_entry="Amtsgericht Ansbach, HRB 7421",
                managing_director="Friederike Muster",
                bank_name="Sparkasse Ansbach",
                iban="DE89370400440532013000",
                bic="BYLADEM1ANS",
                phone="+49 9861 555-0",
                email="info@zinn-muster.example",
                web="www.zinn-muster.example",
                contact_name="Franziska Adler",
                contact_phone="+49 9861 555-40",
                contact_email="rechnung@zinn-muster.example",
                electronic_address="rechnung@zinn-muster.example",
                logo=_logo(),
            )
        )
        _insert(session, Unit, _named(data["units"], "decimals"))
        rates = [{**row, "rate": Decimal(row["rate"])} for row in data["tax_classes"]]
        _insert(session, TaxClass, _named(rates, "rate"))
        _insert(session, VariantCode, _named(data["variant_codes"]))
        _insert(session, PriceList, _named(data["price_lists"], "kind", "tax_included"))
        for level in (False, True):
            known = dict(session.execute(select(Category.code, Category.id)).all())
            rows = [row for row in data["categories"] if ("parent" in row) is level]
            _insert(
                session,
                Category,
                [{**_names(row), "parent_id": known[row["parent"]] if level else None} for row in rows],
            )
        terms = [
            {
                **_names(row),
                "net_days": row["net"],
                "discount_days": row.get("days", 0),
                "discount_pct": Decimal(row.get("pct", 0)),
            }
            for row in partners()["payment_terms"]
        ]
        _insert(session, PaymentTerm, terms)

    house.write("u_ralf", work)


def warehouses(house: House) -> None:
    """Three warehouses with their places; the clerk works in the main one."""
    plan = {
        "HL": ("Hauptlager", [("WE", "Wareneingang", "receiving"), ("VS", "Versand", "shipping"),
                              ("SP", "Sperrlager", "blocked")]),
        "LD": ("Laden", [("LD-KASSE", "Kasse", "shipping")]),
        "WS": ("Werkstatt", [("WS-GIESS", "Gießerei", "production"), ("WS-MAL", "Malerei", "production"),
                             ("WS-PACK", "Packtisch", "production"), ("WS-METALL", "Metalllager", "storage"),
                             ("WS-FARBE", "Farbschrank", "storage"), ("WS-FORM", "Formenregal", "storage")]),
    }  # fmt: skip
    shelves = {
        "HL": [
            (
                f"SC{number}.{slot}",
                f"Halle {1 + (number - 4701) // 20}, Regal {'ABCDEF'[(number - 4701) // 7 % 6]}",
            )
            for number in range(4701, 4741)
            for slot in ("AP", "BP")
        ],
        "LD": [(f"LD{number:04d}.A", "Ladenregal") for number in range(31, 49)],
        "WS": [(f"WS{number:03d}", "Rohgussregal") for number in range(1, 25)],
    }

    def work(session: Session) -> None:
        for code, (name, places) in plan.items():
            warehouse_id = session.scalar(
                insert(Warehouse).values(code=code, name=name).returning(Warehouse.id)
            )
            rows = [{"code": c, "name": n, "kind": kind} for c, n, kind in places]
            rows += [{"code": c, "name": n, "kind": "storage"} for c, n in shelves[code]]
            _insert(session, Place, [{**row, "warehouse_id": warehouse_id} for row in rows])

    house.write("u_ralf", work)
    main = house.ids("inventory.warehouse", "code")["HL"]
    with psycopg.connect(house.admin_dsn) as connection:
        connection.execute("SELECT sec.user_set_warehouses('u_tom', %s::bigint[])", ([main],))


def products(house: House) -> None:
    """Families, products and their English texts, with a picture each."""
    made = articles()
    # Unpainted figures look alike whatever their colour would be.
    pictures = {a.sku: _picture(a.shape, a.finish, a.hue if a.finish == "BE" else "") for a in made}
    categories = house.ids("catalog.category", "code")
    units, taxes = house.ids("catalog.unit", "code"), house.ids("catalog.tax_class", "code")

    def work(session: Session) -> None:
        families = [
            {
                "code": row["code"],
                "name": row["de"],
                "name_en": row["en"],
                "description": None,
                "category_id": categories[row["category"]],
            }
            for row in catalog()["families"]
        ]
        _insert(session, Family, families)
        known = dict(session.execute(select(Family.code, Family.id)).all())
        rows = []
        for number, article in enumerate(made):
            digits = f"{_EAN_PREFIX}{10000 + number * 37:05d}"
            rows.append(
                {
                    "sku": article.sku,
                    "legacy_sku": article.legacy_sku,
                    "family_id": known.get(article.family or ""),
                    "name": article.name,
                    "category_id": categories[article.category],
                    "unit_id": units[article.unit],
                    "tax_class_id": taxes[article.tax],
                    "state": article.state,
                    "is_made": article.made,
                    "is_bought": not article.made,
                    "is_sold": article.sold,
                    "is_stocked": True,
                    "is_lot_tracked": article.lot,
                    "ean": digits + ean_check_digit(digits) if article.sold else None,
                    "weight_g": article.weight_g,
                    "reorder_point": article.reorder,
                }
            )
        ids = dict(session.execute(insert(Product).returning(Product.sku, Product.id), rows).all())
        words = [
            {
                "product_id": ids[a.sku],
                "language": language,
                "name": name,
                "description": _description(a, language),
            }
            for a in made
            for language, name in (("de", None), ("en", a.name_en))
            if name or a.family
        ]
        _insert(session, ProductText, words)
        images = [
            {
                "product_id": ids[sku],
                "is_primary": True,
                "mime": "image/png",
                "content": content,
                "thumbnail": thumbnail,
            }
            for sku, (content, thumbnail) in pictures.items()
        ]
        _insert(session, ProductImage, images)

    house.write("u_mia", work)
    house.forget()


def prices(house: House) -> None:
    """Trade prices with a tier and last year's, shop and recommended prices."""
    ids, lists = house.products(), house.ids("catalog.price_list", "code")
    data, taxes = catalog(), {row["code"]: Decimal(row["rate"]) for row in catalog()["tax_classes"]}
    new_year = date(house.today.year, 1, 1)
    before = date(house.today.year - 1, 1, 1)
    rows: list[dict[str, Any]] = []

    def add(article: Article, code: str, amount: Decimal, qty: int, start: date, end: date | None) -> None:
        rows.append(
            {
                "product_id": ids[article.sku],
                "price_list_id": lists[code],
                "min_qty": Decimal(qty),
                "amount": amount,
                "valid_from": start,
                "valid_to": end,
            }
        )

    tier, last_year = data["tier"], Decimal(data["last_year_factor"])
    for article in articles():
        if article.price is None:
            continue
        tiers = [(1, article.price)]
        if article.category != "goods":
            tiers.append((tier["from"], cents(article.price * Decimal(tier["factor"]), "0.05")))
        for qty, amount in tiers:
            add(article, "HANDEL", cents(amount * last_year, "0.05"), qty, before, new_year)
            add(article, "HANDEL", amount, qty, new_year, None)
        gross = Decimal(data["retail_factor"]) * (100 + taxes[article.tax]) / 119
        shop = cents(article.price * gross, "0.5")
        add(article, "LADEN", shop, 1, before, None)
        add(article, "EMPFEHLUNG", shop, 1, before, None)
    house.write("u_jana", lambda session: _insert(session, Price, rows))
    costs = [{"product_id": ids[a.sku], "standard_cost": a.cost} for a in articles()]
    house.write("u_paul", lambda session: _insert(session, ProductCost, costs))


def customers_and_suppliers(house: House) -> None:
    """Partners with addresses and contacts, credit limits, one delivery block, and what suppliers ask."""
    terms, lists = house.ids("partners.payment_term", "code"), house.ids("catalog.price_list", "code")
    data = partners()

    def customers(session: Session) -> None:
        rows = [_partner(row, 10001 + n, supplier=False) for n, row in enumerate(data["customers"])]
        _people(session, rows, data["customers"])

    def suppliers(session: Session) -> None:
        rows = [_partner(row, 70001 + n, supplier=True) for n, row in enumerate(data["suppliers"])]
        _people(session, rows, data["suppliers"])

    house.write("u_clara", customers)
    house.write("u_paul", suppliers)
    house.forget()
    ids = house.ids("partners.partner", "number")

    def agreed(session: Session) -> None:
        for number, row in enumerate(data["customers"]):
            call_api(
                session,
                "partner_terms_set",
                p_command=command_id("terms", number),
                p_id=ids[str(10001 + number)],
                p_row_version=1,
                p_price_list_id=lists["LADEN" if row.get("b2c") else "HANDEL"],
                p_payment_term_id=terms[row.get("term", "30-10-2")],
                p_tax_treatment=_treatment(row),
            )

    house.write("u_franziska", agreed)
    for number, row in enumerate(data["customers"]):
        if "limit" in row or "blocked" in row:
            command = SetCredit(
                ids[str(10001 + number)],
                2,
                Decimal(row["limit"]) if "limit" in row else None,
                "blocked" in row,
                row.get("blocked"),
                command_id("credit", number),
            )
            house.post("u_franziska", set_credit, command)
    offers = list(_offers(house, ids))
    house.write("u_paul", lambda session: _insert(session, SupplierPrice, offers))


def _treatment(row: dict[str, Any]) -> str:
    country = row.get("country", "DE")
    if row.get("b2c") and country not in ("GB", "US", "CH"):
        return "domestic"
    return treatment_for(country, row.get("vat"))


_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "É": "e", " ": "-"})


def _partner(row: dict[str, Any], number: int, *, supplier: bool) -> dict[str, Any]:
    domain = "".join(
        c for c in row["name"].lower().translate(_SPELLED) if c.isascii() and (c.isalnum() or c == "-")
    )
    prefix = {
        "DE": 49,
        "AT": 43,
        "FR": 33,
        "NL": 31,
        "BE": 32,
        "CH": 41,
        "GB": 44,
        "US": 1,
        "DK": 45,
        "IT": 39,
    }
    email = f"info@{domain.strip('-')[:40].strip('-')}.example"
    return {
        "number": str(number),
        "name": row["name"],
        "is_customer": not supplier,
        "is_supplier": supplier,
        "kind": "b2c" if row.get("b2c") else "b2b",
        "language": row.get("language", "de"),
        "vat_id": row.get("vat"),
        "email": email,
        "phone": f"+{prefix.get(row.get('country', 'DE'), 420)} {9000 + number % 900} {number % 10000:04d}",
        "einvoice_format": row.get("einvoice", "paper"),
        "buyer_reference": row.get("reference"),
        "electronic_address": email if "einvoice" in row else None,
    }


def _people(session: Session, rows: list[dict[str, Any]], given: list[dict[str, Any]]) -> None:
    ids = dict(session.execute(insert(Partner).returning(Partner.number, Partner.id), rows).all())
    addresses, contacts = [], []
    for row, source in zip(rows, given, strict=True):
        partner_id = ids[row["number"]]
        address = {
            "partner_id": partner_id,
            "kind": "billing",
            "is_default": True,
            "name": None,
            "street": source["street"],
            "street2": None,
            "postcode": source["postcode"],
            "city": source["city"],
            "region": source.get("region"),
            "country": source.get("country", "DE"),
        }
        addresses.append(address)
        if "Zentraleinkauf" in source.get("contact", ""):
            depot = {
                "kind": "delivery",
                "name": "Zentrallager",
                "street": "Speicherstraße 90",
                "postcode": "20457",
            }
            addresses.append({**address, **depot})
        if "contact" in source:
            salutation, name, role = source["contact"].split("|")
            contacts.append(
                {
                    "partner_id": partner_id,
                    "salutation": salutation,
                    "name": name,
                    "role": role or None,
                    "email": None,
                }
            )
    _insert(session, Address, addresses)
    _insert(session, Contact, contacts)


def _offers(house: House, partner_ids: dict[str, int]) -> Iterable[dict[str, Any]]:
    ids, costs = house.products(), {article.sku: article.cost for article in articles()}
    preferred: set[str] = set()
    for position, offer in partners()["offers"].items():
        for name in offer["skus"]:
            skus = [sku for sku in ids if sku.startswith("F-")] if name == "moulds" else [name]
            for sku in sorted(skus):
                asked = (costs[sku] * Decimal(offer.get("factor", "1"))).quantize(Decimal("0.0001"))
                tiers = [(Decimal(1), asked)]
                if "tier" in offer:
                    tiers.append(
                        (Decimal(offer["tier"]), (asked * Decimal("0.94")).quantize(Decimal("0.0001")))
                    )
                for qty, amount in tiers:
                    yield {
                        "supplier_id": partner_ids[str(70000 + position)],
                        "product_id": ids[sku],
                        "supplier_sku": f"{position}{sku.replace('-', '')}",
                        "min_qty": qty,
                        "amount": amount,
                        "lead_days": offer["lead"],
                        "valid_from": date(house.today.year, 1, 1),
                        "is_preferred": sku not in preferred,
                    }
                preferred.add(sku)


def _names(row: dict[str, Any]) -> dict[str, Any]:
    return {"code": row["code"], "name_de": row["de"], "name_en": row["en"]}


def _named(rows: list[dict[str, Any]], *more: str) -> list[dict[str, Any]]:
    return [{**_names(row), **{key: row[key] for key in more}} for row in rows]


def _insert(session: Session, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(model), rows)


def _description(article: Article, language: str) -> str | None:
    """A line or two for the catalogue, out of what is known of a figure."""
    if article.family is None:
        return None
    finish = catalog()["descriptions"][article.finish][language]
    rest = catalog()["descriptions"]["all"][language].format(weight=f"{article.weight_g:.0f}")
    return f"{finish} {rest}"


@cache
def _picture(shape: str, finish: str, hue: str) -> tuple[bytes, bytes]:
    canvas = Canvas(palette(finish, hue))
    SHAPES[shape](canvas)
    return canvas.png(), canvas.png(THUMBNAIL)


def _logo() -> bytes:
    canvas = Canvas(palette("BE", "blue"))
    canvas.star(50, 50, 46, 20, 8, "main")
    canvas.star(50, 50, 24, 11, 8, "light", 22.5)
    canvas.ellipse(50, 50, 7, 7, "gold")
    return canvas.png(256)
