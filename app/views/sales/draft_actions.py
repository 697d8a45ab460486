"""What every quote and order offers beside its own steps: PDF, preview, copy, discard."""

from typing import TYPE_CHECKING, Any, cast

from app.core.i18n import t
from app.services.sales import drafts
from app.services.sales.commands import DiscardDraft, SaveQuote, SaveSalesOrder
from app.views.core.errors import ask
from app.views.core.form_model import FormAction
from app.views.core.operation import WriteOp
from app.views.core.tasks import alive
from app.views.mail.send import mail_button
from app.views.sales import line_rules, pdf
from app.views.sales.charges_dialog import Charged, ChargesDialog

if TYPE_CHECKING:
    from app.views.sales.draft_page import DraftPage

COPIED = (
    "product_id",
    "sku",
    "image",
    "description",
    "unit",
    "decimals",
    "qty",
    "discount_pct",
    "tax_rate",
    "charges",
)
COPIED_HEAD = (
    "customer_id",
    "contact_id",
    "delivery_address_id",
    "warehouse_id",
    "price_list_id",
    "payment_term_id",
    "customer_reference",
)


def may_archive(page: "DraftPage") -> bool:
    """Whether this person may put this kind of document into the archive."""
    right = "quote_issue" if page.kind == "quote" else "sales_order_confirm"
    return page.ctx.profile.can("document_archive") and page.ctx.profile.can(right)


def make_up_pdf(page: "DraftPage") -> None:
    """Archive the PDF that is missing."""
    document = page.document
    if document is not None and document.number:
        pdf.archive(page.ctx, page.kind, document.id, document.number, page.refresh_if_alive)


def open_pdf(page: "DraftPage") -> None:
    """The archived copy of an issued document."""
    if page.record.id is not None:
        pdf.open_of(page, page.ctx, page.kind, page.record.id)


def preview_pdf(page: "DraftPage") -> None:
    """What the document would look like; what is typed is saved first."""
    page.save(lambda: pdf.preview(page, page.ctx, page.kind, cast("int", page.record.id)))


def copy_to_new(page: "DraftPage") -> None:
    """A new draft with the same customer and lines, at today's prices."""
    assert page.lines is not None
    preset: dict[str, Any] = {key: page.value(key) for key in COPIED_HEAD}
    preset["customer_id_words"] = page.boxes["customer_id"].words
    preset["lines"] = [{key: line.get(key) for key in COPIED} for line in page.lines.model.lines]
    page.ctx.navigate.new_record(page.spec.topic, **preset)


def edit_charges(page: "DraftPage") -> None:
    """Allowances and charges on the whole document; what is typed is saved first."""

    def opened() -> None:
        document, lines = page.document, page.lines
        if document is None or lines is None or not alive(page):
            return
        amounts = line_rules.amounts_of(lines.model.lines)
        what = Charged(amounts, document.currency, document.customer_language)
        ChargesDialog(page, page.ctx, document.charges, what, write).open()

    def write(charges: list[dict[str, str]]) -> None:
        record = page.record
        command = SaveQuote if page.kind == "quote" else SaveSalesOrder
        save = drafts.save_quote if page.kind == "quote" else drafts.save_sales_order
        what = command(record.id, record.row_version, {"charges": charges})
        op = WriteOp(page, page.ctx, save, what).disabling(*page.head.buttons())
        op.success(saved).start()

    def saved(_value: object) -> None:
        page.ctx.navigate.toast(t("sales.charges.saved"))
        page.refresh_if_alive()

    page.save(opened)


def edit_line_charges(page: "DraftPage") -> None:
    """Allowances and charges on the line the cursor is in; they are saved with it."""
    editor = page.lines
    assert editor is not None
    editor.settle()
    number = editor.table.current_line()
    line = editor.model.lines[number] if number is not None else {}
    net = line_rules.net_of({**line, "charges": ()})
    if number is None or net is None or line.get("product_id") is None:
        page.ctx.navigate.toast(t("sales.charges.no_line"))
        return
    document = page.document
    what = Charged(
        [(net, line.get("tax_rate") or line_rules.ZERO)],
        page.currency,
        document.customer_language if document is not None else page.customer_language,
        f"{number + 1} · {line.get('sku') or ''}",
    )

    def put(charges: list[dict[str, str]]) -> None:
        editor.model.type_in(number, "charges", charges)
        editor.table.go(number, "qty", edit=False)

    ChargesDialog(page, page.ctx, line.get("charges") or (), what, put).open()


def discard_draft(page: "DraftPage") -> None:
    """Delete the draft; asks first."""
    if page.record.id is None:
        page.discard()
        page.ctx.navigate.close_page(page)
        return
    command = DiscardDraft(page.kind, page.record.id, page.record.row_version)

    def go() -> None:
        op = WriteOp(page, page.ctx, drafts.discard_draft, command).disabling(*page.head.buttons())
        op.success(gone).start()

    def gone(_value: object) -> None:
        page.discard()
        page.ctx.navigate.toast(t("sales.draft_gone"))
        page.ctx.navigate.close_page(page)

    ask(
        page,
        t("sales.discard_title"),
        t("sales.discard_text"),
        "sales.discard_yes",
        go,
        danger=True,
        icon="trash-2",
    )


def shared_actions(page: "DraftPage") -> list[FormAction]:
    """What every quote and order offers."""
    table = f"sales.{page.kind}"
    return [
        FormAction(
            "preview",
            "sales.action.preview",
            "eye",
            preview_pdf,
            "icon",
            "Ctrl+Shift+P",
            visible=lambda page: page.stored_state == "draft",
        ),
        FormAction(
            "pdf",
            "sales.action.pdf",
            "file-text",
            open_pdf,
            "icon",
            "Ctrl+P",
            visible=lambda page: page.stored_state not in ("draft", "cancelled") or page.is_archived,
        ),
        pdf.print_action(page.kind, visible=lambda page: page.is_archived),
        mail_button(
            "quote" if page.kind == "quote" else "order_confirmation",
            f"sales.{page.kind}",
            visible=lambda page: page.is_archived,
        ),
        FormAction(
            "line_charges",
            "sales.action.line_charges",
            "coins",
            edit_line_charges,
            "menu",
            right=f"{table}:update",
            visible=lambda page: page.stored_state == "draft",
        ),
        FormAction(
            "copy",
            "sales.action.copy",
            "copy",
            copy_to_new,
            "menu",
            right=f"{table}:insert",
        ),
        FormAction(
            "discard",
            "sales.action.discard",
            "trash-2",
            discard_draft,
            "menu",
            right=f"{table}:discard",
            visible=lambda page: page.stored_state == "draft",
        ),
    ]
