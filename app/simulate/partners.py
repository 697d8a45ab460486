"""Customers, addresses, suppliers and employees of the legacy house, all invented."""

from datetime import date
from random import Random

from app.simulate.build import (
    FIRST_NAMES,
    FORMS,
    LAST_NAMES,
    STREETS,
    TOWNS,
    TRADES,
    Build,
    address_text,
    pick,
    uid,
)
from app.simulate.tables import NO_DATE, Relation, Row, Table, wire_date

CUSTOMER = (
    "KundenNr:long AdrNr:long Kundengr:string Liefersperre:bool Preisgru:long USt_IdNr:string UStID_Dat:date "
    "Zahlungsart:string Versandart:string Kreditlimit:number Rabatt:number SkontoTage:long NettoTage:long "
    "letzteLieferung:date"
)
ADDRESS = (
    "ID:long AdrNr:long Anrede:string Vorname:string Name1:string Name2:string Strasse:string Land:string "
    "PLZ:string Ort:string Telefon:string Fax:string e_Mail:string Ansprechp:string Briefanrede:string"
)
SUPPLIER = (
    "LiefNr:long Kreditor:long Name:string Ansprechp:string Strasse:string Land:string PLZ:string Ort:string "
    "Telefon:string e_Mail:string USt_IdNr:string IBAN:string BIC:string Zahlungsart:string SkontoTage:long "
    "SkontoProzent:number NettoTage:long Lieferzeit:long"
)
EMPLOYEE = (
    "Pers_Nr:long Name:string Vorname:string Straße:string PLZ:string Ort:string eMail:string Telefon:string "
    "Telefon2:string Arb_Std_Wo:number Arb_Std_Tag:number anwesend:bool ausgeschieden:bool GebDatum:date "
    "Eintrittsdatum:date Austrittsdatum:date Geh_code:string Jahres_Gehalt:number Jahrs_Urlaub:number "
    "Monatsgehalt:number Brutto_lohn:number AD_Name:string"
)
GOODS = ("Gießerei", "Farben", "Metallhandel", "Verpackung")
COUNTRIES = (("DE", 60), ("", 20), ("DEU", 4), ("Deutschland", 5), ("AUT", 3), ("Österreich", 2), ("CHE", 2),
             ("USA", 2), ("GER", 1), ("Utopia", 1), (None, 1))  # fmt: skip


def make_partners(build: Build) -> list[Table]:
    """Every table about people and companies."""
    customers, addresses = _customers(build)
    return [
        Table(
            "Kunden",
            CUSTOMER,
            "KundenNr",
            (Relation("Adressen", "Adressen", "AdrNr", "AdrNr", many=True),),
            customers,
        ),
        Table(
            "Adressen",
            ADDRESS,
            "ID",
            (Relation("Kunden", "Kunden", "AdrNr", "AdrNr", many=True),),
            addresses,
        ),
        Table("Lieferant", SUPPLIER, "LiefNr", (), _suppliers(build)),
        Table("Personal", EMPLOYEE, "Pers_Nr", (), _employees(build)),
    ]


def _company(chance: Random, place: int) -> str:
    trade, town, form = chance.choice(TRADES), chance.choice(TOWNS), chance.choice(FORMS)
    return f"{trade} {chance.choice(LAST_NAMES)} {town}{f' {form}' if form else ''}" + (
        f' "Am Eck {place}"' if place % 50 == 31 else ""
    )


def _street(chance: Random) -> str:
    return f"{chance.choice(STREETS)} {chance.randint(1, 140)}"


def _mail(chance: Random, place: int, name: str) -> str | None:
    plain = name.lower()
    for sign, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("'", "")):
        plain = plain.replace(sign, written)
    mail: str | None = pick(
        chance,
        (
            (f"{plain}.{place}@example.org", 70),
            (None, 15),
            ("", 10),
            (f"{plain}.example.org", 3),
            ("keine", 2),
        ),
    )
    return mail


