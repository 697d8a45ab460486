"""Printers and jobs in words and colours."""

from collections.abc import Iterable
from typing import Any

from app.core import clock
from app.core import format as fmt
from app.core.i18n import has_text, t
from app.services.printing import reads, station
from app.services.printing.device import READY
from app.services.printing.writes import PRINTER
from app.views.core.remembered import Remembered

STATUS: dict[Any, tuple[str, str]] = {
    "idle": ("ok", "printing.status.idle"),
    "printing": ("info", "printing.status.printing"),
    "media_out": ("bad", "printing.status.media_out"),
    "media_jam": ("bad", "printing.status.media_jam"),
    "cover_open": ("bad", "printing.status.cover_open"),
    "toner_low": ("warn", "printing.status.toner_low"),
    "toner_out": ("bad", "printing.status.toner_out"),
    "paused": ("warn", "printing.status.paused"),
    "attention": ("bad", "printing.status.attention"),
    "offline": ("bad", "printing.status.offline"),
    "unknown": ("neutral", "printing.status.unknown"),
}
STATES: dict[Any, tuple[str, str]] = {
    "waiting": ("info", "printing.state.waiting"),
    "held": ("neutral", "printing.state.held"),
    "sending": ("info", "printing.state.sending"),
    "sent": ("ok", "printing.state.sent"),
    "done": ("ok", "printing.state.done"),
    "failed": ("bad", "printing.state.failed"),
    "unclear": ("warn", "printing.state.unclear"),
    "cancelled": ("neutral", "printing.state.cancelled"),
}
_WHILE_DAYS = 7
OFFERED: Remembered[reads.Offered] = Remembered(reads.offered, frozenset({PRINTER}))
KINDS = tuple((kind, f"printing.kind.{kind}") for kind in ("ipp", "raw", "lpd", "system"))
LANGUAGES = tuple((code, f"printing.language.{code}") for code in ("pdf", "pwg", "zpl", "escpos"))
SIDES = tuple(
    (code, f"printing.sides.{code}") for code in ("one-sided", "two-sided-long-edge", "two-sided-short-edge")
)


def ready(status: str) -> bool:
    """Whether a printer prints."""
    return status in READY


def place_choices(places: Iterable[reads.Place]) -> list[tuple[int, str]]:
    """Work places to choose from: which one is this one, and which have not been seen for a while."""
    own, today = station.code(), clock.today()

    def words(place: reads.Place) -> str:
        day = clock.here(place.last_seen).date()
        if place.code == own:
            return t("printing.place.here", place=place.name)
        if (today - day).days >= _WHILE_DAYS:
            return t("printing.place.seen", place=place.name, day=fmt.date_(day))
        return place.name

    return [(place.id, words(place)) for place in places]


def kind_words(code: str) -> str:
    """A kind of document in words; the code itself when nobody has named it."""
    if not code:
        return t("printing.route.any")
    for key in (f"paper.kind.{code}", f"printing.document.{code}"):
        if has_text(key):
            return t(key)
    return code


def untried(row: reads.JobRow, kind: str) -> str:
    """Why a job waits that nobody has tried: in few words (``kind`` "why") or in a sentence ("job"); else nothing."""
    if row.state == "waiting" and not row.in_use:
        return t(f"printing.{kind}.out_of_use")
    if row.state == "waiting" and not row.reason and row.only_at:
        return t(f"printing.{kind}.only_at", place=row.only_at)
    return ""


def reason_words(reason: str, printer: str = "", detail: str = "") -> str:
    """Why a job waits or failed, and what to do."""
    if not reason:
        return detail
    key = f"error.{reason}"
    if not has_text(key):
        return detail or reason
    return t(key, printer=printer, what=detail, pages="", id="")


def reason_short(reason: str, printer: str = "", detail: str = "") -> str:
    """The same in the few words that have room in a list."""
    key = f"printing.why.{reason}"
    return t(key, what=detail) if has_text(key) else reason_words(reason, printer, detail)


def found_out(printer: str, reasons: str) -> str:
    """What the program found out about a printer, in words; empty where the printer speaks for itself."""
    key, _, what = reasons.partition(", ")
    return reason_words(key, printer, what) if has_text(f"error.{key}") else ""


def messages(printer: str, reasons: str) -> str:
    """What a printer says of itself, in its own words; what the program found out about it in those of the reader."""
    return found_out(printer, reasons) or reasons
