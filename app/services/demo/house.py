"""The house while it is being filled: who is logged in, what day it is, and what is there already."""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import ClientInfo, Database, Target

T = TypeVar("T")
_COMMANDS = uuid.UUID("6f0c2a2e-6f7b-5d0e-9a41-0d6a4c1b7e55")


def command_id(*words: object) -> uuid.UUID:
    """The UUID of a posting, the same in every run: a load that was interrupted goes on where it stopped."""
    return uuid.uuid5(_COMMANDS, "/".join(str(word) for word in words))


@dataclass
class House:
    """Everything a step of the load needs.  ``today`` is the day all dates are counted from."""

    admin_dsn: str
    passwords: Mapping[str, str]
    today: date
    _open: dict[str, Database] = field(default_factory=dict)
    _keys: dict[str, dict[str, int]] = field(default_factory=dict)

    def person(self, login: str) -> Database:
        """The session of a demo person, opened when first needed."""
        if login not in self._open:
            target, _ = Target.from_dsn(self.admin_dsn)
            target = Target(
                target.host, target.port, target.dbname, login, target.sslmode, target.sslrootcert
            )
            database = Database(target, self.passwords[login], client=ClientInfo(name="werkbank demo"))
            database.open()
            self._open[login] = database
        return self._open[login]

    def close(self) -> None:
        """End all sessions."""
        for database in self._open.values():
            database.close()
        self._open.clear()

    def day(self, days: int) -> date:
        """A day so many days from today (negative: before)."""
        return self.today + timedelta(days=days)

    def ids(self, table: str, column: str) -> dict[str, int]:
        """Ids of a table by a unique text column, read once; `forget` makes them be read again."""
        key = f"{table}.{column}"
        if key not in self._keys:
            statement = text(f"SELECT {column}, id FROM {table}")  # noqa: S608
            reader = self.person("u_ralf")
            rows = reader.read(lambda session: session.execute(statement).all())
            self._keys[key] = {row[0]: row[1] for row in rows}
        return self._keys[key]

    def products(self) -> dict[str, int]:
        """Product ids by SKU."""
        return self.ids("catalog.product", "sku")

    def forget(self) -> None:
        """What was read of ids is no longer complete."""
        self._keys.clear()

    def write(self, login: str, work: Callable[[Session], T]) -> T:
        """Do some work as a person, in one transaction."""

        def once(session: Session, _command: None) -> Result[T]:
            return Result(work(session))

        return self.person(login).write(once, None).value

    def post(self, login: str, function: Callable[[Session, Any], Result[T]], command: Any) -> T:
        """Send one command of a service as a person."""
        return self.person(login).write(function, command).value

    def exists(self, model: Any, *conditions: Any) -> bool:
        """Whether there is such a row."""
        statement = select(model.id).where(*conditions).limit(1)
        return self.person("u_ralf").read(lambda session: session.scalar(statement)) is not None


def dice(name: str) -> random.Random:
    """Chance that falls the same every time, of its own for every purpose."""
    return random.Random(f"werkbank/{name}")  # noqa: S311
