"""Pictures from outside: which kinds are opened at all, and how large they may become once unpacked."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""Of the other kinds that are known some start programs to be read."""
MOST_PIXELS = 80_000_000
"""More is a mistake or an attack on the memory of everybody who opens it."""


@contextmanager
def opened(content: bytes) -> Iterator["Image"]:
    """The picture in a file, not yet unpacked.

    Raises OSError, ValueError or SyntaxError for what is none, DecompressionBombError for one that is too large.
    """
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise Image.DecompressionBombError(f"{image.width} x {image.height}")
        yield image
