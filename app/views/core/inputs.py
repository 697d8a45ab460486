"""Fields to type and choose in.  Values are Python's own: str, Decimal, date, bool; never float."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QEnterEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QToolButton,
    QWidget,
)

from app.core import format as fmt
from app.core.i18n import t
from app.views.core import fonts
from app.views.core.icons import icon, pixmap
from app.views.core.theme import font, px, tok
from app.views.core.timing import Debounce


def restyle(widget: QWidget, name: str, value: str) -> None:
    """Change a property that the style sheet asks for."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class LineEdit(QLineEdit):
    """One line of text.  ``name`` is what a screen reader says; ``size`` is standard, toolbar, login or touch."""

    def __init__(
        self,
        name: str = "",
        placeholder: str = "",
        *,
        leading: str | None = None,
        size: str = "standard",
        max_length: int = 10_000,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kit", "input")
        self.setProperty("measure", size)  # "size" is Qt's own property
        self.setFont(font("body"))
        self.setAccessibleName(name or placeholder)
        self.setPlaceholderText(placeholder)
        self.setMaxLength(max_length)
        self._error: QAction | None = None
        if leading:
            self.addAction(icon(leading), QLineEdit.ActionPosition.LeadingPosition)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the field as wrong (edge and sign) or take the mark away; the words stand under the field."""
        restyle(self, "invalid", "true" if invalid else "false")
        if invalid and self._error is None:
            self._error = self.addAction(
                icon("circle-alert", color="bad_solid"), QLineEdit.ActionPosition.TrailingPosition
            )
        if self._error is not None:
            self._error.setVisible(invalid)

    def add_button(self, name: str, tooltip_key: str, clicked: Callable[[], object]) -> QAction:
        """Put an icon to click at the right of the field."""
        action = self.addAction(icon(name), QLineEdit.ActionPosition.TrailingPosition)
        action.setToolTip(t(tooltip_key))
        action.triggered.connect(lambda: clicked())
        return action


class SearchEdit(LineEdit):
    """A field to search in, with a lens and a cross.

    Signals:
        searched: the text, once typing has paused or Enter was pressed.
    """

    searched = Signal(str)

    def __init__(
        self, placeholder: str = "", *, size: str = "standard", parent: QWidget | None = None
    ) -> None:
        super().__init__(placeholder, placeholder, leading="search", size=size, parent=parent)
        self._clear = self.add_button("x", "kit.search.clear", self.clear)
        self._clear.setVisible(False)
        self._pause = Debounce(self, "debounce_filter", lambda: self.searched.emit(self.text()))
        self.textChanged.connect(self._typed)
        self.returnPressed.connect(self._pause.now)

    def _typed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self._pause.later()


class NumberEdit(LineEdit):
    """A number typed as the language writes it.

    ``places`` is how many decimals it keeps at most (None: as typed), ``least`` how many it shows at least (like
    ``places`` when not told), ``unit`` stands at the right of the field, arrow keys add ``step``. ``grouped`` False is
    for what names something, such as a port.

    Signals:
        value_changed: the new value, Decimal or None, when a valid one was typed.
    """

    value_changed = Signal(object)

    def __init__(
        self,
        name: str = "",
        *,
        places: int | None = None,
        least: int | None = None,
        unit: str = "",
        grouped: bool = True,
        minimum: Decimal | None = None,
        maximum: Decimal | None = None,
        step: Decimal = Decimal(1),
        placeholder: str = "",
        size: str = "standard",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, placeholder, size=size, max_length=40, parent=parent)
        self._places, self._unit, self._step, self._grouped = places, "", step, grouped
        self._least = places if least is None else least
        self._minimum, self._maximum = minimum, maximum
        self._value: Decimal | None = None
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.set_unit(unit)
        self.textEdited.connect(self._typed)
        self.editingFinished.connect(self._tidy)

    def set_unit(self, unit: str) -> None:
        """Put another unit to the right of the field."""
        if unit != self._unit:
            self._unit = unit
            room = fonts.metrics("small").horizontalAdvance(unit) + px("gap_s") if unit else 0
            self.setTextMargins(0, 0, room, 0)
            self.update()

    def value(self) -> Decimal | None:
        """The number; None when the field is empty or what stands in it is no valid number (see `problem`)."""
        return self._value

    def set_value(self, value: Decimal | int | None) -> None:
        """Show a number.  A float is refused (TypeError): it would carry digits nobody typed."""
        if isinstance(value, float):
            raise TypeError("numbers are Decimal here, never float")
        self._value = None if value is None else Decimal(value)
        self.setText(self._written())
        self.set_invalid(False)

    def problem(self) -> str | None:
        """Text key of what is wrong with the number typed, None when nothing is."""
        if not self.text().strip():
            return None
        try:
            value = fmt.parse_decimal(self.text())
        except ValueError:
            return "error.not_a_number"
        if self._minimum is not None and value < self._minimum:
            return "kit.number.too_small"
        if self._maximum is not None and value > self._maximum:
            return "kit.number.too_large"
        exponent = value.as_tuple().exponent
        if self._places is not None and isinstance(exponent, int) and -exponent > self._places:
            return "kit.number.too_fine"
        return None

    def _written(self) -> str:
        if self._value is None:
            return ""
        if not self._grouped:
            return str(self._value)
        exponent = self._value.normalize().as_tuple().exponent
        own = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        return fmt.number(self._value, places=max(self._least, own) if self._least is not None else None)

    def _typed(self, text: str) -> None:
        value = fmt.parse_decimal(text) if text.strip() and self.problem() is None else None
        if value != self._value:
            self._value = value
            self.value_changed.emit(value)

    def _tidy(self) -> None:
        wrong = self.problem() is not None
        self.set_invalid(wrong)
        if not wrong:
            self.setText(self._written())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down count."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not self.isReadOnly():
            sign = 1 if event.key() == Qt.Key.Key_Up else -1
            value = (self._value or Decimal(0)) + sign * self._step
            if (self._minimum is None or value >= self._minimum) and (
                self._maximum is None or value <= self._maximum
            ):
                self.set_value(value)
                self.value_changed.emit(value)
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the unit into the field."""
        super().paintEvent(event)
        if self._unit:
            painter = QPainter(self)
            painter.setFont(font("small"))
            painter.setPen(tok("text3"))
            area = self.rect().adjusted(0, 0, -px("input_padding"), 0)
            for sign in self.findChildren(
                QToolButton
            ):  # what says that the field is wrong stands at the edge
                if not sign.isHidden():
                    area.setRight(min(area.right(), sign.x() - px("gap_xs")))
            painter.drawText(
                area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._unit
            )


class DateEdit(LineEdit):
    """A date, typed in any of the usual ways or chosen from a calendar (F4 or the sign at the right).

    Signals:
        value_changed: the new date or None, when a valid one was typed or chosen.
    """

    value_changed = Signal(object)

    def __init__(self, name: str = "", *, size: str = "standard", parent: QWidget | None = None) -> None:
        super().__init__(name, t("kit.date.placeholder"), size=size, max_length=20, parent=parent)
        self._value: date | None = None
        self.add_button("calendar", "kit.date.choose", self.choose)
        self.textEdited.connect(self._typed)
        self.editingFinished.connect(self._tidy)

    def value(self) -> date | None:
        """The date; None when the field is empty or what stands in it is no date (see `problem`)."""
        return self._value

    def set_value(self, value: date | None) -> None:
        """Show a date."""
        self._value = value
        self.setText("" if value is None else fmt.date_(value))
        self.set_invalid(False)

    def problem(self) -> str | None:
        """Text key of what is wrong with the date typed, None when nothing is."""
        if not self.text().strip():
            return None
        try:
            fmt.parse_date(self.text())
        except ValueError:
            return "error.not_a_date"
        return None

    def choose(self) -> None:
        """Open the calendar."""
        from app.views.core.calendar import CalendarPopup  # it is drawn from parts that stand on this module

        def chosen(day: date) -> None:
            self.set_value(day)
            self.value_changed.emit(day)

        CalendarPopup(self, self._value, chosen).open_below(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F4 opens the calendar; Up and Down go by days."""
        if event.key() == Qt.Key.Key_F4:
            self.choose()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._value and not self.isReadOnly():
            step = 1 if event.key() == Qt.Key.Key_Up else -1
            self.set_value(date.fromordinal(self._value.toordinal() + step))
            self.value_changed.emit(self._value)
        else:
            super().keyPressEvent(event)

    def _typed(self, text: str) -> None:
        try:
            value = fmt.parse_date(text) if text.strip() else None
        except ValueError:
            value = None
        if value != self._value:
            self._value = value
            self.value_changed.emit(value)

    def _tidy(self) -> None:
        wrong = self.problem() is not None
        self.set_invalid(wrong)
        if not wrong:
            self.setText("" if self._value is None else fmt.date_(self._value))


class ComboBox(QComboBox):
    """A choice of one.  Items are ``(value, words)``; None as value stands for "nothing chosen".

    Signals:
        value_changed: the value the user chose.
    """

    value_changed = Signal(object)

    def __init__(
        self,
        name: str = "",
        choices: Sequence[tuple[Any, str]] = (),
        *,
        leading: str | None = None,
        size: str = "standard",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kit", "input")
        self.setFont(font("body"))
        self.setAccessibleName(name)
        self._leading, self._invalid = leading, False
        self._height = {
            "toolbar": px("control_toolbar"),
            "standard": px("control"),
            "login": px("control_login"),
        }[size]
        self.setFixedHeight(self._height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(px("combo_popup_rows"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setItemDelegate(QStyledItemDelegate(self))  # the one that minds the style sheet
        self.set_choices(choices)
        self.activated.connect(lambda: self.value_changed.emit(self.value()))

    def set_choices(self, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer other choices; the chosen value stays when it is among them."""
        kept = self.value()
        self.blockSignals(True)
        self.clear()
        for value, words in choices:
            self.addItem(words, value)
        self.blockSignals(False)
        self.set_value(kept)

    def value(self) -> Any:
        """The value chosen."""
        return self.currentData()

    def set_value(self, value: Any) -> None:
        """Choose a value; an unknown one chooses nothing."""
        index = next((i for i in range(self.count()) if self.itemData(i) == value), -1)
        self.setCurrentIndex(index)
        self.update()

    def set_invalid(self, invalid: bool) -> None:
        """Mark the field as wrong or take the mark away."""
        self._invalid = invalid
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling a form must not change a value on the way."""
        event.ignore()

    def sizeHint(self) -> QSize:
        """Words plus edge and chevron."""
        return QSize(super().sizeHint().width() + px("gap_l"), self._height)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Repaint under the pointer."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint like the line edits, with a chevron."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        live, focused = self.isEnabled(), self.hasFocus()
        wide = px("ring") if focused else px("hair")
        edge = "focus" if focused else "bad_solid" if self._invalid else "control" if live else "border"
        painter.setPen(QPen(tok(edge), wide))
        painter.setBrush(tok("surface" if live else "sunken"))
        inset = wide / 2
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(box, px("radius_input"), px("radius_input"))
        ratio = self.devicePixelRatioF()
        side = px("icon")
        left = px("input_padding") + 1
        top = (self.height() - side) // 2
        if self._leading:
            painter.drawPixmap(px("input_padding"), top, pixmap(self._leading, side, "text2", ratio))
            left += side + px("gap")
        right = self.width() - px("input_padding") - side
        painter.drawPixmap(right, top, pixmap("chevron-down", side, "text2" if live else "disabled", ratio))
        words = self.currentText()
        painter.setPen(tok("text" if live and words else "text3" if live else "text2"))
        painter.setFont(font("body"))
        area = QRect(left, 0, right - left - px("gap_xs"), self.height())
        shown = fonts.metrics("body").elidedText(
            words or self.placeholderText(), Qt.TextElideMode.ElideRight, area.width()
        )
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), shown)


class TextArea(QPlainTextEdit):
    """Several lines of text; Tab goes on to the next field."""

    def __init__(self, name: str = "", placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kit", "input")
        self.setFont(font("body"))
        self.setAccessibleName(name or placeholder)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setMinimumHeight(px("textarea"))

    def text(self) -> str:
        """What stands in it."""
        return self.toPlainText()

    def set_text(self, text: str) -> None:
        """Replace what stands in it."""
        self.setPlainText(text)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the field as wrong or take the mark away."""
        restyle(self, "invalid", "true" if invalid else "false")
