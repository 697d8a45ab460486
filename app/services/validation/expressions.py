"""Conditions over several fields, written as in a spreadsheet: `net + tax == gross`, `begins <= ends`.

Parsed with Python's own parser and cut down to what a condition needs: names of fields, numbers, texts, arithmetic,
comparisons, and/or/not and the functions below.  Nothing else can be said, so a mapping file cannot run code.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub,
    ast.Mult, ast.Div, ast.Mod, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.IfExp, ast.Constant, ast.Name, ast.Load, ast.Call, ast.List, ast.Tuple,
)  # fmt: skip


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _divided(one: Any, other: Any) -> Any:
    """Exact, also where both are whole."""
    return Decimal(one) / other if isinstance(one, int) else one / other


def _near(one: Any, other: Any, within: Any) -> bool:
    return bool(abs(one - other) <= within)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "coalesce": _coalesce,
    "days": lambda one, other: (one - other).days,
    "empty": lambda value: value in (None, "", 0),
    "length": len,
    "lower": lambda value: value.lower(),
    "max": max,
    "min": min,
    "near": _near,
    "round": round,
    "starts": lambda value, start: value.startswith(start),
    "year": lambda value: value.year,
}


class ExpressionError(ValueError):
    """The text is no condition."""


class UndecidedError(ArithmeticError):
    """The values do not fit the condition: a text is compared with a number, or something is divided by 0."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition that can be asked; ``names`` are the fields it looks at."""

    source: str
    names: frozenset[str]
    run: Callable[[Mapping[str, Any]], Any]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true; as in SQL, a value that is not there makes it neither, which counts as true."""
        try:
            return bool(self.run(values))
        except (TypeError, AttributeError, DecimalException, ZeroDivisionError) as error:
            if any(values.get(name) is None for name in self.names):
                return True
            raise UndecidedError(self.source) from error


def read(source: str) -> Expression:
    """Read a condition.  Raises `ExpressionError`, with the place when it is known."""
    try:
        tree = ast.parse(source, mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"{source!r} is no condition: {error.msg} at {error.offset}") from error
    names: set[str] = set()
    for node in ast.walk(tree):
        _check(node, source)
    tree.body = _Fields(names).visit(tree.body)
    maker = ast.Expression(
        ast.Lambda(
            ast.arguments(posonlyargs=[], args=[ast.arg("_v")], kwonlyargs=[], kw_defaults=[], defaults=[]),
            tree.body,
        )
    )
    code = compile(ast.fix_missing_locations(maker), "<condition>", "eval")
    run = eval(code, {"__builtins__": {}, "_decimal": Decimal, "_divided": _divided, **FUNCTIONS})  # noqa: S307  (only nodes of _NODES)
    return Expression(source, frozenset(names), run)


def _check(node: ast.AST, source: str) -> None:
    if not isinstance(node, _NODES):
        raise ExpressionError(f"{source!r}: {type(node).__name__} is not possible in a condition")
    if isinstance(node, ast.Name) and node.id.startswith("_"):
        raise ExpressionError(f"{source!r}: no field is called {node.id!r}")
    if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | bool | None):
        raise ExpressionError(f"{source!r}: {node.value!r} is not possible in a condition")
    if isinstance(node, ast.Call) and (
        not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords
    ):
        raise ExpressionError(f"{source!r}: unknown function; known are {', '.join(sorted(FUNCTIONS))}")


class _Fields(ast.NodeTransformer):
    """Names become look-ups, numbers with a point exact decimals."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        self._names.add(node.id)
        get = ast.Attribute(ast.Name("_v", ast.Load()), "get", ast.Load())
        return ast.Call(get, [ast.Constant(node.id)], [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div):
            return ast.Call(ast.Name("_divided", ast.Load()), [node.left, node.right], [])
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float):
            return ast.Call(ast.Name("_decimal", ast.Load()), [ast.Constant(repr(node.value))], [])
        return node
