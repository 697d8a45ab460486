"""Bills of materials of the demo company, drafted and approved by its planner."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.core.db import call_api
from app.models.engineering import Bom, BomLine
from app.models.production import ScrapReason
from app.services.demo.data import articles
from app.services.demo.house import House, command_id


def bills(house: House) -> None:
    """One approved version per product; the alloy and the sets have a draft of the next one."""
    ids = house.products()
    made = [article for article in articles() if article.parts]
    start = date(house.today.year - 1, 1, 1)
    reasons = [
        ("GUSS", "Gussfehler", "Casting defect"),
        ("BRUCH", "Bruch beim Entformen", "Broken on release"),
        ("FARBE", "Fehler in der Bemalung", "Painting defect"),
        ("MASS", "Maßabweichung", "Out of tolerance"),
    ]

    def work(session: Session) -> None:
        session.execute(
            insert(ScrapReason), [{"code": code, "name_de": de, "name_en": en} for code, de, en in reasons]
        )
        versions: list[dict[str, Any]] = [
            {
                "product_id": ids[a.sku],
                "version": 1,
                "output_qty": a.output,
                "valid_from": start,
                "valid_to": None,
                "remark": None,
            }
            for a in made
        ]
        versions += [
            {
                "product_id": ids[sku],
                "version": 2,
                "output_qty": Decimal(1),
                "valid_from": house.day(40),
                "valid_to": None,
                "remark": "Neue Verpackung, noch nicht freigegeben",
            }
            for sku in ("13900", "11900")
        ]
        found = session.execute(
            insert(Bom).returning(Bom.product_id, Bom.version, Bom.id, Bom.row_version), versions
        ).all()
        keys = {(product, version): key for product, version, key, _ in found}
        lines = [
            {
                "bom_id": keys[ids[a.sku], version],
                "position": 10 * (number + 1),
                "product_id": ids[sku],
                "qty": qty,
                "scrap_pct": scrap,
            }
            for a in made
            for version in (1, 2)
            if (ids[a.sku], version) in keys
            for number, (sku, qty, scrap) in enumerate(a.parts)
        ]
        session.execute(insert(BomLine), lines)
        for product, version, key, row_version in found:
            if version == 1:
                call_api(
                    session,
                    "bom_approve",
                    p_command=command_id("bom", product),
                    p_id=key,
                    p_row_version=row_version,
                )

    house.write("u_tomas", work)
