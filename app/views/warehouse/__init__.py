"""Work with the scanner: look up, receive, put away, transfer, pick, pack, count; the scanner of this workplace."""

from collections.abc import Callable
from typing import Any

from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import ListSpec
from app.views.core.workspace import TabPage, Workspace
from app.views.warehouse import desk
from app.views.warehouse.arrive_page import ArrivePage
from app.views.warehouse.lists import codes_spec, log_spec
from app.views.warehouse.look_page import LookPage
from app.views.warehouse.pack_page import PackPage
from app.views.warehouse.pick_page import PickPage
from app.views.warehouse.setup_page import SetupPage
from app.views.warehouse.work_page import CountPage, PutAwayPage, ReceivePage, TransferPage

RAIL = "inventory"


def _list(spec: Callable[[AppContext], ListSpec]) -> Callable[[AppContext, dict[str, Any]], TabPage]:
    return lambda ctx, state: ListPage(ctx, spec(ctx), state)


WORKSPACES = (
    Workspace("scan_look", "scan_look.title", "scan-line", RAIL, "inventory.stock_level:select", LookPage),
    Workspace("scan_arrive", "scan_arrive.title", "package-check", RAIL, "goods_receipt_post", ArrivePage),
    Workspace("scan_receive", "scan_receive.title", "package-plus", RAIL, "stock_receive", ReceivePage),
    Workspace("scan_put_away", "scan_put_away.title", "package", RAIL, "stock_transfer", PutAwayPage),
    Workspace(
        "scan_transfer", "scan_transfer.title", "arrow-left-right", RAIL, "stock_transfer", TransferPage
    ),
    Workspace("scan_pick", "scan_pick.title", "truck", RAIL, "delivery_ship", PickPage),
    Workspace("scan_pack", "scan_pack.title", "boxes", RAIL, "parcel_close", PackPage),
    Workspace("scan_count", "scan_count.title", "clipboard-check", RAIL, "stock_adjust", CountPage),
    Workspace("scan_codes", "scan_codes.title", "tags", RAIL, "labels.code:select", _list(codes_spec)),
    Workspace("scan_log", "scan_log.title", "history", RAIL, "labels.scan:select", _list(log_spec)),
    Workspace("scan_setup", "scan_setup.title", "barcode", RAIL, "", SetupPage),
)
WATCHES = (desk.watch,)
