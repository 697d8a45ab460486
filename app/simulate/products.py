"""Families, variants, old article tables, groups, tags and parts of the legacy house."""

from datetime import date
from random import Random
from typing import Any

from app.simulate.build import Article, Build, pick, uid, words
from app.simulate.tables import NO_DATE, NO_UUID, Relation, Row, Table, wire_date

FIGURES = words(
    "Engel|Filigranengel|Stern|Straßenlaterne|Schaukelpferd|Trompeter|Nikolaus|Schneemann|Reiter|Osterhase|Glocke|"
    "Kirche|Bauernhaus|Kutsche|Eisenbahn|Segelschiff|Vogelkäfig|Blumenkorb|Tannenbaum|Schlitten|Mond|Herz|Krippe|"
    "Hirte|Drehorgel|Karussell|Windmühle|Hahn|Gänseliesel|Brautpaar|Zwerg|Musikant",
    "|",
)
FIGURES_EN = words(
    "Angel|Filigree angel|Star|Street lamp|Rocking horse|Trumpeter|Saint Nicholas|Snowman|Rider|Easter bunny|Bell|"
    "Church|Farmhouse|Coach|Railway|Sailing ship|Birdcage|Flower basket|Fir tree|Sledge|Moon|Heart|Nativity|"
    "Shepherd|Barrel organ|Carousel|Windmill|Rooster|Goose girl|Bridal couple|Dwarf|Musician",
    "|",
)
KINDS = words("klein|groß|mit Kranz|im Oval|auf Sockel|divers|hängend|mit Schleife|am Fenster|1900", "|")
KINDS_EN = words(
    "small|large|with wreath|in an oval|on a base|assorted|hanging|with ribbon|at the window|1900", "|"
)
TOOLS = words("Akkuschrauber grün|Pinselsatz fein|Feilensatz|Lötkolben 60 W|Werkbanklampe", "|")
GROUPS = {
    "WEIH": "Weihnachten",
    "OST": "Ostern",
    "HIST": "Historisch",
    "TIER": "Tiere",
    "BAUM": "Baumschmuck",
}
EDITIONS = (("BE", 1), ("BL", 0), ("OX", 2))

FAMILY = (
    "UID:uuid Nummer:long Bezeichnung:string Bezeichnung_ENG:string Beschreibung:string Beschreibung_ENG:string "
    "Beschreibung_kurz:string Beschreibung_kurz_ENG:string Gewicht:number Masse_Tiefe:number Masse_Hoehe:number "
    "Masse_Breite:number ArtGr:string Haengend:bool Einseitig:bool Release_date:date Neu:bool aktiv:bool"
)
VARIANT = (
    "UID:uuid Familie_:uuid Aktiv:bool Auslaufdatum:date Sperrinfo:object Preise:object Release_Date:date Typ:long "
    "SalesChannel:object Masse_angepasst:bool Nummer:long alteNummer:string shopware:uuid refOld:long "
    "Bezeichnung:string Tags_:uuid Bezeichnung_FS:string Verkaufsartikel:bool Publish:object neu:bool"
)


