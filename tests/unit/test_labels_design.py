"""Designs: what is refused when they are read, and labels that cannot be printed as they should."""

from typing import Any

import pytest

from app.core.errors import AppError, Invalid, Refused
from app.services.labels import catalogue, fields, sheets
from app.services.labels.layout import Words, lay_out

GOOD: dict[str, Any] = {
    "key": "own",
    "topic": "product",
    "name": {"de": "Eigenes"},
    "size": [57, 32],
    "elements": [
        {"text": "{product.name}", "at": [2, 2, 53, 6], "font": 9},
        {"code": ["code128", "datamatrix"], "value": "{code.own}", "at": [2, 12, 53, 18]},
        {"box": [1, 1, 55, 30]},
        {"line": [2, 10, 55, 10]},
        {"picture": "product.picture", "at": [40, 2, 10, 6], "when": "product.picture"},
    ],
}


def wrong(element: dict[str, Any] | None = None, **changes: Any) -> list[tuple[str, int]]:
    declared = {**GOOD, **changes}
    if element is not None:
        declared["elements"] = [*GOOD["elements"], element]
    _, problems = catalogue.check(declared)
    return [(problem.key, problem.params["element"]) for problem in problems]


def test_a_good_design_has_nothing_wrong() -> None:
    design, problems = catalogue.check(GOOD)
    assert problems == []
    assert design is not None
    assert design.name == {"de": "Eigenes", "en": "Eigenes"}


@pytest.mark.parametrize(
    ("element", "key"),
    [
        ({"text": "x", "at": [50, 2, 20, 6]}, "label_design_outside"),
        ({"text": "x", "at": [2, 2, 20]}, "label_design_area"),
        ({"text": "x", "at": [2, 2, 20, 0]}, "label_design_no_area"),
        ({"text": "x", "at": [2, 2, True, 4]}, "label_design_area"),
        ({"text": "x", "at": [2, 2, 20, 1]}, "label_design_too_flat"),
        ({"text": "x", "at": [2, 2, 20, 6], "font": 2}, "label_design_number"),
        ({"text": "x", "at": [2, 2, 20, 6], "align": "middle"}, "label_design_choice"),
        ({"text": "x", "at": [2, 2, 20, 6], "colour": "red"}, "label_design_setting"),
        ({"text": {"fr": "x"}, "at": [2, 2, 20, 6]}, "label_design_language"),
        ({"text": "{product}", "at": [2, 2, 20, 6]}, "label_design_field"),
        ({"text": "{product.name", "at": [2, 2, 20, 6]}, "label_design_field"),
        ({"text": "{product.name.__class__}", "at": [2, 2, 20, 6]}, "label_design_field"),
        ({"text": "{product.name!r}", "at": [2, 2, 20, 6]}, "label_design_field"),
        ({"text": "{1+1}", "at": [2, 2, 20, 6]}, "label_design_field"),
        ({"text": "{product.name:>9}", "at": [2, 2, 20, 6]}, "label_design_format"),
        ({"text": "{product.cost}", "at": [2, 2, 20, 6]}, "label_design_field_unknown"),
        ({"text": "x", "at": [2, 2, 20, 6], "when": "product.cost"}, "label_design_field_unknown"),
        ({"text": "x", "at": [2, 2, 20, 6], "when": "1 == 1"}, "label_design_field"),
        ({"text": "x", "code": "qr", "at": [2, 2, 20, 6]}, "label_design_element"),
        ({"table": "x"}, "label_design_element"),
        ({"line": [2, 2, 20, 6]}, "label_design_line"),
        ({"code": "code39", "value": "x", "at": [2, 2, 20, 6]}, "label_design_choice"),
        ({"code": "gs1_128", "value": "x", "at": [2, 2, 20, 6]}, "label_design_value"),
        ({"code": "gs1_128", "gs1": "{product.ean}", "at": [2, 2, 20, 6]}, "label_design_gs1"),
        ({"code": "gs1_128", "gs1": "(05){product.ean}", "at": [2, 2, 20, 6]}, "gs1_unknown_identifier"),
        ({"code": "code128", "value": "x", "at": [2, 2, 53, 9], "module": 0.1}, "label_design_number"),
        ({"code": "code128", "value": "{product.name}", "at": [2, 2, 40, 9]}, "label_code_does_not_fit"),
        ({"code": "qr", "value": "{product.name}", "at": [2, 2, 9, 9]}, "label_code_does_not_fit"),
        ({"code": "gtin", "value": "{product.sku}", "at": [2, 2, 53, 9]}, "gs1_no_gtin"),
        ({"text": "{product.name}", "at": [2, 2, 5, 3], "overflow": "refuse"}, "label_text_too_long"),
    ],
)
def test_what_is_wrong_is_named_with_its_element(element: dict[str, Any], key: str) -> None:
    assert wrong(element) == [(key, 6)]


