"""Filters as data: what reaches the server means what was meant, whatever a value holds."""

import datetime as dt
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.services.legacy.filters import Where, all_of, any_of, at_least, at_most, eq, is_null, one_of, render
from app.services.legacy.transport import encoded
from app.simulate import filters as peer

DAY = dt.date(2025, 1, 27)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30) | st.sampled_from(
    [
        "O'Reilly",
        'Zoll 3/4"',
        "' or '1' = '1",
        '" or "a" = "a',
        "x\\",
        "\\'",
        '\\"',
        "a\\\\",
        ":1",
        "true",
        "null",
        "R) or (Papierart = R",
        "&$top=0&$filter=",
        "%27",
        "Strasse\rOrt",
        "50 % ' # ? ; --",
        "a@b.de",
        "@",
    ]
)
values = st.one_of(
    texts,
    st.integers(-(10**9), 10**9),
    st.decimals(-(10**6), 10**6, places=2).map(lambda d: d + Decimal(0)),
    st.booleans(),
    st.dates(dt.date(1950, 1, 2), dt.date(2100, 1, 1)),
)


def received(where: Where) -> Any:
    """What the server understands of it, after the address was written and read."""
    query = dict(parse_qsl(encoded(render(where)), keep_blank_values=True, strict_parsing=True))
    node, order = peer.parse(query["$filter"], query.get("$params", ""))
    assert order == ""
    return node


