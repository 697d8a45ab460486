"""The sync with the old system in the background of every client: one leads, the others watch.

Two threads: one works, the other keeps the lease while a page takes its time. Neither knows a window. They survive a
server that is away, a session that ends and a role that is taken away, and end within seconds when told to.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from app.core import courtesy
from app.core.db import Database
from app.core.errors import AppError, Cancelled, NotAllowed, SessionEnded
from app.services.legacy import secrets, state
from app.services.legacy.leader import RIGHT, Leader
from app.services.legacy.service import Progress, Services, Waiter, anything_read, kinds_in_use
from app.services.security.keys import Keyring

log = logging.getLogger(__name__)
LOOK_S = 2.0
"""Between two looks for work."""
FOLLOW_S = 10.0
"""Between two looks at who leads; those who never lead look less often."""
WATCH_S = 30.0
PING_S = 60.0
AWAY_S = (10.0, 30.0, 60.0, 120.0, 300.0)
KEYS_S = 10.0
YIELD_S = 3.0
STOP_S = 2.0
STATE_RIGHT = "legacy_state"
_PASSING = frozenset({"legacy_lease_lost", "cancelled"})

State = Literal[
    "off",
    "no_right",
    "no_server",
    "no_key",
    "following",
    "idle",
    "running",
    "waiting",
    "silent",
    "unreachable",
    "failed",
]
RunNext = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class LegacyStatus:
    """How it stands, for a light in the window.

    `holder` is who leads (computer and process) when it is not this client; `progress` belongs to running; `reason`
    and `until` to waiting (text keys ``legacy_sessions_full``, ``legacy_session_lost``); `error` to silent, unreachable
    and failed. Silent: no answer just now, and the work goes on trying; unreachable: it was given up for a while. Both
    say since when (`since`) and when it is asked again (`until`). `nothing_read`: nothing was ever read here;
    `pictures_fail`: the image service could not be read the last time; `nobody`: nobody leads.
    """

    state: State = "off"
    leading: bool = False
    holder: str = ""
    progress: Progress = field(default_factory=Progress)
    reason: str = ""
    until: datetime | None = None
    error: AppError | None = None
    since: datetime | None = None
    nothing_read: bool = False
    pictures_fail: bool = False
    nobody: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    @property
    def entity(self) -> str:
        """The entity at work."""
        return self.progress.entity

    @property
    def done(self) -> int:
        """Its rows so far."""
        return self.progress.done

    @property
    def total(self) -> int | None:
        """Its rows altogether, when that is known."""
        return self.progress.total


class LegacySync:
    """Works until `stop`. `on_status` is called in its threads, and only when something is new.

    `leads` False only watches. `server` is the code of a server other than the live one.
    """

    def __init__(
        self,
        db: Database,
        on_status: Callable[[LegacyStatus], object],
        *,
        leads: bool = True,
        server: str = "",
        run_next: RunNext | None = None,
    ) -> None:
        self._db = db
        self._on_status = on_status
        self._may_lead = leads
        self._server = server
        self._run_next = run_next
        self._status = LegacyStatus()
        self._stop = threading.Event()
        self._nudged = threading.Event()
        self._let_go = threading.Event()
        """Set when the run is to end: told to stop, lease lost, or somebody else asks for it."""
        self._leader = Leader(db)
        self._keyring: Keyring | None = None
        self._keys_due = 0.0
        self._silence: LegacyStatus | None = None
        """How the server's silence was told last; None while it answers."""
        self._read = False
        """Whether anything was ever read; once that is known, it stays."""
        self._thread = threading.Thread(target=self._run, name="werkbank-legacy", daemon=True)

    # -- from outside ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = STOP_S) -> None:
        """End; waits so long at most, and gives the lease back even when a request is still under way."""
        self._stop.set()
        self._let_go.set()
        self._nudged.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        with suppress(AppError):
            self._leader.release()

    def look(self) -> None:
        """Something was set up, a server or a key: look at once."""
        self._keys_due = 0.0
        self._nudged.set()

    @property
    def status(self) -> LegacyStatus:
        """How it stands."""
        return self._status

    # -- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        courtesy.give_way()
        failures = 0
        while not self._stop.is_set():
            try:
                self._round()
                failures = 0
            except SessionEnded:
                self._leader.forget()
                self._keyring = None
                self._tell(LegacyStatus("off"))
                self._wait_for_session()
            except AppError as error:
                if self._stop.is_set():
                    return
                if isinstance(error, NotAllowed):
                    self._stop.wait(LOOK_S)
                elif error.key not in _PASSING:
                    log.info("legacy sync interrupted: %s", error)
                    self._tell(LegacyStatus("failed", error=error))
                    self._stop.wait(AWAY_S[min(failures, len(AWAY_S) - 1)])
                    failures += 1
            except Exception:
                if self._stop.is_set():
                    return
                log.exception("legacy sync failed")
                self._stop.wait(AWAY_S[min(failures, len(AWAY_S) - 1)])
                failures += 1

    def _round(self) -> None:
        """One turn: lead as long as that goes, or watch for a while.  Raises AppError."""
        profile = self._db.profile
        if not profile.can(STATE_RIGHT):
            self._tell(LegacyStatus("no_right"))
            self._stop.wait(FOLLOW_S)
        elif not (self._may_lead and profile.can(RIGHT)):
            self._follow(LegacyStatus("following"), WATCH_S)
        elif not self._db.read(kinds_in_use):
            self._follow(LegacyStatus("no_server"))
        elif (keyring := self._keys()) is None:
            self._follow(LegacyStatus("no_key"))
        elif not self._leader.take():
            self._follow(LegacyStatus("following", holder=self._leader.holder))
        else:
            self._lead(keyring)

    def _keys(self) -> Keyring | None:
        """The open keys; those that were given meanwhile are looked for now and then."""
        if self._keyring is None and time.monotonic() >= self._keys_due:
            self._keys_due = time.monotonic() + KEYS_S
            self._keyring = secrets.open_keys(self._db)
        return self._keyring

    def _follow(self, status: LegacyStatus, seconds: float | None = None) -> None:
        """Say who leads and what is done there; then wait."""
        found = self._db.read(state.state)
        lease = found.lease
        if not any(server.is_active for server in found.servers):
            status = LegacyStatus("no_server")
        if status.state == "following" and lease is not None and lease.held:
            status = replace(status, holder=lease.client)
            if found.run is not None:
                status = replace(status, progress=_watched(found.run))
            silent = state.silent(found)
            if silent is not None:
                until = silent.retry_at if silent.retry_at and silent.retry_at > found.now else None
                status = replace(status, state="unreachable", since=silent.silent_since, until=until)
        if status.state == "following" and found.run is None:
            self._read = found.read_ever
            fails = state.pictures_fail(found) is not None
            nobody = (lease is None or not lease.held) and not state.passing(found)
            status = replace(status, nothing_read=not self._read, pictures_fail=fails, nobody=nobody)
        self._tell(status)
        self._nudged.wait(FOLLOW_S if seconds is None else seconds)
        if not self._stop.is_set():
            self._nudged.clear()

    def _lead(self, keyring: Keyring) -> None:
        self._let_go.clear()
        if self._stop.is_set():
            return
        keeper = threading.Thread(target=self._keep, name="werkbank-legacy-lease", daemon=True)
        ended = threading.Event()
        self._ended = ended
        keeper.start()
        waiter = Waiter(self._leader, self._let_go, self._waits)
        self._silence = None
        services = Services(
            self._db,
            self._leader,
            keyring,
            self._let_go,
            server=self._server,
            pace=waiter,
            on_trouble=self._troubled,
        )
        try:
            self._work(services)
        finally:
            ended.set()
            services.close()
            wanted = self._leader.wanted
            with suppress(AppError):
                self._leader.release()
            if wanted:
                if self._status.state in ("idle", "running"):  # what is in the way stays so without the lead
                    self._tell(replace(self._status, state="following", leading=False, progress=Progress()))
                self._stop.wait(YIELD_S)

    def _work(self, services: Services) -> None:
        """Run what there is to run, as long as the lease is ours."""
        run_next = self._run_next or _engine()
        failures = 0
        found = self._db.read(state.state)
        self._read, fails = found.read_ever, state.pictures_fail(found) is not None
        while not self._let_go.is_set() and self._leader.leads:
            try:
                result = run_next(self._db, services, stop=self._let_go, progress=self._runs)
                if result is None:
                    self._ping(services)
                else:
                    services.contact()
                failures, self._silence = 0, None
            except AppError as error:
                if error.key in _PASSING or isinstance(error, NotAllowed | Cancelled):
                    raise  # stopped, overtaken, or the role was taken away
                pause = AWAY_S[min(failures, len(AWAY_S) - 1)]
                away = error.key.startswith("legacy_") and type(error).__name__ == "Unavailable"
                with suppress(AppError):
                    services.contact(error, pause if away else None)
                log.info("legacy sync: %s", error)
                if away:
                    self._says_nothing("unreachable", error, pause)
                else:
                    self._silence = None
                    self._tell(LegacyStatus("failed", leading=True, error=error))
                self._let_go.wait(pause)
                failures += 1
                continue
            self._read = self._read or self._db.read(anything_read)
            if result is not None and result.mode == "images":
                fails = result.state == "failed"
            self._tell(LegacyStatus("idle", leading=True, nothing_read=not self._read, pictures_fail=fails))
            if result is None:
                self._let_go.wait(LOOK_S)

    def _ping(self, services: Services) -> None:
        """Nothing to do: see whether the server is there, which also keeps its session alive."""
        if services.idle_s >= PING_S and "4d" in self._db.read(kinds_in_use):
            services.four_d().ping()
            services.contact()

    def _keep(self) -> None:
        """Renew the lease while the other thread works; end the work when it is lost or asked for."""
        ended = self._ended
        while not ended.wait(1.0):
            if self._leader.due:
                try:
                    self._leader.take()
                except SessionEnded:
                    self._leader.forget()
                except AppError as error:
                    log.info("the lease was not renewed: %s", error)
                except Exception:
                    if not self._stop.is_set():
                        log.exception("the lease was not renewed")
            if not self._leader.leads or self._leader.wanted:
                self._let_go.set()
                return

    # -- telling --------------------------------------------------------------------------------------------------

    def _runs(self, progress: Progress) -> None:
        if self._silence is not None:  # what was read before is still being written
            self._silence = replace(self._silence, progress=progress)
        self._tell(self._silence or LegacyStatus("running", leading=True, progress=progress))

    def _troubled(self, error: AppError | None, seconds: float) -> None:
        """An attempt got no answer and another one follows; or the server answers again."""
        if error is not None:
            given_up = self._silence is not None and self._silence.state == "unreachable"
            self._says_nothing("unreachable" if given_up else "silent", error, seconds)
        elif self._silence is not None:
            progress, self._silence = self._silence.progress, None
            self._tell(LegacyStatus("running", leading=True, progress=progress))

    def _says_nothing(self, state: State, error: AppError, seconds: float) -> None:
        now = datetime.now(UTC)
        before = self._silence
        self._silence = LegacyStatus(
            state,
            leading=True,
            progress=before.progress if before is not None else self._status.progress,
            until=now + timedelta(seconds=seconds),
            error=error,
            since=before.since if before is not None else now,
        )
        self._tell(self._silence)

    def _waits(self, reason: str, until: datetime | None) -> None:
        if reason:
            self._tell(replace(self._status, state="waiting", leading=True, reason=reason, until=until))
        else:
            self._tell(replace(self._status, state="running", leading=True, reason="", until=None))

    def _tell(self, status: LegacyStatus) -> None:
        if status != self._status or status.state == "running":
            self._status = status
            try:
                self._on_status(status)
            except Exception:
                log.exception("nobody took the status")

    def _wait_for_session(self) -> None:
        """Until the person has signed in again in front of the locked window; or go on, when only a role ended."""
        with suppress(AppError):
            if self._db.goes_on():
                self._stop.wait(1.0)
                return
        while self._db.ended is not None and not self._stop.is_set():
            self._stop.wait(0.3)


def _watched(run: state.Run) -> Progress:
    """What another client's run has done, as far as it is written down."""
    part = next((one for one in run.parts if one.state == "running"), None)
    index = sum(1 for one in run.parts if one.finished_at is not None)
    if part is None:
        return Progress(run.id, run.mode, entity_index=index, entity_count=len(run.parts))
    return Progress(
        run.id,
        run.mode,
        part.entity,
        part.read,
        part.total,
        part.created,
        part.changed,
        part.unchanged,
        part.protected,
        part.quarantined,
        part.gone,
        index,
        len(run.parts),
    )


def _engine() -> RunNext:
    from app.services.legacy.engine import run_next

    return run_next
