"""The forms of warehouses, places and lots."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from app.core.changes import Result
from app.core.i18n import t
from app.services.inventory import master, writes
from app.services.inventory.commands import SaveLot, SavePlace, SaveWarehouse
from app.services.inventory.papers import inspection_of_lot
from app.services.inventory.reads import warehouses
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.labelling import label_button
from app.views.core.operation import ReadOp
from app.views.core.papering import paper_button
from app.views.core.side_cards import StoryCards
from app.views.inventory.words import PLACES, kind_choices

Call = tuple[Callable[[Any, Any], Result[Any]], Any]


class _MasterPage(FormPage):
    """Notes and history beside the fields; the code in the head."""

    def __init__(
        self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any] | None = None
    ) -> None:
        self._story: StoryCards | None = None
        super().__init__(ctx, record_id, state)

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self._story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        return self._story.cards

    def shown(self) -> None:
        """Read notes and history of the record."""
        if self._story is not None:
            self._story.show(self.record.id, self.heading()[0])

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Kind and code; whether it is out of use."""
        code = self.record.values.get("code")
        if self.record.id is None or not code:
            return t(f"{self.spec.topic.partition('.')[2]}.new_title"), None
        active = self.record.values.get("is_active", True)
        return f"{t(self.spec.title)} {code}", None if active else ("neutral", t("place.inactive"))

    def defaults(self) -> Mapping[str, Any]:
        """New ones are in use."""
        return {"is_active": True}


class WarehousePage(_MasterPage):
    """A warehouse."""

    spec: ClassVar[FormSpec] = FormSpec(
        "inventory.warehouse",
        "warehouse.one",
        "warehouse",
        (
            Section(
                (
                    Field("code", "warehouse.code", required=True, max_length=12, help="warehouse.code_help"),
                    Field("name", "warehouse.name", required=True, max_length=120, span=2),
                    Field("is_active", "place.is_active", "check"),
                )
            ),
        ),
        load=master.get_warehouse,
        update_right="inventory.warehouse:update",
        create_right="inventory.warehouse:insert",
        constraints=(("warehouse_code_key", "code"),),
    )

    def save_call(self, form: FormValues) -> Call:
        """Save the warehouse."""
        return writes.save_warehouse, SaveWarehouse(form.id, form.row_version or None, form.values)


class PlacePage(_MasterPage):
    """A storage place; its warehouse stays once it exists."""

    spec: ClassVar[FormSpec] = FormSpec(
        "inventory.place",
        "place.one",
        "map-pin",
        (
            Section(
                (
                    Field(
                        "warehouse_id", "stock.col.warehouse", "choice", required=True, text_key="warehouse"
                    ),
                    Field("code", "place.code", required=True, max_length=40, help="place.code_help"),
                    Field("name", "place.name", max_length=120, span=2),
                    Field("kind", "place.kind", "choice", required=True, choices=kind_choices(PLACES)),
                    Field("is_active", "place.is_active", "check"),
                )
            ),
        ),
        load=master.get_place,
        update_right="inventory.place:update",
        create_right="inventory.place:insert",
        constraints=(("place_code_once_per_warehouse", "code"), ("place_not_empty", "is_active")),
    )

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Its labels."""
        return (label_button("place"),)

    def defaults(self) -> Mapping[str, Any]:
        """A place to store at."""
        return {"is_active": True, "kind": "storage"}

    def shown(self) -> None:
        """Offer the warehouses to a new place."""
        super().shown()
        self.boxes["warehouse_id"].set_read_only(self.record.id is not None or self.read_only)
        if self.record.id is not None:
            return
        op = ReadOp(self, self.ctx, warehouses).replacing("warehouses")
        op.success(
            lambda rows: self.set_choices(
                "warehouse_id", [(row.id, f"{row.code} {row.name}") for row in rows]
            )
        ).start()

    def save_call(self, form: FormValues) -> Call:
        """Save the place; of an existing one not the warehouse."""
        values = dict(form.values)
        if form.id is not None:
            values.pop("warehouse_id")
        return writes.save_place, SavePlace(form.id, form.row_version or None, values)


class LotPage(_MasterPage):
    """A lot: only its expiry can be changed."""

    spec: ClassVar[FormSpec] = FormSpec(
        "inventory.lot",
        "lot.one",
        "tags",
        (
            Section(
                (
                    Field("code", "lot.code", "readonly"),
                    Field("product_id", "stock.col.product", "readonly", text_key="product", span=2),
                    Field("on_hand", "stock.col.on_hand", "readonly", shown_as="quantity"),
                    Field("expires_on", "stock.col.expires", "date", help="lot.expires_help"),
                )
            ),
        ),
        load=master.get_lot,
        update_right="inventory.lot:update",
    )

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Its labels; a sheet to inspect it by."""
        return (label_button("lot"), paper_button("inspection_sheet", inspection_of_lot))

    def save_call(self, form: FormValues) -> Call:
        """Save until when the lot may be used."""
        assert form.id is not None
        return writes.save_lot, SaveLot(form.id, form.row_version, form.values["expires_on"])
