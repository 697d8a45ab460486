"""Labels: the time for one of each kind, for a label printer and as PDF, when the first has been made."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from app.services.labels import catalogue, pdf, zpl
from app.services.labels.design import Design
from app.services.labels.layout import Label, lay_out
from app.services.labels.sheets import all_sheets

CALLS = 20


def run(*, small: bool) -> dict[str, Any]:
    """Milliseconds a label, the median: laid out, drawn and packed; and for whole sheets, per label on it."""
    calls = CALLS // 4 if small else CALLS
    figures: dict[str, Any] = {}
    for topic in catalogue.TOPICS:
        for design in catalogue.designs(topic).values():
            for density in design.densities:
                figures[f"{design.key}_zpl_{density}_ms"] = _median(partial(_zpl, design, density), calls)
            figures[f"{design.key}_pdf_ms"] = _median(partial(_pdf, design), calls)
    sheet = all_sheets()["a4_3x8_70x36"]
    labels = [_laid_out(catalogue.designs("product")["product_70x36"], 600)] * sheet.count
    figures["sheet_of_24_per_label_ms"] = round(
        _median(lambda: pdf.on_sheets(labels, sheet), calls) / sheet.count, 2
    )
    return figures


def _laid_out(design: Design, density: int) -> Label:
    return lay_out(design, catalogue.sample(design.topic), density=density)


def _zpl(design: Design, density: int) -> bytes:
    return zpl.zpl(_laid_out(design, density))


def _pdf(design: Design) -> bytes:
    return pdf.pages([_laid_out(design, 600)])


def _median(work: Callable[[], object], calls: int) -> float:
    work()
    taken = []
    for _ in range(calls):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return round(statistics.median(taken) * 1000, 2)
