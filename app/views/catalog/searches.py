"""Where the palette finds products."""

from typing import Any, NamedTuple

from app.services.catalog.reads import search_families, search_products


class ProductFound(NamedTuple):
    """A product as the palette shows it, with its picture."""

    id: int
    title: str
    subtitle: str
    chip: tuple[str, str] | None
    image_id: int | None
    image_hash: str | None


def products(session: Any, typed: str, limit: int = 8, language: str = "de") -> list[ProductFound]:
    """Products, best first."""
    return [
        ProductFound(hit.id, hit.title, hit.subtitle, hit.chip, hit.image_id, hit.image_hash)
        for hit in search_products(session, typed, limit, language)
    ]


def families(session: Any, typed: str, limit: int = 8, language: str = "de") -> list[tuple[Any, ...]]:
    """Families by code or name."""
    return [
        (row.id, row.title, row.subtitle, None) for row in search_families(session, typed, limit, language)
    ]
