"""The directory everybody has: colleagues, and of each as much as he or she allows."""

from functools import partial
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.core import format as fmt
from app.core.i18n import t
from app.services.security import people, shelf
from app.services.security.people import USERS, Colleague
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, value_row
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListSpec
from app.views.core.operation import ReadOp
from app.views.core.people import name, when_known
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.security.portrait import Portrait

KEY, PROFILE = "security.directory", "security.profile"


def shared(value: str | None) -> str:
    """A value of a colleague: what is kept from others says so instead of looking empty."""
    return t("directory.private") if value is None else value or fmt.NONE


class ColleaguePane(DetailPane):
    """One colleague; one round trip where there is a picture to be seen, else none."""

    def __init__(self, ctx: AppContext, row: Colleague) -> None:
        super().__init__()
        self.setObjectName("pane.colleague")
        self._ctx, self._row = ctx, row
        me = row.login == ctx.profile.login
        self.portrait = Portrait(row.person, px("touch_bar"))
        self.head(
            "",
            row.person,
            chips=[("accent", t("directory.you"))] if me else [],
            note=" · ".join(filter(None, (row.position, row.department))),
            picture=self.portrait,
        )
        column = self.tab("card", "")
        self._facts = QVBoxLayout()
        self._facts.setSpacing(0)
        column.addLayout(self._facts)
        for key, value in (
            ("people.phone", shared(row.phone)),
            ("people.email", shared(row.email)),
            ("people.department", row.department or fmt.NONE),
            ("people.position", row.position or fmt.NONE),
            ("people.site", row.site or fmt.NONE),
        ):
            self._facts.addWidget(value_row(t(key), value, None))
        if row.supervisor:
            when_known(ctx, partial(self._show_supervisor, row.supervisor))
        column.addSpacing(px("gap_l"))
        column.addLayout(self._buttons())
        if row.has_photo:
            op = ReadOp(self, ctx, people.photo, row.login)
            op.success(self.portrait.show_photo).failure(lambda _error: True).start()

    def _buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(px("gap"))
        if self._row.email:
            address = QUrl(f"mailto:{self._row.email}")
            mail = Button("directory.email_to", "mail", clicked=partial(QDesktopServices.openUrl, address))
            mail.setObjectName("action.mail")
            line.addWidget(mail)
        if self._row.login == self._ctx.profile.login:
            opening = partial(self._ctx.navigate.open_workspace, PROFILE)
            mine = Button("directory.mine", "user", clicked=opening)
            mine.setObjectName("action.my_profile")
            line.addWidget(mine)
        line.addStretch(1)
        return line

    def _show_supervisor(self, login: str) -> None:
        self._facts.addWidget(value_row(t("directory.reports_to"), name(self._ctx, login), None))


DIRECTORY = ListSpec(
    key=KEY,
    title="directory.title",
    icon="contact",
    id_field="login",
    columns=(
        Column("person", "people.person", "bold", 200, stretch=True, filter="contains"),
        Column("position", "people.position", width=160, filter="contains"),
        Column("department", "people.department", width=130, filter="contains"),
        Column("site", "people.site", width=170, filter="contains", hidden=True),
        Column("phone", "people.phone", width=150, filter="contains", text=lambda row: shared(row.phone)),
        Column("email", "people.email", width=210, filter="contains", text=lambda row: shared(row.email)),
    ),
    fetch=shelf.list_directory,
    topics=frozenset({USERS}),
    empty=Empty("directory.empty.title", "directory.empty.text"),
    detail=ColleaguePane,
    sort="person",
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The directory."""
    return ListPage(ctx, DIRECTORY, state)
