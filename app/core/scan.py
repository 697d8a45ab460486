"""Scanners that type: what a burst of keys is told from a person by, and what a keyboard of another country does to it.

Pure: no window, no clock.  Whoever hears the keys gives each with its time, and does what the answer says.
"""

import re
from dataclasses import dataclass, field

ENDS = ("\r", "\n", "\t")
# The house's shortest codes: a letter, a stroke and one sign, such as the digits of the sheet of commands.
SHORT_OWN = re.compile(r"[A-Za-z]/[0-9A-Za-z]")
GROUP = "\x1d"
LONGEST = 2000
# The sheet of commands bears it: each sign that wanders between the keyboards of two countries.
CALIBRATION = "WB-yz/YZ_42"
_US = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./" + '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'
_DE = "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-" + "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_"
LAYOUTS: dict[str, dict[int, str]] = {
    "same": {},
    # The scanner types as an American keyboard, the computer has a German one, and the other way round.
    "us_on_de": {ord(got): meant for meant, got in zip(_US, _DE, strict=True)},
    "de_on_us": {ord(got): meant for meant, got in zip(_DE, _US, strict=True)},
}


@dataclass(frozen=True, slots=True)
class WedgeSettings:
    """How the scanner types.

    ``gap_ms``: keys that follow each other so closely are not a person's.  ``shortest``: fewer characters are no code,
    unless they are one of the house's own.
    ``prefix``: the sign every code begins with, empty for none.  ``needs_end``: Enter or Tab follows every code.
    """

    gap_ms: float = 40.0
    shortest: int = 4
    prefix: str = ""
    needs_end: bool = True
    layout: str = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about a key: give ``released`` to whom they were meant for, keep this one when ``held``, or take
    ``code`` as scanned."""

    held: bool = False
    released: tuple[object, ...] = ()
    code: str = ""


@dataclass
class Wedge:
    """Tells scanned characters from typed ones.

    Every character waits until the next one is late; then it was typed, and goes where it was meant to go.  A burst
    that an Enter or a Tab ends is a code, and nobody else ever sees a key of it.  ``token`` is whatever the caller
    needs to give a key back.
    """

    settings: WedgeSettings = field(default_factory=WedgeSettings)
    _held: list[tuple[str, object]] = field(default_factory=list)
    _last: float = 0.0
    _armed: bool = False

    @property
    def waiting(self) -> bool:
        """Whether keys are held back now."""
        return bool(self._held)

    def goes_on(self, at: float) -> bool:
        """Whether a key that comes now would belong to what is held back."""
        return bool(self._held) and at - self._last <= self._patience()

    def key(self, sign: str, at: float, token: object) -> Step:
        """A key: its character (Enter, Tab and the group separator as control characters), empty for any other key.

        ``at`` is in milliseconds, by the clock of the keyboard if there is one.
        """
        released: tuple[object, ...] = ()
        if self._held and not self.goes_on(at):
            released = self._let_go()
        if sign in ENDS and sign:
            return self._ended(released)
        prefix = self.settings.prefix
        if prefix and not self._armed:
            if sign != prefix:
                return Step(released=released)
            self._armed = True
        if not sign or not (sign.isprintable() or sign == GROUP) or len(self._held) >= LONGEST:
            return Step(released=released + self._let_go())
        self._held.append((sign, token))
        self._last = at
        return Step(held=True, released=released)

    def quiet(self, at: float) -> Step:
        """No key came for a while: what was held back is a code without an end, or somebody's typing."""
        if not self._held or self.goes_on(at):
            return Step()
        if not self.settings.needs_end and self._complete():
            return Step(code=self._taken())
        return Step(released=self._let_go())

    def let_go(self) -> tuple[object, ...]:
        """Give back what is held: the window is losing the keyboard."""
        return self._let_go()

    def _patience(self) -> float:
        # Behind a prefix nobody is typing: a radio link may stutter.
        return max(self.settings.gap_ms, 250.0) if self._armed else self.settings.gap_ms

    def _complete(self) -> bool:
        if self._armed or len(self._held) >= self.settings.shortest:
            return True
        return SHORT_OWN.fullmatch(self._meant("".join(sign for sign, _token in self._held))) is not None

    def _meant(self, text: str) -> str:
        return text.translate(LAYOUTS.get(self.settings.layout, {}))

    def _ended(self, released: tuple[object, ...]) -> Step:
        if self._held and self._complete():
            return Step(held=True, released=released, code=self._taken())
        return Step(released=released + self._let_go())

    def _taken(self) -> str:
        text = "".join(sign for sign, _token in self._held)
        if self._armed:
            text = text.removeprefix(self.settings.prefix)
        self._held, self._armed = [], False
        return self._meant(text)

    def _let_go(self) -> tuple[object, ...]:
        tokens = tuple(token for _sign, token in self._held)
        self._held, self._armed = [], False
        return tokens


def layout_of(got: str) -> str | None:
    """How the scanner's keyboard differs from the computer's, from what arrived of `CALIBRATION`; None: it is another
    code, or a keyboard nobody has told us of."""
    for name, table in LAYOUTS.items():
        if got.translate(table) == CALIBRATION:
            return name
    return None
