"""Fields for what nobody else may read: passwords and codes, each with its label and room for what is wrong."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.i18n import t
from app.views.core.checks import CheckBox
from app.views.core.icons import icon
from app.views.core.inputs import LineEdit
from app.views.core.marks import IconLabel, Label
from app.views.core.theme import px

PASSWORD_MOST, CODE_MOST = 200, 40


class PasswordEdit(LineEdit):
    """Dots instead of letters until the eye is pressed."""

    def __init__(self, name: str, *, size: str = "standard", parent: QWidget | None = None) -> None:
        super().__init__(name, leading="lock", size=size, max_length=PASSWORD_MOST, parent=parent)
        self.setEchoMode(LineEdit.EchoMode.Password)
        self._eye = self.add_button("eye", "login.reveal", self._reveal)

    def _reveal(self) -> None:
        hidden = self.echoMode() == LineEdit.EchoMode.Password
        self.setEchoMode(LineEdit.EchoMode.Normal if hidden else LineEdit.EchoMode.Password)
        self._eye.setIcon(icon("eye-off" if hidden else "eye"))
        self._eye.setToolTip(t("login.hide" if hidden else "login.reveal"))


class Labelled(QWidget):
    """A label above a field, and below it a line for a hint or for what is wrong.

    Signals:
        entered: Enter was pressed in the field.
    """

    entered = Signal()

    def __init__(
        self, name: str, label: str, field: LineEdit, hint: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field = field
        self._hint_text = hint
        field.setObjectName(name)
        field.returnPressed.connect(self.entered)
        field.textEdited.connect(lambda _text: self.show_error(""))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_xs"))
        column.addWidget(Label(label, "small500", "text2"))
        column.addWidget(field)
        below = QHBoxLayout()
        below.setSpacing(px("gap_s"))
        self._sign = IconLabel("circle-alert", px("icon_small"), "bad")
        self.hint = Label(hint, "small", "text3", wrap=True)
        self.hint.setObjectName(f"{name}.hint")
        below.addWidget(self._sign)
        below.addWidget(self.hint, 1)
        column.addLayout(below)
        self.show_error("")

    def text(self) -> str:
        """What is typed."""
        return self.field.text()

    def show_error(self, text: str) -> None:
        """Say what is wrong, in place of the hint; empty takes it away."""
        self.field.set_invalid(bool(text))
        self.hint.setText(text or self._hint_text)
        self.hint.set_color("bad" if text else "text3")
        self.hint.setVisible(bool(text or self._hint_text))
        self._sign.setVisible(bool(text))


def password_field(name: str, label: str, hint: str = "", *, size: str = "standard") -> Labelled:
    """A field for a password."""
    words = t(label)
    return Labelled(name, words, PasswordEdit(words, size=size), hint)


class CodePart(QWidget):
    """The second factor: a code of the authenticator or a recovery code, and whether to ask again here.

    Signals:
        entered: Enter was pressed.
    """

    entered = Signal()

    def __init__(
        self, name: str, *, trust: bool, size: str = "standard", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_s"))
        edit = LineEdit(
            t("factor.code"), t("factor.code_hint"), leading="key-round", size=size, max_length=CODE_MOST
        )
        self.line = Labelled(f"{name}.code", t("factor.code"), edit, t("factor.recovery_hint"))
        self.line.entered.connect(self.entered)
        column.addWidget(self.line)
        self.trust = CheckBox()
        self.trust.setObjectName(f"{name}.trust")
        self._offers_trust = trust
        self.trust.setVisible(False)
        column.addWidget(self.trust)

    def offer_trust(self, days: int) -> None:
        """Say for how long this workstation may do without a code."""
        if self._offers_trust and days > 0:
            self.trust.setText(t("factor.trust", n=days))
            self.trust.setAccessibleName(self.trust.text().replace("&", ""))
            self.trust.setVisible(True)
            self.trust.updateGeometry()

    def code(self) -> str:
        """The code as typed."""
        return self.line.text().strip()

    def clear(self) -> None:
        """Forget what was typed."""
        self.line.field.clear()

    def focus(self) -> None:
        """Put the cursor there, over what was typed."""
        self.line.field.selectAll()
        self.line.field.setFocus()


class NewPasswordPart(QWidget):
    """A new password, typed twice; the server has the last word on it.

    Signals:
        entered: Enter was pressed in the second field.
    """

    entered = Signal()

    def __init__(self, name: str, *, size: str = "standard", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap"))
        self.first = password_field(f"{name}.new", "password.new", t("password.rules"), size=size)
        self.second = password_field(f"{name}.repeat", "password.repeat", size=size)
        self.first.entered.connect(self.second.field.setFocus)
        self.second.entered.connect(self.entered)
        column.addWidget(self.first)
        column.addWidget(self.second)

    def value(self) -> str:
        """The password when it was typed twice alike; else empty, and the fields say what is wrong."""
        if not self.first.text():
            self.first.show_error(t("password.missing"))
            self.first.field.setFocus()
        elif self.first.text() != self.second.text():
            self.second.show_error(t("password.differs"))
            self.second.field.selectAll()
            self.second.field.setFocus()
        else:
            return self.first.text()
        return ""
