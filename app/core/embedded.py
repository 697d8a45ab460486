"""An embedded PostgreSQL 18 on loopback, for the demo, for tests and for a single work place.

Every instance is a cluster of its own with SCRAM passwords, listening on 127.0.0.1 only, without sockets
and without TLS.  What belongs to it is kept in ``instances/NAME`` below the user's folder: ``data``,
``log`` and ``state.json`` (mode 0600: port, passwords).

PostgreSQL refuses to run as root.  Started by root, the server runs under the account ``postgres`` or
``nobody``; where that account cannot reach the user's folder, cluster and binaries live in
``paths.server_side()`` instead, because loosening the modes of somebody's folders is not an option.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.core import paths
from app.core.file_lock import file_lock
from app.core.people import new_passwords
from app.core.server_programs import (
    Account,
    EmbeddedError,
    InstanceNameError,
    binaries,
    give,
    major_version,
    may_enter,
    run,
    server_account,
)

HOST = "127.0.0.1"
SUPERUSER = "postgres"
START_TIMEOUT = 60  # seconds
PORT_PATIENCE = 3.0  # seconds until a port that is taken is given up
_SETTINGS_FILE = "werkbank.conf"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
# No process has this number, on any system: kernels hand out far smaller ones.
_NOBODYS_PID = 2147483646


@dataclass(frozen=True, slots=True)
class Status:
    """What is known about an instance at this moment; ``port`` and ``dsn`` are None before it was set up."""

    instance: str
    exists: bool
    running: bool
    host: str
    port: int | None
    dbname: str
    admin_dsn: str | None
    pid: int | None
    data: str | None
    log: str | None


def dsn(
    port: int, dbname: str, user: str, password: str, *, host: str = HOST, settings: str = "sslmode=disable"
) -> str:
    """A libpq address of a loopback server (no TLS there, so no attempt at it either)."""
    return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{dbname}?{settings}"


class Instance:
    """One embedded server, known by its name.  Every method may be called from any process at any time."""

    def __init__(self, name: str = "main") -> None:
        if not _NAME.fullmatch(name):
            raise InstanceNameError(
                f"{name!r} is no name for an instance: lower-case letters, digits, '_' and '-', at most 31"
            )
        self.name = name
        self.folder = paths.instances() / name

    # -- what is known --------------------------------------------------------------------------------

    @property
    def state_file(self) -> Path:
        """Port and passwords, readable by the user alone."""
        return self.folder / "state.json"

    def state(self) -> dict[str, Any]:
        """The recorded state; empty when the instance was never set up."""
        try:
            found: dict[str, Any] = json.loads(self.state_file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as broken:
            raise EmbeddedError(f"{self.state_file} is damaged: {broken}") from broken
        return found

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return Path(self._known()["place"]) / "data"

    @property
    def log(self) -> Path:
        """The folder of the server's JSON logs."""
        return Path(self._known()["place"]) / "log"

    @property
    def port(self) -> int:
        """The TCP port on loopback; kept from start to start unless something else took it."""
        return int(self._known()["port"])

    @property
    def dbname(self) -> str:
        """The database the program works in."""
        return str(self._known()["dbname"])

    @property
    def people(self) -> dict[str, str]:
        """Demo logins and their passwords."""
        return dict(self._known()["people"])

    def admin_dsn(self, dbname: str | None = None) -> str:
        """The administrator's address, of the program's database or of another one in this cluster."""
        known = self._known()
        return dsn(known["port"], dbname or known["dbname"], SUPERUSER, known["superuser_password"])

    def user_dsn(self, login: str) -> str:
        """The address under which one of the demo people connects."""
        return dsn(self.port, self.dbname, login, self.people[login])

    def status(self) -> Status:
        """Whether the instance exists and runs, and how to reach it."""
        if not self.state().get("initialised"):
            return Status(self.name, False, False, HOST, None, "werkbank", None, None, None, None)
        pid = _postmaster(self.data)
        if pid is not None and not _answers(self.port):
            pid = None
        return Status(
            instance=self.name,
            exists=True,
            running=pid is not None,
            host=HOST,
            port=self.port,
            dbname=self.dbname,
            admin_dsn=self.admin_dsn(),
            pid=pid,
            data=str(self.data),
            log=str(self.log),
        )

    # -- what can be done -----------------------------------------------------------------------------

    def ensure(self, *, dbname: str = "werkbank") -> "Instance":
        """Set the cluster up if it is not there yet, and start it if it does not run."""
        with self._locked():
            self._set_up(dbname)
            self._start()
        return self

    def start(self) -> "Instance":
        """The same as ``ensure``: an instance that was never set up is set up first."""
        return self.ensure()

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server cleanly; False when it did not run.  ``mode`` is pg_ctl's fast, smart or immediate."""
        if not self.folder.exists():
            return False
        with self._locked():
            return self._stop(mode)

    def remove(self) -> None:
        """Stop the server and delete the cluster with all its data."""
        if not self.folder.exists():
            return
        outside = paths.server_side() / self.name
        with self._locked():
            # Found by the folders rather than by the state, which may be damaged.
            for place in (self.folder, outside):
                if _postmaster(place / "data") is not None:
                    self._run(
                        server_account(), "pg_ctl", "stop", "-D", str(place / "data"), "-w", "-m", "immediate"
                    )
                for part in ("data", "data.new", "log"):
                    shutil.rmtree(place / part, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        if outside.exists():
            shutil.rmtree(outside)
            if not any(entry.is_dir() for entry in paths.instances().iterdir()):
                shutil.rmtree(outside.parent)  # what is left are the programs' copies

    # -- how it is done -------------------------------------------------------------------------------

    def _known(self) -> dict[str, Any]:
        known = self.state()
        if not known:
            raise EmbeddedError(f"the embedded server {self.name!r} has not been set up yet")
        return known

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        paths.ensure_home()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = server_account()
        if account is not None and may_enter(account, paths.home()):
            # Root's own instance folder must let the server's account through to its data.
            for ours in (paths.instances(), self.folder):
                ours.chmod(0o711)
        # Not inside the instance's folder: Windows cannot delete a folder with an open file in it.
        with file_lock(paths.instances() / f"{self.name}.lock", seconds=START_TIMEOUT * 2):
            yield

    def _write_state(self, state: Mapping[str, Any]) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".state-")  # created with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(state, out, indent=2)
                out.flush()
                os.fsync(out.fileno())
            os.replace(temporary, self.state_file)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def _place(self, account: Account | None) -> Path:
        """Where data and log live: the instance's folder, or the folder outside that root's server can reach."""
        if account is None or may_enter(account, self.folder):
            return self.folder
        outside = paths.server_side()
        if outside.is_symlink() or (outside.exists() and outside.stat().st_uid != 0):
            raise EmbeddedError(f"{outside} exists and does not belong to root; remove it first")
        place = outside / self.name
        for folder in (outside, place):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
        return place

    def _set_up(self, dbname: str) -> None:
        """Make the cluster unless it is there; a cluster that has gone missing is not silently replaced."""
        known = self.state()
        if known and (self.data / "PG_VERSION").exists():
            if not known["initialised"]:  # killed between the rename and the last note of it
                self._write_state({**known, "initialised": True})
        elif known and known["initialised"]:
            raise EmbeddedError(f"the data folder {self.data} is missing; restore it or remove the instance")
        else:
            self._initialise(dbname)

    def _initialise(self, dbname: str) -> None:
        account = server_account()
        place = self._place(account)
        data, unfinished = place / "data", place / "data.new"
        if data.exists():
            raise EmbeddedError(f"{data} exists, but its state (port, passwords) is not in {self.state_file}")
        # What a set-up killed half-way left behind; it is made again from scratch.
        shutil.rmtree(unfinished, ignore_errors=True)
        for folder in (unfinished, place / "log"):
            folder.mkdir(mode=0o700, exist_ok=True)
            give(folder, account)
        state = {
            "initialised": False,
            "place": str(place),
            "port": _free_port(),
            "dbname": dbname,
            "superuser_password": secrets.token_urlsafe(24),
            "people": new_passwords(),
        }
        self._write_state(state)
        handle, password_file = tempfile.mkstemp(dir=place, prefix=".password-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(f"{state['superuser_password']}\n")
            give(Path(password_file), account)
            self._run(
                account,
                "initdb",
                *("-D", str(unfinished), f"--username={SUPERUSER}", f"--pwfile={password_file}"),
                *("--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8"),
                *_locale(account),
            )
        finally:
            os.unlink(password_file)
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"\n# Written at every start by Werkbank:\ninclude_if_exists = '{_SETTINGS_FILE}'\n")
        os.replace(unfinished, data)
        self._write_state({**state, "initialised": True})

    def _start(self) -> None:
        account = server_account()
        data = self.data
        if os.name == "posix" and os.geteuid() not in (0, data.stat().st_uid):
            raise EmbeddedError(f"{data} belongs to another user; use a WERKBANK_HOME of your own")
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if _postmaster(data) is None:
                said = self._try_start(account)
            elif _answers(self.port):
                return
            else:
                said = "its process is there but does not answer"
            # What passes by itself: a killed server takes a moment to die, its processes let go of its memory
            # a little later still, and a port can be taken between our look and the server's.
            passing = (
                _postmaster(data) is not None or "shared memory block" in said or not _port_is_free(self.port)
            )
            if said and (not passing or time.monotonic() > deadline):
                raise EmbeddedError(
                    f"the embedded server {self.name!r} does not start.\n{said}\nIts log: {self.log}"
                )
            if said:
                time.sleep(0.1)

    def _try_start(self, account: Account | None) -> str:
        """One attempt; returns what the server said if it failed."""
        _disown_lock_file(self.data)
        # The processes of a server that was killed hold its port for a moment longer than it lives.
        patience = time.monotonic() + PORT_PATIENCE
        while not _port_is_free(self.port) and time.monotonic() < patience:
            time.sleep(0.05)
        if not _port_is_free(self.port):
            self._write_state({**self._known(), "port": _free_port()})
        self._write_settings(account)
        read_before = {file: file.stat().st_size for file in self.log.glob("*.json")}
        wait = ("-w", "-t", str(START_TIMEOUT))
        log = ("-l", str(self.log / "start.log"))
        try:
            self._run(account, "pg_ctl", "start", "-D", str(self.data), *wait, *log, keep_output=False)
        except EmbeddedError as failed:
            return self._last_words(read_before) or str(failed)
        return ""

    def _stop(self, mode: str) -> bool:
        if not self.state() or _postmaster(self.data) is None:
            return False
        wait = ("-w", "-t", str(START_TIMEOUT))
        self._run(server_account(), "pg_ctl", "stop", "-D", str(self.data), *wait, "-m", mode)
        return True

    def _write_settings(self, account: Account | None) -> None:
        """Where to listen and what to log; everything else stays PostgreSQL's default."""
        settings: dict[str, str | int] = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "logging_collector": "on",
            "log_destination": "jsonlog",
            "log_directory": self.log.as_posix(),
            "log_filename": "postgresql-%a.log",
            "log_truncate_on_rotation": "on",
            "log_rotation_age": "1d",
            "log_rotation_size": 0,
            "log_file_mode": "0600",
            # Passwords and document contents travel as parameters: never into a log.
            "log_parameter_max_length": 0,
            "log_parameter_max_length_on_error": 0,
        }
        lines = [f"{key} = '{str(value).replace(chr(39), chr(39) * 2)}'" for key, value in settings.items()]
        target = self.data / _SETTINGS_FILE
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.log / "start.log").write_bytes(b"")
        give(target, account)
        give(self.log / "start.log", account)

    def _last_words(self, read_before: Mapping[Path, int]) -> str:
        """What the server said while starting: first on stderr, then (unless read before) in its log."""
        said = [(self.log / "start.log").read_text("utf-8", "replace")[-2000:].strip()]
        for file in sorted(self.log.glob("*.json")):
            new = file.read_bytes()[read_before.get(file, 0) :].decode("utf-8", "replace")
            for line in new.splitlines():
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if entry.get("error_severity") in {"ERROR", "FATAL", "PANIC", "WARNING"}:
                        said.append(f"{entry['error_severity']}: {entry.get('message', '')}")
        return "\n".join(line for line in said[:20] if line)

    def _run(
        self, account: Account | None, program: str, *arguments: str, keep_output: bool = True
    ) -> subprocess.CompletedProcess[str]:
        executable = binaries(account) / (program + (".exe" if sys.platform == "win32" else ""))
        return run([str(executable), *arguments], account, keep_output=keep_output)


