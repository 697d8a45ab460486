"""The three-way merge: what only one side changed is never lost, what both changed is never decided silently."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.views.core.merging import BOTH, MINE, OPEN, THEIRS, apply_lines, merge_lines, merge_values, same

VALUES = st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3), st.booleans(), st.just(Decimal("2.00")))
RECORDS = st.fixed_dictionaries({"a": VALUES, "b": VALUES, "c": VALUES})


@given(RECORDS, RECORDS, RECORDS)
def test_every_change_of_either_side_survives_or_is_asked_about(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    found = {item.key: item for item in merge_values(base, mine, theirs, "abc")}
    for key in "abc":
        by_me, by_them = not same(base[key], mine[key]), not same(base[key], theirs[key])
        item = found.get(key)
        if not by_me and not by_them:
            assert item is None
        elif by_me and by_them:
            assert item is not None
            assert item.outcome == (BOTH if same(mine[key], theirs[key]) else OPEN)
        else:
            assert item is not None
            assert item.outcome == (MINE if by_me else THEIRS)
            assert same(item.value, mine[key] if by_me else theirs[key])


def test_nothing_and_empty_text_mean_the_same_but_no_and_zero_do_not() -> None:
    assert same(None, "")
    assert same(Decimal(2), Decimal("2.00"))
    assert not same(False, 0)
    assert not same(None, Decimal(0))


def line(line_id: int | None, **cells: Any) -> dict[str, Any]:
    return {"id": line_id, "qty": Decimal(1), "price": Decimal(10), **cells}


def test_lines_merge_cell_by_cell_and_new_lines_of_both_sides_stay() -> None:
    base = [line(1), line(2)]
    mine = [line(1, qty=Decimal(5)), line(2), line(None, qty=Decimal(7))]
    theirs = [line(1, price=Decimal(9)), line(2), line(3)]
    found = merge_lines(base, mine, theirs, ("qty", "price"))
    assert [item.outcome for item in found] == [MINE, THEIRS]
    result = apply_lines(mine, theirs, found, {})
    assert [(row["id"], row["qty"], row["price"]) for row in result] == [
        (1, Decimal(5), Decimal(9)),
        (2, Decimal(1), Decimal(10)),
        (3, Decimal(1), Decimal(10)),
        (None, Decimal(7), Decimal(10)),
    ]


def test_a_line_one_side_deleted_goes_unless_the_other_changed_it() -> None:
    base = [line(1), line(2)]
    untouched = merge_lines(base, [line(1)], [line(1), line(2)], ("qty", "price"))
    assert [item.outcome for item in untouched] == [MINE]
    assert [row["id"] for row in apply_lines([line(1)], [line(1), line(2)], untouched, {})] == [1]
    changed = [line(1), line(2, qty=Decimal(3))]
    disputed = merge_lines(base, [line(1)], changed, ("qty", "price"))
    assert [item.outcome for item in disputed] == [OPEN]
    assert [row["id"] for row in apply_lines([line(1)], changed, disputed, {(2, ""): MINE})] == [1]
    assert [row["id"] for row in apply_lines([line(1)], changed, disputed, {(2, ""): THEIRS})] == [1, 2]
    kept = merge_lines(base, changed, [line(1)], ("qty", "price"))
    assert [row["id"] for row in apply_lines(changed, [line(1)], kept, {(2, ""): MINE})] == [1, 2]
