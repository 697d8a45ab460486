"""The archive of issued documents: who may fill it and see it, and that nobody ever changes it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import AppError, Invalid, NotAllowed, Refused
from app.services.documents.archive import archive
from app.services.documents.commands import ArchiveDocument
from app.services.documents.reads import archived_documents, archived_file
from app.services.documents.render import render
from app.services.sales import writes
from app.services.sales.commands import IssueQuote, PostInvoice
from tests.sales_world import Raw, World, build, confirmed, line_ids, shipped, stock
from tests.unit.documents_sample import sample

AsRole = Callable[[str], Database]
PDF = render(sample("quote"))
ISSUERS = {
    "quote": "sales_rep",
    "order_confirmation": "sales_rep",
    "delivery_note": "warehouse_clerk",
    "invoice": "finance",
}
TOPICS = {
    "quote": "sales.quote",
    "order_confirmation": "sales.sales_order",
    "delivery_note": "sales.delivery",
    "invoice": "sales.invoice",
}


@dataclass(frozen=True)
class Trade:
    """A draft quote, and the issued records by the kind of their paper."""

    draft: int
    records: dict[str, int]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def trade(world: World, admin: Raw, as_role: AsRole) -> Trade:
    """One bicycle: quoted, ordered, shipped from the northern warehouse, invoiced."""
    rep, keeper, finance = as_role("sales_rep"), as_role("warehouse_manager"), as_role("finance")
    lines = [world.line(world.bike)]
    draft = rep.write(writes.save_quote, world.quote(lines)).value
    quote = rep.write(writes.save_quote, world.quote(lines)).value
    rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version))
    stock(keeper, world.bike, world.shelf, 1)
    order = confirmed(rep, world.order(lines))
    delivery = shipped(keeper, order.id, order.row_version, (line_ids(admin, order.id)[0], 1, world.shelf))
    post = PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))
    invoice = finance.write(writes.post_invoice, post).value
    return Trade(
        draft.id,
        {
            "quote": quote.id,
            "order_confirmation": order.id,
            "delivery_note": delivery.id,
            "invoice": invoice.id,
        },
    )


def keep(kind: str, record: int) -> ArchiveDocument:
    return ArchiveDocument(kind, record, "de", "Beleg.pdf", PDF)


def refusal(db: Database, command: ArchiveDocument) -> AppError:
    with pytest.raises(AppError) as refused:
        db.write(archive, command)
    return refused.value


def test_what_was_issued_comes_back_byte_for_byte(trade: Trade, admin: Raw, as_role: AsRole) -> None:
    for kind, record in trade.records.items():
        as_role(ISSUERS[kind]).write(archive, keep(kind, record))
        viewer = as_role("viewer")
        (row,) = viewer.read(archived_documents, TOPICS[kind], record)
        number = admin.execute(f"SELECT number FROM {TOPICS[kind]} WHERE id = %s", (record,)).fetchone()
        assert number == (row.number,), "the number is the record's own"
        assert row.issued_by == f"u_{ISSUERS[kind]}"
        assert viewer.read(archived_file, row.id) == (
            "Beleg.pdf",
            PDF,
            hashlib.sha256(PDF).hexdigest(),
            "application/pdf",
        )


def test_archiving_is_one_round_trip_and_safe_to_repeat(trade: Trade, as_role: AsRole) -> None:
    rep = as_role("sales_rep")
    command = keep("quote", trade.records["quote"])
    before = rep.counter.round_trips
    first = rep.write(archive, command).value
    assert rep.counter.round_trips - before == 1
    assert rep.write(archive, command).value == first, "the answer was lost and the command sent again"
    assert rep.write(archive, keep("quote", trade.records["quote"])).value == first, "the same bytes"
    other = refusal(rep, replace(keep("quote", trade.records["quote"]), content=PDF + b"\n"))
    assert isinstance(other, Refused)
    assert other.key == "document_archived_once"


def test_only_who_may_issue_the_record_archives_it(trade: Trade, as_role: AsRole) -> None:
    for kind, record in trade.records.items():
        for role in ("viewer", "production_operator", "sales_rep", "warehouse_clerk", "finance"):
            if role != ISSUERS[kind]:
                assert isinstance(refusal(as_role(role), keep(kind, record)), NotAllowed), (kind, role)


def test_clerk_neither_archives_nor_sees_the_other_warehouse(
    trade: Trade, world: World, admin: Raw, as_role: AsRole
) -> None:
    clerk, delivery = as_role("warehouse_clerk"), trade.records["delivery_note"]
    clerk.write(archive, keep("delivery_note", delivery))
    as_role("finance").write(archive, keep("invoice", trade.records["invoice"]))
    assert len(clerk.read(archived_documents, "sales.delivery", delivery)) == 1
    assert clerk.read(archived_documents, "sales.invoice", trade.records["invoice"]) == (), (
        "prices are not his"
    )
    admin.execute("SELECT sec.user_set_warehouses('u_warehouse_clerk', %s)", ([world.south],))
    try:
        assert clerk.read(archived_documents, "sales.delivery", delivery) == ()
        assert refusal(clerk, keep("delivery_note", delivery)).key == "record_not_found"
    finally:
        admin.execute("SELECT sec.user_set_warehouses('u_warehouse_clerk', %s)", ([world.north],))


def test_nonsense_is_refused(trade: Trade, as_role: AsRole) -> None:
    rep, good = as_role("sales_rep"), keep("quote", trade.records["quote"])
    large = b"%PDF-" + bytes(50 * 1024 * 1024)
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("document_not_issued", {"record_id": trade.draft}),
        ("record_not_found", {"record_id": 10**12}),
        ("document_kind_known", {"kind": "payment"}),
        ("document_not_pdf", {"content": b"GIF89a"}),
        ("document_not_pdf", {"content": b""}),
        ("content_size", {"content": large}),
        ("document_file_name", {"file_name": "../../Beleg.pdf"}),
        ("document_file_name", {"file_name": "Beleg\n.pdf"}),
        ("document_format", {"file_name": "Beleg.exe"}),
        ("document_language", {"language": "fr"}),
    )
    for key, values in wrong:
        assert refusal(rep, replace(good, **values)).key == key
    other = keep("cancellation", trade.records["invoice"])
    assert refusal(as_role("finance"), other).key == "document_not_issued", "an invoice is no cancellation"


@pytest.mark.parametrize("owner", ["erp_api", "erp_owner", None], ids=str)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE documents.issued SET number = number",
        "UPDATE documents.issued SET retain_until = '2000-01-01'",
        "UPDATE documents.content SET bytes = bytes",
        "DELETE FROM documents.content",
        "TRUNCATE documents.content CASCADE",
        "DELETE FROM documents.issued",
        "TRUNCATE documents.issued",
    ],
)
def test_nobody_changes_the_archive(
    trade: Trade, admin: Raw, as_role: AsRole, statement: str, owner: str | None
) -> None:
    as_role("sales_rep").write(archive, keep("quote", trade.records["quote"]))
    if owner:
        admin.execute(f"SET ROLE {owner}")
    with pytest.raises(psycopg.DatabaseError) as refused:
        admin.execute(statement)
    assert refused.value.sqlstate in (("ER422", "42501", "23001") if owner else ("ER422",))


def test_a_damaged_document_is_not_handed_out(trade: Trade, admin: Raw, as_role: AsRole) -> None:
    rep = as_role("sales_rep")
    # Equal bytes are kept once: of this document's own, so that no other one is damaged with it.
    command = replace(keep("quote", trade.records["quote"]), content=PDF + b"% of this test\n")
    archived = rep.write(archive, command).value
    admin.execute("SET session_replication_role = replica")  # a disk does not ask triggers either
    admin.execute("ALTER TABLE documents.content DROP CONSTRAINT content_hash_true")
    admin.execute(
        "UPDATE documents.content SET bytes = overlay(bytes placing 'x' from 200) FROM documents.issued i"
        " WHERE i.id = %s AND content.id = i.content_id",
        (archived,),
    )
    with pytest.raises(Invalid) as damaged:
        rep.read(archived_file, archived)
    assert damaged.value.key == "document_damaged"
    with pytest.raises(Invalid) as missing:
        rep.read(archived_file, 10**12)
    assert missing.value.key == "document_not_archived"
