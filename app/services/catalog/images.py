"""Pictures as they are stored: re-encoded, of bounded size, with a thumbnail.  Pure functions, no session.

Re-encoding throws away whatever a file carries besides its picture (location, camera, embedded data).
"""

import io
from typing import NamedTuple

from PIL import Image, ImageOps

from app.core.errors import Invalid
from app.core.pictures import opened

LARGEST_FILE = 40 * 1024 * 1024
LARGEST_SIDE = 1600
THUMBNAIL_SIDE = 128


class Picture(NamedTuple):
    """A picture ready to be stored."""

    mime: str
    content: bytes
    thumbnail: bytes


def prepare(content: bytes) -> Picture:
    """Re-encode a picture file: at most 1600 pixels a side, PNG when it is transparent or drawn, else JPEG.

    Raises `Invalid` for a file that is no picture, damaged or far too large.
    """
    if len(content) > LARGEST_FILE:
        raise Invalid("image_file_too_large", column="image", limit=LARGEST_FILE // 1024 // 1024)
    try:
        with opened(content) as image:
            image.load()
            picture = ImageOps.exif_transpose(image)
    except Image.DecompressionBombError as error:
        raise Invalid("image_too_many_pixels", column="image") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Invalid("image_unreadable", column="image") from error
    drawn = (
        picture.mode in ("P", "1", "L", "LA") or "A" in picture.getbands() or "transparency" in picture.info
    )
    picture = picture.convert("RGBA" if drawn else "RGB")
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    if drawn:
        return Picture("image/png", _png(picture), _png(small))
    return Picture("image/jpeg", _jpeg(picture, 88), _jpeg(small, 85))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
