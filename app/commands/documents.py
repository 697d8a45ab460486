"""``werkbank documents``: proving that the archive is what it was, a period for an auditor, old files to search."""

import argparse
import datetime as dt
from pathlib import Path

from app.commands import FAILED, USAGE, CommandError, Commands, add_command, say
from app.commands.login import add_address, open_database


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    group = commands.add_parser("documents", help="the archive: verify it, export a period for an audit")
    parts = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verify = add_command(
        parts, "verify", "compare every document with its hash and with the audit trail", _verify
    )
    verify.add_argument("--report", type=Path, metavar="FILE", help="write the result as CSV")
    add_address(verify)
    index = add_command(
        parts, "index", "read documents for the search that came into the archive before it", _index
    )
    add_address(index)
    export = add_command(parts, "export", "write the documents of a period with an index", _export)
    export.add_argument("--from", dest="first", required=True, metavar="DAY", help="first day, as 2026-01-01")
    export.add_argument("--to", dest="last", required=True, metavar="DAY", help="last day")
    export.add_argument(
        "--kind", action="append", default=[], metavar="KIND", help="only this kind; may be repeated"
    )
    export.add_argument(
        "--out", type=Path, required=True, metavar="PATH", help="a folder, or a file ending in .zip"
    )
    add_address(export)


def _verify(given: argparse.Namespace) -> int:
    from app.services.documents import verify

    database = open_database(given, "documents verify")
    count = 0
    findings: list[verify.Finding] = []
    try:
        after: int | None
        for topic in ("documents.issued", "documents.attachment"):
            after = 0
            while after is not None:
                portion = database.read(verify.check_portion, topic, after)
                count += portion.looked
                findings += portion.findings
                after = portion.last
                if after is not None:
                    say(f"{count} looked at …")
        findings += database.read(verify.lost)
    finally:
        database.close()
    for finding in findings:
        print(f"{finding.what} {finding.topic} {finding.id} {finding.name}")
    print(f"{count} files, {len(findings)} finding(s)." if findings else f"{count} files are what they were.")
    if given.report is not None:
        try:
            verify.write_report(given.report, count, findings, dt.datetime.now(dt.UTC))
        except OSError as error:
            raise CommandError(f"the report could not be written: {error}") from error
    return FAILED if findings else 0


def _index(given: argparse.Namespace) -> int:
    from app.core.errors import AppError
    from app.services.documents import archive
    from app.services.documents.commands import NoteWords
    from app.services.documents.contents import text_of_pdf
    from app.services.documents.reads import archived_file

    database = open_database(given, "documents index")
    count, bad = 0, 0
    try:
        after = 0
        while found := database.read(archive.unread, after):
            for after in found:
                try:
                    content = database.read(archived_file, after).content
                except AppError as error:
                    print(f"{after}: {error.key}")
                    bad += 1
                    continue
                database.write(archive.note_words, NoteWords(after, text_of_pdf(content)))
                count += 1
            say(f"{count} read …")
    finally:
        database.close()
    print(f"{count} documents read.")
    return FAILED if bad else 0


def _export(given: argparse.Namespace) -> int:
    from app.core.errors import AppError
    from app.core.i18n import translate
    from app.services.documents import audit_export

    first, last = _day(given.first), _day(given.last)
    if first > last:
        raise CommandError(f"the period ends on {last}, before it begins on {first}", USAGE)
    database = open_database(given, "documents export")

    def told(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            say(f"{done} of {total} …")

    try:
        known = database.read(audit_export.kinds)
        if unknown := sorted(set(given.kind) - set(known)):
            raise CommandError(f"no such kind: {', '.join(unknown)}; there are {', '.join(known)}", USAGE)
        found = database.read(audit_export.entries, first, last, given.kind)
        write = audit_export.to_zip if given.out.suffix.lower() == ".zip" else audit_export.to_folder
        written = database.read(write, found, given.out, told)
    except AppError as error:
        raise CommandError(translate("en", f"error.{error.key}", **error.params)) from error
    finally:
        database.close()
    print(f"{len(found)} documents, {written} files written: {given.out}")
    return 0


def _day(given: str) -> dt.date:
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        raise CommandError(f"{given!r} is no day like 2026-01-31", USAGE) from None
