"""Asking for the role that carries a right, out of "Why can't I?"."""

from collections.abc import Mapping
from typing import Any

from app.core.i18n import t
from app.services.security import assignments
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.security.form_dialog import FormDialog
from app.views.security.people_actions import REASON

HOURS = ((0, "why.for_good"), (4, "why.hours_4"), (24, "why.hours_24"))


def request_role(ctx: AppContext, name: str, words: str) -> None:
    """Ask for a role, for good or for some hours."""

    def save(values: Mapping[str, Any]) -> Any:
        hours, reason = int(values["hours"] or 0), str(values["reason"])
        if hours:
            return assignments.request_elevation, assignments.RequestElevation(name, hours, reason)
        return assignments.request_role, assignments.RequestRole(name, reason)

    FormDialog(
        ctx,
        t("why.request_title", role=words),
        t("why.request_text"),
        (Field("hours", "why.hours", "choice", required=True, choices=HOURS, span=4), REASON),
        save,
        lambda _number: ctx.navigate.toast(t("why.requested")),
        icon="send",
        yes="why.request",
        values={"hours": 4},
    ).open()
