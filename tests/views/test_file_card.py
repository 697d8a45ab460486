"""Files beside a record: dropped onto its page, looked at, replaced, renamed, removed; and what is not taken."""

import io
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot
from reportlab.pdfgen.canvas import Canvas

from app.core.db import Database
from app.core.i18n import t
from app.services.documents import attachments
from app.services.documents.contents import text_of_pdf
from app.services.sales import writes
from app.views.core import file_card, file_view
from app.views.core.file_card import FilesCard
from app.views.core.file_view import FileView
from tests.sales_world import Raw, World, build
from tests.views.sales_screens import Desk, desk_of

AsRole = Callable[[str], Database]
QUOTE = "sales.quote"


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def quote(world: World, as_role: AsRole) -> int:
    return as_role("sales_rep").write(writes.save_quote, world.quote([world.line(world.bike)])).value.id


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    with desk_of(as_role("sales_rep"), tmp_path / "desk", qtbot) as found:
        yield found


def pdf(*pages: str) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for words in pages:
        canvas.drawString(100, 700, words)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def card_of(page: object) -> FilesCard:
    return page.findChild(FilesCard)  # type: ignore[attr-defined,no-any-return]


def names(card: FilesCard) -> list[str]:
    return [row.name for row in card._files.attachments if row.state == "current"]


def drop(desk: Desk, page: object, *files: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(QPoint(5, 5), copy, data, left, none),
        QDropEvent(QPointF(5, 5), copy, data, left, none, QEvent.Type.Drop),
    ):
        QApplication.sendEvent(page, event)  # type: ignore[arg-type]
    desk.settle()


def test_files_dropped_onto_a_page_belong_to_its_record(
    quote: int, desk: Desk, admin: Raw, tmp_path: Path
) -> None:
    page = desk.open(QUOTE, quote)
    card = card_of(page)
    assert card.may_add
    drawing = tmp_path / "Zeichnung.pdf"
    drawing.write_bytes(pdf("Flansch DN 80", "Seite zwei"))
    (tmp_path / "leer.txt").write_bytes(b"")
    drop(desk, page, drawing, tmp_path / "leer.txt", tmp_path / "fehlt.txt")
    desk.wait(lambda: names(card) == ["Zeichnung.pdf"])
    assert page.stored_state == "draft"
    assert not page.dirty(), "a file is no change of the form"
    words = admin.execute(
        "SELECT words @@ 'flansch' FROM documents.content_text t JOIN documents.attachment_version v"
        " USING (content_id) JOIN documents.attachment a ON a.id = v.attachment_id WHERE a.record_id = %s",
        (quote,),
    ).fetchone()
    assert words == (True,)

    card._look(card._files.attachments[0], "")
    view = desk.window.findChild(FileView)
    assert view is not None
    desk.wait(lambda: view._pages == 2)
    view.turn(1)
    desk.wait(lambda: view._page == 1)
    assert not view.findChild(QLabel, "file.page").pixmap().isNull()  # type: ignore[union-attr]
    desk.click("dialog.close")

    drawing.write_bytes(pdf("Flansch DN 100"))
    drop(desk, page, drawing)
    desk.click("dialog.yes")
    desk.wait(lambda: card._files.attachments[0].version == 2)

    card._remove(card._files.attachments[0])
    desk.reason("falsche Zeichnung")
    desk.wait(lambda: names(card) == [])
    assert card._files.attachments[0].removed_reason == "falsche Zeichnung"


def test_a_picture_of_the_clipboard_and_text_are_shown(quote: int, desk: Desk) -> None:
    page = desk.open(QUOTE, quote)
    card = card_of(page)
    picture = QImage(60, 40, QImage.Format.Format_RGB32)
    picture.fill(QColor("#336699"))
    card.add_picture(picture)
    desk.wait(lambda: names(card) == ["Bild.png"])
    card.add_picture(picture)
    desk.wait(lambda: names(card) == ["Bild 2.png", "Bild.png"])
    card.add_bytes("..\\Notiz.txt", "Größe 42".encode("cp1252"))
    desk.wait(lambda: "Notiz.txt" in names(card))
    for name, widget, kind in (("Bild.png", "file.page", QLabel), ("Notiz.txt", "file.text", QPlainTextEdit)):
        card._look(next(row for row in card._files.attachments if row.name == name), "")
        desk.settle()
        desk.wait(partial(desk.find, widget))
        shown = desk.find(widget)
        assert isinstance(shown, kind)
        if isinstance(shown, QLabel):
            desk.wait(partial(_has_picture, shown))
        if isinstance(shown, QPlainTextEdit):
            assert shown.toPlainText() == "Größe 42"
        desk.click("dialog.close")


