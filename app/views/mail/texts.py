"""Texts mails are sent with: by kind of document and language, for a customer of his own; shown with sample values."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.core.changes import Result
from app.core.errors import AppError, Invalid
from app.core.i18n import t
from app.services.mail import reads, sending, texts, writes
from app.services.mail.commands import SaveTemplate
from app.services.mail.reads import TemplateRow
from app.services.mail.writes import TEMPLATE
from app.services.partners.reads import search_partners
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.marks import Label
from app.views.core.side_cards import StoryCards
from app.views.core.surfaces import Card
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.mail.words import DOCUMENTS, SPEECH, document_words

KEY = "mail.texts"
INSERT, UPDATE = f"{TEMPLATE}:insert", f"{TEMPLATE}:update"


def _spec(_ctx: AppContext) -> ListSpec:
    return ListSpec(
        key=KEY,
        title="mail.texts.title",
        icon="file-text",
        fetch=reads.list_templates,
        topics=frozenset({TEMPLATE}),
        columns=(
            Column("kind", "mail.document", "bold", 190, text=lambda row: document_words(row.kind)),
            Column(
                "language", "mail.text.language", width=100, text=lambda row: t(dict(SPEECH)[row.language])
            ),
            Column("partner", "mail.text.partner", width=180, filter="contains"),
            Column("subject", "mail.send.subject", width=320, stretch=True, filter="contains"),
            Column("updated_at", "mail.text.updated_at", "date_time", 148, hidden=True),
        ),
        primary=ListAction(
            "new",
            "mail.text.new",
            lambda ctx, _rows: ctx.navigate.new_record(TEMPLATE),
            "plus",
            INSERT,
            "Ctrl+N",
        ),
        open=lambda ctx, row: ctx.navigate.open_record(TEMPLATE, row.id),
        empty=Empty("mail.texts.empty", "mail.texts.empty_text"),
        sort="kind",
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list of texts."""
    return ListPage(ctx, _spec(ctx), state)


def _placeholders(value: Any, _everything: Mapping[str, Any]) -> Invalid | None:
    try:
        texts.check(str(value or ""))
    except Invalid as error:
        return error
    return None


class TextPage(FormPage):
    """A text with its placeholders, and how it reads."""

    topics = frozenset({TEMPLATE})
    spec: ClassVar[FormSpec] = FormSpec(
        TEMPLATE,
        "mail.text.one",
        "file-text",
        (
            Section(
                (
                    Field(
                        "kind",
                        "mail.document",
                        "choice",
                        required=True,
                        choices=tuple((kind, f"mail.kind.{kind}") for kind in DOCUMENTS),
                        span=2,
                    ),
                    Field("language", "mail.text.language", "choice", required=True, choices=SPEECH),
                    Field(
                        "partner_id",
                        "mail.text.partner",
                        "lookup",
                        find=search_partners,
                        text_key="partner",
                        topic="partners.partner",
                        help="mail.text.partner_help",
                    ),
                    Field(
                        "subject",
                        "mail.send.subject",
                        required=True,
                        max_length=200,
                        span=4,
                        validate=_placeholders,
                    ),
                    Field(
                        "body",
                        "mail.send.body",
                        "multiline",
                        required=True,
                        max_length=20_000,
                        span=4,
                        validate=_placeholders,
                        help="mail.text.body_help",
                    ),
                )
            ),
        ),
        load=reads.get_template,
        update_right=UPDATE,
        create_right=INSERT,
        constraints=(
            ("mail_template_once", "kind"),
            ("mail_template_placeholder", "body"),
            ("mail_template_one_line", "subject"),
            ("mail_template_not_blank", "body"),
            ("mail_template_kind", "kind"),
        ),
    )

    @property
    def text(self) -> TemplateRow | None:
        """As it is stored, None for a new one."""
        return cast("TemplateRow | None", self.record.raw)

    def defaults(self) -> Mapping[str, Any]:
        """A German text of an invoice."""
        return {"kind": "invoice", "language": "de"}

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """What it is for."""
        text = self.text
        if text is None:
            return t("mail.text.new"), None
        return f"{document_words(text.kind)} · {t(dict(SPEECH)[text.language])}", None

    def cards(self) -> Sequence[QWidget]:
        """How it reads, what it may name, notes, history."""
        self.preview = Card(t("mail.text.preview"), note=t("mail.text.sample"))
        self.preview.setObjectName("card.mail_preview")
        self.subject = Label("", "body500", wrap=True)
        self.subject.setObjectName("mail.preview.subject")
        self.words = Label("", "body", wrap=True)
        self.words.setObjectName("mail.preview.body")
        for part in (self.subject, self.words):
            part.setTextFormat(Qt.TextFormat.PlainText)
            self.preview.body.addWidget(part)
        fields = Card(t("mail.text.fields"))
        for name in texts.FIELDS:
            words = f"{{{name}}}  {t(f'mail.field.{name}')}"
            line = Label(words, "small", "text2", wrap=True)
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            fields.body.addWidget(line)
        self.story = StoryCards(self, self.ctx, TEMPLATE, labels_of(self.spec))
        return (self.preview, fields, *self.story.cards)

    def shown(self) -> None:
        """How it reads."""
        area = self.boxes["body"].editor
        if isinstance(area, QWidget):
            area.setFixedHeight(px("textarea") * 5)
        self._preview()
        if self.text is not None:
            self.story.show(self.text.id, self.heading()[0])

    def value_changed(self, key: str) -> None:
        """It reads otherwise now."""
        super().value_changed(key)
        self._preview()

    def _preview(self) -> None:
        language = str(self._value("language") or "de")
        values = sending.sample(language if language in ("de", "en") else "de")
        for label, key in ((self.subject, "subject"), (self.words, "body")):
            text = str(self._value(key) or "")
            try:
                texts.check(text)
            except AppError:
                label.setText(text)
                continue
            label.setText(texts.fill(text, values).rstrip("\n"))

    def _value(self, key: str) -> Any:
        try:
            return self.boxes[key].value()
        except ValueError:
            return None

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Save the text."""
        values = {key: form.values[key] for key in (form.values if form.id is None else form.changed)}
        return writes.save_template, SaveTemplate(form.id, form.row_version or None, values)
