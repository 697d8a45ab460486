"""Which page of the manual belongs to a screen, and where it lies.  Knows no window."""

import re
from pathlib import Path

from app.core.i18n import LANGUAGES, language
from app.core.paths import REPOSITORY

MANUAL = REPOSITORY / "docs" / "user"
INDEX = "index"

# The order of the list beside the text.
PAGES = (
    INDEX,
    "first-steps",
    "search-and-navigate",
    "lists",
    "forms-and-conflicts",
    "import",
    "products",
    "pictures",
    "partners",
    "bills-of-materials",
    "inventory",
    "purchasing",
    "labels",
    "scanning",
    "sales",
    "invoicing",
    "reminders",
    "production",
    "documents",
    "datev",
    "archive",
    "attachments",
    "e-invoices",
    "printing",
    "mail",
    "approvals",
    "legacy",
    "rights",
    "people",
    "profile",
    "security",
    "audit",
    "guard",
    "terminals",
    "offline",
)

# Screens whose page is another than that of their group at the rail.
OF_SCREEN = {
    "accounting.exports": "datev",
    "accounting.export_new": "datev",
    "accounting.periods": "datev",
    "accounting.accounts": "datev",
    "accounting.personal": "datev",
    "accounting.setting": "datev",
    "accounting.account": "datev",
    "accounting.personal_account": "datev",
    "imports.wizard": "import",
    "media.pictures": "pictures",
    "purchasing.offers": "partners",
    "purchasing.supplier_price": "partners",
    "inventory.receiving": "purchasing",
    "inventory.receipts": "purchasing",
    "purchasing.purchase_order": "purchasing",
    "purchasing.goods_receipt": "purchasing",
    "purchasing.receiving": "purchasing",
    "purchasing.returning": "purchasing",
    "purchasing.confirming": "purchasing",
    "purchasing.purchase_invoice": "purchasing",
    "purchasing.tolerance": "purchasing",
    "labels.print": "labels",
    "labels.designs": "labels",
    "labels.design": "labels",
    "labels.ranges": "labels",
    "labels.number_range": "labels",
    "media.history": "pictures",
    "home": "first-steps",
    "settings": "first-steps",
    "scan_look": "scanning",
    "scan_receive": "scanning",
    "scan_put_away": "scanning",
    "scan_transfer": "scanning",
    "scan_pick": "scanning",
    "scan_pack": "scanning",
    "scan_arrive": "scanning",
    "scan_count": "scanning",
    "scan_setup": "scanning",
    "scan_codes": "scanning",
    "scan_log": "scanning",
    "sales.invoice": "invoicing",
    "sales.invoices": "invoicing",
    "finance.invoices": "invoicing",
    "finance.to_invoice": "invoicing",
    "finance.open_items": "reminders",
    "finance.exchange_rates": "invoicing",
    "finance.reminding": "reminders",
    "finance.reminders": "reminders",
    "finance.reminder_rules": "reminders",
    "sales.reminder": "reminders",
    "inventory.shipping": "sales",
    "inventory.deliveries": "sales",
    "sales.shipping": "sales",
    "system.company": "documents",
    "documents.templates": "documents",
    "documents.template": "documents",
    "documents.archive": "archive",
    "documents.attachments": "archive",
    "einvoice.inbox": "e-invoices",
    "sec.app_user": "people",
    "sec.policy": "people",
    "security.people": "people",
    "security.registrations": "people",
    "security.roles": "people",
    "security.grid": "people",
    "security.matrix": "people",
    "security.assignments": "people",
    "security.checklists": "people",
    "security.conflicts": "people",
    "security.reviews": "people",
    "security.policy": "people",
    "security.sessions": "people",
    "security.mine": "security",
    "security.profile": "profile",
    "security.directory": "profile",
    "security.my_roles": "profile",
    "security.watch": "guard",
    "security.sign_ins": "guard",
    "security.addresses": "guard",
    "security.devices": "terminals",
    "security.badges": "terminals",
    "security.trail": "audit",
    "security.events": "audit",
}
OF_RAIL = {
    "catalog": "products",
    "partners": "partners",
    "engineering": "bills-of-materials",
    "inventory": "inventory",
    "purchasing": "purchasing",
    "sales": "sales",
    "finance": "sales",
    "production": "production",
    "system": "rights",
    "approvals": "approvals",
    "printing": "printing",
    "mail": "mail",
    "legacy": "legacy",
}


def page_for(screen: str, rail: str = "") -> str:
    """The page about a screen (key of a workspace or topic of a record) of a group; the first page for others."""
    return OF_SCREEN.get(screen) or OF_RAIL.get(rail or screen.partition(".")[0], INDEX)


def file_of(page: str, lang: str | None = None) -> Path:
    """The Markdown file of a page in a language (default: the window's); the first page when there is none."""
    lang = lang if lang in LANGUAGES else language()
    found = MANUAL / lang / f"{page}.md"
    return found if page in PAGES and found.is_file() else MANUAL / lang / f"{INDEX}.md"


def title_of(page: str) -> str:
    """The heading of a page in the window's language; the page's key when the file cannot be read."""
    try:
        with file_of(page).open(encoding="utf-8") as lines:
            return next(lines).removeprefix("#").strip()
    except (OSError, StopIteration):
        return page


def page_named(link: str) -> str:
    """The page a link between pages leads to, empty when it leads elsewhere."""
    found = re.fullmatch(r"(?:\./)?([a-z-]+)\.md(?:#.*)?", link)
    return found[1] if found and found[1] in PAGES else ""
