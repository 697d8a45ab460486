"""Cross Industry Invoice (UN/CEFACT D16B), the language of ZUGFeRD: what of the model stands where."""

from app.services.einvoice.mapping import (
    AMOUNT,
    BASE64,
    COMPACT_DATE,
    NUMBER,
    WHOLE,
    Codec,
    Fixed,
    Group,
    Kind,
    Packed,
    Row,
    Syntax,
    Value,
)
from app.services.einvoice.terms import pack_terms, pack_words, unpack_terms

_DAY = "udt:DateTimeString[@format=102]"
_FORMATTED = "qdt:DateTimeString[@format=102]"
_HEAD = "rsm:ExchangedDocument"
_TRADE = "rsm:SupplyChainTradeTransaction"
_AGREED = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_DELIVERED = f"{_TRADE}/ram:ApplicableHeaderTradeDelivery"
_SETTLED = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"


def _amount(path: str, field: str, bt: str = "") -> Value:
    return Value(path, field, bt, AMOUNT)


def _number(path: str, field: str, bt: str = "") -> Value:
    return Value(path, field, bt, NUMBER)


def _day(path: str, field: str, bt: str = "", inner: str = _DAY, codec: Codec = COMPACT_DATE) -> Value:
    return Value(f"{path}/{inner}", field, bt, codec)


def _id(path: str, field: str, bt: str = "") -> Group:
    return Group(path, field, (Value(".", "value", bt, attributes=(("schemeID", "scheme"),)),), bt=bt)


_ADDRESS: tuple[Row, ...] = (
    Value("ram:PostcodeCode", "postcode", "BT-38"),
    Value("ram:LineOne", "line1", "BT-35"),
    Value("ram:LineTwo", "line2", "BT-36"),
    Value("ram:LineThree", "line3", "BT-162"),
    Value("ram:CityName", "city", "BT-37"),
    Value("ram:CountryID", "country", "BT-40"),
    Value("ram:CountrySubDivisionName", "region", "BT-39"),
)
_PARTY: tuple[Row, ...] = (
    Value("ram:ID", "id", "BT-29"),
    _id("ram:GlobalID[@schemeID*]", "global_id", "BT-29"),
    Value("ram:Name", "name", "BT-27"),
    Value("ram:Description", "legal_info", "BT-33"),
    _id("ram:SpecifiedLegalOrganization/ram:ID", "legal_id", "BT-30"),
    Value("ram:SpecifiedLegalOrganization/ram:TradingBusinessName", "trading_name", "BT-28"),
    Group(
        "ram:DefinedTradeContact",
        "contact",
        (
            Value("ram:PersonName", "name", "BT-41"),
            Value("ram:DepartmentName", "name", "BT-41", only="reading"),
            Value("ram:TelephoneUniversalCommunication/ram:CompleteNumber", "phone", "BT-42"),
            Value("ram:EmailURIUniversalCommunication/ram:URIID", "email", "BT-43"),
        ),
        bt="BG-6",
    ),
    Group("ram:PostalTradeAddress", "address", _ADDRESS, bt="BG-5"),
    _id("ram:URIUniversalCommunication/ram:URIID", "endpoint", "BT-34"),
    Value("+ram:SpecifiedTaxRegistration/ram:ID[@schemeID=VA]", "vat_id", "BT-31"),
    Value("+ram:SpecifiedTaxRegistration/ram:ID[@schemeID=FC]", "tax_number", "BT-32"),
)


