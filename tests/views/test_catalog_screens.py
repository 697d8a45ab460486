"""Products at the keyboard, over the real database and under the real roles."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.partners
from app.core.db import Counter, Database
from app.core.i18n import set_language
from app.services.catalog import forms
from app.services.catalog.forms import SaveProductForm, load_product
from app.views.core.merge_dialog import MergeDialog
from app.views.core.workspace import Registry
from tests.views.keys import press_key
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import type_into, window_for

D = Decimal
Raw = psycopg.Connection[Any]
Counted = Callable[[Database], AbstractContextManager[Counter]]
PRODUCT = "catalog.product"


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    """The window of whoever ``db`` is, with the screens of catalogue and partners."""
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, (app.views.catalog, app.views.partners)) as window:
        yield Bench(window, qtbot)


@pytest.fixture(scope="module", autouse=True)
def house(admin_dsn: str) -> None:
    """Units, a tax class, price lists, categories, the meaning of two variant codes."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO catalog.unit (code, name_de, name_en, decimals)"
            " VALUES ('pc', 'Stück', 'pcs', 0), ('kg', 'kg', 'kg', 3)"
        )
        admin.execute(
            "INSERT INTO catalog.tax_class (code, name_de, name_en, rate) VALUES ('full', 'Voll', 'Full', 19)"
        )
        admin.execute(
            "INSERT INTO catalog.price_list (code, name_de, name_en, kind, tax_included)"
            " VALUES ('H', 'Handel', 'Trade', 'wholesale', false), ('L', 'Laden', 'Retail', 'retail', true)"
        )
        admin.execute(
            "INSERT INTO catalog.category (code, name_de, name_en)"
            " VALUES ('angels', 'Engel', 'Angels'), ('stars', 'Sterne', 'Stars')"
        )
        admin.execute(
            "INSERT INTO catalog.variant_code (code, name_de, name_en)"
            " VALUES ('BE', 'bemalt', 'painted'), ('BL', 'blank', 'plain')"
        )


def product(admin: Raw, sku: str, name: str = "Filigranengel", *, cost: str = "", price: str = "") -> int:
    """A product that is there already."""
    row = admin.execute(
        "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id)"
        " SELECT %s, %s, u.id, t.id FROM catalog.unit u, catalog.tax_class t WHERE u.code = 'pc' RETURNING id",
        (sku, name),
    ).fetchone()
    assert row is not None
    if cost:
        admin.execute(
            "INSERT INTO catalog.product_cost (product_id, standard_cost) VALUES (%s, %s)", (row[0], cost)
        )
    if price:
        admin.execute(
            "INSERT INTO catalog.price (product_id, price_list_id, amount, valid_from)"
            " SELECT %s, id, %s, '2020-01-01' FROM catalog.price_list WHERE code = 'H'",
            (row[0], price),
        )
    return int(row[0])


def stored(admin: Raw, product_id: int, column: str) -> Any:
    row = admin.execute(f"SELECT {column} FROM catalog.product WHERE id = %s", (product_id,)).fetchone()
    return row[0] if row else None


def prices(admin: Raw, product_id: int) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT min_qty, amount, valid_to IS NULL FROM catalog.price WHERE product_id = %s ORDER BY id",
        (product_id,),
    ).fetchall()


def test_a_clerk_sees_neither_cost_nor_price_anywhere_on_screen(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "10100-BE", cost="7.1357", price="23.4567")
    with bench_of(as_role("warehouse_clerk"), tmp_path, qtbot) as bench:
        page = bench.go("catalog.products")
        bench.wait(lambda: page.model.rows)
        bench.settle()
        shown = bench.everything()
        assert "10100-BE" in shown
        form = bench.open(PRODUCT, angel)
        shown += bench.everything()
        assert "7,13" not in shown
        assert "23,4" not in shown
        assert shown.count("kein Recht") >= 3  # the column, the pane, the form
        assert form.boxes["standard_cost"].value() is None
        assert "prices" not in form.tables
        assert form.read_only
        page = bench.go("catalog.products")
        assert all(row.wholesale is None and row.retail is None for row in page.model.rows)


@pytest.mark.parametrize(("role", "reads_prices"), [("marketing", True), ("warehouse_clerk", False)])
def test_price_lists_are_for_whoever_may_read_prices(as_role: AsRole, role: str, reads_prices: bool) -> None:
    """Marketing designs the printed price list, and finds the lists it prints."""
    registry = Registry(as_role(role).profile, (app.views.catalog,))
    assert ("catalog.price_lists" in registry.workspaces) is reads_prices
    assert ("catalog.prices" in registry.workspaces) is reads_prices


