"""An upgrade changes no invoice: what was issued before keeps every amount and gets the tax category it always had."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import psycopg
from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.core import schema
from app.services.einvoice import outgoing
from migrations import derived
from migrations.drift import run_queries

D = Decimal
Copies = Callable[..., AbstractContextManager[str]]

# Number, kind, treatment, language, (rate, net, tax) per rate, paid, discount taken, state.
BEFORE: tuple[tuple[Any, ...], ...] = (
    ("RE-1", "invoice", "domestic", "de", ((19, "100.00", "19.00"), (7, "50.00", "3.50")), "169.05", "3.45", "paid"),
    ("RE-2", "invoice", "eu_business", "en", ((0, "80.00", "0.00"),), "0", "0", "open"),
    ("RE-3", "invoice", "export", "de", ((0, "70.00", "0.00"),), "20.00", "0", "open"),
    ("RE-4", "invoice", "domestic", "de", ((0, "60.00", "0.00"),), "0", "0", "cancelled"),
    ("RE-5", "cancellation", "domestic", "de", ((0, "-60.00", "0.00"),), "0", "0", "settled"),
    ("RE-6", "invoice", "eu_business", "de", ((19, "10.00", "1.90"), (0, "5.00", "0.00")), "0", "0", "open"),
)  # fmt: skip


def _fill(raw: psycopg.Connection[Any]) -> None:
    """Invoices as the program of then wrote them; what they refer to is of no account here."""
    raw.execute("SET LOCAL session_replication_role = replica")
    raw.execute(
        "INSERT INTO system.company (name, pictures_on_quote, pictures_on_order) VALUES ('Haus', false, true)"
    )
    raw.execute(
        "INSERT INTO sales.sales_order (number, state, customer_id, warehouse_id, price_list_id, payment_term_id,"
        " order_date, snapshot) OVERRIDING SYSTEM VALUE VALUES"
        " ('AU-1', 'confirmed', 1, 1, 1, 1, '2026-03-01', %s), (NULL, 'draft', 1, 1, 1, 1, '2026-03-01', NULL)",
        (json.dumps({"customer": {"tax_treatment": "export"}}),),
    )
    raw.execute(
        "INSERT INTO sales.sales_order_line (sales_order_id, product_id, position, description, qty, unit_price,"
        " tax_rate) SELECT o.id, 1, 1, 'Bell', 1, 10, 0 FROM sales.sales_order o"
    )
    for at, (number, kind, treatment, language, rates, paid, taken, state) in enumerate(BEFORE, start=1):
        net, tax = (sum(float(rate[i]) for rate in rates) for i in (1, 2))
        snapshot = {"customer": {"language": language, "name": "Kunde", "number": "1"}, "order": {}}
        raw.execute(
            "INSERT INTO sales.invoice (id, number, kind, state, cancels_id, sales_order_id, customer_id,"
            " billing_address, snapshot, tax_treatment, invoice_date, service_date, due_date, discount_pct,"
            " discount_date, paid_amount, discount_taken, net_amount, tax_amount, gross_amount)"
            " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, 1, 1, '{}', %s, %s, '2026-03-05', '2026-03-04',"
            " '2026-04-04', 2, '2026-03-13', %s, %s, %s, %s, %s)",
            (at, number, kind, state, 4 if kind == "cancellation" else None, json.dumps(snapshot), treatment,
             paid, taken, round(net, 2), round(tax, 2), round(net + tax, 2)),
        )  # fmt: skip
        if float(paid):
            raw.execute(
                "INSERT INTO sales.payment (invoice_id, paid_on, amount, discount_amount)"
                " VALUES (%s, '2026-03-10', %s, %s)",
                (at, paid, taken),
            )
        for position, (rate, line_net, line_tax) in enumerate(rates, start=1):
            raw.execute(
                "INSERT INTO sales.invoice_line (invoice_id, sales_order_line_id, delivery_id, position, product_id,"
                " sku, description, unit_code, qty, unit_price, tax_rate, net_amount)"
                " VALUES (%s, 1, 1, %s, 1, 'BELL', 'Bell', 'pcs', sign(%s::numeric), abs(%s::numeric), %s, %s)",
                (at, position, line_net, line_net, rate, line_net),
            )
            raw.execute(
                "INSERT INTO sales.invoice_tax (invoice_id, tax_rate, net_amount, tax_amount) VALUES (%s, %s, %s, %s)",
                (at, rate, line_net, line_tax),
            )
    raw.execute("SET LOCAL session_replication_role = DEFAULT")


def _fill_purchases(raw: psycopg.Connection[Any]) -> None:
    """Suppliers' invoices from before there were rates for them: in euros, with a rate before and after, without."""
    raw.execute(
        "INSERT INTO system.exchange_rate (currency, valid_on, rate) VALUES ('USD', '2026-01-10', 2),"
        " ('USD', '2026-03-02', 1.25), ('USD', '2026-03-20', 4), ('CHF', '2026-09-01', 0.5)"
    )
    raw.execute(
        "INSERT INTO partners.partner (id, number, name, is_supplier) OVERRIDING SYSTEM VALUE"
        " VALUES (1, '1', 'Lieferant', true)"
    )
    for at, currency in enumerate(("EUR", "USD", "CHF", "GBP"), start=1):
        raw.execute(
            "INSERT INTO purchasing.purchase_invoice (id, number, state, supplier_id, invoice_number, currency,"
            " invoice_date, due_date, posting_date, net_amount, tax_amount, gross_amount, paid_amount)"
            " OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'approved', 1, %s, %s, '2026-03-05', '2026-04-05',"
            " '2026-03-06', 100.01, 19, 119.01, 20)",
            (at, f"ER-{at}", f"R {at}", currency),
        )
        raw.execute(
            "INSERT INTO purchasing.purchase_invoice_tax (purchase_invoice_id, tax_category, tax_rate, net_amount,"
            " tax_amount) VALUES (%s, 'S', 19, 100.01, 19)",
            (at,),
        )
        raw.execute(
            "INSERT INTO purchasing.purchase_payment (purchase_invoice_id, paid_on, amount)"
            " VALUES (%s, '2026-03-10', 20)",
            (at,),
        )
    raw.execute("SET LOCAL session_replication_role = DEFAULT")


