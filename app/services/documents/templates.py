"""The house's changes to its papers: which apply to a document, reading and keeping them."""

import base64
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, get_args

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.errors import Invalid, Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.models.documents import Template
from app.models.partners import Partner
from app.services import records
from app.services.documents import house
from app.services.documents.data import Company, DocumentData, Kind, Language
from app.services.documents.design import Design, checked, merged
from app.services.documents.kinds import shows_pictures
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
    if not shows_pictures(data.kind, design):
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


class Change(NamedTuple):
    """A template as far as a design needs it."""

    id: int
    kind: str
    language: str
    partner_id: int | None
    changes: Mapping[str, Any]
    logo: bytes | None


def design_for(
    session: Session, kind: Kind, language: Language, partner_id: int | None, leave_out: int | None = None
) -> Design:
    """The design of a kind of paper for a language and a customer or supplier.

    ``leave_out`` is a template that does not count.
    """
    return applied(all_changes(session, leave_out), kind, language, partner_id)


def all_changes(session: Session, leave_out: int | None = None) -> tuple[Change, ...]:
    """All templates there are but one; a house has a handful."""
    columns = (
        Template.id,
        Template.kind,
        Template.language,
        Template.partner_id,
        Template.changes,
        Template.logo,
    )
    return tuple(Change(*row) for row in session.execute(select(*columns)) if row.id != leave_out)


def applied(changes: Iterable[Change], kind: Kind, language: Language, partner_id: int | None) -> Design:
    """The design that comes of those changes that are meant for this paper."""
    meant = [one for one in changes if means(one, kind, language, partner_id)]
    meant.sort(key=lambda one: rank(one.kind, one.language, one.partner_id))
    return merged([(one.changes, one.logo) for one in meant])


def means(change: Change, kind: Kind, language: Language, partner_id: int | None) -> bool:
    """Whether a template is meant for such a paper."""
    return (
        change.kind in ("", kind)
        and change.language in ("", language)
        and change.partner_id in (None, partner_id)
    )


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


class FormOf(NamedTuple):
    """A template, the company, and all other templates: what its form shows and what the preview needs."""

    template: TemplateDetail | None
    company: Company
    others: tuple[Change, ...]


_FORM = text(
    f"""
SELECT {house.COLUMNS},
       (SELECT jsonb_agg(jsonb_build_object('id', t.id, 'row_version', t.row_version, 'kind', t.kind,
                 'language', t.language, 'partner_id', t.partner_id, 'changes', t.changes,
                 'logo', encode(t.logo, 'base64'), 'updated_at', t.updated_at, 'updated_by', t.updated_by,
                 'partner', (SELECT p.name FROM partners.partner p WHERE p.id = t.partner_id)))
          FROM documents.template t) AS templates
"""  # noqa: S608  (fixed names)
)


def form_of(session: Session, template_id: int | None) -> FormOf:
    """What the form of a template (None: a new one) shows; one round trip.  Raises Refused `record_not_found`."""
    row = session.execute(_FORM).mappings().one()
    found: TemplateDetail | None = None
    others: list[Change] = []
    for one in row["templates"] or ():
        logo = None if one["logo"] is None else base64.b64decode(one["logo"])
        if one["id"] != template_id:
            others.append(
                Change(one["id"], one["kind"], one["language"], one["partner_id"], one["changes"], logo)
            )
            continue
        found = TemplateDetail(
            one["id"],
            one["row_version"],
            one["kind"],
            one["language"],
            one["partner_id"],
            one["partner"] or "",
            one["changes"],
            logo is not None,
            logo,
            dt.datetime.fromisoformat(one["updated_at"]),
            one["updated_by"],
        )
    if template_id is not None and found is None:
        raise Refused("record_not_found", table=TOPIC, id=template_id)
    return FormOf(found, house.company(row, "de"), tuple(others))


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
