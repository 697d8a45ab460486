"""Makes our PDF files PDF/A-3b (ISO 19005-3): metadata that say so, colours that are defined, nothing forbidden.

The same file gives the same bytes.  Fonts are embedded by the renderer already; what cannot be made right here, such as
a logo in the colours of a printing press, is refused with its reason.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from app.core.errors import Refused
from app.services.einvoice.icc import srgb

if TYPE_CHECKING:
    from pikepdf import Object, Pdf

FACTUR_X = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
# What reportlab writes at the head of each page: it chooses Helvetica, which it never uses nor embeds.
_UNUSED_FONT = re.compile(rb"BT\s+(/\S+)\s+12\s+Tf\s+14\.4\s+TL\s+ET\s")
_SHOWN = re.compile(rb"[)>\]]\s*T[jJ]\s")
_STAMP = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)?(\d\d)?(\d\d)?")
_INFO = ("/Title", "/Author", "/Subject", "/Creator", "/Producer", "/CreationDate", "/ModDate")
_PROPERTIES = (
    ("DocumentFileName", "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE"),
    ("Version", "The actual version of the Factur-X XML schema"),
    ("ConformanceLevel", "The conformance level of the embedded Factur-X data"),
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file inside the PDF: its name, content, type and how it relates to the document.

    ``level`` is the conformance level the metadata of ZUGFeRD name; empty for other files.
    """

    name: str
    content: bytes
    mime: str = "text/xml"
    relationship: str = "Alternative"
    description: str = ""
    level: str = ""
    version: str = "1.0"


def archive(pdf: bytes, embedded: Embedded | None = None) -> bytes:
    """The file as PDF/A-3b, with a file inside if one is given.

    Raises Refused pdfa_impossible with the reason when the file holds what PDF/A forbids, ValueError for no PDF.
    """
    import pikepdf

    try:
        document = pikepdf.open(io.BytesIO(pdf))
    except pikepdf.PdfError as error:
        raise ValueError("not a PDF file") from error
    with document:
        _clear_away(document)
        reason = obstacle(document)
        if reason:
            raise Refused("pdfa_impossible", reason=reason)
        _define_colours(document)
        if embedded is not None:
            _embed(document, embedded)
        _describe(document, embedded)
        buffer = io.BytesIO()
        document.save(buffer, deterministic_id=True, min_version="1.7", fix_metadata_version=False)
        return buffer.getvalue()


def obstacle(document: "Pdf") -> str:
    """What keeps a file from being PDF/A-3b; empty when nothing does."""
    if document.is_encrypted:
        return "encryption"
    for key in ("/OpenAction", "/AA", "/AcroForm"):
        if key in document.Root:
            return f"catalogue {key}"
    for thing in _reachable(document.Root):
        reason = _fault(thing)
        if reason:
            return reason
    return ""


def _reachable(root: "Object") -> Iterator["Object"]:
    """Every object that belongs to the document, each once."""
    from pikepdf import Array, Dictionary, Stream

    waiting, seen = [root], set()
    while waiting:
        thing = waiting.pop()
        if thing.is_indirect:
            if thing.objgen in seen:
                continue
            seen.add(thing.objgen)
        yield thing
        members = thing.values() if isinstance(thing, Dictionary | Stream) else thing
        waiting += [one for one in members if isinstance(one, Array | Dictionary | Stream)]


def _fault(thing: "Object") -> str:
    from pikepdf import Array, Dictionary, Stream

    if not isinstance(thing, Dictionary | Stream):
        return ""
    kind, sort = str(thing.get("/Type", "")), str(thing.get("/Subtype", ""))
    if kind == "/Font" and sort in ("/Type1", "/TrueType", "/MMType1", "/CIDFontType0", "/CIDFontType2"):
        descriptor = thing.get("/FontDescriptor")
        if descriptor is None or not any(f"/FontFile{end}" in descriptor for end in ("", "2", "3")):
            return f"font {thing.get('/BaseFont', '')} not embedded"
    if "/JS" in thing or str(thing.get("/S", "")) in (
        "/JavaScript",
        "/Launch",
        "/Movie",
        "/Sound",
        "/ImportData",
    ):
        return "action"
    if isinstance(thing, Stream):
        if sort == "/PS" or "/F" in thing:
            return "foreign content"
        filters = thing.get("/Filter")
        names = [str(one) for one in filters] if isinstance(filters, Array) else [str(filters)]
        if "/LZWDecode" in names or "/Crypt" in names:
            return "filter"
        if sort == "/Image" and str(thing.get("/ColorSpace", "")) == "/DeviceCMYK":
            return "picture in CMYK"
    return ""


