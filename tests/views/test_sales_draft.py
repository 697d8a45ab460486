"""Quotes and orders at the keyboard, over the real database and under the real roles."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.services.sales import drafts
from app.services.sales.forms import load_quote, load_sales_order
from app.views.core.merge_dialog import MergeDialog
from tests.sales_world import Raw, World, build, stock
from tests.views.sales_screens import AsRole, Desk, desk_of, opened  # noqa: F401  (a fixture)

D = Decimal
QUOTE, ORDER = "sales.quote", "sales.sales_order"


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    """The small trading world; the module's tests share it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    with desk_of(as_role("sales_rep"), tmp_path, qtbot) as made:
        yield made


def test_price_tier_and_availability_follow_article_and_quantity(
    world: World, desk: Desk, as_role: AsRole
) -> None:
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 6)
    page = desk.new(ORDER)
    desk.choose_customer(page, "Radhaus")
    assert page.value("price_list_id") == world.wholesale
    assert page.boxes["customer_id"].words == "10001 · Radhaus Ulm"
    desk.add_line(page, "BIKE")
    line = page.lines.model.lines[0]
    assert (line["unit_price"], line["tax_rate"], line["description"]) == (D(100), D(19), "Name von BIKE-1")
    assert line["availability"] == ("ok", "6 frei")
    desk.type_cell(page, 0, "qty", "4")
    assert line["availability"] == ("warn", "6 frei, dann knapp")
    desk.type_cell(page, 0, "qty", "10")
    assert (line["unit_price"], line["source"]) == (D(90), ("W", "Staffel ab 10"))
    assert line["availability"] == ("bad", "fehlen 4")
    assert page.lines.model.infos[0][2] == "Teillieferung möglich: 6 Stück jetzt."
    assert line["net_amount"] == D("900.00")
    # A price typed by hand stays, whatever the quantity.
    desk.type_cell(page, 0, "unit_price", "85")
    desk.type_cell(page, 0, "qty", "2")
    assert (line["unit_price"], line["source"][0]) == (D(85), "Eigener Preis")


def test_pasted_rows_are_found_priced_and_the_unknown_named(world: World, desk: Desk) -> None:
    page = desk.new(QUOTE, customer_id=world.dealer, customer_id_words="10001 · Radhaus Ulm")
    QGuiApplication.clipboard().setText("Artikel\tMenge\tRabatt\nBIKE-1\t12\t5\nbell-1\t3\t0\nNIX\t1\t0\n")
    page.lines.paste()
    desk.settle()
    lines = page.lines.model.lines
    assert [(x["sku"], x["qty"], x["discount_pct"], x["unit_price"]) for x in lines] == [
        ("BIKE-1", D(12), D(5), D(90)),
        ("BELL-1", D(3), D(0), D("7.99")),
    ]
    assert "NIX" in desk.window.notices[-1].text


def test_unsaved_values_survive_a_switch_of_language(world: World, desk: Desk) -> None:
    page = desk.new(ORDER)
    desk.choose_customer(page, "10001")
    desk.add_line(page, "BELL")
    desk.type_cell(page, 0, "qty", "7")
    page.boxes["customer_reference"].editor.setText("ZR-26/311")
    page.boxes["customer_reference"].edited.emit()
    terms = page.value("payment_term_id")
    desk.window.switch_language("en")
    again = desk.front()
    assert again is not page
    assert again.dirty()
    assert again.heading()[0] == "New order"
    assert again.value("customer_reference") == "ZR-26/311"
    assert (again.value("customer_id"), again.value("payment_term_id")) == (world.dealer, terms)
    assert [(x["sku"], x["qty"]) for x in again.lines.model.lines] == [("BELL-1", D(7))]
    assert again.lines.model.lines[0]["source"] == ("W", "from 1 piece")


