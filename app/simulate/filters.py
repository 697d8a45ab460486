"""The query language of the legacy system: ``$filter`` with its quotings, ``$params`` and ``$orderby``."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.simulate.tables import Table, UnknownAttributeError, comparable, fold


class QueryError(Exception):
    """The server cannot make sense of a query; ``code`` is its number for that."""

    def __init__(self, message: str, code: int = 1162) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Comparison:
    """``attribute operator value``; a tuple is a list of values."""

    path: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Logic:
    """``and``, ``or``, ``except`` of two or more parts, ``not`` of one."""

    operator: str
    parts: tuple["Node", ...]


Node = Comparison | Logic

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<quoted>'[^']*'|"[^"]*")
    |(?P<open>\()|(?P<close>\))|(?P<list>\[)|(?P<end>\])|(?P<comma>,)
    |(?P<operator>===|!==|==|!=|<=|>=|=|<|>|\#|%)
    |(?P<logic>&&|\|\||&|\|)
    |(?P<word>(?:[^\s()'"=<>!\#%&|,\[\]]|!(?!=)|\[\w*\](?=\.))+)
    )""",
    re.VERBOSE,
)

_WORD_OPERATORS = {"begin", "like", "in", "is"}
_FOREIGN = {"eq", "ne", "gt", "ge", "lt", "le", "contains", "startswith"}
_LOGIC = {"and": "and", "&": "and", "&&": "and", "or": "or", "|": "or", "||": "or", "except": "except"}


class Parser:
    """Reads one expression; what stands in quotes where an attribute belongs is an expression of its own."""

    def __init__(self, text: str, params: Sequence[Any] = ()) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._params = params
        self.order = ""
        place = 0
        text = text.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if not match or not match.lastgroup:
                missing = 1808 if text[place:].lstrip().startswith("'") else 1809
                raise QueryError(f"cannot analyse the query near {text[place : place + 20]!r}", missing)
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()

    def parse(self) -> Node:
        """The whole expression."""
        node = self._either()
        if self._peek_word() == "order":
            self._at += 1
            if self._peek_word() != "by":
                raise QueryError("by is missing after order")
            self.order = " ".join(text for _, text in self._tokens[self._at + 1 :])
            self._at = len(self._tokens)
        if self._at < len(self._tokens):
            raise QueryError(f"unexpected {self._tokens[self._at][1]!r} in the query")
        return node

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _peek_word(self) -> str:
        kind, text = self._peek()
        return text.lower() if kind == "word" else ""

    def _logic(self) -> str | None:
        kind, text = self._peek()
        return _LOGIC.get(text.lower()) if kind in {"word", "logic"} else None

    def _either(self) -> Node:
        node = self._both()
        while (logic := self._logic()) in {"or", "except"}:
            self._at += 1
            other = self._both()
            if logic == "or" and isinstance(node, Logic) and node.operator == "or":
                node = Logic("or", (*node.parts, other))
            else:
                node = Logic(str(logic), (node, other))
        return node

    def _both(self) -> Node:
        parts = [self._one()]
        while self._logic() == "and":
            self._at += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def _one(self) -> Node:
        kind, text = self._peek()
        self._at += 1
        if kind == "quoted":
            inner = Parser(text[1:-1], self._params)
            node = inner.parse()
            self.order = inner.order or self.order
            return node
        if kind == "open":
            node = self._either()
            if self._peek()[0] != "close":
                raise QueryError("a closing bracket is missing in the query")
            self._at += 1
            return node
        if kind == "word" and text.lower() == "not":
            return Logic("not", (self._one(),))
        if kind != "word":
            raise QueryError(f"an attribute was expected, not {text!r}")
        return self._comparison(text)

    def _comparison(self, path: str) -> Node:
        kind, operator = self._peek()
        self._at += 1
        if kind == "word":
            operator = operator.lower()
            if operator in _FOREIGN or operator not in _WORD_OPERATORS:
                raise QueryError(f"wrong comparator {operator!r}", 1112)
            if operator == "is":
                operator = "==="
                if self._peek_word() == "not":
                    self._at += 1
                    operator = "!=="
        elif kind != "operator":
            raise QueryError(f"a comparator was expected after {path}", 1112)
        operator = {"==": "=", "#": "!="}.get(operator, operator)
        return Comparison(path, operator, self._value())

    def _value(self) -> Any:
        if self._peek()[0] == "list":
            self._at += 1
            values: list[Any] = []
            while self._peek()[0] != "end":
                if self._peek()[0] == "comma":
                    self._at += 1
                values.append(self._scalar())
            self._at += 1
            return tuple(values)
        return self._scalar()

    def _scalar(self) -> Any:
        kind, text = self._peek()
        self._at += 1
        if kind == "quoted":
            return text[1:-1]
        if kind != "word":
            raise QueryError("a value is missing in the query", 1203)
        if text.startswith(":"):
            return self._parameter(text[1:])
        if text == "null":
            return None
        # A text without quotes goes on up to the next AND, OR or bracket.
        words = [text]
        while self._peek()[0] == "word" and self._logic() is None and self._peek_word() != "order":
            words.append(self._peek()[1])
            self._at += 1
        return " ".join(words)

    def _parameter(self, number: str) -> Any:
        if not number.isdecimal() or not 1 <= int(number) <= len(self._params):
            raise QueryError(f"the value of placeholder :{number} is missing", 1279)
        value = self._params[int(number) - 1]
        if value is None:
            raise QueryError("null cannot be a placeholder's value", 1280)
        return tuple(value) if isinstance(value, list) else value


