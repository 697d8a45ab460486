"""ISO 19005-3 as a list: what a PDF/A-3b file must have and must not have, looked up without the program's own code.

No validator of PDF/A can be had here, so this follows the clauses one by one; the number stands before each complaint.
"""

import io
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pikepdf
from PIL import ImageCms

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
}
FORBIDDEN_ACTIONS = {"/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState", "/Rendition",
                     "/Trans", "/GoTo3DView", "/JavaScript"}  # fmt: skip
FORBIDDEN_FILTERS = {"/LZWDecode", "/Crypt"}
CONTAINERS = (pikepdf.Array, pikepdf.Dictionary, pikepdf.Stream)
STRAY_COLOURS = re.compile(rb"(?:^|\s)(?:[\d.]+\s+){4}[kK]\s")


def complaints(data: bytes) -> list[str]:
    """Everything that keeps the bytes from being PDF/A-3b; empty when nothing was found."""
    return list(_complaints(data))


def _complaints(data: bytes) -> Iterator[str]:
    if not re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", data):
        yield "6.1.2 header without version or binary comment"
    if data.rstrip()[-5:] != b"%%EOF" or len(data) - len(data.rstrip()) > 2:
        yield "6.1.3 data after the end"
    with pikepdf.open(io.BytesIO(data)) as document:
        if "/Encrypt" in document.trailer:
            yield "6.1.3 encrypted"
        if "/ID" not in document.trailer:
            yield "6.1.3 no file identifier"
        yield from document.check_pdf_syntax()
        yield from _colours(document)
        yield from _metadata(document)
        yield from _files(document)
        root = document.Root
        for key in ("/AA", "/OpenAction", "/NeedsRendering", "/Requirements"):
            if key in root:
                yield f"6.5.1 {key} in the catalogue"
        for page in document.pages:
            yield from _page(page)
        for thing in list(_everything(document.trailer)):
            yield from _thing(thing)


def _everything(root: Any) -> Iterator[Any]:
    waiting, seen = [root], set()
    while waiting:
        thing = waiting.pop()
        if thing.is_indirect and thing.objgen in seen:
            continue
        seen.add(thing.objgen if thing.is_indirect else id(thing))
        yield thing
        members = list(thing) if isinstance(thing, pikepdf.Array) else [thing[key] for key in thing.keys()]  # noqa: SIM118
        waiting += [
            one
            for one in members
            if isinstance(one, pikepdf.Object) and not isinstance(one, pikepdf.Name | pikepdf.String)
        ]


def _thing(thing: Any) -> Iterator[str]:
    if isinstance(thing, pikepdf.Array):
        return
    sort, kind = str(thing.get("/S", "")), str(thing.get("/Subtype", ""))
    if "/JS" in thing or sort in FORBIDDEN_ACTIONS:
        yield f"6.5.1 action {sort}"
    if isinstance(thing, pikepdf.Stream):
        yield from _stream(thing, kind)
    if str(thing.get("/Type", "")) == "/ExtGState" and ("/TR" in thing or "/HTP" in thing):
        yield "6.2.5 transfer function"
    if str(thing.get("/Type", "")) == "/Annot" and kind in ("/3D", "/Sound", "/Screen", "/Movie"):
        yield f"6.3.1 annotation {kind}"


def _stream(thing: Any, kind: str) -> Iterator[str]:
    if any(key in thing for key in ("/F", "/FFilter", "/FDecodeParms")):
        yield "6.1.7 content outside the file"
    filters = thing.get("/Filter", [])
    if {
        str(one) for one in (filters if isinstance(filters, pikepdf.Array) else [filters])
    } & FORBIDDEN_FILTERS:
        yield "6.1.7 forbidden filter"
    if kind == "/Image":
        if "/Alternates" in thing or "/OPI" in thing or bool(thing.get("/Interpolate", False)):
            yield "6.2.8 picture with alternates or interpolation"
        if str(thing.get("/ColorSpace", "")) == "/DeviceCMYK":
            yield "6.2.4.3 CMYK without a profile"
    if kind == "/Form" and ("/PS" in thing or "/Ref" in thing):
        yield "6.2.9 PostScript or reference"
    if kind == "/PS":
        yield "6.2.9 PostScript"


def _page(page: Any) -> Iterator[str]:
    parts = list(page.Contents) if isinstance(page.Contents, pikepdf.Array) else [page.Contents]
    content = b"\n".join(one.read_bytes() for one in parts)
    if STRAY_COLOURS.search(content):
        yield "6.2.4.3 CMYK without a profile"
    fonts = page.get("/Resources", {}).get("/Font", {})
    for name in set(re.findall(rb"(/[^\s/]+)\s+[\d.]+\s+Tf", content)):
        if name.decode() not in fonts:
            yield f"6.2.2 font {name!r} not in the resources"
    for font in fonts.values():
        yield from _font(font)


