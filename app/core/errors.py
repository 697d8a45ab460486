# ruff: noqa: N818  (named after what the user is told, as the whole program calls them)
"""The errors a user can be told about. Services raise keys; only views translate (`error.<key>`).

Everything that is not an `AppError` is a bug: logged and shown as such. Database errors become AppErrors in one place,
`map_db_error`, by SQLSTATE and constraint name, never by text.
"""

import json
import re
from decimal import Decimal
from typing import Any, ClassVar

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

# Worth trying again: serialisation, deadlock, lock timeout; a server that goes away or comes up.
RETRY_STATES = frozenset({"40001", "40P01", "55P03"})
GONE_STATES = frozenset({"57P01", "57P02", "57P03"})


class AppError(Exception):
    """Something the user is told in his words: text key `error.<key>` with `params`.

    `general` is the key of a text that fits the whole class, for a key nobody wrote a text for.
    """

    general: ClassVar[str] = "refused"

    def __init__(self, key: str, **params: Any) -> None:
        super().__init__(key)
        self.key = key
        self.params = params

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.key}({shown})" if shown else self.key


class Refused(AppError):
    """A business rule says no."""


class Confirm(AppError):
    """A question; the command may be sent again with the key acknowledged."""

    general = "confirm"


class NotAllowed(AppError):
    """A right is missing: `params["right"]` names it (None when only the server knows), `key` equals it."""

    general = "not_allowed"


class SessionEnded(NotAllowed):
    """The session is over, the login locked or unknown: only logging in helps, or the administrator."""

    general = "session_ended"


class Conflict(AppError):
    """Somebody else changed the record since it was read; the form offers a merge."""

    general = "stale"


class Duplicate(AppError):
    """The value exists already; the key is the name of the unique constraint."""

    general = "duplicate"


class InUse(AppError):
    """Other records refer to it, or what it refers to is gone; the key is the foreign key's name."""

    general = "in_use"


class Invalid(AppError):
    """A value the form must mark; the key is the CHECK's name or a rule's; `params["column"]` when known."""

    general = "invalid"


class Unavailable(AppError):
    """The server cannot be reached or is too busy; nothing was done, and the same again may work."""

    general = "server_gone"


class Cancelled(AppError):
    """The user stopped it; silent."""

    general = "cancelled"


_OWN_CLASSES: dict[str, type[AppError]] = {
    "ER401": SessionEnded,
    "ER403": NotAllowed,
    "ER404": Refused,
    "ER409": Conflict,
    "ER410": Refused,
    "ER422": Refused,
    "ER423": Refused,
    "ER426": Refused,
    "ER428": Confirm,
}
_BY_CONSTRAINT: dict[str, type[AppError]] = {
    "23505": Duplicate,
    "23503": InUse,
    "23001": InUse,
    "23514": Invalid,
    "23P01": Refused,
}
_FIXED: dict[str, tuple[type[AppError], str]] = {
    "42501": (NotAllowed, "not_allowed"),
    "57014": (Refused, "took_too_long"),
    "28P01": (SessionEnded, "login_failed"),
    "28000": (SessionEnded, "login_failed"),
    "3D000": (Unavailable, "no_such_database"),
    "53300": (Unavailable, "too_many_connections"),
    "22001": (Invalid, "value_too_long"),
    "22003": (Invalid, "value_out_of_range"),
    "22008": (Invalid, "value_out_of_range"),
    # A character no text of the database can hold: NUL, or half of a pair.
    "22021": (Invalid, "text_control_character"),
    "22P05": (Invalid, "text_control_character"),
}


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind an exception of SQLAlchemy or psycopg; None when it carries none."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return origin.sqlstate if isinstance(origin, psycopg.Error) else None


def login_refused(error: BaseException) -> bool:
    """Whether the server answered a connection attempt with no: wrong password, locked, unknown.

    libpq gives no SQLSTATE for failed connections. It does tell that the password was sent, and quotes the server's
    FATAL; a connection that merely broke at that moment has none.
    """
    origin = error.orig if isinstance(error, DBAPIError) else error
    if (
        not isinstance(origin, psycopg.OperationalError)
        or origin.sqlstate is not None
        or origin.pgconn is None
    ):
        return False
    return origin.pgconn.used_password and "FATAL" in str(origin)


