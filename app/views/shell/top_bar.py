"""The top bar: back and forward, the search field that opens the palette, notices, help, language, theme, person."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QWidget

from app.core.i18n import LANGUAGES, language, t
from app.core.profile import Profile
from app.views.core import icons, roles, theme
from app.views.core.buttons import IconButton
from app.views.core.fonts import font, metrics
from app.views.core.marks import initials, key_text, paint_avatar
from app.views.core.theme import px, tok


class SearchField(QAbstractButton):
    """Looks like an input, opens the palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top.search")
        self.setText(t("shell.search"))
        self.setAccessibleName(self.text())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(px("control"))
        self.setMaximumWidth(px("text_column"))
        self.setMinimumWidth(px("menu_min"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as a column of text."""
        return QSize(px("text_column"), px("control"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Edge, lens, words, key cap."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.hasFocus()
        painter.setPen(QPen(tok("focus" if focused else "control"), px("ring" if focused else "hair")))
        painter.setBrush(tok("surface" if theme.current() == "light" and self.underMouse() else "chrome"))
        inset = 1.0 if focused else 0.5
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), px("radius_input"), px("radius_input")
        )
        side, left = px("icon"), px("gap_m")
        top = (self.height() - side) // 2
        painter.drawPixmap(left, top, icons.pixmap("search", side, "text2", self.devicePixelRatioF()))
        painter.setPen(tok("text2"))
        painter.setFont(font("body"))
        keys = key_text("Ctrl+K")
        wide = metrics("caption").horizontalAdvance(keys) + px("gap_m")
        cap = QRectF(
            self.width() - wide - px("gap_s"), (self.height() - px("keycap")) / 2, wide, px("keycap")
        ).adjusted(0.5, 0.5, -0.5, -0.5)
        left += side + px("gap")
        room = int(cap.left()) - left - px("gap")
        words = metrics("body").elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 0, room, self.height()), int(Qt.AlignmentFlag.AlignVCenter), words)
        painter.setPen(QPen(tok("border"), px("hair")))
        painter.drawRoundedRect(cap, px("radius_key"), px("radius_key"))
        painter.setPen(tok("text3"))
        painter.setFont(font("caption"))
        painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), keys)
        painter.end()


class WordButton(QAbstractButton):
    """Icon and a short word in the top bar (help and its key, the language)."""

    def __init__(self, name: str, icon: str, words: str, tooltip: str, *, small: bool = False) -> None:
        super().__init__()
        self._icon, self._small = icon, small
        self.setObjectName(name)
        self.setText(words)
        self.setToolTip(tooltip)
        self.setAccessibleName(tooltip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Icon and word."""
        words = metrics("caption" if self._small else "body500").horizontalAdvance(self.text())
        return QSize(words + px("icon") + px("gap_s") + 2 * px("gap"), px("control_toolbar"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill under the pointer, icon, word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("hover"))
            painter.drawRoundedRect(box, px("radius_button"), px("radius_button"))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tok("focus"), px("ring")))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), px("radius_button"), px("radius_button"))
        side = px("icon")
        painter.drawPixmap(
            px("gap"),
            (self.height() - side) // 2,
            icons.pixmap(self._icon, side, "text2", self.devicePixelRatioF()),
        )
        painter.setPen(tok("text2"))
        painter.setFont(font("caption" if self._small else "body500"))
        painter.drawText(
            box.adjusted(px("gap") + side + px("gap_s"), 0, 0, 0),
            int(Qt.AlignmentFlag.AlignVCenter),
            self.text(),
        )
        painter.end()


