"""Products, search and prices as real people reach them."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from PIL import Image
from sqlalchemy import text

from app.core.db import Counter, Database
from app.core.errors import Conflict, Duplicate, Invalid, NotAllowed
from app.core.paging import Filter, ListQuery
from app.services.catalog import reads, writes
from app.services.catalog.commands import (
    ArchiveProduct,
    CreateVariant,
    Discard,
    SaveFamily,
    SavePrice,
    SaveProduct,
    SaveVariantCode,
    SetImage,
)
from app.services.catalog.detail import get_product, product_detail
from tests.catalog_world import Basics, Raw, basics, price, product

D = Decimal
As = Callable[[str], Database]
CANARY = D("91234.56")
LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def given(admin: Raw) -> Basics:
    return basics(admin)


def found(db: Database, typed: str, **more: Any) -> list[str]:
    return [hit.sku for hit in db.read(lambda session: reads.search_products(session, typed, **more))]


# -- search -------------------------------------------------------------------------------------------------------


def test_search_finds_the_middle_of_a_word_in_every_language(given: Basics, as_role: As) -> None:
    marketing = as_role("marketing")
    product(marketing, given, "S1-BE", "Filigranbergmann divers", name_en="Filigree cherub")
    product(marketing, given, "S1-BL", "Lichterbergmann")
    assert set(found(marketing, "bergmann")) == {"S1-BE", "S1-BL"}
    assert found(marketing, "BERGMANN filigr") == ["S1-BE"]
    assert found(marketing, "cherub") == ["S1-BE"]
    assert found(marketing, "rubin") == []


def test_search_puts_numbers_first(given: Basics, as_role: As) -> None:
    marketing = as_role("marketing")
    product(marketing, given, "4711", "Exactly this", legacy_sku="K-77")
    product(marketing, given, "4711-BE", "Begins so")
    product(marketing, given, "X-1", "Spare part for 4711", ean="4006381333931")
    assert found(marketing, "4711") == ["4711", "4711-BE", "X-1"]
    assert found(marketing, "k-77")[0] == "4711"
    assert found(marketing, "4006381333931") == ["X-1"]


def test_search_knows_umlauts_however_they_are_typed(given: Basics, as_role: As) -> None:
    marketing = as_role("marketing")
    product(marketing, given, "U-1", "Krönungsgruß")
    for typed in ("krönungs", "kronungs", "kroenungs", "gruss", "gruß"):
        assert found(marketing, typed) == ["U-1"], typed


def test_search_follows_a_new_name_at_once(given: Basics, as_role: As) -> None:
    marketing = as_role("marketing")
    saved = product(marketing, given, "N-1", "Nussknacker", name_en="Nutcracker")
    changed = SaveProduct(saved.id, saved.row_version, {"name": "Räuchermann", "name_en": "Incense smoker"})
    marketing.write(writes.save_product, changed)
    assert found(marketing, "knacker") == []
    assert found(marketing, "cracker") == []
    assert found(marketing, "smoker") == ["N-1"]


def test_search_and_list_know_the_word_of_the_variant(given: Basics, admin: Raw, as_role: As) -> None:
    """Found by the words that are shown, in either language; a code with a new meaning is found by that."""
    marketing, administrator = as_role("marketing"), as_role("administrator")
    painted = product(marketing, given, "W1-QA", "Wichtel divers", name_en="Gnome, assorted")
    product(marketing, given, "W1-QO", "Wichtel divers")

    def listed(typed: str, language: str = "de") -> list[str]:
        query = ListQuery(filters=(Filter("name", "contains", typed),), language=language)
        return [row.sku for row in marketing.read(reads.list_products, query).rows]

    assert found(marketing, "wichtel bemalt") == []
    code = administrator.write(
        writes.save_variant_code,
        SaveVariantCode(None, None, {"code": "QA", "name_de": "bemalt", "name_en": "painted"}),
    ).value
    for typed in ("wichtel bemalt", "bem wicht", "wichtel divers bemalt", "gnome painted", "W1 bemalt"):
        assert found(marketing, typed) == ["W1-QA"], typed
    assert listed("bemalt wichtel") == ["W1-QA"]
    assert listed("gnome painted", "en") == ["W1-QA"]
    for language, words in (("de", "Wichtel divers, bemalt"), ("en", "Gnome, assorted, painted")):
        (hit,) = marketing.read(reads.search_products, "wichtel bem", 8, language)
        assert (hit.subtitle, hit.name) == (words, words)
    (plain,) = marketing.read(reads.search_products, "W1-QO")
    assert plain.subtitle == "Wichtel divers", "a code nobody explained says nothing"

    renamed = {"code": "QA", "name_de": "vergoldet", "name_en": "gilded"}
    again = administrator.write(
        writes.save_variant_code, SaveVariantCode(code.id, code.row_version, renamed)
    ).value
    assert (found(marketing, "wichtel bemalt"), found(marketing, "wichtel vergold")) == ([], ["W1-QA"])
    administrator.write(
        writes.save_variant_code, SaveVariantCode(code.id, again.row_version, renamed | {"code": "QO"})
    )
    assert found(marketing, "wichtel gilded") == ["W1-QO"]
    marketing.write(writes.save_product, SaveProduct(painted.id, painted.row_version, {"sku": "W2-QO"}))
    assert found(marketing, "wichtel gilded") == ["W1-QO", "W2-QO"]


def test_search_bears_odd_variant_codes(given: Basics, as_role: As) -> None:
    """A code may hold what means something to the search itself; its word may hold umlauts."""
    marketing = as_role("marketing")
    for number, code in enumerate(("O'\\", "a b|c", "=&!:*")):
        meaning = {"code": code, "name_de": f"grün{number} größer", "name_en": f"green{number}"}
        as_role("administrator").write(writes.save_variant_code, SaveVariantCode(None, None, meaning))
        product(marketing, given, f"ODD{number}-{code}", "Zwerg")
        for typed in (
            f"zwerg grün{number}",
            f"gruen{number} zwerg",
            f"grun{number} grösser",
            f"green{number}",
        ):
            assert found(marketing, typed) == [f"ODD{number}-{code}"], typed
    assert len(found(marketing, "zwerg grö")) == 3


def test_search_knows_the_family(given: Basics, as_role: As) -> None:
    marketing = as_role("marketing")
    family = marketing.write(
        writes.save_family, SaveFamily(None, None, {"code": "FAM7", "name": "Krippe", "name_en": "Nativity"})
    ).value
    item = product(marketing, given, "KR-1", "Ochse", family_id=family.id)
    assert (
        found(marketing, "krippe ochs") == found(marketing, "nativ") == found(marketing, "fam7") == ["KR-1"]
    )
    changed = SaveFamily(family.id, family.row_version, {"name": "Weihnachtskrippe"})
    marketing.write(writes.save_family, changed)
    assert found(marketing, "weihnachtskr ochse") == ["KR-1"]
    marketing.write(writes.save_product, SaveProduct(item.id, item.row_version, {"family_id": None}))
    assert found(marketing, "nativ") == []


@pytest.mark.parametrize(
    "typed", ["", "  ", "'", "a'&!:*(", "\\", "%", "🕊️", "ملاك", "x" * 5000, "e", "\u202e"]
)
def test_search_survives_what_people_paste(given: Basics, as_role: As, typed: str) -> None:
    assert isinstance(found(as_role("viewer"), typed), list)


def test_search_narrows_to_what_is_sold(given: Basics, as_role: As) -> None:
    marketing = as_role("marketing")
    product(marketing, given, "RAWTIN", "Rawtin ingot", is_sold=False)
    assert found(marketing, "rawtin") == ["RAWTIN"]
    assert found(marketing, "rawtin", use="sold") == []


def test_search_needs_a_session(given: Basics, raw_role: Callable[..., Raw]) -> None:
    with pytest.raises(psycopg.DatabaseError) as refusal:
        raw_role("viewer").execute("SELECT * FROM catalog.search_products('x')")
    assert refusal.value.sqlstate == "ER401"


def test_nobody_reads_the_search_table(raw_role: Callable[..., Raw]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw_role("administrator", ticket=True).execute("SELECT * FROM catalog.product_search")


# -- prices -------------------------------------------------------------------------------------------------------


def prices_for(db: Database, price_list: int, on: date, *lines: tuple[int, str]) -> list[Any]:
    statement = text(
        "SELECT amount, min_qty, line FROM catalog.prices_for(CAST(:lines AS jsonb), :list, :day)"
    )
    items = ", ".join(f'{{"product_id": {key}, "qty": "{qty}"}}' for key, qty in lines)
    values = {"lines": f"[{items}]", "list": price_list, "day": on}
    return list(db.read(lambda session: session.execute(statement, values).all()))


def test_the_best_tier_valid_that_day_is_the_price(given: Basics, admin: Raw, as_role: As) -> None:
    rep = as_role("sales_rep")
    item = product(as_role("marketing"), given, "P-1", "Priced").id
    new_year = date(2026, 1, 1)
    price(admin, given.wholesale, item, "17.20", start=LONG_AGO, end=new_year)
    price(admin, given.wholesale, item, "17.80", start=new_year)
    price(admin, given.wholesale, item, "16.40", start=new_year, qty=24)
    day = timedelta(days=1)
    assert [row[:2] for row in prices_for(rep, given.wholesale, new_year - day, (item, "100"))] == [
        (D("17.20"), D(1))
    ]
    assert [row[:2] for row in prices_for(rep, given.wholesale, new_year, (item, "23"), (item, "24"))] == [
        (D("17.80"), D(1)),
        (D("16.40"), D(24)),
    ]
    assert prices_for(rep, given.wholesale, LONG_AGO - day, (item, "1"))[0][0] is None


def test_shop_prices_come_without_their_tax(given: Basics, admin: Raw, as_role: As) -> None:
    item = product(as_role("marketing"), given, "P-2", "Shop").id
    price(admin, given.shop, item, "39.50", start=LONG_AGO)
    assert prices_for(as_role("sales_rep"), given.shop, date(2026, 1, 1), (item, "1"))[0][0] == D("33.1933")


def test_a_new_price_ends_the_one_before(given: Basics, as_role: As) -> None:
    manager = as_role("sales_manager")
    item = product(manager, given, "P-3", "Dearer").id
    values = {"product_id": item, "price_list_id": given.wholesale, "min_qty": D(1)}
    manager.write(
        writes.save_price, SavePrice(None, None, {**values, "amount": D("8"), "valid_from": LONG_AGO})
    )
    start = date(2026, 5, 1)
    manager.write(writes.save_price, SavePrice(None, None, {**values, "amount": D("9"), "valid_from": start}))
    lines = manager.read(product_detail, item, "de", LONG_AGO).prices
    assert lines is not None
    assert {(line.amount, line.valid_to) for line in lines} == {(D("8"), start), (D("9"), None)}


@pytest.mark.parametrize("amount", ["-1", "1.123456789", "NaN"])
def test_impossible_prices_are_refused(given: Basics, as_role: As, amount: str) -> None:
    manager = as_role("sales_manager")
    item = product(manager, given, f"P-{amount}", "Impossible").id
    values = {
        "product_id": item,
        "price_list_id": given.wholesale,
        "amount": D(amount),
        "valid_from": LONG_AGO,
    }
    with pytest.raises(Invalid):
        manager.write(writes.save_price, SavePrice(None, None, values))


@pytest.mark.parametrize("role", ["warehouse_clerk", "warehouse_manager", "production_operator"])
def test_the_warehouse_and_the_shop_floor_see_no_price(
    given: Basics, admin: Raw, as_role: As, role: str
) -> None:
    item = product(as_role("marketing"), given, f"C-{role}", "Canary", standard_cost=None).id
    price(admin, given.wholesale, item, str(CANARY), start=LONG_AGO)
    admin.execute(
        "INSERT INTO catalog.product_cost (product_id, standard_cost) VALUES (%s, %s)", (item, CANARY)
    )
    db = as_role(role)
    detail = db.read(product_detail, item, "de", LONG_AGO)
    rows = db.read(reads.list_products, ListQuery(filters=(Filter("sku", "eq", f"c-{role}"),))).rows
    hits = db.read(reads.search_products, f"C-{role}")
    assert (detail.prices, detail.cost, detail.suppliers) == (None, None, None)
    assert rows
    assert hits
    for shown in (detail, rows, hits, db.read(get_product, item)):
        assert str(CANARY) not in str(shown)
    with pytest.raises(NotAllowed):
        prices_for(db, given.wholesale, LONG_AGO, (item, "1"))


def test_a_rep_sees_prices_but_no_cost(given: Basics, admin: Raw, as_role: As) -> None:
    item = product(as_role("marketing"), given, "C-2", "Canary").id
    price(admin, given.wholesale, item, "17.80", start=LONG_AGO)
    admin.execute(
        "INSERT INTO catalog.product_cost (product_id, standard_cost) VALUES (%s, %s)", (item, CANARY)
    )
    rep, manager = as_role("sales_rep"), as_role("sales_manager")
    assert rep.read(product_detail, item, "de", LONG_AGO).cost is None
    assert str(CANARY) not in str(rep.read(get_product, item))
    assert manager.read(product_detail, item, "de", LONG_AGO).cost == CANARY


# -- products -----------------------------------------------------------------------------------------------------


def test_two_people_edit_one_product(given: Basics, as_role: As) -> None:
    """Whoever saves second is told, also when he changed only a text or the cost."""
    first, second = as_role("marketing"), as_role("purchase_officer")
    saved = product(first, given, "E-1", "Edited")
    for values in ({"name": "Mine"}, {"description": "Words"}, {"standard_cost": D("1.50")}):
        now = second.read(get_product, saved.id)
        first.write(
            writes.save_product, SaveProduct(saved.id, now.row_version, {"name_en": f"English {values}"[:90]})
        )
        with pytest.raises(Conflict):
            second.write(writes.save_product, SaveProduct(saved.id, now.row_version, values))


def test_a_sku_exists_once(given: Basics, as_role: As) -> None:
    product(as_role("marketing"), given, "ONCE", "One")
    with pytest.raises(Duplicate) as refusal:
        product(as_role("administrator"), given, "ONCE", "Two")
    assert refusal.value.key == "product_sku_key"
    with pytest.raises(Duplicate) as refusal:
        product(as_role("administrator"), given, "once", "Three")
    assert refusal.value.key == "product_sku_any_case"


def test_odd_texts_come_back_as_they_went_in(given: Basics, as_role: As) -> None:
    db = as_role("marketing")
    name = "ملاك حارس 🕊️ – „Engel“ \u200fx"
    saved = product(db, given, "ODD", name, description="א" * 20_000)
    values = db.read(get_product, saved.id).values
    assert values["name"] == name
    assert len(values["description"]) == 20_000


def test_a_variant_takes_over_what_its_sibling_has(given: Basics, as_role: As) -> None:
    db = as_role("marketing")
    source = product(db, given, "V1-BE", "Engel", name_en="Angel", weight_g=D(42), is_made=True)
    variant = db.write(writes.create_variant, CreateVariant(source.id, "V1-OX", {"weight_g": D(40)})).value
    detail = db.read(product_detail, variant.id, "en", LONG_AGO)
    assert (detail.name, detail.weight_g, detail.is_made, detail.base_sku) == ("Angel", D(40), True, "V1")
    assert [sibling.sku for sibling in detail.siblings] == ["V1-BE"]


def test_archiving_keeps_the_product(given: Basics, as_role: As) -> None:
    db = as_role("marketing")
    saved = product(db, given, "OLD", "Old one")
    db.write(writes.archive_product, ArchiveProduct(saved.id, saved.row_version))
    query = ListQuery(filters=(Filter("sku", "eq", "old"),))
    assert db.read(reads.list_products, query).rows == []
    assert len(db.read(reads.list_products, ListQuery(filters=query.filters, preset="archived")).rows) == 1


def test_the_same_picture_twice_changes_nothing(given: Basics, as_role: As) -> None:
    db = as_role("marketing")
    item = product(db, given, "IMG", "Pictured").id
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(out, "PNG")
    first = db.write(writes.set_image, SetImage(item, out.getvalue())).value
    assert db.write(writes.set_image, SetImage(item, out.getvalue())).value == first
    other = io.BytesIO()
    Image.new("RGB", (300, 200), "blue").save(other, "PNG")
    second = db.write(writes.set_image, SetImage(item, other.getvalue())).value
    assert db.read(product_detail, item, "de", LONG_AGO).image_id == second.id
    # The one before is still there, and takes its place again.
    db.write(writes.discard_image, Discard(second.id, second.row_version))
    assert db.read(product_detail, item, "de", LONG_AGO).image_id == first.id


def test_a_viewer_changes_nothing(given: Basics, as_role: As) -> None:
    saved = product(as_role("marketing"), given, "RO", "Read only")
    with pytest.raises(NotAllowed):
        as_role("viewer").write(
            writes.save_product, SaveProduct(saved.id, saved.row_version, {"name": "Mine"})
        )


def test_lists_and_details_cost_one_round_trip(
    given: Basics, as_role: As, counted: Callable[[Database], Any]
) -> None:
    db = as_role("sales_rep")
    item = product(as_role("marketing"), given, "RT", "Round trips").id
    for work in (
        lambda: db.read(reads.list_products, ListQuery(sort="on_hand", preset="below_reorder")),
        lambda: db.read(product_detail, item, "de", LONG_AGO),
        lambda: db.read(reads.search_products, "round"),
        lambda: db.read(get_product, item),
    ):
        spent: Counter
        with counted(db) as spent:
            work()
        assert spent.round_trips == 1


@pytest.mark.parametrize("sort", sorted({"sku", "name", "variant", "category", "on_hand", "available", "wholesale",
                                         "retail", "status", "family"}))  # fmt: skip
@pytest.mark.parametrize("role", ["sales_rep", "warehouse_clerk"])
def test_every_column_sorts_page_by_page(given: Basics, as_role: As, sort: str, role: str) -> None:
    """Read in portions, a list has every row once, whoever reads it and however it is sorted."""
    db, marketing = as_role(role), as_role("marketing")
    there = {row.sku for row in marketing.read(reads.list_products, ListQuery()).rows}
    for number in range(5 - len(there)):
        product(marketing, given, f"PAGE-{number}", f"Page {number % 2}")
    query = ListQuery(sort=sort, limit=2, descending=True)
    seen: list[int] = []
    page = db.read(reads.list_products, query)
    while True:
        seen += [row.id for row in page.rows]
        if page.next is None:
            break
        query = query.following(page)
        page = db.read(reads.list_products, query)
    assert sorted(seen) == sorted(row.id for row in db.read(reads.list_products, ListQuery()).rows)
