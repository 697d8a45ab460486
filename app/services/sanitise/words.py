"""Made-up values: the same input gives the same output within one copy, and nothing leads back without its secret."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any, Final

import yaml

from app.core.schema import REPOSITORY

_FORM: Final = re.compile(
    r"\b(GmbH\s*&\s*Co\.?\s*KG|GmbH|mbH|AG|KGaA|KG|OHG|e\.\s?K\.?|e\.\s?V\.?|UG|GbR|SE|Ltd\.?|Inc\.?|B\.?V\.?|S\.?A\.?S?|S\.?r\.?l\.?|"
    r"ApS|AB|Oy|LLC)(?![\w])"
)
_TITLES: Final = frozenset(
    (
        "herr",
        "frau",
        "hr.",
        "fr.",
        "dr.",
        "prof.",
        "herrn",
        "familie",
        "fam.",
        "mr",
        "mrs",
        "mr.",
        "mrs.",
        "ms",
        "ms.",
    )
)
_POSTAL_LINE: Final = re.compile(r"^([A-Z]{1,3}-)?(\d{4,5}) +(\S.*)$")
_TRIES = 200


@cache
def word_lists() -> dict[str, list[str]]:
    """The lists of ``resources/sanitise/words.yaml``."""
    found: dict[str, list[str]] = yaml.safe_load(
        (REPOSITORY / "resources/sanitise/words.yaml").read_text("utf-8")
    )
    return found


class Words:
    """Replaces values of people and firms.

    ``people`` are full names known to be a person's, where a column holds names of both. No made-up surname, firm,
    place or address is one of ``originals`` (case does not count).
    """

    def __init__(
        self,
        secret: bytes,
        *,
        people: AbstractSet[str] = frozenset(),
        originals: AbstractSet[str] = frozenset(),
    ) -> None:
        self._secret = secret
        self._people = people
        self._originals = originals
        self._known: dict[tuple[str, str], str] = {}

    def digest(self, kind: str, value: str, turn: int = 0) -> int:
        """A number only this copy's secret leads to."""
        text = f"{kind}\0{turn}\0{value}".encode()
        return int.from_bytes(hmac.new(self._secret, text, hashlib.sha256).digest()[:16], "big")

    def replace(self, kind: str, value: str) -> str:
        """The made-up value for this one; an empty one stays empty."""
        if not value.strip():
            return value
        key = kind, value
        if (found := self._known.get(key)) is None:
            found = self._known[key] = getattr(self, f"_{kind}")(value)
        return found

    # -- people and firms -----------------------------------------------------------------------------

    def _person(self, value: str) -> str:
        """Word by word, so that full names fit the columns that hold only a part of them."""
        tokens = value.split()
        shown = [token for token in tokens if token.lower() not in _TITLES]
        if not shown:
            return value
        names = [self.replace("given", token) for token in shown[:-1]] + [self.replace("surname", shown[-1])]
        titles = [token for token in tokens if token.lower() in _TITLES]
        return " ".join(titles + names)

    def _given(self, value: str) -> str:
        return self._pick("given", "given", value.strip())

    def _surname(self, value: str) -> str:
        return self._unlike("surname", value.strip().casefold(), self._surname_made)

    def _surname_made(self, number: int) -> str:
        begin, number = _one(word_lists()["surname_begin"], number)
        return begin + _one(word_lists()["surname_end"], number)[0]

    def _party(self, value: str) -> str:
        return self.replace("person" if value in self._people else "company", value)

    def _company(self, value: str) -> str:
        found = _FORM.search(value)
        form = f" {found.group(0)}" if found else ""

        def made(number: int) -> str:
            number, left = divmod(number, 1 << 40)
            return f"{self._surname_made(left)} {_one(word_lists()['trade'], number)[0]}{form}"

        return self._unlike("company", value.strip(), made)

    def _login(self, value: str) -> str:
        """Logins keep what their first letter says; ``postgres`` and the like are not people."""
        if not re.match(r"^[uts]_", value):
            return value
        return f"{value[:2]}x{self.digest('login', value):032x}"[:12]

    # -- places ---------------------------------------------------------------------------------------

    def _street(self, value: str) -> str:
        def made(number: int) -> str:
            street, number = _one(word_lists()["street"], number)
            return f"{street} {number % 198 + 1}"

        return self._unlike("street", value.strip(), made)

    def _city(self, value: str) -> str:
        def made(number: int) -> str:
            begin, number = _one(word_lists()["city_begin"], number)
            return begin + _one(word_lists()["city_end"], number)[0]

        return self._unlike("city", value.strip(), made)

    def _postcode(self, value: str) -> str:
        return value[:1] + self._shape_of("postcode", value[1:], value)

    def _address(self, value: str) -> str:
        """An address in lines, as documents carry it: name, street, postcode and place."""
        lines = re.split(r"(\r\n|\r|\n|\\r)", value)
        for at in range(0, len(lines), 2):
            lines[at] = self._address_line(lines[at].strip(), first=at == 0)
        return "".join(lines)

    def _address_line(self, line: str, *, first: bool) -> str:
        if not line:
            return line
        if postal := _POSTAL_LINE.match(line):
            land, code, city = postal.groups()
            return f"{land or ''}{self.replace('postcode', code)} {self.replace('city', city)}"
        if not first and re.search(r"\d", line):
            return self.replace("street", line)
        return self.replace("party", line)

    # -- ways to reach somebody -----------------------------------------------------------------------

    def _email(self, value: str) -> str:
        return f"post-{self.digest('email', value.strip().casefold()):032x}"[:15] + "@muster.example"

    def _web(self, value: str) -> str:
        return f"www.muster-{self.digest('web', value.strip().casefold()):032x}"[:21] + ".example"

    def _phone(self, value: str) -> str:
        keep = 3 if value.startswith("+") else 1
        return value[:keep] + self._shape_of("phone", value[keep:], value)

    def _vat(self, value: str) -> str:
        return self._shape_of("vat", value, value, letters=False)

    def _ref(self, value: str) -> str:
        return self._shape_of("ref", value, value)

    def _iban(self, value: str) -> str:
        """A number of the same country and length with right check digits."""
        bare = value.replace(" ", "").upper()
        if not re.match(r"^[A-Z]{2}\d{2}[A-Z0-9]{8,30}$", bare):
            return self.replace("ref", value)
        body = self._shape_of("iban", bare[4:], bare)
        digits = "".join(str(int(letter, 36)) for letter in f"{body}{bare[:2]}00")
        return f"{bare[:2]}{98 - int(digits) % 97:02d}{body}"

    def _bank(self, value: str) -> str:
        return f"Musterbank {_one(word_lists()['city_begin'], self.digest('bank', value))[0]}"

    def _text(self, value: str) -> str:
        return self._pick("text", "text", value)

    # -- how it is done -------------------------------------------------------------------------------

    def _pick(self, words: str, kind: str, value: str) -> str:
        return _one(word_lists()[words], self.digest(kind, value))[0]

    def _unlike(self, kind: str, value: str, made: Any) -> str:
        for turn in range(_TRIES):
            found: str = made(self.digest(kind, value, turn))
            # The first word of a firm is a surname: it must be nobody's either.
            if not {found.casefold(), found.casefold().partition(" ")[0]} & self._originals:
                return found
        # A house that calls its customers as we do: a number tells them apart from the originals.
        return f"{made(self.digest(kind, value))} {self.digest(kind, value) % 9000 + 1000}"

    def _shape_of(self, kind: str, value: str, seed: str, *, letters: bool = True) -> str:
        """Digits become digits and letters letters; never the same value again."""
        text = value
        for turn in range(_TRIES):
            number = self.digest(kind, seed, turn)
            made: list[str] = []
            for letter in value:
                if letter.isdigit():
                    number, digit = divmod(number, 10)
                    made.append(str(digit))
                elif letters and letter.isascii() and letter.isalpha():
                    number, place = divmod(number, 26)
                    made.append(chr((65 if letter.isupper() else 97) + place))
                else:
                    made.append(letter)
                if number < 1000:
                    number = self.digest(kind, seed + "".join(made), turn)
            text = "".join(made)
            if text != value and text.casefold() not in self._originals:
                break
        return text


def _one(words: Sequence[str], number: int) -> tuple[str, int]:
    number, place = divmod(number, len(words))
    return words[place], number
