"""What files are: their kind by their first bytes, their text for the search, pictures of their pages."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from app.core.apart import Apart
from app.core.errors import Invalid

PDFS = Apart((sys.executable, "-I", str(Path(__file__).with_name("pdf_worker.py"))))
PATIENCE = 20.0  # seconds for a page, or for the words of a file

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)
_BY_NAME = {
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".svg": "image/svg+xml",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".msg": "application/vnd.ms-outlook",
    ".eml": "message/rfc822",
}
# What a double click would run.
_RUNNING = re.compile(
    "exe|com|bat|cmd|ps1|vbs|vbe|js|jse|wsf|wsh|msi|msp|scr|pif|cpl|hta|jar|lnk|reg|sh|app|desktop|dll"
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
# Marks that turn the direction of writing: "invoice\u202efdp.exe" reads as a PDF.
_HIDDEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
MOST_TEXT = 200_000
NAME_LENGTH = 180


def mime_of(name: str, content: bytes) -> str:
    """The media type, by the first bytes and only then by the name: a PDF that is none is not called one."""
    head = content[:16]
    for magic, mime in _MAGIC:
        if head.startswith(magic):
            if mime == "application/zip":
                return _BY_NAME.get(_ending(name), mime)
            return mime
    if head.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    known = _BY_NAME.get(_ending(name))
    if known and not known.startswith("application/vnd."):
        return known
    return "text/plain" if is_text(content) else "application/octet-stream"


def is_text(content: bytes) -> bool:
    """Whether the bytes read as text."""
    head = content[:4096]
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    try:
        _decoded(head)
    except UnicodeDecodeError:
        return False
    return True


def decoded(content: bytes) -> str:
    """The text of bytes that read as text: UTF-8, UTF-16 with its mark, else Windows-1252 or what DOS wrote."""
    try:
        return _decoded(content)
    except UnicodeDecodeError:
        return content.decode("cp850")  # knows a letter for every byte


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(content) - error.start <= 3 and error.reason == "unexpected end of data":
            return content[: error.start].decode("utf-8-sig")
        return content.decode("cp1252")


def runs(name: str, content: bytes) -> bool:
    """Whether opening the file would run it."""
    ending = name.rpartition(".")[2].strip().lower()
    return _RUNNING.fullmatch(ending) is not None or content[:2] == b"MZ" or content[:4] == b"\x7fELF"


def safe_name(name: str) -> str:
    """A file name that means the same everywhere: no folders, no hidden marks, no device names, not too long."""
    plain = _HIDDEN.sub("", re.split(r"[/\\]", name)[-1])
    plain = re.sub(r'[<>:"|?*]', "_", plain).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ""
    if _RESERVED.fullmatch(stem.split(".")[0]):
        stem = f"_{stem}"
    room = NAME_LENGTH - len(ending) - 1
    plain = f"{stem[:room]}.{ending}" if dot and len(ending) < 20 else f"{stem}{dot}{ending}"[:NAME_LENGTH]
    return plain.strip(" .") or "file"


def text_of(mime: str, content: bytes) -> str:
    """Words of a file for the search; empty when it has none or cannot be read."""
    if mime == "application/pdf":
        return text_of_pdf(content)
    if mime in ("text/plain", "text/csv", "application/xml"):
        return decoded(content[: MOST_TEXT * 2]).replace("\0", " ")[:MOST_TEXT]
    return ""


def text_of_pdf(content: bytes) -> str:
    """The text layer of a PDF, as far as it can be read; empty for one that is none, or that takes too long."""
    answer = PDFS.ask({"do": "text", "most": MOST_TEXT}, content, PATIENCE)
    return answer.content.decode()[:MOST_TEXT] if answer is not None else ""


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as pixels: 32 bits each, blue first, rows without padding."""

    number: int
    pages: int
    width: int
    height: int
    pixels: bytes


def page_image(content: bytes, number: int, dots: int) -> PageImage:
    """The page `number` (from 0) of a PDF, `dots` pixels wide.

    Raises Invalid `document_unreadable` for what is no PDF, is locked, has no page, or takes too long to paint.
    """
    answer = PDFS.ask({"do": "page", "number": number, "dots": dots}, content, PATIENCE)
    if answer is None or "error" in answer.said:
        raise Invalid("document_unreadable")
    said = answer.said
    return PageImage(number, said["pages"], said["width"], said["height"], answer.content)


def _ending(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot >= 0 else ""
