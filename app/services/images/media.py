"""A product's gallery, the pictures of the image service, what happened to them, and what people decide about them."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, literal, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Refused
from app.core.paging import ListQuery, Page, count_rows, fetch_page
from app.core.together import Question, ask
from app.models.catalog import Product
from app.models.media import Picture, PictureArticle, PictureChange, PictureFile
from app.services.images import ENTITY
from app.services.legacy import state

PICTURE, IMAGE, PRODUCT = "catalog.picture", "catalog.product_image", "catalog.product"


class GalleryPicture(NamedTuple):
    """A picture of a product.  ``rule`` is None for one uploaded here, ``hand`` for one assigned by hand.

    ``kind`` and ``name`` are the image service's words, ``bytes`` is known of uploaded ones only, ``files`` lists what
    the service has of it, ``{format, width, height, url, is_large}`` each.
    """

    id: int
    row_version: int
    hash: str
    is_primary: bool
    is_chosen: bool
    picture_id: int | None
    rule: str | None
    priority: int
    kind: str | None
    name: str | None
    state: str | None
    numbers: str | None
    files: list[dict[str, Any]] | None
    mime: str | None
    bytes: int | None
    at: datetime

    @property
    def own(self) -> bool:
        """Whether it was uploaded here."""
        return self.picture_id is None

    @property
    def removable(self) -> bool:
        """Whether somebody put it here, so that somebody can take it away."""
        return self.rule in (None, "hand")


class PictureRow(NamedTuple):
    """A picture of the image service in the list; ``image_id`` is its key for the picture source."""

    id: int
    image_id: int
    hash: str
    name: str
    kind: str
    numbers: str | None
    products: int
    size: str | None
    format: str | None
    state: str
    conflict: str | None
    changed_at: datetime


class PictureDetail(NamedTuple):
    """What is known of a picture of the service.

    ``files`` as in `GalleryPicture`, ``articles`` are ``{number, is_front, rule, attempts}``, ``products``
    ``{id, sku, name, rule, is_primary}``, ``changes`` ``{at, kind, by, concerned}``, newest first.
    """

    source_key: str
    files: list[dict[str, Any]] | None
    articles: list[dict[str, Any]]
    products: list[dict[str, Any]]
    changes: list[dict[str, Any]]


class ChangeRow(NamedTuple):
    """Something that happened to a picture; ``concerned`` is how many products it was about."""

    id: int
    at: datetime
    kind: str
    picture_id: int | None
    image_id: int | None
    hash: str | None
    name: str | None
    sku: str | None
    product_id: int | None
    concerned: int
    run_id: int | None
    by: str


class Status(NamedTuple):
    """How the pictures stand.

    ``products`` have a picture, ``without`` have none.  ``read_at`` is when the service was last read, ``complete_at``
    when it was read without a change from the first page to the last, ``source_count`` how many it had.
    """

    here: int
    gone: int
    orphans: int
    conflicts: int
    products: int
    without: int
    read_at: datetime | None
    complete_at: datetime | None
    source_count: int | None
    service: str | None


@dataclass(frozen=True)
class SetPrimary:
    """Make a picture the primary one by hand; not ``chosen``: let the rules choose again."""

    id: int
    row_version: int
    chosen: bool = True
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True)
class AssignPictures:
    """Give pictures of the service to products."""

    pictures: tuple[int, ...]
    products: tuple[int, ...]
    command: uuid.UUID = field(default_factory=uuid.uuid4)


_GALLERY = text("""
SELECT i.id, i.row_version, i.content_hash, i.is_primary, i.is_chosen, i.picture_id, i.rule, i.priority, p.kind, p.name,
       p.state,
       (SELECT string_agg(a.number || CASE WHEN a.is_front THEN ' ★' ELSE '' END, ', ' ORDER BY a.number)
          FROM catalog.picture_article a WHERE a.picture_id = p.id),
       (SELECT jsonb_agg(jsonb_build_object('format', f.format, 'width', f.width, 'height', f.height, 'url', f.url,
                                            'is_large', f.is_large) ORDER BY f.position)
          FROM catalog.picture_file f WHERE f.picture_id = p.id),
       i.mime, octet_length(i.content), coalesce(p.changed_at, i.created_at)
  FROM catalog.product_image i
  LEFT JOIN catalog.picture p ON p.id = i.picture_id
 WHERE i.product_id = :product
 ORDER BY i.is_primary DESC, i.picture_id IS NOT NULL, i.priority, i.picture_id, i.id DESC
