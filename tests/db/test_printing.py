"""The queue of printing, as real roles: who may do what, nothing twice, and printers that behave badly."""

import io
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pikepdf
import psycopg
import pytest

from app.cli import main
from app.core.db import Database
from app.core.errors import Invalid, NotAllowed, Refused
from app.services.printing import station, writes
from app.services.printing.commands import (
    Action,
    ActOnJobs,
    Claim,
    PrintDocument,
    Progress,
    RequestPrint,
    SavePrinter,
    SaveRoute,
    SeeStation,
)
from app.services.printing.convert import ZPL
from app.services.printing.stamp import as_copy
from app.simulate.printers import Printer
from app.sync.printing import Outcome, PrintWorker
from tests.peers.printers import ipp_printer
from tests.peers.sockets import Sink, web_server

__all__ = ["ipp_printer"]
As = Callable[[str], Database]
HOUSE = "house-" + "0" * 40
LABELS = "labels-" + "1" * 40
LABEL = b"^XA^FO10,10^FDx^FS^XZ"


def printer(db: Database, name: str, address: str, **values: Any) -> int:
    """A raw label printer, unless told otherwise."""
    given = {"name": name, "kind": "raw", "address": address, "language": "zpl", **values}
    return db.write(writes.save_printer, SavePrinter(None, None, given)).value.id


def label(title: str) -> PrintDocument:
    """A label that says its title."""
    return PrintDocument(LABEL.replace(b"x", title.encode()), title, "catalog.product", 1, ZPL)


def asked(
    db: Database, to: int | None, *titles: str, station: str = HOUSE, kind: str = "label"
) -> tuple[int, ...]:
    """Put labels into the queue."""
    documents = tuple(label(title) for title in titles)
    return db.write(writes.request, RequestPrint(kind, documents, station, printer_id=to)).value.jobs


def state_of(admin: psycopg.Connection[Any], job: int) -> tuple[str, str]:
    """State and reason."""
    row = admin.execute("SELECT state, reason FROM printing.job WHERE id = %s", (job,)).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.fixture
def clerk(as_role: As, admin: psycopg.Connection[Any]) -> Database:
    """Somebody who prints, at a work place that is known; nothing else is waiting."""
    admin.execute("UPDATE printing.job SET state = 'cancelled', claim_until = NULL WHERE ended_at IS NULL")
    db = as_role("sales_rep")
    db.write(writes.see_station, SeeStation(HOUSE, "office", fresh=True))
    return db


def drained(db: Database, secret: str = HOUSE) -> list[Outcome]:
    """Send what can be sent now."""
    found: list[Outcome] = []
    PrintWorker(db, found.append, secret=secret).drain()
    return found


def test_only_who_keeps_printers_changes_them(as_role: As, clerk: Database) -> None:
    with pytest.raises(NotAllowed):
        printer(clerk, "mine", "127.0.0.1:9")
    keeper = as_role("administrator")
    with pytest.raises(Invalid, match="printer_system_has_station"):
        printer(keeper, "local", "Brother", kind="system")
    first = printer(keeper, "Route A", "127.0.0.1:9")
    second = printer(keeper, "Route B", "127.0.0.1:9")
    with pytest.raises(Refused, match="print_no_printer"):
        asked(clerk, None, "nowhere")
    for kind, role, target in (("", "", first), ("label", "sales_rep", second)):
        values = {"kind": kind, "role": role, "printer_id": target, "copies": 2 if role else 1}
        keeper.write(writes.save_route, SaveRoute(None, None, values))
    assert (
        clerk.write(writes.request, RequestPrint("invoice", (label("a"),), HOUSE)).value.printer == "Route A"
    )
    request = RequestPrint("label", (label("b"),), HOUSE)
    once = clerk.write(writes.request, request).value
    assert once.printer == "Route B"
    assert clerk.write(writes.request, request).value == once  # the same command again prints nothing more
    with pytest.raises(Refused, match="print_documents"):
        clerk.write(writes.request, RequestPrint("label", (), HOUSE))
    with pytest.raises(Refused, match="print_copies_range"):
        clerk.write(writes.request, RequestPrint("label", (label("c"),), HOUSE, copies=1000))


