"""A list page as its user meets it."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.core import i18n
from app.core.changes import changed
from app.core.errors import Unavailable
from app.core.paging import Filter
from app.views.core.filter_header import FilterChoice
from app.views.core.list_page import ListPage
from app.views.core.list_spec import ListSpec
from app.views.core.marks import Label
from app.views.core.table_model import CHECK
from tests.views.keys import press_key
from tests.views.list_world import World, context, spec


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ctx(tmp_path: Path, qapp: QApplication) -> Iterator[Any]:
    made = context(tmp_path, qapp, denied=("cost",))
    yield made
    made.tasks.shutdown()


class Opener:
    """Opens pages and waits for their answers."""

    def __init__(self, qtbot: Any, ctx: Any, world: World) -> None:
        self.qtbot, self.ctx, self.world = qtbot, ctx, world

    def __call__(self, state: dict[str, Any] | None = None, **changes: Any) -> ListPage:
        page = ListPage(self.ctx, spec(self.world, **changes), state)
        self.qtbot.addWidget(page)
        page.resize(1278, 658)
        page.show()
        self.settle()
        return page

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: self.ctx.tasks.idle)
        QApplication.processEvents()


@pytest.fixture
def opener(qtbot: Any, ctx: Any, world: World) -> Opener:
    return Opener(qtbot, ctx, world)


def type_filter(page: ListPage, key: str, text: str) -> None:
    entry = page.table.header.field(key)
    assert entry is not None
    assert not isinstance(entry, FilterChoice)
    entry.setText(text)
    entry.returnPressed.emit()


def words(page: ListPage) -> str:
    return " | ".join(label.text() for label in page.findChildren(Label) if label.isVisible())


def test_filter_and_sort_are_the_databases_work(opener: Opener) -> None:
    page = opener()
    type_filter(page, "name", "engel 11")
    type_filter(page, "stock", "≥ 50")
    opener.settle()
    page.table.header.setSortIndicator(page.table.section("stock"), Qt.SortOrder.DescendingOrder)
    opener.settle()
    last = opener.world.question
    assert last.filters == (Filter("name", "contains", "engel 11"), Filter("stock", "min", Decimal(50)))
    assert (last.sort, last.descending, last.language) == ("stock", True, "de")
    assert page.head.count.text == f"{len(page.model.rows)} Treffer"


def test_a_filter_that_cannot_be_read_is_marked_and_asks_nothing_wrong(opener: Opener) -> None:
    page = opener()
    type_filter(page, "stock", "viel")
    opener.settle()
    entry = page.table.header.field("stock")
    assert entry is not None
    assert entry.property("invalid") == "true"
    assert entry.toolTip()
    assert opener.world.question.filters == ()


def test_columns_that_cannot_be_sorted_leave_the_order_alone(opener: Opener) -> None:
    page = opener()
    before = len(opener.world.asked)
    page.table.header.setSortIndicator(page.table.section(CHECK), Qt.SortOrder.DescendingOrder)
    page.table.header.setSortIndicator(page.table.section("cost"), Qt.SortOrder.DescendingOrder)
    opener.settle()
    assert len(opener.world.asked) == before, "a locked column would tell its order"
    assert page.table.header.sortIndicatorSection() == page.table.section("sku")


def test_a_preset_stands_behind_the_filter_row(opener: Opener) -> None:
    page = opener()
    page.bar.tabs.set_current("blank")
    page.bar.chosen.emit("blank")
    type_filter(page, "sku", "8000")
    opener.settle()
    last = opener.world.question
    assert last.preset == "blank"
    assert set(last.filters) == {Filter("finish", "eq", "blank"), Filter("sku", "prefix", "8000")}


def test_an_own_filter_comes_back_with_its_preset_and_sort(opener: Opener) -> None:
    page = opener()
    page.bar.tabs.set_current("blank")
    page.bar.chosen.emit("blank")
    type_filter(page, "name", "Engel 12")
    page.bar.saved.emit("Messe & Co")
    opener.settle()
    page.close()
    again = opener({"preset": "own:Messe & Co", "filters": {"name": "Engel 12"}})
    assert set(opener.world.question.filters) == {
        Filter("finish", "eq", "blank"),
        Filter("name", "contains", "Engel 12"),
    }
    again.bar.deleted.emit("Messe & Co")
    opener.settle()
    assert again.bar.tabs.current == "all"
    assert "own:Messe & Co" not in list(again.bar.tabs.keys())


def test_layout_is_remembered_and_can_be_reset(opener: Opener, ctx: Any) -> None:
    page = opener()
    page.table.show_column("finish", False)
    page.table.header.resizeSection(page.table.section("sku"), 133)
    page.table.header.moveSection(page.table.header.visualIndex(page.table.section("status")), 1)
    assert json.dumps(ctx.settings.get("list.figures.layout"))
    page.close()
    again = opener()
    assert next(c.key for c in again.table.shown_columns()) == "status"
    assert again.table.columnWidth(again.table.section("sku")) == 133
    assert again.table.isColumnHidden(again.table.section("finish"))
    again.table.column_menu().actions()[-1].trigger()
    assert [c.key for c in again.table.shown_columns()][:3] == ["sku", "name", "finish"]


def test_spare_columns_wait_while_there_is_no_room(opener: Opener, ctx: Any) -> None:
    """The most spare first; not what is asked for by hand or filtered by; and all the layout is exported."""
    given = spec(opener.world)
    spare = {"finish": 1, "made_on": 2, "stock": 3}
    columns = tuple(replace(c, spare=spare.get(c.key, 0)) for c in given.columns)
    page = opener(columns=columns)
    table = page.table

    def waiting() -> set[str]:
        hidden = {c.key for n, c in enumerate(table._columns) if table.isColumnHidden(n)}
        return hidden - {c.key for c in columns if c.hidden}

    everything = [c.key for c in table.shown_columns()]
    assert waiting() == set()
    seen: list[set[str]] = []
    for width in range(1200, 300, -30):
        table.setFixedWidth(width)
        QApplication.processEvents()
        if waiting() not in seen:
            seen.append(waiting())
    assert seen == [set(), {"stock"}, {"stock", "made_on"}, {"stock", "made_on", "finish"}]
    assert [c.key for c in table.shown_columns()] == everything
    assert table.layout_state()["hidden"] == ["changed_at"]
    table.show_column("made_on", True)
    assert waiting() == {"stock", "finish"}
    type_filter(page, "stock", "")
    table.setFixedWidth(1200)
    QApplication.processEvents()
    assert waiting() == set()


@pytest.mark.parametrize(
    "kept", [None, 5, {"order": ["gone", "name"], "hidden": ["gone"], "widths": {"gone": 5}}]
)
def test_a_layout_of_another_version_does_no_harm(opener: Opener, ctx: Any, kept: Any) -> None:
    ctx.settings.set("list.figures.layout", kept)
    page = opener()
    assert {c.key for c in page.table.shown_columns()} >= {"sku", "name", "status"}


def test_the_last_column_cannot_be_hidden(opener: Opener) -> None:
    page = opener()
    for column in page.spec.columns:
        page.table.show_column(column.key, False)
    assert len(page.table.shown_columns()) == 1


def test_the_state_builds_the_same_page_in_another_language(opener: Opener) -> None:
    page = opener()
    type_filter(page, "name", "Engel 1")
    choice = page.table.header.field("finish")
    assert isinstance(choice, FilterChoice)
    choice.set_values(["painted"])
    page.table.header.filters_changed.emit()
    opener.settle()
    page.table.select_keys([12], 12)
    state = json.loads(json.dumps(page.state()))
    query = opener.world.question
    page.close()
    i18n.set_language("en")
    again = opener(state)
    assert opener.world.question.filters == query.filters
    assert again.table.selected_keys() == [12]
    assert again.head.count.text.endswith("results")


def test_what_changed_elsewhere_changes_here_and_the_place_stays(opener: Opener, ctx: Any) -> None:
    page = opener()
    page.table.select_keys([200, 201], 201)
    page.table.verticalScrollBar().setValue(3000)
    at = page.table.verticalScrollBar().value()
    opener.world.rows[200] = opener.world.rows[200]._replace(stock=Decimal(7777))
    opener.world.rows.pop(450)
    ctx.bus.emit_foreign(changed(("catalog.product", 201)))
    opener.qtbot.waitUntil(lambda: page.model.cell(200, page.table.section("stock")).text == "7.777")
    assert page.table.selected_keys() == [200, 201]
    assert page.table.verticalScrollBar().value() == at
    assert "801" not in words(page).split("Live")[0]
    assert "Live: Zeile 800201" in words(page)


def test_changes_that_come_while_reading_are_not_lost(opener: Opener, ctx: Any) -> None:
    page = opener()
    for number in (3, 4, 5):
        opener.world.rows[number - 1] = opener.world.rows[number - 1]._replace(stock=Decimal(5000 + number))
        page.on_changes(changed(("catalog.product", number)))
    opener.settle()
    opener.settle()
    stock = page.table.section("stock")
    assert [page.model.cell(n, stock).text for n in (2, 3, 4)] == ["5.003", "5.004", "5.005"]


def test_the_box_before_a_row_adds_it_to_the_selection(opener: Opener) -> None:
    page = opener()
    table = page.table
    for row in (1, 3):
        rect = table.visualRect(page.model.index(row, table.section(CHECK)))
        opener.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert table.selected_keys() == [2, 4]
    rect = table.visualRect(page.model.index(1, table.section(CHECK)))
    opener.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert table.selected_keys() == [4]
    table.toggle_all()
    assert len(table.selected_keys()) == 500
    assert table.header.check_state == Qt.CheckState.Checked
    assert "500 ausgewählt" in words(page)


def test_the_keyboard_alone_is_enough(opener: Opener) -> None:
    seen: list[int] = []
    page = opener(open=lambda _ctx, row: seen.append(row.id))
    page.focus_filter()
    entry = page.table.header.field("sku")
    assert QApplication.focusWidget() is entry
    opener.qtbot.keyClick(entry, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is page.table
    page.table.select_keys([1])
    opener.qtbot.keyClick(page.table, Qt.Key.Key_Down)
    opener.qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert seen == [2]
    type_filter(page, "name", "Engel 9")
    opener.settle()
    opener.qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    opener.settle()
    assert opener.world.question.filters == ()


def test_copied_rows_are_a_table_without_formulas(opener: Opener) -> None:
    opener.world.rows[0] = opener.world.rows[0]._replace(name="=HYPERLINK(1)\nzweite Zeile")
    page = opener()
    page.table.select_keys([1])
    press_key(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2
    cells = lines[1].split("\t")
    assert cells[:2] == ["800001", "'=HYPERLINK(1) zweite Zeile"]
    assert "3,10" not in lines[1], "what one may not see is not copied"


def test_nothing_yet_and_nothing_left_by_the_filter_are_different(opener: Opener) -> None:
    page = opener()
    type_filter(page, "name", "gibt es nicht")
    opener.settle()
    assert "Kein Treffer" in words(page)
    page.show_everything()
    opener.settle()
    assert "Kein Treffer" not in words(page)
    assert len(page.model.rows) == 500
    opener.world.rows = []
    page.model.reload()
    opener.settle()
    assert "Noch nichts hier" in words(page)


def test_a_server_that_is_away_is_said_and_can_be_tried_again(opener: Opener) -> None:
    opener.world.error = Unavailable("server_gone")
    page = opener()
    assert "Die Liste konnte nicht geladen werden" in words(page)
    opener.world.error = None
    page.model.reload()
    opener.settle()
    assert "konnte nicht" not in words(page)
    assert len(page.model.rows) == 500


def test_going_through_rows_quickly_builds_one_pane(opener: Opener) -> None:
    built: list[int] = []

    def detail(_ctx: Any, row: Any) -> Label:
        built.append(row.id)
        return Label(row.name)

    page = opener(detail=detail)
    assert built == [1]
    for _ in range(6):
        opener.qtbot.keyClick(page.table, Qt.Key.Key_Down)
    opener.qtbot.waitUntil(lambda: built[-1] == 7)
    assert built == [1, 7]


def exported(opener: Opener, page: ListPage, path: Path, kind: str) -> None:
    page.export_to(path, kind)
    opener.settle()
    opener.qtbot.waitUntil(path.exists)


def test_excel_gets_every_row_of_the_filter_with_types(opener: Opener, tmp_path: Path) -> None:
    opener.world.rows[1] = opener.world.rows[1]._replace(name='=cmd|"/c calc"!A1', stock=Decimal(-6))
    opener.world.rows[3] = opener.world.rows[3]._replace(name="ä" * 40_000)
    page = opener()
    page.table.show_column("finish", False)
    type_filter(page, "stock", "<= 600")
    opener.settle()
    exported(opener, page, tmp_path / "liste.xlsx", "xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "liste.xlsx").active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert len(rows) == 1 + 1200, "not only what was loaded"
    assert rows[0][0].value == "Name des Filters"
    assert len(rows[0]) == 7
    second = rows[2]
    assert (second[1].value, second[1].data_type) == ('=cmd|"/c calc"!A1', "s")
    assert (second[2].value, second[2].data_type) == (-6, "n")
    assert isinstance(second[5].value, datetime)
    assert rows[7][3].value is None, "a missing price is an empty cell"
    assert second[4].value == "kein Recht"
    assert len(str(rows[4][1].value)) == 32_767


def test_csv_opens_in_the_excel_of_the_language(opener: Opener, tmp_path: Path) -> None:
    opener.world.rows = opener.world.rows[:3]
    opener.world.rows[0] = opener.world.rows[0]._replace(name='+49 "x"; y\nz', stock=Decimal("-1234.5"))
    page = opener()
    exported(opener, page, tmp_path / "liste.csv", "csv")
    raw = (tmp_path / "liste.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines(keepends=True), delimiter=";"))
    assert rows[1][1] == '\'+49 "x"; y\nz'
    assert rows[1][3] == "-1234,5"
    assert rows[1][6] == "02.02.2026"
    i18n.set_language("en")
    exported(opener, page, tmp_path / "list.csv", "csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert (rows[2][0], rows[1][3], rows[1][6]) == ("800002", "-1234.5", "2026-02-02")


def test_a_printed_list_is_a_pdf(opener: Opener, tmp_path: Path) -> None:
    page = opener()
    exported(opener, page, tmp_path / "liste.pdf", "pdf")
    content = (tmp_path / "liste.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.rstrip().endswith(b"%%EOF")


def test_a_stopped_export_leaves_nothing_behind(opener: Opener, tmp_path: Path) -> None:
    page = opener()
    folder = tmp_path / "out"
    folder.mkdir()
    page.export_to(folder / "liste.xlsx", "xlsx")
    page.stop_export()
    opener.settle()
    assert list(folder.iterdir()) == []
    assert "angehalten" in words(page)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_an_export_to_where_nothing_can_be_written_says_so(
    opener: Opener, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = opener()
    page.export_to(tmp_path / "no such folder" / f"liste.{kind}", kind)
    opener.settle()
    assert "lässt sich nicht schreiben" in words(page)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_an_export_that_fails_leaves_the_old_file_and_says_so(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("alt")
    page = opener()
    opener.world.error = Unavailable("server_gone")
    page.export_to(path, "csv")
    opener.settle()
    assert path.read_text() == "alt"
    assert "Export nicht möglich" in words(page)


def test_rights_decide_which_actions_are_offered(opener: Opener, ctx: Any) -> None:
    from app.views.core.list_spec import ListAction

    page = opener(primary=ListAction("new", "kit.list.save", lambda *_: None, right="cost"))
    assert page.offers.primary is None


def test_spec_is_plain_data() -> None:
    assert (
        ListSpec(key="k", title="kit.yes", icon="package", columns=(), fetch=World().fetch).presets[0].key
        == "all"
    )
