"""h: fifteen people at once, each a process with a login and connections of its own, orders and moves mixed."""

import json
import random
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from app.core.db import Database, Target
from app.core.errors import AppError
from app.services.inventory import writes as stock
from benchmarks import cases
from benchmarks.measure import spread
from benchmarks.world import World

WORKERS = 15
SECONDS = 20.0


def run(setting: dict[str, Any], workers: int = WORKERS, seconds: float = SECONDS) -> dict[str, Any]:
    """Start the workers, let them begin together, and add up what they did."""
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", "from benchmarks.crowd import work; work()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )
        for _ in range(workers)
    ]
    for number, worker in enumerate(crowd):
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(setting | {"seed": number, "seconds": seconds}) + "\n")
        worker.stdin.flush()
    for worker in crowd:
        assert worker.stdout is not None
        worker.stdout.readline()  # ready
    begin = time.time() + 0.5
    for worker in crowd:
        assert worker.stdin is not None
        worker.stdin.write(f"{begin}\n")
        worker.stdin.close()
    answers = [json.loads(worker.stdout.read()) for worker in crowd if worker.stdout is not None]
    for worker in crowd:
        worker.wait()
    result: dict[str, Any] = {
        "workers": workers,
        "seconds": seconds,
        "errors": [key for answer in answers for key in answer["errors"]],
    }
    for kind in ("order", "move"):
        times = [value for answer in answers for value in answer[kind]]
        if times:
            figures = spread(times)
            result[kind] = {"n": figures.n, "per_s": round(figures.n / seconds, 2)} | {
                "median_ms": round(figures.median_ms, 2),
                "p95_ms": round(figures.p95_ms, 2),
            }
    result["all_per_s"] = round(sum(result[kind]["per_s"] for kind in ("order", "move") if kind in result), 2)
    return result


def work() -> None:
    """One person: reads the setting and the start from standard input, answers with its times."""
    setting = json.loads(sys.stdin.readline())
    ids: Any = {name: tuple(v) if isinstance(v, list) else v for name, v in setting["world"].items()}
    world = World(**ids)
    people = {}
    for role in ("sales", "warehouse"):
        target, password = Target.from_dsn(setting["dsn"][role])
        people[role] = Database(target, password)
        people[role].open()
    house = cases.House(
        world=world,
        today=date.fromisoformat(setting["today"]),
        sales=people["sales"],
        warehouse=people["warehouse"],
        planner=people["sales"],
        operator=people["sales"],
        finance=people["sales"],
        random=random.Random(setting["seed"]),  # noqa: S311  (not for secrets)
    )
    print("ready", flush=True)
    begin = float(sys.stdin.readline())
    time.sleep(max(0.0, begin - time.time()))
    done: dict[str, Any] = {"order": [], "move": [], "errors": []}
    while time.time() < begin + setting["seconds"]:
        kind = house.random.choice(("order", "move"))
        start = time.perf_counter()
        try:
            if kind == "order":
                cases.ordered(house, cases.header(house), cases.chosen(house))
            else:
                house.warehouse.write(stock.transfer_stock, cases.move(house))
        except AppError as error:
            done["errors"].append(error.key)
            continue
        done[kind].append(time.perf_counter() - start)
    for db in people.values():
        db.close()
    print(json.dumps(done))