def _adjustments(path: str, field: str, charge: bool, bt: str, of_document: bool) -> Group:
    taxed: tuple[Row, ...] = (
        Group(
            "ram:CategoryTradeTax",
            ".",
            (
                Fixed("ram:TypeCode", "VAT"),
                Value("ram:ExemptionReason", "exemption", "BT-X-173", only="extended"),
                Value("ram:CategoryCode", "category", "BT-95"),
                Value("ram:ExemptionReasonCode", "exemption_code", "BT-X-174", only="extended"),
                _number("ram:RateApplicablePercent", "rate", "BT-96"),
            ),
        ),
    )
    return Group(
        path,
        field,
        (
            Kind("ram:ChargeIndicator/udt:Indicator", "true" if charge else "false"),
            _number("ram:CalculationPercent", "percent", "BT-94"),
            _amount("ram:BasisAmount", "base", "BT-93"),
            _amount("ram:ActualAmount", "amount", "BT-92"),
            Value("ram:ReasonCode", "reason_code", "BT-98"),
            Value("ram:Reason", "reason", "BT-97"),
            *(taxed if of_document else ()),
        ),
        many=True,
        bt=bt,
    )


def _period(path: str, field: str, bt: str) -> Group:
    return Group(
        path,
        field,
        (_day("ram:StartDateTime", "start", "BT-73"), _day("ram:EndDateTime", "end", "BT-74")),
        bt=bt,
    )


def _tax(field: str, path: str, bt: str) -> Group:
    return Group(
        path,
        field,
        (
            _amount("ram:CalculatedAmount", "tax", "BT-117"),
            Fixed("ram:TypeCode", "VAT"),
            Value("ram:ExemptionReason", "reason", "BT-120"),
            _amount("ram:BasisAmount", "base", "BT-116"),
            Value("ram:CategoryCode", "category", "BT-118"),
            Value("ram:ExemptionReasonCode", "reason_code", "BT-121"),
            _number("ram:RateApplicablePercent", "rate", "BT-119"),
        ),
        many=True,
        bt=bt,
    )


_PRECEDING: tuple[Row, ...] = (
    Value("ram:IssuerAssignedID", "number", "BT-25"),
    _day("ram:FormattedIssueDateTime", "date", "BT-26", _FORMATTED),
)

_GROSS = "ram:SpecifiedLineTradeAgreement/ram:GrossPriceProductTradePrice"
_NET = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice"
_LINE_SETTLED = "ram:SpecifiedLineTradeSettlement"
_PRICE: tuple[Row, ...] = (
    _number(f"{_GROSS}/ram:ChargeAmount", "gross", "BT-148"),
    Group(
        f"{_GROSS}/ram:AppliedTradeAllowanceCharge",
        ".",
        (
            Kind("ram:ChargeIndicator/udt:Indicator", "false"),
            _number("ram:ActualAmount", "discount", "BT-147"),
        ),
    ),
    _number(f"{_NET}/ram:ChargeAmount", "net", "BT-146"),
    Value(f"{_NET}/ram:BasisQuantity", "base_quantity", "BT-149", NUMBER, (("unitCode", "base_unit"),)),
)
_ITEM: tuple[Row, ...] = (
    _id("ram:GlobalID", "standard_id", "BT-157"),
    Value("ram:SellerAssignedID", "seller_id", "BT-155"),
    Value("ram:BuyerAssignedID", "buyer_id", "BT-156"),
    Value("ram:Name", "name", "BT-153"),
    Value("ram:Description", "description", "BT-154"),
    Group(
        "ram:ApplicableProductCharacteristic",
        "attributes",
        (Value("ram:Description", "name", "BT-160"), Value("ram:Value", "value", "BT-161")),
        many=True,
        bt="BG-32",
    ),
    Group(
        "ram:DesignatedProductClassification",
        "classifications",
        (
            Value(
                "ram:ClassCode",
                "code",
                "BT-158",
                attributes=(("listID", "scheme"), ("listVersionID", "version")),
            ),
        ),
        many=True,
        bt="BT-158",
    ),
    Value("ram:OriginTradeCountry/ram:ID", "origin", "BT-159"),
)
_LINE: tuple[Row, ...] = (
    Value("ram:AssociatedDocumentLineDocument/ram:LineID", "id", "BT-126"),
    Value("ram:AssociatedDocumentLineDocument/ram:IncludedNote/ram:Content", "note", "BT-127"),
    Group("ram:SpecifiedTradeProduct", "item", _ITEM, bt="BG-31"),
    Value(
        "ram:SpecifiedLineTradeAgreement/ram:BuyerOrderReferencedDocument/ram:LineID", "order_line", "BT-132"
    ),
    Group(".", "price", _PRICE, bt="BG-29"),
    Value(
        "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity",
        "quantity",
        "BT-129",
        NUMBER,
        (("unitCode", "unit"),),
    ),
    Group(
        "ram:SpecifiedLineTradeDelivery/ram:DeliveryNoteReferencedDocument",
        "delivery_note",
        _PRECEDING,
        bt="BT-X-92",
        only="extended",
    ),
    Group(
        f"{_LINE_SETTLED}/ram:ApplicableTradeTax",
        ".",
        (
            Fixed("ram:TypeCode", "VAT"),
            Value("ram:ExemptionReason", "exemption", "BT-X-96", only="extended"),
            Value("ram:CategoryCode", "category", "BT-151"),
            Value("ram:ExemptionReasonCode", "exemption_code", "BT-X-97", only="extended"),
            _number("ram:RateApplicablePercent", "rate", "BT-152"),
        ),
        bt="BG-30",
    ),
    _period(f"{_LINE_SETTLED}/ram:BillingSpecifiedPeriod", "period", "BG-26"),
    _adjustments(f"{_LINE_SETTLED}/ram:SpecifiedTradeAllowanceCharge", "allowances", False, "BG-27", False),
    _adjustments(f"{_LINE_SETTLED}/ram:SpecifiedTradeAllowanceCharge", "charges", True, "BG-28", False),
    _amount(
        f"{_LINE_SETTLED}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
        "net",
        "BT-131",
    ),
    Value(f"{_LINE_SETTLED}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID", "accounting", "BT-133"),
)


