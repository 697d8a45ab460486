"""``werkbank sync``: reading the old system without a window, once or for good."""

import argparse
import json
import queue
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from app.commands import FAILED, INTERRUPTED, MISSING, USAGE, CommandError, Commands, add_command, say
from app.commands.login import add_address, open_database

if TYPE_CHECKING:
    from app.core.db import Database
    from app.services.legacy.service import Progress, Services
    from app.services.legacy.state import Run
    from app.sync.legacy import LegacyStatus

TELL_S = 1.0
LOOK_S = 3.0
TOUCH_S = 600.0
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
_HOPELESS = {
    "no_right": "this login has no right to see the sync",
    "no_server": "no server of the old system is in use",
    "no_key": "this login was not given the key of the old system; somebody who has it gives it (Legacy › "
    "Servers, or werkbank legacy key --give)",
}
_NOBODY = frozenset({"legacy_no_server", "legacy_key_not_set_up", "legacy_nobody_reads"})
_BARE = {"idle": "leads, and waits for the schedule", "running": "begins", "off": "not at work"}
_ENDS = frozenset({*_HOPELESS, "unreachable", "failed", "idle", "off"})
"""States that one run ends with: its result, or the error, says it all."""
_COUNTS = ("created", "changed", "unchanged", "protected", "quarantined", "gone")


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    sync = add_command(commands, "sync", "read the old system: once, or until stopped", _sync)
    sync.add_argument("--once", action="store_true", help="one run, then end (the default)")
    sync.add_argument("--watch", action="store_true", help="lead or stand by until stopped, by the schedule")
    sync.add_argument(
        "--entity",
        action="append",
        default=[],
        metavar="NAME",
        help="only this one; may be given several times",
    )
    sync.add_argument("--full", action="store_true", help="read everything instead of what has changed")
    sync.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="read what has changed since that day")
    sync.add_argument("--limit", type=_count, metavar="N", help="at most so many rows of each entity")
    sync.add_argument("--dry-run", action="store_true", help="read and check, write nothing")
    sync.add_argument("--server", metavar="CODE", default="", help="another 4D server than the live one")
    sync.add_argument("--json", action="store_true", help="progress and result as JSON, one object a line")
    add_address(sync)


def register_login(parts: Commands) -> argparse.ArgumentParser:
    """Add ``sync-user`` to the database commands; the caller adds the address of the server."""
    login = add_command(
        parts,
        "sync-user",
        "make a login for werkbank sync (or renew its password) and print its address",
        _login,
    )
    login.add_argument("--login", default="s_sync", metavar="s_NAME", help="its name (default: %(default)s)")
    login.add_argument(
        "--role",
        choices=("sync", "print_service", "mail_service"),
        default="sync",
        help="what it is for: werkbank sync, werkbank print or werkbank mail (default: %(default)s)",
    )
    return login


def _login(arguments: argparse.Namespace) -> int:
    import secrets
    from urllib.parse import quote, urlsplit, urlunsplit

    import psycopg

    from app.commands.db import admin_address

    name: str = arguments.login
    if not (name.startswith("s_") and name.isidentifier() and name == name.lower()):
        raise CommandError(f"a service's login is s_ and small letters, not {name!r}", USAGE)
    address = admin_address(arguments)
    with psycopg.connect(address, autocommit=True) as connection, connection.transaction():
        known = connection.execute("SELECT status FROM sec.app_user WHERE login = %s", (name,)).fetchone()
        if known is None:
            connection.execute(
                "SELECT sec.user_create(%s, %s, %s, ARRAY[%s])",
                (name, f"Werkbank {arguments.role}", secrets.token_urlsafe(24), arguments.role),
            )
        row = connection.execute("SELECT sec.machine_password(%s)", (name,)).fetchone()
    assert row is not None
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "127.0.0.1"
    place = f"{name}:{quote(row[0], safe='')}@{host}:{parts.port or 5432}"
    print(urlunsplit(parts._replace(netloc=place, query="")))
    say("That is its address with its password, shown this once: put it into WERKBANK_SYNC_DSN.")
    if known is not None:
        say("Its password was renewed: werkbank legacy key --fresh makes a new key pair for it.")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day like 2026-01-31") from None


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows")
    return int(text)


