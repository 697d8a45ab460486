"""The chapters of the tour, and the steps of each in their order."""

from app.tour.steps import (
    billing,
    closing,
    images,
    legacy,
    making,
    paper_documents,
    paper_invoices,
    paper_labels,
    paper_printing,
    paper_scanning,
    planning,
    security_asking,
    security_devices,
    security_hidden,
    security_house,
    security_joining,
    security_roles,
    security_signing_in,
    selling,
    shipping,
    start,
)
from app.tour.steps.step import Step

WORK: tuple[Step, ...] = (
    *start.STEPS,
    *selling.STEPS,
    *planning.STEPS,
    *making.STEPS,
    *shipping.STEPS,
    *billing.STEPS,
    *closing.STEPS,
)

SECURITY: tuple[Step, ...] = (
    *security_house.STEPS,
    *security_joining.STEPS,
    *security_signing_in.STEPS,
    *security_roles.GRANTING,
    *security_asking.STEPS,
    *security_devices.STEPS,
    *security_hidden.STEPS,
    *security_roles.REVIEWING,
)
PAPER: tuple[Step, ...] = (
    *paper_printing.STEPS,
    *paper_labels.STEPS,
    *paper_scanning.STEPS,
    *paper_printing.QUEUE,
    *paper_scanning.PICKING,
    *paper_scanning.ARRIVING,
    *paper_documents.STEPS,
    *paper_invoices.STEPS,
    *paper_documents.ARCHIVE,
)
CHAPTERS: dict[str, tuple[Step, ...]] = {
    "work": WORK,
    "security": SECURITY,
    "images": images.STEPS,
    "legacy": legacy.STEPS,
    "paper": PAPER,
}

__all__ = ["CHAPTERS", "Step"]
