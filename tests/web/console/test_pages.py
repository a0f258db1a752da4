"""Every page that a link leads to: whole, in either language, safe whatever a feed says, of one's own tenant only."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urlsplit

import pytest
from sqlalchemy import update

from meschain.access.grants import GivenRole
from meschain.access.scopes import ScopeKind
from meschain.access.users import list_members
from meschain.catalog.suppliers import add_supplier, set_source
from meschain.channels.service import add_channel
from meschain.runs.tables import Trigger
from meschain.settings import Settings, private_dir
from meschain.store.session import transaction
from meschain.web.console.places import PAGES
from tests.access.people import PASSWORD
from tests.catalog.shop import Shop, goods
from tests.web.console.rival_prices import add_prices
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check
from tests.web.rivals import MARKS, furnish, slug_of
from tests.web.stage import Stage, fill, staged

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e'\"&{{7*7}}"
OURS, THEIRS = MARKS
MOST = 160
"""How many pages one walk looks at."""
NEEDS_SOMETHING = {"link", "second-factor", "run-live", "run-report", "trigger-live", "what-if-live"}
"""Pages that no link leads to."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Stage]:
    """Two furnished tenants; whatever the first one's suppliers say is hostile."""
    folder = tmp_path_factory.mktemp("town")
    home = private_dir(folder / "home")
    shutil.copy(_sqlite_template, home / "store.sqlite")
    furnish(Settings.model_validate({"home": home, "lake": {"threads": 1}}), folder)
    with staged(home) as stage:
        house = stage.app.state.house
        for mark in MARKS:
            add_prices(house, mark, slug_of(mark))
        catalog = house.catalog(house.tenant(slug_of(OURS)))
        add_channel(house.channels(house.tenant(slug_of(OURS))), "hostile", name=HOSTILE, currency="TRY")
        add_supplier(catalog, "hostile", name=HOSTILE)
        set_source(catalog, "hostile", {"kind": "http", "urls": ["https://x.example/?a=<script>"]})
        with catalog.lake.connect(read_only=True) as reader:
            shop = Shop(catalog, reader, folder)
            odd = {"sku": HOSTILE, "title": HOSTILE, "price": "1", "currency": "TRY", "images": "javascript:alert(1)"}
            shop.sync([odd, *goods(30), {**odd, "sku": "bad", "price": HOSTILE}], "hostile")
            shop.sync([{**row, "title": HOSTILE} for row in goods(5)], "hostile")
        yield stage


@pytest.fixture(scope="module")
def presser(town: Stage) -> Surfer:
    """Who may do everything there, and whose name is no mark of the tenant."""
    town.people.member(town.app.state.house.tenant(slug_of(OURS)).id, "presses@example.com", "admin")
    return Surfer(town).log_in("presses@example.com")


def walk(surfer: Surfer, start: str = "/console/") -> Iterator[Surfer]:
    """Every page that can be reached by links, the nearest first; of many alike a few."""
    waiting, seen, kinds = [start], {start}, Counter[str]()
    while waiting and len(seen) < MOST:
        yield surfer.go(waiting.pop(0))
        for link in surfer.links():
            parts = urlsplit(link)
            kind = "/".join(part for part in parts.path.split("/") if not any(sign.isdigit() for sign in part))
            address = link.partition("#")[0]
            if parts.netloc or not address.startswith("/console/") or address in seen or kinds[kind] > 6:
                continue
            kinds[kind] += 1
            seen.add(address)
            waiting.append(address)


@pytest.mark.parametrize("language", ["en", "tr"])
def test_every_page_is_whole_safe_and_of_ones_own(town: Stage, language: str) -> None:
    surfer = Surfer(town).log_in(f"owner@{OURS}.example").press("/language", language=language)
    seen = set()
    for page in walk(surfer):
        assert page.answer.status_code == 200, (page.place, page.text[:200])
        assert page.page.get("lang") == language
        check(page.page, page.place)
        assert THEIRS not in page.answer.text, page.place
        seen.add(urlsplit(page.place).path)
    reached = {
        name for name, path in PAGES.items()
        if any(len(path.split("/")) + 1 == len(each.split("/")) and _fits(path, each) for each in seen)
    }  # fmt: skip
    assert reached >= PAGES.keys() - NEEDS_SOMETHING - {"login", "choose-tenant", "run-report"}, PAGES.keys() - reached


def _fits(path: str, place: str) -> bool:
    parts = zip(f"/console{path}".split("/"), place.split("/"), strict=True)
    return all(want == have or want.startswith("{") for want, have in parts)


