"""The fields of a customer or supplier, in groups."""

from decimal import Decimal

from app.services.partners import rules
from app.views.core.fields import Field
from app.views.core.form_model import Section
from app.views.partners.words import CREDIT, EINVOICES, KINDS, LANGUAGES, TERMS, TREATMENTS, ruled, text_rule

HEAD = Section(
    (
        Field(
            "name",
            "partners.field.name",
            required=True,
            span=2,
            max_length=200,
            validate=text_rule("name", 200),
        ),
        Field("number", "partners.field.number", max_length=20),
        Field(
            "kind",
            "partners.field.kind",
            "choice",
            required=True,
            choices=tuple((kind, words) for kind, (_, words) in KINDS.items()),
        ),
        Field("is_customer", "partners.field.is_customer", "check"),
        Field("is_supplier", "partners.field.is_supplier", "check"),
        Field("is_active", "partners.field.is_active", "check"),
        Field(
            "language",
            "partners.field.language",
            "choice",
            required=True,
            choices=tuple((code, f"partners.language.{code}") for code in LANGUAGES),
        ),
    )
)
REACH = Section(
    (
        Field("email", "partners.field.email", span=2, max_length=254, validate=ruled(rules.check_email)),
        Field("phone", "partners.field.phone", max_length=60),
        Field(
            "vat_id",
            "partners.field.vat_id",
            max_length=30,
            validate=ruled(rules.check_vat_id),
        ),
        Field("website", "partners.field.website", span=2, max_length=254),
    ),
    "partners.section.reach",
)
CONDITIONS = Section(
    (
        Field(
            "price_list_id",
            "partners.field.price_list",
            "choice",
            text_key="price_list",
            edit_right=TERMS,
            edit_reason="partners.field.terms_reason",
        ),
        Field(
            "payment_term_id",
            "partners.field.payment_term",
            "choice",
            span=2,
            text_key="payment_term",
            edit_right=TERMS,
            edit_reason="partners.field.terms_reason",
        ),
        Field(
            "tax_treatment",
            "partners.field.tax_treatment",
            "choice",
            required=True,
            choices=tuple((key, f"partners.treatment.{key}") for key in TREATMENTS),
            edit_right=TERMS,
            edit_reason="partners.field.terms_reason",
        ),
        Field(
            "credit_limit",
            "partners.field.credit_limit",
            "money",
            minimum=Decimal(0),
            edit_right=CREDIT,
            edit_reason="partners.field.terms_reason",
        ),
        Field(
            "is_delivery_blocked",
            "partners.field.is_delivery_blocked",
            "check",
            edit_right=CREDIT,
            edit_reason="partners.field.terms_reason",
        ),
        Field(
            "block_reason",
            "partners.field.block_reason",
            span=2,
            max_length=200,
            edit_right=CREDIT,
        ),
        Field("remark", "partners.field.remark", "multiline", span=4, max_length=20_000),
    ),
    "partners.section.conditions",
)
EINVOICE = Section(
    (
        Field(
            "einvoice_format",
            "partners.field.einvoice_format",
            "choice",
            required=True,
            choices=tuple((key, f"partner.einvoice_format.{key}") for key in EINVOICES),
        ),
        Field(
            "buyer_reference",
            "partners.field.buyer_reference",
            max_length=100,
            validate=ruled(rules.check_buyer_reference),
        ),
        Field("electronic_address", "partners.field.electronic_address", max_length=254),
        Field(
            "electronic_address_scheme",
            "partners.field.electronic_address_scheme",
            max_length=4,
            help="partners.field.electronic_address_scheme_help",
        ),
    ),
    "partners.section.einvoice",
)
