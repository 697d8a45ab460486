"""Changes to bills of materials: drafts are rows, approval and retirement are postings."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Refused
from app.models.engineering import Bom, BomLine
from app.services import records
from app.services.engineering.commands import (
    ApproveBom,
    BomLineInput,
    DiscardBom,
    NewBomVersion,
    RetireBom,
    SaveBom,
)
from app.services.inventory.rules import check_quantity
from app.services.records import Saved

BOM = "engineering.bom"


class Approved(NamedTuple):
    """The approved bill."""

    id: int
    row_version: int


def save_bom(session: Session, command: SaveBom) -> Result[Saved]:
    """Create or change a draft bill with its lines.

    Raises `Refused` (bom_cycle, bom_contains_itself, not_a_draft, bom_not_draft), `Invalid` and `Conflict`.
    """
    check_quantity(command.output_qty)
    for line in command.lines:
        check_quantity(line.qty)
    values = {
        "output_qty": command.output_qty,
        "valid_from": command.valid_from,
        "valid_to": command.valid_to,
        "remark": command.remark,
    }
    if command.id is None:
        version = _next_version(session, command.product_id)
        values |= {"product_id": command.product_id, "version": version}
        saved = _insert(session, values)
    else:
        bom = records.find(session, Bom, command.id, command.row_version)
        if bom.state != "draft":
            raise Refused("bom_not_draft", id=bom.id, state=bom.state)
        records.assign(bom, values)
        # The version rises with the lines, so that nobody approves another bill than the one he saw.
        records.touch(bom, "remark")
        session.flush()
        saved = Saved(bom.id, bom.row_version)
    _save_lines(session, saved.id, command.lines)
    return Result(saved, changed((BOM, saved.id)))


def _insert(session: Session, values: Mapping[str, Any]) -> Saved:
    """A new draft with the columns a planner may write and no others, which the ORM would send as NULL."""
    return Saved._make(session.execute(insert(Bom).values(values).returning(Bom.id, Bom.row_version)).one())


def _save_lines(session: Session, bom_id: int, lines: tuple[BomLineInput, ...]) -> None:
    there = {line.id: line for line in session.scalars(select(BomLine).where(BomLine.bom_id == bom_id))}
    kept = {line.id for line in lines if line.id is not None}
    for line_id in there.keys() - kept:
        call_api(
            session,
            "discard_draft",
            p_command=uuid4(),
            p_table="engineering.bom_line",
            p_id=line_id,
            p_row_version=None,
        )
    for position, line in enumerate(lines, 1):
        values = {
            "position": position,
            "product_id": line.product_id,
            "qty": line.qty,
            "scrap_pct": line.scrap_pct,
            "remark": line.remark,
        }
        known = there.get(line.id) if line.id is not None else None
        if known is not None:
            records.assign(known, values)
        else:
            session.add(BomLine(bom_id=bom_id, **values))
    session.flush()


def new_version(session: Session, command: NewBomVersion) -> Result[Saved]:
    """Copy a bill as the next draft version of its product."""
    source = records.find(session, Bom, command.source_id)
    saved = _insert(
        session,
        {
            "product_id": source.product_id,
            "version": _next_version(session, source.product_id),
            "output_qty": source.output_qty,
            "valid_from": command.valid_from,
            "remark": source.remark,
        },
    )
    lines = session.scalars(
        select(BomLine).where(BomLine.bom_id == source.id).order_by(BomLine.position)
    ).all()
    for line in lines:
        session.add(
            BomLine(
                bom_id=saved.id,
                position=line.position,
                product_id=line.product_id,
                qty=line.qty,
                scrap_pct=line.scrap_pct,
                remark=line.remark,
            )
        )
    session.flush()
    return Result(saved, changed((BOM, saved.id)))


def _next_version(session: Session, product_id: int) -> int:
    statement = select(func.coalesce(func.max(Bom.version), 0) + 1).where(Bom.product_id == product_id)
    return session.execute(statement).scalar_one()


@posting
def approve_bom(session: Session, command: ApproveBom) -> Result[Approved]:
    """Approve a draft; the version valid before ends where this one begins.

    Raises `Refused` (bom_has_no_lines, bom_not_draft) and `Conflict`.
    """
    answer = call_api(
        session, "bom_approve", p_command=command.command, p_id=command.id, p_row_version=command.row_version
    )
    # Versions of the product changed their end, which other tabs may show.
    return Result(Approved(answer["id"], answer["row_version"]), changed((BOM, command.id), (BOM, None)))


@posting
def retire_bom(session: Session, command: RetireBom) -> Result[Approved]:
    """Take an approved bill out of use.  Raises `Refused` (bom_not_approved) and `Conflict`."""
    answer = call_api(
        session, "bom_retire", p_command=command.command, p_id=command.id, p_row_version=command.row_version
    )
    return Result(Approved(answer["id"], answer["row_version"]), changed((BOM, command.id)))


@posting
def discard_bom(session: Session, command: DiscardBom) -> Result[None]:
    """Delete a draft bill.  Raises `Refused` (not_a_draft) and `Conflict`."""
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=BOM,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(None, changed((BOM, command.id)))
