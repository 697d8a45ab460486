"""The bad habits of both peers, each to be switched while they run, and the clock sessions live by."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from random import Random
from typing import Any, Literal, get_args

Fault = Literal["500", "503", "html", "cut", "hang", "close", "empty"]
"""What can go wrong with one answer: an error, a page for people, half of it, silence, a closed door, nothing."""


class Clock:
    """Time as the peer sees it; tests move it."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._stopped: float | None = None

    def now(self) -> float:
        """Seconds since 1970."""
        return (time.time() if self._stopped is None else self._stopped) + self._offset

    def advance(self, seconds: float) -> None:
        """Jump ahead, or back with a negative number."""
        self._offset += seconds

    def stop(self, moment: datetime | None = None) -> None:
        """Stand still, at a moment or where it is, until moved."""
        at = self.now() if moment is None else moment.timestamp()
        self._stopped, self._offset = at, 0.0

    def moment(self) -> datetime:
        """Now, with its zone."""
        return datetime.fromtimestamp(self.now(), UTC)

    def today(self) -> date:
        """The day on the wall beside the peer."""
        return self.moment().astimezone().date()


@dataclass
class Quirks:
    """Every habit with its harmless value; change the attributes at any time."""

    # Both peers
    delay: float = 0.0
    """Seconds before every answer."""
    errors: float = 0.0
    """Share of answers that are an error 500."""
    cut: float = 0.0
    """Share of answers that end in the middle."""
    html: float = 0.0
    """Share of answers that are a page for people instead of data."""
    hangs: float = 0.0
    """Share of requests that are never answered."""
    page_cap: int = 0
    """Most rows in one answer, whatever was asked; 0 for no limit."""
    seed: int = 1
    """Of the chance the shares are drawn with."""

    # 4D
    sessions: int = 3
    """How many sessions the licence allows."""
    lifetime: int = 3600
    """Seconds without a request after which a session ends."""
    renew: int = 0
    """After so many requests a session gets another cookie; the old one is unknown from then on.  0: never."""
    cookies: Literal["WASID4D", "both", "4DSID"] = "WASID4D"
    """Which session cookies the server sets."""
    two_cookies: int = 401
    """The status for two session cookies in one request: 401 or 403."""
    brackets: bool = True
    """Deferred links as ``/rest/Table[key]``; else ``/rest/Table(key)``."""
    absolute: bool = False
    """Deferred links with scheme and host."""
    refuse_like: bool = False
    """LIKE is an error, as the manual has it."""
    refuse_params: bool = False
    """Placeholders are an error."""
    refuse_filters: bool = False
    """Every filter is an error."""
    ignore_filters: bool = False
    """Every filter is overlooked: the answer is everything."""
    ignore_order: bool = False
    """Rows come in another order each time, even when an order was asked for."""
    unordered: bool = False
    """Without an order asked for, rows come in another order each time."""
    shape: Literal["entities", "value", "list"] = "entities"
    """The three forms a page may have: the envelope, ``{"value": […]}`` or a bare list."""
    login: str = ""
    """``user:password`` a session has to begin with; empty: none is asked for."""
    wrapped_catalog: bool = False
    """The structure of one table comes inside ``dataClasses``, as that of several does."""
    no_catalog: bool = False
    """The catalogue is an error."""

    # The image service
    internal_host: bool = False
    """Addresses of files name a host nobody outside reaches."""
    media_auth: bool = False
    """Files need the password too."""
    missing_files: float = 0.0
    """Share of files that are listed and not there."""
    wrong_files: float = 0.0
    """Share of files that are not what they say."""

    def set(self, text: str) -> None:
        """Take one setting written ``name=value`` or ``name``; ValueError when there is no such habit."""
        name, given, value = text.partition("=")
        name = name.strip().replace("-", "_")
        known = {one.name: one for one in fields(self)}
        if name not in known:
            raise ValueError(f"there is no quirk {name!r}; there are: {', '.join(sorted(known))}")
        default: Any = known[name].default
        if isinstance(default, bool):
            if given and value.lower() not in {"1", "0", "true", "false", "on", "off"}:
                raise ValueError(f"{name} is on or off, not {value!r}")
            setattr(self, name, not given or value.lower() in {"1", "true", "on"})
            return
        if not given:
            raise ValueError(f"{name} needs a value: {name}=…")
        choices = get_args(known[name].type)
        if choices and value not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}, not {value!r}")
        try:
            setattr(self, name, type(default)(value))
        except ValueError:
            raise ValueError(f"{name} is a number, not {value!r}") from None


class Luck:
    """Decides what happens to the next answer: first what a test ordered, then the shares."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._random = Random(quirks.seed)  # noqa: S311  (repeatable on purpose)
        self._ordered: list[tuple[Fault | None, str]] = []
        self._lock = threading.Lock()

    def order(self, faults: Sequence[Fault | None], where: str = "") -> None:
        """Let the next answers whose address contains ``where`` go wrong one after the other; None goes well."""
        with self._lock:
            self._ordered += [(fault, where) for fault in faults]

    def forget(self) -> None:
        """Nothing that was ordered happens any more."""
        with self._lock:
            self._ordered.clear()

    def draw(self, address: str) -> Fault | None:
        """What happens to this answer."""
        with self._lock:
            for place, (fault, where) in enumerate(self._ordered):
                if where in address:
                    del self._ordered[place]
                    return fault
            shares: tuple[tuple[Fault, float], ...] = (
                ("500", self._quirks.errors),
                ("cut", self._quirks.cut),
                ("html", self._quirks.html),
                ("hang", self._quirks.hangs),
            )
            for fault, share in shares:
                if share and self._random.random() < share:
                    return fault
        return None


@dataclass
class Counters:
    """What a peer saw; for tests and for the screen of whoever shows it."""

    requests: Counter[str] = field(default_factory=Counter)
    """By kind: page, entity, keys, catalog, info, compute, distinct, login, media …"""
    tables: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    bytes: int = 0
    writes_refused: int = 0
    sessions_opened: int = 0
    sessions_expired: int = 0
    sessions_alive: int = 0
    sessions_alive_max: int = 0
    sessions_refused: int = 0
    cookies_refused: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in values.items()}
