"""Both systems run: changes, deletions, orphans and their parents, people who work here too, runs that break off."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.db import Target
from app.core.embedded import dsn as address_of
from app.services.legacy import calls
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from tests.conftest import PASSWORD, login_of
from tests.legacy_engine_world import Sync, house_rows, leading

NAME = "SELECT name FROM partners.partner WHERE number = %s"
MODE = "UPDATE legacy.module SET mode = %s WHERE code = %s"


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture(scope="module")
def server(house: House) -> Iterator[FourDServer]:
    with FourDServer(house, Quirks(sessions=2)) as found:
        yield found


@pytest.fixture(scope="module")
def sync(admin_dsn: str, server: FourDServer) -> Iterator[Sync]:
    target, _ = Target.from_dsn(admin_dsn)
    dsn = address_of(target.port, target.dbname, login_of("administrator"), PASSWORD)
    with psycopg.connect(admin_dsn, autocommit=True) as admin, leading(dsn, admin, server) as found:
        found.run("full")
        yield found


def test_what_changed_there_changes_here_with_its_lines(sync: Sync, server: FourDServer) -> None:
    customer = next(
        row for row in house_rows(server, "Kunden") if sync.state("customer", str(int(row["KundenNr"])))
    )
    address = min(
        (a for a in house_rows(server, "Adressen") if a["AdrNr"] == customer["AdrNr"]), key=lambda a: a["ID"]
    )
    server.change(
        "Adressen", address["ID"], Name2="Zum goldenen Hahn"
    )  # the customer's own record did not change
    document = taken(sync, server, 5)
    number = int(document["AbsNr"])
    gone = f"{number},1"
    server.delete("Belege_Pos", gone)
    server.insert(
        "Belege_Pos", AbsNr=number, PosNr=77, Art="T", Bezeichnung="Nachtrag", Menge=0, Preis=0, Pos_Betrag=0
    )
    server.change("Belege", number, Text="Nachgetragen")
    result = sync.run("incremental")
    assert result.state == "done"
    assert sync.one(NAME, str(int(customer["KundenNr"]))) == "Zum goldenen Hahn"
    assert sync.one("SELECT remark FROM legacy.document WHERE source_id = %s", number) == "Nachgetragen"
    lines = sync.rows(
        "SELECT l.position, l.description FROM legacy.document_line l JOIN legacy.document d ON d.id = l.document_id "
        "WHERE d.source_id = %s ORDER BY 1",
        number,
    )
    assert (77, "Nachtrag") in lines
    assert 1 not in [position for position, _ in lines]
    assert sync.state("document_line", f"{number}/1") == "gone"
    with sync.nothing_written():
        sync.run("incremental")


def test_a_price_that_is_taken_away_there_is_taken_away_here(sync: Sync, server: FourDServer) -> None:
    variant = next(row for row in house_rows(server, "Artikel_Variante") if len(row["Preise"]["Coll"]) == 4)
    prices = [dict(price) for price in variant["Preise"]["Coll"] if price["Art"] != "Laden"]
    prices[0]["Preis"] = 18.25
    server.change("Artikel_Variante", variant["UID"], Preise={"Coll": prices})
    # The article is as it was, its prices are not: it has changed, and nothing read is missing from the report.
    counts = sync.run("incremental", "variant").entities[0].counts
    assert (counts.changed, counts.created, counts.quarantined) == (1, 0, 0)
    assert counts.read == counts.changed + counts.unchanged
    assert sync.one(
        "SELECT changed_count || ' ' || unchanged_count FROM legacy.run_entity ORDER BY id DESC LIMIT 1"
    ) == (f"{counts.changed} {counts.unchanged}")
    here = dict(
        sync.rows(
            "SELECT l.code, a.amount FROM catalog.price a JOIN catalog.price_list l ON l.id = a.price_list_id "
            "WHERE a.product_id = %s",
            sync.target("variant", variant["UID"]),
        )
    )
    assert set(here) == {"HANDEL", "EMPFEHLUNG"}
    assert here["HANDEL"] == Decimal("18.25")


def test_what_came_is_counted_on_the_other_side_too(sync: Sync, server: FourDServer) -> None:
    counted = "SELECT source_count FROM legacy.entity WHERE code = 'customer'"
    before = len(house_rows(server, "Kunden"))
    server.insert("Kunden", KundenNr=1888881, AdrNr=house_rows(server, "Adressen")[0]["AdrNr"])
    assert sync.run("incremental", "customer").entities[0].counts.created == 1
    assert sync.one(counted) == before + 1


def test_what_was_deleted_there_is_found_by_its_key(sync: Sync, server: FourDServer) -> None:
    document = int(taken(sync, server, 9)["AbsNr"])
    line = next(
        row
        for row in house_rows(server, "Belege_Pos")
        if row["AbsNr"] == int(taken(sync, server, 11)["AbsNr"])
    )
    variant = house_rows(server, "Artikel_Variante")[40]
    for row in [row for row in house_rows(server, "Belege_Pos") if row["AbsNr"] == document]:
        server.delete("Belege_Pos", row["__KEY"])
    server.delete("Belege", document)
    server.delete("Belege_Pos", line["__KEY"])
    server.delete("Artikel_Variante", variant["UID"])
    product = sync.target("variant", variant["UID"])
    result = sync.run("sweep")
    assert result.state == "done"
    assert sync.one("SELECT count(*) FROM legacy.document WHERE source_id = %s", document) == 0
    assert sync.state("document_line", f"{line['AbsNr']}/{line['PosNr']}") == "gone"
    # An article is in documents and stays, but nobody buys it any more.
    assert sync.one("SELECT state FROM catalog.product WHERE id = %s", product) == "discontinued"
    assert {one.entity: one.counts.gone for one in result.entities}["variant"] == 1
    with sync.nothing_written():
        sync.run("sweep")


def test_orphans_go_to_relatives_or_placeholders_and_home_when_their_parent_comes(
    sync: Sync, server: FourDServer, house: House
) -> None:
    orphans = [
        row for row in house_rows(server, "Artikel_Variante") if row["Familie_"] in house.missing_families
    ]
    relatives = [row for row in orphans if sync.state("family", row["Familie_"]) is None]
    lonely = [row for row in orphans if sync.state("family", row["Familie_"]) == "placeholder"]
    assert relatives
    assert lonely
    assert len(relatives) + len(lonely) == len(orphans)
    family_of = "SELECT family_id FROM catalog.product WHERE id = %s"
    for row in relatives:
        base = row["alteNummer"].rpartition("-")[0]
        brothers = {
            sync.one(family_of, sync.target("variant", other["UID"]))
            for other in house_rows(server, "Artikel_Variante")
            if other["alteNummer"].rpartition("-")[0] == base and other not in orphans
        }
        assert {sync.one(family_of, sync.target("variant", row["UID"]))} == brothers
    child = lonely[0]
    placeholder = sync.target("family", child["Familie_"])
    before = sync.rows("SELECT code, state FROM catalog.family WHERE id = %s", placeholder)[0]
    assert before[0].startswith("PLACEHOLDER-")
    assert before[1] == "placeholder"
    server.insert(
        "Artikel_Familie", UID=child["Familie_"], Nummer=499_001, Bezeichnung="Heimgekehrt", aktiv=True
    )
    sync.run("incremental", "family", "variant")
    assert sync.target("family", child["Familie_"]) == placeholder
    after = sync.rows("SELECT code, name, state FROM catalog.family WHERE id = %s", placeholder)[0]
    assert after == ("499001", "Heimgekehrt", "active")
    assert sync.one(family_of, sync.target("variant", child["UID"])) == placeholder
    # A relative whose own parent appears moves to it.
    moved = relatives[0]
    server.insert(
        "Artikel_Familie", UID=moved["Familie_"], Nummer=499_002, Bezeichnung="Eigene Familie", aktiv=True
    )
    sync.run("full", "family", "variant")
    own = sync.target("family", moved["Familie_"])
    assert own is not None
    assert sync.one(family_of, sync.target("variant", moved["UID"])) == own


def test_fields_changed_here_are_kept_or_taken_as_their_rule_says(sync: Sync, server: FourDServer) -> None:
    variant = house_rows(server, "Artikel_Variante")[12]
    product = sync.target("variant", variant["UID"])
    sync.admin.execute(MODE, ("parallel", "catalog"))
    try:
        sync.admin.execute("UPDATE catalog.product SET name = 'Hier benannt' WHERE id = %s", (product,))
        sync.admin.execute("UPDATE catalog.price SET amount = 1 WHERE product_id = %s", (product,))
        prices = [{**price, "Preis": 99.5} for price in variant["Preise"]["Coll"]]
        server.change("Artikel_Variante", variant["UID"], Bezeichnung="Dort benannt", Preise={"Coll": prices})
        result = sync.run("incremental", "variant")
        assert (
            sync.one("SELECT name FROM catalog.product WHERE id = %s", product) == "Hier benannt"
        )  # werkbank
        amounts = {
            row[0] for row in sync.rows("SELECT amount FROM catalog.price WHERE product_id = %s", product)
        }
        assert amounts == {Decimal("99.5")}  # legacy
        assert result.entities[0].counts.protected == 1
        protected = "SELECT protected FROM legacy.record WHERE target_id = %s AND source_key = %s"
        assert sync.one(protected, product, variant["UID"]) == ["name"]
    finally:
        sync.admin.execute(MODE, ("legacy", "catalog"))
    # While the old system leads alone, it is right in everything.
    server.change("Artikel_Variante", variant["UID"], Bezeichnung="Dort bestimmt")
    sync.run("incremental", "variant")
    assert sync.one("SELECT name FROM catalog.product WHERE id = %s", product) == "Dort bestimmt"


def test_the_newer_of_two_changes_wins_where_the_rule_is_newest(sync: Sync, server: FourDServer) -> None:
    older, newer = house_rows(server, "Artikel_Familie")[3], house_rows(server, "Artikel_Familie")[4]
    sync.admin.execute(MODE, ("parallel", "catalog"))
    try:
        server.change("Artikel_Familie", older["UID"], Bezeichnung="Vorher dort")
        for row in (older, newer):
            sync.admin.execute(
                "UPDATE catalog.family SET name = 'Hier' WHERE id = %s", (sync.target("family", row["UID"]),)
            )
        server.clock.advance(3600)  # an hour later there
        server.change("Artikel_Familie", newer["UID"], Bezeichnung="Nachher dort")
        sync.run("incremental", "family")
    finally:
        server.clock.advance(-3600)
        sync.admin.execute(MODE, ("legacy", "catalog"))
    name = "SELECT name FROM catalog.family WHERE id = %s"
    assert sync.one(name, sync.target("family", older["UID"])) == "Hier"
    assert sync.one(name, sync.target("family", newer["UID"])) == "Nachher dort"


def test_a_module_that_werkbank_leads_in_is_left_alone(sync: Sync, server: FourDServer) -> None:
    row = house_rows(server, "Personal")[0]
    sync.admin.execute(MODE, ("werkbank", "hr"))
    try:
        server.change("Personal", row["Pers_Nr"], Vorname="Theodora")
        with sync.nothing_written():
            result = sync.run("full", "employee", "mould")
    finally:
        sync.admin.execute(MODE, ("legacy", "hr"))
    assert [one.entity for one in result.entities] == ["mould"]
    sync.run("incremental", "employee")
    assert (
        sync.one("SELECT first_name FROM legacy.employee WHERE number = %s", str(row["Pers_Nr"]))
        == "Theodora"
    )


def test_a_record_put_right_in_quarantine_is_taken_and_stays(sync: Sync, server: FourDServer) -> None:
    row = next(row for row in house_rows(server, "Kunden") if row["Rabatt"] > 100)
    key = str(int(row["KundenNr"]))
    item = sync.rows(
        "SELECT q.id, q.row_version, q.raw FROM legacy.quarantine q JOIN legacy.entity e ON e.id = q.entity_id "
        "WHERE e.code = 'customer' AND q.source_key = %s",
        key,
    )[0]
    assert item[2]["Rabatt"] == 120  # what stands there can be seen and changed
    calls.call(
        sync.db,
        "legacy_quarantine_set",
        p_command=uuid.uuid4(),
        p_id=item[0],
        p_row_version=item[1],
        p_state="retry",
        p_repair={"Rabatt": 12},
        p_comment="Zahlendreher",
    )
    result = sync.run("retry")
    assert [(one.entity, one.counts.created) for one in result.entities] == [("customer", 1)]
    assert sync.one(NAME, key)
    assert sync.one("SELECT state FROM legacy.quarantine WHERE id = %s", item[0]) == "resolved"
    with sync.nothing_written():  # the source still says 120, and is not asked again for that
        sync.run("full", "customer")
    # Documents of this customer were waiting: their reference is filled in.
    waiting = "SELECT count(*) FROM legacy.document WHERE customer_number = %s AND partner_id IS NULL"
    assert sync.one(waiting, key) == 0


def test_a_document_put_right_there_brings_its_lines_out_of_quarantine(
    sync: Sync, server: FourDServer
) -> None:
    row = next(row for row in house_rows(server, "Belege") if row["Papierart"] == "X")
    number = int(row["AbsNr"])
    assert sync.state("document", str(number)) == "quarantined"
    server.change("Belege", number, Papierart="R")
    sync.run("incremental")
    assert sync.state("document", str(number)) == "applied"
    there = sum(1 for line in house_rows(server, "Belege_Pos") if line["AbsNr"] == number)
    here = (
        "SELECT count(*) FROM legacy.document_line l JOIN legacy.document d ON d.id = l.document_id "
        "WHERE d.source_id = %s"
    )
    assert sync.one(here, number) == there
    open_ = "SELECT count(*) FROM legacy.quarantine WHERE source_key LIKE %s AND state IN ('open', 'retry')"
    assert sync.one(open_, f"{number}/%") == 0


def test_a_dry_run_tells_and_writes_nothing(sync: Sync, server: FourDServer) -> None:
    row = house_rows(server, "Formen")[2]
    server.change("Formen", row["UUID"], Bezeichnung="Nur zur Probe")
    with sync.nothing_written():
        result = sync.run("full", "mould", dry_run=True)
    assert (result.dry_run, result.entities[0].counts.changed) == (True, 1)
    marks = "SELECT last_full_at FROM legacy.entity WHERE code = 'mould'"
    before = sync.one(marks)
    part = sync.run("full", "mould", limit=3)
    assert part.entities[0].counts.read == 3
    assert sync.one(marks) == before  # a part of it is not all of it


def test_rows_that_come_and_go_while_pages_are_read_are_neither_lost_nor_doubled(
    sync: Sync, server: FourDServer
) -> None:
    early = [int(taken(sync, server, place)["AbsNr"]) for place in (20, 21, 22)]
    forget_lines(sync)
    asked: list[str] = []

    def meanwhile(request: Any) -> None:
        if "/Belege_Pos" in request.path:
            asked.append(request.path)
            if len(asked) == 3:  # two pages were read: the rest moves up by three rows and down by one
                for number in early:
                    server.delete("Belege_Pos", f"{number},1")
                line = {"AbsNr": early[0], "PosNr": 88, "Art": "T", "Bezeichnung": "Dazwischen"}
                server.insert("Belege_Pos", **line, Menge=0, Preis=0, Pos_Betrag=0)

    server.before = meanwhile
    try:
        sync.run("full", "document_line")
    finally:
        server.before = None
    there = {f"{int(row['AbsNr'])}/{row['PosNr']}" for row in house_rows(server, "Belege_Pos")}
    here = {
        row[0]
        for row in sync.rows(
            "SELECT r.source_key FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id "
            "WHERE e.code = 'document_line' AND r.state <> 'gone'"
        )
    }
    assert here == there
    assert sync.one("SELECT count(*) FROM legacy.document_line") == sync.states("document_line")["applied"]


class KilledError(BaseException):
    """The leader is gone in the middle of everything."""


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_run_is_gone_on_with_behind_its_last_page(sync: Sync, server: FourDServer, how: str) -> None:
    forget_lines(sync)

    def middle(step: Any) -> None:
        if step.entity == "document_line" and step.done >= 3000:
            if how == "killed":
                raise KilledError
            sync.stop.set()

    sync.on_progress = middle
    run_id = sync.ask("full", "document_line")
    if how == "killed":
        with pytest.raises(KilledError):
            sync.next()
    else:
        left = sync.next()
        assert left is not None
        assert left.state == "interrupted"
    sync.on_progress = sync.seen.append
    written = sync.one("SELECT count(*) FROM legacy.document_line")
    assert 0 < written < 7000
    sync.services.close()
    sync.lead()
    with sync_keeps(sync, written):
        result = sync.next()
    assert result is not None
    assert result.run_id == run_id
    assert result.entities[0].counts.read < 7000  # the pages before are not read again
    assert sync.one("SELECT read_count FROM legacy.run_entity WHERE run_id = %s", run_id) == len(
        server.data["Belege_Pos"]
    )
    assert sync.one("SELECT count(*) FROM legacy.document_line") == sync.states("document_line")["applied"]
    assert sync.next() is None


def test_a_run_is_cancelled_after_its_page(sync: Sync) -> None:
    run_id = sync.ask("full", "document", "document_line")

    def cancel(step: Any) -> None:
        if step.entity == "document":
            calls.call(sync.db, "legacy_run_cancel", p_command=uuid.uuid4(), p_run_id=run_id)

    sync.on_progress = cancel
    result = sync.next()
    sync.on_progress = sync.seen.append
    assert result is not None
    assert (result.state, [one.entity for one in result.entities]) == ("cancelled", ["document"])
    assert sync.one("SELECT state FROM legacy.run WHERE id = %s", run_id) == "cancelled"
    assert sync.next() is None


def test_a_column_that_is_not_there_fails_its_entity_alone(
    sync: Sync, server: FourDServer, caplog: pytest.LogCaptureFixture
) -> None:
    table = server.data["Formen"]
    fields, types = table.fields, table.types
    table.fields = tuple(field for field in fields if field.name != "Sperre")
    table.types = {field.name: field.type for field in table.fields}
    sync.lead()  # what the catalogue says is remembered for a term
    try:
        result = sync.run("full", "mould", "employee")
    finally:
        table.fields, table.types = fields, types
        sync.lead()
    states = {one.entity: one.state for one in result.entities}
    assert states["mould"] == "failed"
    assert states["employee"] in ("done", "warnings")
    failed = next(one for one in result.entities if one.entity == "mould")
    assert failed.error is not None
    assert failed.error["key"] == "legacy_column_unknown"
    assert "Sperre" in failed.error["params"]["column"]
    assert "legacy_column_unknown" in caplog.text
    caplog.clear()


@contextmanager
def places_lost(server: FourDServer) -> Iterator[None]:
    """All but two of them are not there for a while."""
    lost = house_rows(server, "Stamm_Lagerorte")[:-2]
    for row in lost:
        server.delete("Stamm_Lagerorte", row["ID_Lagerort"])
    yield
    for row in lost:
        server.insert("Stamm_Lagerorte", **{name: row[name] for name in server.data["Stamm_Lagerorte"].types})


def test_half_a_table_that_vanishes_is_another_server_and_not_a_deletion(
    sync: Sync, server: FourDServer, caplog: pytest.LogCaptureFixture
) -> None:
    active = "SELECT count(*) FROM inventory.place WHERE is_active"
    before = sync.one(active)
    with places_lost(server):
        result = sync.run("sweep", "place")
    assert result.state == "failed"
    assert result.entities[0].error is not None
    assert result.entities[0].error["key"] == "legacy_too_many_gone"
    assert sync.one(active) == before
    assert "legacy_too_many_gone" in caplog.text
    caplog.clear()


def forget_lines(sync: Sync) -> None:
    """As before the first load of positions."""
    sync.admin.execute("DELETE FROM legacy.document_line")
    sync.admin.execute(
        "DELETE FROM legacy.record r USING legacy.entity e WHERE e.id = r.entity_id AND e.code = 'document_line'"
    )


def taken(sync: Sync, server: FourDServer, place: int) -> dict[str, Any]:
    """A document that was taken over, of the first ones in the order of their numbers, with several lines."""
    number = sync.one(
        "SELECT d.source_id FROM legacy.document d JOIN legacy.document_line l ON l.document_id = d.id "
        "GROUP BY 1 HAVING count(*) > 2 ORDER BY 1 OFFSET %s LIMIT 1",
        place,
    )
    return server.data["Belege"].get(number)


@contextmanager
def sync_keeps(sync: Sync, written: int) -> Iterator[None]:
    """What was written before stays as it was."""
    old = sync.rows("SELECT id, xmin::text FROM legacy.document_line")
    assert len(old) == written
    yield
    now = dict(sync.rows("SELECT id, xmin::text FROM legacy.document_line"))
    assert all(now[key] == mark for key, mark in old)


def test_what_fails_is_left_alone_for_a_while_and_what_waits_is_taken_by_the_schedule(
    sync: Sync, server: FourDServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The schedule: a repaired record is tried by itself; an entity that failed does not fail again at once."""
    sync.admin.execute("UPDATE legacy.entity SET last_full_at = clock_timestamp(), last_sweep_at = clock_timestamp(), "
                       "last_incremental_at = clock_timestamp()")  # fmt: skip
    sync.admin.execute("UPDATE legacy.quarantine SET state = 'open' WHERE state = 'retry'")
    sync.admin.execute(
        "UPDATE legacy.quarantine q SET state = 'retry' FROM legacy.entity e "
        "WHERE e.id = q.entity_id AND e.code = 'work_order' AND q.state = 'open'"
    )
    sync.lead()
    tried = sync.scheduled()
    assert tried is not None
    assert (tried.mode, [one.entity for one in tried.entities]) == ("retry", ["work_order"])
    assert sync.one("SELECT count(*) FROM legacy.quarantine WHERE state = 'retry'") == 0
    sync.admin.execute(
        "UPDATE legacy.entity SET last_sweep_at = now() - interval '3 days' WHERE code = 'place'"
    )
    with places_lost(server):
        failed = sync.scheduled()
    assert failed is not None
    assert (failed.mode, [(one.entity, one.state) for one in failed.entities]) == (
        "sweep",
        [("place", "failed")],
    )
    assert sync.scheduled() is None
    caplog.clear()
