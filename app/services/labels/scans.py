"""What a scanned code says by itself, before anybody is asked: GS1 data, article numbers, the house's own codes.

A code may be read in more than one way (thirteen digits are an article number, and may be somebody's order number as
well); `Reading` holds all that is known, and the database looks for all of it at once.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.errors import Invalid
from app.services.labels import gs1, own_codes

COMMANDS = ("confirm", "cancel", "undo", "post", "more")
_COMMAND = "W"
WRONG_DIGIT = "gs1_check_digit"
EAN_8 = 8
OURS = "company_internal_2"  # beside GS1 data our labels bear the house's own code as identifier 92
# Identifiers of the symbology in front of a code (ISO/IEC 15424), as far as they say nothing else.
_AIM = frozenset("ACEFGHIJLQRSXdez")


@dataclass(frozen=True, slots=True)
class Reading:
    """A code that was scanned.

    ``code`` is the text without what the scanner adds, ``kind`` gs1, gtin, own, command or plain.  ``gtin`` has 14
    digits; ``own`` is what one of the house's codes names, with its ``parts``.  ``command`` is one of `COMMANDS` or
    a digit.  ``wrong_digit``: it would be an article or shipping number, if its check digit were right.
    """

    raw: str
    code: str
    kind: str = "plain"
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    sscc: str = ""
    expires_on: dt.date | None = None
    qty: Decimal | None = None
    own: str = ""
    parts: tuple[str, ...] = ()
    command: str = ""
    wrong_digit: bool = False

    @property
    def damaged(self) -> bool:
        """Whether it can be nothing but a number that was misread; eight digits may be a supplier's own number."""
        return self.wrong_digit and not (len(self.code) == EAN_8 and self.code.isdigit())

    def asked(self) -> dict[str, Any]:
        """What the database is asked for."""
        found: dict[str, Any] = {"code": self.code}
        if self.gtin:
            found["eans"] = [
                self.gtin[14 - n :] for n in (8, 12, 13, 14) if not self.gtin[: 14 - n].strip("0")
            ]
        for key in ("lot", "serial", "sscc", "own"):
            if value := getattr(self, key):
                found[key] = value
        if self.parts:
            found["parts"] = list(self.parts)
        return found


def command_code(command: str) -> str:
    """The code of a command on the sheet people scan from."""
    return f"{_COMMAND}/{command.upper()}"


def read(raw: str, separators: str = gs1.FNC1) -> Reading:
    """What a code says by itself; never fails: what is nothing else is plain."""
    text = raw.strip(" \r\n\t")
    announced = gs1.announced(text)
    code = text[3:] if _has_aim(text) else text
    if (command := _command(code)) is not None:
        return Reading(raw, code, "command", command=command)
    if code[:2].upper() == f"{_COMMAND}/" and len(code) > 2:
        # A command this program does not know is no less the house's own.
        return Reading(raw, code, "own", own="command", parts=(code[2:],))
    if (own := own_codes.parse(code)) is not None:
        lot = own.parts[1] if own.kind == "lot" else ""
        return Reading(raw, code, "own", lot=lot, own=own.kind, parts=own.parts)
    if announced or code.startswith("(") or any(sign in code for sign in separators):
        try:
            return _gs1(raw, text, separators)
        except Invalid as error:
            return Reading(raw, code, wrong_digit=error.key == WRONG_DIGIT)
    if (gtin := _gtin(code)) is not None:
        return Reading(raw, code, "gtin", gtin=gtin)
    if (code.isascii() and code.isdigit() and len(code) in (18, 20)) or _begins_as_gs1(code):
        bare = "00" + code if len(code) == 18 and code.isdigit() else code
        try:
            return _gs1(raw, bare, separators)
        except Invalid as error:
            sscc = bare[:2] == "00" and len(bare) == 20 and bare.isdigit()
            return Reading(raw, code, wrong_digit=sscc and error.key == WRONG_DIGIT)
    # Digits as many as an article number has, and yet none.
    return Reading(raw, code, wrong_digit=code.isascii() and code.isdigit() and len(code) in gs1.GTIN_LENGTHS)


def _has_aim(text: str) -> bool:
    return len(text) > 3 and text[0] == "]" and text[1] in _AIM and text[2].isalnum()


def _begins_as_gs1(code: str) -> bool:
    # Without an announcement only what begins with a whole article number and goes on is taken for GS1.
    return (
        len(code) > 18 and code[:2] in ("01", "02") and code[:16].isdigit() and _gtin(code[2:16]) is not None
    )


def _command(code: str) -> str | None:
    letter, _, word = code.partition("/")
    word = word.lower()
    if letter.upper() != _COMMAND or not word:
        return None
    return word if word in COMMANDS or (len(word) == 1 and word.isascii() and word.isdigit()) else None


def _gtin(code: str) -> str | None:
    try:
        return gs1.gtin14(code)
    except Invalid:
        return None


def _gs1(raw: str, text: str, separators: str) -> Reading:
    elements = gs1.parse(text, separators)
    known = gs1.named(elements)
    own = own_codes.parse(str(known.get(OURS) or ""))
    if own is not None and not known.keys() & {"gtin", "content", "sscc"}:
        return Reading(raw, gs1.bracketed(elements), "own", own=own.kind, parts=own.parts)
    expires = known.get("expires_on") or known.get("best_before")
    count = known.get("count") or known.get("variable_count")
    return Reading(
        raw,
        gs1.bracketed(elements),
        "gs1",
        gtin=str(known.get("gtin") or known.get("content") or ""),
        lot=str(known.get("lot") or ""),
        serial=str(known.get("serial") or ""),
        sscc=str(known.get("sscc") or ""),
        expires_on=expires if isinstance(expires, dt.date) else None,
        qty=count if isinstance(count, Decimal) else None,
    )
