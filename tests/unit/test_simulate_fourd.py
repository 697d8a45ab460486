"""The simulated 4D server speaks the grammar that was observed: pages, filters, errors, and nothing is written."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from app.simulate.tables import Row


class Caller:
    """A client without any cleverness: one cookie, values percent-encoded."""

    def __init__(self, server: FourDServer) -> None:
        self.server = server
        self.http = requests.Session()
        self.http.trust_env = False

    def __call__(self, rest: str, **query: str) -> requests.Response:
        text = "&".join(f"${name}={quote(value, safe='')}" for name, value in query.items())
        return self.http.get(f"{self.server.url}/rest/{rest}{'?' if text else ''}{text}", timeout=20)

    def keys(self, rest: str, **query: str) -> list[str]:
        answer = self(rest, **({"top": "100000"} | query))
        assert answer.status_code == 200, answer.text
        return [row["__KEY"] for row in answer.json()["__ENTITIES"]]


@pytest.fixture
def server() -> Iterator[FourDServer]:
    with FourDServer(make("small")) as started:
        yield started


@pytest.fixture
def call(server: FourDServer) -> Iterator[Caller]:
    caller = Caller(server)
    yield caller
    caller.http.close()


def _errors(answer: requests.Response) -> int:
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    code = answer.json()["__ERROR"][0]["errCode"]
    assert isinstance(code, int)
    return code


def test_a_page_has_the_envelope_of_the_real_one(call: Caller) -> None:
    answer = call("Kunden")
    assert answer.headers["4DREST-INFO"] == "1.0"
    body = answer.json()
    assert list(body) == ["__entityModel", "__GlobalStamp", "__COUNT", "__FIRST", "__ENTITIES", "__SENT"]
    assert (body["__COUNT"], body["__FIRST"], body["__SENT"]) == (104, 0, 100), "100 unless asked otherwise"
    first = body["__ENTITIES"][0]
    assert list(first)[:3] == ["__KEY", "__TIMESTAMP", "__STAMP"]
    assert isinstance(first["__KEY"], str)
    assert isinstance(first["KundenNr"], int)


def test_pages_by_skip_and_top_are_the_whole_table(call: Caller) -> None:
    seen: list[str] = []
    while True:
        body = call("Belege_Pos", orderby="AbsNr asc, PosNr asc", skip=str(len(seen)), top="700").json()
        if not body["__ENTITIES"]:
            break
        seen += [row["__KEY"] for row in body["__ENTITIES"]]
    assert body["__SENT"] == 0
    assert body["__FIRST"] == body["__COUNT"] == len(seen) == len(set(seen)) == 8000
    assert [tuple(map(int, key.split(","))) for key in seen] == sorted(
        tuple(map(int, key.split(","))) for key in seen
    )
    assert len(call.keys("Kunden", top="-1")) == 104
    assert call("Kunden", limit="3").json()["__SENT"] == 3
    assert call("Kunden", top="0").json()["__COUNT"] == 104


def test_links_are_deferred_with_square_brackets(server: FourDServer, call: Caller) -> None:
    rows = {row["__KEY"]: row for row in call("Artikel_Variante", top="200").json()["__ENTITIES"]}
    families = {row["UID"] for row in server.data["Artikel_Familie"].rows()}
    assert any(row["ArtikelFamilie"] is None for row in rows.values())
    for key, row in rows.items():
        if row["Familie_"] in families:
            uri = f"/rest/Artikel_Familie[{row['Familie_']}]"
            assert row["ArtikelFamilie"] == {"__deferred": {"uri": uri, "__KEY": row["Familie_"]}}
        else:
            assert row["ArtikelFamilie"] is None
        assert row["Teile"] == {"__deferred": {"uri": f"/rest/Artikel_Variante[{key}]/Teile?$expand=Teile"}}
    server.quirks.brackets = False
    server.quirks.absolute = True
    uri = call("Artikel_Variante", top="1").json()["__ENTITIES"][0]["Teile"]["__deferred"]["uri"]
    assert uri.startswith(f"{server.url}/rest/Artikel_Variante(")


def test_entities_by_key_and_by_relation(server: FourDServer, call: Caller) -> None:
    variant = server.data["Artikel_Variante"].row(3)
    key = variant["__KEY"]
    for form in (f"({key})", f"[{key}]", f'("{key}")'):
        body = call(f"Artikel_Variante{form}").json()
        assert list(body)[:4] == ["__entityModel", "__KEY", "__TIMESTAMP", "__STAMP"]
        assert body["Nummer"] == variant["Nummer"]
    assert call(f"Artikel_Variante:Nummer({variant['Nummer']})").json()["__KEY"] == key
    assert call(f"Artikel_Variante({key})/ArtikelFamilie").json()["UID"] == variant["Familie_"]
    parts = call(f"Artikel_Variante({key})/Teile").json()["__ENTITIES"]
    assert parts
    assert {row["Variante_"] for row in parts} == {key}
    assert call.keys("Kunden(1100010,1800028)") == ["1100010", "1800028"]
    assert call("Belege_Pos(2574,1)").json()["__KEY"] == "2574,1"
    only = call(f"Artikel_Variante({key})/Nummer,Preise").json()
    assert set(only) == {"__entityModel", "__KEY", "__TIMESTAMP", "__STAMP", "Nummer", "Preise"}


def test_attributes_may_reach_over_a_relation(call: Caller) -> None:
    rows = call("Artikel_Variante", attributes="Nummer,ArtikelFamilie.Nummer,Tags", top="1").json()[
        "__ENTITIES"
    ]
    assert set(rows[0]) == {"__KEY", "__TIMESTAMP", "__STAMP", "Nummer", "ArtikelFamilie", "Tags"}
    assert set(rows[0]["ArtikelFamilie"]) == {"__KEY", "__TIMESTAMP", "__STAMP", "Nummer"}


def _day(row: Row, name: str) -> tuple[int, ...]:
    day, month, year = (row[name] or "0!0!0").split("!")
    return int(year), int(month), int(day)


FILTERS: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "as observed": ("""'Versandart = "UPS"'""", lambda row: row["Versandart"] == "UPS"),
    "as documented": ('''"Versandart = 'UPS'"''', lambda row: row["Versandart"] == "UPS"),
    "without any quotes": ("Versandart = UPS", lambda row: row["Versandart"] == "UPS"),
    "capitals do not count": ("'Versandart = \"ups\"'", lambda row: row["Versandart"] == "UPS"),
    "each in quotes": (
        "'KundenNr = 1100010' or 'KundenNr = 1800028'",
        lambda row: row["KundenNr"] in {1100010, 1800028},
    ),
    "with brackets": (
        "('Preisgru = 1' or 'Preisgru = 3') and 'Liefersperre = true'",
        lambda row: row["Preisgru"] in {1, 3} and row["Liefersperre"],
    ),
    "a day": ("'created_date >= \"2015-01-01\"'", lambda row: _day(row, "created_date") >= (2015, 1, 1)),
    "nulls are not before a day": (
        "'modified_date <= \"2015-01-01\"'",
        lambda row: row["modified_date"] is not None and _day(row, "modified_date") <= (2015, 1, 1),
    ),
    "a day or never modified": (
        "'modified_date >= \"2015-01-01\"' or 'modified_date = null'",
        lambda row: row["modified_date"] is None or _day(row, "modified_date") >= (2015, 1, 1),
    ),
    "null": ("'Versandart = null'", lambda row: row["Versandart"] is None),
    "not null": ("'Versandart != null'", lambda row: row["Versandart"] is not None),
    "beginning": ("'Versandart = \"s@\"'", lambda row: (row["Versandart"] or "").startswith("S")),
    "begin": ("'Versandart begin \"P\"'", lambda row: (row["Versandart"] or "").startswith("P")),
    "containing": ("'Zahlungsart = \"@ech@\"'", lambda row: "ech" in row["Zahlungsart"]),
    "like": ("\"Zahlungsart LIKE '%ech%'\"", lambda row: "ech" in row["Zahlungsart"]),
    "exactly": ("'Zahlungsart === \"@ech@\"'", lambda _: False),
    "a list": ("'Preisgru in [1,3]'", lambda row: row["Preisgru"] in {1, 3}),
    "not": ("NOT(Liefersperre = true)", lambda row: not row["Liefersperre"]),
    "unlike": ("'Preisgru # 2'", lambda row: row["Preisgru"] != 2),
    "except": (
        "'Preisgru = 2' EXCEPT 'Liefersperre = true'",
        lambda row: row["Preisgru"] == 2 and not row["Liefersperre"],
    ),
    "floats and integers are the same number": ("'KundenNr >= 1100700'", lambda row: row["KundenNr"] >= 1100700),
    "true with a capital": ("'Liefersperre = True'", lambda row: row["Liefersperre"]),
}  # fmt: skip


@pytest.mark.parametrize("what", FILTERS)
def test_filters(server: FourDServer, call: Caller, what: str) -> None:
    text, test = FILTERS[what]
    wanted = [row["__KEY"] for row in server.data["Kunden"].rows() if test(row)]
    assert call.keys("Kunden", filter=text) == wanted
    assert call("Kunden", filter=text, top="1").json()["__COUNT"] == len(wanted)
    assert wanted or what == "exactly"


def test_placeholders_carry_any_value(server: FourDServer, call: Caller) -> None:
    for name in ("O'Hallmoor", 'a "b"', "x) or (Nummer > 0", "@"):
        key = server.data["Adressen"].row(3)["__KEY"]
        server.change("Adressen", key, Name1=name)
        params = '["' + name.replace('"', "\\u0022").replace("'", "\\u0027") + '"]'
        operator = "===" if "@" in name else "="
        found = call.keys("Adressen", filter=f"'Name1 {operator} :1'", params=f"'{params}'")
        rows = server.data["Adressen"].rows()
        assert found == [row["__KEY"] for row in rows if row["Name1"] == name]
    assert len(call.keys("Kunden", filter="Preisgru in :1", params="[[1,3]]")) == len(
        call.keys("Kunden", filter="'Preisgru in [1,3]'")
    )


def test_a_value_written_into_the_text_breaks_it(call: Caller) -> None:
    answer = call("Adressen", filter="\"Name1 = 'O'Hallmoor'\"")
    assert answer.status_code in {400, 500}


def test_filters_reach_into_objects_and_over_relations(server: FourDServer, call: Caller) -> None:
    family = server.data["Artikel_Familie"].row(3)
    wanted = [
        row["__KEY"] for row in server.data["Artikel_Variante"].rows() if row["Familie_"] == family["UID"]
    ]
    assert set(call.keys("Artikel_Variante", filter=f"'ArtikelFamilie.Nummer = {family['Nummer']}'")) >= set(
        wanted
    )
    found = call.keys("Artikel_Variante", filter="'Preise.Coll[].Art = \"Einkauf\"'")
    assert found == [
        row["__KEY"]
        for row in server.data["Artikel_Variante"].rows()
        if any(one["Art"] == "Einkauf" for one in row["Preise"]["Coll"])
    ]


REFUSED = {
    "KundenNr eq 3": (500, 1112),
    "'__TIMESTAMP >= \"2020-01-01\"'": (500, 1162),
    "'created_date > \"2020-01-01\"'": (500, 1200),
    "'created_date < \"2020-01-01\"'": (500, 1200),
    "'Modified >= \"2020-01-01\"'": (500, 1500),
    "'kundennr = 3'": (500, 1500),
    "'KundenNr = \"drei\"'": (500, 1113),
    "'KundenNr = :1'": (500, 1279),
    "KundenNr": (500, 1112),
    "'KundenNr = 3": (400, 1808),
    '"KundenNr = 3': (400, 1809),
    "(KundenNr = 3": (500, 1162),
    "KundenNr = 3)": (500, 1162),
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_filter_it_does_not_understand_is_an_error_and_never_everything(call: Caller, text: str) -> None:
    status, code = REFUSED[text]
    answer = call("Kunden", filter=text)
    assert (answer.status_code, _errors(answer)) == (status, code)


ADDRESSES = {
    "Kunde": (404, 1800),
    "kunden": (404, 1800),
    "Kunden(17)": (404, 1542),
    "Kunden/Nirgends": (404, 1804),
    "Kunden?$attributes=Nirgends": (404, 1804),
    "Kunden?$orderby=Nirgends": (404, 1810),
    "Kunden?$orderby=KundenNr%20down": (404, 1810),
    "Kunden?$method=dance": (400, 1812),
    "Kunden?$weather=fine": (400, 1811),
    "Kunden&$top=3": (400, 1807),
    "Kunden?$top=many": (400, 1806),
    "Kunden/KundenNr?$compute=guess": (400, 1817),
    "$catalog/Kunde": (404, 1800),
    "Kunden/$entityset/00": (404, 1802),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_errors_have_the_numbers_of_the_real_ones(call: Caller, address: str) -> None:
    answer = call(address)
    assert (answer.status_code, _errors(answer)) == ADDRESSES[address]


def test_order(server: FourDServer, call: Caller) -> None:
    rows = server.data["Kunden"].rows()
    down = call.keys("Kunden", orderby="Preisgru desc, KundenNr")
    assert down == [row["__KEY"] for row in sorted(rows, key=lambda row: (-row["Preisgru"], row["KundenNr"]))]
    dates = call("Kunden", orderby='"modified_date asc"', top="1000").json()["__ENTITIES"]
    values = [row["modified_date"] for row in dates]
    empty = values.count(None)
    assert empty
    assert values[:empty] == [None] * empty, "nothing comes first"
    assert [_day(row, "modified_date") for row in dates] == sorted(
        _day(row, "modified_date") for row in dates
    )


def test_without_an_order_rows_may_come_in_any(server: FourDServer, call: Caller) -> None:
    server.quirks.unordered = True
    assert call.keys("Kunden") != call.keys("Kunden")
    assert call.keys("Kunden", orderby="KundenNr") == call.keys("Kunden", orderby="KundenNr")
    server.quirks.ignore_order = True
    assert call.keys("Kunden", orderby="KundenNr") != call.keys("Kunden", orderby="KundenNr")


def test_arrays_distinct_values_and_figures(server: FourDServer, call: Caller) -> None:
    rows = call("Artikel_Variante", asArray="true", attributes="Nummer,Teile").json()
    assert len(rows) == 96
    assert set(rows[0]) == {"__KEY", "Nummer", "Teile"}
    assert set(rows[0]["__KEY"]) == {"UID", "__STAMP"}
    assert set(rows[0]["Teile"]) == {"__COUNT"}
    assert len(call("Belege", asArray="true").json()) == 2000, "without a limit of its own"
    assert call("Kunden/Preisgru", distinct="true").json() == [0, 1, 2, 3, 9]
    total = round(sum(row["Netto"] for row in server.data["Belege"].rows()), 2)
    assert call("Belege/Netto", compute="sum").json() == total
    figures = call("Belege/Netto", compute="$all").json()["Netto"]
    assert (figures["count"], figures["sum"]) == (2000, total)


def test_the_catalogue_names_tables_types_keys_and_relations(server: FourDServer, call: Caller) -> None:
    names = [one["name"] for one in call("$catalog").json()["dataClasses"]]
    assert {
        "Artikel_Familie",
        "Artikel_Variante",
        "Belege",
        "Belege_Pos",
        "parameter",
        "WerksauftrPos",
    } <= set(names)
    body = call("$catalog/Artikel_Variante").json()
    assert (body["className"], body["collectionName"]) == ("Artikel_Variante", "Artikel_VarianteSelection")
    assert body["key"] == [{"name": "UID"}]
    kinds = {one["name"]: (one["kind"], one["type"]) for one in body["attributes"]}
    assert kinds["created_date"] == ("storage", "date")
    assert kinds["created_time"] == ("storage", "duration")
    assert kinds["Preise"] == ("storage", "object")
    assert kinds["ArtikelFamilie"] == ("relatedEntity", "Artikel_Familie")
    assert kinds["Teile"] == ("relatedEntities", "Artikel_TeileSelection")
    assert [one["name"] for one in call("$catalog/Belege_Pos").json()["key"]] == ["AbsNr", "PosNr"]
    assert {one["name"] for one in call("$catalog/$all").json()["dataClasses"]} == set(names)
    assert len(call("$catalog/Kunden,Adressen").json()["dataClasses"]) == 2
    server.quirks.wrapped_catalog = True
    assert call("$catalog/Artikel_Variante").json() == {"dataClasses": [body]}
    server.quirks.no_catalog = True
    assert call("$catalog").status_code == 500


def test_an_entity_set_keeps_its_members(server: FourDServer, call: Caller) -> None:
    answer = call("Kunden", filter="'Preisgru = 1'", orderby="KundenNr", method="entityset", timeout="600")
    uri = answer.json()["__ENTITYSET"]
    assert next(iter(answer.json())) == "__ENTITYSET"
    assert answer.headers["Content-Location"] == uri
    members = call.keys(uri.removeprefix("/rest/"))
    server.change("Kunden", members[0], Preisgru=2)
    server.delete("Kunden", members[1])
    assert call.keys(uri.removeprefix("/rest/")) == [members[0], *members[2:]]
    assert _errors(call(uri.removeprefix("/rest/").replace("Kunden", "Adressen"))) == 1803
    server.clock.advance(1300)
    assert _errors(call(uri.removeprefix("/rest/"))) == 1802


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_whatever_would_write_is_counted_and_refused(server: FourDServer, call: Caller, method: str) -> None:
    before = server.data["Kunden"].rows()
    answer = call.http.request(method, f"{server.url}/rest/Kunden(1100010)", json={"Rabatt": 99}, timeout=20)
    assert answer.status_code == 403
    assert call("Kunden(1100010)", method="delete").status_code == 403
    assert call("Kunden", method="update").status_code == 403
    assert call("Kunden(1100010)", lock="true").status_code == 403
    assert server.counters.writes_refused == 4
    assert server.data["Kunden"].rows() == before


def test_changes_are_seen_by_the_next_request(server: FourDServer, call: Caller) -> None:
    today = server.clock.today().isoformat()
    since = {"filter": f"'created_date >= \"{today}\"' or 'modified_date >= \"{today}\"'"}
    assert call.keys("Kunden", **since) == []
    server.change("Kunden", 1100010, Rabatt=7)
    server.insert("Kunden", KundenNr=4711, Rabatt=3)
    assert call.keys("Kunden", **since) == ["1100010", "4711"]
    assert call("Kunden(1100010)").json()["Rabatt"] == 7
    server.delete("Kunden", 4711)
    assert call.keys("Kunden", **since) == ["1100010"]
    family = server.house.missing_families[0]
    orphan = call("Artikel_Variante", filter=f"'Familie_ = \"{family}\"'").json()["__ENTITIES"][0]
    assert orphan["ArtikelFamilie"] is None
    server.insert("Artikel_Familie", UID=family, Nummer=799_998, Bezeichnung="Nachzügler")
    found = call(f"Artikel_Variante({orphan['__KEY']})").json()
    assert found["ArtikelFamilie"]["__deferred"]["__KEY"] == family


def test_a_table_may_change_while_it_is_read(server: FourDServer, call: Caller) -> None:
    def shrink(_: object) -> None:
        server.delete("Kunden", server.data["Kunden"].row(server.data["Kunden"].ids()[0])["__KEY"])

    server.before = shrink
    first = call("Kunden", orderby="KundenNr", top="10").json()
    second = call("Kunden", orderby="KundenNr", top="10", skip="10").json()
    assert (first["__COUNT"], second["__COUNT"]) == (103, 102)
    assert second["__ENTITIES"][0]["__KEY"] == "1100184", "1100177 was passed over"


def test_the_three_shapes_of_a_page(server: FourDServer, call: Caller) -> None:
    server.quirks.shape = "value"
    assert set(call("Kunden", top="2").json()) == {"value"}
    server.quirks.shape = "list"
    assert len(call("Kunden", top="2").json()) == 2


def test_a_page_cap_and_filters_that_fail(server: FourDServer, call: Caller) -> None:
    server.quirks.page_cap = 30
    body = call("Kunden", top="1000").json()
    assert (body["__COUNT"], body["__SENT"]) == (104, 30)
    server.quirks.refuse_like = True
    assert call("Kunden", filter="Versandart LIKE '%PS'").status_code == 500
    assert call("Kunden", filter="Versandart = 'UPS'").status_code == 200
    server.quirks.refuse_params = True
    assert call("Kunden", filter="Versandart = :1", params='["UPS"]').status_code == 500
    server.quirks.refuse_filters = True
    assert call("Kunden", filter="Versandart = 'UPS'").status_code == 500
    server.quirks.refuse_filters = server.quirks.refuse_params = False
    server.quirks.ignore_filters = True
    assert call("Kunden", filter="Versandart = 'UPS'").json()["__COUNT"] == 104


def test_what_can_go_wrong_with_an_answer(server: FourDServer, call: Caller) -> None:
    server.fail("500", None, "html", where="Kunden")
    assert call("Adressen").status_code == 200, "only where it was ordered"
    assert _errors(call("Kunden")) == 1200
    assert call("Kunden").status_code == 200
    assert call("Kunden").headers["Content-Type"].startswith("text/html")
    for fault in ("cut", "close"):
        server.fail("cut" if fault == "cut" else "close")
        with pytest.raises(requests.exceptions.RequestException):
            call("Kunden")
    server.fail("empty")
    assert call("Kunden").content == b""
    server.fail("hang")
    with pytest.raises(requests.exceptions.Timeout):
        call.http.get(f"{server.url}/rest/Kunden", timeout=0.2)
    assert server.counters.faults == {"500": 1, "html": 1, "cut": 1, "close": 1, "empty": 1, "hang": 1}


def test_shares_of_faults_come_from_the_seed() -> None:
    seen = []
    for _ in range(2):
        with FourDServer(make("small"), Quirks(errors=0.3, html=0.2, seed=5)) as server:
            call = Caller(server)
            seen.append([call("Kunden", top="1").headers["Content-Type"] for _ in range(20)])
            call.http.close()
            assert server.counters.faults["500"] > 2
    assert seen[0] == seen[1]


def test_quirks_are_set_by_name() -> None:
    quirks = Quirks()
    for text in ("errors=0.25", "page-cap=50", "refuse-like", "brackets=off", "cookies=both", "login=a:b"):
        quirks.set(text)
    assert quirks == Quirks(
        errors=0.25, page_cap=50, refuse_like=True, brackets=False, cookies="both", login="a:b"
    )
    for text in ("weather", "errors", "errors=many", "cookies=3", "refuse-like=perhaps"):
        with pytest.raises(ValueError, match=r"."):
            quirks.set(text)
