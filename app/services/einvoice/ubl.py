"""UBL 2.1, the other language of XRechnung: what of the model stands where, in Invoice and in CreditNote."""

from app.services.einvoice.mapping import AMOUNT as DECIMAL
from app.services.einvoice.mapping import (
    BASE64,
    ISO_DATE,
    NUMBER,
    Fixed,
    Group,
    Kind,
    Packed,
    Row,
    Syntax,
    Value,
)
from app.services.einvoice.terms import (
    pack_note,
    pack_order,
    pack_terms,
    unpack_note,
    unpack_order,
    unpack_terms,
)

_CURRENCY = (("currencyID", "$currency"),)
_SCHEME = (("schemeID", "scheme"),)


def _amount(path: str, field: str, bt: str = "") -> Value:
    return Value(path, field, bt, DECIMAL, _CURRENCY)


def _price(path: str, field: str, bt: str = "") -> Value:
    return Value(path, field, bt, NUMBER, _CURRENCY)


def _number(path: str, field: str, bt: str = "") -> Value:
    return Value(path, field, bt, NUMBER)


def _day(path: str, field: str, bt: str = "", only: str = "") -> Value:
    return Value(path, field, bt, ISO_DATE, only=only)


def _id(path: str, field: str, bt: str = "") -> Group:
    return Group(path, field, (Value(".", "value", bt, attributes=_SCHEME),), bt=bt)


_ADDRESS: tuple[Row, ...] = (
    Value("cbc:StreetName", "line1", "BT-35"),
    Value("cbc:AdditionalStreetName", "line2", "BT-36"),
    Value("cbc:CityName", "city", "BT-37"),
    Value("cbc:PostalZone", "postcode", "BT-38"),
    Value("cbc:CountrySubentity", "region", "BT-39"),
    Value("cac:AddressLine/cbc:Line", "line3", "BT-162"),
    Value("cac:Country/cbc:IdentificationCode", "country", "BT-40"),
)


def _registration(scheme: str, field: str, bt: str) -> Group:
    return Group(
        "cac:PartyTaxScheme",
        ".",
        (Value("cbc:CompanyID", field, bt), Kind("cac:TaxScheme/cbc:ID", scheme)),
    )


def _party(seller: bool) -> tuple[Row, ...]:
    return (
        _id("cbc:EndpointID", "endpoint", "BT-34"),
        Value("cac:PartyIdentification/cbc:ID[@schemeID=SEPA]", "/creditor", "BT-90", only="" if seller else "never"),
        Value("+cac:PartyIdentification/cbc:ID[@schemeID!]", "id", "BT-29"),
        _id("+cac:PartyIdentification/cbc:ID[@schemeID*]", "global_id", "BT-29"),
        Value("cac:PartyName/cbc:Name", "trading_name", "BT-28"),
        Group("cac:PostalAddress", "address", _ADDRESS, bt="BG-5"),
        _registration("VAT", "vat_id", "BT-31"),
        _registration("FC", "tax_number", "BT-32"),
        Value("cac:PartyLegalEntity/cbc:RegistrationName", "name", "BT-27"),
        _id("cac:PartyLegalEntity/cbc:CompanyID", "legal_id", "BT-30"),
        Value("cac:PartyLegalEntity/cbc:CompanyLegalForm", "legal_info", "BT-33"),
        Group(
            "cac:Contact",
            "contact",
            (
                Value("cbc:Name", "name", "BT-41"),
                Value("cbc:Telephone", "phone", "BT-42"),
                Value("cbc:ElectronicMail", "email", "BT-43"),
            ),
            bt="BG-6",
        ),
    )  # fmt: skip


def _category(path: str, percent_bt: str = "BT-96") -> Group:
    return Group(
        path,
        ".",
        (
            Value("cbc:ID", "category", "BT-95"),
            _number("cbc:Percent", "rate", percent_bt),
            Fixed("cac:TaxScheme/cbc:ID", "VAT"),
        ),
    )


