"""Families of variants: list, pane, form."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import language, t
from app.services.catalog import rules, writes
from app.services.catalog.commands import SaveFamily
from app.services.catalog.forms import FormChoices
from app.services.catalog.lists import (
    FamilyForm,
    FamilyListRow,
    VariantRow,
    family_variants,
    list_families,
    load_family,
)
from app.views.catalog.product_cards import FamilyCard
from app.views.catalog.products import category_choices
from app.views.catalog.words import CHOICES, FAMILY, PRODUCT, picture_key, ruled
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, Picture, cells_row, section, text_row
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.importing import import_action
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.operation import ReadOp
from app.views.core.side_cards import StoryCards
from app.views.core.table_model import Column
from app.views.core.workspace import TabPage

CREATE, UPDATE = "catalog.family:insert", "catalog.family:update"


class FamilyPane(DetailPane):
    """The variants of a family."""

    def __init__(self, ctx: AppContext, row: FamilyListRow) -> None:
        super().__init__()
        self.setObjectName("detail")
        self._ctx = ctx
        opened = IconButton(
            "external-link", "kit.list.open", clicked=lambda: ctx.navigate.open_record(FAMILY, row.id)
        )
        opened.setObjectName("detail.open")
        self.head(
            row.code,
            row.name,
            chips=[("neutral", t("catalog.family.variants_n", n=row.variants))],
            note=row.category or "",
            picture=Picture(ctx.images, picture_key(row)),
            actions=[opened],
        )
        self._box = self.tab("variants", t("catalog.tab.variants"))
        op: ReadOp[list[VariantRow]] = ReadOp(self, ctx, family_variants, row.id, language())
        op.success(self._show_variants).start()

    def _show_variants(self, rows: Sequence[VariantRow]) -> None:
        self._box.addWidget(section(t("catalog.tab.variants")))
        for row in rows:
            self._box.addWidget(
                cells_row(
                    (
                        (row.sku, "body500", "left"),
                        (row.variant or row.name, "body", "left"),
                        (fmt.quantity(row.on_hand), "body600", "right"),
                    ),
                    (4, 6, 3),
                )
            )
        if not rows:
            self._box.addWidget(text_row(t("catalog.pane.no_variants"), style="small", color="text3"))


FAMILIES = ListSpec(
    key="catalog.families",
    title="catalog.families.title",
    icon="layers",
    columns=(
        Column("image", "", "thumb", width=44, sortable=False, exported=False, value=picture_key),
        Column("code", "catalog.field.family_code", "code", width=110, filter="prefix"),
        Column("name", "catalog.column.name", "bold", width=220, stretch=True, filter="contains"),
        Column("category", "catalog.column.category", width=140, filter="choice", choices=category_choices),
        Column("variants", "catalog.tab.variants", "number", width=96, filter="min"),
        Column("on_hand", "catalog.column.on_hand", "quantity", width=96, filter="min"),
    ),
    fetch=list_families,
    topics=frozenset({FAMILY, PRODUCT}),
    primary=ListAction(
        "new", "catalog.family.new_button", lambda ctx, _: ctx.navigate.new_record(FAMILY), "plus", CREATE
    ),
    more=(import_action("families", CREATE),),
    row_height="row_thumb",
    empty=Empty("catalog.families.empty_title", "catalog.families.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(FAMILY, row.id),
    detail=FamilyPane,
    sort="code",
)


class FamilyPage(FormPage):
    """What the variants of a family have in common."""

    topics = frozenset({PRODUCT}) | CHOICES.topics
    spec = FormSpec(
        topic=FAMILY,
        title="catalog.family.type",
        icon="layers",
        sections=(
            Section(
                (
                    Field(
                        "code",
                        "catalog.field.family_code",
                        required=True,
                        span=2,
                        max_length=40,
                        validate=ruled(lambda value: rules.check_text(value, "code", 40)),
                    ),
                    Field("category_id", "catalog.field.category", "choice", span=2),
                    Field(
                        "name",
                        "catalog.field.name",
                        required=True,
                        span=2,
                        max_length=200,
                        validate=ruled(rules.check_name),
                    ),
                    Field("name_en", "catalog.field.name_en", span=2, max_length=200),
                    Field(
                        "description",
                        "catalog.field.description_shared",
                        "multiline",
                        span=4,
                        max_length=10_000,
                        help="catalog.family.description_help",
                    ),
                )
            ),
        ),
        load=load_family,
        update_right=UPDATE,
        create_right=CREATE,
        constraints=(
            ("family_code_key", "code"),
            ("family_code_not_blank", "code"),
            ("family_name_not_blank", "name"),
        ),
    )

    @property
    def family(self) -> FamilyForm | None:
        """The family as it is stored."""
        return cast("FamilyForm | None", self.record.raw)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Code and name."""
        family = self.family
        return (f"{family.code} {family.name}"[:120] if family else t("catalog.family.new")), None

    def tab_title(self) -> str:
        """The code alone."""
        return self.family.code if self.family else t("catalog.family.new")

    def cards(self) -> Sequence[QWidget]:
        """Variants, notes, history."""
        self.variants = FamilyCard(self.ctx, of_family=True)
        self.variants.variant_wanted.connect(self.new_product)
        self.story = StoryCards(self, self.ctx, FAMILY, labels_of(self.spec))
        return (self.variants, *self.story.cards)

    def extend(self, column: QVBoxLayout) -> None:
        """Nothing below the fields."""

    def shown(self) -> None:
        """A record was put into the form."""
        self.variants.show_variants(None, self.family.variants if self.family else (), "")
        self.variants.setVisible(self.record.id is not None)
        self.story.show(self.record.id, self.heading()[0])
        CHOICES.give(self.ctx, self, self._offer)

    def on_changes(self, changes: Changes) -> None:
        """Categories are read again when one changes."""
        CHOICES.forget(self.ctx, changes)
        super().on_changes(changes)

    def _offer(self, found: FormChoices) -> None:
        self.set_choices("category_id", found.categories)
        self.touched(typed=False)

    def save_call(self, form: FormValues) -> tuple[Any, SaveFamily]:
        """What was changed."""
        return writes.save_family, SaveFamily(form.id, *version_and_values(form))

    def new_product(self) -> None:
        """A product of this family."""
        family = self.family
        if family is not None:
            words = f"{family.code} · {family.name}"
            self.ctx.navigate.new_record(
                PRODUCT,
                family_id=family.id,
                family_id_words=words,
                name=family.name,
                name_en=family.name_en,
                category_id=family.category_id,
                sku=f"{family.code}-",
            )


def version_and_values(form: FormValues) -> tuple[int | None, Mapping[str, Any]]:
    """Version and changed values of a record; of a new one everything that is filled in."""
    if form.id is None:
        return None, {key: value for key, value in form.values.items() if value not in (None, "")}
    return form.row_version, {key: form.values[key] for key in form.changed}


def families_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace."""
    return ListPage(ctx, FAMILIES, state)