def _sync(arguments: argparse.Namespace) -> int:
    if arguments.watch and (
        arguments.once
        or arguments.entity
        or arguments.full
        or arguments.since
        or arguments.limit
        or arguments.dry_run
    ):
        raise CommandError("--watch goes by the schedule; the other options are for one run", USAGE)
    if arguments.full and arguments.since:
        raise CommandError("--full reads everything, whatever has changed since", USAGE)
    _require_entities(arguments.entity)
    from app.core.log import setup_logging

    setup_logging("sync")
    database = open_database(arguments, "werkbank sync")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        return _watch(database, arguments, stop) if arguments.watch else _once(database, arguments, stop)
    finally:
        database.close()


def _require_entities(wanted: Sequence[str]) -> None:
    """Before anything is asked for: the database knows the entities only from the first run on."""
    if not wanted:
        return
    from app.services.legacy.mapping import standard

    known = standard()
    unknown = next((code for code in wanted if code not in known), None)
    if unknown is not None:
        names = ", ".join(entity.code for entity in known.entities)
        raise CommandError(f"there is no entity {unknown!r}; there are: {names}", USAGE)


# -- one run -----------------------------------------------------------------------------------------------------------


def _once(database: "Database", arguments: argparse.Namespace, stop: threading.Event) -> int:
    from app.core.errors import AppError
    from app.services.legacy import state
    from app.services.legacy.commands import CancelRun, RequestRun
    from app.services.legacy.service import kinds_in_use
    from app.services.legacy.writes import cancel_run, request_run
    from app.sync.legacy import STATE_RIGHT, LegacySync

    wanted = RequestRun(
        "full" if arguments.full else "incremental",
        tuple(arguments.entity),
        arguments.limit,
        arguments.since,
        arguments.dry_run,
    )
    try:
        # A request that waits for a first server would be the surprise when there is one.
        if database.profile.can(STATE_RIGHT) and not database.read(kinds_in_use):
            raise CommandError(_HOPELESS["no_server"], MISSING)
        if arguments.server:
            _require_lead(database, arguments.server)
        run = database.write(request_run, wanted).value
    except AppError as error:
        code = MISSING if error.key in _NOBODY else USAGE if error.key == "legacy_entity_unknown" else FAILED
        raise CommandError(_words(error), code) from error
    results: dict[int, dict[str, Any]] = {}
    done = threading.Event()

    def run_next(db: "Database", services: "Services", **how: Any) -> Any:
        from app.services.legacy.engine import run_next as engine

        result = engine(db, services, scheduled=False, **how)
        if result is not None and result.state != "interrupted":  # else it is gone on with, here or elsewhere
            results[result.run_id] = result.as_dict()
            if result.run_id == run:
                done.set()
        return result

    teller = Teller(arguments.json, quiet=_ENDS)
    sync = LegacySync(database, teller.told, server=arguments.server, run_next=run_next)
    sync.start()
    try:
        _until(database, run, results, done, stop, teller)
    finally:
        sync.stop(30.0)
    if run not in results:
        if stop.is_set():
            with suppress(AppError):
                if any((one.id, one.state) == (run, "waiting") for one in database.read(state.state).waiting):
                    database.write(cancel_run, CancelRun(run))
                    raise CommandError("stopped; it had not begun, and is asked for no more", INTERRUPTED)
            raise CommandError("stopped; whoever leads next goes on with it", INTERRUPTED)
        # Nobody expects it any more after this answer; asked for again, it goes on behind the last page.
        with suppress(AppError):
            database.write(cancel_run, CancelRun(run))
        raise CommandError(teller.trouble or "the run did not end", FAILED)
    _show(results[run], arguments.json)
    return 0 if results[run]["state"] in ("done", "warnings") else FAILED