def _adjustments(field: str, charge: bool, bt: str, of_document: bool) -> Group:
    return Group(
        "cac:AllowanceCharge",
        field,
        (
            Kind("cbc:ChargeIndicator", "true" if charge else "false"),
            Value("cbc:AllowanceChargeReasonCode", "reason_code", "BT-98"),
            Value("cbc:AllowanceChargeReason", "reason", "BT-97"),
            _number("cbc:MultiplierFactorNumeric", "percent", "BT-94"),
            _amount("cbc:Amount", "amount", "BT-92"),
            _amount("cbc:BaseAmount", "base", "BT-93"),
            *((_category("cac:TaxCategory"),) if of_document else ()),
        ),
        many=True,
        bt=bt,
    )


def _period(field: str, bt: str) -> Group:
    return Group(
        "cac:InvoicePeriod",
        field,
        (_day("cbc:StartDate", "start", "BT-73"), _day("cbc:EndDate", "end", "BT-74")),
        bt=bt,
    )


_ITEM: tuple[Row, ...] = (
    Value("cbc:Description", "description", "BT-154"),
    Value("cbc:Name", "name", "BT-153"),
    Value("cac:BuyersItemIdentification/cbc:ID", "buyer_id", "BT-156"),
    Value("cac:SellersItemIdentification/cbc:ID", "seller_id", "BT-155"),
    _id("cac:StandardItemIdentification/cbc:ID", "standard_id", "BT-157"),
    Value("cac:OriginCountry/cbc:IdentificationCode", "origin", "BT-159"),
    Group(
        "cac:CommodityClassification",
        "classifications",
        (
            Value(
                "cbc:ItemClassificationCode",
                "code",
                "BT-158",
                attributes=(("listID", "scheme"), ("listVersionID", "version")),
            ),
        ),
        many=True,
        bt="BT-158",
    ),
)
_ATTRIBUTES = Group(
    "cac:Item/cac:AdditionalItemProperty",
    "attributes",
    (Value("cbc:Name", "name", "BT-160"), Value("cbc:Value", "value", "BT-161")),
    many=True,
    bt="BG-32",
)
_PRICE: tuple[Row, ...] = (
    _price("cbc:PriceAmount", "net", "BT-146"),
    Value("cbc:BaseQuantity", "base_quantity", "BT-149", NUMBER, (("unitCode", "base_unit"),)),
    Group(
        "cac:AllowanceCharge",
        ".",
        (
            Kind("cbc:ChargeIndicator", "false"),
            _price("cbc:Amount", "discount", "BT-147"),
            _price("cbc:BaseAmount", "gross", "BT-148"),
        ),
    ),
)


def _line(quantity: str) -> tuple[Row, ...]:
    return (
        Value("cbc:ID", "id", "BT-126"),
        Value("cbc:Note", "note", "BT-127"),
        Value(f"cbc:{quantity}", "quantity", "BT-129", NUMBER, (("unitCode", "unit"),)),
        _amount("cbc:LineExtensionAmount", "net", "BT-131"),
        Value("cbc:AccountingCost", "accounting", "BT-133"),
        _period("period", "BG-26"),
        Value("cac:OrderLineReference/cbc:LineID", "order_line", "BT-132"),
        _adjustments("allowances", False, "BG-27", False),
        _adjustments("charges", True, "BG-28", False),
        # The tax stands inside the item, between its classification and its attributes.
        Group("cac:Item", "item", _ITEM, bt="BG-31"),
        _category("cac:Item/cac:ClassifiedTaxCategory", "BT-152"),
        Group(
            ".",
            "item",
            (_ATTRIBUTES,),
        ),
        Group("cac:Price", "price", _PRICE, bt="BG-29"),
    )


def _reference(name: str, field: str, bt: str, only: str = "") -> Value:
    return Value(f"cac:{name}/cbc:ID", field, bt, only=only)


