"""What must hold of a partner's values together: asked by the form, by imports and by whoever else takes over data."""

from app.services.validation import Rules

PARTNER = Rules.read(
    {
        "record": [
            {"expect": "is_customer or is_supplier", "field": "is_customer", "code": "partner_is_something"},
            {
                "expect": "not is_delivery_blocked or length(block_reason or '') > 0",
                "field": "block_reason",
                "code": "delivery_block_needs_reason",
            },
            {
                "expect": "tax_treatment != 'eu_business' or length(vat_id or '') > 0",
                "field": "vat_id",
                "code": "eu_business_needs_vat_id",
            },
            {
                "expect": "not starts(einvoice_format, 'xrechnung') or length(buyer_reference or '') > 0",
                "field": "buyer_reference",
                "code": "einvoice_needs_buyer_reference",
            },
            {
                "expect": "not starts(einvoice_format, 'xrechnung') or length(electronic_address or '') > 0",
                "field": "electronic_address",
                "code": "einvoice_needs_address",
            },
        ]
    }
)
PAYMENT_TERM = Rules.read(
    {
        "record": [
            {
                "expect": "discount_days <= net_days and (discount_days == 0) == (discount_pct == 0)"
                " if discount_pct != None else True",
                "field": "discount_days",
                "code": "cash_discount_consistent",
            },
            {
                "expect": "(discount2_days or 0) == 0 and (discount2_pct or 0) == 0"
                " or discount2_days > discount_days and discount2_days <= net_days"
                " and discount2_pct > 0 and discount2_pct < discount_pct",
                "field": "discount2_days",
                "code": "second_discount_consistent",
            },
        ]
    }
)
