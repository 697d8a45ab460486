"""Ctrl+K: records of the real database, commands and screens, by keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.db import Database
from app.services.partners.reads import search_suppliers
from app.views.core.workspace import Search
from app.views.shell.command_palette import CommandPalette
from app.views.shell.main_window import MainWindow
from app.views.shell.palette_items import matches
from tests.views.keys import press_key
from tests.views.shell_world import PARTNER, idle, new_customer, window_for

AsRole = Callable[[str], Database]
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    with window_for(as_role("sales_rep"), tmp_path, qtbot) as made:
        yield made


def opened(window: MainWindow) -> CommandPalette:
    press_key(window, Qt.Key.Key_K, CONTROL)
    palette = window.findChild(CommandPalette)
    assert palette is not None
    return palette


def groups(palette: CommandPalette) -> set[str]:
    return {item.group for item in palette.results.items}


def test_a_record_is_found_and_opened_by_keys_alone(
    window: MainWindow, admin: psycopg.Connection[Any], qtbot: QtBot
) -> None:
    record_id = new_customer(admin, "Rothenburger Zinnstube")
    palette = opened(window)
    QTest.keyClicks(palette.input, "rothenb")
    qtbot.waitUntil(lambda: "records" in groups(palette))
    item = palette.results.item()
    assert item is not None
    assert item.key == f"record.{PARTNER}.{record_id}"
    QTest.keyClick(palette.input, Qt.Key.Key_Return)
    idle(qtbot, window)
    assert window.area.current is not None
    assert window.area.current.key == f"{PARTNER}:{record_id}"
    # It is offered first next time, without typing anything.
    again = opened(window)
    assert again.results.items[0].key == f"record.{PARTNER}.{record_id}"


def test_two_sources_of_one_table_do_not_push_each_other_aside(
    window: MainWindow, admin: psycopg.Connection[Any], qtbot: QtBot
) -> None:
    customer, supplier = (new_customer(admin, f"Doppelwort {name}") for name in ("Kunde", "Lieferant"))
    admin.execute(
        "UPDATE partners.partner SET is_supplier = true, is_customer = (id = %s) WHERE id IN (%s, %s)",
        (customer, customer, supplier),
    )
    window.ctx.registry.searches.append(
        Search(PARTNER, "shell.palette.scope.records", "truck", search_suppliers)
    )
    palette = opened(window)
    QTest.keyClicks(palette.input, "doppelwort")
    qtbot.waitUntil(lambda: "records" in groups(palette))
    idle(qtbot, window)
    found = [item.key for item in palette.results.items if item.group == "records"]
    # Who is both stands there once.
    assert found == [f"record.{PARTNER}.{customer}", f"record.{PARTNER}.{supplier}"]


def test_one_search_is_one_round_trip_per_source(
    window: MainWindow, admin: psycopg.Connection[Any], counted: Any, qtbot: QtBot
) -> None:
    new_customer(admin, "Uhrwerk GmbH")
    palette = opened(window)
    with counted(window.ctx.db) as spent:
        QTest.keyClicks(palette.input, "uhrwerk")
        qtbot.waitUntil(lambda: "records" in groups(palette))
        idle(qtbot, window)
    # Fast typing is one question, not eight.
    assert spent.round_trips == len(window.ctx.registry.searches)


def test_an_answer_to_what_is_no_longer_typed_is_not_shown(
    window: MainWindow, admin: psycopg.Connection[Any], qtbot: QtBot
) -> None:
    new_customer(admin, "Veraltete Antwort")
    palette = opened(window)
    palette.input.setText("Veraltete")
    palette.search()
    palette.input.setText("ganz anderes")
    idle(qtbot, window)
    qtbot.waitUntil(lambda: window.ctx.tasks.idle and not palette._waiting)
    assert not any("Veraltete" in item.title for item in palette.results.items)


def test_the_mark_for_actions_leaves_only_actions_this_person_may_do(
    window: MainWindow, qtbot: QtBot
) -> None:
    palette = opened(window)
    QTest.keyClicks(palette.input, ">")
    assert groups(palette) == {"actions"}
    keys = {item.key for item in palette.results.items}
    assert "action.greet" in keys
    assert "action.lock" not in keys
    assert f"new.{PARTNER}" in keys
    QTest.keyClicks(palette.input, "neu")
    QTest.keyClick(palette.input, Qt.Key.Key_Return)
    idle(qtbot, window)
    assert window.area.current is not None
    assert window.area.current.key.startswith(f"{PARTNER}:new:")


def test_escape_closes_and_tab_narrows(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    QTest.keyClick(palette.input, Qt.Key.Key_Tab)
    QTest.keyClick(palette.input, Qt.Key.Key_Tab)
    assert groups(palette) <= {"actions"}
    QTest.keyClick(palette.input, Qt.Key.Key_Escape)
    idle(qtbot, window)
    assert not any(found.isVisible() for found in window.findChildren(CommandPalette))


def test_words_match_in_any_order_and_beginnings_come_first() -> None:
    assert matches("kunden neu", "Neu: Kunden") > 0
    assert matches("xyz", "Neu: Kunden") == 0
    assert matches("art", "Artikel") > matches("art", "Neuer Artikel") > matches("tikel", "Artikel")
