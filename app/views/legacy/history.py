"""What the old system says about the past: documents since its beginning, works orders, moulds, boxes, stock, staff."""

from typing import Any

from app.core.i18n import t
from app.services.legacy import history_lists as lists
from app.services.legacy.reads import search_documents
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.core.workspace import Search, Workspace
from app.views.legacy.history_panes import BoxPane, DocumentPane, EmployeePane, MouldPane, WorkOrderPane
from app.views.legacy.words import DOCUMENT_KIND

DOCUMENT = "legacy.document"
FEED = frozenset({"legacy.feed"})
DOCUMENTS, ORDERS, MOULDS = "legacy.documents", "legacy.work_orders", "legacy.moulds"
BOXES, STOCK, EMPLOYEES = "legacy.boxes", "legacy.stock", "legacy.employees"
RAIL = "legacy"
ORDER_STATE = {
    "draft": ("neutral", "legacy.order.state.draft"),
    "scheduled": ("neutral", "legacy.order.state.scheduled"),
    "started": ("info", "legacy.order.state.started"),
    "completed": ("ok", "legacy.order.state.completed"),
    "cancelled": ("bad", "legacy.order.state.cancelled"),
}
BOX_STATE = {
    "available": ("ok", "legacy.box.state.available"),
    "in_use": ("info", "legacy.box.state.in_use"),
    "reserved": ("warn", "legacy.box.state.reserved"),
    "damaged": ("bad", "legacy.box.state.damaged"),
    "retired": ("neutral", "legacy.box.state.retired"),
}
PURPOSES = ("storage", "picking", "transport", "workshop")


def _empty() -> Empty:
    return Empty("legacy.history.empty.title", "legacy.history.empty.text")


def open_document(ctx: AppContext, row: Any) -> None:
    """A document in a tab of its own."""
    ctx.navigate.open_record(DOCUMENT, row.id)


def documents(_ctx: AppContext) -> ListSpec:
    """All documents of the old system."""
    kinds = tuple(DOCUMENT_KIND)
    return ListSpec(
        key=DOCUMENTS,
        title="legacy.documents.title",
        icon="receipt-text",
        fetch=lists.list_documents,
        topics=FEED,
        presets=(
            Preset("all", "kit.list.all"),
            *(Preset(kind, f"legacy.documents.preset.{kind}") for kind in kinds),
            Preset("unpaid", "legacy.documents.preset.unpaid"),
        ),
        columns=(
            Column(
                "kind",
                "legacy.column.kind",
                "chip",
                132,
                filter="choice",
                choices=tuple((kind, key) for kind, (_k, key) in DOCUMENT_KIND.items()),
                chips=DOCUMENT_KIND,
            ),
            Column("number", "legacy.column.number", "bold", 100, filter="prefix", filter_key="number_key"),
            Column("date", "legacy.column.date", "date", 104, filter="date"),
            Column("customer_number", "legacy.column.customer_number", "code", 96, filter="prefix"),
            Column("customer", "legacy.column.customer", width=170, stretch=True, filter="contains"),
            Column(
                "article", "legacy.column.article", width=110, filter="prefix", sortable=False, hidden=True
            ),
            Column(
                "text",
                "legacy.column.text",
                width=110,
                filter="contains",
                value=lambda row: (row.remark or "").replace("\n", " "),
                sortable=False,
            ),
            Column(
                "net_eur", "legacy.column.net_eur", "money", 110, filter="min", currency="EUR", hidden=True
            ),
            Column("gross_eur", "legacy.column.gross_eur", "money", 116, filter="min", currency="EUR"),
            Column("gross", "legacy.column.gross", width=120, align="right", text=_own_amount, hidden=True),
            Column("currency", "legacy.column.currency", width=80, filter="prefix", hidden=True),
            Column("tax_rate", "legacy.column.tax_rate", "percent", 80, filter="min", hidden=True),
            Column("is_paid", "legacy.column.is_paid", "yes_no", 80),
            Column("paid_on", "legacy.column.paid_on", "date", 104, filter="date", hidden=True),
            Column("dunning_level", "legacy.column.dunning_level", width=80, hidden=True),
        ),
        open=open_document,
        detail=DocumentPane,
        empty=_empty(),
        sort="date",
        descending=True,
    )