def test_jobs_and_their_content_are_seen_by_who_asked(
    as_role: As, clerk: Database, raw_role: Callable[..., psycopg.Connection[Any]]
) -> None:
    target = printer(as_role("administrator"), "Private", "127.0.0.1:9")
    (job,) = asked(clerk, target, "salary list")
    other = raw_role("marketing", ticket=True)
    assert other.execute("SELECT count(*) FROM printing.job WHERE id = %s", (job,)).fetchone() == (0,)
    for call in (f"SELECT api.print_content({job}, 0)", f"SELECT api.print_content({job}, 1)"):
        with pytest.raises(psycopg.Error, match="print_job_gone"):
            other.execute(call)
    assert other.execute(f"SELECT api.print_progress({job}, 0, 'done')").fetchone() == (False,)
    with pytest.raises(psycopg.Error, match="print_nothing_to_do"):
        other.execute("SELECT api.print_act(%s, %s, 'cancel', NULL)", (uuid.uuid4(), [job]))
    with pytest.raises(psycopg.Error, match="print_manage"):
        other.execute("SELECT api.print_manage(%s, %s, 'cancel', NULL)", (uuid.uuid4(), [job]))
    other.execute("SELECT api.print_station_seen(%s, 'spy', '[]', true)", ("s" * 40,))
    answer = other.execute("SELECT api.print_claim(%s, 60)", ("s" * 40,)).fetchone()
    assert answer is not None
    assert answer[0]["job"] is None
    for statement in (
        "UPDATE printing.job SET state = 'done'",
        "DELETE FROM printing.job",
        "INSERT INTO printing.station (code, name) VALUES ('x', 'y')",
    ):
        with pytest.raises(psycopg.Error, match="permission denied"):
            other.execute(statement)
    manager = raw_role("warehouse_manager", ticket=True)
    assert manager.execute("SELECT count(*) FROM printing.job WHERE id = %s", (job,)).fetchone() == (1,)
    manager.execute("SELECT api.print_manage(%s, %s, 'cancel', NULL)", (uuid.uuid4(), [job]))


def test_a_hundred_in_one_go_come_out_in_order(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any]
) -> None:
    with Sink(answers={}) as sink:
        target = printer(as_role("administrator"), "Batch", sink.address, language="zpl")
        admin.execute(
            "INSERT INTO printing.printer_status (printer_id, capabilities) VALUES (%s, %s)",
            (target, json.dumps({"formats": ["application/vnd.zebra-zpl"], "answers": False})),
        )
        titles = [f"N{number:03d}" for number in range(100)]
        jobs = asked(clerk, target, *titles)
        hold = ActOnJobs((jobs[0],), "hold")
        clerk.write(writes.act, hold)
        assert len(drained(clerk)) == 99
        assert sink.jobs == [LABEL.replace(b"x", title.encode()) for title in titles[1:]]
        clerk.write(writes.act, ActOnJobs((jobs[0],), "release"))
        drained(clerk)
        assert sink.jobs[-1] == LABEL.replace(b"x", b"N000")
        assert {state_of(admin, job)[0] for job in jobs} == {"sent"}
        # Again: as a copy, and it says so.
        clerk.write(writes.act, ActOnJobs((jobs[5],), "again"))
        drained(clerk)
        assert b"^FDKopie^FS^XZ" in sink.jobs[-1]


