"""Handing the documents of a period to an auditor: files, checksums, an index as CSV and after the GDPdU/GoBD standard.

An export that was stopped goes on where it was: a file that is there already with the right hash stays.  Each file is
written beside its place and moved there, the index comes last, so nothing half-done looks finished.
"""

import csv
import datetime as dt
import errno
import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.format import no_formula
from app.models.documents import Content, Issued, Kind
from app.services.documents.contents import safe_name

COLUMNS = (
    ("id", "Numeric"),
    ("kind", "AlphaNumeric"),
    ("number", "AlphaNumeric"),
    ("dated", "Date"),
    ("recipient", "AlphaNumeric"),
    ("issued_at", "AlphaNumeric"),
    ("issued_by", "AlphaNumeric"),
    ("language", "AlphaNumeric"),
    ("format", "AlphaNumeric"),
    ("size", "Numeric"),
    ("sha256", "AlphaNumeric"),
    ("retain_until", "Date"),
    ("file", "AlphaNumeric"),
)
DTD = """<!ELEMENT DataSet (Version, DataSupplier?, Command*, Media+)>
<!ELEMENT DataSupplier (Name, Location, Comment)>
<!ELEMENT Media (Name, Command*, Table+)>
<!ELEMENT Table (URL, Name?, Description?, Validity?, (DOS | Mac | UTF7 | UTF8 | UTF16)?, DecimalSymbol?,
  DigitGroupingSymbol?, VariableLength)>
<!ELEMENT Validity (Range, Format?)>
<!ELEMENT Range (From, To?)>
<!ELEMENT VariableLength (ColumnDelimiter?, RecordDelimiter?, TextEncapsulator?, VariablePrimaryKey*, VariableColumn+)>
<!ELEMENT VariablePrimaryKey (Name, Description?, (Numeric | AlphaNumeric | Date))>
<!ELEMENT VariableColumn (Name, Description?, (Numeric | AlphaNumeric | Date))>
<!ELEMENT Date (Format?)>
<!ELEMENT Numeric EMPTY>
<!ELEMENT AlphaNumeric EMPTY>
<!ELEMENT UTF8 EMPTY>
<!ELEMENT UTF7 EMPTY>
<!ELEMENT UTF16 EMPTY>
<!ELEMENT DOS EMPTY>
<!ELEMENT Mac EMPTY>
<!ELEMENT Version (#PCDATA)>
<!ELEMENT Location (#PCDATA)>
<!ELEMENT Comment (#PCDATA)>
<!ELEMENT Command (#PCDATA)>
<!ELEMENT Name (#PCDATA)>
<!ELEMENT URL (#PCDATA)>
<!ELEMENT Description (#PCDATA)>
<!ELEMENT From (#PCDATA)>
<!ELEMENT To (#PCDATA)>
<!ELEMENT Format (#PCDATA)>
<!ELEMENT DecimalSymbol (#PCDATA)>
<!ELEMENT DigitGroupingSymbol (#PCDATA)>
<!ELEMENT ColumnDelimiter (#PCDATA)>
<!ELEMENT RecordDelimiter (#PCDATA)>
<!ELEMENT TextEncapsulator (#PCDATA)>
"""
DTD_NAME = "gdpdu-01-09-2004.dtd"
Progress = Callable[[int, int], object]


class Entry(NamedTuple):
    """One document of the export; ``file`` is where it lies, below the folder."""

    id: int
    kind: str
    number: str
    dated: dt.date
    recipient: str
    issued_at: dt.datetime
    issued_by: str
    language: str
    format: str
    size: int
    sha256: str
    retain_until: dt.date
    file: str


def kinds(session: Session) -> tuple[str, ...]:
    """The codes of all kinds of documents."""
    return tuple(session.scalars(select(Kind.code).order_by(Kind.code)))


def entries(session: Session, first: dt.date, last: dt.date, kinds: Sequence[str] = ()) -> tuple[Entry, ...]:
    """The documents of a period by the day they bear, as far as the person may see them."""
    fields = [getattr(Issued, name) for name in Entry._fields[:-1]]
    asked = select(*fields, Issued.file_name).where(Issued.dated.between(first, last))
    if kinds:
        asked = asked.where(Issued.kind.in_(kinds))
    return tuple(_entry(*row) for row in session.execute(asked.order_by(Issued.dated, Issued.id)))


def _entry(*row: object) -> Entry:
    made = Entry(*row)  # type: ignore[arg-type]  # the last field is the file's name, to become its place
    # Number and id make it unique; a name as long as the sky is cut, not its ending.
    name = safe_name(f"{made.number}_{made.id}.{made.format}".replace("/", "-"))
    return made._replace(file=f"files/{made.dated.year}/{made.kind}/{name}")


def selected(session: Session, ids: Sequence[int]) -> tuple[Entry, ...]:
    """These documents, in the order of their days."""
    fields = [getattr(Issued, name) for name in Entry._fields[:-1]]
    asked = select(*fields, Issued.file_name).where(Issued.id.in_(ids)).order_by(Issued.dated, Issued.id)
    return tuple(_entry(*row) for row in session.execute(asked))


