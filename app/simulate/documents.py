"""Thirty years of sales documents and their positions, worked out from the seed whenever somebody asks."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from app.simulate.build import Build
from app.simulate.tables import NO_DATE, Row, Table, comparable

HEADER = (
    "AbsNr:long PapierNr:long Papierart:string KundenNr:long Datum:date Bearbeiter:long Preisgruppe:long "
    "Rabatt:number Zahlungsart_A:string Versandart:string MWSt_Art:string Frachtkosten:number "
    "Bearbeitungskos:number Netto:number MWST_EUR:number Endbetrag:number Lief_Adr:string Rech_Adr:string "
    "SkontoTage:long Skonto_G:number NettoTage:long ZahlungBetrag:number ZahlungsDat:date Mahnstufe:string "
    "bezahlt:bool Währung:string ZahlungWaehr:string Text:string Druckdatum:date"
)
LINE = (
    "AbsNr:long PosNr:long ArtNr:string Bezeichnung:string Menge:number Preis:number Rabatt:number "
    "Pos_Betrag:number Art:string Pick_Menge:number Picking_ok:bool PreOrder:bool Anmerkung:string"
)
KINDS = ("R", "L", "A", "B", "G")
ODD_KINDS = ("X", "K", "", None)
STRAYS = 3
"""Positions of documents that are not there."""

_MASK = (1 << 64) - 1
_QUANTITIES = (1, 1, 1, 2, 2, 3, 4, 5, 6, 6, 10, 12, 12, 24, 36, 100)
_DISCOUNTS = (0, 0, 0, 0, 0, 0, 0, 5, 10, 0, 0, 0, 0, 2, 0, 33)
_LAST_DM = date(2001, 12, 31).toordinal()
_RATES = (
    (date(1992, 12, 31).toordinal(), 14),
    (date(1998, 3, 31).toordinal(), 15),
    (date(2006, 12, 31).toordinal(), 16),
    (date(2020, 6, 30).toordinal(), 19),
    (date(2020, 12, 31).toordinal(), 16),
)


def vat_rate(day: int) -> int:
    """The full rate of German value added tax in percent on a day given as ordinal."""
    for last, rate in _RATES:
        if day <= last:
            return rate
    return 19


def mix(number: int) -> int:
    """64 well-mixed bits of a number: chance without memory (the finisher of splitmix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def money(cents: int) -> float | int:
    """An amount as the server writes it."""
    return cents / 100 if cents % 100 else cents // 100


class Position(NamedTuple):
    """One position; quantity in hundredths, money in cents."""

    article: str | None
    text: str
    kind: str
    quantity: int
    price: int
    discount: int
    amount: int
    bits: int


class Ledger:
    """What header and positions are worked out from; a few numbers for each document."""

    def __init__(self, build: Build) -> None:
        chance = build.chance("Belege")
        sizes = build.sizes
        count = sizes.documents
        self.seed = mix(build.seed) & 0xFFFFFFFF
        self.articles = build.articles
        self.customers = build.customers
        self.today = build.today.toordinal()
        self.gone = sizes.old_articles - sum(1 for one in build.articles if one.old_id)
        first = build.first_day.toordinal()
        # More business as the years go by.
        span = self.today - 7 - first
        days = sorted(first + int(span * chance.random() ** 0.8) for _ in range(count))
        days[0] = first
        self.days = array("i", days)
        self.numbers = array(
            "i", accumulate((1 if chance.random() < 0.95 else 2 for _ in range(count)), initial=2571)
        )
        del self.numbers[0]
        kinds = chance.choices(range(5), (45, 22, 15, 12, 6), k=count)
        last = [11_417, 8000, 500, 3000, 900, 1, 1, 1, 1]
        self.kinds = bytearray(count)
        self.papers = array("i", bytes(4 * count))
        for place, drawn in enumerate(kinds):
            kind = 5 + place // 331 % 4 if place % 331 == 190 else drawn
            self.kinds[place] = kind
            if not (place % 2503 == 1400 and place):
                last[kind] += 1  # now and then a number is given twice
            self.papers[place] = last[kind]
        sizes_of = chance.choices((0, 1, 2, 3, 4, 5, 6, 9, 14), (1, 18, 17, 16, 14, 11, 10, 8, 5), k=count)
        missing = sizes.lines - STRAYS - sum(sizes_of)
        while missing:
            place = chance.randrange(count)
            step = 1 if missing > 0 else -1
            if sizes_of[place] and 1 <= sizes_of[place] + step <= 20:
                sizes_of[place] += step
                missing -= step
        self.starts = array("i", accumulate(sizes_of, initial=0))

    def position(self, place: int, number: int) -> Position:
        """One position of a document; ``number`` counts from 0."""
        bits = mix(self.seed << 32 | self.numbers[place] << 6 | number)
        day = self.days[place]
        luck = (bits >> 8) & 1023
        if luck < 50 and number:
            return Position(
                None, "Mit bestem Dank für Ihren Auftrag\rund freundlichen Grüßen", "T", 0, 0, 0, 0, bits
            )
        if luck < 80:
            hours = ((bits >> 20) % 12 + 1) * 25
            return Position(
                "", "Handbemalung nach Muster", "S", hours, 3950, 0, (hours * 3950 + 50) // 100, bits
            )
        if luck < 100 and number:
            off = -(10 + (bits >> 20) % 90)
            return Position(None, "Nachlass", "D", 100, off, 0, off, bits)
        article = self.articles[(bits >> 32) % len(self.articles)]
        name: str | None = article.old_number
        if luck > 1018:
            name = ("99999-ZZ", str(article.number), None, "", f" {article.old_number.lower()}")[luck - 1019]
        elif day < 730_000 and self.gone > 0 and luck > 800:
            name = f"{(bits >> 40) % self.gone + 1}90-BE"
        # Prices rose by the years; before 2002 they were in DM.
        price = article.price * (60 + (day - 727_300) * 40 // 12_500) // 100
        if day <= _LAST_DM:
            price = price * 195_583 // 100_000
        quantity = _QUANTITIES[(bits >> 16) & 15] * 100
        discount = _DISCOUNTS[(bits >> 4) & 15]
        amount = (quantity * price * (100 - discount) + 5000) // 10_000
        return Position(name, article.name, "L", quantity, price, discount, amount, bits)

    def lines_total(self, place: int) -> int:
        """The sum of a document's positions in cents."""
        return sum(
            self.position(place, number).amount
            for number in range(self.starts[place + 1] - self.starts[place])
        )

    def changed_day(self, place: int) -> int | None:
        """When a document was last changed: most never were, and of those some say so by the empty date."""
        bits = mix(self.seed << 33 | self.numbers[place])
        if bits & 3:
            return 0 if bits & 63 == 1 else None
        return min(self.days[place] + (bits >> 8) % 400, self.today)


@lru_cache(maxsize=20_000)  # as many days as there are
def _wire(day: int | None) -> str | None:
    if not day:
        return None if day is None else NO_DATE
    one = date.fromordinal(day)
    return f"{one.day}!{one.month}!{one.year}"


@lru_cache(maxsize=20_000)
def _iso(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _head(key: str, day: int, changed: int | None, bits: int) -> Row:
    clock = f"{6 + (bits >> 12) % 11:02d}:{(bits >> 18) % 60:02d}:{(bits >> 26) % 60:02d}.{(bits >> 34) % 1000:03d}Z"
    return {"__KEY": key, "__TIMESTAMP": f"{_iso(changed or day)}T{clock}", "__STAMP": 1 + (bits >> 44) % 6}


def _audit(day: int, changed: int | None, bits: int) -> Row:
    at = (25_200 + (bits >> 14) % 30_000) * 1000
    return {
        "created_name": "Büro",
        "created_date": _wire(day),
        "created_time": at,
        "modified_name": "Versand" if changed else None,
        "modified_date": _wire(changed),
        "modified_time": None if not changed else float(at) if bits & 8 else at,
    }


class Worked(Table):
    """A table whose rows are worked out when asked for; only what was changed is kept."""

    def __init__(self, name: str, schema: str, key: str, ledger: Ledger, count: int) -> None:
        super().__init__(name, schema, key)
        self.ledger = ledger
        self._base = count
        self._next = count
        self._keys = {}  # of the rows added later; those of the others can be worked out

    def make(self, number: int) -> Row:
        """A row as it was before anybody changed it."""
        raise NotImplementedError

    def row(self, number: int) -> Row:
        """One row; not to be changed by the reader."""
        kept = self._rows.get(number)
        return self.make(number) if kept is None else kept

    def find(self, key: str) -> int | None:
        """The number of the row with this ``__KEY``."""
        assert self._keys is not None
        number = self._keys.get(str(key))
        if number is None:
            number = self._find_base(str(key))
        return None if number is None or number in self._gone else number

    def _find_base(self, key: str) -> int | None:
        raise NotImplementedError

    def _place_of(self, absolute: float) -> int | None:
        numbers = self.ledger.numbers
        place = bisect_left(numbers, absolute)
        return place if place < len(numbers) and numbers[place] == absolute else None

    def _base_column(self, path: str) -> list[Any]:
        column = self._quick(path)
        if column is None:
            return super()._base_column(path)
        kind, read = self.value_of(path)
        # What was changed or added before anybody asked for the column.
        column += [None] * (self._next - len(column))
        for number, row in self._rows.items():
            column[number] = comparable(kind, read(row))
        return column

    def _quick(self, path: str) -> list[Any] | None:
        """A column without working out every row, where that can be."""
        raise NotImplementedError


class Headers(Worked):
    """The documents."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__("Belege", HEADER, "AbsNr", ledger, len(ledger.days))

    def _find_base(self, key: str) -> int | None:
        return self._place_of(int(key)) if key.isdecimal() else None

    def _quick(self, path: str) -> list[Any] | None:
        book = self.ledger
        if path == "AbsNr":
            return list(book.numbers)
        if path == "PapierNr":
            return list(book.papers)
        if path == "Papierart":
            names = [None if kind is None else kind.lower() for kind in (*KINDS, *ODD_KINDS)]
            return [names[kind] for kind in book.kinds]
        if path == "Datum":
            return [0 if place % 1777 == 900 else day for place, day in enumerate(book.days)]
        if path == "created_date":
            return list(book.days)
        if path == "modified_date":
            return [book.changed_day(place) for place in range(len(book.days))]
        return None

    def make(self, number: int) -> Row:
        """A document: its totals follow from its positions, the rate from its day."""
        book = self.ledger
        absolute, day, kind = (
            book.numbers[number],
            book.days[number],
            (*KINDS, *ODD_KINDS)[book.kinds[number]],
        )
        bits = mix(book.seed << 33 | absolute)
        changed = book.changed_day(number)
        customer, address = book.customers[(bits >> 20) % len(book.customers)]
        if number % 401 == 77:
            customer, address = (9_999_999, 0)[number % 2], "Barverkauf"
        rate, tax_kind = (
            vat_rate(day),
            ("JA", "JA", "JA", "JA", "JA", "incl.", "incl.", "NEIN")[(bits >> 36) & 7],
        )
        discount = (0, 0, 0, 0, 0, 2, 5, 10)[(bits >> 39) & 7]
        total = book.lines_total(number)
        net = total - (total * discount + 50) // 100
        freight = (0, 590, 590, 890)[(bits >> 42) & 3]
        handling = 250 if (bits >> 44) & 31 == 3 else 0
        if tax_kind == "incl.":
            net = (net * 100 + (100 + rate) // 2) // (100 + rate)
        tax = 0 if tax_kind == "NEIN" else ((net + freight + handling) * rate + 50) // 100
        gross = net + freight + handling + tax
        if number % 1009 == 17:
            # Somebody wrote over a total, or the tax with the rate of today.
            if number // 1009 % 2:
                gross += 100
            else:
                tax = (net * 19 + 50) // 100 + 1
        paid = kind == "R" and (day < book.today - 60 or bool(bits >> 50 & 1))
        currency = (
            None
            if number % 1999 == 5
            else "CHF"
            if number % 1500 == 700
            else "DM"
            if day <= _LAST_DM
            else "EUR"
        )
        row = _head(str(absolute), day, changed, bits)
        row |= {
            "AbsNr": float(absolute) if number % 97 == 40 else absolute,
            "PapierNr": book.papers[number],
            "Papierart": kind,
            "KundenNr": float(customer) if bits >> 52 & 31 == 7 else customer,
            "Datum": NO_DATE if number % 1777 == 900 else _wire(day),
            "Bearbeiter": 100 + (bits >> 54) % 8,
            "Preisgruppe": 1 + (bits >> 57) % 3,
            "Rabatt": discount,
            "Zahlungsart_A": ("auf Rechnung", "Vorkasse", "bar", "Lastschrift")[(bits >> 46) & 3],
            "Versandart": ("UPS", "Post", "Selbstabholer", None)[(bits >> 48) & 3],
            "MWSt_Art": tax_kind,
            "Frachtkosten": money(freight),
            "Bearbeitungskos": money(handling),
            "Netto": money(net),
            "MWST_EUR": money(tax),
            "Endbetrag": money(gross),
            "Lief_Adr": address,
            "Rech_Adr": "Zentrale\r" + address if bits & 7 == 5 else "",
            "SkontoTage": 8 if bits & 1 else 0,
            "Skonto_G": 2 if bits & 1 else 0,
            "NettoTage": 30,
            "ZahlungBetrag": money(gross) if paid else 0,
            "ZahlungsDat": _wire(min(day + (bits >> 28) % 50, book.today)) if paid else NO_DATE,
            "Mahnstufe": "" if paid or kind != "R" else ("", "US", "1", "2")[(bits >> 30) & 3],
            "bezahlt": paid,
            "Währung": currency,
            "ZahlungWaehr": "EUR" if paid else None,
            "Text": "Lieferung wie besprochen.\rBitte beachten." if bits & 31 == 9 else None,
            "Druckdatum": NO_DATE if bits & 15 == 2
            else f"{date.fromordinal(day):%d!%m!%y}" if number % 500 == 250 else _wire(day),
        }  # fmt: skip
        return row | _audit(day, changed, bits)


class Lines(Worked):
    """The positions, in the order of their documents."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__("Belege_Pos", LINE, "AbsNr PosNr", ledger, ledger.starts[-1] + STRAYS)

    def _find_base(self, key: str) -> int | None:
        absolute, _, number = key.partition(",")
        if not absolute.isdecimal() or not number.isdecimal():
            return None
        book = self.ledger
        place = self._place_of(int(absolute))
        if place is None:
            return (
                book.starts[-1] + int(absolute) - 1
                if 1 <= int(absolute) <= STRAYS and number == "1"
                else None
            )
        found = book.starts[place] + int(number) - 1
        return found if book.starts[place] <= found < book.starts[place + 1] else None

    def lookup(self, path: str, values: Iterable[Any]) -> list[int]:
        """The rows whose attribute is one of these comparable values, in their natural order."""
        if path != "AbsNr":
            return super().lookup(path, values)
        wanted = set(values)
        book = self.ledger
        found: set[int] = set()
        for value in wanted:
            place = self._place_of(value) if isinstance(value, int | float) else None
            if place is not None:
                found.update(range(book.starts[place], book.starts[place + 1]))
            elif value in range(1, STRAYS + 1):
                found.add(book.starts[-1] + int(value) - 1)
        for number, row in self._rows.items():
            found.discard(number)
            if row["AbsNr"] in wanted:
                found.add(number)
        return sorted(found - self._gone)

    def _quick(self, path: str) -> list[Any] | None:
        book = self.ledger
        places = range(len(book.days))
        strays = range(1, STRAYS + 1)
        if path == "AbsNr":
            return [
                number for place, number in enumerate(book.numbers) for _ in range(self._length(place))
            ] + list(strays)
        if path == "PosNr":
            return [number + 1 for place in places for number in range(self._length(place))] + [
                1 for _ in strays
            ]
        if path == "created_date":
            return [day for place, day in enumerate(book.days) for _ in range(self._length(place))] + [
                book.days[0] for _ in strays
            ]
        if path == "modified_date":
            return [
                day
                for place in places
                for day in (book.changed_day(place),)
                for _ in range(self._length(place))
            ] + [book.changed_day(0) for _ in strays]
        return None

    def _length(self, place: int) -> int:
        return self.ledger.starts[place + 1] - self.ledger.starts[place]

    def make(self, number: int) -> Row:
        """A position."""
        book = self.ledger
        place = bisect_right(book.starts, number) - 1
        if number >= book.starts[-1]:
            place, inside, absolute = 0, 0, number - book.starts[-1] + 1
        else:
            inside = number - book.starts[place]
            absolute = book.numbers[place]
        one = book.position(place, inside)
        day, bits = book.days[place], one.bits
        changed = book.changed_day(place)
        picked = one.quantity if one.kind == "L" and bits & 3 else 0
        row = _head(f"{absolute},{inside + 1}", day, changed, bits)
        row |= {
            "AbsNr": absolute,
            "PosNr": inside + 1,
            "ArtNr": one.article,
            "Bezeichnung": one.text,
            "Menge": one.quantity / 100 if bits & 127 == 9 else money(one.quantity),
            "Preis": money(one.price),
            "Rabatt": one.discount,
            "Pos_Betrag": money(one.amount + 100 if number % 40_009 == 4100 else one.amount),
            "Art": one.kind,
            "Pick_Menge": money(picked // 200 * 100 if bits & 63 == 31 else picked),
            "Picking_ok": bool(picked) and bits & 63 != 31,
            "PreOrder": bits & 255 == 77,
            "Anmerkung": "eilig" if bits & 511 == 300 else None,
        }
        return row | _audit(day, changed, bits)


def make_documents(build: Build) -> list[Table]:
    """Documents and positions."""
    ledger = Ledger(build)
    return [Headers(ledger), Lines(ledger)]
