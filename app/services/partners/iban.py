"""International bank account numbers: form, check digits, how they are shown; pure functions."""

from app.core.errors import Invalid

# Length by country, as the registry of ISO 13616 has it.
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip


def clean_iban(text: str) -> str:
    """An IBAN as it is stored: upper case without blanks.

    Raises Invalid iban_form, iban_country, iban_length, iban_check.
    """
    iban = "".join(text.split()).upper()
    if not (iban.isascii() and iban.isalnum() and iban[:2].isalpha() and iban[2:4].isdigit()):
        raise Invalid("iban_form", column="iban")
    length = _LENGTHS.get(iban[:2])
    if length is None:
        raise Invalid("iban_country", column="iban", country=iban[:2])
    if len(iban) != length:
        raise Invalid("iban_length", column="iban", country=iban[:2], length=length)
    if int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 != 1:
        raise Invalid("iban_check", column="iban")
    return iban


def clean_bic(text: str) -> str:
    """A BIC as it is stored; empty when there is none. Raises Invalid bic_form."""
    bic = "".join(text.split()).upper()
    if not bic:
        return ""
    if len(bic) not in (8, 11) or not (bic.isascii() and bic.isalnum() and bic[:6].isalpha()):
        raise Invalid("bic_form", column="bic")
    return bic


def grouped(iban: str) -> str:
    """In groups of four, as people read it."""
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


def masked(country: str, last4: str) -> str:
    """What is shown without revealing: country and the last four."""
    return f"{country}•• •••• {last4}"