def test_a_price_is_typed_into_the_form_and_ends_the_one_before(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "10200-BE", price="17.20")
    with bench_of(as_role("sales_manager"), tmp_path, qtbot) as bench:
        form = bench.open(PRODUCT, angel)
        editor = form.tables["prices"]
        bench.click("prices.add")
        column = editor.spec.column("price_list_id")
        lists = {words: key for key, words in editor.model.choices_of(column)}
        assert editor.model.type_in(1, "price_list_id", lists["Handel"])
        assert editor.model.type_in(1, "min_qty", "1")
        assert not editor.model.type_in(1, "amount", "17,12345")  # nothing is rounded behind anybody's back
        assert editor.model.type_in(1, "amount", "17,80")
        assert form.dirty()
        bench.click("action.save")
        bench.wait(lambda: not form.dirty() and form.ready)
        assert prices(admin, angel) == [(D(1), D("17.2000"), False), (D(1), D("17.8000"), True)]
        assert [line["amount"] for line in editor.lines()] == [D("17.8"), D("17.2")]


def test_two_people_change_a_product_and_its_price_and_a_person_decides(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "10300-BE", price="17.20")
    other = as_role("administrator")
    with bench_of(as_role("sales_manager"), tmp_path, qtbot) as bench:
        form = bench.open(PRODUCT, angel)
        bench.type("field.legacy_sku", "ALT-1")
        assert form.tables["prices"].model.type_in(0, "amount", "17,90")
        seen = other.read(load_product, angel)
        assert seen.prices is not None
        line = forms.LineChange(seen.prices[0].id, seen.prices[0].row_version, {"amount": D("17.80")})
        other.write(
            forms.save_product_form,
            SaveProductForm(angel, seen.row_version, {"reorder_point": D(12)}, prices=(line,)),
        )
        bench.click("action.save")
        bench.wait(lambda: bench.window.findChild(MergeDialog) is not None)
        dialog = bench.window.findChild(MergeDialog)
        assert dialog is not None
        shown = bench.everything()
        assert "Verkaufspreise 1: Preis" in shown
        assert "17,20" in shown
        bench.click("merge.mine.amount")
        bench.click("dialog.merge")
        bench.wait(lambda: not form.dirty() and form.ready)
        assert prices(admin, angel)[0][1] == D("17.9000")
        assert (stored(admin, angel, "legacy_sku"), stored(admin, angel, "reorder_point")) == ("ALT-1", D(12))


