"""The window goes first: what somebody does at it holds back the threads in the background until it is done."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.courtesy import Courtesy
from app.views.core import tasks
from app.views.core.attention import Attention
from app.views.core.tasks import FETCH, READ, TaskManager
from app.views.core.timing import Debounce


@pytest.fixture
def courtesy() -> Courtesy:
    return Courtesy()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    QLineEdit(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_keys_clicks_and_painting_wake_it(window: QWidget, courtesy: Courtesy, qtbot: QtBot) -> None:
    attention = Attention(window, courtesy)
    qtbot.waitUntil(lambda: not courtesy.busy)
    acts: list[Callable[[], object]] = [
        lambda: QTest.keyClick(window.windowHandle(), Qt.Key.Key_A),
        lambda: QTest.mousePress(window.windowHandle(), Qt.MouseButton.LeftButton),
        lambda: QTest.mouseRelease(window.windowHandle(), Qt.MouseButton.LeftButton),
        attention.call,
    ]
    for act in acts:
        act()
        assert courtesy.busy
        qtbot.waitUntil(lambda: not courtesy.busy)
    woken: list[bool] = []
    courtesy.wake = lambda: woken.append(True)  # type: ignore[method-assign]
    window.update()
    qtbot.waitUntil(lambda: bool(woken))


def test_a_window_that_closes_holds_nobody_back(window: QWidget, courtesy: Courtesy) -> None:
    attention = Attention(window, courtesy)
    attention.call()
    assert courtesy.busy
    attention.end()
    assert not courtesy.busy


def test_answers_and_ended_pauses_wake_it_pictures_do_not_and_many_answers_are_handed_out_in_turns(
    window: QWidget, courtesy: Courtesy, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = TaskManager()
    told: list[str] = []
    attention = Attention(window, courtesy)
    monkeypatch.setattr(attention, "call", lambda **_: told.append("attend"))
    manager.run(FETCH, manager, lambda: None, lambda _future: told.append("picture"))
    qtbot.waitUntil(lambda: manager.idle)
    manager.run(READ, manager, lambda: None, lambda _future: told.append("answer"))
    qtbot.waitUntil(lambda: manager.idle)
    assert told == ["picture", "attend", "answer"]
    told.clear()
    Debounce(window, "debounce_detail", lambda: told.append("detail")).later()
    qtbot.waitUntil(lambda: "detail" in told)
    assert told == ["attend", "detail"]
    attention.end()
    manager.run(READ, manager, lambda: None, lambda _future: told.append("closed"))
    qtbot.waitUntil(lambda: manager.idle)
    assert told == ["attend", "detail", "closed"]
    monkeypatch.setattr(tasks, "TURN_S", -1.0)  # every turn is over at once
    order: list[str] = []
    for number in "123":
        manager.on_gui(lambda number=number: order.append(number))  # type: ignore[misc]
    QTimer.singleShot(0, manager, lambda: order.append("window"))
    qtbot.waitUntil(lambda: "3" in order)
    assert [one for one in order if one != "window"] == ["1", "2", "3"]
    manager.shutdown()
