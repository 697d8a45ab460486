# ruff: noqa: S608  (SQL is what it writes; its words come from the matrix in this repository and the catalogue)
"""Writes the SQL nobody should write by hand: owners, row security, policies, grants, and the platform's triggers.

Input is the rights matrix and the catalogue of the database; output is text, the same for the same input.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migrations.rights import Guard, Matrix, Table, Verb, permission

SCHEMAS = (
    "sec",
    "audit",
    "api",
    "system",
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
STAMPS = ("created_at", "created_by", "updated_at", "updated_by")
MANAGED = (*STAMPS, "row_version")
WAREHOUSES = "((SELECT sec.my_warehouses())::bigint[])"


@dataclass(frozen=True, slots=True)
class Column:
    """What the generator must know of a column."""

    name: str
    type: str
    generated: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view as the database has it; `acl` are the grantees whose rights are taken back first."""

    name: str
    kind: str
    owner: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    grantees: tuple[str, ...]

    @property
    def plain(self) -> tuple[str, ...]:
        """Columns a person can be allowed to write: no key, no stamp, nothing generated."""
        fixed = {*MANAGED, "id"}
        return tuple(c.name for c in self.columns if not c.generated and c.name not in fixed)

    def has(self, column: str) -> bool:
        """Whether the relation has the column."""
        return any(c.name == column for c in self.columns)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of our schemas; `signature` is what GRANT wants."""

    schema: str
    name: str
    signature: str
    kind: str
    owner: str
    grantees: tuple[str, ...]
    talks: bool = False
    """Runs under its owner's rights and may yet be made to tell its plans."""


# Anybody may have plans printed, to himself too, and a plan has the values in it that a function works with. Parse
# trees, which can be printed as well, only name the parameters.
SILENT = "SET debug_print_plan = off"


def owner_of(schema: str, *, function: bool = False) -> str:
    """Who owns what lies in a schema."""
    return {"sec": "erp_sec", "audit": "erp_audit"}.get(schema, "erp_api" if function else "erp_owner")


def relations_sql(matrix: Matrix, relations: Iterable[Relation]) -> str:
    """Everything about tables and views; relations without a line in the matrix get no rights at all."""
    out: list[str] = []
    devices = frozenset(role.name for role in matrix.roles.values() if role.holder == "device")
    for relation in relations:
        line = matrix.tables.get(relation.name, Table(relation.name, topic=relation.name))
        out += _ownership(relation)
        if relation.kind == "v":
            out.append(f"ALTER VIEW {relation.name} SET (security_invoker = true)")
            if line.select:
                out.append(
                    f"GRANT SELECT ON {relation.name} TO {_grantees(line.select, relation.name, 'select')}"
                )
            continue
        out += _table_rights(relation, line, devices)
        out += _triggers(relation, line)
    return _script(out)


def functions_sql(matrix: Matrix, functions: Iterable[Function]) -> str:
    """Owners and EXECUTE of every function; what the matrix does not name, only its owner may call."""
    out: list[str] = []
    for function in functions:
        word = "PROCEDURE" if function.kind == "p" else "FUNCTION"
        target = f"{word} {function.signature}"
        owner = owner_of(function.schema, function=True)
        if function.owner != owner:
            out.append(f"ALTER {target} OWNER TO {owner}")
        revoked = [g for g in function.grantees if g not in (owner, function.owner)]
        if revoked:
            out.append(f"REVOKE ALL ON {target} FROM {_roles(revoked)}")
        allowed = matrix.functions.get(f"{function.schema}.{function.name}", ())
        if allowed:
            out.append(f"GRANT EXECUTE ON {target} TO {_roles(allowed)}")
        if function.talks:
            out.append(f"ALTER {target} {SILENT}")
    return _script(out)


