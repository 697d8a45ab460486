"""l, in the window: how long its event loop is held while its own thread takes a whole house over.

The window is the program's own, in a process of its own with the thread that leads; simulator and PostgreSQL are
others. In life they are other machines: here they get what the window leaves them of the processors. For ten seconds
nobody touches it, for the next ten somebody opens lists of products with pictures and scrolls through a hundred, and so
on until the house is here. The same lists before the load has begun (`alone`) tell what is the window's own.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.legacy_load import LOGIN, simulator

if TYPE_CHECKING:
    from app.core.embedded import Instance

NAME = "legacy_window"
REPOSITORY = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
ROWS = 100
TURN_S = 10.0
LOOK_S = 0.15
TICK_MS = 1
LONG_MS = 50.0
LONGEST_LOAD_S = 600.0
DELAY_S = 0.02
BESIDE = 10
"""The niceness of the others where there is no class for what may wait."""


def run(instance: "Instance", *, small: bool, seconds: float = LONGEST_LOAD_S) -> dict[str, Any]:
    """Load the house with a window leading; what its event loop went through."""
    import psycopg

    from app.core import schema
    from app.core.db import Database, Target
    from app.services.demo import people
    from app.simulate.data import make
    from app.simulate.images import ImageServer
    from benchmarks import legacy_week, pictures

    address = schema.init(instance.admin_dsn("postgres"), NAME)
    people.ensure(address, instance.people)
    dsn = schema.with_database(instance.user_dsn(LOGIN), NAME)
    target, password = Target.from_dsn(dsn)
    size = "small" if small else "full"
    with ImageServer(make("full")) as images, simulator(size) as url, tempfile.TemporaryDirectory() as home:
        with psycopg.connect(address, autocommit=True) as raw:
            raw.execute(
                "INSERT INTO catalog.unit (code, name_de, name_en) VALUES ('pcs', 'Stück', 'pieces') "
                "ON CONFLICT DO NOTHING"
            )
            raw.execute(
                "INSERT INTO catalog.tax_class (code, name_de, name_en, rate) VALUES ('full', 'voll', 'full', 19) "
                "ON CONFLICT DO NOTHING"
            )
        db = Database(target, password)
        db.open()
        legacy_week.make_key(db)
        db.close()
        pictures.read(dsn, address, images)
        images.quirks.delay = DELAY_S
        setting = {
            "port": target.port,
            "dbname": NAME,
            "login": LOGIN,
            "password": password,
            "home": home,
            "admin": address,
            "url": url,
            "seconds": seconds,
        }
        _step_aside(instance)
        found = _window(setting)
    with psycopg.connect(instance.admin_dsn("postgres"), autocommit=True) as raw:
        raw.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    return found


def _step_aside(instance: "Instance") -> None:
    """What would be another machine gets the processors when the window leaves them."""
    import psutil

    found = [*psutil.Process().children(recursive=True)]
    postmaster = instance.status().pid
    if postmaster is not None:
        found += [psutil.Process(postmaster), *psutil.Process(postmaster).children(recursive=True)]
    for process in found:
        with suppress(psutil.Error, OSError):
            if sys.platform == "linux":
                for thread in process.threads():
                    os.sched_setscheduler(thread.id, os.SCHED_IDLE, os.sched_param(0))
            elif sys.platform == "win32":
                process.nice(psutil.IDLE_PRIORITY_CLASS)
            else:
                process.nice(BESIDE)


def _window(setting: dict[str, Any]) -> dict[str, Any]:
    environment = {"QT_QPA_PLATFORM": "offscreen"} if not os.environ.get("DISPLAY") else {}
    answer = subprocess.run(
        [sys.executable, "-c", "from benchmarks.legacy_window import work; work()"],
        input=json.dumps(setting),
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | environment | {"WERKBANK_HOME": setting["home"]},
        check=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


class Blocks:
    """How long the event loop did not turn, told by a timer that is due every millisecond.

    Beside each time stands the processor time the whole process took in it: on a machine that has other things to do
    as well, that is what the window would have waited for its own threads at most. The third is what its own thread
    took: the rest is other threads'.
    """

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.held: list[tuple[float, float, float]] = []
        self._last = _clocks()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def _tick(self) -> None:
        now = _clocks()
        wall, spent, own = ((after - before) * 1000 for after, before in zip(now, self._last, strict=True))
        self.held.append((wall - TICK_MS, min(wall - TICK_MS, spent), own))
        self._last = now

    def begin(self) -> None:
        """Watch from here on."""
        self._last = _clocks()
        self._timer.start()

    def end(self) -> list[tuple[float, float, float]]:
        """Milliseconds of every turn since `begin`: all, those of the process, those of the window's thread."""
        self._timer.stop()
        held, self.held = self.held, []
        return held


def _clocks() -> tuple[float, float, float]:
    return time.perf_counter(), time.process_time(), time.thread_time()