def _own_amount(row: Any) -> str:
    from app.core import format as fmt

    return fmt.NONE if row.gross is None else f"{fmt.number(row.gross, places=2)} {row.currency}"


def work_orders(_ctx: AppContext) -> ListSpec:
    """Works orders of the old system."""
    return ListSpec(
        key=ORDERS,
        title="legacy.work_orders.title",
        icon="clipboard-list",
        fetch=lists.list_work_orders,
        topics=FEED,
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "legacy.work_orders.preset.open"),
            Preset("completed", "legacy.work_orders.preset.completed"),
        ),
        columns=(
            Column("number", "legacy.column.number", "bold", 110, filter="prefix"),
            Column(
                "state",
                "legacy.column.state",
                "chip",
                130,
                filter="choice",
                choices=tuple((state, key) for state, (_k, key) in ORDER_STATE.items()),
                chips=ORDER_STATE,
            ),
            Column("mould_number", "legacy.column.mould_number", "code", 110, filter="prefix"),
            Column("mould", "legacy.column.mould", width=180, stretch=True, filter="contains"),
            Column("qty", "legacy.column.qty", "quantity", 100, filter="min"),
            Column("steps", "legacy.column.steps", "number", 116),
            Column("created_on", "legacy.column.created_on", "date", 110, filter="date"),
            Column("due_on", "legacy.column.due_on", "date", 110, filter="date"),
            Column("priority", "legacy.column.priority", "number", 84, hidden=True),
        ),
        detail=WorkOrderPane,
        empty=_empty(),
        sort="created_on",
        descending=True,
    )


def moulds(_ctx: AppContext) -> ListSpec:
    """Moulds and what comes out of them."""
    return ListSpec(
        key=MOULDS,
        title="legacy.moulds.title",
        icon="layers",
        fetch=lists.list_moulds,
        topics=FEED | {"production.mould"},
        presets=(
            Preset("all", "kit.list.all"),
            Preset("active", "legacy.moulds.preset.active"),
            Preset("blocked", "legacy.moulds.preset.blocked"),
        ),
        columns=(
            Column("number", "legacy.column.number", "bold", 110, filter="prefix"),
            Column("name", "legacy.column.name", width=220, stretch=True, filter="contains"),
            Column("storage_place", "legacy.column.storage_place", width=130, filter="contains"),
            Column("articles", "legacy.column.articles", "number", 92),
            Column(
                "is_blocked",
                "legacy.column.is_blocked",
                "chip",
                110,
                value=lambda row: "blocked" if row.is_blocked else "ok",
                chips={"blocked": ("bad", "legacy.mould.blocked"), "ok": ("ok", "legacy.mould.free")},
            ),
            Column("remark", "legacy.column.remark", width=180, filter="contains", hidden=True),
        ),
        detail=MouldPane,
        empty=_empty(),
        sort="number",
    )


def boxes(_ctx: AppContext) -> ListSpec:
    """Boxes, where they stand and what lies in them."""
    return ListSpec(
        key=BOXES,
        title="legacy.boxes.title",
        icon="boxes",
        fetch=lists.list_boxes,
        topics=FEED | {"inventory.box"},
        presets=(
            Preset("all", "kit.list.all"),
            Preset("filled", "legacy.boxes.preset.filled"),
            Preset("on_the_way", "legacy.boxes.preset.on_the_way"),
        ),
        columns=(
            Column("code", "legacy.column.box", "bold", 110, filter="prefix"),
            Column("box_type", "legacy.column.box_type", width=180, stretch=True, filter="contains"),
            Column("place", "legacy.column.place", width=200, filter="contains"),
            Column("warehouse", "legacy.column.warehouse", width=90, hidden=True),
            Column(
                "purpose",
                "legacy.column.purpose",
                width=110,
                filter="choice",
                choices=tuple((one, f"legacy.box.purpose.{one}") for one in PURPOSES),
                text=lambda row: t(f"legacy.box.purpose.{row.purpose}"),
            ),
            Column(
                "state",
                "legacy.column.state",
                "chip",
                120,
                filter="choice",
                choices=tuple((state, key) for state, (_k, key) in BOX_STATE.items()),
                chips=BOX_STATE,
            ),
            Column("slots", "legacy.column.slots", "number", 84),
            Column("contents", "legacy.column.contents", "number", 92),
            Column("barcode", "legacy.column.barcode", width=120, filter="prefix", hidden=True),
        ),
        detail=BoxPane,
        empty=_empty(),
        sort="code",
    )