def to_folder(
    session: Session, found: Sequence[Entry], folder: Path, progress: Progress | None = None
) -> int:
    """Write an export into a folder; returns how many files were written, those already there not counted.

    Raises Invalid `export_disk_full`, `export_not_written`, `document_damaged`.
    """
    written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [entry for entry in found if not _is_there(folder / entry.file, entry)]
        for number, (entry, content) in enumerate(_contents(session, wanted), start=1):
            _put(folder / entry.file, content)
            written += 1
            if progress is not None:
                progress(len(found) - len(wanted) + number, len(found))
        for name, content in index_files(found):
            _put(folder / name, content)
    except OSError as error:
        raise _why(error, folder) from error
    return written


def to_zip(session: Session, found: Sequence[Entry], target: Path, progress: Progress | None = None) -> int:
    """Write an export as one ZIP, which appears when it is complete; returns how many files are in it.

    Raises Invalid `export_disk_full`, `export_not_written`, `document_damaged`.
    """
    part = target.with_name(target.name + ".part")
    try:
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for number, (entry, content) in enumerate(_contents(session, found), start=1):
                    archive.writestr(entry.file, content)
                    if progress is not None:
                        progress(number, len(found))
                for name, content in index_files(found):
                    archive.writestr(name, content)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _why(error, target) from error
    return len(found)


def index_files(found: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
    """The index as CSV, its description as XML with the DTD, and the checksums of all files."""
    index = _table(_words(entry) for entry in found)
    description = _describe(found).encode()
    # The description says what the columns are; people open the one with a head, in which nothing is a formula.
    yield "documents.csv", index
    heads = [name for name, _ in COLUMNS]
    yield "index.csv", b"\xef\xbb\xbf" + _table([heads, *(map(no_formula, _words(one)) for one in found)])
    sums = [(entry.sha256, entry.file) for entry in found]
    sums += [(hashlib.sha256(index).hexdigest(), "documents.csv")]
    sums += [(hashlib.sha256(description).hexdigest(), "index.xml")]
    yield "checksums.sha256", "".join(f"{digest}  {name}\n" for digest, name in sums).encode()
    yield DTD_NAME, DTD.encode()
    yield "index.xml", description


def _table(rows: Iterable[Iterable[str]]) -> bytes:
    table = io.StringIO(newline="")
    csv.writer(table, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return table.getvalue().encode()


def _words(entry: Entry) -> list[str]:
    said = entry._asdict()
    for key in ("dated", "retain_until"):
        said[key] = f"{said[key]:%d.%m.%Y}"
    said["issued_at"] = entry.issued_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [str(said[name]) for name, _ in COLUMNS]


def _describe(found: Sequence[Entry]) -> str:
    days = [entry.dated for entry in found]
    columns = "\n        ".join(_column(name, kind) for name, kind in COLUMNS)
    validity = ""
    if days:
        validity = (
            f"<Validity><Range><From>{min(days):%d.%m.%Y}</From><To>{max(days):%d.%m.%Y}</To></Range>"
            "<Format>DD.MM.YYYY</Format></Validity>\n      "
        )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE DataSet SYSTEM "{DTD_NAME}">
<DataSet>
  <Version>1.0</Version>
  <Media>
    <Name>{escape("Werkbank")}</Name>
    <Table>
      <URL>documents.csv</URL>
      <Name>documents</Name>
      <Description>Documents issued and received; the files lie where column file says</Description>
      {validity}<UTF8/>
      <DecimalSymbol>,</DecimalSymbol>
      <DigitGroupingSymbol>.</DigitGroupingSymbol>
      <VariableLength>
        <ColumnDelimiter>;</ColumnDelimiter>
        <RecordDelimiter>&#13;&#10;</RecordDelimiter>
        <TextEncapsulator>"</TextEncapsulator>
        {columns}
      </VariableLength>
    </Table>
  </Media>
</DataSet>
"""


def _column(name: str, kind: str) -> str:
    element = "VariablePrimaryKey" if name == "id" else "VariableColumn"
    inner = "<Date><Format>DD.MM.YYYY</Format></Date>" if kind == "Date" else f"<{kind}/>"
    return f"<{element}><Name>{name}</Name>{inner}</{element}>"


def _contents(session: Session, found: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
    for entry in found:
        content = session.execute(
            select(Content.data).join(Issued, Issued.content_id == Content.id).where(Issued.id == entry.id)
        ).scalar_one()
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise Invalid("document_damaged", id=entry.id, file_name=entry.file)
        yield entry, bytes(content)


def _is_there(file: Path, entry: Entry) -> bool:
    try:
        return (
            file.stat().st_size == entry.size
            and hashlib.sha256(file.read_bytes()).hexdigest() == entry.sha256
        )
    except OSError:
        return False


def _put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def _why(error: OSError, where: Path) -> Invalid:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC)
    key = "export_disk_full" if full else "export_not_written"
    return Invalid(key, path=str(where), reason=error.strerror or str(error))
