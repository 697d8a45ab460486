"""Puts everything replaceable in place after an upgrade, inside its transaction.

First all policies, triggers, views and functions of our schemas are dropped, so that revisions may alter any column
and nothing survives that no file describes. Then the SQL files are applied in the capabilities' order and the rest is
generated from the rights matrix. What was applied is remembered as one checksum; nothing is touched while it matches.
"""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from migrations import generate, rights
from migrations.generate import SCHEMAS, Column, Function, Relation

HERE = Path(__file__).parent
CHECKSUM = "derived"
CAPABILITIES = (
    "_platform",
    "documents",
    "catalog",
    "partners",
    "engineering",
    "inventory",
    "purchasing",
    "production",
    "sales",
    "legacy",
    "printing",
    "labels",
    "mail",
    "accounting",
)
FIRST = ("functions.sql",)
LAST = ("views.sql", "triggers.sql")
SEED = "seed.sql"
Connection = psycopg.Connection[Any]


def checksum() -> str:
    """Identifies the replaceable SQL, the matrix and the generator of this program."""
    digest = hashlib.sha256()
    parts = [
        *_files(),
        *rights.files(),
        *(HERE / name for name in ("derived.py", "generate.py", "rights.py")),
    ]
    for path in parts:
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(connection: Connection) -> bool:
    """Whether this database already has exactly what this program would apply."""
    there = connection.execute("SELECT to_regclass('system.sql_checksum') IS NOT NULL").fetchone()
    if not there or not there[0]:
        return False
    row = connection.execute("SELECT sha256 FROM system.sql_checksum WHERE name = %s", (CHECKSUM,)).fetchone()
    return row is not None and row[0] == checksum()


def prepare(connection: Connection) -> None:
    """Roles, schemas and lock-down; needed before the first table is made."""
    # Roles belong to the cluster: another database of it may be upgraded or checked at this moment. That takes its
    # time and is waited for; a table somebody works with is not.
    row = connection.execute("SELECT current_setting('lock_timeout')").fetchone()
    connection.execute("SET LOCAL lock_timeout = '2min'")
    connection.execute("LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE")
    connection.execute("SELECT set_config('lock_timeout', %s, true)", row)
    _run_file(connection, HERE / "sql" / "_platform" / "cluster.sql")


def drop(connection: Connection) -> None:
    """Take away policies, triggers, views and functions, so that tables can be altered freely."""
    statements = connection.execute(_DROPS, {"schemas": list(SCHEMAS)}).fetchall()
    if statements:
        connection.execute(sql.SQL("").join(sql.SQL(row[0] + ";\n") for row in statements))


def apply(connection: Connection) -> None:
    """Put functions, views, triggers, rights and seed rows in place. `drop` must have run before."""
    matrix = rights.load()
    connection.execute("SET LOCAL check_function_bodies = off")
    _roles(connection, matrix)
    seeds: list[Path] = []
    for path in _files():
        if path.name == SEED:
            seeds.append(path)
        elif path.name != "cluster.sql":
            _run_file(connection, path)
    relations = read_relations(connection)
    by_name = {relation.name: relation for relation in relations}
    connection.execute(sql.SQL(generate.discard_sql(matrix, by_name)))
    connection.execute(sql.SQL(generate.alone_sql(matrix)))
    _execute(connection, generate.relations_sql(matrix, relations))
    functions = {
        name: (*roles, rights.permission(name.partition(".")[2])) if set(roles) & set(matrix.roles) else roles
        for name, roles in matrix.functions.items()
    }
    functions["api.discard_draft"] = generate.discard_roles(matrix)
    complete = dataclasses.replace(matrix, functions=functions)
    _execute(connection, generate.functions_sql(complete, read_functions(connection)))
    _inherit(connection, matrix)
    _rights(connection, matrix)
    _approvals(connection, matrix)
    for path in seeds:
        _run_file(connection, path)
    connection.execute(
        "INSERT INTO system.sql_checksum (name, sha256) VALUES (%s, %s) "
        "ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()",
        (CHECKSUM, checksum()),
    )


def read_relations(connection: Connection) -> list[Relation]:
    """Tables and views of our schemas, as the catalogue has them."""
    rows = connection.execute(_RELATIONS, {"schemas": list(SCHEMAS)}).fetchall()
    return [
        Relation(
            name=name,
            kind=kind,
            owner=owner,
            columns=tuple(Column(*column) for column in columns),
            key=tuple(key),
            grantees=tuple(grantees),
        )
        for name, kind, owner, columns, key, grantees in rows
    ]


def read_functions(connection: Connection) -> list[Function]:
    """Functions and procedures of our schemas, as the catalogue has them."""
    rows = connection.execute(_FUNCTIONS, {"schemas": list(SCHEMAS)}).fetchall()
    return [
        Function(schema, name, signature, kind, owner, tuple(grantees), talks)
        for schema, name, signature, kind, owner, grantees, talks in rows
    ]


def _files() -> list[Path]:
    """SQL files in the order they are applied."""
    found: list[Path] = []
    for capability in CAPABILITIES:
        found.extend(sorted((HERE / "sql" / capability).glob("*.sql"), key=_file_order))
    return found


