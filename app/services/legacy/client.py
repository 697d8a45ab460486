"""Reads a 4D server, never writes to it: tables, counts, pages in a stable order, rows by key.

Every request goes through `OneSession`. What passes by itself is tried again with growing pauses; what does not,
becomes one of these: Refused ``legacy_filter_refused``, ``legacy_table_unknown``, ``legacy_request_refused``,
``legacy_login_refused``, ``legacy_tls``; Unavailable ``legacy_unreachable``, ``legacy_timeout``, ``legacy_cut``,
``legacy_server_error``, ``legacy_not_4d``, ``legacy_lease_lost``; Cancelled.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.core.errors import AppError, Refused, Unavailable
from app.services.legacy import wire
from app.services.legacy.filters import Where, one_of, render
from app.services.legacy.session import OneSession, Pace
from app.services.legacy.transport import Reply, Transport, TransportError, Trouble, encoded
from app.services.legacy.wire import Row, Table, WireError

__all__ = ["Cursor", "FourD", "Page", "Row", "Table"]

Cursor = Mapping[str, Any]
TRIES = 6
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
SMALLEST_PAGE = 50
LONGEST_QUERY = 3500
MOST_KEYS = 60
_BACK = 5  # pages looked back through for the row that was read last

# What 4D says of a filter it does not understand; anything else under 500 may pass.
_FILTER_CODES = frozenset({1112, 1162, 1279, 1280, 1500, 1808, 1809})
_REQUEST_CODES = frozenset({1804, 1805, 1806, 1807, 1810, 1811, 1812, 1816})
_LOGIN_CODE, _FULL_CODE = 1822, 1823
_UNREADABLE = frozenset({"text/html", "application/xhtml+xml", "text/plain", "text/xml", "application/xml"})
_TROUBLES = {
    Trouble.REFUSED: "legacy_unreachable",
    Trouble.DROPPED: "legacy_unreachable",
    Trouble.TIMEOUT: "legacy_timeout",
    Trouble.CUT: "legacy_cut",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a table. `total` is the size of the whole selection, `cursor` where to go on (data for JSON)."""

    rows: list[Row]
    total: int | None
    skip: int
    cursor: dict[str, Any]
    last: bool


class _Again(Exception):  # noqa: N818
    """What this attempt failed with; another one may help."""

    def __init__(self, error: AppError) -> None:
        super().__init__(error.key)
        self.error = error


