"""Buttons, painted: icon, word with mnemonic, shortcut; a focus ring outside with a gap."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QPushButton, QSizePolicy, QWidget

from app.core.i18n import t
from app.views.core import fonts
from app.views.core.cell_editing import commit_open_cell
from app.views.core.icons import pixmap
from app.views.core.marks import key_text
from app.views.core.theme import font, px, tok

_BY_KEYBOARD = {
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
}
# kind: (word, fill, edge, fill under the pointer, style of the word); "" paints nothing
_KINDS = {
    "primary": ("on_accent", "accent", "", "accent_h", "body600"),
    "secondary": ("text", "raised", "border", "hover", "body500"),
    "ghost": ("text2", "", "", "hover", "body500"),
    "link": ("accent_text", "", "", "", "small500"),
    "danger": ("bad", "raised", "border", "bad_bg", "body500"),
}


class FocusRing(QWidget):
    """The ring around a focused button: 2 px with a gap, drawn beside it so that nothing in the layout moves."""

    def __init__(self, target: QWidget, radius: int) -> None:
        super().__init__(target.parentWidget())
        self._target, self._radius = target, radius
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        target.installEventFilter(self)
        self.hide()

    def place(self) -> None:
        """Put the ring around its button, in the nearest ancestor that has room for it."""
        reach = px("ring") + px("ring_gap")
        host = self._target.parentWidget()
        while host is not None:
            corner = self._target.mapTo(host, QPoint(0, 0))
            area = QRect(corner, self._target.size()).adjusted(-reach, -reach, reach, reach)
            stop = host.isWindow() or isinstance(host.parentWidget(), QAbstractScrollArea)
            if stop or host.rect().contains(area):
                if self.parentWidget() is not host:
                    self.setParent(host)
                self.setGeometry(area)
                self.raise_()
                self.show()
                return
            host = host.parentWidget()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the button."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize) and self.isVisible():
            self.place()
        elif event.type() == QEvent.Type.Hide:
            self.hide()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("focus"), px("ring")))
        inset = px("ring") / 2
        radius = self._radius + px("ring_gap")
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), radius, radius)


class _Painted(QPushButton):
    """What word buttons and icon buttons share: hover, focus ring, state colours."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._ring: FocusRing | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the focus came by keyboard."""
        super().focusInEvent(event)
        if event.reason() in _BY_KEYBOARD:
            if self._ring is None:
                self._ring = FocusRing(self, px("radius_button"))
            self._ring.place()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        if self._ring is not None:
            self._ring.hide()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Repaint under the pointer."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Repaint when the pointer leaves."""
        super().leaveEvent(event)
        self.update()


