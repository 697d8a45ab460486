"""Rules as data, read and checked once, then asked of record after record.

The format, as YAML has it (a field may also have a list of such tables, each with a severity of its own)::

    fields:
      number: {required: true, type: text, length: 20, pattern: "[0-9]+"}
      rate: {type: number, range: [0, 100], severity: warning}
      kind: {one_of: [b2b, b2c]}
      customer_id: {reference: customer}
      sku: {unique: true}
    record:
      - {expect: "discount_days <= net_days", field: discount_days, code: skonto_days}
      - {unique: [building, unit], severity: warning}
      - {rule: historic_vat, rate: tax_rate, date: date}
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from app.services.validation import expressions
from app.services.validation.business import BUSINESS, Maker
from app.services.validation.findings import ERROR, WARNING, Finding

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "whole": (int,),
    "number": (int, float, Decimal),
    "date": (date,),
    "time": (time,),
    "moment": (datetime,),
    "flag": (bool,),
}
PATTERNS = {
    "country": "[A-Z]{2}",
    "currency": "[A-Z]{3}",
    "digits": "[0-9]+",
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "no_blanks_around": r"(?s)\S(.*\S)?",
    "vat_id": r"[A-Z]{2}[0-9A-Z+*]{2,12}",
}
_WORDS = ("required", "type", "length", "range", "pattern", "one_of", "reference", "unique")


class RulesError(ValueError):
    """The rules are wrong; one line per mistake."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass
class Context:
    """What records are compared with beyond themselves: those before them, and what exists elsewhere.

    ``exists(what, value)`` says whether a reference leads somewhere; without it references are not checked.
    """

    exists: Callable[[str, Any], bool] | None = None
    _seen: dict[tuple[str, ...], set[Any]] = field(default_factory=dict)

    def is_new(self, fields: tuple[str, ...], value: Any) -> bool:
        """Whether no record before had the value; from now on this one has it."""
        seen = self._seen.setdefault(fields, set())
        if value in seen:
            return False
        seen.add(value)
        return True


_Field = Callable[[Any, Context | None], Finding | None]
_Record = Callable[[Mapping[str, Any], Context | None], Iterable[Finding]]


@dataclass(frozen=True)
class Rules:
    """Rules ready to be asked.  ``names`` are all fields they look at."""

    names: frozenset[str] = frozenset()
    _required: tuple[tuple[str, Finding], ...] = ()
    _fields: tuple[tuple[str, tuple[_Field, ...]], ...] = ()
    _records: tuple[_Record, ...] = ()

    def check(self, values: Mapping[str, Any], context: Context | None = None) -> list[Finding]:
        """What is wrong with a record; an empty list when nothing is.

        A value that is not there is checked by ``required`` alone, and conditions over it hold.
        """
        found = [wrong for name, wrong in self._required if values.get(name) in (None, "")]
        for name, checks in self._fields:
            value = values.get(name)
            if value is None or value == "":
                continue
            for check in checks:
                wrong = check(value, context)
                if wrong is not None:
                    found.append(wrong)
                    break
        for ask in self._records:
            found.extend(ask(values, context))
        return found

    @classmethod
    def read(
        cls,
        given: Mapping[str, Any] | None,
        *,
        known: Iterable[str] | None = None,
        business: Mapping[str, Maker] = BUSINESS,
    ) -> "Rules":
        """Read rules.  ``known`` are the fields there are; raises `RulesError` with every mistake."""
        reader = _Reader(None if known is None else frozenset(known), business)
        rules = reader.rules(given or {})
        if reader.wrong:
            raise RulesError(reader.wrong)
        return rules


