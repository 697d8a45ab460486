"""Screens of printing: the queue, the printers, the routes."""

from app.services.printing.writes import PRINTER, ROUTE
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import RecordType, Workspace
from app.views.printing import printers, queue, routes
from app.views.printing.printer_page import PrinterPage
from app.views.printing.watch import PrintWatch

RAIL = "printing"


def _opens(key: str, title: str, icon: str, right: str) -> Action:
    def run(ctx: AppContext) -> None:
        ctx.navigate.open_workspace(key)

    return Action(key, title, icon, run, right, "", RAIL)


WORKSPACES = (
    Workspace(queue.KEY, "printing.queue.title", "printer", RAIL, "print_request", queue.page),
    Workspace(
        printers.KEY, "printing.printers.title", "server", RAIL, "printing.printer:select", printers.page
    ),
    Workspace(routes.KEY, "printing.routes.title", "arrow-left-right", RAIL, routes.UPDATE, routes.page),
)
RECORDS = (
    RecordType(
        PRINTER,
        "printer",
        PrinterPage,
        "printing.printer.one",
        f"{PRINTER}:select",
        printers.INSERT,
        RAIL,
    ),
    RecordType(
        ROUTE,
        "arrow-left-right",
        routes.RoutePage,
        "printing.route.one",
        f"{ROUTE}:select",
        routes.INSERT,
        RAIL,
    ),
)
ACTIONS = (
    _opens(queue.KEY, "printing.queue.action", "printer", "print_request"),
    _opens(printers.KEY, "printing.printers.action", "server", "printing.printer:select"),
)
WATCHES = (PrintWatch,)