def parse(text: str, params: str | None = None) -> tuple[Node, str]:
    """An expression and the order written inside it; ``params`` is the JSON text of the placeholders' values."""
    values: Any = ()
    if params:
        if params[:1] == params[-1:] and params[:1] in {"'", '"'}:
            params = params[1:-1]
        try:
            values = json.loads(params)
        except ValueError:
            raise QueryError("the placeholders' values are no JSON", 1280) from None
        if not isinstance(values, list):
            raise QueryError("the placeholders' values are no array", 1280)
    parser = Parser(text, values)
    return parser.parse(), parser.order


def select(node: Node, table: Table, among: Sequence[int]) -> Sequence[int]:
    """The rows that answer a query, in the order they came."""
    if isinstance(node, Comparison):
        return _compare(node, table, among)
    if node.operator == "and":
        for part in sorted(node.parts, key=_cost):
            among = select(part, table, among)
        return among
    if node.operator == "or":
        found: set[int] = set()
        for part in _merged(node.parts):
            found.update(select(part, table, among))
        return sorted(found) if isinstance(among, range) else [one for one in among if one in found]
    gone = set(select(node.parts[-1], table, among))
    rest = among if node.operator == "not" else select(node.parts[0], table, among)
    return [one for one in rest if one not in gone]


def _cost(node: Node) -> int:
    return 0 if isinstance(node, Comparison) and node.operator in {"=", "==="} else 1


def _merged(parts: Sequence[Node]) -> list[Node]:
    """Many ``a = 1 or a = 2`` become one ``a in [1, 2]``, which an index answers."""
    lists: dict[str, list[Any]] = {}
    others: list[Node] = []
    for part in parts:
        if isinstance(part, Comparison) and part.operator == "=" and not _wild(part.value):
            lists.setdefault(part.path, []).append(part.value)
        else:
            others.append(part)
    return [*others, *(Comparison(path, "in", tuple(values)) for path, values in lists.items())]


def _wild(value: Any) -> bool:
    return value is None or isinstance(value, tuple) or (isinstance(value, str) and "@" in value)


def _compare(node: Comparison, table: Table, among: Sequence[int]) -> Sequence[int]:
    path, operator = node.path, node.operator
    if path.startswith("__"):
        raise QueryError(f"{path} cannot be queried")
    if path.split(".")[-1] == "created_date" and operator in {"<", ">"}:
        raise QueryError("cannot complete the query", 1200)
    try:
        kind, _ = table.value_of(path)
    except UnknownAttributeError:
        raise QueryError(f"attribute {path} not found in {table.name}", 1500) from None
    values = node.value if isinstance(node.value, tuple) else (node.value,)
    wanted = [_coerce(kind, value, path) for value in values]
    plain = operator in {"=", "===", "in"} and not any(operator == "=" and _wild(value) for value in wanted)
    if plain and kind != "object":
        found = table.lookup(path, wanted)
        if isinstance(among, range):
            return found
        inside = set(among)
        return [one for one in found if one in inside]
    test = _test(operator, wanted, isinstance(node.value, tuple))
    column = table.column(path)
    return [one for one in among if _holds(test, column[one])]