def make_products(build: Build) -> list[Table]:
    """Every table about products."""
    tags = _tags(build)
    families = _families(build)
    variants = _variants(build, [row["UID"] for row in tags])
    old = _old_articles(build, variants)
    return [
        Table("Artikel_Familie", FAMILY, "UID", (Relation("Varianten", "Artikel_Variante", "UID", "Familie_", True),),
              families),
        Table(
            "Artikel_Variante",
            VARIANT,
            "UID",
            (
                Relation("ArtikelFamilie", "Artikel_Familie", "Familie_", "UID"),
                Relation("oldStamm", "Artikel_Stamm", "refOld", "ID"),
                Relation("Tags", "Artikel_Tags", "Tags_", "UID"),
                Relation("Teile", "Artikel_Teile", "UID", "Variante_", True),
                Relation("TeilVon", "Artikel_Teile", "UID", "Teil_", True),
            ),
            variants,
        ),
        Table(
            "Artikel_Stamm",
            "ID:long ArtNr:string fk_ArtNr:string ArtikelArt:string Bezeichnung:string Lagerbestand:number",
            "ID",
            (Relation("Kalkulation", "Art_Kalkulation", "fk_ArtNr", "Art_Nr"),),
            old,
        ),
        Table(
            "Art_Kalkulation",
            "ID:long Art_Nr:string Bezeichnung:string Gewicht:number Material:string",
            "ID",
            (),
            _old_parents(build),
        ),
        Table("Artikel_Tags", "UID:uuid Tag:string", "UID", (), tags),
        Table("ArtikelGruppe", "ArtGr:string Bezeichnung:string", "ArtGr", (), _groups(build)),
        Table(
            "Artikel_Teile",
            "UID:uuid Variante_:uuid Teil_:uuid Pos:long Menge:number Einheit:string",
            "UID",
            (
                Relation("Variante", "Artikel_Variante", "Variante_", "UID"),
                Relation("Teil", "Artikel_Variante", "Teil_", "UID"),
            ),
            _parts(build, variants),
        ),
    ]  # fmt: skip


def _tags(build: Build) -> list[Row]:
    chance = build.chance("Artikel_Tags")
    return [
        build.finish(chance, key := uid(chance), date(2012, 1, 1), {"UID": key, "Tag": word})
        for word in ("Advent", "Frühling", "Sammler", "Neuheit", "Museum", "Garten")
    ]


def _groups(build: Build) -> list[Row]:
    chance = build.chance("ArtikelGruppe")
    return [
        build.finish(chance, code, date(1995, 3, 1), {"ArtGr": code, "Bezeichnung": name})
        for code, name in GROUPS.items()
    ]


def _families(build: Build) -> list[Row]:
    chance = build.chance("Artikel_Familie")
    count, twice = build.sizes.families, build.sizes.duplicate_families
    numbers = chance.sample(range(500_000, 800_000), count)
    olds = chance.sample(range(1000, 99_999), count)
    for place in range(count):
        figure, kind = chance.randrange(len(FIGURES)), chance.randrange(len(KINDS))
        base = f"KS-{place % 90 + 10}-{place // 90}" if place % 19 == 7 else str(olds[place])
        copied = place >= count - twice
        if copied:
            # Somebody entered the same family a second time: same number, another key, other words.
            numbers[place] = numbers[place - twice - 3]
            base = build.bases[place - twice - 3]
        key = uid(chance)
        tool = place % 53 == 11
        name = chance.choice(TOOLS) if tool else f"{FIGURES[figure]} {KINDS[kind]}"
        english = None if chance.random() < 0.1 else f"{FIGURES_EN[figure]} {KINDS_EN[kind]}"
        text: str | None = f"{name}, von Hand gegossen.\rAus eigener Werkstatt." if not tool else "Zukaufteil"
        if place % 7 == 3:
            text = None
        values: Row = {
            "UID": key,
            "Nummer": float(numbers[place]) if place % 41 == 5 else numbers[place],
            "Bezeichnung": "" if place % 97 == 23 else name,
            "Bezeichnung_ENG": english,
            "Beschreibung": text,
            "Beschreibung_ENG": None if text is None or not english else f"{english}, cast by hand.",
            "Beschreibung_kurz": None if chance.random() < 0.3 else name[:30],
            "Beschreibung_kurz_ENG": None if chance.random() < 0.5 else english,
            "Gewicht": chance.choice((0, 4, 8, 12, 18, 25, 40, 75, 120, 1400)),
            "Masse_Tiefe": chance.choice((2, 3, 5, 20)),
            "Masse_Hoehe": chance.choice((0, 35, 48, 62.5, 90, 140)),
            "Masse_Breite": chance.choice((20, 33, 41.5, 60, 85)),
            "ArtGr": "????" if place % 61 == 9 else None if place % 29 == 4 else chance.choice(list(GROUPS)),
            "Haengend": chance.random() < 0.5,
            "Einseitig": chance.random() < 0.2,
            "Release_date": NO_DATE if place % 11 == 2 else wire_date(build.day(chance, date(1991, 1, 1))),
            "Neu": place % 37 == 0,
            "aktiv": chance.random() < 0.8,
        }
        build.families.append(build.finish(chance, key, build.day(chance, date(1992, 6, 1)), values))
        build.bases.append(base)
    return build.families


