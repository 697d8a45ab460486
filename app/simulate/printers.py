"""Printers to try things on: CUPS' own IPP Everywhere printer and a private CUPS, when this Linux has their programs.

The printer announces itself on the network and ends when it cannot, so it gets a message bus and an Avahi of its own,
shared by every process of this computer that has such a printer: the first one starts them, the last one ends them.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.file_lock import file_lock

_START_S = 20.0
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""
_AVAHI = """[server]
use-ipv4=yes
use-ipv6=no
allow-interfaces=lo
enable-dbus=yes
[publish]
publish-workstation=no
"""
_CUPSD = """LogLevel warn
Listen 127.0.0.1:{port}
Browsing Off
WebInterface No
DefaultAuthType None
<Location />
 Order allow,deny
 Allow all
</Location>
<Policy default>
 <Limit All>
  Order allow,deny
  Allow all
 </Limit>
</Policy>
"""
_CUPS_FILES = """ServerRoot {folder}/etc
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/run
TempDir {folder}/tmp
AccessLog {folder}/log/access
ErrorLog {folder}/log/error
PageLog {folder}/log/page
ServerKeychain {folder}/certs
SystemGroup root
"""


class PeersMissingError(RuntimeError):
    """A program that is needed is not installed; the message names it."""


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer that runs: its address, and the folder what it prints falls into."""

    uri: str
    output: Path

    def printed(self) -> list[Path]:
        """What came out, oldest first."""
        found = self.output.iterdir() if self.output.is_dir() else ()
        return sorted((one for one in found if one.stat().st_size), key=lambda one: one.stat().st_mtime_ns)


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def ipp_everywhere(
    *, formats: str = "application/pdf,image/pwg-raster,application/octet-stream", name: str = "Werkbank"
) -> Iterator[Printer]:
    """CUPS' own IPP Everywhere printer.  Raises PeersMissingError."""
    program = _program("ippeveprinter")
    with _announcing() as environment, _folder() as folder:
        spool = folder / "spool"
        spool.mkdir()
        quick = folder / "print.sh"
        quick.write_text("#!/bin/sh\nexit 0\n")
        quick.chmod(0o755)
        port = free_port()
        command = [program, "-p", str(port), "-d", str(spool), "-k", "-c", str(quick), "-f", formats]
        with _running([*command, "-r", "off", "-n", "localhost", name], environment, folder, port):
            yield Printer(f"ipp://localhost:{port}/ipp/print", spool)


@contextlib.contextmanager
def private_cups(queue: str = "werkbank") -> Iterator[Printer]:
    """A CUPS server of its own, with one queue that writes PDF files.  Raises PeersMissingError."""
    daemon, admin = _program("cupsd"), _program("lpadmin")
    description = Path("/usr/share/ppd/cups-pdf/CUPS-PDF_opt.ppd")
    if not description.is_file():
        raise PeersMissingError("cups-pdf")
    with _folder() as folder:
        for part in ("etc", "spool", "cache", "run", "tmp", "log", "certs"):
            (folder / part).mkdir(mode=0o755)
        (folder / "tmp").chmod(0o1777)  # filters run as another user
        port = free_port()
        (folder / "cupsd.conf").write_text(_CUPSD.format(port=port))
        (folder / "cups-files.conf").write_text(_CUPS_FILES.format(folder=folder))
        command = [daemon, "-f", "-c", str(folder / "cupsd.conf"), "-s", str(folder / "cups-files.conf")]
        with _running(command, os.environ, folder, port):
            add = [
                admin,
                "-h",
                f"127.0.0.1:{port}",
                "-p",
                queue,
                "-E",
                "-v",
                "cups-pdf:/",
                "-P",
                str(description),
            ]
            subprocess.run(add, check=True, capture_output=True, timeout=30)
            yield Printer(f"ipp://127.0.0.1:{port}/printers/{queue}", Path("/var/spool/cups-pdf/ANONYMOUS"))


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise PeersMissingError(name)
    return found


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A short path: sockets have no room for long ones."""
    folder = Path(tempfile.mkdtemp(prefix="wbp-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(command: list[str], environment: Mapping[str, str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, env=dict(environment), stdout=said, stderr=said)
    try:
        deadline = time.monotonic() + _START_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]}: {(folder / 'said').read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def _announcing() -> Iterator[dict[str, str]]:
    """The environment in which a printer can announce itself."""
    bus, avahi = _program("dbus-daemon"), _program("avahi-daemon")
    folder = Path(f"/tmp/wbp-bus-{os.geteuid()}")  # noqa: S108  (one place for every process of this computer)
    folder.mkdir(mode=0o755, exist_ok=True)
    address = f"unix:path={folder / 'bus'}"
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
    mine = folder / f"user.{os.getpid()}.{time.monotonic_ns()}"
    with file_lock(folder / "lock", seconds=30):
        mine.touch()
        if not (_alive(folder / "bus.pid") and _alive(folder / "avahi.pid")):
            _end(folder)
            (folder / "bus").unlink(missing_ok=True)
            (folder / "bus.conf").write_text(_BUS.format(socket=folder / "bus"))
            (folder / "avahi.conf").write_text(_AVAHI)
            _background(
                [bus, f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile"], folder, "bus", {}
            )
            _until((folder / "bus").exists, "dbus-daemon")
            options = ["-f", str(folder / "avahi.conf"), "--no-drop-root", "--no-rlimits", "--no-chroot"]
            told = folder / "avahi.said"
            told.unlink(missing_ok=True)
            _background([avahi, *options], folder, "avahi", environment)
            _until(
                lambda: told.exists() and "Server startup complete" in told.read_text(errors="replace"),
                "avahi-daemon",
            )
    try:
        yield environment
    finally:
        with file_lock(folder / "lock", seconds=30):
            mine.unlink(missing_ok=True)
            for other in folder.glob("user.*"):
                if not _is_running(int(other.name.split(".")[1])):
                    other.unlink(missing_ok=True)
            if not any(folder.glob("user.*")):
                _end(folder)


def _background(command: list[str], folder: Path, name: str, environment: Mapping[str, str]) -> None:
    """Start what outlives this process: nobody's child, its number in a file."""
    script = 'said=$1; pid=$2; shift 2; "$@" >"$said" 2>&1 </dev/null & echo $! >"$pid"'
    files = [str(folder / f"{name}.said"), str(folder / f"{name}.pid")]
    subprocess.run(
        ["/bin/sh", "-c", script, "sh", *files, *command],
        env={**os.environ, **environment},
        check=True,
        start_new_session=True,
    )


def _until(ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + _START_S
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start")
        time.sleep(0.02)


def _alive(file: Path) -> bool:
    try:
        return _is_running(int(file.read_text()))
    except (OSError, ValueError):
        return False


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def _end(folder: Path) -> None:
    for name in ("avahi", "bus"):
        file = folder / f"{name}.pid"
        if _alive(file):
            pid = int(file.read_text())
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 5
            while _is_running(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
        file.unlink(missing_ok=True)
