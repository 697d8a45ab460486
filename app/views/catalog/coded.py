"""Small lists products are described with: categories, units, tax classes, variant codes; code and two names each."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from app.core.changes import Changes
from app.core.i18n import language, t
from app.services.catalog import lists, rules, writes
from app.services.catalog.commands import SaveCategory, SaveRecord, SaveTaxClass, SaveUnit, SaveVariantCode
from app.services.catalog.forms import FormChoices
from app.views.catalog.words import CHOICES, PRODUCT, ruled
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.side_cards import StoryCards
from app.views.core.table_model import Column
from app.views.core.workspace import TabPage

ZERO = Decimal(0)


def coded_sections(code: int, name: int) -> tuple[Section, Section]:
    """Code and the two names, at most so long."""

    def field(key: str, limit: int, span: int) -> Field:
        label = "catalog.column.code" if key == "code" else f"catalog.column.{key}"
        check = ruled(lambda value: rules.check_text(value, key, limit))
        return Field(key, label, required=True, max_length=limit, span=span, validate=check)

    return Section((field("code", code, 1),)), Section((field("name_de", name, 2), field("name_en", name, 2)))


class CodedPage(FormPage):
    """The form of such a record."""

    new_words: ClassVar[str]

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Its name in the language of the screen."""
        if self.record.id is None:
            return t(self.new_words), None
        name = self.record.values.get("name_en" if language() == "en" else "name_de")
        return f"{t(self.spec.title)} {name or ''}".strip()[:120], None

    def tab_title(self) -> str:
        """The code."""
        return str(self.record.values.get("code") or t(self.new_words))

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self.story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        return self.story.cards

    def shown(self) -> None:
        """A record was put into the form."""
        self.story.show(self.record.id, self.heading()[0])

    def values_of(self, form: FormValues) -> tuple[int | None, Mapping[str, Any]]:
        """Version and changed values."""
        if form.id is None:
            return None, {key: value for key, value in form.values.items() if value not in (None, "")}
        return form.row_version, {key: form.values[key] for key in form.changed}


class CategoryPage(CodedPage):
    """A category."""

    new_words = "catalog.category.new"
    spec = FormSpec(
        topic="catalog.category",
        title="catalog.category.type",
        icon="folder",
        sections=(
            *coded_sections(40, 120),
            Section((Field("parent_id", "catalog.field.parent", "choice", span=2, text_key="parent"),)),
        ),
        load=lists.load_category,
        update_right="catalog.category:update",
        create_right="catalog.category:insert",
        constraints=(("category_code_key", "code"), ("category_not_its_own_parent", "parent_id")),
    )

    def shown(self) -> None:
        """The categories it may lie in."""
        super().shown()
        CHOICES.give(self.ctx, self, self._offer)

    def _offer(self, found: FormChoices) -> None:
        self.set_choices("parent_id", [row for row in found.categories if row[0] != self.record.id])
        self.touched(typed=False)

    def on_changes(self, changes: Changes) -> None:
        """Categories are read again when one changes."""
        CHOICES.forget(self.ctx, changes)
        super().on_changes(changes)

    def save_call(self, form: FormValues) -> tuple[Any, SaveRecord]:
        """What was changed."""
        return writes.save_category, SaveCategory(form.id, *self.values_of(form))


class UnitPage(CodedPage):
    """A unit of measure."""

    new_words = "catalog.unit.new"
    spec = FormSpec(
        topic="catalog.unit",
        title="catalog.unit.type",
        icon="ruler",
        sections=(
            *coded_sections(12, 60),
            Section(
                (
                    Field(
                        "decimals",
                        "catalog.field.decimals",
                        "number",
                        required=True,
                        places=0,
                        minimum=ZERO,
                        maximum=Decimal(6),
                        help="catalog.unit.decimals_help",
                        span=2,
                    ),
                )
            ),
        ),
        load=lists.load_unit,
        update_right="catalog.unit:update",
        create_right="catalog.unit:insert",
        constraints=(("unit_code_key", "code"), ("unit_decimals_range", "decimals")),
    )

    def defaults(self) -> Mapping[str, Any]:
        """Pieces have no decimals."""
        return {"decimals": ZERO}

    def save_call(self, form: FormValues) -> tuple[Any, SaveRecord]:
        """What was changed."""
        version, values = self.values_of(form)
        if "decimals" in values:
            values = {**values, "decimals": int(values["decimals"])}
        return writes.save_unit, SaveUnit(form.id, version, values)


