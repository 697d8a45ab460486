"""One run, one record in quarantine, one server, one document of the past; each in one round trip."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.paging import count_rows
from app.models.legacy.sync import Quarantine
from app.services.legacy.state import Run, run_of


class QuarantineDetail(NamedTuple):
    """A record in quarantine: what the old system says, what is wrong, what somebody put right."""

    id: int
    row_version: int
    entity: str
    title: Mapping[str, Any]
    source: str
    source_key: str
    raw: Mapping[str, Any]
    repair: Mapping[str, Any]
    findings: tuple[Mapping[str, Any], ...]
    severity: str
    state: str
    attempts: int
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    comment: str | None
    titles: Mapping[str, Any] | None = None


class ServerForm(NamedTuple):
    """A server as its form shows it."""

    id: int
    row_version: int
    code: str
    kind: str
    title: str
    base_url: str
    username: str | None
    verify_tls: bool
    ca_file: str | None
    media_url: str | None
    is_active: bool
    is_test: bool
    timeout_s: int
    last_contact_at: dt.datetime | None
    last_status: str | None
    last_error: str | None
    blocked_until: dt.datetime | None
    silent_since: dt.datetime | None
    sessions_opened: int
    updated_by: str | None
    updated_at: dt.datetime | None


class Line(NamedTuple):
    """A position of a document."""

    id: int
    position: int
    kind: str
    article_number: str | None
    product_id: int | None
    description: str | None
    qty: Decimal | None
    unit_price: Decimal | None
    discount_pct: Decimal | None
    amount: Decimal | None
    picked_qty: Decimal | None


class DocumentDetail(NamedTuple):
    """A document of the old system with its positions."""

    id: int
    source_id: int
    kind: str
    number: str
    date: dt.date | None
    customer_number: str | None
    partner_id: int | None
    currency: str
    rate_to_eur: Decimal | None
    net: Decimal | None
    freight: Decimal | None
    handling: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    net_eur: Decimal | None
    gross_eur: Decimal | None
    tax_rate: Decimal | None
    paid_amount: Decimal | None
    paid_currency: str | None
    paid_on: dt.date | None
    is_paid: bool
    dunning_level: str | None
    payment_method: str | None
    shipping_method: str | None
    discount_pct: Decimal | None
    cash_discount_pct: Decimal | None
    cash_discount_days: int | None
    net_days: int | None
    delivery_address: str | None
    billing_address: str | None
    clerk: str | None
    remark: str | None
    printed_on: dt.date | None
    lines: tuple[Line, ...]


class Step(NamedTuple):
    """An operation of a works order."""

    id: int
    line: int
    operation: str | None
    state: str | None
    article_number: str | None
    article: str | None
    family_id: int | None
    product_id: int | None
    qty_target: Decimal | None
    qty_done: Decimal | None
    minutes: Decimal | None
    due_on: dt.date | None


class Casting(NamedTuple):
    """What comes out of a mould."""

    id: int
    article_number: str
    name: str | None
    family_id: int | None
    product_id: int | None
    pieces: Decimal
    weight: Decimal | None


class BoxContent(NamedTuple):
    """A slot of a box and what lies in it."""

    slot_id: int
    number: int
    code: str | None
    order_number: str | None
    product_id: int | None
    sku: str | None
    name: str | None
    qty: Decimal | None
    lot_code: str | None


class Pay(NamedTuple):
    """Pay and day of birth."""

    birth_date: dt.date | None
    pay_code: str | None
    monthly: Decimal | None
    yearly: Decimal | None
    gross: Decimal | None


_RUN = text(
    """
    SELECT to_jsonb(r) || jsonb_build_object('entities', to_jsonb(coalesce(r.entities, '{}')), 'parts', coalesce((
             SELECT jsonb_agg(to_jsonb(p) || jsonb_build_object('title', e.title) ORDER BY p.position, p.id)
               FROM legacy.run_entity p LEFT JOIN legacy.entity e ON e.code = p.entity WHERE p.run_id = r.id), '[]'))
      FROM legacy.run r WHERE r.id = :id
    """
)


def get_run(session: Session, run_id: int) -> Run:
    """A run with its entities.  Raises `Refused` when it does not exist."""
    found = session.execute(_RUN, {"id": run_id}).scalar_one_or_none()
    if found is None:
        raise Refused("record_not_found", table="legacy.run", id=run_id)
    return run_of(found, {})


def get_quarantine(session: Session, record_id: int) -> QuarantineDetail | None:
    """A record in quarantine; None when it is gone."""
    row = session.execute(
        text(
            "SELECT q.id, q.row_version, e.code, e.title, coalesce(e.source, ''), q.source_key, q.raw, q.repair, "
            "q.findings, q.severity, q.state, q.attempts, q.first_seen_at, q.last_seen_at, q.comment, "
            "(SELECT jsonb_object_agg(o.code, o.title) FROM legacy.entity o "
            "WHERE jsonb_path_query_array(q.findings, '$[*].params.entity') @> to_jsonb(o.code::text)) "
            "FROM legacy.quarantine q JOIN legacy.entity e ON e.id = q.entity_id WHERE q.id = :id"
        ),
        {"id": record_id},
    ).one_or_none()
    if row is None:
        return None
    found = QuarantineDetail._make(row)
    return found._replace(
        raw=found.raw or {}, repair=found.repair or {}, findings=tuple(found.findings or ())
    )


def count_quarantine(session: Session) -> int:
    """How many records wait for a decision."""
    from sqlalchemy import select

    return count_rows(session, select(Quarantine.id).where(Quarantine.state == "open"))


def get_server(session: Session, server_id: int, _language: str = "de") -> ServerForm:
    """A server.  Raises `Refused` when it does not exist."""
    status = ("last_contact_at", "last_status", "last_error", "blocked_until", "silent_since")
    columns = ", ".join(f"{'t' if name in status else 's'}.{name}" for name in ServerForm._fields)
    columns = columns.replace("s.sessions_opened", "coalesce(t.sessions_opened, 0)")
    statement = text(
        f"SELECT {columns} FROM legacy.server s LEFT JOIN legacy.server_status t ON t.server_id = s.id "  # noqa: S608  names of columns only
        "WHERE s.id = :id"
    )
    row = session.execute(statement, {"id": server_id}).one_or_none()
    if row is None:
        raise Refused("record_not_found", table="legacy.server", id=server_id)
    return ServerForm._make(row)


def get_document(session: Session, document_id: int) -> DocumentDetail:
    """A document with its positions.  Raises `Refused` when it does not exist."""
    own = ", ".join(f"d.{name}" for name in DocumentDetail._fields if name != "lines")
    fields = ", ".join(f"l.{name}" for name in Line._fields)
    statement = text(
        f"SELECT {own}, (SELECT jsonb_agg(jsonb_build_array({fields}) ORDER BY l.position) "  # noqa: S608
        "FROM legacy.document_line l WHERE l.document_id = d.id) FROM legacy.document d WHERE d.id = :id"
    )
    row = session.execute(statement, {"id": document_id}).one_or_none()
    if row is None:
        raise Refused("record_not_found", table="legacy.document", id=document_id)
    *values, lines = row
    return DocumentDetail._make([*values, tuple(Line._make(line) for line in lines or ())])


def get_lines(session: Session, document_id: int) -> tuple[Line, ...]:
    """The positions of a document."""
    fields = ", ".join(Line._fields)
    statement = text(f"SELECT {fields} FROM legacy.document_line WHERE document_id = :id ORDER BY position")  # noqa: S608
    return tuple(Line._make(row) for row in session.execute(statement, {"id": document_id}))


def get_steps(session: Session, order_id: int) -> tuple[Step, ...]:
    """The operations of a works order."""
    statement = text(
        "SELECT s.id, s.line, s.operation, s.state, s.article_number, coalesce(p.name, f.name), s.family_id, "
        "s.product_id, s.qty_target, s.qty_done, s.minutes, s.due_on FROM legacy.work_order_step s "
        "LEFT JOIN catalog.product p ON p.id = s.product_id LEFT JOIN catalog.family f ON f.id = s.family_id "
        "WHERE s.work_order_id = :id ORDER BY s.line, s.id"
    )
    return tuple(Step._make(row) for row in session.execute(statement, {"id": order_id}))


def get_castings(session: Session, mould_id: int) -> tuple[Casting, ...]:
    """What comes out of a mould."""
    statement = text(
        "SELECT m.id, m.article_number, coalesce(p.name, f.name), m.family_id, m.product_id, m.pieces, m.weight "
        "FROM production.mould_product m LEFT JOIN catalog.product p ON p.id = m.product_id "
        "LEFT JOIN catalog.family f ON f.id = m.family_id WHERE m.mould_id = :id ORDER BY m.article_number"
    )
    return tuple(Casting._make(row) for row in session.execute(statement, {"id": mould_id}))


def get_box(session: Session, box_id: int) -> tuple[BoxContent, ...]:
    """The slots of a box and what lies in them."""
    statement = text(
        "SELECT s.id, s.number, s.code, s.order_number, p.id, p.sku, p.name, c.qty, c.lot_code "
        "FROM inventory.box_slot s LEFT JOIN legacy.stock c ON c.box_slot_id = s.id "
        "LEFT JOIN catalog.product p ON p.id = c.product_id WHERE s.box_id = :id ORDER BY s.number, p.sku"
    )
    return tuple(BoxContent._make(row) for row in session.execute(statement, {"id": box_id}))


def get_pay(session: Session, employee_id: int) -> Pay | None:
    """What the old system says about pay; only for who may know it."""
    row = session.execute(
        text(
            "SELECT birth_date, pay_code, monthly, yearly, gross FROM legacy.employee_pay WHERE employee_id = :id"
        ),
        {"id": employee_id},
    ).one_or_none()
    return Pay._make(row) if row is not None else None


def search_documents(session: Session, words: str, limit: int, language: str) -> list[tuple[Any, ...]]:
    """Documents by the beginning of their number, for the palette: (id, title, subtitle, chip)."""
    from app.core.i18n import translate

    rows = session.execute(
        text(
            "SELECT id, number, kind, date, split_part(billing_address, E'\\n', 1) FROM legacy.document "
            "WHERE search_key >= :low AND search_key < :high ORDER BY search_key, date DESC LIMIT :n"
        ),
        {"low": words.lower(), "high": words.lower() + "\U0010ffff", "n": limit},
    ).all()
    return [
        (
            row[0],
            f"{translate(language, f'legacy.document.kind.{row[2]}')} {row[1]}",
            " · ".join(str(part) for part in (row[3], row[4]) if part),
            None,
        )
        for row in rows
    ]
