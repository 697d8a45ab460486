"""Saving draft quotes and orders with their lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Numeric,
    String,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Conflict, Invalid, Refused
from app.models.sales import Quote, QuoteLine, SalesOrder, SalesOrderLine
from app.services.records import Saved
from app.services.sales import rules
from app.services.sales.commands import DiscardDraft, SaveDraft, SaveQuote, SaveSalesOrder

QUOTE, ORDER = "sales.quote", "sales.sales_order"
_HEADER = (
    "customer_id",
    "contact_id",
    "delivery_address_id",
    "warehouse_id",
    "price_list_id",
    "payment_term_id",
    "customer_reference",
    "remark",
    "charges",
)
_CELLS = ("position", "product_id", "description", "qty", "unit_price", "discount_pct", "tax_rate", "charges")


@dataclass(frozen=True)
class _Kind:
    header: Any
    line: Any
    key: str
    topic: str
    fields: tuple[str, ...]


_QUOTE = _Kind(Quote, QuoteLine, "quote_id", QUOTE, (*_HEADER, "quote_date", "valid_until"))
_ORDER = _Kind(
    SalesOrder, SalesOrderLine, "sales_order_id", ORDER, (*_HEADER, "order_date", "requested_date")
)


def save_quote(session: Session, command: SaveQuote) -> Result[Saved]:
    """Create or change a draft quote with its lines.

    Raises `Conflict` when somebody changed it (or a line of it) meanwhile, `Refused` when it is no draft any more,
    `Invalid` for a value that breaks a rule (``column``, and ``position`` of the line).
    """
    return _save(session, _QUOTE, command)


def save_sales_order(session: Session, command: SaveSalesOrder) -> Result[Saved]:
    """Create or change a draft order with its lines; raises like `save_quote`."""
    return _save(session, _ORDER, command)


def _save(session: Session, kind: _Kind, command: SaveDraft) -> Result[Saved]:
    unknown = set(command.values) - set(kind.fields)
    if unknown:
        raise ValueError(f"{kind.topic} has no columns {sorted(unknown)} to be written")
    values = {name: command.values[name] for name in kind.fields if name in command.values}
    if "charges" in values:
        values["charges"] = rules.check_charges(values["charges"] or ())
    lines = (
        None if command.lines is None else [rules.check_line(n, x) for n, x in enumerate(command.lines, 1)]
    )
    if command.id is None:
        saved = _create(session, kind, values, lines or [])
    else:
        saved = _change(session, kind, command.id, command.row_version, values, lines)
    return Result(saved, changed((kind.topic, saved.id)))


def _create(session: Session, kind: _Kind, values: Mapping[str, Any], lines: list[dict[str, Any]]) -> Saved:
    for name in ("customer_id", "warehouse_id", "price_list_id", "payment_term_id"):
        if values.get(name) is None:
            raise Invalid("required", column=name)
    head = kind.header
    record_id, version = session.execute(
        insert(head).values(**values).returning(head.id, head.row_version),
        execution_options={"autoflush": False},
    ).one()
    if lines:
        _add_lines(session, kind, record_id, lines)
        version += 1  # the database writes the totals into the header, once per statement
    return Saved(record_id, version)


def _change(
    session: Session,
    kind: _Kind,
    record_id: int,
    row_version: int | None,
    values: Mapping[str, Any],
    lines: list[dict[str, Any]] | None,
) -> Saved:
    head = kind.header
    written = values or {"remark": head.remark}
    version = session.execute(
        update(head)
        .where(head.id == record_id, head.row_version == row_version, head.state == "draft")
        .values(**written)
        .returning(head.row_version)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if version is None:
        _explain_unchanged(session, kind, record_id, row_version)
    if lines is not None and _replace_lines(session, kind, record_id, lines):
        version = session.execute(select(head.row_version).where(head.id == record_id)).scalar_one()
    return Saved(record_id, int(version))  # type: ignore[arg-type]


def _explain_unchanged(session: Session, kind: _Kind, record_id: int, row_version: int | None) -> None:
    """Why a draft could not be written: gone, no draft any more, or changed by somebody."""
    head = kind.header
    there = session.execute(select(head.row_version, head.state).where(head.id == record_id)).one_or_none()
    if there is None:
        raise Refused("record_not_found", table=kind.topic, id=record_id)
    if there.state != "draft":
        raise Refused(f"{head.__tablename__}_not_draft", id=record_id, state=there.state)
    raise Conflict("stale", table=kind.topic, id=record_id, row_version=there.row_version, seen=row_version)


def _replace_lines(session: Session, kind: _Kind, record_id: int, lines: list[dict[str, Any]]) -> bool:
    """Make the stored lines equal to the given ones by at most three statements; False when they were equal."""
    table = kind.line
    cells = [getattr(table, name) for name in _CELLS]
    stored = {
        row.id: tuple(row)[1:]
        for row in session.execute(select(table.id, *cells).where(getattr(table, kind.key) == record_id))
    }
    kept = {line["id"] for line in lines if line["id"] is not None}
    if not kept <= stored.keys():
        raise Refused("record_not_found", table=kind.topic, id=record_id)
    gone = tuple(sorted(stored.keys() - kept))
    other = [x for x in lines if x["id"] is not None and tuple(x[n] for n in _CELLS) != stored[x["id"]]]
    new = [x for x in lines if x["id"] is None]
    if gone:
        call_api(session, "sales_lines_discard", p_table=kind.topic, p_document_id=record_id, p_line_ids=gone)
    if other:
        given = _given(other)
        session.execute(
            update(table)
            .where(table.id == given.c.id, getattr(table, kind.key) == record_id)
            .values({name: given.c[name] for name in _CELLS})
            .execution_options(synchronize_session=False)
        )
    if new:
        _add_lines(session, kind, record_id, new)
    return bool(gone or other or new)


def _add_lines(session: Session, kind: _Kind, record_id: int, lines: list[dict[str, Any]]) -> None:
    given = _given(lines)
    rows = select(literal(record_id, BigInteger), *(given.c[name] for name in _CELLS)).order_by(
        given.c.position
    )
    session.execute(
        insert(kind.line.__table__).from_select([kind.key, *_CELLS], rows, include_defaults=False)
    )


def _given(lines: Sequence[Mapping[str, Any]]) -> Any:
    """The lines as a table of the statement: any number of them is one statement with one parameter."""
    rows = func.jsonb_to_recordset(cast(bindparam(None, list(lines), type_=JSONB), JSONB)).table_valued(
        column("id", BigInteger),
        column("position", Integer),
        column("product_id", BigInteger),
        column("description", String),
        *(column(name, Numeric) for name in ("qty", "unit_price", "discount_pct", "tax_rate")),
        column("charges", JSONB),
        name="given",
    )
    return rows.render_derived(name="given", with_types=True)


@posting
def discard_draft(session: Session, command: DiscardDraft) -> Result[int]:
    """Delete a draft with its lines.  Raises `Refused` when it is no draft, `Conflict` when somebody changed it."""
    topic = f"sales.{command.document_type}"
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=topic,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(command.id, changed((topic, command.id)))
