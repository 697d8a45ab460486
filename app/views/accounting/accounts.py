"""Accounts as lists: what is booked where, and the accounts of customers and suppliers."""

from typing import Any

from app.core.i18n import t
from app.services.accounting import lists, writes
from app.services.accounting.charts import PURPOSES
from app.services.accounting.commands import AdoptChart
from app.views.accounting.forms import ACCOUNT, PERSONAL, SETTING, SIDES
from app.views.accounting.words import tax_words
from app.views.core.context import AppContext
from app.views.core.errors import ask, host_of
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import WriteOp
from app.views.core.table_model import Column

ACCOUNTS, PERSONALS = "accounting.accounts", "accounting.personal"
ADOPT = "account_chart_adopt"


def adopt(ctx: AppContext, chart: str) -> None:
    """Ask, then take over a chart."""

    def go() -> None:
        def done(count: int) -> None:
            ctx.navigate.toast(t("accounting.chart.adopted", n=count))

        WriteOp(ctx.tasks, ctx, writes.adopt_chart, AdoptChart(chart)).success(done).start()

    words = t(f"accounting.chart.{chart}")
    ask(
        host_of(ctx.tasks),
        t("accounting.chart.ask", chart=words),
        t("accounting.chart.ask_text"),
        "accounting.chart.adopt",
        go,
        icon="book-open",
    )


def _open_setting(ctx: AppContext, _rows: list[Any]) -> None:
    ctx.navigate.open_record(SETTING, 1)


def _adopts(chart: str) -> ListAction:
    return ListAction(
        f"adopt_{chart}",
        f"accounting.chart.adopt_{chart}",
        lambda ctx, _rows: adopt(ctx, chart),
        "book-open",
        right=ADOPT,
    )


ACCOUNT_LIST = ListSpec(
    key=ACCOUNTS,
    title="accounting.accounts.title",
    icon="book-open",
    fetch=lists.list_accounts,
    topics=frozenset({ACCOUNT}),
    presets=(
        Preset("all", "kit.list.all"),
        Preset("income", "accounting.preset.income"),
        Preset("expense", "accounting.preset.expense"),
        Preset("suppliers", "accounting.preset.suppliers"),
    ),
    columns=(
        Column(
            "purpose",
            "accounting.field.purpose",
            width=190,
            filter="choice",
            choices=tuple((one, f"accounting.purpose.{one}") for one in PURPOSES),
            text=lambda row: t(f"accounting.purpose.{row.purpose}"),
        ),
        Column("tax_category", "datev.column.tax", width=270, text=tax_words, sortable=False),
        Column("number", "accounting.field.number", "code", 110, filter="prefix"),
        Column("name", "accounting.field.name", "bold", 300, stretch=True, filter="contains"),
        Column("tax_key", "accounting.field.tax_key", "code", 110),
        Column("partner", "accounting.field.supplier", width=200, filter="contains"),
    ),
    primary=ListAction(
        "new",
        "accounting.account.new",
        lambda ctx, _rows: ctx.navigate.new_record(ACCOUNT),
        "plus",
        right=f"{ACCOUNT}:insert",
        shortcut="Ctrl+N",
    ),
    more=(
        ListAction("setting", "accounting.setting.open", _open_setting, "landmark"),
        _adopts("03"),
        _adopts("04"),
    ),
    empty=Empty(
        "accounting.accounts.empty",
        "accounting.accounts.empty_text",
        actions=(_adopts("03"), _adopts("04")),
    ),
    open=lambda ctx, row: ctx.navigate.open_record(ACCOUNT, row.id),
    sort="purpose",
)

PERSONAL_LIST = ListSpec(
    key=PERSONALS,
    title="accounting.personal.title",
    icon="contact",
    fetch=lists.list_personal,
    topics=frozenset({PERSONAL}),
    presets=(
        Preset("all", "kit.list.all"),
        Preset("debtors", "accounting.preset.debtors"),
        Preset("creditors", "accounting.preset.creditors"),
    ),
    columns=(
        Column("account", "accounting.field.number", "number", 120, text=lambda row: str(row.account)),
        Column(
            "side",
            "accounting.field.side",
            width=120,
            filter="choice",
            choices=SIDES,
            text=lambda row: t(f"accounting.side.one.{row.side}"),
        ),
        Column("partner_number", "datev.column.partner_number", "code", 130, filter="prefix"),
        Column("partner", "datev.column.partner", "bold", 300, stretch=True, filter="contains"),
    ),
    primary=ListAction(
        "new",
        "accounting.personal.new",
        lambda ctx, _rows: ctx.navigate.new_record(PERSONAL),
        "plus",
        right=f"{PERSONAL}:insert",
        shortcut="Ctrl+N",
    ),
    empty=Empty("accounting.personal.empty", "accounting.personal.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(PERSONAL, row.id),
    sort="account",
)


def accounts_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """What is booked where."""
    return ListPage(ctx, ACCOUNT_LIST, state)


def personal_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """Debtors and creditors."""
    return ListPage(ctx, PERSONAL_LIST, state)
