"""An old system that has been read once: servers, entities, runs, quarantine, and what it knows of the past.

Written past the program by the superuser; what the sync itself does is tested with the simulator.
"""

import json
from typing import Any

import psycopg

Raw = psycopg.Connection[Any]
ENTITIES = (
    ("family", "catalog", "Artikel_Familie", "Artikelfamilien", "Product families", 1571, 1552),
    ("variant", "catalog", "Artikel_Variante", "Artikel", "Products", 4319, 4302),
    ("customer", "partners", "Kunden", "Kunden", "Customers", 2210, 2204),
    ("address", "partners", "Adressen", "Adressen", "Addresses", 3866, 3866),
    ("document", "sales", "Belege", "Belege", "Documents", 100_000, 99_981),
    ("document_line", "sales", "Belege_Pos", "Belegpositionen", "Document lines", 400_000, 399_920),
    ("place", "inventory", "Stamm_Lagerorte", "Lagerplätze", "Places", 923, 923),
    ("box", "inventory", "Stamm_Lager_Schuetten", "Schütten", "Boxes", 4216, 4216),
    ("mould", "production", "Formen", "Gussformen", "Moulds", 812, 812),
    ("work_order", "production", "Werksauftraege", "Werksaufträge", "Works orders", 11_240, 11_240),
    ("employee", "hr", "Personal", "Personal", "Staff", 64, 64),
)
FINDINGS: tuple[tuple[str, str, dict[str, Any], list[dict[str, Any]], str], ...] = (
    (
        "variant",
        "D71C244794B0B4428CD3EC5B41878224",
        {
            "UID": "D71C244794B0B4428CD3EC5B41878224",
            "Nummer": 803721,
            "alteNummer": "11400-BE",
            "Bezeichnung": None,
            "ArtikelArt": "BE",
            "Familie_": "7464FEB39C516942B01E62F44B1ED454",
            "Aktiv": True,
            "Release_Date": "1991-01-01",
            "Preise": {"Coll": [{"Art": "Laden", "Preis": 39.5, "VE": 1}]},
        },
        [{"severity": "error", "code": "required", "field": "Bezeichnung", "params": {}}],
        "open",
    ),
    (
        "document",
        "41877",
        {
            "AbsNr": 41877,
            "PapierNr": 20418,
            "Papierart": "X",
            "KundenNr": 1100010,
            "Datum": "2009-06-04",
            "Netto": 1577.9,
            "Endbetrag": 1805.53,
            "Währung": "EUR",
        },
        [
            {
                "severity": "error",
                "code": "not_one_of",
                "field": "Papierart",
                "params": {"allowed": "A, B, G, L, R", "value": "X", "proposal": "R"},
            },
            {
                "severity": "warning",
                "code": "historic_vat",
                "field": "",
                "params": {"rate": 14, "date": "2009-06-04", "expected": "19, 7"},
            },
        ],
        "open",
    ),
    (
        "customer",
        "1800028",
        {"KundenNr": 1800028, "AdrNr": 9120, "Preisgru": 7, "Rabatt": 140, "USt_IdNr": "DE12"},
        [
            {
                "severity": "error",
                "code": "too_large",
                "field": "Rabatt",
                "params": {"limit": 100, "value": 140},
            }
        ],
        "open",
    ),
    (
        "box",
        "3411",
        {"ID": 3411, "data_": {"Schuettentype": "FKE6320 Blau"}},
        [
            {
                "severity": "error",
                "code": "reference_missing",
                "field": "data_",
                "params": {"value": "FKE6320 Blau"},
            }
        ],
        "ignored",
    ),
)


def one(admin: Raw, statement: str, *values: object) -> Any:
    """The first value of a statement's first row."""
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


def fill(admin: Raw, *, running: bool = False) -> dict[str, int]:
    """Servers, entities, a finished run and, when wanted, one that is under way; gives ids by name."""
    ids = {"server": _servers(admin)}
    entities = _entities(admin)
    ids["run"] = _run(admin, "done", "full", entities)
    if running:
        ids["running"] = _run(admin, "running", "full", entities)
    for code, key, raw, findings, state in FINDINGS:
        ids[f"q.{key}"] = one(
            admin,
            "INSERT INTO legacy.quarantine (entity_id, source_key, raw, findings, state, attempts) "
            "VALUES (%s, %s, %s, %s, %s, 2) RETURNING id",
            entities[code],
            key,
            json.dumps(raw),
            json.dumps(findings),
            state,
        )
    ids |= _past(admin)
    ids["reconciliation"] = one(
        admin,
        "INSERT INTO legacy.reconciliation (run_id, module, state, differences) "
        "VALUES (%s, 'sales', 'differences', 1) RETURNING id",
        ids["run"],
    )
    admin.execute(
        "INSERT INTO legacy.reconciliation_line (reconciliation_id, entity, kind, subject, legacy_value, "
        "werkbank_value, difference) VALUES (%s, 'document', 'count', 'records', '100000', '99999', -1)",
        (ids["reconciliation"],),
    )
    return ids


