"""Reads what came in: a PDF with an invoice inside, or an invoice as CII or UBL.

The bytes are a stranger's.  No document type is accepted (so nothing foreign is fetched and nothing swells), sizes are
limited before and after unpacking, and whatever is wrong becomes a finding with an explanation, never an exception.
"""

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

from app.core.errors import Refused
from app.services.documents.contents import PATIENCE, PDFS
from app.services.einvoice import checks
from app.services.einvoice.mapping import Reader
from app.services.einvoice.model import Invoice
from app.services.einvoice.schematron import RULE_SETS, RuleSets
from app.services.einvoice.validate import (
    bt_of,
    check_tree,
    safe_parser,
    set_for,
    without_doubles,
)
from app.services.einvoice.write import NO_DAY, build, reader_for
from app.services.validation.findings import ERROR, WARNING, Finding

MAX_FILE = 50 * 1024 * 1024
MAX_XML = 20 * 1024 * 1024
# In the order in which they are believed: ZUGFeRD 2.1 and later, XRechnung in ZUGFeRD, ZUGFeRD 2.0 and 1.0.
NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
_ZUGFERD_1 = "urn:ferd:CrossIndustryDocument:invoice:1p0"
# Profiles that hold too little to be an invoice in Germany.
_NO_INVOICE = ("factur-x-minimum", "factur-x-basic-wl")
KEPT = 4
# What may be otherwise the next time: the rule sets or the reader of PDFs could not be asked.
_NOT_FOR_LONG = frozenset({"einvoice_rules_unavailable", "einvoice_rules_failed", "einvoice_pdf_endless"})
_kept: "dict[tuple[str, str, RuleSets], Received]" = {}
_keeping = threading.Lock()


@dataclass(frozen=True, slots=True)
class Received:
    """A file that came in, and what is known of it.

    ``xml`` is the structured part, which is the invoice in the eyes of the law; ``unread`` is what it says beyond the
    model.  ``invoice`` is None when the file cannot be read as one; the findings say why.
    """

    name: str
    sha256: str
    size: int
    kind: str
    xml: bytes | None
    xml_name: str
    rule_set: str
    invoice: Invoice | None
    findings: tuple[Finding, ...]
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it is an invoice without errors."""
        return self.invoice is not None and not any(finding.is_error for finding in self.findings)


class _UnreadableError(Exception):
    """The file holds no invoice that could be read."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.finding = Finding(ERROR, f"einvoice_{code}", "", params)


def read(data: bytes, name: str = "", engine: RuleSets = RULE_SETS) -> Received:
    """Take a file apart and check it; the last few answers are kept, since who stores a file looks at it next."""
    key = (hashlib.sha256(data).hexdigest(), name, engine)
    with _keeping:
        known = _kept.get(key)
    if known is not None:
        return known
    found = _read(data, name, key[0], engine)
    if not any(finding.code in _NOT_FOR_LONG for finding in found.findings):
        with _keeping:
            _kept[key] = found
            while len(_kept) > KEPT:
                del _kept[next(iter(_kept))]
    return found


def _read(data: bytes, name: str, digest: str, engine: RuleSets) -> Received:
    kind, xml, xml_name, notes = "", None, "", list[Finding]()
    try:
        if len(data) > MAX_FILE:
            raise _UnreadableError(
                "too_large", size=len(data) // 1024 // 1024, limit=MAX_FILE // 1024 // 1024
            )
        kind = _kind(data)
        if kind == "pdf":
            xml, xml_name, notes = _from_pdf(data)
        else:
            xml, xml_name = data, name
        reader = _parsed(xml)
    except _UnreadableError as fault:
        return Received(name, digest, len(data), kind, xml, xml_name, "", None, (*notes, fault.finding))
    used = set_for(reader.root, str(reader.fields.get("guideline", "")))
    if used.name in _NO_INVOICE:
        notes.append(Finding(ERROR, "einvoice_profile_too_small", "guideline", {"profile": used.title}))
    missing: list[str] = []
    invoice = build(Invoice, reader.fields, "", missing)
    findings = [*notes, *_of_reading(reader, missing)]
    try:
        findings += check_tree(xml, reader, used, engine)
    except Refused as refused:
        findings.append(Finding(ERROR, refused.key, "", refused.params))
    if not missing:
        findings += (_softened(finding) for finding in checks.check(invoice))
    shown = invoice if invoice.issued != NO_DAY else None
    unread = reader.unread()
    return Received(
        name, digest, len(data), kind, xml, xml_name, used.title, shown, without_doubles(findings), unread
    )


