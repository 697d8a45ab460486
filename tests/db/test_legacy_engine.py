"""The whole old house comes over: everything accounted for, twice is once, and what changes there changes here."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.db import Target
from app.core.embedded import dsn as address_of
from app.services.legacy import mapping
from app.services.legacy import transforms as to
from app.services.legacy.engine import RunResult
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from migrations import drift
from tests.conftest import PASSWORD
from tests.legacy_engine_world import Sync, house_rows, leading

SERVICE = "s_sync_engine"
BOXES = "Stamm_Lager_Schuetten"


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture(scope="module")
def server(house: House) -> Iterator[FourDServer]:
    with FourDServer(house, Quirks(sessions=2)) as found:
        yield found
    assert found.counters.sessions_alive_max <= 1
    assert found.counters.writes_refused == 0


@pytest.fixture(scope="module")
def sync(admin_dsn: str, server: FourDServer) -> Iterator[Sync]:
    """A service that has no other right than to lead."""
    target, _ = Target.from_dsn(admin_dsn)
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute("SELECT sec.user_create(%s, 'Sync', %s, ARRAY['sync'])", (SERVICE, PASSWORD))
        dsn = address_of(target.port, target.dbname, SERVICE, PASSWORD)
        with leading(dsn, admin, server) as found:
            yield found


@pytest.fixture(scope="module")
def first(sync: Sync) -> RunResult:
    """The first load of everything."""
    return sync.run("full")


def taken(row: dict[str, Any], sync: Sync) -> bool:
    return sync.state("document", str(int(row["AbsNr"]))) == "applied"


def test_everything_there_is_here_or_in_quarantine(sync: Sync, first: RunResult, server: FourDServer) -> None:
    assert first.state == "warnings"
    assert [one.error for one in first.entities if one.error] == []
    for entity in mapping.standard().entities:
        source = entity.source
        if not source.table or source.each or source.distinct:
            continue
        states = sync.states(entity.code)
        here = sum(states.values()) - states.get("placeholder", 0) - states.get("gone", 0)
        assert here == len(server.data[source.table]), entity.code
        quarantined = sync.one(
            "SELECT count(*) FROM legacy.quarantine q JOIN legacy.entity e ON e.id = q.entity_id "
            "WHERE e.code = %s AND q.state = 'open'",
            entity.code,
        )
        assert states.get("quarantined", 0) == quarantined, entity.code
    counts = {one.entity: one.counts for one in first.entities}
    assert counts["box_type"].created == 12
    assert counts["warehouse"].created == 3
    assert counts["price_group"].created == 3


def adds_up(sync: Sync, result: RunResult) -> None:
    """Whether every record that was read is told of once, here and in the report the database keeps."""
    for one in result.entities:
        counts = one.counts
        told = counts.created + counts.changed + counts.unchanged + counts.quarantined
        assert told == counts.read, (one.entity, counts)
        kept = sync.rows(
            "SELECT read_count, created_count, changed_count, unchanged_count, quarantined_count "
            "FROM legacy.run_entity WHERE run_id = %s AND entity = %s",
            result.run_id,
            one.entity,
        )
        assert kept == [
            (counts.read, counts.created, counts.changed, counts.unchanged, counts.quarantined)
        ], one.entity


def test_every_record_read_is_accounted_for(sync: Sync, first: RunResult) -> None:
    assert sum(one.counts.read for one in first.entities) > 10_000
    adds_up(sync, first)


def test_documents_agree_to_the_cent(sync: Sync, first: RunResult, server: FourDServer) -> None:
    """Sums of both sides, the old one worked out anew from what the server holds."""
    there: dict[tuple[str, str], list[Decimal]] = {}
    kinds = {"R": "invoice", "A": "quote", "L": "delivery", "G": "credit_note", "B": "order"}
    for row in house_rows(server, "Belege"):
        if not taken(row, sync):
            continue
        rate = to.DM_PER_EUR if row["Währung"] == "DM" else Decimal(1)
        gross = Decimal(str(row["Endbetrag"]))
        sums = there.setdefault(
            (kinds[row["Papierart"]], row["Währung"]), [Decimal(0), Decimal(0), Decimal(0)]
        )
        sums[0] += gross
        sums[1] += (gross / rate).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        sums[2] += 1
    here = {
        (kind, {"DEM": "DM"}.get(currency, currency)): [gross, euros, Decimal(count)]
        for kind, currency, gross, euros, count in sync.rows(
            "SELECT kind, currency, sum(gross), sum(gross_eur), count(*) FROM legacy.document GROUP BY 1, 2"
        )
    }
    assert here == there
    assert (
        sync.one(
            "SELECT count(*) FROM legacy.document WHERE abs(gross - net - freight - handling - tax) > 0.02"
        )
        == 0
    )
    # No document is taxed by a rate that did not hold on its day.
    odd = sync.rows(
        "SELECT date, tax_rate FROM legacy.document WHERE tax_rate NOT IN (0, 7) AND tax_rate <> CASE "
        "WHEN date < '1993-01-01' THEN 14 WHEN date < '1998-04-01' THEN 15 WHEN date < '2007-01-01' THEN 16 "
        "WHEN date BETWEEN '2020-07-01' AND '2020-12-31' THEN 16 ELSE 19 END"
    )
    assert odd == []


def test_lines_stand_under_their_documents_and_find_their_articles(
    sync: Sync, first: RunResult, server: FourDServer
) -> None:
    there: dict[int, int] = {}
    for row in house_rows(server, "Belege_Pos"):
        there[row["AbsNr"]] = there.get(row["AbsNr"], 0) + 1
    differing = [
        (number, lines, there.get(number))
        for number, lines in sync.rows(
            "SELECT d.source_id, count(l.id) FROM legacy.document d "
            "LEFT JOIN legacy.document_line l ON l.document_id = d.id GROUP BY 1"
        )
        if lines != there.get(number, 0)
    ]
    assert len(differing) <= 1  # the one position with a wrong amount
    old = {row["alteNummer"]: int(row["Nummer"]) for row in house_rows(server, "Artikel_Variante")}
    wrong = [
        (number, sku)
        for number, sku in sync.rows(
            "SELECT l.article_number, p.sku FROM legacy.document_line l JOIN catalog.product p ON p.id = l.product_id "
            "WHERE l.article_number <> p.sku"
        )
        if old.get(number, old.get(number.upper())) != int(sku)
    ]
    assert wrong == []
    assert sync.one("SELECT count(*) FROM legacy.document_line WHERE product_id IS NOT NULL") > 6000


def test_variants_have_families_prices_and_costs(sync: Sync, first: RunResult, server: FourDServer) -> None:
    assert sync.one("SELECT count(*) FROM catalog.product WHERE family_id IS NULL") == 0
    listed = {
        (str(int(row["Nummer"])), price["Art"]): Decimal(str(price["Preis"]))
        for row in house_rows(server, "Artikel_Variante")
        for price in row["Preise"]["Coll"]
        if price["Preis"] is not None
    }
    words = {"LADEN": "Laden", "HANDEL": "Handel", "EMPFEHLUNG": "Empf."}
    here = {
        (sku, words[code]): amount
        for sku, code, amount in sync.rows(
            "SELECT p.sku, l.code, a.amount FROM catalog.price a JOIN catalog.product p ON p.id = a.product_id "
            "JOIN catalog.price_list l ON l.id = a.price_list_id"
        )
    }
    here |= {
        (sku, "Einkauf"): amount
        for sku, amount in sync.rows(
            "SELECT p.sku, c.standard_cost FROM catalog.product_cost c JOIN catalog.product p ON p.id = c.product_id"
        )
    }
    assert here == listed
    # A family that was entered twice is one family here, and both its keys lead to it.
    numbers = [int(row["Nummer"]) for row in house_rows(server, "Artikel_Familie")]
    twice = [
        row["UID"] for row in house_rows(server, "Artikel_Familie") if numbers.count(int(row["Nummer"])) > 1
    ]
    assert len(twice) == 4
    assert len({sync.target("family", key) for key in twice}) == 2


def test_customers_are_called_like_their_first_address(
    sync: Sync, first: RunResult, server: FourDServer
) -> None:
    addresses: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(house_rows(server, "Adressen"), key=lambda row: row["ID"]):
        addresses.setdefault(row["AdrNr"], []).append(row)
    for row in house_rows(server, "Kunden"):
        number = str(int(row["KundenNr"]))
        mine = addresses.get(row["AdrNr"], [])
        name = sync.one("SELECT name FROM partners.partner WHERE number = %s", number)
        if not mine or row["Rabatt"] > 100:
            assert name is None
            continue
        assert name == to.name((mine[0]["Name2"], mine[0]["Vorname"], mine[0]["Name1"]))
        defaults = sync.one(
            "SELECT count(*) FROM partners.address a JOIN partners.partner p ON p.id = a.partner_id "
            "WHERE p.number = %s AND a.is_default",
            number,
        )
        assert defaults <= 1
    # Addresses of nobody are nobody's.
    here = sync.one(
        "SELECT count(*) FROM partners.address a JOIN partners.partner p ON p.id = a.partner_id WHERE p.is_customer"
    )
    assert 0 < here < len(server.data["Adressen"])


def test_each_rule_that_is_violated_says_so_at_its_field(sync: Sync, first: RunResult) -> None:
    assert sync.found("document") == {
        ("not_in_table", "Papierart"),
        ("document_kind_unknown", "Papierart"),
        ("document_total", "Endbetrag"),
        ("currency_unknown", "Währung"),
        ("currency_unknown", "Netto"),
        ("currency_unknown", "Endbetrag"),
        ("currency_unknown", "MWST_EUR"),
        ("required", "Währung"),
        ("required", "Datum"),
    }
    assert sync.found("document_line") == {
        ("legacy_reference_missing", "AbsNr"),
        ("line_amount", "Pos_Betrag"),
    }
    assert sync.found("customer") == {("too_large", "Rabatt"), ("name_missing", "AdrNr")}
    assert sync.found("stock") == {("product_unknown", "ID_Artikel_Stamm"), ("too_small", "Bestand")}
    assert sync.found("box_content") == {
        ("product_unknown", "UUID_Artikel_Lagerorte"),
        ("too_small", "Menge"),
    }
    assert sync.found("bom_part") == {
        ("legacy_reference_missing", "Teil_"),
        ("too_small", "Menge"),
        ("bom_cycle", ""),
    }
    assert sync.found("work_order") == {("not_in_table", "Status"), ("too_small", "Stückzahl")}
    assert sync.found("mould_product") == {("mould_unknown", "FormNr"), ("too_small", "Anzahl")}
    assert sync.found("box_slot") == {("legacy_reference_missing", "ID_Lager_Schuetten_Slots")}
    assert sync.found("employee") == {("dates_in_order", "Austrittsdatum")}


def test_what_is_odd_stays_with_its_record(sync: Sync, first: RunResult) -> None:
    """One warning per record, code and column; counted alike in the run, the entity and the list."""
    kept = dict(
        sync.rows(
            "SELECT e.code, count(*) FROM legacy.warning w JOIN legacy.entity e ON e.id = w.entity_id "
            "WHERE w.run_id = %s GROUP BY 1",
            first.run_id,
        )
    )
    assert kept == {one.entity: one.counts.warnings for one in first.entities if one.counts.warnings}
    assert kept == dict(sync.rows("SELECT code, warning_count FROM legacy.entity WHERE warning_count > 0"))
    assert kept == dict(
        sync.rows(
            "SELECT entity, warning_count FROM legacy.run_entity WHERE run_id = %s AND warning_count > 0",
            first.run_id,
        )
    )
    assert kept["document"] > 40
    assert {"customer", "box", "work_order_step", "document_line"} <= kept.keys()
    # They name the column of the old system; what is odd about somebody of the staff is told without its value.
    assert (
        sync.one(
            "SELECT w.params FROM legacy.warning w JOIN legacy.entity e ON e.id = w.entity_id "
            "WHERE e.code = 'box' AND w.field = 'Schuettentyp' LIMIT 1"
        )["column"]
        == "box_type_id"
    )
    assert (
        sync.rows(
            "SELECT w.params ->> 'value' FROM legacy.warning w JOIN legacy.entity e ON e.id = w.entity_id "
            "WHERE e.module = 'hr' AND w.params ->> 'value' <> '…'"
        )
        == []
    )
    assert [
        found for name, found in drift.run_queries(sync.admin, "consistency") if name == "legacy_warning"
    ] == []


def test_pay_is_for_administrators_alone(
    sync: Sync, first: RunResult, role_dsn: Callable[[str], str]
) -> None:
    assert sync.one("SELECT count(*) FROM legacy.employee_pay WHERE monthly > 0") > 5
    for role in ("viewer", "finance", "production_planner"):
        with psycopg.connect(role_dsn(role), autocommit=True) as someone:
            someone.execute("SELECT sec.session_open()")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                someone.execute("SELECT monthly FROM legacy.employee_pay")


def test_a_second_run_of_everything_writes_nothing(sync: Sync, first: RunResult) -> None:
    with sync.nothing_written():
        again = sync.run("full")
    written = [(one.entity, one.counts) for one in again.entities if one.counts.created or one.counts.changed]
    assert written == []
    assert sum(one.counts.gone for one in again.entities) == 0
    assert {one.entity: one.counts.read for one in again.entities}["document_line"] == 8000
    adds_up(sync, again)


def test_an_incremental_run_without_news_reads_little_and_writes_nothing(
    sync: Sync, first: RunResult
) -> None:
    with sync.nothing_written():
        result = sync.run("incremental")
    assert sum(one.counts.read for one in result.entities) < 200
    assert sum(one.counts.created + one.counts.changed for one in result.entities) == 0


def test_a_warning_lives_as_long_as_what_it_is_about(
    sync: Sync, first: RunResult, server: FourDServer
) -> None:
    """Set anew with the record, kept while the record is not read, gone with its reason or with the record."""

    def warnings(key: str) -> list[tuple[Any, ...]]:
        return sync.rows(
            "SELECT w.code, w.params ->> 'value', w.run_id, w.first_seen_at < w.last_seen_at FROM legacy.warning w "
            "JOIN legacy.entity e ON e.id = w.entity_id WHERE e.code = 'box' AND w.source_key = %s",
            key,
        )

    boxes = [
        row for row in house_rows(server, BOXES) if row["Schuettentyp"] and not warnings(str(int(row["ID"])))
    ]
    row, other = boxes[:2]
    key, right = str(int(row["ID"])), row["Schuettentyp"]
    server.change(BOXES, row["ID"], Schuettentyp="Zinkwanne")
    result = sync.run("full", "box")
    run = result.run_id
    assert result.entities[0].counts.warnings == 1
    assert warnings(key) == [("find_missing", "Zinkwanne", run, False)]
    server.change(BOXES, other["ID"], Bemerkung="leer")
    sync.run("full", "box")  # another record changed: this one keeps what was said of it
    assert warnings(key) == [("find_missing", "Zinkwanne", run, False)]
    server.change(BOXES, row["ID"], Schuettentyp="Blechkiste")
    run = sync.run("full", "box").run_id
    assert warnings(key) == [("find_missing", "Blechkiste", run, True)]
    server.change(BOXES, row["ID"], Schuettentyp=right)
    sync.run("full", "box")
    assert warnings(key) == []
    server.change(BOXES, row["ID"], Schuettentyp="Blechkiste")
    sync.run("full", "box")
    assert len(warnings(key)) == 1
    server.delete(BOXES, row["ID"])
    sync.run("sweep", "box")
    assert sync.state("box", key) == "gone"
    assert warnings(key) == []
