"""Dialogs that ask for words: a reason that stays with the document, a comment to a decision."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.i18n import t
from app.views.core.dialog import Dialog
from app.views.core.marks import Label
from app.views.core.parts import TextArea
from app.views.core.theme import px

LONGEST = 2000


class ReasonDialog(Dialog):
    """Asks for a text and hands it on.

    ``title`` and ``text`` are words, ``label`` and ``yes`` text keys.  With ``required`` nothing happens before
    something is typed.
    """

    def __init__(
        self,
        host: QWidget,
        title: str,
        text: str,
        yes: str,
        then: Callable[[str], object],
        *,
        label: str = "kit.reason",
        required: bool = True,
        danger: bool = False,
        icon: str = "message-square",
        name: str = "dialog.reason",
    ) -> None:
        super().__init__(host, title, text, icon=icon, tint="bad" if danger else "accent_text")
        self.setObjectName(name)
        self._then, self._required = then, required
        head = QHBoxLayout()
        head.setSpacing(px("gap_xs"))
        head.addWidget(Label(t(label), "small500", "text2"))
        if required:
            head.addWidget(Label("*", "small600", "bad"))
        head.addStretch(1)
        self.body.addLayout(head)
        self.reason = TextArea(t(label))
        self.reason.setObjectName("field.reason")
        self.reason.setMinimumHeight(px("textarea"))
        self.reason.setTabChangesFocus(True)
        self.reason.textChanged.connect(self._typed)
        self.body.addWidget(self.reason)
        self._error = Label("", "small", "bad", wrap=True)
        self._error.setObjectName("hint.reason")
        self._error.hide()
        self.body.addWidget(self._error)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        kind = "danger" if danger else "primary"
        self.add_button("yes", yes, self._agree, kind=kind, shortcut="Ctrl+Enter", stay=True)

    def open(self) -> None:
        """Show it with the cursor in the text."""
        super().open()
        self.reason.setFocus()

    def _typed(self) -> None:
        self._show_problem("")

    def _show_problem(self, words: str) -> None:
        self._error.setText(words)
        self._error.setVisible(bool(words))
        self.reason.set_invalid(bool(words))
        self.place()

    def _agree(self) -> None:
        words = self.reason.text().strip()
        if self._required and not words:
            self._show_problem(t("error.required"))
            self.reason.setFocus()
        elif len(words) > LONGEST:
            self._show_problem(t("error.too_long", limit=LONGEST))
        else:
            self.finish()
            self._then(words)
