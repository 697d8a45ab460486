"""What waits and why: printers that are away or out of use, work places that are told apart."""

import getpass
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from app.cli import main
from app.commands import FAILED, WAITING
from app.core.db import Database
from app.core.paging import ListQuery
from app.services.printing import reads, station, writes
from app.services.printing.commands import ActOnJobs, SaveRoute, SeeStation
from tests.db.test_printing import As, asked, clerk, drained, printer
from tests.peers.sockets import Sink

__all__ = ["clerk"]


def test_the_command_says_what_still_waits_and_until_when(
    as_role: As,
    clerk: Database,
    admin: psycopg.Connection[Any],
    role_dsn: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    keeper, once = as_role("administrator"), ["print", "--once", "--dsn", role_dsn("warehouse_manager")]
    with Sink() as gone:
        target = printer(keeper, "Switched off", gone.address)
    other = printer(keeper, "Laid up", "127.0.0.1:9")
    jobs = asked(clerk, target, "one", "two")
    (laid_up,) = asked(clerk, other, "for later")
    admin.execute("UPDATE printing.printer SET is_active = false WHERE id = %s", (other,))
    assert main(once) == WAITING
    told = capsys.readouterr()
    assert "waiting printer_away" in told.out
    row = admin.execute("SELECT next_at FROM printing.job WHERE id = %s", (jobs[1],)).fetchone()
    assert row is not None
    assert "1 jobs.\n2 wait; the next try is at " in told.err
    assert main(once) == WAITING  # nothing is due, and nothing is tried
    assert "0 jobs.\n2 wait" in capsys.readouterr().err
    main(["print", "--list", "--dsn", role_dsn("warehouse_manager")])
    assert f"{laid_up}  " in (said := capsys.readouterr().out)
    assert "Laid up  waiting printer_out_of_use" in said
    # What failed is worse than what waits.
    with Sink() as sink:
        awake = printer(keeper, "Awake again", sink.address, language="pdf")
        asked(clerk, awake, "no paper knows this")
        assert main(once) == FAILED
    clerk.write(writes.act, ActOnJobs(jobs, "cancel"))
    capsys.readouterr()
    assert main(once) == 0
    assert "wait" not in capsys.readouterr().err


def test_jobs_of_a_printer_out_of_use_wait_and_go_on_when_it_is_back(
    as_role: As, clerk: Database, admin: psycopg.Connection[Any]
) -> None:
    keeper = as_role("administrator")

    def shown(preset: str) -> dict[str, bool]:
        found = clerk.read(reads.list_jobs, ListQuery(sort="id", preset=preset, limit=50)).rows
        return {row.title: row.in_use for row in found if row.state == "waiting"}

    with Sink() as sink, Sink() as spare:
        target, other = printer(keeper, "Hall", sink.address), printer(keeper, "Spare", spare.address)
        jobs = asked(clerk, target, "stays", "moves")
        admin.execute("UPDATE printing.printer SET is_active = false WHERE id = %s", (target,))
        assert drained(clerk) == []
        assert shown("open") == shown("trouble") == {"stays": False, "moves": False}
        clerk.write(writes.act, ActOnJobs(jobs[1:], "redirect", other))
        assert [one.title for one in drained(clerk)] == ["moves"]
        admin.execute("UPDATE printing.printer SET is_active = true WHERE id = %s", (target,))
        assert shown("trouble") == {}
        assert [one.title for one in drained(clerk)] == ["stays"]
        assert len(sink.jobs) == len(spare.jobs) == 1


def test_work_places_of_one_name_are_told_apart(as_role: As, clerk: Database) -> None:
    """Two people of one computer, or two houses of one person: wherever they are named, a number tells them apart."""
    keeper = as_role("administrator")
    places = [
        clerk.write(writes.see_station, SeeStation(key * 40, name)).value
        for key, name in (("a", "PC-7 · ida"), ("b", "PC-7 · ida"), ("c", "PC-7 · otto"))
    ]
    names = {place.id: place.name for place in clerk.read(reads.stations)}
    assert [names[one] for one in places] == ["PC-7 · ida (1)", "PC-7 · ida (2)", "PC-7 · otto"]
    target = printer(keeper, "USB of the second", "127.0.0.1:9", station_id=places[1])
    (job,) = asked(clerk, target, "to the second", station="a" * 40)
    rows = clerk.read(reads.list_jobs, ListQuery(sort="id", preset="open", limit=50)).rows
    row = next(one for one in rows if one.id == job)
    assert (row.only_at, row.station) == ("PC-7 · ida (2)", "PC-7 · ida (1)")
    found = keeper.read(reads.list_printers, ListQuery(sort="station", preset="active", limit=50)).rows
    assert [one.station for one in found if one.id == target] == ["PC-7 · ida (2)"]
    route = {"station_id": places[2], "printer_id": target}
    number = keeper.write(writes.save_route, SaveRoute(None, None, route)).value.id
    assert keeper.read(reads.get_route, number).station == "PC-7 · otto"


def test_a_work_place_is_named_after_computer_and_session() -> None:
    computer, _, session = station.name().partition(" · ")
    assert computer
    assert session == getpass.getuser()
    assert len(station.code()) == 64
