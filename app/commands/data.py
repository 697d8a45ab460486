"""``werkbank import …`` and ``werkbank bench``: data in, figures out."""

import argparse
from pathlib import Path

from app.commands import MISSING, CommandError, Commands, add_command


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
    adventureworks.add_argument("--admin-dsn", metavar="DSN", help="a server instead of the embedded one")

    # The arguments of ``bench`` are its own: see ``werkbank bench --help``.
    add_command(commands, "bench", "measure speed and size of every case", _bench)


def _adventureworks(arguments: argparse.Namespace) -> int:
    if not arguments.folder.is_dir():
        raise CommandError(f"{arguments.folder} is not a folder", MISSING)
    if arguments.admin_dsn:
        admin_dsn = arguments.admin_dsn
    else:
        from app.commands.db import make_ready
        from app.core.embedded import Instance

        instance = Instance(arguments.instance)
        make_ready(instance)
        admin_dsn = instance.admin_dsn()
    from app.services.imports import adventureworks

    return adventureworks.run(admin_dsn, arguments.folder, dry_run=arguments.dry_run, report=arguments.report)


def bench_main(argv: list[str]) -> int:
    """Run the benchmarks with their own arguments."""
    import benchmarks

    return benchmarks.main(argv)


def _bench(_: argparse.Namespace) -> int:
    return bench_main([])
