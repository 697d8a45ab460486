"""Describes a server to log in to."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QWidget

from app.core.config import ProfileError, ServerProfile
from app.core.i18n import t
from app.views.core.dialog import Dialog
from app.views.core.inputs import LineEdit
from app.views.core.marks import Label
from app.views.core.theme import px


class ServerDialog(Dialog):
    """Name, host, port, database and, where the server has a certificate of its own authority, that file.

    Signals:
        added: a valid `ServerProfile`.
    """

    added = Signal(object)

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, t("login.server_title"), t("login.server_text"), icon="server")
        self.setObjectName("dialog.server")
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap_xs"))
        self._fields: dict[str, LineEdit] = {}
        for number, (key, placeholder, row, column, span) in enumerate(
            (
                ("name", "login.server_name_example", 0, 0, 2),
                ("host", "login.server_host_example", 2, 0, 1),
                ("port", "", 2, 1, 1),
                ("dbname", "", 4, 0, 2),
                ("certificate", "login.server_certificate_example", 6, 0, 2),
            )
        ):
            del number
            grid.addWidget(Label(t(f"login.server_{key}"), "small500", "text2"), row, column, 1, span)
            field = LineEdit(t(f"login.server_{key}"), t(placeholder) if placeholder else "")
            field.setObjectName(f"server.{key}")
            self._fields[key] = field
            grid.addWidget(field, row + 1, column, 1, span)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 1)
        self._fields["port"].setText("5432")
        self._fields["dbname"].setText("werkbank")
        self._fields["certificate"].add_button("folder-open", "login.server_browse", self._browse)
        self.body.addLayout(grid)
        self._error = Label("", "small", "bad", wrap=True)
        self._error.setObjectName("server.error")
        self._error.hide()
        self.body.addWidget(self._error)
        self.add_button("cancel", "errors.keep_as_is", shortcut="Esc")
        self.add_button("add", "login.server_save", self._save, icon="plus", kind="primary", stay=True)

    def open(self) -> None:
        """Show it with the cursor in the first field."""
        super().open()
        self._fields["name"].setFocus()

    def _browse(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, t("login.server_certificate"), "", "*.crt *.pem *.cer")
        if file:
            self._fields["certificate"].setText(file)

    def _save(self) -> None:
        text = {key: field.text().strip() for key, field in self._fields.items()}
        try:
            port = int(text["port"])
        except ValueError:
            port = 0
        try:
            profile = ServerProfile(
                name=text["name"],
                host=text["host"],
                port=port,
                dbname=text["dbname"],
                sslrootcert=text["certificate"] or None,
            )
        except ProfileError as error:
            self._error.setText(t(f"error.{error.key}", **error.params))
            self._error.show()
            self.place()
            return
        self.finish()
        self.added.emit(profile)
