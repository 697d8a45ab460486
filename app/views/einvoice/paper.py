"""A received invoice as a page to read: all in it is a stranger's text; nothing is markup, nothing is fetched."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QResizeEvent, QTextBlockFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from app.core.i18n import language, t
from app.services.einvoice import show
from app.services.einvoice.read import Received
from app.services.validation.findings import Finding
from app.views.core.theme import px, tok

SHOWN_FINDINGS = 60
SHOWN_ROWS = 500  # of one table
SHARES = (7, 39, 15, 14, 9, 16)  # of the width, per column of the lines
PORTION = 20  # rows laid out at once: that happens in the window's own thread
SHOWN_LETTERS = 4000  # of one text


class Paper(QTextBrowser):
    """Shows one received file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._received: Received | None = None
        self._wide = True
        self._left: Iterator[str] = iter(())
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)
        self.setObjectName("einvoice.paper")
        self.setAccessibleName(t("einvoice.inbox.paper"))
        self.setOpenLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setStyleSheet(
            f"QTextBrowser {{ background: {tok('surface').name()}; color: {tok('text').name()};"
            f" padding: {px('gap_m')}px; }}"
        )

    def loadResource(self, _kind: int, _name: QUrl | str) -> Any:
        """Nothing: an invoice brings no pictures, and nothing is fetched for it."""
        return None

    def show_received(self, received: Received) -> None:
        """Show what was read, its faults first."""
        self._received = received
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buyer and seller stand beside each other only where both have room."""
        super().resizeEvent(event)
        wide = self.viewport().width() >= 2 * px("detail")
        if wide != self._wide:
            self._wide = wide
            self._show()

    def _show(self) -> None:
        if self._received is not None:
            self._left = page(self._received, wide=self._wide)
            self.setHtml(next(self._left))
            self.verticalScrollBar().setValue(0)
            self._timer.start()

    def _go_on(self) -> None:
        """Add the next portion; the window does what else there is to do before the one after it."""
        portion = next(self._left, None)
        if portion is None:
            self._timer.stop()
            return
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertBlock(_seam())
        cursor.insertHtml(portion)


def _seam() -> QTextBlockFormat:
    """The paragraph Qt puts between two tables, too thin to be seen."""
    seam = QTextBlockFormat()
    seam.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    return seam


def page(received: Received, *, wide: bool = True) -> Iterator[str]:
    """The page as HTML in portions, every text escaped; ``wide`` has room for two columns."""
    lang, invoice = language(), received.invoice
    if invoice is None:
        yield _findings(received, lang)
    else:
        sheet = show.sheet(invoice, lang)
        yield _findings(received, lang) + _invoice(sheet, wide)
        for first in range(0, min(len(invoice.lines), SHOWN_ROWS), PORTION):
            yield _positions(show.positions(invoice, lang, first, first + PORTION), heads=first == 0)
        yield _more(len(invoice.lines)) + _sums(sheet.sums)
    if received.unread:
        yield f"<h3>{_t('unread')}</h3>"
        for first in range(0, min(len(received.unread), SHOWN_ROWS), PORTION):
            some = received.unread[first : first + PORTION]
            rows = _rows((path.replace("/", " › "), text) for path, text in some)
            yield f"<table cellpadding='2'>{rows}</table>"
        yield _more(len(received.unread))
    yield f"<p style='color:{_colour('text2')}'>{_origin(received)}</p>"


def _t(key: str, **params: Any) -> str:
    return escape(t(f"einvoice.inbox.{key}", **params))


def _colour(token: str) -> str:
    return tok(token).name()


def _row(name: str, value: str) -> str:
    style = f"color:{_colour('text2')}; padding-right:{px('gap_m')}px; white-space:nowrap"
    return f"<tr><td style='{style}'>{_said(name)}</td><td>{_said(value)}</td></tr>"


def _findings(received: Received, lang: str) -> str:
    if not received.findings:
        return ""
    errors = [one for one in received.findings if one.is_error]
    warnings = [one for one in received.findings if not one.is_error]
    found = _list("errors", errors, "bad", received, lang) + _list(
        "warnings", warnings, "warn", received, lang
    )
    return f"{found}<hr style='background-color: {_colour('border')}'>"


def _list(key: str, findings: list[Finding], tone: str, received: Received, lang: str) -> str:
    if not findings:
        return ""
    items = "".join(
        f"<li>{_said(show.sentence(one, received.invoice, lang))}"
        f" <span style='color:{_colour('text2')}'>{escape(show.source(one))}</span></li>"
        for one in findings[:SHOWN_FINDINGS]
    )
    return f"<h3 style='color:{_colour(tone)}'>{_t(key, n=len(findings))}</h3><ul>{items}</ul>"


def _invoice(sheet: show.Sheet, wide: bool) -> str:
    blocks = [
        f"<h3>{_said(one.title)}</h3><table cellpadding='2'>{_rows(one.rows[:SHOWN_ROWS])}</table>"
        f"{_more(len(one.rows))}"
        for one in sheet.blocks
    ]
    sides = (blocks[::2], blocks[1::2]) if wide else (blocks,)
    share = 100 // len(sides)
    columns = "".join(f"<td width='{share}%' valign='top'>{''.join(side)}</td>" for side in sides)
    notes = "".join(f"<p>{_lines(note)}</p>" for note in sheet.notes[:SHOWN_ROWS]) + _more(len(sheet.notes))
    return (
        f"<h2>{_said(sheet.title)}</h2><table width='100%'><tr>{columns}</tr></table>{notes}"
        f"<h3>{_t('lines')}</h3>"
    )


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(_row(name, value) for name, value in rows)


def _more(count: int) -> str:
    """Says that there is more than is shown."""
    return f"<p><i>{_t('more', n=count - SHOWN_ROWS)}</i></p>" if count > SHOWN_ROWS else ""


def _said(text: str) -> str:
    return escape(text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]} …")


def _lines(text: str) -> str:
    return _said(text).replace("\n", "<br>")


def _positions(positions: Iterable[show.Position], *, heads: bool) -> str:
    """Some lines as a table; the columns of all of them are the same."""
    colour, rows = _colour("text2"), [_heads()] if heads else []
    for one in positions:
        first, *more = one.words or ("",)
        words = f"<b>{_lines(first)}</b>" + "".join(
            f"<br><span style='color:{colour}'>{_lines(word)}</span>" for word in more[:SHOWN_FINDINGS]
        )
        numbers = "".join(
            f"<td width='{share}%' align='right' valign='top'>{_said(cell)}</td>"
            for share, cell in zip(SHARES[2:], (one.quantity, one.price, one.tax, one.net), strict=True)
        )
        rows.append(
            f"<tr><td width='{SHARES[0]}%' valign='top'>{_said(one.id)}</td><td width='{SHARES[1]}%'>{words}</td>"
            f"{numbers}</tr>"
        )
    return f"<table width='100%' cellpadding='4'>{''.join(rows)}</table>"


def _heads() -> str:
    names = ("position", "words", "quantity", "price", "tax", "net")
    heads = "".join(
        f"<th width='{share}%' align='{'left' if key in names[:2] else 'right'}' style='color:{_colour('text2')}'>"
        f"{_t(f'column.{key}')}</th>"
        for share, key in zip(SHARES, names, strict=True)
    )
    return f"<tr>{heads}</tr>"


def _sums(sums: tuple[tuple[str, str], ...]) -> str:
    rows = []
    for number, row in enumerate(sums, start=1):
        texts = [f"<b>{escape(text)}</b>" if number == len(sums) else escape(text) for text in row]
        rows.append("<tr>" + "".join(f"<td align='right'>{text}</td>" for text in texts) + "</tr>")
    inner = f"<table cellpadding='2'>{''.join(rows)}</table>"
    return f"<table width='100%'><tr><td></td><td align='right'>{inner}</td></tr></table>"


def _origin(received: Received) -> str:
    """What was read and by which rules it was checked."""
    if not received.rule_set:
        return escape(received.name)
    inside = received.xml_name if received.kind == "pdf" else ""
    return _t("origin", file=received.name, inside=f" › {inside}" if inside else "", rules=received.rule_set)