def test_what_is_wrong_with_the_label_as_a_whole() -> None:
    assert wrong(size=[5, 5]) == [("label_design_size_range", 0)]
    assert wrong(size="57x32") == [("label_design_size", 0)]
    assert wrong(elements=[]) == [("label_design_empty", 0)]
    assert wrong(densities=[72]) == [("label_design_density", 0)]
    assert wrong(topic="invoice") == [("label_design_topic", 0)]
    assert len(wrong(elements=[{"box": [0, 0, 99, 9]}, "x", {"line": [1, 1, 1, 1]}])) == 3


def test_a_finer_printer_may_print_what_a_coarse_one_cannot() -> None:
    element = {"code": "ean13", "value": "{product.ean}", "at": [2, 2, 39, 10]}
    _, problems = catalogue.check({**GOOD, "elements": [element]})
    assert [problem.params["density"] for problem in problems] == [203]
    assert wrong(elements=[element], densities=[300, 600]) == []


def test_fields_are_looked_up_and_never_evaluated() -> None:
    record = {"a.x": "{b.y}", "a.n@en": "one", "a.n": "eins", "a.b": " ", "a.c": 3}
    assert fields.template("{a.x}").words(record, "de") == "{b.y}"
    assert fields.template("{a.n} {a.n@en}").words(record, "de") == "eins one"
    assert fields.template("{a.n}").words(record, "en") == "one"
    assert fields.template("{a.b|a.z|a.c} {{x}}").words(record, "de") == "3 {x}"
    assert fields.template("Platz {a.b}").words(record, "de") == ""
    assert fields.template("{a.n:upper}").words(record, "de") == "EINS"
    assert fields.condition("!a.b").holds(record, "de")


def test_identifying_texts_are_never_cut_and_codes_never_empty() -> None:
    design = catalogue.load(GOOD)
    sample = catalogue.sample("product")
    with pytest.raises(Refused, match="label_code_empty") as empty:
        lay_out(design, {**sample, "code.own": None})
    assert empty.value.params["element"] == 2
    small = catalogue.designs("product")["product_57x32"]
    with pytest.raises(Invalid, match="label_text_too_long"):
        lay_out(small, {**sample, "product.sku": "W" * 40})
    with pytest.raises(AppError, match="gs1_check_digit"):
        lay_out(small, {**sample, "product.ean": "4006381333932"})


def test_names_shrink_first_and_are_cut_then() -> None:
    design = catalogue.load(GOOD)
    sample = catalogue.sample("product")

    def name(text: str) -> Words:
        label = lay_out(design, {**sample, "product.name": text})
        return next(mark for mark in label.marks if isinstance(mark, Words))

    assert name("Engel").size == 9
    assert name("Engel mit Glocke, bemalt, 40 cm, rot").size < 9
    cut = name("Engel mit Glocke " * 20)
    assert cut.size == 5
    assert cut.text.endswith("…")


def test_sheets_lie_on_their_paper() -> None:
    declared = {
        "name": {"de": "x", "en": "x"},
        "page": [210, 297],
        "grid": [3, 8],
        "label": [70, 37],
        "margin": [0, 0.5],
        "pitch": [70, 37],
    }
    assert sheets.read(declared, "x").corner(4) == (70, 37.5)
    for change in ({"margin": [1, 1]}, {"grid": [4, 8]}, {"pitch": [69, 37]}, {"margin": [-1, 0]}):
        with pytest.raises(Invalid, match="label_sheet"):
            sheets.read({**declared, **change}, "x")
    sheet = sheets.read(declared, "x")
    assert list(sheets.places(sheet, 3, 23)) == [(0, 22), (0, 23), (1, 0)]
    with pytest.raises(Invalid, match="label_start_position"):
        list(sheets.places(sheet, 1, 25))
