"""Places, box types, boxes, slots, contents and stock of the legacy house."""

import json
from datetime import date
from random import Random
from typing import Any

from app.simulate.build import Build, uid
from app.simulate.tables import NO_DATE, Relation, Row, Table, wire_date

PLACE = (
    "ID_Lagerort:long UUID:uuid Land_LKZ:string Ort_Gebaeude:string Regal:long Fach:long Boden:long Schuette:string "
    "Lagerort:string Abverkauf:bool Sonderlager:bool X:number Y:number Z:number Packed:bool Attribut:string"
)
BOX = (
    "ID:long max_Anzahl_Slots:long data_:object Schuettencode:string Schuettentyp:string Schuettenzweck:string "
    "Barcode:string Bemerkung:string UUID_Stamm_Lagerorte:uuid Druckdatum:date Druckzeit:duration"
)
SLOT = "ID:long ID_Lager_Schuetten_Slots:long Lfd_Nr:long data_:object Auftrags_Nr:long picking_data_:object"
STOCK = "UUID:uuid ID_Artikel_Stamm:long UUID_Stamm_Lagerorte:uuid Bestand:number Reserved:number Auftrags_Nr:long"
CONTENT = (
    "ID:long ID_Stamm_Lager_Schuetten:long UUID_Artikel_Lagerorte:uuid data_:object Menge:number "
    "Chargen_Nr:string Ablaufdatum:date"
)
BUILDINGS = ("Stammlager-Lärchenau", "Markt-Ostersee", "Halle-Rosstal")
MAKERS = ("Kistenwerk", "Boxal", "Stapelfix", "Regalit", "Ordnungshelfer")
COLOURS = ("Blau", "Gelb", "Grün", "Rot", "Grau", "Orange", "Schwarz", "Transparent", "Weiß")
PURPOSES = ("Lager", "Lager", "Lager", "Lager", "picken", "transport", "werkstatt")
MISSING_TYPE = "Boxal B6320 Blau"
"""A type that boxes name and the settings do not have."""


def make_warehouse(build: Build) -> list[Table]:
    """Every table about the warehouse."""
    build.places = _places(build)
    types = box_types(build)
    boxes = _boxes(build, [one["Type"] for one in types])
    slots = _slots(build)
    stock = _stock(build)
    return [
        Table("Stamm_Lagerorte", PLACE, "ID_Lagerort", (), build.places),
        Table("parameter", "ID:long scope:string data_:object", "ID", (), _settings(build, types)),
        Table(
            "Stamm_Lager_Schuetten",
            BOX,
            "ID",
            (
                Relation("Lagerort", "Stamm_Lagerorte", "UUID_Stamm_Lagerorte", "UUID"),
                Relation("Relation_93", "Lager_Schuetten", "ID", "ID_Stamm_Lager_Schuetten", many=True),
                Relation(
                    "viele_schuetten",
                    "Stamm_Lager_Schuetten_Slots",
                    "ID",
                    "ID_Lager_Schuetten_Slots",
                    many=True,
                ),
            ),
            boxes,
        ),
        Table(
            "Stamm_Lager_Schuetten_Slots",
            SLOT,
            "ID",
            (Relation("viele_zu_eins", "Stamm_Lager_Schuetten", "ID_Lager_Schuetten_Slots", "ID"),),
            slots,
        ),
        Table(
            "Artikel_Lagerorte",
            STOCK,
            "UUID",
            (Relation("Stamm_Lagerort", "Stamm_Lagerorte", "UUID_Stamm_Lagerorte", "UUID"),),
            stock,
        ),
        Table(
            "Lager_Schuetten",
            CONTENT,
            "ID",
            (
                Relation("Relation_93_zurueck", "Stamm_Lager_Schuetten", "ID_Stamm_Lager_Schuetten", "ID"),
                Relation("Artikel_Lagerort", "Artikel_Lagerorte", "UUID_Artikel_Lagerorte", "UUID"),
            ),
            _contents(build, slots, stock),
        ),
    ]


def _loose(chance: Random, value: dict[str, Any]) -> dict[str, Any] | str:
    """The same object, now and then as text."""
    return json.dumps(value, ensure_ascii=False) if chance.random() < 0.15 else value


