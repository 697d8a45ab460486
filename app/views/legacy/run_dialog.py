"""What is to run: kind, entities, and for a try a limit or a dry run."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy import writes
from app.services.legacy.commands import MODES, RequestRun
from app.services.legacy.state import State
from app.views.core.buttons import Button
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.fields import Field
from app.views.core.marks import Divider, Label
from app.views.core.theme import px
from app.views.legacy.words import module_words, titled
from app.views.security.form_dialog import FormDialog

FIELDS = (
    Field(
        "mode",
        "legacy.run.mode",
        "choice",
        required=True,
        span=4,
        choices=tuple((mode, f"legacy.run.mode.{mode}") for mode in MODES),
    ),
    Field(
        "limit",
        "legacy.run.limit",
        "number",
        places=0,
        minimum=Decimal(1),
        span=2,
        placeholder="legacy.run.limit_none",
    ),
    Field("since", "legacy.run.since", "date", span=2, help="legacy.run.since_hint"),
    Field("dry_run", "legacy.run.dry_run", "check", span=4),
)


class RunDialog(FormDialog):
    """Asks for a run; it begins as soon as whoever leads has nothing else to do."""

    def __init__(
        self, ctx: AppContext, found: State, chosen: Sequence[str], done: Callable[[int], object]
    ) -> None:
        self._entities = [one for one in found.entities if one.is_enabled and one.source]
        self._boxes: dict[str, CheckBox] = {}

        def save(values: Mapping[str, Any]) -> Any:
            ticked = tuple(code for code, box in self._boxes.items() if box.isChecked())
            entities = () if len(ticked) == len(self._boxes) else ticked
            limit = int(values["limit"]) if values["limit"] is not None else None
            since = values["since"] if values["mode"] == "incremental" else None
            command = RequestRun(str(values["mode"]), entities, limit, since, bool(values["dry_run"]))
            return writes.request_run, command

        def saved(run: int) -> None:
            ctx.navigate.toast(t("legacy.run.requested"))
            done(run)

        first = next(iter(MODES)) if any(one.last_full_at for one in found.entities) else "full"
        super().__init__(
            ctx,
            t("legacy.run.title"),
            t("legacy.run.text"),
            FIELDS,
            save,
            saved,
            icon="circle-play",
            yes="legacy.run.begin",
            values={"mode": first},
        )
        if self._entities:
            self._offer(set(chosen))
        self.boxes["mode"].edited.connect(self._mode_chosen)
        self._mode_chosen()

    def _mode_chosen(self) -> None:
        mode = self.boxes["mode"].value()
        self.boxes["since"].setVisible(mode == "incremental")
        self.boxes["mode"].set_hint(t(f"legacy.run.about.{mode}"))
        self.place()

    def _offer(self, chosen: set[str]) -> None:
        head = QHBoxLayout()
        self._count = Label("", "small600", "text2")
        head.addWidget(self._count, 1)
        for key, words, tick in (("all", "legacy.run.all", True), ("none", "legacy.run.none", False)):
            button = Button(words, kind="link", clicked=partial(self._tick, tick))
            button.setObjectName(f"entities.{key}")
            head.addWidget(button)
        self.body.addWidget(Divider())
        self.body.addLayout(head)
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap_xs"))
        half = (len(self._entities) + 1) // 2
        for number, one in enumerate(self._entities):
            words = titled(one.title, one.code)
            box = CheckBox("legacy.run.entity", words=words.replace("&", "&&"))
            box.setObjectName(f"entity.{one.code}")
            box.setToolTip(f"{module_words(one.module)} · {one.source}")
            box.setChecked(not chosen or one.code in chosen)
            box.toggled.connect(lambda _on: self._counted())
            self._boxes[one.code] = box
            grid.addWidget(box, number % half, number // half)
        area = scrolled(holder)
        area.setFixedHeight(min(half * (px("control_toolbar")), px("row_two") * 6))
        self.body.addWidget(area)
        self._counted()

    def _tick(self, ticked: bool) -> None:
        for box in self._boxes.values():
            box.setChecked(ticked)

    def _counted(self) -> None:
        ticked = sum(box.isChecked() for box in self._boxes.values())
        self._count.setText(
            t("legacy.run.chosen", chosen=fmt.number(ticked), total=fmt.number(len(self._boxes)))
        )
        self.yes.setEnabled(ticked > 0)
