"""SQLAlchemy's psycopg dialect without its idle talk, and with the one place where a transaction begins.

* Nothing is asked when the first connection opens: the server's version comes with the connection itself.
* BEGIN brings the transaction's number back in the same round trip, so that the fate of a COMMIT whose answer was lost
  can be looked up (`pg_xact_status`).
* Connections are autocommitting at the driver; those marked `autocommit` in their pool record never begin at all.
"""

import json
import threading
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import IsolationLevel, PoolProxiedConnection

from app.core import courtesy

NAME = "postgresql.werkbank"
PIECE = 32
_encode = json.JSONEncoder(default=str).encode
loads = partial(json.loads, parse_float=Decimal)


def dumps(value: Any) -> str:
    """JSON for the database; decimals go as text, which SQL casts to numeric without loss.

    Long lists are written in pieces: no other thread, the window's least of all, gets its turn while C writes one.
    """
    if isinstance(value, list) and len(value) > PIECE:
        pieces = (value[at : at + PIECE] for at in courtesy.steps(range(0, len(value), PIECE)))
        return f"[{', '.join(_encode(piece)[1:-1] for piece in pieces)}]"
    if isinstance(value, list) and any(type(one) is dict for one in value):
        return f"[{', '.join(map(dumps, value))}]"
    if (
        isinstance(value, dict)
        and any(type(one) is list for one in value.values())
        and all(type(name) is str for name in value)
    ):
        return f"{{{', '.join(f'{_encode(name)}: {dumps(one)}' for name, one in value.items())}}}"
    return _encode(value)


class Counter:
    """Statements sent and round trips made; the difference are BEGIN and COMMIT."""

    def __init__(self) -> None:
        self.statements = self.round_trips = 0
        self._thread = threading.local()

    def add(self, *, statement: bool) -> None:
        """One more round trip, which carries a statement or not."""
        self.statements += statement
        self.round_trips += 1
        statements, round_trips = self.here()
        self._thread.spent = statements + statement, round_trips + 1

    def here(self) -> tuple[int, int]:
        """Statements and round trips of the calling thread alone: what one operation costs among others."""
        spent: tuple[int, int] = getattr(self._thread, "spent", (0, 0))
        return spent

    def reset(self) -> None:
        """Start counting anew."""
        self.statements = self.round_trips = 0


class Dialect(PGDialect_psycopg):
    """The dialect `postgresql+werkbank`."""

    supports_statement_cache = True
    counter: Counter | None = None

    def _get_server_version_info(self, connection: Any) -> tuple[int, int]:
        version = connection.connection.driver_connection.info.server_version
        return version // 10000, version % 10000

    def _get_default_schema_name(self, connection: Any) -> str:
        return "public"

    def get_default_isolation_level(self, dbapi_conn: Any) -> IsolationLevel:
        return "READ COMMITTED"

    def _set_backslash_escapes(self, connection: Any) -> None:
        self._backslash_escapes = False

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        info = dbapi_connection.info
        info.pop("xid", None)
        if info.get("autocommit"):
            return
        driver: Any = dbapi_connection.driver_connection
        cursor = driver.execute("BEGIN; SELECT pg_current_xact_id()::text")
        cursor.nextset()
        info["xid"] = cursor.fetchone()[0]
        self._count()

    def do_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        self._count_end(dbapi_connection)
        super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]

    def do_rollback(self, dbapi_connection: PoolProxiedConnection) -> None:
        self._count_end(dbapi_connection)
        super().do_rollback(dbapi_connection)  # type: ignore[no-untyped-call]

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        self._count(statement=True)
        super().do_execute(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    def do_execute_no_params(self, cursor: Any, statement: Any, context: Any = None) -> None:
        self._count(statement=True)
        super().do_execute_no_params(cursor, statement, context)  # type: ignore[no-untyped-call]

    def do_executemany(
        self, cursor: Any, statement: Any, parameters: Iterable[Any], context: Any = None
    ) -> None:
        self._count(statement=True)
        super().do_executemany(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    def _count_end(self, dbapi_connection: PoolProxiedConnection) -> None:
        driver: Any = dbapi_connection.driver_connection
        if driver is not None and driver.info.transaction_status != TransactionStatus.IDLE:
            self._count()

    def _count(self, *, statement: bool = False) -> None:
        if self.counter is not None:
            self.counter.add(statement=statement)


registry.register(NAME, __name__, "Dialect")
