"""A mapping is checked before anything is read, and its words do what they say."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

import app.models  # noqa: F401  (the tables mappings name)
from app.services.imports import adventureworks, mapping
from app.services.imports.load import versions
from app.services.imports.mapping import MappingError
from app.services.imports.steps import Repaired, WrongError, clean, make, same_key

D = Decimal
GOOD: dict[str, Any] = {
    "sources": {"Unit": {"columns": ["Code", "Name"]}},
    "entities": [
        {
            "name": "unit",
            "target": "catalog.unit",
            "from": "Unit",
            "key": "code",
            "fields": {"code": "Code", "name_de": "Name", "name_en": "Name"},
        }
    ],
}


def mistakes(tmp_path: Path, change: dict[str, Any], entity: dict[str, Any] | None = None) -> str:
    document = {**GOOD, **change}
    if entity is not None:
        document["entities"] = [{**GOOD["entities"][0], **entity}]
    file = tmp_path / "mapping.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(MappingError) as wrong:
        mapping.read(file)
    return str(wrong.value)


def test_the_mapping_that_comes_with_the_program_is_right() -> None:
    found = mapping.read(adventureworks.MAPPING)
    assert {entity.target for entity in found.entities} >= {"catalog.product", "bom", "stock", "image"}


@pytest.mark.parametrize(
    ("entity", "said"),
    [
        ({"target": "catalog.units"}, "there is no table 'catalog.units'"),
        ({"from": "Units"}, "there is no source 'Units'"),
        ({"fields": {"code": "Kode", "name_de": "Name", "name_en": "Name"}}, "there is no column 'Kode'"),
        ({"fields": {"code": "Code", "name_de": "Name"}}, "needs a value for 'name_en'"),
        ({"fields": {"code": "Code", "name_de": "Name", "name_en": "Name", "colour": "Name"}},
         "has no column 'colour'"),
        ({"fields": {"code": "Code", "name_de": "Name", "name_en": "Name", "row_version": "Code"}},
         "has no column 'row_version' that can be written"),
        ({"fields": {"code": {"column": "Code", "steps": ["trim"]}, "name_de": "Name", "name_en": "Name"}},
         "there is no step 'trim'"),
        ({"fields": {"code": {"column": "Code", "steps": ["round"]}, "name_de": "Name", "name_en": "Name"}},
         "the step 'round' needs a value"),
        ({"fields": {"code": {"column": "Code", "ref": "family"}, "name_de": "Name", "name_en": "Name"}},
         "ref 'family' names no entity above"),
        ({"key": "kode"}, "the key column 'kode' is no field"),
        ({"key": []}, "key is missing"),
        ({"existing": "replace"}, "existing is update or keep"),
        ({"wher": []}, "unknown word 'wher'"),
        ({"where": [{"column": "Code"}]}, "needs exactly one of"),
        ({"where": [{"column": "Code", "found_in": "Unit.Kode"}]}, "is no Source.Column"),
        ({"join": [{"as": "x", "from": "Unit", "on": {"Code": "Code"}}]}, "unknown word 'on'"),
    ],
)  # fmt: skip
def test_every_mistake_is_named_with_its_place(tmp_path: Path, entity: dict[str, Any], said: str) -> None:
    found = mistakes(tmp_path, {}, entity)
    assert said in found
    assert "mapping.yaml: entities.unit" in found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path, {"sources": {"Unit": {"columns": ["A", "A"], "separator": "space"}}, "rows": 1}
    )
    assert len(found.splitlines()) >= 4


def test_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("entities: [")
    with pytest.raises(MappingError, match="not valid YAML"):
        mapping.read(file)


@pytest.mark.parametrize(
    ("step", "value", "made"),
    [
        ("number", "17.80", D("17.80")),
        ("whole", "3.0", 3),
        ("date", "2014-02-08 10:01:36.827000000", date(2014, 2, 8)),
        ("next_day", "2012-02-29 00:00:00", date(2012, 3, 1)),
        ("flag", "0", False),
        ("not", "1", False),
        ("slug", "Bikes Mountain/Räder", "bikes-mountain-rader"),
        ("one_line", " a \n b ", "a b"),
        ("zero_is_empty", "0.0", None),
        ("hex_bytes", "4749", b"GI"),
        ("url", "www.litware.example/", "https://www.litware.example"),
        ({"round": 2}, "2.345", D("2.35")),
        ({"times": "0.60"}, "34.99", D("20.9940")),
        ({"map": "sizes"}, "1.0", "small"),
        ({"map_if_listed": "sizes"}, "7", "7"),
        ({"divide_by": ["packs", "assumed"]}, ("24.21", "DZ"), D("24.21") / 12),
        ({"divide_by": ["packs", "assumed"]}, ("10", "CTN"), Repaired(D(1), "unit_assumed")),
        ({"divide_by": ["packs", "assumed"]}, ("10", "??"), Repaired(D(10), "unit_without_conversion")),
        ({"cut": 3}, "abcd", Repaired("abc", "text_cut")),
    ],
)
def test_steps(step: Any, value: Any, made: Any) -> None:
    tables: dict[str, dict[str, Any]] = {"sizes": {"1": "small"}, "packs": {"DZ": 12}, "assumed": {"CTN": 10}}
    assert make(step, tables)(value) == made


@pytest.mark.parametrize(
    ("step", "value"),
    [("number", "12.50 O"), ("number", "NaN"), ("whole", "1.5"), ("date", "31.02.2027"), ("date", "2027-02-30"),
     ("flag", "maybe"), ("hex_bytes", "XYZ"), ({"map": "sizes"}, "2"), ({"at_least": 0}, "-1"), ({"above": 0}, "0")],
)  # fmt: skip
def test_steps_refuse_what_they_cannot_use(step: Any, value: str) -> None:
    with pytest.raises(WrongError):
        make(step, {"sizes": {}})(value)


def test_cells_are_cleaned_and_keys_compared_by_value() -> None:
    assert clean("\ufeff EA  ") == "EA"
    assert clean("   ") is None
    assert same_key("3.0") == same_key(" 3") == same_key(3) == "3"
    assert same_key("3.50") == "3.50"


def line(component: int, qty: str, start: str, end: str | None = None) -> dict[str, Any]:
    return {
        "component_id": component,
        "qty": D(qty),
        "valid_from": date.fromisoformat(start),
        "valid_to": date.fromisoformat(end) if end else None,
    }


def test_dated_lines_become_versions() -> None:
    """A part is exchanged in May: two versions; a gap has none; equal neighbours are one."""
    found = list(
        versions(
            [
                line(1, "1", "2010-03-04"),
                line(2, "4", "2010-03-04", "2010-05-04"),
                line(3, "2", "2010-05-04"),
            ]
        )
    )
    assert [(v["valid_from"], v["valid_to"], [p["product_id"] for p in v["lines"]]) for v in found] == [
        (date(2010, 3, 4), date(2010, 5, 4), [1, 2]),
        (date(2010, 5, 4), None, [1, 3]),
    ]
    gap = list(versions([line(1, "1", "2010-01-01", "2010-02-01"), line(1, "1", "2010-03-01")]))
    assert [(v["valid_from"], v["valid_to"]) for v in gap] == [
        (date(2010, 1, 1), date(2010, 2, 1)),
        (date(2010, 3, 1), None),
    ]
    same = list(versions([line(1, "1", "2010-01-01", "2010-02-01"), line(1, "1", "2010-02-01")]))
    assert [(v["valid_from"], v["valid_to"]) for v in same] == [(date(2010, 1, 1), None)]
    assert [v["valid_to"] for v in versions([line(1, "1", "2010-01-01", "2010-02-01")])] == [date(2010, 2, 1)]