""")


def gallery_of(product_id: int) -> Question[list[GalleryPicture]]:
    """The question for every picture of a product, the primary one first."""
    return Question(
        _GALLERY, lambda rows: [GalleryPicture._make(row) for row in rows], {"product": product_id}
    )


def gallery(session: Session, product_id: int) -> list[GalleryPicture]:
    """Every picture of a product, the primary one first."""
    return ask(session, gallery_of(product_id))


def list_pictures(session: Session, query: ListQuery) -> Page:
    """Rows of `PictureRow`; presets ``orphans``, ``conflicts``, ``gone``."""
    numbers = (
        select(
            func.string_agg(PictureArticle.number, aggregate_order_by(literal(", "), PictureArticle.number))
        )
        .where(PictureArticle.picture_id == Picture.id)
        .correlate(Picture)
        .scalar_subquery()
    )
    size = func.concat(PictureFile.width, literal(" × "), PictureFile.height)
    statement = select(
        Picture.id,
        (-Picture.id).label("image_id"),
        Picture.file_hash,
        Picture.name,
        Picture.kind,
        numbers.label("numbers"),
        Picture.products,
        func.coalesce(func.nullif(size, " × "), None).label("size"),
        PictureFile.format,
        Picture.state,
        Picture.conflict,
        Picture.changed_at,
    ).outerjoin(PictureFile, and_(PictureFile.picture_id == Picture.id, PictureFile.is_large))
    match query.preset:
        case "orphans":
            statement = statement.where(Picture.products == 0, Picture.state == "here")
        case "conflicts":
            statement = statement.where(Picture.conflict.is_not(None))
        case "gone":
            statement = statement.where(Picture.state == "gone")
    columns: dict[str, Any] = {
        "id": Picture.id,
        "name": Picture.name,
        "kind_key": func.lower(Picture.kind),
        "numbers": numbers,
        "products": Picture.products,
        "format": PictureFile.format,
        "state": Picture.state,
        "conflict": Picture.conflict,
        "changed_at": Picture.changed_at,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=PictureRow)


_DETAIL = text("""
SELECT p.source_key,
       (SELECT jsonb_agg(jsonb_build_object('format', f.format, 'width', f.width, 'height', f.height, 'url', f.url,
                                            'is_large', f.is_large) ORDER BY f.position)
          FROM catalog.picture_file f WHERE f.picture_id = p.id),
       coalesce((SELECT jsonb_agg(jsonb_build_object('number', a.number, 'is_front', a.is_front, 'rule', a.rule,
                                                     'attempts', a.attempts) ORDER BY a.number)
                   FROM catalog.picture_article a WHERE a.picture_id = p.id), '[]'),
       coalesce((SELECT jsonb_agg(x.line ORDER BY x.sku) FROM (
                   SELECT q.sku, jsonb_build_object('id', q.id, 'sku', q.sku, 'name', coalesce(t.name, q.name),
                                                    'rule', i.rule, 'is_primary', i.is_primary) AS line
                     FROM catalog.product_image i
                     JOIN catalog.product q ON q.id = i.product_id
                     LEFT JOIN catalog.product_text t ON t.product_id = q.id AND t.language = :lang
                    WHERE i.picture_id = p.id ORDER BY q.sku LIMIT 60) x), '[]'),
       coalesce((SELECT jsonb_agg(x.line ORDER BY x.id DESC) FROM (
                   SELECT c.id, jsonb_build_object('at', c.at, 'kind', c.kind, 'by', c.by, 'concerned',
                            jsonb_array_length(c.details -> 'products')) AS line
                     FROM catalog.picture_change c WHERE c.picture_id = p.id ORDER BY c.id DESC LIMIT 40) x), '[]')
  FROM catalog.picture p WHERE p.id = :id
