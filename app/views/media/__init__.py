"""Screens of pictures: those of the image service, and what happened to them."""

from app.services.images.media import count_orphans
from app.views.core.workspace import Tile, Workspace
from app.views.media.history import history_page
from app.views.media.pictures import pictures_page
from app.views.media.words import ASSIGN, HISTORY, LIST

RAIL = "catalog"
READ = "catalog.picture:select"

WORKSPACES = (
    Workspace(LIST, "media.pictures.title", "image", RAIL, READ, pictures_page),
    Workspace(HISTORY, "media.history.title", "history", RAIL, READ, history_page),
)

TILES = (
    Tile(
        "media.orphans",
        "media.tile.orphans",
        "image-off",
        LIST,
        count_orphans,
        {"preset": "orphans"},
        ASSIGN,
        "warn",
        ("marketing",),
        topics=("catalog.picture",),
    ),
)
