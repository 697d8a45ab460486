"""The house's changes to its papers: which apply to a document, reading and keeping them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, get_args

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.errors import Invalid
from app.core.paging import ListQuery, Page, fetch_page
from app.models.documents_template import Template
from app.models.partners import Partner
from app.services import records
from app.services.documents.data import DocumentData, Kind, Language
from app.services.documents.design import Design, checked, merged
from app.services.records import Saved

TOPIC = "documents.template"
LOGO_BYTES = 2 * 1024 * 1024
_PICTURES = text(
    """SELECT p.sku, i.id, i.content_hash FROM catalog.product p
         JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary WHERE p.sku = ANY (:skus)"""
)


class TemplateRow(NamedTuple):
    """A template in the list."""

    id: int
    kind: str
    language: str
    partner: str
    updated_at: Any
    updated_by: str


class TemplateDetail(NamedTuple):
    """A template as the form shows it; `changes` are the choices made."""

    id: int
    row_version: int
    kind: str
    language: str
    partner_id: int | None
    partner: str
    changes: dict[str, Any]
    has_logo: bool
    logo: bytes | None
    updated_at: Any
    updated_by: str


@dataclass(frozen=True, slots=True)
class SaveTemplate:
    """Keep changes, new without an id; `values` are columns of the table."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


def designed(session: Session, data: DocumentData) -> DocumentData:
    """The document in the house's design; one round trip, one more for pictures the record itself does not name."""
    return in_design(session, data, design_for(session, data.kind, data.language, data.partner_id))


def in_design(session: Session, data: DocumentData, design: Design) -> DocumentData:
    """The document in a design, its lines naming the pictures to be fetched or none."""
    lines = data.lines
    if design.pictures is False:
        lines = tuple(replace(line, image=None, picture=None) for line in lines)
    elif design.pictures and lines and not any(line.image for line in lines):
        found = {row.sku: row for row in session.execute(_PICTURES, {"skus": [line.sku for line in lines]})}
        lines = tuple(
            replace(line, image=(found[line.sku].id, found[line.sku].content_hash))
            if line.sku in found
            else line
            for line in lines
        )
    return replace(data, design=design, lines=lines)


def design_for(
    session: Session, kind: Kind, language: Language, partner_id: int | None, *, leave_out: int | None = None
) -> Design:
    """The design of a kind of paper for a language and a customer or supplier.

    ``leave_out`` is a template that does not count: the one whose unsaved state is shown.
    """
    query = (
        select(Template.changes, Template.logo, Template.kind, Template.language, Template.partner_id)
        .where(Template.kind.in_(("", kind)), Template.language.in_(("", language)))
        .where(or_(Template.partner_id.is_(None), Template.partner_id == partner_id))
    )
    if leave_out is not None:
        query = query.where(Template.id != leave_out)
    rows = sorted(session.execute(query).all(), key=lambda row: rank(row.kind, row.language, row.partner_id))
    return merged([(row.changes, row.logo) for row in rows])


def rank(kind: str, language: str, partner_id: int | None) -> tuple[bool, bool, bool]:
    """How narrow a template is: one of a customer counts more than one of a kind, that more than a language."""
    return (partner_id is not None, bool(kind), bool(language))


_LIST: dict[str, Any] = {
    "id": Template.id,
    "kind": Template.kind,
    "language": Template.language,
    "partner": func.coalesce(Partner.name, ""),
    "updated_at": Template.updated_at,
    "updated_by": Template.updated_by,
}


def list_templates(session: Session, query: ListQuery) -> Page:
    """Rows of `TemplateRow`."""
    statement = select(*(column.label(name) for name, column in _LIST.items())).outerjoin(
        Partner, Partner.id == Template.partner_id
    )
    return fetch_page(session, statement, columns=_LIST, key=_LIST["id"], query=query, row=TemplateRow)


def get_template(session: Session, template_id: int) -> TemplateDetail:
    """A template.  Raises Refused `record_not_found`."""
    found = records.find(session, Template, template_id)
    name = ""
    if found.partner_id is not None:
        name = session.scalar(select(Partner.name).where(Partner.id == found.partner_id)) or ""
    return TemplateDetail(
        found.id,
        found.row_version,
        found.kind,
        found.language,
        found.partner_id,
        name,
        dict(found.changes),
        found.logo is not None,
        None if found.logo is None else bytes(found.logo),
        found.updated_at,
        found.updated_by,
    )


def save_template(session: Session, command: SaveTemplate) -> Result[Saved]:
    """Keep a template.  Raises Invalid `template_…` for what no paper can be made with, Duplicate `template_once`."""
    values = dict(command.values)
    if "changes" in values:
        values["changes"] = checked(values["changes"])
    if values.get("kind") and values["kind"] not in get_args(Kind):
        raise Invalid("template_kind")
    logo = values.get("logo")
    if logo is not None and not (len(logo) <= LOGO_BYTES and is_picture(logo)):
        raise Invalid("template_logo")
    record = records.save(session, Template, command.id, command.row_version, values)
    return Result(Saved(record.id, record.row_version), changed((TOPIC, record.id)))


def is_picture(content: bytes) -> bool:
    """Whether papers can show it: a PNG or JPEG."""
    return content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))