def _clear_away(document: "Pdf") -> None:
    """What the renderer leaves behind without need."""
    from pikepdf import Dictionary, Name, Stream

    for page in document.pages:
        page.contents_coalesce()
        content = page.Contents.read_bytes()
        found = _UNUSED_FONT.search(content)
        if found is None:
            continue
        name = found[1].decode()
        rest = content[: found.start()] + content[found.end() :]
        shown = _SHOWN.search(rest)
        if shown is not None and rest.find(b" Tf", 0, shown.start()) < 0:
            continue  # the first text chooses no font of its own
        page.Contents.write(rest)
        fonts = page.Resources.get("/Font")
        if isinstance(fonts, Dictionary) and name in fonts and name.encode() + b" " not in rest:
            del fonts[name]
    for thing in _reachable(document.Root):
        if isinstance(thing, Stream) and thing.get("/Subtype") == Name.Image and "/Interpolate" in thing:
            del thing["/Interpolate"]


def _define_colours(document: "Pdf") -> None:
    from pikepdf import Array, Dictionary, Name, String

    profile = document.make_stream(srgb(), N=3, Alternate=Name.DeviceRGB)
    document.Root.OutputIntents = Array(
        [
            document.make_indirect(
                Dictionary(
                    Type=Name.OutputIntent,
                    S=Name.GTS_PDFA1,
                    OutputConditionIdentifier=String("sRGB IEC61966-2.1"),
                    Info=String("sRGB IEC61966-2.1"),
                    DestOutputProfile=profile,
                )
            )
        ]
    )


def _embed(document: "Pdf", file: Embedded) -> None:
    from pikepdf import Array, Dictionary, Name, String

    changed = document.docinfo.get("/ModDate", String("D:20000101000000Z"))
    stream = document.make_stream(
        file.content,
        Type=Name.EmbeddedFile,
        Subtype=Name("/" + file.mime),
        Params=Dictionary(Size=len(file.content), ModDate=changed),
    )
    specification = document.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(file.name),
            UF=String(file.name),
            Desc=String(file.description or file.name),
            AFRelationship=Name("/" + file.relationship),
            EF=Dictionary(F=stream, UF=stream),
        )
    )
    document.Root.Names = Dictionary(
        EmbeddedFiles=Dictionary(Names=Array([String(file.name), specification]))
    )
    document.Root.AF = Array([specification])
    document.Root.PageMode = Name.UseAttachments


def _describe(document: "Pdf", embedded: Embedded | None) -> None:
    """Metadata in XMP, and the same in the old dictionary."""
    info = document.docinfo
    for key in [key for key in info.keys() if key not in _INFO or not str(info[key])]:  # noqa: SIM118
        del info[key]
    words: dict[str, str] = {key: str(info[key]) for key in _INFO if key in info}
    stream = document.make_stream(_packet(words, embedded).encode())
    stream.Type, stream.Subtype = _name("Metadata"), _name("XML")
    document.Root.Metadata = stream


def _name(text: str) -> Any:
    from pikepdf import Name

    return Name("/" + text)


def _packet(info: dict[str, str], embedded: Embedded | None) -> str:
    def given(key: str, template: str) -> str:
        return template.format(escape(info[key])) if key in info else ""

    dates = {key: _moment(info[key]) for key in ("/CreationDate", "/ModDate") if key in info}
    parts = [
        given("/Title", '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:title>'),
        given("/Author", "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>"),
        given(
            "/Subject",
            '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description>',
        ),
        given("/Producer", "<pdf:Producer>{}</pdf:Producer>"),
        given("/Creator", "<xmp:CreatorTool>{}</xmp:CreatorTool>"),
        f"<xmp:CreateDate>{dates['/CreationDate']}</xmp:CreateDate>" if "/CreationDate" in dates else "",
        f"<xmp:ModifyDate>{dates['/ModDate']}</xmp:ModifyDate>" if "/ModDate" in dates else "",
    ]
    described = (
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        f"{''.join(parts)}</rdf:Description>"
    )
    extension = _extension(embedded) if embedded is not None and embedded.level else ""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'{described}{extension}</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    )


def _extension(file: Embedded) -> str:
    """What ZUGFeRD says about its file, and the description of these words that PDF/A asks for."""
    values = {
        "DocumentType": "INVOICE",
        "DocumentFileName": file.name,
        "Version": file.version,
        "ConformanceLevel": file.level,
    }
    said = "".join(f"<fx:{name}>{escape(value)}</fx:{name}>" for name, value in values.items())
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{words}</pdfaProperty:description></rdf:li>"
        for name, words in _PROPERTIES
    )
    return (
        f'<rdf:Description rdf:about="" xmlns:fx="{FACTUR_X}">{said}</rdf:Description>'
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{FACTUR_X}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )


def _moment(stamp: str) -> str:
    """A date of the old dictionary as XMP writes it."""
    match = _STAMP.match(stamp)
    if match is None:
        raise ValueError(f"no date: {stamp!r}")
    year, month, day, hour, minute, second = (part or "00" for part in match.groups())
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
