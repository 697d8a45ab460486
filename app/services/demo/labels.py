"""Labels of the demo company: ranges for its article and shipping numbers, and a design of its own."""

from sqlalchemy.orm import Session

from app.services.demo.house import House
from app.services.labels import catalogue, writes
from app.services.labels.commands import SaveDesign, SaveRange

# Free for use inside a house (20 …), and a made-up company prefix.
RANGES = (
    ("ean13", "Hausinterne EAN", "20", 9_999_999_999),
    ("sscc", "Versandeinheiten", "340123456", 99_999_999),
)


def designs_and_ranges(house: House) -> None:
    """The administrator makes the ranges and a label for shelves."""

    def work(session: Session) -> None:
        for kind, name, prefix, last in RANGES:
            values = {"kind": kind, "name": name, "prefix": prefix, "first_serial": 1, "last_serial": last}
            writes.save_range(session, SaveRange(None, None, values))
        shelf = catalogue.designs("place")["place_57x32"].declared
        definition = {"size": shelf["size"], "elements": shelf["elements"]}
        own = {"topic": "place", "name_de": "Regal mit QR-Code", "name_en": "Shelf with QR code"}
        writes.save_design(session, SaveDesign(None, None, {**own, "definition": definition}))

    house.write("u_ralf", work)
