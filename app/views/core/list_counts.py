"""How many rows each preset of a list has, read in the background in one round trip."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core import format as fmt
from app.core.i18n import language
from app.core.paging import ListQuery, count_pages
from app.views.core.list_spec import ListSpec
from app.views.core.operation import ReadOp

if TYPE_CHECKING:
    from app.views.core.context import AppContext


class PresetCounts(QObject):
    """The numbers behind the presets that ask for one.

    Signals:
        arrived: a number is different now.
    """

    arrived = Signal()

    def __init__(self, owner: QObject, ctx: "AppContext", spec: ListSpec) -> None:
        super().__init__(owner)
        self._ctx, self._spec = ctx, spec
        self._fresh = False
        self.words: dict[str, str] = {}

    def stale(self) -> None:
        """Something changed; the next `read` reads again."""
        self._fresh = False

    def read(self) -> None:
        """Read the numbers unless they are fresh."""
        if self._fresh:
            return
        self._fresh = True
        if self._spec.counts is not None:
            read = ReadOp(self, self._ctx, self._spec.counts).replacing("counts")
            read.success(self._all_counted).failure(lambda _error: True).start()
            return
        queries = {
            preset.key: ListQuery(filters=preset.filters, preset=preset.key, limit=1, language=language())
            for preset in self._spec.presets
            if preset.count
        }
        if queries:
            counting = ReadOp(
                self, self._ctx, count_pages, self._spec.fetch, tuple(queries.values())
            ).replacing("counts")
            counting.success(lambda found: self._counted(tuple(queries), found))
            counting.failure(lambda _error: True).start()

    def _all_counted(self, found: Mapping[str, int]) -> None:
        self.words = {key: fmt.number(number) for key, number in found.items()}
        self.arrived.emit()

    def _counted(self, keys: Sequence[str], found: Sequence[tuple[int, bool]]) -> None:
        for key, (number, exact) in zip(keys, found, strict=True):
            self.words[key] = fmt.number(number) if exact else f"> {fmt.number(number)}"
        self.arrived.emit()