def _servers(admin: Raw) -> int:
    made: int = one(
        admin,
        "INSERT INTO legacy.server (code, kind, title, base_url) "
        "VALUES ('erp', '4d', 'ERP im Haus', 'http://erp-alt:8080') RETURNING id",
    )
    images = one(
        admin,
        "INSERT INTO legacy.server (code, kind, title, base_url, username) "
        "VALUES ('bilder', 'images', 'Bilddienst', 'https://bilder.intern', 'werkbank') RETURNING id",
    )
    for server, opened in ((made, 3), (images, 0)):
        admin.execute(
            "INSERT INTO legacy.server_status (server_id, last_contact_at, last_status, sessions_opened) "
            "VALUES (%s, now() - interval '40 seconds', 'ok', %s)",
            (server, opened),
        )
    admin.execute(
        "UPDATE legacy.lease SET holder = 'u_ralf', client = 'wb-buero-3 (12044)', token = 7, "
        "until_at = now() + interval '30 days' WHERE name = 'sync'"
    )
    return made


def _entities(admin: Raw) -> dict[str, int]:
    found = {}
    for position, (code, module, source, de, en, there, here) in enumerate(ENTITIES):
        found[code] = one(
            admin,
            "INSERT INTO legacy.entity (code, module, source, position, title, source_count, record_count, gone_count, "
            "last_full_at, last_incremental_at, last_sweep_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, "
            "now() - interval '14 hours', now() - interval '4 minutes', now() - interval '2 days') RETURNING id",
            code,
            module,
            source,
            position,
            json.dumps({"de": de, "en": en}),
            there,
            here,
            2 if code == "variant" else 0,
        )
    return found


def _run(admin: Raw, state: str, mode: str, entities: dict[str, int]) -> int:
    running = state == "running"
    run: int = one(
        admin,
        "INSERT INTO legacy.run (mode, state, entities, requested_by, requested_at, started_at, finished_at, leader) "
        "VALUES (%s, %s, %s, 'u_ralf', now() - interval '95 seconds', now() - interval '92 seconds', "
        "CASE WHEN %s THEN NULL ELSE now() - interval '4 seconds' END, 'wb-buero-3 (12044)') RETURNING id",
        mode,
        state,
        list(entities),
        running,
    )
    for position, (code, _module, _source, _de, _en, there, _here) in enumerate(ENTITIES):
        if running and position > 5:
            break
        now = running and position == 5
        read = there * 2 // 5 if now else there
        bad = {"variant": 1, "document": 1, "customer": 1}.get(code, 0)
        admin.execute(
            "INSERT INTO legacy.run_entity (run_id, entity, position, state, total, read_count, created_count, "
            "changed_count, unchanged_count, quarantined_count, protected_count, started_at, finished_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() - interval '90 seconds', "
            "CASE WHEN %s THEN NULL ELSE now() - interval '60 seconds' END)",
            (
                run,
                code,
                position,
                "running" if now else "done",
                there,
                read,
                read - 12 - bad,
                7,
                5,
                bad,
                3 if code == "variant" else 0,
                now,
            ),
        )
    return run


