"""What a live site should look at: lints with what to do, and the server's own settings (`db check --security`)."""
# ruff: noqa: E501  (SQL and whole sentences)

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from migrations import drift

Connection = psycopg.Connection[Any]
# The first minor versions without the holes that let a plain user of the database out of his rights.
LEAST_MINOR = {15: 18, 16: 14, 17: 10, 18: 4}
_PUT_BACK = "werkbank db upgrade puts it back; if it is current already, see docs/admin/troubleshooting.md, Putting rights back."
ADVICE = {
    "audit_missing": f"Changes of this table leave no trace. {_PUT_BACK}",
    "definer_function_unasked": "People can call this function and it asks for no right. Drop it, or revoke EXECUTE from it.",
    "definer_function_unsafe": f"The function runs under its owner's rights and can be led astray. {_PUT_BACK}",
    "gate_missing": f"The table shows rows without a session: second factor and expiry do not hold. {_PUT_BACK}",
    "grant_too_wide": f"Somebody may lock, empty or forge this table. {_PUT_BACK}",
    "open_to_public": f"Every login of the server may use this. {_PUT_BACK}",
    "partition_unprotected": "A month of the trail can be read or changed by its own name. werkbank audit, or "
    + _PUT_BACK,
    "policy_function_per_row": "The condition is worked out for each row: slow, and it may leak. Take the policy back.",
    "restrictive_policy_not_public": f"SET ROLE sheds this policy. {_PUT_BACK}",
    "role_too_strong": "A login or role of the program has more than it needs. REVOKE it, and find out who gave it.",
    "row_security_off": f"Row rights do not hold here. {_PUT_BACK}",
    "trigger_disabled": "A rule is switched off: ALTER TABLE … ENABLE TRIGGER ALL, and find out since when.",
    "view_unsafe": "The view shows what its owner sees, not what the person may see. Drop it, or set security_invoker.",
    "write_policy_unchecked": f"Anything may be written through this policy. {_PUT_BACK}",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Something found: which check, the object, and what to do about it."""

    check: str
    what: str
    remedy: str


# Name, query (every row is a finding), what to do.
_SITE: tuple[tuple[str, LiteralString, str], ...] = (
    (
        "server_in_the_clear",
        (
            "SELECT 'listens on ' || current_setting('listen_addresses') || ' with ssl = off' WHERE NOT current_setting('ssl')::bool "
            "AND NOT string_to_array(replace(current_setting('listen_addresses'), ' ', ''), ',') <@ '{localhost,127.0.0.1,::1}'"
        ),
        "Give the server a certificate and set ssl = on (docs/admin/server.md).",
    ),
    (
        "connection_in_the_clear",
        (
            "SELECT DISTINCT a.usename || ' from ' || host(a.client_addr) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) "
            "WHERE NOT s.ssl AND a.client_addr IS NOT NULL AND NOT a.client_addr <<= '127.0.0.0/8' AND a.client_addr <> '::1'"
        ),
        "Let pg_hba.conf admit hostssl only, then end this connection.",
    ),
    (
        "superuser_at_work",
        (
            "SELECT DISTINCT a.usename || ' from ' || coalesce(host(a.client_addr), 'the server itself') || ', ' "
            "|| coalesce(nullif(a.application_name, ''), 'unnamed program') FROM pg_stat_activity a "
            "JOIN pg_roles r ON r.rolname = a.usename WHERE r.rolsuper AND a.pid <> pg_backend_pid() "
            "AND a.backend_type = 'client backend' AND a.client_addr IS NOT NULL AND NOT a.client_addr <<= '127.0.0.0/8'"
        ),
        "Nothing holds a superuser back. He belongs on the server's own console, for upgrades and restores only.",
    ),
    (
        "another_superuser",
        (
            "SELECT r.rolname || ': ' || concat_ws(', ', CASE WHEN r.rolsuper THEN 'superuser' END, "
            "CASE WHEN r.rolbypassrls THEN 'sees past row rights' END, CASE WHEN r.rolcreaterole THEN 'may create roles' END, "
            "CASE WHEN r.rolreplication THEN 'may copy everything' END) FROM pg_roles r WHERE r.rolcanlogin AND r.oid <> 10 "
            "AND r.rolname !~ '^[utsrp]_' AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication)"
        ),
        "One superuser is enough; one for backups may replicate. Else: ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION.",
    ),
    (
        "superuser_from_the_network",
        (
            "SELECT concat_ws(' ', 'pg_hba.conf line', h.line_number || ':', h.type, array_to_string(h.database, ','), "
            "array_to_string(h.user_name, ','), h.address, h.netmask) FROM pg_hba_file_rules h WHERE h.type LIKE 'host%' "
            "AND h.auth_method <> 'reject' AND coalesce(h.address, '') NOT IN ('127.0.0.1', '::1', 'localhost', 'samehost') "
            "AND coalesce(h.netmask, '') NOT IN ('255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff') "
            "AND EXISTS (SELECT FROM pg_roles r WHERE r.rolsuper AND r.rolcanlogin "
            "AND ('all' = ANY (h.user_name) OR r.rolname = ANY (h.user_name)))"
        ),
        "A superuser's password opens everything from there. Write +erp_user instead of all; the superuser from one machine at most.",
    ),
    (
        "another_database_open",
        (
            "SELECT d.datname FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x "
            "WHERE x.grantee = 0 AND x.privilege_type = 'CONNECT' AND d.datallowconn AND d.datname <> current_database()"
        ),
        "Every login of Werkbank may connect there and make objects of his own: REVOKE ALL ON DATABASE … FROM PUBLIC.",
    ),
    (
        "server_function_open",
        (
            "SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x "
            "WHERE x.grantee = 0 AND p.pronamespace = 'pg_catalog'::regnamespace "
            "AND (p.proname ~ 'advisory|^lo_|^lo(read|write)$|^pg_(read_(binary_)?file|stat_file)$|^pg_ls_' OR p.proname = 'pg_logical_emit_message')"
        ),
        "Any person can hold locks, keep files or read the server's with it: REVOKE EXECUTE ON FUNCTION … FROM PUBLIC.",
    ),
    (
        "entrance_too_wide",
        (
            "SELECT concat_ws(' ', 'pg_hba.conf line', h.line_number || ':', h.type, array_to_string(h.database, ','), "
            "array_to_string(h.user_name, ','), h.address, h.auth_method, h.error) FROM pg_hba_file_rules h "
            "WHERE h.error IS NOT NULL OR h.auth_method IN ('trust', 'password', 'md5', 'ident') "
            "OR (h.type IN ('host', 'hostnossl') AND h.auth_method <> 'reject' "
            "AND coalesce(h.address, '') NOT IN ('127.0.0.1', '::1', 'localhost', 'samehost'))"
        ),
        "People come in by hostssl and scram-sha-256 (docs/admin/server.md); change the line and reload.",
    ),
    (
        "log_unfit_for_the_guard",
        (
            "SELECT x.name || ' = ' || current_setting(x.name) FROM (VALUES ('logging_collector', 'on'), "
            "('log_destination', 'jsonlog')) x (name, wanted) "
            "WHERE NOT x.wanted = ANY (string_to_array(replace(current_setting(x.name), ' ', ''), ','))"
        ),
        "The guard reads failed sign-ins from the JSON log: set it in postgresql.conf (docs/admin/guard.md).",
    ),
    (
        "secrets_in_the_log",
        (
            "SELECT name || ' = ' || current_setting(name) FROM unnest('{log_parameter_max_length,"
            "log_parameter_max_length_on_error}'::text[]) name WHERE current_setting(name) <> '0'"
        ),
        "Passwords travel as parameters: werkbank db upgrade sets both to 0 for the database; here it was undone.",
    ),
    (
        "password_form",
        (
            "SELECT 'password_encryption = ' || current_setting('password_encryption') "
            "WHERE current_setting('password_encryption') <> 'scram-sha-256' UNION ALL SELECT rolname || ': no SCRAM verifier' "
            "FROM pg_authid WHERE rolname ~ '^[uts]_' AND rolcanlogin AND rolpassword NOT LIKE 'SCRAM-SHA-256$%'"
        ),
        "Set password_encryption = 'scram-sha-256' and give the login a new password.",
    ),
    (
        "guard_not_there",
        (
            "SELECT 'no sign of life for five minutes' WHERE NOT EXISTS (SELECT FROM sec.session s WHERE s.login = 's_guard' "
            "AND s.ended_at IS NULL AND s.last_seen > now() - interval '5 minutes')"
        ),
        "Start werkbank guard: nobody is locked after wrong passwords, nothing is sealed (docs/admin/guard.md).",
    ),
    (
        "membership_by_hand",
        (
            "SELECT m.rolname || ' is a member of ' || o.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member "
            "JOIN pg_roles o ON o.oid = a.roleid WHERE m.rolname ~ '^[uts]_' AND o.rolname ~ '^(r_|p_|pg_)' "
            "AND has_database_privilege(m.oid, current_database(), 'CONNECT') "
            "AND NOT EXISTS (SELECT FROM sec.user_role u WHERE u.login = m.rolname AND 'r_' || u.role = o.rolname "
            "AND (u.valid_to IS NULL OR u.valid_to > now()))"
        ),
        "Given past the program: REVOKE it as the superuser, and give the role in the window if it is wanted.",
    ),
    (
        "login_nobody_knows",
        (
            "SELECT r.rolname::text FROM pg_roles r WHERE r.rolcanlogin AND r.rolname ~ '^[uts]_' AND r.rolname <> 's_register' "
            "AND has_database_privilege(r.oid, current_database(), 'CONNECT') "
            "AND NOT EXISTS (SELECT FROM sec.app_user u WHERE u.login = r.rolname AND u.status = 'active')"
        ),
        "May connect although no active person, terminal or service of this database has it: ALTER ROLE … NOLOGIN.",
    ),
)


def look(connection: Connection) -> Iterator[Advice]:
    """Everything found on this database and its server, lints first; needs a superuser."""
    for name, what in dict.fromkeys(drift.run_queries(connection, "lints")):
        yield Advice(name, what, ADVICE[name])
    major, minor = divmod(connection.info.server_version, 10000)
    if minor < LEAST_MINOR.get(major, 0):
        yield Advice(
            "server_outdated",
            f"PostgreSQL {major}.{minor}",
            f"Holes closed in {major}.{LEAST_MINOR[major]} let users out of their rights: install the newest {major}.x.",
        )
    for name, query, remedy in _SITE:
        for row in connection.execute(query).fetchall():
            yield Advice(name, str(row[0]), remedy)
