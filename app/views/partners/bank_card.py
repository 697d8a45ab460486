"""Bank accounts on a partner's page: masked; shown after proving who one is, for a minute."""

from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.errors import AppError, Invalid
from app.core.i18n import t
from app.core.vault import VaultError
from app.services.partners import bank
from app.services.partners.bank import Account, AccountRow, RemoveAccount, Reveal, SavedAccount, Sealed
from app.services.partners.iban import grouped, masked
from app.services.security import keys
from app.services.security.keys import Unlocked, Waiting
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import ask, host_of, show_error
from app.views.core.fields import Field, FieldBox
from app.views.core.marks import Chip, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Card, clear_layout
from app.views.core.tasks import READ as READ_TASK
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.core.vault import RecoveryDialog, fingerprint_words, forget, give_key, keyring_of, with_keyring

READ, WRITE = "partners.bank_account:select", "bank_account_save"
SHOWN_MS = 60_000
FIELDS = (
    Field("holder", "partners.bank.holder", required=True, max_length=140, span=2),
    Field("iban", "partners.bank.iban", required=True, max_length=50, span=2),
    Field("bic", "partners.bank.bic", max_length=15),
    Field("bank", "partners.bank.bank", max_length=140),
    Field("is_default", "partners.bank.is_default", "check", span=2),
)
PLACES = ((0, 0, 1, 2), (1, 0, 1, 2), (2, 0, 1, 1), (2, 1, 1, 1), (3, 0, 1, 2))


