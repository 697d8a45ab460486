"""Moulds, works orders and their positions of the legacy house."""

from datetime import date, timedelta

from app.simulate.build import Build, pick, uid
from app.simulate.tables import NO_DATE, Relation, Row, Table, wire_date

ORDER = (
    "UUID:uuid WerkAufNr:long Form_Nr:string Stückzahl:number Status:string eingestellt:date Termin:date Prio:long "
    "linked_Form:uuid"
)
STEP = (
    "UUID:uuid W_Auftr_Nr:long WAP_Nr:long Arbeitsgang:string St_Soll:number St_Haben:number St_Rest:number "
    "Datum_begin:date Artikel_Termin:date Status:string Art_Nr:string Anteil:number Zeit:number St_Std:number "
    "Wert:number linked_Kostenstelle:uuid linked_Form_Artikel:uuid"
)
MOULD = "UUID:uuid FormNr:string Bezeichnung:string Lagerort:string Sperre:bool Bemerkung:string"
MOULD_ARTICLE = "UUID:uuid FormNr:string Art_Nr:string Anzahl:number Gewichtung:number"
OPERATIONS = ("G", "E", "P", "T", "Q")


def make_production(build: Build) -> list[Table]:
    """Every table about production."""
    centres = _cost_centres(build)
    moulds = _moulds(build)
    articles = _mould_articles(build, moulds)
    orders = _orders(build, moulds)
    return [
        Table(
            "Formen",
            MOULD,
            "UUID",
            (Relation("Artikel", "Form_Artikel", "FormNr", "FormNr", many=True),),
            moulds,
        ),
        Table(
            "Form_Artikel", MOULD_ARTICLE, "UUID", (Relation("Form", "Formen", "FormNr", "FormNr"),), articles
        ),
        Table(
            "Werksauftraege",
            ORDER,
            "UUID",
            (
                Relation("Form", "Formen", "linked_Form", "UUID"),
                Relation("Positionen", "WerksauftrPos", "WerkAufNr", "W_Auftr_Nr", many=True),
            ),
            orders,
        ),
        Table(
            "WerksauftrPos",
            STEP,
            "UUID",
            (Relation("Werksauftrag", "Werksauftraege", "W_Auftr_Nr", "WerkAufNr"),),
            _steps(build, orders, articles, [row["UUID"] for row in centres]),
        ),
        Table("Kostenstelle", "UUID:uuid Nummer:long Bezeichnung:string", "UUID", (), centres),
    ]


def _cost_centres(build: Build) -> list[Row]:
    chance = build.chance("Kostenstelle")
    names = ("Gießerei", "Montage", "Malerei", "Prüfung", "Packerei")
    return [
        build.finish(
            chance,
            key := uid(chance),
            date(1994, 1, 1),
            {"UUID": key, "Nummer": 10 * number, "Bezeichnung": name},
        )
        for number, name in enumerate(names, 1)
    ]


def _moulds(build: Build) -> list[Row]:
    chance = build.chance("Formen")
    rows: list[Row] = []
    for place in range(build.sizes.moulds):
        key = uid(chance)
        number = f"F{1000 + place}" if place % 8 else f"{1000 + place}"
        if place % 90 == 10:
            number = rows[place - 4]["FormNr"]  # engraved twice
        values: Row = {
            "UUID": key,
            "FormNr": number,
            "Bezeichnung": f"Form {place + 1}" if place % 13 != 6 else None,
            "Lagerort": f"LA{place % 300:03d}" if place % 5 else "",
            "Sperre": place % 15 == 7,
            "Bemerkung": "Kern gebrochen,\rneu bestellen" if place % 15 == 7 else None,
        }
        rows.append(build.finish(chance, key, build.day(chance, date(1992, 6, 1)), values, kept=0.75))
    return rows


