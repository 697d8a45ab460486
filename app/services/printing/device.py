"""What every kind of printer can be asked and told, whatever wire it hangs on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from app.core.errors import Unavailable

StatusCode = Literal[
    "idle",
    "printing",
    "media_out",
    "media_jam",
    "cover_open",
    "toner_low",
    "toner_out",
    "paused",
    "attention",
    "offline",
    "unknown",
]
JobState = Literal["sent", "done", "failed", "gone"]

SEND_S = 540.0
"""How long one job may be on its way: the queue holds one that has begun for ten minutes."""

# With these a job is sent; with the others it waits, where a colleague can send it to another printer.
READY: frozenset[str] = frozenset({"idle", "printing", "toner_low", "unknown"})


class Cut(Unavailable):
    """The connection ended after the first bytes of a document: nobody knows what is on paper."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a printer is; ``reasons`` are its own words."""

    code: StatusCode
    reasons: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a job sent now comes out."""
        return self.code in READY


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a printer can; empty where it does not say.  ``dpi`` are dots per inch it takes pictures in."""

    model: str = ""
    formats: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    trays: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    colour: bool | None = None
    dpi: tuple[int, ...] = ()
    answers: bool = False  # whether it can be asked how it is

    @property
    def resolution(self) -> int:
        """The dots per inch things are painted in: enough for paper, else the most there are; 0 unknown."""
        return min((one for one in self.dpi if one >= 300), default=max(self.dpi, default=0))

    def as_json(self) -> dict[str, Any]:
        """As the registry keeps it."""
        return {
            "model": self.model,
            "formats": list(self.formats),
            "media": list(self.media),
            "trays": list(self.trays),
            "sides": list(self.sides),
            "colour": self.colour,
            "dpi": list(self.dpi),
            "answers": self.answers,
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Capabilities":
        """As the registry kept it."""

        def words(key: str) -> tuple[str, ...]:
            return tuple(str(one) for one in said.get(key) or ())

        return cls(
            str(said.get("model") or ""),
            words("formats"),
            words("media"),
            words("trays"),
            words("sides"),
            said.get("colour"),
            tuple(int(one) for one in said.get("dpi") or ()),
            bool(said.get("answers")),
        )


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to print.  ``content`` is of kind ``mime``; ``pages`` is a range such as ``1-3``, empty for all."""

    content: bytes
    mime: str
    title: str
    person: str = ""
    copies: int = 1
    tray: str = ""
    sides: str = ""
    pages: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it: ``done`` when the printer says so, else ``sent``; ``remote`` is its own number for the job."""

    state: JobState
    remote: str = ""


class Device(Protocol):
    """A printer that can be reached from here.  Not for several threads at once."""

    def probe(self) -> tuple[Status, Capabilities]:
        """Ask how it is and what it can.  Raises Unavailable when it does not answer."""

    def send(self, task: Task, began: Callable[[str], object]) -> Sent:
        """Print.

        ``began`` is called before the first byte of the document leaves, with the printer's number for the job when
        there is one.  Until then `Unavailable` means that nothing happened; afterwards it is `Cut`.  Refused: the
        printer will never take it.
        """

    def follow(self, remote: str) -> JobState:
        """What became of a job it was given; ``gone`` when it does not know."""

    def cancel(self, remote: str) -> None:
        """Take a job back, as far as it can."""

    def close(self) -> None:
        """End the connection."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a printer is and how to get in.  ``ca`` is a file or the certificates themselves."""

    kind: str  # ipp, raw, lpd, system
    address: str
    language: str = "pdf"  # what it wants: pdf, pwg, zpl, escpos, text
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    timeout: float = 20.0
    dpi: int = 300
    capabilities: Capabilities = Capabilities()