class _Reader:
    """Turns the data into functions and collects what is wrong with it."""

    def __init__(self, known: frozenset[str] | None, business: Mapping[str, Maker]) -> None:
        self.wrong: list[str] = []
        self._known = known
        self._business = business
        self._names: set[str] = set()

    def rules(self, given: Mapping[str, Any]) -> Rules:
        for unknown in set(given) - {"fields", "record"}:
            self.wrong.append(f"unknown word {unknown!r}; known are fields, record")
        required: list[tuple[str, Finding]] = []
        fields: list[tuple[str, tuple[_Field, ...]]] = []
        for name, specs in (given.get("fields") or {}).items():
            self._use(f"fields.{name}", name)
            checks: list[_Field] = []
            for spec in specs if isinstance(specs, list) else [specs]:
                place = f"fields.{name}"
                if not isinstance(spec, Mapping):
                    self.wrong.append(f"{place}: must be a table such as {{required: true}}")
                    continue
                if spec.get("required"):
                    code = str(spec.get("code", "required"))
                    required.append((name, Finding(self._severity(place, spec), code, name)))
                checks += self._field(place, name, spec)
            if checks:
                fields.append((name, tuple(checks)))
        records = [
            made
            for number, spec in enumerate(given.get("record") or [], start=1)
            if (made := self._record(f"record.{number}", spec)) is not None
        ]
        return Rules(frozenset(self._names), tuple(required), tuple(fields), tuple(records))

    def _use(self, place: str, *names: str) -> None:
        for name in names:
            self._names.add(name)
            if self._known is not None and name not in self._known:
                self.wrong.append(f"{place}: there is no field {name!r}")

    def _severity(self, place: str, spec: Mapping[str, Any]) -> str:
        severity = str(spec.get("severity", ERROR))
        if severity not in (ERROR, WARNING):
            self.wrong.append(f"{place}: severity is error or warning, not {severity!r}")
        return severity

    def _field(self, place: str, name: str, spec: Mapping[str, Any]) -> Iterable[_Field]:
        for unknown in set(spec) - {*_WORDS, "severity", "code"}:
            self.wrong.append(
                f"{place}: unknown word {unknown!r}; known are {', '.join(_WORDS)}, severity, code"
            )
        severity, code = self._severity(place, spec), spec.get("code")
        for word in _WORDS[1:]:
            if word in spec and spec[word] is not False:
                try:
                    yield _MAKERS[word](spec[word], name, severity, code)
                except (ValueError, TypeError, KeyError, re.error) as error:
                    self.wrong.append(f"{place}.{word}: {error}")

    def _record(self, place: str, spec: Any) -> _Record | None:
        if not isinstance(spec, Mapping) or len({"expect", "unique", "rule"} & set(spec)) != 1:
            self.wrong.append(f"{place}: needs exactly one of expect, rule, unique")
            return None
        severity = self._severity(place, spec)
        name, code = str(spec.get("field", "")), spec.get("code")
        if name:
            self._use(place, name)
        if "unique" in spec:
            fields = tuple(spec["unique"])
            self._use(place, *fields)
            return _unique_record(fields, Finding(severity, str(code or "not_unique"), name or fields[-1]))
        if "rule" in spec:
            maker = self._business.get(str(spec["rule"]))
            if maker is None:
                self.wrong.append(
                    f"{place}: there is no rule {spec['rule']!r}; known are {_listed(self._business)}"
                )
                return None
            params = {key: value for key, value in spec.items() if key not in ("rule", "severity")}
            try:
                check = maker(params, severity)
            except (KeyError, ValueError, TypeError) as error:
                self.wrong.append(f"{place}: the rule {spec['rule']!r} needs {error}")
                return None
            return lambda values, _context: check(values)
        try:
            expression = expressions.read(str(spec["expect"]))
        except expressions.ExpressionError as error:
            self.wrong.append(f"{place}: {error}")
            return None
        self._use(place, *expression.names)
        return _expect(expression, Finding(severity, str(code or "condition"), name), severity)


def _expect(expression: expressions.Expression, wrong: Finding, severity: str) -> _Record:
    names = sorted(expression.names)

    def check(values: Mapping[str, Any], _context: Context | None) -> Iterable[Finding]:
        try:
            if expression.holds(values):
                return ()
        except expressions.UndecidedError:
            return (Finding(severity, "condition_undecided", wrong.field, {"condition": expression.source}),)
        params = {name: values.get(name) for name in names} | {"condition": expression.source}
        return (Finding(severity, wrong.code, wrong.field, params),)

    return check