_OBJECT = Group(
    "cac:AdditionalDocumentReference",
    ".",
    (Value("cbc:ID", "object_id", "BT-18"), Kind("cbc:DocumentTypeCode", "130")),
)
_CREDIT_PROJECT = Group(
    "cac:AdditionalDocumentReference",
    ".",
    (Value("cbc:ID", "project", "BT-11"), Kind("cbc:DocumentTypeCode", "50")),
    only="credit",
)
_ATTACHMENTS = Group(
    "cac:AdditionalDocumentReference",
    "attachments",
    (
        Value("cbc:ID", "reference", "BT-122"),
        Kind("cbc:DocumentTypeCode", ""),
        Value("cbc:DocumentDescription", "description", "BT-123"),
        Value(
            "cac:Attachment/cbc:EmbeddedDocumentBinaryObject",
            "content",
            "BT-125",
            BASE64,
            (("mimeCode", "mime"), ("filename", "file_name")),
        ),
        Value("cac:Attachment/cac:ExternalReference/cbc:URI", "uri", "BT-124"),
    ),
    many=True,
    bt="BG-24",
)
_PAYMENT: tuple[Row, ...] = (
    Value("cbc:PaymentMeansCode", "code", "BT-81", attributes=(("name", "text"),)),
    _day("cbc:PaymentDueDate", "/due", "BT-9", only="credit"),
    Value("cbc:PaymentID", "/payment_reference", "BT-83"),
    Group(
        "cac:CardAccount",
        ".",
        (
            Value("cbc:PrimaryAccountNumberID", "card_number", "BT-87"),
            Fixed("cbc:NetworkID", "mapped-from-cii"),
            Value("cbc:HolderName", "card_holder", "BT-88"),
        ),
    ),
    Value("cac:PayeeFinancialAccount/cbc:ID", "iban", "BT-84"),
    Value("cac:PayeeFinancialAccount/cbc:Name", "account_name", "BT-85"),
    Value("cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID", "bic", "BT-86"),
    Value("cac:PaymentMandate/cbc:ID", "/mandate", "BT-89"),
    Value("cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID", "debited_iban", "BT-91"),
)
_SUMS = "cac:LegalMonetaryTotal"
_TOTALS: tuple[Row, ...] = (
    _amount(f"{_SUMS}/cbc:LineExtensionAmount", "lines", "BT-106"),
    _amount(f"{_SUMS}/cbc:TaxExclusiveAmount", "net", "BT-109"),
    _amount(f"{_SUMS}/cbc:TaxInclusiveAmount", "gross", "BT-112"),
    _amount(f"{_SUMS}/cbc:AllowanceTotalAmount", "allowances", "BT-107"),
    _amount(f"{_SUMS}/cbc:ChargeTotalAmount", "charges", "BT-108"),
    _amount(f"{_SUMS}/cbc:PrepaidAmount", "prepaid", "BT-113"),
    _amount(f"{_SUMS}/cbc:PayableRoundingAmount", "rounding", "BT-114"),
    _amount(f"{_SUMS}/cbc:PayableAmount", "payable", "BT-115"),
)
_TAX: tuple[Row, ...] = (
    _amount("cbc:TaxableAmount", "base", "BT-116"),
    _amount("cbc:TaxAmount", "tax", "BT-117"),
    Value("cac:TaxCategory/cbc:ID", "category", "BT-118"),
    _number("cac:TaxCategory/cbc:Percent", "rate", "BT-119"),
    Value("cac:TaxCategory/cbc:TaxExemptionReasonCode", "reason_code", "BT-121"),
    Value("cac:TaxCategory/cbc:TaxExemptionReason", "reason", "BT-120"),
    Fixed("cac:TaxCategory/cac:TaxScheme/cbc:ID", "VAT"),
)


