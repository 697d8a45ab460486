"""What the program remembers on a workstation is written behind the user's back, and nothing old comes after."""

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.views.core.settings_store import SettingsStore


def test_a_write_that_comes_late_does_not_bring_the_old_back(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "kept.json"
    held: list[Callable[[], None]] = []
    store = SettingsStore(file, held.append)
    store.set("width", 1)
    qtbot.waitUntil(lambda: len(held) == 1)
    store.set("width", 2)
    store.flush()  # the window closes before the worker has come to it
    held[0]()
    assert SettingsStore(file).get("width") == 2