class _Person:
    """Somebody at the window: waits in a real event loop, opens lists, scrolls."""

    def __init__(self, program: Any) -> None:
        self.program = program
        self.lists = 0
        self.filters = itertools.cycle("78")

    def wait(self, seconds: float) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            self.wait(0.01)
            if time.monotonic() > end:
                raise TimeoutError(what)

    def open_list(self) -> Any:
        """Open a list of products with pictures; a key goes down for it, as for everything somebody does."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from app.views.core.list_page import ListPage

        window = self.program.window
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_Shift)
        window.open_workspace("catalog.products", filters={"sku": next(self.filters)})

        def view() -> Any:
            page = window.area.current.page
            there = isinstance(page, ListPage) and page.isVisible() and page.model.rowCount() >= ROWS
            return page.table if there else None

        self.until(view, "the products")
        self.lists += 1
        return view()

    def scroll(self, table: Any) -> None:
        """Look through a hundred of them."""
        visible = max(table.viewport().height() // table.rowHeight(0), 1)
        bar = table.verticalScrollBar()
        for first in range(0, ROWS, visible):
            bar.setValue(bar.maximum() * first // table.model().rowCount())
            self.wait(LOOK_S)


def _ordered(times: Iterable[float]) -> list[float]:
    return sorted(times, reverse=True)


def _measure(setting: dict[str, Any]) -> dict[str, Any]:
    import psycopg
    from PySide6.QtWidgets import QApplication

    from app import bootstrap
    from app.core import config
    from app.core.courtesy import gate
    from app.services.legacy import calls

    bootstrap.make_application()
    profile = config.ServerProfile(
        name="Benchmark", host="127.0.0.1", port=setting["port"], dbname=setting["dbname"]
    )
    config.save_profile(profile)
    program = bootstrap.Program(profile.name, [(setting["login"], "", "administrator", setting["password"])])
    person, blocks = _Person(program), Blocks()
    program.show_login()
    login = program.login
    assert login is not None
    person.until(login.isVisible, "the login")
    login.sign_in()
    person.until(lambda: program.window is not None, "the window")
    person.until(lambda: program.tasks.idle, "the first page")
    window = program.window
    assert window is not None
    stepped_back = {"idle": 0.0, "": 0.0, "_alone": 0.0}
    names = ("open_alone", "scroll_alone", "idle", "open", "scroll")
    held: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    person.scroll(person.open_list())  # what is imported and built only once

    def lists(seconds: float, which: str = "") -> None:
        end, before = time.monotonic() + seconds, gate.waited
        while time.monotonic() < end:
            blocks.begin()
            table = person.open_list()
            held[f"open{which}"] += blocks.end()
            blocks.begin()
            person.scroll(table)
            held[f"scroll{which}"] += blocks.end()
        stepped_back[which] += gate.waited - before

    def idle(seconds: float) -> None:
        before = gate.waited
        blocks.begin()
        person.wait(seconds)
        held["idle"] += blocks.end()
        stepped_back["idle"] += gate.waited - before

    lists(TURN_S, "_alone")
    person.filters = itertools.cycle("56978")  # pictures nobody has seen yet come first
    with psycopg.connect(setting["admin"], autocommit=True) as raw:
        raw.execute(
            "INSERT INTO legacy.server (code, kind, title, base_url, username, ca_file, timeout_s) "
            "VALUES ('load', '4d', '', %s, '', '', 60)",
            (setting["url"],),
        )
        answer = calls.call(window.ctx.db, "legacy_run_request", p_command=uuid.uuid4(), p_mode="full")

        def run() -> tuple[str, int, float]:
            row = raw.execute(
                "SELECT r.state, coalesce(sum(e.read_count), 0)::bigint,"
                " extract(epoch FROM coalesce(r.finished_at, clock_timestamp()) - r.started_at)::float8"
                " FROM legacy.run r LEFT JOIN legacy.run_entity e ON e.run_id = r.id"
                " WHERE r.id = %s GROUP BY r.id",
                (answer["id"],),
            ).fetchone()
            assert row is not None
            return str(row[0]), int(row[1]), float(row[2] or 0)

        person.until(lambda: run()[0] == "running", "the run")
        end = time.monotonic() + float(setting["seconds"])
        while run()[0] == "running" and time.monotonic() < end:
            idle(TURN_S)
            lists(TURN_S)
        state, rows, seconds = run()
    found: dict[str, Any] = {"window_run_state": state, "window_rows": rows, "window_s": round(seconds, 1)}
    for name, turns in held.items():
        if not turns:
            continue
        for what, ordered in zip(("", "_cpu", "_own"), map(_ordered, zip(*turns, strict=True)), strict=True):
            found[f"window_{name}_longest_block{what}_ms"] = round(ordered[0], 1)
            found[f"window_{name}_blocks_over_{LONG_MS:.0f}{what}_ms"] = sum(one > LONG_MS for one in ordered)
    found["window_sync_stepped_back_idle_s"] = round(stepped_back["idle"], 1)
    found["window_sync_stepped_back_lists_s"] = round(stepped_back[""], 1)
    found["window_lists_looked_through"] = person.lists
    found["load_average"] = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    window.close()
    QApplication.processEvents()
    program.end()
    return found


def work() -> None:
    """The measured process: reads the setting from standard input, prints the figures."""
    print(json.dumps(_measure(json.loads(sys.stdin.readline()))))
