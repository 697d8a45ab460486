"""The steps of the tour, in their order."""

from app.tour.steps import selling, start
from app.tour.steps.step import Step

STEPS: tuple[Step, ...] = (*start.STEPS, *selling.STEPS)

__all__ = ["STEPS", "Step"]
