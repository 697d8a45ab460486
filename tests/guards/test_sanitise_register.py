"""The register of sanitised copies knows every column of every table, and says what it holds."""

import dataclasses

import psycopg

from app.services.sanitise import copying, register


def test_every_column_of_every_table_is_in_the_register(admin: psycopg.Connection[object]) -> None:
    assert register.load().gaps(copying.columns_of(admin)) == []


def test_a_new_column_is_missed(admin: psycopg.Connection[object]) -> None:
    there = copying.columns_of(admin)
    there["partners.partner"] = [*there["partners.partner"], "nickname"]
    assert register.load().gaps(there) == ["partners.partner.nickname is not in the register"]


def test_a_new_table_is_missed() -> None:
    known = register.load()
    fewer = dataclasses.replace(known, tables={k: v for k, v in known.tables.items() if k != "sales.quote"})
    there = {table: [*entry.columns] for table, entry in known.tables.items()}
    assert fewer.gaps(there) == ["sales.quote is not in the register"]


def test_columns_with_names_of_people_are_not_kept(admin: psycopg.Connection[object]) -> None:
    """Whoever classifies a new column as harmless should at least not have called it an e-mail address."""
    suspicious = (
        "email",
        "phone",
        "iban",
        "bic",
        "street",
        "postcode",
        "vat_id",
        "password",
        "secret",
        "birth",
    )
    kept = [
        f"{entry.table}.{column}"
        for entry in register.load().tables.values()
        for column, kind in entry.columns.items()
        if kind in ("keep", "scrub") and entry.rows == "copy" and any(word in column for word in suspicious)
    ]
    assert kept == ["sec.app_user.show_phone", "sec.app_user.show_email"]
    assert all(name in copying.columns_of(admin)["sec.app_user"] for name in ("show_phone", "show_email"))
