"""The scanner hub of the office's window: what no page claims is opened, chosen from, or taught."""

from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.labels.scanning import PLACE, PRODUCT, Hit, Resolved
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.scanner import ScanHub, cannot_open, hub_of
from app.views.warehouse.parts import icon_of, teachable, unknown_words, word_of
from app.views.warehouse.teach import TeachDialog

if TYPE_CHECKING:
    from app.views.shell.main_window import MainWindow

LOOK_UP, WORK_ORDER = "scan_look", "production.work_order"
SHOWN = 8


def watch(_ctx: AppContext, window: QObject) -> ScanHub:
    """Give an office window its hub."""
    main = cast("MainWindow", window)

    def page() -> QWidget | None:
        return main.area.current.page if main.area.current is not None else None

    return ScanHub(
        main,
        lambda: main.ctx,
        page=page,
        elsewhere=lambda found: elsewhere(main, main.ctx, found),
        worked=main.guard.watch.worked,
        locked=lambda: main.guard.locked,
    )


def elsewhere(window: "MainWindow", ctx: AppContext, found: Resolved) -> str:
    """What becomes of a scan that no page wanted."""
    if not found.hits:
        unknown(window, ctx, found)
        return "bad"
    if len(found.hits) == 1:
        return open_hit(ctx, found.hits[0])
    choose(window, ctx, found)
    return "warn"


def unknown(window: "MainWindow", ctx: AppContext, found: Resolved) -> None:
    """Nobody knows the code: who may, is asked to teach it, or goes on to search; everybody else searches.  The house's
    own labels are nothing to be taught, nor is what was misread."""
    code = found.reading.code
    if not teachable(found.reading):
        ctx.navigate.toast(unknown_words(found.reading), kind="warn")
    elif ctx.profile.can("code_teach"):
        TeachDialog(window, ctx, found.reading, lambda: search(window, code)).open()
    else:
        search(window, code)


def search(window: "MainWindow", code: str) -> None:
    """Look for a code as if it had been typed into the search."""
    window.open_palette()
    field = window.findChild(QLineEdit, "palette.input")
    if field is not None:
        field.setText(code)


def open_hit(ctx: AppContext, hit: Hit) -> str:
    """Open the record; what has no form of its own is looked up."""
    if hit.topic in ctx.registry.records:
        ctx.navigate.open_record(hit.topic, hit.id)
    elif hit.place_id is not None and "inventory.place" in ctx.registry.records:
        ctx.navigate.open_record("inventory.place", hit.place_id)
    else:
        return cannot_open(ctx)
    return "ok"


def at_terminal(ctx: AppContext, found: Resolved) -> str:
    """What becomes of a scan at a terminal that its page did not want: it is looked up."""
    if not found.hits:
        ctx.navigate.toast(unknown_words(found.reading), kind="warn")
        return "bad"
    hit = found.hits[0]
    if hit.topic == WORK_ORDER:
        ctx.navigate.open_record(hit.topic, hit.id)
        return "ok"
    if hit.product_id is not None:
        shown: tuple[str, int, str] = (PRODUCT, hit.product_id, hit.lot)
    elif hit.place_id is not None:
        shown = (PLACE, hit.place_id, hit.place)
    else:
        return cannot_open(ctx)
    if LOOK_UP not in ctx.registry.workspaces:
        return cannot_open(ctx)
    ctx.navigate.open_workspace(LOOK_UP, shown=list(shown))
    return "ok"


class ChooseDialog(Dialog):
    """One code, several meanings: which one is meant?"""

    def __init__(self, window: QWidget, ctx: AppContext, found: Resolved) -> None:
        super().__init__(window, t("scan.several"), t("scan.several_text"), icon="scan-line")
        self.setObjectName("dialog.scan_choose")
        for number, hit in enumerate(found.hits[:SHOWN]):
            button = self.add_button(
                f"hit{number}", "scan.hit", partial(open_hit, ctx, hit), icon=icon_of(hit.topic)
            )
            button.setText(f"{word_of(hit)} {hit.label} {hit.name}".strip())
            self.body.addWidget(button)
        left = max(len(found.hits) - SHOWN, 0) + found.more
        if left and LOOK_UP in ctx.registry.workspaces:
            button = self.add_button("rest", "scan_look.title", partial(self._look, ctx, found), left=True)
            button.setText(t("scan_look.more", n=left, count=fmt.number(left)))
        self.add_button("no", "scan.cancel", shortcut="Esc")

    def _look(self, ctx: AppContext, found: Resolved) -> None:
        """The screen to look things up shows all of them."""
        hub = hub_of(self)
        ctx.navigate.open_workspace(LOOK_UP)
        if hub is not None:
            hub.scanned(found.reading.raw)


def choose(window: QWidget, ctx: AppContext, found: Resolved) -> None:
    """Let the person say which is meant."""
    ChooseDialog(window, ctx, found).open()
