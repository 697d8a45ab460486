"""Why can't I?  From where one is stopped to the approved request, without leaving the window."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import text

import app.views.approvals
import app.views.security
from app.core.changes import NO_CHANGES, Result
from app.core.db import Database, Target, call_api
from app.core.errors import NotAllowed
from app.services.security.rights import why
from app.sync.change_feed import ChangeFeed
from app.views.core.errors import show_error
from app.views.core.why import WhyDialog
from app.views.core.workspace import Registry
from app.views.shell.command_palette import CommandPalette
from app.views.shell.palette_items import WITHHELD
from tests.conftest import PASSWORD
from tests.make_world import Raw
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import CAPABILITY, PARTNER, CustomerPage, new_customer, window_for

PACKAGES = (CAPABILITY, app.views.approvals, app.views.security)


@pytest.fixture
def person(admin: Raw) -> str:
    """Somebody who only looks."""
    login = f"u_w{uuid.uuid4().hex[:10]}"
    admin.execute("SELECT sec.user_create(%s, 'Nele Neugierig', %s, '{viewer}')", (login, PASSWORD))
    return login


@pytest.fixture
def mine(person: str, role_dsn: Callable[[str], str]) -> Iterator[Database]:
    target, password = Target.from_dsn(role_dsn(person))
    found = Database(target, password)
    found.open()
    yield found
    found.close()


@pytest.fixture
def bench(mine: Database, tmp_path: Path, qtbot: QtBot) -> Iterator[Bench]:
    with window_for(mine, tmp_path, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


@pytest.fixture
def live(mine: Database) -> Iterator[list[bool]]:
    """News of the server, as the program listens to them; filled once it does."""
    told: list[bool] = []
    feed = ChangeFeed(mine, lambda _changes: None, told.append, lambda: None)
    feed.start()
    yield told
    feed.stop()


def palette_of(bench: Bench, typed: str) -> CommandPalette:
    bench.window.open_palette()
    palette = bench.window.findChild(CommandPalette)
    assert palette is not None
    QTest.keyClicks(palette.input, typed)
    bench.settle()
    return palette


def why_of(bench: Bench) -> WhyDialog:
    bench.wait(lambda: bench.window.findChild(WhyDialog) is not None)
    bench.settle()
    found = bench.window.findChild(WhyDialog)
    assert found is not None
    return found


def test_from_the_palette_to_the_approved_request_without_a_restart(
    bench: Bench,
    live: list[bool],
    mine: Database,
    person: str,
    admin: Raw,
    as_role: AsRole,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    palette = palette_of(bench, "neu: partner")
    marked = palette.results.item()
    assert marked is not None
    assert marked.group == WITHHELD
    QTest.keyClick(palette.input, Qt.Key.Key_Return)
    dialog = why_of(bench)
    words = bench.everything()
    assert f"{PARTNER}:insert" in words
    assert "Vertrieb" in words
    assert "Administrator" in words, "who can grant it"
    assert "⟦" not in words
    bench.choose("field.role", "Vertrieb")
    bench.click("dialog.request")
    assert dialog.isVisible(), "without a reason nothing is sent"
    QTest.keyClicks(bench.see("field.reason"), "Messe: Kunden aufnehmen")
    bench.click("dialog.request")
    bench.wait(lambda: "Beantragt" in bench.said())
    request = admin.execute(
        "SELECT id, kind, detail FROM system.approval_request WHERE gains = %s", (person,)
    ).fetchone()
    assert request is not None
    assert request[1:] == ("elevation", "sales_rep")
    inbox = bench.go("approvals.inbox", preset="asked")
    bench.wait(lambda: [row.id for row in inbox.model.rows] == [request[0]])

    bench.wait(
        lambda: live
    )  # from here on the asker does nothing; the server's news reach the window by themselves
    with window_for(as_role("administrator"), tmp_path / "boss", qtbot, PACKAGES) as window:
        boss = Bench(window, qtbot)
        page = boss.go("approvals.inbox", preset="mine")
        boss.wait(lambda: request[0] in [row.id for row in page.model.rows])
        page.table.select_keys([request[0]], request[0])
        boss.settle()
        boss.click("action.approve")
        boss.wait(
            lambda: (
                admin.execute(
                    "SELECT state FROM system.approval_request WHERE id = %s", (request[0],)
                ).fetchone()
                == ("approved",)
            )
        )

    bench.wait(lambda: bench.window.ctx.profile.can(f"{PARTNER}:insert"))
    bench.settle()
    assert mine.profile.elevated == ("sales_rep",)
    bench.window.new_record(PARTNER)
    page = bench.front()
    assert isinstance(page, CustomerPage)
    assert not page.read_only


def test_a_refusal_says_what_was_asked_for_already(bench: Bench, mine: Database, qtbot: QtBot) -> None:
    from app.services.security import assignments

    mine.write(assignments.request_role, assignments.RequestRole("finance", "Monatsabschluss"))
    show_error(bench.window, bench.window.ctx, NotAllowed("invoice_post", right="invoice_post"))
    dialog = why_of(bench)
    words = bench.everything()
    assert "Rechnungen buchen" in words
    assert "Bereits beantragt" in words
    assert bench.find("dialog.request") is None
    bench.click("dialog.copy")
    assert "invoice_post" in QGuiApplication.clipboard().text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def test_roles_for_devices_are_not_shown_to_people(mine: Database) -> None:
    found = mine.read(why, "stock_receive")
    names = {role.role for role in found.roles}
    assert "warehouse_clerk" in names
    assert "terminal" not in names


def test_what_cannot_be_asked_for_is_said_in_the_dialog(
    admin: Raw, bench: Bench, mine: Database, person: str, qtbot: QtBot
) -> None:
    show_error(bench.window, bench.window.ctx, NotAllowed("invoice_post", right="invoice_post"))
    why_of(bench)
    # Meanwhile an administrator gives the very role.
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer,finance}')", (person,))
    bench.choose("field.role", "Buchhaltung")
    QTest.keyClicks(bench.see("field.reason"), "Monatsabschluss")
    bench.click("dialog.request")
    bench.see("why.refused")


@pytest.mark.parametrize(
    ("call", "right"),
    [
        (lambda s: call_api(s, "sec.user_lock", p_login="u_viewer"), "user_lock"),
        (
            lambda s: call_api(s, "sales_order_confirm", p_command=uuid.uuid4(), p_id=1, p_row_version=1),
            "sales_order_confirm",
        ),
        (
            lambda s: s.execute(text("INSERT INTO partners.partner (number, name) VALUES ('1', 'x')")),
            f"{PARTNER}:insert",
        ),
        (lambda s: s.execute(text("UPDATE partners.partner SET name = 'x'")), f"{PARTNER}:update"),
        (lambda s: s.execute(text("SELECT * FROM catalog.product_cost")), "catalog.product_cost:select"),
    ],
)
def test_every_refusal_of_the_server_names_the_right(mine: Database, call: Any, right: str) -> None:
    def try_it(session: Any, _command: None) -> Result[None]:
        call(session)
        return Result(None, NO_CHANGES)

    with pytest.raises(NotAllowed) as refused:
        mine.write(try_it, None)
    assert refused.value.params["right"] == right


def test_a_limit_is_no_right(bench: Bench) -> None:
    refused = NotAllowed("discount_limit", pct=18, limit=12)
    show_error(bench.window, bench.window.ctx, refused)
    bench.wait(lambda: "über Ihrem Limit von 12 %" in bench.everything())
    assert "Fordern Sie eine Freigabe an" in bench.everything()
    assert "discount_limit" not in bench.everything()
    assert bench.window.findChild(WhyDialog) is None


def test_one_question_is_one_round_trip(bench: Bench, counted: Callable[..., object], mine: Database) -> None:
    with counted(mine) as spent:  # type: ignore[attr-defined]
        show_error(bench.window, bench.window.ctx, NotAllowed("invoice_post", right="invoice_post"))
        why_of(bench)
    assert spent.round_trips == 1


def test_a_form_that_can_only_be_read_says_why(bench: Bench, admin: Raw, qtbot: QtBot) -> None:
    bench.open(PARTNER, new_customer(admin, "Nur Ansehen GmbH"))
    bench.click("form.why")
    why_of(bench)
    assert f"{PARTNER}:update" in bench.everything()


def test_a_screen_one_may_not_open_says_so_and_why(bench: Bench, qtbot: QtBot) -> None:
    assert "users" not in bench.window.ctx.registry.workspaces
    bench.window.open_workspace("users")
    notice = bench.window.notices[-1]
    assert "fehlt das Recht" in notice.text
    assert notice.action is not None
    notice.action[1]()
    why_of(bench)
    assert "user_list" in bench.everything()


def test_the_palette_advertises_nothing_one_may_not_do(bench: Bench, qtbot: QtBot) -> None:
    palette = palette_of(bench, "")
    assert not any(item.group == WITHHELD for item in palette.results.items)
    QTest.keyClicks(palette.input, ">")
    assert not any(item.group == WITHHELD for item in palette.results.items)
    QTest.keyClicks(palette.input, "ve")
    assert not any(item.group == WITHHELD for item in palette.results.items)
    QTest.keyClicks(palette.input, "rk")  # the screen that needs user_list is called Verkauf here
    shown = [item for item in palette.results.items if item.group == WITHHELD]
    assert [item.key.split(".")[1] for item in shown] == ["user_list"]


def test_everything_withheld_has_words_in_both_languages(as_role: AsRole) -> None:
    from app.core.i18n import has_text
    from app.views.core.workspace import RecordType, capability_packages

    registry = Registry(as_role("viewer").profile, capability_packages())
    assert registry.withheld
    for thing in registry.withheld:
        right = thing.create_right if isinstance(thing, RecordType) else thing.right
        assert right
        table, _, verb = right.partition(":")
        assert has_text(f"right.{right}") or (
            has_text(f"right.verb.{verb}") and has_text(f"topic.{table}")
        ), right
