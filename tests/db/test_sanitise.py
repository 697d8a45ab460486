"""A sanitised copy: nobody's data is left in it, and it is a whole and sound database."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core import schema
from app.core.db import ClientInfo, Database, Target
from app.services.sanitise import copying, people, register, verify
from app.services.sanitise.copying import SanitiseError, sanitise
from app.services.sanitise.traces import Traces
from app.services.sanitise.words import Words
from migrations import site
from tests.conftest import PASSWORD, ROLES

Raw = psycopg.Connection[Any]

# Planted in the original, in all places somebody's data comes to stand.
FIRM = "Zinnquelle Obermoos GmbH"
PERSON = "Hildegund Streitwieser"
STREET = "Krummbuckelweg 17"
MAIL = "h.streitwieser@zinnquelle-obermoos.example"
PHONE = "+49 8999 771234"
IBAN = "DE02120300000000202051"
NOTE = "Frau Streitwieser ruft nur vormittags zurück"
PLANTED = (FIRM, PERSON, STREET, MAIL, PHONE, IBAN, NOTE, "Streitwieser", "DE999888777")


def _plant(admin: Raw) -> None:
    execute = admin.execute
    execute(
        "UPDATE partners.partner SET name = %s, email = %s, phone = %s, vat_id = 'DE999888777', remark = %s "
        "WHERE id = 1",
        (FIRM, MAIL, PHONE, NOTE),
    )
    execute("UPDATE partners.address SET name = %s, street = %s WHERE partner_id = 1", (FIRM, STREET))
    execute("UPDATE partners.contact SET name = %s, email = %s WHERE partner_id = 1", (PERSON, MAIL))
    execute("UPDATE system.company SET iban = %s", (IBAN,))
    # Where nobody should write it, and somebody does.
    execute("UPDATE catalog.product SET name = %s WHERE id = 1", (f"Sonderguss für {FIRM}",))
    execute("UPDATE inventory.warehouse SET name = %s WHERE id = 1", (f"Konsignation {STREET}",))
    execute("SET session_replication_role = replica")  # an invoice is final
    execute(
        "UPDATE sales.invoice SET snapshot = jsonb_set(snapshot, '{customer,name}', %s) WHERE id = 1",
        (json.dumps(FIRM),),
    )
    execute("RESET session_replication_role")
    execute(
        "INSERT INTO legacy.entity (code, module, position, target_table) "
        "VALUES ('customer', 'partners', 1, 'partners.partner') ON CONFLICT DO NOTHING"
    )
    entity = "(SELECT id FROM legacy.entity WHERE code = 'customer')"
    execute(
        "INSERT INTO legacy.record (entity_id, source_key, hash, applied) VALUES "
        f"({entity}, '1100010', 'abc', %s)",
        (json.dumps({"name": FIRM, "street": STREET}),),
    )
    execute(
        "INSERT INTO legacy.quarantine (entity_id, source_key, raw, findings) VALUES "
        f"({entity}, '1100011', %s, %s)",
        (
            json.dumps(
                {
                    "KundenNr": 1100011,
                    "Name1": "Streitwieser",
                    "Vorname": "Hildegund",
                    "IBAN": IBAN,
                    "Neu": NOTE,
                }
            ),
            json.dumps([{"code": "length", "field": "Name2", "params": {"value": FIRM}}]),
        ),
    )
    document = execute(
        "INSERT INTO legacy.document (source_id, kind, number, date, currency, rate_to_eur, net, freight, handling, "
        "tax, gross, net_eur, tax_eur, gross_eur, tax_rate, delivery_address, remark) "
        "VALUES (2572, 'invoice', '11418', '1992-06-04', 'DM', 1.95583, 1577.90, 5.90, 0, 221.73, 1805.53, "
        "806.77, 113.37, 923.15, 14, %s, %s) RETURNING id",
        (f"{FIRM}\r{STREET}\r86911 Dießen", NOTE),
    ).fetchone()
    assert document is not None
    for position, amount in enumerate(("1000.00", "577.90"), 1):
        execute(
            "INSERT INTO legacy.document_line (document_id, position, kind, article_number, description, qty, "
            "unit_price, amount) VALUES (%s, %s, 'product', '9462-BE', 'Engel', 1, %s, %s)",
            (document[0], position, amount, amount),
        )
    employee = execute(
        "INSERT INTO legacy.employee (number, name, first_name, email) VALUES ('7', 'Streitwieser', 'Hildegund', %s) "
        "RETURNING id",
        (MAIL,),
    ).fetchone()
    assert employee is not None
    execute(
        "INSERT INTO legacy.employee_pay (employee_id, birth_date, monthly) VALUES (%s, '1961-04-13', 3141.59)",
        employee,
    )
    execute(
        "INSERT INTO legacy.server (code, kind, title, base_url, username) "
        "VALUES ('live', '4d', 'Live', 'http://192.0.2.44:8080', 'sync')"
    )


@pytest.fixture(scope="module")
def original(demo_template: str, new_database: Any) -> Iterator[str]:
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            _plant(admin)
        yield address


@contextmanager
def copied(original: str) -> Iterator[tuple[str, str]]:
    name = f"copy_{secrets.token_hex(4)}"
    try:
        done = sanitise(original, name)
        yield done.address, name
    finally:
        with psycopg.connect(original, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def copy(original: str) -> Iterator[str]:
    with copied(original) as (address, _name):
        yield address


def _dump(address: str) -> bytes:
    """All rows of all tables as bytes, with what is binary as it is."""
    found = bytearray()
    with psycopg.connect(address) as connection:
        for table in copying.columns_of(connection):
            query = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(*table.split(".")))
            with connection.cursor() as cursor, cursor.copy(query) as lines:
                for line in lines.rows():
                    for value in line:
                        text = value or ""
                        found += bytes.fromhex(text[2:]) if text.startswith("\\x") else text.encode()
                        found += b"\0"
    return bytes(found)


def _one(address: str, statement: str, *values: object) -> Any:
    with psycopg.connect(address) as connection:
        row = connection.execute(statement, values).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_no_value_of_anybody_is_left_anywhere(original: str, copy: str) -> None:
    """Searched as bytes and without the program's own checking: planted values, and all of the demo company."""
    wanted = set(PLANTED)
    with psycopg.connect(original) as admin:
        for statement in (
            "SELECT name FROM partners.partner",
            "SELECT email FROM partners.partner",
            "SELECT phone FROM partners.partner",
            "SELECT vat_id FROM partners.partner",
            "SELECT name FROM partners.contact",
            "SELECT street FROM partners.address",
            "SELECT person FROM sec.app_user WHERE login <> 'u_' || replace(lower(person), ' ', '_')",
            "SELECT login FROM sec.app_user",
            "SELECT body FROM system.note",
            "SELECT managing_director FROM system.company",
        ):
            wanted |= {row[0] for row in admin.execute(statement).fetchall() if row[0]}
    assert len(wanted) > 200
    before, after = _dump(original).lower(), _dump(copy).lower()
    assert [value for value in wanted if value.lower().encode() not in before] == []
    assert [value for value in wanted if value.lower().encode() in after] == []