def test_a_thousand_jobs_wait_for_a_printer_that_sleeps(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any]
) -> None:
    with Sink() as asleep:
        address = asleep.address
    keeper = as_role("administrator")
    target = printer(keeper, "Asleep", address)
    jobs = asked(clerk, target, *(f"J{number}" for number in range(1000)))
    told = drained(clerk)
    # One try for all of them, and nobody is told a thousand times.
    assert [(one.state, one.reason, one.first) for one in told] == [("waiting", "printer_away", True)]
    assert state_of(admin, jobs[0]) == ("waiting", "printer_away")
    assert drained(clerk) == []
    row = admin.execute(
        "SELECT status FROM printing.printer_status WHERE printer_id = %s", (target,)
    ).fetchone()
    assert row == ("offline",)
    with Sink() as other:
        awake = printer(keeper, "Awake", other.address, language="zpl")
        clerk.write(writes.act, ActOnJobs(jobs[:2], "redirect", awake))
        clerk.write(writes.act, ActOnJobs(jobs[2:], "cancel"))
        assert [one.state for one in drained(clerk)] == ["sent", "sent"]
        assert [b"J0" in other.jobs[0], b"J1" in other.jobs[1]] == [True, True]


def test_a_wrong_path_is_told_as_one_and_the_job_waits(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any]
) -> None:
    keeper = as_role("administrator")
    with web_server(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as port:
        target = printer(keeper, "Wrong path", f"ipp://127.0.0.1:{port}/nowhere", kind="ipp", language="pdf")
        (job,) = asked(clerk, target, "lost way")
        (told,) = drained(clerk)
        assert (told.state, told.reason, told.detail) == ("waiting", "printer_no_path", "HTTP 404")
        assert state_of(admin, job) == ("waiting", "printer_no_path")
    row = admin.execute(
        "SELECT status, reasons FROM printing.printer_status WHERE printer_id = %s", (target,)
    ).fetchone()
    assert row == ("attention", "printer_no_path, HTTP 404")


def test_what_was_lost_in_mid_job_is_printed_again_by_people_only(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any]
) -> None:
    keeper = as_role("administrator")
    with Sink(mode="cut") as sink:
        target = printer(keeper, "Cut", sink.address)
        big = PrintDocument(b"^XA" + b"0" * 3_000_000 + b"^XZ", "big", mime=ZPL)
        (job,) = clerk.write(
            writes.request, RequestPrint("label", (big,), HOUSE, printer_id=target)
        ).value.jobs
        drained(clerk)
        assert state_of(admin, job) == ("unclear", "printer_cut")
        assert drained(clerk) == []
        # A crash: claimed, begun, and the work place starts anew.
        (lost, safe) = (asked(clerk, target, "lost")[0], 0)
        held = clerk.write(writes.claim, Claim(HOUSE)).value["job"]
        assert held["id"] == lost
        assert clerk.write(writes.progress, Progress(lost, held["fence"], "began")).value
        clerk.write(writes.see_station, SeeStation(HOUSE, "office", fresh=True))
        assert state_of(admin, lost) == ("unclear", "print_lost")
        assert not clerk.write(writes.progress, Progress(lost, held["fence"], "done")).value
        safe = asked(clerk, target, "safe")[0]
        held = clerk.write(writes.claim, Claim(HOUSE)).value["job"]
        clerk.write(writes.see_station, SeeStation(HOUSE, "office", fresh=True))
        assert state_of(admin, safe) == ("waiting", "")
        # The claim that was lost says nothing any more, even when somebody else has it now.
        again = clerk.write(writes.claim, Claim(HOUSE)).value["job"]
        assert again["fence"] == held["fence"] + 1
        assert not clerk.write(writes.progress, Progress(safe, held["fence"], "began")).value
        clerk.write(writes.progress, Progress(safe, again["fence"], "failed", reason="printer_format"))
        (copy,) = clerk.write(writes.act, ActOnJobs((lost,), "again")).value
        found = admin.execute("SELECT is_copy, copy_of FROM printing.job WHERE id = %s", (copy,)).fetchone()
        assert found == (True, lost)
        (retry,) = clerk.write(writes.act, ActOnJobs((safe,), "again")).value
        assert admin.execute("SELECT is_copy FROM printing.job WHERE id = %s", (retry,)).fetchone() == (
            False,
        )