def test_a_refused_discount_is_requested_approved_and_issued_with_its_pdf(
    world: World,
    desk: Desk,
    as_role: AsRole,
    admin: Raw,
    tmp_path: Path,
    qtbot: QtBot,
    opened: list[str],  # noqa: F811
) -> None:
    page = desk.new(QUOTE, customer_id=world.dealer, customer_id_words="10001 · Radhaus Ulm")
    desk.add_line(page, "BIKE")
    desk.type_cell(page, 0, "discount_pct", "18")
    says = desk.banners(page)["discount"]
    assert says.startswith("Rabatt 18\u00a0% in Position 1 liegt über Ihrer Grenze von 12\u00a0%.")
    assert "Speichern geht" in says
    desk.click("action.issue")
    desk.wait(lambda: "Nicht ausgestellt" in desk.banners(page).get("discount", ""))
    assert page.stored_state == "draft"

    desk.click("action.request_approval")
    desk.reason("Erstauftrag zur Messe")
    desk.wait(lambda: "angefordert" in desk.banners(page).get("approval", ""))
    assert not page.head.button("issue").isEnabled()

    quote_id = page.record.id
    with desk_of(as_role("sales_manager"), tmp_path / "manager", qtbot) as boss:
        boss.window.open_workspace("approvals.inbox")
        waiting = boss.front()
        assert [(row.topic, row.record_id) for row in waiting.model.rows] == [(QUOTE, quote_id)]
        theirs = boss.open(QUOTE, quote_id)
        assert "bittet um 18" in boss.banners(theirs)["approval"]
        boss.click("action.approve_discount")
        boss.reason("Einmalig")
        boss.wait(lambda: theirs.document.approval.state == "approved")

    page.refresh()
    desk.wait(lambda: "ist freigegeben" in desk.banners(page).get("approval", ""))
    desk.click("action.issue")
    desk.wait(lambda: page.stored_state == "issued")
    desk.wait(lambda: page.is_archived)
    kept = admin.execute(
        "SELECT c.bytes, i.sha256 FROM documents.issued i JOIN documents.content c ON c.id = i.content_id"
        " WHERE i.topic = 'sales.quote' AND i.record_id = %s",
        (quote_id,),
    )
    content, digest = kept.fetchone() or (b"", "")
    desk.click("action.pdf")
    desk.wait(lambda: opened)
    assert Path(opened[0]).read_bytes() == bytes(content)
    assert hashlib.sha256(bytes(content)).hexdigest() == digest


def test_lowering_the_discount_finds_it_wherever_it_hides(world: World, desk: Desk) -> None:
    page = desk.new(ORDER, customer_id=world.dealer, customer_id_words="x")
    desk.add_line(page, "BIKE")
    desk.add_line(page, "BELL")
    desk.type_cell(page, 0, "unit_price", "80")
    desk.type_cell(page, 1, "discount_pct", "30")
    assert "Position 2" in desk.banners(page)["discount"]
    desk.click("action.lower_discount")
    assert "discount" not in desk.banners(page)
    lines = page.lines.model.lines
    assert (lines[0]["unit_price"], lines[0]["discount_pct"]) == (D(100), D(12))
    assert lines[1]["discount_pct"] == D(12)
    desk.click("action.save")
    desk.wait(lambda: not page.dirty())


def test_two_people_change_one_order_and_both_stay(world: World, desk: Desk, as_role: AsRole) -> None:
    rep, other = as_role("sales_rep"), as_role("sales_manager")
    lines = [world.line(world.bike, 2), world.line(world.bell, 5, "7.99")]
    order = rep.write(drafts.save_sales_order, world.order(lines, customer_reference="alt")).value
    page = desk.open(ORDER, order.id)
    desk.type_cell(page, 0, "qty", "3")
    page.boxes["customer_reference"].editor.setText("meine")
    page.boxes["customer_reference"].edited.emit()

    stored = other.read(load_sales_order, order.id)
    theirs = [line._asdict() for line in stored.lines]
    theirs[1]["discount_pct"] = D(5)
    command = world.order(theirs, customer_reference="ihre")
    version = other.write(
        drafts.save_sales_order, type(command)(order.id, stored.row_version, command.values, theirs)
    ).value.row_version
    assert version > stored.row_version

    desk.click("action.save")
    dialog = desk.window.findChild(MergeDialog)
    assert dialog is not None
    desk.click("merge.mine.customer_reference")
    desk.click("dialog.merge")
    desk.wait(lambda: not page.dirty())
    after = rep.read(load_sales_order, order.id)
    assert after.customer_reference == "meine"
    assert [(x.qty, x.discount_pct) for x in after.lines] == [(D(3), D(0)), (D(5), D(5))]


