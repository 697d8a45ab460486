"""A 4D server as its REST clients see it: reading only; whatever would write is counted and refused."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

from app.simulate import filters
from app.simulate.data import House
from app.simulate.entities import Writer, catalog_entry
from app.simulate.peer import Answer, Peer, Request
from app.simulate.quirks import Clock, Fault, Quirks
from app.simulate.sessions import NoFreeSessionError, Session, Sessions
from app.simulate.tables import Row, Table, UnknownAttributeError, comparable
from app.simulate.tls import Certificate

PROJECT_COOKIE = "4DSID_ERP"
DEFAULT_TOP = 100
SET_LIFETIME = 7200
_KEYWORDS = {
    "$filter", "$params", "$orderby", "$top", "$limit", "$skip", "$attributes", "$expand", "$method", "$timeout",
    "$savedfilter", "$savedorderby", "$atomic", "$atonce", "$compute", "$distinct", "$asArray", "$binary",
    "$imageformat", "$version", "$querypath", "$queryplan", "$lock", "$logicOperator", "$otherCollection", "$format",
}  # fmt: skip
_METHODS = {"entityset", "release", "retrieve", "refresh", "validate", "flush", "subentityset"}
_WRITES = {"update", "delete"}
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RestError(Exception):
    """An answer with an error; the message is the server's own."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class FourDServer(Peer):
    """The legacy system's server with the tables of a house.

    ``with FourDServer(make("small"), Quirks(sessions=1)) as server: requests.get(f"{server.url}/rest/Kunden")``
    """

    def __init__(
        self,
        house: House,
        quirks: Quirks | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        tls = certificate.context() if certificate is not None else None
        super().__init__(quirks, host=host, port=port, clock=clock, tls=tls)
        self.house = house
        self.data = house.tables
        self.sessions = Sessions(self.quirks, self.clock, self.counters)
        self._sets: dict[str, tuple[str, list[int], float, float]] = {}
        self._selections: OrderedDict[tuple[str, int, str, str, str], Sequence[int]] = OrderedDict()
        self._turn = 0

    # ---- what tests and demonstrations do to it -------------------------------------------------------------

    def change(self, table: str, key: Any, **values: Any) -> Row:
        """Somebody at the legacy system changes an entity: stamp, time stamp and ``modified_…`` follow."""
        with self.data.lock:
            return self.data[table].change(key, values, self.clock.moment())

    def insert(self, table: str, **values: Any) -> Row:
        """Somebody adds an entity; attributes not named are null."""
        with self.data.lock:
            return self.data[table].insert(values, self.clock.moment())

    def delete(self, table: str, key: Any) -> None:
        """Somebody deletes an entity."""
        with self.data.lock:
            self.data[table].delete(key)

    def occupy(self, count: int, seconds: float = 10**9) -> None:
        """People at the legacy system take licences, for so long or until :meth:`leave`."""
        with self.lock:
            for _ in range(count):
                self.sessions.open(lifetime=seconds, foreign=True, user="person")

    def leave(self) -> None:
        """These people go home."""
        with self.lock:
            self.sessions.end(foreign=True)

    def restart(self) -> None:
        """The server is started again: it knows no session and no entity set any more."""
        running = self._listener is not None
        self.stop()
        with self.lock:
            self.sessions.end()
            self._sets.clear()
        if running:
            self.start()

    # ---- sessions -------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """What a healthy server says."""
        return self._in_session(request, self._dispatch)

    def broken(self, request: Request, fault: Fault | None) -> Answer:
        """The answer of a server that is ill; an error of its own still belongs to a session."""
        if fault == "500":
            return self._in_session(request, lambda _: self.error(500, "internal error"))
        return super().broken(request, fault)

    def _in_session(self, request: Request, reply: Callable[[Request], Answer]) -> Answer:
        try:
            with self.lock:
                session = self._session(request)
        except RestError as error:
            return self.error(error.status, str(error), error.code)
        try:
            answer = reply(request)
        except RestError as error:
            answer = self.error(error.status, str(error), error.code)
        answer.headers += self._cookies(session)
        return answer

    def error(self, status: int, message: str, code: int = 1200) -> Answer:
        """An error as 4D writes it."""
        body = _ENCODE({"__ERROR": [{"message": message, "componentSignature": "dbmg", "errCode": code}]})
        headers: list[tuple[str, str]] = []
        if status in {401, 402}:
            headers.append(("4D-CREDENTIALS", "1.0"))
        if status == 401:
            headers.append(("www-authenticate", '""'))
        return Answer(body.encode(), status, headers=headers)

    def headers(self) -> list[tuple[str, str]]:
        """What stands above every answer."""
        return [("4DREST-INFO", "1.0")]

    def _cookies(self, session: Session) -> list[tuple[str, str]]:
        names = {"WASID4D": ("WASID4D",), "4DSID": (PROJECT_COOKIE,)}
        seconds = int(session.lifetime)
        return [
            ("Set-Cookie", f"{name}={session.key}; Path=/; HttpOnly; Max-Age={seconds}")
            for name in names.get(self.quirks.cookies, ("WASID4D", PROJECT_COOKIE))
        ]

    def _session(self, request: Request) -> Session:
        sent = [
            part.strip()
            for header in request.headers.get_all("Cookie") or ()
            for part in header.split(";")
            if part.strip().startswith(("WASID4D=", f"{PROJECT_COOKIE}="))
        ]
        if sum(part.startswith("WASID4D=") for part in sent) > 1:
            self.counters.cookies_refused += 1
            raise RestError(self.quirks.two_cookies, 1822, "Login failed")
        for part in sent:
            name, _, value = part.partition("=")
            if name == "WASID4D" or self.quirks.cookies != "WASID4D":
                found = self.sessions.find(SimpleCookie(f"k={value}")["k"].value if value else "")
                if found is not None:
                    return found
        user = self._login(request)
        minutes = request.headers.get("session-4D-length", "")
        lifetime = max(int(minutes), 60) * 60 if minutes.isdecimal() else None
        try:
            return self.sessions.open(lifetime=lifetime, user=user)
        except NoFreeSessionError:
            self.counters.requests["refused"] += 1
            raise RestError(402, 1823, "Maximum number of sessions reached") from None

    def _login(self, request: Request) -> str:
        if not self.quirks.login:
            return ""
        user = request.headers.get("username-4D", "")
        if f"{user}:{request.headers.get('password-4D', '')}" != self.quirks.login:
            raise RestError(401, 1822, "Login failed")
        return str(user)

    # ---- addresses ------------------------------------------------------------------------------------------

    def _dispatch(self, request: Request) -> Answer:
        method = request.get("$method")
        if request.path.startswith("/rest/$directory/"):
            self._count("login")
            return Answer(b'{"result":true}')
        if request.method != "GET" or method in _WRITES or (request.get("$lock") or "false") != "false":
            with self.lock:
                self.counters.writes_refused += 1
            raise RestError(403, 1610, "Not allowed: this client may only read")
        if "&" in request.path:
            raise RestError(400, 1807, "& instead of ? in the address")
        for name, _ in request.query:
            if name.startswith("$") and name not in _KEYWORDS and not request.path.startswith("/rest/$"):
                raise RestError(400, 1811, f"unknown keyword {name}")
        if method is not None and method not in _METHODS:
            raise RestError(400, 1812, f"unknown method {method}")
        if request.path.rstrip("/") == "/rest" or not request.path.startswith("/rest/"):
            raise RestError(404, 1800, "no such address")
        rest = request.path.removeprefix("/rest/").rstrip("/")
        try:
            if rest.startswith("$catalog"):
                return self._catalog(rest)
            if rest == "$info":
                return self._info()
            with self.data.lock:
                return self._table(rest, request)
        except filters.QueryError as error:
            status = {1810: 404, 1808: 400, 1809: 400}.get(error.code, 500)
            raise RestError(status, error.code, str(error)) from None

    def _count(self, kind: str, table: str = "") -> None:
        with self.lock:
            self.counters.requests[kind] += 1
            if table:
                self.counters.tables[table] += 1

    def _catalog(self, rest: str) -> Answer:
        self._count("catalog")
        if self.quirks.no_catalog:
            raise RestError(500, 1200, "internal error")
        _, _, name = rest.partition("/")
        tables = self.data.tables
        if not name:
            listed = [
                {"name": one, "uri": f"/rest/$catalog/{one}", "dataURI": f"/rest/{one}"} for one in tables
            ]
            return Answer(_ENCODE({"__UNIQID": "5EED0000" * 4, "dataClasses": listed}).encode())
        names = list(tables) if name == "$all" else name.split(",")
        for one in names:
            if one not in tables:
                raise RestError(404, 1800, f"dataclass {one} not found")
        entries = [catalog_entry(tables[one]) for one in names]
        bare = len(entries) == 1 and name != "$all" and not self.quirks.wrapped_catalog
        body: Any = entries[0] if bare else {"dataClasses": entries}
        return Answer(_ENCODE(body).encode())

    def _info(self) -> Answer:
        self._count("info")
        with self.lock:
            alive = self.sessions.alive()
            now = self.clock.now()
            body = {
                "cacheSize": 419_430_400,
                "usedCache": 31_457_280,
                "entitySetCount": len(self._sets),
                "entitySet": [
                    {
                        "id": key,
                        "tableName": table,
                        "selectionSize": len(ids),
                        "sorted": True,
                        "expires": until,
                    }
                    for key, (table, ids, until, _) in self._sets.items()
                ],
                "ProgressInfo": [],
                "sessionInfo": [
                    {
                        "sessionID": one.key if one.foreign is False else "",
                        "userID": "",
                        "userName": one.user,
                        "lifeTime": int(one.lifetime),
                        "expiration": int(one.used_at + one.lifetime - now),
                    }
                    for one in alive
                ],
                "jsContextInfo": [],
            }
        return Answer(_ENCODE(body).encode())

    _ADDRESS = re.compile(
        r"(?P<table>[^/(\[:]+)(?::(?P<by>\w+))?(?:[(\[](?P<keys>.*?)[)\]])?(?:/(?P<rest>.*))?"
    )

    def _table(self, rest: str, request: Request) -> Answer:
        match = self._ADDRESS.fullmatch(rest)
        if match is None:
            raise RestError(400, 1806, "malformed address")
        name, by, keys, further = match["table"], match["by"], match["keys"], match["rest"] or ""
        if name not in self.data:
            raise RestError(404, 1800, f"dataclass {name} not found")
        table = self.data[name]
        if keys is None:
            if further.startswith("$entityset/"):
                return self._page(table, request, among=self._entity_set(table, further[11:], request))
            return self._page(table, request, attributes=further)
        ids = self._by_attribute(table, by, keys) if by else self._by_keys(table, keys)
        relation = next((one for one in table.relations if one.name == further), None)
        if relation is not None:
            there = self.data[relation.table]
            value = comparable(table.types[relation.own], table.row(ids[0])[relation.own])
            found = there.lookup(relation.other, [value])
            if relation.many:
                return self._page(there, request, among=found)
            if not found:
                raise RestError(404, 1542, "no entity with that key")
            table, ids, further = there, found[:1], ""
        elif len(ids) > 1 or ("," in keys.strip('"') and len(table.key) == 1):
            self._count("keys", name)
            return self._collection(table, request, ids, further)
        self._count("entity", table.name)
        writer = self._writer(table, request, further)
        self.counters.rows += 1
        return Answer(_ENCODE({"__entityModel": table.name} | writer.entity(table.row(ids[0]))).encode())

    def _by_keys(self, table: Table, keys: str) -> list[int]:
        parts = [keys] if len(table.key) > 1 else keys.split(",")
        found = [table.find(part.strip().strip("\"'")) for part in parts]
        ids = [one for one in found if one is not None]
        if not ids:
            raise RestError(404, 1542, f"no entity of {table.name} with the key {keys}")
        return ids

    def _by_attribute(self, table: Table, name: str, value: str) -> list[int]:
        if name not in table.types:
            raise RestError(404, 1500, f"attribute {name} not found in {table.name}")
        node = filters.Comparison(name, "=", value.strip("\"'"))
        found = filters.select(node, table, table.ids())
        if not found:
            raise RestError(404, 1542, f"no entity of {table.name} with {name} {value}")
        return [found[0]]

    # ---- pages ----------------------------------------------------------------------------------------------

    def _page(
        self, table: Table, request: Request, *, among: Sequence[int] | None = None, attributes: str = ""
    ) -> Answer:
        compute, distinct = request.get("$compute"), request.get("$distinct") == "true"
        if request.get("$method") == "entityset":
            return self._save_set(table, request, self._selection(table, request, among))
        ids = self._selection(table, request, among)
        if compute:
            self._count("compute", table.name)
            return self._compute(table, ids, compute, attributes or request.get("$attributes") or "")
        if distinct:
            self._count("distinct", table.name)
            return self._distinct(table, ids, attributes or request.get("$attributes") or "")
        self._count("page", table.name)
        return self._collection(table, request, ids, attributes)

    def _selection(self, table: Table, request: Request, among: Sequence[int] | None) -> Sequence[int]:
        """The rows a request is about, in order."""
        condition, params = request.get("$filter") or "", request.get("$params") or ""
        order = request.get("$orderby") or ""
        if self.quirks.refuse_filters and condition:
            raise filters.QueryError("cannot complete the query", 1200)
        if self.quirks.refuse_params and params:
            raise filters.QueryError("cannot analyse the placeholders", 1279)
        if self.quirks.ignore_filters:
            condition = ""
        cached = (table.name, table.version, condition, params, order)
        found = self._selections.get(cached) if among is None else None
        if found is None:
            found = table.ids() if among is None else among
            if condition:
                node, inner = filters.parse(condition, params)
                if self.quirks.refuse_like and "like" in filters.operators(node):
                    raise filters.QueryError("wrong comparator 'like'", 1112)
                found = filters.select(node, table, found)
                order = order or inner
            if order:
                found = filters.order(order, table, found)
            if among is None:
                self._selections[cached] = found
                while len(self._selections) > 12:
                    self._selections.popitem(last=False)
        else:
            self._selections.move_to_end(cached)
        if self.quirks.ignore_order or (self.quirks.unordered and not order):
            self._turn += 1
            at = (self._turn * 7) % max(len(found), 1)
            found = [*found[at:], *found[:at]]
        return found

    def _number(self, request: Request, names: tuple[str, ...], default: int) -> int:
        text = next((value for name in names if (value := request.get(name)) is not None), None)
        if text is None:
            return default
        try:
            return int(text.strip("\"'"))
        except ValueError:
            raise RestError(400, 1806, f"{names[0]} is no number: {text}") from None

    def _writer(self, table: Table, request: Request, attributes: str) -> Writer:
        wanted = attributes or (request.get("$attributes") or "").strip("\"'")
        base = f"http://{self.host}:{self.port}" if self.quirks.absolute else ""
        try:
            return Writer(self.data, table, wanted, base=base, brackets=self.quirks.brackets)
        except UnknownAttributeError as error:
            raise RestError(404, 1804, f"attribute {error} not found in {table.name}") from None

    def _collection(self, table: Table, request: Request, ids: Sequence[int], attributes: str) -> Answer:
        as_array = request.get("$asArray") == "true"
        skip = max(self._number(request, ("$skip",), 0), 0)
        top = self._number(request, ("$top", "$limit"), -1 if as_array else DEFAULT_TOP)
        if self.quirks.page_cap:
            top = self.quirks.page_cap if top < 0 else min(top, self.quirks.page_cap)
        part = ids[skip:] if top < 0 else ids[skip : skip + top]
        writer = self._writer(table, request, attributes)
        if as_array:
            body: Any = [writer.flat(table.row(number)) for number in part]
            self.counters.rows += len(part)
            return Answer(_ENCODE(body).encode())
        write: Callable[[Row], Row] = writer.entity
        rows = [write(table.row(number)) for number in part]
        self.counters.rows += len(rows)
        if self.quirks.shape == "list":
            body = rows
        elif self.quirks.shape == "value":
            body = {"value": rows}
        else:
            body = {
                "__entityModel": table.name,
                "__GlobalStamp": table.version + 51,
                "__COUNT": len(ids),
                "__FIRST": skip,
                "__ENTITIES": rows,
                "__SENT": len(rows),
            }
        return Answer(_ENCODE(body).encode())

    def _distinct(self, table: Table, ids: Sequence[int], name: str) -> Answer:
        kind, read = self._attribute(table, name)
        found = {comparable(kind, value): value for number in ids for value in (read(table.row(number)),)}
        values = [found[key] for key in sorted(found, key=lambda one: (one is not None, one))]
        return Answer(_ENCODE(values).encode())

    def _attribute(self, table: Table, name: str) -> tuple[str, Callable[[Row], Any]]:
        try:
            return table.value_of(name.strip("\"'"))
        except UnknownAttributeError:
            raise RestError(404, 1804, f"attribute {name} not found in {table.name}") from None

    def _compute(self, table: Table, ids: Sequence[int], what: str, name: str) -> Answer:
        _, read = self._attribute(table, name)
        values = [value for number in ids if (value := read(table.row(number))) is not None]
        total = round(sum(value for value in values if isinstance(value, int | float)), 2)
        figures = {
            "count": len(values),
            "sum": total,
            "average": total / len(values) if values else 0,
            "min": min(values, default=None),
            "max": max(values, default=None),
        }
        if what == "$all":
            return Answer(_ENCODE({name: figures}).encode())
        if what not in figures:
            raise RestError(400, 1817, f"cannot compute {what}")
        return Answer(_ENCODE(figures[what]).encode())

    # ---- entity sets ----------------------------------------------------------------------------------------

    def _save_set(self, table: Table, request: Request, ids: Sequence[int]) -> Answer:
        self._count("entityset", table.name)
        life = self._number(request, ("$timeout",), SET_LIFETIME)
        key = uuid4().hex.upper()
        self._sets[key] = (table.name, list(ids), self.clock.now() + life, life)
        answer = self._collection(table, request, ids, "")
        uri = f"/rest/{table.name}/$entityset/{key}"
        body = json.loads(answer.body)
        if isinstance(body, dict):
            answer.body = _ENCODE({"__ENTITYSET": uri} | body).encode()
        answer.headers.append(("Content-Location", uri))
        return answer

    def _entity_set(self, table: Table, key: str, request: Request) -> list[int]:
        stored = self._sets.get(key)
        if stored is None or stored[2] < self.clock.now():
            self._sets.pop(key, None)
            raise RestError(404, 1802, f'EntitySet  "{key}" cannot be found')
        name, ids, _, life = stored
        if name != table.name:
            raise RestError(404, 1803, f"EntitySet is of {name}, not of {table.name}")
        self._sets[key] = (name, ids, self.clock.now() + life, life)
        living = set(table.ids())
        return [one for one in ids if one in living]
