"""The first-run guide: what one's roles do, and the screens one will use; on the page of today until it is closed."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from app.core.i18n import has_text, t
from app.core.profile import Profile
from app.services.security import people
from app.views.core import icons
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.fonts import font, metrics
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.surfaces import Card
from app.views.core.theme import px, tok
from app.views.core.workspace import Registry, Workspace

# True and False win over what the server remembers; nothing is set until somebody closes it or wants it again.
WANTED = "shell.guide"
HOME = "home"
SCREENS_SHOWN, ROLES_SHOWN, COLUMNS = 5, 2, 3
# The screens of a role, the most telling first; roles that say most about somebody's work come first.
SCREENS: dict[str, tuple[str, ...]] = {
    "manager": ("approvals.inbox", "sales.orders", "planning", "stock", "finance.payments"),
    "system_administrator": (
        "security.roles",
        "security.watch",
        "security.sessions",
        "security.trail",
        "security.devices",
    ),
    "administrator": (
        "security.people",
        "security.registrations",
        "security.assignments",
        "approvals.inbox",
        "catalog.price_lists",
    ),
    "sales_manager": (
        "sales.quotes",
        "sales.orders",
        "approvals.inbox",
        "catalog.price_lists",
        "partners.customers",
    ),
    "sales_rep": ("sales.quotes", "sales.orders", "partners.customers", "catalog.products", "stock"),
    "customer_service": ("partners.customers", "sales.orders", "sales.deliveries", "sales.invoices", "stock"),
    "warehouse_manager": ("inventory.shipping", "stock", "stock_count", "stock_receive", "approvals.inbox"),
    "warehouse_clerk": ("inventory.shipping", "stock_receive", "stock_transfer", "stock", "stock_count"),
    "production_planner": ("planning", "work_orders", "bom", "stock", "sales.orders"),
    "operator": ("my_orders", "work_orders", "stock", "bom", "catalog.products"),
    "production_operator": ("my_orders", "work_orders", "bom", "stock"),
    "purchase_officer": (
        "purchasing.orders",
        "purchasing.wanted",
        "purchasing.offers",
        "partners.suppliers",
        "stock",
    ),
    "finance": (
        "finance.to_invoice",
        "finance.invoices",
        "finance.payments",
        "finance.open_items",
        "approvals.inbox",
    ),
    "marketing": ("catalog.products", "catalog.families", "catalog.category", "catalog.prices"),
    "quality": ("lots", "stock_transfer", "stock", "work_orders"),
    "viewer": ("catalog.products", "partners.customers", "sales.orders", "stock", "work_orders"),
}
# What a role that is put together of others makes needless to say.
INCLUDED = {
    "manager": frozenset({"sales_manager", "warehouse_manager", "production_planner", "viewer"}),
    "operator": frozenset({"production_operator", "viewer"}),
}


def about(role: str) -> str:
    """What somebody with the role does, to that person; empty for roles of the house's own making."""
    key = f"guide.about.{role}"
    return t(key) if has_text(key) else ""


def telling(profile: Profile) -> list[str]:
    """The roles that say what the person's work is."""
    held = [role for role in SCREENS if role in profile.roles]
    needless = {role for one in held for role in INCLUDED.get(one, ())}
    return [role for role in held if role not in needless][:ROLES_SHOWN]


def screens(registry: Registry) -> list[Workspace]:
    """Where the person will work: in turn from each role, as far as it may be opened."""
    lists = [SCREENS[role] for role in telling(registry.profile)] or [SCREENS["viewer"]]
    keys = [keys[place] for place in range(SCREENS_SHOWN) for keys in lists if place < len(keys)]
    found = [registry.workspaces[key] for key in dict.fromkeys(keys) if key in registry.workspaces]
    return found[:SCREENS_SHOWN]


def wanted(ctx: AppContext) -> bool:
    """Whether the guide is to be shown."""
    here = ctx.settings.get(WANTED)
    return bool(here) if here is not None else not ctx.profile.guided


def show_again(ctx: AppContext) -> None:
    """Somebody wants to read it once more."""
    ctx.settings.set(WANTED, True)
    ctx.navigate.open_workspace(HOME)


def close(ctx: AppContext) -> None:
    """It has been read: here at once, and at every other workstation."""
    ctx.settings.set(WANTED, False)
    WriteOp(ctx.tasks, ctx, people.set_my_details, people.SetMyDetails(guided=True)).start()


class ScreenButton(QAbstractButton):
    """A screen with what it is for; a click opens it."""

    def __init__(self, screen: Workspace) -> None:
        super().__init__()
        self._icon = screen.icon
        self._hint = t(f"guide.hint.{screen.key}")
        self.setObjectName(f"guide.{screen.key}")
        self.setText(t(screen.title).replace("&", ""))
        self.setAccessibleName(f"{self.text()}: {self._hint}")
        self.setToolTip(self._hint)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Two lines."""
        return QSize(px("menu_min"), px("row_two"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Icon on its ground, name, hint."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(tok("focus"), px("hair")) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(tok("hover"))
            box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(box, px("radius_chip"), px("radius_chip"))
        side, ground = px("icon"), px("thumb")
        top = (self.height() - ground) // 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("accent_tint"))
        painter.drawRoundedRect(
            QRectF(px("gap_s"), top, ground, ground), px("radius_button"), px("radius_button")
        )
        inner = (ground - side) // 2
        image = icons.pixmap(self._icon, side, "accent_text", self.devicePixelRatioF())
        painter.drawPixmap(px("gap_s") + inner, top + inner, image)
        left = px("gap_s") + ground + px("gap_m")
        room = self.width() - left - px("gap_s")
        half = self.height() / 2
        for style, color, words, y, align in (
            ("body500", "text", self.text(), 0.0, Qt.AlignmentFlag.AlignBottom),
            ("small", "text2", self._hint, half, Qt.AlignmentFlag.AlignTop),
        ):
            painter.setPen(tok(color))
            painter.setFont(font(style))
            shown = metrics(style).elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(left, y, room + 2, half), int(align), shown)
        painter.end()


def guide_card(ctx: AppContext, closed: Callable[[], object]) -> QWidget:
    """Who one is here, where one works, where it is written down; ``closed`` takes the card away."""

    def done() -> None:
        close(ctx)
        closed()

    card = Card(t("guide.title"))
    card.setObjectName("guide")
    lines = [line for role in telling(ctx.profile) if (line := about(role))]
    card.body.addWidget(Label(" ".join(lines) or t("guide.about_nothing"), "body", "text2", wrap=True))
    grid = QGridLayout()
    grid.setSpacing(px("gap_xs"))
    for number, screen in enumerate(screens(ctx.registry)):
        button = ScreenButton(screen)
        button.clicked.connect(partial(ctx.navigate.open_workspace, screen.key))
        grid.addWidget(button, number // COLUMNS, number % COLUMNS)
    for number in range(COLUMNS):
        grid.setColumnStretch(number, 1)
    card.body.addLayout(grid)
    foot = QHBoxLayout()
    foot.addWidget(Label(t("guide.foot"), "small", "text3", wrap=True), 1)
    ready = Button("guide.close", "check", clicked=done)
    ready.setObjectName("action.guide_close")
    foot.addWidget(ready)
    card.body.addLayout(foot)
    return card
