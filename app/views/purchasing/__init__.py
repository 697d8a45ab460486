"""Screens of purchasing: what suppliers ask."""

from app.views.core.workspace import RecordType, Workspace
from app.views.purchasing.offers import OfferPage, offers_page

READ = "purchasing.supplier_price:select"

WORKSPACES = (
    Workspace("purchasing.offers", "purchasing.offers.title", "handshake", "purchasing", READ, offers_page),
)

RECORDS = (
    RecordType(
        "purchasing.supplier_price",
        "handshake",
        OfferPage,
        "purchasing.offer.type",
        READ,
        "purchasing.supplier_price:insert",
    ),
)

ACTIONS = ()
SEARCHES = ()
TILES = ()
