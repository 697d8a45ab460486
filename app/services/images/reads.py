"""What windows need to show pictures: contents and addresses."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select, union_all
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.models.catalog import ProductImage
from app.models.media import Picture, PictureFile
from app.services.images.fetch import Source


class ImageData(NamedTuple):
    """A picture; ``hash`` names it in caches.  One of the image service has no content but an address, and content
    too where its files need the password (`app.services.images.files`).

    ``id`` is that of a product's picture, or minus that of a picture of the service that is not (yet) a product's.
    """

    id: int
    hash: str
    content: bytes | None
    url: str | None


def full(session: Session, image_id: int) -> ImageData:
    """A picture in full: its content, or its address."""
    row = session.execute(_images([image_id], ProductImage.content, PictureFile.is_large)).first()
    if row is None:
        raise Refused("record_not_found", table="catalog.product_image", id=image_id)
    return ImageData._make(row)


def thumbnails(session: Session, image_ids: Sequence[int]) -> list[ImageData]:
    """Several thumbnails in one round trip, for a list that scrolls: contents, or addresses of small files."""
    found = session.execute(_images(image_ids, ProductImage.thumbnail, PictureFile.is_small))
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


def _images(image_ids: Sequence[int], content: Any, wanted: Any) -> Any:
    """Pictures of products by their id, pictures of the service that no product has by minus theirs."""
    file = and_(PictureFile.picture_id == Picture.id, wanted)
    alone = (
        select((-Picture.id).label("id"), Picture.file_hash, PictureFile.content, PictureFile.url)
        .outerjoin(PictureFile, file)
        .where(Picture.id.in_([-number for number in image_ids if number < 0]))
    )
    linked = (
        select(
            ProductImage.id,
            ProductImage.content_hash,
            func.coalesce(content, PictureFile.content),
            PictureFile.url,
        )
        .outerjoin(PictureFile, and_(PictureFile.picture_id == ProductImage.picture_id, wanted))
        .where(ProductImage.id.in_([number for number in image_ids if number > 0]))
    )
    if all(number > 0 for number in image_ids):
        return linked
    return union_all(linked, alone)
