"""What tests of the engine need: a house on a simulated 4D server, a leader, runs, and looks at the outcome."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.types.json import Jsonb

from app.core.db import ClientInfo, Database, Target
from app.services.legacy import calls, engine, secrets
from app.services.legacy.engine import RunResult
from app.services.legacy.leader import Leader
from app.services.legacy.mapping import LegacyMapping
from app.services.legacy.service import Progress, Services, Waiter
from app.simulate.fourd import FourDServer
from tests.conftest import Raw
from tests.legacy_world import add_server, expire, give_keys

TARGETS = (
    "catalog.unit", "catalog.family", "catalog.product", "catalog.price", "catalog.product_cost", "partners.partner",
    "partners.address", "partners.contact", "inventory.place", "inventory.box", "inventory.box_slot",
    "production.mould", "production.mould_product", "engineering.bom", "engineering.bom_line", "legacy.article",
    "legacy.document", "legacy.document_line", "legacy.work_order", "legacy.work_order_step", "legacy.employee",
    "legacy.employee_pay", "legacy.stock", "legacy.record", "legacy.quarantine", "legacy.warning", "legacy.dangling",
    "audit.entry",
)  # fmt: skip


class Sync:
    """One client of the house that leads, and what it does."""

    def __init__(self, db: Database, admin: Raw, server: FourDServer) -> None:
        self.db, self.admin, self.server = db, admin, server
        self.stop = threading.Event()
        self.seen: list[Progress] = []
        self.on_progress: Callable[[Progress], None] = self.seen.append
        self.mapping: LegacyMapping | None = None
        self.lead()

    def lead(self) -> None:
        """Lead anew, as after a crash: another token, nothing remembered."""
        expire(self.admin)
        self.stop.clear()
        leader = Leader(self.db, f"test-{uuid.uuid4().hex[:6]}")
        assert leader.take()
        pace = Waiter(leader, self.stop, renews=True)
        self.services = Services(self.db, leader, secrets.open_keys(self.db), self.stop, pace=pace)

    def ask(self, mode: str, *entities: str, **options: Any) -> int:
        """Ask for a run; a service has somebody else ask."""
        if not self.db.profile.can("legacy_run_request"):
            query = "INSERT INTO legacy.run (mode, entities, options) VALUES (%s, %s, %s) RETURNING id"
            return int(self.one(query, mode, list(entities) or None, Jsonb(options)))
        answer = calls.call(
            self.db,
            "legacy_run_request",
            p_command=uuid.uuid4(),
            p_mode=mode,
            p_entities=entities or None,
            p_options=options,
        )
        return int(answer["id"])

    def next(self) -> RunResult | None:
        """Work off what waits."""
        return engine.run_next(
            self.db,
            self.services,
            stop=self.stop,
            progress=lambda step: self.on_progress(step),
            mapping=self.mapping,
            scheduled=False,
        )

    def run(self, mode: str, *entities: str, **options: Any) -> RunResult:
        """Ask for a run and do it."""
        self.ask(mode, *entities, **options)
        result = self.next()
        assert result is not None
        return result

    def scheduled(self) -> RunResult | None:
        """What the schedule wants now; what somebody asked for goes first."""
        return engine.run_next(
            self.db, self.services, stop=self.stop, progress=self.seen.append, mapping=self.mapping
        )

    # -- looks -------------------------------------------------------------------------------------------------------

    def one(self, query: str, *values: Any) -> Any:
        """The first column of the first row; None without a row."""
        row = self.admin.execute(query, values).fetchone()
        return row[0] if row else None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        return self.admin.execute(query, values).fetchall()

    def target(self, entity: str, key: str) -> int | None:
        """The row a source record became."""
        found = self.one(
            "SELECT r.target_id FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id "
            "WHERE e.code = %s AND r.source_key = %s",
            entity,
            key,
        )
        return None if found is None else int(found)

    def state(self, entity: str, key: str) -> str | None:
        """The state of a source record."""
        found = self.one(
            "SELECT r.state FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id "
            "WHERE e.code = %s AND r.source_key = %s",
            entity,
            key,
        )
        return None if found is None else str(found)

    def states(self, entity: str) -> dict[str, int]:
        """How many records of an entity are in which state."""
        return dict(
            self.rows(
                "SELECT r.state, count(*) FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id "
                "WHERE e.code = %s GROUP BY 1",
                entity,
            )
        )

    def found(self, entity: str) -> set[tuple[str, str]]:
        """Codes and fields of what is wrong in quarantine: errors alone."""
        return set(
            self.rows(
                "SELECT f ->> 'code', f ->> 'field' FROM legacy.quarantine q "
                "JOIN legacy.entity e ON e.id = q.entity_id, jsonb_array_elements(q.findings) f "
                "WHERE e.code = %s AND f ->> 'severity' = 'error' "
                "AND q.state IN ('open', 'retry')",
                entity,
            )
        )

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        """No row of any table the sync may touch is written meanwhile, its own bookkeeping of runs excepted."""
        before = {table: self._mark(table) for table in TARGETS}
        yield
        changed = {table for table in TARGETS if self._mark(table) != before[table]}
        newest = "SELECT table_name, login, old, new FROM audit.entry ORDER BY id DESC LIMIT 5"
        assert not changed, (changed, self.rows(newest))

    def _mark(self, table: str) -> Any:
        # Rows and the transactions that wrote them: an UPDATE to the same value would show.
        where = "WHERE table_name <> 'legacy.run'" if table == "audit.entry" else ""
        return self.rows(f"SELECT count(*), sum(xmin::text::bigint) FROM {table} {where}")


@contextmanager
def leading(dsn: str, admin: Raw, server: FourDServer) -> Iterator[Sync]:
    """A client under this address that leads."""
    target, password = Target.from_dsn(dsn)
    db = Database(target, password, client=ClientInfo(version="test"))
    db.open()
    try:
        give_keys(db)
        add_server(admin, server.url)
        sync = Sync(db, admin, server)
        try:
            yield sync
        finally:
            sync.services.close()
    finally:
        db.close()


def house_rows(server: FourDServer, table: str) -> list[dict[str, Any]]:
    """What the simulated house holds, for comparing."""
    return server.data[table].rows()
