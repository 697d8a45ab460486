"""A product as a form."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.core.changes import Changes
from app.core.clock import today
from app.core.errors import Invalid
from app.core.i18n import language, t
from app.services.catalog import forms, rules, writes
from app.services.catalog.commands import CreateVariant, Discard, SetImage
from app.services.catalog.forms import FormChoices, ProductForm, SaveProductForm
from app.services.legacy.past import of_product
from app.services.purchasing.awaited import of_product as of_ordered
from app.views.catalog.gallery import GalleryCard
from app.views.catalog.product_cards import FamilyCard, StockCard, read_file
from app.views.catalog.product_spec import CREATE, SPEC, ZERO
from app.views.catalog.variant_dialog import VariantDialog
from app.views.catalog.words import (
    CHOICES,
    PRICE_STATES,
    PRODUCT,
    price_state,
)
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.form_model import (
    FormAction,
    FormValues,
    Mine,
    labels_of,
    line_changes,
)
from app.views.core.forms import FormPage
from app.views.core.labelling import label_button
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.side_cards import StoryCards
from app.views.core.values import error_text
from app.views.legacy.past_card import RIGHT as PAST
from app.views.legacy.past_card import PastCard
from app.views.purchasing.awaited_card import RIGHT as ORDERED
from app.views.purchasing.awaited_card import AwaitedCard

STOCK = "inventory.stock_level"
STATE_CHIPS = {"active": "ok", "phase_out": "neutral", "discontinued": "neutral", "placeholder": "note"}
COPIED = (
    "name",
    "name_en",
    "description",
    "description_en",
    "family_id",
    "category_id",
    "unit_id",
    "tax_class_id",
    "is_made",
    "is_bought",
    "is_sold",
    "is_stocked",
    "is_lot_tracked",
    "weight_g",
    "reorder_point",
    "size",
    "color",
)


class ProductPage(FormPage):
    """Everything there is to say about a product."""

    topics = frozenset({STOCK}) | CHOICES.topics
    spec = SPEC

    def __init__(self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any]) -> None:
        self._choices: FormChoices | None = None
        self._image: bytes | None = None
        self._sent: dict[str, list[int]] = {}
        super().__init__(ctx, record_id, state)

    # -- what is there ------------------------------------------------------------------------------------------

    @property
    def product(self) -> ProductForm | None:
        """The product as it is stored, None for a new one."""
        return cast("ProductForm | None", self.record.raw)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """SKU and name, and the state."""
        product = self.product
        if product is None:
            return t("catalog.product.new"), None
        state = (STATE_CHIPS[product.state], t(f"catalog.state.{product.state}"))
        name = (product.name_en if language() == "en" else None) or product.name
        return f"{product.sku} {name}"[:120], state

    def subtitle(self) -> str:
        """Finish, category, family."""
        product = self.product
        if product is None:
            return ""
        finish = self._choices.variants.get(product.variant_code or "") if self._choices else None
        return " · ".join(part for part in (finish, product.category, product.family) if part)

    def picture(self) -> Any:
        """The product itself."""
        product = self.product
        return (product.image_id, product.image_hash) if product is not None and product.image_id else None

    def tab_title(self) -> str:
        """The SKU alone."""
        return self.product.sku if self.product is not None else t("catalog.product.new")

    def defaults(self) -> Mapping[str, Any]:
        """What a new product usually is."""
        return {
            "state": "active",
            "is_sold": True,
            "is_stocked": True,
            "is_made": True,
            "reorder_point": ZERO,
        }

    # -- building -----------------------------------------------------------------------------------------------

    def cards(self) -> Sequence[QWidget]:
        """Picture, stock, family, the years before, notes and history."""
        self.picture_card = GalleryCard(self.ctx)
        self.picture_card.chosen.connect(self.take_picture)
        self.picture_card.removed.connect(self.remove_picture)
        self.picture_card.primary_set.connect(self._primary_set)
        self.stock = StockCard(self.ctx)
        self.family = FamilyCard(self.ctx)
        self.family.variant_wanted.connect(self.new_variant)
        self.family.family_wanted.connect(self.open_family)
        self.past = PastCard(self.ctx, of_product, "product") if self.ctx.profile.can(PAST) else None
        self.story = StoryCards(self, self.ctx, PRODUCT, labels_of(self.spec))
        self.awaited = AwaitedCard(self.ctx, of_ordered) if self.ctx.profile.can(ORDERED) else None
        own = [card for card in (self.awaited, self.past) if card is not None]
        return (self.picture_card, self.stock, self.family, *own, *self.story.cards)

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget's own are not used here
        """Labels, variant, copy."""
        return (
            label_button("product"),
            FormAction(
                "new_variant",
                "catalog.variant.new",
                "layers",
                lambda page: page.new_variant(),
                "menu",
                right=CREATE,
                visible=lambda page: page.record.id is not None,
            ),
            FormAction(
                "duplicate",
                "catalog.product.duplicate",
                "copy",
                lambda page: page.duplicate(),
                "menu",
                right=CREATE,
                visible=lambda page: page.record.id is not None,
            ),
        )

    # -- showing ------------------------------------------------------------------------------------------------

    def shown(self) -> None:
        """A record was put into the form."""
        product = self.product
        may_image = self.ctx.profile.can("catalog.product_image:insert") and not self.read_only
        self.picture_card.show_product(
            product,
            live=may_image,
            removable=self.ctx.profile.can("catalog.product_image:discard"),
        )
        if product is None and self._image is not None:
            self.picture_card.field.show_chosen(QImage.fromData(self._image))
        self.stock.show_product(product)
        self.family.setVisible(product is not None)
        self.family.show_variants(
            self.record.id, product.variants if product else (), product.unit if product else ""
        )
        if self.awaited is not None:
            self.awaited.show_record(self.record.id if product is not None and product.is_bought else None)
        if self.past is not None:
            self.past.show_record(self.record.id, article=product.sku if product is not None else "")
        self.story.show(self.record.id, self.heading()[0])
        for table in self.tables:
            for number in range(len(self.tables[table].model.lines)):
                self._line_state(table, number)
        self._hints()
        CHOICES.give(self.ctx, self, self._offer)

    def _offer(self, found: FormChoices) -> None:
        self._choices = found
        self.set_choices("category_id", found.categories)
        self.set_choices("unit_id", [(row[0], row[1]) for row in found.units])
        self.set_choices("tax_class_id", found.tax_classes)
        if "prices" in self.tables:
            self.tables["prices"].set_choices("price_list_id", found.price_lists)
        if self.record.id is None:
            # The first of each: what most products have.
            self._preselect("unit_id", [row[0] for row in found.units])
            self._preselect("tax_class_id", [row[0] for row in found.tax_classes])
        self._hints()
        self.touched(typed=False)

    def _preselect(self, key: str, ids: Sequence[int]) -> None:
        """Propose a value for a new record; a proposal is nothing the user would have to save."""
        if ids and self.record.values.get(key) is None and self.value(key) is None:
            self.record = replace(self.record, values={**self.record.values, key: min(ids)})
            self.boxes[key].set_value(min(ids))

    def _hints(self) -> None:
        """What the SKU means, and what stands in for texts that are missing."""
        base, code = rules.split_sku(str(self.value("sku") or "").strip())
        hint = ""
        if code:
            meaning = self._choices.variants.get(code) if self._choices else None
            words = f"{code} ({meaning})" if meaning else code
            hint = t("catalog.product.split", base=base, variant=words)
        self.boxes["sku"].set_hint(hint)
        missing = not self.value("name_en") and bool(self.value("name"))
        self.boxes["name_en"].set_hint(t("catalog.product.fallback_name") if missing else "")
        german, english = self.value("description"), self.value("description_en")
        inherited = self.product.family_description if self.product is not None else None
        self.boxes["description"].set_hint(
            t("catalog.product.fallback_family") if not german and inherited else ""
        )
        self.boxes["description_en"].set_hint(
            t("catalog.product.fallback_text") if not english and (german or inherited) else ""
        )

    def _decimals(self) -> int:
        unit = self.value("unit_id")
        found = self._choices.units if self._choices else ()
        return next((row[2] for row in found if row[0] == unit), rules.QUANTITY_PLACES)

    def on_changes(self, changes: Changes) -> None:
        """Choices that changed are read again with the product; stock alone never touches what is typed."""
        CHOICES.forget(self.ctx, changes)
        if self.record.id is not None and all(change.topic == STOCK for change in changes):
            op: ReadOp[ProductForm] = ReadOp(self, self.ctx, forms.load_product, self.record.id, language())
            op.replacing("stock").success(self._show_stock).failure(lambda _error: True).start()
        else:
            super().on_changes(changes)

    def _show_stock(self, product: ProductForm) -> None:
        self.stock.show_product(product)
        self.family.show_variants(product.id, product.variants, product.unit)

    # -- typing -------------------------------------------------------------------------------------------------

    def value_changed(self, key: str) -> None:
        """Hints follow what is typed."""
        if key in ("sku", "name", "name_en", "description", "description_en"):
            self._hints()

    def table_changed(self, table: str, number: int, key: str) -> None:
        """A new line begins today; its state follows its dates."""
        line = self.tables[table].model.lines[number]
        if line.get("id") is None and line.get("valid_from") is None and key != "valid_from":
            self.tables[table].put(number, valid_from=today())
        self._line_state(table, number)

    def _line_state(self, table: str, number: int) -> None:
        if table != "prices":
            return
        editor = self.tables[table]
        line = editor.model.lines[number]
        if line.get("valid_from") is None:
            editor.put(number, status=None)
            return
        state = price_state(line["valid_from"], line.get("valid_to"), today())
        kind, words = PRICE_STATES[state]
        editor.put(number, status=("neutral" if kind == "info" else kind, t(words)))

    def check(self, mine: Mine) -> Mapping[str, str]:
        """Quantities have no more decimals than the unit."""
        reorder = mine.values.get("reorder_point")
        if reorder is not None and self._choices is not None:
            places = self._decimals()
            if reorder != round(reorder, places):
                return {"reorder_point": error_text(Invalid("too_many_places", places=places, value=reorder))}
        return {}

    # -- saving -------------------------------------------------------------------------------------------------

    def save_call(self, form: FormValues) -> tuple[Any, SaveProductForm]:
        """What was changed; of a new product whatever is filled in."""
        if form.id is None:
            values = {key: value for key, value in form.values.items() if value not in (None, "")}
        else:
            values = {key: form.values[key] for key in form.changed}
        values = {key: value for key, value in values.items() if key in self.boxes and not self._untold(key)}
        done: dict[str, Any] = {}
        for key, editor in self.tables.items():
            before = self.record.tables.get(key, ())
            changes, removed = line_changes(before, form.tables.get(key, ()), editor.spec.stored)
            self._sent[key] = [change.number for change in changes]
            done[key] = tuple(
                forms.LineChange(change.id, change.row_version, _typed(change.values)) for change in changes
            )
            done[f"removed_{key}"] = tuple(removed)
        version = form.row_version if form.id is not None else None
        return forms.save_product_form, SaveProductForm(form.id, version, values, image=self._image, **done)

    def _untold(self, key: str) -> bool:
        """Whether a field is not this person's to save."""
        return self.boxes[key].read_only

    def _save_failed(self, error: BaseException) -> object:
        """What is wrong with a price is shown in its cell."""
        if isinstance(error, Invalid):
            table, line = str(error.params.get("table", "")), error.params.get("line")
            editor = self.tables.get(table)
            column = error.params.get("column")
            cells = {item.key for item in editor.spec.columns} if editor is not None else set()
            if editor is not None and isinstance(line, int) and column in cells:
                self._after_save.clear()
                editor.set_refused(self._sent[table][line], str(column), error_text(error))
                return True
        return super()._save_failed(error)

    def _saved(self, draft_key: str, value: Any) -> None:
        self._image = None
        super()._saved(draft_key, value)

    # -- picture ------------------------------------------------------------------------------------------------

    def take_picture(self, path: str) -> None:
        """Store a picture at once; with a new product it waits for the first save."""
        try:
            content = read_file(path)
        except OSError:
            show_error(self, self.ctx, Invalid("image_unreadable", column="image"))
            return
        if self.record.id is None:
            image = QImage.fromData(content)
            if image.isNull():
                show_error(self, self.ctx, Invalid("image_unreadable", column="image"))
                return
            self._image = content
            self.picture_card.field.show_chosen(image)
            return
        op = WriteOp(self, self.ctx, writes.set_image, SetImage(self.record.id, content))
        op.labelled(t("catalog.picture.saving")).success(self._picture_done).start()

    def remove_picture(self) -> None:
        """Take the picture that is shown away; the next best takes its place."""
        picture = self.picture_card.selected
        if picture is None:
            return
        command = Discard(picture.id, picture.row_version)
        op: WriteOp[None] = WriteOp(self, self.ctx, writes.discard_image, command)
        op.success(self._picture_gone).start()

    def _picture_gone(self, _value: object) -> None:
        self.ctx.navigate.toast(t("catalog.picture.removed"))
        self.refresh()

    def _primary_set(self) -> None:
        self.ctx.navigate.toast(t("media.primary.done"))
        self.refresh()

    def _picture_done(self, _value: object) -> None:
        self.ctx.navigate.toast(t("catalog.picture.saved"))
        self.refresh()

    # -- others -------------------------------------------------------------------------------------------------

    def duplicate(self) -> None:
        """A new product like this one, with today's prices."""
        preset: dict[str, Any] = {key: self.value(key) for key in COPIED}
        preset["family_id_words"] = self.boxes["family_id"].words
        keys = ("price_list_id", "min_qty", "amount")
        if "prices" in self.tables:
            preset["prices"] = [
                {**{key: line.get(key) for key in keys}, "valid_from": today()}
                for line in self.tables["prices"].model.lines
                if price_state(line.get("valid_from"), line.get("valid_to"), today()) == "current"
            ]
        self.ctx.navigate.new_record(PRODUCT, **preset)

    def new_variant(self) -> None:
        """Another variant of the family: only its SKU is asked for."""
        product = self.product
        if product is None:
            return
        taken = frozenset(entry.sku for entry in product.variants) | {product.sku}
        codes = self._choices.variants if self._choices else {}

        def make(sku: str) -> None:
            op = WriteOp(self, self.ctx, writes.create_variant, CreateVariant(product.id, sku))
            op.success(lambda saved: self.ctx.navigate.open_record(PRODUCT, saved.id)).start()

        self.save(lambda: VariantDialog(self, product.base_sku, codes, taken, make).open())

    def open_family(self) -> None:
        """The family's own form."""
        if self.product is not None and self.product.family_id is not None:
            self.ctx.navigate.open_record("catalog.family", self.product.family_id)


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Cells as the service wants them: days are whole."""
    done = dict(values)
    if done.get("lead_days") is not None:
        done["lead_days"] = int(done["lead_days"])
    return done
