"""What a 4D server sends comes out as one type per column, and nothing that is cut or strange passes for data."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.legacy import wire
from app.services.legacy.transport import session_cookie
from app.services.legacy.wire import WireError

VARIANT = wire.table_of(
    {
        "name": "Artikel_Variante",
        "tableNumber": 7,
        "attributes": [
            {"name": "UID", "kind": "storage", "type": "uuid", "indexed": True},
            {"name": "Familie_", "kind": "storage", "type": "uuid"},
            {"name": "shopware", "kind": "storage", "type": "uuid"},
            {"name": "Nummer", "kind": "storage", "type": "long"},
            {"name": "refOld", "kind": "storage", "type": "long64"},
            {"name": "Preis", "kind": "storage", "type": "number"},
            {"name": "Aktiv", "kind": "storage", "type": "bool"},
            {"name": "Auslaufdatum", "kind": "storage", "type": "date"},
            {"name": "created_time", "kind": "storage", "type": "duration"},
            {"name": "Bezeichnung", "kind": "storage", "type": "string"},
            {"name": "Preise", "kind": "storage", "type": "object"},
            {"name": "Bild", "kind": "storage", "type": "image"},
            {"name": "ArtikelFamilie", "kind": "relatedEntity", "type": "Artikel_Familie"},
            {"name": "Teile", "kind": "relatedEntities", "type": "Artikel_TeileSelection"},
        ],
        "key": [{"name": "UID"}],
    },
    "Artikel_Variante",
)
BODY = b"""{"__entityModel":"Artikel_Variante","__COUNT":2,"__FIRST":0,"__ENTITIES":[{
 "__KEY":"d71c244794b0b4428cd3ec5b41878224","__TIMESTAMP":"2025-01-27T19:35:41.801Z","__STAMP":9,
 "UID":"D71C244794B0B4428CD3EC5B41878224","Familie_":"7464feb3-9c51-6942-b01e-62f44b1ed454",
 "shopware":"00000000000000000000000000000000","Nummer":803721.0,"refOld":"17000","Preis":39.50,"Aktiv":true,
 "Auslaufdatum":"0!0!0","created_time":74141000.0,"Bezeichnung":"Engel\\rdivers\\r\\n1!2!2003",
 "Preise":{"Coll":[{"Art":"Laden","Preis":39.5,"VE":1.0,"Text":"a\\rb"},null]},
 "Bild":{"__deferred":{"uri":"/rest/X[1]/Bild","image":true}},
 "ArtikelFamilie":{"__deferred":{"uri":"/rest/Artikel_Familie[7464FEB3]","__KEY":"7464FEB39C516942B01E62F44B1ED454"}},
 "Teile":{"__deferred":{"uri":"/rest/Artikel_Variante[D71C]/Teile?$expand=Teile"}}}],"__SENT":1}"""


def test_a_row_as_the_server_sends_it() -> None:
    found = wire.envelope(wire.loads(BODY))
    assert found.total == 2
    (row,) = wire.rows_of(found.rows, VARIANT)
    assert row == {
        "__KEY": "D71C244794B0B4428CD3EC5B41878224",
        "__TIMESTAMP": dt.datetime(2025, 1, 27, 19, 35, 41, 801000, dt.UTC),
        "__STAMP": 9,
        "UID": "D71C244794B0B4428CD3EC5B41878224",
        "Familie_": "7464FEB39C516942B01E62F44B1ED454",
        "shopware": None,
        "Nummer": 803721,
        "refOld": 17000,
        "Preis": Decimal("39.50"),
        "Aktiv": True,
        "Auslaufdatum": None,
        "created_time": dt.time(20, 35, 41),
        "Bezeichnung": "Engel\ndivers\n1!2!2003",
        "Preise": {"Coll": [{"Art": "Laden", "Preis": Decimal("39.5"), "VE": 1, "Text": "a\nb"}, None]},
        "ArtikelFamilie.__KEY": "7464FEB39C516942B01E62F44B1ED454",
    }
    assert isinstance(row["Nummer"], int)


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("27!1!2025", dt.date(2025, 1, 27)),
        ("4!6!1992", dt.date(1992, 6, 4)),
        ("04!06!92", dt.date(1992, 6, 4)),
        ("1!1!05", dt.date(2005, 1, 1)),
        ("2025-01-27", dt.date(2025, 1, 27)),
        ("0!0!0", None),
        ("00!00!00", None),
        ("", None),
        (None, None),
        ("31!2!2020", "31!2!2020"),
        ("0!0!2020", "0!0!2020"),
        ("morgen", "morgen"),
        (17, 17),
    ],
)
def test_days(value: Any, date: Any) -> None:
    assert wire.date_of(value) == date


@given(st.dates())
def test_every_day_comes_back(day: dt.date) -> None:
    written = f"{day.day}!{day.month}!{day.year:04}"
    assert wire.date_of(written) == day


@given(st.times())
def test_every_time_comes_back_to_the_millisecond(time: dt.time) -> None:
    ms = ((time.hour * 60 + time.minute) * 60 + time.second) * 1000 + time.microsecond // 1000
    assert wire.time_of(Decimal(ms)) == time.replace(microsecond=time.microsecond // 1000 * 1000)


@pytest.mark.parametrize("value", [-1, 86_400_000, "x", Decimal("1.5")])
def test_what_is_no_time_of_day_stays_visible(value: Any) -> None:
    assert wire.time_of(value) == value


def test_without_a_catalogue_shapes_tell() -> None:
    row = wire.row_of(
        {
            "__KEY": Decimal("5.0"),
            "Datum": "4!6!1992",
            "Leer": "0!0!0",
            "Zahl": Decimal("25.0"),
            "Text": "a\rb",
        },
        wire.unknown_table("Belege"),
    )
    assert row == {"__KEY": "5", "Datum": dt.date(1992, 6, 4), "Leer": None, "Zahl": 25, "Text": "a\nb"}


@pytest.mark.parametrize(
    ("answer", "rows", "total"),
    [
        ({"__ENTITIES": [{"a": 1}], "__COUNT": 7, "__SENT": 1}, 1, 7),
        ({"__ENTITIES": [{"a": 1}], "__COUNT": 7.0}, 1, 7),
        ({"value": [{"a": 1}, {"a": 2}]}, 2, None),
        ([{"a": 1}], 1, None),
        ([], 0, None),
        ({"__KEY": "1", "a": 1}, 1, 1),
    ],
)
def test_all_three_forms_of_an_answer(answer: Any, rows: int, total: int | None) -> None:
    found = wire.envelope(wire.loads(json.dumps(answer).encode()))
    assert (len(found.rows), found.total) == (rows, total)


@pytest.mark.parametrize(
    "body",
    [
        BODY[: len(BODY) // 2],
        b"",
        b"<html>Wartung</html>",
        b'"text"',
        b"5",
        b"null",
        b"{}",
        b'{"__ENTITIES":5}',
        b'{"__ENTITIES":[1,2]}',
        b'{"__ENTITIES":[{"a":1}],"__SENT":2}',
        b'{"value":{"a":1}}',
        b"[" * 5000,
        b"\xff\xfe",
    ],
)
def test_nothing_else_passes_for_an_answer(body: bytes) -> None:
    with pytest.raises(WireError):
        wire.envelope(wire.loads(body))


def test_numbers_nobody_can_store_are_nothing() -> None:
    assert wire.loads(b'{"a":NaN,"b":Infinity,"c":0.1}') == {"a": None, "b": None, "c": Decimal("0.1")}


@pytest.mark.parametrize(
    ("cookies", "chosen"),
    [
        ([("WASID4D", "A")], "A"),
        ([("4DSID_ERP", "B"), ("WASID4D", "A")], "A"),
        ([("WASID4D", "A"), ("4DSID_ERP", "B")], "A"),
        ([("4DSID_ERP", "B")], "B"),
        ([("WASID4D", "A"), ("WASID4D", "C")], "C"),
        ([("WASID4D", "")], None),
        ([("other", "x")], None),
        ([], None),
    ],
)
def test_which_cookie_is_the_session(cookies: list[tuple[str, str]], chosen: str | None) -> None:
    assert session_cookie(cookies) == chosen


@given(
    rows=st.lists(
        st.dictionaries(
            st.text(max_size=8), st.none() | st.integers() | st.text() | st.lists(st.integers()), max_size=4
        ),
        max_size=5,
    ),
    indent=st.sampled_from([None, 1]),
)
def test_a_large_answer_read_row_by_row_is_what_it_is_read_at_once(
    rows: list[dict[str, Any]], indent: int | None
) -> None:
    for answer in (rows, {"__COUNT": 2.5, "__ENTITIES": rows, "more": {"a": []}, "empty": []}, {}):
        text = json.dumps(answer, indent=indent)
        with pytest.MonkeyPatch.context() as patch:
            whole = wire.loads(text.encode())
            patch.setattr(wire, "_LARGE", 0)
            assert wire.loads(text.encode()) == whole
            for broken in (text[:-1], text + "x", text[:1] + "," + text[1:], text[: len(text) // 2] + '"'):
                with pytest.raises(WireError):
                    wire.loads(broken.encode())
