"""Somebody's pay in a record that lies in quarantine: seen only when it is asked for."""

import pytest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app.services.legacy.mapping import covered
from app.views.legacy.quarantine_pane import _NOTHING, COVERED, Value


def test_the_mapping_says_what_is_pay() -> None:
    assert {"Monatsgehalt", "Jahres_Gehalt", "Brutto_lohn"} <= covered("employee")
    assert "Pers_Nr" not in covered("employee")
    assert not covered("customer")


@pytest.mark.parametrize("may", [True, False])
def test_pay_is_shown_on_request(qtbot: QtBot, may: bool) -> None:
    value = Value("Monatsgehalt", "5120", _NOTHING, wrong=False, may=may, covered=True)
    qtbot.addWidget(value)
    value.show()
    assert value.label.text() == COVERED
    pencil, eye = value._pencil, value.findChild(QAbstractButton, "show.Monatsgehalt")
    assert eye is not None
    assert not pencil.isVisible()
    eye.click()
    assert value.label.text() == "5120"
    assert pencil.isVisible() is may
    assert not value.changed()
