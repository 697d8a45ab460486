"""What the screens of pictures call things."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core import format as fmt
from app.core.i18n import t
from app.services.images.media import GalleryPicture

PICTURE, PRODUCT = "catalog.picture", "catalog.product"
LIST, HISTORY = "media.pictures", "media.history"
ASSIGN, PRIMARY = "picture_assign", "picture_primary"

KINDS = {
    "produktfoto": "media.kind.product",
    "szene": "media.kind.scene",
    "markt-messe-shop": "media.kind.fair",
    "illustration": "media.kind.drawing",
    "social media": "media.kind.social",
}
STATES = {"here": ("ok", "media.state.here"), "gone": ("bad", "media.state.gone")}
CONFLICTS = {
    "ambiguous": ("warn", "media.conflict.ambiguous"),
    "chosen_gone": ("warn", "media.conflict.chosen_gone"),
}
CHANGES = {
    "created": ("ok", "media.change.created"),
    "changed": ("info", "media.change.changed"),
    "gone": ("bad", "media.change.gone"),
    "back": ("ok", "media.change.back"),
    "linked": ("info", "media.change.linked"),
    "unlinked": ("neutral", "media.change.unlinked"),
    "primary": ("accent", "media.change.primary"),
    "conflict": ("warn", "media.change.conflict"),
    "assigned": ("accent", "media.change.assigned"),
    "chosen": ("accent", "media.change.chosen"),
    "automatic": ("neutral", "media.change.automatic"),
}
RULES = ("hand", "family", "variant", "sku", "base", "parent", "legacy", "legacy_base")


def kind_words(kind: str | None) -> str:
    """The kind of a picture; a word of the service that nobody knows stays as it is."""
    if not kind:
        return t("media.kind.none")
    key = KINDS.get(kind.lower())
    return t(key) if key else kind


def rule_words(rule: str | None) -> str:
    """How a picture came to a product."""
    return t(f"media.rule.{rule}") if rule in RULES else t("media.rule.none")


def format_words(name: str | None) -> str:
    """The format of a file as people call it."""
    word = (name or "").lower()
    word = "jpeg" if word.startswith(("jpg", "jpeg", "image/jp")) else word.removeprefix("image/")
    return word.upper()


def size_words(width: int | None, height: int | None) -> str:
    """Pixels of a picture."""
    return f"{fmt.number(width)} × {fmt.number(height)}" if width and height else ""


def bytes_words(size: int) -> str:
    """How large a file is."""
    return f"{fmt.number(max(1, round(size / 1024)))} KB"


def shown_file(files: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any] | None:
    """The file that stands for a picture."""
    return next((file for file in files or () if file["is_large"]), None)


def source_words(picture: GalleryPicture) -> str:
    """Where a picture of a product comes from."""
    if picture.own:
        return t("media.source.own")
    return t("media.source.hand" if picture.rule == "hand" else "media.source.service")


def file_words(picture: GalleryPicture) -> str:
    """Format, size and source of a picture of a product."""
    if picture.own:
        parts = [format_words(picture.mime), bytes_words(picture.bytes or 0)]
    else:
        file = shown_file(picture.files)
        parts = [format_words(file["format"]), size_words(file["width"], file["height"])] if file else []
    return " · ".join(part for part in (*parts, source_words(picture)) if part)


def title_words(picture: GalleryPicture) -> str:
    """What a picture of a product shows."""
    if picture.own:
        return t("media.own")
    front = picture.priority in (0, 2) and picture.rule != "hand"
    return f"{kind_words(picture.kind)} · {t('media.front')}" if front else kind_words(picture.kind)
