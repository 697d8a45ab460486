"""Open keys of encrypted fields: asked for with the password, forgotten after a few minutes."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from app.core import vault
from app.core.errors import AppError
from app.core.i18n import t
from app.services.security import keys
from app.services.security.keys import Keyring, Unlocked, Waiting
from app.views.core.checks import CheckBox
from app.views.core.confirm import ConfirmDialog
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.form_model import Notice, NoticeAction
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.parts import LineEdit
from app.views.core.people import name, when_known
from app.views.core.secret_fields import Labelled, password_field
from app.views.core.tasks import READ

if TYPE_CHECKING:
    from app.views.core.forms import FormPage

OPEN_MS = 5 * 60 * 1000
_open: WeakKeyDictionary[AppContext, dict[str, Unlocked]] = WeakKeyDictionary()  # by kind of data
_timers: WeakKeyDictionary[AppContext, QTimer] = WeakKeyDictionary()


def with_keyring(
    host: QWidget, ctx: AppContext, kind: str, then: Callable[[Unlocked], object], *, own: bool = False
) -> None:
    """Go on with the open keys (``own``: one's own is enough); asks for the password when they are not open."""
    found = _open.get(ctx, {}).get(_kept(kind, own))
    if found is not None:
        then(found)
    else:
        UnlockDialog(host, ctx, kind, then, own=own).open()


def _kept(kind: str, own: bool) -> str:
    return f"{kind} own" if own else kind


def keep(ctx: AppContext, kind: str, unlocked: Unlocked) -> None:
    """Remember them for a while."""
    _open.setdefault(ctx, {})[kind] = unlocked
    timer = _timers.get(ctx)
    if timer is None:
        timer = _timers[ctx] = QTimer(ctx.tasks)
        timer.setSingleShot(True)
        timer.timeout.connect(lambda: forget(ctx))
    timer.start(OPEN_MS)


def forget(ctx: AppContext) -> None:
    """Close them: the password is asked for again."""
    _open.pop(ctx, None)
    timer = _timers.get(ctx)
    if timer is not None:
        timer.stop()


class UnlockDialog(ConfirmDialog):
    """Proves who one is, and opens one's keys with the same password."""

    def __init__(
        self,
        host: QWidget,
        ctx: AppContext,
        kind: str,
        then: Callable[[Unlocked], object],
        *,
        own: bool = False,
    ) -> None:
        super().__init__(host, ctx.db, ctx.tasks, lambda: None, lambda: None)
        self._own = own
        self._ctx, self._kind, self._go_on, self._host = ctx, kind, then, host
        self._fresh = False
        self.text.setText(t("vault.unlock_text"))
        self.hint = Label("", "body", "text2", wrap=True)
        self.hint.setObjectName("vault.hint")
        self.body.addWidget(self.hint)
        self.former = password_field("vault.former", "vault.former")
        self.recovery = Labelled("vault.code", t("vault.code"), LineEdit(t("vault.code"), max_length=120))
        for part in (self.former, self.recovery):
            self.body.addWidget(part)
            part.entered.connect(self._prove)
            part.hide()
        self.hint.hide()
        self._anew = self.add_button(
            "anew", "vault.anew", self._start_anew, kind="ghost", left=True, stay=True
        )
        self._anew.hide()

    def _start_anew(self) -> None:
        self._fresh = True
        self._prove()

    def _prove(self) -> None:
        password = self.password.text()
        if not password:
            self.password.field.setFocus()
            return
        code, former, recovery, fresh = (
            self.code.code(),
            self.former.text(),
            self.recovery.text(),
            self._fresh,
        )
        db, kind, own = self._ctx.db, self._kind, self._own

        def work() -> Unlocked:
            db.confirm(password, code)
            return keys.unlock(db, kind, password, former=former, code=recovery, fresh=fresh, own=own)

        self._button.set_blocked(t("login.busy"))
        self._tasks.run(READ, self, work, self._unlocked, slot="confirm")

    def _unlocked(self, future: "Future[Unlocked]") -> None:
        error = future.exception()
        if error is not None:
            failed: Future[None] = Future()
            failed.set_exception(error)
            if isinstance(error, AppError):
                self._answered(failed)
                return
            raise error
        self._button.set_blocked(None)
        found = future.result()
        if found.keyring is None:
            when_known(self._ctx, lambda: self._explain(found))
            return
        self._proved = True
        keep(self._ctx, _kept(self._kind, self._own), found)
        self.finish()
        if found.recovery_code:
            RecoveryDialog(self._host, self._kind, found.recovery_code, lambda: self._go_on(found)).open()
        else:
            self._go_on(found)

    def _explain(self, found: Unlocked) -> None:
        who = ", ".join(name(self._ctx, login) for login in found.holders)
        words = t(f"vault.problem.{found.problem}", who=who)
        if found.fingerprint:
            words += " " + t("vault.fingerprint", print=found.fingerprint)
        self.hint.setText(words)
        self.hint.show()
        self.former.setVisible(found.problem == "former")
        self._anew.setVisible(found.problem == "former")
        self.recovery.setVisible(found.problem in ("not_given", "code_wrong"))
        (self.former if found.problem == "former" else self.recovery).field.setFocus()
        self._fresh = False
        self.place()


class RecoveryDialog(Dialog):
    """The one look at the recovery code: it goes on when the person says that it is kept."""

    def __init__(self, host: QWidget, kind: str, code: str, then: Callable[[], object]) -> None:
        text = t("vault.recovery_text", what=t(f"vault.what.{kind}"))
        super().__init__(host, t("vault.recovery_title"), text, icon="key-round")
        self.setObjectName("dialog.recovery")
        self.code = Label(code, "mono", wrap=True)
        self.code.setObjectName("vault.recovery_code")
        self.body.addWidget(self.code)
        self.kept = CheckBox()
        self.kept.setText(t("vault.recovery_kept"))
        self.kept.setObjectName("vault.kept")
        self.body.addWidget(self.kept)
        self._then = then
        yes = self.add_button("yes", "vault.recovery_yes", self._go, kind="primary", stay=True)
        yes.setEnabled(False)
        self.kept.toggled.connect(yes.setEnabled)

    def reject(self) -> None:
        """There is no second look: Escape does not close it."""

    def _go(self) -> None:
        self.finish()
        self._then()


def keyring_of(found: Unlocked) -> Keyring:
    """The open keys."""
    assert found.keyring is not None
    return found.keyring


def give_key(
    owner: QWidget, ctx: AppContext, found: Unlocked, waiting: Waiting, then: Callable[[], object]
) -> None:
    """Hand the open keys on to a colleague who waits for them, one after the other; then go on."""
    commands = keys.share_with(keyring_of(found), [waiting])

    def next_one(_value: object = None) -> None:
        if commands:
            WriteOp(owner, ctx, keys.share_data_key, commands.pop()).success(next_one).start()
        else:
            then()

    next_one()


def offer_keys(page: "FormPage", found: Unlocked, *, waits: str, given: str) -> None:
    """Say above a form who waits for the key, ``waits``, each with a button to give it; ``given`` is said then."""

    def give(waiting: Waiting) -> None:
        def done() -> None:
            page.drop_notice(f"waits.{waiting.login}")
            page.ctx.navigate.toast(t(given, who=waiting.person))

        give_key(page, page.ctx, found, waiting, done)

    for waiting in found.waiting:
        button = NoticeAction(
            "vault.give", partial(give, waiting), f"action.give_key.{waiting.login}", "key-round"
        )
        words = fingerprint_words(waiting)
        page.put_notice(
            Notice(f"waits.{waiting.login}", "info", t(waits, who=waiting.person), words, (button,))
        )


def fingerprint_words(waiting: Waiting) -> str:
    """The fingerprint of a colleague's key, to be compared by word of mouth."""
    return t("vault.fingerprint_of", print=vault.fingerprint(waiting.public))
