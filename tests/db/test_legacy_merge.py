"""A page of the old system becomes rows: added, adopted, changed, protected, refused, gone."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.catalog_world import Basics, basics
from tests.db.legacy_world import DEPUTY, DOCUMENT, Leader, add_leaders, call, counts, one, row

Raw = psycopg.Connection[Any]


@pytest.fixture
def leader(raw_role: Callable[..., Raw], admin: Raw) -> Leader:
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp()")
    admin.execute("UPDATE legacy.module SET mode = 'legacy'")
    admin.execute("UPDATE legacy.run SET state = 'done' WHERE state IN ('running', 'waiting', 'interrupted')")
    return Leader(raw_role("administrator", ticket=True))


@pytest.fixture
def given(admin: Raw) -> Basics:
    return basics(admin)


def mode(admin: Raw, module: str, value: str) -> None:
    admin.execute("UPDATE legacy.module SET mode = %s WHERE code = %s", (value, module))


def variant(given: Basics, sku: str, **values: Any) -> dict[str, Any]:
    return {"sku": sku, "name": "Engel", "unit_id": given.unit, "tax_class_id": given.tax, **values}


def record(admin: Raw, entity: str, key: str) -> Any:
    return one(
        admin,
        "SELECT r.state, r.target_id, r.protected FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id"
        " WHERE e.code = %s AND r.source_key = %s",
        entity,
        key,
    )


def test_rows_are_added_once_and_written_only_where_they_differ(leader: Leader, admin: Raw) -> None:
    page = [row(f"a{n}", {"code": f"A{n}", "name": f"Familie {n}", "weight_g": "12.50"}) for n in range(50)]
    assert counts(leader.families(*page)) == (50, 0, 0, 0)
    before = admin.execute(
        "SELECT id, xmin::text, row_version FROM catalog.family WHERE code LIKE 'A%'"
    ).fetchall()
    trail = one(admin, "SELECT count(*) FROM audit.entry WHERE table_name = 'catalog.family'")
    # The same again under another hash (a mapping was changed): nothing differs, nothing is written.
    again = [{**item, "h": "other"} for item in page]
    assert counts(leader.families(*again)) == (0, 0, 50, 0)
    after = admin.execute(
        "SELECT id, xmin::text, row_version FROM catalog.family WHERE code LIKE 'A%'"
    ).fetchall()
    assert sorted(after) == sorted(before)
    assert one(admin, "SELECT count(*) FROM audit.entry WHERE table_name = 'catalog.family'") == trail
    again[7]["v"]["name"] = "Anders"
    del again[7]["v"]["weight_g"]  # a field the mapping no longer names stays as it is
    assert counts(leader.families(*again)) == (0, 1, 49, 0)
    assert one(admin, "SELECT name, weight_g::text, row_version FROM catalog.family WHERE code = 'A7'") == (
        "Anders", "12.500", 2,
    )  # fmt: skip


def test_unchanged_records_are_not_asked_for_again(leader: Leader) -> None:
    leader.families(
        row("b1", {"code": "B1", "name": "x"}, h="one"), row("b2", {"code": "B2", "name": "x"}, h="two")
    )
    changed = leader.raw.execute(
        "SELECT api.legacy_changed('family', ARRAY['b3', 'b1', 'b2'], ARRAY['x', 'one', 'new'])"
    ).fetchone()
    assert changed == (["b3", "b2"],)
    assert leader.raw.execute("SELECT api.legacy_keys('family', 'b1', 1)").fetchone() == (
        [["b2", "applied"]],
    )


def test_references_are_found_by_the_key_of_the_old_system(leader: Leader, given: Basics, admin: Raw) -> None:
    leader.families(row("c1", {"code": "C1", "name": "x"}))
    page = [
        row("v1", variant(given, "C-1"), r={"family_id": ["family", "c1"]}),
        row("v2", variant(given, "C-2"), r={"family_id": ["family", "nobody"]}),
        row("v3", variant(given, "C-3"), r={"family_id": ["family", "later", "optional"]}),
    ]
    answer = leader.page("variant", "catalog.product", page, match=["sku"])
    assert counts(answer) == (2, 0, 0, 0)
    assert answer["refused"] == [
        {
            "k": "v2",
            "key": "legacy_reference_missing",
            "column": "family_id",
            "params": {"entity": "family", "key": "nobody"},
        }
    ]
    # What could stay empty is filled in when the record comes, and counts as the old system's, not as changed here.
    leader.families(row("later", {"code": "C-LATER", "name": "x"}))
    assert leader.end("family")["linked"] == 1
    assert one(
        admin,
        "SELECT f.code FROM catalog.product p JOIN catalog.family f ON f.id = p.family_id WHERE p.sku = 'C-3'",
    ) == ("C-LATER",)
    mode(admin, "catalog", "parallel")
    page[2] = row("v3", variant(given, "C-3", name="neu"), r={"family_id": ["family", "c1", "optional"]})
    assert counts(leader.page("variant", "catalog.product", page[2:], rules={"*": "werkbank"})) == (
        0,
        1,
        0,
        0,
    )
    assert one(
        admin,
        "SELECT f.code FROM catalog.product p JOIN catalog.family f ON f.id = p.family_id WHERE p.sku = 'C-3'",
    ) == ("C1",)


def test_a_placeholder_becomes_the_real_record(leader: Leader, given: Basics, admin: Raw) -> None:
    leader.families(row("orphan", {"code": "PLACEHOLDER-9", "name": "?", "state": "placeholder"}, p=True))
    leader.page(
        "variant",
        "catalog.product",
        [row("d1", variant(given, "D-1"), r={"family_id": ["family", "orphan"]})],
    )
    state, target, _ = record(admin, "family", "orphan")
    assert state == "placeholder"
    assert leader.raw.execute(
        "SELECT api.legacy_changed('family', ARRAY['orphan'], ARRAY['h'])"
    ).fetchone() == (["orphan"],)
    real = row("orphan", {"code": "700001", "name": "Krippe", "state": "active"}, h="h")
    assert counts(leader.families(real)) == (0, 1, 0, 0)
    assert record(admin, "family", "orphan")[:2] == ("applied", target)
    assert one(
        admin,
        "SELECT f.code, f.state FROM catalog.product p JOIN catalog.family f ON f.id = p.family_id WHERE p.sku = 'D-1'",
    ) == ("700001", "active")
    # Another orphan of the same family does not make it a placeholder again.
    leader.families(row("orphan", {"code": "PLACEHOLDER-9", "name": "?"}, p=True))
    assert record(admin, "family", "orphan")[:2] == ("applied", target)


def test_duplicates_are_refused_or_stand_for_the_first(leader: Leader, given: Basics, admin: Raw) -> None:
    page = [row("e1", {"code": "E", "name": "first"}), row("e2", {"code": "E", "name": "second"})]
    answer = leader.families(*page)
    assert (answer["created"], [r["key"] for r in answer["refused"]]) == (1, ["legacy_duplicate"])
    assert answer["refused"][0]["params"] == {"other": "e1", "value": "E"}
    answer = leader.families(
        {**page[1], "d": True},
        row("e3", {"code": "E3", "name": "x"}),
        row("e4", {"code": "E3", "name": "y"}, d=True),
    )
    assert (answer["created"], answer["refused"]) == (1, [])
    first = record(admin, "family", "e1")[1]
    assert record(admin, "family", "e2")[:2] == ("linked", first)
    assert record(admin, "family", "e4")[:2] == ("linked", record(admin, "family", "e3")[1])
    # Children of the duplicate reach the same row, and the duplicate never writes into it.
    leader.page(
        "variant", "catalog.product", [row("e9", variant(given, "E-9"), r={"family_id": ["family", "e2"]})]
    )
    assert one(admin, "SELECT family_id FROM catalog.product WHERE sku = 'E-9'") == (first,)
    assert counts(leader.families(row("e2", {"code": "E", "name": "third"}, d=True))) == (0, 0, 1, 0)
    assert one(admin, "SELECT name FROM catalog.family WHERE code = 'E'") == ("first",)


def test_a_duplicate_can_become_a_record_of_its_own(leader: Leader, admin: Raw) -> None:
    leader.families(row("p1", {"code": "P", "name": "x"}), row("p2", {"code": "P", "name": "x"}, d=True))
    assert record(admin, "family", "p2")[0] == "linked"
    assert counts(leader.families(row("p2", {"code": "P-NEW", "name": "x"}, d=True))) == (1, 0, 0, 0)
    state, target, _ = record(admin, "family", "p2")
    assert (state, one(admin, "SELECT code FROM catalog.family WHERE id = %s", target)) == (
        "applied",
        ("P-NEW",),
    )


def test_a_record_that_is_gone_gives_its_row_to_the_next(leader: Leader, admin: Raw) -> None:
    leader.families(row("q1", {"code": "Q", "name": "x"}))
    target = record(admin, "family", "q1")[1]
    leader.call(
        "legacy_gone", p_run_entity_id=leader.part("family"), p_entity="family", p_keys=("q1",), p_action={}
    )
    assert counts(leader.families(row("q2", {"code": "Q", "name": "y"}))) == (0, 1, 0, 0)
    assert record(admin, "family", "q2")[:2] == ("applied", target)
    # Coming back, it finds its row taken.
    answer = leader.families(row("q1", {"code": "Q", "name": "z"}))
    assert [refused["key"] for refused in answer["refused"]] == ["legacy_duplicate"]


def test_a_duplicate_that_stays_keeps_the_row_of_the_one_that_goes(leader: Leader, admin: Raw) -> None:
    """Somebody tidies up there: of two records with the same number the first one is deleted."""
    second = row("r2", {"code": "R", "name": "second"}, d=True)
    leader.families(
        row("r1", {"code": "R", "name": "first"}), second, row("r3", {"code": "R", "name": "x"}, d=True)
    )
    target = record(admin, "family", "r1")[1]
    gone = leader.call(
        "legacy_gone",
        p_run_entity_id=leader.part("family"),
        p_entity="family",
        p_keys=("r1",),
        p_action={"kind": "deactivate", "set": {"state": "discontinued"}},
    )
    assert gone == {"gone": 1}
    assert record(admin, "family", "r1")[:2] == ("gone", None)
    assert record(admin, "family", "r2")[:2] == ("applied", target)
    assert record(admin, "family", "r3")[:2] == ("linked", target)
    assert one(admin, "SELECT name, state FROM catalog.family WHERE id = %s", target) == ("first", "active")
    changed = call(leader.raw, "legacy_changed", p_entity="family", p_keys=("r2",), p_hashes=(second["h"],))
    assert changed == ["r2"], "its own values have not been read yet"
    assert counts(leader.families(second)) == (0, 1, 0, 0)
    assert one(admin, "SELECT name FROM catalog.family WHERE id = %s", target) == ("second",)
    # All of them gone: then the row is.
    leader.call(
        "legacy_gone",
        p_run_entity_id=leader.part("family"),
        p_entity="family",
        p_keys=("r2", "r3"),
        p_action={"kind": "deactivate", "set": {"state": "discontinued"}},
    )
    assert one(admin, "SELECT state FROM catalog.family WHERE id = %s", target) == ("discontinued",)


def test_a_duplicate_is_read_again_when_the_first_one_gets_another_number(leader: Leader, admin: Raw) -> None:
    first, second = row("u1", {"code": "U", "name": "x"}), row("u2", {"code": "U", "name": "x"}, d=True)
    leader.families(first, second)
    asked = {"p_entity": "family", "p_keys": ("u2",), "p_hashes": (second["h"],)}
    assert call(leader.raw, "legacy_changed", **asked) == []
    leader.families(row("u1", {"code": "U-NEW", "name": "x"}))
    assert call(leader.raw, "legacy_changed", **asked) == ["u2"]
    assert counts(leader.families(second)) == (1, 0, 0, 0)
    assert one(admin, "SELECT count(*) FROM catalog.family WHERE code IN ('U', 'U-NEW')") == (2,)
    assert call(leader.raw, "legacy_changed", **asked) == []


def test_rows_that_are_there_already_are_adopted(leader: Leader, admin: Raw) -> None:
    admin.execute(
        "INSERT INTO catalog.family (code, name, description) VALUES ('F1', 'by hand', NULL), ('F2', 'by hand', 'kept')"
    )
    mode(admin, "catalog", "parallel")
    page = [row("f1", {"code": "F1", "name": "legacy", "description": "legacy"})]
    assert counts(leader.families(*page, rules={"*": "werkbank"})) == (0, 1, 0, 1)
    assert one(admin, "SELECT name, description FROM catalog.family WHERE code = 'F1'") == (
        "by hand",
        "legacy",
    )
    assert record(admin, "family", "f1")[2] == ["name"]
    mode(admin, "catalog", "legacy")
    assert counts(leader.families(row("f2", {"code": "F2", "name": "legacy"}))) == (0, 1, 0, 0)
    assert one(admin, "SELECT name, description FROM catalog.family WHERE code = 'F2'") == ("legacy", "kept")


@pytest.mark.parametrize(
    ("rule", "moment", "name", "guarded"),
    [
        ("legacy", None, "source 2", 0),
        ("werkbank", "2099-01-01T00:00:00Z", "here", 1),
        ("newest", None, "here", 1),
        ("newest", "2001-01-01T00:00:00Z", "here", 1),
        ("newest", "2099-01-01T00:00:00Z", "source 2", 0),
    ],
)
def test_what_was_changed_in_werkbank_is_protected_field_by_field(
    leader: Leader, admin: Raw, rule: str, moment: str | None, name: str, guarded: int
) -> None:
    key = f"g-{rule}-{moment}"
    given = {"code": f"G{len(key)}{rule}{(moment or '')[:4]}", "name": "source 1", "description": "old"}
    mode(admin, "catalog", "parallel")
    leader.families(row(key, given), rules={"name": rule})
    admin.execute("UPDATE catalog.family SET name = 'here' WHERE code = %s", (given["code"],))
    rules = {"name": rule, "description": "werkbank"}
    # The old system says another thing about the description only: nobody touches the name under newest and werkbank.
    answer = leader.families(
        row(key, {**given, "description": "new"}, m=moment), rules={"name": rule, "*": "werkbank"}
    )
    if rule != "legacy":
        assert counts(answer) == (0, 1, 0, 1)
        assert one(admin, "SELECT name, description FROM catalog.family WHERE code = %s", given["code"]) == (
            "here",
            "new",
        )
    answer = leader.families(
        row(key, {**given, "name": "source 2", "description": "new"}, m=moment), rules=rules
    )
    assert answer["protected"] == guarded
    assert one(admin, "SELECT name FROM catalog.family WHERE code = %s", given["code"]) == (name,)
    assert record(admin, "family", key)[2] == (["name"] if guarded else None)
    # While the old system alone leads, it wins.
    mode(admin, "catalog", "legacy")
    leader.families(row(key, {**given, "name": "source 3"}), rules=rules)
    assert one(admin, "SELECT name FROM catalog.family WHERE code = %s", given["code"]) == ("source 3",)


def test_where_werkbank_leads_nothing_is_written(leader: Leader, admin: Raw) -> None:
    leader.families(row("h1", {"code": "H1", "name": "x"}))
    mode(admin, "catalog", "werkbank")
    answer = leader.families(row("h1", {"code": "H1", "name": "y"}), row("h2", {"code": "H2", "name": "y"}))
    assert (answer["mode"], *counts(answer)) == ("werkbank", 0, 0, 0, 2)
    assert one(admin, "SELECT string_agg(name, ',') FROM catalog.family WHERE code LIKE 'H_'") == ("x",)
    gone = leader.call(
        "legacy_gone", p_run_entity_id=leader.part("family"), p_entity="family", p_keys=("h1",), p_action={}
    )
    assert gone == {"gone": 0}


def test_a_row_taken_away_in_werkbank_comes_back_only_where_the_old_system_leads(
    leader: Leader, admin: Raw
) -> None:
    item = row("i1", {"code": "I1", "name": "x"})
    leader.families(item)
    admin.execute("DELETE FROM catalog.family WHERE code = 'I1'")
    mode(admin, "catalog", "parallel")
    assert counts(leader.families({**item, "h": "2"})) == (0, 0, 0, 1)
    mode(admin, "catalog", "legacy")
    assert counts(leader.families({**item, "h": "3"})) == (1, 0, 0, 0)
    assert (
        record(admin, "family", "i1")[1] == one(admin, "SELECT id FROM catalog.family WHERE code = 'I1'")[0]
    )


def test_one_bad_row_stands_alone(leader: Leader, given: Basics, admin: Raw) -> None:
    good = [row(f"j{n}", variant(given, f"J-{n}")) for n in range(40)]
    bad = {
        "long": (variant(given, "J-long", name="x" * 300), "text_too_long", "name"),
        "none": ({**variant(given, "J-none"), "name": None}, "value_required", "name"),
        "ean": (variant(given, "J-ean", ean="12x"), "ean_digits", None),
        "word": (variant(given, "J-word", weight_g="heavy"), "value_invalid", None),
        "huge": (variant(given, "J-huge", weight_g="1e30"), "number_out_of_range", None),
        "date": (variant(given, "J-date", released_on="4.6.1992"), "value_invalid", None),
        "case": (variant(given, "j-5"), "product_sku_any_case", "search_key"),
        "unit": (variant(given, "J-unit", unit_id=987654321), "product_unit_id_fkey", None),
    }
    page = [*good[:20], *(row(k, v) for k, (v, _, _) in bad.items()), *good[20:]]
    answer = leader.page("variant", "catalog.product", page, match=["sku"])
    found = {r["k"]: r for r in answer["refused"]}
    assert set(found) == set(bad)
    for key, entry in found.items():
        assert (entry["key"], entry["column"]) == bad[key][1:], key
    assert found["long"]["params"] == {"limit": 200, "length": 300}
    assert answer["created"] == 40
    assert one(admin, "SELECT count(*) FROM catalog.product WHERE sku LIKE 'J-%'") == (40,)
    assert record(admin, "variant", "long") is None, (
        "a refused row leaves nothing, so that it is offered again"
    )
    # Next to it what the leader hands in for quarantine, in the same transaction.
    findings = [{"severity": "error", "code": "length"}]
    answer = leader.call(
        "legacy_apply",
        p_run_entity_id=leader.part("variant"),
        p_blocks=[],
        p_quarantine=[
            {"entity": "variant", "k": "long", "h": "hash", "raw": {"Nummer": 1}, "findings": findings}
        ],
    )
    assert answer["quarantined"] == 1
    assert record(admin, "variant", "long")[0] == "quarantined"
    assert leader.raw.execute(
        "SELECT api.legacy_changed('variant', ARRAY['long'], ARRAY['hash'])"
    ).fetchone() == ([],)
    leader.page("variant", "catalog.product", [row("long", variant(given, "J-long"))], match=["sku"])
    assert one(admin, "SELECT state FROM legacy.quarantine WHERE source_key = 'long'") == ("resolved",)


def test_a_mistake_in_a_mapping_stops_the_page(leader: Leader, admin: Raw) -> None:
    for values in (
        {"code": "K1", "name": "x", "nonsense": 1},
        {"code": "K1", "name": "x", "created_by": "me"},
        {"id": 7},
    ):
        with pytest.raises(psycopg.Error) as wrong:
            leader.families(row("k1", values))
        assert wrong.value.diag.constraint_name == "legacy_column_unknown"
    assert one(admin, "SELECT count(*) FROM catalog.family WHERE code = 'K1'") == (0,)


def lines(document: str, count: int, **values: Any) -> list[dict[str, Any]]:
    return [
        row(
            f"{document}/{n}",
            {"position": n, "kind": "product", "qty": "1", "amount": f"{n}.50", **values},
            o=document,
            r={"document_id": ["document", document]},
        )
        for n in range(1, count + 1)
    ]


def test_lines_that_their_document_has_no_more_go(leader: Leader, admin: Raw) -> None:
    leader.page("document", "legacy.document", [row("2572", {**DOCUMENT, "source_id": 2572})])
    leader.page("line", "legacy.document_line", lines("2572", 4))
    feed = one(admin, "SELECT pages FROM legacy.feed WHERE table_name = 'legacy.document_line'")[0]
    fewer = lines("2572", 3)
    fewer[0]["v"]["amount"] = "9.99"
    answer = leader.page(
        "line", "legacy.document_line", fewer, complete={"owners": ["2572"], "action": {"kind": "delete"}}
    )
    assert (*counts(answer), answer["gone"]) == (0, 1, 2, 0, 1)
    assert admin.execute("SELECT amount::text FROM legacy.document_line ORDER BY position").fetchall() == [
        ("9.9900",), ("2.5000",), ("3.5000",),
    ]  # fmt: skip
    assert record(admin, "line", "2572/4")[:2] == ("gone", None)
    assert one(admin, "SELECT pages FROM legacy.feed WHERE table_name = 'legacy.document_line'") == (
        feed + 1,
    )
    assert one(admin, "SELECT count(*) FROM audit.entry WHERE table_name LIKE 'legacy.document%'") == (0,)
    # A line that comes back is made anew.
    assert counts(leader.page("line", "legacy.document_line", lines("2572", 4)))[0] == 1


def test_what_is_gone_is_marked_switched_off_or_deleted(leader: Leader, given: Basics, admin: Raw) -> None:
    leader.page(
        "variant",
        "catalog.product",
        [row("l1", variant(given, "L-1")), row("l2", variant(given, "L-2"))],
        match=["sku"],
    )
    prices = [
        row(f"l1/{n}", {"price_list_id": given.shop, "min_qty": n, "amount": "9.95", "valid_from": "2020-01-01"},
            o="l1", r={"product_id": ["variant", "l1"]})
        for n in (1, 2)
    ]  # fmt: skip
    leader.page("variant/price", "catalog.price", prices)

    def gone(entity: str, *keys: str, **action: Any) -> int:
        answer = leader.call(
            "legacy_gone",
            p_run_entity_id=leader.part("variant"),
            p_entity=entity,
            p_keys=keys,
            p_action=action,
        )
        return int(answer["gone"])

    assert gone("variant/price", "l1/2", "unknown", kind="delete") == 1
    assert one(
        admin,
        "SELECT count(*) FROM catalog.price p JOIN catalog.product x ON x.id = p.product_id WHERE sku = 'L-1'",
    ) == (1,)
    assert gone("variant", "l1", kind="deactivate", set={"state": "discontinued"}) == 1
    assert gone("variant", "l1", kind="deactivate", set={"state": "discontinued"}) == 0
    assert one(admin, "SELECT state FROM catalog.product WHERE sku = 'L-1'") == ("discontinued",)
    with pytest.raises(psycopg.Error) as refused:
        gone("variant", "l2", kind="delete")
    assert refused.value.diag.constraint_name == "legacy_delete_refused"
    assert gone("variant", "l2", kind="mark") == 1
    assert one(admin, "SELECT state FROM catalog.product WHERE sku = 'L-2'") == ("active",)
    # It is asked for again when it shows up, and is what it was.
    assert leader.raw.execute(
        "SELECT api.legacy_changed('variant', ARRAY['l1'], ARRAY[%s])",
        (row("l1", variant(given, "L-1"))["h"],),
    ).fetchone() == (["l1"],)
    mode(admin, "catalog", "parallel")
    back = row("l1", variant(given, "L-1", state="active"))
    assert counts(
        leader.page("variant", "catalog.product", [back], match=["sku"], rules={"*": "werkbank"})
    ) == (0, 1, 0, 0)
    assert record(admin, "variant", "l1")[0] == "applied"


def test_pages_are_counted_once_and_say_where_to_go_on(leader: Leader, admin: Raw) -> None:
    page = [row(f"m{n}", {"code": f"M{n}", "name": "x"}) for n in range(3)]
    for _ in range(2):  # the answer of the first got lost
        leader.families(*page, cursor={"skip": 3})
    begun = leader.call("legacy_run_entity_begin", p_run_id=leader.run, p_entity="family")
    assert (begun["cursor"], begun["read_count"], begun["created_count"]) == ({"skip": 3}, 3, 3)


def test_a_leader_killed_in_the_middle_of_a_page_leaves_nothing(
    leader: Leader, raw_role: Callable[..., Raw], admin: Raw
) -> None:
    leader.families(row("n1", {"code": "N1", "name": "x"}), cursor={"skip": 1})
    with pytest.raises(psycopg.OperationalError), leader.raw.transaction():  # noqa: PT012
        leader.families(row("n2", {"code": "N2", "name": "x"}), cursor={"skip": 2})
        admin.execute("SELECT pg_terminate_backend(%s)", (leader.raw.info.backend_pid,))
        leader.raw.execute("SELECT 1")
    assert record(admin, "family", "n2") is None
    assert one(admin, "SELECT string_agg(code, ',') FROM catalog.family WHERE code LIKE 'N_'") == ("N1",)
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp()")
    add_leaders(admin)
    heir = Leader(raw_role(DEPUTY, ticket=True))
    assert heir.run == leader.run
    begun = heir.call("legacy_run_entity_begin", p_run_id=heir.run, p_entity="family")
    assert (begun["cursor"], begun["read_count"]) == ({"skip": 1}, 1)
    answer = heir.families(row("n2", {"code": "N2", "name": "x"}), cursor={"skip": 2})
    assert counts(answer) == (1, 0, 0, 0)


def test_the_trail_names_who_led(leader: Leader, admin: Raw) -> None:
    leader.families(row("o1", {"code": "O1", "name": "x"}))
    found = one(
        admin,
        "SELECT e.op, e.login, e.topic FROM audit.entry e JOIN catalog.family f ON f.id = e.row_id"
        " WHERE e.table_name = 'catalog.family' AND f.code = 'O1'",
    )
    assert found == ("I", "u_administrator", "catalog.family")
