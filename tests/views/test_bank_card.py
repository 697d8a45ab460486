"""Bank accounts on the partner's page: masked, shown for a minute to who proves who it is, given on to a colleague."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

import app.views.partners
from app.core import vault
from app.core.db import Database
from app.services.security import keys
from app.views.core.vault import RecoveryDialog, forget
from app.views.partners.bank_card import AccountDialog, BankCard, renew_key
from tests.conftest import PASSWORD
from tests.views.sales_screens import Desk
from tests.views.shell_world import window_for

Raw = psycopg.Connection[Any]
AsRole = Callable[[str], Database]
IBAN = "DE89 3704 0044 0532 0130 00"
MASKED = "DE•• •••• 3000"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same mathematics with less work."""
    unlock = keys.unlock
    monkeypatch.setattr(keys, "unlock", lambda *args, **more: unlock(*args, **more, cost=2**10))


@pytest.fixture(scope="module")
def partner(admin_dsn: str) -> int:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        row = admin.execute(
            "INSERT INTO partners.partner (number, name, is_supplier) VALUES ('70001', 'Gießerei Nord', true)"
            " RETURNING id"
        ).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def office(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Desk]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, (app.views.partners,)) as window:
        yield Desk(window, qtbot)


def card(desk: Desk, partner: int) -> BankCard:
    found = desk.open("partners.partner", partner).bank
    assert isinstance(found, BankCard)
    desk.settle()
    return found


def prove(desk: Desk, password: str = PASSWORD) -> None:
    field = desk.find("confirm.password")
    assert field is not None
    field.setText(password)
    QTest.keyClick(field, Qt.Key.Key_Return)
    desk.settle()


def said(desk: Desk) -> list[str]:
    return [notice.text for notice in desk.window.notices]


def words(card_: BankCard) -> str:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return "\n".join(label.text() for label in card_.findChildren(QLabel))


def picture(desk: Desk, name: str) -> None:
    """A look at the screen, for people: only where a folder is named."""
    folder = os.environ.get("WERKBANK_PICTURES")
    if folder:
        QApplication.processEvents()
        QTest.qWait(50)
        desk.window.grab().save(str(Path(folder) / f"{name}.png"))


def test_an_account_is_added_shown_for_a_minute_and_given_on(
    partner: int, as_role: AsRole, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    with office(as_role("finance"), tmp_path / "finance", qtbot) as desk:
        there = card(desk, partner)
        desk.click("action.add_account")
        prove(desk, "not the password")
        desk.wait(lambda: desk.find("confirm.password.hint") is not None)
        assert desk.find("dialog.recovery") is None
        picture(desk, "bank-unlock-de")
        prove(desk)
        desk.wait(lambda: desk.window.findChild(RecoveryDialog) is not None)
        recovery = desk.window.findChild(RecoveryDialog)
        assert recovery is not None
        code = recovery.code.text()
        picture(desk, "bank-recovery-de")
        recovery.kept.setChecked(True)
        desk.click("dialog.yes")
        dialog = desk.window.findChild(AccountDialog)
        assert dialog is not None
        dialog.boxes["holder"].set_value("Gießerei Nord GmbH")
        dialog.boxes["iban"].set_value(IBAN[:-1] + "1")
        desk.click("dialog.yes")
        assert "Prüfziffern" in dialog.boxes["iban"].error
        picture(desk, "bank-form-de")
        dialog.boxes["iban"].set_value(IBAN)
        dialog.boxes["bic"].set_value("COBADEFFXXX")
        dialog.boxes["bank"].set_value("Commerzbank")
        dialog.boxes["is_default"].set_value(True)
        desk.click("dialog.yes")
        desk.wait(lambda: "Bankverbindung gespeichert." in said(desk))
        desk.wait(lambda: MASKED in words(there))
        assert IBAN not in words(there)

        QGuiApplication.clipboard().clear()
        show = next(name for name in names_of(there) if name.startswith("action.show_account"))
        desk.click(show)  # still open: no second question
        desk.wait(lambda: IBAN in words(there))
        assert "Gießerei Nord GmbH" in words(there)
        assert QGuiApplication.clipboard().text() == ""
        assert there._clock.isActive()
        picture(desk, "bank-shown-de")
        there._clock.timeout.emit()
        assert IBAN not in words(there)
        assert MASKED in words(there)
        desk.click(show)
        desk.wait(lambda: IBAN in words(there))
        desk.window.open_home()
        desk.settle()
        assert IBAN not in words(there), "nobody looks at it any more"

    with office(as_role("administrator"), tmp_path / "administrator", qtbot) as other:
        theirs = card(other, partner)
        assert other.find("action.add_account") is None
        show = next(name for name in names_of(theirs) if name.startswith("action.show_account"))
        other.click(show)
        prove(other)
        other.wait(lambda: (hint := other.find("vault.hint")) is not None and "Finance" in hint.text())
        picture(other, "bank-not-given-de")
        other.click("dialog.cancel")

    with office(as_role("finance"), tmp_path / "finance", qtbot) as desk:
        there = card(desk, partner)
        show = next(name for name in names_of(there) if name.startswith("action.show_account"))
        desk.click(show)
        prove(desk)
        desk.wait(lambda: "Administrator hat das Recht" in words(there))
        public = admin.execute("SELECT public FROM sec.person_key WHERE login = 'u_administrator'").fetchone()
        assert public is not None
        assert vault.fingerprint(bytes(public[0])) in words(there)
        picture(desk, "bank-give-de")
        desk.window.switch_theme("dark")
        desk.settle()
        picture(desk, "bank-dark-de")
        desk.window.switch_theme("light")
        there = card(desk, partner)
        desk.click(show)
        desk.wait(lambda: IBAN in words(there))
        desk.click("action.give_key.u_administrator")
        desk.wait(lambda: "Administrator kann Bankdaten jetzt öffnen." in said(desk))

    with office(as_role("administrator"), tmp_path / "administrator", qtbot) as other:
        theirs = card(other, partner)
        other.click(show)
        prove(other)
        other.wait(lambda: IBAN in words(theirs))

        # Renewing: one question, one new code; the account still opens.
        renew_key(other.window.ctx)
        other.click("dialog.yes")
        other.wait(lambda: other.window.findChild(RecoveryDialog) is not None)
        again = other.window.findChild(RecoveryDialog)
        assert again is not None
        assert again.code.text() != code
        again.kept.setChecked(True)
        other.click("dialog.yes")
        other.click(show)  # hides
        other.click(show)
        prove(other)
        other.wait(lambda: IBAN in words(theirs))
    seen = admin.execute(
        "SELECT login, count(*) > 0 FROM audit.event WHERE kind = 'revealed' GROUP BY login ORDER BY login"
    ).fetchall()
    assert seen == [("u_administrator", True), ("u_finance", True)]


def names_of(there: BankCard) -> list[str]:
    return [button.objectName() for button in there.findChildren(QAbstractButton)]


def test_who_has_no_right_sees_no_card(partner: int, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with office(as_role("sales_rep"), tmp_path / "rep", qtbot) as desk:
        assert desk.open("partners.partner", partner).bank is None
        forget(desk.window.ctx)
