"""The records of the image service: which picture belongs to which article, in which formats."""

from typing import Any
from urllib.parse import quote

from app.simulate.build import Build, pick

Record = dict[str, Any]

TYPES = (
    ("Produktfoto", 60),
    ("Szene", 14),
    ("Markt-Messe-Shop", 12),
    ("Illustration", 8),
    ("Social Media", 4),
    ("", 2),
)
EXPORTS: dict[str, tuple[str, tuple[int, int]]] = {
    "png": ("png", (266, 200)),
    "jpg_k": ("jpg", (160, 120)),
    "jpg_g": ("jpg", (640, 480)),
    "tiff": ("tiff", (400, 300)),
}
"""Kind of an exported file: the end of its name and its size."""


def make_records(build: Build) -> list[Record]:
    """Every record; addresses of files begin with ``/media/``, the service puts its host in front."""
    chance = build.chance("pictures")
    return [_record(build, chance, place) for place in range(build.sizes.pictures)]


def _record(build: Build, chance: Any, place: int) -> Record:
    number = 4000 + place
    kind = pick(chance, TYPES)
    ending = pick(
        chance, (("jpeg", 70), ("jpg", 10), ("png", 8), ("tiff", 5), ("psd", 4), ("webp", 2), ("bmp", 1))
    )
    if place % 60 == 45:
        ending = "psd"  # at least one that nobody can show
    stem = f"Straße {number}" if place % 57 == 31 else f"IMG_{number}"
    file_id: int | str | None = None if place % 61 == 40 else number
    record: Record = {
        "original_file": {
            "file_id": file_id,
            "type": kind,
            "format": ending,
            "file_url": f"/media/{quote(stem)}.{ending}",
            "resolution": [800, 600] if place % 5 else None,
        },
        "exported_files": _exports(chance, place, stem),
        "articles": _articles(build, place),
    }
    return {"id": 70_000 + place} | record if place % 3 == 0 else record


def _exports(chance: Any, place: int, stem: str) -> list[Record]:
    if place % 29 == 12:
        return []
    kinds = list(EXPORTS)
    if place % 11 == 5:
        kinds.remove("png")
    if place % 23 == 8:
        kinds = []  # only the one nobody can show
    files: list[Record] = []
    for kind in kinds:
        ending, size = EXPORTS[kind]
        files.append(
            {
                "type": kind,
                "resolution": None if place % 37 == 19 else list(size),
                "image_url": f"/media/export/{quote(stem)}_{kind}.{ending}",
            }
        )
    files.append({"type": "psd"})
    if place % 4 == 1:
        chance.shuffle(files)
    return files


def _articles(build: Build, place: int) -> list[Record]:
    """Families mostly; also variants, editions in the number, several at once, nobody, or somebody unknown."""
    if place % 31 == 14:
        return []
    family = str(int(build.families[place * 7 % len(build.families)]["Nummer"]))
    key = "article_number" if place % 41 == 22 else "number"
    if place % 43 == 27:
        return [{key: "100000", "front": True}]  # long gone
    found: list[Record] = [{key: family, "front": place % 3 != 1}]
    if place % 6 == 2:
        variant = build.articles[place * 5 % len(build.articles)]
        found = [{key: str(variant.number), "front": place % 4 == 2}]
    elif place % 17 == 9:
        found = [{key: f"{family}-BE", "front": False}]
    if place % 13 == 6:
        # A table full of things: one picture of many articles.
        for step in range(1, 5):
            other = build.families[(place * 7 + step * 3) % len(build.families)]
            found.append({key: str(int(other["Nummer"])), "front": False})
    if place % 71 == 33:
        found.append(dict(found[0]))  # said twice
    return found
