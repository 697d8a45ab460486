"""``werkbank db seal``, ``anchor``, ``verify``, ``audit-archive``, ``audit-restore``: the trail from outside."""

import argparse
from collections.abc import Callable
from pathlib import Path

from app.commands import FAILED, CommandError, Commands, add_command, say

Address = Callable[[argparse.Namespace], str]


def register(parts: Commands, address: Address, options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the commands; ``address`` gives the administrator's address, ``options`` adds what it needs."""

    def add(name: str, about: str, run: Callable[[argparse.Namespace, str], int]) -> argparse.ArgumentParser:
        parser = add_command(parts, name, about, lambda given: _run(run, given, address))
        options(parser)
        return parser

    add("seal", "seal the audit trail up to now (the guard does it every few seconds)", _seal)
    anchor = add("anchor", "write the seal of today into a file, to be kept elsewhere", _anchor)
    anchor.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="folder, best on another machine"
    )
    verify = add("verify", "compare the audit trail with its seal", _verify)
    verify.add_argument("--anchors", metavar="DIR", type=Path, help="folder of the anchors kept elsewhere")
    archive = add(
        "audit-archive", "take months out of the trail that need no longer be kept at hand", _archive
    )
    archive.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder the files go to")
    restore = add("audit-restore", "bring an archived month back for a check", _restore)
    restore.add_argument("file", metavar="FILE", type=Path, help="a file of audit-archive")


def _run(run: Callable[[argparse.Namespace, str], int], given: argparse.Namespace, address: Address) -> int:
    from app.core.trail import TrailError

    try:
        return run(given, address(given))
    except TrailError as wrong:
        raise CommandError(str(wrong)) from wrong


def _seal(_given: argparse.Namespace, dsn: str) -> int:
    from app.core import trail

    print(f"{trail.seal(dsn)} block(s) sealed.")
    return 0


def _anchor(given: argparse.Namespace, dsn: str) -> int:
    from app.core import trail

    trail.seal(dsn)
    file = trail.anchor(dsn, given.out)
    if file is None:
        raise CommandError("there is nothing to anchor yet")
    print(file)
    return 0


def _verify(given: argparse.Namespace, dsn: str) -> int:
    from app.core import trail

    found = []
    for done, total, findings in trail.verify(dsn, given.anchors):
        say(f"{done} of {total} blocks …")
        found += findings
        for finding in findings:
            block = "" if finding.block is None else f" in block {finding.block}"
            print(f"{finding.finding}{block} {finding.detail or ''}".rstrip())
    print(f"{len(found)} finding(s)." if found else "The trail is as it was sealed.")
    return FAILED if found else 0


def _archive(given: argparse.Namespace, dsn: str) -> int:
    from app.core import trail

    count = 0
    for month in trail.archive(dsn, given.out):
        print(f"{month.table} {month.month:%Y-%m}: {month.rows} rows, {month.file}")
        count += 1
    print(f"{count} month(s) archived." if count else "No month is old enough.")
    return 0


def _restore(given: argparse.Namespace, dsn: str) -> int:
    from app.core import trail

    month = trail.restore(dsn, given.file)
    print(f"{month.table} {month.month:%Y-%m} is back: {month.rows} rows.")
    return 0
