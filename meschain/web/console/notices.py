"""What a page says about the act that led to it. A redirect names the notice by its code: no text travels in a URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from meschain.web.console.language import N_

Tone = Literal["bad", "idle", "ok", "run", "warn"]
"""How a thing stands: wrong, at rest, well, under way, in need of a look. A page never says it by colour alone."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence on what was done."""

    tone: Tone
    text: str


NOTICES: Mapping[str, Notice] = MappingProxyType(
    {
        "channel-added": Notice("ok", N_("The channel was added.")),
        "channel-changed": Notice("ok", N_("The channel was changed.")),
        "code-used": Notice("warn", N_("You used a recovery code; it is worth nothing from now on.")),
        "flow-cancelled": Notice("ok", N_("The flow is being stopped.")),
        "flow-started": Notice("ok", N_("The flow has been asked to run.")),
        "grants-changed": Notice("ok", N_("The roles were changed; they hold at once.")),
        "interval-changed": Notice("ok", N_("The interval was changed.")),
        "invitation-revoked": Notice("ok", N_("The invitation was revoked; its link no longer works.")),
        "joined": Notice("ok", N_("You have joined. Log in, and choose for whom you work.")),
        "key-revoked": Notice("ok", N_("The API key was revoked; it no longer works.")),
        "language-changed": Notice("ok", N_("The language was changed.")),
        "link-used": Notice("ok", N_("Your password was set. Log in with it.")),
        "member-removed": Notice("ok", N_("The member was removed and all of that member's sessions here were ended.")),
        "name-changed": Notice("ok", N_("Your name was changed.")),
        "password-changed": Notice(
            "ok", N_("Your password was changed and all of your sessions were ended. Log in with it.")
        ),
        "price-approved": Notice("ok", N_("The price was approved; it goes out when prices are made the next time.")),
        "profile-changed": Notice("ok", N_("The profile was saved as a new version; the next sync reads with it.")),
        "rates-approved": Notice("ok", N_("The rates were approved; they are used from now on.")),
        "rates-rejected": Notice("ok", N_("The rates were rejected; what was accepted before is used further.")),
        "role-changed": Notice("ok", N_("The role was saved; it holds at once for everybody who has it.")),
        "role-removed": Notice("ok", N_("The role was removed.")),
        "rules-approved": Notice("ok", N_("Prices are made by these rules from now on; have them made anew.")),
        "rules-drafted": Notice("ok", N_("The draft was kept. See what it would do before it is approved.")),
        "second-factor-disabled": Notice("warn", N_("The second factor was turned off.")),
        "session-ended": Notice("ok", N_("The session was ended.")),
        "settings-changed": Notice("ok", N_("The settings were saved.")),
        "source-changed": Notice("ok", N_("The source was saved; test the connection before the next sync.")),
        "supplier-added": Notice("ok", N_("The supplier was added. Test the connection, then start the first sync.")),
        "tariff-added": Notice("ok", N_("The tariff was added.")),
        "tariff-removed": Notice("ok", N_("The tariff was removed.")),
        "tenant-changed": Notice("ok", N_("You now work for this tenant.")),
        "term-added": Notice("ok", N_("The value was stated; margins computed from now on take it.")),
        "term-ended": Notice("ok", N_("The value ends on that day.")),
        "term-removed": Notice("ok", N_("The value was removed.")),
    }
)


def notice(code: str | None) -> Notice | None:
    """The notice of that code; None if there is none, since anybody can write an address."""
    return NOTICES.get(code or "")
