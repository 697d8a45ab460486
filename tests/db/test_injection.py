"""T-46: what is written into the parameters of a function stays a value: no syntax error, nothing run, nothing gone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.proof.battery import outcome
from tests.proof.logins import House, Raw, furnish

HOSTILE = (
    "'",
    "''; DROP TABLE sec.app_user; --",
    "x'); SELECT pg_sleep(60); --",
    "$$; DROP ROLE u_viewer; $$",
    '"; GRANT erp_sec TO u_viewer; --',
    "u_viewer; ALTER ROLE u_viewer SUPERUSER",
    "' OR '1'='1",
    "\\'; --",
    "%s %I %L %1$s %",
    '{"a": "\'; DROP SCHEMA sec CASCADE; --"}',
    'r_viewer" TO u_viewer; --',
    "sales.quote; DELETE FROM sales.quote",
    "pg_catalog.pg_authid",
    "(SELECT rolpassword FROM pg_authid LIMIT 1)",
    "ünïcödé\u202e\u2019 '",
)
# A syntax error, an unknown name, a cast of a name: what only a text run as SQL could bring about.
RUN_AS_SQL = (
    "42601",
    "42602",
    "42P01",
    "42P02",
    "42703",
    "42883",
    "42704",
    "3F000",
    "42000",
    "0A000",
    "57014",
)
# They end the session that tries; and an error's class is what `sec.fail` is given, unknown or not.
NOT_TRIED = ("sec.session_end_others", "sec.session_close", "sec.fail")
TEXTUAL = ("text", "jsonb", "text[]", "character varying")


@pytest.fixture(scope="module")
def house(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[House]:
    with new_database(demo_template) as address:
        yield furnish(address)


@pytest.fixture
def admin(house: House) -> Iterator[Raw]:
    with psycopg.connect(house.address, autocommit=True) as connection:
        yield connection


def functions(admin: Raw) -> list[tuple[str, list[str]]]:
    """Every function somebody may call, with the types of what it is given."""
    rows = admin.execute(
        "SELECT p.oid::regproc::text, ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t) FROM pg_proc p "
        "WHERE p.pronamespace::regnamespace::text IN ('api', 'sec', 'audit', 'system', 'catalog', 'partners') "
        "AND p.prorettype <> 'trigger'::regtype AND p.prokind = 'f' AND EXISTS (SELECT FROM aclexplode(p.proacl) x "
        "WHERE x.grantee <> p.proowner AND pg_get_userbyid(x.grantee) ~ '^(r_|erp_user$|erp_guest$)') ORDER BY 1"
    ).fetchall()
    return [(row[0], row[1]) for row in rows if {*row[1]} & {*TEXTUAL}]


def given(kind: str, text: str) -> object:
    """The text in the form of the parameter's type; small things for everything else."""
    if kind == "jsonb":
        return Jsonb({text: text, "name": text, "email": text, "topic": text, "login": text})
    small = {
        "text[]": [text],
        "bigint": 1,
        "integer": 1,
        "numeric": 1,
        "boolean": True,
        "bytea": text.encode(),
        "bigint[]": [1],
    }
    return text if kind in TEXTUAL and kind != "text[]" else small.get(kind)


def holdings(admin: Raw) -> list[tuple[object, ...]]:
    """What an injected statement would have touched."""
    return admin.execute(
        "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM sec.app_user), "
        "(SELECT count(*) FROM sales.quote), "
        "(SELECT string_agg(rolname || rolsuper, ',' ORDER BY rolname) FROM pg_roles), "
        "(SELECT count(*) FROM pg_auth_members), (SELECT count(*) FROM pg_policy)"
    ).fetchall()


@pytest.mark.parametrize(
    "who", ["administrator", "system_administrator", "manager", "finance", "guard", "guest"]
)
def test_a_text_is_a_value_whatever_it_says(house: House, admin: Raw, who: str) -> None:
    before = holdings(admin)
    found, tried = [], 0
    with house.psql(who) as mine:
        mine.execute("SET statement_timeout = '5s'")
        if who != "guest":
            admin.execute(
                "UPDATE sec.session SET confirmed_at = now() + interval '1 hour' WHERE login = %s",
                (mine.info.user,),
            )
        for name, kinds in functions(admin):
            if name in NOT_TRIED:
                continue
            for place, kind in enumerate(kinds):
                if kind not in TEXTUAL:
                    continue
                for text in HOSTILE:
                    values = tuple(given(k, text if at == place else "x") for at, k in enumerate(kinds))
                    marks = ", ".join(f"%s::{k}" for k in kinds)
                    state, said = outcome(mine, f"SELECT x::text FROM {name}({marks}) x", values)
                    tried += 1
                    if state in RUN_AS_SQL and "permission denied" not in said:
                        found.append((name, text, state, said[:120]))
    assert found == []
    assert holdings(admin) == before
    assert tried > 500


def test_texts_that_stay_are_kept_as_they_are(house: House, admin: Raw) -> None:
    with house.psql("viewer") as mine:
        for text in HOSTILE:
            mine.execute(
                "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, %s)", (text,)
            )
    kept = admin.execute("SELECT body FROM system.note WHERE created_by = 'u_viewer' ORDER BY id").fetchall()
    assert tuple(row[0] for row in kept) == HOSTILE
