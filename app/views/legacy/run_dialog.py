"""What is to run: kind, entities, and for a try a limit or a dry run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

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

IMAGES = "images"
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


def offered(found: State) -> tuple[str, ...]:
    """The kinds of run for which there is a server in use; those of the old system while there is none at all."""
    kinds = {server.kind for server in found.servers if server.is_active} or {"4d"}
    return (*(MODES if "4d" in kinds else ()), *((IMAGES,) if IMAGES in kinds else ()))


class RunDialog(FormDialog):
    """Asks for a run; it begins as soon as whoever leads has nothing else to do."""

    def __init__(
        self, ctx: AppContext, found: State, chosen: Sequence[str], done: Callable[[int], object]
    ) -> None:
        # Pictures are a run of their own: they come from another server.
        self._entities = [
            one for one in found.entities if one.is_enabled and one.source and one.module != IMAGES
        ]
        self._rows: QWidget | None = None
        self._boxes: dict[str, CheckBox] = {}

        def save(values: Mapping[str, Any]) -> Any:
            boxes = {} if values["mode"] == IMAGES else self._boxes
            ticked = tuple(code for code, box in boxes.items() if box.isChecked())
            entities = () if len(ticked) == len(boxes) else ticked
            limit = int(values["limit"]) if values["limit"] is not None else None
            since = values["since"] if values["mode"] == "incremental" else None
            command = RequestRun(str(values["mode"]), entities, limit, since, bool(values["dry_run"]))
            return writes.request_run, command

        def saved(run: int) -> None:
            ctx.navigate.toast(t("legacy.run.requested"))
            done(run)

        modes = offered(found)
        codes = {one.code for one in found.entities if one.module == IMAGES}
        first = modes[0] if any(one.last_full_at for one in found.entities) or "full" not in modes else "full"
        if IMAGES in modes and chosen and codes.issuperset(chosen):
            first = IMAGES
        choice = replace(FIELDS[0], choices=tuple((mode, f"legacy.run.mode.{mode}") for mode in modes))
        super().__init__(
            ctx,
            t("legacy.run.title"),
            t("legacy.run.text"),
            (choice, *FIELDS[1:]),
            save,
            saved,
            icon="circle-play",
            yes="legacy.run.begin",
            values={"mode": first},
        )
        if self._entities:
            self._offer(set(chosen) - codes)
        self.boxes["mode"].edited.connect(self._mode_chosen)
        self._mode_chosen()

    def _mode_chosen(self) -> None:
        mode = self.boxes["mode"].value()
        self.boxes["since"].setVisible(mode == "incremental")
        self.boxes["mode"].set_hint(t(f"legacy.run.about.{mode}"))
        if self._rows is not None:
            self._rows.setVisible(mode != IMAGES)
            self._counted()
        self.place()

    def _offer(self, chosen: set[str]) -> None:
        self._rows = QWidget()
        column = QVBoxLayout(self._rows)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self.body.spacing())
        head = QHBoxLayout()
        self._count = Label("", "small600", "text2")
        head.addWidget(self._count, 1)
        for key, words, tick in (("all", "legacy.run.all", True), ("none", "legacy.run.none", False)):
            button = Button(words, kind="link", clicked=partial(self._tick, tick))
            button.setObjectName(f"entities.{key}")
            head.addWidget(button)
        column.addWidget(Divider())
        column.addLayout(head)
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
        column.addWidget(area)
        self.body.addWidget(self._rows)
        self._counted()

    def _tick(self, ticked: bool) -> None:
        for box in self._boxes.values():
            box.setChecked(ticked)

    def _counted(self) -> None:
        ticked = sum(box.isChecked() for box in self._boxes.values())
        self._count.setText(
            t("legacy.run.chosen", chosen=fmt.number(ticked), total=fmt.number(len(self._boxes)))
        )
        self.yes.setEnabled(ticked > 0 or self.boxes["mode"].value() == IMAGES)
