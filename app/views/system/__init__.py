"""Screens of the platform itself: the company this database belongs to."""

from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import RecordType
from app.views.system.company_page import COMPANY, COMPANY_ID, CompanyPage

CHANGE = f"{COMPANY}:update"


def _open(ctx: AppContext) -> None:
    ctx.navigate.open_record(COMPANY, COMPANY_ID)


WORKSPACES = ()
RECORDS = (
    RecordType(COMPANY, "building-2", CompanyPage, "company.one", f"{COMPANY}:select", rail="settings"),
)
ACTIONS = (Action("system.company", "company.action", "building-2", _open, CHANGE),)
