"""Mail accounts: the servers mails go out by, and the folder invoices come in by; passwords; a test."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, cast

from PySide6.QtWidgets import QWidget

from app.core import credentials
from app.core import format as fmt
from app.core.changes import NO_CHANGES, Result
from app.core.db import Database
from app.core.errors import AppError, Invalid
from app.core.i18n import t
from app.services.mail import accounts, addresses, folder, reads, secrets, writes
from app.services.mail.commands import NoteCheck, SaveAccount, SetSecret
from app.services.mail.reads import AccountRow
from app.services.mail.writes import ACCOUNT
from app.services.security.keys import Unlocked
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import (
    FormAction,
    FormSpec,
    FormValues,
    Notice,
    Section,
    labels_of,
)
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.side_cards import StoryCards
from app.views.core.table_model import Column
from app.views.core.tasks import READ
from app.views.core.values import error_text
from app.views.core.vault import UnlockDialog, keyring_of, offer_keys, with_keyring
from app.views.mail.words import KINDS, PORTS, SECURITY
from app.views.security.form_dialog import FormDialog

KEY = "mail.accounts"
INSERT, UPDATE, MANAGE = f"{ACCOUNT}:insert", f"{ACCOUNT}:update", "mail_manage"
_TEXTS = ("username", "ca", "sender_name", "sender_address", "reply_to", "bcc", "folder", "done_folder")
_OUT = ("sender_name", "sender_address", "reply_to", "bcc", "max_mb")
_IN = ("folder", "done_folder")


def _chip(row: AccountRow) -> tuple[str, str]:
    if not row.is_active:
        return "neutral", t("mail.account.inactive")
    if row.error:
        return "bad", t("mail.account.trouble")
    return ("ok", t("mail.account.works")) if row.ok_at else ("info", t("mail.account.untried"))


SPEC = ListSpec(
    key=KEY,
    title="mail.accounts.title",
    icon="server",
    fetch=reads.list_accounts,
    topics=frozenset({ACCOUNT}),
    presets=(
        Preset("active", "mail.account.active"),
        Preset("trouble", "mail.mails.preset.trouble"),
        Preset("all", "kit.list.all"),
    ),
    columns=(
        Column("name", "mail.account.name", "bold", 170, stretch=True, filter="contains"),
        Column("kind", "mail.account.kind", width=180, text=lambda row: t(dict(KINDS)[row.kind])),
        Column("sender_address", "mail.account.sender_address", width=240, filter="contains"),
        Column("host", "mail.account.host", width=170, filter="contains"),
        Column(
            "state",
            "mail.state",
            "chip",
            130,
            value=lambda row: _chip(row)[1],
            tone=lambda row: _chip(row)[0],
            sortable=False,
        ),
        Column("error", "mail.account.error", width=240),
        Column(
            "owner",
            "mail.account.owner",
            width=120,
            text=lambda row: t("mail.account.of_house" if not row.owner else "mail.account.mine"),
        ),
        Column("ok_at", "mail.account.ok_at", "date_time", 148, hidden=True),
    ),
    primary=ListAction(
        "new",
        "mail.account.new",
        lambda ctx, _rows: ctx.navigate.new_record(ACCOUNT),
        "plus",
        INSERT,
        "Ctrl+N",
    ),
    open=lambda ctx, row: ctx.navigate.open_record(ACCOUNT, row.id),
    empty=Empty("mail.accounts.empty", "mail.accounts.empty_text"),
    sort="name",
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list of accounts."""
    return ListPage(ctx, SPEC, state)