""")


def picture_detail(session: Session, picture_id: int, language: str = "de") -> PictureDetail:
    """What is known of a picture, in one round trip.  Raises `Refused` when it does not exist."""
    row = session.execute(_DETAIL, {"id": picture_id, "lang": language}).first()
    if row is None:
        raise Refused("record_not_found", table=PICTURE, id=picture_id)
    found = PictureDetail._make(row)
    changes = [{**change, "at": datetime.fromisoformat(change["at"])} for change in found.changes]
    return found._replace(changes=changes)


def count_orphans(session: Session) -> int:
    """Pictures of the service that no product shows."""
    return count_rows(session, select(Picture.id).where(Picture.products == 0, Picture.state == "here"))


def list_changes(session: Session, query: ListQuery) -> Page:
    """Rows of `ChangeRow`; presets ``sync`` and ``hand``."""
    listed = func.jsonb_array_length(PictureChange.details["products"])
    count = func.coalesce(listed, 0).label("count")
    shown: list[Any] = [
        PictureChange.id,
        PictureChange.at,
        PictureChange.kind,
        PictureChange.picture_id,
        (-Picture.id).label("image_id"),
        Picture.file_hash,
        Picture.name,
        Product.sku,
        PictureChange.product_id,
        count,
        PictureChange.run_id,
        PictureChange.by,
    ]
    statement: Select[Any] = (
        select(*shown)
        .outerjoin(Picture, Picture.id == PictureChange.picture_id)
        .outerjoin(Product, Product.id == PictureChange.product_id)
    )
    if query.preset == "sync":
        statement = statement.where(PictureChange.run_id.is_not(None))
    elif query.preset == "hand":
        statement = statement.where(PictureChange.kind.in_(("assigned", "chosen", "automatic")))
    columns: dict[str, Any] = {
        "id": PictureChange.id,
        "at": PictureChange.at,
        "kind": PictureChange.kind,
        "name": Picture.name,
        "sku": Product.sku,
        "run_id": PictureChange.run_id,
        "by": PictureChange.by,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=ChangeRow)


_STATUS = """
SELECT count(*) FILTER (WHERE p.state = 'here'), count(*) FILTER (WHERE p.state = 'gone'),
       count(*) FILTER (WHERE p.state = 'here' AND p.products = 0), count(p.conflict),
       (SELECT count(*) FROM catalog.product_image i WHERE i.is_primary),
       (SELECT count(*) FROM catalog.product q WHERE NOT EXISTS (
          SELECT FROM catalog.product_image i WHERE i.product_id = q.id AND i.is_primary)),
       max(e.last_incremental_at), max(e.last_full_at), max(e.source_count),
       max(catalog.picture_source() ->> 'base_url'), {sync}
  FROM (SELECT) one
  LEFT JOIN catalog.picture p ON true
  LEFT JOIN legacy.entity e ON e.code = :entity
"""


def status(session: Session, with_sync: bool) -> tuple[Status, state.State | None]:
    """How the pictures stand, and `with_sync` the whole sync (for who may see it), in one round trip."""
    asked = text(_STATUS.format(sync="(SELECT api.legacy_state())" if with_sync else "NULL"))
    *pictures, sync = session.execute(asked, {"entity": ENTITY["code"]}).one()
    return Status._make(pictures), None if sync is None else state.state_of(sync)


@posting
def set_primary(session: Session, command: SetPrimary) -> Result[int]:
    """Choose a product's primary picture, or leave it to the rules; the primary one there is now."""
    answer = call_api(
        session,
        "picture_primary",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_chosen=command.chosen,
    )
    return Result(int(answer["id"]), changed((PRODUCT, int(answer["product_id"])), (IMAGE, command.id)))


@posting
def assign(session: Session, command: AssignPictures) -> Result[int]:
    """Give pictures to products; how many links are new."""
    answer = call_api(
        session,
        "picture_assign",
        p_command=command.command,
        p_pictures=command.pictures,
        p_products=command.products,
    )
    products = [(PRODUCT, int(product)) for product in answer["products"] or ()]
    return Result(int(answer["links"]), changed(*products, *[(PICTURE, one) for one in command.pictures]))
