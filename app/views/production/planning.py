"""Planning: choose what waits, see what it takes through all levels, create the orders in one go."""

from datetime import date
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.core import clock
from app.core.changes import Changes
from app.core.drafts import pack, unpack
from app.core.errors import AppError, NotAllowed, SessionEnded
from app.core.i18n import language, t
from app.services.engineering.rules import Requirement, net_requirements
from app.services.production import writes
from app.services.production.commands import CreateWorkOrders
from app.services.production.planning import (
    Demand,
    Maker,
    Material,
    Planned,
    Wanted,
    makers,
    plan_orders,
    purchases,
    read_demand,
    read_items,
    wanted_lots,
    whole_demand,
)
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.theme import fill, px
from app.views.core.values import error_text
from app.views.core.workspace import TabPage
from app.views.production.plan_demand import DemandView
from app.views.production.plan_result import ResultView
from app.views.production.plan_tree import PlanView
from app.views.production.words import ORDER

STEPS = ("demand", "plan", "result")


class PlanningPage(TabPage):
    """Three steps: demand, resolution, result."""

    icon = "workflow"
    topics = frozenset({ORDER, "sales.sales_order", "inventory.stock_level"})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.planning")
        self._material = Material({}, {})
        self._wanted: list[Wanted] = []
        self._due: date | None = None
        self._changed: dict[int, Decimal] = {}
        self._ends: dict[int, date] = {}
        self._plan: list[Planned] = []
        self._requirements: list[Requirement] = []
        self._to_order = bool(state.get("to_order"))
        self._creating = False
        self._build()
        self._restore(state)

    # -- TabPage ------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """The word on the tab."""
        return t("planning.title")

    def identity(self) -> str:
        """There is one."""
        return "workspace:planning"

    def state(self) -> dict[str, Any]:
        """What was chosen, and what was changed in the plan."""
        return {
            "to_order": self._to_order,
            "warehouse": self.demand.warehouse,
            "chosen": self.demand.chosen_keys(),
            "wanted": [pack(item._asdict()) for item in self._wanted] if self._tabs.current == "plan" else [],
            "quantities": {str(key): str(qty) for key, qty in self._changed.items()},
            "ends": {str(key): day.isoformat() for key, day in self._ends.items()},
        }

    def refresh(self) -> None:
        """Read the demand again."""
        op = ReadOp(self, self.ctx, read_demand, language(), self._to_order).replacing("demand")
        op.success(self._demand_arrived).start()

    def on_changes(self, changes: Changes) -> None:
        """Demand follows orders and stock; a plan under way stays as it was read until it is resolved again."""
        if not self._creating:
            self.refresh()

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        fill(self, "surface")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(self.title(), line=t("planning.line"))
        self._again = Button("planning.again", "refresh-cw", clicked=self.resolve)
        self._again.setObjectName("action.resolve_again")
        self._resolve = Button("planning.resolve", "list-tree", "primary", "Ctrl+Enter", clicked=self.resolve)
        self._resolve.setObjectName("action.resolve")
        self._create = Button("planning.create", "check", "primary", "Ctrl+Enter", clicked=self.create_orders)
        self._create.setObjectName("action.create_orders")
        self._next = Button("planning.next", "arrow-left", clicked=lambda: self.choose("demand"))
        self._next.setObjectName("action.plan_next")
        for button in (self._again, self._resolve, self._create, self._next):
            self._head.add(button)
        column.addWidget(self._head)
        bar = QWidget()
        line = QVBoxLayout(bar)
        line.setContentsMargins(px("margin_l") + 2, 0, px("margin"), 0)
        self._tabs = SegmentedTabs([(key, t(f"planning.step.{key}")) for key in STEPS])
        self._tabs.setObjectName("planning.steps")
        self._tabs.chosen.connect(self.choose)
        line.addWidget(self._tabs)
        column.addWidget(bar)
        self._banner = QVBoxLayout()
        self._banner.setContentsMargins(px("margin_l"), 0, px("margin_l"), 0)
        column.addLayout(self._banner)
        self.demand = DemandView(self.ctx)
        self.demand.chosen.connect(self._chosen)
        self.demand.mode_changed.connect(self._mode)
        self.plan = PlanView(self.ctx)
        self.plan.quantity_changed.connect(self._quantity)
        self.plan.end_changed.connect(self._end)
        self.result = ResultView(self.ctx)
        self._stack = QStackedWidget()
        for part in (self.demand, self.plan, self.result):
            self._stack.addWidget(part)
        column.addWidget(self._stack, 1)
        self.choose("demand")

    def choose(self, key: str) -> None:
        """Show a step."""
        if key == "plan" and not self._requirements:
            self._tabs.set_current("demand")
            if self.demand.wanted():
                self.resolve()
            return
        if key == "result" and not self.result.filled:
            key = "plan" if self._requirements else "demand"
        self._tabs.set_current(key)
        self._stack.setCurrentIndex(STEPS.index(key))
        self._resolve.setVisible(key == "demand")
        self._create.setVisible(key == "plan")
        self._again.setVisible(key == "plan")
        self._next.setVisible(key == "result")
        self.changed.emit()

    def _restore(self, state: dict[str, Any]) -> None:
        self.demand.set_mode(self._to_order)
        self.demand.preset(state.get("chosen") or (), state.get("warehouse"))
        self._changed = {int(key): Decimal(qty) for key, qty in dict(state.get("quantities") or {}).items()}
        self._ends = {int(key): date.fromisoformat(day) for key, day in dict(state.get("ends") or {}).items()}
        wanted = [unpack(item) for item in state.get("wanted") or ()]
        self._wanted = [
            Wanted(int(item["product_id"]), Decimal(item["qty"]), item.get("sales_order_line_id"))
            for item in wanted
        ]
        ReadOp(self, self.ctx, makers).success(self._warehouses_arrived).start()
        self.refresh()

    def _warehouses_arrived(self, rows: list[Maker]) -> None:
        self.demand.set_warehouses(rows)
        if self._wanted:
            self._read_items()

    def _demand_arrived(self, found: Demand) -> None:
        self.demand.show_demand(found)
        self._chosen()

    def _chosen(self) -> None:
        count = len(self.demand.wanted())
        self._resolve.set_blocked(None if count else t("planning.choose_first"))
        self._tabs.set_items(
            [("demand", t("planning.step.demand_n", n=self.demand.count))]
            + [(key, t(f"planning.step.{key}")) for key in STEPS[1:]],
            self._tabs.current,
        )

    def _mode(self, to_order: bool) -> None:
        self._to_order = to_order
        self._requirements = []
        self.refresh()

    # -- resolving ----------------------------------------------------------------------------------------------

    def resolve(self) -> None:
        """Read what the chosen lines take through all levels."""
        if self._tabs.current == "demand" or not self._wanted:
            self._wanted = self.demand.wanted()
            self._due = self.demand.due()
            self._changed, self._ends = {}, {}
        if self._wanted:
            self._read_items()

    def _read_items(self) -> None:
        warehouse = self.demand.warehouse
        if warehouse is None:
            self.demand.ask_warehouse()
            return
        today = clock.today()
        op = ReadOp(self, self.ctx, read_items, self._wanted, today, warehouse, language()).replacing("items")
        op.success(self._items_arrived).start()

    def _items_arrived(self, material: Material) -> None:
        self._material = material
        self._compute()
        self.choose("plan")

    def _compute(self) -> None:
        """Net and plan again; what was typed for a product stands, its components follow."""
        demand = whole_demand(self._wanted, self._material.items, to_order=self._to_order)
        self._requirements = net_requirements(
            self._material.items,
            demand,
            to_order=self._to_order,
            planned=self._changed or None,
            lots=wanted_lots(self._wanted),
        )
        self._plan = plan_orders(
            self._requirements,
            self._wanted,
            warehouse_id=self.demand.warehouse or 0,
            today=clock.today(),
            due=self._due or clock.today(),
            ends=self._ends,
        )
        self.plan.show_plan(self._material, self._requirements, self._plan, to_order=self._to_order)
        self._create.set_blocked(None if self._plan else t("planning.nothing_to_make"))

    def _quantity(self, product_id: int, qty: Decimal) -> None:
        self._changed[product_id] = qty
        self._compute()

    def _end(self, product_id: int, day: date) -> None:
        self._ends[product_id] = day
        self._compute()

    # -- creating -----------------------------------------------------------------------------------------------

    def create_orders(self) -> None:
        """Create every order of the plan, all or none."""
        if not self._plan or self._creating:
            return
        wrong = self.plan.problems()
        if wrong:
            self.ctx.navigate.toast(
                t("planning.not_created_wrong", n=len(wrong), first=wrong[0]), kind="warn"
            )
            return
        clear_layout(self._banner)
        plan, buy = list(self._plan), purchases(self._requirements)
        self._creating = True
        command = CreateWorkOrders(tuple(planned.order for planned in plan))
        op = WriteOp(self, self.ctx, writes.create_work_orders, command).disabling(self._create)
        op.success(lambda orders: self._created(plan, buy, orders)).failure(self._refused).finally_(
            self._over
        ).start()

    def _over(self) -> None:
        self._creating = False

    def _created(self, plan: list[Planned], buy: list[Requirement], orders: tuple[writes.Order, ...]) -> None:
        self.result.show_result(plan, buy, orders)
        self._wanted, self._requirements, self._plan = [], [], []
        self._changed, self._ends = {}, {}
        self.demand.clear_choice()
        self.choose("result")
        self.ctx.navigate.toast(
            t("planning.created", n=len(orders), first=orders[0].number, last=orders[-1].number)
        )
        self.refresh()

    def _refused(self, error: BaseException) -> object:
        if not isinstance(error, AppError) or isinstance(error, NotAllowed | SessionEnded):
            return False
        clear_layout(self._banner)
        banner = Banner("bad", error_text(error))
        banner.setObjectName("notice.refused")
        self._banner.addWidget(banner)
        return True
