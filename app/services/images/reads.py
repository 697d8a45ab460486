"""What windows need to show pictures: contents and addresses."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.models.catalog import ProductImage
from app.models.media import PictureFile
from app.services.images.fetch import Source


class ImageData(NamedTuple):
    """A picture; ``hash`` names it in caches.  One of the image service has no content but an address."""

    id: int
    hash: str
    content: bytes | None
    url: str | None


def full(session: Session, image_id: int) -> ImageData:
    """A picture of a product in full: its content, or its address."""
    statement = _images(ProductImage.content, PictureFile.is_large).where(ProductImage.id == image_id)
    row = session.execute(statement).first()
    if row is None:
        raise Refused("record_not_found", table="catalog.product_image", id=image_id)
    return ImageData._make(row)


def thumbnails(session: Session, image_ids: Sequence[int]) -> list[ImageData]:
    """Several thumbnails in one round trip, for a list that scrolls: contents, or addresses of small files."""
    statement = _images(ProductImage.thumbnail, PictureFile.is_small)
    found = session.execute(statement.where(ProductImage.id.in_(list(image_ids))))
    return [ImageData._make(row) for row in found]


def source(session: Session) -> Source | None:
    """How the addresses of pictures are reached; None when the house has no image service."""
    found = session.scalar(select(func.catalog.picture_source()))
    if found is None:
        return None
    return Source(
        base_url=found["base_url"],
        media_url=found["media_url"] or "",
        verify=found["verify_tls"],
        ca=found["ca_file"],
    )


def _images(content: Any, wanted: Any) -> Select[Any]:
    return select(ProductImage.id, ProductImage.content_hash, content, PictureFile.url).outerjoin(
        PictureFile, and_(PictureFile.picture_id == ProductImage.picture_id, wanted)
    )
