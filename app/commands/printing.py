"""``werkbank print``: sending print jobs without a window, once or for good; a look at the queue; a test page."""

import argparse
from typing import TYPE_CHECKING

from app.commands import FAILED, MISSING, WAITING, CommandError, Commands, add_command, say
from app.commands.login import add_address, open_database
from app.commands.queues import watch, words

if TYPE_CHECKING:
    from app.core.db import Database
    from app.sync.printing import Outcome


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "print", "send print jobs: once, or until stopped; or look at them", _print
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--once",
        action="store_true",
        help="send what waits, then end (the default)",
    )
    what.add_argument("--watch", action="store_true", help="send until stopped")
    what.add_argument("--list", action="store_true", help="list what has not been printed")
    what.add_argument("--printers", action="store_true", help="list the printers and how they are")
    what.add_argument("--test", metavar="PRINTER", help="send a test page to the printer of that name")
    add_address(parser)


def _print(arguments: argparse.Namespace) -> int:
    from app.core.log import setup_logging

    setup_logging("print")
    database = open_database(arguments, "werkbank print")
    try:
        if arguments.list:
            return _list(database)
        if arguments.printers:
            return _printers(database)
        if arguments.test:
            return _test(database, arguments.test)
        return _watch(database) if arguments.watch else _once(database)
    finally:
        database.close()


def _tell(outcome: "Outcome") -> None:
    print(
        f"{outcome.job_id}  {outcome.title}  {outcome.printer}  {outcome.state} {outcome.reason}".rstrip(),
        flush=True,
    )


def _once(database: "Database") -> int:
    from app.core.errors import AppError
    from app.sync.printing import PrintWorker

    states: set[str] = set()

    def told(outcome: "Outcome") -> None:
        _tell(outcome)
        states.add(outcome.state)

    worker = PrintWorker(database, told)
    try:
        tried = worker.drain()
    except AppError as error:
        raise CommandError(words(error)) from error
    say(f"{tried} jobs.")
    left = worker.left
    if left.jobs and left.next_at is not None:
        say(f"{left.jobs} wait; the next try is at {left.next_at.astimezone():%Y-%m-%d %H:%M:%S}.")
    if states & {"failed", "unclear"}:
        return FAILED
    return WAITING if left.jobs else 0


def _watch(database: "Database") -> int:
    from app.sync.printing import PrintWorker

    return watch(database, PrintWorker(database, _tell), "Sending print jobs until stopped.")


def _list(database: "Database") -> int:
    from app.core.paging import ListQuery
    from app.services.printing.reads import list_jobs

    found = database.read(list_jobs, ListQuery(sort="id", preset="open", limit=1000)).rows
    if not found:
        say("There is no open print job that this login may see.")
    for row in found:
        why = "printer_out_of_use" if row.state == "waiting" and not row.in_use else row.reason
        state = f"{row.state} {why}".rstrip()
        print(
            f"{row.id}  {row.requested_at:%Y-%m-%d %H:%M}  {row.printer}  {state}  {row.requested_by}  {row.title}"
        )
    return 0


def _printers(database: "Database") -> int:
    from app.core.paging import ListQuery
    from app.services.printing.reads import list_printers

    found = database.read(list_printers, ListQuery(sort="name", preset="active", limit=1000)).rows
    if not found:
        say("There is no printer in use; printers are entered in the program, under Printing.")
    for row in found:
        print(f"{row.name}  {row.status}  {row.kind} {row.address}  {row.waiting} waiting")
    return 0


def _test(database: "Database", name: str) -> int:
    from app.core.errors import AppError
    from app.services.printing import reads, station, writes
    from app.services.printing.commands import PrintDocument, RequestPrint, SeeStation
    from app.services.printing.sample import sample_page

    found = next((one for one in database.read(reads.choices) if one.name == name), None)
    if found is None:
        raise CommandError(f"there is no printer {name!r} in use", MISSING)
    content = sample_page(f"Werkbank: {name}", (database.profile.company,), found.media, found.language)
    document = PrintDocument(content, f"Test {name}", "printing.printer", found.id)
    try:
        database.write(writes.see_station, SeeStation(station.secret(), station.name()))
        database.write(
            writes.request, RequestPrint("test", (document,), station.secret(), "en", printer_id=found.id)
        )
    except AppError as error:
        raise CommandError(words(error)) from error
    return _once(database)
