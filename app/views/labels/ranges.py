"""Number ranges: where the house's article numbers (EAN) and shipping numbers (SSCC) come from."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from app.core.changes import Result
from app.core.i18n import t
from app.services.labels import reads, writes
from app.services.labels.commands import SaveRange
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.side_cards import StoryCards
from app.views.core.table_model import Column

TOPIC = "labels.number_range"
KINDS = (("ean13", "labels.range.ean13"), ("ean8", "labels.range.ean8"), ("sscc", "labels.range.sscc"))
_ACTIVE = {True: ("ok", "labels.range.active"), False: ("neutral", "labels.range.closed")}

SPEC = ListSpec(
    key="labels.ranges",
    title="labels.ranges.title",
    icon="hash",
    fetch=reads.list_ranges,
    topics=frozenset({TOPIC}),
    presets=(Preset("active", "labels.range.preset_active"), Preset("all", "kit.list.all")),
    columns=(
        Column("name", "labels.range.name", "bold", 220, stretch=True, filter="contains"),
        Column(
            "kind",
            "labels.range.kind",
            width=130,
            filter="choice",
            choices=KINDS,
            text=lambda row: t(f"labels.range.{row.kind}"),
        ),
        Column("prefix", "labels.range.prefix", "code", 130, filter="prefix"),
        Column("issued", "labels.range.issued", "quantity", 110),
        Column("left", "labels.range.left", "quantity", 130),
        Column("is_active", "labels.range.state", "chip", 110, chips=_ACTIVE),
    ),
    primary=ListAction(
        "new",
        "labels.range.new",
        lambda ctx, _rows: ctx.navigate.new_record(TOPIC),
        "plus",
        right=f"{TOPIC}:insert",
        shortcut="Ctrl+N",
    ),
    empty=Empty("labels.range.empty", "labels.range.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(TOPIC, row.id),
    sort="name",
)


def ranges_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, SPEC, state)


def load(session: Any, range_id: int, _language: str) -> dict[str, Any]:
    """One range."""
    row = reads.get_range(session, range_id)._asdict()
    return {
        key: Decimal(value) if key in ("first_serial", "last_serial", "issued", "left") else value
        for key, value in row.items()
    }


class RangePage(FormPage):
    """A number range; prefix and kind stay once it exists."""

    spec: ClassVar[FormSpec] = FormSpec(
        TOPIC,
        "labels.range.one",
        "hash",
        (
            Section(
                (
                    Field("name", "labels.range.name", required=True, max_length=80, span=2),
                    Field("kind", "labels.range.kind", "choice", required=True, choices=KINDS),
                    Field("is_active", "labels.range.active", "check"),
                    Field(
                        "prefix",
                        "labels.range.prefix",
                        required=True,
                        max_length=16,
                        help="labels.range.prefix_help",
                    ),
                    Field("first_serial", "labels.range.first", "number", required=True, places=0),
                    Field("last_serial", "labels.range.last", "number", required=True, places=0),
                    Field("issued", "labels.range.issued", "readonly", shown_as="quantity"),
                    Field("left", "labels.range.left", "readonly", shown_as="quantity"),
                )
            ),
        ),
        load=load,
        update_right=f"{TOPIC}:update",
        create_right=f"{TOPIC}:insert",
        constraints=(
            ("number_range_prefix", "prefix"),
            ("number_range_once", "prefix"),
            ("number_range_serials", "last_serial"),
            ("number_range_issued", "last_serial"),
            ("uq_number_range_active", "is_active"),
        ),
    )

    def defaults(self) -> Mapping[str, Any]:
        """An internal EAN-13: numbers that begin with 2 are every house's own."""
        return {
            "kind": "ean13",
            "is_active": True,
            "prefix": "20",
            "first_serial": Decimal(1),
            "last_serial": Decimal(999999),
        }

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Its name; whether numbers are given from it."""
        if self.record.id is None or not self.record.values.get("name"):
            return t("labels.range.new"), None
        kind, words = _ACTIVE[bool(self.record.values.get("is_active"))]
        return str(self.record.values.get("name")), (kind, t(words))

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self._story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        return self._story.cards

    def shown(self) -> None:
        """What numbers were given with stays."""
        for key in ("kind", "prefix", "first_serial"):
            self.boxes[key].set_read_only(self.record.id is not None or self.read_only)
        if self.record.id is not None:
            self._story.show(self.record.id, self.heading()[0])

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the range."""
        keys = ("name", "is_active", "last_serial")
        values = {
            key: form.values[key]
            for key in (keys if form.id is not None else (*keys, "kind", "prefix", "first_serial"))
        }
        for key in ("first_serial", "last_serial"):
            if key in values:
                values[key] = int(values[key])
        return writes.save_range, SaveRange(form.id, form.row_version or None, values)