def test_a_hostile_text_is_shown_and_not_obeyed(town: Stage) -> None:
    surfer = Surfer(town).log_in(f"owner@{OURS}.example")
    for place in ("/console/suppliers", "/console/suppliers/hostile", "/console/quarantine?supplier=hostile",
                  "/console/offers?supplier=hostile", "/console/channels"):  # fmt: skip
        surfer.go(place)
        assert "&lt;script&gt;" in surfer.answer.text, place
        assert "<script>alert" not in surfer.answer.text
        assert "<img src=x" not in surfer.answer.text
        assert "\u202e" not in surfer.answer.text, "what turns the text around is named"


@pytest.mark.parametrize(
    ("place", "act"),
    [
        ("margins", "/margins/compute"), ("prices", "/prices/refresh"), ("rates", "/rates/refresh"),
        ("suppliers/hostile", "/hostile/test"), ("suppliers/hostile", "/hostile/retry"),
        ("quarantine?supplier=hostile", "/hostile/retry"),
        ("flows/sync-catalog?supplier=hostile", "/flows/sync-catalog"),
    ],
)  # fmt: skip
def test_what_is_pressed_twice_runs_once_and_once_again_when_it_is_shown_again(
    presser: Surfer, place: str, act: str
) -> None:
    first, second = presser.go(f"/console/{place}").press_twice(act)
    assert first.startswith("/console/triggers/")
    assert second == first
    anew = presser.go(f"/console/{place}").press(act).place
    assert anew != first
    assert anew.startswith("/console/triggers/")


def test_what_is_run_again_runs_again_once(town: Stage, presser: Surfer) -> None:
    first = presser.go("/console/flows/sync-catalog?supplier=hostile").press("/flows/sync-catalog").place
    engine = town.access.of(town.app.state.house.tenant(slug_of(OURS)).id)
    with transaction(engine) as session:
        session.execute(update(Trigger).where(Trigger.id == urlsplit(first).path.split("/")[-1]).values(state="failed"))
    again, once_more = presser.go(first).press_twice("/retry")
    assert again == once_more != first


def test_a_viewer_is_offered_nothing_to_do(town: Stage) -> None:
    tenant = town.app.state.house.tenant(slug_of(OURS))
    town.people.member(tenant.id, "only-looks@example.com", "viewer")
    surfer = Surfer(town).log_in("only-looks@example.com")
    allowed = {"/console/language", "/console/logout", "/console/account/name", "/console/account/password"}
    for page in walk(surfer):
        assert page.answer.status_code == 200, page.place
        acts = {str(form.action) for form in page.page.forms if form.method == "POST"}
        acts = {act for act in acts if "/sessions/" not in act and "second-factor" not in act}
        assert acts <= allowed, page.place


def test_somebody_with_one_supplier_sees_that_one_only(town: Stage) -> None:
    tenant = town.app.state.house.tenant(slug_of(OURS))
    town.people.member(tenant.id, "one@example.com", GivenRole("ops", "supplier", "hostile"))
    surfer = Surfer(town).log_in("one@example.com")
    for page in walk(surfer):
        assert page.answer.status_code == 200, page.place
        assert OURS not in re.sub(f"{OURS}( S|-s)tore", "", page.answer.text), page.place
    for place in (f"suppliers/{OURS}-toys", f"offer?supplier={OURS}-toys&code={OURS}-A001"):
        assert surfer.go(f"/console/{place}").answer.status_code in {403, 404}


def test_somebody_with_one_channel_sees_that_one_only(town: Stage) -> None:
    tenant = town.app.state.house.tenant(slug_of(OURS))
    town.people.member(tenant.id, "one-channel@example.com", GivenRole("ops", "channel", "hostile"))
    surfer, seen = Surfer(town).log_in("one-channel@example.com"), set[str]()
    of_every_channel = f"{OURS}( Store|-store| contract| Cargo)"
    for page in walk(surfer):
        assert page.answer.status_code == 200, page.place
        assert OURS not in re.sub(of_every_channel, "", page.answer.text), page.place
        seen.add(page.place)
    assert "/console/channels/hostile" in seen
    assert {"/console/terms", "/console/tariffs"} <= seen
    assert "/console/suppliers" not in seen
    for place in (f"channels/{OURS}-shop", "new-channel", "suppliers", "suppliers/hostile"):
        assert surfer.go(f"/console/{place}").answer.status_code == 403, place


