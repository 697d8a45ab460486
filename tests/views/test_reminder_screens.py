"""Reminding by hand: open items, the run, a reminder on its page, a hold, the rules."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.partners
import app.views.printing
from app.core.paging import ListQuery
from app.services.sales import reminders
from app.views.sales.reminder_card import RemindersCard
from app.views.sales.reminder_run import IssueDialog
from app.views.security.form_dialog import FormDialog
from tests.views.sales_screens import AsRole, Desk, desk_of

PICTURES = os.environ.get("WERKBANK_PICTURES", "")


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


def _picture(desk: Desk, name: str) -> None:
    """For whoever wants to look: the window as it stands."""
    if PICTURES:
        desk.settle()
        desk.window.grab().save(f"{PICTURES}/{name}.png")


def _show(desk: Desk, key: str) -> Any:
    desk.window.open_workspace(key)
    page = desk.front()
    desk.wait(lambda: page.model.rowCount() > 0)
    return page


def test_from_the_run_to_the_customer(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    """A hold keeps one back; the rest is sent, each with its PDF, and taken back falls a level."""
    finance = as_role("u_franziska")
    proposed = finance.read(reminders.list_proposals, ListQuery()).rows
    assert proposed
    with desk_of(finance, tmp_path, qtbot, (app.views.partners, app.views.printing)) as desk:
        page = _show(desk, "finance.open_items")
        _picture(desk, "open_items")
        page = _show(desk, "finance.reminding")
        page.table.select_rows([0]) if hasattr(page.table, "select_rows") else page.table.selectRow(0)
        _picture(desk, "reminder_run")
        desk.click("action.issue")
        desk.wait(lambda: desk.window.findChild(IssueDialog) is not None)
        _picture(desk, "reminder_run_dialog")
        desk.click("dialog.yes")

        def kept() -> bool:
            row = admin.execute(
                "SELECT count(*), count(d.id) FROM sales.reminder r LEFT JOIN documents.issued d"
                " ON d.topic = 'sales.reminder' AND d.record_id = r.id"
            ).fetchone()
            return row is not None and row[0] == row[1] == len(proposed) + 1

        desk.wait(kept)
        assert finance.read(reminders.list_proposals, ListQuery()).rows == []
        desk.window.open_workspace("finance.reminding")
        page = desk.front()
        page.refresh()
        desk.wait(lambda: not page.model.rows)
        desk.settle()
        assert page.offers.primary is not None
        assert not page.offers.primary.isEnabled()  # nobody is to be reminded: nothing to send
        assert desk.find("action.first") is None
        page = _show(desk, "finance.reminders")
        _picture(desk, "reminders")
        newest = page.model.rows[0] if hasattr(page.model, "rows") else None
        row = admin.execute("SELECT max(id) FROM sales.reminder").fetchone()
        assert row is not None
        assert newest is None or newest.id == row[0]
        record = desk.open("sales.reminder", row[0])
        assert record.heading()[0].startswith("Zahlungserinnerung MA-")
        _picture(desk, "reminder_page")
        desk.click("action.cancel")
        desk.reason("Zahlung kam am selben Tag")
        desk.wait(lambda: record.reminder.state == "cancelled")
        _picture(desk, "reminder_cancelled")

        customer = record.reminder.customer_id
        partner = desk.open("partners.partner", customer)
        desk.click("action.show_reminders")
        card = partner.findChild(RemindersCard)
        assert card is not None
        desk.wait(lambda: desk.find("action.hold_customer") is not None)
        desk.click("action.hold_customer")
        dialog = desk.window.findChild(FormDialog)
        assert dialog is not None
        dialog.boxes["reason"].set_value("Reklamation")
        _picture(desk, "hold_dialog")
        desk.click("dialog.yes")
        desk.wait(lambda: desk.find("action.lift_hold") is not None)
        _picture(desk, "customer_card")
        desk.click("action.lift_hold")
        desk.wait(lambda: desk.find("action.hold_customer") is not None)


def test_the_rules_are_the_houses(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    """A level is changed, and the base rate of a half-year entered."""
    finance = as_role("u_franziska")
    with desk_of(finance, tmp_path, qtbot) as desk:
        page = _show(desk, "finance.reminder_rules")
        page.spec.open(
            desk.window.ctx, page.model.row(0) if hasattr(page.model, "row") else page.table.current_row()
        )
        dialog = desk.window.findChild(FormDialog)
        assert dialog is not None
        assert dialog.boxes["days"].value() == 7
        _picture(desk, "rule_dialog")
        dialog.boxes["days"].set_value(dialog.boxes["days"].value() + 3)
        desk.click("dialog.yes")
        desk.wait(lambda: finance.read(reminders.list_rules, ListQuery(sort="level")).rows[0].days == 10)
        desk.click("action.rate")
        _picture(desk, "rate_dialog")
        desk.click("dialog.no")
        _picture(desk, "rules")
