"""Which column of a file is which field, by its name in either language; and templates that remember an assignment."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from app.core.i18n import LANGUAGES, translate
from app.services.imports.wizard.kinds import ImportField, kinds

ALIKE = 0.86


def folded(words: str) -> str:
    """A name as it is compared: lower case, umlauts written out, only letters and digits, without a number sign."""
    text = words.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"\b(nr|no|num)\b\.?", "nr", text)
    return re.sub(r"[^a-z0-9]", "", text)


@cache
def _names(kind: str) -> Mapping[str, str]:
    """Every name of every field of a kind, folded; a name that means two fields means the one declared first."""
    found: dict[str, str] = {}
    fields = kinds()[kind].fields
    for field in fields:
        found.setdefault(folded(field.name), field.name)
        found.setdefault(folded(field.name.removesuffix("_id")), field.name)
        for lang in LANGUAGES:
            found.setdefault(folded(translate(lang, field.title)), field.name)
    for field in fields:
        for name in field.names:
            found.setdefault(folded(name), field.name)
    found.pop("", None)
    return found


def own_columns() -> frozenset[str]:
    """Folded names of the columns that the file of rejected rows adds; they are never taken over."""
    keys = ("import.rejects.line", "import.rejects.reason")
    return frozenset(folded(translate(lang, key)) for key in keys for lang in LANGUAGES)


def known(kind: str, words: Sequence[str]) -> int:
    """How many of these words are names of fields."""
    names = _names(kind)
    return len({names[word] for cell in words if (word := folded(cell)) in names})


def guess(kind: str, columns: Sequence[str], fields: Sequence[ImportField]) -> dict[int, str]:
    """The field of each column, by number: equal names first, then names that are much alike; each field once."""
    names, offered = _names(kind), {field.name for field in fields}
    words = [folded(column) for column in columns]
    found: dict[int, str] = {}
    for place, word in enumerate(words):
        name = names.get(word)
        if name in offered and name not in found.values():
            found[place] = name
    own = own_columns()
    for place, word in enumerate(words):
        if place in found or len(word) < 4 or word in own:
            continue
        rated = [
            (SequenceMatcher(None, word, other).ratio(), name)
            for other, name in names.items()
            if name in offered and name not in found.values()
        ]
        best, name = max(rated, default=(0.0, ""))
        if best >= ALIKE:
            found[place] = name
    return found


@dataclass(frozen=True, slots=True)
class Template:
    """An assignment under a name: which column name becomes which field, and how numbers and days are written."""

    name: str
    columns: Mapping[str, str]
    mark: str = ""
    order: str = ""
    clear: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain data, to be remembered."""
        return {
            "name": self.name,
            "columns": dict(self.columns),
            "mark": self.mark,
            "order": self.order,
            "clear": self.clear,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Template":
        """The template again."""
        columns = data.get("columns")
        return cls(
            str(data.get("name", "")),
            {str(k): str(v) for k, v in columns.items()} if isinstance(columns, Mapping) else {},
            str(data.get("mark", "")),
            str(data.get("order", "")),
            bool(data.get("clear")),
        )

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether a file has every column the template names."""
        return bool(self.columns) and {folded(name) for name in self.columns} <= {folded(c) for c in columns}

    def applied(self, columns: Sequence[str], fields: Sequence[ImportField]) -> dict[int, str]:
        """The field of each column, by number, as far as file and person have them."""
        offered = {field.name for field in fields}
        wanted = {folded(column): name for column, name in self.columns.items() if name in offered}
        found: dict[int, str] = {}
        for place, column in enumerate(columns):
            name = wanted.get(folded(column))
            if name is not None and name not in found.values():
                found[place] = name
        return found