def discard_sql(matrix: Matrix, relations: Mapping[str, Relation]) -> str:
    """`api.discard_draft`: the one way to delete, and only what the matrix calls discardable."""
    branches = [
        _discard_branch(matrix, line, relations)
        for line in matrix.tables.values()
        if line.discard and line.name in relations
    ]
    body = "\n".join(branches)
    cases = f"  CASE p_table\n{body}\n  END CASE;" if branches else ""
    known = ", ".join(f"'{t.name}'" for t in matrix.tables.values() if t.discard) or "NULL"
    return f"""
CREATE OR REPLACE FUNCTION api.discard_draft(p_command uuid, p_table text, p_id bigint, p_row_version int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_allowed boolean;
  v_version int;
BEGIN
  PERFORM sec.require(p_table || ':discard');
  IF p_table IS NULL OR p_table NOT IN ({known}) THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', p_table));
  END IF;
  v_replay := api.command_begin(p_command, 'discard_draft',
    jsonb_build_object('table', p_table, 'id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
{cases}
  RETURN api.command_end(p_command, jsonb_build_object('table', p_table, 'id', p_id));
END $$;
COMMENT ON FUNCTION api.discard_draft IS 'Delete a draft, or a line of one; everything else is kept and cancelled.';
"""


def alone_sql(matrix: Matrix) -> str:
    """`sec.alone`: what a device does by itself; everything else its operator must have the right to as well."""
    names = ", ".join(f"'{name.partition('.')[2]}'" for name in matrix.alone) or "NULL"
    return f"""
CREATE OR REPLACE FUNCTION sec.alone(p_right text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(p_right IN ({names}), false)
$$;
COMMENT ON FUNCTION sec.alone IS 'Whether a device has this right by itself, with nobody signed on; from the matrix.';
"""


def discard_roles(matrix: Matrix) -> tuple[str, ...]:
    """Roles that may call `api.discard_draft` for anything at all."""
    found: list[str] = []
    for line in matrix.tables.values():
        if line.discard:
            found += [*line.discard.roles, permission(f"{line.name}:discard")]
    return tuple(dict.fromkeys(found))


def _discard_branch(matrix: Matrix, line: Table, relations: Mapping[str, Relation]) -> str:
    assert line.discard is not None
    relation = relations[line.name]
    scope = f" AND {_scope(line)}" if line.scope else ""
    if line.guard:
        guard, parent = line.guard, matrix.tables[line.guard.parent]
        parent_scope = f" AND {_scope(parent)}" if parent.scope else ""
        locked = (
            f"SELECT ({guard.where}) INTO v_allowed FROM {guard.parent} WHERE id = (SELECT t.{guard.key} "
            f"FROM {line.name} t WHERE t.id = p_id{scope}){parent_scope} FOR UPDATE"
        )
        version = "NULL"
    else:
        version = "row_version" if relation.has("row_version") else "NULL"
        locked = (
            f"SELECT ({line.discard.where or 'true'}), {version} INTO v_allowed, v_version "
            f"FROM {line.name} WHERE id = p_id{scope} FOR UPDATE"
        )
    children = [t for t in matrix.tables.values() if t.guard and t.guard.parent == line.name]
    deletes = [
        f"DELETE FROM {c.name} t WHERE t.{_guard(c).key} = p_id" for c in children if c.name in relations
    ]
    deletes += [
        f"DELETE FROM {beside} n WHERE n.topic = p_table AND n.record_id = p_id"
        for beside in ("system.note", "documents.attachment")
        if beside in relations
    ]
    deletes.append(f"DELETE FROM {line.name} t WHERE t.id = p_id")
    steps = "".join(f"      {statement};\n" for statement in deletes)
    return f"""    WHEN '{line.name}' THEN
      {locked};
      IF NOT FOUND THEN
        PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', p_table, 'id', p_id));
      ELSIF NOT v_allowed THEN
        PERFORM sec.fail('ER422', 'not_a_draft', jsonb_build_object('table', p_table, 'id', p_id));
      ELSIF v_version <> p_row_version THEN
        PERFORM sec.fail('ER409', 'stale', jsonb_build_object('table', p_table, 'id', p_id, 'row_version', v_version));
      END IF;
{steps.rstrip()}"""