def _address(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
    if not value:
        return None
    try:
        addresses.wire_form(str(value))
    except Invalid as error:
        return error
    return None


class AccountPage(FormPage):
    """An account: the house's, or one's own; its password is set by itself and never shown."""

    topics = frozenset({ACCOUNT})
    spec: ClassVar[FormSpec] = FormSpec(
        ACCOUNT,
        "mail.account.one",
        "server",
        (
            Section(
                (
                    Field("name", "mail.account.name", required=True, max_length=80, span=2),
                    Field("kind", "mail.account.kind", "choice", required=True, choices=KINDS, span=1),
                    Field("mine", "mail.account.mine_field", "check", help="mail.account.mine_help"),
                    Field("host", "mail.account.host", required=True, max_length=255, span=2),
                    Field("security", "mail.account.security", "choice", required=True, choices=SECURITY),
                    Field(
                        "port",
                        "mail.account.port",
                        "digits",
                        required=True,
                        minimum=Decimal(1),
                        maximum=Decimal(65535),
                    ),
                    Field(
                        "username",
                        "mail.account.username",
                        max_length=254,
                        span=2,
                        help="mail.account.username_help",
                    ),
                    Field("is_active", "mail.account.active", "check"),
                )
            ),
            Section(
                (
                    Field("sender_name", "mail.account.sender_name", max_length=120, span=2),
                    Field(
                        "sender_address",
                        "mail.account.sender_address",
                        max_length=254,
                        span=2,
                        validate=_address,
                    ),
                    Field("reply_to", "mail.account.reply_to", max_length=254, span=2, validate=_address),
                    Field(
                        "bcc",
                        "mail.account.bcc",
                        max_length=254,
                        span=2,
                        help="mail.account.bcc_help",
                        validate=_address,
                    ),
                    Field(
                        "folder",
                        "mail.account.folder",
                        max_length=200,
                        span=2,
                        help="mail.account.folder_help",
                    ),
                    Field(
                        "done_folder",
                        "mail.account.done_folder",
                        max_length=200,
                        span=2,
                        help="mail.account.done_folder_help",
                    ),
                    Field(
                        "max_mb",
                        "mail.account.max_mb",
                        "number",
                        required=True,
                        places=0,
                        minimum=Decimal(1),
                        maximum=Decimal(50),
                        unit="MB",
                    ),
                ),
                "mail.account.section.mail",
            ),
            Section(
                (
                    Field(
                        "ca",
                        "mail.account.ca",
                        "multiline",
                        max_length=20_000,
                        span=4,
                        help="mail.account.ca_help",
                    ),
                ),
                "mail.account.section.tls",
            ),
        ),
        load=lambda session, account_id, lang: _form_of(reads.get_account(session, account_id, lang)),
        update_right=UPDATE,
        create_right=INSERT,
        constraints=(
            ("uq_account_name", "name"),
            ("mail_account_name_not_blank", "name"),
            ("mail_account_host", "host"),
            ("mail_account_in_clear", "security"),
            ("mail_account_port", "port"),
            ("mail_account_sender", "sender_address"),
            ("mail_account_reply_to", "reply_to"),
            ("mail_account_bcc", "bcc"),
            ("mail_account_one_line", "sender_name"),
            ("mail_account_folder", "folder"),
            ("mail_account_max_mb", "max_mb"),
        ),
    )

    @property
    def account(self) -> dict[str, Any] | None:
        """As it is stored, None for a new one."""
        return cast("dict[str, Any] | None", self.record.raw)

    def defaults(self) -> Mapping[str, Any]:
        """A mail server mails go out by; of one's own for who does not keep the house's."""
        return {
            "kind": "outgoing",
            "security": "starttls",
            "port": Decimal(587),
            "max_mb": Decimal(20),
            "folder": "INBOX",
            "is_active": True,
            "mine": not self.ctx.profile.can(MANAGE),
        }

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Its name, and how it was last found."""
        account = self.account
        if account is None:
            return t("mail.account.new"), None
        return account["name"], _chip(account["row"])

    def cards(self) -> Sequence[QWidget]:
        """How it stands, notes, history."""
        self.status = FactsCard(t("mail.account.card"))
        self.status.setObjectName("card.mail_account")
        self.story = StoryCards(self, self.ctx, ACCOUNT, labels_of(self.spec))
        return (self.status, *self.story.cards)

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget's own are not used here
        """Test, password, key."""

        def stored(page: "AccountPage") -> bool:
            return page.account is not None

        def named(page: "AccountPage") -> bool:
            return page.account is not None and bool(page.account["username"])

        return (
            FormAction(
                "test",
                "mail.account.test",
                "plug",
                AccountPage.test,
                "secondary",
                right="mail_claim",
                visible=stored,
            ),
            FormAction(
                "password",
                "mail.account.set_password",
                "key-round",
                AccountPage.ask_password,
                "secondary",
                right="mail_secret_set",
                visible=named,
            ),
            FormAction(
                "here", "mail.account.keep_here", "key-round", AccountPage.ask_here, "menu", visible=named
            ),
            FormAction(
                "key", "mail.account.set_up_key", "lock", AccountPage.set_up_key, "menu", right="mail_claim"
            ),
        )

    def shown(self) -> None:
        """How it was last found."""
        account = self.account
        self.status.setVisible(account is not None)
        if account is not None:
            row: AccountRow = account["row"]
            facts = [
                Fact(t("mail.account.ok_at"), fmt.date_time(row.ok_at) if row.ok_at else fmt.NONE),
                Fact(
                    t("mail.account.failed_at"), fmt.date_time(row.failed_at) if row.failed_at else fmt.NONE
                ),
            ]
            if row.error:
                facts.append(Fact(t("mail.account.error"), row.error))
            self.status.set_facts(facts)
            self.story.show(row.id, row.name)
        self._kind_shown()

    def value_changed(self, key: str) -> None:
        """What a folder does not have is not shown; the usual port follows the kind."""
        super().value_changed(key)
        if key in ("kind", "security"):
            self._kind_shown()
            usual = PORTS.get((self.boxes["kind"].value(), self.boxes["security"].value()))
            if usual is not None and self.boxes["port"].value() in {None, *map(Decimal, PORTS.values())}:
                self.boxes["port"].set_value(Decimal(usual))

    def _kind_shown(self) -> None:
        try:
            incoming = self.boxes["kind"].value() == "incoming"
        except ValueError:
            incoming = False
        for key in _OUT:
            self.boxes[key].setVisible(not incoming)
        for key in _IN:
            self.boxes[key].setVisible(incoming)
        self.boxes["mine"].setVisible(self.record.id is None and self.ctx.profile.can(MANAGE))

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """What was changed."""
        keys_ = form.changed if form.id is not None else form.values
        values = {key: form.values[key] for key in keys_ if key != "mine"}
        for key in _TEXTS:
            if key in values:
                values[key] = (values[key] or "").strip()
        for key in ("port", "max_mb"):
            if values.get(key) is not None:
                values[key] = int(values[key])
        if form.id is None:
            own = form.values.get("mine") or not self.ctx.profile.can(MANAGE)
            values["owner"] = self.ctx.profile.login if own else ""
        return writes.save_account, SaveAccount(form.id, form.row_version or None, values)

    # -- password and key ---------------------------------------------------------------------------------------------

    def ask_password(self) -> None:
        """Open the keys, then ask for the password; it leaves this client encrypted."""
        account = self.account
        if account is not None:
            own = bool(account["owner"])
            with_keyring(self, self.ctx, secrets.KEY_NAME, self._type_password, own=own)

    def _type_password(self, found: Unlocked) -> None:
        account = self.account
        if account is None:
            return
        keyring = keyring_of(found)

        def save(values: Mapping[str, Any]) -> Any:
            sealed, key_id = secrets.seal_password(keyring, account, str(values["password"]))
            return writes.set_secret, SetSecret(int(account["id"]), sealed, key_id)

        def done(_kept: bool) -> None:
            self.ctx.navigate.toast(t("mail.account.password_kept"))

        self._password_dialog("mail.account.password_text", save, done)

    def ask_here(self) -> None:
        """Keep the password in this computer's store only."""
        account = self.account
        if account is None:
            return

        def save(values: Mapping[str, Any]) -> Any:
            word = str(values["password"])
            return _nothing, credentials.remember(secrets.store_name(account), str(account["username"]), word)

        def done(kept: bool) -> None:
            words = "mail.account.password_here" if kept else "printing.printer.password_no_store"
            self.ctx.navigate.toast(t(words), kind="ok" if kept else "warn")

        self._password_dialog("mail.account.password_here_text", save, done)

    def _password_dialog(self, text: str, save: Any, done: Callable[[Any], object]) -> None:
        dialog = FormDialog(
            self.ctx,
            t("mail.account.password_title", account=self.account["name"] if self.account else ""),
            t(text),
            (Field("password", "mail.account.password", "secret", required=True, span=4),),
            save,
            done,
            icon="key-round",
            yes="mail.account.password_yes",
            owner=self,
        )
        dialog.open()

    def set_up_key(self) -> None:
        """Make the house's key for mail, or open it; colleagues who wait for it can be given it."""
        UnlockDialog(self, self.ctx, secrets.KEY_NAME, self._key_open).open()  # anew: who waits may be new

    def _key_open(self, found: Unlocked) -> None:
        self.ctx.navigate.toast(t("mail.account.key_ready"))
        offer_keys(self, found, waits="mail.account.waits", given="mail.account.given")

    # -- test ---------------------------------------------------------------------------------------------------------

    def test(self) -> None:
        """Log in as the program does and say what the server said."""
        account = self.account
        if account is None:
            return
        db = self.ctx.db
        self.drop_notice("probe")

        def done(future: "Future[str]") -> None:
            error = future.exception()
            if error is not None and not isinstance(error, AppError):
                raise error
            if error is not None:
                notice = Notice("probe", "bad", t("mail.account.test_failed"), error_text(error))
            else:
                notice = Notice("probe", "ok", t("mail.account.test_ok"), future.result())
            self.refresh()
            self.put_notice(notice)

        self.ctx.tasks.run(
            READ, self, partial(test_account, db, int(account["id"])), done, label=t("mail.account.testing")
        )


def test_account(db: Database, account_id: int) -> str:
    """Log in at the account's server and leave again; gives its words.  Raises AppError."""
    account = db.read(reads.account_open, account_id)
    password = secrets.open_password(secrets.open_keys(db) if account["sealed"] else None, account)
    if password is None:
        raise Invalid("mail_password_missing")
    try:
        if account["kind"] == "incoming":
            words = t("mail.account.test_mails", n=folder.test_reading(account, password))
        else:
            words = accounts.test_sending(account, password)
    except AppError as error:
        db.write(writes.note_check, NoteCheck(account_id, str(error.params.get("what") or error.key)))
        raise
    db.write(writes.note_check, NoteCheck(account_id))
    return words


def _form_of(row: AccountRow) -> dict[str, Any]:
    return {**row._asdict(), "mine": bool(row.owner), "row": row}


def _nothing(_session: Any, kept: bool) -> Result[bool]:
    """The password is nothing the server ever hears of."""
    return Result(kept, NO_CHANGES)
