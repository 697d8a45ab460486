"""What the audit trail costs who saves an order, and whether its sealer keeps up."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from app.services.sales import forms
from app.services.sales import writes as sales
from app.services.sales.commands import ConfirmSalesOrder, SaveSalesOrder
from benchmarks.cases import Cases, House, chosen, header
from benchmarks.measure import Figures, spread, undisturbed

Raw = psycopg.Connection[Any]
ROUNDS = 8  # with and without in turn, so that a busy moment of the machine hits both
WRITERS_ROWS = 100
SEALED_ROWS = 30_000


def trail(house: House, raw: Raw, n: int) -> Cases:
    """t: saving and confirming a ten-line order with and without the trail, and sealing what was written."""
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, on in (("with_trail", True), ("without_trail", False)):
            _switch(raw, on=on)
            for step, seconds in _orders(house, max(n // ROUNDS, 2)):
                times.setdefault(f"t_order_{step}_{name}", []).append(seconds)
    _switch(raw, on=True)
    for name in sorted(times):
        yield name, spread(times[name])
    for step in ("save", "confirm"):
        cost = undisturbed(times[f"t_order_{step}_with_trail"])
        free = undisturbed(times[f"t_order_{step}_without_trail"])
        print(f"    the trail's share of order {step}: {100 * (cost / free - 1):+.1f} %")
    yield "t_seal_30000_changes", _sealing(raw)


def _orders(house: House, n: int) -> Iterator[tuple[str, float]]:
    for turn in range(n + 1):
        head, items = header(house), chosen(house)
        found = house.sales.read(
            forms.propose_lines, items, house.world.price_list, house.today, house.world.warehouse
        )
        lines = [
            {
                "product_id": product,
                "description": proposal.description,
                "qty": qty,
                "unit_price": proposal.list_price,
                "tax_rate": proposal.tax_rate,
            }
            for (product, qty), proposal in zip(items, found, strict=True)
        ]
        start = time.perf_counter()
        draft = house.sales.write(sales.save_sales_order, SaveSalesOrder(None, None, head, lines)).value
        saved = time.perf_counter()
        house.sales.write(
            sales.confirm_sales_order,
            ConfirmSalesOrder(draft.id, draft.row_version, acknowledged=("credit_limit_exceeded",)),
        )
        if turn:  # the first one plans the changed triggers anew
            yield "save", saved - start
            yield "confirm", time.perf_counter() - saved


def _switch(raw: Raw, *, on: bool) -> None:
    rows = raw.execute(
        "SELECT n.nspname, c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.tgfoid = 'audit.tg_log()'::regprocedure"
    ).fetchall()
    word = sql.SQL("ENABLE" if on else "DISABLE")
    raw.execute(
        sql.SQL("; ").join(
            sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
                sql.Identifier(*row[:2]), word, sql.Identifier(row[2])
            )
            for row in rows
        )
    )


def _sealing(raw: Raw) -> Figures:
    """Changes in transactions of a hundred rows each, and the time until all of them are sealed."""
    raw.execute("SELECT audit.seal()")
    for turn in range(SEALED_ROWS // WRITERS_ROWS):
        raw.execute(
            "INSERT INTO system.note (topic, record_id, body) "
            "SELECT 'system.company', 1, %s || g FROM generate_series(1, %s) g",
            (f"bench {turn} ", WRITERS_ROWS),
        )
    start = time.perf_counter()
    raw.execute("SELECT audit.seal()")
    seconds = time.perf_counter() - start
    print(f"    sealed {SEALED_ROWS / seconds:,.0f} changes a second")
    return spread([seconds], 1, 1)
