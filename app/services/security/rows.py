"""Answers of the database's own functions as NamedTuples."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.db import call_api
from app.core.together import Question, ask

T = TypeVar("T", bound=tuple[Any, ...])


def fetch(session: Session, row: type[T], function: str, /, **params: Any) -> tuple[T, ...]:
    """Every row `function(…)` returns, as `row`, whose fields are named like the columns; arrays become tuples."""
    return ask(session, asked(row, function, **params))


def asked(row: type[T], function: str, /, **params: Any) -> Question[tuple[T, ...]]:
    """The question `fetch` asks, to be asked together with others."""
    columns = ", ".join(f'"{name}"' for name in row.__annotations__)
    arguments = ", ".join(f"{name} => :{name}" for name in params)
    statement = text(f"SELECT {columns} FROM {function}({arguments})")  # noqa: S608  (names of this program only)
    return Question(statement, lambda found: tuple(row(*map(_plain, one)) for one in found), params)


def build(row: type[T], answer: Mapping[str, Any]) -> T:
    """A `row` out of a JSON object with its fields; what the object does not have is None."""
    hints = get_type_hints(row)
    return row(*(_moment(_plain(answer.get(name)), str(hints[name])) for name in hints))


def value(session: Session, function: str, /, **params: Any) -> Any:
    """The one value `function(…)` returns when it is no JSON object."""
    return call_api(session, function, **params)["value"]


def _plain(found: Any) -> Any:
    return tuple(found) if isinstance(found, list) else found


def _moment(found: Any, hint: str) -> Any:
    """JSON has no moments and no days; where one is expected, the text becomes one."""
    if isinstance(found, str) and "datetime.datetime" in hint:
        return dt.datetime.fromisoformat(found)
    if isinstance(found, str) and "datetime.date" in hint:
        return dt.date.fromisoformat(found)
    return found
