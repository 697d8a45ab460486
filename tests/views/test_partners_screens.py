"""Customers and suppliers at the keyboard, over the real database and under the real roles."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.partners
import app.views.purchasing
import app.views.sales
from app.core.db import Counter, Database
from app.core.errors import NotAllowed
from app.services.partners import writes
from app.services.partners.commands import SavePartner
from app.views.core.merge_dialog import MergeDialog
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import type_into, window_for

Raw = psycopg.Connection[Any]
Counted = Callable[[Database], AbstractContextManager[Counter]]
PARTNER = "partners.partner"
PACKAGES = (app.views.catalog, app.views.partners, app.views.purchasing, app.views.sales)


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    """The window of whoever ``db`` is."""
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


@pytest.fixture(scope="module", autouse=True)
def house(admin_dsn: str) -> None:
    """Two price lists and two payment terms."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO catalog.price_list (code, name_de, name_en, kind, tax_included)"
            " VALUES ('L', 'Laden', 'Retail', 'retail', true), ('H', 'Handel', 'Trade', 'wholesale', false)"
        )
        admin.execute(
            "INSERT INTO partners.payment_term (code, name_de, name_en, net_days)"
            " VALUES ('30', '30 Tage netto', '30 days net', 30), ('0', 'Sofort', 'At once', 0)"
        )


def customer(admin: Raw, number: str, name: str, **columns: Any) -> int:
    row = admin.execute(
        "INSERT INTO partners.partner (number, name, is_customer) VALUES (%s, %s, true) RETURNING id",
        (number, name),
    ).fetchone()
    assert row is not None
    for column, value in columns.items():
        admin.execute(f"UPDATE partners.partner SET {column} = %s WHERE id = %s", (value, row[0]))
    return int(row[0])


def stored(admin: Raw, partner_id: int, columns: str) -> tuple[Any, ...]:
    row = admin.execute(f"SELECT {columns} FROM partners.partner WHERE id = %s", (partner_id,)).fetchone()
    assert row is not None
    return tuple(row)


TERMS = (
    "(SELECT code FROM catalog.price_list l WHERE l.id = price_list_id),"
    " (SELECT code FROM partners.payment_term t WHERE t.id = payment_term_id), tax_treatment, credit_limit"
)


@pytest.mark.parametrize(
    ("kind", "words", "terms"), [("b2b", "Gewerblich", ("H", "30")), ("b2c", "Privat", ("L", "0"))]
)
def test_a_sales_representative_makes_a_customer_and_the_database_gives_safe_terms(
    kind: str, words: str, terms: tuple[str, str], admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("sales_rep"), tmp_path, qtbot) as bench:
        bench.go("partners.customers")
        bench.click("action.new")
        form = bench.front()
        for key in ("price_list_id", "payment_term_id", "tax_treatment", "credit_limit"):
            assert form.boxes[key].read_only
        assert "Legen Vertriebsleitung und Finanzen fest." in bench.everything()
        bench.type("field.name", f"Zinnstube {kind}")
        bench.choose("field.kind", words)
        bench.click("addresses.add")
        model = form.tables["addresses"].model
        for key, value in (("street", "Markt 1"), ("postcode", "91541"), ("city", "Rothenburg")):
            assert model.type_in(0, key, value)
        assert not model.type_in(0, "country", "Germany")
        assert model.type_in(0, "country", "DE")
        bench.click("action.save")
        bench.wait(lambda: form.record.id is not None and form.ready)
        assert stored(admin, form.record.id, TERMS) == (*terms, "domestic", None)
        lines = form.tables["addresses"].lines()
        assert [(line["city"], line["is_default"]) for line in lines] == [("Rothenburg", True)]
        page = bench.go("partners.customers", filters={"city": "Rothen"})
        bench.wait(lambda: f"Zinnstube {kind}" in [row.name for row in page.model.rows])