def test_the_search_words_are_made_anew(copy: str) -> None:
    words = _one(copy, "SELECT string_agg(vector::text, ' ') FROM partners.partner_search")
    assert "streitwieser" not in words
    assert "obermoos" not in words
    name = _one(copy, "SELECT name FROM partners.partner WHERE id = 1")
    assert name.split()[0].lower().replace("ö", "o").replace("ü", "u") in words


def test_the_copy_is_as_sound_as_the_original(original: str, copy: str) -> None:
    """Drift, missing protection, references, totals, the hashes of the trail: the same checks as of any database."""
    was = [finding.check for finding in schema.check(original)]  # what was planted is no more whole than here
    now = [finding.check for finding in schema.check(copy)]
    assert sorted(now) == sorted(was)
    assert "drift" not in now


def test_the_same_value_became_the_same_everywhere(copy: str) -> None:
    partner, address, snapshot, applied, billed = _one(
        copy,
        "SELECT p.name, a.name, i.snapshot -> 'customer' ->> 'name', r.applied ->> 'name', d.delivery_address "
        "FROM partners.partner p, partners.address a, sales.invoice i, legacy.record r, legacy.document d "
        "WHERE p.id = 1 AND a.partner_id = 1 AND i.id = 1 LIMIT 1",
    )
    assert partner == address == snapshot == applied == billed.split("\r")[0]
    assert partner.endswith(" GmbH")
    assert partner != FIRM
    street, written = _one(
        copy,
        "SELECT a.street, w.name FROM partners.address a, inventory.warehouse w WHERE a.partner_id = 1 AND w.id = 1",
    )
    assert written == f"Konsignation {street}"
    contact, employee, first = _one(
        copy,
        "SELECT c.name, e.name, e.first_name FROM partners.contact c, legacy.employee e WHERE c.partner_id = 1",
    )
    assert contact == f"{first} {employee}"