def _guard(line: Table) -> Guard:
    assert line.guard is not None
    return line.guard


def _script(statements: list[str]) -> str:
    return "".join(f"{statement};\n" for statement in statements)


def _roles(names: Iterable[str]) -> str:
    return ", ".join(_role(name) for name in names)


def _role(name: str) -> str:
    if name.startswith("p_"):
        return _quoted(name)
    return name if name == "PUBLIC" or name.startswith(("erp_", "r_")) else f"r_{name}"


def _grantees(verb: Verb, table: str, word: str) -> str:
    """The roles of a verb, and the role that carries this right alone."""
    return _roles([*verb.roles, permission(f"{table}:{word}")])


def _ownership(relation: Relation) -> list[str]:
    schema = relation.name.partition(".")[0]
    owner = owner_of(schema)
    word = "VIEW" if relation.kind == "v" else "TABLE"
    out = []
    if relation.owner != owner:
        out.append(f"ALTER {word} {relation.name} OWNER TO {owner}")
    for grantee in relation.grantees:
        if grantee not in (owner, relation.owner):
            columns = ", ".join(f'"{c.name}"' for c in relation.columns)
            out.append(f"REVOKE ALL ON {relation.name} FROM {_quoted(grantee)}")
            out.append(f"REVOKE ALL ({columns}) ON {relation.name} FROM {_quoted(grantee)}")
    return out


def _quoted(role: str) -> str:
    return "PUBLIC" if role == "PUBLIC" else f'"{role}"'