def _holds(test: Callable[[Any], bool], value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds(test, one) for one in value)
    return test(fold(value) if isinstance(value, str) else value)


def _coerce(kind: str, value: Any, path: str) -> Any:
    """A constant in the attribute's own type."""
    if value is None:
        return None
    try:
        if kind == "date":
            text = str(value)
            return comparable("date", text) if "!" in text else date.fromisoformat(text[:10]).toordinal()
        if kind == "bool":
            return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]
        if kind in {"long", "number", "duration"}:
            return value if isinstance(value, int | float) else float(value)
    except (ValueError, KeyError):
        raise QueryError(f"{value!r} does not fit the attribute {path}", 1113) from None
    if kind == "object":
        return _loose(value)
    return fold(str(value))


def _loose(value: Any) -> Any:
    """Inside objects the type follows the constant."""
    if not isinstance(value, str):
        return value
    if value in {"true", "false"}:
        return value == "true"
    try:
        return float(value)
    except ValueError:
        return fold(value)


def _test(operator: str, wanted: list[Any], many: bool) -> Callable[[Any], bool]:
    if operator in {"=", "===", "in", "!=", "!==", "like", "begin"}:
        equal = _equal(operator, wanted)
        if operator in {"!=", "!=="}:
            return lambda value: not equal(value)
        return equal
    if many:
        raise QueryError(f"{operator} takes no list", 1112)
    limit = wanted[0]
    if operator == "%":
        words = str(limit).split()
        return lambda value: isinstance(value, str) and all(word in re.split(r"\W+", value) for word in words)
    return _ordered(operator, limit)


def _ordered(operator: str, limit: Any) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        if value is None or limit is None or isinstance(value, str) != isinstance(limit, str):
            return False
        return bool(
            value < limit
            if operator == "<"
            else value > limit
            if operator == ">"
            else value <= limit
            if operator == "<="
            else value >= limit
        )

    return test


def _equal(operator: str, wanted: list[Any]) -> Callable[[Any], bool]:
    patterns: list[re.Pattern[str]] = []
    exact: set[Any] = set()
    for value in wanted:
        text = value.replace("%", "@") if operator == "like" and isinstance(value, str) else value
        if operator == "begin":
            text = f"{text}@"
        if isinstance(text, str) and "@" in text and operator not in {"===", "!=="}:
            parts = (re.escape(part) for part in text.split("@"))
            patterns.append(re.compile(".*".join(parts), re.DOTALL))
        else:
            exact.add(text)
    if not patterns:
        return lambda value: value in exact
    return lambda value: (
        value in exact or (isinstance(value, str) and any(pattern.fullmatch(value) for pattern in patterns))
    )


def operators(node: Node) -> set[str]:
    """Every comparator used in a query."""
    if isinstance(node, Comparison):
        return {node.operator}
    return set().union(*(operators(part) for part in node.parts))


def order(text: str, table: Table, among: Sequence[int]) -> Sequence[int]:
    """Rows sorted as ``$orderby`` says; None comes first, as in the legacy system."""
    terms: list[tuple[str, bool]] = []
    if text[:1] == text[-1:] and text[:1] in {"'", '"'}:
        text = text[1:-1]
    for part in text.split(","):
        words = part.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() not in {"asc", "desc"}):
            raise QueryError(f"cannot sort by {part.strip()!r}", 1810)
        terms.append((words[0], len(words) == 2 and words[1].lower() == "desc"))
    result = list(among)
    for path, down in reversed(terms):
        try:
            column = table.column(path)
        except UnknownAttributeError:
            raise QueryError(f"cannot sort by {path}", 1810) from None
        if None in column or table.types.get(path) == "object":
            result.sort(key=lambda one, column=column: _sortable(column[one]), reverse=down)  # type: ignore[misc]
        else:
            result.sort(key=column.__getitem__, reverse=down)
    return result


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    if isinstance(value, str):
        return (2, value)
    return (1, value) if isinstance(value, int | float) else (3, str(value))