def test_prices_are_others_and_totals_are_right(original: str, copy: str) -> None:
    query = "SELECT price_list_id, amount FROM catalog.price ORDER BY id"
    with psycopg.connect(original) as was, psycopg.connect(copy) as now:
        pairs = zip(was.execute(query).fetchall(), now.execute(query).fetchall(), strict=True)
        factors: dict[int, set[Decimal]] = {}
        for (price_list, old), (_same, new) in pairs:
            if old >= 20:
                factors.setdefault(price_list, set()).add(round(new / old, 2))
    assert factors
    assert all(max(found) - min(found) <= Decimal("0.01") for found in factors.values())
    assert all(abs(factor - 1) > Decimal("0.03") for found in factors.values() for factor in found)
    net, freight, tax, gross, lines = _one(
        copy,
        "SELECT d.net, d.freight, d.tax, d.gross, (SELECT sum(l.amount) FROM legacy.document_line l "
        "WHERE l.document_id = d.id) FROM legacy.document d",
    )
    assert net == lines != Decimal("1577.90")
    assert tax == round((net + freight) * 14 / 100, 2)
    assert gross == net + freight + tax
    assert _one(copy, "SELECT monthly FROM legacy.employee_pay") is None


def test_relations_and_numbers_are_the_same(original: str, copy: str) -> None:
    for statement in (
        "SELECT array_agg((id, sales_order_id, number, state) ORDER BY id)::text FROM sales.invoice",
        "SELECT array_agg((product_id, place_id, lot_id, qty) ORDER BY id)::text FROM inventory.stock_balance",
        "SELECT array_agg((sku, family_id, state) ORDER BY id)::text FROM catalog.product",
        "SELECT last_value FROM sales.quote_id_seq",
    ):
        assert _one(original, statement) == _one(copy, statement)
    # What is issued next in the copy must not meet what is there.
    assert (
        _one(copy, "SELECT count(*) FROM sales.quote WHERE id > (SELECT last_value FROM sales.quote_id_seq)")
        == 0
    )


def test_logins_and_secrets_do_not_come_along(original: str, copy: str) -> None:
    empty = (
        "user_role",
        "session",
        "password_history",
        "totp",
        "badge",
        "data_key",
        "wrapped_key",
        "person_key",
        "mail_message",
    )
    for table in empty:
        assert _one(copy, f"SELECT count(*) FROM sec.{table}") == 0
    assert (
        _one(copy, "SELECT count(*) FROM sec.app_user WHERE status <> 'left' OR password_seal IS NOT NULL")
        == 0
    )
    assert _one(copy, "SELECT count(*) FROM legacy.server_secret") == 0
    assert _one(copy, "SELECT bool_or(is_active), max(base_url), max(username) FROM legacy.server") == (
        False,
        "https://legacy.example",
        None,
    )
    # The person still has a login of the server, and gets into the original with it, not into the copy.
    target, _ = Target.from_dsn(copy)
    database = Database(
        Target(target.host, target.port, target.dbname, "u_miriam", "disable", ""),
        "a long phrase for tests",
        client=ClientInfo(version="test"),
    )
    with pytest.raises(Exception, match=r"session|login|ticket|user"):
        database.open()
    database.close()