def _past(admin: Raw) -> dict[str, int]:
    partner, number = _partner(admin)
    product = one(admin, "SELECT id FROM catalog.product WHERE state = 'active' ORDER BY id LIMIT 1")
    address = "Zinnstube Rothenburg GmbH\nObere Schmiedgasse 7\n91541 Rothenburg"
    ids: dict[str, int] = {"partner": partner, "product": product}
    for source, kind, paper, day, currency, net, rate in (
        (2572, "invoice", "11418", "1992-06-04", "DEM", "1577.90", "14"),
        (41002, "quote", "30711", "2004-03-12", "EUR", "412.00", "16"),
        (66120, "delivery", "51240", "2015-11-20", "EUR", "980.50", "19"),
        (98331, "credit_note", "70012", "2023-02-03", "EUR", "-45.00", "19"),
        (99874, "invoice", "71933", "2024-11-28", "EUR", "2231.36", "19"),
    ):
        factor = 1.95583 if currency == "DEM" else 1
        tax = round((float(net) + 5.9) * int(rate) / 100, 2)
        gross = round(float(net) + 5.9 + tax, 2)
        document = one(
            admin,
            "INSERT INTO legacy.document (source_id, kind, number, customer_number, partner_id, date, currency, "
            "rate_to_eur, net, freight, handling, tax, gross, net_eur, tax_eur, gross_eur, tax_rate, is_paid, paid_on, "
            "payment_method, shipping_method, net_days, cash_discount_days, cash_discount_pct, delivery_address, "
            "billing_address, remark) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 5.9, 0, %s, %s, %s, %s, %s, %s, "
            "%s, %s, 'auf Rechnung', 'UPS', 30, 8, 2, %s, %s, %s) RETURNING id",
            source,
            kind,
            paper,
            number,
            partner,
            day,
            currency,
            factor,
            net,
            tax,
            gross,
            round(float(net) / factor, 2),
            round(tax / factor, 2),
            round(gross / factor, 2),
            rate,
            source == 2572,
            "1992-07-01" if source == 2572 else None,
            address,
            address,
            "Bitte bruchsicher verpacken" if kind == "invoice" else None,
        )
        ids[f"document.{source}"] = document
        for position, (article, words, qty, price) in enumerate(
            (
                ("11400-BE", "Filigranengel divers, bemalt", 24, "16.40"),
                ("9462-BE", "Tannenbaum mit Kugeln", 48, "8.20"),
            ),
            1,
        ):
            admin.execute(
                "INSERT INTO legacy.document_line (document_id, position, kind, article_number, product_id, "
                "description, "
                "qty, unit_price, discount_pct, amount) VALUES (%s, %s, 'product', %s, %s, %s, %s, %s, 0, %s)",
                (
                    document,
                    position,
                    article,
                    product if position == 1 else None,
                    words,
                    qty,
                    price,
                    float(price) * qty,
                ),
            )
    _works(admin, product, ids)
    return ids


def _partner(admin: Raw) -> tuple[int, str]:
    row = admin.execute(
        "SELECT id, number FROM partners.partner WHERE is_customer ORDER BY id LIMIT 1"
    ).fetchone()
    assert row is not None
    return int(row[0]), str(row[1])


def _works(admin: Raw, product: int, ids: dict[str, int]) -> None:
    mould = one(
        admin,
        "INSERT INTO production.mould (number, name, storage_place) "
        "VALUES ('F-0217', 'Filigranengel, 6-fach', 'LA112') "
        "RETURNING id",
    )
    admin.execute(
        "INSERT INTO production.mould_product (mould_id, article_number, product_id, pieces) "
        "VALUES (%s, '11400', %s, 6)",
        (mould, product),
    )
    order = one(
        admin,
        "INSERT INTO legacy.work_order (number, mould_number, mould_id, qty, state, created_on, due_on, priority) "
        "VALUES ('24117', 'F-0217', %s, 120, 'completed', '2019-09-02', '2019-09-20', 2) RETURNING id",
        mould,
    )
    for line, operation in enumerate(("G", "E", "P"), 1):
        admin.execute(
            "INSERT INTO legacy.work_order_step (work_order_id, line, operation, state, article_number, product_id, "
            "qty_target, qty_done) VALUES (%s, %s, %s, 'completed', '11400', %s, 720, 716)",
            (order, line, operation, product),
        )
    kind = one(
        admin,
        "INSERT INTO inventory.box_type (code, name, maker, slots) "
        "VALUES ('LF532', 'LF 532 blau', 'Schäfer', 3) RETURNING id",
    )
    place = one(admin, "SELECT min(id) FROM inventory.place WHERE kind = 'storage'")
    box = one(
        admin,
        "INSERT INTO inventory.box (code, box_type_id, place_id, state) "
        "VALUES ('SC4711', %s, %s, 'in_use') RETURNING id",
        kind,
        place,
    )
    for number, code in enumerate(("BP", "ZB", "QA"), 1):
        slot = one(
            admin,
            "INSERT INTO inventory.box_slot (box_id, number, code) VALUES (%s, %s, %s) RETURNING id",
            box,
            number,
            code,
        )
        if number < 3:
            admin.execute(
                "INSERT INTO legacy.stock (kind, product_id, box_id, box_slot_id, qty, lot_code) "
                "VALUES ('box', %s, %s, %s, %s, 'CH-19-04')",
                (product, box, slot, 40 * number),
            )
    admin.execute(
        "INSERT INTO legacy.stock (kind, product_id, place_id, qty, reserved_qty) VALUES ('place', %s, %s, 140, 12)",
        (product, place),
    )
    employee = one(
        admin,
        "INSERT INTO legacy.employee (number, name, first_name, city, email, joined_on, hours_per_week) "
        "VALUES ('117', 'Sommer', 'Ulrike', 'Rothenburg', 'u.sommer@werkbank.example', "
        "'2008-04-01', 38.5) RETURNING id",
    )
    admin.execute(
        "INSERT INTO legacy.employee_pay (employee_id, birth_date, monthly) VALUES (%s, '1974-08-12', 3150)",
        (employee,),
    )
    ids |= {"mould": mould, "order": order, "box": box, "employee": employee}
