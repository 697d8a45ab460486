"""The requests for a login that wait for an answer."""

from typing import Any

from app.core.i18n import t
from app.services.security import registration, shelf
from app.services.security.people import Given
from app.services.security.registration import RegistrationRow
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.security.form_dialog import FormDialog
from app.views.security.people_actions import REASON, offer, on_row

REGISTRATIONS = "security.registrations"
STATE = {
    "requested": ("warn", "registrations.state.open"),
    "approved": ("ok", "registrations.state.approved"),
    "rejected": ("bad", "registrations.state.rejected"),
}


def _approve(ctx: AppContext, row: RegistrationRow) -> None:
    def save(values: Any) -> Any:
        login = str(values["login"]).strip()
        return registration.approve, registration.Approve(
            row.id,
            (str(values["role"]),) if values["role"] else (),
            login=login if login != row.login else None,
            details={"department": str(values["department"] or "")}
            | {key: str(values[key]) for key in ("position", "site", "supervisor") if values[key]},
        )

    def done(_given: Given) -> None:
        ctx.navigate.toast(t("registrations.approved", person=row.person))

    dialog = FormDialog(
        ctx,
        t("registrations.approve_title", person=row.person),
        t("registrations.approve_text"),
        (
            Field("login", "people.login", required=True, max_length=42, span=2),
            Field("role", "people.first_role", "choice", span=2),
            Field("department", "people.department", max_length=100, span=2),
            Field("position", "people.position", max_length=100, span=2),
            Field("site", "people.site", max_length=100, span=2),
            Field("supervisor", "people.supervisor", "choice", span=2),
        ),
        save,
        done,
        icon="user-check",
        yes="registrations.approve",
        values={"login": row.login, "department": row.department},
    )
    offer(dialog, "role", shelf.given_choices, empty="people.no_role")
    offer(dialog, "supervisor", shelf.supervisor_choices, empty="people.nobody")
    dialog.open()


def _reject(ctx: AppContext, row: RegistrationRow) -> None:
    FormDialog(
        ctx,
        t("registrations.reject_title", person=row.person),
        "",
        (REASON,),
        lambda values: (registration.reject, registration.Reject(row.id, str(values["reason"]))),
        lambda _none: ctx.navigate.toast(t("registrations.rejected", person=row.person)),
        icon="circle-x",
        yes="registrations.reject",
    ).open()


def _open(row: RegistrationRow) -> bool:
    return row.state == "requested"


SPEC = ListSpec(
    key=REGISTRATIONS,
    title="registrations.title",
    icon="user-plus",
    columns=(
        Column("requested_at", "registrations.at", "date_time", 148),
        Column("person", "people.person", "bold", 180, stretch=True, filter="contains"),
        Column("login", "people.login", width=130, filter="prefix"),
        Column("email", "people.email", width=190, filter="contains"),
        Column("department", "people.department", width=130, filter="contains"),
        Column("reason", "people.reason", width=200, filter="contains"),
        Column("state", "people.status", "chip", 120, chips=STATE),
        Column("address", "sessions.address", width=120, hidden=True),
        Column("login_taken", "registrations.taken", "yes_no", 110, hidden=True),
    ),
    fetch=shelf.list_registrations,
    topics=frozenset({registration.REGISTRATIONS}),
    presets=(Preset("open", "registrations.state.open"), Preset("all", "kit.list.all")),
    row_actions=(
        ListAction(
            "approve",
            "registrations.approve",
            on_row(_approve),
            "user-check",
            "registration_approve",
            None,
            _open,
        ),
        ListAction(
            "reject",
            "registrations.reject",
            on_row(_reject),
            "circle-x",
            "registration_reject",
            None,
            _open,
            True,
        ),
    ),
    empty=Empty("registrations.empty.title", "registrations.empty.text"),
    sort="requested_at",
    descending=True,
)


def registrations_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """Who asked for a login."""
    return ListPage(ctx, SPEC, state)
