"""The old system: how its data comes over, what did not, its tables as they are, and what it knows of the past."""

from PySide6.QtCore import QObject

from app.services.legacy.reads import count_quarantine
from app.services.legacy.state import QUARANTINE, RUN, SERVER
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import RecordType, Tile, Workspace
from app.views.legacy import (
    browse,
    cutover,
    history,
    overview,
    quality,
    quarantine,
    reconciliation,
    runs,
    servers,
    warnings,
)
from app.views.legacy.document_page import TOPIC as DOCUMENT
from app.views.legacy.document_page import DocumentPage

RAIL = "legacy"


def _opens(key: str, title: str, icon: str, right: str) -> Action:
    def run(ctx: AppContext) -> None:
        ctx.navigate.open_workspace(key)

    return Action(key, title, icon, run, right, "", RAIL)


WORKSPACES = (
    Workspace(overview.KEY, "legacy.title", "refresh-cw", RAIL, "legacy_run_request", overview.OverviewPage),
    Workspace(
        quarantine.KEY,
        "legacy.quarantine.title",
        "shield-alert",
        RAIL,
        "legacy.quarantine:select",
        quarantine.page,
    ),
    Workspace(
        warnings.KEY,
        "legacy.warnings.title",
        "triangle-alert",
        RAIL,
        "legacy.warning:select",
        warnings.page,
    ),
    Workspace(runs.KEY, "legacy.runs.title", "history", RAIL, "legacy.run:select", runs.page),
    Workspace(servers.KEY, "legacy.servers.title", "server", RAIL, "legacy.server:select", servers.page),
    Workspace(browse.KEY, "legacy.browse.title", "table", RAIL, "legacy_lease", browse.BrowsePage),
    Workspace(
        cutover.KEY, "cutover.title", "arrow-left-right", RAIL, "legacy_module_set", cutover.CutoverPage
    ),
    Workspace(
        quality.KEY, "quality.title", "clipboard-check", RAIL, "catalog.product:select", quality.QualityPage
    ),
    *history.WORKSPACES,
)
RECORDS = (
    RecordType(RUN, "history", runs.RunPage, "legacy.run.one", "legacy.run:select", "", RAIL),
    RecordType(
        SERVER,
        "server",
        servers.ServerPage,
        "legacy.server.type",
        "legacy.server:select",
        servers.INSERT,
        RAIL,
    ),
    RecordType(
        reconciliation.TOPIC,
        "scale",
        reconciliation.ReconciliationPage,
        "reconcile.one",
        "legacy.reconciliation:select",
        "",
        RAIL,
    ),
    RecordType(
        DOCUMENT, "receipt-text", DocumentPage, "legacy.document.type", f"{DOCUMENT}:select", "", RAIL
    ),
)
SEARCHES = history.SEARCHES
ACTIONS = (
    _opens(overview.KEY, "legacy.action", "refresh-cw", "legacy_run_request"),
    _opens(quarantine.KEY, "legacy.quarantine.action", "shield-alert", "legacy.quarantine:select"),
    _opens(warnings.KEY, "legacy.warnings.action", "triangle-alert", "legacy.warning:select"),
    _opens(browse.KEY, "legacy.browse.action", "table", "legacy_lease"),
    _opens(cutover.KEY, "cutover.action", "arrow-left-right", "legacy_module_set"),
    _opens(quality.KEY, "quality.action", "clipboard-check", "catalog.product:select"),
)
TILES = (
    Tile(
        quality.KEY,
        "quality.tile",
        "clipboard-check",
        quality.KEY,
        quality.count_errors,
        {"preset": "errors"},
        "catalog.product:select",
        "bad",
        ("administrator",),
    ),
    Tile(
        quarantine.KEY,
        "legacy.quarantine.tile",
        "shield-alert",
        quarantine.KEY,
        count_quarantine,
        {"preset": "open"},
        "legacy.quarantine:select",
        "warn",
        badge=True,
        topics=(QUARANTINE,),
    ),
)


def _watch(ctx: AppContext, window: QObject) -> None:
    """What the status bar says about the old system leads to its page, for those who have it."""
    clicked = getattr(getattr(window, "status", None), "legacy_clicked", None)
    if clicked is not None and overview.KEY in ctx.registry.workspaces:
        clicked.connect(lambda: ctx.navigate.open_workspace(overview.KEY))


WATCHES = (_watch,)
