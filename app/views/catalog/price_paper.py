"""The price list on paper: asked for which customer, category and language it is to be."""

from collections.abc import Mapping
from typing import Any

from app.core.i18n import language, t
from app.services.catalog.papers import Wanted, prices_wanted
from app.services.catalog.reads import Choice, categories
from app.services.partners.reads import search_partners
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_spec import ListAction
from app.views.core.operation import ReadOp
from app.views.core.papering import open_paper
from app.views.security.form_dialog import FormDialog, nothing_written

LANGUAGES = (("de", "templates.language.de"), ("en", "templates.language.en"))


def price_paper(right: str) -> ListAction:
    """What the list of price lists offers for one of its rows."""
    return ListAction(
        "paper_price_list",
        "papering.price_list",
        lambda ctx, rows: ask_price_paper(ctx, rows[0].id),
        "printer",
        right=right,
    )


def ask_price_paper(ctx: AppContext, price_list_id: int) -> None:
    """Ask what is wanted; nothing chosen is the whole list."""

    def customers(session: Any, typed: str, limit: int = 8, lang: str = "de") -> Any:
        return search_partners(session, typed, limit, lang, "customer")

    def save(values: Mapping[str, Any]) -> Any:
        wanted = Wanted(price_list_id, values["category"], values["customer"])
        return nothing_written, (wanted, values["language"])

    def make(found: tuple[Wanted, str]) -> None:
        open_paper(ctx.tasks, ctx, prices_wanted, *found)

    def ask(found: list[Choice]) -> None:
        fields = (
            Field(
                "customer",
                "papering.for_customer",
                "lookup",
                find=customers,
                span=4,
                help="papering.for_customer_help",
            ),
            Field("category", "document.ref.category", "choice", span=2, placeholder="papering.all"),
            Field("language", "templates.language", "choice", required=True, choices=LANGUAGES, span=2),
        )
        dialog = FormDialog(
            ctx,
            t("document.title.price_list"),
            t("papering.price_list_text"),
            fields,
            save,
            make,
            icon="tag",
            yes="papering.make",
            values={"language": language()},
        )
        dialog.boxes["category"].set_choices([(row.id, row.name) for row in found])
        dialog.open()

    ReadOp(ctx.tasks, ctx, categories, language()).success(ask).start()