def meant(value: Any) -> Any:
    """A value as the server's reader gives it."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def same(found: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return found in (value, str(value).lower())  # a bare word is a constant or a text, as the column is
    if isinstance(value, int | Decimal):
        return float(found) == pytest.approx(float(value))
    return bool(found == meant(value))


@given(texts)
def test_no_text_breaks_out_of_its_place(value: str) -> None:
    node = received(eq("Bezeichnung", value))
    assert isinstance(node, peer.Comparison)
    assert (node.path, node.value) == ("Bezeichnung", value)
    assert node.operator == ("===" if "@" in value else "=")


@given(st.lists(values, min_size=1, max_size=5), st.sampled_from(["=", "!=", "in"]))
def test_every_value_arrives_as_it_is(found: list[Any], op: str) -> None:
    if op == "in":
        node = received(one_of("Feld", found))
        parts = [node] if isinstance(node, peer.Comparison) else list(node.parts)
        assert len(parts) == len(found)
        assert all(same(part.value, value) for part, value in zip(parts, found, strict=True))
    else:
        node = received(Where("=" if op == "=" else "!=", "Feld", found[0]))
        assert same(node.value, found[0])


@given(st.lists(texts, min_size=2, max_size=6))
def test_joined_conditions_stay_joined(found: list[str]) -> None:
    where = all_of(any_of(*(eq("A", one) for one in found)), eq("B", found[0]), at_most("C", 3))
    node = received(where)
    assert node.operator == "and"
    either, second, third = node.parts
    assert either.operator == "or"
    assert [part.value for part in either.parts] == found
    assert (second.path, second.value) == ("B", found[0])
    assert (third.path, third.operator, third.value) == ("C", "<=", "3")


def test_the_form_the_server_is_known_to_take() -> None:
    assert render(eq("Familie_", "7464FEB39C516942B01E62F44B1ED454")) == {
        "$filter": "'Familie_ = \"7464FEB39C516942B01E62F44B1ED454\"'"
    }
    assert render(one_of("AbsNr", [1, 2])) == {"$filter": "'AbsNr = 1' or 'AbsNr = 2'"}
    assert render(all_of(one_of("a", [1, 2]), eq("b", 3))) == {"$filter": "('a = 1' or 'a = 2') and 'b = 3'"}
    assert render(at_least("created_date", DAY)) == {"$filter": "'created_date >= \"2025-01-27\"'"}
    assert render(is_null("modified_date")) == {"$filter": "'modified_date = null'"}
    assert render(eq("Aktiv", True)) == {"$filter": "'Aktiv = true'"}
    assert render(eq("Name1", "O'Reilly")) == {
        "$filter": "'Name1 = :1'",
        "$params": "'[\"O\\u0027Reilly\"]'",
    }


def test_days_are_compared_the_way_the_server_can() -> None:
    assert render(Where(">", "Datum", DAY))["$filter"] == "'Datum >= \"2025-01-28\"'"
    assert render(Where("<", "Datum", DAY))["$filter"] == "'Datum <= \"2025-01-26\"'"


@pytest.mark.parametrize(
    ("op", "field", "value"),
    [
        ("=", "A' or 'B", 1),
        ("=", "A = 1 or B", 1),
        ("=", "__TIMESTAMP", "2025"),
        ("=", "", 1),
        ("eq", "A", 1),
        ("like", "A", "x"),
        (">=", "A", None),
        (">=", "A", True),
        ("in", "A", ()),
        ("in", "A", 1),
        ("=", "A", (1, 2)),
        ("begins", "A", ""),
        ("begins", "A", "x@y"),
        ("=", "A", 1.5),
        ("=", "A", Decimal("NaN")),
        ("=", "A", dt.datetime(2025, 1, 1, tzinfo=dt.UTC)),
        ("null", "A", 1),
    ],
)
def test_what_no_server_could_take_is_refused_at_once(op: Any, field: str, value: Any) -> None:
    with pytest.raises(Invalid):
        Where(op, field, value)


@given(
    st.recursive(
        st.builds(eq, st.sampled_from(["A", "B.c"]), values)
        | st.builds(one_of, st.just("D"), st.lists(values, min_size=1, max_size=3))
        | st.builds(at_least, st.just("E"), st.dates())
        | st.builds(is_null, st.just("F")),
        lambda inner: st.builds(
            lambda op, parts: Where(op, parts=tuple(parts)),
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=6,
    )
)
def test_filters_survive_their_file(where: Where) -> None:
    assert Where.from_json(where.to_json()) == where


@pytest.mark.parametrize(
    "data",
    [
        "x",
        {"field": "A", "op": "="},
        {"field": "A", "op": ">=", "value": "date:2025-13-01"},
        {"all": []},
        {"all": [], "any": []},
        {"field": "A", "op": "=", "value": 1, "more": 2},
        {"field": "A", "op": "=", "value": {"x": 1}},
    ],
)
def test_a_filter_written_wrongly_is_refused(data: Any) -> None:
    if data == {"field": "A", "op": "="}:
        assert Where.from_json(data) == Where("=", "A", None)  # = null
        return
    with pytest.raises(Invalid):
        Where.from_json(data)


def test_a_row_that_cannot_be_meant_is_noticed() -> None:
    row = {"Papierart": "R", "AbsNr": 7, "Datum": DAY, "Name": "Müller", "Aktiv": True, "leer": None}
    for fits in (
        eq("Papierart", "r"),
        eq("Name", "MULLER"),
        one_of("AbsNr", [1, 7]),
        at_least("Datum", DAY),
        any_of(eq("AbsNr", 1), eq("Papierart", "R")),
        eq("unknown", 1),
        eq("leer", 5),
        eq("AbsNr", "7"),
        Where("begins", "Name", "mü"),
    ):
        assert not fits.refutes(row), fits
    for wrong in (
        eq("Papierart", "A"),
        one_of("AbsNr", [1, 2]),
        at_most("Datum", DAY - dt.timedelta(days=1)),
        all_of(eq("Papierart", "R"), eq("AbsNr", 8)),
        eq("Aktiv", False),
        Where("contains", "Name", "xyz"),
    ):
        assert wrong.refutes(row), wrong


def test_a_filter_with_too_many_values_is_refused_instead_of_cut() -> None:
    with pytest.raises(Invalid):
        render(one_of("A", ["'" * (n + 1) for n in range(129)]))
