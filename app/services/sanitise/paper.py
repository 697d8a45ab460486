"""The page that stands in a copy where the original has an issued document."""

_FONT = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"


def page(number: str) -> bytes:
    """A PDF of one page with the document's number and that it is no document."""
    line = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_./ ") else "?" for letter in number
    )
    text = f"BT /F1 18 Tf 72 720 Td ({line}) Tj 0 -28 Td (Training copy - not a document) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources %s >>" % _FONT,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    made = bytearray(b"%PDF-1.4\n")
    places = []
    for number_of, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number_of, body)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(made)
