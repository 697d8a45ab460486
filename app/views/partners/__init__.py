"""Screens of customers, suppliers and payment terms."""

from app.services.partners.forms import count_blocked
from app.services.partners.reads import search_customers, search_suppliers
from app.views.core.actions import Action
from app.views.core.workspace import RecordType, Search, Tile, Workspace
from app.views.partners.bank_card import renew_key
from app.views.partners.lists import (
    customers_page,
    new_customer,
    new_supplier,
    suppliers_page,
    terms_page,
)
from app.views.partners.page import PartnerPage
from app.views.partners.terms import TermPage

RAIL = "partners"
READ, CREATE = "partners.partner:select", "partners.partner:insert"

WORKSPACES = (
    Workspace("partners.customers", "partners.customers.title", "users", RAIL, READ, customers_page),
    Workspace("partners.suppliers", "partners.suppliers.title", "truck", RAIL, READ, suppliers_page),
    Workspace(
        "partners.payment_terms",
        "partners.terms.title",
        "calendar-clock",
        RAIL,
        "partners.payment_term:update",
        terms_page,
    ),
)

RECORDS = (
    RecordType("partners.partner", "users", PartnerPage, "partners.partner.type", READ, CREATE),
    RecordType(
        "partners.payment_term",
        "calendar-clock",
        TermPage,
        "partners.term.type",
        "partners.payment_term:select",
        "partners.payment_term:insert",
    ),
)

ACTIONS = (
    Action("partners.new_customer", "partners.action.customer", "user-plus", new_customer, CREATE, "", RAIL),
    Action("partners.new_supplier", "partners.action.supplier", "user-plus", new_supplier, CREATE, "", RAIL),
    Action(
        "partners.renew_key", "partners.bank.renew", "key-round", renew_key, "bank_account_rekey", "", RAIL
    ),
)

SEARCHES = (
    Search("partners.partner", "partners.customers.title", "users", search_customers, READ),
    Search("partners.partner", "partners.suppliers.title", "truck", search_suppliers, READ),
)

TILES = (
    Tile(
        "partners.blocked",
        "partners.tile.blocked",
        "ban",
        "partners.customers",
        count_blocked,
        {"preset": "blocked"},
        READ,
        "bad",
        ("sales_rep", "sales_manager", "customer_service", "finance"),
        topics=("partners.partner",),
    ),
)
