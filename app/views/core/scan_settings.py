"""What a workplace knows of its scanner; kept on this computer, for everybody who works at it."""

import platform
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from app.core import paths
from app.core.scan import LAYOUTS, WedgeSettings
from app.views.core.settings_store import SettingsStore

KEY = "scanner"
SPEEDS = (9600, 19200, 38400, 57600, 115200)


@dataclass(frozen=True)
class ScannerSettings:
    """``wedge``: listen for scanners that type.  ``port``: the serial port of one that does not, empty for none."""

    wedge: bool = True
    gap_ms: int = 40
    shortest: int = 4
    prefix: str = ""
    needs_end: bool = True
    layout: str = "same"
    port: str = ""
    baud: int = 9600
    sound: bool = True

    def typing(self) -> WedgeSettings:
        """How the scanner types."""
        return WedgeSettings(float(self.gap_ms), self.shortest, self.prefix, self.needs_end, self.layout)


def workplace() -> str:
    """What this computer is called in the log."""
    return platform.node() or "?"


def store() -> SettingsStore:
    """The file the settings are kept in."""
    return SettingsStore(paths.layouts() / "scanner.json")


def load(kept: SettingsStore) -> ScannerSettings:
    """The settings, with the default for whatever is not there or makes no sense."""
    values: Any = kept.get(KEY)
    known = {field.name: field.type for field in fields(ScannerSettings)}
    default = ScannerSettings()
    if not isinstance(values, dict):
        return default
    fitting = {
        key: value
        for key, value in values.items()
        if key in known and type(value) is type(getattr(default, key))
    }
    found = replace(default, **fitting)
    return replace(
        found,
        gap_ms=min(max(found.gap_ms, 10), 200),
        shortest=min(max(found.shortest, 2), 40),
        prefix=found.prefix[:1],
        layout=found.layout if found.layout in LAYOUTS else "same",
        baud=found.baud if found.baud in SPEEDS else 9600,
    )


def save(kept: SettingsStore, settings: ScannerSettings) -> None:
    """Keep the settings, at once."""
    kept.set(KEY, asdict(settings))
    kept.flush()
