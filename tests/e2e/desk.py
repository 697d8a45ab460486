"""A desk with the real program on it: the program as it is put together at a start, a person signed in, hands to type.

Run as a program (`python -m tests.e2e.desk DSN RECORD FIELD TEXT`) it is a person who types and never saves, until
somebody kills it: it says "kept" when the draft is on the disk.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.bootstrap import Program, make_application
from app.core import paths
from app.core.config import ServerProfile
from app.core.db import ClientInfo, Database, Target
from app.views.core.forms import FormPage
from app.views.core.workspace import TabPage
from app.views.shell.login import SignedIn
from app.views.shell.main_window import MainWindow

PARTNER = "partners.partner"


class Desk:
    """One person at the program."""

    def __init__(self, dsn: str) -> None:
        target, password = Target.from_dsn(dsn)
        db = Database(target, password, client=ClientInfo(version="test"))
        profile = db.open()
        self.program = Program()
        server = ServerProfile("Prüfung", target.host, target.port, target.dbname)
        self.program.open_window(SignedIn(db, profile, server, False))
        assert isinstance(self.program.window, MainWindow)
        self.window = self.program.window
        self.window.resize(1440, 900)

    def until(self, what: Callable[[], object], seconds: float = 60) -> None:
        """Let the program work until the condition holds."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "it did not happen"
            QTest.qWait(5)

    def settle(self) -> None:
        """Let the program finish what it does."""
        QCoreApplication.processEvents()
        self.until(lambda: self.window.ctx.tasks.idle)

    def page(self) -> TabPage:
        """The page in front."""
        assert self.window.area.current is not None
        found = self.window.area.current.page
        assert found is not None
        return found

    def open(self, record: int) -> FormPage:
        """A customer's form."""
        self.window.open_record(PARTNER, record)
        self.settle()
        page = self.page()
        assert isinstance(page, FormPage)
        self.until(lambda: page.ready)
        return page

    def type(self, page: FormPage, key: str, text: str) -> None:
        """Replace what stands in a field."""
        self.come_to_front()
        editor = page.boxes[key].editor
        editor.setFocus()
        editor.selectAll()  # type: ignore[attr-defined]
        QTest.keyClicks(editor, text)

    def press_save(self, page: FormPage) -> None:
        """Ctrl+S."""
        self.come_to_front()
        QTest.keyClick(page.boxes["name"].editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)

    def click(self, name: str) -> None:
        """Click what shows under that name."""
        found = [w for w in self.window.findChildren(QWidget, name) if w.isVisible()]
        assert found, f"no {name} to click"
        QTest.mouseClick(found[-1], Qt.MouseButton.LeftButton)

    def come_to_front(self) -> None:
        """Keys go to the window in front."""
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)
        QCoreApplication.processEvents()

    @property
    def light(self) -> str:
        """The colour of the server's light: ok or bad."""
        return self.window.status.light.kind

    def leave(self) -> None:
        """The program ends without a question, as a shut-down does it."""
        self.window.area.dispose()
        self.window.hide()
        self.program._window_closed()
        QTest.qWait(1)


@contextmanager
def desk(dsn: str) -> Iterator[Desk]:
    """A person at the program, until the end of the block."""
    found = Desk(dsn)
    try:
        found.settle()
        yield found
    finally:
        found.leave()


def _type_for_ever(dsn: str, record: int, field: str, text: str) -> None:
    make_application()
    paths.ensure_home()
    found = Desk(dsn)
    found.settle()
    page = found.open(record)
    found.type(page, field, text)
    found.until(lambda: any(draft.key.endswith(f":{record}") for draft in found.window.ctx.drafts.all()))
    sys.stdout.write("kept\n")
    sys.stdout.flush()
    QCoreApplication.exec()


if __name__ == "__main__":
    _type_for_ever(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
