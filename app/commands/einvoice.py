"""``werkbank einvoice FILE…``: read and check received e-invoices without a window."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands import FAILED, Commands, add_command

if TYPE_CHECKING:
    from app.services.einvoice.read import Received

SUFFIXES = (".pdf", ".xml")


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "einvoice", "check e-invoices (files or folders): ZUGFeRD, XRechnung", _check
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="FILE", help="PDF or XML files, or folders of them"
    )
    parser.add_argument("--language", choices=("de", "en"), default="en", help="of the findings")
    parser.add_argument("--json", action="store_true", help="one JSON object per file")


def _check(arguments: argparse.Namespace) -> int:
    from app.services.einvoice.read import read_file

    wrong = 0
    for path in _files(arguments.paths):
        received = read_file(path)
        wrong += not received.ok
        if arguments.json:
            print(json.dumps(_as_json(path, received, arguments.language), ensure_ascii=False))
        else:
            _tell(path, received, arguments.language)
    return FAILED if wrong else 0


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and one.is_file()
            )
        else:
            yield path


def _tell(path: Path, received: "Received", lang: str) -> None:
    from app.services.einvoice.show import sentence, source

    if not path.is_file():
        print(f"{path}: {received.findings[0].words(lang)}")
        return
    invoice = received.invoice
    what = (
        f"{invoice.number} of {invoice.seller.name}, {invoice.totals.payable} {invoice.currency}"
        if invoice
        else "–"
    )
    verdict = "valid" if received.ok else "faulty" if invoice else "no e-invoice"
    print(f"{path}: {verdict}; {what}; {received.rule_set or 'not checked by any rules'}")
    for finding in received.findings:
        rests_on = f" [{named}]" if (named := source(finding)) else ""
        print(f"  {finding.severity}: {sentence(finding, invoice, lang)}{rests_on}")


def _as_json(path: Path, received: "Received", lang: str) -> dict[str, Any]:
    invoice = received.invoice
    return {
        "file": str(path),
        "sha256": received.sha256,
        "ok": received.ok,
        "rules": received.rule_set,
        "number": invoice.number if invoice else None,
        "seller": invoice.seller.name if invoice else None,
        "payable": str(invoice.totals.payable) if invoice else None,
        "currency": invoice.currency if invoice else None,
        "findings": [{**one.as_json(), "words": one.words(lang)} for one in received.findings],
    }