class BellButton(IconButton):
    """The notices, with a mark while some are new."""

    def __init__(self, clicked: Callable[[], object]) -> None:
        super().__init__("bell", "shell.notices", clicked=clicked)
        self.setObjectName("top.notices")
        self.fresh = 0

    def set_fresh(self, count: int) -> None:
        """How many came since somebody looked."""
        self.fresh = count
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bell and its mark."""
        super().paintEvent(event)
        if self.fresh:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(tok("chrome"), px("hair")))
            painter.setBrush(tok("accent_text"))
            dot = px("gap")
            painter.drawEllipse(QRectF(self.width() - dot - px("gap_s"), px("gap_s") - 1, dot, dot))
            painter.end()


class PersonButton(QAbstractButton):
    """The person as a disc; opens the menu of who one is."""

    def __init__(self, person: str) -> None:
        super().__init__()
        self.setObjectName("top.person")
        self._letters = initials(person)
        self.setAccessibleName(person)
        self.setToolTip(person)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(px("avatar_large"), px("avatar_large"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Disc, ring when focused."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_avatar(painter, QRectF(self.rect()), self._letters)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tok("focus"), px("ring")))
            painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()


class TopBar(QWidget):
    """The bar itself.

    Signals:
        back_wanted, forward_wanted, history_wanted, palette_wanted, notices_wanted, help_wanted: the buttons.
        language_wanted: a language code.
        theme_wanted: light or dark.
        person_wanted: what the person's menu offers: profile, roles, requests, security, settings, lock, sign_out
            or quit.
    """

    back_wanted = Signal()
    forward_wanted = Signal()
    history_wanted = Signal(object)
    palette_wanted = Signal()
    notices_wanted = Signal(object)
    help_wanted = Signal()
    language_wanted = Signal(str)
    theme_wanted = Signal(str)
    person_wanted = Signal(str)

    def __init__(self, profile: Profile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._profile = profile
        self.setFixedHeight(px("top_bar"))
        row = QHBoxLayout(self)
        row.setContentsMargins(px("gap_m"), 0, px("margin_l"), 0)
        row.setSpacing(px("gap_s"))
        self.back = IconButton("arrow-left", "shell.back", shortcut="Alt+Left", clicked=self.back_wanted.emit)
        self.forward = IconButton(
            "arrow-right", "shell.forward", shortcut="Alt+Right", clicked=self.forward_wanted.emit
        )
        self.history = IconButton("history", "shell.history")
        self.history.clicked.connect(lambda: self.history_wanted.emit(self.history))
        for name, button in (("back", self.back), ("forward", self.forward), ("history", self.history)):
            button.setObjectName(f"top.{name}")
            row.addWidget(button)
        row.addStretch(1)
        self.search = SearchField()
        self.search.clicked.connect(self.palette_wanted)
        row.addWidget(self.search, 4)
        row.addStretch(1)
        self.bell = BellButton(lambda: self.notices_wanted.emit(self.bell))
        row.addWidget(self.bell)
        help_button = WordButton("top.help", "circle-help", "F1", t("shell.help"), small=True)
        help_button.clicked.connect(self.help_wanted)
        row.addWidget(help_button)
        self.language = WordButton("top.language", "globe", language().upper(), t("shell.language"))
        self.language.clicked.connect(self._language_menu)
        row.addWidget(self.language)
        dark = theme.current() == "dark"
        self.theme = IconButton(
            "sun" if dark else "moon",
            "shell.theme_light" if dark else "shell.theme_dark",
            clicked=lambda: self.theme_wanted.emit("light" if dark else "dark"),
        )
        self.theme.setObjectName("top.theme")
        row.addWidget(self.theme)
        row.addSpacing(px("gap_xs"))
        self.person = PersonButton(profile.person)
        self.person.clicked.connect(self._person_menu)
        row.addWidget(self.person)

    def _language_menu(self) -> None:
        menu = QMenu(self)
        for code in LANGUAGES:
            entry = menu.addAction(t(f"shell.language_{code}"))
            entry.setObjectName(f"language.{code}")
            entry.setCheckable(True)
            entry.setChecked(code == language())
            entry.triggered.connect(lambda _=False, code=code: self.language_wanted.emit(code))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.language.mapToGlobal(self.language.rect().bottomLeft()))

    def _person_menu(self) -> None:
        menu = QMenu(self)
        who = menu.addAction(icons.icon("user"), self._profile.person.replace("&", "&&"))
        who.setEnabled(False)
        line = menu.addAction(self._profile.login)
        line.setEnabled(False)
        menu.addSection(t("mine.roles_in_force"))
        for role, words in roles.in_force(self._profile) or [("", t("mine.no_role"))]:
            mark = "timer" if role in self._profile.elevated else "badge-check"
            entry = menu.addAction(icons.icon(mark), words.replace("&", "&&"))
            entry.setObjectName(f"person.role.{role}")
            entry.setEnabled(False)
        menu.addSeparator()
        for key, icon, words in (
            ("profile", "user", "profile.title"),
            ("roles", "badge-check", "my_roles.title"),
            ("requests", "send", "profile.requests"),
            ("security", "shield-check", "mine.title"),
            ("settings", "settings", "shell.my_settings"),
            ("lock", "lock", "mine.lock"),
            ("sign_out", "log-out", "shell.sign_out"),
            ("quit", "power", "shell.quit"),
        ):
            entry = menu.addAction(icons.icon(icon), t(words))
            entry.setObjectName(f"person.{key}")
            entry.triggered.connect(lambda _=False, key=key: self.person_wanted.emit(key))
        menu.aboutToHide.connect(menu.deleteLater)
        corner = self.person.mapToGlobal(self.person.rect().bottomRight())
        menu.popup(QPoint(corner.x() - menu.sizeHint().width(), corner.y() + px("gap_xs")))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Chrome."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("chrome"))
        painter.end()
