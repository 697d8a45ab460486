"""Sheets of labels: where each label lies, and which sheets suit a design."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from app.core.errors import Invalid
from app.core.paths import REPOSITORY

FILE = REPOSITORY / "resources" / "labels" / "sheets.yaml"
# A label may be this much smaller than the place for it; it then lies in the middle.
_SLACK = 8.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet in millimetres: the first label's corner, a label's size, from label to label."""

    key: str
    name: Mapping[str, str]
    page: tuple[float, float]
    columns: int
    rows: int
    label: tuple[float, float]
    margin: tuple[float, float]
    pitch: tuple[float, float]

    @property
    def count(self) -> int:
        """Labels on a sheet."""
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """Left and top of the place, counted from 0 along the rows."""
        row, column = divmod(place, self.columns)
        return self.margin[0] + column * self.pitch[0], self.margin[1] + row * self.pitch[1]

    def suits(self, wide: float, high: float) -> bool:
        """Whether a label of this size belongs on the sheet."""
        return all(
            room - size + 0.05 >= 0 and room - size <= _SLACK
            for room, size in zip(self.label, (wide, high), strict=True)
        )


def places(sheet: Sheet, count: int, start: int) -> Iterator[tuple[int, int]]:
    """Page and place for each label, beginning at place ``start`` (from 1) of the first sheet."""
    if not 1 <= start <= sheet.count:
        raise Invalid("label_start_position", value=start, places=sheet.count)
    for number in range(start - 1, start - 1 + count):
        yield divmod(number, sheet.count)


def read(declared: Mapping[str, Any], key: str) -> Sheet:
    """A sheet as declared.  Invalid ``label_sheet`` when the labels lie over each other or beyond the page."""
    pairs = {name: tuple(map(float, declared[name])) for name in ("page", "label", "margin", "pitch")}
    columns, rows = map(int, declared["grid"])
    for way, count in ((0, columns), (1, rows)):
        end = pairs["margin"][way] + (count - 1) * pairs["pitch"][way] + pairs["label"][way]
        overlap = count > 1 and pairs["pitch"][way] < pairs["label"][way] - 0.001
        if count < 1 or pairs["margin"][way] < 0 or end > pairs["page"][way] + 0.01 or overlap:
            raise Invalid("label_sheet", value=key)
    two = {name: (pair[0], pair[1]) for name, pair in pairs.items()}
    return Sheet(key, declared["name"], two["page"], columns, rows, two["label"], two["margin"], two["pitch"])


@cache
def all_sheets() -> Mapping[str, Sheet]:
    """The sheets there are, by key."""
    return {key: read(given, key) for key, given in yaml.safe_load(FILE.read_text("utf-8")).items()}


def suiting(wide: float, high: float) -> tuple[Sheet, ...]:
    """The sheets for labels of a size, those with the least waste first."""
    fitting = [sheet for sheet in all_sheets().values() if sheet.suits(wide, high)]
    return tuple(sorted(fitting, key=lambda sheet: sheet.label[0] * sheet.label[1]))
