"""What tests of leading need: a server of the simulator in the list, keys for those who may lead."""

from collections.abc import Callable

import psycopg

from app.core.db import Database
from app.services.legacy.leader import Leader
from app.services.legacy.secrets import KEY_NAME
from app.services.security import keys
from tests.conftest import PASSWORD, Raw

COST = 2**10


def give_keys(*people: Database) -> None:
    """The first makes the key, and gives it to the others."""
    first = keys.unlock(people[0], KEY_NAME, PASSWORD, cost=COST)
    assert first.keyring is not None
    for one in people[1:]:
        if keys.unlock(one, KEY_NAME, PASSWORD, cost=COST).keyring is None:
            waiting = people[0].read(keys.my_keys, KEY_NAME).waiting
            for command in keys.share_with(first.keyring, waiting):
                people[0].write(keys.share_data_key, command)


def add_server(admin: Raw, url: str, code: str = "live", *, is_test: bool = False) -> int:
    """A 4D server of the house; the only one of that code."""
    row = admin.execute(
        """INSERT INTO legacy.server (code, kind, title, base_url, username, ca_file, timeout_s, is_test)
           VALUES (%s, '4d', '', %s, '', '', 10, %s)
           ON CONFLICT (code) DO UPDATE SET base_url = excluded.base_url RETURNING id""",
        (code, url, is_test),
    ).fetchone()
    assert row is not None
    admin.execute("DELETE FROM legacy.server_secret WHERE server_id = %s", row)
    admin.execute("DELETE FROM legacy.server_status WHERE server_id = %s", row)
    return int(row[0])


def hold_key(admin: Raw, *logins: str) -> None:
    """A key of the old system, of which the server knows that these were given it; it opens nothing."""
    admin.execute(
        """INSERT INTO sec.data_key (name, "right", recovery)
           SELECT 'legacy', 'legacy_lease', decode(repeat('00', 32), 'hex')
            WHERE NOT EXISTS (SELECT FROM sec.data_key d WHERE d.name = 'legacy' AND d.active)"""
    )
    for login in logins:
        admin.execute(
            """INSERT INTO sec.wrapped_key (data_key_id, holder, ephemeral, wrapped)
               SELECT d.id, %s, decode(repeat('00', 32), 'hex'), decode(repeat('00', 61), 'hex') FROM sec.data_key d
                WHERE d.name = 'legacy' AND d.active ON CONFLICT DO NOTHING""",
            (login,),
        )


def expire(admin: Raw) -> None:
    """The lease has run out: whoever had it is away, or slept."""
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp() - interval '1 second'")


def opened(admin: Raw, server_id: int) -> int:
    """Sessions ever opened, as the house counts them."""
    row = admin.execute(
        "SELECT sessions_opened FROM legacy.server_status WHERE server_id = %s", (server_id,)
    ).fetchone()
    return int(row[0]) if row else 0


def refusal(act: Callable[[], object]) -> str:
    """The key of what it is refused with; empty when it is not."""
    from app.core.errors import AppError

    try:
        act()
    except AppError as error:
        return error.key
    except psycopg.Error as error:
        return str(error.diag.constraint_name)
    return ""


def leader_of(db: Database, name: str) -> Leader:
    """A client that leads."""
    found = Leader(db, name)
    assert found.take()
    return found
