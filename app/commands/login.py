"""Signing in from the command line: an address, a server profile, or the embedded server."""

import argparse
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from app.commands import MISSING, USAGE, CommandError

if TYPE_CHECKING:
    from app.core.db import Database
    from app.core.target import Target


def add_address(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where, and as whom."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--dsn",
        metavar="DSN",
        help="address of the database with the login; also WERKBANK_SYNC_DSN (default: the embedded server)",
    )
    where.add_argument("--profile", metavar="NAME", help="a server profile of the login window")
    where.add_argument("--instance", default="main", metavar="NAME", help="which embedded server")
    parser.add_argument(
        "--login", metavar="LOGIN", default="", help="with --profile: as whom (default: the last one)"
    )


def open_database(arguments: argparse.Namespace, name: str) -> "Database":
    """A session of one's own; the password is in the address, in PGPASSWORD, in the credential store, or asked for."""
    from app import __version__
    from app.core import credentials
    from app.core.db import ClientInfo, Database
    from app.core.errors import AppError
    from app.core.i18n import translate
    from app.core.target import Target

    given = arguments.dsn or ("" if arguments.profile else os.environ.get("WERKBANK_SYNC_DSN", ""))
    password: str | None = None
    if given:
        target, password = _address(given, "--dsn" if arguments.dsn else "WERKBANK_SYNC_DSN")
    elif arguments.profile:
        target, service = _profile(arguments.profile, arguments.login)
        password = credentials.recall(service, target.user)
    else:
        target, password = Target.from_dsn(_embedded(arguments.instance))
    password = password or os.environ.get("PGPASSWORD", "") or ask_password(target.user)
    database = Database(target, password, client=ClientInfo(name=name, version=__version__))
    try:
        database.open()
    except AppError as error:
        raise CommandError(translate("en", f"error.{error.key}", **error.params)) from error
    return database


def _address(given: str, source: str) -> "tuple[Target, str]":
    """An address as it was given; what is none is said without repeating it, since it may hold a password."""
    from app.core.target import Target

    if given.startswith(("postgresql://", "postgres://")):
        with suppress(ValueError):
            target, password = Target.from_dsn(given)
            if target.user and target.dbname:
                return target, password
    raise CommandError(f"{source} is no address like postgresql://LOGIN:PASSWORD@HOST/DATABASE", USAGE)


def _profile(name: str, login: str) -> "tuple[Target, str]":
    from app.core import config
    from app.core.target import Target

    found = config.find_profile(name)
    if found is None:
        raise CommandError(f"there is no server profile {name!r}", MISSING)
    login = login or found.login or ""
    if not login:
        raise CommandError("--login says as whom", USAGE)
    target = Target(found.host, found.port, found.dbname, login, found.sslmode, found.sslrootcert or "")
    return target, found.service


def _embedded(name: str) -> str:
    from app.commands.db import make_ready
    from app.core.embedded import Instance

    instance = Instance(name)
    if instance.name != "main" and not instance.status().exists:
        raise CommandError(
            f"there is no embedded server {name!r}; werkbank db start --instance {name}", MISSING
        )
    make_ready(instance)
    return instance.user_dsn("u_ralf")


def ask_password(user: str, otherwise: str = "set PGPASSWORD") -> str:
    """Ask the person at the terminal; where there is none, `otherwise` is what to do."""
    import getpass

    try:
        return getpass.getpass(f"Password of {user}: ")
    except EOFError:
        raise CommandError(f"nobody to ask for the password of {user}; {otherwise}", USAGE) from None
