"""``werkbank guard`` and ``werkbank db guard-user``: the service beside the server, and its login."""

import argparse
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands import MISSING, CommandError, Commands, add_command, say

if TYPE_CHECKING:
    from app.guard.service import Guard


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    guard = add_command(
        commands, "guard", "watch sign-ins, locks and time limits, send mail; runs until stopped", _guard
    )
    guard.add_argument("--once", action="store_true", help="do everything one time and end")
    guard.add_argument("--instance", metavar="NAME", help="guard this embedded server, and end after it")
    guard.add_argument(
        "--dsn",
        metavar="DSN",
        help="address of s_guard (default: what db guard-user wrote; WERKBANK_GUARD_DSN)",
    )
    guard.add_argument("--log", metavar="DIR", help="folder of the server's JSON logs")


def register_login(parts: Commands) -> argparse.ArgumentParser:
    """Add ``guard-user`` to the database commands; the caller adds the address of the server."""
    login = add_command(
        parts, "guard-user", "make the guard's login (or renew its password) and write its settings", _login
    )
    login.add_argument("--log", metavar="DIR", default="", help="folder of the server's JSON logs")
    login.add_argument("--anchors", metavar="DIR", default="", help="where each day's seal is kept")
    login.add_argument("--smtp", metavar="HOST:PORT", help="mail server; its password is asked for")
    login.add_argument("--smtp-user", metavar="NAME", default="", help="login at the mail server")
    login.add_argument("--smtp-security", choices=("starttls", "tls", "none"), default="starttls")
    login.add_argument("--sender", metavar="ADDRESS", default="", help="sender of the mails")
    return login


def _guard(arguments: argparse.Namespace) -> int:
    from app.core.log import setup_logging
    from app.guard.service import Guard
    from app.guard.settings import Settings, SettingsError, from_environment, load, settings_file

    try:
        if arguments.dsn:
            settings = from_environment(Settings(arguments.dsn, arguments.log or ""))
        else:
            settings = load(settings_file(arguments.instance or ""))
    except SettingsError as wrong:
        raise CommandError(str(wrong), MISSING) from wrong
    if arguments.log:
        settings = Settings(settings.dsn, arguments.log, settings.anchors, settings.mail)
    setup_logging("guard")
    guard = Guard(settings)
    if arguments.once:
        try:
            guard.once()
        finally:
            guard.close()
        return 0
    if not settings.log:
        say(
            "No log folder is known, so nobody is locked after wrong passwords: --log DIR, or db guard-user --log."
        )
    return _watch(guard, arguments.instance)


def _watch(guard: "Guard", name: str | None) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if name is None:
        say("The guard is at work; Ctrl+C ends it.")
        guard.run(stop)
        return 0
    from app.core import paths
    from app.core.embedded import Instance
    from app.core.file_lock import LockTimeoutError, file_lock

    instance = Instance(name)
    try:
        with file_lock(paths.instances() / f"{name}.guard.lock", seconds=0):
            guard.run(stop, gone=lambda: not instance.status().running)
    except LockTimeoutError:
        return 0  # this server has its guard
    return 0


def _login(arguments: argparse.Namespace) -> int:
    from app.commands.db import admin_address
    from app.core.embedded import Instance
    from app.guard.settings import MailServer, SettingsError, settings_file
    from app.guard.setup import prepare_embedded, write_settings

    file = settings_file("" if arguments.admin_dsn else arguments.instance)
    address = admin_address(arguments)
    try:
        mail = None
        if arguments.smtp:
            host, _, port = arguments.smtp.rpartition(":")
            if not host or not port.isdigit():
                raise SettingsError(f"--smtp is HOST:PORT, not {arguments.smtp!r}")
            password = _ask(arguments.smtp_user) if arguments.smtp_user else ""
            mail = MailServer(
                host, int(port), arguments.sender, arguments.smtp_security, arguments.smtp_user, password
            )
        write_settings(file, address, log=arguments.log, anchors=arguments.anchors, mail=mail)
    except SettingsError as wrong:
        raise CommandError(str(wrong)) from wrong
    if not arguments.admin_dsn:
        prepare_embedded(Instance(arguments.instance))
    print(f"The guard's login is ready; its settings are in {Path(file)}.")
    return 0


def _ask(user: str) -> str:
    import getpass

    try:
        return getpass.getpass(f"Password of {user} at the mail server: ")
    except EOFError:
        raise CommandError("nobody to ask for the password of the mail server") from None