def test_no_id_of_another_tenant_leads_anywhere(town: Stage) -> None:
    """Every place that the other tenant's owner reaches, asked for by ours."""
    theirs = Surfer(town).log_in(f"owner@{THEIRS}.example")
    places = {page.place for page in walk(theirs)}
    ours = Surfer(town).log_in(f"owner@{OURS}.example")
    shared = {fill(f"/console{path}") for path in PAGES.values()}
    for place in places - shared:
        ours.go(place)
        assert ours.answer.status_code in {200, 403, 404, 422}, place
        told = ours.text
        for part in re.split("[/?&=]", unquote(place)):  # what was asked for may be said
            told = told.replace(part, "") if THEIRS in part else told
        assert THEIRS not in told, place


ODD = (
    "audit/99999999999999999999999", "audit/x", "audit/0", "audit?since=9999-12-31&until=9999-12-31", "audit?since=x",
    "audit?since=0001-01-01",
    f"audit?cursor={'a' * 2000}", "audit?cursor=a", f"runs?cursor={'a' * 2000}", "runs?status=odd&supplier=nobody",
    f"offers?query={'ğ' * 500}", "offers?query=%00", "offers?state=odd", "offer?supplier=x&code=y", "offer",
    "explain?who=x&permission=y", "quarantine?reason=%F0%9F%A6%94", "flows/nothing", "flows/sync-catalog?supplier=%3C",
    "triggers/x", "triggers/x/live", "runs/x", "runs/x/changes?examples=all", "runs/x/report", "people/x", "roles/x",
    "channels/x",
    "margins?losers=odd", f"prices?cursor={'a' * 2000}", "prices?cursor=a", "prices/x",
    "prices/x?supplier=y&code=%F0%9F%A6%94",
    "refused-prices?cursor=a", "refused-prices/x", "quote?price=x", f"quote?price=1&cost=1&brand={'ğ' * 500}",
    "quote?price=1&cost=1&desi=1e9", "quote?price=999999999&cost=0&vat_rate=100&commission_rate=100",
    "what-ifs?cursor=a", "what-ifs/x", "what-ifs/x/live", "price-rules?cursor=a", "price-rules/0",
    "price-rules/99999999999999", "price-rules/9", "new-term?name=odd", "terms/x", "tariffs/x",
    "suppliers/x", "suppliers/x/source", "rates?source=odd&status=odd", "rates/x/y", "rates/tcmb/2026-02-30",
    "rates/ecb/0001-01-01", "links/x", "nothing", "login?next=%C5%9F", "account?notice=%C5%9F",
)  # fmt: skip


def test_an_odd_address_is_answered_in_a_page(town: Stage) -> None:
    surfer = Surfer(town).log_in(f"owner@{OURS}.example")
    for place in ODD:
        surfer.go(f"/console/{place}")
        assert surfer.answer.status_code in {200, 403, 404, 422}, (place, surfer.text[:300])
        if not place.endswith("/live"):
            check(surfer.page, place)


def test_a_decision_is_explained(town: Stage) -> None:
    surfer = Surfer(town).log_in(f"owner@{OURS}.example").press("/language", language="en")
    people = list_members(town.access, town.app.state.house.tenant(slug_of(OURS)).id)
    user = next(person.id for person in people if person.email == f"viewer@{OURS}.example")
    for kind in (*get_args(ScopeKind), "odd"):
        surfer.go(f"/console/explain?who={user}&permission=catalog%3Aapprove&kind={kind}&name=x")
        assert "refused" in surfer.text


@pytest.mark.parametrize("target", ["/console/ş", "/console/offers?query=ş"])
def test_a_place_in_any_script_can_be_come_back_to(town: Stage, target: str) -> None:
    surfer = Surfer(town).go("/console/login")
    surfer.press("/login", email=f"owner@{OURS}.example", password=PASSWORD, next=target)
    assert surfer.answer.status_code in {200, 404}


def test_a_secret_that_was_typed_is_not_shown_again(town: Stage) -> None:
    surfer = Surfer(town).log_in(f"owner@{OURS}.example").go("/console/new-supplier")
    given = {"parameter.urls": "ftp://x", "parameter.headers": "X-Key: 5ecret", "parameter.password": "5ecret"}
    surfer.press("/new-supplier", slug="typed", **given)
    assert surfer.answer.status_code == 422
    assert "5ecret" not in surfer.answer.text
    assert "ftp://x" in surfer.answer.text
