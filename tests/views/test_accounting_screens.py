"""The tax adviser's screens in the window: look, hand over, repeat; close a month and ask to open it again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from openpyxl import load_workbook
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

import app.views.accounting
import app.views.documents
from app.core.db import Database
from app.views.accounting import exports
from app.views.accounting.exports import write_table
from app.views.core.dialog import Dialog
from tests.views.sales_screens import Desk
from tests.views.shell_world import window_for

AsRole = Callable[[str], Database]
PACKAGES = (app.views.accounting, app.views.documents)


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


def one(admin: psycopg.Connection[Any], statement: str, *values: object) -> Any:
    row = admin.execute(statement, values).fetchone()
    return None if row is None else row[0]


def _dialog(desk: Desk, name: str = "dialog") -> Dialog:
    desk.wait(lambda: [x for x in desk.window.findChildren(Dialog, name) if x.isVisible()])
    return next(x for x in desk.window.findChildren(Dialog, name) if x.isVisible())


def test_a_month_goes_to_the_tax_adviser_once(
    as_role: AsRole,
    admin: psycopg.Connection[Any],
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_a, **_k: str(tmp_path)))
    month = one(admin, "SELECT to_char(max(invoice_date), 'YYYY-MM') FROM sales.invoice")
    with window_for(as_role("u_franziska"), tmp_path / "home", qtbot, PACKAGES) as window:
        desk = Desk(window, qtbot)
        window.open_workspace("accounting.export_new", month=month)
        page = desk.front()
        desk.wait(lambda: page.found is not None)
        assert page.found.vouchers > 0
        assert page.files is not None, page.found.notes
        assert page.model.rowCount() == len(page.found.rows)
        page.show_view("proof")
        assert all(not row.difference for row in page.model.everything)
        desk.click("action.export_now")
        desk.click("dialog.yes")
        desk.wait(lambda: one(admin, "SELECT count(*) FROM accounting.export") == 1)
        desk.wait(lambda: len(list(tmp_path.glob("EXTF_*.csv"))) == 2)
        kept = one(
            admin,
            "SELECT c.bytes FROM documents.issued i JOIN documents.content c ON c.id = i.content_id"
            " WHERE i.topic = 'accounting.export' AND i.file_name LIKE 'EXTF_Buch%%'",
        )
        assert next(tmp_path.glob("EXTF_Buch*.csv")).read_bytes() == bytes(kept)

        listed = desk.front()
        desk.wait(lambda: listed.model.rowCount() == 1)
        row = listed.model.rows[0]
        write_table(window.ctx, row, tmp_path / "plain.xlsx")
        desk.wait((tmp_path / "plain.xlsx").exists)
        sheet = load_workbook(tmp_path / "plain.xlsx").worksheets[0]
        assert sheet.max_row == row.lines + 1
        window.open_workspace("accounting.export_new", month=month)
        page = desk.front()
        desk.wait(lambda: page.found is not None and page.found.vouchers == 0)
        assert not page.go.isEnabled()

        next(x for x in exports.exports(window.ctx).row_actions if x.key == "repeat").run(window.ctx, [row])
        dialog: Any = _dialog(desk, "dialog.reason")
        dialog.reason.setPlainText("Konten berichtigt")
        desk.click("dialog.yes")
        page = desk.front()
        desk.wait(lambda: page.repeats == row.id and page.found is not None)
        assert page.found.vouchers == row.vouchers
        desk.click("action.export_now")
        desk.click("dialog.yes")
        reason = "SELECT reason FROM accounting.export WHERE repeats_id = %s"
        desk.wait(lambda: one(admin, reason, row.id) == "Konten berichtigt")


def test_a_month_is_closed_and_somebody_else_is_asked_to_open_it(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    with window_for(as_role("u_franziska"), tmp_path / "home", qtbot, PACKAGES) as window:
        desk = Desk(window, qtbot)
        window.open_workspace("accounting.periods")
        listed = desk.front()
        desk.wait(lambda: listed.model.rowCount() > 2)
        assert listed.model.rows[0].state == "open"
        assert not listed.model.rows[0].over  # the month of today
        oldest = min(listed.model.rows, key=lambda row: row.id)
        actions = {action.key: action for action in listed.spec.row_actions}
        assert not actions["close"].when(listed.model.rows[0])
        actions["close"].run(window.ctx, [oldest])
        dialog: Any = _dialog(desk, "dialog.close_period")
        desk.wait(lambda: dialog.notes is not None)
        desk.click("dialog.yes")
        state = "SELECT state FROM accounting.period WHERE month = %s"
        desk.wait(lambda: one(admin, state, oldest.month) == "closed")
        desk.wait(lambda: min(listed.model.rows, key=lambda row: row.id).state == "closed")
        actions["reopen"].run(window.ctx, [min(listed.model.rows, key=lambda row: row.id)])
        dialog = _dialog(desk, "dialog.reason")
        dialog.reason.setPlainText("Beleg vergessen")
        desk.click("dialog.yes")
        asked = "SELECT count(*) FROM system.approval_request WHERE kind = 'period_reopen' AND state = 'open'"
        desk.wait(lambda: one(admin, asked) == 1)
        desk.wait(lambda: min(listed.model.rows, key=lambda row: row.id).asked)


def test_accounts_are_adopted_changed_and_taken_away(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    with window_for(as_role("u_franziska"), tmp_path / "home", qtbot, PACKAGES) as window:
        desk = Desk(window, qtbot)
        account = one(admin, "SELECT id FROM accounting.account WHERE purpose = 'bank'")
        window.open_record("accounting.account", account)
        page = desk.front()
        desk.wait(lambda: page.record.id == account)
        page.boxes["number"].set_raw("12")
        page.save()
        desk.wait(lambda: page.boxes["number"].error)
        page.boxes["number"].set_raw("1210")
        page.save()
        desk.wait(
            lambda: one(admin, "SELECT number FROM accounting.account WHERE id = %s", account) == "1210"
        )
        desk.wait(lambda: not page.dirty() and page.record.values.get("number") == "1210")
        page.ask_discard()
        desk.click("dialog.yes")
        desk.wait(lambda: one(admin, "SELECT count(*) FROM accounting.account WHERE id = %s", account) == 0)
        window.open_record("accounting.setting", 1)
        page = desk.front()
        desk.wait(lambda: page.record.id == 1)
        page.boxes["client_no"].set_raw("77")
        page.save()
        desk.wait(lambda: one(admin, "SELECT client_no FROM accounting.setting") == 77)
        window.open_workspace("accounting.accounts")
        listed = desk.front()
        desk.wait(lambda: listed.model.rowCount() > 10)
        next(x for x in listed.spec.more if x.key == "adopt_04").run(window.ctx, [])
        desk.click("dialog.yes")
        desk.wait(lambda: one(admin, "SELECT chart FROM accounting.setting") == "04")
        desk.wait(
            lambda: one(admin, "SELECT number FROM accounting.account WHERE purpose = 'bank'") == "1800"
        )
