"""Rules as data: each kind finds what it is for and nothing else, and mistakes in rules are told with their place."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.services.validation import Context, Finding, Rules, RulesError

DAY = date(1992, 6, 4)


def codes(given: dict[str, Any], values: dict[str, Any], context: Context | None = None) -> list[str]:
    return [finding.code for finding in Rules.read(given).check(values, context)]


@pytest.mark.parametrize(
    ("rule", "good", "bad", "code"),
    [
        ({"required": True}, "x", None, "required"),
        ({"required": True}, 0, "", "required"),
        ({"type": "text"}, "x", 1, "not_text"),
        ({"type": "whole"}, 7, "7", "not_whole"),
        ({"type": "whole"}, 7, True, "not_whole"),
        ({"type": "number"}, Decimal("1.5"), "1.5", "not_number"),
        ({"type": "date"}, DAY, "4!6!1992", "not_date"),
        ({"type": "flag"}, False, 0, "not_flag"),
        ({"length": 3}, "abc", "abcd", "too_long"),
        ({"length": [2, None]}, "ab", "a", "too_short"),
        ({"range": [0, 100]}, Decimal("99.5"), Decimal("100.01"), "too_large"),
        ({"range": [0, None]}, 0, -1, "too_small"),
        ({"range": ["1990-01-01", None]}, DAY, date(1989, 12, 31), "too_small"),
        ({"range": [0, None]}, 1, "one", "not_comparable"),
        ({"pattern": "[A-Z]{2}-[0-9]+"}, "AB-1", "AB-1x", "pattern"),
        ({"pattern": "country"}, "DE", "Deutschland", "pattern_country"),
        ({"one_of": ["b2b", "b2c"]}, "b2b", "b2x", "not_one_of"),
    ],
)
def test_a_field_rule_finds_the_bad_value_alone(rule: dict[str, Any], good: Any, bad: Any, code: str) -> None:
    assert codes({"fields": {"a": rule}}, {"a": good}) == []
    assert codes({"fields": {"a": rule}}, {"a": bad}) == [code]


def test_an_empty_value_is_only_the_business_of_required() -> None:
    rules = {"fields": {"a": {"type": "whole", "range": [1, 2], "pattern": "digits", "unique": True}}}
    assert codes(rules, {"a": None}, Context()) == codes(rules, {}, Context()) == []


def test_references_and_unique_values_ask_the_context() -> None:
    rules = Rules.read({"fields": {"customer": {"reference": "customer"}, "number": {"unique": True}},
                        "record": [{"unique": ["shelf", "box"], "severity": "warning"}]})  # fmt: skip
    context = Context(exists=lambda what, value: (what, value) == ("customer", 7))
    first = {"customer": 7, "number": "A", "shelf": 1, "box": 1}
    assert rules.check(first, context) == []
    assert [(f.code, f.field, f.severity) for f in rules.check({**first, "customer": 8}, context)] == [
        ("reference_missing", "customer", "error"),
        ("not_unique", "number", "error"),
        ("not_unique", "box", "warning"),
    ]
    assert rules.check(first) == []  # nobody there to ask


def test_conditions_are_exact_and_hold_where_a_value_is_missing() -> None:
    rules = {
        "record": [
            {
                "expect": "near(gross, net + freight + tax, 0.02)",
                "field": "gross",
                "code": "total_mismatch",
            },
            {
                "expect": "kind != 'invoice' or not empty(paid_by)",
                "severity": "warning",
                "field": "paid_by",
            },
        ]
    }
    right = {
        "net": Decimal("1577.90"),
        "freight": Decimal("5.90"),
        "tax": Decimal("221.73"),
        "gross": Decimal("1805.53"),
    }
    assert codes(rules, right) == []
    assert codes(rules, {**right, "gross": Decimal("1805.50")}) == ["total_mismatch"]
    assert codes(rules, {**right, "tax": None}) == []
    assert codes(rules, {**right, "gross": "1805.53"}) == ["condition_undecided"]
    assert codes(rules, {"kind": "invoice", "paid_by": ""}) == ["condition"]
    third = {"record": [{"expect": "near(a / b, 0.33, 0.01) and a / b < 0.3334"}]}
    assert codes(third, {"a": 1, "b": 3}) == []  # whole numbers divide exactly too
    assert codes(third, {"a": 1, "b": 0}) == ["condition_undecided"]


def test_tax_rates_are_those_of_the_day() -> None:
    rules = {"record": [{"rule": "historic_vat", "rate": "rate", "date": "day", "severity": "warning"}]}
    for day, rate in (
        (DAY, 14),
        (date(1992, 12, 31), 14),
        (date(1993, 1, 1), 15),
        (date(1998, 4, 1), 16),
        (date(2006, 12, 31), 16),
        (date(2007, 1, 1), 19),
        (date(2020, 7, 1), 16),
        (date(2020, 12, 31), 5),
        (date(2021, 1, 1), 19),
        (DAY, 0),
        (DAY, 7),
    ):
        assert codes(rules, {"rate": Decimal(rate), "day": day}) == [], (day, rate)
    for day, rate in ((DAY, 19), (date(2020, 12, 31), 19), (date(2021, 1, 1), 16)):
        assert codes(rules, {"rate": Decimal(rate), "day": day}) == ["historic_vat"], (day, rate)


def test_rules_of_the_forms_serve_here_too() -> None:
    rules = Rules.read({"record": [{"rule": "ean", "field": "ean"}, {"rule": "iban", "field": "iban"}]})
    assert rules.check({"ean": "4006381333931", "iban": "DE89 3704 0044 0532 0130 00"}) == []
    found = rules.check({"ean": "4006381333930", "iban": "DE89370400440532013001"})
    assert [f.code for f in found] == ["ean_check_digit", "iban_check"]
    assert "⟦" not in "".join(f.words(lang) for f in found for lang in ("de", "en"))


def test_findings_say_the_same_in_both_languages_and_survive_being_stored() -> None:
    rules = Rules.read({"fields": {"rate": {"range": [0, 100], "severity": "warning"}}})
    (found,) = rules.check({"rate": Decimal("1234.5")})
    assert found.words("de") == "1.234,5 ist zu groß, das Größte ist 100."
    assert found.words("en") == "1,234.5 is too large; the most is 100."
    assert not found.is_error
    again = Finding.from_json(found.as_json())
    assert (again.code, again.field, again.severity) == ("too_large", "rate", "warning")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fields": {"b": {"required": True}}}, "fields.b: there is no field 'b'"),
        ({"fields": {"a": {"size": 3}}}, "fields.a: unknown word 'size'"),
        ({"fields": {"a": {"type": "colour"}}}, "fields.a.type: there is no type 'colour'"),
        ({"fields": {"a": {"pattern": "["}}}, "fields.a.pattern: unterminated character set"),
        ({"fields": {"a": {"range": 3}}}, "fields.a.range: must be a list of two"),
        ({"fields": {"a": {"length": 3, "severity": "fatal"}}}, "severity is error or warning"),
        ({"record": [{"expect": "a <= b"}]}, "record.1: there is no field 'b'"),
        ({"record": [{"expect": "a <="}]}, "record.1: 'a <=' is no condition"),
        ({"record": [{"rule": "horoscope"}]}, "record.1: there is no rule 'horoscope'"),
        ({"record": [{"rule": "iban"}]}, "record.1: the rule 'iban' needs 'field'"),
        ({"record": [{"expect": "a", "unique": ["a"]}]}, "record.1: needs exactly one of"),
    ],
)
def test_mistakes_in_rules_are_told_with_their_place(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RulesError) as wrong:
        Rules.read(given, known=["a"])
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('x')", "a.__class__", "(lambda: 1)()", "[x for x in a]",
     "open('f')", "a ** 9", "b'x' == a",
     "getattr(a, 'b')", "max(a, key=len)", "__builtins__", "a[0]", "f'{a}'"],
)  # fmt: skip
def test_a_condition_cannot_run_code(text: str) -> None:
    with pytest.raises(RulesError):
        Rules.read({"record": [{"expect": text}]})
