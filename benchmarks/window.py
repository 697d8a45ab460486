"""The window: start to login, login to usable, opening every workspace, scrolling 100,000 rows, memory with ten tabs.

Runs in a process of its own (`work`), offscreen unless a display is there, against the demo
company with 100,000 more products, as the administrator, who sees every workspace.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
LOGIN = "u_ralf"
PATIENCE = 60.0
SCANS = 40
TABS = 12


def run(*, small: bool, scans: bool = False) -> dict[str, Any]:
    """Prepare a database, measure in another process, give its figures; ``scans``: only those of the scanner."""
    import psycopg

    from app.core import schema
    from app.core.embedded import Instance
    from app.services.demo import load
    from benchmarks import world

    instance = Instance(f"bench-{secrets.token_hex(3)}").ensure()
    try:
        address = schema.init(instance.admin_dsn("postgres"), instance.dbname)
        load.ensure(address, instance.people)
        with psycopg.connect(address, autocommit=True) as raw:
            world.add_products(raw, 2_000 if small else 100_000)
            raw.execute("VACUUM ANALYZE")
        setting = {
            "port": instance.port,
            "dbname": instance.dbname,
            "login": LOGIN,
            "password": instance.people[LOGIN],
            "started": time.time(),
            "scans": scans,
        }
        environment = {"QT_QPA_PLATFORM": "offscreen"} if not os.environ.get("DISPLAY") else {}
        answer = subprocess.run(
            [sys.executable, "-c", "from benchmarks.window import work; work()"],
            input=json.dumps(setting),
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | environment,
            check=True,
        )
        found: dict[str, Any] = json.loads(answer.stdout)
        return found
    finally:
        instance.remove()


class _Blocks:
    """How long the event loop was held at most, told by how late a timer that is always due comes."""

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._tick)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def measure(self, action: Callable[[], object]) -> float:
        """The longest hold in milliseconds while ``action`` runs."""
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer.start()
        action()
        self._timer.stop()
        return self.longest * 1000


def _measure(setting: dict[str, Any]) -> dict[str, Any]:
    import psutil
    from PySide6.QtWidgets import QApplication

    from app import bootstrap
    from app.core import config
    from app.core.i18n import t

    application = bootstrap.make_application()
    profile = config.ServerProfile(
        name="Benchmark", host="127.0.0.1", port=setting["port"], dbname=setting["dbname"]
    )
    config.save_profile(profile)
    program = bootstrap.Program(profile.name, [(setting["login"], "", "administrator", setting["password"])])
    found: dict[str, Any] = {}

    def until(condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            application.processEvents()
            if time.monotonic() > end:
                raise TimeoutError(what)

    program.show_login()
    login = program.login
    assert login is not None
    until(login.isVisible, "the login")
    application.processEvents()
    found["start_to_login_ms"] = round((time.time() - setting["started"]) * 1000)
    ready: list[bool] = []
    program.ready.connect(lambda: ready.append(True))
    start = time.perf_counter()
    login.sign_in()
    until(lambda: ready and program.window is not None, "the window")
    window = program.window
    assert window is not None
    tasks, counter = program.tasks, window.ctx.db.counter
    until(lambda: tasks.idle, "the first page")
    if setting["scans"]:
        return _with_tabs(program, tasks, until)
    found["login_to_usable_ms"] = round((time.perf_counter() - start) * 1000)
    found["login_to_usable_round_trips"] = counter.round_trips
    found["workspaces"] = {}
    for workspace in window.ctx.registry.workspaces.values():
        before = counter.round_trips
        start = time.perf_counter()
        window.open_workspace(workspace.key)
        until(lambda: tasks.idle, workspace.key)
        application.processEvents()
        found["workspaces"][t(workspace.title)] = {
            "ms": round((time.perf_counter() - start) * 1000),
            "round_trips": counter.round_trips - before,
        }
    found["tabs_open"] = len(found["workspaces"])
    found["memory_mb"] = round(psutil.Process().memory_info().rss / 1_000_000)
    found["scroll"] = _scroll(window, tasks, until)
    found["scan"] = _scan(window, tasks, until)
    window.close()
    QApplication.processEvents()
    program.end()
    return found


def _with_tabs(program: Any, tasks: Any, until: Callable[..., None]) -> dict[str, Any]:
    """Scans with the scanner's screen alone, and with as many tabs open as people have on a long day."""
    window = program.window
    found = {f"scan_{len(window.area.tabs)}_tabs": _scan(window, tasks, until)}
    for key in [key for key in window.ctx.registry.workspaces if key != "scan_look"]:
        if len(window.area.tabs) >= TABS:
            break
        window.open_workspace(key)
        until(lambda: tasks.idle, key)
    found[f"scan_{len(window.area.tabs)}_tabs"] = _scan(window, tasks, until)
    window.close()
    program.end()
    return found