class TaxClassPage(CodedPage):
    """A tax class."""

    new_words = "catalog.tax_class.new"
    spec = FormSpec(
        topic="catalog.tax_class",
        title="catalog.tax_class.type",
        icon="percent",
        sections=(
            *coded_sections(20, 80),
            Section(
                (
                    Field(
                        "rate",
                        "catalog.field.rate",
                        "percent",
                        required=True,
                        places=4,
                        minimum=ZERO,
                        help="catalog.tax_class.rate_help",
                    ),
                    Field(
                        "category",
                        "catalog.field.tax_category",
                        "choice",
                        required=True,
                        choices=tuple((key, f"catalog.tax_category.{key}") for key in ("S", "Z", "E")),
                    ),
                    Field(
                        "exemption_code",
                        "catalog.field.exemption_code",
                        max_length=30,
                        placeholder="catalog.field.exemption_code_hint",
                    ),
                )
            ),
            Section(
                (
                    Field("exemption_de", "catalog.field.exemption_de", span=2, max_length=200),
                    Field("exemption_en", "catalog.field.exemption_en", span=2, max_length=200),
                ),
                "catalog.section.exemption",
            ),
        ),
        load=lists.load_tax_class,
        update_right="catalog.tax_class:update",
        create_right="catalog.tax_class:insert",
        constraints=(
            ("tax_class_code_key", "code"),
            ("tax_rate_range", "rate"),
            ("tax_class_without_tax", "rate"),
            ("tax_class_exempt_why", "exemption_de"),
        ),
    )

    def defaults(self) -> Mapping[str, Any]:
        """Most classes have a rate."""
        return {"category": "S"}

    def save_call(self, form: FormValues) -> tuple[Any, SaveRecord]:
        """What was changed; an emptied reason is empty text."""
        version, values = self.values_of(form)
        reasons = ("exemption_de", "exemption_en")
        values = {key: value or "" if key in reasons else value for key, value in values.items()}
        return writes.save_tax_class, SaveTaxClass(form.id, version, values)


class VariantCodePage(CodedPage):
    """What the part of a SKU behind its last hyphen means."""

    new_words = "catalog.variant_code.new"
    spec = FormSpec(
        topic="catalog.variant_code",
        title="catalog.variant_code.type",
        icon="palette",
        sections=coded_sections(20, 80),
        load=lists.load_variant_code,
        update_right="catalog.variant_code:update",
        create_right="catalog.variant_code:insert",
        constraints=(("variant_code_code_key", "code"),),
    )

    def save_call(self, form: FormValues) -> tuple[Any, SaveRecord]:
        """What was changed."""
        return writes.save_variant_code, SaveVariantCode(form.id, *self.values_of(form))


def _coded_list(kind: str, icon: str, fetch: Any, value: Column | None) -> ListSpec:
    topic = f"catalog.{kind}"

    def new(ctx: AppContext, _rows: Any) -> None:
        ctx.navigate.new_record(topic)

    def open_record(ctx: AppContext, row: Any) -> None:
        ctx.navigate.open_record(topic, row.id)

    return ListSpec(
        key=f"catalog.{kind}",
        title=f"catalog.{kind}.title",
        icon=icon,
        columns=(
            Column("code", "catalog.column.code", "code", width=140, filter="prefix"),
            Column("name_de", "catalog.column.name_de", "bold", width=220, stretch=True, filter="contains"),
            Column("name_en", "catalog.column.name_en", width=220, filter="contains"),
            *((value,) if value is not None else ()),
            Column("products", "catalog.column.products", "number", width=110, filter="min"),
        ),
        fetch=fetch,
        topics=frozenset({topic, PRODUCT}),
        primary=ListAction("new", f"catalog.{kind}.new_button", new, "plus", f"{topic}:insert"),
        empty=Empty(f"catalog.{kind}.empty_title", f"catalog.{kind}.empty_text"),
        open=open_record,
        sort="code",
    )


CATEGORIES = _coded_list(
    "category",
    "folder",
    lists.list_categories,
    Column("value", "catalog.field.parent", width=180, filter="contains"),
)
UNITS = _coded_list(
    "unit", "ruler", lists.list_units, Column("value", "catalog.field.decimals", "number", width=170)
)
TAX_CLASSES = _coded_list(
    "tax_class",
    "percent",
    lists.list_tax_classes,
    Column("value", "catalog.field.rate", "percent", width=120),
)
VARIANT_CODES = _coded_list("variant_code", "palette", lists.list_variant_codes, None)


def coded_page(spec: ListSpec) -> Callable[[AppContext, dict[str, Any]], TabPage]:
    """The workspace of such a list."""
    return lambda ctx, state: ListPage(ctx, spec, state)
