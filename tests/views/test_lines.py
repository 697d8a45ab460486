"""The line editor: keyboard from end to end, rows from a spreadsheet, mistakes that stay visible."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.dialect import Counter
from app.views.core.lines import LineColumn, LinesSpec, read_table
from app.views.core.lines_editor import LinesEditor
from app.views.core.tasks import TaskManager

FIGURES = {"803721": "Filigranengel, bemalt", "803722": "Filigranengel, blank", "804102": "Tannenbaum"}
D = Decimal


def find(_session: Any, typed: str, limit: int, _language: str) -> list[tuple[int, str, str, None]]:
    """Type-ahead over the figures."""
    hits = [
        (int(sku), sku, name, None) for sku, name in FIGURES.items() if typed.lower() in (sku + name).lower()
    ]
    return hits[:limit]


def resolve(_session: Any, codes: Sequence[str], _language: str) -> Mapping[str, Any]:
    """Many codes at once."""
    return {code: (int(code), code, FIGURES[code]) for code in codes if code in FIGURES}


SPEC = LinesSpec(
    (
        LineColumn("pos", "form.lines", "position", width=40),
        LineColumn("sku", "form.lines", "lookup", width=90, editable=True, stored=False),
        LineColumn("name", "form.lines", stored=False),
        LineColumn(
            "qty", "form.lines", "quantity", width=70, editable=True, required=True, minimum=D("0.001")
        ),
        LineColumn("price", "form.lines", "money", width=80, editable=True),
        LineColumn("discount", "form.lines", "percent", width=80, editable=True, places=1, maximum=D(100)),
    ),
    find=find,
    picked=lambda row: {"product_id": row[0], "sku": row[1], "name": row[2]},
    resolve=resolve,
    paste=("sku", "qty"),
    defaults=(("qty", D(1)),),
)


class Memory:
    """Stands where the connection stands: runs a read with no session."""

    counter = Counter()

    def read(self, fn: Any, *args: Any) -> Any:
        return fn(None, *args)

    def cancel(self, _thread: int) -> None:
        return None


@pytest.fixture
def editor(qtbot: QtBot) -> Iterator[LinesEditor]:
    tasks = TaskManager()
    ctx: Any = SimpleNamespace(db=Memory(), tasks=tasks, profile=SimpleNamespace(can=lambda _right: True))
    window = QWidget()
    made = LinesEditor(ctx, SPEC, parent=window)
    made.resize(900, 500)
    window.resize(920, 520)
    window.show()
    window.activateWindow()
    yield made
    tasks.shutdown()
    window.deleteLater()


def line(**cells: Any) -> dict[str, Any]:
    return {"id": 1, "sku": "803721", "name": "Filigranengel", "qty": D(2), "price": D("16.40"), **cells}


def focused() -> QLineEdit:
    found = QApplication.focusWidget()
    assert isinstance(found, QLineEdit)
    return found


def test_an_article_its_quantity_and_the_next_line_without_touching_the_mouse(
    editor: LinesEditor, qtbot: QtBot
) -> None:
    editor.table.setFocus()
    QTest.keyClick(editor.table, Qt.Key.Key_Insert)
    QTest.keyClicks(focused(), "tannen")
    # Enter comes before the answer: the first match is taken when it is there, as with a scanner.
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(editor.lines()) == 1)
    qtbot.waitUntil(lambda: focused().objectName() == "line.edit.qty")
    focused().selectAll()
    QTest.keyClicks(focused(), "12,5")
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    assert editor.lines()[0]["qty"] == D("12.5")
    assert editor.lines()[0]["product_id"] == 804102
    assert focused().objectName() == "line.edit.sku"


def test_a_wrong_quantity_is_refused_in_its_cell_and_the_old_one_stays(editor: LinesEditor) -> None:
    editor.set_lines([line()])
    for wrong, why in (
        ("0", "Mindestens 0,001."),
        ("−1", "Mindestens 0,001."),
        ("zwei", "Das ist keine Zahl."),
        ("1,123456789", "Zu viele Nachkommastellen."),
        ("", "Bitte ausfüllen."),
    ):
        assert not editor.model.type_in(0, "qty", wrong)
        assert editor.model.errors[0, "qty"] == why
        assert editor.lines()[0]["qty"] == D(2)
    assert editor.problems() == ["Position 1: Bitte ausfüllen."]
    assert editor.model.text(0, SPEC.column("qty")) == ""  # what was typed, not the value before it
    assert editor.model.type_in(0, "qty", "3")
    assert editor.problems() == []
    assert editor.model.rowCount() == 2  # the words below the line are gone as well


def test_rows_from_a_spreadsheet_are_found_in_one_question(editor: LinesEditor, qtbot: QtBot) -> None:
    told: list[str] = []
    editor.notice.connect(lambda text, _undo: told.append(text))
    QGuiApplication.clipboard().setText("Artikel\tMenge\n803721\t48\n999999\t1\n804102\t1.204,5\n")
    editor.paste()
    qtbot.waitUntil(lambda: len(editor.lines()) == 2)
    assert [(row["sku"], row["qty"]) for row in editor.lines()] == [
        ("803721", D(48)),
        ("804102", D("1204.5")),
    ]
    assert told == ["Eine Zeile nicht übernommen: 999999"]


def test_what_was_removed_comes_back_where_it_was(editor: LinesEditor) -> None:
    undo: list[Any] = []
    editor.notice.connect(lambda _text, back: undo.append(back))
    editor.set_lines([line(id=n, sku=str(n)) for n in (1, 2, 3)])
    editor.delete([0, 1])
    assert [row["id"] for row in editor.lines()] == [3]
    undo[0]()
    assert [row["id"] for row in editor.lines()] == [1, 2, 3]


def test_a_copy_is_a_new_line_right_below(editor: LinesEditor) -> None:
    editor.set_lines([line(id=1), line(id=2, sku="804102")])
    editor.table.go(0, "qty", edit=False)
    QTest.keyClick(editor.table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert [(row.get("id"), row["sku"]) for row in editor.lines()] == [
        (1, "803721"),
        (None, "803721"),
        (2, "804102"),
    ]


def test_a_note_below_a_line_moves_with_it(editor: LinesEditor) -> None:
    editor.set_lines([line(id=1), line(id=2)])
    editor.set_info(1, "neutral", "factory", "FA-2304 liefert am 02.12.")
    editor.delete([0])
    assert editor.model.infos == {0: ("neutral", "factory", "FA-2304 liefert am 02.12.")}
    editor.delete([0])
    assert editor.model.infos == {}


def test_many_words_below_lines_come_and_go_at_once(editor: LinesEditor) -> None:
    """As one by one, but painted once; each line stays found when others got words."""
    editor.set_lines([line(description=str(number)) for number in range(60)])
    resets: list[int] = []
    editor.model.modelReset.connect(lambda: resets.append(1))
    editor.model.put_all({}, {number: ("warn", "triangle-alert", f"w{number}") for number in range(0, 60, 2)})
    assert len(resets) == 1
    assert [editor.model.row_of(number) for number in (0, 1, 2, 59)] == [0, 2, 3, 89]
    assert editor.model.place(1) == ("info", 0)
    editor.model.put_all({}, {number: ("warn", "triangle-alert", f"w{number}") for number in range(0, 60, 2)})
    assert len(resets) == 1  # nothing new
    editor.model.put_all({}, {2: ("warn", "", ""), 3: ("bad", "x", "new")})
    assert len(resets) == 1  # a few: an open cell further down stays open
    assert editor.model.info_of(2) is None
    assert editor.model.info_of(3) == ("bad", "x", "new")
    assert editor.model.row_of(4) == 6


def test_a_read_only_table_has_no_row_to_type_into(editor: LinesEditor) -> None:
    editor.set_lines([line()])
    editor.set_read_only(True)
    assert editor.model.rowCount() == 1
    index = editor.model.index(0, 3)
    assert not editor.model.flags(index) & Qt.ItemFlag.ItemIsEditable


def test_a_table_with_semicolons_and_a_heading_is_understood() -> None:
    columns = [SPEC.column("sku"), SPEC.column("qty")]
    rows, refused = read_table("Nr;Menge\r\n803721;3\r\n;\r\n804102;keine\r\n", columns)
    assert rows == [{"sku": "803721", "qty": D(3)}]
    assert refused == [";", "804102;keine"]
