"""Every address of the console: pages and acts, by name. Templates, redirects and routes take them from here alone."""

from collections.abc import Mapping
from string import Formatter
from types import MappingProxyType
from urllib.parse import quote, urlencode

BASE = "/console"

PAGES: Mapping[str, str] = MappingProxyType(
    {
        "home": "/",
        "account": "/account",
        "api-keys": "/api-keys",
        "audit": "/audit",
        "audit-entry": "/audit/{sequence}",
        "bulletin": "/rates/{source}/{day}",
        "channel": "/channels/{channel}",
        "channels": "/channels",
        "choose-tenant": "/tenants",
        "enrol-second-factor": "/account/second-factor",
        "explain": "/explain",
        "flow": "/flows/{flow}",
        "flows": "/flows",
        "invite": "/people/invite",
        "link": "/links/{token}",
        "login": "/login",
        "margins": "/margins",
        "member": "/people/{user}",
        "people": "/people",
        "new-channel": "/new-channel",
        "new-price-rules": "/new-price-rules",
        "new-role": "/new-role",
        "new-supplier": "/new-supplier",
        "new-tariff": "/new-tariff",
        "new-term": "/new-term",
        "new-what-if": "/new-what-if",
        "offer": "/offer",
        "offers": "/offers",
        "price": "/prices/{channel}",
        "price-rule-set": "/price-rules/{version}",
        "price-rules": "/price-rules",
        "prices": "/prices",
        "quarantine": "/quarantine",
        "quote": "/quote",
        "rates": "/rates",
        "refused-price": "/refused-prices/{channel}",
        "refused-prices": "/refused-prices",
        "role": "/roles/{role}",
        "roles": "/roles",
        "run": "/runs/{run}",
        "run-changes": "/runs/{run}/changes",
        "run-live": "/runs/{run}/live",
        "run-report": "/runs/{run}/report",
        "runs": "/runs",
        "second-factor": "/login/code",
        "sessions": "/sessions",
        "settings": "/settings",
        "supplier": "/suppliers/{supplier}",
        "supplier-source": "/suppliers/{supplier}/source",
        "suppliers": "/suppliers",
        "tariff": "/tariffs/{tariff}",
        "tariffs": "/tariffs",
        "term": "/terms/{term}",
        "terms": "/terms",
        "trigger": "/triggers/{trigger}",
        "trigger-live": "/triggers/{trigger}/live",
        "what-if": "/what-ifs/{scenario}",
        "what-if-live": "/what-ifs/{scenario}/live",
        "what-ifs": "/what-ifs",
    }
)
"""Pages (GET). Those that end in `-live` give a part of their page, for what follows it."""

ACTS: Mapping[str, str] = MappingProxyType(
    {
        "add-channel": "/new-channel",
        "add-supplier": "/new-supplier",
        "add-tariff": "/new-tariff",
        "add-term": "/new-term",
        "approve-price": "/refused-prices/{channel}",
        "approve-price-rules": "/price-rules/{version}/approve",
        "approve-rates": "/rates/{source}/{day}/approve",
        "approve-run": "/runs/{run}/approve",
        "ask-what-if": "/new-what-if",
        "cancel-trigger": "/triggers/{trigger}/cancel",
        "change-channel": "/channels/{channel}",
        "change-grants": "/people/{user}",
        "change-interval": "/suppliers/{supplier}/interval",
        "change-language": "/language",
        "change-name": "/account/name",
        "change-password": "/account/password",
        "change-profile": "/suppliers/{supplier}/profile",
        "change-role": "/roles/{role}",
        "change-settings": "/settings",
        "change-source": "/suppliers/{supplier}/source",
        "compute-margins": "/margins/compute",
        "compute-what-if": "/what-ifs/{scenario}/compute",
        "confirm-second-factor": "/account/second-factor",
        "create-api-key": "/api-keys",
        "create-role": "/new-role",
        "disable-second-factor": "/account/second-factor/disable",
        "draft-price-rules": "/new-price-rules",
        "end-session": "/sessions/{session}/end",
        "end-term": "/terms/{term}/end",
        "give-code": "/login/code",
        "log-in": "/login",
        "log-out": "/logout",
        "make-recovery-codes": "/account/recovery-codes",
        "preview-price-rules": "/price-rules/{version}/preview",
        "refresh-prices": "/prices/refresh",
        "refresh-rates": "/rates/refresh",
        "reject-rates": "/rates/{source}/{day}/reject",
        "reject-run": "/runs/{run}/reject",
        "remove-member": "/people/{user}/remove",
        "remove-role": "/roles/{role}/remove",
        "remove-tariff": "/tariffs/{tariff}/remove",
        "remove-term": "/terms/{term}/remove",
        "retry-quarantine": "/suppliers/{supplier}/retry",
        "retry-trigger": "/triggers/{trigger}/retry",
        "revoke-api-key": "/api-keys/{key}/revoke",
        "revoke-invitation": "/people/invitations/{invitation}/revoke",
        "roll-back-run": "/runs/{run}/roll-back",
        "send-invitation": "/people/invite",
        "set-password": "/links/{token}",
        "start-flow": "/flows/{flow}",
        "test-supplier": "/suppliers/{supplier}/test",
        "use-tenant": "/tenants",
    }
)
"""Acts (POST)."""

_ALL = {**PAGES, **ACTS}


def url(name: str, /, **values: object) -> str:
    """The address of a page or act; values that its path has no place for become its query, None is left out."""
    path = _ALL[name]
    parts = {part for _, part, _, _ in Formatter().parse(path) if part}
    filled = path.format(**{part: quote(str(values[part]), safe="") for part in parts})
    query = {key: value for key, value in values.items() if key not in parts and value is not None}
    return BASE + filled + (f"?{urlencode(query)}" if query else "")


def inside(target: str | None) -> str:
    """Where to go after a login or a switch: `target` if it is a page of the console, else the first page."""
    safe = (
        target is not None and target.startswith(f"{BASE}/") and target.isprintable() and not set(target) & {"\\", " "}
    )
    return target if safe and target else url("home")