def _font(font: Any) -> Iterator[str]:
    name = str(font.get("/BaseFont"))
    descriptor = font.get("/FontDescriptor")
    program = None if descriptor is None else descriptor.get("/FontFile2", descriptor.get("/FontFile3"))
    if program is None:
        yield f"6.2.11.4 {name} not embedded"
        return
    tables = _tables(program.read_bytes())
    symbolic = bool(int(descriptor.Flags) & 4)
    if symbolic and "/Encoding" in font:
        yield f"6.2.11.6 {name} is symbolic and has an encoding"
    if symbolic and struct.unpack(">H", tables["cmap"][2:4])[0] != 1:
        yield f"6.2.11.6 {name} is symbolic and has several tables of characters"
    if not symbolic and str(font.get("/Encoding", "")) not in ("/WinAnsiEncoding", "/MacRomanEncoding"):
        yield f"6.2.11.6 {name} is not symbolic and has no usual encoding"
    widths = [float(one) for one in font.Widths]
    if len(widths) != int(font.LastChar) - int(font.FirstChar) + 1:
        yield f"6.2.11.5 {name}: number of widths"
    wrong = [
        code for code, width, true in _widths(tables, widths, int(font.FirstChar)) if abs(width - true) > 1
    ]
    if wrong:
        yield f"6.2.11.5 {name}: widths of {wrong[:5]} differ from the font"
    if "/ToUnicode" not in font:
        yield f"6.2.11.7 {name} cannot be read as text"


def _tables(program: bytes) -> dict[str, bytes]:
    count = struct.unpack(">H", program[4:6])[0]
    found = {}
    for number in range(count):
        tag, _, start, length = struct.unpack(">4sIII", program[12 + number * 16 : 28 + number * 16])
        found[tag.decode()] = program[start : start + length]
    return found


def _widths(tables: dict[str, bytes], widths: list[float], first: int) -> Iterator[tuple[int, float, float]]:
    """Per code: the width said in the PDF and the one in the font, in thousandths."""
    units = struct.unpack(">H", tables["head"][18:20])[0]
    metrics = struct.unpack(">H", tables["hhea"][34:36])[0]
    start = struct.unpack(">I", tables["cmap"][8:12])[0]
    table = tables["cmap"][start:]
    form, _, _, low, count = struct.unpack(">5H", table[:10])
    if form != 6:
        return
    glyphs = struct.unpack(f">{count}H", table[10 : 10 + 2 * count])
    for code, width in enumerate(widths, start=first):
        if low <= code < low + count and glyphs[code - low]:
            at = min(glyphs[code - low], metrics - 1) * 4
            yield code, width, struct.unpack(">H", tables["hmtx"][at : at + 2])[0] * 1000 / units


def _colours(document: pikepdf.Pdf) -> Iterator[str]:
    intents: Any = document.Root.get("/OutputIntents", [])
    profiles = [one.get("/DestOutputProfile") for one in intents if str(one.S) == "/GTS_PDFA1"]
    if len(profiles) != 1 or profiles[0] is None:
        yield "6.2.3 no output intent"
        return
    profile = profiles[0].read_bytes()
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    if (
        opened.xcolor_space.strip() != "RGB"
        or int(profiles[0].N) != 3
        or opened.device_class != "mntr"
        or opened.version >= 5
    ):
        yield "6.2.3 profile of the output intent"


def _metadata(document: pikepdf.Pdf) -> Iterator[str]:
    stream = document.Root.get("/Metadata")
    if stream is None or "/Filter" in stream:
        yield "6.6.2.1 no metadata"
        return
    root = ET.fromstring(stream.read_bytes())  # noqa: S314
    said: dict[str, str] = {}
    described = False
    for description in root.iter(f"{RDF}Description"):
        for child in description:
            text = "".join(child.itertext()).strip()
            said[child.tag] = text
            described |= child.tag.endswith("}schemas")

    def value(name: str) -> str:
        prefix, _, local = name.partition(":")
        return said.get(f"{{{NAMESPACES[prefix]}}}{local}", "")

    if (value("pdfaid:part"), value("pdfaid:conformance")) != ("3", "B"):
        yield "6.6.4 does not say PDF/A-3b"
    known = {f"{{{uri}}}" for prefix, uri in NAMESPACES.items() if prefix != "fx"} | {
        "{http://www.aiim.org/pdfa/ns/extension/}"
    }
    if any(not tag.startswith(tuple(known)) for tag in said) and not described:
        yield "6.6.2.3 properties without description"
    info = document.docinfo
    for key, name in (("/Title", "dc:title"), ("/Author", "dc:creator"), ("/Subject", "dc:description"),
                      ("/Producer", "pdf:Producer"), ("/Creator", "xmp:CreatorTool")):  # fmt: skip
        if key in info and str(info[key]) != value(name):
            yield f"6.6.3 {key} differs"
    for key, name in (("/CreationDate", "xmp:CreateDate"), ("/ModDate", "xmp:ModifyDate")):
        if key in info and re.sub(r"\D", "", str(info[key])) != re.sub(r"\D", "", value(name)):
            yield f"6.6.3 {key} differs"


def _files(document: pikepdf.Pdf) -> Iterator[str]:
    associated = {one.objgen for one in document.Root.get("/AF", [])}
    for spec in document.attachments.values():
        thing = spec.obj
        if not all(key in thing for key in ("/F", "/UF", "/EF", "/AFRelationship")):
            yield "6.8 file without names or relationship"
        if thing.objgen not in associated:
            yield "6.8 file that belongs to nothing"
        stream = thing.EF.F
        if "/Subtype" not in stream or "/ModDate" not in stream.get("/Params", {}):
            yield "6.8 file without type or date"