def test_terms_change_for_those_who_may_and_for_nobody_else(
    admin: Raw, as_role: AsRole, raw_role: Callable[..., Raw], tmp_path: Path, qtbot: QtBot
) -> None:
    shop = customer(admin, "20001", "Galerie am Römer")
    version = stored(admin, shop, "row_version")[0]
    retail = admin.execute("SELECT id FROM catalog.price_list WHERE code = 'L'").fetchone()
    assert retail is not None
    with pytest.raises(NotAllowed):
        as_role("sales_rep").write(
            writes.save_partner, SavePartner(shop, version, {"price_list_id": retail[0]})
        )
    for role in ("sales_rep", "customer_service", "purchase_officer"):
        psql = raw_role(role, ticket=True)
        for column, value in (("price_list_id", retail[0]), ("tax_treatment", "export"), ("credit_limit", 1)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                psql.execute(f"UPDATE partners.partner SET {column} = %s WHERE id = %s", (value, shop))
        with pytest.raises(psycopg.Error, match="partner_terms_set"):
            psql.execute(
                "SELECT api.partner_terms_set(gen_random_uuid(), %s, %s, NULL, NULL, 'domestic')",
                (shop, version),
            )
    with bench_of(as_role("finance"), tmp_path, qtbot) as bench:
        form = bench.open(PARTNER, shop)
        bench.choose("field.price_list_id", "Laden")
        bench.choose("field.payment_term_id", "Sofort")
        bench.type("field.credit_limit", "1.500,00")
        bench.click("action.save")
        bench.wait(lambda: not form.dirty() and form.ready)
        assert stored(admin, shop, TERMS) == ("L", "0", "domestic", Decimal("1500.00"))


def test_a_delivery_block_needs_a_reason_and_stands_over_the_form(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    shop = customer(admin, "20002", "Papier und Fest")
    with bench_of(as_role("finance"), tmp_path, qtbot) as bench:
        form = bench.open(PARTNER, shop)
        bench.click("field.is_delivery_blocked")
        bench.click("action.save")
        assert form.boxes["block_reason"].error == "Bitte angeben, warum der Kunde gesperrt wird."
        type_into(form, "block_reason", "Drei Rechnungen überfällig")
        bench.click("action.save")
        bench.wait(lambda: not form.dirty() and form.ready)
        assert bench.see("notice.blocked").isVisible()
        page = bench.go("partners.customers", preset="blocked")
        bench.wait(lambda: [row.number for row in page.model.rows] == ["20002"])
        bench.wait(lambda: "Gesperrt · 1" in [words for _, words in page.bar.tabs._items])


def test_a_vat_id_is_checked_beside_its_field(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    shop = customer(admin, "20003", "Wiener Christkindl")
    with bench_of(as_role("sales_manager"), tmp_path, qtbot) as bench:
        form = bench.open(PARTNER, shop)
        bench.choose("field.tax_treatment", "EU, steuerfrei")
        bench.click("action.save")
        assert (
            form.boxes["vat_id"].error
            == "Für innergemeinschaftliche Lieferungen braucht der Kunde eine USt-IdNr."
        )
        bench.type("field.vat_id", "ATU123")
        bench.click("action.save")
        assert "nicht die Form" in form.boxes["vat_id"].error
        bench.type("field.vat_id", "at u57190384")
        bench.click("action.save")
        bench.wait(lambda: not form.dirty() and form.ready)
        assert stored(admin, shop, "vat_id, tax_treatment") == ("ATU57190384", "eu_business")
        bench.type("field.vat_id", "")
        bench.choose("field.tax_treatment", "Inland")
        bench.click("action.save")
        bench.wait(lambda: not form.dirty() and form.ready)
        assert stored(admin, shop, "vat_id, tax_treatment") == (None, "domestic")


def test_two_people_change_an_address_and_a_person_decides(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    shop = customer(admin, "20004", "Klosterladen")
    admin.execute(
        "INSERT INTO partners.address (partner_id, street, postcode, city) VALUES (%s, 'Weg 1', '1', 'Andechs')",
        (shop,),
    )
    address = admin.execute(
        "SELECT id, row_version FROM partners.address WHERE partner_id = %s", (shop,)
    ).fetchone()
    assert address is not None
    with bench_of(as_role("sales_rep"), tmp_path, qtbot) as bench:
        form = bench.open(PARTNER, shop)
        addresses = form.tables["addresses"].model
        assert addresses.type_in(0, "street", "Meine Straße 2")
        assert addresses.type_in(0, "postcode", "82346")
        bench.click("contacts.add")
        assert form.tables["contacts"].model.type_in(0, "name", "Theresa Lang")
        from app.services.partners.commands import Child

        as_role("customer_service").write(
            writes.save_partner,
            SavePartner(
                shop,
                form.record.row_version,
                {"phone": "08152 1"},
                addresses=(
                    Child(address[0], address[1], {"street": "Ihre Straße 3", "city": "Andechs am See"}),
                ),
            ),
        )
        bench.click("action.save")
        bench.wait(lambda: bench.window.findChild(MergeDialog) is not None)
        bench.settle()
        bench.click("merge.mine.street")
        bench.click("dialog.merge")
        bench.wait(lambda: not form.dirty() and form.ready)
        row = admin.execute(
            "SELECT street, postcode, city FROM partners.address WHERE partner_id = %s", (shop,)
        ).fetchall()
        assert row == [("Meine Straße 2", "82346", "Andechs am See")]
        contacts = admin.execute(
            "SELECT name FROM partners.contact WHERE partner_id = %s", (shop,)
        ).fetchall()
        assert (contacts, stored(admin, shop, "phone")) == ([("Theresa Lang",)], ("08152 1",))


def test_hostile_names_are_shown_as_they_are_and_ten_thousand_characters_refused(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    name = "<img src=x onerror=alert(1)> & Söhne שלום 🎄"
    shop = customer(admin, "20005", name)
    with bench_of(as_role("sales_rep"), tmp_path, qtbot) as bench:
        page = bench.go("partners.customers", filters={"number": "20005"})
        bench.wait(lambda: page.model.rows)
        bench.settle()
        assert name in bench.everything()
        form = bench.open(PARTNER, shop)
        type_into(form, "name", "Ö" * 10_000)
        bench.click("action.save")
        assert form.boxes["name"].error == "Höchstens 200 Zeichen."
        assert stored(admin, shop, "name") == (name,)


def test_an_order_begins_with_the_customer(admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    shop = customer(admin, "20006", "Berliner Zinnkontor")
    with bench_of(as_role("sales_rep"), tmp_path, qtbot) as bench:
        bench.open(PARTNER, shop)
        bench.click("action.order")
        order = bench.front()
        assert order.spec.topic == "sales.sales_order"
        assert order.value("customer_id") == shop
        assert order.boxes["customer_id"].words == "20006 · Berliner Zinnkontor"


def test_the_shop_floor_has_no_customers_and_a_clerk_no_supplier_prices(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("production_operator"), tmp_path / "a", qtbot) as bench:
        assert not [key for key in bench.window.ctx.registry.workspaces if key.startswith("partners.")]
    with bench_of(as_role("warehouse_clerk"), tmp_path / "b", qtbot) as bench:
        workspaces = bench.window.ctx.registry.workspaces
        assert "partners.customers" in workspaces
        assert "purchasing.offers" not in workspaces
        assert "partners.payment_terms" not in workspaces


def test_opening_a_customer_costs_few_round_trips(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, counted: Counted
) -> None:
    first, second = customer(admin, "20007", "Erste"), customer(admin, "20008", "Zweite")
    db = as_role("sales_rep")
    with bench_of(db, tmp_path, qtbot) as bench:
        bench.open(PARTNER, first)
        with counted(db) as spent:
            bench.open(PARTNER, second)
            bench.settle()
        assert spent.round_trips <= 2  # the partner with its figures, notes and history
