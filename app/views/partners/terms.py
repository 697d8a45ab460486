"""A payment term as a form."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.services.partners import writes
from app.services.partners.checks import PAYMENT_TERM
from app.services.partners.commands import SavePaymentTerm
from app.services.partners.forms import load_payment_term
from app.views.catalog.coded import CodedPage, coded_sections
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Mine, Section
from app.views.core.values import broken_rules
from app.views.partners.words import TERM

ZERO = Decimal(0)


class TermPage(CodedPage):
    """Net days, and the cash discount for paying early."""

    new_words = "partners.term.new"
    spec = FormSpec(
        topic=TERM,
        title="partners.term.type",
        icon="calendar-clock",
        sections=(
            *coded_sections(20, 120),
            Section(
                (
                    Field(
                        "net_days",
                        "partners.field.net_days",
                        "number",
                        required=True,
                        places=0,
                        minimum=ZERO,
                        maximum=Decimal(365),
                    ),
                    Field(
                        "discount_days",
                        "partners.field.discount_days",
                        "number",
                        required=True,
                        places=0,
                        minimum=ZERO,
                        maximum=Decimal(365),
                    ),
                    Field(
                        "discount_pct",
                        "partners.field.discount_pct",
                        "percent",
                        required=True,
                        places=2,
                        minimum=ZERO,
                        maximum=Decimal("99.99"),
                    ),
                ),
                "partners.section.days",
            ),
            Section(
                (
                    Field(
                        "discount2_days",
                        "partners.field.discount2_days",
                        "number",
                        places=0,
                        minimum=ZERO,
                        maximum=Decimal(365),
                    ),
                    Field(
                        "discount2_pct",
                        "partners.field.discount2_pct",
                        "percent",
                        places=2,
                        minimum=ZERO,
                        maximum=Decimal("99.99"),
                        help="partners.field.discount2_help",
                    ),
                ),
                "partners.section.second_discount",
            ),
        ),
        load=load_payment_term,
        update_right="partners.payment_term:update",
        create_right="partners.payment_term:insert",
        constraints=(
            ("payment_term_code_key", "code"),
            ("net_days_range", "net_days"),
            ("cash_discount_consistent", "discount_days"),
            ("second_discount_consistent", "discount2_days"),
        ),
    )

    def defaults(self) -> Mapping[str, Any]:
        """Thirty days, no discount."""
        none = dict.fromkeys(("discount_days", "discount_pct", "discount2_days", "discount2_pct"), ZERO)
        return {"net_days": Decimal(30), **none}

    def check(self, mine: Mine) -> Mapping[str, str]:
        """Discount days and rate belong together."""
        return broken_rules(PAYMENT_TERM, mine.values)

    def save_call(self, form: FormValues) -> tuple[Any, SavePaymentTerm]:
        """What was changed; days are whole."""
        version, values = self.values_of(form)
        values = {key: value if value is not None else ZERO for key, value in values.items()}
        days = ("net_days", "discount_days", "discount2_days")
        whole = {key: int(values[key]) for key in days if key in values}
        return writes.save_payment_term, SavePaymentTerm(form.id, version, {**values, **whole})
