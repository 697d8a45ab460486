"""Printing at a terminal, the program put together as at a start: its worker sends, with nobody there too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.bootstrap import Program
from app.core.config import ServerProfile
from app.core.db import ClientInfo, Database, Target
from app.services.printing import station, writes
from app.services.printing.commands import PrintDocument, RequestPrint, SaveRoute, SeeStation
from app.simulate.printers import Printer
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.printing.button import print_documents
from app.views.shell.login import SignedIn
from app.views.terminal.parts import TouchButton
from app.views.terminal.window import TerminalWindow
from tests.db.test_printing import asked, label, printer
from tests.peers.printers import ipp_printer
from tests.peers.sockets import Sink
from tests.views.test_printing_screens import paper
from tests.views.test_terminal import PIN, Hand

__all__ = ["ipp_printer"]
As = Callable[[str], Database]
Raw = psycopg.Connection[Any]
CLERK, MANAGER = "P-1", "P-2"
FINGER = 56


@pytest.fixture(scope="module")
def password(admin_dsn: str) -> str:
    """The device's."""
    with psycopg.connect(admin_dsn, autocommit=True) as raw:
        for badge, login in ((CLERK, "u_warehouse_clerk"), (MANAGER, "u_warehouse_manager")):
            raw.execute("SELECT sec.badge_set(%s, %s, %s)", (login, badge, PIN))
        row = raw.execute("SELECT sec.device_register('t_prints', 'Packtisch', '', '', '{}')").fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture
def started(admin_dsn: str, admin: Raw, password: str, qtbot: QtBot) -> Callable[[], Any]:
    """Starts the program as the device; at the end of the block it is closed."""
    admin.execute("UPDATE printing.job SET state = 'cancelled', claim_until = NULL, ended_at = now()")
    admin.execute("DELETE FROM printing.route")
    target, _ = Target.from_dsn(admin_dsn)

    @contextmanager
    def start() -> Iterator[Hand]:
        address = Target(target.host, target.port, target.dbname, "t_prints")
        db = Database(address, password, client=ClientInfo(version="test"))
        program = Program()
        server = ServerProfile("Prüfung", target.host, target.port, target.dbname)
        program.open_window(SignedIn(db, db.open(), server, False))
        window = program.window
        assert isinstance(window, TerminalWindow)
        hand = Hand(window, qtbot)
        hand.settle()
        try:
            yield hand
        finally:
            window.hide()
            program._window_closed()
            qtbot.wait(1)

    return start


@pytest.fixture
def keeper(as_role: As) -> Database:
    """Who enters printers."""
    return as_role("administrator")


def routed(keeper: Database, target: int) -> None:
    """From now on labels go there."""
    keeper.write(writes.save_route, SaveRoute(None, None, {"kind": "label", "printer_id": target}))


def prints(hand: Hand, *titles: str) -> None:
    """The operator prints."""
    page = hand.window.page
    assert page is not None
    documents = tuple(label(title) for title in titles)
    print_documents(page, hand.window.ctx, "label", lambda _session: documents, ask=False)


def light(hand: Hand) -> str:
    """What the bar says."""
    found = hand.find("terminal.prints")
    return "" if found is None else found.accessibleName()


def state_of(admin: Raw) -> list[tuple[str, str, str]]:
    """State, person and sender of every job, in their order."""
    return admin.execute(
        "SELECT state, requested_by, claimed_by FROM printing.job WHERE state <> 'cancelled' ORDER BY id"
    ).fetchall()


def small(hand: Hand) -> list[str]:
    """Buttons no glove hits."""
    return [
        one.objectName() or one.text()
        for one in hand.window.findChildren(TouchButton)
        if one.isVisible() and min(one.width(), one.height()) < FINGER
    ]


