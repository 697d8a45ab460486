"""Makes the guard's login and its settings, and starts the guard of an embedded server."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from app.core import paths
from app.guard.settings import LOGIN, MailServer, Settings, SettingsError, load, save, settings_file

if TYPE_CHECKING:
    from app.core.embedded import Instance


def prepare_login(admin_dsn: str) -> str:
    """Make the login ``s_guard``, or give it a new password; returns its address. ``admin_dsn`` is a superuser's."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        row = connection.execute("SELECT sec.guard_prepare()").fetchone()
    assert row is not None
    parts = urlsplit(admin_dsn)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "127.0.0.1"
    place = f"{LOGIN}:{quote(row[0], safe='')}@{host}:{parts.port or 5432}"
    return urlunsplit(parts._replace(netloc=place))


def write_settings(
    file: Path, admin_dsn: str, *, log: str = "", anchors: str = "", mail: MailServer | None = None
) -> Settings:
    """A login with a new password and the settings for it; what is not given stays as it was."""
    try:
        known = load(file)
    except SettingsError:
        known = Settings("")
    settings = replace(
        known,
        dsn=prepare_login(admin_dsn),
        log=log or known.log,
        anchors=anchors or known.anchors,
        mail=mail or known.mail,
    )
    save(file, settings)
    return settings


def prepare_embedded(instance: "Instance") -> Path:
    """The settings of an embedded server's guard, made the first time; returns their file."""
    file = settings_file(instance.name)
    try:
        known = load(file)
    except SettingsError:
        known = write_settings(file, instance.admin_dsn())
    # Port and places may have changed since: the password is the only thing worth keeping.
    parts = urlsplit(known.dsn)
    secret = (parts.netloc.rpartition("@")[0]).partition(":")[2]
    dsn = urlunsplit(
        urlsplit(instance.admin_dsn())._replace(
            netloc=f"{LOGIN}:{secret}@{instance.status().host}:{instance.port}"
        )
    )
    settings = replace(
        known,
        dsn=dsn,
        log=str(instance.log),
        anchors=known.anchors or str(instance.log.parent / "anchors"),
    )
    if not _may_log_in(dsn):
        settings = replace(settings, dsn=prepare_login(instance.admin_dsn()))
    if settings != known:
        save(file, settings)
    return file


def _may_log_in(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=5).close()
    except psycopg.Error:
        return False
    return True


def start_embedded(instance: "Instance") -> None:
    """Start the guard of an embedded server as a process of its own, which ends by itself after the server.

    The server too outlives the command that started it. A second guard of the same server ends at once.
    """
    prepare_embedded(instance)
    command = [sys.executable, "-m", "app", "guard", "--instance", instance.name]
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    guard = subprocess.Popen(
        command,
        cwd=paths.REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
        creationflags=flags,
        close_fds=True,
    )
    # It lives as long as its server, not as long as we do: nobody here waits for it.
    guard.returncode = 0
