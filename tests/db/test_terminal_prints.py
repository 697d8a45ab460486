"""What terminals send, as real devices: their own jobs and those of their printers, with nobody there too; no more."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import psycopg
import pytest

from app.core.db import ClientInfo, Database, Target
from app.core.errors import AppError, NotAllowed
from app.core.paging import ListQuery
from app.services.printing import reads, writes
from app.services.printing.commands import ActOnJobs, Claim, NoteStatus, Progress, SeeStation
from app.services.security.devices import SignOff, SignOn, sign_off, sign_on
from app.sync.printing import PrintWorker
from tests.db.test_printing import HOUSE, asked, drained, label, printer, state_of
from tests.db.test_terminals import PIN
from tests.peers.sockets import Sink

As = Callable[[str], Database]
Raw = psycopg.Connection[Any]
BENCH, GATE = "bench-" + "2" * 40, "gate-" + "3" * 40
CLERK, MANAGER = "T-1", "T-2"


class Devices(NamedTuple):
    """Two terminals with their programs' secrets; nobody is signed on."""

    bench: Database
    gate: Database


@pytest.fixture(scope="module")
def passwords(admin_dsn: str) -> dict[str, str]:
    """Of the devices; two people have a badge."""
    with psycopg.connect(admin_dsn, autocommit=True) as raw:
        for badge, login in ((CLERK, "u_warehouse_clerk"), (MANAGER, "u_warehouse_manager")):
            raw.execute("SELECT sec.badge_set(%s, %s, %s)", (login, badge, PIN))
        found = {}
        for login in ("t_print_bench", "t_print_gate"):
            row = raw.execute("SELECT sec.device_register(%s, %s, '', '', '{}')", (login, login)).fetchone()
            assert row is not None
            found[login] = str(row[0])
    return found


