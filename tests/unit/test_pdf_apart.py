"""PDFs of strangers are opened in a process of their own: one that never ends, or falls, takes nothing with it."""

import io
import sys

import pikepdf
import pytest

from app.core.apart import Apart
from app.core.errors import Invalid
from app.services.documents import contents
from app.services.documents.render import render
from app.services.documents.samples import sample


def nested(depth: int) -> bytes:
    """A page that draws a form four times, which draws another one four times, and so on."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    drawn = pikepdf.Dictionary()
    for level in range(depth):
        form = pdf.make_stream(b"/F Do\n" * 4 if level else b"0 0 1 1 re f")
        form["/Type"], form["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
        form["/BBox"], form["/Resources"] = pikepdf.Array([0, 0, 595, 842]), drawn
        drawn = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
    page["/Resources"], page["/Contents"] = drawn, pdf.make_stream(b"/F Do")
    made = io.BytesIO()
    pdf.save(made)
    return made.getvalue()


def test_a_page_that_never_ends_is_left_and_the_next_file_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb, sound = nested(24), render(sample("invoice", "de"))
    monkeypatch.setattr(contents, "PATIENCE", 0.5)
    assert contents.text_of_pdf(bomb) == ""
    with pytest.raises(Invalid, match="document_unreadable"):
        contents.page_image(bomb, 0, 600)
    monkeypatch.undo()
    assert "Rechnung" in contents.text_of_pdf(sound)
    shown = contents.page_image(sound, 99, 600)
    assert (shown.pages, shown.width, len(shown.pixels)) == (1, 600, shown.width * shown.height * 4)
    assert contents.text_of_pdf(b"none") == contents.text_of_pdf(b"") == ""


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(3)",
        "import sys; sys.stdin.buffer.readline(); print('{\"size\": 9}', end='')",
        "import sys; sys.stdin.buffer.readline(); print('{\"size\": 9}'); print('cut')",
    ],
)
def test_an_answer_that_is_cut_is_none(program: str) -> None:
    apart = Apart((sys.executable, "-I", "-c", program))
    for _ in range(2):
        assert apart.ask({}, b"x" * 1_000_000, 30) is None
    apart.stop()
