"""``werkbank datev``: hand a month over to the tax adviser without a window."""

import argparse
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands import FAILED, USAGE, CommandError, Commands, add_command, say
from app.commands.login import add_address, open_database

if TYPE_CHECKING:
    from app.services.accounting.preview import Booked, Files


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("datev", help="export for the tax adviser")
    parts = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    export = add_command(
        parts, "export", "write the bookings of a month in the DATEV format, as CSV and as XLSX", _export
    )
    export.add_argument("--month", required=True, metavar="MONTH", help="as 2026-11")
    export.add_argument("--to", type=Path, default=Path(), metavar="DIR", help="folder for the files")
    export.add_argument(
        "--check", action="store_true", help="only say what would be exported, and what is wrong"
    )
    export.add_argument("--repeat", metavar="NUMBER", help="the vouchers of this export again")
    export.add_argument("--reason", default="", help="why an export is repeated")
    add_address(export)


def _export(given: argparse.Namespace) -> int:
    from app.core.errors import AppError
    from app.core.i18n import translate
    from app.services.accounting import lists, preview, writes

    first, last = preview.month_of(_month(given.month))
    database = open_database(given, "datev export")
    try:
        repeats = database.read(lists.export_by_number, given.repeat).id if given.repeat else None
        shown = database.read(preview.preview, first, last, repeats)
        for note in shown.notes:
            say(
                f"{note.severity}: {translate('en', f'datev.finding.{note.code}', **preview.told(note, 'en'))}"
            )
        for one in shown.proof:
            words = translate("en", f"datev.figure.{one.figure}")
            rate = f" {one.tax_category} {one.tax_rate.normalize():f} %" if one.tax_category else ""
            say(f"{words}{rate}: documents {one.documents}, bookings {one.exported}")
        if given.check or not shown.may_export:
            print(f"{shown.vouchers} vouchers, {len(shown.rows)} bookings, not exported.")
            return 0 if given.check and shown.may_export else FAILED
        files = preview.make_files(shown, dt.datetime.now().astimezone())
        _folder(given.to)
        made = database.write(writes.post_export, preview.post_command(shown, files, given.reason)).value
        _save(given.to, made.number, files, shown.rows)
    except AppError as error:
        raise CommandError(translate("en", f"error.{error.key}", **error.params)) from error
    finally:
        database.close()
    for note in files.notes:
        say(translate("en", f"datev.finding.{note.code}", **note.params))
    print(f"{made.number}: {made.vouchers} vouchers, {made.lines} bookings, {made.total} EUR, in {given.to}")
    return 0


def _folder(folder: Path) -> None:
    """The folder is there before anything is handed over."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder} is no folder for the files: {error.strerror or error}") from error


def _save(folder: Path, number: str, files: "Files", rows: "Sequence[Booked]") -> None:
    from app.services.accounting import tables

    try:
        tables.write_files(
            folder, ((files.bookings_name, files.bookings), (files.partners_name, files.partners))
        )
        for suffix in (".csv", ".xlsx"):
            tables.write(folder / f"{number}{suffix}", number, rows, "de")
    except OSError as error:
        raise CommandError(
            f"{number} is handed over, but not all of its files are in {folder}: {error.strerror or error}. "
            "They are kept in the archive: save them from the list of hand-overs."
        ) from error


def _month(given: str) -> dt.date:
    try:
        return dt.date.fromisoformat(f"{given}-01")
    except ValueError:
        raise CommandError(f"{given!r} is no month like 2026-01", USAGE) from None
