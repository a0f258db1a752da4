"""Takes secrets out of everything that is logged or said in an error: URLs, headers, and the text of others.

What a secret is: a value handed in as one, user and password in a URL, and whatever stands under a name that speaks
of one (`key`, `apikey`, `token`, `sifre`, …). This hides; it encrypts nothing.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote_plus

MASK = "***"
SHORTEST = 4
"""Values below this length are masked where they stand (URL, header) but not searched for: they occur in any text."""

_IN_NAME = re.compile(
    "apikey|token|secret|passw|passphrase|signature|credential|authoriz|session|cookie|bearer|jwt|sifre|parola|anahtar"
)
_WORDS = frozenset({"key", "pass", "pwd", "pw", "sig", "auth", "sid"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
_AUTHORITY = re.compile(r"(?:\[[^\]@]*\]|[^:@\[\]]*)(?::\d*)?")
_SCHEME_WORDS = re.compile(r"\b(bearer|basic|digest|token)\s+[\w.~+/=-]{4,}", re.IGNORECASE)
_NAMED = re.compile(r"([\w.-]{2,40})(\\?[\"']?\s*[:=]\s*\\?[\"']?)([^\s\"',;&}<>\\]+)")


def is_sensitive(name: str) -> bool:
    """Whether a parameter, header or field of this name holds a secret."""
    plain = unicodedata.normalize("NFKD", name).replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    words = {word.lower() for word in _WORD.findall(plain)}
    compact = re.sub(r"[^a-z0-9]", "", plain.lower())
    return bool(words & _WORDS) or compact.endswith("key") or _IN_NAME.search(compact) is not None


def redact_url(url: str) -> str:
    """The URL without fragment, user and password, and with the values of sensitive query parameters masked."""
    head, mark, query = url.partition("#")[0].partition("?")
    scheme, separator, rest = head.partition("://")
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    if separator and _AUTHORITY.fullmatch(host) is None:
        # An address nobody can parse may carry a password anywhere: show nothing of it.
        return f"{scheme}://{MASK}"
    login = f"{MASK}@" if "@" in authority else ""
    shown = f"{scheme}{separator}{login}{host}{slash}{path}"
    return shown + mark + "".join(_redact_parameter(part) for part in re.split("([&;])", query))


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Header lines with the values of sensitive ones masked."""
    return {name: MASK if is_sensitive(name) else value for name, value in headers.items()}


class Redactor:
    """Cleans text of secrets known by value, in plain, percent-encoded, escaped and any letter-case form."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secrets)
        forms = {form for secret in self._secrets for form in _forms(secret) if len(form) >= SHORTEST}
        longest_first = sorted(forms, key=len, reverse=True)
        self._forms = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if forms else None

    def knowing(self, more: Iterable[str]) -> "Redactor":
        """A redactor that knows these secrets too."""
        return Redactor(self._secrets.union(more))

    def text(self, text: str) -> str:
        """Clean our own words: known values and what URLs carry."""
        return self._values(_URL.sub(lambda found: redact_url(found[0]), self._values(text)))

    def foreign(self, text: str) -> str:
        """Clean the words of others, which may repeat what was sent under any name they like."""
        cleaned = _SCHEME_WORDS.sub(rf"\1 {MASK}", self.text(text))
        return self._values(_NAMED.sub(_redact_named, cleaned))

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Header lines fit for a log."""
        return {name: self.text(value) for name, value in redact_headers(headers).items()}

    def _values(self, text: str) -> str:
        # Again until nothing is found, for what is left around a mask may form a secret anew. Every form is longer than
        # the mask, so each round shortens the text.
        while self._forms is not None and (cleaned := self._forms.sub(MASK, text)) != text:
            text = cleaned
        return text


def _forms(secret: str) -> set[str]:
    safe = secret.encode("utf-8", "replace").decode()
    percent = {quote(safe, safe=""), quote(safe), quote_plus(safe)}
    return {secret, safe, html.escape(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1], *percent}


def _redact_parameter(part: str) -> str:
    name, _, value = part.partition("=")
    if not value:
        return part
    # A parameter may hold another address with parameters of its own.
    inner = unquote_plus(value)
    nested = inner != value and _URL.sub(lambda found: redact_url(found[0]), inner) != inner
    return f"{name}={MASK}" if nested or is_sensitive(unquote_plus(name)) else part


def _redact_named(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{MASK}" if is_sensitive(found[1]) else found[0]
