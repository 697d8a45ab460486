"""The company as its papers show it, and addresses as they stand on them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from babel import Locale
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.documents.data import Company, Language

# Columns a statement takes along to print the company; a table whose clerk prints adds its own.
COLUMNS = """(SELECT to_jsonb(c) - 'logo' FROM system.company c) AS company,
       (SELECT c.logo FROM system.company c) AS logo"""
_ADDRESS_LINES = ("name", "street", "street2")


class House(NamedTuple):
    """The company, its currency, the day it is there, and the country it is in."""

    company: Company
    currency: str
    today: date
    home: str


def house(session: Session, language: Language) -> House:
    """The company as its papers show it; one round trip."""
    row = session.execute(text(f"SELECT {COLUMNS}, system.today() AS today")).mappings().one()
    own = row["company"]
    return House(company(row, language), own["currency"], row["today"], own["country"])


def company(row: Mapping[Any, Any], language: Language) -> Company:
    """The company of a row that has `COLUMNS`."""
    own = row["company"]
    return Company(
        name=own["name"],
        street=own["street"],
        postcode=own["postal_code"],
        city=own["city"],
        country=country(own["country"], language),
        phone=own["phone"],
        email=own["email"],
        web=own["web"],
        vat_id=own["vat_id"],
        tax_number=own["tax_number"],
        register=own["register_entry"],
        managing_director=own["managing_director"],
        bank_name=own["bank_name"],
        iban=own["iban"],
        bic=own["bic"],
        logo=row["logo"],
    )


def address_lines(address: Mapping[str, Any], home: str, language: Language) -> tuple[str, ...]:
    """The lines of an address, its country in capitals when the letter leaves ``home``."""
    lines: Sequence[Any] = [address.get(name) for name in _ADDRESS_LINES]
    town = f"{address['postcode']} {address['city']}"
    abroad = country(address["country"], language).upper() if address["country"] != home else ""
    return tuple(line for line in (*lines, town, abroad) if line)


def country(code: str, language: Language) -> str:
    """A country's name."""
    return str(Locale(language).territories.get(code, code))
