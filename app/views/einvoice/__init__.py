"""Electronic invoices that came in: what they say, whether they are right, and what becomes of them."""

from functools import partial

from app.services.purchasing.received import count_received
from app.views.core.workspace import Tile, Workspace
from app.views.einvoice.inbox import InboxPage

INCOMING = "purchasing.received"
READ = f"{INCOMING}:select"

WORKSPACES = (
    Workspace("einvoice.inbox", "einvoice.inbox.title", "file-text", "purchasing", READ, InboxPage),
)

RECORDS = ()
ACTIONS = ()
SEARCHES = ()
TILES = (
    Tile(
        "einvoice.waiting",
        "einvoice.inbox.tile",
        "file-text",
        "einvoice.inbox",
        partial(count_received, preset="new"),
        {"preset": "new"},
        "received_store",
        "info",
        ("purchase_officer", "finance"),
        topics=(INCOMING,),
    ),
)
