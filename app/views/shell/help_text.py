"""The look of a page of the manual: Markdown with the type scale and the colours of the program."""

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrame,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)

from app.views.core.theme import font, px, tok

HEADINGS = {1: ("display", "text"), 2: ("title", "text"), 3: ("section15", "text")}


def fill(document: QTextDocument, markdown: str) -> None:
    """Show Markdown in a document, dressed in the tokens of the theme in force."""
    document.setDefaultFont(font("body"))
    document.setDocumentMargin(px("gap_xl"))
    document.setIndentWidth(px("gap_xl"))
    document.setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownDialectGitHub)
    _dress_blocks(document)
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            _dress_table(frame)
        else:
            _dress_frame(frame)


def _dress_blocks(document: QTextDocument) -> None:
    block = document.begin()
    while block.isValid():
        cursor = QTextCursor(block)
        level = block.blockFormat().headingLevel()
        shape = QTextBlockFormat()
        if block.blockFormat().hasProperty(QTextFrameFormat.Property.BlockCodeFence):
            shape.setBackground(QBrush(tok("sunken")))
            shape.setLineHeight(130, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        elif level:
            shape.setTopMargin(px("gap_xl") if level > 1 else 0)
            shape.setBottomMargin(px("gap"))
        else:
            shape.setLineHeight(145, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            in_list = block.textList() is not None
            shape.setBottomMargin(
                px("gap_xs") if in_list or cursor.currentTable() is not None else px("gap_m")
            )
        cursor.mergeBlockFormat(shape)
        _dress_words(block, level)
        block = block.next()


def _dress_words(block: QTextBlock, level: int) -> None:
    """Fonts and colours of the pieces of one block: headings, code, links, the rest."""
    pieces: list[tuple[int, int, QTextCharFormat]] = []
    walk = block.begin()
    while not walk.atEnd():
        piece = walk.fragment()
        pieces.append((piece.position(), piece.length(), piece.charFormat()))
        walk += 1
    for start, length, old in pieces:
        new = QTextCharFormat()
        if level:
            style, colour = HEADINGS.get(level, HEADINGS[3])
            new.setFont(font(style), QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesAll)
            new.setForeground(QBrush(tok(colour)))
        elif old.isAnchor():
            new.setForeground(QBrush(tok("accent_text")))
        elif old.fontFixedPitch():
            mono = font("mono")
            new.setFont(mono, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
            new.setForeground(QBrush(tok("text")))
            new.setBackground(QBrush(tok("sunken")))
        else:
            new.setForeground(QBrush(tok("text")))
            if old.fontWeight() > QFont.Weight.Normal:
                new.setFontWeight(QFont.Weight.DemiBold)
        cursor = QTextCursor(block)
        cursor.setPosition(start)
        cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(new)


def _dress_table(table: QTextTable) -> None:
    shape = table.format()
    shape.setBorder(px("hair"))
    shape.setBorderBrush(QBrush(tok("line")))
    shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    shape.setBorderCollapse(True)
    shape.setCellPadding(px("gap_s"))
    shape.setCellSpacing(0)
    shape.setTopMargin(px("gap"))
    shape.setBottomMargin(px("gap_l"))
    shape.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    table.setFormat(shape)
    for column in range(table.columns()):
        cell = table.cellAt(0, column)
        head = cell.format()
        head.setBackground(QBrush(tok("sunken")))
        cell.setFormat(head)
        cursor = cell.firstCursorPosition()
        cursor.setPosition(cell.lastCursorPosition().position(), QTextCursor.MoveMode.KeepAnchor)
        words = QTextCharFormat()
        words.setFont(font("small600"), QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesAll)
        words.setForeground(QBrush(tok("text2")))
        cursor.mergeCharFormat(words)
    for row in range(table.rows()):
        for column in range(table.columns()):
            cursor = table.cellAt(row, column).firstCursorPosition()
            left = QTextBlockFormat()
            left.setAlignment(Qt.AlignmentFlag.AlignLeft)
            left.setBottomMargin(0)
            cursor.mergeBlockFormat(left)


def _dress_frame(frame: QTextFrame) -> None:
    shape = frame.frameFormat()
    shape.setBorderBrush(QBrush(tok("line")))
    frame.setFrameFormat(shape)
