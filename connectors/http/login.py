"""Takes the credentials that people paste into an address out of it, so that they can be kept apart and encrypted."""

from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus, urlsplit, urlunsplit

from connectors.http.redaction import is_sensitive


@dataclass(frozen=True, slots=True)
class Lifted:
    """An address without credentials, and what was in it: user, password, and query parameters that hold a secret."""

    url: str
    username: str
    password: str = field(repr=False)
    query: dict[str, str] = field(repr=False)


def lift(url: str) -> Lifted:
    """Divide an address into its public part and its credentials; raises ValueError when it is no address."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        # The original message repeats the host part, password included.
        raise ValueError("this is no address; check its spelling") from None
    login, _, host = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    kept, query = [], {}
    for parameter in parts.query.split("&"):
        name, _, value = parameter.partition("=")
        if value and is_sensitive(unquote_plus(name)):
            query[unquote_plus(name)] = unquote_plus(value)
        else:
            kept.append(parameter)
    public = urlunsplit((parts.scheme, host, parts.path, "&".join(kept), ""))
    return Lifted(public, unquote(username), unquote(password), query)
