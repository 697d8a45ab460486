"""Brings records into the database: compared and written in sets, never row by row.

Runs inside one transaction under the rights of whoever imports.
"""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Dialect, Table, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.core.db import call_api
from app.core.dialect import dumps
from app.models.catalog import ProductImage
from app.services.catalog.images import Picture
from app.services.imports.mapping import Entity, table_of
from app.services.imports.report import REPAIRED, Counts, Finding, Report
from app.services.imports.rows import Record, Ref

_PG: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
# Columns nobody may write directly, and the function that sets them for many rows.
GUARDED = {
    "partners.partner": (("price_list_id", "payment_term_id", "tax_treatment"), "partner_terms_import")
}
STOCK_LINES = 5000  # what one posting takes
Ids = dict[str, dict[str, int]]


class Loader:
    """Writes entity after entity and remembers under which key each row is found."""

    def __init__(self, session: Session, report: Report) -> None:
        self._session = session
        self._report = report
        self._ids: Ids = {}
        self._special: dict[str, Callable[[Entity, Sequence[Record]], None]] = {
            "bom": self._bills,
            "stock": self._stock,
            "image": self._images,
        }

    def load(self, entity: Entity, records: Sequence[Record]) -> None:
        """Compare an entity's records with the database and write what differs."""
        counts = self._report.counts(entity.name)
        counts.new = counts.changed = counts.unchanged = 0
        special = self._special.get(entity.target)
        if special is not None:
            special(entity, [self._resolved(record) for record in records])
            return
        table = table_of(entity.target)
        assert table is not None
        self._upsert(table, entity, [self._resolved(record) for record in records], counts)

    def _resolved(self, record: Record) -> Record:
        values = {
            name: self._ids[value.entity][value.id] if isinstance(value, Ref) else value
            for name, value in record.values.items()
        }
        return Record(record.line, record.id, values)

    def _upsert(self, table: Table, entity: Entity, records: Sequence[Record], counts: Counts) -> None:
        if not records:
            self._ids[entity.name] = {}
            return
        guarded, function = GUARDED.get(entity.target, ((), ""))
        columns = [column for column in records[0].values if column not in guarded]
        given = [
            {"n": n, **{name: record.values[name] for name in columns}} for n, record in enumerate(records)
        ]
        rows = {"rows": Jsonb(given, dumps=dumps)}
        statement = upsert_sql(table, entity.key, columns, keep=entity.keep)
        changed, added = self._session.execute(text(statement), rows).one()
        ids = self._session.execute(text(ids_sql(table, entity.key, columns)), rows).all()
        self._ids[entity.name] = {records[n].id: key for n, key in ids}
        touched = set(changed or ())
        if any(name in records[0].values for name in guarded):
            answer = call_api(
                self._session,
                function,
                p_command=uuid.uuid4(),
                p_terms=[
                    {"id": key, **{name: records[n].values.get(name) for name in guarded}} for n, key in ids
                ],
            )
            touched |= set(answer["changed"]) - set(added or ())
        counts.new, counts.changed = len(added or ()), len(touched)
        counts.unchanged = len(records) - counts.new - counts.changed

    # -- bills of materials ----------------------------------------------------------------------------------

    def _bills(self, entity: Entity, records: Sequence[Record]) -> None:
        """A product without bills gets its versions; one that has bills keeps them, and differences are reported."""
        counts = self._report.counts(entity.name)
        by_product: dict[int, list[Record]] = defaultdict(list)
        for record in records:
            by_product[record.values["product_id"]].append(record)
        there = self._existing_bills(list(by_product))
        new: list[dict[str, Any]] = []
        for product, lines in by_product.items():
            wanted = list(versions([record.values for record in lines]))
            if product not in there:
                new += [
                    {"product_id": product, "version": number, **version}
                    for number, version in enumerate(wanted, start=1)
                ]
                counts.new += len(lines)
            else:
                counts.unchanged += len(lines)
                if there[product] != [_signature(version) for version in wanted]:
                    file = entity.source
                    self._report.add(
                        Finding(
                            file, lines[0].line, entity.name, "product_id", str(product), "bom_kept", REPAIRED
                        )
                    )
        if new:
            call_api(self._session, "bom_import", p_command=uuid.uuid4(), p_boms=new)

    def _existing_bills(self, products: Sequence[int]) -> dict[int, list[Any]]:
        statement = text("""
            SELECT b.product_id, b.valid_from, b.valid_to,
                   array_agg(l.product_id ORDER BY l.position) AS parts, array_agg(l.qty ORDER BY l.position) AS amounts
              FROM engineering.bom b JOIN engineering.bom_line l ON l.bom_id = b.id
             WHERE b.product_id = ANY (:products) AND b.state <> 'draft'
             GROUP BY b.id ORDER BY b.product_id, b.version""")
        found: dict[int, list[Any]] = defaultdict(list)
        for row in self._session.execute(statement, {"products": list(products)}):
            lines = tuple(zip(row.parts, row.amounts, strict=True))
            found[row.product_id].append((row.valid_from, row.valid_to, lines))
        return found

    # -- stock -----------------------------------------------------------------------------------------------

    def _stock(self, entity: Entity, records: Sequence[Record]) -> None:
        """Opening stock: received once at a place.  Where a product has moved, the moves are the truth."""
        counts = self._report.counts(entity.name)
        statement = text("""
            SELECT DISTINCT m.product_id, m.to_place_id FROM inventory.stock_move m
             WHERE m.product_id = ANY (:products) AND m.to_place_id IS NOT NULL""")
        products = list({record.values["product_id"] for record in records})
        known = {tuple(row) for row in self._session.execute(statement, {"products": products})}
        lines = []
        for record in records:
            values = record.values
            if (values["product_id"], values["place_id"]) in known:
                counts.unchanged += 1
                continue
            lines.append(
                {
                    "product_id": values["product_id"],
                    "place_id": values["place_id"],
                    "qty": str(values["qty"]),
                    "lot_code": values.get("lot_code"),
                }
            )
        for start in range(0, len(lines), STOCK_LINES):
            call_api(
                self._session,
                "stock_receive",
                p_command=uuid.uuid4(),
                p_lines=lines[start : start + STOCK_LINES],
                p_reason=entity.options.get("reason"),
            )
        counts.new = len(lines)

    # -- pictures --------------------------------------------------------------------------------------------

    def _images(self, entity: Entity, records: Sequence[Record]) -> None:
        """A product's picture becomes its primary one, unless the product has it already."""
        counts = self._report.counts(entity.name)
        products = [record.values["product_id"] for record in records]
        statement = select(ProductImage.product_id, ProductImage.content_hash).where(
            ProductImage.product_id.in_(products)
        )
        there = {tuple(row) for row in self._session.execute(statement)}
        new = []
        for record in records:
            picture: Picture = record.values["content"]
            product = record.values["product_id"]
            if (product, hashlib.sha256(picture.content).hexdigest()) in there:
                counts.unchanged += 1
                continue
            new.append({"product_id": product, "is_primary": True, **picture._asdict()})
        if not new:
            return
        replaced = {row["product_id"] for row in new} & {product for product, _ in there}
        if replaced:
            self._session.execute(
                update(ProductImage)
                .where(ProductImage.product_id.in_(replaced), ProductImage.is_primary)
                .values(is_primary=False, is_chosen=False)
                .execution_options(synchronize_session=False)
            )
        self._session.execute(insert(ProductImage), new)
        counts.new, counts.changed = len(new) - len(replaced), len(replaced)


