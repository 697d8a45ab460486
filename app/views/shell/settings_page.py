"""Settings of the person: language, look, own sessions, what program this is."""

import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import __version__
from app.core import format as fmt
from app.core.i18n import LANGUAGES, language, t
from app.views.core import roles, theme
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.inputs import ComboBox
from app.views.core.marks import Avatar, Chip, Label, initials
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px
from app.views.core.tokens import THEMES
from app.views.core.workspace import TabPage

if TYPE_CHECKING:
    from app.views.shell.main_window import MainWindow


COMPANY, TEMPLATES = "system.company", "documents.templates"
ROLES_SHOWN = 3


class SettingsPage(TabPage):
    """One page of cards."""

    icon = "settings"

    def __init__(self, ctx: AppContext, window: "MainWindow") -> None:
        super().__init__(ctx)
        self.setObjectName("settings")
        self._window = window
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setProperty("kit", "plain")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.viewport().setAutoFillBackground(False)
        outer.addWidget(scroll)
        body = QWidget()
        body.setAutoFillBackground(False)
        body.setMaximumWidth(px("text_column") + px("step_card_w"))
        column = QVBoxLayout(body)
        column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        column.setSpacing(px("gap_m"))
        column.addWidget(Label(t("shell.rail.settings"), "title"))
        column.addWidget(self._person_card())
        column.addWidget(self._look_card())
        self._keeps_company = (
            self.ctx.profile.can(f"{COMPANY}:update") and COMPANY in self.ctx.registry.records
        )
        if self._keeps_company or TEMPLATES in self.ctx.registry.workspaces:
            column.addWidget(self._company_card())
        self._sessions = Card(
            t("shell.settings.sessions"),
            link="mine.title",
            link_clicked=lambda: self.ctx.navigate.open_workspace("security.mine"),
        )
        column.addWidget(self._sessions)
        column.addWidget(self._about_card())
        column.addStretch(1)
        scroll.setWidget(body)
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("shell.rail.settings")

    def refresh(self) -> None:
        """Read the sessions."""
        from app.services.security.reads import sessions

        ReadOp(self, self.ctx, sessions).replacing("sessions").success(self._show_sessions).start()

    def _person_card(self) -> Card:
        profile = self.ctx.profile
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(px("gap_m"))
        row.addWidget(Avatar(initials(profile.person), px("control_login"), profile.person))
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        words.addWidget(Label(profile.person, "section15"))
        words.addWidget(Label(f"{profile.login} · {profile.company}".strip(" ·"), "small", "text2"))
        row.addLayout(words, 1)
        for _role, held in roles.in_force(profile)[:ROLES_SHOWN]:
            row.addWidget(Chip("accent", held))
        out = Button("shell.sign_out", "log-out", "secondary", clicked=self._window.sign_out)
        out.setObjectName("settings.sign_out")
        row.addWidget(out)
        card.body.addLayout(row)
        return card

    def _look_card(self) -> Card:
        card = Card(t("shell.settings.look"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_l"))
        grid.setVerticalSpacing(px("gap"))
        grid.setColumnStretch(1, 1)
        languages = ComboBox(t("shell.language"), [(code, t(f"shell.language_{code}")) for code in LANGUAGES])
        languages.setObjectName("settings.language")
        languages.set_value(language())
        languages.value_changed.connect(self._window.switch_language)
        looks = ComboBox(t("shell.theme"), [(name, t(f"shell.theme_{name}")) for name in THEMES])
        looks.setObjectName("settings.theme")
        looks.set_value(theme.current())
        looks.value_changed.connect(self._window.switch_theme)
        for number, (label, box) in enumerate((("shell.language", languages), ("shell.theme", looks))):
            grid.addWidget(Label(t(label), "small500", "text2"), number, 0)
            box.setMaximumWidth(px("side"))
            grid.addWidget(box, number, 1, Qt.AlignmentFlag.AlignLeft)
            box.setMinimumWidth(px("side"))
        card.body.addLayout(grid)
        return card

    def _company_card(self) -> Card:
        card = Card(t("company.card"))
        row = QHBoxLayout()
        row.addWidget(Label(self.ctx.profile.company, "body"), 1)
        if self._keeps_company:
            change = Button(
                "company.open",
                "building-2",
                "secondary",
                clicked=lambda: self.ctx.navigate.open_record(COMPANY, 1),
            )
            change.setObjectName("settings.company")
            row.addWidget(change)
        if TEMPLATES in self.ctx.registry.workspaces:
            look = Button(
                "templates.open",
                "palette",
                "secondary",
                clicked=lambda: self.ctx.navigate.open_workspace(TEMPLATES),
            )
            look.setObjectName("settings.templates")
            row.addWidget(look)
        card.body.addLayout(row)
        return card

    def _about_card(self) -> Card:
        card = Card(t("shell.settings.about"))
        server = self.ctx.profile.server_version
        for name, value in (
            ("Werkbank", __version__),
            ("PostgreSQL", f"{server // 10000}.{server % 10000}"),
            ("Qt", qVersion()),
            ("Python", platform.python_version()),
        ):
            row = QHBoxLayout()
            row.addWidget(Label(name, "body", "text2"))
            row.addStretch(1)
            row.addWidget(Label(value, "body"))
            card.body.addLayout(row)
        return card

    def _show_sessions(self, sessions: Sequence[Any]) -> None:
        clear_layout(self._sessions.body)
        for session in sessions:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(px("gap"))
            client = f"{session.client.get('name', '')} {session.client.get('version', '')}".strip()
            words = " · ".join(part for part in (client, session.address) if part)
            row.addWidget(Label(words or t("shell.settings.unknown"), "body"), 1)
            row.addWidget(
                Label(t("shell.settings.since", at=fmt.date_time(session.created)), "small", "text2")
            )
            if session.current:
                row.addWidget(Chip("ok", t("shell.settings.this_one")))
            self._sessions.body.addWidget(line)
