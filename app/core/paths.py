"""The one folder per user that holds everything the program writes outside the database.

``WERKBANK_HOME`` moves it; ``werkbank clean`` removes it.  Standard library only: the launcher uses this
module before anything is installed.
"""

import hashlib
import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def home() -> Path:
    """The user's folder as an absolute path; it need not exist yet."""
    chosen = os.environ.get("WERKBANK_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "Werkbank"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Werkbank"
    data_home = os.environ.get("XDG_DATA_HOME", "")
    # The base directory specification tells programs to ignore a relative value.
    base = Path(data_home) if data_home.startswith("/") else Path.home() / ".local" / "share"
    return base / "werkbank"


def ensure_home() -> Path:
    """Create the user's folder and return it; an existing one keeps its mode.

    Other users cannot list it.  Root's folder may be passed through, because the account under which root's
    embedded server runs must reach its cluster; what is not that server's business is closed one level below.
    """
    folder = home()
    folder.mkdir(mode=0o711 if is_root() else 0o700, parents=True, exist_ok=True)
    return folder


def ensure_private(folder: Path) -> Path:
    """Create a folder below ``home()`` that only the user can enter, and return it."""
    ensure_home()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def is_root() -> bool:
    """Whether this process runs as root."""
    return sys.platform != "win32" and os.geteuid() == 0


def venvs() -> Path:
    """Virtual environments, one per interpreter version and set of pinned requirements."""
    return home() / "venv"


def instances() -> Path:
    """Embedded database servers, one folder each."""
    return home() / "instances"


def cache() -> Path:
    """Files that can be made again at any time: server binaries, images."""
    return home() / "cache"


def logs() -> Path:
    """The program's own log files."""
    return home() / "logs"


def drafts() -> Path:
    """Unsaved forms, kept so that a crash loses nothing."""
    return home() / "drafts"


def layouts() -> Path:
    """Remembered windows and lists, per person."""
    return home() / "layouts"


def tours() -> Path:
    """Pictures and documents of tours."""
    return home() / "tours"


def reports() -> Path:
    """Reports of imports."""
    return home() / "reports"


def profiles_file() -> Path:
    """The server profiles shown at login."""
    return home() / "profiles.json"


def guard_file() -> Path:
    """What the guard of a server must know, passwords included."""
    return home() / "guard.json"


def scan_file() -> Path:
    """Which virus scanner this workplace asks about attachments; absent, none is asked."""
    return home() / "scan.json"


def server_side() -> Path:
    """Where an embedded server started by root keeps its cluster when its own account cannot enter ``home()``.

    PostgreSQL refuses to run as root, and the modes of folders such as ``/root`` are not ours to loosen.
    """
    mark = hashlib.sha256(str(home()).encode()).hexdigest()[:12]
    return Path("/var/lib") / f"werkbank-{mark}"


def entries() -> tuple[Path, ...]:
    """What the program keeps directly below ``home()``; nothing else there is its business."""
    return (
        venvs(),
        instances(),
        cache(),
        logs(),
        drafts(),
        layouts(),
        tours(),
        reports(),
        profiles_file(),
        guard_file(),
        scan_file(),
    )