def _typed_document(code: str, field: str, bt: str) -> Group:
    return Group(
        f"{_AGREED}/ram:AdditionalReferencedDocument",
        ".",
        (Value("ram:IssuerAssignedID", field, bt), Kind("ram:TypeCode", code)),
    )


_ATTACHMENT: tuple[Row, ...] = (
    Value("ram:IssuerAssignedID", "reference", "BT-122"),
    Value("ram:URIID", "uri", "BT-124"),
    Kind("ram:TypeCode", "916"),
    Value("ram:Name", "description", "BT-123"),
    Value(
        "ram:AttachmentBinaryObject",
        "content",
        "BT-125",
        BASE64,
        (("mimeCode", "mime"), ("filename", "file_name")),
    ),
)
_PAYMENT: tuple[Row, ...] = (
    Value("ram:TypeCode", "code", "BT-81"),
    Value("ram:Information", "text", "BT-82"),
    Value("ram:ApplicableTradeSettlementFinancialCard/ram:ID", "card_number", "BT-87"),
    Value("ram:ApplicableTradeSettlementFinancialCard/ram:CardholderName", "card_holder", "BT-88"),
    Value("ram:PayerPartyDebtorFinancialAccount/ram:IBANID", "debited_iban", "BT-91"),
    Value("ram:PayeePartyCreditorFinancialAccount/ram:IBANID", "iban", "BT-84"),
    Value("ram:PayeePartyCreditorFinancialAccount/ram:AccountName", "account_name", "BT-85"),
    Value("ram:PayeePartyCreditorFinancialAccount/ram:ProprietaryID", "iban", "BT-84", only="reading"),
    Value("ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", "bic", "BT-86"),
)
_DISCOUNT: tuple[Row, ...] = (
    Value("ram:BasisPeriodMeasure[@unitCode=DAY]", "days", "BT-X-284", WHOLE),
    _amount("ram:BasisAmount", "base", "BT-X-285"),
    _number("ram:CalculationPercent", "percent", "BT-X-286"),
    _amount("ram:ActualDiscountAmount", "amount", "BT-X-287"),
)
_SUMS = f"{_SETTLED}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_TOTALS: tuple[Row, ...] = (
    _amount(f"{_SUMS}/ram:LineTotalAmount", "lines", "BT-106"),
    _amount(f"{_SUMS}/ram:ChargeTotalAmount", "charges", "BT-108"),
    _amount(f"{_SUMS}/ram:AllowanceTotalAmount", "allowances", "BT-107"),
    _amount(f"{_SUMS}/ram:TaxBasisTotalAmount", "net", "BT-109"),
    _amount(f"{_SUMS}/ram:TaxTotalAmount[@currencyID=$currency]", "tax", "BT-110"),
    Value(f"{_SUMS}/ram:TaxTotalAmount[@currencyID!]", "tax", "BT-110", AMOUNT, only="reading"),
    _amount(f"{_SUMS}/ram:TaxTotalAmount[@currencyID=$tax_currency]", "tax_in_tax_currency", "BT-111"),
    _amount(f"{_SUMS}/ram:RoundingAmount", "rounding", "BT-114"),
    _amount(f"{_SUMS}/ram:GrandTotalAmount", "gross", "BT-112"),
    _amount(f"{_SUMS}/ram:TotalPrepaidAmount", "prepaid", "BT-113"),
    _amount(f"{_SUMS}/ram:DuePayableAmount", "payable", "BT-115"),
)

