"""One way from a click to a row: every database call of a page is a `ReadOp` or a `WriteOp`.

``ReadOp(self, ctx, reads.fetch, query).success(self.show_rows).start()``
``WriteOp(self, ctx, writes.ship, command).success(self.shipped).disabling(button).start()``
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import is_dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar

from PySide6.QtCore import QObject

from app.core.changes import Result
from app.core.errors import AppError, Cancelled, Confirm, NotAllowed, SessionEnded, Unavailable
from app.views.core.context import AppContext
from app.views.core.tasks import READ, WRITE, Task, alive

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger("werkbank.operation")


class Enableable(Protocol):
    """A button or an action."""

    def setEnabled(self, enabled: bool, /) -> None: ...

    def isEnabled(self) -> bool: ...


class _Operation(Generic[T]):
    """What reads and writes share: callbacks, default error handling."""

    kind = READ

    def __init__(self, owner: QObject, ctx: AppContext, fn: Callable[..., Any]) -> None:
        self.owner = owner
        self.ctx = ctx
        self.fn = fn
        self.name = f"{fn.__module__}.{getattr(fn, '__qualname__', fn)}"
        self._success: Callable[[T], object] | None = None
        self._failure: Callable[[BaseException], object] | None = None
        self._finally: Callable[[], object] | None = None
        self._label = ""
        self.task: Task[Any] | None = None

    def success(self, callback: Callable[[T], object]) -> Self:
        """Call back with the value, in the GUI thread."""
        self._success = callback
        return self

    def failure(self, callback: Callable[[BaseException], object]) -> Self:
        """Call back with the error first; returning False leaves it to the default (the one error dialog)."""
        self._failure = callback
        return self

    def finally_(self, callback: Callable[[], object]) -> Self:
        """Call back when all is over, however it ended."""
        self._finally = callback
        return self

    def labelled(self, text: str) -> Self:
        """Show this in the status line while it runs."""
        self._label = text
        return self

    def cancel(self) -> None:
        """Stop it: a running statement is cancelled at the server, the answer is dropped."""
        if self.task is not None:
            self.task.cancel()

    def _measured(self, work: Callable[[], R]) -> R:
        """Do the work, in its own thread, and log what it cost."""
        counter, began = self.ctx.db.counter, time.monotonic()
        before = counter.here()
        try:
            return work()
        finally:
            if log.isEnabledFor(logging.DEBUG):
                statements, round_trips = (
                    now - then for now, then in zip(counter.here(), before, strict=True)
                )
                log.debug(
                    "operation",
                    extra={
                        "operation": self.name,
                        "kind": self.kind,
                        "statements": statements,
                        "round_trips": round_trips,
                        "ms": round((time.monotonic() - began) * 1000, 1),
                    },
                )

    def _again_later(self, error: BaseException | None, again: Callable[[], object]) -> bool:
        """Whether the person must first prove again who it is; then ``again`` sends the same once more."""
        if isinstance(error, SessionEnded) and self.ctx.db.ended is not None:
            self.ctx.connection.hold(self.owner, again, error)
            return True
        if isinstance(error, NotAllowed) and error.key == "confirmation_needed" and alive(self.owner):
            from app.views.core.errors import confirm_identity

            confirm_identity(self.owner, self.ctx, again, self._given_up)
            return True
        return False

    def _given_up(self) -> None:
        """The person did not want to prove it: nothing was done."""
        self._end()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Cancelled | CancelledError):
            return
        if not isinstance(error, AppError):
            log.error("operation failed", exc_info=error, extra={"operation": self.name})
        if self._failure is not None and self._failure(error) is not False:
            return
        from app.views.core.errors import show_error  # dialogs are not needed until something fails

        show_error(self.owner, self.ctx, error, operation=self.name)

    def _end(self) -> None:
        if self._finally is not None:
            self._finally()


class ReadOp(_Operation[T]):
    """Runs ``fn(session, *args)`` read-only, beside other reads, and gives its value to `success`.

    While the server is away the read waits and runs when it is back.
    """

    def __init__(self, owner: QObject, ctx: AppContext, fn: Callable[..., T], *args: Any) -> None:
        super().__init__(owner, ctx, fn)
        self._args = args
        self._slot = ""

    def replacing(self, slot: str) -> Self:
        """Only the newest read of this owner and slot counts; an older one is cancelled and its answer dropped."""
        self._slot = slot
        return self

    def start(self) -> Self:
        """Send it off; returns at once."""
        db = self.ctx.db
        self.task = self.ctx.tasks.run(
            READ,
            self.owner,
            lambda: self._measured(lambda: db.read(self.fn, *self._args)),
            self._done,
            label=self._label,
            slot=self._slot,
            stop_at_server=db.cancel,
        )
        return self

    def _done(self, future: "Future[T]") -> None:
        error = future.exception()
        if isinstance(error, Unavailable) and self._failure is None:
            self.ctx.connection.park(self.owner, lambda: _start_again(self))
            return
        if self._again_later(error, self.start):
            return
        if error is not None:
            self._fail(error)
        elif self._success is not None:
            self._success(future.result())
        self._end()


class WriteOp(_Operation[T]):
    """Runs ``fn(session, command)`` in one transaction, after the user's earlier writes.

    The answer's changes go to the bus, its value to `success`.  An answer that was lost is asked for again with
    the same command when the server is back, so that nothing is done twice.
    """

    kind = WRITE

    def __init__(
        self, owner: QObject, ctx: AppContext, fn: Callable[[Any, Any], Result[T]], command: Any
    ) -> None:
        super().__init__(owner, ctx, fn)
        self.command = command
        self._disabled: list[Enableable] = []
        self._disabling: tuple[Enableable, ...] = ()
        self._before: Callable[[], object] | None = None
        self._waiting: Callable[[], object] | None = None

    def disabling(self, *triggers: Enableable) -> Self:
        """Buttons and actions that rest while it runs; a second click cannot happen."""
        self._disabling = triggers
        return self

    def before(self, work: Callable[[], object]) -> Self:
        """Run this in the write thread before the transaction, for example the draft journal."""
        self._before = work
        return self

    def waiting(self, callback: Callable[[], object]) -> Self:
        """Call back when the server is away and the command waits for it."""
        self._waiting = callback
        return self

    def start(self) -> Self:
        """Send it off; returns at once."""
        self._disabled = [trigger for trigger in self._disabling if trigger.isEnabled()]
        for trigger in self._disabled:
            trigger.setEnabled(False)
        self._submit()
        return self

    def _submit(self) -> None:
        db = self.ctx.db

        def work() -> Result[T]:
            if self._before is not None:
                try:
                    self._before()
                except Exception:  # a full disk must not keep anybody from saving at the server
                    log.exception("preparing the write failed", extra={"operation": self.name})
            return self._measured(lambda: db.write(self.fn, self.command))

        # The manager itself owns the task: a write that ran must reach the bus even when its page is closed.
        self.task = self.ctx.tasks.run(WRITE, self.ctx.tasks, work, self._done, label=self._label)

    def _done(self, future: "Future[Result[T]]") -> None:
        error = future.exception()
        if isinstance(error, Unavailable):
            if alive(self.owner) and self._waiting is not None:
                self._waiting()
            self.ctx.connection.park(self.owner, self._submit)
            return
        if self._again_later(error, self._submit):
            return
        if error is None:
            self.ctx.bus.emit(future.result().changes, initiator=self.owner)
        if not alive(self.owner):
            return
        if isinstance(error, Confirm):
            from app.views.core.errors import ask_confirm

            ask_confirm(self.owner, error, lambda: self._acknowledge(error), self._settle)
            return
        self._settle(ended=False)
        if error is not None:
            self._fail(error)
        elif self._success is not None:
            self._success(future.result().value)
        self._end()

    def _given_up(self) -> None:
        self._settle()

    def _settle(self, *, ended: bool = True) -> None:
        """Give the triggers back."""
        for trigger in self._disabled:
            if not isinstance(trigger, QObject) or alive(trigger):
                trigger.setEnabled(True)
        self._disabled = []
        if ended:
            self._end()

    def _acknowledge(self, error: Confirm) -> None:
        """The user said yes: the command knows it when it is sent again."""
        if not is_dataclass(self.command) or not hasattr(self.command, "acknowledged"):
            raise TypeError(f"{type(self.command).__name__} has no field 'acknowledged' for {error.key}")
        known = self.command.acknowledged
        seen = type(known)(sorted({*known, error.key}))
        self.command = replace(self.command, acknowledged=seen)  # type: ignore[type-var]
        self._submit()


def _start_again(op: ReadOp[Any]) -> None:
    op.start()