def _require_lead(database: "Database", server: str) -> None:
    """Only who leads here reads another server than the live one: whoever else leads would read that."""
    from app.core.errors import AppError
    from app.services.legacy import state
    from app.services.legacy.service import choose, servers

    try:
        choose(database.read(servers), server)
    except AppError as error:
        raise CommandError(f"no 4D server {server!r} is in use", MISSING) from error
    lease = database.read(state.state).lease
    if lease is not None and lease.held:
        raise CommandError(
            f"{lease.client} leads and reads the live server; --server needs the lead: end it there first",
            FAILED,
        )


def _until(
    database: "Database",
    run: int,
    results: dict[int, dict[str, Any]],
    done: threading.Event,
    stop: threading.Event,
    teller: "Teller",
) -> None:
    """Until the run is over, here or wherever somebody leads; or until it is clear that it will not begin."""
    from app.core.errors import AppError
    from app.services.legacy import state

    looked = time.monotonic()
    while not (done.is_set() or stop.is_set()):
        status = teller.next()
        if status is not None and status.state in _HOPELESS:
            raise CommandError(_HOPELESS[status.state], MISSING)
        if status is not None and status.state in ("unreachable", "failed") and status.error is not None:
            teller.trouble = _words(status.error)
            return
        if time.monotonic() - looked >= LOOK_S:
            looked = time.monotonic()
            try:
                found = database.read(state.state)
            except AppError as error:
                raise CommandError(_words(error)) from error
            if found.last_run is not None and found.last_run.id == run:
                results.setdefault(run, _as_dict(found.last_run))
                return


def _as_dict(run: "Run") -> dict[str, Any]:
    """A run that another client has done, in the words of one done here."""
    return {
        "run_id": run.id,
        "mode": run.mode,
        "state": run.state,
        "dry_run": run.dry,
        "error": run.error,
        "entities": {
            part.entity: {name: getattr(part, name) for name in ("read", *_COUNTS, "warnings")}
            | {"state": part.state, "error": part.error}
            for part in run.parts
        },
    }


def _show(result: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"result": result}, default=str), flush=True)
        return
    shown = ("read", *_COUNTS, "warnings")
    heads = ("entity", "state", *shown)
    rows = [
        (name, str(one.get("state", "")), *(f"{one.get(count) or 0:,}" for count in shown))
        for name, one in result["entities"].items()
    ]
    widths = [max(len(line[place]) for line in (heads, *rows)) for place in range(len(heads))]
    for line in (heads, *rows) if rows else ():
        cells = (
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(cells).rstrip())
    dry = " Nothing was written." if result.get("dry_run") else ""
    odd = any(one.get("warnings") for one in result["entities"].values()) and not dry
    where = " What was odd: Legacy › Warnings." if odd else ""
    if not rows:
        where = " Nothing was read: where Werkbank leads, the old system is only compared with (Legacy › Cut-over)."
    print(f"Run {result['run_id']}: {result['state']}.{dry}{where}")
    if result.get("error"):
        print(f"Error: {result['error']}")


# -- for good ----------------------------------------------------------------------------------------------------------


def _watch(database: "Database", arguments: argparse.Namespace, stop: threading.Event) -> int:
    from app.sync.legacy import LegacySync

    teller = Teller(arguments.json)
    sync = LegacySync(database, teller.told, server=arguments.server)
    sync.start()
    say("The sync is at work; Ctrl+C ends it.")
    touched, failures = time.monotonic(), 0
    try:
        while not stop.is_set():
            teller.next()
            if database.ended is not None:
                failures = _sign_in(database, failures, stop)
            elif time.monotonic() - touched >= TOUCH_S:
                touched = time.monotonic()
                _touch(database)
    finally:
        sync.stop(10.0)
    return 0


