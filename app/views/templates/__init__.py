"""Screens of the house's look: templates of its papers."""

from app.views.core.workspace import RecordType, Workspace
from app.views.templates.template_list import KEY, TITLE, templates_page
from app.views.templates.template_page import TOPIC, TemplatePage

SEES = f"{TOPIC}:select"

WORKSPACES = (Workspace(KEY, TITLE, "palette", "settings", f"{TOPIC}:update", templates_page),)
RECORDS = (
    RecordType(TOPIC, "palette", TemplatePage, "templates.one", SEES, f"{TOPIC}:insert", rail="settings"),
)
ACTIONS = ()
