"""The process that opens PDFs of strangers: words of one, a picture of a page, the XML files inside.

A file can be made so that it takes hours to open, all the memory there is, or that a fault in the reader ends the
process; so that is not the program's own.  Standard library, pypdfium2 and pikepdf only, started by its file name.  On
standard input a line of JSON ``{"size": bytes, "do": "text", "page" or "files", …}`` and the file; on standard output a
line of JSON and what it tells of.
"""

import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pikepdf import Object, Pdf

MOST_FILES = 200
MOST_MEMORY = 2 * 1024**3


class _FaultError(Exception):
    """Why there are no files: one of the words of `files`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.said = {"fault": code, "params": params}


def text(content: bytes, most: int) -> tuple[dict[str, Any], bytes]:
    """The text layer, as far as it can be read, up to `most` characters."""
    import pypdfium2

    found: list[str] = []
    length = 0
    document = pypdfium2.PdfDocument(content)
    try:
        for page in document:
            layer = page.get_textpage()
            words = layer.get_text_bounded()
            layer.close()
            page.close()
            found.append(words)
            length += len(words)
            if length > most:
                break
    except pypdfium2.PdfiumError:
        pass
    finally:
        document.close()
    # Lone surrogates and NUL are no text for the database.
    return {}, "\n".join(found).encode("utf-8", "replace").replace(b"\0", b" ")


def page(content: bytes, number: int, dots: int) -> tuple[dict[str, Any], bytes]:
    """A page so many pixels wide: 32 bits each, blue first, rows without padding."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        pages = len(document)
        sheet = document[min(number, pages - 1)]
        width, height = sheet.get_size()
        # A page as long as a street is not painted as wide as asked.
        scale = min(dots / max(width, 1), 8000 / max(height, 1), 12.0)
        bitmap = sheet.render(scale=scale, rev_byteorder=False, force_bitmap_format=4)
        stride, wide, high = bitmap.stride, bitmap.width, bitmap.height
        data = bytes(bitmap.buffer)
        if stride != wide * 4:
            data = b"".join(data[row * stride : row * stride + wide * 4] for row in range(high))
        bitmap.close()
        sheet.close()
    finally:
        document.close()
    return {"pages": pages, "width": wide, "height": high}, data


def files(content: bytes, most: int) -> tuple[dict[str, Any], bytes]:
    """The XML files inside, ``[name, bytes]`` each, all together no more than `most`.

    Or a fault: locked, broken (reason), packed (filter), large.
    """
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            found = list(_files(document, most))
    except pikepdf.PasswordError:
        return _FaultError("locked").said, b""
    except _FaultError as fault:
        return fault.said, b""
    except (
        pikepdf.PdfError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
        MemoryError,
        zlib.error,
    ) as error:
        reason = re.sub(r"^stream <.*?>: ", "", str(error))[:200]
        return _FaultError("broken", reason=reason or type(error).__name__).said, b""
    return {"files": [[name, len(xml)] for name, xml in found]}, b"".join(xml for _, xml in found)


def _files(document: "Pdf", most: int) -> Iterator[tuple[str, bytes]]:
    """Those of its list of files, and those only said to belong to it."""
    from pikepdf import Array

    specifications: list[Any] = [spec.obj for spec in document.attachments.values()]
    belonging = document.Root.get("/AF")
    if isinstance(belonging, Array):
        specifications += [
            one for one in belonging if all(one.objgen != spec.objgen for spec in specifications)
        ]
    for spec in specifications[:MOST_FILES]:
        name = str(spec.get("/UF", spec.get("/F", "")))
        inside = spec.get("/EF")
        if inside is None or not name.lower().endswith(".xml"):
            continue
        stream = inside.get("/UF", inside.get("/F"))
        if stream is not None:
            xml = _unpacked(stream, most)
            most -= len(xml)
            yield name, xml


def _unpacked(stream: "Object", most: int) -> bytes:
    from pikepdf import Array

    raw: bytes = stream.read_raw_bytes()
    given = stream.get("/Filter")
    filters = (
        [] if given is None else [str(one) for one in given] if isinstance(given, Array) else [str(given)]
    )
    if filters and (filters != ["/FlateDecode"] or stream.get("/DecodeParms") is not None):
        raise _FaultError("packed", filter=", ".join(filters))
    content = zlib.decompressobj().decompress(raw, most + 1) if filters else raw
    if len(content) > most:
        raise _FaultError("large")
    return content


def _stay_small() -> None:
    """Have the system refuse more memory than any sound file needs, where it can."""
    try:
        import resource
    except ImportError:  # Windows: there it is the time that ends
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def main() -> int:
    """Answer until standard input ends."""
    _stay_small()
    tasks: dict[str, Callable[..., tuple[dict[str, Any], bytes]]] = {
        "text": text,
        "page": page,
        "files": files,
    }
    while header := sys.stdin.buffer.readline():
        order = json.loads(header)
        content = sys.stdin.buffer.read(order.pop("size"))
        try:
            said, data = tasks[order.pop("do")](content, **order)
        except Exception as error:  # noqa: BLE001  (whatever a forged file makes the reader raise)
            said, data = {"error": str(error)}, b""
        sys.stdout.buffer.write(json.dumps({**said, "size": len(data)}).encode() + b"\n" + data)
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