def _sign_in(database: "Database", failures: int, stop: threading.Event) -> int:
    """A service signs in again by itself; gives how often that failed one after the other."""
    from app.core.errors import AppError

    try:
        database.open()
    except AppError as error:
        say(f"not signed in: {_words(error)}")
        stop.wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
        return failures + 1
    return 0


def _touch(database: "Database") -> None:
    """A service is never idle."""
    from app.core.errors import AppError

    with suppress(AppError):
        database.touch()


# -- telling -----------------------------------------------------------------------------------------------------------


class Teller:
    """Takes the status in the sync's threads and tells it in the main one, once a second at most."""

    def __init__(self, as_json: bool, quiet: frozenset[str] = frozenset()) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._queue: queue.Queue[LegacyStatus] = queue.Queue()
        self._told = 0.0
        self._last: tuple[Any, ...] = ()
        self.trouble = ""

    def told(self, status: "LegacyStatus") -> None:
        """From any thread."""
        self._queue.put(status)

    def next(self) -> "LegacyStatus | None":
        """The next status after telling it; None when there was none for a moment."""
        try:
            status = self._queue.get(timeout=0.25)
        except queue.Empty:
            return None
        progress = status.progress
        about = (status.state, status.leading, status.holder, status.reason, progress.run_id, progress.entity)
        now = time.monotonic()
        if about != self._last or now - self._told >= TELL_S:
            self._told, self._last = now, about
            self._tell(status)
        return status

    def _tell(self, status: "LegacyStatus") -> None:
        if self._as_json:
            print(json.dumps({"status": _status(status)}, default=str), flush=True)
        elif status.state not in self._quiet or status.holder:  # what another one meets ends nothing here
            say(_line(status))


def _status(status: "LegacyStatus") -> dict[str, Any]:
    error = status.error
    found: dict[str, Any] = {
        "state": status.state,
        "leading": status.leading,
        "holder": status.holder,
        "reason": status.reason,
        "since": status.since,
        "until": status.until,
        "nothing_read": status.nothing_read,
        "error": None if error is None else {"key": error.key, "params": error.params},
        "at": status.at,
    }
    if status.state in ("running", "following"):
        found["progress"] = {name: getattr(status.progress, name) for name in status.progress.__slots__}
    return found


def _line(status: "LegacyStatus") -> str:
    progress = status.progress
    if status.state == "running" and progress.entity:
        return f"[{progress.entity_index}/{progress.entity_count}] {_progress(progress)}"
    if status.state == "following":
        holder = f"{status.holder} leads" if status.holder else "nobody leads yet"
        return f"{holder}; {_progress(progress)}" if progress.entity else holder
    if status.state == "waiting":
        until = f" until {status.until:%H:%M:%S}" if status.until else ""
        reasons = {
            "legacy_sessions_full": "the old system has no free session",
            "legacy_session_lost": "a session whose cookie is lost must end first",
        }
        return f"waiting{until}: {reasons.get(status.reason, status.reason)}"
    if status.since is not None:
        why = f": {_words(status.error)}" if status.error is not None else ""
        again = f", asked again at {status.until.astimezone():%H:%M:%S}" if status.until else ""
        return f"{status.state}{why} (no answer since {status.since.astimezone():%H:%M:%S}{again})"
    if status.error is not None:
        return f"{status.state}: {_words(status.error)}"
    return _HOPELESS.get(status.state) or _BARE.get(status.state, status.state)


def _progress(progress: "Progress") -> str:
    of = f" of {progress.total:,}" if progress.total is not None else ""
    counts = [f"{getattr(progress, name):,} {name}" for name in _COUNTS if getattr(progress, name)]
    return ", ".join([f"{progress.entity}: {progress.done:,}{of}", *counts])


def _words(error: Any) -> str:
    from app.core.i18n import translate

    return translate("en", f"error.{error.key}", **error.params)