def test_the_terminal_sends_what_is_printed_at_it_and_says_so(
    started: Callable[[], Any], keeper: Database, admin: Raw
) -> None:
    with Sink() as sink, started() as hand:
        routed(keeper, printer(keeper, "Zebra", sink.address))
        assert light(hand) == ""
        hand.sign_on(CLERK)
        hand.wait(lambda: hand.window.page is not None)
        prints(hand, "L1", "L2")
        hand.wait(lambda: sink.jobs == [label("L1").content, label("L2").content])
        hand.wait(lambda: light(hand) == "Gesendet: Zebra")
        assert state_of(admin) == [("sent", "u_warehouse_clerk", "t_prints")] * 2
        hand.press("terminal.prints")
        hand.wait(lambda: "Warehouse Clerk" in hand.words())
        assert "L1" in hand.words()
        assert small(hand) == []
        # A colleague sees it, but has nothing printed once more that he did not ask for.
        job = admin.execute("SELECT min(id) FROM printing.job WHERE state = 'sent'").fetchone()
        assert job is not None
        assert hand.find(f"action.again.{job[0]}") is not None
        hand.press("terminal.sign_off")
        assert "L1" not in hand.words()
        hand.sign_on(MANAGER)
        hand.press("terminal.prints")
        hand.wait(lambda: "L1" in hand.words())
        assert hand.find(f"action.again.{job[0]}") is None


def test_a_printer_that_is_away_says_what_to_do_and_the_rest_goes_out_with_nobody_there(
    started: Callable[[], Any], keeper: Database, admin: Raw
) -> None:
    with Sink() as asleep:
        address = asleep.address
    with Sink() as awake, started() as hand:
        target = printer(keeper, "Eltron", address)
        other = printer(keeper, "Brother", awake.address)
        routed(keeper, target)
        hand.sign_on(CLERK)
        hand.wait(lambda: hand.window.page is not None)
        prints(hand, "W1", "W2", "W3")
        hand.wait(lambda: light(hand) == "Eltron: Nicht erreichbar")
        hand.wait(lambda: "prüfen Sie Kabel und Netz" in hand.words())
        assert small(hand) == []
        hand.press("toast.action")
        hand.wait(lambda: hand.find("terminal.prints_page") is not None)
        ids = [
            row[0] for row in admin.execute("SELECT id FROM printing.job WHERE state = 'waiting' ORDER BY id")
        ]
        hand.press(f"action.other.{ids[2]}")
        hand.press(f"printer.{other}")
        hand.wait(lambda: awake.jobs == [label("W3").content])
        hand.press("terminal.sign_off")
        assert light(hand) == "Eltron: Nicht erreichbar"
        assert "W1" not in hand.words()
        admin.execute("UPDATE printing.printer SET address = %s WHERE id = %s", (awake.address, target))
        admin.execute("UPDATE printing.job SET next_at = now() WHERE state = 'waiting'")
        hand.window.prints.nudge()
        hand.wait(lambda: awake.jobs[1:] == [label("W1").content, label("W2").content])
        hand.wait(lambda: light(hand) == "Gesendet: Eltron")
        hand.wait(lambda: {row[0] for row in state_of(admin)} == {"sent"})
        assert {row[1:] for row in state_of(admin)} == {("u_warehouse_clerk", "t_prints")}


def test_a_job_of_a_printer_out_of_use_says_so_and_nothing_of_its_cables(
    started: Callable[[], Any], keeper: Database, admin: Raw
) -> None:
    with Sink() as asleep:
        address = asleep.address
    with started() as hand:
        target = printer(keeper, "Datamax", address)
        routed(keeper, target)
        hand.sign_on(CLERK)
        hand.wait(lambda: hand.window.page is not None)
        prints(hand, "D1")
        hand.wait(lambda: light(hand) == "Datamax: Nicht erreichbar")
        admin.execute("UPDATE printing.printer SET is_active = false WHERE id = %s", (target,))
        hand.press("toast.action")
        hand.wait(lambda: "Der Drucker ist stillgelegt." in hand.words())
        page = hand.find("terminal.prints_page")
        assert not [one.text() for one in page.findChildren(Label) if "Kabel" in one.text()]


