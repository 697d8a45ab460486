"""Electronic invoices that came in: what they say, whether they are right, and why not."""

from app.views.core.workspace import Workspace
from app.views.einvoice.inbox import InboxPage

READ = "purchasing.supplier_price:select"

WORKSPACES = (
    Workspace("einvoice.inbox", "einvoice.inbox.title", "file-text", "purchasing", READ, InboxPage),
)

RECORDS = ()
ACTIONS = ()
SEARCHES = ()
TILES = ()
