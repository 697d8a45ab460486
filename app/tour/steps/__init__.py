"""The steps of the tour, in their order."""

from app.tour.steps import billing, closing, making, planning, selling, shipping, start
from app.tour.steps.step import Step

STEPS: tuple[Step, ...] = (
    *start.STEPS,
    *selling.STEPS,
    *planning.STEPS,
    *making.STEPS,
    *shipping.STEPS,
    *billing.STEPS,
    *closing.STEPS,
)

__all__ = ["STEPS", "Step"]
