"""For the tax adviser: the export, accounts, months."""

from app.services.accounting.lists import count_open_months
from app.services.accounting.writes import PERIOD
from app.views.accounting import accounts, export_page, exports, periods
from app.views.accounting.forms import ACCOUNT, PERSONAL, SETTING, AccountPage, PersonalPage, SettingPage
from app.views.core.actions import Action
from app.views.core.workspace import RecordType, Tile, Workspace

RAIL = "finance"
SETTING_READ, ACCOUNT_READ = f"{SETTING}:select", f"{ACCOUNT}:select"

WORKSPACES = (
    Workspace(exports.KEY, "accounting.exports.title", "send", RAIL, exports.READ, exports.exports_page),
    Workspace(
        export_page.KEY, "accounting.export.title", "send", RAIL, export_page.RIGHT, export_page.ExportPage
    ),
    Workspace(
        periods.KEY, "accounting.periods.title", "calendar-clock", RAIL, periods.CHECK, periods.periods_page
    ),
    Workspace(
        accounts.ACCOUNTS,
        "accounting.accounts.title",
        "book-open",
        RAIL,
        ACCOUNT_READ,
        accounts.accounts_page,
    ),
    Workspace(
        accounts.PERSONALS,
        "accounting.personal.title",
        "contact",
        RAIL,
        f"{PERSONAL}:select",
        accounts.personal_page,
    ),
)
RECORDS = (
    RecordType(SETTING, "landmark", SettingPage, "accounting.setting.one", SETTING_READ, rail=RAIL),
    RecordType(
        ACCOUNT,
        "book-open",
        AccountPage,
        "accounting.account.one",
        ACCOUNT_READ,
        f"{ACCOUNT}:insert",
        rail=RAIL,
    ),
    RecordType(
        PERSONAL,
        "contact",
        PersonalPage,
        "accounting.personal.one",
        f"{PERSONAL}:select",
        f"{PERSONAL}:insert",
        rail=RAIL,
    ),
)
ACTIONS = (
    Action(
        "accounting.export",
        "accounting.action.export",
        "send",
        lambda ctx: ctx.navigate.open_workspace(export_page.KEY),
        export_page.EXPORT,
        "",
        RAIL,
    ),
    Action(
        "accounting.setting",
        "accounting.action.setting",
        "landmark",
        lambda ctx: ctx.navigate.open_record(SETTING, 1),
        f"{SETTING}:update",
        "",
        RAIL,
    ),
)
TILES = (
    Tile(
        "accounting.months",
        "accounting.tile.months",
        "calendar-clock",
        periods.KEY,
        count_open_months,
        {"preset": "open"},
        periods.CLOSE,
        "warn",
        ("finance",),
        topics=(PERIOD,),
    ),
)