def test_a_second_window_of_a_person_takes_nothing_from_the_first(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any]
) -> None:
    """Nor does `werkbank print --once` beside a window: only who starts alone knows that nothing is on its way."""
    target = printer(as_role("administrator"), "Two windows", "127.0.0.1:9")
    first, second = PrintWorker(clerk), PrintWorker(clerk)
    first.prepare()
    (job,) = asked(clerk, target, "under way", station=station.secret())
    held = clerk.write(writes.claim, Claim(station.secret())).value["job"]
    assert clerk.write(writes.progress, Progress(job, held["fence"], "began")).value
    second.prepare()
    assert state_of(admin, job) == ("sending", "")
    first.ended()
    second.ended()
    third = PrintWorker(clerk)
    third.prepare()
    third.ended()
    assert state_of(admin, job) == ("unclear", "print_lost")


@pytest.mark.parametrize(
    ("action", "state"), [("redirect", "waiting"), ("cancel", "cancelled"), ("hold", "held")]
)
def test_a_job_that_is_only_tried_can_be_taken_away(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any], action: Action, state: str
) -> None:
    """A printer that is away is tried for seconds, again and again; until something leaves the job is its owner's."""
    keeper = as_role("administrator")
    dead, other = (printer(keeper, f"{name} {action}", "127.0.0.1:9") for name in ("Dead", "Other"))
    (job,) = asked(clerk, dead, "tried")
    held = clerk.write(writes.claim, Claim(HOUSE)).value["job"]
    to = other if action == "redirect" else None
    assert clerk.write(writes.act, ActOnJobs((job,), action, to)).value == (job,)
    assert state_of(admin, job) == (state, "")
    assert not clerk.write(writes.progress, Progress(job, held["fence"], "began")).value
    assert not clerk.write(writes.progress, Progress(job, held["fence"], "waiting")).value
    assert state_of(admin, job) == (state, "")
    # What has begun to leave is nobody's to move.
    (begun,) = asked(clerk, other, "begun")
    if state != "cancelled":
        clerk.write(writes.act, ActOnJobs((job,), "cancel"))
    held = clerk.write(writes.claim, Claim(HOUSE)).value["job"]
    assert held["id"] == begun
    clerk.write(writes.progress, Progress(begun, held["fence"], "began"))
    with pytest.raises(Refused, match="print_nothing_to_do"):
        clerk.write(writes.act, ActOnJobs((begun,), action, dead if to else None))