def _table_rights(relation: Relation, line: Table, devices: frozenset[str]) -> list[str]:
    name = relation.name
    schema = name.partition(".")[0]
    if (
        schema == "sec"
    ):  # nobody but erp_sec's own functions ever comes near; a gate would lock the ticket check out
        return []
    out = [f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"]
    # The trail is written while refusals are, without a ticket; reading it needs one.
    commands = "SELECT" if schema == "audit" else "ALL"
    if line.gated:
        out.append(
            f"CREATE POLICY gate ON {name} AS RESTRICTIVE FOR {commands} TO PUBLIC USING ((SELECT sec.session_ok()))"
        )
    if schema == "audit":
        out.append(f"CREATE POLICY trail ON {name} FOR INSERT TO erp_audit WITH CHECK (true)")
        out.append(f"CREATE POLICY own ON {name} FOR SELECT TO erp_audit USING (true)")
    else:
        out.append(f"CREATE POLICY api ON {name} FOR ALL TO erp_api USING (true) WITH CHECK (true)")
        out.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO erp_api")
    if line.readers:
        out.append(f"CREATE POLICY readers ON {name} FOR SELECT TO {_roles(line.readers)} USING (true)")
        out.append(f"GRANT SELECT ON {name} TO {_roles(line.readers)}")
    if line.select and line.select.roles:
        condition = _condition(line, line.select)
        for policy, roles, asked in _readers(line.select, name, devices):
            using = " AND ".join(part for part in (condition, asked) if part and part != "true") or "true"
            out.append(f"CREATE POLICY {policy} ON {name} FOR SELECT TO {roles} USING ({using})")
            out.append(f"GRANT SELECT ON {name} TO {roles}")
    for word, verb in (("INSERT", line.insert), ("UPDATE", line.update)):
        if verb and verb.roles:
            roles, condition = _grantees(verb, name, word.lower()), _condition(line, verb)
            columns = ", ".join(f'"{c}"' for c in verb.columns.of(relation.plain))
            using = "" if word == "INSERT" else f"USING ({condition}) "
            out.append(
                f"CREATE POLICY {'add' if word == 'INSERT' else 'edit'} ON {name} FOR {word} TO {roles} "
                f"{using}WITH CHECK ({condition})"
            )
            out.append(f"GRANT {word} ({columns}) ON {name} TO {roles}")
    return out


def _readers(verb: Verb, table: str, devices: frozenset[str]) -> list[tuple[str, str, str]]:
    """Policy, roles and what is asked besides: a device reads nothing that its operator may not read."""
    people = Verb(tuple(role for role in verb.roles if role not in devices))
    found = [("read", _grantees(people, table, "select"), "")]
    if at_devices := [role for role in verb.roles if role in devices]:
        found.append(("read_at_device", _roles(at_devices), f"(SELECT sec.may('{table}:select'))"))
    return found


def _condition(line: Table, verb: Verb) -> str:
    parts = [part for part in (_scope(line), f"({verb.where})" if verb.where else "") if part]
    return " AND ".join(parts) or "true"


def _scope(line: Table) -> str:
    """Row scope: one of the warehouse columns is a warehouse of the person."""
    parts = [f"{column} = ANY {WAREHOUSES}" for column in line.scope]
    return f"({' OR '.join(parts)})" if len(parts) > 1 else "".join(parts)


def _triggers(relation: Relation, line: Table) -> list[str]:
    name, out = relation.name, []
    if all(relation.has(column) for column in MANAGED):
        out.append(
            f"CREATE TRIGGER erp_stamp BEFORE UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION system.tg_stamp()"
        )
    if line.audited:
        key = relation.key[0] if len(relation.key) == 1 else "id"
        omitted = [c.name for c in relation.columns if c.generated or c.type == "bytea" or c.name in STAMPS]
        warehouse = line.scope or (("warehouse_id",) if relation.has("warehouse_id") else ())
        arguments = ", ".join(
            f"'{word}'"
            for word in (
                key,
                line.topic or name,
                line.topic_key or key,
                "{" + ",".join(warehouse) + "}",
                "{" + ",".join(omitted) + "}",
            )
        )
        for event, tables in (
            ("INSERT", "NEW TABLE AS new_rows"),
            ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
            ("DELETE", "OLD TABLE AS old_rows"),
        ):
            out.append(
                f"CREATE TRIGGER erp_log_{event.lower()} AFTER {event} ON {name} REFERENCING {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION audit.tg_log({arguments})"
            )
        out.append(
            f"CREATE TRIGGER truncate_refused BEFORE TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit.tg_refuse_truncate()"
        )
    if line.guard:
        out += _guard_triggers(name, line.guard)
    return out


def _guard_triggers(name: str, guard: Guard) -> list[str]:
    schema, _, table = name.partition(".")
    function = f"{schema}.tg_guard_{table}"
    check = f"""
    PERFORM FROM {guard.parent} p WHERE p.id IN ({{keys}}) AND ({guard.where}) ORDER BY p.id FOR NO KEY UPDATE;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    SELECT count(*) INTO v_wanted FROM ({{keys}}) k;"""
    new = f"SELECT n.{guard.key} FROM new_rows n"
    old = f"SELECT o.{guard.key} FROM old_rows o"
    out = [
        f"""CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found int;
  v_wanted int;
BEGIN
  -- Runs as the caller: a parent he may not see or change counts as none. The lock keeps it so until commit.
  IF TG_OP = 'INSERT' THEN{check.format(keys=f"{new} GROUP BY 1")}
  ELSIF TG_OP = 'DELETE' THEN{check.format(keys=f"{old} GROUP BY 1")}
  ELSE{check.format(keys=f"{new} UNION {old}")}
  END IF;
  IF v_found <> v_wanted THEN
    PERFORM sec.fail('ER422', 'not_a_draft', jsonb_build_object('table', '{guard.parent}'));
  END IF;
  RETURN NULL;
END $$"""
    ]
    for event, tables in (
        ("INSERT", "NEW TABLE AS new_rows"),
        ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
        ("DELETE", "OLD TABLE AS old_rows"),
    ):
        out.append(
            f"CREATE TRIGGER erp_guard_{event.lower()} AFTER {event} ON {name} REFERENCING {tables} "
            f"FOR EACH STATEMENT WHEN (CURRENT_USER <> 'erp_api') EXECUTE FUNCTION {function}()"
        )
    return out