class Button(_Painted):
    """A button with a word.

    ``kind`` is primary (one per view), secondary, ghost, link or danger.  ``shortcut`` such as ``Ctrl+N`` works in
    the whole window while the button is visible and enabled, and is shown beside the word.  ``size`` is toolbar,
    standard or login.
    """

    def __init__(
        self,
        text_key: str,
        icon: str | None = None,
        kind: str = "secondary",
        shortcut: str | None = None,
        *,
        size: str = "standard",
        parent: QWidget | None = None,
        clicked: Callable[[], object] | None = None,
        **params: object,
    ) -> None:
        super().__init__(parent)
        self._icon, self._kind, self._sequence = icon, kind, shortcut
        self._height = {
            "toolbar": px("control_toolbar"),
            "standard": px("control"),
            "login": px("control_login"),
        }[size]
        self._words = ""
        self._blocked: str | None = None
        self._chevron = False
        self._terse = 0
        self._shortcuts: list[QShortcut] = []
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor if kind == "link" else Qt.CursorShape.ArrowCursor)
        self.set_text_key(text_key, **params)
        if shortcut:
            self._bind(shortcut)
        if clicked is not None:
            self.clicked.connect(lambda: clicked())

    @property
    def sequences(self) -> list[str]:
        """The shortcut in every spelling that must work."""
        text = self._sequence or ""
        return [text, text.replace("Enter", "Return")] if "Enter" in text else [text] if text else []

    @property
    def kind(self) -> str:
        """Which kind of button it is."""
        return self._kind

    def set_kind(self, kind: str) -> None:
        """Become another kind of button, for example primary while a conflict is open."""
        self._kind = kind
        self.updateGeometry()
        self.update()

    def set_icon(self, name: str | None) -> None:
        """Show another icon, or none."""
        self._icon = name
        self.updateGeometry()
        self.update()

    def set_text_key(self, text_key: str, **params: object) -> None:
        """Show another text."""
        self._words = t(text_key, **params)
        self._show_words()

    def set_words(self, words: str) -> None:
        """Show words that are data, not text (a name, a number); ``&`` in them is shown as it is."""
        self._words = words.replace("&", "&&")
        self._show_words()

    def set_blocked(self, reason: str | None) -> None:
        """Disable the button and show, as its word, why it cannot run yet; None enables it again."""
        self._blocked = reason
        self.setEnabled(reason is None)
        self._show_words()

    def set_terse(self, level: int) -> None:
        """Take less room: 1 leaves out the keys, 2 also the word beside an icon, unless this is the main button."""
        if level == self._terse:
            return
        self._terse = level
        self.setToolTip(self.accessibleName() if self._wordless else "")
        self.updateGeometry()
        self.update()

    @property
    def _wordless(self) -> bool:
        return self._terse > 1 and self._icon is not None and self._kind != "primary"

    @property
    def _shown_words(self) -> str:
        return "" if self._wordless else self.text()

    @property
    def _shown_keys(self) -> str:
        return key_text(self._sequence) if self._sequence and not self._terse else ""

    def set_menu(self, menu: QMenu) -> None:
        """Open a menu on click; a chevron shows that there is one."""
        self._chevron = True
        self.clicked.connect(lambda: menu.popup(self.mapToGlobal(QPoint(0, self.height() + px("gap_xs")))))
        self.updateGeometry()

    def _bind(self, shortcut: str) -> None:
        for variant in self.sequences:
            bound = QShortcut(QKeySequence(variant), self)
            bound.activated.connect(self._by_key)
            self._shortcuts.append(bound)

    def _by_key(self) -> None:
        commit_open_cell()
        self.click()

    def _show_words(self) -> None:
        self.setText(self._blocked.replace("&", "&&") if self._blocked else self._words)
        plain = self.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
        self.setAccessibleName(plain)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Icon, word, shortcut, paddings."""
        style = _KINDS[self._kind][4]
        words, keys = self._shown_words, self._shown_keys
        width = fonts.metrics(style).size(int(Qt.TextFlag.TextShowMnemonic), words).width() if words else 0
        if self._icon:
            width += px("icon") + (px("gap_s") if words else 0)
        if keys:
            width += fonts.metrics("caption").horizontalAdvance(keys) + px("gap_s")
        if self._chevron:
            width += px("icon_small") + px("gap_s")
        if self._kind == "link":
            return QSize(width + 2, fonts.metrics(style).height() + 2)
        return QSize(width + 2 * px("button_padding"), self._height)

    def minimumSizeHint(self) -> QSize:
        """A word is never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint fill, edge, icon, word, shortcut."""
        word, fill, edge, hovered, style = _KINDS[self._kind]
        live = self.isEnabled()
        if not live:
            word, fill, edge = "text3", "" if self._kind in ("ghost", "link") else "hover", ""
        elif self.underMouse() or self.isDown():
            fill = hovered
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if fill or edge:
            painter.setBrush(tok(fill) if fill else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tok(edge), px("hair")) if edge else Qt.PenStyle.NoPen)
            inset = 0.5 if edge else 0.0
            box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(box, px("radius_button"), px("radius_button"))
        content = self.sizeHint().width() - (2 if self._kind == "link" else 2 * px("button_padding"))
        x = (self.width() - content) // 2 if self._kind != "link" else 0
        height = self.height()
        ratio = self.devicePixelRatioF()
        if self._icon:
            side = px("icon")
            tint = word if word != "text" else "text2"
            painter.drawPixmap(x, (height - side) // 2, pixmap(self._icon, side, tint, ratio))
            x += side + px("gap_s")
        words, keys = self._shown_words, self._shown_keys
        painter.setFont(font(style))
        painter.setPen(tok(word))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft) | int(
            Qt.TextFlag.TextShowMnemonic
        )
        width = fonts.metrics(style).size(int(Qt.TextFlag.TextShowMnemonic), words).width()
        painter.drawText(QRect(x, 0, width + 2, height), flags, words)
        if self._kind == "link" and self.underMouse() and live:
            line = height // 2 + fonts.metrics(style).ascent() // 2 + 2
            painter.drawLine(x, line, x + width, line)
        x += width + px("gap_s")
        if keys:
            painter.setFont(font("caption"))
            painter.setPen(tok(word if self._kind == "primary" or not live else "text3"))
            wide = fonts.metrics("caption").horizontalAdvance(keys)
            painter.drawText(QRect(x, 0, wide + 2, height), int(Qt.AlignmentFlag.AlignVCenter), keys)
            x += wide + px("gap_s")
        if self._chevron:
            side = px("icon_small")
            painter.drawPixmap(x, (height - side) // 2, pixmap("chevron-down", side, word, ratio))


class IconButton(_Painted):
    """A button with an icon only, for heads and toolbars; ``tooltip_key`` is also its accessible name."""

    def __init__(
        self,
        icon: str,
        tooltip_key: str,
        *,
        size: int | None = None,
        icon_size: int | None = None,
        color: str = "text2",
        shortcut: str | None = None,
        parent: QWidget | None = None,
        clicked: Callable[[], object] | None = None,
        **params: object,
    ) -> None:
        super().__init__(parent)
        self._icon, self._color = icon, color
        self._icon_size = icon_size or px("icon")
        side = size or px("control_toolbar")
        self.setFixedSize(side, side)
        self._sequence = shortcut
        self.set_tooltip_key(tooltip_key, **params)
        if shortcut:
            QShortcut(QKeySequence(shortcut), self).activated.connect(self.click)
        if clicked is not None:
            self.clicked.connect(lambda: clicked())

    def set_tooltip_key(self, tooltip_key: str, **params: object) -> None:
        """Say something else on hover and to screen readers."""
        words = t(tooltip_key, **params)
        self.setAccessibleName(words)
        self.setToolTip(f"{words}  {key_text(self._sequence)}" if self._sequence else words)

    def set_icon(self, icon: str, color: str | None = None) -> None:
        """Show another icon."""
        self._icon = icon
        self._color = color or self._color
        self.update()

    def set_menu(self, menu: QMenu) -> None:
        """Open a menu on click."""
        self.clicked.connect(lambda: menu.popup(self.mapToGlobal(QPoint(0, self.height() + px("gap_xs")))))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the fill under the pointer and the icon."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isEnabled() and (self.underMouse() or self.isDown()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("hover"))
            painter.drawRoundedRect(QRectF(self.rect()), px("radius_button"), px("radius_button"))
        side = self._icon_size
        color = self._color if self.isEnabled() else "disabled"
        image = pixmap(self._icon, side, color, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - side) // 2, (self.height() - side) // 2, image)