def _file_order(path: Path) -> tuple[int, str]:
    if path.name in FIRST:
        return FIRST.index(path.name) - len(FIRST), path.name
    return (LAST.index(path.name) + 1 if path.name in LAST else 0), path.name


def _run_file(connection: Connection, path: Path) -> None:
    try:
        _execute(connection, path.read_text("utf-8"))
    except psycopg.Error as error:
        error.add_note(f"in {path.relative_to(HERE)}")
        raise


def _execute(connection: Connection, script: str) -> None:
    if script.strip():
        connection.execute(script)


def _roles(connection: Connection, matrix: rights.Matrix) -> None:
    """The functional roles of the matrix, in the cluster and in `sec.role`; administered by erp_sec alone."""
    existing = {row[0] for row in connection.execute("SELECT rolname FROM pg_catalog.pg_roles").fetchall()}
    version = connection.info.server_version
    option = "ADMIN TRUE, INHERIT FALSE, SET FALSE" if version >= 160000 else "ADMIN OPTION"
    script = ""
    single = {rights.permission(right) for _role, right in matrix.rights()}
    for role in [*(f"r_{name}" for name in matrix.roles), *sorted(single)]:
        if role not in existing:
            script += f'CREATE ROLE "{role}" NOLOGIN;\n'
        script += f'GRANT "{role}" TO erp_sec WITH {option};\n'
    _execute(connection, script)


def _inherit(connection: Connection, matrix: rights.Matrix) -> None:
    """Memberships between the matrix's roles, by erp_sec's hand as all other memberships."""
    option = " WITH INHERIT TRUE, SET FALSE" if connection.info.server_version >= 160000 else ""
    there = {
        (row[0], row[1])
        for row in connection.execute(
            "SELECT pg_get_userbyid(roleid), pg_get_userbyid(member) FROM pg_catalog.pg_auth_members"
        ).fetchall()
    }
    wanted = {(f"r_{parent}", f"r_{role.name}") for role in matrix.roles.values() for parent in role.inherits}
    ours = {f"r_{name}" for name in matrix.roles}
    script = "".join(
        f'REVOKE "{parent}" FROM "{child}" GRANTED BY erp_sec;\n'
        for parent, child in sorted(there - wanted)
        if parent in ours and child in ours
    )
    script += "".join(
        f'GRANT "{parent}" TO "{child}"{option} GRANTED BY erp_sec;\n'
        for parent, child in sorted(wanted - there)
    )
    _execute(connection, script)


def _rights(connection: Connection, matrix: rights.Matrix) -> None:
    """What `sec.require` and `Profile.rights` look up, out of the same matrix. Custom roles keep theirs."""
    roles = list(matrix.roles.values())
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO sec.role (name, kind, holder, scoped, sensitive, needs_second_factor, title_de, title_en, "
            "about_de, about_en, idle_minutes, session_minutes, max_sessions) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE SET "
            "kind = excluded.kind, holder = excluded.holder, scoped = excluded.scoped, "
            "title_de = excluded.title_de, title_en = excluded.title_en, "
            "about_de = excluded.about_de, about_en = excluded.about_en",
            [
                (
                    role.name,
                    "core" if role.core else "functional",
                    role.holder,
                    role.scoped,
                    role.sensitive,
                    role.second_factor,
                    role.title.get("de", ""),
                    role.title.get("en", ""),
                    role.about.get("de", ""),
                    role.about.get("en", ""),
                    role.idle,
                    role.minutes,
                    role.max_sessions,
                )
                for role in roles
            ],
        )
    of_matrix = sql.SQL("role IN (SELECT r.name FROM sec.role r WHERE r.kind IN ('core', 'functional'))")
    connection.execute(
        "DELETE FROM sec.role r WHERE r.kind IN ('core', 'functional') AND NOT r.name = ANY (%s) "
        "AND NOT EXISTS (SELECT FROM sec.user_role u WHERE u.role = r.name)",
        (list(matrix.roles),),
    )
    connection.execute(sql.SQL("DELETE FROM sec.role_right WHERE ") + of_matrix)
    pairs = matrix.rights()
    connection.execute(
        'INSERT INTO sec.role_right (role, "right") SELECT * FROM unnest(%s::text[], %s::text[])',
        ([role for role, _ in pairs], [right for _, right in pairs]),
    )
    # A right that is no more has gone from the matrix; a custom role cannot keep it.
    connection.execute(
        'DELETE FROM sec.role_right WHERE NOT "right" = ANY (%s)', ([right for _, right in pairs],)
    )
    connection.execute(sql.SQL("DELETE FROM sec.role_limit WHERE ") + of_matrix)
    limits = [(role.name, name, value) for role in roles for name, value in role.limits.items()]
    connection.execute(
        "INSERT INTO sec.role_limit (role, name, value) SELECT * FROM unnest(%s::text[], %s::text[], %s::numeric[])",
        ([x[0] for x in limits], [x[1] for x in limits], [x[2] for x in limits]),
    )
    connection.execute(sql.SQL("DELETE FROM sec.role_parent WHERE ") + of_matrix)
    parents = [(role.name, parent) for role in roles for parent in role.inherits]
    connection.execute(
        "INSERT INTO sec.role_parent (role, parent) SELECT * FROM unnest(%s::text[], %s::text[])",
        ([x[0] for x in parents], [x[1] for x in parents]),
    )
    conflicts = matrix.conflicts
    # Only what is different is written: what stays as it is has no place in the audit trail.
    connection.execute(
        "DELETE FROM sec.role_conflict c WHERE c.of_matrix AND NOT EXISTS ("
        "SELECT FROM unnest(%s::text[], %s::text[]) m (a, b) WHERE m.a = c.role_a AND m.b = c.role_b)",
        ([c.roles[0] for c in conflicts], [c.roles[1] for c in conflicts]),
    )
    connection.execute(
        "INSERT INTO sec.role_conflict (role_a, role_b, reason_de, reason_en, of_matrix) "
        "SELECT *, true FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) "
        "ON CONFLICT (role_a, role_b) DO UPDATE "
        "SET of_matrix = true, reason_de = excluded.reason_de, reason_en = excluded.reason_en "
        "WHERE (role_conflict.of_matrix, role_conflict.reason_de, role_conflict.reason_en) "
        "IS DISTINCT FROM (true, excluded.reason_de, excluded.reason_en)",
        (
            [c.roles[0] for c in conflicts],
            [c.roles[1] for c in conflicts],
            [c.reason.get("de", "") for c in conflicts],
            [c.reason.get("en", "") for c in conflicts],
        ),
    )
    connection.execute("SELECT sec.role_settle()")
    connection.execute("SELECT sec.custom_roles_settle()")


