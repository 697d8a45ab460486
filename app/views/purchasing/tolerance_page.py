"""How far suppliers may differ from orders: one form over one row."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core.i18n import t
from app.services.purchasing.commands import SaveTolerance
from app.services.purchasing.invoicing import save_tolerance
from app.services.purchasing.tolerance import get_tolerance
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.side_cards import StoryCards
from app.views.purchasing.states import TOLERANCE

TOLERANCE_ID = 1
ZERO, ALL = Decimal(0), Decimal(100)


def _percent(key: str) -> Field:
    label = f"purchasing.tolerance.{key}"
    return Field(key, label, "percent", required=True, minimum=ZERO, maximum=ALL, help=f"{label}_help")


class TolerancePage(FormPage):
    """Over-delivery, price and quantity of invoices."""

    topics = frozenset({"system.note"})
    spec = FormSpec(
        topic=TOLERANCE,
        title="purchasing.tolerance.title",
        icon="sliders-horizontal",
        sections=(Section((_percent("over_receipt_pct"), _percent("price_pct"), _percent("qty_pct"))),),
        load=get_tolerance,
        update_right=f"{TOLERANCE}:update",
        constraints=(
            ("over_receipt_range", "over_receipt_pct"),
            ("tolerance_price_range", "price_pct"),
            ("tolerance_qty_range", "qty_pct"),
        ),
    )

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """There is only one."""
        return t(self.spec.title), None

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self.story = StoryCards(self, self.ctx, TOLERANCE, labels_of(self.spec))
        return self.story.cards

    def shown(self) -> None:
        """Whose notes and history."""
        self.story.show(TOLERANCE_ID, t(self.spec.title))

    def save_call(self, form: FormValues) -> tuple[Any, SaveTolerance]:
        """Only what was changed goes out."""
        values = {key: form.values[key] for key in form.changed}
        return save_tolerance, SaveTolerance(form.id, form.row_version, values)
