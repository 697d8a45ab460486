"""Speed and size, printed: `werkbank bench --json FILE`.  Nothing here passes or fails.

The database cases run on a throw-away PostgreSQL with its default settings, under real roles with row security, over
TCP; then the window is measured in processes of its own.  Where a peer was measured on the same work, its figure
stands beside ours.
"""

import argparse
import json
import os
import platform
import random
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from app.core import schema
from app.core.db import Database, Target
from app.core.embedded import Instance
from app.services.demo import people
from benchmarks import cases, crowd, policies, trail, world
from benchmarks.measure import Figures

PEER = json.loads((Path(__file__).parent / "peer.json").read_text(encoding="utf-8"))
LOGINS = {
    "sales": "u_jana",
    "warehouse": "u_karin",
    "planner": "u_tomas",
    "operator": "u_petra",
    "finance": "u_franziska",
}
SIZES = (10_000, 100_000, 1_000_000)


def main(argv: list[str]) -> int:
    """Run the benchmark; returns 0."""
    parser = argparse.ArgumentParser(
        prog="werkbank bench", description="Measure speed and size of every case."
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument(
        "--only",
        default="abcdefghijklnrstwp",
        metavar="LETTERS",
        help="cases to run; w is the window, s scans, p pictures, i invoices as PDF and e-invoice, n labels,"
        " j print jobs",
    )
    parser.add_argument("--calls", type=int, default=20, metavar="N", help="measured calls per case")
    parser.add_argument("--small", action="store_true", help="leave out the large data")
    arguments = parser.parse_args(argv)
    report: dict[str, Any] = {"machine": _machine(), "cases": {}}
    instance = Instance(f"bench-{secrets.token_hex(3)}").ensure()
    try:
        _database(instance, arguments, report)
    finally:
        instance.remove()
    if "w" in arguments.only:
        from benchmarks.window import run as run_window

        report["window"] = run_window(small=arguments.small)
        _print_window(report["window"])
    if "s" in arguments.only:
        from benchmarks.window import run as run_window

        report["scans"] = run_window(small=arguments.small, scans=True)
        print("\nscans")
        for case, figures in report["scans"].items():
            for part, number in figures.items():
                print(f"{f'{case}_{part}':<48}{number:>10}")
    if "p" in arguments.only:
        from benchmarks.pictures import run as run_pictures

        report["pictures"] = run_pictures(small=arguments.small)
        print("\npictures")
        for name, value in report["pictures"].items():
            print(f"{name:<48}{value:>10}")
    if "i" in arguments.only:
        from benchmarks.papers import run as run_papers

        report["papers"] = run_papers(small=arguments.small)
        print("\ninvoices of ten lines, a second, on one core")
        for name, value in report["papers"].items():
            print(f"{name:<56}{value:>10}")
    if "n" in arguments.only:
        from benchmarks.labels import run as run_labels

        report["labels"] = run_labels(small=arguments.small)
        print("\nlabels")
        for name, value in report["labels"].items():
            print(f"{name:<56}{value:>10}")
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2, ensure_ascii=False), encoding="utf-8")
        print(f"\nwritten to {arguments.json}")
    return 0


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


def _house(instance: Instance, address: str, base: world.World) -> cases.House:
    opened = {}
    for name, login in LOGINS.items():
        target, password = Target.from_dsn(instance.user_dsn(login))
        opened[name] = Database(target, password)
        opened[name].open()
    with psycopg.connect(address) as raw:
        today = raw.execute("SELECT system.today()").fetchone()
    assert today is not None
    return cases.House(world=base, today=today[0], random=random.Random(1), **opened)  # noqa: S311


def _database(instance: Instance, arguments: argparse.Namespace, report: dict[str, Any]) -> None:
    address = schema.init(instance.admin_dsn("postgres"), instance.dbname)
    people.ensure(address, instance.people)
    with psycopg.connect(address, autocommit=True) as raw:
        version = raw.execute("SHOW server_version").fetchone()
        report["machine"]["postgresql"] = version[0] if version else ""
        print(f"PostgreSQL {report['machine']['postgresql']} with its defaults, {os.cpu_count()} cores")
        base = world.add_movers(raw, world.build(raw))
        raw.execute("VACUUM ANALYZE")
        house = _house(instance, address, base)
        setting = {
            "world": asdict(base),
            "today": house.today.isoformat(),
            "dsn": {name: instance.user_dsn(LOGINS[name]) for name in ("sales", "warehouse")},
        }
        raw.execute("ALTER ROLE u_jana CONNECTION LIMIT 100")
        raw.execute("ALTER ROLE u_karin CONNECTION LIMIT 100")
        try:
            _heading("small")
            _keep(report, [("0_insert_and_commit", cases.floor(raw))], "small")
            _sizes(house, arguments, report, "small")
            if "t" in arguments.only:
                _keep(report, trail.trail(house, raw, arguments.calls * 2), "")
            if "r" in arguments.only:
                _keep(report, policies.compare(house, raw, arguments.calls * 2), "small")
            if "j" in arguments.only:
                _printing(house, raw, report)
            have = 0
            if "d" in arguments.only:
                for want in SIZES[:1] if arguments.small else SIZES:
                    world.add_moves(raw, have, want, base)
                    have = want
                    _keep(report, cases.on_hand(house, arguments.calls, want), "")
            if not arguments.small:
                _heading("large: + 100,000 products, 100,000 orders, 1,000,000 moves")
                world.add_products(raw, 100_000)
                world.add_orders(raw, 100_000, base)
                raw.execute("VACUUM ANALYZE")
                _sizes(house, arguments, report, "large")
                if "r" in arguments.only:
                    world.add_moves(raw, have, SIZES[-1], base)
                    _keep(report, policies.compare(house, raw, arguments.calls * 2), "large")
            if "h" in arguments.only:
                _crowd(report, setting)
            if "k" in arguments.only:
                _week(instance, raw, report, small=arguments.small)
            if "l" in arguments.only:
                _load(instance, report, small=arguments.small)
        finally:
            for db in house.everybody():
                db.close()


