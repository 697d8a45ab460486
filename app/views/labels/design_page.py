"""A design of the house's own: size, elements as a table in millimetres, and the label as it will be beside it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.changes import Result
from app.core.errors import AppError
from app.core.i18n import language, t, translate
from app.services.labels import catalogue, elements, raster, reads, writes
from app.services.labels.commands import SaveDesign
from app.services.labels.layout import lay_out
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.marks import Label
from app.views.core.side_cards import StoryCards
from app.views.core.surfaces import Card, clear_layout
from app.views.core.tasks import FETCH
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.labels.preview import LabelView

TOPIC = "labels.design"
_MM = {"minimum": Decimal(0), "maximum": Decimal(420), "places": 2}


def _cell(key: str, width: int, kind: str = "text", **more: Any) -> LineColumn:
    return LineColumn(key, f"labels.element.{key}", kind, width, editable=True, **more)


LINES = LinesSpec(
    columns=(
        _cell(
            "kind",
            150,
            "choice",
            required=True,
            choices=tuple((kind, f"labels.kind.{kind}") for kind in elements.KINDS),
        ),
        _cell("content", 0, max_length=400),
        _cell("content_en", 110, max_length=400),
        _cell("x", 66, "number", **_MM),
        _cell("y", 66, "number", **_MM),
        _cell("wide", 66, "number", **_MM),
        _cell("high", 66, "number", **_MM),
        _cell("size", 58, "number", minimum=Decimal(0), maximum=Decimal(400), places=1),
        _cell(
            "align",
            90,
            "choice",
            choices=tuple((side, f"labels.align.{side}") for side in ("left", "centre", "right")),
        ),
        _cell("when", 110, max_length=200),
        LineColumn("rest", "labels.element.rest", shown=False),
    ),
    title="labels.design.elements",
    add="labels.design.add_element",
    placeholder="labels.design.placeholder",
    key_next="labels.design.key_next",
    defaults=(
        ("kind", "text"),
        ("x", Decimal(2)),
        ("y", Decimal(2)),
        ("wide", Decimal(30)),
        ("high", Decimal(5)),
    ),
    least_rows=6,
)


def load(session: Any, design_id: int, _language: str) -> dict[str, Any]:
    """A design as the form shows it."""
    row = reads.get_design(session, design_id)
    return {**row._asdict(), **shown(row.definition)}


def shown(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Size and elements of a definition as the form's values."""
    wide, high = definition.get("size") or (57, 32)
    return {
        "wide": Decimal(str(wide)),
        "high": Decimal(str(high)),
        "lines": elements.rows(definition.get("elements") or ()),
    }


