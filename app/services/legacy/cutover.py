"""Going over to Werkbank, module by module: how each stands, what still stands in the way, and the steps themselves."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Refused
from app.models.legacy.sync import Entity, Reconciliation, ReconciliationLine
from app.services.legacy.state import MODULE

RECONCILIATION: Final = "legacy.reconciliation"
STOCK_MOVE: Final = "inventory.stock_move"
STEPS: Final = ("legacy", "parallel", "werkbank")
# Records named one by one, and the total they are part of.
_NAMED_IN: Final = {"missing": "records", "surplus": "records", "row": "rows"}


class Condition(NamedTuple):
    """Something that should be so before Werkbank leads; what ``blocks`` the database refuses to go over without."""

    key: str
    met: bool
    blocks: bool
    number: int = 0
    at: datetime | None = None


class Module(NamedTuple):
    """A module and how it stands."""

    id: int
    row_version: int
    code: str
    mode: str
    signed_off_at: datetime | None
    signed_off_by: str | None
    comment: str | None
    entities: tuple[str, ...]
    records: int
    unread: int
    quarantined: int
    last_change_at: datetime | None
    reconciliation_id: int | None
    reconciliation_state: str | None
    differences: int
    reconciled_at: datetime | None

    def conditions(self) -> tuple[Condition, ...]:
        """What should be so before Werkbank leads, in the order in which it is done."""
        if self.code == "images":
            return ()
        compared = self.reconciliation_id is not None
        changed_since = (
            self.reconciled_at is not None
            and self.last_change_at is not None
            and self.last_change_at > self.reconciled_at
        )
        signed = self.reconciliation_state == "signed"
        first = (
            Condition("read", self.unread == 0 and bool(self.entities), False, self.unread),
            Condition("quarantine", self.quarantined == 0, False, self.quarantined),
            Condition("compared", compared, True, 0, self.reconciled_at),
        )
        if not compared:  # nothing to say of a comparison there is none of
            return (*first, Condition("signed", False, True))
        return (
            *first,
            Condition("agrees", self.differences == 0, False, self.differences),
            Condition("unchanged", not changed_since, True, 0, self.last_change_at),
            # A signature under what is no longer so does not hold.
            Condition(
                "outdated" if signed and changed_since else "signed", signed and not changed_since, True
            ),
        )

    def hindrance(self) -> str:
        """The first condition the database would refuse Werkbank's lead for; empty when there is none."""
        return next((one.key for one in self.conditions() if one.blocks and not one.met), "")

    def ready(self) -> bool:
        """Whether the database would let Werkbank lead now."""
        return not self.hindrance()


class StockToOpen(NamedTuple):
    """Stock of the old system that is no stock of Werkbank yet."""

    rows: int
    qty: Decimal


class State(NamedTuple):
    """All modules, the stock that waits for its opening posting, and the warehouses there are."""

    modules: tuple[Module, ...]
    stock: StockToOpen
    warehouses: tuple[tuple[int, str], ...]


class LineRow(NamedTuple):
    """One thing compared."""

    id: int
    entity: str
    kind: str
    subject: str
    legacy_value: str | None
    werkbank_value: str | None
    difference: Decimal | None
    source_key: str | None
    ok: bool
    title: Mapping[str, Any] | None


class Report(NamedTuple):
    """A comparison with all its lines, differences first."""

    id: int
    row_version: int
    module: str
    state: str
    differences: int
    started_at: datetime | None
    finished_at: datetime
    signed_off_at: datetime | None
    signed_off_by: str | None
    comment: str | None
    newest: bool
    lines: tuple[LineRow, ...]


@dataclass(frozen=True)
class SetMode:
    """Who leads in a module from now on."""

    code: str
    mode: str
    row_version: int
    comment: str = ""
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Sign:
    """Accept a comparison; differences need a comment that says why."""

    id: int
    row_version: int
    comment: str = ""
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class OpenStock:
    """Post the old system's stock of a warehouse as opening stock, once."""

    warehouse_id: int
    reason: str
    command: UUID = field(default_factory=uuid4)


_MODULES = """
SELECT m.id, m.row_version, m.code, m.mode, m.signed_off_at, m.signed_off_by, m.comment,
       coalesce(e.codes, ARRAY[]::text[]), coalesce(e.records, 0), coalesce(e.unread, 0), coalesce(q.open, 0),
       e.last_change_at,
       c.id, c.state, coalesce(c.differences, 0), c.finished_at, {stock}, {warehouses}
  FROM legacy.module m
  LEFT JOIN (SELECT x.module, array_agg(x.code::text ORDER BY x.position) FILTER (WHERE x.parent IS NULL) AS codes,
                    sum(x.record_count) FILTER (WHERE x.parent IS NULL) AS records,
                    count(*) FILTER (WHERE x.parent IS NULL AND x.last_full_at IS NULL) AS unread,
                    max(x.last_change_at) AS last_change_at
               FROM legacy.entity x WHERE x.is_enabled GROUP BY x.module) e ON e.module = m.code
  LEFT JOIN (SELECT x.module, count(*) AS open FROM legacy.quarantine q JOIN legacy.entity x ON x.id = q.entity_id
              WHERE q.state IN ('open', 'retry') GROUP BY x.module) q ON q.module = m.code
  LEFT JOIN LATERAL (SELECT r.* FROM legacy.reconciliation r WHERE r.module = m.code
                      ORDER BY r.id DESC LIMIT 1) c ON true
 ORDER BY array_position(ARRAY['catalog','partners','production','inventory','sales','hr','images'], m.code::text)
"""

