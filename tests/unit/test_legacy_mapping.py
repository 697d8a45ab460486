"""Mapping files: those that come with the program are right, and mistakes in others are told with their place."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.i18n import has_text
from app.services.imports.mapping import MappingError
from app.services.legacy import mapping, schedule
from app.services.legacy.mapping import Find
from app.services.legacy.records import Plan
from app.services.legacy.values import AMBIGUOUS

MOULD: dict[str, Any] = {
    "entity": "mould",
    "title": {"de": "Formen", "en": "Moulds"},
    "module": "production",
    "source": {"table": "Formen", "key": "UUID"},
    "target": "production.mould",
    "match": "number",
    "fields": {"number": {"column": "FormNr", "required": True}, "name": "Bezeichnung"},
}


class World:
    """Knows one family, and two products of one number."""

    def find(self, _find: Find, value: Any) -> Any:
        return {"10-BE": 7, "20-BE": AMBIGUOUS}.get(str(value))

    def knows(self, entity: str, key: str) -> bool:
        return (entity, key) == ("family", "F1")


def written(folder: Path, *files: dict[str, Any]) -> Path:
    for number, content in enumerate(files):
        (folder / f"{number}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def test_the_mapping_of_the_house_covers_every_entity_in_an_order_that_works() -> None:
    found = mapping.standard()
    codes = [entity.code for entity in found.entities]
    assert {
        "family",
        "variant",
        "old_article",
        "old_family",
        "price_group",
        "customer",
        "supplier",
        "document",
        "document_line",
        "place",
        "box_type",
        "box",
        "box_slot",
        "box_content",
        "stock",
        "mould",
        "mould_product",
        "work_order",
        "work_order_step",
        "employee",
        "bom",
        "bom_part",
    } <= set(codes)
    for entity in found.entities:
        assert mapping.needs(entity) <= set(codes[: codes.index(entity.code)]), entity.code
    parts = {block.code for entity in found.entities for block in entity.blocks}
    assert {"variant/price", "variant/cost", "variant/text", "customer/address", "employee/pay"} <= parts


def test_every_finding_the_mapping_names_has_its_words() -> None:
    for path in mapping.FOLDER.glob("*.yaml"):
        for code in _codes(yaml.safe_load(path.read_text(encoding="utf-8"))):
            known = (f"validation.{code}", f"imports.reason.{code}", f"error.{code}")
            assert any(has_text(key) for key in known), f"{path.name}: {code}"


def _codes(content: Any) -> set[str]:
    if isinstance(content, list):
        return {code for item in content for code in _codes(item)}
    if not isinstance(content, dict):
        return set()
    own = {
        value
        for word in ("required", "report", "code")
        if isinstance(value := content.get(word), str) and (word != "code" or "expect" in content)
    }
    return own | {code for value in content.values() for code in _codes(value)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"fields": {"number": {"column": "FormNr", "steps": ["upside_down"]}}},
            "fields.number: there is no step 'upside_down'",
        ),
        (
            {"fields": {"number": "FormNr", "colour": "Farbe"}},
            "production.mould has no column 'colour' that can be written",
        ),
        ({"fields": {"name": "Bezeichnung"}, "match": []}, "production.mould needs a value for 'number'"),
        ({"fields": {"number": "FormNr", "row_version": "A"}}, "no column 'row_version' that can be written"),
        ({"match": "storage_place"}, "match: 'storage_place' is no field"),
        ({"target": "production.moulds"}, "there is no table 'production.moulds'"),
        ({"module": "magic"}, "module: must be one of"),
        ({"rules": {"number": "strongest"}}, "conflict: 'strongest' is none of legacy, werkbank, newest"),
        ({"rules": {"remark": "legacy"}}, "rules: 'remark' is no field"),
        ({"gone": "burn"}, "gone: kind is mark, deactivate, delete"),
        ({"gone": {"kind": "deactivate", "set": {"alive": False}}}, "no column 'alive'"),
        ({"schedule": {"incremental": "often"}}, "schedule.incremental: must read like"),
        ({"schedule": {"full": "25:00"}}, "schedule.full: must be a time of day"),
        ({"source": {"table": "Formen"}}, "source.key: is missing"),
        ({"source": {"key": "UUID"}}, "needs either a table or rows"),
        (
            {"source": {"table": "Formen", "key": "UUID", "where": {"field": "A", "op": "like", "value": 1}}},
            "source.where: is no filter",
        ),
        (
            {
                "source": {
                    "table": "Formen",
                    "key": "UUID",
                    "join": {"x": {"table": "B", "by": {"b": "a"}, "columns": ["b"], "order": ["c"]}},
                }
            },
            "source.join.x.order: 'c' is not among the columns",
        ),
        ({"title": "Formen"}, "title: must be {de: …, en: …}"),
        ({"fields": {"number": {"column": "FormNr", "ref": "nowhere"}}}, "there is no entity 'nowhere'"),
        ({"after": ["nobody"]}, "after: there is no entity 'nobody'"),
        (
            {"fields": {"number": {"column": "A", "find": {"in": "catalog.product", "by": "colour"}}}},
            "catalog.product has no column 'colour'",
        ),
        (
            {"fields": {"number": {"column": "A", "steps": [{"map": "letters"}]}}},
            "there is no table 'letters' under tables",
        ),
        (
            {"validate": {"fields": {"nummer": {"required": True}}}},
            "validate.fields.nummer: there is no field 'nummer'",
        ),
        ({"validate": {"record": [{"expect": "number <"}]}}, "validate.record.1: 'number <' is no condition"),
        ({"unknown": 1}, "unknown word 'unknown'"),
        (
            {"children": {"part": {"each": "Coll", "target": "x.y", "title": {"de": "a", "en": "b"}}}},
            "children.part.target: there is no table 'x.y'",
        ),
    ],
)
def test_a_mistake_is_told_with_its_file_and_place(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(MappingError) as wrong:
        mapping.load(written(tmp_path, {**MOULD, **change}))
    assert said in str(wrong.value)
    assert str(wrong.value).startswith("0.yaml: ")


def test_entities_that_wait_for_each_other_are_named(tmp_path: Path) -> None:
    one = {**MOULD, "entity": "one", "after": ["two"]}
    two = {**MOULD, "entity": "two", "after": ["one"]}
    with pytest.raises(MappingError, match="wait for each other: one, two"):
        mapping.load(written(tmp_path, one, two))


def test_what_is_no_yaml_is_told_and_nothing_else_breaks(tmp_path: Path) -> None:
    (tmp_path / "0.yaml").write_text("fields: [", encoding="utf-8")
    with pytest.raises(MappingError, match=r"0\.yaml: this is not valid YAML"):
        mapping.load(tmp_path)


def test_a_record_becomes_rows_or_findings() -> None:
    plan = Plan(mapping.standard()["variant"], World())
    row = {
        "UID": "V1",
        "Familie_": "F1",
        "Nummer": 803721.0,
        "alteNummer": "11400-BE",
        "Bezeichnung": "Engel\x07 klein",
        "Aktiv": True,
        "Auslaufdatum": None,
        "Release_Date": None,
        "Verkaufsartikel": False,
        "Bezeichnung_FS": None,
        "Preise": {
            "Coll": [
                {"Art": "Laden", "Preis": Decimal("39.5"), "VE": 1},
                {"Art": "Handel", "Preis": 17, "VE": 6},
                {"Art": "Empf.", "Preis": None},
                {"Art": "Einkauf", "Preis": Decimal("6.6")},
            ]
        },
    }
    assert plan.key(row) == "V1"
    made = plan.make(row, "V1", plan.hash(row))
    main = made.rows["variant"][0]
    assert main["v"]["sku"] == "803721"
    assert main["v"]["name"] == "Engel klein"
    assert main["v"]["packing_unit"] == 6
    assert main["r"] == {
        "family_id": ["family", "F1"],
        "unit_id": ["unit", "PCS"],
        "tax_class_id": ["tax_class", "standard"],
    }
    # World finds no price list: the prices go into quarantine by themselves, the variant does not.
    assert made.rows["variant/price"] == []
    assert [(odd.entity, odd.key, odd.findings[0].code) for odd in made.odd] == [
        ("variant/price", "V1/Laden", "price_list_missing"),
        ("variant/price", "V1/Handel", "price_list_missing"),
    ]
    assert [part["v"]["standard_cost"] for part in made.rows["variant/cost"]] == [Decimal("6.6")]
    wrong = plan.make({**row, "Nummer": None}, "V1", "")
    assert wrong.rows == {}
    assert [(f.code, f.field) for f in wrong.odd[0].findings] == [("required", "sku")]


def test_an_orphan_waits_looks_for_relatives_and_asks_for_a_placeholder() -> None:
    plan = Plan(mapping.standard()["variant"], World())
    row = {
        "UID": "V2",
        "Familie_": "F9",
        "Nummer": 1,
        "alteNummer": "99-OX",
        "Bezeichnung": "Waise",
        "Aktiv": True,
    }
    assert plan.wait(row)
    assert not plan.wait({**row, "Familie_": "F1"})
    made = plan.make(row, "V2", "")
    assert made.notes.wanted == [("family", "F9")]
    assert made.rows["variant"][0]["r"]["family_id"] == ["family", "F9"]
    family = Plan(mapping.standard()["family"], World()).placeholder("F9", row)
    assert family["p"] is True
    assert family["v"] == {"code": "PLACEHOLDER-F9", "name": "Waise", "state": "placeholder"}


def test_the_hash_follows_what_is_used_and_what_is_looked_up() -> None:
    plan = Plan(mapping.standard()["document_line"], World())
    row = {"AbsNr": 1, "PosNr": 1, "Art": "L", "ArtNr": "10-BE", "Menge": 1, "Preis": 2, "Pos_Betrag": 2}
    first = plan.hash(row)
    assert plan.hash({**row, "__STAMP": 9, "modified_date": "x"}) == first
    assert plan.hash({**row, "Menge": 3}) != first
    assert plan.hash({**row, "ArtNr": "11-BE"}) != first

    class Later(World):
        def find(self, _find: Find, value: Any) -> Any:
            return 8  # the article appeared, or is another one now

    assert Plan(mapping.standard()["document_line"], Later()).hash(row) != first


def test_values_are_made_to_fit_their_columns_and_it_is_said() -> None:
    plan = Plan(mapping.standard()["document_line"], World())
    row = {
        "AbsNr": 1,
        "PosNr": 1,
        "Art": "L",
        "ArtNr": "X" * 80,
        "Menge": Decimal("1.12345678"),
        "Preis": 2,
        "Pos_Betrag": Decimal("2.25"),
    }
    made = plan.make(row, "1/1", "")
    values = made.rows["document_line"][0]["v"]
    assert len(values["article_number"]) == 60
    assert values["qty"] == Decimal("1.123457")
    assert {(f.severity, f.code, f.field) for f in made.notes.findings} == {
        ("warning", "text_cut", "article_number"),
        ("warning", "rounded", "qty"),
    }
    huge = plan.make({**row, "Preis": Decimal(10) ** 13}, "1/1", "")
    assert ("too_large", "unit_price") in {(f.code, f.field) for f in huge.odd[0].findings}
    text = plan.make({**row, "Preis": "viel"}, "1/1", "")
    assert ("not_a_number", "unit_price") in {(f.code, f.field) for f in text.odd[0].findings}


# -- when what is due --------------------------------------------------------------------------------------------------

NIGHT = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def marks(**ago: float) -> dict[str, dict[str, Any]]:
    """Every entity was read so many hours before NIGHT."""
    found = {f"last_{name}_at": (NIGHT - timedelta(hours=hours)).isoformat() for name, hours in ago.items()}
    return {entity.code: dict(found) for entity in mapping.standard().entities}


def test_nothing_runs_by_itself_before_somebody_has_begun() -> None:
    assert schedule.due(mapping.standard().entities, {}, NIGHT) is None


def test_every_entity_has_its_own_pace() -> None:
    entities, noon = mapping.standard().entities, NIGHT + timedelta(hours=11)
    recent = marks(full=-8, sweep=-8, incremental=-10.9)  # at nine, and six minutes ago
    wanted = schedule.due(entities, recent, noon)
    assert wanted is not None
    assert wanted["mode"] == "incremental"
    assert "customer" in wanted["entities"]  # every 5 minutes
    assert "document" not in wanted["entities"]  # every 15 minutes
    assert "unit" not in wanted["entities"]  # never by itself
    assert schedule.due(entities, marks(full=-8, sweep=-8, incremental=-10.99), noon) is None


def test_at_night_everything_is_read_and_what_a_night_missed_is_made_up_for() -> None:
    entities = mapping.standard().entities
    wanted = schedule.due(entities, marks(full=20, sweep=20, incremental=0.01), NIGHT)
    assert wanted is not None
    assert (wanted["mode"], "place" in wanted["entities"], "document" in wanted["entities"]) == (
        "full",
        True,
        False,
    )
    late = schedule.due(entities, marks(full=40, sweep=40, incremental=0.01), NIGHT + timedelta(hours=9))
    assert late is not None
    assert "document" in late["entities"]
