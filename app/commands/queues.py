"""What the commands that work off a queue have in common: printing, mail."""

import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.commands import MISSING, CommandError, say

if TYPE_CHECKING:
    from app.core.db import Database
    from app.sync.queue import QueueWorker

TOUCH_S = 600.0


def words(error: Exception) -> str:
    """An error as the command line says it."""
    from app.core.errors import AppError
    from app.core.i18n import translate

    return (
        translate("en", f"error.{error.key}", **error.params) if isinstance(error, AppError) else str(error)
    )


def watch(
    database: "Database",
    worker: "QueueWorker",
    said: str,
    beside: Callable[[threading.Event], object] | None = None,
) -> int:
    """Work until stopped; ``beside`` runs in a thread of its own as long."""
    from app.core.errors import AppError
    from app.sync.change_feed import ChangeFeed

    if not database.profile.can(worker.right):
        raise CommandError(f"this login has no right to use {worker.name}", MISSING)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    feed = ChangeFeed(database, lambda _changes: worker.nudge(), lambda _live: None, worker.nudge)
    second = threading.Thread(target=beside, args=(stop,), daemon=True) if beside is not None else None
    worker.start()
    feed.start()
    if second is not None:
        second.start()
    say(said)
    try:
        while not stop.wait(TOUCH_S):
            try:
                database.touch()
            except AppError as error:
                raise CommandError(words(error)) from error
    finally:
        stop.set()
        feed.stop()
        worker.stop(20.0)
        if second is not None:
            second.join(20.0)
    return 0
