"""Tabs that are not open yet, as they were noted: which of them have a page, and in which words."""

from collections.abc import Sequence
from typing import Any

from app.core.i18n import t
from app.views.core.workspace import Registry, title_in_force
from app.views.shell.draft_shelf import DraftShelf
from app.views.shell.tabs import PAGE, RECORD, WORKSPACE

Entry = dict[str, Any]
SHELL_PAGES = ("home", "settings")


def shown(registry: Registry, entries: Sequence[Entry]) -> list[Entry]:
    """Those the person may open with the rights in force, titled in the language in force."""
    return [_titled(registry, entry) for entry in entries if _may_open(registry, entry)]


def is_kept(shelf: DraftShelf, entry: Entry) -> bool:
    """Whether it is worth opening again: a record that was never saved only with its draft."""
    if entry["kind"] == RECORD and entry["id"] is None:
        return shelf.has(f"{entry['name']}:new:{entry['state'].get('token', '')}")
    return True


def _may_open(registry: Registry, entry: Entry) -> bool:
    kind, name = entry["kind"], entry["name"]
    if kind == WORKSPACE:
        return name in registry.workspaces
    if kind == RECORD:
        return name in registry.records
    return kind == PAGE and name in SHELL_PAGES


def _titled(registry: Registry, entry: Entry) -> Entry:
    if entry["kind"] == PAGE:
        return {**entry, "title": t(f"shell.rail.{entry['name']}")}
    workspace = registry.workspaces.get(entry["name"]) if entry["kind"] == WORKSPACE else None
    return {**entry, "title": t(workspace.title) if workspace is not None else title_in_force(entry)}