def test_a_text_that_names_a_thing_is_no_trace(original: str) -> None:
    """A place of the old system called as one here is not somebody's name."""
    with psycopg.connect(original, autocommit=True) as admin:
        admin.execute("UPDATE inventory.place SET name = 'Stammlager Regal Nord' WHERE id = 1")
        admin.execute(
            "INSERT INTO legacy.entity (code, module, position, target_table) VALUES ('place', 'inventory', 9, "
            "'inventory.place') ON CONFLICT DO NOTHING"
        )
        admin.execute(
            "INSERT INTO legacy.record (entity_id, source_key, applied) VALUES ((SELECT id FROM legacy.entity "
            'WHERE code = \'place\'), \'x1\', \'{"name": "Stammlager Regal Nord", "code": "R1"}\')'
        )
    with copied(original) as (address, _name):
        assert _one(address, "SELECT name FROM inventory.place WHERE id = 1") == "Stammlager Regal Nord"
        applied = "SELECT applied ->> 'name' FROM legacy.record WHERE source_key = 'x1'"
        assert _one(address, applied) == "Stammlager Regal Nord"


def test_two_copies_tell_nothing_of_each_other(original: str, copy: str) -> None:
    with copied(original) as (other, _name):
        query = "SELECT array_agg(name ORDER BY id) FROM partners.partner"
        first, second = _one(copy, query), _one(other, query)
        assert sum(a == b for a, b in zip(first, second, strict=True)) < len(first) / 10


def test_the_original_is_as_it_was(original: str, copy: str) -> None:
    assert _one(original, "SELECT name FROM partners.partner WHERE id = 1") == FIRM
    assert _one(
        copy,
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
    )
    with pytest.raises(SanitiseError, match="name of its own"):
        sanitise(original, Target.from_dsn(original)[0].dbname)


def test_a_database_that_is_no_copy_is_not_replaced(original: str, new_database: Any) -> None:
    with new_database() as other:
        name = Target.from_dsn(other)[0].dbname
        with pytest.raises(SanitiseError, match="no sanitised copy"):
            sanitise(original, name, replace=True)
        assert _one(other, "SELECT count(*) FROM sec.role") > 0