def _rows(kind: str) -> tuple[Row, ...]:
    quantity = "InvoicedQuantity" if kind == "Invoice" else "CreditedQuantity"
    return (
        Value("cbc:CustomizationID", "guideline", "BT-24"),
        Value("cbc:ProfileID", "process", "BT-23"),
        Value("cbc:ID", "number", "BT-1"),
        _day("cbc:IssueDate", "issued", "BT-2"),
        _day("cbc:DueDate", "due", "BT-9", only="invoice"),
        Value(f"cbc:{kind}TypeCode", "type", "BT-3"),
        Group(
            "cbc:Note",
            "notes",
            (Packed(".", "text", "BT-22", pack_note, unpack_note),),
            many=True,
            bt="BG-1",
        ),
        Value("cbc:DocumentCurrencyCode", "currency", "BT-5"),
        Value("cbc:TaxCurrencyCode", "tax_currency", "BT-6"),
        Value("cbc:AccountingCost", "accounting", "BT-19"),
        Value("cbc:BuyerReference", "buyer_reference", "BT-10"),
        _period("period", "BG-14"),
        Packed("cac:OrderReference/cbc:ID", "order", "BT-13", pack_order, unpack_order),
        Value("cac:OrderReference/cbc:SalesOrderID", "sales_order", "BT-14"),
        Group(
            "+cac:BillingReference/cac:InvoiceDocumentReference",
            "preceding",
            (Value("cbc:ID", "number", "BT-25"), _day("cbc:IssueDate", "date", "BT-26")),
            many=True,
            bt="BG-3",
        ),
        _reference("DespatchDocumentReference", "despatch", "BT-16"),
        _reference("ReceiptDocumentReference", "receipt", "BT-15"),
        _reference("OriginatorDocumentReference", "tender", "BT-17", only="invoice"),
        _reference("ContractDocumentReference", "contract", "BT-12"),
        _OBJECT,
        _CREDIT_PROJECT,
        _ATTACHMENTS,
        _reference("OriginatorDocumentReference", "tender", "BT-17", only="credit"),
        _reference("ProjectReference", "project", "BT-11", only="invoice"),
        Group("cac:AccountingSupplierParty/cac:Party", "seller", _party(seller=True), bt="BG-4"),
        Group("cac:AccountingCustomerParty/cac:Party", "buyer", _party(seller=False), bt="BG-7"),
        Group(
            "cac:PayeeParty",
            "payee",
            (
                Value("cac:PartyIdentification/cbc:ID", "id", "BT-60"),
                Value("cac:PartyName/cbc:Name", "name", "BT-59"),
                _id("cac:PartyLegalEntity/cbc:CompanyID", "legal_id", "BT-61"),
            ),
            bt="BG-10",
        ),
        Group(
            "cac:Delivery",
            "delivery",
            (
                _day("cbc:ActualDeliveryDate", "date", "BT-72"),
                _id("cac:DeliveryLocation/cbc:ID", "place", "BT-71"),
                Group("cac:DeliveryLocation/cac:Address", "address", _ADDRESS, bt="BG-15"),
                Value("cac:DeliveryParty/cac:PartyName/cbc:Name", "name", "BT-70"),
            ),
            bt="BG-13",
        ),
        Group("cac:PaymentMeans", "payment", _PAYMENT, many=True, bt="BG-16"),
        Packed("cac:PaymentTerms/cbc:Note", "terms", "BT-20", pack_terms, unpack_terms),
        _adjustments("allowances", False, "BG-20", True),
        _adjustments("charges", True, "BG-21", True),
        Group(
            ".",
            "totals",
            (_amount("cac:TaxTotal/cbc:TaxAmount[@currencyID=$currency]", "tax", "BT-110"),),
        ),
        Group("cac:TaxTotal/cac:TaxSubtotal", "taxes", _TAX, many=True, bt="BG-23"),
        Group(
            ".",
            "totals",
            (
                Value(
                    "+cac:TaxTotal/cbc:TaxAmount[@currencyID=$tax_currency]",
                    "tax_in_tax_currency",
                    "BT-111",
                    DECIMAL,
                ),
                *_TOTALS,
            ),
            bt="BG-22",
        ),
        Group(f"cac:{kind}Line", "lines", _line(quantity), many=True, bt="BG-25"),
    )


def _syntax(kind: str) -> Syntax:
    return Syntax(
        kind,
        {
            None: f"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2",
            "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
            "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
        },
        _rows(kind),
        {"currency": "cbc:DocumentCurrencyCode", "tax_currency": "cbc:TaxCurrencyCode"},
    )


INVOICE = _syntax("Invoice")
CREDIT_NOTE = _syntax("CreditNote")