def _price(chance: Random, place: int, cents: int) -> dict[str, Any]:
    """Prices of a variant; some are missing, some are zero."""
    unit = chance.choice((1, 1, 1, 2, 3, 6, 12))
    listed: list[dict[str, Any]] = [
        {"Art": "Laden", "Preis": round(cents * 2.2) / 100, "VE": 1},
        {"Art": "Handel", "Preis": cents / 100, "VE": unit},
        {"Art": "Empf.", "Preis": round(cents * 1.95) / 100, "VE": 1},
        {"Art": "Einkauf", "Preis": round(cents * 0.37) / 100, "VE": 1},
    ]
    if place % 17 == 6:
        listed.pop()
    if place % 43 == 8:
        for one in listed:
            one["Preis"] = 0
    if place % 59 == 14:
        listed[0]["Preis"] = None
    return {"Coll": listed if place % 83 != 17 else []}


def _variants(build: Build, tags: list[str]) -> list[Row]:
    chance = build.chance("Artikel_Variante")
    sizes = build.sizes
    orphans = sizes.orphans
    codes = [code for code, _ in EDITIONS]
    belonging: list[tuple[Row | None, str, str]] = []
    wanted = sizes.variants - orphans
    while len(belonging) < wanted:
        # In rounds over the families: first one edition each, then further ones.
        turn = len(belonging) // sizes.families
        family = len(belonging) % sizes.families
        base = build.bases[family]
        code = "" if family % 19 == 11 and not turn else codes[(turn + family) % 3]
        belonging.append((build.families[family], base, code))
    known = orphans * 44 // 91
    for place in range(orphans):
        # Some have relatives by their old number, the others nobody.
        base = build.bases[place * 3 % sizes.families] if place < known else f"{199_000 + place}"
        belonging.append((None, base, "OX" if place < known else codes[place % 3]))
    numbers = chance.sample(range(800_000, 999_999), len(belonging))
    rows: list[Row] = []
    for place, (row, base, code) in enumerate(belonging):
        key = uid(chance)
        cents = chance.choice((240, 380, 520, 790, 1180, 1780, 2450, 3990, 8900))
        old = f"{base}-{code}" if code else base
        old_id = 0 if place % 71 == 19 else 15_000 + place * 2
        if row is None:
            build.missing_families.append(owner := uid(chance))
            name = f"Sonderstück {base}"
        else:
            owner, name = row["UID"], row["Bezeichnung"] or "Ohne Namen"
        values: Row = {
            "UID": key,
            "Familie_": owner,
            "Aktiv": chance.random() < 0.85,
            "Auslaufdatum": wire_date(build.day(chance, date(2010, 1, 1))) if place % 13 == 4 else NO_DATE,
            "Sperrinfo": {"Coll": []},
            "Preise": _price(chance, place, cents),
            "Release_Date": wire_date(build.day(chance, date(1991, 1, 1))) if place % 9 else None,
            "Typ": dict(EDITIONS).get(code, 0),
            "SalesChannel": {"values": [None] if place % 31 == 3 else [], "geerbt": place % 5 != 0},
            "Masse_angepasst": False,
            "Nummer": float(numbers[place]) if place % 47 == 21 else numbers[place],
            "alteNummer": old,
            "shopware": NO_UUID if place % 4 else uid(chance),
            "refOld": float(old_id) if place % 23 == 9 else old_id,
            "Bezeichnung": name,
            "Tags_": chance.choice(tags) if place % 6 == 0 else NO_UUID,
            "Bezeichnung_FS": None,
            "Verkaufsartikel": chance.random() < 0.7,
            "Publish": {"values": pick(chance, ((["Webshop", "Preisliste"], 6), ([], 3), (["Webshop"], 1))),
                        "geerbt": True},
            "neu": False,
        }  # fmt: skip
        build.articles.append(Article(numbers[place], old, old_id, cents, name))
        rows.append(build.finish(chance, key, build.day(chance, date(1992, 6, 1)), values, kept=0.7))
    # Twice the same old number: the second one is a slip of somebody's finger.
    rows[5]["alteNummer"] = rows[2]["alteNummer"]
    return rows