def test_a_value_that_is_left_is_found_and_the_copy_is_gone(
    original: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: somebody declares names of contacts to be harmless."""
    known = register.load()
    entry = known.tables["partners.contact"]
    careless = dict(known.tables) | {
        "partners.contact": type(entry)(
            entry.table, "copy", "", {**entry.columns, "name": "keep"}, entry.detail
        )
    }
    monkeypatch.setattr(copying, "load", lambda: register.Register(careless, known.keys, known.common))
    name = f"copy_{secrets.token_hex(4)}"
    with pytest.raises(SanitiseError, match=r"partners\.contact\.name"):
        sanitise(original, name)
    assert _one(original, "SELECT count(*) FROM pg_database WHERE datname = %s", name) == 0


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("sales.invoice", "snapshot", json.dumps({"deep": [{"x": f"an {PERSON} denken"}]})),
        ("catalog.product_image", "content", PERSON.encode()),
        ("inventory.lot", "code", PERSON),
        ("legacy.quarantine", "findings", json.dumps([{"value": "STREITWIESER"}])),
    ],
)
def test_the_check_finds_what_is_planted_in_the_copy(
    copy: str, table: str, column: str, value: object
) -> None:
    """In JSON, in binary columns, in columns that are kept, and whatever the case."""
    traces = Traces([("person", PERSON), ("surname", "Streitwieser")])
    with psycopg.connect(copy) as connection:
        assert verify.leaks(connection, register.load(), traces) == []
        connection.execute("SET LOCAL session_replication_role = replica")
        statement = sql.SQL("UPDATE {} SET {} = %s WHERE id = (SELECT min(id) FROM {})").format(
            sql.Identifier(*table.split(".")), sql.Identifier(column), sql.Identifier(*table.split("."))
        )
        connection.execute(statement, (value,))
        assert [leak.partition(":")[0] for leak in verify.leaks(connection, register.load(), traces)] == [
            f"{table}.{column}"
        ]
        connection.rollback()


def test_a_lost_reference_is_found(copy: str) -> None:
    with psycopg.connect(copy) as connection:
        assert verify.broken_references(connection) == []
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("DELETE FROM partners.payment_term WHERE id = 1")
        assert any("payment_term" in found for found in verify.broken_references(connection))
        connection.rollback()


def test_made_up_values_keep_their_form_and_lead_nowhere() -> None:
    words = Words(b"s" * 32, people=frozenset({"Erika Sommer"}), originals=frozenset({"tannenbach"}))
    iban = words.replace("iban", IBAN)
    digits = "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])
    assert iban != IBAN
    assert len(iban) == len(IBAN)
    assert int(digits) % 97 == 1
    assert words.replace("vat", "ATU48372055")[:3] == "ATU"
    assert words.replace("party", "Erika Sommer").split()[-1] == words.replace("surname", "Sommer")
    assert words.replace("address", "A GmbH\r\n\r\n80331 X").count("\r\n") == 2
    assert words.replace("login", "postgres") == "postgres"
    # Whoever is really called as we would call somebody keeps that name for himself.
    firms = {f"Firma {number} GmbH" for number in range(3000)}
    surnames = {Words(b"s" * 32).replace("company", firm).split()[0].casefold() for firm in firms}
    taken = frozenset(sorted(surnames)[::2])
    careful = Words(b"s" * 32, originals=taken)
    assert not {careful.replace("company", firm).split()[0].casefold() for firm in firms} & taken
    assert Words(b"t" * 32).replace("iban", IBAN) != iban


def _comes_in(address: str, name: str, login: str, password: str) -> bool:
    into = schema.with_database(address, name)
    try:
        psycopg.connect(into, user=login, password=password, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if "permission denied for database" in str(error) or "authentication failed" in str(error):
            return False
        raise
    return True


def test_a_login_of_a_copy_comes_into_the_copy_alone_and_goes_with_it(
    original: str, role_dsn: Any, cluster: Any
) -> None:
    house = psycopg.conninfo.conninfo_to_dict(original)["dbname"]
    with copied(original) as (copy, training):
        made = people.make(copy, training)
        assert {person.role for person in made} == set(ROLES)
        seller = next(person for person in made if person.role == "sales_rep")
        mine = (seller.login, seller.password)
        assert _comes_in(original, training, *mine)
        for other in (str(house), cluster.template, "postgres", "template1"):
            assert not _comes_in(original, other, *mine), other
        assert _comes_in(original, str(house), "u_viewer", PASSWORD)
        assert not _comes_in(original, training, "u_viewer", PASSWORD), (
            "nobody of the house is let into a copy"
        )
        with psycopg.connect(original, autocommit=True) as server:
            found = {
                advice.what
                for advice in site.look(server)
                if advice.check in ("login_nobody_knows", "membership_by_hand")
            }
            assert not [what for what in found if seller.login in what], (
                "who cannot come in is no finding here"
            )
            again = people._free(server, people._prefix(training), [seller.role])
            assert again != people._prefix(training), "a second copy of a like name has logins of its own"
            # One that somebody gave a place in the house meanwhile stays; a copy from before goes by its names.
            logins = people.of_copy(server, training, copy)
            assert set(logins) == {person.login for person in made}
            entrance = sql.Identifier(schema.entrance(server, training) or "")
            server.execute(
                sql.SQL("REVOKE CONNECT ON DATABASE {} FROM {}").format(sql.Identifier(training), entrance)
            )
            assert people.of_copy(server, training, copy) == logins
            server.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(training), entrance)
            )
            people.remove(server, logins)
            left = server.execute(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", (logins,)
            ).fetchall()
            assert left == []
        assert not _comes_in(original, training, *mine)
