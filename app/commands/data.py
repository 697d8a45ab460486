"""``werkbank import …`` and ``werkbank bench``: data in, figures out."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands import INTERRUPTED, MISSING, USAGE, CommandError, Commands, add_command, say

if TYPE_CHECKING:
    from app.core.db import Database


REPORTS = (".csv", ".xlsx", ".json")


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("import", help="take over data of another system")
    sources = group.add_subparsers(title="sources", metavar="SOURCE", required=True)
    adventureworks = add_command(
        sources, "adventureworks", "a bicycle maker's data, as CSV files", _adventureworks
    )
    adventureworks.add_argument(
        "--from", dest="folder", required=True, type=Path, metavar="DIR", help="the files"
    )
    adventureworks.add_argument("--dry-run", action="store_true", help="check and report, write nothing")
    adventureworks.add_argument(
        "--report", type=Path, metavar="FILE", help="where the report of rejected rows goes"
    )
    adventureworks.add_argument("--instance", default="main", metavar="NAME", help="which embedded server")
    adventureworks.add_argument(
        "--dsn", metavar="DSN", help="a server instead of the embedded one, with an administrator's own login"
    )
    adventureworks.add_argument("--lang", choices=("de", "en"), default="de", help="language of the report")

    # The arguments of ``bench`` are its own: see ``werkbank bench --help``.
    add_command(commands, "bench", "measure speed and size of every case", _bench)


def _adventureworks(arguments: argparse.Namespace) -> int:
    if not arguments.folder.is_dir():
        raise CommandError(f"{arguments.folder} is not a folder", MISSING)
    if arguments.report and arguments.report.suffix not in REPORTS:
        raise CommandError(f"a report ends in {', '.join(REPORTS)}, not {arguments.report.name}", USAGE)
    from app.core.errors import AppError, Cancelled
    from app.core.i18n import translate
    from app.services.imports import adventureworks
    from app.services.imports.mapping import MappingError
    from app.services.imports.rows import FilesMissingError

    database = _login(arguments)
    try:
        with adventureworks.stopped_by_keyboard() as stop:
            report = adventureworks.run(
                database, arguments.folder, arguments.dry_run, adventureworks.print_progress, stop
            )
    except MappingError as error:
        raise CommandError(f"the mapping is wrong:\n{error}", USAGE) from error
    except FilesMissingError as error:
        raise CommandError(f"files are missing in {error}", MISSING) from error
    except Cancelled as error:
        raise CommandError("stopped; nothing was changed", INTERRUPTED) from error
    except AppError as error:
        raise CommandError(
            f"nothing was changed: {translate('en', f'error.{error.key}', **error.params)}"
        ) from error
    finally:
        database.close()
    files = adventureworks.save_report(report, arguments.report, arguments.lang)
    print(adventureworks.in_words(report))
    say("Report: " + ", ".join(str(file) for file in files))
    return 0


def _login(arguments: argparse.Namespace) -> "Database":
    """The session the import runs in: an administrator's, whose rights hold here as everywhere."""
    from app import __version__
    from app.core.db import ClientInfo, Database, Target

    if arguments.dsn:
        address = arguments.dsn
    else:
        from app.commands.db import make_ready
        from app.core.embedded import Instance

        instance = Instance(arguments.instance)
        if instance.name != "main" and not instance.status().exists:
            raise CommandError(
                f"there is no embedded server {instance.name!r}; werkbank db start --instance {instance.name}",
                MISSING,
            )
        make_ready(instance)
        address = instance.user_dsn("u_ralf")
    target, password = Target.from_dsn(address)
    password = password or os.environ.get("PGPASSWORD", "") or _ask_password(target.user)
    database = Database(target, password, client=ClientInfo(name="werkbank import", version=__version__))
    database.open()
    return database


def _ask_password(user: str) -> str:
    import getpass

    try:
        return getpass.getpass(f"Password of {user}: ")
    except EOFError:
        raise CommandError("nobody to ask for the password; set PGPASSWORD", USAGE) from None


def bench_main(argv: list[str]) -> int:
    """Run the benchmarks with their own arguments."""
    import benchmarks

    return benchmarks.main(argv)


def _bench(_: argparse.Namespace) -> int:
    return bench_main([])