def _old_articles(build: Build, variants: list[Row]) -> list[Row]:
    chance = build.chance("Artikel_Stamm")
    rows: list[Row] = []
    for row in variants:
        if not row["refOld"]:
            continue
        number = row["alteNummer"]
        base, _, code = number.rpartition("-") if number[-2:] in {"BE", "BL", "OX"} else (number, "", "")
        rows.append(_old_article(build, chance, int(row["refOld"]), number, base, code, row["Bezeichnung"]))
    place = 0
    while len(rows) < build.sizes.old_articles:
        # Long gone: nothing of today refers to them, documents of the nineties do.
        place += 1
        rows.append(
            _old_article(build, chance, place, f"{place}90-BE", f"{place}90", "BE", f"Altform {place}")
        )
    chance.shuffle(rows)
    return rows


def _old_article(
    build: Build, chance: Random, number: int, whole: str, base: str, code: str, name: str
) -> Row:
    values: Row = {
        "ID": number,
        "ArtNr": whole,
        "fk_ArtNr": base,
        "ArtikelArt": code,
        "Bezeichnung": name,
        "Lagerbestand": chance.choice((0, 0, 0, 3, 12.0)),
    }
    return build.finish(chance, str(number), build.day(chance, date(1992, 6, 1)), values, kept=0.9)


def _old_parents(build: Build) -> list[Row]:
    chance = build.chance("Art_Kalkulation")
    rows: list[Row] = []
    for place, base in enumerate(dict.fromkeys(build.bases), 1):
        values: Row = {
            "ID": place,
            "Art_Nr": base,
            "Bezeichnung": f"Kalkulation {base}",
            "Gewicht": chance.choice((4, 12, 25)),
            "Material": chance.choice(("Zinn 92", "Zinn 63", None)),
        }
        rows.append(build.finish(chance, str(place), build.day(chance, date(1992, 6, 1)), values, kept=0.9))
    return rows


def _parts(build: Build, variants: list[Row]) -> list[Row]:
    """Which variant is made of which; a few name a part that is gone, one pair contains each other."""
    chance = build.chance("Artikel_Teile")
    half = len(variants) // 2
    rows: list[Row] = []
    while len(rows) < build.sizes.parts:
        place = len(rows)
        whole = variants[place // 3 % half]["UID"]
        part = variants[half + (place * 7 + place // half) % (len(variants) - half)]["UID"]
        if place % 37 == 20:
            part = uid(chance)
        values: Row = {
            "UID": (key := uid(chance)),
            "Variante_": whole,
            "Teil_": part,
            "Pos": place % 3 + 1,
            "Menge": chance.choice((1, 1, 2, 4, 0.5)) if place % 43 != 30 else 0,
            "Einheit": "Stk",
        }
        rows.append(build.finish(chance, key, build.day(chance, date(2015, 1, 1)), values))
    rows[-1]["Variante_"], rows[-1]["Teil_"] = rows[0]["Teil_"], rows[0]["Variante_"]
    return rows
