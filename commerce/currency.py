"""Currencies as feeds write them and as ISO 4217 names them, and rounding of amounts we issue. No exchange rates."""

import re
from decimal import ROUND_HALF_UP, Decimal

from commerce.errors import BadRecord

_ALIASES = {
    "TL": "TRY", "TRL": "TRY", "YTL": "TRY", "TURK LIRASI": "TRY", "TÜRK LIRASI": "TRY", "₺": "TRY",
    "EURO": "EUR", "€": "EUR", "AVRO": "EUR",
    "$": "USD", "US$": "USD", "DOLAR": "USD", "DOLLAR": "USD",
    "£": "GBP", "STERLIN": "GBP",
}  # fmt: skip
ISO_4217 = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG""".split()
)
_THREE_DIGITS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_NO_DIGITS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
CURRENCY_PATTERN = "|".join(sorted({re.escape(alias) for alias in _ALIASES} | ISO_4217, key=len, reverse=True))
"""Regular expression of everything that `parse_currency` knows, in any case."""
_LEADING = re.compile(rf"^({CURRENCY_PATTERN})\s*(?=[-\u2212\d])", re.IGNORECASE)
_TRAILING = re.compile(rf"(?<=\d)\s*({CURRENCY_PATTERN})$", re.IGNORECASE)


def parse_currency(text: str, field: str = "currency") -> str | None:
    """ISO 4217 code of a currency as feeds write it (`TL`, `₺`, `EURO`, `$`, `usd`); None if blank."""
    word = text.strip().upper().replace("İ", "I")
    if not word:
        return None
    code = _ALIASES.get(word, word)
    if code not in ISO_4217:
        raise BadRecord("unknown_currency", field, text, "an ISO 4217 code such as TRY, EUR or USD")
    return code


def strip_currency(text: str) -> str:
    """`text` without one currency symbol or code before or behind the number."""
    return _TRAILING.sub("", _LEADING.sub("", text, count=1), count=1).strip()


def currency_in(amount: str) -> str | None:
    """ISO 4217 code of what `strip_currency` strips (`199.90 TRY`, `$9.99`); None if that is nothing.

    Raises BadRecord: two_currencies, when one stands before the number and another behind it.
    """
    bare = amount.strip()
    codes = {parse_currency(match[1]) for match in (_LEADING.search(bare), _TRAILING.search(bare)) if match}
    if len(codes) > 1:
        raise BadRecord("two_currencies", "currency", amount, "one currency beside the number")
    return codes.pop() if codes else None


def minor_digits(currency: str) -> int:
    """Digits of the minor unit of an ISO 4217 currency: 2 for TRY, 0 for JPY, 3 for KWD."""
    return 0 if currency in _NO_DIGITS else 3 if currency in _THREE_DIGITS else 2


def round_to_minor(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded half up (away from zero at the half) to the minor unit: for amounts computed or issued."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)