def _printing(house: cases.House, raw: psycopg.Connection[Any], report: dict[str, Any]) -> None:
    from benchmarks.printing import run

    report["printing"] = run(house.sales, raw)
    for name, value in report["printing"].items():
        print(f"print_{name:<42}{value:>10}")


def _sizes(house: cases.House, arguments: argparse.Namespace, report: dict[str, Any], size: str) -> None:
    calls = arguments.calls
    groups: dict[str, Any] = {
        "a": lambda: cases.order_to_invoice(house, calls),
        "c": lambda: cases.moves(house, calls * 2),
        "e": lambda: cases.making(house, max(3, calls // 4)),
        "f": lambda: cases.searching(house, calls),
        "g": lambda: cases.listing(house, calls),
    }
    for letter, group in groups.items():
        if letter in arguments.only or (letter == "a" and "b" in arguments.only):
            _keep(report, group(), size)


def _heading(text: str) -> None:
    print(
        f"\n{text}\n{'case':<48}{'median ms':>10}{'p95':>9}{'stmts':>7}{'trips':>7}{'peer ms':>10}{'times':>8}"
    )


def _keep(report: dict[str, Any], found: Iterable[tuple[str, Figures]], size: str) -> None:
    for name, figures in found:
        key = f"{name}@{size}" if size else name
        peer = PEER.get(key)
        report["cases"][key] = figures.as_dict() | ({"peer_median_ms": peer} if peer else {})
        beside = f"{peer:>10.1f}{peer / figures.median_ms:>7.0f}×" if peer else ""
        print(
            f"{name:<48}{figures.median_ms:>10.2f}{figures.p95_ms:>9.2f}"
            f"{figures.statements:>7.1f}{figures.round_trips:>7.1f}{beside}",
            flush=True,
        )


def _crowd(report: dict[str, Any], setting: dict[str, Any]) -> None:
    found = crowd.run(setting)
    report["cases"]["h_15_people_mixed"] = found | {"peer_per_s": PEER["h_15_people_mixed_per_s"]}
    times = found["all_per_s"] / PEER["h_15_people_mixed_per_s"]
    print(
        f"\nh: {found['workers']} people, {found['seconds']:.0f} s: {found['all_per_s']} actions/s"
        f" ({times:.0f} times the peer's {PEER['h_15_people_mixed_per_s']}/s),"
        f" order median {found['order']['median_ms']} ms, move {found['move']['median_ms']} ms,"
        f" {len(found['errors'])} errors"
    )


def _week(instance: Instance, raw: psycopg.Connection[Any], report: dict[str, Any], *, small: bool) -> None:
    from benchmarks import legacy_week

    target, password = Target.from_dsn(instance.user_dsn("u_ralf"))
    db = Database(target, password)
    db.open()
    try:
        legacy_week.make_key(db)
        found = legacy_week.run(db, raw, days=1.0 if small else 7.0)
    finally:
        db.close()
    report["legacy_week"] = found
    print("\nk: the old system's one session")
    for name, value in found.items():
        print(f"{name:<48}{value:>10}")


def _load(instance: Instance, report: dict[str, Any], *, small: bool) -> None:
    from benchmarks import legacy_load, legacy_window

    found = report["legacy_load"] = legacy_load.run(instance, small=small)
    found |= legacy_window.run(instance, small=small)
    print("\nl: a whole house from the old system")
    for name, value in found.items():
        if name != "seconds_by_entity":
            print(f"{name:<48}{value:>10}")


def _print_window(found: dict[str, Any]) -> None:
    print("\nwindow")
    for name, value in found.items():
        if name == "workspaces":
            for title, cost in value.items():
                print(f"  open {title:<41}{cost['ms']:>10} ms{cost['round_trips']:>6} trips")
        elif name in ("scroll", "scan"):
            for part, number in value.items():
                print(f"{f'{name}_{part}':<48}{number:>10}")
        else:
            print(f"{name:<48}{value:>10}")
