"""The bulletins of Türkiye's central bank (TCMB): liras for foreign currencies, every business day."""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from lxml import etree

from commerce.errors import Permanent
from connectors.fx.bulletin import Bulletin, Rate, check_rate, parse_xml
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.failures import HttpPermanent

ADDRESS = "https://www.tcmb.gov.tr/kurlar"
_LONGEST_HOLIDAY = 12
"""Days without a bulletin: nine of a feast with its bridges, and the weekends around it."""
_MAX_BYTES = 1_000_000
_FIELDS = ("ForexBuying", "ForexSelling")


def fetch_tcmb(http: HttpClient, day: date, address: str = ADDRESS) -> Bulletin:
    """The bulletin of that day, or of the last business day before it.

    Raises Permanent when there has been none for longer than any holiday lasts, HttpTransient as the client does.
    """
    for before in range(_LONGEST_HOLIDAY + 1):
        asked = day - timedelta(days=before)
        url = f"{address}/{asked:%Y%m}/{asked:%d%m%Y}.xml"
        try:
            document = http.request(Call(url, max_bytes=_MAX_BYTES)).content
        except HttpPermanent as error:
            if error.status != 404:
                raise
            continue
        return parse_tcmb(document, url)
    raise Permanent(f"{address}: there is no bulletin of {day} and of the {_LONGEST_HOLIDAY} days before; look there")


def parse_tcmb(document: bytes, shown: str = "the bulletin") -> Bulletin:
    """A bulletin as it is published (`Tarih_Date`). A currency without a rate of its own is left out.

    Rates are of `Unit` units there (100 yen) and of one unit here. Raises Permanent when it cannot be read.
    """
    root = parse_xml(document, shown)
    if root.tag != "Tarih_Date":
        raise Permanent(f"{shown}: expected a bulletin with the root Tarih_Date, found {root.tag}")
    number = root.get("Bulten_No", "")
    try:
        day = datetime.strptime(root.get("Tarih", ""), "%d.%m.%Y").date()  # noqa: DTZ007  a day has no time zone
    except ValueError:
        raise Permanent(f"{shown}: Tarih is {root.get('Tarih')!r}, expected a day such as 18.09.2026") from None
    rates = tuple(rate for currency in root.iter("Currency") if (rate := _rate(currency, shown)) is not None)
    if not number or not rates:
        raise Permanent(f"{shown}: the bulletin has no number or no rate")
    return Bulletin("tcmb", number, day, rates)


def _rate(currency: etree._Element, shown: str) -> Rate | None:
    code = currency.get("CurrencyCode", "")
    buying, selling = (_number(currency, name, code, shown) for name in _FIELDS)
    unit = _number(currency, "Unit", code, shown)
    if buying is None or selling is None:
        return None
    if not code or unit is None:
        raise Permanent(f"{shown}: a currency has no code or no unit")
    return check_rate(Rate(code, "TRY", buying / unit, selling / unit), _FIELDS, shown)


def _number(currency: etree._Element, name: str, code: str, shown: str) -> Decimal | None:
    """A positive number; None where the element is empty or missing."""
    text = (currency.findtext(name) or "").strip()
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise Permanent(f"{shown}: {name} of {code} is {text!r}, expected a positive number such as 48.6116")
    return number
