"""Rows in portions: what is asked, what is dropped, what stays."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt

from app.core import i18n
from app.core.paging import Filter, ListQuery, Page
from app.views.core.table_model import Column, PagedTableModel, filter_from_text
from tests.views.list_world import Figure, World, context, figures, spec

Answer = Callable[[Page], None]


@pytest.fixture(autouse=True)
def _german() -> None:
    i18n.set_language("de")


class Slow:
    """Answers a question when the test says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open: list[tuple[ListQuery, Answer, Callable[[BaseException], object]]] = []

    def __call__(self, query: ListQuery, answer: Answer, failure: Callable[[BaseException], object]) -> None:
        self.open.append((query, answer, failure))

    def answer(self, number: int = 0) -> None:
        query, answer, _ = self.open.pop(number)
        answer(self.world.fetch(None, query))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def slow(world: World) -> Slow:
    return Slow(world)


@pytest.fixture
def model(world: World, slow: Slow) -> PagedTableModel:
    return PagedTableModel(None, spec(world).all_columns(), world.fetch, run=slow)


def loaded(model: PagedTableModel, slow: Slow) -> PagedTableModel:
    model.ask(sort="sku")
    slow.answer()
    return model


def test_reads_portions_as_far_as_one_scrolls(model: PagedTableModel, slow: Slow) -> None:
    loaded(model, slow)
    assert (model.rowCount(), model.total, model.exact) == (500, 1200, True)
    while model.canFetchMore(QModelIndex()):
        model.fetchMore(QModelIndex())
        assert not model.canFetchMore(QModelIndex()), "one portion at a time"
        slow.answer()
    assert [row.id for row in model.rows] == list(range(1, 1201))


def test_an_answer_to_an_older_question_is_dropped(model: PagedTableModel, slow: Slow) -> None:
    model.ask(filters=(Filter("name", "contains", "Engel 1"),))
    model.ask(filters=(Filter("name", "contains", "Engel 777"),))
    slow.answer(1)
    slow.answer(0)
    assert [row.name for row in model.rows] == ["Engel 777"]
    assert not model.busy


def test_a_new_question_while_a_portion_is_on_its_way_never_mixes_rows(
    model: PagedTableModel, slow: Slow
) -> None:
    loaded(model, slow)
    model.fetchMore(QModelIndex())
    model.ask(sort="sku", descending=True)
    slow.answer(1)
    slow.answer(0)
    assert model.rows[0].id == 1200
    assert model.rowCount() == 500


def test_refresh_keeps_the_rows_and_tells_which_differ(
    model: PagedTableModel, slow: Slow, world: World
) -> None:
    loaded(model, slow)
    resets: list[int] = []
    lit: list[Any] = []
    model.modelReset.connect(lambda: resets.append(1))
    model.live.connect(lit.extend)
    world.rows[2] = world.rows[2]._replace(stock=Decimal(99))
    model.refresh(frozenset({3}))
    slow.answer()
    assert (resets, lit) == ([], [3]), "same rows in the same order: nothing moves"
    assert model.cell(2, 4).text == "99"
    assert model.blink(2) > 0
    assert model.blink(1) == 0


def test_a_row_that_is_gone_does_not_stay_on_screen(model: PagedTableModel, slow: Slow, world: World) -> None:
    loaded(model, slow)
    del world.rows[0]
    model.refresh(frozenset({1}))
    slow.answer()
    assert model.find(1) == -1
    assert model.total == 1199


def test_failing_keeps_what_was_read(model: PagedTableModel, slow: Slow) -> None:
    loaded(model, slow)
    errors: list[object] = []
    model.failed.connect(errors.append)
    model.refresh()
    error = OSError("gone")
    slow.open.pop()[2](error)
    assert errors == [error]
    assert model.rowCount() == 500


def test_data_never_raises(qtbot: Any, world: World, slow: Slow) -> None:
    def broken(_row: Figure) -> str:
        raise ZeroDivisionError

    columns = (Column("name", "kit.list.name", text=broken), Column("nowhere", "kit.list.name", "money"))
    model = PagedTableModel(None, columns, world.fetch, run=slow)
    loaded(model, slow)
    assert model.data(model.index(0, 0)) == "⚠"
    assert model.data(model.index(0, 1)) == "–", "a missing value is an en dash"
    assert model.data(model.index(0, 0), Qt.ItemDataRole.DecorationRole) is None


def test_what_one_may_not_see_shows_a_lock_and_never_the_number(
    tmp_path: Any, qapp: Any, world: World, slow: Slow
) -> None:
    ctx = context(tmp_path, qapp, denied=("cost",))
    model = PagedTableModel(ctx, spec(world).all_columns(), world.fetch, run=slow)
    loaded(model, slow)
    column = next(n for n, c in enumerate(model.columns) if c.key == "cost")
    assert model.cell(0, column).kind == "locked"
    assert model.data(model.index(0, column)) == "kein Recht"
    ctx.tasks.shutdown()


def test_numbers_and_dates_as_the_language_writes_them(
    model: PagedTableModel, slow: Slow, world: World
) -> None:
    world.rows = [figures(1)[0]._replace(stock=Decimal("-1204.50"), made_on=date(2026, 11, 2))]
    loaded(model, slow)
    texts = [model.cell(0, n).text for n in range(model.columnCount())]
    assert texts[4:6] == ["−1.204,5", "9,60"]
    assert texts[7] == "02.11.2026"


def test_the_model_keeps_the_rules_of_qt(qtmodeltester: Any, model: PagedTableModel, slow: Slow) -> None:
    loaded(model, slow)
    qtmodeltester.check(model, force_py=True)


@pytest.mark.parametrize(
    ("kind", "how", "typed", "expected"),
    [
        ("number", "min", "1.200,5", (Filter("k", "min", Decimal("1200.5")),)),
        ("number", "min", "< 5", (Filter("k", "max", Decimal(5)),)),
        ("number", "min", "≥5", (Filter("k", "min", Decimal(5)),)),
        ("number", "max", "5", (Filter("k", "max", Decimal(5)),)),
        ("number", "min", "=5", (Filter("k", "eq", Decimal(5)),)),
        ("number", "min", "5..10", (Filter("k", "min", Decimal(5)), Filter("k", "max", Decimal(10)))),
        ("number", "min", "..10", (Filter("k", "max", Decimal(10)),)),
        ("number", "min", "<", ()),
        ("text", "contains", "  a%b_  ", (Filter("k", "contains", "a%b_"),)),
        ("text", "prefix", "   ", ()),
        ("date", "date", "20.11.2026", (Filter("k", "min", date(2026, 11, 20)),)),
        ("date", "date", "=20.11.26", (Filter("k", "eq", date(2026, 11, 20)),)),
    ],
)
def test_what_is_typed_into_a_filter(kind: str, how: str, typed: str, expected: tuple[Filter, ...]) -> None:
    assert filter_from_text(Column("k", "", kind, filter=how), typed) == expected


def test_up_to_a_day_means_to_its_end() -> None:
    found = filter_from_text(Column("k", "", "date_time", filter="date"), "<= 20.11.2026")
    assert found[0].value == datetime.combine(date(2026, 11, 20), time.max).astimezone()


@pytest.mark.parametrize("typed", ["abc", "1,2,3", "NaN", "1e9", "5..x"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="error"):
        filter_from_text(Column("k", "", "number", filter="min"), typed)
