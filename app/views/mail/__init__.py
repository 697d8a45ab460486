"""Screens of e-mail: what was sent, what came in, accounts, texts."""

from app.services.mail.writes import ACCOUNT, RECEIVED, TEMPLATE
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.workspace import RecordType, Workspace
from app.views.mail import accounts, mails, texts
from app.views.mail.watch import MailWatch

RAIL = "mail"


def _opens(key: str, title: str, icon: str, right: str) -> Action:
    def run(ctx: AppContext) -> None:
        ctx.navigate.open_workspace(key)

    return Action(key, title, icon, run, right, "", RAIL)


WORKSPACES = (
    Workspace(mails.KEY, "mail.mails.title", "mail", RAIL, "mail_queue", mails.page),
    Workspace(
        mails.RECEIVED_KEY, "mail.received.title", "download", RAIL, f"{RECEIVED}:select", mails.received_page
    ),
    Workspace(texts.KEY, "mail.texts.title", "file-text", RAIL, texts.UPDATE, texts.page),
    Workspace(accounts.KEY, "mail.accounts.title", "server", RAIL, accounts.UPDATE, accounts.page),
)
RECORDS = (
    RecordType(
        ACCOUNT,
        "server",
        accounts.AccountPage,
        "mail.account.one",
        f"{ACCOUNT}:select",
        accounts.INSERT,
        RAIL,
    ),
    RecordType(
        TEMPLATE, "file-text", texts.TextPage, "mail.text.one", f"{TEMPLATE}:select", texts.INSERT, RAIL
    ),
)
ACTIONS = (
    _opens(mails.KEY, "mail.mails.action", "mail", "mail_queue"),
    _opens(accounts.KEY, "mail.accounts.action", "server", accounts.UPDATE),
)
WATCHES = (MailWatch,)
