"""Many questions in one round trip: a screen that shows several things at once asks for all of them together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import psycopg
from sqlalchemy import Connection, Executable
from sqlalchemy.orm import Session

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """A SELECT with its parameters, and what its rows mean."""

    statement: Executable
    make: Callable[[Sequence[Any]], T]
    values: Mapping[str, Any] = field(default_factory=dict)


def ask(session: Session, question: Question[T]) -> T:
    """The answer to one question; one round trip."""
    return question.make(session.execute(question.statement, dict(question.values)).all())


def ask_together(session: Session, *questions: Question[Any] | None) -> list[Any]:
    """The answers, in order, in one round trip; None answers None (what the reader may not see is not asked).

    The statements see the same moment only as far as each of them does by itself: nothing may be posted by them.
    """
    connection = session.connection()
    asked = [question for question in questions if question is not None]
    statements = ";\n".join(_written(connection, question) for question in asked)
    result = connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
    cursor: Any = result.cursor
    found: list[list[tuple[Any, ...]]] = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())
    result.close()
    answers = iter(found)
    return [None if question is None else question.make(next(answers)) for question in questions]


def _written(connection: Connection, question: Question[Any]) -> str:
    """The statement with its parameters as literals, quoted by the driver: several go in one message only so."""
    compiled = question.statement.compile(  # type: ignore[attr-defined]
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    values = compiled.construct_params(dict(question.values))
    for name, bound in compiled.binds.items():
        process = bound.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if process is not None and name in values:
            values[name] = process(values[name])
    driver: Any = connection.connection.driver_connection
    return psycopg.ClientCursor(driver).mogrify(str(compiled), values)