def test_a_line_without_an_end_and_a_page_that_comes_late(quote: int, desk: Desk) -> None:
    """One line of half a megabyte takes the window seconds; a page painted for a file before is not shown any more."""
    view = FileView(desk.open(QUOTE, quote).ctx)
    desk.qtbot.addWidget(view)
    view.show_file("application/pdf", pdf("Seite"))
    view.show_file("text/plain", b"x" * 400_000)
    desk.settle()
    text = view.findChild(QPlainTextEdit, "file.text")
    assert isinstance(text, QPlainTextEdit)
    assert max(map(len, text.toPlainText().splitlines())) == 2000
    assert view._stack.currentWidget() is text


def test_a_pdf_that_is_none_is_kept_and_said_so(quote: int, desk: Desk) -> None:
    """A name promises nothing: what cannot be drawn is told in words, and comes back byte for byte."""
    page = desk.open(QUOTE, quote)
    card = card_of(page)
    broken = b"%PDF-1.7\nnothing more"
    card.add_bytes("Plan.pdf", broken)
    desk.wait(lambda: "Plan.pdf" in names(card))
    row = next(row for row in card._files.attachments if row.name == "Plan.pdf")
    card._look(row, "")
    desk.settle()
    desk.wait(lambda: (found := desk.find("file.words")) is not None and "nicht als PDF" in found.text())
    desk.click("dialog.close")
    assert desk.window.ctx.db.read(attachments.attached_file, row.id).content == broken


def test_programs_are_asked_about_and_never_opened(quote: int, desk: Desk) -> None:
    page = desk.open(QUOTE, quote)
    card = card_of(page)
    card.add_bytes("Rechnung.pdf.exe", b"MZ\x90\0")
    desk.click("dialog.yes")
    desk.wait(lambda: names(card) == ["Rechnung.pdf.exe"])
    card._look(card._files.attachments[0], "")
    desk.settle()
    desk.wait(lambda: "Programm" in desk.find("file.words").text())
    assert not desk.find("dialog.open").isEnabled()
    desk.click("dialog.close")
    card.add_bytes("Brief.pdf", b"kein PDF")
    desk.wait(lambda: "Brief.pdf" in names(card))
    row = next(row for row in card._files.attachments if row.name == "Brief.pdf")
    assert row.mime == "text/plain", "a PDF that is none is not called one"
    assert text_of_pdf(b"%PDF-1.4 abgeschnitten") == ""
    card.add_bytes("Kaputt.pdf", b"%PDF-1.4 abgeschnitten")
    desk.wait(lambda: "Kaputt.pdf" in names(card))
    card._look(next(row for row in card._files.attachments if row.name == "Kaputt.pdf"), "")
    desk.settle()
    desk.wait(lambda: "nicht als PDF" in desk.find("file.words").text())


def test_who_only_reads_sees_them_and_adds_none(
    quote: int, desk: Desk, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    card = card_of(desk.open(QUOTE, quote))
    card.add_bytes("Anfrage.txt", b"x")
    desk.wait(lambda: names(card) == ["Anfrage.txt"])
    with desk_of(as_role("viewer"), tmp_path / "viewer", qtbot) as reader:
        page = reader.open(QUOTE, quote)
        theirs = card_of(page)
        assert names(theirs) == ["Anfrage.txt"]
        assert not theirs.may_add
        assert not theirs._add.isVisible()
        file = tmp_path / "eigenes.txt"
        file.write_text("x")
        drop(reader, page, file)
        assert names(theirs) == ["Anfrage.txt"]


def _has_picture(label: QLabel) -> bool:
    return label.pixmap().width() > 0


def test_pictures_are_unpacked_scaled_and_packed_beside_the_window(
    quote: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of 48 megapixels takes a quarter of a second to unpack, as much to scale, and seconds to pack."""
    threads: list[int] = []
    for module, work in ((file_view, "_shown_picture"), (file_view, "_unpacked"), (file_card, "_as_png")):
        real = getattr(module, work)

        def noted(*given: Any, real: Any = real) -> Any:
            threads.append(threading.get_ident())
            return real(*given)

        monkeypatch.setattr(module, work, noted)
    card = card_of(desk.open(QUOTE, quote))
    picture = QImage(800, 600, QImage.Format.Format_RGB32)
    picture.fill(QColor("#336699"))
    card.add_picture(picture)
    desk.wait(lambda: names(card) == ["Bild.png"])
    card._look(card._files.attachments[0], "")
    view = desk.window.findChild(FileView)
    assert view is not None
    page = view.findChild(QLabel, "file.page")
    assert page is not None
    desk.wait(lambda: page.pixmap().width() > 0)
    before = page.pixmap().width()
    view.zoom(-1)
    desk.wait(lambda: page.pixmap().width() < before)
    view.show_file("image/png", b"none")
    desk.wait(lambda: view._words.isVisible() and view._words.text() == t("file.no_preview"))
    desk.click("dialog.close")
    assert len(threads) >= 5
    assert threading.get_ident() not in threads