@pytest.fixture
def devices(admin_dsn: str, admin: Raw, passwords: dict[str, str]) -> Iterator[Devices]:
    """Both, started just now; nothing is waiting."""
    admin.execute("UPDATE printing.job SET state = 'cancelled', claim_until = NULL WHERE ended_at IS NULL")
    target, _ = Target.from_dsn(admin_dsn)
    opened = []
    for login, password in passwords.items():
        db = Database(
            Target(target.host, target.port, target.dbname, login),
            password,
            client=ClientInfo(version="test"),
        )
        db.open()
        opened.append(db)
    found = Devices(*opened)
    found.bench.write(writes.see_station, SeeStation(BENCH, "bench", fresh=True))
    found.gate.write(writes.see_station, SeeStation(GATE, "gate", fresh=True))
    yield found
    for db in opened:
        db.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A label printer that takes everything."""
    with Sink() as listening:
        yield listening


def signed_on(db: Database, badge: str = CLERK) -> None:
    """Somebody starts to work."""
    answer = db.write(sign_on, SignOn(badge, PIN)).value
    assert not isinstance(answer, str), answer


def signed_off(db: Database) -> None:
    """He goes."""
    db.write(sign_off, SignOff())


def refused(db: Database, fn: Any, command: Any) -> str:
    """The key of a refusal; empty when there is none."""
    try:
        db.write(fn, command)
    except AppError as error:
        return error.key
    return ""


def content(db: Database, job: int, fence: int) -> bytes:
    """What the job prints, if this login is told."""
    from app.sync.printing import _content

    return db.read(_content, job, fence)


def whose(admin: Raw, job: int) -> tuple[str, str, str]:
    """Person, login, and who sent it."""
    row = admin.execute(
        "SELECT requested_by, login, claimed_by FROM printing.job WHERE id = %s", (job,)
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def test_a_terminal_sends_what_was_asked_for_at_it_whoever_stands_there(
    devices: Devices, as_role: As, admin: Raw, sink: Sink
) -> None:
    target = printer(as_role("administrator"), "At the bench", sink.address)
    db = devices.bench
    signed_on(db)
    first = asked(db, target, "A", station=BENCH)
    assert [one.state for one in drained(db, BENCH)] == ["sent"]
    # He asks for three and goes before the second leaves: the rest comes out with nobody there.
    batch = asked(db, target, "B1", "B2", "B3", station=BENCH)
    worker = PrintWorker(db, lambda _: None, secret=BENCH)
    worker.prepare()
    assert worker.once() is None
    signed_off(db)
    assert db.read(reads.at_terminal) == ()
    assert worker.drain() == 2
    assert sink.jobs == [label(title).content for title in ("A", "B1", "B2", "B3")]
    # Who wanted it is the person, who sent it the device; so says the printer, and so says the trail.
    for job in (*first, *batch):
        assert whose(admin, job) == ("u_warehouse_clerk", "t_print_bench", "t_print_bench")
    trail = admin.execute(
        "SELECT login, operator, op FROM audit.entry WHERE table_name = 'printing.job' AND record_id = %s ORDER BY id",
        (batch[2],),
    ).fetchall()
    assert trail[0] == ("t_print_bench", "u_warehouse_clerk", "I")
    assert trail[-1] == ("t_print_bench", None, "U")
    # In the office it is his.
    desk = as_role("warehouse_clerk")
    his = desk.read(reads.list_jobs, ListQuery(sort="id", preset="mine", limit=50)).rows
    assert set(batch) <= {row.id for row in his}
    assert content(desk, batch[0], 0) == label("B1").content


def test_what_waited_over_night_goes_out_when_the_printer_is_back(
    devices: Devices, as_role: As, admin: Raw
) -> None:
    with Sink() as asleep:
        address = asleep.address
    keeper = as_role("administrator")
    target = printer(keeper, "Asleep at the bench", address)
    signed_on(devices.bench)
    jobs = asked(devices.bench, target, "N1", "N2", station=BENCH)
    signed_off(devices.bench)
    assert [(one.state, one.reason) for one in drained(devices.bench, BENCH)] == [("waiting", "printer_away")]
    status = "SELECT status FROM printing.printer_status WHERE printer_id = %s"
    assert admin.execute(status, (target,)).fetchone() == ("offline",)
    with Sink() as awake:
        admin.execute("UPDATE printing.printer SET address = %s WHERE id = %s", (awake.address, target))
        admin.execute("UPDATE printing.job SET next_at = now() WHERE state = 'waiting'")
        assert [one.state for one in drained(devices.bench, BENCH)] == ["sent", "sent"]
        assert len(awake.jobs) == 2
    assert {state_of(admin, job)[0] for job in jobs} == {"sent"}


def test_a_terminal_gets_nothing_that_is_not_its_own(
    devices: Devices, as_role: As, admin: Raw, sink: Sink, passwords: dict[str, str]
) -> None:
    keeper, office = as_role("administrator"), as_role("sales_rep")
    office.write(writes.see_station, SeeStation(HOUSE, "office", fresh=True))
    target = printer(keeper, "Everybody's", sink.address)
    gates = printer(
        keeper,
        "The gate's",
        sink.address,
        station_id=devices.gate.write(writes.see_station, SeeStation(GATE, "gate")).value,
    )
    signed_on(devices.gate)
    others = (
        *asked(office, target, "salaries"),
        *asked(office, gates, "for the gate"),
        *asked(devices.gate, target, "at the gate", station=GATE),
    )
    for operator in ("", CLERK, MANAGER):  # even with somebody who may send everybody's jobs in the office
        if operator:
            signed_on(devices.bench, operator)
        assert devices.bench.write(writes.claim, Claim(BENCH)).value["job"] is None
        assert [row.id for row in devices.bench.read(reads.at_terminal)] == []
        for job in others:
            for fence in (0, 1, 2):
                with pytest.raises(AppError, match="print_job_gone"):
                    content(devices.bench, job, fence)
            assert devices.bench.write(writes.progress, Progress(job, 0, "done")).value is False
            act = ActOnJobs((job,), "cancel")
            assert refused(devices.bench, writes.act, act) == (
                "print_nothing_to_do" if operator else "print_act"
            )
    # A device knows the secret of its own work place only, and one it makes up opens nothing.
    assert refused(devices.bench, writes.claim, Claim("guess-" + "9" * 40)) == "print_station_unknown"
    devices.bench.write(writes.see_station, SeeStation("guess-" + "9" * 40, "bench"))
    assert devices.bench.write(writes.claim, Claim("guess-" + "9" * 40)).value["job"] is None
    # What another one is sending is not its to end, whatever number it guesses.
    held = devices.gate.write(writes.claim, Claim(GATE)).value["job"]
    for fence in range(4):
        assert devices.bench.write(writes.progress, Progress(held["id"], fence, "done")).value is False
        with pytest.raises(AppError, match="print_job_gone"):
            content(devices.bench, held["id"], fence)
    assert state_of(admin, held["id"])[0] == "sending"
    raw = psycopg.connect(
        host=devices.bench.target.host,
        port=devices.bench.target.port,
        dbname=devices.bench.target.dbname,
        user="t_print_bench",
        password=passwords["t_print_bench"],
        autocommit=True,
    )
    with raw:
        for statement in (
            "SELECT bytes FROM documents.content",
            "UPDATE printing.job SET login = 't_print_bench'",
        ):
            with pytest.raises(psycopg.Error, match="permission denied"):
                raw.execute(statement)
        with pytest.raises(psycopg.Error, match="session_missing"):
            raw.execute("SELECT api.print_claim(%s, 60)", (BENCH,))  # no ticket, no job


def test_a_device_has_what_it_prints_only_while_it_prints_it(
    devices: Devices, as_role: As, admin: Raw, sink: Sink
) -> None:
    target = printer(as_role("administrator"), "Once", sink.address)
    signed_on(devices.bench)
    (job,) = asked(devices.bench, target, "once", station=BENCH)
    with pytest.raises(AppError, match="print_job_gone"):
        content(devices.bench, job, 0)
    held = devices.bench.write(writes.claim, Claim(BENCH)).value["job"]
    assert held["id"] == job
    assert held["person"] == "Warehouse Clerk"
    signed_off(devices.bench)
    with pytest.raises(AppError, match="print_job_gone"):
        content(devices.bench, job, held["fence"] - 1)
    assert content(devices.bench, job, held["fence"]) == label("once").content
    assert devices.bench.write(writes.progress, Progress(job, held["fence"], "began")).value
    assert devices.bench.write(writes.progress, Progress(job, held["fence"], "sent")).value
    for operator in ("", CLERK):
        if operator:
            signed_on(devices.bench, operator)
        with pytest.raises(AppError, match="print_job_gone"):
            content(devices.bench, job, held["fence"])


def test_a_device_says_how_a_printer_is_only_of_the_one_it_sends_to(
    devices: Devices, as_role: As, admin: Raw, sink: Sink
) -> None:
    target = printer(as_role("administrator"), "Said of", sink.address)
    lie = NoteStatus(target, "offline", "", {"formats": []})
    for operator in ("", CLERK):
        if operator:
            signed_on(devices.bench, operator)
        assert refused(devices.bench, writes.note_status, lie) == "print_job_gone"
    asked(devices.bench, target, "said", station=BENCH)
    held = devices.bench.write(writes.claim, Claim(BENCH)).value["job"]
    assert refused(devices.gate, writes.note_status, lie) == "print_job_gone"
    assert devices.bench.write(writes.note_status, NoteStatus(target, "idle")).value
    devices.bench.write(writes.progress, Progress(held["id"], held["fence"], "sent"))
    assert refused(devices.bench, writes.note_status, lie) == "print_job_gone"


def test_a_terminal_prints_for_the_house_on_the_printer_beside_it(
    devices: Devices, as_role: As, admin: Raw, sink: Sink
) -> None:
    keeper, office = as_role("administrator"), as_role("sales_rep")
    office.write(writes.see_station, SeeStation(HOUSE, "office", fresh=True))
    place = devices.bench.write(writes.see_station, SeeStation(BENCH, "bench", [{"name": "Zebra USB"}])).value
    target = printer(keeper, "Zebra at the bench", sink.address, station_id=place)
    (job,) = asked(office, target, "from the office")
    signed_on(devices.gate)
    (other,) = asked(devices.gate, target, "from the gate", station=GATE)
    assert drained(office) == []
    assert drained(devices.gate, GATE) == []
    told = drained(devices.bench, BENCH)
    assert [(one.job_id, one.state, one.own) for one in told] == [
        (job, "sent", False),
        (other, "sent", False),
    ]
    assert whose(admin, job) == ("u_sales_rep", "u_sales_rep", "t_print_bench")
    signed_on(devices.bench)
    assert devices.bench.read(reads.at_terminal) == (), "what the office prints is nothing to look at here"
    with pytest.raises(AppError, match="print_job_gone"):
        content(devices.bench, job, 1)


def test_after_a_crash_nothing_comes_out_twice_and_what_is_unclear_says_so(
    devices: Devices, as_role: As, admin: Raw, sink: Sink
) -> None:
    target = printer(as_role("administrator"), "Crash", sink.address)
    db = devices.bench
    signed_on(db)
    (lost, safe) = asked(db, target, "lost", "safe", station=BENCH)
    held = db.write(writes.claim, Claim(BENCH)).value["job"]
    assert db.write(writes.progress, Progress(lost, held["fence"], "began")).value
    # The program dies here. It comes back with nobody signed on, and goes on with what is behind.
    signed_off(db)
    assert [(one.job_id, one.state) for one in drained(db, BENCH)] == [(safe, "sent")]
    assert state_of(admin, lost) == ("unclear", "print_lost")
    assert drained(db, BENCH) == []
    assert len(sink.jobs) == 1
    signed_on(db)
    shown = db.read(reads.at_terminal)
    assert [(row.id, row.state) for row in shown] == [(lost, "unclear"), (safe, "sent")]
    # Claimed and not begun: it goes out once.
    (again,) = asked(db, target, "again", station=BENCH)
    assert db.write(writes.claim, Claim(BENCH)).value["job"]["id"] == again
    assert [(one.job_id, one.state) for one in drained(db, BENCH)] == [(again, "sent")]
    # Printed once more by him who asked for it, and it says that it is a copy.
    (copy,) = db.write(writes.act, ActOnJobs((lost,), "again")).value
    drained(db, BENCH)
    assert b"Kopie" in sink.jobs[-1]
    assert whose(admin, copy)[:2] == ("u_warehouse_clerk", "t_print_bench")


def test_a_colleague_helps_with_what_waits_but_has_nothing_printed_once_more(
    devices: Devices, as_role: As, admin: Raw, sink: Sink
) -> None:
    keeper = as_role("administrator")
    target, other = printer(keeper, "Broken one", sink.address), printer(keeper, "Other one", sink.address)
    db = devices.bench
    signed_on(db)
    waits, moved, gone = asked(db, target, "waits", "moved", "gone", station=BENCH)
    (printed,) = asked(db, other, "printed", station=BENCH)
    db.write(writes.act, ActOnJobs((waits, moved, gone), "hold"))
    drained(db, BENCH)
    signed_on(db, MANAGER)
    assert {row.id for row in db.read(reads.at_terminal)} == {waits, moved, gone, printed}
    for action, to in (("again", None), ("redirect", other)):
        again = ActOnJobs((printed,), action, to)  # type: ignore[arg-type]
        assert refused(db, writes.act, again) == "print_nothing_to_do"
    db.write(writes.act, ActOnJobs((waits,), "release"))
    db.write(writes.act, ActOnJobs((moved,), "redirect", other))
    db.write(writes.act, ActOnJobs((moved,), "release"))
    db.write(writes.act, ActOnJobs((gone,), "cancel"))
    with pytest.raises(NotAllowed):
        db.write(writes.act, ActOnJobs((printed,), "again", all_people=True))
    assert len(drained(db, BENCH)) == 2
    assert state_of(admin, gone)[0] == "cancelled"
    assert whose(admin, moved)[:2] == ("u_warehouse_clerk", "t_print_bench"), "it is still whose it was"
    # From his desk, who asked for it may; then his own program sends it.
    desk = as_role("warehouse_clerk")
    (copy,) = desk.write(writes.act, ActOnJobs((printed,), "again")).value
    assert whose(admin, copy)[:2] == ("u_warehouse_clerk", "u_warehouse_clerk")
    assert drained(db, BENCH) == []


def test_two_terminals_at_once_send_each_their_own(
    devices: Devices, as_role: As, admin: Raw, sink: Sink
) -> None:
    target = printer(as_role("administrator"), "Shared", sink.address)
    jobs: dict[str, tuple[int, ...]] = {}
    for db, secret in zip(devices, (BENCH, GATE), strict=True):
        signed_on(db)
        jobs[db.profile.login] = asked(db, target, *(f"{secret[:4]}{n}" for n in range(5)), station=secret)
    begin = threading.Barrier(2)

    def sends(db: Database, secret: str) -> None:
        begin.wait(10)
        for _ in range(200):
            drained(db, secret)
            left = "SELECT count(*) FROM printing.job WHERE state IN ('waiting', 'sending') AND login = %s"
            with psycopg.connect(admin.info.dsn, password=admin.info.password, autocommit=True) as look:
                if look.execute(left, (db.profile.login,)).fetchone() == (0,):
                    return

    threads = [threading.Thread(target=sends, args=pair) for pair in zip(devices, (BENCH, GATE), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for login, mine in jobs.items():
        for job in mine:
            assert state_of(admin, job) == ("sent", "")
            assert whose(admin, job) == ("u_warehouse_clerk", login, login)
    said = b"".join(sink.jobs)
    assert len(sink.jobs) == 10
    for start in ("benc", "gate"):
        places = [said.index(f"{start}{n}".encode()) for n in range(5)]
        assert places == sorted(places)


def test_without_an_operator_nothing_is_asked_for_or_changed(
    devices: Devices, as_role: As, sink: Sink
) -> None:
    target = printer(as_role("administrator"), "Asks", sink.address)
    with pytest.raises(NotAllowed):
        asked(devices.bench, target, "nobody", station=BENCH)
    for action in ("hold", "release", "cancel", "redirect", "again"):
        with pytest.raises(NotAllowed):
            devices.bench.write(writes.act, ActOnJobs((1,), action, target))
