"""Three-way merge of a form: what both sides made of the values they started from.  Pure functions, no Qt.

A field that only one side changed merges by itself; a field that both changed to different values is a conflict
that a person decides.  Lines are matched by their id and merged cell by cell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MINE, THEIRS, BOTH, OPEN = "mine", "theirs", "both", "open"

Values = Mapping[str, Any]
Lines = Sequence[Mapping[str, Any]]
Place = tuple[str, int | None, str]  # table (empty for the lines of a document), line id, field or column


@dataclass(frozen=True, slots=True)
class Gone:
    """Stands for a line that one side deleted, or kept: ``there`` says which."""

    there: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is no longer what both sides started from.

    ``key`` names the field; for a cell of a line, ``line`` is the line's id (and ``key`` its column, empty when the
    line as a whole is in question), ``table`` the set of lines when a form has several.  ``outcome`` is mine, theirs,
    both (the same change twice) or open.
    """

    key: str
    base: Any
    mine: Any
    theirs: Any
    outcome: str
    line: int | None = None
    table: str = ""

    @property
    def place(self) -> Place:
        """Where in the form it is."""
        return self.table, self.line, self.key

    @property
    def value(self) -> Any:
        """The merged value; of an open conflict, mine."""
        return self.theirs if self.outcome == THEIRS else self.mine


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same; empty text and nothing do, 2 and 2.00 do."""
    if one in (None, "") and other in (None, ""):
        return True
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return bool(one == other)


def compare(key: str, base: Any, mine: Any, theirs: Any, line: int | None = None) -> Difference | None:
    """The difference of one field, None when nobody changed it."""
    by_me, by_them = not same(base, mine), not same(base, theirs)
    if not by_me and not by_them:
        return None
    if by_me and by_them:
        outcome = BOTH if same(mine, theirs) else OPEN
    else:
        outcome = MINE if by_me else THEIRS
    return Difference(key, base, mine, theirs, outcome, line)


def merge_values(base: Values, mine: Values, theirs: Values, keys: Iterable[str]) -> list[Difference]:
    """The differences of the given fields, in their order."""
    found = (compare(key, base.get(key), mine.get(key), theirs.get(key)) for key in keys)
    return [difference for difference in found if difference is not None]


def merge_lines(base: Lines, mine: Lines, theirs: Lines, columns: Iterable[str]) -> list[Difference]:
    """The differences of saved lines (those with an id), cell by cell; new lines of either side never conflict."""
    columns = list(columns)
    old, own, other = _by_id(base), _by_id(mine), _by_id(theirs)
    found: list[Difference] = []
    for line_id, before in old.items():
        here, there = own.get(line_id), other.get(line_id)
        if here is not None and there is not None:
            for column in columns:
                cell = compare(column, before.get(column), here.get(column), there.get(column), line_id)
                if cell is not None:
                    found.append(cell)
            continue
        if here is None and there is None:
            continue
        kept = here if here is not None else there
        assert kept is not None
        touched = any(not same(before.get(column), kept.get(column)) for column in columns)
        if here is None:
            outcome = OPEN if touched else MINE
        else:
            outcome = OPEN if touched else THEIRS
        found.append(
            Difference("", Gone(True), Gone(here is not None), Gone(there is not None), outcome, line_id)
        )
    return found


def apply_lines(
    mine: Lines,
    theirs: Lines,
    differences: Iterable[Difference],
    chosen: Mapping[tuple[int, str], str],
) -> list[dict[str, Any]]:
    """The merged lines: theirs in their order, with my cells where they won, then my new ones.

    ``chosen`` decides open conflicts by (line id, column): mine or theirs.
    """
    decided: dict[tuple[int, str], Difference] = {}
    for item in differences:
        if item.line is not None:
            decided[item.line, item.key] = item
    own = _by_id(mine)
    dropped = {line for (line, key), item in decided.items() if key == "" and not _winner(item, chosen).there}
    result: list[dict[str, Any]] = []
    present = _by_id(theirs)
    for line in theirs:
        line_id = line.get("id")
        if line_id in dropped:
            continue
        merged = dict(line)
        for (owner, key), item in decided.items():
            if owner == line_id and key:
                merged[key] = _winner(item, chosen)
        result.append(merged)
    for line_id, line in own.items():
        if line_id not in present and (line_id, "") in decided and line_id not in dropped:
            result.append(dict(line))
    return result + [dict(line) for line in mine if line.get("id") is None]


def _winner(item: Difference, chosen: Mapping[tuple[int, str], str]) -> Any:
    side = item.outcome
    if side == OPEN:
        assert item.line is not None
        side = chosen[item.line, item.key]
    return item.theirs if side == THEIRS else item.mine


def _by_id(lines: Lines) -> dict[int, Mapping[str, Any]]:
    return {line["id"]: line for line in lines if line.get("id") is not None}