class DesignPage(FormPage):
    """A design: its label at the side follows every change, and every finding names its element."""

    spec: ClassVar[FormSpec] = FormSpec(
        TOPIC,
        "labels.design.one",
        "ruler",
        (
            Section(
                (
                    Field("name_de", "labels.design.name_de", required=True, max_length=80, span=2),
                    Field("name_en", "labels.design.name_en", required=True, max_length=80, span=2),
                    Field(
                        "topic",
                        "labels.print.topic",
                        "choice",
                        required=True,
                        choices=tuple((topic, f"labels.topic.{topic}") for topic in catalogue.TOPICS),
                    ),
                    Field("wide", "labels.design.wide", "number", required=True, places=1, unit="mm"),
                    Field("high", "labels.design.high", "number", required=True, places=1, unit="mm"),
                    Field("is_active", "labels.design.is_active", "check"),
                )
            ),
        ),
        load=load,
        lines=LINES,
        update_right=f"{TOPIC}:update",
        create_right=f"{TOPIC}:insert",
        constraints=(("label_design_once", "name_de"), ("label_design_size", "wide")),
    )

    def __init__(
        self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any] | None = None
    ) -> None:
        self.preview: LabelView | None = None
        self.problems: tuple[AppError, ...] = ()
        super().__init__(ctx, record_id, state)

    def defaults(self) -> Mapping[str, Any]:
        """A small label; a copy of one of the program's designs when one is named."""
        values: dict[str, Any] = {"is_active": True, **shown({})}
        based = str(self._preset.get("based_on") or "")
        topic = str(self._preset.get("of") or "product")
        values["topic"] = topic
        design = catalogue.designs(topic).get(based) if topic in catalogue.TOPICS else None
        if design is not None:
            values |= shown(design.declared)
            values["lines"] = [{**line, "id": None} for line in values["lines"]]
            values |= {"name_de": translate("de", "labels.design.copy_of", name=design.name["de"])}
            values |= {"name_en": translate("en", "labels.design.copy_of", name=design.name["en"])}
        return values

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Its name; whether it is in use."""
        if self.record.id is None or not self.record.values.get("name_de"):
            return t("labels.design.new"), None
        active = self.record.values.get("is_active", True)
        return str(self.record.values.get(f"name_{language()}")), None if active else (
            "neutral",
            t("labels.design.unused"),
        )

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Print with it."""
        return (
            FormAction(
                "print",
                "labels.action",
                "printer",
                lambda page: page.print_labels(),
                "secondary",
                visible=lambda page: page.record.id is not None,
            ),
        )

    def print_labels(self) -> None:
        """The page that prints, with this design."""
        self.ctx.navigate.open_workspace(
            "labels.print", topic=self.value("topic"), design=f"own:{self.record.id}", ids=[]
        )

    def cards(self) -> Sequence[QWidget]:
        """The label, what is wrong, the fields one may use; notes and history."""
        card = Card(t("labels.preview"))
        self.preview = LabelView()
        self.preview.setObjectName("labels.preview")
        self.preview.setMinimumHeight(px("detail") // 2)
        card.body.addWidget(self.preview)
        self._wrong = QVBoxLayout()
        card.body.addLayout(self._wrong)
        known = Card(t("labels.design.fields"))
        self._fields = Label("", "small", "text2", wrap=True)
        known.body.addWidget(Label(t("labels.design.fields_help"), "small", "text2", wrap=True))
        known.body.addWidget(self._fields)
        self._story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        return [card, known, *self._story.cards]

    def shown(self) -> None:
        """The topic stays once the design exists."""
        self.boxes["topic"].set_read_only(self.record.id is not None or self.read_only)
        if self.record.id is not None:
            self._story.show(self.record.id, self.heading()[0])
        self._redraw()

    def touched(self, *, typed: bool = True) -> None:
        """Follow every change."""
        super().touched(typed=typed)
        if typed:
            self._redraw()

    def definition(self) -> dict[str, Any]:
        """The design as it stands in the form."""
        assert self.lines is not None
        size = [float(self.value(key) or 0) for key in ("wide", "high")]
        return {"size": size, "elements": elements.elements(self.lines.lines())}

    def _redraw(self) -> None:
        if self.preview is None or self.lines is None:
            return
        topic = str(self.value("topic") or "product")
        names = catalogue.fields_of(topic) if topic in catalogue.TOPICS else ()
        self._fields.setText(" · ".join(f"{{{name}}}" for name in names))
        try:
            declared = {**self.definition(), "topic": topic, "key": "draft", "name": {}}
        except ValueError:
            return  # a number that is being typed
        self.ctx.tasks.run(FETCH, self, partial(_looked_at, declared), self._looked, slot="preview")

    def _looked(self, future: "Future[tuple[tuple[AppError, ...], bytes | None, float, float]]") -> None:
        self.problems, png, wide, high = future.result()
        assert self.preview is not None
        self.preview.show_label(png, wide, high, "" if png else t("labels.print.impossible"))
        clear_layout(self._wrong)
        for problem in self.problems[:6]:
            number = problem.params.get("element")
            words = error_text(problem)
            if number:
                words = t("labels.design.in_element", number=number, words=words)
            self._wrong.addWidget(Label(words, "small", "bad", wrap=True))

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the design; the server program checks it once more."""
        values: dict[str, Any] = {key: form.values[key] for key in ("name_de", "name_en", "is_active")}
        size = [float(form.values["wide"]), float(form.values["high"])]
        values["definition"] = {"size": size, "elements": elements.elements(form.lines)}
        if form.id is None:
            values["topic"] = form.values["topic"]
        return writes.save_design, SaveDesign(form.id, form.row_version or None, values)


def _looked_at(declared: Mapping[str, Any]) -> tuple[tuple[AppError, ...], bytes | None, float, float]:
    """What is wrong with a design, and the picture of its sample as far as it can be drawn."""
    design, problems = catalogue.check(declared)
    if design is None:
        return tuple(problems), None, 0, 0
    try:
        label = lay_out(design, catalogue.sample(design.topic), density=300)
    except (AppError, KeyError) as error:
        found = (error,) if isinstance(error, AppError) else ()
        return tuple(problems) or found, None, design.wide, design.high
    return tuple(problems), raster.png(label), design.wide, design.high