def _customers(build: Build) -> tuple[list[Row], list[Row]]:
    chance = build.chance("Kunden")
    customers: list[Row] = []
    addresses: list[Row] = []
    for place in range(build.sizes.customers):
        number = (1_100_010, 1_800_028)[place] if place < 2 else 1_100_100 + place * 7
        link = 20_000 + place
        day = build.day(chance, date(1992, 6, 1))
        values: Row = {
            "KundenNr": float(number) if place % 51 == 12 else number,
            "AdrNr": link,
            "Kundengr": chance.choice(("H", "P", "E", None)),
            "Liefersperre": place % 40 == 9,
            "Preisgru": pick(chance, ((2, 60), (1, 25), (3, 12), (0, 2), (9, 1))),
            "USt_IdNr": pick(
                chance, ((None, 50), ("", 20), (f"DE{chance.randint(10**8, 10**9 - 1)}", 28), ("DE 12", 2))
            ),
            "UStID_Dat": wire_date(build.day(chance, date(2010, 1, 1))) if place % 4 == 0 else NO_DATE,
            "Zahlungsart": chance.choice(("auf Rechnung", "Vorkasse", "Lastschrift", "")),
            "Versandart": chance.choice(("UPS", "Post", "Selbstabholer", None)),
            "Kreditlimit": chance.choice((0, 500, 2500.5, 10000)),
            "Rabatt": chance.choice((0, 0, 0, 2, 5, 12.5)) if place % 90 != 33 else 120,
            "SkontoTage": chance.choice((0, 8, 10)),
            "NettoTage": chance.choice((0, 14, 30)),
            "letzteLieferung": wire_date(build.day(chance, day)) if place % 3 else NO_DATE,
        }  # fmt: skip
        customers.append(build.finish(chance, str(number), day, values, kept=0.65))
        if place % 60 == 44:
            build.customers.append((number, ""))
            continue  # nobody knows where this customer lives
        main = _address(build, chance, place, link, day)
        addresses.append(main)
        town = f"{main['PLZ']} {main['Ort']}"
        name = main["Name2"] or f"{main['Vorname'] or ''} {main['Name1']}".strip()
        build.customers.append((number, address_text(name, main["Strasse"] or "", town)))
    # Further addresses of customers, and a few of nobody.
    strays = max(2, build.sizes.addresses // 100)
    while len(addresses) < build.sizes.addresses:
        place = len(addresses)
        left = build.sizes.addresses - len(addresses)
        link = 90_000 + place if left <= strays else 20_000 + chance.randrange(build.sizes.customers)
        addresses.append(_address(build, chance, place, link, build.day(chance, date(1992, 6, 1))))
    for place, row in enumerate(addresses, 1):
        row["ID"], row["__KEY"] = place, str(place)
    return customers, addresses


def _address(build: Build, chance: Random, place: int, link: int, day: date) -> Row:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    company = _company(chance, place) if place % 5 else ""
    street: str | None = _street(chance)
    if place % 33 == 7:
        street = f"Hinterhaus\r{street}"
    elif place % 33 == 8:
        street = f"Hinterhaus\\r{street}"  # somebody typed the sign for a line break
    elif place % 45 == 21:
        street = None
    town = chance.choice(TOWNS)
    values: Row = {
        "ID": 0,
        "AdrNr": link,
        "Anrede": chance.choice(("Hr.", "Fr.", "Firma", "", None)),
        "Vorname": first if place % 4 else "",
        "Name1": last if place % 48 != 17 else "",
        "Name2": company,
        "Strasse": street,
        "Land": pick(chance, COUNTRIES),
        "PLZ": f"{chance.randint(1000, 99_998):05d}" if place % 42 != 13 else "D-8 2",
        "Ort": town,
        "Telefon": pick(
            chance, ((f"0{chance.randint(2000, 9999)}/{chance.randint(1000, 99999)}", 8), ("", 2))
        ),
        "Fax": None,
        "e_Mail": _mail(chance, place, last),
        "Ansprechp": f"{first} {last}" if company else None,
        "Briefanrede": f"Sehr geehrte(r) {last}",
    }
    return build.finish(chance, "", day, values, kept=0.65)


def _iban(chance: Random) -> str:
    account = f"{chance.randint(10**17, 10**18 - 1)}"
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02d}{account}"