def test_invoices_of_before_keep_their_amounts_and_get_their_tax_category(new_database: Copies) -> None:
    amounts = (
        "SELECT number, net_amount, tax_amount, gross_amount, paid_amount, discount_taken, state, row_version,"
        " updated_at FROM sales.invoice ORDER BY id"
    )
    with new_database("template0") as address:
        with schema._transaction(address) as (connection, raw):
            derived.prepare(raw)
            config = schema._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "history")
            _fill(raw)
            before = raw.execute(amounts).fetchall()
            raw.execute("SET LOCAL session_replication_role = replica")
            command.upgrade(config, "layouts")
            _fill_purchases(raw)
        schema.upgrade(address)
        with psycopg.connect(address, autocommit=True) as admin:
            assert admin.execute(amounts).fetchall() == before
            found = admin.execute(
                "SELECT h.number, t.tax_rate::int, t.tax_category, t.exemption_code, t.exemption_text"
                " FROM sales.invoice_tax t JOIN sales.invoice h ON h.id = t.invoice_id ORDER BY h.id, t.tax_rate DESC"
            ).fetchall()
            eu = ("K", "VATEX-EU-IC")
            assert found == [
                ("RE-1", 19, "S", None, None),
                ("RE-1", 7, "S", None, None),
                ("RE-2", 0, *eu, "Tax-free intra-Community supply"),
                ("RE-3", 0, "G", "VATEX-EU-G", "Steuerfreie Ausfuhrlieferung"),
                ("RE-4", 0, "Z", None, None),
                ("RE-5", 0, "Z", None, None),
                ("RE-6", 19, "S", None, None),
                ("RE-6", 0, *eu, "Steuerfreie innergemeinschaftliche Lieferung"),
            ]
            # Lines say the same as the sums of their rate, and nothing was deducted or credited that nobody deducted.
            assert admin.execute(
                "SELECT count(*) FROM sales.invoice_line l WHERE NOT EXISTS (SELECT FROM sales.invoice_tax t"
                " WHERE t.invoice_id = l.invoice_id AND t.tax_rate = l.tax_rate AND t.tax_category = l.tax_category)"
            ).fetchone() == (0,)
            assert admin.execute(
                "SELECT sum(prepaid_amount), sum(credited_amount), sum(jsonb_array_length(o.charges))"
                " FROM sales.invoice h JOIN sales.sales_order o ON o.id = h.sales_order_id"
            ).fetchone() == (0, 0, 0)
            # In euros the same is open, and no payment has gained or lost anything.
            assert admin.execute(
                "SELECT count(*), bool_and(sales.own_left(i) = sales.open_amount(i)), bool_and(p.own_paid = p.amount)"
                " FROM sales.invoice i JOIN sales.payment p ON p.invoice_id = i.id"
            ).fetchone() == (2, True, True)
            assert admin.execute(
                "SELECT net_amount::int, charges, charge_amount::int FROM sales.sales_order_line"
            ).fetchall() == [(10, [], 0), (10, [], 0)]
            # A confirmed order says what its invoice will say; a draft is judged when it is confirmed.
            assert admin.execute(
                "SELECT l.tax_category FROM sales.sales_order_line l ORDER BY l.sales_order_id"
            ).fetchall() == [("G",), (None,)]
            # What the company said about pictures on its papers, its layouts say now; what was as usual stays unsaid.
            assert admin.execute(
                "SELECT kind, language, changes FROM documents.template ORDER BY kind"
            ).fetchall() == [
                ("order_confirmation", "", {"pictures": True}),
                ("quote", "", {"pictures": False}),
            ]
            # Suppliers' invoices get the nearest rate, before their day if there is one; none of them is handed over.
            assert admin.execute(
                "SELECT i.currency, i.exchange_rate, i.exchange_date, i.own_net_amount, i.own_gross_amount,"
                " p.own_amount, p.own_paid FROM purchasing.purchase_invoice i JOIN purchasing.purchase_payment p"
                " ON p.purchase_invoice_id = i.id ORDER BY i.id"
            ).fetchall() == [
                ("EUR", D(1), None, D("100.01"), D("119.01"), D(20), D(20)),
                ("USD", D("1.25"), None, D("80.01"), D("95.21"), D(16), D(16)),
                ("CHF", D("0.5"), None, D("200.02"), D("238.02"), D(40), D(40)),
                ("GBP", D(1), None, D("100.01"), D("119.01"), D(20), D(20)),
            ]
            assert admin.execute(
                "SELECT array_agg(accounting.has_own_amounts(i) ORDER BY i.id) FROM purchasing.purchase_invoice i"
            ).fetchone() == ([True, False, False, False],)
            totals = [one for one in run_queries(admin, "consistency") if one[0] == "sales_totals"]
            assert [found for found in totals if "sales.invoice" in str(found)] == []
        engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
        with Session(engine) as session:
            kept = outgoing.load(session, 2)
            assert outgoing.profile_of(kept) is None  # a plain PDF, as it went out
        engine.dispose()
