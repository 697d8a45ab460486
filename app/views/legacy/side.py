"""Beside the entities: who leads, the servers with their sessions, who has the say in which module."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import has_text, t
from app.services.legacy.state import ModuleState, ServerState, State, passing
from app.views.core.context import AppContext
from app.views.core.detail import value_row
from app.views.core.marks import Chip, Divider, Label
from app.views.core.people import name
from app.views.core.side_cards import when
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px
from app.views.legacy.words import MODULE_MODE, module_words, server_error

CUTOVER = "legacy.cutover"


class LeaderCard(Card):
    """Exactly one program of the house asks the old system: this one."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(t("legacy.leader"))
        self.setObjectName("card.leader")
        self._ctx = ctx

    def show_state(self, found: State) -> None:
        """Who it is, and how many sessions were ever opened in the house."""
        clear_layout(self.body)
        lease = found.lease
        row = QHBoxLayout()
        if lease is not None and lease.held:
            who = name(self._ctx, lease.holder) if lease.person == lease.holder else lease.person
            row.addWidget(Label(who, "body600", elide=True), 1)
            row.addWidget(Chip("ok", t("legacy.leader.held")))
        elif passing(found):
            row.addWidget(Label(t("legacy.leader.passing"), "body", "text2", elide=True), 1)
        else:
            row.addWidget(Label(t("legacy.leader.nobody"), "body", "text2"), 1)
        self.body.addLayout(row)
        if lease is not None and lease.held and lease.client:
            self.body.addWidget(Label(lease.client, "small", "text2", elide=True))
        opened = value_row(t("legacy.leader.sessions"), fmt.number(found.sessions_opened), None)
        opened.setObjectName("legacy.sessions_opened")
        opened.setToolTip(t("legacy.leader.sessions_hint"))
        self.body.addWidget(opened)


class ServersCard(Card):
    """How each server was last found."""

    def __init__(self, ctx: AppContext) -> None:
        link = "legacy.servers.manage" if "legacy.servers" in ctx.registry.workspaces else ""
        super().__init__(
            t("legacy.servers.title"),
            link=link,
            link_clicked=lambda: ctx.navigate.open_workspace("legacy.servers"),
        )
        self.setObjectName("card.servers")
        self._shown: tuple[ServerState, ...] = ()

    def show_servers(self, servers: Sequence[ServerState]) -> None:
        """Show them, the ones in use first."""
        if tuple(servers) == self._shown and self._shown:
            return
        self._shown = tuple(servers)
        clear_layout(self.body)
        ordered = sorted(servers, key=lambda one: (not one.is_active, one.kind, one.code))
        for number, server in enumerate(ordered):
            if number:
                self.body.addWidget(Divider())
            self.body.addWidget(_server(server))


def server_chip(server: ServerState) -> tuple[str, str]:
    """How a server is, as a chip."""
    if not server.is_active:
        return "neutral", t("legacy.server.inactive")
    if server.silent_since is not None:
        return "bad", t("legacy.server.status.silent")
    status = server.last_status
    if not status and server.sessions_opened:
        return "ok", t("legacy.server.status.ok")
    if not status:
        return "neutral", t("legacy.server.status.never")
    if any(word in (server.last_error or "") for word in ("sign_in", "login_refused")):
        return "bad", t("legacy.server.status.refused")
    key = f"legacy.server.status.{status}"
    kind = "ok" if status == "ok" else "warn" if status in ("waiting", "session_limit") else "bad"
    return kind, t(key if has_text(key) else "legacy.server.status.failed")


def _server(server: ServerState) -> QWidget:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, px("gap_xs"), 0, px("gap_xs"))
    box.setSpacing(px("hair") * 2)
    first = QHBoxLayout()
    first.setSpacing(px("gap_xs"))
    first.addWidget(Label(server.title, "body500", elide=True), 1)
    if server.is_test:
        first.addWidget(Chip("note", t("legacy.server.test")))
    first.addWidget(Chip(*server_chip(server)))
    box.addLayout(first)
    box.addWidget(Label(server.base_url, "small", "text2", elide=True))
    parts = []
    if server.silent_since is not None:
        parts.append(t("legacy.server.silent_since", at=when(server.silent_since)))
    elif server.last_contact_at is not None:
        parts.append(t("legacy.server.contact", at=when(server.last_contact_at)))
    if server.kind == "4d":
        parts.append(
            t("legacy.server.sessions", n=server.sessions_opened, count=fmt.number(server.sessions_opened))
        )
    if parts:
        box.addWidget(Label(" · ".join(parts), "small", "text3", wrap=True))
    if server.last_error and server.last_status != "ok":
        said = Label(server_error(server), "small", "bad", wrap=True)
        said.setObjectName(f"server.error.{server.code}")
        box.addWidget(said)
    return holder


class ModulesCard(Card):
    """In every part of the house: the old system, both, or Werkbank."""

    def __init__(self, ctx: AppContext) -> None:
        link = "legacy.modules.manage" if CUTOVER in ctx.registry.workspaces else ""
        super().__init__(
            t("legacy.modules"), link=link, link_clicked=lambda: ctx.navigate.open_workspace(CUTOVER)
        )
        self.setObjectName("card.modules")
        self._shown: tuple[ModuleState, ...] = ()

    def show_modules(self, modules: Sequence[ModuleState]) -> None:
        """Show them in their order."""
        if tuple(modules) == self._shown and self._shown:
            return
        self._shown = tuple(modules)
        clear_layout(self.body)
        for module in modules:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(Label(module_words(module.code), "body", elide=True), 1)
            kind, key = MODULE_MODE[module.mode]
            row.addWidget(Chip(kind, t(key)), 0, Qt.AlignmentFlag.AlignRight)
            self.body.addWidget(line)
