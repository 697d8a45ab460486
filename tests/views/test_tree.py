"""Trees show what belongs below what, and can be walked."""

from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from PySide6.QtCore import QModelIndex, Qt

from app.views.core.table_model import Column
from app.views.core.tree_view import Node, TreeModel, TreeView, nest


class Part(NamedTuple):
    """A line of a bill of materials."""

    name: str
    quantity: Decimal


COLUMNS = (
    Column("name", "kit.list.name", width=200, stretch=True),
    Column("quantity", "kit.list.all", "quantity", width=80),
)


def part(name: str) -> Part:
    return Part(name, Decimal("0.042"))


def names(nodes: list[Node]) -> list[Any]:
    return [(node.row.name, names(node.children)) if node.children else node.row.name for node in nodes]


def test_rows_in_reading_order_become_a_tree() -> None:
    rows = [
        (0, part("Krippe")),
        (1, part("Familie")),
        (2, part("Zinn")),
        (1, part("Stall")),
        (0, part("Engel")),
    ]
    assert names(nest(rows)) == [("Krippe", [("Familie", ["Zinn"]), "Stall"]), "Engel"]


@pytest.mark.parametrize("depths", [(3, 0, 5), (0, 9, 1)])
def test_a_depth_that_jumps_loses_no_row(depths: tuple[int, ...]) -> None:
    model = TreeModel(None, COLUMNS)
    model.show(nest([(depth, part(str(number))) for number, depth in enumerate(depths)]))
    assert [node.row.name for node in model.nodes()] == ["0", "1", "2"]


def test_forty_levels_are_drawn(qtbot: Any, qtmodeltester: Any) -> None:
    model = TreeModel(None, COLUMNS)
    view = TreeView(model)
    qtbot.addWidget(view)
    model.show(nest([(depth, part(f"Ebene {depth}")) for depth in range(40)]))
    qtmodeltester.check(model, force_py=True)
    view.resize(900, 1400)
    view.show()
    view.grab()
    assert sum(1 for _ in model.nodes()) == 40


def test_keys_walk_open_and_close(qtbot: Any) -> None:
    model = TreeModel(None, COLUMNS)
    view = TreeView(model)
    qtbot.addWidget(view)
    seen: list[str] = []
    opened: list[str] = []
    view.current_changed.connect(lambda row: seen.append(row.name if row else ""))
    view.opened.connect(lambda row: opened.append(row.name))
    model.show(nest([(0, part("Krippe")), (1, part("Familie")), (1, part("Stall"))]))
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert seen[-2:] == ["Familie", "Stall"]
    assert opened == ["Stall"]
    qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert not view.isExpanded(model.index(0, 0))
    model.show([])
    assert seen[-1] == ""
    assert model.rowCount(QModelIndex()) == 0
