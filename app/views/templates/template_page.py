"""A template of the house's papers: its choices, and the paper beside them as it will be."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, get_args

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.core.changes import Result
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.documents import real, templates
from app.services.documents.data import Company, DocumentData, Kind, Language
from app.services.documents.design import FONTS, FORMS, MARGINS, TEXT_LENGTH
from app.services.documents.kinds import specs
from app.services.documents.preview import Picture, pdf_in, picture, sample_pdf
from app.services.documents.templates import Change, FormOf, SaveTemplate
from app.services.partners.reads import search_partners
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.papering import paper_of
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import FETCH, FILE
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.templates.paper_view import PaperView
from app.views.templates.template_list import kind_words

TOPIC = templates.TOPIC
KINDS: tuple[Kind, ...] = get_args(Kind)
_AS_ABOVE = ("", "templates.as_above")
_SWITCH = (_AS_ABOVE, ("yes", "templates.yes"), ("no", "templates.no"))
SWITCHES = ("show_logo", "pictures", "payment_code", "marks")
TEXTS = ("intro", "closing", "footer")
COLUMNS = tuple(dict.fromkeys(name for spec in specs().values() for name in spec.hidable()))
NOTHING = "-"  # typed into a text: print nothing there
_OWN = ("cost", "from_quantity", "per_piece", "picked", "supplier_sku")  # whose head says too little here


def load(session: Any, template_id: int, _language: str) -> dict[str, Any]:
    """A template as the form shows it."""
    found = templates.form_of(session, template_id)
    assert found.template is not None
    return {**found.template._asdict(), **shown(found.template.changes), "around": found}


def shown(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Choices as values of the form."""
    switch: dict[Any, str] = {True: "yes", False: "no"}
    columns = changes.get("columns") or {}
    left = changes.get("left")
    return {
        "accent": changes.get("accent") or "",
        "font": changes.get("font") or "",
        "form": changes.get("form") or "",
        "left": None if left is None else Decimal(str(left)),
        **{name: switch.get(changes.get(name), "") for name in SWITCHES},
        **{name: NOTHING if changes.get(name) == "" else changes.get(name) or "" for name in TEXTS},
        **{f"col_{name}": columns.get(name, True) for name in COLUMNS},
    }