_STOCK = """(SELECT jsonb_build_array(count(*), coalesce(sum(s.qty), 0)) FROM legacy.stock s
             WHERE s.qty > 0 AND s.opened_qty IS NULL)"""
_WAREHOUSES = """(SELECT coalesce(jsonb_agg(jsonb_build_array(w.id, w.name) ORDER BY w.code), '[]')
                    FROM inventory.warehouse w WHERE w.is_active)"""


def state(session: Session) -> State:
    """How everything stands."""
    rights = session.info.get("rights") or frozenset()
    # Who looks after the server alone may not read stock, and posts none.
    readable = {"legacy.stock:select", "inventory.warehouse:select"} <= rights
    statement = _MODULES.replace("{stock}", _STOCK if readable else "NULL")
    rows = session.execute(text(statement.replace("{warehouses}", _WAREHOUSES if readable else "NULL"))).all()
    modules = tuple(Module._make((*row[:7], tuple(row[7]), *row[8:16])) for row in rows)
    waiting, warehouses = (rows[0][16] or (0, 0), rows[0][17] or ()) if rows else ((0, 0), ())
    stock = StockToOpen(int(waiting[0]), Decimal(str(waiting[1])))
    return State(modules, stock, tuple((int(number), str(name)) for number, name in warehouses))


def report(session: Session, record_id: int) -> Report:
    """A comparison.  Refused record_not_found."""
    module = select(Reconciliation.module).where(Reconciliation.id == record_id).scalar_subquery()
    newest = select(func.max(Reconciliation.id)).where(Reconciliation.module == module).scalar_subquery()
    row = session.execute(
        select(
            Reconciliation.id,
            Reconciliation.row_version,
            Reconciliation.module,
            Reconciliation.state,
            Reconciliation.differences,
            Reconciliation.started_at,
            Reconciliation.finished_at,
            Reconciliation.signed_off_at,
            Reconciliation.signed_off_by,
            Reconciliation.comment,
            (Reconciliation.id == newest).label("newest"),
        ).where(Reconciliation.id == record_id)
    ).one_or_none()
    if row is None:
        raise Refused("record_not_found", table=RECONCILIATION, id=record_id)
    lines = session.execute(
        select(*[getattr(ReconciliationLine, name) for name in LineRow._fields[:-1]], Entity.title)
        .outerjoin(Entity, Entity.code == ReconciliationLine.entity)
        .where(ReconciliationLine.reconciliation_id == record_id)
        .order_by(ReconciliationLine.ok, ReconciliationLine.id)
    ).all()
    return Report(*row, tuple(LineRow._make(line) for line in lines))


def differing(lines: Sequence[LineRow]) -> list[LineRow]:
    """The lines that differ, each difference once: without totals all of whose differences are named one by one."""
    different = [line for line in lines if not line.ok]
    named = Counter(
        (line.entity, _NAMED_IN.get(line.subject, line.subject))
        for line in different
        if line.kind == "sample"
    )
    return [
        line
        for line in different
        if line.kind not in ("field", "count")
        or not 0 < abs(line.difference or Decimal(0)) <= named[line.entity, line.subject]
    ]


@posting
def set_mode(session: Session, command: SetMode) -> Result[None]:
    """Switch a module.  Refused legacy_module_not_signed, legacy_module_changed_since; Confirm."""
    answer = call_api(
        session,
        "legacy_module_set",
        p_command=command.command,
        p_code=command.code,
        p_mode=command.mode,
        p_row_version=command.row_version,
        p_comment=command.comment or None,
    )
    return Result(None, changed((MODULE, int(answer["id"]))))


@posting
def sign(session: Session, command: Sign) -> Result[None]:
    """Sign a comparison off.  Refused legacy_reconciliation_needs_comment and others; Confirm."""
    call_api(
        session,
        "legacy_reconciliation_sign",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_comment=command.comment or None,
    )
    return Result(None, changed((RECONCILIATION, command.id)))


@posting
def open_stock(session: Session, command: OpenStock) -> Result[dict[str, Any]]:
    """Post the opening stock; gives {moves, without_home: {rows, qty}}.  Refused legacy_stock_*; Confirm."""
    answer = call_api(
        session,
        "legacy_opening_stock",
        p_command=command.command,
        p_warehouse_id=command.warehouse_id,
        p_reason=command.reason,
    )
    return Result(answer, changed((STOCK_MOVE, None)))
