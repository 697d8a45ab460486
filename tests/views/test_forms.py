"""The record form over the real database: checking, saving, two people at once, drafts, rights."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.db import Database
from app.services.partners import reads, writes
from app.services.partners.commands import SavePartner
from app.views.core.buttons import Button
from app.views.core.forms import FormPage
from app.views.core.merge_dialog import MergeDialog
from app.views.shell.main_window import MainWindow
from tests.views.keys import press_key
from tests.views.shell_world import PARTNER, idle, new_customer, part, part_of, type_into, window_for

AsRole = Callable[[str], Database]


@pytest.fixture
def window(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as made:
        yield made


def form(window: MainWindow, qtbot: QtBot, record_id: int) -> FormPage:
    window.open_record(PARTNER, record_id)
    idle(qtbot, window)
    page = window.area.current.page if window.area.current else None
    assert isinstance(page, FormPage)
    return page


def change(db: Database, record_id: int, **values: Any) -> None:
    """Somebody else saves."""
    version = db.read(reads.get_partner, record_id).row_version
    db.write(writes.save_partner, SavePartner(record_id, version, values))


def stored(db: Database, record_id: int) -> Any:
    return db.read(reads.get_partner, record_id)


def click(window: MainWindow, name: str) -> None:
    found = [w for w in window.findChildren(QWidget, name) if w.isVisible()]
    assert found, f"no {name} to click"
    assert found[-1].isEnabled(), f"{name} is disabled"
    QTest.mouseClick(found[-1], Qt.MouseButton.LeftButton)


def test_an_edit_is_marked_saved_with_ctrl_s_and_the_mark_goes(
    window: MainWindow, admin: psycopg.Connection[Any], as_role: AsRole, qtbot: QtBot
) -> None:
    page = form(window, qtbot, new_customer(admin, "Zinnstube Eins"))
    assert not page.dirty()
    type_into(page, "email", "einkauf@zinnstube.example")
    assert [tab.dirty for tab in window.area.tabs if tab.page is page] == [True]
    assert part(page.head, "form.unsaved").isVisible()
    press_key(page.boxes["email"].editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, window)
    assert not page.dirty()
    assert page.record.id is not None
    assert stored(as_role("sales_rep"), page.record.id).email == "einkauf@zinnstube.example"


def test_what_is_wrong_stands_at_its_field_and_nothing_is_sent(
    window: MainWindow, admin: psycopg.Connection[Any], as_role: AsRole, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Zwei")
    page = form(window, qtbot, record_id)
    type_into(page, "name", "x")
    QTest.keyClick(page.boxes["name"].editor, Qt.Key.Key_Backspace)
    version = page.record.row_version
    page.save()
    idle(qtbot, window)
    assert page.boxes["name"].error == "Bitte ausfüllen."
    assert page.dirty()
    assert stored(as_role("sales_rep"), record_id).row_version == version
    type_into(page, "name", "Ä" * 81)
    page.save()
    assert page.boxes["name"].error == "Höchstens 80 Zeichen."
    type_into(page, "name", "שלום 🎄 Zinn & Co")
    assert page.boxes["name"].error == ""
    page.save()
    idle(qtbot, window)
    assert stored(as_role("sales_rep"), record_id).name == "שלום 🎄 Zinn & Co"


def test_two_people_change_different_fields_and_both_changes_stay(
    window: MainWindow, admin: psycopg.Connection[Any], as_role: AsRole, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Drei")
    page = form(window, qtbot, record_id)
    type_into(page, "phone", "0981 4711")
    change(as_role("sales_manager"), record_id, email="neu@drei.example")
    page.save()
    idle(qtbot, window)
    qtbot.waitUntil(lambda: not page.dirty())
    after = stored(as_role("sales_rep"), record_id)
    assert (after.phone, after.email) == ("0981 4711", "neu@drei.example")
    assert page.value("email") == "neu@drei.example"


def test_two_people_change_the_same_field_and_a_person_decides(
    window: MainWindow, admin: psycopg.Connection[Any], as_role: AsRole, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Vier")
    page = form(window, qtbot, record_id)
    type_into(page, "phone", "mein Telefon")
    type_into(page, "email", "meine@vier.example")
    change(as_role("sales_manager"), record_id, phone="ihr Telefon", remark="nur ihrs")
    page.save()
    idle(qtbot, window)
    dialog = window.findChild(MergeDialog)
    assert dialog is not None
    merge = dialog.default
    assert merge is not None
    assert not merge.isEnabled()
    assert merge.text() == "Noch 1 Feld wählen"
    click(window, "merge.theirs.phone")
    assert merge.isEnabled()
    click(window, "dialog.merge")
    idle(qtbot, window)
    qtbot.waitUntil(lambda: not page.dirty())
    after = stored(as_role("sales_rep"), record_id)
    assert (after.phone, after.email, after.remark) == ("ihr Telefon", "meine@vier.example", "nur ihrs")


def test_going_on_editing_keeps_what_is_typed_and_saves_nothing(
    window: MainWindow, admin: psycopg.Connection[Any], as_role: AsRole, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Fünf")
    page = form(window, qtbot, record_id)
    type_into(page, "phone", "mein Telefon")
    change(as_role("sales_manager"), record_id, phone="ihr Telefon")
    page.save()
    idle(qtbot, window)
    dialog = window.findChild(MergeDialog)
    assert dialog is not None
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    idle(qtbot, window)
    assert page.value("phone") == "mein Telefon"
    assert page.dirty()
    assert stored(as_role("sales_rep"), record_id).phone == "ihr Telefon"


def test_a_colleague_s_change_reaches_an_open_form_and_never_overwrites_typing(
    window: MainWindow, admin: psycopg.Connection[Any], as_role: AsRole, qtbot: QtBot
) -> None:
    from app.core.changes import changed

    record_id = new_customer(admin, "Zinnstube Sechs")
    page = form(window, qtbot, record_id)
    change(as_role("sales_manager"), record_id, phone="eins")
    window.ctx.bus.emit_foreign(changed((PARTNER, record_id)))
    qtbot.waitUntil(lambda: page.value("phone") == "eins")
    type_into(page, "email", "tippt@gerade.example")
    change(as_role("sales_manager"), record_id, phone="zwei")
    window.ctx.bus.emit_foreign(changed((PARTNER, record_id)))
    qtbot.waitUntil(lambda: page.findChild(QWidget, "notice.changed") is not None)
    assert page.value("email") == "tippt@gerade.example"
    assert page.value("phone") == "eins"


def test_a_crash_loses_nothing_that_was_typed(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Sieben")
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as before:
        page = form(before, qtbot, record_id)
        type_into(page, "remark", "lange Notiz\nmit zweiter Zeile")
        before.new_record(PARTNER)
        idle(qtbot, before)
        fresh = before.area.current.page if before.area.current else None
        assert isinstance(fresh, FormPage)
        type_into(fresh, "name", "Noch nie gespeichert")
        qtbot.waitUntil(lambda: len(before.ctx.drafts.all()) == 2)
    # The program is gone without a word; the journal and the tabs of a moment ago are all there is.
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as after:
        page = form(after, qtbot, record_id)
        assert page.value("remark") == "lange Notiz\nmit zweiter Zeile"
        assert page.dirty()
        assert page.findChild(QWidget, "notice.restored") is not None
        after.shelf.open_all()
        idle(qtbot, after)
        titles = [tab.page.value("name") for tab in after.area.tabs if isinstance(tab.page, FormPage)]
        assert "Noch nie gespeichert" in titles
        after.area.activate(f"{PARTNER}:{record_id}")
        page.save()
        idle(qtbot, after)
        qtbot.waitUntil(lambda: len(after.ctx.drafts.all()) == 1)


def test_a_new_record_saves_once_and_becomes_the_record(
    window: MainWindow, admin: psycopg.Connection[Any], qtbot: QtBot
) -> None:
    window.new_record(PARTNER, name="Vorgabe GmbH")
    idle(qtbot, window)
    page = window.area.current.page if window.area.current else None
    assert isinstance(page, FormPage)
    assert page.value("name") == "Vorgabe GmbH"
    page.save()
    page.save()
    idle(qtbot, window)
    assert page.record.id is not None
    count = admin.execute("SELECT count(*) FROM partners.partner WHERE name = 'Vorgabe GmbH'").fetchone()
    assert count == (1,)
    assert window.area.current is not None
    assert window.area.current.key == f"{PARTNER}:{page.record.id}"


def test_who_may_only_read_sees_text_and_no_save_button(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Acht")
    with window_for(as_role("viewer"), tmp_path, qtbot) as window:
        page = form(window, qtbot, record_id)
        assert page.read_only
        assert not page.boxes["name"].editor.isVisible()
        assert part(page, "text.name").isVisible()
        assert page.head.button("save") is None
        window.new_record(PARTNER)
        assert window.area.current is not None
        assert window.area.current.page is page


def test_escape_takes_a_field_back(window: MainWindow, admin: psycopg.Connection[Any], qtbot: QtBot) -> None:
    page = form(window, qtbot, new_customer(admin, "Zinnstube Neun"))
    type_into(page, "name", "vertippt")
    assert page.dirty()
    QTest.keyClick(page.boxes["name"].editor, Qt.Key.Key_Escape)
    assert page.value("name") == "Zinnstube Neun"
    assert not page.dirty()


def test_every_change_is_in_the_history_card_in_the_words_of_the_form(
    window: MainWindow, admin: psycopg.Connection[Any], as_role: AsRole, qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Zehn")
    change(as_role("sales_manager"), record_id, email="a@b.example")
    page = form(window, qtbot, record_id)
    idle(qtbot, window)
    card = page.findChild(QWidget, "card.history")
    assert isinstance(card, QWidget)
    words = " ".join(label.text() for label in card.findChildren(QWidget) if hasattr(label, "text"))
    assert "Benutzer: – → a@b.example" in words


def test_ctrl_enter_in_a_note_saves_the_note_and_never_the_main_action(
    window: MainWindow, admin: psycopg.Connection[Any], qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Zinnstube Elf")
    page = form(window, qtbot, record_id)
    posted: list[int] = []
    primary = Button(
        "form.save", "check", "primary", "Ctrl+Enter", clicked=lambda: posted.append(1), parent=page
    )
    primary.show()
    note = part_of(page, "note.text", QPlainTextEdit)
    note.setFocus()
    QTest.keyClicks(note, "bruchsicher packen")
    QTest.keyClick(note, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, window)
    assert posted == []
    row = admin.execute("SELECT body FROM system.note WHERE record_id = %s", (record_id,)).fetchone()
    assert row == ("bruchsicher packen",)
    assert note.toPlainText() == ""