def chosen(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the form as choices; what is left open is not among them."""
    found: dict[str, Any] = {name: values[name] for name in ("accent", "font", "form") if values.get(name)}
    if values.get("left") is not None:
        found["left"] = float(values["left"])
    found |= {name: values[name] == "yes" for name in SWITCHES if values.get(name)}
    for name in TEXTS:
        text = (values.get(name) or "").strip()
        if text:
            found[name] = "" if text == NOTHING else text
    hidden = {name: False for name in COLUMNS if values.get(f"col_{name}") is False}
    return found | ({"columns": hidden} if hidden else {})


def _text(name: str) -> Field:
    return Field(
        name,
        f"templates.{name}",
        "multiline",
        max_length=TEXT_LENGTH,
        span=4,
        help="templates.text_help" if name == "intro" else "",
    )


class TemplatePage(FormPage):
    """Choices at the left, the paper at the right; every change is seen at once."""

    spec: ClassVar[FormSpec] = FormSpec(
        TOPIC,
        "templates.one",
        "palette",
        (
            Section(
                (
                    Field(
                        "kind",
                        "templates.kind",
                        "choice",
                        span=2,
                        choices=(
                            ("", "templates.all_kinds"),
                            *((kind, f"document.title.{kind}") for kind in KINDS),
                        ),
                    ),
                    Field(
                        "language",
                        "templates.language",
                        "choice",
                        span=2,
                        choices=tuple(
                            (code, f"templates.language.{code or 'all'}") for code in ("", "de", "en")
                        ),
                    ),
                    Field(
                        "partner_id",
                        "templates.partner",
                        "lookup",
                        find=search_partners,
                        text_key="partner",
                        topic="partners.partner",
                        span=4,
                        placeholder="templates.all_partners",
                    ),
                )
            ),
            Section(
                (
                    Field("accent", "templates.accent", max_length=7, placeholder="templates.accent_example"),
                    Field(
                        "font",
                        "templates.font",
                        "choice",
                        choices=(_AS_ABOVE, *((font, f"templates.font.{font}") for font in FONTS)),
                    ),
                    Field(
                        "form",
                        "templates.form",
                        "choice",
                        choices=(_AS_ABOVE, *((form, f"templates.form.{form}") for form in FORMS)),
                    ),
                    Field(
                        "left",
                        "templates.left",
                        "number",
                        places=1,
                        unit="mm",
                        minimum=Decimal(str(MARGINS[0])),
                        maximum=Decimal(str(MARGINS[1])),
                    ),
                    *(Field(name, f"templates.{name}", "choice", choices=_SWITCH) for name in SWITCHES),
                ),
                title="templates.look",
            ),
            Section(tuple(_text(name) for name in TEXTS), title="templates.texts"),
            Section(
                tuple(
                    Field(
                        f"col_{name}", f"{'templates' if name in _OWN else 'document'}.column.{name}", "check"
                    )
                    for name in COLUMNS
                ),
                title="templates.columns",
            ),
        ),
        load=load,
        update_right=f"{TOPIC}:update",
        create_right=f"{TOPIC}:insert",
        constraints=(
            ("template_once", "kind"),
            ("template_colour", "accent"),
            ("template_margin", "left"),
        ),
    )

    def __init__(
        self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any] | None = None
    ) -> None:
        self.paper: PaperView | None = None
        self.company: Company | None = None
        self.others: tuple[Change, ...] = ()
        self.real: DocumentData | None = None  # the chosen record's paper, None: the sample
        super().__init__(ctx, record_id, state)

    def beside(self) -> QWidget:
        """The paper."""
        self.paper = PaperView(self.ctx, real.finder(lambda: self.shown_kind))
        self.paper.turned.connect(lambda _page: self.redraw())
        self.paper.chosen.connect(self.choose_record)
        return self.paper

    @property
    def shown_kind(self) -> Kind:
        """The kind of paper beside the choices: an invoice where they are for all kinds."""
        kind = str(self.value("kind") or "") if self.boxes else ""
        return kind if kind in KINDS else "invoice"

    def choose_record(self, record_id: int | None) -> None:
        """Show the paper of a record in place of the sample; None: the sample."""
        if record_id is None:
            self.real = None
            self.redraw()
            return
        code: Language = "en" if (self.value("language") or language()) == "en" else "de"
        op: ReadOp[DocumentData] = ReadOp(
            self, self.ctx, real.with_pictures, self.shown_kind, record_id, code, paper_of(self.ctx)
        )
        op.replacing("record").success(self._real_read).start()

    def _real_read(self, data: DocumentData) -> None:
        if data.kind == self.shown_kind:
            self.real = data
            self.redraw()

    def value_changed(self, key: str) -> None:
        """Another kind has other records."""
        if key == "kind" and self.paper is not None:
            self.real = None
            self.paper.forget_record()

    def extend(self, column: QVBoxLayout) -> None:
        """Notes and history below the choices."""
        self._story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        for card in self._story.cards:
            column.addWidget(card)

    def defaults(self) -> Mapping[str, Any]:
        """Nothing changed."""
        return {"kind": "invoice", "language": "", **shown({})}

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """What it is for."""
        if self.record.id is None:
            return t("templates.new_one"), None
        return kind_words(str(self.record.values.get("kind") or "")), None

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Its logo; everything as it comes."""

        def stored(page: Any) -> bool:
            return page.record.id is not None and not page.read_only

        return (
            FormAction(
                "logo", "templates.logo_choose", "image", lambda page: page.choose_logo(), visible=stored
            ),
            FormAction(
                "no_logo",
                "templates.logo_remove",
                "image-off",
                lambda page: page.keep_logo(None),
                "menu",
                visible=lambda page: stored(page) and bool(page.record.values.get("has_logo")),
            ),
            FormAction(
                "reset", "templates.reset", "rotate-ccw", lambda page: page.reset(), "menu", visible=stored
            ),
        )

    def reset(self) -> None:
        """All choices as the program has them; saved only when the user saves."""
        for key, value in shown({}).items():
            self.set_value(key, value)
        self.redraw()

    def choose_logo(self) -> None:
        """A picture from the disk becomes the logo."""
        name, _ = QFileDialog.getOpenFileName(self, t("templates.logo_choose"), "", "*.png *.jpg *.jpeg")
        if name:
            self.ctx.tasks.run(FILE, self, Path(name).read_bytes, lambda done: self.keep_logo(done.result()))

    def keep_logo(self, content: bytes | None) -> None:
        """Keep a logo at once."""
        command = SaveTemplate(self.record.id, self.record.row_version, {"logo": content})
        WriteOp(self, self.ctx, templates.save_template, command).success(
            lambda _saved: self.refresh()
        ).start()

    def shown(self) -> None:
        """Show history and paper."""
        if self.record.id is not None:
            self._story.show(self.record.id, self.heading()[0])
            self._surrounded(self.record.raw["around"])
            return
        op: ReadOp[FormOf] = ReadOp(self, self.ctx, templates.form_of, None)
        op.replacing("house").success(self._surrounded).start()

    def touched(self, *, typed: bool = True) -> None:
        """Follow every change."""
        super().touched(typed=typed)
        if typed:
            self.redraw()

    def redraw(self) -> None:
        """Draw the paper anew, in a worker; only the newest counts."""
        if self.paper is None or not self.boxes:
            return
        kind, code = str(self.value("kind") or ""), str(self.value("language") or "")
        shown_kind, data = self.shown_kind, self.real
        offered = specs()[shown_kind].hidable() if kind else COLUMNS
        for name in COLUMNS:
            self.boxes[f"col_{name}"].setVisible(name in offered)
        values = {key: self.value(key) for key in self.boxes}
        raw = self.record.raw
        logo = raw["logo"] if isinstance(raw, Mapping) else None
        partner = self.value("partner_id")
        own = Change(0, kind, code, partner, chosen(values), logo)
        wide = round(max(self.paper.sheet.width(), px("detail")) * self.devicePixelRatioF())
        changes = (*self.others, own)
        if data is None:
            self.paper.say("")
            asked = (shown_kind, code or language(), partner, changes, self.company)
            look = partial(_looked_at, partial(_sample, *asked), wide, self.paper.page)
        else:
            meant = templates.means(own, data.kind, data.language, data.partner_id)
            self.paper.say("" if meant else t("templates.not_meant"))
            look = partial(_looked_at, partial(_real, data, changes), wide, self.paper.page)
        self.ctx.tasks.run(FETCH, self, look, self._looked, slot="preview")

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the choices."""
        values: dict[str, Any] = {
            "kind": form.values["kind"] or "",
            "language": form.values["language"] or "",
            "partner_id": form.values["partner_id"],
            "changes": chosen(form.values),
        }
        return templates.save_template, SaveTemplate(form.id, form.row_version or None, values)

    def _surrounded(self, found: FormOf) -> None:
        self.company, self.others = found.company, found.others
        self.redraw()

    def _looked(self, future: "Future[tuple[Picture | None, AppError | None]]") -> None:
        if self.paper is not None:
            page, problem = future.result()
            self.paper.show_picture(page, error_text(problem) if problem else "")


def _sample(
    kind: Kind, code: Any, partner: int | None, changes: tuple[Change, ...], company: Company | None
) -> bytes:
    """The sample paper as these changes make it."""
    return sample_pdf(kind, code, templates.applied(changes, kind, code, partner), company)


def _real(data: DocumentData, changes: tuple[Change, ...]) -> bytes:
    """A record's paper as these changes make it."""
    return pdf_in(data, templates.applied(changes, data.kind, data.language, data.partner_id))


def _looked_at(make: Callable[[], bytes], wide: int, page: int) -> tuple[Picture | None, AppError | None]:
    """A page of a paper, or what is wrong."""
    try:
        return picture(make(), wide, page), None
    except AppError as problem:
        return None, problem