def _mould_articles(build: Build, moulds: list[Row]) -> list[Row]:
    chance = build.chance("Form_Artikel")
    bases = list(dict.fromkeys(build.bases))
    rows: list[Row] = []
    for place in range(build.sizes.mould_articles):
        key = uid(chance)
        values: Row = {
            "UUID": key,
            "FormNr": moulds[place % len(moulds)]["FormNr"] if place % 40 != 25 else "F0000",
            "Art_Nr": bases[place * 3 % len(bases)] if place % 35 != 17 else "kein",
            "Anzahl": chance.choice((1, 2, 4, 6, 8.0)) if place % 41 != 19 else 0,
            "Gewichtung": chance.choice((0, 0.5, 1, 12.5)),
        }
        rows.append(build.finish(chance, key, build.day(chance, date(1992, 6, 1)), values, kept=0.8))
    return rows


def _orders(build: Build, moulds: list[Row]) -> list[Row]:
    chance = build.chance("Werksauftraege")
    rows: list[Row] = []
    days = sorted(build.day(chance, date(1994, 1, 1)) for _ in range(build.sizes.work_orders))
    for place, day in enumerate(days):
        key = uid(chance)
        mould = moulds[chance.randrange(len(moulds))]
        old = day < build.today - timedelta(days=120)
        odd = place % 97 == 60
        values: Row = {
            "UUID": key,
            "WerkAufNr": float(5000 + place) if place % 61 == 33 else 5000 + place,
            "Form_Nr": mould["FormNr"] if place % 55 != 21 else "F9999",
            "Stückzahl": chance.choice((50, 100, 240, 500.0, 1000)) if place % 88 != 45 else 0,
            "Status": "?" if odd else pick(chance, (("V", 96), ("C", 4)) if old else (("E", 5), ("S", 4), ("D", 2))),
            "eingestellt": wire_date(day),
            "Termin": wire_date(day + timedelta(days=chance.randint(-3 if place % 99 == 9 else 7, 60)))
            if place % 17 else NO_DATE,
            "Prio": chance.choice((1, 2, 3, 5, 0)),
            "linked_Form": mould["UUID"] if place % 55 != 21 else None,
        }  # fmt: skip
        rows.append(build.finish(chance, key, day, values, kept=0.7))
    return rows


def _steps(build: Build, orders: list[Row], articles: list[Row], centres: list[str]) -> list[Row]:
    chance = build.chance("WerksauftrPos")
    rows: list[Row] = []
    for place in range(build.sizes.work_steps):
        order = orders[place * len(orders) // build.sizes.work_steps]
        line = place % 4 + 1
        key = uid(chance)
        article = articles[chance.randrange(len(articles))]
        wanted = order["Stückzahl"]
        done = wanted if order["Status"] == "V" else 0 if order["Status"] in "SD" else wanted // 2
        minutes = chance.choice((0, 0.5, 1.25, 4))
        created = order["eingestellt"].split("!")
        values: Row = {
            "UUID": key,
            "W_Auftr_Nr": order["WerkAufNr"] if place % 400 != 210 else 999_999,
            "WAP_Nr": line,
            "Arbeitsgang": OPERATIONS[line - 1] if place % 150 != 75 else "Z",
            "St_Soll": wanted,
            "St_Haben": done,
            "St_Rest": wanted - done if place % 310 != 155 else wanted + 7,
            "Datum_begin": order["eingestellt"] if line > 1 else NO_DATE,
            "Artikel_Termin": order["Termin"],
            "Status": order["Status"] if order["Status"] in "VEC" else "P",
            "Art_Nr": article["Art_Nr"],
            "Anteil": chance.choice((0.25, 0.5, 1)),
            "Zeit": minutes,
            "St_Std": round(60 / minutes, 2) if minutes else 0,
            "Wert": round(wanted * 0.35, 2),
            "linked_Kostenstelle": centres[line - 1],
            "linked_Form_Artikel": article["UUID"] if place % 33 else None,
        }
        day = date(int(created[2]), int(created[1]), int(created[0]))
        rows.append(build.finish(chance, key, day, values, kept=0.7))
    return rows
