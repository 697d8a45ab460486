"""The list of sign-ins: what worked, what was wrong, what was refused, from where."""

from typing import Any

from app.services.security.watch import ATTEMPT, AttemptRow, list_attempts
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column

KEY = "security.sign_ins"
OUTCOMES = {
    "ok": ("ok", "signins.outcome.ok"),
    "wrong": ("bad", "signins.outcome.wrong"),
    "refused": ("warn", "signins.outcome.refused"),
}


def _same(field: str) -> Any:
    def run(ctx: AppContext, rows: list[Any]) -> None:
        ctx.navigate.open_workspace(KEY, preset="all", filters={field: str(getattr(rows[0], field) or "")})

    return run


def _has_address(row: AttemptRow) -> bool:
    return bool(row.address)


SPEC = ListSpec(
    key=KEY,
    title="signins.title",
    icon="log-in",
    columns=(
        Column("at", "signins.col.at", "date_time", width=148, filter="date"),
        Column("login", "signins.col.login", "bold", width=170, filter="prefix"),
        Column("person", "signins.col.person", width=170, filter="contains"),
        Column(
            "outcome",
            "signins.col.outcome",
            "chip",
            width=170,
            filter="choice",
            choices=tuple((key, words) for key, (_kind, words) in OUTCOMES.items()),
            chips=OUTCOMES,
        ),
        Column("address", "signins.col.address", width=150, filter="prefix"),
        Column("application", "signins.col.application", width=200, stretch=True, filter="contains"),
    ),
    fetch=list_attempts,
    topics=frozenset({ATTEMPT, "sec.session"}),
    presets=(
        Preset("failed", "signins.preset.failed", count=True),
        Preset("ok", "signins.preset.ok"),
        Preset("all", "signins.preset.all"),
    ),
    row_actions=(
        ListAction("same_login", "signins.same_login", _same("login"), "user"),
        ListAction("same_address", "signins.same_address", _same("address"), "globe", when=_has_address),
    ),
    empty=Empty("signins.empty.title", "signins.empty.text"),
    sort="at",
    descending=True,
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, SPEC, state)
