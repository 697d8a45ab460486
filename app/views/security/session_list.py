"""Everybody's open sessions, to look at and to end."""

from typing import Any

from app.core.i18n import t
from app.services.security import shelf
from app.services.security.sessions import OpenSession
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.table_model import Column
from app.views.security.people_actions import end_sessions, on_row
from app.views.security.people_words import role_list, titles
from app.views.security.person_parts import end_session

KEY = "security.sessions"


def _device(row: OpenSession) -> str:
    return str(row.client.get("device") or row.address or "")


def _program(row: OpenSession) -> str:
    name = str(row.client.get("name") or row.client.get("program") or "").capitalize()
    return f"{name} {row.client.get('version', '')}".strip()


def _end(ctx: AppContext, row: OpenSession) -> None:
    end_session(ctx, row.id, row.person)


def _spec(ctx: AppContext) -> ListSpec:
    titles(ctx)
    return ListSpec(
        key=KEY,
        title="sessions.title",
        icon="server",
        columns=(
            Column("person", "people.person", "bold", 180, stretch=True, filter="contains"),
            Column("login", "people.login", width=130, filter="prefix", hidden=True),
            Column("client", "sessions.device", width=150, value=_device, sortable=False),
            Column("address", "sessions.address", width=130, filter="prefix"),
            Column("program", "sessions.program", width=150, value=_program, sortable=False),
            Column("created", "sessions.since", "date_time", 148),
            Column("last_seen", "sessions.last_seen", "date_time", 148),
            Column(
                "assurance",
                "sessions.assurance",
                width=150,
                text=lambda row: t(f"sessions.assurance.{row.assurance}"),
            ),
            Column(
                "elevated",
                "sessions.elevated",
                width=150,
                value=lambda row: role_list(ctx, row.elevated),
                sortable=False,
            ),
            Column("operator", "sessions.operator", width=120, hidden=True),
            Column("ends", "sessions.ends", "date_time", 148, hidden=True),
            Column("current", "sessions.this_one", "yes_no", 90, hidden=True),
        ),
        fetch=shelf.list_sessions,
        topics=frozenset({"sec.session"}),
        row_actions=(
            ListAction("end", "sessions.end", on_row(_end), "log-out", "session_kill"),
            ListAction(
                "end_all",
                "people.end_sessions",
                on_row(end_sessions),
                "log-out",
                "session_kill",
                None,
                None,
                True,
            ),
        ),
        empty=Empty("sessions.empty.title", "sessions.empty.text"),
        sort="last_seen",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, _spec(ctx), state)
