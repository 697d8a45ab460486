"""Pictures of an image service: reading it, and a list of products with thumbnails from a cold and a warm cache.

The service is the simulated one, with 2,489 pictures and 50 ms before each answer; the window runs in a process of
its own, offscreen unless a display is there, and each time with a new start.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
LOGIN = "u_ralf"
PATIENCE = 60.0
ROWS = 100
DELAY_S = 0.05


def run(*, small: bool) -> dict[str, Any]:
    """Prepare a database, read the service into it, measure the window; gives the figures."""
    from app.core import schema
    from app.core.embedded import Instance
    from app.services.demo import load
    from app.simulate.data import make
    from app.simulate.images import ImageServer

    instance = Instance(f"bench-{secrets.token_hex(3)}").ensure()
    try:
        address = schema.init(instance.admin_dsn("postgres"), instance.dbname)
        load.ensure(address, instance.people)
        with ImageServer(make("small" if small else "full")) as server, tempfile.TemporaryDirectory() as home:
            server.quirks.delay = DELAY_S
            found = read(instance.user_dsn(LOGIN), address, server)
            setting = {
                "port": instance.port,
                "dbname": instance.dbname,
                "login": LOGIN,
                "password": instance.people[LOGIN],
                "home": home,
            }
            for name in ("cold", "warm"):
                before = server.counters.requests["media"]
                found |= {f"{name}_{key}": value for key, value in _window(setting).items()}
                found[f"{name}_requests"] = server.counters.requests["media"] - before
        return found
    finally:
        instance.remove()


def read(dsn: str, address: str, server: Any) -> dict[str, Any]:
    """The first reading, and one that finds nothing new."""
    import psycopg

    from app.core.db import Database, Target, call_api
    from app.services.images.client import Service
    from app.services.images.sync import run_images
    from app.services.legacy.leader import Leader
    from app.services.legacy.service import Services, Waiter

    numbers = sorted(
        {str(a.get("number") or a.get("article_number")) for r in server.records for a in r["articles"]}
    )
    with psycopg.connect(address, autocommit=True) as raw:
        # A product for each number the service knows, in front of all others, without a picture of its own.
        raw.execute(
            "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id) SELECT n, 'Article ' || n,"
            " (SELECT min(id) FROM catalog.unit), (SELECT min(id) FROM catalog.tax_class)"
            " FROM unnest(%s::text[]) n ON CONFLICT DO NOTHING",
            (numbers,),
        )
        raw.execute(
            "INSERT INTO legacy.server (code, kind, title, base_url, username)"
            " VALUES ('pictures', 'images', 'Pictures', %s, %s)",
            (server.url, server.username),
        )
        raw.execute("VACUUM ANALYZE")
    target, password = Target.from_dsn(dsn)
    db = Database(target, password)
    db.open()
    found: dict[str, Any] = {"records": len(server.records), "products": len(numbers)}
    stop = threading.Event()
    service = Service(server.url, server.username, server.password)
    try:
        leader = Leader(db)
        leader.take()
        services = Services(db, leader, None, stop, pace=Waiter(leader, stop, renews=True))

        def call(function: str, **params: Any) -> dict[str, Any]:
            from app.core.changes import NO_CHANGES, Result

            return db.write(lambda s, c: Result(call_api(s, function, **c), NO_CHANGES), params).value

        for name in ("first", "unchanged"):
            call("legacy_run_request", p_command=uuid.uuid4(), p_mode="images")
            run = call("legacy_run_next", p_token=services.token)
            start = time.perf_counter()
            state, error = run_images(
                db, services, run, stop=stop, progress=lambda _progress: None, service=service
            )
            found[f"{name}_reading_s"] = round(time.perf_counter() - start, 2)
            call("legacy_run_end", p_token=services.token, p_run_id=run["id"], p_state=state, p_error=error)
        leader.release()
    finally:
        db.close()
    return found


def _window(setting: dict[str, Any]) -> dict[str, Any]:
    environment = {"QT_QPA_PLATFORM": "offscreen"} if not os.environ.get("DISPLAY") else {}
    answer = subprocess.run(
        [sys.executable, "-c", "from benchmarks.pictures import work; work()"],
        input=json.dumps(setting),
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | environment | {"WERKBANK_HOME": setting["home"]},
        check=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _measure(setting: dict[str, Any]) -> dict[str, Any]:
    from PySide6.QtWidgets import QApplication

    from app import bootstrap
    from app.core import config
    from app.views.core.table_view import TableView
    from benchmarks.window import _Blocks

    application = bootstrap.make_application()
    profile = config.ServerProfile(
        name="Benchmark", host="127.0.0.1", port=setting["port"], dbname=setting["dbname"]
    )
    config.save_profile(profile)
    program = bootstrap.Program(profile.name, [(setting["login"], "", "administrator", setting["password"])])

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
    ready: list[bool] = []
    program.ready.connect(lambda: ready.append(True))
    login.sign_in()
    until(lambda: ready and program.window is not None, "the window")
    window = program.window
    assert window is not None
    until(lambda: program.tasks.idle, "the first page")
    images = window.ctx.images
    window.open_workspace("catalog.products", filters={"sku": "8"})  # those of the service

    def list_of_pictures() -> Any:
        views = [view for view in window.findChildren(TableView) if view.isVisible()]
        return views[0] if views and views[0].model().rowCount() >= ROWS else None

    # The clock starts with the list: what is measured is the way of the pictures.
    until(list_of_pictures, "the products")
    start = time.perf_counter()
    view = list_of_pictures()
    model = view.model()
    height = view.rowHeight(0)

    def shown(first: int, last: int) -> int:
        ratio, side = view.devicePixelRatioF(), view.itemDelegate().thumb_side
        keys = [(row.image_id, row.image_hash) for row in model.rows[first:last] if row.image_id]
        return sum(images.thumb(key, min(side, height - 4), ratio) is not None for key in keys)

    visible = min(view.viewport().height() // height, ROWS)
    wanted = sum(bool(row.image_id) for row in model.rows[:visible])
    times: dict[str, float] = {}

    def wait_visible() -> None:
        until(lambda: shown(0, visible) == wanted, "the visible pictures")
        times["visible_ms"] = (time.perf_counter() - start) * 1000

    def scroll_all() -> None:
        for first in range(0, ROWS, visible):
            view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() * first // model.rowCount())
            last = min(first + visible, ROWS)
            part = sum(bool(row.image_id) for row in model.rows[first:last])
            until(lambda: shown(first, last) == part, "a page of pictures")  # noqa: B023  (waited for right here)
        times["all_ms"] = (time.perf_counter() - start) * 1000

    def both() -> None:
        wait_visible()
        scroll_all()

    block = _Blocks().measure(both)
    found: dict[str, Any] = {name: round(value) for name, value in times.items()}
    found["visible_rows"] = wanted
    found["longest_block_ms"] = round(block, 1)
    found["memory_mb"] = round(images.memory / 1e6, 1)
    window.close()
    QApplication.processEvents()
    program.end()
    return found


def work() -> None:
    """The measured process: reads the setting from standard input, prints the figures."""
    print(json.dumps(_measure(json.loads(sys.stdin.readline()))))