def versions(lines: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The versions a product's dated lines make: a new one whenever a line begins or ends.

    ``valid_to`` is the first day a line no longer holds.  Days without any line have no version; neighbours that are
    alike are one.
    """
    days = sorted(
        {line["valid_from"] for line in lines} | {e for line in lines if (e := line.get("valid_to"))}
    )
    last: dict[str, Any] | None = None
    for start, end in zip(days, [*days[1:], None], strict=True):
        parts = _parts(lines, start)
        if last is not None and parts == last["lines"] and last["valid_to"] == start:
            last["valid_to"] = end
            continue
        if last is not None:
            yield last
        last = {"valid_from": start, "valid_to": end, "lines": parts} if parts else None
    if last is not None:
        yield last


def _parts(lines: Sequence[Mapping[str, Any]], day: date) -> list[dict[str, Any]]:
    amounts: dict[int, Decimal] = {}
    for line in lines:
        end = line.get("valid_to")
        if line["valid_from"] <= day and (end is None or end > day):
            part = line["component_id"]
            amounts[part] = amounts.get(part, Decimal(0)) + line["qty"]
    return [{"product_id": part, "qty": amounts[part]} for part in sorted(amounts)]


def _signature(version: Mapping[str, Any]) -> Any:
    lines = tuple((line["product_id"], line["qty"]) for line in version["lines"])
    return version["valid_from"], version["valid_to"], lines


def _input(table: Table, columns: Sequence[str]) -> str:
    kinds = ", ".join(f"{name} {table.c[name].type.compile(dialect=_PG)}" for name in columns)
    return f"SELECT * FROM jsonb_to_recordset(:rows) AS r (n integer, {kinds})"  # noqa: S608


def _same(key: Sequence[str]) -> str:
    return " AND ".join(f"t.{column} = i.{column}" for column in key)


def upsert_sql(table: Table, key: Sequence[str], columns: Sequence[str], *, keep: bool) -> str:
    """One statement that changes rows that differ and adds missing ones; answers the ids (changed, new).

    Equal rows are not touched: no new row version, no entry in the audit trail.
    """
    name = f"{table.schema}.{table.name}"
    rest = [column for column in columns if column not in key]
    changed = "SELECT 0 AS id WHERE false"
    if rest and not keep:
        assignments = ", ".join(f"{column} = i.{column}" for column in rest)
        ours, theirs = (", ".join(f"{alias}.{column}" for column in rest) for alias in ("t", "i"))
        changed = (
            f"UPDATE {name} t SET {assignments} FROM input i"  # noqa: S608
            f" WHERE {_same(key)} AND ({ours}) IS DISTINCT FROM ({theirs}) RETURNING t.id"
        )
    listed = ", ".join(columns)
    return (
        f"WITH input AS MATERIALIZED ({_input(table, columns)}),"  # noqa: S608
        f" changed AS ({changed}),"
        f" added AS (INSERT INTO {name} ({listed}) SELECT {listed} FROM input i"
        f" WHERE NOT EXISTS (SELECT FROM {name} t WHERE {_same(key)}) ORDER BY i.n RETURNING id)"
        " SELECT (SELECT array_agg(id) FROM changed), (SELECT array_agg(id) FROM added)"
    )


def ids_sql(table: Table, key: Sequence[str], columns: Sequence[str]) -> str:
    """The key of every given row: (number in the input, id)."""
    name = f"{table.schema}.{table.name}"
    return f"SELECT i.n, t.id FROM ({_input(table, columns)}) i JOIN {name} t ON {_same(key)}"  # noqa: S608


def existing_sql(table: Table, key: Sequence[str], columns: Sequence[str]) -> str:
    """The rows that have the given keys: (number in the input, id, key and columns)."""
    name = f"{table.schema}.{table.name}"
    shown = ", ".join(f"t.{column}" for column in ("id", *key, *columns))
    return f"SELECT i.n, {shown} FROM ({_input(table, key)}) i JOIN {name} t ON {_same(key)}"  # noqa: S608