def test_hostile_text_is_shown_as_it_is_and_too_long_a_name_is_refused_beside_the_field(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    name = "<b>fett</b> & 'x'; DROP TABLE catalog.product;-- שלום 🎄"
    angel = product(admin, "10400-BE", name)
    with bench_of(as_role("marketing"), tmp_path, qtbot) as bench:
        page = bench.go("catalog.products", filters={"sku": "10400"})
        bench.wait(lambda: page.model.rows)
        bench.settle()
        assert name in bench.everything()
        form = bench.open(PRODUCT, angel)
        assert form.value("name") == name
        type_into(form, "name", "Ä" * 10_000)
        version = form.record.row_version
        bench.click("action.save")
        assert form.boxes["name"].error == "Höchstens 200 Zeichen."
        assert bench.see("hint.name").isVisible()
        assert stored(admin, angel, "row_version") == version
        type_into(form, "name", "Engel\u202e <script>")  # what follows would be shown backwards
        bench.click("action.save")
        assert form.boxes["name"].error == "Der Text enthält Steuerzeichen."
        assert stored(admin, angel, "row_version") == version
        type_into(form, "name", "Engel <script>")
        bench.click("action.save")
        bench.wait(lambda: not form.dirty())
        assert stored(admin, angel, "name") == "Engel <script>"


def test_wrong_numbers_are_told_while_typing_and_the_sku_says_what_it_means(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        bench.window.new_record(PRODUCT)
        form = bench.front()
        bench.wait(lambda: form.value("unit_id") is not None)
        assert not form.dirty()  # what is proposed is nothing one would have to save
        bench.type("field.sku", "10500-BE")
        assert form.boxes["sku"]._below.text() == "Stamm 10500 · Ausführung BE (bemalt)"
        bench.type("field.ean", "4012345678902")
        bench.type("field.reorder_point", "2,5")
        bench.type("field.name", "Stern")
        assert form.boxes["ean"].error == "Die Prüfziffer stimmt nicht; erwartet wird 1."
        assert "Nachkommastellen" in form.boxes["reorder_point"].error
        bench.type("field.ean", "4012345678901")
        bench.type("field.reorder_point", "2")
        bench.click("action.save")
        bench.wait(lambda: form.record.id is not None and form.ready)
        row = admin.execute(
            "SELECT base_sku, variant_code, ean FROM catalog.product WHERE sku = '10500-BE'"
        ).fetchone()
        assert row == ("10500", "BE", "4012345678901")
        bench.window.new_record(PRODUCT)
        twin = bench.front()
        bench.wait(lambda: twin.value("unit_id") is not None)
        type_into(twin, "sku", "10500-BE")
        type_into(twin, "name", "Noch ein Stern")
        twin.save()
        bench.settle()
        assert twin.boxes["sku"].error == "Diese Artikelnummer gibt es schon."


def test_what_is_typed_survives_another_theme_and_another_language(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "10600-BE", price="5")
    with bench_of(as_role("sales_manager"), tmp_path, qtbot) as bench:
        form = bench.open(PRODUCT, angel)
        bench.type("field.legacy_sku", "A-7")
        assert form.tables["prices"].model.type_in(0, "amount", "6,25")
        try:
            bench.window.switch_theme("dark")
            form = bench.front()
            assert form.dirty()
            bench.window.switch_language("en")
            form = bench.front()
            bench.wait(lambda: form.ready)
            assert form.dirty()
            assert form.value("legacy_sku") == "A-7"
            assert form.tables["prices"].lines()[0]["amount"] == D("6.25")
            bench.click("action.save")
            bench.wait(lambda: not form.dirty() and form.ready)
        finally:
            bench.window.switch_theme("light")
            set_language("de")
        assert stored(admin, angel, "legacy_sku") == "A-7"
        assert prices(admin, angel)[0][1] == D("6.2500")


def test_many_products_change_their_category_and_run_out_at_once(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    ids = [product(admin, f"10700-{code}") for code in ("A", "B", "C")]
    with bench_of(as_role("marketing"), tmp_path, qtbot) as bench:
        page = bench.go("catalog.products", filters={"sku": "10700"})
        bench.wait(lambda: len(page.model.rows) == 3)
        page.table.select_keys(ids[:2])
        actions = {action.key: action for action in page.spec.bulk}
        actions["category"].run(bench.window.ctx, page.table.selected_rows())
        bench.settle()
        bench.choose("field.bulk_category", "Sterne")
        bench.click("dialog.yes")
        categories = admin.execute(
            "SELECT c.code FROM catalog.product p LEFT JOIN catalog.category c ON c.id = p.category_id"
            " WHERE p.id = ANY (%s) ORDER BY p.id",
            (ids,),
        ).fetchall()
        assert categories == [("stars",), ("stars",), (None,)]
        bench.wait(lambda: [row.category for row in page.model.rows] == ["Sterne", "Sterne", None])
        actions["phase_out"].run(bench.window.ctx, page.table.selected_rows())
        bench.settle()
        bench.click("dialog.yes")
        assert [stored(admin, number, "state") for number in ids] == ["phase_out", "phase_out", "active"]


def test_a_variant_takes_everything_over_but_its_number(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "10800-BE", "Schutzengel")
    with bench_of(as_role("marketing"), tmp_path, qtbot) as bench:
        bench.open(PRODUCT, angel)
        bench.click("action.variant")
        sku: Any = bench.see("field.variant_sku")
        assert sku.text() == "10800-BL"  # BE is taken
        bench.click("dialog.yes")
        form = bench.front()
        bench.wait(lambda: form.ready and form.product is not None and form.product.sku == "10800-BL")
        assert form.value("name") == "Schutzengel"
        assert [entry.sku for entry in form.product.variants] == ["10800-BE", "10800-BL"]


def test_a_picture_appears_in_form_and_list_and_rubbish_is_refused(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "10900-BE")
    picture, rubbish = tmp_path / "engel.png", tmp_path / "engel.jpg"
    buffer = BytesIO()
    Image.new("RGB", (200, 200), "navy").save(buffer, "PNG")
    picture.write_bytes(buffer.getvalue())
    rubbish.write_bytes(b"no picture at all")
    with bench_of(as_role("marketing"), tmp_path, qtbot) as bench:
        form = bench.open(PRODUCT, angel)
        form.take_picture(str(rubbish))
        bench.settle()
        assert "kein lesbares Bild" in bench.everything()
        press_key(bench.window, Qt.Key.Key_Escape)
        bench.settle()
        form.take_picture(str(picture))
        bench.wait(lambda: form.product is not None and form.product.image_id is not None)
        page = bench.go("catalog.products", filters={"sku": "10900"})
        bench.wait(lambda: page.model.rows and page.model.rows[0].image_id is not None)
        form = bench.open(PRODUCT, angel)
        bench.click("picture.remove")
        bench.wait(lambda: form.product.image_id is None)


def test_opening_list_and_form_costs_few_round_trips(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, counted: Counted
) -> None:
    angel = product(admin, "11000-BE", price="5")
    db = as_role("sales_manager")
    with bench_of(db, tmp_path, qtbot) as bench:
        bench.open(PRODUCT, angel)  # what a session reads once
        bench.window.ctx.settings.set("list.catalog.products.detail", False)
        with counted(db) as spent:
            bench.go("catalog.products")
            bench.settle()
        assert spent.round_trips <= 2  # rows, numbers of the presets
        other = product(admin, "11001-BE")
        with counted(db) as spent:
            bench.open(PRODUCT, other)
            bench.settle()
        assert spent.round_trips <= 2  # the product, its notes and history