def connection_lost(error: BaseException) -> bool:
    """Whether the way to the server broke, or never was."""
    if login_refused(error):
        return False
    state = sqlstate(error)
    if state is not None:
        return state.startswith("08") or state in GONE_STATES
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def worth_retrying(error: BaseException) -> bool:
    """Whether the whole transaction may simply be tried again."""
    return sqlstate(error) in RETRY_STATES or connection_lost(error)


def map_db_error(error: BaseException) -> AppError | None:
    """The AppError for what the database said; None when it is a bug of ours."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, StaleDataError):
        return Conflict("stale")
    origin = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(origin, psycopg.Error):
        return None
    if origin.sqlstate is None and isinstance(origin, psycopg.DataError):
        return Invalid("text_control_character")  # NUL, which psycopg does not even send
    state = origin.sqlstate or ""
    constraint = origin.diag.constraint_name or ""
    found: AppError | None = None
    if state in _OWN_CLASSES:
        found = _OWN_CLASSES[state](constraint, **_detail(origin))
    elif state in _FIXED:
        kind, key = _FIXED[state]
        found = kind(key, **({"right": missing_grant(error)} if issubclass(kind, NotAllowed) else {}))
    elif state in _BY_CONSTRAINT:
        found = _BY_CONSTRAINT[state](constraint, table=_table(origin))
    elif state == "23502":
        found = Invalid("required", table=_table(origin), column=origin.diag.column_name)
    elif state in RETRY_STATES:
        found = Unavailable("server_busy")
    elif login_refused(error):
        found = SessionEnded("login_failed", right=None)
    elif connection_lost(error):
        found = Unavailable("server_gone")
    return found


def missing_grant(error: BaseException) -> str | None:
    """The right a GRANT stands for, when the server refused for want of one; None when that cannot be told.

    The server names function or table last, in any language, and the function that raised it; what was to be done with
    a table, and its schema, stand in the statement that was sent.
    """
    origin = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(origin, psycopg.Error) or origin.diag.source_function != "aclcheck_error":
        return None
    name = (origin.diag.message_primary or "").rsplit(" ", 1)[-1]
    statement = (error.statement or "") if isinstance(error, DBAPIError) else ""
    if re.search(rf"\b{re.escape(name)}\s*\(", statement) and not statement.startswith("INSERT"):
        return name
    verb = statement.lstrip().partition(" ")[0].lower()
    table = re.search(rf"\b(\w+)\.{re.escape(name)}\b", statement)
    return f"{table[1]}.{name}:{verb}" if table and verb in ("select", "insert", "update") else None


def refused_right(refusal: NotAllowed, error: BaseException) -> str:
    """Which right was missing. Without a GRANT the server names function or table last, in any language."""
    right = refusal.params.get("right")
    if right:
        return str(right)
    origin = error.orig if isinstance(error, DBAPIError) else error
    message = origin.diag.message_primary if isinstance(origin, psycopg.Error) else None
    return (message or refusal.key or "").rsplit(" ", 1)[-1]


def doubtful(error: AppError | None) -> bool:
    """Whether rights that changed, or a session that is over and shows no rows any more, may be behind it."""
    if isinstance(error, NotAllowed):
        return error.key != "confirmation_needed"
    return isinstance(error, Conflict) or (isinstance(error, Refused) and error.key == "record_not_found")


def _detail(origin: psycopg.Error) -> dict[str, Any]:
    """The parameters our own functions send as JSON in DETAIL."""
    try:
        detail = json.loads(origin.diag.message_detail or "{}", parse_float=Decimal)
    except ValueError:
        return {}
    return (
        {name: value for name, value in detail.items() if name != "key"} if isinstance(detail, dict) else {}
    )


def _table(origin: psycopg.Error) -> str:
    return f"{origin.diag.schema_name}.{origin.diag.table_name}"
