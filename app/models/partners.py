"""Customers and suppliers: one partner can be both."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, FetchedValue, Index, LargeBinary, String, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import MONEY, Base, Root, Versioned, flag, parent_pk, percent, ref, search_key, whole

SCHEMA = "partners"


class PaymentTerm(Versioned, Base):
    """Net days, and the cash discount (Skonto) granted when paid within ``discount_days``.

    ``discount2_pct`` is the second step, a smaller discount for those who take longer (``discount2_days``).
    """

    __tablename__ = "payment_term"
    __table_args__ = (
        CheckConstraint("net_days BETWEEN 0 AND 365", name="net_days_range"),
        CheckConstraint(
            "(discount_pct = 0 AND discount_days = 0)"
            " OR (discount_pct > 0 AND discount_pct < 100 AND discount_days BETWEEN 1 AND net_days)",
            name="cash_discount_consistent",
        ),
        CheckConstraint(
            "(discount2_pct = 0 AND discount2_days = 0)"
            " OR (discount2_pct > 0 AND discount2_pct < discount_pct"
            " AND discount2_days > discount_days AND discount2_days <= net_days)",
            name="second_discount_consistent",
        ),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_de: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    net_days: Mapped[int] = whole()
    discount_days: Mapped[int] = whole("0")
    discount_pct: Mapped[Decimal] = percent("0")
    discount2_days: Mapped[int] = whole("0")
    discount2_pct: Mapped[Decimal] = percent("0")


class Partner(Versioned, Base):
    """A customer, a supplier, or both.

    ``tax_treatment``: domestic, eu_business (tax-free intra-community supply, needs a VAT id), reverse_charge (the
    customer owes the tax, needs a VAT id) or export.  ``einvoice_format``: what invoices are sent as,
    ``buyer_reference``: what they must bear (the Leitweg-ID of public buyers), ``electronic_address`` where they
    go, of the scheme ``electronic_address_scheme`` (EAS: EM is e-mail).
    """

    __tablename__ = "partner"
    __table_args__ = (
        CheckConstraint("number <> '' AND number = btrim(number)", name="partner_number_not_blank"),
        CheckConstraint("name <> ''", name="partner_name_not_blank"),
        CheckConstraint("is_customer OR is_supplier", name="partner_is_something"),
        CheckConstraint("kind IN ('b2b','b2c')", name="partner_kind_known"),
        CheckConstraint("language IN ('de','en')", name="partner_language_known"),
        CheckConstraint(
            "tax_treatment IN ('domestic','eu_business','reverse_charge','export')",
            name="tax_treatment_known",
        ),
        CheckConstraint(
            "tax_treatment <> 'eu_business' OR vat_id IS NOT NULL", name="eu_business_needs_vat_id"
        ),
        CheckConstraint(
            "tax_treatment <> 'reverse_charge' OR vat_id IS NOT NULL", name="reverse_charge_needs_vat_id"
        ),
        CheckConstraint(
            "einvoice_format IN"
            " ('paper','zugferd_en16931','zugferd_extended','xrechnung_cii','xrechnung_ubl')",
            name="einvoice_format_known",
        ),
        CheckConstraint(
            "electronic_address_scheme ~ '^([0-9]{4}|[A-Z]{2})$'", name="electronic_address_scheme_form"
        ),
        CheckConstraint("vat_id IS NULL OR vat_id ~ '^[A-Z]{2}[0-9A-Z+*]{2,12}$'", name="vat_id_format"),
        CheckConstraint("NOT is_delivery_blocked OR block_reason <> ''", name="delivery_block_needs_reason"),
        CheckConstraint("credit_limit IS NULL OR credit_limit >= 0", name="credit_limit_not_negative"),
        Index("ix_partner_search_key", "search_key"),
        {"schema": SCHEMA},
    )
    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    is_customer: Mapped[bool] = flag(True)
    is_supplier: Mapped[bool] = flag()
    is_active: Mapped[bool] = flag(True)
    kind: Mapped[str] = mapped_column(String(3), server_default=text("'b2b'"))
    language: Mapped[str] = mapped_column(String(2), server_default=text("'de'"))
    vat_id: Mapped[str | None] = mapped_column(String(14))
    tax_treatment: Mapped[str] = mapped_column(String(20), server_default=text("'domestic'"))
    # Left out of the ORM's inserts, as nobody has a grant on them: see api.partner_terms_set, partner_credit_set.
    payment_term_id: Mapped[int | None] = ref("partners.payment_term.id", elsewhere=True)
    price_list_id: Mapped[int | None] = ref("catalog.price_list.id", elsewhere=True)
    credit_limit: Mapped[Decimal | None] = mapped_column(MONEY, server_default=FetchedValue())
    is_delivery_blocked: Mapped[bool] = flag()
    block_reason: Mapped[str | None] = mapped_column(String(200), server_default=FetchedValue())
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(60))
    website: Mapped[str | None] = mapped_column(String(254))
    einvoice_format: Mapped[str] = mapped_column(String(20), server_default=text("'paper'"))
    buyer_reference: Mapped[str | None] = mapped_column(String(100))
    electronic_address: Mapped[str | None] = mapped_column(String(254))
    electronic_address_scheme: Mapped[str] = mapped_column(String(4), server_default=text("'EM'"))
    remark: Mapped[str | None] = mapped_column(Text)
    search_key: Mapped[str] = search_key("lower(name)")


class PartnerSearch(Root):
    """Word endings of a partner's number, name and cities, kept by triggers for `partners.search_partners` alone."""

    __tablename__ = "partner_search"
    __table_args__ = (
        Index("ix_partner_search_vector", "vector", postgresql_using="gin"),
        {"schema": SCHEMA},
    )
    partner_id: Mapped[int] = parent_pk("partners.partner.id")
    vector: Mapped[str] = mapped_column(TSVECTOR)