def _suppliers(build: Build) -> list[Row]:
    chance = build.chance("Lieferant")
    rows: list[Row] = []
    for place in range(build.sizes.suppliers):
        number = 70_000 + place
        iban = _iban(chance)
        last = chance.choice(LAST_NAMES)
        values: Row = {
            "LiefNr": number,
            "Kreditor": 700_000 + place if place % 9 else 0,
            "Name": f"{chance.choice(GOODS)} {last} {chance.choice(FORMS)}".strip(),
            "Ansprechp": f"{chance.choice(FIRST_NAMES)} {last}",
            "Strasse": _street(chance) if place % 12 != 5 else f"Tor 3\r{_street(chance)}",
            "Land": pick(chance, COUNTRIES),
            "PLZ": f"{chance.randint(1000, 99_998):05d}",
            "Ort": chance.choice(TOWNS),
            "Telefon": f"0{chance.randint(2000, 9999)}/{chance.randint(1000, 99999)}",
            "e_Mail": _mail(chance, place, last),
            "USt_IdNr": f"DE{chance.randint(10**8, 10**9 - 1)}" if place % 3 else "",
            # With blanks, as people type it, and now and then with a wrong digit.
            "IBAN": None if place % 7 == 3 else iban[:2] + "99" + iban[4:] if place % 13 == 6
            else " ".join(iban[at : at + 4] for at in range(0, 22, 4)) if place % 2 else iban,
            "BIC": None if place % 3 else "WERKDE33XXX",
            "Zahlungsart": chance.choice(("Überweisung", "Lastschrift")),
            "SkontoTage": chance.choice((0, 8, 14)),
            "SkontoProzent": chance.choice((0, 2, 3)),
            "NettoTage": chance.choice((14, 30, 60)),
            "Lieferzeit": chance.choice((3, 10, 21, 0)),
        }  # fmt: skip
        rows.append(build.finish(chance, str(number), build.day(chance, date(1992, 6, 1)), values))
    return rows


def _employees(build: Build) -> list[Row]:
    chance = build.chance("Personal")
    rows: list[Row] = []
    for place in range(build.sizes.employees):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        began = build.day(chance, date(1992, 6, 1))
        left = place % 3 == 1
        monthly = chance.choice((2100, 2650.5, 3100, 3980))
        values: Row = {
            "Pers_Nr": 100 + place,
            "Name": last,
            "Vorname": first,
            "Straße": _street(chance),
            "PLZ": f"{chance.randint(1000, 99_998):05d}",
            "Ort": chance.choice(TOWNS),
            "eMail": _mail(chance, place, last),
            "Telefon": f"0{chance.randint(2000, 9999)}/{chance.randint(1000, 99999)}",
            "Telefon2": "",
            "Arb_Std_Wo": chance.choice((20, 30, 38.5, 40)),
            "Arb_Std_Tag": chance.choice((4, 6, 7.7, 8)),
            "anwesend": not left and chance.random() < 0.7,
            "ausgeschieden": left,
            "GebDatum": wire_date(build.day(chance, date(1955, 1, 1), date(2004, 1, 1))) if place % 8 else NO_DATE,
            "Eintrittsdatum": wire_date(began),
            "Austrittsdatum": wire_date(build.day(chance, began)) if left else NO_DATE,
            "Geh_code": chance.choice(("M", "S", None)),
            "Jahres_Gehalt": monthly * 12,
            "Jahrs_Urlaub": chance.choice((25, 28, 30)),
            "Monatsgehalt": monthly,
            "Brutto_lohn": monthly if place % 5 else 0,
            "AD_Name": uid(chance)[:8].lower() if place % 2 else None,
        }  # fmt: skip
        rows.append(build.finish(chance, str(100 + place), began, values))
    # One left before coming: the two dates were swapped.
    rows[1]["Eintrittsdatum"], rows[1]["Austrittsdatum"] = "1!4!2019", "30!9!2001"
    return rows
