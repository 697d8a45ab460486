"""Opens every PDF a tour issued and lays it beside the database: number, hash, totals or quantities."""

import hashlib
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from pypdf import PdfReader

from app.core import format as fmt
from app.tour.driver import TourError
from app.tour.record import DocumentRecord
from app.tour.tour import Tour

_ISSUED = """
SELECT split_part(i.topic, '.', 2), i.record_id, i.number, i.language, i.file_name, c.bytes, i.sha256
  FROM documents.issued i JOIN documents.content c ON c.id = i.content_id
 WHERE i.id > %s AND i.format = 'pdf' AND i.topic LIKE 'sales.%%' ORDER BY i.id
"""
_TOTALS = "SELECT net_amount, tax_amount, gross_amount FROM sales.{table} WHERE id = %s"
# Several lots of a line stand in one row of the delivery note.
_QUANTITIES = """
SELECT min(position), sku, sum(qty) FROM sales.delivery_line WHERE delivery_id = %s
 GROUP BY sales_order_line_id, sku ORDER BY 1
"""


def last_archived(admin_dsn: str) -> int:
    """The newest document in the archive, 0 when there is none; a tour checks what comes after it."""
    with psycopg.connect(admin_dsn) as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM documents.issued").fetchone()
    return int(row[0]) if row else 0


def check(tour: Tour) -> list[DocumentRecord]:
    """Write every document issued since the tour began into its folder and compare it with its record."""
    with psycopg.connect(tour.stage.admin_dsn) as connection:
        rows = connection.execute(_ISSUED, (tour.memory.get("archived_before", 0),)).fetchall()
        found = [_one(connection, tour.folder, *row) for row in rows]
    if not found:
        raise TourError("the tour issued no document")
    return found


def _one(
    connection: psycopg.Connection[Any],
    folder: Path,
    kind: str,
    record_id: int,
    number: str,
    language: str,
    file_name: str,
    content: bytes,
    sha256: str,
) -> DocumentRecord:
    target = folder / Path(file_name).name
    target.write_bytes(content)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    text = plain("\n".join(pages))
    if kind == "delivery":
        wanted = _quantities(connection, record_id, language)
    else:
        wanted = _totals(connection, kind, record_id, language)
    shown = {name: value for name, value in wanted.items() if stands_in(plain(value), text)}
    problems = [f"{name}: {value} is not in the PDF" for name, value in wanted.items() if name not in shown]
    if plain(number) not in text:
        problems.append(f"the number {number} is not in the PDF")
    actual = hashlib.sha256(target.read_bytes()).hexdigest()
    if actual != sha256:
        problems.append("the file is not what was archived")
    if kind == "delivery" and "€" in text:
        problems.append("a delivery note shows a price")
    return DocumentRecord(
        kind, number, language, target.name, actual, len(pages), shown, wanted, not problems, problems
    )


def _totals(connection: psycopg.Connection[Any], kind: str, record_id: int, language: str) -> dict[str, str]:
    if kind not in ("quote", "sales_order", "invoice"):
        raise TourError(f"unknown kind of document: {kind}")
    row = connection.execute(_TOTALS.format(table=kind).encode(), (record_id,)).fetchone()
    if row is None:
        raise TourError(f"{kind} {record_id} is archived but does not exist")
    net, tax, gross = row
    amounts: dict[str, Decimal] = {"net": net, "gross": gross} | ({"tax": tax} if tax else {})
    return {name: fmt.money(amount, None, language) for name, amount in amounts.items()}


def _quantities(connection: psycopg.Connection[Any], record_id: int, language: str) -> dict[str, str]:
    rows = connection.execute(_QUANTITIES, (record_id,)).fetchall()
    return {f"line {position} {sku}": fmt.quantity(qty, "", language) for position, sku, qty in rows}


def plain(text: str) -> str:
    """Text with every kind of space as one, as a reader sees it."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", text)


def stands_in(amount: str, text: str) -> bool:
    """Whether an amount stands in a text as a whole, not as a part of another number."""
    return re.search(rf"(?<![\d.,]){re.escape(amount)}(?![\d]|[.,]\d)", text) is not None