def _softened(finding: Finding) -> Finding:
    """What the law asks of an invoice is the sender's to mend; sums that disagree are an error here as well."""
    wrong = str(finding.params.get("rule", "")).startswith("WB-SUM")
    return finding if wrong else Finding(WARNING, finding.code, finding.field, finding.params)


def _of_reading(reader: Reader, missing: list[str]) -> Iterator[Finding]:
    for one in reader.misread:
        yield Finding(ERROR, "einvoice_unreadable_value", one.field, {"bt": one.bt, "text": one.text})
    for field in missing:
        yield Finding(ERROR, "einvoice_missing_value", field, {"bt": bt_of(reader, field)})


def _kind(data: bytes) -> str:
    if data[:1024].lstrip().startswith(b"%PDF-") or b"%PDF-" in data[:1024]:
        return "pdf"
    start = data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if start.startswith(b"<"):
        return "xml"
    raise _UnreadableError("neither")


def _parsed(xml: bytes) -> Reader:
    """The document as a tree that is safe to walk, taken apart."""
    from lxml import etree

    if len(xml) > MAX_XML:
        raise _UnreadableError("too_large", size=len(xml) // 1024 // 1024, limit=MAX_XML // 1024 // 1024)
    _no_document_type(xml)
    try:
        root = etree.fromstring(xml, safe_parser())
    except etree.XMLSyntaxError as error:
        raise _UnreadableError("xml_broken", line=error.lineno or 0, reason=error.msg[:200]) from error
    if str(root.tag).startswith(f"{{{_ZUGFERD_1}}}"):
        raise _UnreadableError("zugferd_1")
    reader = reader_for(root)
    if reader is None:
        raise _UnreadableError("unknown_root", root=str(root.tag)[:120])
    return reader


def _no_document_type(xml: bytes) -> None:
    def refuse(*_: object) -> NoReturn:
        raise _UnreadableError("document_type")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, str(error.code))
        raise _UnreadableError("xml_broken", line=error.lineno, reason=reason) from error
    except (ValueError, LookupError) as error:  # an encoding expat does not know
        raise _UnreadableError("xml_broken", line=1, reason=str(error)[:200]) from error


def _from_pdf(data: bytes) -> tuple[bytes, str, list[Finding]]:
    """The invoice inside a PDF, its file name, and what is odd about it."""
    files = _files(data)
    if not files:
        raise _UnreadableError("pdf_without_xml")
    known = [(name, xml) for wanted in NAMES for name, xml in files if name.lower() == wanted]
    chosen = known or files
    notes = []
    if len({xml for _, xml in chosen}) > 1:
        notes.append(
            Finding(
                ERROR, "einvoice_pdf_several", "", {"names": [name for name, _ in chosen], "n": len(chosen)}
            )
        )
    if not known:
        notes.append(Finding(WARNING, "einvoice_pdf_name", "", {"name": chosen[0][0]}))
    return chosen[0][1], chosen[0][0], notes


def _files(data: bytes) -> list[tuple[str, bytes]]:
    """The XML files inside a PDF, all together never more than the limit."""
    answer = PDFS.ask({"do": "files", "most": MAX_XML}, data, PATIENCE)
    if answer is None or "error" in answer.said:
        raise _UnreadableError("pdf_endless")
    if (fault := answer.said.get("fault")) == "large":
        most = MAX_XML // 1024 // 1024
        raise _UnreadableError("too_large", size=f"> {most}", limit=most)
    if fault is not None:
        raise _UnreadableError(f"pdf_{fault}", **answer.said["params"])
    content = io.BytesIO(answer.content)
    return [(name, content.read(size)) for name, size in answer.said["files"]]


def read_file(path: Path, engine: RuleSets = RULE_SETS) -> Received:
    """Read a file from the disk; one that is too large is not loaded, one that cannot be opened is explained."""
    try:
        if path.stat().st_size > MAX_FILE:
            with path.open("rb") as file:
                return read(file.read(MAX_FILE + 1), path.name, engine)
        return read(path.read_bytes(), path.name, engine)
    except OSError as error:
        reason = Finding(ERROR, "einvoice_no_file", "", {"reason": error.strerror or str(error)})
        return Received(path.name, "", 0, "", None, "", "", None, (reason,))
