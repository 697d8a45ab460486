"""Screens of labels: printing them, their designs, the ranges their numbers come from."""

from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import RecordType, Workspace
from app.views.labels import gallery, print_page, ranges
from app.views.labels.design_page import DesignPage

RAIL = "inventory"
DESIGN = "labels.design"


def _print(ctx: AppContext) -> None:
    ctx.navigate.open_workspace(print_page.KEY)


WORKSPACES = (
    Workspace(
        print_page.KEY, "labels.print.title", "printer", RAIL, "catalog.product:select", print_page.PrintPage
    ),
    Workspace(gallery.KEY, "labels.designs.title", "tags", RAIL, f"{DESIGN}:select", gallery.GalleryPage),
    Workspace(ranges.SPEC.key, ranges.SPEC.title, "hash", RAIL, f"{ranges.TOPIC}:select", ranges.ranges_page),
)
RECORDS = (
    RecordType(DESIGN, "ruler", DesignPage, "labels.design.one", f"{DESIGN}:select", f"{DESIGN}:insert"),
    RecordType(
        ranges.TOPIC,
        "hash",
        ranges.RangePage,
        "labels.range.one",
        f"{ranges.TOPIC}:select",
        f"{ranges.TOPIC}:insert",
    ),
)
ACTIONS = (Action("labels.print", "labels.action", "printer", _print, "catalog.product:select", "", RAIL),)
