"""Alembic's entry: structure only. `app.core.schema` hands its connection in; by hand, give `-x dsn=…`."""

import re

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine

from app.models import metadata
from migrations.generate import SCHEMAS

config = context.config
_PARTITION = re.compile(r"(entry|event)_(\d{4}_\d\d|default)")


def _include_name(name: str | None, kind: str, _parents: object) -> bool:
    if kind == "schema":
        return name in SCHEMAS
    return name != "alembic_version" and not (kind == "table" and _PARTITION.fullmatch(name or ""))


def _settle(ctx: MigrationContext, step: object, heads: object, run_args: object) -> None:  # noqa: ARG001
    """After each revision: check at once what was to be checked at the end.

    All of them are one transaction, and a table with checks still to come cannot be altered by the next revision.
    """
    if ctx.connection is not None:
        ctx.connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        ctx.connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=_include_name,
        version_table_schema="system",
        compare_server_default=True,
        transaction_per_migration=False,
        on_version_apply=_settle,
    )
    with context.begin_transaction():
        context.run_migrations()


given = config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    address = context.get_x_argument(as_dictionary=True)["dsn"].replace(
        "postgresql://", "postgresql+psycopg://"
    )
    with create_engine(address).begin() as own:
        _run(own)
