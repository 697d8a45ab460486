"""Designs of the house's own, number ranges, and numbers given from them."""

from typing import Any

from sqlalchemy.orm import Session

from app.core.changes import Change, Result, changed
from app.core.db import call_api, posting
from app.models.labels import LabelDesign, NumberRange
from app.services import records
from app.services.labels import catalogue
from app.services.labels.commands import AssignEan, GiveSscc, SaveDesign, SaveRange
from app.services.records import Saved

DESIGN, RANGE = "labels.design", "labels.number_range"


def save_design(session: Session, command: SaveDesign) -> Result[Saved]:
    """Keep a design.  Raises what is wrong with it (see `catalogue.check`), and `Duplicate` label_design_once."""
    values = dict(command.values)
    if "definition" in values:
        topic = values.get("topic") or _topic(session, command.id)
        catalogue.load({**values["definition"], "topic": topic})
    record = records.save(session, LabelDesign, command.id, command.row_version, values)
    return Result(Saved(record.id, record.row_version), changed((DESIGN, record.id)))


def _topic(session: Session, design_id: int | None) -> str:
    return records.find(session, LabelDesign, design_id).topic if design_id is not None else ""


def save_range(session: Session, command: SaveRange) -> Result[Saved]:
    """Keep a number range.  Raises `Invalid` and `Duplicate` number_range_…, uq_number_range_active."""
    record = records.save(session, NumberRange, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed((RANGE, record.id)))


@posting
def assign_ean(session: Session, command: AssignEan) -> Result[dict[int, str]]:
    """Article numbers by product, of those that had none.  `Refused` number_range_missing, number_range_used_up."""
    answer = call_api(
        session,
        "product_ean_assign",
        p_command=command.command,
        p_kind=command.kind,
        p_product_ids=command.product_ids,
    )
    given = {int(row["id"]): str(row["ean"]) for row in answer["products"]}
    changes = {Change("catalog.product", product) for product in given} | {Change(RANGE)}
    return Result(given, frozenset(changes))


@posting
def give_sscc(session: Session, command: GiveSscc) -> Result[tuple[str, ...]]:
    """The parcels' numbers in order.  `Refused` number_range_missing, number_range_used_up, sscc_parcel_range."""
    answer: dict[str, Any] = call_api(
        session,
        "sscc_give",
        p_command=command.command,
        p_delivery_id=command.delivery_id,
        p_parcels=command.parcels,
    )
    return Result(tuple(answer["codes"]), changed(("labels.sscc", None), (RANGE, None)))
