"""Widgets are tested without a screen, in the look of the program, and must not write anything a user would not see."""

import os
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core import i18n
from app.views.core import theme

PATIENCE_MS = 60_000
"""How long a test waits for what a window is to come to: only a wait that is in vain takes it, not a busy machine."""

for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
    # Every wait of every test, those of pytest-qt among themselves as well; its own five seconds are a measurement.
    _defaults = _wait.__kwdefaults__
    assert _defaults is not None
    assert "timeout" in _defaults
    _defaults["timeout"] = PATIENCE_MS


@pytest.fixture(scope="session", autouse=True)
def _look(qapp: QApplication) -> None:
    theme.apply_theme(qapp, "light")


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    i18n.set_language("de")
    yield
    i18n.set_language("de")