def test_confirming_says_what_is_short(
    world: World,
    desk: Desk,
    opened: list[str],  # noqa: F811
) -> None:
    page = desk.new(ORDER, customer_id=world.dealer, customer_id_words="x")
    desk.add_line(page, "BOOK")
    desk.click("action.confirm")
    desk.wait(lambda: page.stored_state == "confirmed")
    desk.wait(lambda: "1 Position ist nicht voll reserviert" in desk.banners(page).get("short", ""))
    assert page.lines.model.lines[0]["availability"] == ("bad", "fehlen 1")
    desk.wait(lambda: page.is_archived)
    assert page.read_only


def test_a_quote_becomes_an_order_and_a_rejected_one_keeps_its_reason(
    world: World,
    desk: Desk,
    as_role: AsRole,
    opened: list[str],  # noqa: F811
) -> None:
    rep = as_role("sales_rep")
    saved = [rep.write(drafts.save_quote, world.quote([world.line(world.bike)])).value for _ in range(2)]
    page = desk.open(QUOTE, saved[0].id)
    desk.click("action.issue")
    desk.wait(lambda: page.stored_state == "issued")
    desk.click("action.convert")
    order = desk.front()
    desk.wait(lambda: order.ready)
    assert order.spec.topic == ORDER
    assert [(x["sku"], x["qty"]) for x in order.lines.model.lines] == [("BIKE-1", D(1))]

    other = desk.open(QUOTE, saved[1].id)
    desk.click("action.issue")
    desk.wait(lambda: other.stored_state == "issued")
    desk.click("action.reject")
    desk.reason("Zu teuer")
    desk.wait(lambda: other.stored_state == "rejected")
    assert rep.read(load_quote, saved[1].id).reject_reason == "Zu teuer"
    assert "Zu teuer" in desk.banners(other)["rejected"]


def test_what_cannot_be_is_said_at_its_field(world: World, desk: Desk) -> None:
    page = desk.new(QUOTE, customer_id=world.dealer, customer_id_words="x")
    assert page.head.button("issue").text() == "Zuerst Positionen erfassen"
    desk.add_line(page, "BIKE")
    assert page.head.button("issue").isEnabled()
    day = page.value("quote_date")
    page.boxes["valid_until"].editor.set_value(day - timedelta(days=1))
    page.save()
    assert page.boxes["valid_until"].error.startswith("Liegt vor dem Angebotsdatum")
    page.lines.model.type_in(0, "qty", D("0"))
    assert page.lines.model.errors[0, "qty"]
    page.lines.model.type_in(0, "qty", D("1.5"))
    assert "höchstens 0 Nachkommastellen" in page.lines.model.errors[0, "qty"]
    assert page.record.id is None


def test_without_the_right_to_decide_or_sell_nothing_is_offered(
    world: World, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    order = as_role("sales_rep").write(drafts.save_sales_order, world.order([world.line(world.bike)])).value
    with desk_of(as_role("viewer"), tmp_path, qtbot) as desk:
        page = desk.open(ORDER, order.id)
        assert page.ready
        assert page.read_only
        assert page.head.button("confirm") is None
        assert page.head.button("save") is None


def test_characters_that_cannot_be_printed_are_named_before_anything_is_issued(
    world: World, desk: Desk
) -> None:
    page = desk.new(ORDER)
    desk.choose_customer(page, "Radhaus")
    desk.add_line(page, "BIKE")
    assert not any(notice.key == "unprintable" for notice in page.notices())
    page.lines.put(0, description="Rad 中村 ไ")  # keys of a test know Latin letters only
    page.lines_shown()
    desk.wait(lambda: any(notice.key == "unprintable" for notice in page.notices()))
    said = next(notice for notice in page.notices() if notice.key == "unprintable")
    assert said.bold == "Nicht druckbar: ไ (U+0E44)"
    page.lines.put(0, description="Rad 中村")
    page.lines_shown()
    desk.wait(lambda: not any(notice.key == "unprintable" for notice in page.notices()))
