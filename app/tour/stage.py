"""The stage of a tour: a database with data, a folder of its own for what the window remembers, a screen."""

import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.commands import MISSING, CommandError, say
from app.core import config
from app.core.embedded import Instance

WIDTH, HEIGHT = 1440, 900
ADMINISTRATOR = "u_ralf"


@dataclass(frozen=True, slots=True)
class Stage:
    """A database to play in.  ``data_set`` says in a word what lies in it."""

    instance: Instance
    data_set: str

    @property
    def admin_dsn(self) -> str:
        """The address under which the outcome is checked; no step uses it."""
        return self.instance.admin_dsn()

    @property
    def passwords(self) -> Mapping[str, str]:
        """Passwords of the demo people."""
        return self.instance.people

    @property
    def profile(self) -> config.ServerProfile:
        """The server as the login window offers it."""
        status = self.instance.status()
        return config.ServerProfile(
            name="Demo", host=status.host, port=self.instance.port, dbname=self.instance.dbname
        )


@contextmanager
def database(source: Path | None, instance: str, *, keep: bool) -> Iterator[Stage]:
    """A database with data: the named instance as it stands, or a fresh one that is removed afterwards."""
    from app.commands.db import make_ready

    if instance:
        found = Instance(instance)
        if not found.status().exists:
            raise CommandError(f"the embedded server {instance!r} has not been set up", MISSING)
        found.ensure()
        yield Stage(found, "instance")
        return
    if source is not None and not source.is_dir():
        raise CommandError(f"{source} is not a folder", MISSING)
    own = Instance(f"tour-{secrets.token_hex(3)}")
    try:
        make_ready(own, company=source is None)
        if source is not None:
            _import(own, source)
        yield Stage(own, "demo" if source is None else "adventureworks")
    finally:
        if keep:
            say(f"The tour's database stays: werkbank db status --instance {own.name}")
        else:
            own.remove()


def _import(instance: Instance, source: Path) -> None:
    """Import the files as the company's administrator does it."""
    from app.core.db import ClientInfo, Database, Target
    from app.services.imports import adventureworks

    say(f"Importing {source} …")
    target, password = Target.from_dsn(instance.user_dsn(ADMINISTRATOR))
    db = Database(target, password, client=ClientInfo(name="werkbank tour"))
    db.open()
    try:
        adventureworks.run(db, source)
    finally:
        db.close()


@contextmanager
def own_home() -> Iterator[Path]:
    """A folder of its own for layouts, drafts, profiles: the tour neither sees nor leaves any of the user's."""
    before = os.environ.get("WERKBANK_HOME")
    with tempfile.TemporaryDirectory(prefix="werkbank-tour-", ignore_cleanup_errors=True) as folder:
        os.environ["WERKBANK_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["WERKBANK_HOME"]
            else:
                os.environ["WERKBANK_HOME"] = before


@contextmanager
def company_time() -> Iterator[None]:
    """The clock of the company's town: around midnight a computer elsewhere has another day than its documents."""
    before = os.environ.get("TZ")
    if not hasattr(time, "tzset"):  # Windows
        yield
        return
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def choose_platform(folder: Path) -> None:
    """Where there is no display, give Qt an unseen screen of the size of the pictures."""
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    shown = (
        sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if asked not in ("", "offscreen") or (not asked and shown):
        return
    if sys.platform == "win32":
        return  # the screen's description cannot be given there: the colon of its path ends the option
    screen = {
        "name": "tour",
        "x": 0,
        "y": 0,
        "width": WIDTH,
        "height": HEIGHT,
        "logicalDpi": 96,
        "logicalBaseDpi": 96,
        "dpr": 1,
    }
    file = folder / "screen.json"
    file.write_text(json.dumps({"synchronousWindowSystemEvents": False, "screens": [screen]}), "utf-8")
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={file}"