def stock(_ctx: AppContext) -> ListSpec:
    """What lay where in the old system's books."""
    return ListSpec(
        key=STOCK,
        title="legacy.stock.title",
        icon="warehouse",
        fetch=lists.list_stock,
        topics=FEED,
        presets=(
            Preset("counted", "legacy.stock.preset.counted"),
            Preset("unplaced", "legacy.stock.preset.unplaced"),
            Preset("boxes", "legacy.stock.preset.boxes"),
            Preset("all", "kit.list.all"),
        ),
        columns=(
            Column("sku", "legacy.column.sku", "bold", 120, filter="prefix"),
            Column("name", "legacy.column.name", width=200, stretch=True, filter="contains"),
            Column("place", "legacy.column.place", width=190, filter="contains"),
            Column("box", "legacy.column.box", width=100, filter="prefix"),
            Column("slot", "legacy.column.slot", width=80),
            Column("qty", "legacy.column.qty", "quantity", 96, filter="min"),
            Column("reserved_qty", "legacy.column.reserved_qty", "quantity", 96),
            Column("opened_qty", "legacy.column.opened_qty", "quantity", 110, hidden=True),
            Column("lot_code", "legacy.column.lot_code", width=110, filter="prefix"),
            Column("expires_on", "legacy.column.expires_on", "date", 104, hidden=True),
            Column("order_number", "legacy.column.order_number", width=110, hidden=True),
        ),
        open=_open_product,
        empty=_empty(),
        sort="sku",
    )


def _open_product(ctx: AppContext, row: lists.StockRow) -> None:
    if row.product_id is not None:
        ctx.navigate.open_record("catalog.product", row.product_id)


def employees(_ctx: AppContext) -> ListSpec:
    """Staff as the old system has it."""
    return ListSpec(
        key=EMPLOYEES,
        title="legacy.employees.title",
        icon="users-round",
        fetch=lists.list_employees,
        topics=FEED,
        presets=(
            Preset("active", "legacy.employees.preset.active"),
            Preset("left", "legacy.employees.preset.left"),
            Preset("all", "kit.list.all"),
        ),
        columns=(
            Column("number", "legacy.column.number", "code", 90, filter="prefix"),
            Column("name", "legacy.column.last_name", "bold", 160, stretch=True, filter="contains"),
            Column("first_name", "legacy.column.first_name", width=140, filter="contains"),
            Column("city", "legacy.column.city", width=150, filter="contains"),
            Column("email", "legacy.column.email", width=200, filter="contains"),
            Column("phone", "legacy.column.phone", width=130, hidden=True),
            Column("joined_on", "legacy.column.joined_on", "date", 110, filter="date"),
            Column("left_on", "legacy.column.left_on", "date", 110, filter="date"),
            Column("hours_per_week", "legacy.column.hours_per_week", "quantity", 110),
            Column("is_present", "legacy.column.is_present", "yes_no", 92, hidden=True),
        ),
        detail=EmployeePane,
        empty=_empty(),
        sort="name",
    )


def _page(spec: Any) -> Any:
    return lambda ctx, state: ListPage(ctx, spec(ctx), state)


WORKSPACES = (
    Workspace(
        DOCUMENTS, "legacy.documents.title", "receipt-text", RAIL, "legacy.document:select", _page(documents)
    ),
    Workspace(
        ORDERS,
        "legacy.work_orders.title",
        "clipboard-list",
        RAIL,
        "legacy.work_order:select",
        _page(work_orders),
    ),
    Workspace(MOULDS, "legacy.moulds.title", "layers", RAIL, "production.mould:select", _page(moulds)),
    Workspace(BOXES, "legacy.boxes.title", "boxes", RAIL, "inventory.box:select", _page(boxes)),
    Workspace(STOCK, "legacy.stock.title", "warehouse", RAIL, "legacy.stock:select", _page(stock)),
    Workspace(
        EMPLOYEES, "legacy.employees.title", "users-round", RAIL, "legacy.employee:select", _page(employees)
    ),
)
SEARCHES = (
    Search(DOCUMENT, "legacy.document.type", "receipt-text", search_documents, "legacy.document:select"),
)
