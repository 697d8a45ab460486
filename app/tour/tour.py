"""The person at the desk: signs in and out, opens things, fills forms; what every step of the tour does by hand."""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTableView, QWidget

from app.bootstrap import Program
from app.core.i18n import language, t
from app.tour.driver import Driver, TourError
from app.tour.peers import Desktop
from app.tour.record import StepRecord
from app.tour.stage import HEIGHT, WIDTH, Stage
from app.tour.story import Story
from app.views.core import theme
from app.views.core.buttons import IconButton
from app.views.core.dialog import Layer
from app.views.core.forms import FormPage
from app.views.core.lines_view import LinesTable
from app.views.core.lookup import LookupPopup
from app.views.core.table_view import TableView
from app.views.core.toasts import Toast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.views.core.workspace import TabPage
    from app.views.shell.main_window import MainWindow

_AMOUNT = re.compile(r"\d[\s\u00a0]?€|€[\s\u00a0]?\d")  # a column that says “€” and shows locks tells nothing
SHORT_PAUSE_MS = 400  # a timer that waits for a pause in typing; longer ones only tidy up


class Tour:
    """One run.  Steps drive ``driver``, remember what they learn in ``memory`` and note facts for `tour.json`."""

    def __init__(
        self, program: Program, stage: Stage, story: Story, folder: Path, wanted: tuple[str, str]
    ) -> None:
        self.program = program
        self.stage = stage
        self.story = story
        self.driver = Driver(folder)
        self.driver.brush_aside = self.close_toasts
        self.folder = folder
        self.desk = Desktop(folder)  # what else runs on this computer
        self.language, self.look = wanted
        self.passwords = dict(stage.passwords)  # what everybody knows by heart
        self.memory: dict[str, Any] = {}
        self.at_end = ExitStack()  # what steps started: servers to test against
        self.step: StepRecord | None = None
        self.spent = (0, 0)
        self.login = ""

    # -- what is on screen --------------------------------------------------------------------------------------

    @property
    def window(self) -> "MainWindow":
        """The main window; TourError when nobody is signed in."""
        from app.views.shell.main_window import MainWindow

        window = self.program.window
        if not isinstance(window, MainWindow):
            raise TourError("the main window is not open")
        return window

    @property
    def page(self) -> "TabPage":
        """The page in front."""
        current = self.window.area.current
        if current is None or current.page is None:
            raise TourError("no page is in front")
        return current.page

    @property
    def form(self) -> FormPage:
        """The form in front."""
        page = self.page
        if not isinstance(page, FormPage):
            raise TourError(f"the page in front is no form but {type(page).__name__}")
        return page

    def top(self) -> QWidget:
        """The window of which pictures are taken."""
        found = self.program.window or self.program.login
        if found is None:
            raise TourError("no window is open")
        return found

    def layer(self) -> Layer | None:
        """The dialog over the window, None when there is none."""
        layers = [w for w in self.top().findChildren(Layer) if w.isVisible()]
        return layers[-1] if layers else None

    def quiet(self) -> bool:
        """Whether nothing runs, nothing waits for a pause in typing, nothing is still being loaded."""
        if not self.program.tasks.idle:
            return False
        return not any(
            timer.isActive() and timer.isSingleShot() and timer.interval() <= SHORT_PAUSE_MS
            for timer in self.top().findChildren(QTimer)
        )

    def settle(self) -> None:
        """Wait until the window rests."""
        self.driver.settle(self.quiet)
        self.refuse_surprises()

    def refuse_surprises(self) -> None:
        """A dialog that says the program is broken ends the tour."""
        if self.driver.find("dialog.bug") is not None:
            raise TourError("the program showed that something went wrong: " + " | ".join(self.read_layer()))

        nameless = [text for text in self.driver.labels(self.top()) if "⟦" in text]
        if nameless:
            raise TourError(f"a text is missing: {', '.join(nameless)}")
        strays = self.driver.strays.seen
        if strays:
            raise TourError(f"opened as a window of its own: {', '.join(strays)}")

    def read_layer(self) -> list[str]:
        """What the dialog over the window says."""
        layer = self.layer()
        return self.driver.texts(layer) if layer is not None else []

    def shot(self, name: str) -> None:
        """Take a picture when the window rests; messages at the corner are in the first one they could be in."""
        self.settle()
        file = self.driver.shot(name, self.top())
        if self.step is not None:
            self.step.pictures.append(file)
        self.close_toasts()

    def close_toasts(self) -> None:
        """Close the messages at the corner by their crosses, as far as these can be reached."""
        for toast in self.top().findChildren(Toast):
            crosses = [button for button in toast.findChildren(IconButton) if self.driver.spot(button)]
            if toast.isVisible() and crosses:
                with suppress(RuntimeError):  # it has gone by itself meanwhile
                    self.driver.press(crosses[-1], "the cross of a message")

    def no_price(self) -> None:
        """Nothing on screen may tell what the goods cost or sell for."""
        shown = self.driver.texts(self.window)
        for text in shown:
            if _AMOUNT.search(text) or any(amount in text for amount in self.memory.get("amounts", ())):
                raise TourError(f"{self.login} sees a price: “{text}”")

    def fact(self, **facts: Any) -> None:
        """Note something in `tour.json`."""
        if self.step is not None:
            self.step.facts.update(facts)

    def expect(self, condition: object, what: str) -> None:
        """Something must hold; ``what`` says what did not."""
        if not condition:
            raise TourError(what)

    # -- coming and going ---------------------------------------------------------------------------------------

    def sign_in(self, login: str) -> None:
        """Choose a person at the login window and sign in; the window opens in the language of the tour."""
        driver = self.driver
        driver.wait(lambda: self.program.login is not None, "the login window")
        if driver.find("login.person") is None:
            self.give_name(login, self.passwords[login])
        elif self._person() != login:
            driver.choose("login.person", login)
        driver.click("login.sign_in")
        self.arrive(login)

    def give_name(self, login: str, password: str) -> None:
        """Type name and password into a login window that offers no people."""
        self.driver.type("login.user", login)
        self.driver.type("login.password", password)

    def arrive(self, login: str) -> None:
        """The window of that person opens, and shows in the language of the tour."""
        self.driver.wait(lambda: self.program.window is not None, f"the window of {login}")
        self.window.resize(WIDTH, HEIGHT)
        self.login = login
        self.settle()
        if language() != self.language:
            self.switch_language(self.language)
        self.expect(theme.current() == self.look, f"the window is not {self.look}")
        self.expect(self.window.ctx.profile.login == login, f"not signed in as {login}")

    def _person(self) -> str:
        box = self.program.login.person if self.program.login is not None else None
        return str(box.value()) if box is not None else ""

    def sign_out(self) -> None:
        """Sign out by the menu of the avatar."""
        self.count_session()
        self.driver.click("top.person")
        self.driver.menu("person.sign_out")
        self.driver.wait(lambda: self.program.window is None, "the window to close")
        self.driver.wait(
            lambda: self.program.login is not None and self.program.login.isVisible(), "the login window"
        )
        self.login = ""
        self.settle()

    def be(self, login: str) -> None:
        """Be that person at the desk; the one before signs out first."""
        if self.login != login:
            if self.login:
                self.sign_out()
            self.sign_in(login)

    def switch_language(self, code: str) -> None:
        """Switch the window's language by the globe."""
        self.driver.click("top.language")
        self.driver.menu(f"language.{code}")
        self.driver.wait(lambda: language() == code, f"the language {code}")
        self.settle()

    def count_session(self) -> None:
        """Add what the session in force has sent so far; called before it ends."""
        counter = self.window.ctx.db.counter
        self.spent = (self.spent[0] + counter.statements, self.spent[1] + counter.round_trips)

    def counts(self) -> tuple[int, int]:
        """Statements and round trips of all sessions together."""
        window = self.program.window
        if window is None or not self.login:
            return self.spent
        counter = window.ctx.db.counter
        return self.spent[0] + counter.statements, self.spent[1] + counter.round_trips

    # -- getting around -----------------------------------------------------------------------------------------

    def open_workspace(self, key: str) -> None:
        """Open a screen by the rail, through its flyout when the group has several."""
        registry = self.window.ctx.registry
        workspace = registry.workspaces.get(key)
        if workspace is None:
            raise TourError(f"{self.login} has no screen {key}")
        rails = {rail.key: workspaces for rail, workspaces in registry.rails()}
        self.driver.click(f"rail.{workspace.rail}")
        if len(rails[workspace.rail]) > 1:
            self.driver.click(f"rail.item.{key}")
        wanted = f"workspace:{key}"
        self.driver.wait(
            lambda: self.window.area.current is not None and self.window.area.current.key == wanted,
            f"the screen {key}",
        )
        self.settle()

    def palette(self, text: str, choose: str = "") -> None:
        """Search in the palette; ``choose`` is the beginning of the key of the result to open."""
        driver = self.driver
        driver.keys("Ctrl+K")
        driver.see("palette.input")
        driver.write(text)
        self.settle()
        if not choose:
            return
        results: Any = driver.see("palette.results")
        keys = [item.key for item in results.items]
        number = next((n for n, key in enumerate(keys) if key.startswith(choose)), -1)
        if number < 0:
            raise TourError(f"the palette does not find {choose} for “{text}”, only {keys}")
        for _ in range(number - results.current):
            driver.key(Qt.Key.Key_Down)
        driver.key(Qt.Key.Key_Return)
        driver.gone("palette")
        self.settle()

    def close_tabs(self) -> None:
        """Close every tab, as one does at the end of a job; the page of today comes back."""
        for _ in range(20):
            tabs = self.window.area.tabs
            if len(tabs) == 1 and tabs[0].name == "home":
                return
            self.driver.keys("Ctrl+W")
            self.settle()
        raise TourError("the tabs do not close")

    def list_view(self) -> TableView:
        """The table of the list in front."""

        def found() -> list[TableView]:
            return [view for view in self.page.findChildren(TableView) if view.isVisible()]

        self.driver.wait(found, "a list in front")
        return found()[0]

    def open_row(self, text: str) -> None:
        """Open the record of a row by double click."""
        view = self.list_view()
        before = self.page
        self.driver.click_row(view, text, double=True)
        self.driver.wait(lambda: self.page is not before, f"the record of “{text}”")
        self.wait_form()

    def select_row(self, text: str | int) -> None:
        """Click a row; its detail pane is read."""
        self.driver.click_row(self.list_view(), text)
        self.settle()

    def wait_form(self) -> FormPage:
        """Wait until the form in front has its record."""
        self.driver.wait(lambda: isinstance(self.page, FormPage) and self.page.ready, "the form")
        self.settle()
        return self.form

    # -- forms --------------------------------------------------------------------------------------------------

    def fill(self, key: str, text: str) -> None:
        """Type into a field of the form or dialog."""
        self.driver.type(f"field.{key}", text)
        self.driver.key(Qt.Key.Key_Tab)

    def look_up(self, key: str, text: str) -> None:
        """Type into a lookup field and take its first match."""
        self.driver.type(f"field.{key}", text)
        self.take_first(text)

    def take_first(self, text: str) -> None:
        """Take the first match of the type-ahead that is open."""
        driver = self.driver

        def found() -> bool:
            popup = driver.find("lookup.popup", LookupPopup)
            return popup is not None and bool(popup.rows) and self.program.tasks.idle

        driver.wait(found, f"a match for “{text}”")
        driver.key(Qt.Key.Key_Return)
        driver.gone("lookup.popup")
        self.settle()

    def lines_table(self) -> LinesTable:
        """The lines of the form in front."""
        found = [view for view in self.page.findChildren(LinesTable) if view.isVisible()]
        if not found:
            raise TourError("the form has no lines")
        return found[0]

    def add_line(self, text: str, qty: Decimal | int, **cells: str) -> None:
        """Add a line: article by type-ahead, quantity, further cells by their column's key."""
        table = self.lines_table()
        number = len(table.lines.lines)
        self.driver.click("lines.add")
        self.driver.see("line.edit.product_id")
        self.driver.write(text)
        self.take_first(text)
        self.driver.wait(lambda: len(table.lines.lines) > number, f"the line of {text}")
        self.driver.see("line.edit.qty")
        self.type_over(str(qty))
        for key, value in cells.items():
            self.set_cell(number, key, value)

    def set_cell(self, line: int, key: str, text: str) -> None:
        """Double-click a cell of the lines and type over what it holds."""
        table = self.lines_table()
        column = [column.key for column in table.lines.columns].index(key)
        self.driver.click_cell(table, table.lines.row_of(line), column, double=True)
        self.driver.see(f"line.edit.{key}")
        self.type_over(text)

    def type_over(self, text: str) -> None:
        """Replace what is selected in the open cell and go on with Enter."""
        self.driver.keys("Ctrl+A")
        self.driver.write(text)
        self.driver.key(Qt.Key.Key_Return)
        # Enter opens the empty row behind the last line; Escape leaves it as it is.
        if self.driver.find("line.edit.product_id") is not None:
            self.driver.key(Qt.Key.Key_Escape)
        self.settle()

    def act(self, key: str) -> None:
        """Click a button of the form's head and wait for the work it starts."""
        self.driver.click(f"action.{key}")
        self.settle()

    def save(self) -> None:
        """Save the form."""
        self.driver.keys("Ctrl+S")
        self.driver.wait(lambda: self.form.ready and not self.form.dirty(), "the form to be saved")
        self.settle()

    def answer(self, dialog: str, button: str = "yes", **fields: str) -> None:
        """Fill a dialog's fields and press one of its buttons."""
        self.driver.see(dialog)
        for key, text in fields.items():
            self.driver.type(f"field.{key}", text)
        self.driver.click(f"dialog.{button}")
        self.driver.gone(dialog)
        self.settle()

    def row_menu(self, text: str, entry: str) -> None:
        """Take an entry of the menu of a row; ``entry`` is its text key."""
        self.driver.open_menu(self.list_view(), text)
        self.driver.menu(t(entry).replace("&", ""))

    def drop(self, *files: Path) -> None:
        """Drop files onto the page in front."""
        self.driver.drop(self.page, files)
        self.settle()

    def ask_database(self, statement: str, *values: object) -> Any:
        """What came of it: the first value of a question to the database, asked past the window."""
        with psycopg.connect(self.stage.admin_dsn, autocommit=True) as connection:
            row = connection.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def say(self, key: str, **params: object) -> str:
        """Words a person types in this tour, in its language."""
        return t(f"tour.say.{key}", **params)

    @contextmanager
    def timed(self, name: str) -> "Iterator[None]":
        """Note how long something took and how many round trips it cost."""
        began, before = time.monotonic(), self.counts()
        yield
        after = self.counts()
        self.fact(
            **{
                name: {
                    "seconds": round(time.monotonic() - began, 2),
                    "statements": after[0] - before[0],
                    "round_trips": after[1] - before[1],
                }
            }
        )

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition, then until the window rests."""
        self.driver.wait(condition, what)
        self.settle()


__all__ = ["QAbstractItemView", "QApplication", "QTableView", "Tour"]