def _places(build: Build) -> list[Row]:
    chance = build.chance("Stamm_Lagerorte")
    rows: list[Row] = []
    for place in range(build.sizes.places):
        building = BUILDINGS[0 if place % 10 < 7 else 1 + place % 2]
        unit, compartment, shelf = place // 15 + 1, place // 5 % 3 + 1, place % 5 + 1
        if place and place % 150 == 20:
            earlier = rows[place - 6]  # the same place a second time
            building, unit = earlier["Ort_Gebaeude"], earlier["Regal"]
            compartment, shelf = earlier["Fach"], earlier["Boden"]
        values: Row = {
            "ID_Lagerort": place + 1,
            "UUID": uid(chance),
            "Land_LKZ": "DE",
            "Ort_Gebaeude": building,
            "Regal": float(unit) if place % 77 == 13 else unit,
            "Fach": compartment,
            "Boden": shelf,
            "Schuette": "S1" if place % 60 == 18 else None,
            "Lagerort": f"DE-{building}-R{unit:02d}-F{compartment:02d}-B{shelf:02d}"
            if place % 91 != 27
            else "",
            "Abverkauf": place % 4 == 0,
            "Sonderlager": place % 50 == 3,
            "X": 0,
            "Y": 0,
            "Z": 0,
            "Packed": False,
            "Attribut": None,
        }
        rows.append(build.finish(chance, str(place + 1), build.day(chance, date(2012, 1, 1)), values))
    return rows


def box_types(build: Build) -> list[dict[str, Any]]:
    """The box types of the settings."""
    chance = build.chance("box types")
    count = 49 if build.sizes.boxes > 1000 else 12
    types: list[dict[str, Any]] = []
    for place in range(count):
        maker = MAKERS[place % len(MAKERS)]
        long = 160 + place * 632 // (count - 1)
        slots = 3 if place == 5 else 1
        types.append(
            {
                "id": place + 1,
                "Type": "Lager grau XXL" if place == count - 1
                else f"{maker} {'LF' if slots > 1 else 'B'}{100 + place * 5} {COLOURS[place % len(COLOURS)]}",
                "Hersteller": maker,
                "Hersteller_Art_Nr": f"{maker[:2].upper()}-{1000 + place}",
                "Box_Länge": long,
                "Box_Breite": 85 + place * 508 // (count - 1),
                "Box_Höhe": 80 + place * 370 // (count - 1),
                "Box_Gewicht": 101 + place * 7699 // (count - 1),
                "Trenner_Gewicht": chance.choice((0, 15, 40)),
                "Slots": slots,
            }
        )  # fmt: skip
    return types


def _settings(build: Build, types: list[dict[str, Any]]) -> list[Row]:
    chance = build.chance("parameter")
    groups = [
        {"id": 1, "Bezeichnung": "Ladenpreise", "Art": "Laden"},
        {"id": 2, "Bezeichnung": "Händler", "Art": "Handel"},
        {"id": 3, "Bezeichnung": "Empfohlene Preise", "Art": "Empf."},
    ]
    scopes: list[tuple[str, Any]] = [
        ("Schüttentypen", {"Schüttentypen": types}),
        ("Preisgruppen", {"Preisgruppen": groups}),
        ("Drucker", json.dumps({"Drucker": ["Halle 1", "Büro"]})),
    ]
    return [
        build.finish(chance, str(number), date(2016, 2, 1), {"ID": number, "scope": scope, "data_": data})
        for number, (scope, data) in enumerate(scopes, 1)
    ]


def _boxes(build: Build, types: list[str]) -> list[Row]:
    chance = build.chance("Stamm_Lager_Schuetten")
    rows: list[Row] = []
    for place in range(build.sizes.boxes):
        number = place + 1
        kind = MISSING_TYPE if place % 14 == 6 else types[place % len(types)]
        at = build.places[chance.randrange(len(build.places))] if place % 9 != 4 else None
        key = at["UUID"] if at else uid(chance) if place % 200 == 40 else None
        top = place % 25 == 12
        data = {
            "Schuettentype": kind,
            "Anzahl_Schuetteneinheiten": 1,
            "Schuettenzweck": PURPOSES[place % len(PURPOSES)],
            "Stamm_Lagerort": key,
            "Lagerort": at["Lagerort"] if at else None,
        }
        values: Row = {
            "ID": number,
            "max_Anzahl_Slots": 3 if kind == types[5] else 1,
            "data_": None if place % 300 == 70 else _loose(chance, data),
            "Schuettencode": f"SC{number}" if top else None,
            "Schuettentyp": kind if top else None,
            "Schuettenzweck": PURPOSES[place % len(PURPOSES)] if top else None,
            "Barcode": f"{4_000_000 + number}" if place % 3 else None,
            "Bemerkung": "Boden gerissen" if place % 80 == 22 else None,
            "UUID_Stamm_Lagerorte": key,
            "Druckdatum": wire_date(build.day(chance, date(2018, 1, 1))) if place % 2 else NO_DATE,
            "Druckzeit": chance.randint(0, 86_399) * 1000 if place % 2 else 0,
        }
        rows.append(build.finish(chance, str(number), build.day(chance, date(2016, 1, 1)), values))
    return rows