class Address(Versioned, Base):
    """A postal address of a partner; ``country`` is ISO 3166 alpha-2."""

    __tablename__ = "address"
    __table_args__ = (
        CheckConstraint("kind IN ('billing','delivery')", name="address_kind_known"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_code_format"),
        Index("uq_address_default", "partner_id", "kind", unique=True, postgresql_where=text("is_default")),
        {"schema": SCHEMA},
    )
    partner_id: Mapped[int] = ref("partners.partner.id")
    kind: Mapped[str] = mapped_column(String(10), server_default=text("'billing'"))
    is_default: Mapped[bool] = flag()
    name: Mapped[str | None] = mapped_column(String(200))
    street: Mapped[str] = mapped_column(String(200))
    street2: Mapped[str | None] = mapped_column(String(200))
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(120))
    region: Mapped[str | None] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2), server_default=text("'DE'"))


class Contact(Versioned, Base):
    """A person at a partner."""

    __tablename__ = "contact"
    __table_args__ = ({"schema": SCHEMA},)
    partner_id: Mapped[int] = ref("partners.partner.id")
    salutation: Mapped[str | None] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(60))


class BankAccount(Versioned, Base):
    """A bank account of a partner, as far as people with the right see it without revealing: country and last four.

    Holder, number, BIC and bank are in `bank_secret`, encrypted by the client with `data_key_id`; `mark` is the same
    for equal numbers under one key, so that a number that is used twice is found.
    """

    __tablename__ = "bank_account"
    __table_args__ = (
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="bank_account_country"),
        CheckConstraint("last4 ~ '^[A-Z0-9]{4}$'", name="bank_account_last4"),
        CheckConstraint("octet_length(mark) = 32", name="bank_account_mark"),
        Index("ix_bank_account_mark", "mark"),
        Index(
            "uq_bank_account_default",
            "partner_id",
            unique=True,
            postgresql_where=text("is_default AND is_active"),
        ),
        {"schema": SCHEMA},
    )
    partner_id: Mapped[int] = ref("partners.partner.id")
    country: Mapped[str] = mapped_column(String(2))
    last4: Mapped[str] = mapped_column(String(4))
    is_default: Mapped[bool] = flag()
    is_active: Mapped[bool] = flag(True)
    data_key_id: Mapped[int] = ref("sec.data_key.id")
    mark: Mapped[bytes] = mapped_column(LargeBinary)


class BankSecret(Root):
    """What of a bank account only a client with the key can read; nobody has a right on this table."""

    __tablename__ = "bank_secret"
    __table_args__ = (
        CheckConstraint(
            "least(octet_length(holder), octet_length(iban), octet_length(bic), octet_length(bank)) >= 45"
            " AND greatest(octet_length(holder), octet_length(iban), octet_length(bic), octet_length(bank)) <= 1000",
            name="bank_secret_form",
        ),
        {"schema": SCHEMA},
    )
    bank_account_id: Mapped[int] = parent_pk("partners.bank_account.id")
    holder: Mapped[bytes] = mapped_column(LargeBinary)
    iban: Mapped[bytes] = mapped_column(LargeBinary)
    bic: Mapped[bytes] = mapped_column(LargeBinary)
    bank: Mapped[bytes] = mapped_column(LargeBinary)
