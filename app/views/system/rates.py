"""Exchange rates: what was entered, a new one by hand, the file of the European Central Bank."""

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from app.core.clock import today
from app.core.errors import Invalid
from app.core.i18n import t
from app.services.system.rates import TOPIC, Rate, SaveRates, list_rates, read_rates, save_rates
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.operation import WriteOp
from app.views.core.table_model import Column
from app.views.core.tasks import FILE
from app.views.security.form_dialog import FormDialog

RIGHT = f"{TOPIC}:insert"
FIELDS = (
    Field("currency", "catalog.column.currency", required=True, max_length=3, span=2),
    Field("valid_on", "system.rates.valid_on", "date", required=True, span=2),
    Field(
        "rate", "system.rates.rate", "number", required=True, places=6, help="system.rates.rate_help", span=2
    ),
)


def ask_file(ctx: AppContext) -> Path | None:
    """Ask for the file; None when the user changed their mind."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    parent: Any = ctx.tasks
    host = parent.window() if hasattr(parent, "window") else None
    name, _ = QFileDialog.getOpenFileName(host, t("system.rates.file"), folder, t("system.rates.file_type"))
    return Path(name) if name else None


def rates(_ctx: AppContext) -> ListSpec:
    """Rates, the newest first."""
    return ListSpec(
        key="finance.exchange_rates",
        title="system.rates.title",
        icon="coins",
        fetch=list_rates,
        topics=frozenset({TOPIC}),
        columns=(
            Column("valid_on", "system.rates.valid_on", "date", 130, filter="date"),
            Column("currency", "catalog.column.currency", "bold", 130, filter="prefix", stretch=True),
            Column("rate", "system.rates.rate", "number", 220, filter="min"),
        ),
        more=(ListAction("file", "system.rates.file_button", _take_file, "upload", right=RIGHT),),
        primary=ListAction("new", "system.rates.new", lambda ctx, _rows: enter(ctx), "plus", right=RIGHT),
        empty=Empty("system.rates.empty_title", "system.rates.empty_text"),
        sort="valid_on",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list as a page."""
    return ListPage(ctx, rates(ctx), state)


def enter(ctx: AppContext) -> None:
    """Enter the rate of a day."""

    def save(values: Mapping[str, Any]) -> tuple[Any, SaveRates]:
        return save_rates, SaveRates((Rate(values["currency"].upper(), values["valid_on"], values["rate"]),))

    FormDialog(
        ctx,
        t("system.rates.enter_title"),
        t("system.rates.enter_text"),
        FIELDS,
        save,
        lambda _count: None,
        icon="coins",
        yes="system.rates.yes",
        values={"valid_on": today()},
    ).open()


def _take_file(ctx: AppContext, _rows: Any) -> None:
    path = ask_file(ctx)
    if path is None:
        return

    def read() -> tuple[Rate, ...] | str:
        try:
            return read_rates(path.read_bytes())
        except (Invalid, OSError):
            return "error.rates_file_unknown"

    def done(future: "Future[tuple[Rate, ...] | str]") -> None:
        found = future.result()
        if isinstance(found, str):
            ctx.navigate.toast(t(found), kind="warn")
            return
        op: WriteOp[int] = WriteOp(ctx.tasks, ctx, save_rates, SaveRates(found))
        op.success(lambda n: ctx.navigate.toast(t("system.rates.taken", n=n))).start()

    ctx.tasks.run(FILE, ctx.tasks, read, done)