def _slots(build: Build) -> list[Row]:
    chance = build.chance("Stamm_Lager_Schuetten_Slots")
    rows: list[Row] = []
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    for place in range(build.sizes.slots):
        extra = place - build.sizes.boxes
        box = place + 1 if extra < 0 else extra // 2 * 12 + 6
        number = 1 if extra < 0 else 2 + extra % 2
        if place % 900 == 50:
            box = 900_000 + place  # a box that was thrown away
        data = {
            "Slot_Code": letters[place % 23] + letters[place // 23 % 23],
            "Einheiten_Nr": number,
            "Einheitenfabe": chance.randint(1, 9),
        }
        values: Row = {
            "ID": place + 1,
            "ID_Lager_Schuetten_Slots": float(box) if place % 70 == 11 else box,
            "Lfd_Nr": number,
            "data_": _loose(chance, data),
            "Auftrags_Nr": 0 if place % 20 else 4000 + place,
            "picking_data_": None,
        }
        rows.append(build.finish(chance, str(place + 1), build.day(chance, date(2016, 1, 1)), values))
    return rows


def _stock(build: Build) -> list[Row]:
    chance = build.chance("Artikel_Lagerorte")
    known = [one.old_id for one in build.articles if one.old_id]
    rows: list[Row] = []
    for place in range(build.sizes.stock):
        key = uid(chance)
        article = (0, 999_999, 7)[place // 27 % 3] if place % 27 == 9 else known[place * 5 % len(known)]
        quantity: float | int | None = None if place % 12 == 7 else 0
        if place % (build.sizes.stock // 5) == 2:
            quantity = chance.choice((3, 12, 40.0))  # stock is hardly kept there
        if place == 30:
            quantity = -2
        values: Row = {
            "UUID": key,
            "ID_Artikel_Stamm": float(article) if place % 39 == 14 else article,
            "UUID_Stamm_Lagerorte": build.places[chance.randrange(len(build.places))]["UUID"]
            if place % 31 else uid(chance),
            "Bestand": quantity,
            "Reserved": 2 if quantity and quantity > 3 else 0,
            "Auftrags_Nr": chance.choice((0, 0, 0, 4711)),
        }  # fmt: skip
        rows.append(build.finish(chance, key, build.day(chance, date(2016, 1, 1)), values))
    return rows


def _contents(build: Build, slots: list[Row], stock: list[Row]) -> list[Row]:
    chance = build.chance("Lager_Schuetten")
    rows: list[Row] = []
    for place in range(build.sizes.contents):
        # All of it lies in 32 slots at most.
        slot = slots[place * 7 % min(32, len(slots))]
        at = stock[place * 3 % len(stock)]
        data = {
            "Schuetten_ID": slot["ID"],
            "Artikel_Lagerort": at["UUID"],
            "Stamm_Lagerort": at["UUID_Stamm_Lagerorte"],
        }
        values: Row = {
            "ID": place + 1,
            "ID_Stamm_Lager_Schuetten": int(slot["ID_Lager_Schuetten_Slots"]),
            "UUID_Artikel_Lagerorte": at["UUID"] if place % 22 else uid(chance),
            "data_": _loose(chance, data),
            "Menge": chance.choice((1, 6, 24, 50.0)) if place % 26 != 11 else -1,
            "Chargen_Nr": f"C{2020 + place % 6}-{place:03d}" if place % 3 else "",
            "Ablaufdatum": NO_DATE if place % 4 else "31!12!2027",
        }
        rows.append(build.finish(chance, str(place + 1), build.day(chance, date(2018, 1, 1)), values))
    return rows