class FourD:
    """One 4D server, read through its one session. Not for several threads.

    `on_trouble` is told of every attempt that got no usable answer, with the seconds until the next one; and with None
    when the server answers again.
    """

    def __init__(
        self,
        transport: Transport,
        session: OneSession,
        pace: Pace,
        *,
        name: str = "",
        shuffle: random.Random | None = None,
        on_trouble: Callable[[AppError | None, float], object] = lambda _error, _seconds: None,
    ) -> None:
        self._transport = transport
        self._session = session
        self._pace = pace
        self._name = name or transport.address.host
        self._shuffle = shuffle or random.Random()  # noqa: S311
        self._tables: dict[str, Table] = {}
        self._on_trouble = on_trouble
        self._troubled = False
        self.requests = 0

    def close(self) -> None:
        """Give the connection back; the session stays."""
        self._transport.close()

    # -- structure --------------------------------------------------------------------------------------------------

    def ping(self) -> None:
        """One cheap call: the session lives on, and whether the server answers shows."""
        self._json("$info", {}, table="")

    def tables(self) -> tuple[str, ...]:
        """Names of all tables the server shows."""
        try:
            return wire.table_names(self._json("$catalog", {}, table=""))
        except WireError as error:
            raise Unavailable("legacy_not_4d", server=self._name, content_type=str(error)) from error

    def table(self, name: str) -> Table:
        """A table's columns, relations and key.  Refused legacy_table_unknown."""
        if name not in self._tables:
            found = self._json(f"$catalog/{quote(name, safe='')}", {}, table=name)
            try:
                self._tables[name] = wire.table_of(found, name)
            except WireError as error:
                raise Refused("legacy_table_unknown", table=name, server=self._name) from error
        return self._tables[name]

    def _described(self, name: str) -> Table:
        """The table, or what can be known of it when the server's catalogue cannot be read."""
        try:
            return self.table(name)
        except AppError as error:
            if error.key not in ("legacy_server_error", "legacy_request_refused"):
                raise
            # Shapes tell the types then, and the order is the server's own.
            return self._tables.setdefault(name, wire.unknown_table(name))

    # -- rows -------------------------------------------------------------------------------------------------------

    def count(self, table: str, where: Where | None = None) -> int:
        """How many rows the table has, or fit."""
        found = self._read(table, {"$top": "1"} | _filtered(where), where)
        if found.total is not None:
            return found.total
        key = self._described(table).key
        return sum(len(page.rows) for page in self.pages(table, where=where, attributes=key, top=5000))

    def page(
        self,
        table: str,
        *,
        order: Sequence[str] = (),
        skip: int = 0,
        top: int = 1000,
        where: Where | None = None,
        attributes: Sequence[str] = (),
    ) -> Page:
        """One page; by the table's key when no order is given. A server may send fewer rows than asked for."""
        described = self._described(table)
        query = {"$top": str(top), "$skip": str(skip)} | _filtered(where)
        if ordered := _order(described, order):
            query["$orderby"] = f'"{ordered}"'
        if attributes:
            query["$attributes"] = ",".join(attributes)
        found = self._read(table, query, where)
        rows = wire.rows_of(found.rows, described)
        if where is not None and any(where.refutes(row) for row in rows):
            raise Refused("legacy_filter_refused", table=table, filter=_words(where), message="")
        end = skip + len(rows)
        last = not rows or (found.total is not None and end >= found.total)
        cursor = {"skip": end, "key": rows[-1].get(wire.KEY) if rows else None}
        return Page(rows, found.total, skip, cursor, last)

    def pages(
        self,
        table: str,
        *,
        order: Sequence[str] = (),
        where: Where | None = None,
        attributes: Sequence[str] = (),
        top: int = 1000,
        cursor: Cursor | None = None,
    ) -> Iterator[Page]:
        """All rows, page by page, from `cursor` on; every row once, also when others come and go meanwhile.

        Each page begins with the last row of the one before. When it does not, rows were added or removed further up:
        the place is looked for again. A server that is slow is asked for fewer rows at a time.
        """
        skip = int(cursor["skip"]) if cursor else 0
        last_key = cursor.get("key") if cursor else None
        recent: list[list[str]] = []

        def ask(at: int, rows: int) -> Page:
            return self.page(table, order=order, skip=at, top=rows, where=where, attributes=attributes)

        while True:
            overlap = 1 if last_key is not None and skip > 0 else 0
            try:
                found = ask(skip - overlap, top + overlap)
                if overlap:
                    found = self._continued(
                        ask, found, last_key, [key for keys in recent for key in keys], top
                    )
            except Unavailable as error:
                if error.key not in ("legacy_timeout", "legacy_cut") or top <= SMALLEST_PAGE:
                    raise
                top = max(top // 2, SMALLEST_PAGE)
                continue
            if found.rows or not overlap:
                yield found
            if found.last or not found.rows:
                return
            skip, last_key = int(found.cursor["skip"]), found.cursor["key"]
            recent = [*recent[-1:], [str(row.get(wire.KEY)) for row in found.rows]]

    def _continued(
        self, ask: Any, found: Page, last_key: str | None, recent: Sequence[str], top: int
    ) -> Page:
        """What comes after the row read last, wherever that has got to."""
        known = frozenset(recent)
        for back in range(_BACK + 1):
            if back:
                if found.skip == 0:
                    break
                found = ask(max(found.skip - top, 0), top + 1)
            place = next((i for i, row in enumerate(found.rows) if row.get(wire.KEY) == last_key), None)
            if place is None:  # it is gone itself: whatever else was read stands right before what was not
                place = max(
                    (i for i, row in enumerate(found.rows) if row.get(wire.KEY) in known), default=None
                )
            if place is not None and (place + 1 < len(found.rows) or found.last):
                return _after(found, place + 1)
            if place is not None:
                return _after(ask(found.skip + place + 1, top), 0)
        return _after(found, 0)

    def keys(
        self, table: str, fields: Sequence[str], *, where: Where | None = None, top: int = 5000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The values of some columns of all rows, in portions: to compare what is there."""
        for page in self.pages(table, where=where, attributes=fields, top=top):
            yield [tuple(row.get(name) for name in fields) for row in page.rows]

    def by_keys(self, table: str, field: str, values: Sequence[Any]) -> Iterator[list[Row]]:
        """Rows whose column has one of the values, in portions no address becomes too long for."""
        for portion in _portions(field, values):
            for page in self.pages(table, where=one_of(field, portion)):
                yield page.rows

    # -- requests ---------------------------------------------------------------------------------------------------

    def _read(self, table: str, query: Mapping[str, str], where: Where | None) -> wire.Envelope:
        path = quote(table, safe="")
        try:
            answer = self._json(path, query, table=table, rows=True, where=where)
        except Unavailable as error:
            # A server may answer 500 to a filter it does not understand, and to anything on a bad day.
            if where is None or error.key != "legacy_server_error":
                raise
            self._json(path, {"$top": "1"}, table=table, rows=True)
            raise self._filter_refused(table, where, str(error.params.get("message", ""))) from error
        assert isinstance(answer, wire.Envelope)
        return answer

    def _json(
        self,
        path: str,
        query: Mapping[str, str],
        *,
        table: str,
        rows: bool = False,
        where: Where | None = None,
    ) -> Any:
        """The answer of a request; tried again as long as that may help."""
        for attempt in range(TRIES):
            try:
                answer = self._once(path, query, table, rows, where)
            except _Again as failed:
                self._troubled = True
                if attempt == TRIES - 1:
                    raise failed.error from failed
                pause = PAUSES_S[min(attempt, len(PAUSES_S) - 1)] * self._shuffle.uniform(0.75, 1.25)
                self._on_trouble(failed.error, pause)
                self._pace.pause(pause)
            else:
                if self._troubled:
                    self._troubled = False
                    self._on_trouble(None, 0.0)
                return answer
        raise AssertionError("unreachable")

    def _once(self, path: str, query: Mapping[str, str], table: str, rows: bool, where: Where | None) -> Any:
        while True:
            reply = self._send(path, query)
            if reply.head.status != 402:
                break
            self._session.full()
        status = reply.head.status
        try:
            answer = wire.loads(reply.body)
        except WireError as error:
            raise self._unreadable(reply, error) from error
        codes = wire.error_codes(answer)
        if status == 200 and not codes:
            if not rows:
                return answer
            try:
                return wire.envelope(answer)
            except WireError as error:
                raise _Again(Unavailable("legacy_cut", server=self._name, message=str(error))) from error
        raise self._refusal(status, codes, table, where)

    def _send(self, path: str, query: Mapping[str, str]) -> Reply:
        cookie = self._session.before()
        headers = {"Cookie": f"WASID4D={cookie}"} if cookie else {}
        address = self._transport.address
        if address.username and not self._session.certain:
            headers |= {"username-4D": _header(address.username), "password-4D": _header(address.password)}
        self.requests += 1
        try:
            return self._transport.get(path, query, headers, self._session.began, self._pace.check)
        except TransportError as error:
            if error.trouble is Trouble.TLS:
                self._session.failed(error)
                raise Refused("legacy_tls", host=address.host, reason=error.reason) from error
            if error.trouble is not Trouble.CUT:
                self._session.failed(error)
            key = _TROUBLES[error.trouble]
            raise _Again(Unavailable(key, server=self._name, message=error.reason)) from error

    def _unreadable(self, reply: Reply, error: WireError) -> Exception:
        status, kind = reply.head.status, reply.head.content_type
        if status in (401, 403):
            return Refused("legacy_login_refused", server=self._name)
        if status >= 500:
            return _Again(Unavailable("legacy_server_error", server=self._name, message=f"HTTP {status}"))
        if status == 404 and kind not in _UNREADABLE:
            return Refused("legacy_request_refused", server=self._name, message="HTTP 404")
        if kind in _UNREADABLE or reply.body.lstrip()[:1] == b"<":
            # A maintenance page passes, a proxy or another program on that port does not: the pauses tell.
            return _Again(Unavailable("legacy_not_4d", server=self._name, content_type=kind or "?"))
        if status == 200:
            return _Again(Unavailable("legacy_cut", server=self._name, message=str(error)))
        return Refused("legacy_request_refused", server=self._name, message=f"HTTP {status}")

    def _refusal(
        self, status: int, codes: Sequence[tuple[int, str]], table: str, where: Where | None
    ) -> Exception:
        numbers = {code for code, _ in codes}
        message = codes[0][1] if codes else f"HTTP {status}"
        if status in (401, 403) or _LOGIN_CODE in numbers:
            return Refused("legacy_login_refused", server=self._name)
        if _FULL_CODE in numbers:
            self._session.full()
            return _Again(Unavailable("legacy_server_error", server=self._name, message=message))
        if where is not None and numbers & _FILTER_CODES:
            return self._filter_refused(table, where, message)
        if numbers & (_REQUEST_CODES | _FILTER_CODES):
            return Refused("legacy_request_refused", server=self._name, message=message)
        if status >= 500 or status == 429 or status == 200:
            return _Again(Unavailable("legacy_server_error", server=self._name, message=message))
        if status == 404 and table:
            return Refused("legacy_table_unknown", table=table, server=self._name)
        return Refused("legacy_request_refused", server=self._name, message=message)

    def _filter_refused(self, table: str, where: Where, message: str) -> Refused:
        return Refused("legacy_filter_refused", table=table, filter=_words(where), message=message)


def _filtered(where: Where | None) -> dict[str, str]:
    return render(where) if where is not None else {}


def _words(where: Where) -> str:
    """A filter for people: with the names of its columns and without what is looked for."""
    return ", ".join(sorted(where.fields()))


def _order(table: Table, order: Sequence[str]) -> str:
    """The order with the key at its end, without which equal rows stand in another order on each page."""
    names = [one.split()[0] for one in order]
    rest = [name for name in table.key if name not in names]
    return ", ".join([*order, *rest])


def _portions(field: str, values: Sequence[Any]) -> Iterator[list[Any]]:
    portion: list[Any] = []
    for value in dict.fromkeys(values):
        portion.append(value)
        if len(portion) > 1 and (
            len(portion) > MOST_KEYS or len(encoded(render(one_of(field, portion)))) > LONGEST_QUERY
        ):
            yield portion[:-1]
            portion = portion[-1:]
    if portion:
        yield portion


def _after(found: Page, place: int) -> Page:
    """A page without the rows before `place`."""
    return Page(found.rows[place:], found.total, found.skip + place, found.cursor, found.last)


def _header(text: str) -> str:
    """A header's value cannot hold more than Latin-1, and no line end."""
    with suppress(UnicodeError):
        return text.encode("latin-1").decode("latin-1").replace("\r", "").replace("\n", "")
    raise Refused("legacy_login_refused", server="")