def test_a_document_that_cannot_be_printed_ends_and_the_next_one_comes(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The word "copy" cannot be put on what is no PDF: that is the end of the job, not of the queue behind it."""
    with Sink() as sink:
        target = printer(as_role("administrator"), "Broken", sink.address)
        broken = PrintDocument(b"%PDF-1.4 no more than that", "broken")
        (job,) = clerk.write(
            writes.request, RequestPrint("label", (broken,), HOUSE, printer_id=target)
        ).value.jobs
        admin.execute("UPDATE printing.job SET is_copy = true WHERE id = %s", (job,))
        (behind,) = asked(clerk, target, "behind")
        drained(clerk)
        assert state_of(admin, job) == ("failed", "printer_trouble")
        assert state_of(admin, behind)[0] == "sent"
    assert "could not be printed" in caplog.text
    caplog.clear()


def test_a_work_place_offers_printers_and_nothing_else(raw_role: Callable[..., Any]) -> None:
    for odd in ('"printer"', '["printer"]', "[[]]"):
        with pytest.raises(psycopg.Error, match="print_station_offers"):
            raw_role("viewer", ticket=True).execute(
                "SELECT api.print_station_seen(%s, 'x', %s, false)", ("z" * 40, odd)
            )


def test_a_printer_gets_one_job_at_a_time(as_role: As, clerk: Database) -> None:
    target = printer(as_role("administrator"), "Single", "127.0.0.1:9")
    asked(clerk, target, "first", "second")
    manager = as_role("warehouse_manager")
    manager.write(writes.see_station, SeeStation("m" * 40, "gateway"))
    begin, got = threading.Barrier(2), list[Any]()

    def claiming(db: Database, secret: str) -> None:
        begin.wait(60)
        got.append(db.write(writes.claim, Claim(secret)).value["job"])

    threads = [threading.Thread(target=claiming, args=pair) for pair in ((clerk, HOUSE), (manager, "m" * 40))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    titles = [one["title"] for one in got if one is not None]
    assert titles == ["first"]


def test_a_work_place_prints_for_the_house_on_its_own_printer(as_role: As, clerk: Database) -> None:
    keeper, packer = as_role("administrator"), as_role("warehouse_clerk")
    offers = [{"name": "Zebra USB"}]
    place = packer.write(writes.see_station, SeeStation(LABELS, "packing", offers)).value
    with Sink() as sink:
        target = printer(keeper, "Packing", sink.address, station_id=place)
        asked(clerk, target, "from the office")
        assert drained(clerk) == []
        assert [one.state for one in drained(packer, LABELS)] == ["sent"]
        assert len(sink.jobs) == 1


def test_an_ipp_printer_says_that_it_is_done(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any], ipp_printer: Printer
) -> None:
    target = printer(as_role("administrator"), "IPP", ipp_printer.uri, kind="ipp", language="pdf")
    done = threading.Event()
    seen: list[Outcome] = []

    def told(outcome: Outcome) -> None:
        seen.append(outcome)
        if outcome.state == "done":
            done.set()

    worker = PrintWorker(clerk, told, secret=HOUSE)
    worker.start()
    try:
        kept = io.BytesIO()
        with pikepdf.new() as blank:
            blank.add_blank_page(page_size=(595, 842))
            blank.save(kept)
        document = PrintDocument(kept.getvalue(), "Rechnung RE-1")
        (job,) = clerk.write(
            writes.request, RequestPrint("invoice", (document,), HOUSE, printer_id=target)
        ).value.jobs
        worker.nudge()
        assert done.wait(60), seen
    finally:
        worker.stop(60)
    assert state_of(admin, job) == ("done", "")
    row = admin.execute(
        "SELECT status, capabilities ->> 'model' FROM printing.printer_status WHERE printer_id = %s",
        (target,),
    ).fetchone()
    assert row is not None
    assert row[1]
    assert b"/Font" in as_copy(kept.getvalue(), "application/pdf", "en")
    trail = admin.execute(
        "SELECT count(*) FROM audit.entry WHERE table_name = 'printing.job' AND record_id = %s", (job,)
    )
    assert trail.fetchone()[0] >= 4  # type: ignore[index]


def test_the_command_prints_lists_and_tests(
    as_role: As,
    clerk: Database,
    role_dsn: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    keeper = as_role("administrator")
    with Sink() as sink:
        target = printer(keeper, "Commanded", sink.address)
        (job,) = asked(clerk, target, "by command")
        # Whoever may manage the queue sends what others asked for; who may not does not even see it.
        assert main(["print", "--list", "--dsn", role_dsn("marketing")]) == 0
        told = capsys.readouterr()
        assert "by command" not in told.out
        assert "that this login may see" in told.err
        assert main(["print", "--list", "--dsn", role_dsn("warehouse_manager")]) == 0
        assert "by command" in capsys.readouterr().out
        assert main(["print", "--once", "--dsn", role_dsn("warehouse_manager")]) == 0
        assert capsys.readouterr().out.startswith(f"{job}  by command  Commanded  sent")
        assert sink.jobs == [LABEL.replace(b"x", b"by command")]
        assert main(["print", "--test", "Commanded", "--dsn", role_dsn("warehouse_manager")]) == 0
        assert sink.jobs[1].startswith(b"^XA^PW")  # a page, as the label printer's dots
    assert main(["print", "--printers", "--dsn", role_dsn("warehouse_manager")]) == 0
    assert f"Commanded  unknown  raw {sink.address}  0 waiting" in capsys.readouterr().out
    assert main(["print", "--test", "nowhere", "--dsn", role_dsn("warehouse_manager")]) == 3