def _scan(window: Any, tasks: Any, until: Callable[..., None]) -> dict[str, Any]:
    """From the last key of a scanner that types to tone, colour and what the screen says; a code is new each time."""
    from dataclasses import replace

    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from sqlalchemy import text

    from app.views.core.scanner import ScanHub

    hub = window.findChild(ScanHub)
    hub.apply(replace(hub.settings, sound=False, gap_ms=200))
    newest = text(f"SELECT sku FROM catalog.product ORDER BY id DESC LIMIT {SCANS}")  # noqa: S608  (a constant)
    codes = window.ctx.db.read(lambda session: list(session.execute(newest).scalars()))
    window.open_workspace("scan_look")
    until(lambda: tasks.idle, "the screen")
    tones: list[str] = []
    hub.signalled.connect(tones.append)
    handle = window.windowHandle()
    times: list[float] = []
    for code in codes:
        for sign in code:
            QTest.keyClick(handle, Qt.Key(ord(sign.upper())))
        count = len(tones)
        start = time.perf_counter()
        QTest.keyClick(handle, Qt.Key.Key_Return)
        until(lambda known=count: len(tones) > known, f"scan of {code}")
        times.append(time.perf_counter() - start)
        until(lambda: tasks.idle, "the rows")
    ordered = sorted(times)
    return {
        "scans": len(ordered),
        "found": tones.count("ok"),
        "median_ms": round(ordered[len(ordered) // 2] * 1000, 1),
        "longest_ms": round(ordered[-1] * 1000, 1),
    }


def _scroll(window: Any, tasks: Any, until: Callable[..., None]) -> dict[str, Any]:
    """Scroll the product list to its end, page by page; the list loads as it goes."""
    from PySide6.QtWidgets import QApplication

    from app.views.core.table_view import TableView

    window.open_workspace("catalog.products")
    until(lambda: tasks.idle, "the products")
    view = next(view for view in window.findChildren(TableView) if view.isVisible())
    bar = view.verticalScrollBar()
    steps: list[float] = []

    def down() -> None:
        end = time.monotonic() + PATIENCE * 3
        while time.monotonic() < end:
            at = bar.value()
            start = time.perf_counter()
            bar.setValue(min(bar.maximum(), at + bar.pageStep()))
            QApplication.processEvents()
            steps.append(time.perf_counter() - start)
            if bar.value() == bar.maximum():
                until(lambda: tasks.idle, "more rows")
                QApplication.processEvents()
                if bar.value() == bar.maximum():
                    return

    longest = _Blocks().measure(down)
    ordered = sorted(steps)
    return {
        "rows": view.model().rowCount(),
        "steps": len(steps),
        "median_step_ms": round(ordered[len(ordered) // 2] * 1000, 1),
        "longest_block_ms": round(longest, 1),
    }


def work() -> None:
    """The measured process: reads the setting from standard input, prints the figures."""
    print(json.dumps(_measure(json.loads(sys.stdin.readline()))))