def test_a_session_that_was_ended_comes_back_and_the_rest_goes_out_once(
    started: Callable[[], Any], keeper: Database, admin: Raw
) -> None:
    with Sink() as asleep:
        address = asleep.address
    with Sink() as awake, started() as hand:
        target = printer(keeper, "Intermec", address)
        routed(keeper, target)
        hand.sign_on(CLERK)
        hand.wait(lambda: hand.window.page is not None)
        prints(hand, "S1", "S2")
        hand.wait(lambda: light(hand) == "Intermec: Nicht erreichbar")
        admin.execute("SELECT sec.sessions_end('t_prints', 'killed')")
        admin.execute("UPDATE printing.printer SET address = %s WHERE id = %s", (awake.address, target))
        admin.execute("UPDATE printing.job SET next_at = now() WHERE state = 'waiting'")
        hand.window.prints.nudge()
        hand.wait(lambda: hand.window.operator is None)
        hand.wait(lambda: light(hand) == "Gesendet: Intermec")
        hand.wait(lambda: {row[0] for row in state_of(admin)} == {"sent"})
        assert awake.jobs == [label("S1").content, label("S2").content]


def test_a_printer_that_says_when_it_is_done_is_believed(
    started: Callable[[], Any], keeper: Database, admin: Raw, ipp_printer: Printer
) -> None:
    with started() as hand:
        target = printer(keeper, "Versand", ipp_printer.uri, kind="ipp", language="pdf")
        hand.sign_on(CLERK)
        hand.wait(lambda: hand.window.page is not None)
        command = RequestPrint(
            "slip", (PrintDocument(paper("LS-1"), "LS-1"),), station.secret(), printer_id=target
        )
        WriteOp(hand.window, hand.window.ctx, writes.request, command).start()
        hand.wait(lambda: light(hand) == "Gedruckt: Versand")
        assert state_of(admin) == [("done", "u_warehouse_clerk", "t_prints")]


def test_after_a_crash_the_terminal_says_what_is_unclear_and_prints_it_again_as_a_copy(
    started: Callable[[], Any], keeper: Database, admin: Raw
) -> None:
    with Sink() as sink:
        routed(keeper, printer(keeper, "Unklar", sink.address))
        with started() as hand:
            hand.sign_on(CLERK)
            hand.wait(lambda: hand.window.page is not None)
            prints(hand, "C1")
            hand.wait(lambda: light(hand) == "Gesendet: Unklar")
        # As a program leaves it that dies right after the first byte.
        admin.execute(
            "UPDATE printing.job SET state = 'sending', began_at = now(), ended_at = NULL, "
            "claim_until = now() + interval '10 minutes' WHERE title = 'C1'"
        )
        with started() as hand:
            hand.wait(
                lambda: (
                    admin.execute("SELECT state FROM printing.job WHERE title = 'C1'").fetchone()
                    == ("unclear",)
                )
            )
            hand.sign_on(CLERK)
            hand.wait(lambda: light(hand) == "Ein Druck braucht Sie")
            assert len(sink.jobs) == 1
            hand.press("terminal.prints")
            hand.wait(lambda: "Ob es gedruckt ist, ist unklar." in hand.words())
            job = admin.execute("SELECT id FROM printing.job WHERE title = 'C1'").fetchone()
            assert job is not None
            assert hand.find(f"action.there.{job[0]}") is not None
            assert small(hand) == []
            hand.press(f"action.again.{job[0]}")
            hand.wait(lambda: len(sink.jobs) == 2)
            assert b"Kopie" in sink.jobs[1]
            hand.wait(lambda: light(hand) == "Gesendet: Unklar")


def test_what_the_office_prints_on_the_printer_beside_it_comes_out_and_is_not_shown(
    started: Callable[[], Any], keeper: Database, as_role: As, admin: Raw
) -> None:
    office = as_role("sales_rep")
    with Sink() as sink, started() as hand:
        hand.wait(lambda: admin.execute("SELECT count(*) FROM printing.station").fetchone() != (0,))
        place = keeper.write(writes.see_station, SeeStation(station.secret(), "bench")).value
        target = printer(keeper, "Am Packtisch", sink.address, station_id=place)
        (job,) = asked(office, target, "Lohnliste")
        hand.window.prints.nudge()  # by itself it looks every few seconds
        hand.wait(lambda: sink.jobs)
        hand.wait(
            lambda: (
                admin.execute("SELECT state FROM printing.job WHERE id = %s", (job,)).fetchone() == ("sent",)
            )
        )
        hand.sign_on(CLERK)
        hand.wait(lambda: hand.window.page is not None)
        hand.settle()
        assert light(hand) == ""
        assert not [w for w in hand.window.findChildren(QWidget) if "Lohnliste" in w.accessibleName()]