def _approvals(connection: Connection, matrix: rights.Matrix) -> None:
    """The kinds of requests; how many votes and how long they wait is the house's to change."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO system.approval_kind (name, votes, hours, apply, dismiss, limit_name, confirm, "
            "gainer_decides, delegable) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE SET "
            "apply = excluded.apply, dismiss = excluded.dismiss, limit_name = excluded.limit_name, "
            "confirm = excluded.confirm, gainer_decides = excluded.gainer_decides, delegable = excluded.delegable",
            [
                (
                    k.name,
                    k.votes,
                    k.hours,
                    k.apply,
                    k.dismiss,
                    k.limit,
                    k.confirm,
                    k.gainer_decides,
                    k.delegable,
                )
                for k in matrix.approvals.values()
            ],
        )


_DROPS = """
SELECT statement FROM (
  SELECT 1 AS step, format('DROP POLICY %%I ON %%I.%%I', p.policyname, p.schemaname, p.tablename) AS statement
    FROM pg_catalog.pg_policies p WHERE p.schemaname = ANY (%(schemas)s)
  UNION ALL
  SELECT 2, format('DROP TRIGGER %%I ON %%s', t.tgname, t.tgrelid::regclass)
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = ANY (%(schemas)s) AND NOT t.tgisinternal
  UNION ALL
  SELECT 3, 'DROP VIEW ' || string_agg(format('%%I.%%I', v.schemaname, v.viewname), ', ')
    FROM pg_catalog.pg_views v WHERE v.schemaname = ANY (%(schemas)s) HAVING count(*) > 0
  UNION ALL
  SELECT 4, 'DROP ROUTINE ' || string_agg(p.oid::regprocedure::text, ', ')
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = ANY (%(schemas)s)
     -- A function that a table's own definition uses stays and is replaced in place.
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid AND d.deptype = 'n'
                        AND d.classid IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_class'::regclass))
  HAVING count(*) > 0
) s ORDER BY step
"""

_RELATIONS = """
SELECT n.nspname || '.' || c.relname, c.relkind::text, pg_catalog.pg_get_userbyid(c.relowner),
       (SELECT coalesce(json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod),
                                                  a.attgenerated <> '' OR a.attidentity = 'a') ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
         WHERE i.indrelid = c.oid AND i.indisprimary),
       (SELECT coalesce(json_agg(DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC'
                                      ELSE pg_catalog.pg_get_userbyid(x.grantee) END), '[]')
          FROM (SELECT (aclexplode(c.relacl)).grantee
                UNION ALL
                SELECT (aclexplode(a.attacl)).grantee FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid) x)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'v', 'm')
   -- Partitions come and go with the months; audit.partitions_ahead looks after them.
   AND NOT c.relispartition
 ORDER BY 1
"""

_FUNCTIONS = """
SELECT n.nspname, p.proname, p.oid::regprocedure::text, p.prokind::text, pg_catalog.pg_get_userbyid(p.proowner),
       (SELECT coalesce(json_agg(DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC'
                                      ELSE pg_catalog.pg_get_userbyid(x.grantee) END), '[]')
          FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x),
       p.prosecdef AND NOT coalesce('debug_print_plan=off' = ANY (p.proconfig), false)
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = ANY (%(schemas)s)
 ORDER BY 3
"""
