"""The old system in the status bar: up to date, at work, waiting, out of reach."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.views.core.marks import Divider, Label
from app.views.core.plain import plain
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.shell.light import Light

_KINDS = {
    "idle": "ok",
    "following": "ok",
    "running": "info",
    "waiting": "warn",
    "silent": "warn",
    "no_key": "warn",
    "unreachable": "bad",
    "failed": "bad",
}


class LegacyStatus(Protocol):
    """What the sync tells of itself."""

    @property
    def state(self) -> Any: ...

    @property
    def holder(self) -> str: ...

    @property
    def progress(self) -> Any: ...

    @property
    def until(self) -> datetime | None: ...

    @property
    def reason(self) -> str: ...

    @property
    def error(self) -> Any: ...

    @property
    def since(self) -> datetime | None: ...

    @property
    def nothing_read(self) -> bool: ...

    @property
    def nobody(self) -> bool: ...

    @property
    def pictures_fail(self) -> bool: ...


class LegacyLight(QWidget):
    """A dot, a few words, more in the tip."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("status.legacy")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        self.light = Light("ok")
        self.words = Label("", "small500", "text2")
        self.words.setObjectName("status.legacy_words")
        line = Divider(vertical=True)
        line.setFixedHeight(px("gap_m"))
        for part in (self.light, self.words, line):
            row.addWidget(part)

    def show_status(self, status: LegacyStatus) -> None:
        """Say how it stands; where there is no old system, nothing."""
        state = str(status.state)
        share = _share(status.progress) if state in ("running", "following") else None
        odd = _odd(status) if share is None else ""
        kind = "info" if share is not None else "warn" if odd else _KINDS.get(state, "")
        self.setVisible(bool(kind))
        if not kind:
            return
        self.light.set_kind(kind)
        if share is not None:
            self.words.setText(t("shell.legacy.running", share=fmt.percent(share)))
        elif state == "waiting" and status.until is not None:
            self.words.setText(t("shell.legacy.waiting_until", at=f"{status.until.astimezone():%H:%M}"))
        else:
            said = odd or ("reading" if state == "running" else state)
            self.words.setText(t(f"shell.legacy.{said}"))
        lost = state == "waiting" and status.reason == "legacy_session_lost"
        about = "lost" if lost else "nobody" if odd == "nobody" else state
        tip = [t(f"shell.legacy.about.{about}")]
        if odd not in ("", "nobody"):
            tip.append(t(f"shell.legacy.about.{odd}"))
        if status.since is not None:
            tip.append(t("shell.legacy.silent_since", at=f"{status.since.astimezone():%H:%M:%S}"))
            if status.until is not None:
                tip.append(t("shell.legacy.silent_again", at=f"{status.until.astimezone():%H:%M:%S}"))
        if status.holder:
            tip.append(t("shell.legacy.holder", client=status.holder))
        if status.error is not None:
            tip.append(error_text(status.error))
        self.setToolTip(plain("\n".join(tip)))
        self.setAccessibleName(self.words.text())


def _odd(status: LegacyStatus) -> str:
    """Why a quiet sync is not up to date; empty when it is, and while something else is to be told."""
    if str(status.state) not in ("idle", "following"):
        return ""
    if status.nothing_read:
        return "nothing_read"
    return "nobody" if status.nobody else "pictures" if status.pictures_fail else ""


def _share(progress: Any) -> Decimal | None:
    """How far a run is, in per cent: the tables that are done, and the part of the one at work; None without a run."""
    if not progress.entity_count:
        return None
    part = progress.done / progress.total if progress.total else 0
    return Decimal(
        min(100, int(100 * (max(progress.entity_index - 1, 0) + min(part, 1)) / progress.entity_count))
    )
