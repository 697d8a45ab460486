"""Fields of a dialog in two columns."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QGridLayout

from app.views.core.context import AppContext
from app.views.core.fields import Field, FieldBox
from app.views.core.theme import px


def field_grid(
    ctx: AppContext, fields: Sequence[Field], edited: Callable[[str], None]
) -> tuple[QGridLayout, dict[str, FieldBox]]:
    """A grid of the fields as their spans want it, and the boxes by key; ``edited`` hears which one was changed."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(px("gap_m"))
    grid.setVerticalSpacing(px("gap"))
    boxes: dict[str, FieldBox] = {}
    row, column = 0, 0
    for field in fields:
        box = boxes[field.key] = FieldBox(ctx, field)
        if column + field.span > 2:
            row, column = row + 1, 0
        grid.addWidget(box, row, column, 1, field.span)
        column += field.span
        box.edited.connect(lambda key=field.key: edited(key))
    return grid, boxes