ROWS: tuple[Row, ...] = (
    Value(
        "rsm:ExchangedDocumentContext/ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID",
        "process",
        "BT-23",
    ),
    Value(
        "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
        "guideline",
        "BT-24",
    ),
    Value(f"{_HEAD}/ram:ID", "number", "BT-1"),
    Value(f"{_HEAD}/ram:TypeCode", "type", "BT-3"),
    _day(f"{_HEAD}/ram:IssueDateTime", "issued", "BT-2"),
    Group(
        f"{_HEAD}/ram:IncludedNote",
        "notes",
        (Value("ram:Content", "text", "BT-22"), Value("ram:SubjectCode", "subject", "BT-21")),
        many=True,
        bt="BG-1",
    ),
    Group(f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem", "lines", _LINE, many=True, bt="BG-25"),
    Value(f"{_AGREED}/ram:BuyerReference", "buyer_reference", "BT-10"),
    Group(f"{_AGREED}/ram:SellerTradeParty", "seller", _PARTY, bt="BG-4"),
    Group(f"{_AGREED}/ram:BuyerTradeParty", "buyer", _PARTY, bt="BG-7"),
    Value(f"{_AGREED}/ram:SellerOrderReferencedDocument/ram:IssuerAssignedID", "sales_order", "BT-14"),
    Value(f"{_AGREED}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", "order", "BT-13"),
    Value(f"{_AGREED}/ram:ContractReferencedDocument/ram:IssuerAssignedID", "contract", "BT-12"),
    _typed_document("50", "tender", "BT-17"),
    _typed_document("130", "object_id", "BT-18"),
    Group(f"{_AGREED}/ram:AdditionalReferencedDocument", "attachments", _ATTACHMENT, many=True, bt="BG-24"),
    Group(
        f"{_AGREED}/ram:SpecifiedProcuringProject",
        ".",
        (Value("ram:ID", "project", "BT-11"), Value("ram:Name", "project", "BT-11")),
    ),
    Fixed(_DELIVERED, ""),
    Group(
        ".",
        "delivery",
        (
            _id(f"{_DELIVERED}/ram:ShipToTradeParty/ram:GlobalID", "place", "BT-71"),
            Value(f"{_DELIVERED}/ram:ShipToTradeParty/ram:Name", "name", "BT-70"),
            Group(
                f"{_DELIVERED}/ram:ShipToTradeParty/ram:PostalTradeAddress", "address", _ADDRESS, bt="BG-15"
            ),
            _day(f"{_DELIVERED}/ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime", "date", "BT-72"),
        ),
        bt="BG-13",
    ),
    Value(f"{_DELIVERED}/ram:DespatchAdviceReferencedDocument/ram:IssuerAssignedID", "despatch", "BT-16"),
    Value(f"{_DELIVERED}/ram:ReceivingAdviceReferencedDocument/ram:IssuerAssignedID", "receipt", "BT-15"),
    Value(f"{_SETTLED}/ram:CreditorReferenceID", "creditor", "BT-90"),
    Value(f"{_SETTLED}/ram:PaymentReference", "payment_reference", "BT-83"),
    Value(f"{_SETTLED}/ram:TaxCurrencyCode", "tax_currency", "BT-6"),
    Value(f"{_SETTLED}/ram:InvoiceCurrencyCode", "currency", "BT-5"),
    Group(
        f"{_SETTLED}/ram:PayeeTradeParty",
        "payee",
        (
            Value("ram:ID", "id", "BT-60"),
            Value("ram:Name", "name", "BT-59"),
            _id("ram:SpecifiedLegalOrganization/ram:ID", "legal_id", "BT-61"),
        ),
        bt="BG-10",
    ),
    Group(f"{_SETTLED}/ram:SpecifiedTradeSettlementPaymentMeans", "payment", _PAYMENT, many=True, bt="BG-16"),
    _tax("taxes", f"{_SETTLED}/ram:ApplicableTradeTax", "BG-23"),
    _period(f"{_SETTLED}/ram:BillingSpecifiedPeriod", "period", "BG-14"),
    _adjustments(f"{_SETTLED}/ram:SpecifiedTradeAllowanceCharge", "allowances", False, "BG-20", True),
    _adjustments(f"{_SETTLED}/ram:SpecifiedTradeAllowanceCharge", "charges", True, "BG-21", True),
    Packed(
        f"{_SETTLED}/ram:SpecifiedTradePaymentTerms/ram:Description",
        "terms",
        "BT-20",
        pack_terms,
        unpack_terms,
        only="!extended",
    ),
    Packed(
        f"{_SETTLED}/ram:SpecifiedTradePaymentTerms/ram:Description",
        "terms",
        "BT-20",
        pack_words,
        unpack_terms,
        only="extended",
    ),
    _day(f"{_SETTLED}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime", "due", "BT-9"),
    Value(f"{_SETTLED}/ram:SpecifiedTradePaymentTerms/ram:DirectDebitMandateID", "mandate", "BT-89"),
    Group(
        f"{_TRADE}/ram:ApplicableHeaderTradeSettlement/"
        "+ram:SpecifiedTradePaymentTerms/ram:ApplicableTradePaymentDiscountTerms",
        "discounts",
        _DISCOUNT,
        many=True,
        bt="BT-20",
        only="extended",
    ),
    Group(".", "totals", _TOTALS, bt="BG-22"),
    Group(f"{_SETTLED}/ram:InvoiceReferencedDocument", "preceding", _PRECEDING, many=True, bt="BG-3"),
    Value(f"{_SETTLED}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID", "accounting", "BT-19"),
    Group(
        f"{_SETTLED}/ram:SpecifiedAdvancePayment",
        "advances",
        (
            _amount("ram:PaidAmount", "amount", "BT-X-291"),
            _day("ram:FormattedReceivedDateTime", "received", "BT-X-292", _FORMATTED),
            Group(
                "ram:IncludedTradeTax",
                "taxes",
                (
                    _amount("ram:CalculatedAmount", "tax", "BT-X-293"),
                    Fixed("ram:TypeCode", "VAT"),
                    Value("ram:CategoryCode", "category", "BT-X-297"),
                    _number("ram:RateApplicablePercent", "rate", "BT-X-299"),
                ),
                many=True,
                bt="BG-X-46",
            ),
            Group("ram:InvoiceSpecifiedReferencedDocument", "invoice", _PRECEDING, bt="BG-X-84"),
        ),
        many=True,
        bt="BG-X-45",
        only="extended",
    ),
)

CII = Syntax(
    "rsm:CrossIndustryInvoice",
    {
        "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
        "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
        "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
        "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    },
    ROWS,
    {
        "currency": f"{_SETTLED}/ram:InvoiceCurrencyCode",
        "tax_currency": f"{_SETTLED}/ram:TaxCurrencyCode",
    },
)