class BankCard(Card):
    """The accounts in use. Nothing is read in clear before somebody asks for it, and nothing stays."""

    def __init__(self, ctx: AppContext) -> None:
        may = ctx.profile.can(WRITE)
        super().__init__(
            t("partners.bank.title"), link="partners.bank.add" if may else "", link_clicked=self._add
        )
        self.setObjectName("card.bank")
        self._ctx, self._may = ctx, may
        self._partner = 0
        self._rows: tuple[AccountRow, ...] = ()
        self._shown: dict[int, Account] = {}
        self._waiting: tuple[Waiting, ...] = ()
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SHOWN_MS)
        self._clock.timeout.connect(self.hide_all)
        if self.link is not None:
            self.link.setObjectName("action.add_account")

    def show_partner(self, partner_id: int | None) -> None:
        """Show the accounts of a partner; a new one has none."""
        self.setVisible(partner_id is not None)
        self._partner = partner_id or 0
        self.hide_all()
        if partner_id is not None:
            op: ReadOp[tuple[AccountRow, ...]] = ReadOp(self, self._ctx, bank.list_accounts, partner_id)
            op.replacing("accounts").success(self._arrived).failure(lambda _error: True).start()

    def hide_all(self) -> None:
        """Forget what was shown in clear."""
        self._clock.stop()
        self._shown.clear()
        self._build()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing stays in clear."""
        super().hideEvent(event)
        if self._shown:
            self.hide_all()

    # -- showing ------------------------------------------------------------------------------------------------

    def _arrived(self, rows: tuple[AccountRow, ...]) -> None:
        self._rows = rows
        self._build()

    def _build(self) -> None:
        clear_layout(self.body)
        for row in self._rows:
            self.body.addWidget(self._account(row))
        if not self._rows:
            self.body.addWidget(Label(t("partners.bank.none"), "small", "text2", wrap=True))
        for waiting in self._waiting:
            self.body.addWidget(self._wish(waiting))

    def _account(self, row: AccountRow) -> QWidget:
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, px("gap_xs"))
        box.setSpacing(0)
        line = QHBoxLayout()
        line.setSpacing(px("gap_xs"))
        found = self._shown.get(row.id)
        number = Label(grouped(found.iban) if found else masked(row.country, row.last4), "body500")
        number.setObjectName(f"bank.number.{row.id}")
        line.addWidget(number)
        if found is not None:  # the whole number needs the line for itself
            line.addStretch(1)
            box.addLayout(line)
            line = QHBoxLayout()
            line.setSpacing(px("gap_xs"))
        if row.is_default:
            line.addWidget(Chip("neutral", t("partners.bank.default")))
        line.addStretch(1)
        eye = IconButton(
            "eye-off" if found else "eye",
            "partners.bank.hide" if found else "partners.bank.show",
            clicked=self.hide_all if found else lambda: self._reveal(row),
        )
        eye.setObjectName(f"action.show_account.{row.id}")
        line.addWidget(eye)
        if self._may:
            change = IconButton("pencil", "partners.bank.change", clicked=lambda: self._change(row))
            change.setObjectName(f"action.change_account.{row.id}")
            line.addWidget(change)
            remove = IconButton("trash-2", "partners.bank.remove", clicked=lambda: self._remove(row))
            remove.setObjectName(f"action.remove_account.{row.id}")
            line.addWidget(remove)
        box.addLayout(line)
        if found is not None:
            for words in (found.holder, " · ".join(part for part in (found.bic, found.bank) if part)):
                if words:
                    box.addWidget(Label(words, "small", "text2", wrap=True))
            box.addWidget(Label(t("partners.bank.hides"), "small", "text3", wrap=True))
        return holder

    def _wish(self, waiting: Waiting) -> QWidget:
        """A colleague who has the right and waits for the key; the fingerprint is compared by word of mouth."""
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, px("gap_xs"), 0, 0)
        box.setSpacing(px("gap_xs"))
        words = t("partners.bank.waits", who=waiting.person)
        box.addWidget(Label(words, "small", "text", wrap=True))
        box.addWidget(Label(fingerprint_words(waiting), "small", "text2", wrap=True))
        give = Button("vault.give", "key-round", clicked=lambda: self._give(waiting))
        give.setObjectName(f"action.give_key.{waiting.login}")
        box.addWidget(give, 0, Qt.AlignmentFlag.AlignLeft)
        return holder

    # -- doing --------------------------------------------------------------------------------------------------

    def _unlocked(self, found: Unlocked) -> Unlocked:
        self._waiting = found.waiting
        return found

    def _reveal(self, row: AccountRow) -> None:
        def ask_server(found: Unlocked) -> None:
            self._unlocked(found)
            op: WriteOp[Sealed] = WriteOp(
                self, self._ctx, bank.reveal_account, Reveal(row.id, "partner page")
            )
            op.success(lambda sealed: self._open(row, found, sealed)).start()

        with_keyring(self, self._ctx, bank.KEY_NAME, ask_server)

    def _open(self, row: AccountRow, found: Unlocked, sealed: Sealed) -> None:
        try:
            account = bank.unseal(keyring_of(found), sealed)
        except VaultError:
            self._ctx.navigate.toast(t("partners.bank.broken"), kind="bad")
            return
        self._shown[row.id] = account
        self._build()
        self._clock.start()

    def _add(self) -> None:
        with_keyring(
            self,
            self._ctx,
            bank.KEY_NAME,
            lambda found: AccountDialog(self, self._ctx, self._unlocked(found), self._partner, None).open(),
        )

    def _change(self, row: AccountRow) -> None:
        def with_values(found: Unlocked) -> None:
            self._unlocked(found)

            def show(sealed: Sealed) -> None:
                try:
                    account = bank.unseal(keyring_of(found), sealed)
                except VaultError:
                    account = None
                    self._ctx.navigate.toast(t("partners.bank.broken"), kind="bad")
                AccountDialog(self, self._ctx, found, self._partner, row, account).open()

            op: WriteOp[Sealed] = WriteOp(self, self._ctx, bank.reveal_account, Reveal(row.id, "change"))
            op.success(show).start()

        with_keyring(self, self._ctx, bank.KEY_NAME, with_values)

    def _remove(self, row: AccountRow) -> None:
        command = RemoveAccount(row.id, row.row_version, self._partner)
        ask(
            self,
            t("partners.bank.remove_title"),
            t("partners.bank.remove_text", number=masked(row.country, row.last4)),
            "partners.bank.remove_yes",
            lambda: WriteOp(self, self._ctx, bank.remove_account, command).success(self.saved).start(),
            danger=True,
            icon="trash-2",
        )

    def saved(self, _value: Any = None) -> None:
        """Read again."""
        self.show_partner(self._partner)

    def _give(self, waiting: Waiting) -> None:
        def give(found: Unlocked) -> None:
            def done() -> None:
                self._waiting = tuple(one for one in self._waiting if one.login != waiting.login)
                self._build()
                self._ctx.navigate.toast(t("partners.bank.given", who=waiting.person))

            give_key(self, self._ctx, found, waiting, done)

        with_keyring(self, self._ctx, bank.KEY_NAME, give)


def renew_key(ctx: AppContext) -> None:
    """Encrypt all bank accounts with a new key, for example after somebody with the old one has left."""
    host = host_of(ctx.tasks)
    if host is None:
        return

    def renew(found: Unlocked) -> None:
        db = ctx.db

        def work() -> tuple[keys.Keyring, str]:
            keyring, code = keys.renew(db, bank.KEY_NAME, keyring_of(found))
            while db.write(bank.rekey_accounts, bank.Rekey(keyring)).value:
                pass
            return keyring, code

        def done(future: "Future[tuple[keys.Keyring, str]]") -> None:
            error = future.exception()
            forget(ctx)
            if error is not None:
                show_error(ctx.tasks, ctx, error, operation="renew_key")
                return
            told = t("partners.bank.renewed")
            code = future.result()[1]
            RecoveryDialog(host, bank.KEY_NAME, code, lambda: ctx.navigate.toast(told)).open()

        ctx.tasks.run(READ_TASK, ctx.tasks, work, done, label=t("partners.bank.renew"))

    ask(
        ctx.tasks,
        t("partners.bank.renew"),
        t("partners.bank.renew_text"),
        "partners.bank.renew_yes",
        lambda: with_keyring(host, ctx, bank.KEY_NAME, renew),
        icon="key-round",
    )


class AccountDialog(Dialog):
    """A new account, or another one in its place. What is typed is encrypted before it leaves the program."""

    def __init__(
        self,
        card: BankCard,
        ctx: AppContext,
        unlocked: Unlocked,
        partner_id: int,
        row: AccountRow | None,
        account: Account | None = None,
    ) -> None:
        title = "partners.bank.new_title" if row is None else "partners.bank.change_title"
        super().__init__(card, t(title), t("partners.bank.dialog_text"), icon="landmark")
        self.setObjectName("dialog.account")
        self._card, self._ctx, self._row, self._partner = card, ctx, row, partner_id
        self._unlocked = unlocked
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap"))
        self.boxes = {field.key: FieldBox(ctx, field) for field in FIELDS}
        for field, place in zip(FIELDS, PLACES, strict=True):
            grid.addWidget(self.boxes[field.key], *place)
        self.body.addLayout(grid)
        if account is not None:
            for key in bank.SECRETS:
                value = getattr(account, key)
                self.boxes[key].set_value(grouped(value) if key == "iban" else value)
        self.boxes["is_default"].set_value(row.is_default if row else False)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "partners.bank.save",
            self._save,
            icon="save",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )

    def open(self) -> None:
        """Show it with the cursor in the holder."""
        super().open()
        self.boxes["holder"].focus()

    def _save(self) -> None:
        values = {key: self.boxes[key].value() for key in bank.SECRETS}
        try:
            account = bank.check_account(values)
        except Invalid as error:
            box = self.boxes[str(error.params["column"])]
            box.set_error(error_text(error))
            box.focus()
            self.place()
            return
        command = bank.seal(
            keyring_of(self._unlocked).key,
            self._partner,
            account,
            is_default=bool(self.boxes["is_default"].value()),
            record_id=self._row.id if self._row else None,
            row_version=self._row.row_version if self._row else None,
        )
        op: WriteOp[SavedAccount] = WriteOp(self, self._ctx, bank.save_account, command)
        op.disabling(self._yes).success(self._saved).failure(self._failed).start()

    def _saved(self, saved: SavedAccount) -> None:
        self.finish()
        self._card.saved()
        if saved.also:
            words = t("partners.bank.also", who=", ".join(saved.also))
            self._ctx.navigate.toast(words, kind="warn")
        else:
            self._ctx.navigate.toast(t("partners.bank.saved"))

    def _failed(self, error: BaseException) -> object:
        if isinstance(error, AppError) and error.key in ("data_key_not_active", "stale"):
            self.finish()
        return False
