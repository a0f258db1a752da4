"""The console in a real browser before the real platform: an owner's first day, and what a viewer cannot do."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from meschain.catalog import runs
from meschain.catalog.suppliers import get_supplier
from meschain.store.base import utc_now
from tests.access.people import PASSWORD, People
from tests.catalog.shop import as_csv, goods
from tests.connectors.loopback import Reply, Seen, serving
from tests.operations.up import Up
from tests.web.console.chromium import Browser, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("chromedriver"), reason="no browser here: deploy/browser.sh installs it"),
]
EMAIL = "ayse@example.com"


class Feed:
    """What the supplier's server answers at the moment."""

    def __init__(self) -> None:
        self.rows = goods(60)

    def __call__(self, _: Seen) -> Reply:
        return Reply(body=as_csv(self.rows).encode(), headers={"content-type": "text/csv"})


@pytest.fixture
def up(home: Path) -> Iterator[Up]:
    """The platform, which may reach suppliers on this machine."""
    started = Up(home, http={"allow_private_addresses": True})
    try:
        started.until(lambda: "Logs are in" in started.said())
        yield started
    finally:
        started.process.kill()
        started.process.wait()
        started.house.close()


def test_an_owners_first_day_and_what_a_viewer_cannot(up: Up, tmp_path: Path) -> None:
    feed, base = Feed(), up.settings.public_url
    with serving(feed) as server, chromium(base, tmp_path / "owner") as browser:
        secret = _becomes_owner(browser, up)
        _adds_a_supplier(browser, server.url())
        _starts_a_sync(browser, up)
        feed.rows = feed.rows[:20]
        _approves_what_is_held(browser, up)
        _invites_a_viewer(browser)
        _looks_around(browser)
        assert browser.complaints() == []
        browser.press("/logout")
        browser.picture("logged-out")
        browser.go("/console/runs")
        assert browser.place.startswith("/console/login")
        _logs_in_with_a_code(browser, secret)
    with chromium(base, tmp_path / "viewer", "tr") as other:
        _cannot(other, up)


def _becomes_owner(browser: Browser, up: Up) -> str:
    """By the link that was printed once; then a second factor. Gives its key."""
    link = re.search(r"http\S+/console/links/\S+", up.said().replace("\n", ""))
    assert link is not None, up.said()
    browser.go(link[0].removesuffix("The"))
    browser.picture("first-owner")
    browser.press(browser.place, email=EMAIL, name="Ayşe Yılmaz", password=PASSWORD)
    browser.picture("login")
    browser.press("/login", email=EMAIL, password=PASSWORD)
    browser.picture("empty")
    browser.go("/console/account/second-factor")
    browser.picture("second-factor")
    secret = re.search(r"[A-Z2-7]{32}", re.sub(r"\s", "", browser.text))
    assert secret is not None, browser.text
    browser.press("/account/second-factor", code=pyotp.TOTP(secret[0]).now())
    browser.picture("recovery-codes")
    return secret[0]


def _adds_a_supplier(browser: Browser, url: str) -> None:
    browser.go("/console/settings")
    browser.press("/settings", currency="TRY")
    browser.go("/console/new-supplier")
    browser.press("/new-supplier", **{"slug": "acme", "name": "Acme Oyuncak", "parameter.urls": url})
    assert browser.place == "/console/suppliers/acme?notice=supplier-added"
    browser.press("/suppliers/acme/test")
    browser.one("[data-state=finished]")
    browser.picture("connection-test")


def _starts_a_sync(browser: Browser, up: Up) -> None:
    """By a form made from the flow's parameters; the page follows it by itself."""
    browser.go("/console/flows/sync-catalog?supplier=acme")
    browser.picture("start")
    browser.press("/flows/sync-catalog")
    assert "/console/triggers/" in browser.place
    browser.picture("running")
    browser.one("[data-state=finished]")
    browser.picture("finished")
    browser.go("/console/suppliers/acme")
    browser.picture("supplier")
    assert "60" in browser.text
    browser.go("/console/offers?query=")
    browser.picture("offers")


def _approves_what_is_held(browser: Browser, up: Up) -> None:
    browser.go("/console/flows/sync-catalog?supplier=acme")
    browser.press("/flows/sync-catalog")
    browser.one("[data-state=finished]")
    browser.go("/console/")
    browser.picture("overview")
    browser.picture("overview-phone", 390, 800)
    catalog = up.house.catalog(up.house.tenant(None))
    held = runs.held_run(catalog, get_supplier(catalog, "acme"))
    assert held is not None
    browser.go(f"/console/runs/{held.id}/changes")
    browser.picture("held")
    browser.picture("held-phone", 390, 800)
    browser.press("/approve", note="the supplier gave up the rest")
    browser.one("[data-state=finished]")
    browser.picture("approved")
    decided = runs.get_run(catalog, held.id)
    assert decided.status == "applied"
    assert decided.decision_note == "the supplier gave up the rest"
    browser.go(f"/console/runs/{held.id}")
    assert "Ayşe Yılmaz" in browser.text
    browser.picture("run")


def _invites_a_viewer(browser: Browser) -> None:
    browser.go("/console/people/invite")
    browser.press("/people/invite", **{"email": "mehmet@example.com", "role-0": "viewer"})
    browser.picture("invited")


def _looks_around(browser: Browser) -> None:
    """Every page of the menu, in both languages; nothing is missing and no text is left in English."""
    for name in ("suppliers", "runs", "quarantine", "flows", "people", "roles", "api-keys", "audit", "settings",
                 "account", "sessions", "explain", "new-role", "roles/owner", "audit/1", "margins", "prices",
                 "refused-prices", "quote", "what-ifs", "new-what-if", "price-rules", "new-price-rules", "terms",
                 "tariffs"):  # fmt: skip
        browser.go(f"/console/{name}")
        browser.picture(name.replace("/", "-"))
    browser.press("/language")
    for name in ("", "suppliers/acme", "audit"):
        browser.go(f"/console/{name}")
        browser.picture(f"language-{name.replace('/', '-') or 'overview'}")


def _logs_in_with_a_code(browser: Browser, secret: str) -> None:
    browser.press("/login", email=EMAIL, password=PASSWORD)
    browser.picture("code")
    browser.press("/login/code", code=_next_code(secret))
    assert browser.place == "/console/runs"


def _next_code(secret: str) -> str:
    """The code after the one that was used; the clock of a device may be half a minute ahead."""
    totp = pyotp.TOTP(secret)
    return totp.generate_otp(totp.timecode(utc_now()) + 1)


def _cannot(browser: Browser, up: Up) -> None:
    """A viewer sees what is there, is offered no act, and may do none that he asks for nevertheless."""
    house = up.house
    people = People.__new__(People)
    people.access = house.access
    people.member(house.tenant(None).id, "zeynep@example.com", "viewer", name="Zeynep Kaya")
    browser.go("/console/login")
    browser.press("/login", email="zeynep@example.com", password=PASSWORD)
    browser.picture("viewer")
    browser.go("/console/suppliers/acme")
    assert "Acme Oyuncak" in browser.text
    assert not browser.has("form[action$='/test']")
    browser.picture("viewer-supplier")
    for place in ("flows/sync-catalog", "people", "audit"):
        browser.go(f"/console/{place}")
        assert browser.has("h1")
        assert "Ayşe" not in browser.text
    browser.picture("viewer-refused")
