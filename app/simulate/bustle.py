"""A working day at the legacy system: people there change, add and delete, for demonstrations and tests."""

from collections.abc import Callable
from random import Random
from typing import Any

from app.simulate.build import uid
from app.simulate.fourd import FourDServer
from app.simulate.tables import NO_DATE, NO_UUID, Row, wire_date


def bustle(server: FourDServer, chance: Random) -> str:
    """Do one of the things people do; the answer says what, for whoever watches."""
    with server.data.lock:
        return chance.choice(_ACTS)(server, chance)


def _any(server: FourDServer, table: str, chance: Random) -> Row:
    ids = server.data[table].ids()
    return server.data[table].row(ids[chance.randrange(len(ids))])


def _price(server: FourDServer, chance: Random) -> str:
    row = _any(server, "Artikel_Variante", chance)
    listed = [
        one | {"Preis": round(one["Preis"] * 1.03, 2)} if one.get("Preis") else one
        for one in row["Preise"]["Coll"]
    ]
    server.change("Artikel_Variante", row["__KEY"], Preise={"Coll": listed})
    return f"variant {row['Nummer']}: prices raised by 3 %"


def _family(server: FourDServer, chance: Random) -> str:
    row = _any(server, "Artikel_Familie", chance)
    server.change(
        "Artikel_Familie", row["__KEY"], Bezeichnung_ENG=f"{row['Bezeichnung_ENG'] or 'Figure'} (new)"
    )
    return f"family {row['Nummer']}: English name changed"


def _customer(server: FourDServer, chance: Random) -> str:
    row = _any(server, "Kunden", chance)
    server.change(
        "Kunden", row["__KEY"], Rabatt=chance.choice((0, 3, 7.5)), Liefersperre=not row["Liefersperre"]
    )
    return f"customer {row['KundenNr']}: discount and delivery stop changed"


def _address(server: FourDServer, chance: Random) -> str:
    row = _any(server, "Adressen", chance)
    server.change("Adressen", row["__KEY"], Strasse=f"Neuer Weg {chance.randint(1, 99)}")
    return f"address {row['ID']}: moved"


def _place(server: FourDServer, chance: Random) -> str:
    row = _any(server, "Stamm_Lager_Schuetten", chance)
    place = _any(server, "Stamm_Lagerorte", chance)
    server.change("Stamm_Lager_Schuetten", row["__KEY"], UUID_Stamm_Lagerorte=place["UUID"])
    return f"box {row['ID']}: carried to {place['Lagerort'] or place['ID_Lagerort']}"


def _work(server: FourDServer, chance: Random) -> str:
    row = _any(server, "Werksauftraege", chance)
    server.change("Werksauftraege", row["__KEY"], Status="V" if row["Status"] != "V" else "E")
    return f"works order {row['WerkAufNr']}: state changed"


def _variant(server: FourDServer, chance: Random) -> str:
    family = _any(server, "Artikel_Familie", chance)
    taken = set(server.data["Artikel_Variante"].column("Nummer"))
    number = next(one for one in iter(lambda: chance.randint(800_000, 999_999), None) if one not in taken)
    values: dict[str, Any] = {
        "UID": uid(chance),
        "Familie_": family["UID"],
        "Nummer": number,
        "alteNummer": f"{number}-BE",
        "refOld": 0,
        "Bezeichnung": f"{family['Bezeichnung']} neu",
        "Aktiv": True,
        "Typ": 1,
        "Verkaufsartikel": True,
        "neu": True,
        "Auslaufdatum": NO_DATE,
        "Release_Date": wire_date(server.clock.today()),
        "Tags_": NO_UUID,
        "shopware": NO_UUID,
        "Preise": {
            "Coll": [{"Art": "Laden", "Preis": 19.9, "VE": 1}, {"Art": "Handel", "Preis": 9.05, "VE": 1}]
        },
    }
    server.insert("Artikel_Variante", **values)
    return f"variant {number}: new"


def _document(server: FourDServer, chance: Random) -> str:
    """An invoice of one position, its totals right."""
    headers = server.data["Belege"]
    number = int(max(headers.column("AbsNr"))) + 1
    paper = int(max(headers.column("PapierNr"))) + 1
    customer, variant = _any(server, "Kunden", chance), _any(server, "Artikel_Variante", chance)
    quantity, price = chance.randint(1, 12), chance.randint(200, 4000)
    net = quantity * price
    tax = (net * 19 + 50) // 100
    today = wire_date(server.clock.today())
    values: dict[str, Any] = {
        "AbsNr": number,
        "PapierNr": paper,
        "Papierart": "R",
        "KundenNr": customer["KundenNr"],
        "Datum": today,
        "Rabatt": 0,
        "MWSt_Art": "JA",
        "Frachtkosten": 0,
        "Bearbeitungskos": 0,
        "Netto": net / 100,
        "MWST_EUR": tax / 100,
        "Endbetrag": (net + tax) / 100,
        "Lief_Adr": "Werkstattladen\rAm Anger 3\r12345 Ostersee",
        "Rech_Adr": "",
        "ZahlungBetrag": 0,
        "ZahlungsDat": NO_DATE,
        "bezahlt": False,
        "Währung": "EUR",
        "Druckdatum": today,
    }
    server.insert("Belege", **values)
    line: dict[str, Any] = {
        "AbsNr": number,
        "PosNr": 1,
        "ArtNr": variant["alteNummer"],
        "Bezeichnung": variant["Bezeichnung"],
        "Menge": quantity,
        "Preis": price / 100,
        "Rabatt": 0,
        "Pos_Betrag": net / 100,
        "Art": "L",
        "Pick_Menge": quantity,
        "Picking_ok": True,
        "PreOrder": False,
    }
    server.insert("Belege_Pos", **line)
    return f"invoice {paper}: new, one position"


def _paid(server: FourDServer, chance: Random) -> str:
    headers = server.data["Belege"]
    number = headers.ids()[-1 - chance.randrange(min(200, len(headers)))]
    row = headers.row(number)
    today = wire_date(server.clock.today())
    server.change("Belege", row["__KEY"], bezahlt=True, ZahlungBetrag=row["Endbetrag"], ZahlungsDat=today)
    return f"document {row['PapierNr']}: paid"


def _gone(server: FourDServer, chance: Random) -> str:
    row = _any(server, "Artikel_Teile", chance)
    server.delete("Artikel_Teile", row["__KEY"])
    return f"part of {row['Variante_'][:8]}…: deleted"


_ACTS: tuple[Callable[[FourDServer, Random], str], ...] = (
    _price,
    _family,
    _customer,
    _address,
    _place,
    _work,
    _variant,
    _document,
    _paid,
    _gone,
)
