"""Alembic's entry: structure only. `app.core.schema` hands its connection in; by hand, give `-x dsn=…`."""

import re

from alembic import context
from sqlalchemy import Connection, create_engine

from app.models import metadata
from migrations.generate import SCHEMAS

config = context.config
_PARTITION = re.compile(r"(entry|event)_(\d{4}_\d\d|default)")


def _include_name(name: str | None, kind: str, _parents: object) -> bool:
    if kind == "schema":
        return name in SCHEMAS
    return name != "alembic_version" and not (kind == "table" and _PARTITION.fullmatch(name or ""))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=_include_name,
        version_table_schema="system",
        compare_server_default=True,
        transaction_per_migration=False,
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
