"""Lists of taught codes and of scans, and forgetting a code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.paging import ListQuery, Page, fetch_page
from app.models.catalog import Product
from app.models.inventory import Box, Lot, Place
from app.models.labels import ScanRow, TaughtCode
from app.models.partners import Partner
from app.services.labels.scanning import BOX, LOT, PLACE, PRODUCT

CODES = "labels.code"


class CodeRow(NamedTuple):
    """A taught code and what it stands for (``target``)."""

    id: int
    row_version: int
    code: str
    topic: str
    record_id: int
    target: str | None
    qty: Decimal
    supplier: str | None
    note: str | None
    created_by: str
    created_at: datetime


class ScanLogRow(NamedTuple):
    """A scan and what came of it: ``person`` is who scanned, ``device`` the terminal it was done at."""

    id: int
    scanned_at: datetime
    person: str
    device: str | None
    workplace: str
    screen: str
    code: str
    outcome: str
    topic: str | None
    record_id: int | None


@dataclass(frozen=True)
class ForgetCode:
    """Take a taught code back."""

    id: int
    row_version: int
    command: UUID = field(default_factory=uuid4)


def list_codes(session: Session, query: ListQuery) -> Page:
    """Rows of `CodeRow`."""
    target = case(
        (TaughtCode.topic == PRODUCT, Product.sku),
        (TaughtCode.topic == PLACE, Place.code),
        (TaughtCode.topic == LOT, Lot.code),
        else_=Box.code,
    )
    columns: Mapping[str, Any] = {
        "id": TaughtCode.id,
        "row_version": TaughtCode.row_version,
        "code": TaughtCode.code,
        "topic": TaughtCode.topic,
        "record_id": TaughtCode.record_id,
        "target": target,
        "qty": TaughtCode.qty,
        "supplier": Partner.name,
        "note": TaughtCode.note,
        "created_by": TaughtCode.created_by,
        "created_at": TaughtCode.created_at,
    }

    def of(model: Any, topic: str) -> Any:
        return and_(TaughtCode.topic == topic, model.id == TaughtCode.record_id)

    statement = (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(TaughtCode)
        .outerjoin(Product, of(Product, PRODUCT))
        .outerjoin(Place, of(Place, PLACE))
        .outerjoin(Lot, of(Lot, LOT))
        .outerjoin(Box, of(Box, BOX))
        .outerjoin(Partner, Partner.id == TaughtCode.supplier_id)
    )
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=CodeRow)


def list_scans(session: Session, query: ListQuery) -> Page:
    """Rows of `ScanLogRow`.  Presets: today, unknown, all."""
    columns: Mapping[str, Any] = {
        "id": ScanRow.id,
        "scanned_at": ScanRow.scanned_at,
        "person": func.coalesce(ScanRow.operator, ScanRow.scanned_by),
        "device": case((ScanRow.operator.is_not(None), ScanRow.scanned_by)),
        "workplace": ScanRow.workplace,
        "screen": ScanRow.screen,
        "code": ScanRow.code,
        "outcome": ScanRow.outcome,
        "topic": ScanRow.topic,
        "record_id": ScanRow.record_id,
    }
    statement = select(*(column.label(name) for name, column in columns.items()))
    if query.preset == "unknown":
        statement = statement.where(ScanRow.outcome == "unknown")
    elif query.preset == "today":
        statement = statement.where(ScanRow.scanned_at >= func.date_trunc("day", func.now()))
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=ScanLogRow)


@posting
def forget(session: Session, command: ForgetCode) -> Result[None]:
    """Take a taught code back.  Raises `Conflict`, `NotAllowed`."""
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=CODES,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(None, changed((CODES, command.id)))