def _locale(account: Account | None) -> tuple[str, ...]:
    """The same order of texts everywhere; before version 17 it is the operating system's."""
    if major_version(binaries(account)) < 17:
        return ("--locale=C.UTF-8",)
    return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def _lock_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _serves(pid: int, data: Path) -> bool:
    """Whether this process is alive and the server of this data folder (a zombie is not alive)."""
    import psutil  # only needed when a lock file is there

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return any(Path(argument) == data for argument in process.cmdline()[1:])
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _postmaster(data: Path) -> int | None:
    """The process number of the server that runs on this data folder, or None."""
    lines = _lock_file_lines(data)
    try:
        pid = abs(int(lines[0]))
    except (IndexError, ValueError):
        return None
    return pid if _serves(pid, data) else None


def _answers(port: int) -> bool:
    """Whether a server speaks on the port: asked for TLS, PostgreSQL answers with one letter at any load."""
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            connection.sendall(struct.pack("!II", 8, 80877103))
            return connection.recv(1) in (b"N", b"S")
    except OSError:
        return False


def _disown_lock_file(data: Path) -> None:
    """Let a server start again after a kill although its number still seems taken (zombie, reused number).

    The file itself stays: PostgreSQL finds in it the shared memory of the dead server and refuses to start
    while any of its processes is still at work on the data.
    """
    lines = _lock_file_lines(data)
    if lines and _postmaster(data) is None:
        lines[0] = str(_NOBODYS_PID)
        (data / "postmaster.pid").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _free_port() -> int:
    # Not one of those the system hands out to outgoing connections: it would be taken again and again.
    for _ in range(50):
        port = 20_000 + secrets.randbelow(12_000)
        if _port_is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":
            # As PostgreSQL does: connections of the last run that linger in TIME_WAIT do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
