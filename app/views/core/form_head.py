"""The head of a record form: title, state, unsaved mark at the left; actions and Save at the right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core.i18n import t
from app.views.core import icons
from app.views.core.buttons import Button, IconButton
from app.views.core.detail import Picture
from app.views.core.form_model import FormAction
from app.views.core.marks import Chip, IconLabel, Label
from app.views.core.surfaces import clear_layout
from app.views.core.theme import px, tok
from app.views.core.why import explain

if TYPE_CHECKING:
    from app.views.core.form_view import FormView


class Dot(QWidget):
    """The unsaved mark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(px("gap"), px("gap"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dot in the colour of links."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("accent_text"))
        painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()


class FormHead(QWidget):
    """Shows what the form is and offers what can be done with it."""

    def __init__(self, page: "FormView") -> None:
        super().__init__(page)
        self._page = page
        self._shown: tuple[object, ...] = ()
        self._buttons: dict[str, Button | IconButton] = {}
        self._actions: dict[str, FormAction] = {}
        self.setFixedHeight(px("control") + 2 * px("gap_m") - px("gap_xs"))
        row = QHBoxLayout(self)
        row.setContentsMargins(px("margin_l"), 0, px("margin"), 0)
        row.setSpacing(px("gap"))
        self._picture = QHBoxLayout()
        row.addLayout(self._picture)
        self._picture_key: Any = None
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        across = row
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        words.addLayout(row)
        self._title = Label("", "title", shrink=True)
        self._title.setObjectName("form.title")
        row.addWidget(self._title)
        self._chip = Chip("neutral", "")
        self._chip.setObjectName("form.chip")
        row.addWidget(self._chip)
        self._dot = Dot()
        row.addWidget(self._dot)
        self._mark = Label("", "small500", "accent_text")
        self._mark.setObjectName("form.unsaved")
        row.addWidget(self._mark)
        self._lock = IconLabel("lock", px("icon_small"), "text3")
        row.addWidget(self._lock)
        self._why = Button("why.short", kind="link", clicked=self._explain)
        self._why.setObjectName("form.why")
        self._why.setToolTip(t("why.action"))
        row.addWidget(self._why)
        row.addStretch(1)
        self._line = Label("", "small", "text2", elide=True)
        self._line.setObjectName("form.line")
        self._line.hide()
        words.addWidget(self._line)
        words.addStretch(1)
        row = across
        row.addLayout(words, 1)
        self._right = QHBoxLayout()
        self._right.setSpacing(px("gap"))
        row.addLayout(self._right)
        for part in (self._chip, self._dot, self._mark, self._lock, self._why):
            part.hide()

    def buttons(self) -> Sequence[Button | IconButton]:
        """Every button that starts something."""
        return list(self._buttons.values())

    def button(self, key: str) -> Button | IconButton | None:
        """The button of an action, None when it is not offered now."""
        return self._buttons.get(key)

    def show_kind(self) -> None:
        """Say what kind of record this would be; more is not known of it."""
        self._title.setText(t(self._page.spec.title))

    def show_state(self, dirty: bool) -> None:
        """Show title, state and actions of the record as it stands."""
        page = self._page
        words, chip = page.heading()
        self._title.setText(words)
        self._show_line(page.subtitle(), page.picture())
        self._chip.setVisible(chip is not None)
        if chip is not None:
            self._chip.set_chip(*chip)
        locked = page.read_only and page.editable()
        self._lock.setVisible(locked)
        self._why.setVisible(locked and bool(page.missing_right))
        self._dot.setVisible(dirty)
        self._mark.setVisible(dirty or locked)
        self._mark.set_color("accent_text" if dirty else "text3")
        self._mark.setText(t("form.unsaved") if dirty else t("form.read_only") if locked else "")
        self._show_actions(dirty)

    def _explain(self) -> None:
        explain(self._page.ctx, self._page.missing_right, self._title.text(), self)

    def _show_line(self, line: str, picture: Any) -> None:
        """A line below the title and a picture before it make the head higher."""
        self._line.setText(line)
        if line and not self._line.isVisibleTo(self):
            self._line.show()
            self.setFixedHeight(px("row_two") + px("gap_l"))
        if picture is not None and picture != self._picture_key:
            self._picture_key = picture
            clear_layout(self._picture)
            self._picture.addWidget(Picture(self._page.ctx.images, picture, px("row_thumb")))

    def _show_actions(self, dirty: bool) -> None:
        page = self._page
        may = page.ctx.profile.can
        offered = [a for a in page.actions() if (not a.right or may(a.right)) and a.visible(page)]
        self._actions = {action.key: action for action in offered}
        shown = (page.read_only, page.record.id, *((a.key, a.label, a.place) for a in offered))
        if shown != self._shown:
            self._shown = shown
            self._rebuild(offered)
        for action in offered:
            button = self._buttons.get(action.key)
            if isinstance(button, Button):
                button.set_blocked(action.blocked(page) or None)
        save = self._buttons.get("save")
        if save is not None:
            save.setEnabled(dirty or page.record.id is None)

    def _rebuild(self, offered: Sequence[FormAction]) -> None:
        clear_layout(self._right)
        self._buttons.clear()
        page = self._page
        for action in (a for a in offered if a.place == "icon"):
            icon = IconButton(action.icon, action.label, shortcut=action.shortcut or None)
            self._place(action.key, icon)
        more = IconButton("ellipsis", "form.more")
        more.setObjectName("action.more")
        more.clicked.connect(lambda: self._menu(more))
        self._right.addWidget(more)
        for action in (a for a in offered if a.place == "secondary"):
            self._place(action.key, Button(action.label, action.icon, "secondary", action.shortcut or None))
        primary = next((a for a in offered if a.place == "primary"), None)
        if not page.read_only and page.saves:
            kind = "primary" if primary is None else "secondary"
            save = Button("form.save", "save", kind, "Ctrl+S", clicked=page.save)
            save.setObjectName("action.save")
            self._buttons["save"] = save
            self._right.addWidget(save)
            save.show()
        if primary is not None:
            shortcut = primary.shortcut or "Ctrl+Enter"
            self._place(primary.key, Button(primary.label, primary.icon, "primary", shortcut))

    def _place(self, key: str, button: Button | IconButton) -> None:
        button.setObjectName(f"action.{key}")
        button.clicked.connect(lambda: self._actions[key].run(self._page))
        self._buttons[key] = button
        self._right.addWidget(button)
        button.show()  # at once: the layout would do it with the next round of events, and until then its key is dead

    def _menu(self, anchor: QWidget) -> None:
        menu = QMenu(self)
        menu.setObjectName("form.menu")
        page = self._page
        for action in self._actions.values():
            if action.place == "menu":
                entry = menu.addAction(icons.icon(action.icon), t(action.label))
                entry.setEnabled(not action.blocked(page))
                entry.triggered.connect(lambda _=False, action=action: action.run(page))
        if menu.actions():
            menu.addSeparator()
        if page.record.id is not None:
            topic, record_id = page.spec.topic, page.record.id
            copy = menu.addAction(icons.icon("link"), t("form.copy_link"))
            copy.triggered.connect(lambda: page.ctx.navigate.copy_link(topic, record_id))
        again = menu.addAction(icons.icon("refresh-cw"), t("form.discard" if page.dirty() else "form.reload"))
        again.triggered.connect(page.reload)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground of an active tab."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("surface"))
        painter.end()
