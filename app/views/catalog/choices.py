"""What the forms of the catalogue offer to choose from: read once a session, again when it changes."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject

from app.core.changes import Changes
from app.core.i18n import language
from app.services.catalog.forms import FormChoices, form_choices
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp

TOPICS = frozenset(
    {"catalog.category", "catalog.unit", "catalog.tax_class", "catalog.price_list", "catalog.variant_code"}
)


class _Kept:
    def __init__(self) -> None:
        self.found: dict[str, FormChoices] = {}


_kept: "WeakKeyDictionary[AppContext, _Kept]" = WeakKeyDictionary()


def choices(ctx: AppContext, owner: QObject, show: Callable[[FormChoices], object]) -> None:
    """Give the choices to ``show``: at once when they are known."""
    kept = _kept.setdefault(ctx, _Kept())
    lang = language()
    if lang in kept.found:
        show(kept.found[lang])
        return

    def arrived(found: FormChoices) -> None:
        kept.found[lang] = found
        show(found)

    op: ReadOp[FormChoices] = ReadOp(owner, ctx, form_choices, lang)
    op.replacing("choices").success(arrived).failure(lambda _error: True).start()


def forget(ctx: AppContext, changes: Changes) -> bool:
    """Forget what is known when it is not true any more; says whether it was."""
    if any(change.topic in TOPICS for change in changes):
        _kept.pop(ctx, None)
        return True
    return False
