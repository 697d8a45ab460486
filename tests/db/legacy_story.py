"""What people post while the old system moves over, as the story of a working day tells it."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from app.services.images import media
from app.services.images.media import AssignPictures, SetPrimary
from app.services.legacy import cutover, writes
from app.services.legacy.commands import CancelRun, RequestRun, SettleMany, SettleQuarantine
from app.services.legacy.cutover import OpenStock, SetMode, Sign

Post = Callable[[str, str, Callable[..., Any], Any], Any]
_BEFORE = """
INSERT INTO legacy.entity (code, module, target_table) VALUES ('stock', 'inventory', 'legacy.stock');
INSERT INTO legacy.stock (kind, product_id, place_id, qty) VALUES ('place', {product}, {place}, 7);
INSERT INTO legacy.record (entity_id, source_key, target_id)
SELECT e.id, '1', s.id FROM legacy.entity e, legacy.stock s;
INSERT INTO legacy.record (entity_id, source_key, state)
SELECT e.id, k, 'quarantined' FROM legacy.entity e, unnest(ARRAY['2', '3']) k;
INSERT INTO legacy.quarantine (entity_id, source_key) SELECT e.id, k FROM legacy.entity e, unnest(ARRAY['2', '3']) k;
INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('4d', '4d', '4D', 'http://192.0.2.1');
UPDATE legacy.lease SET holder = 'u_ralf', client = 'story', until_at = now() + interval '290 s' WHERE name = 'sync';
INSERT INTO legacy.reconciliation (module, state) VALUES ('inventory', 'clean');
INSERT INTO catalog.picture (source_key, hash, file_hash, said_hash, kind, name)
VALUES ('1', repeat('0', 64), repeat('0', 64), repeat('0', 64), 'Produktfoto', 'Engel');
"""


def story(address: str, post: Post, warehouse: int, place: int, product: int) -> None:
    """The warehouse goes over to Werkbank; a picture finds its product."""
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(sql.SQL(_BEFORE).format(product=sql.Literal(product), place=sql.Literal(place)))
        held = admin.execute("SELECT id FROM legacy.quarantine ORDER BY id").fetchall()
        first, second = (int(row[0]) for row in held)
        found = admin.execute(
            "SELECT (SELECT id FROM legacy.reconciliation), (SELECT id FROM catalog.picture),"
            " (SELECT row_version FROM legacy.module WHERE code = 'inventory')"
        ).fetchone()
    assert found is not None
    compared, picture, version = found

    def boss(word: str, fn: Any, command: Any) -> Any:
        return post("administrator", word, fn, command)

    run = boss("legacy_run_request", writes.request_run, RequestRun("full", limit=10))
    boss("legacy_run_cancel", writes.cancel_run, CancelRun(run))
    boss(
        "legacy_quarantine_set", writes.settle, SettleQuarantine(first, 1, "retry", {"Bestand": 3}, "counted")
    )
    boss("legacy_quarantine_set_many", writes.settle_many, SettleMany((first, second), "ignored", "scrap"))
    boss("legacy_reconciliation_sign", cutover.sign, Sign(compared, 1))
    boss("legacy_module_set", cutover.set_mode, SetMode("inventory", "werkbank", version))
    boss("legacy_opening_stock", cutover.open_stock, OpenStock(warehouse, "Übernahme"))
    post("marketing", "picture_assign", media.assign, AssignPictures((picture,), (product,)))
    with psycopg.connect(address, autocommit=True) as admin:
        image = admin.execute(
            "SELECT id, row_version FROM catalog.product_image WHERE picture_id = %s", (picture,)
        ).fetchone()
    assert image is not None
    post("marketing", "picture_primary", media.set_primary, SetPrimary(*image))