def _unique_record(fields: tuple[str, ...], wrong: Finding) -> _Record:
    def check(values: Mapping[str, Any], context: Context | None) -> Iterable[Finding]:
        value = tuple(values.get(name) for name in fields)
        if context is None or None in value or context.is_new(fields, value):
            return ()
        return (Finding(wrong.severity, wrong.code, wrong.field, {"value": list(value)}),)

    return check


def _type(argument: Any, name: str, severity: str, code: Any) -> _Field:
    word = str(argument)
    if word not in _TYPES:
        raise ValueError(f"there is no type {word!r}; known are {_listed(_TYPES)}")
    kinds, flag = _TYPES[word], word == "flag"

    def check(value: Any, _context: Context | None) -> Finding | None:
        if isinstance(value, kinds) and (flag or not isinstance(value, bool)):
            return None
        return Finding(severity, str(code or f"not_{word}"), name, {"value": value})

    return check


def _length(argument: Any, name: str, severity: str, code: Any) -> _Field:
    low, high = (0, int(argument)) if isinstance(argument, int | str) else _bounds(argument)

    def check(value: Any, _context: Context | None) -> Finding | None:
        size = len(str(value))
        if high is not None and size > high:
            return Finding(severity, str(code or "too_long"), name, {"length": size, "limit": high})
        if low is not None and size < low:
            return Finding(severity, str(code or "too_short"), name, {"length": size, "limit": low})
        return None

    return check


def _range(argument: Any, name: str, severity: str, code: Any) -> _Field:
    low, high = (_bound(value) for value in _bounds(argument))

    def check(value: Any, _context: Context | None) -> Finding | None:
        try:
            if low is not None and value < low:
                return Finding(severity, str(code or "too_small"), name, {"value": value, "limit": low})
            if high is not None and value > high:
                return Finding(severity, str(code or "too_large"), name, {"value": value, "limit": high})
        except (TypeError, ArithmeticError):
            return Finding(severity, "not_comparable", name, {"value": value})
        return None

    return check


def _pattern(argument: Any, name: str, severity: str, code: Any) -> _Field:
    pattern = re.compile(PATTERNS.get(str(argument), str(argument)))
    known = f"pattern_{argument}" if str(argument) in PATTERNS else "pattern"

    def check(value: Any, _context: Context | None) -> Finding | None:
        if pattern.fullmatch(str(value)):
            return None
        return Finding(severity, str(code or known), name, {"value": value, "pattern": pattern.pattern})

    return check


def _one_of(argument: Any, name: str, severity: str, code: Any) -> _Field:
    if not isinstance(argument, list | tuple) or not argument:
        raise ValueError("must be a list of values")
    allowed = frozenset(argument)

    def check(value: Any, _context: Context | None) -> Finding | None:
        if value in allowed:
            return None
        return Finding(severity, str(code or "not_one_of"), name, {"value": value, "allowed": list(argument)})

    return check


def _reference(argument: Any, name: str, severity: str, code: Any) -> _Field:
    what = str(argument)

    def check(value: Any, context: Context | None) -> Finding | None:
        if context is None or context.exists is None or context.exists(what, value):
            return None
        return Finding(severity, str(code or "reference_missing"), name, {"value": value, "entity": what})

    return check


def _unique(_argument: Any, name: str, severity: str, code: Any) -> _Field:
    def check(value: Any, context: Context | None) -> Finding | None:
        if context is None or context.is_new((name,), value):
            return None
        return Finding(severity, str(code or "not_unique"), name, {"value": value})

    return check


_MAKERS: dict[str, Callable[[Any, str, str, Any], _Field]] = {
    "type": _type,
    "length": _length,
    "range": _range,
    "pattern": _pattern,
    "one_of": _one_of,
    "reference": _reference,
    "unique": _unique,
}


def _bounds(argument: Any) -> tuple[Any, Any]:
    if isinstance(argument, list | tuple) and len(argument) == 2:
        return argument[0], argument[1]
    raise ValueError("must be a list of two, [from, to]; null for an open end")


def _bound(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is neither a number nor a day such as 1992-01-31") from None
    return value


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
