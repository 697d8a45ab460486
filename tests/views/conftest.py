"""Widgets are tested without a screen, in the look of the program, and must not write anything a user would not see."""

import os
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication

from app.core import i18n
from app.views.core import theme


@pytest.fixture(scope="session", autouse=True)
def _look(qapp: QApplication) -> None:
    theme.apply_theme(qapp, "light")


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    i18n.set_language("de")
    yield
    i18n.set_language("de")
