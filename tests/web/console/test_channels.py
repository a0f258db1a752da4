"""Channels in the console: added, changed by who has seen them as they are; who may only look is offered nothing."""

import pytest

from meschain.access.grants import GivenRole
from meschain.channels import service
from meschain.channels.context import Channels
from tests.web.conftest import Owner, owner_of
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check
from tests.web.stage import Stage


@pytest.fixture(scope="module")
def acme(stage: Stage) -> Owner:
    return owner_of(stage)


@pytest.fixture
def surfer(stage: Stage, acme: Owner) -> Surfer:
    """The owner, logged in."""
    return Surfer(stage).log_in("ayse@example.com").press("/language", language="en")


@pytest.fixture(scope="module")
def channels(stage: Stage, acme: Owner) -> Channels:
    house = stage.app.state.house
    return house.channels(house.tenant("acme"))


def facts(surfer: Surfer) -> list[str]:
    """What the page says of one channel."""
    return [" ".join(each.text_content().split()) for each in surfer.page.xpath("//dl[@class='facts']/dd")]


def test_a_channel_is_added(surfer: Surfer, channels: Channels) -> None:
    surfer.go("/console/new-channel")
    check(surfer.page, "new-channel")
    surfer.press("/new-channel", slug="trendyol", name=" Trendyol ", currency="TRY")
    assert surfer.place == "/console/channels/trendyol?notice=channel-added"
    assert "The channel was added." in surfer.text
    assert facts(surfer)[:2] == ["trendyol", "TRY"]
    check(surfer.page, "channel")
    made = service.get_channel(channels, "trendyol")
    assert (made.name, made.currency, made.active) == ("Trendyol", "TRY", True)
    surfer.go("/console/channels")
    assert "/console/channels/trendyol" in surfer.links()
    assert "Trendyol trendyol active TRY" in surfer.text


@pytest.mark.parametrize(
    ("slug", "currency", "told"),
    [
        ("Trend Yol", "TRY", "cannot name a channel; expected small letters, digits and dashes"),
        ("taken", "TRY", "there is a channel 'taken' already"),
        ("n11", "", "expected an ISO 4217 code such as TRY"),
    ],
)
def test_what_cannot_be_is_told_and_stays_in_the_form(
    surfer: Surfer, channels: Channels, slug: str, currency: str, told: str
) -> None:
    if service.find_channel(channels, "taken") is None:
        service.add_channel(channels, "taken", currency="TRY")
    before = service.list_channels(channels)
    surfer.go("/console/new-channel").press("/new-channel", slug=slug, name="Somewhere", currency=currency)
    assert surfer.answer.status_code == 422
    assert told in surfer.text
    check(surfer.page, "new-channel")
    assert dict(surfer.form("/new-channel").form_values())["name"] == "Somewhere"
    assert len(service.list_channels(channels)) == len(before)


def test_a_channel_is_renamed_and_left(surfer: Surfer, channels: Channels) -> None:
    service.add_channel(channels, "n11", name="N11", currency="TRY")
    form = surfer.go("/console/channels/n11").form("/channels/n11")
    assert dict(form.form_values())["active"] == "true"
    surfer.send("/console/channels/n11", version="1", name="N-Onbir")
    assert surfer.place == "/console/channels/n11?notice=channel-changed"
    assert ("switched off" in surfer.text, "N-Onbir" in surfer.text) == (True, True)
    left = service.get_channel(channels, "n11")
    assert (left.name, left.active, left.version) == ("N-Onbir", False, 2)
    surfer.press("/channels/n11", active="true")
    assert service.get_channel(channels, "n11").active


def test_who_comes_second_is_told(surfer: Surfer, channels: Channels) -> None:
    service.add_channel(channels, "shop", currency="EUR")
    surfer.go("/console/channels/shop")
    service.change_channel(channels, "shop", {"name": "Somebody else's"})
    surfer.press("/channels/shop", name="Mine")
    assert surfer.answer.status_code == 409
    assert "was changed by somebody else meanwhile" in surfer.text
    assert service.get_channel(channels, "shop").name == "Somebody else's"
    surfer.press("/channels/shop")
    assert service.get_channel(channels, "shop").name == "Mine", "what was typed is still there, with the new version"


def test_turkish(surfer: Surfer, channels: Channels) -> None:
    surfer.press("/language", language="tr").go("/console/channels")
    assert "Kanallar" in surfer.text
    assert "Satış" in surfer.text
    surfer.press("/language", language="en")


def test_who_may_look_changes_nothing(stage: Stage, acme: Owner, channels: Channels) -> None:
    service.add_channel(channels, "looked-at", currency="TRY")
    stage.people.member(acme.tenant_id, "analyst@example.com", "analyst")
    looks = Surfer(stage).log_in("analyst@example.com").go("/console/channels/looked-at")
    assert looks.answer.status_code == 200
    assert not looks.page.xpath("//form[contains(@action, '/channels/')]")
    assert "/console/new-channel" not in looks.go("/console/channels").links()
    for place in ("/console/channels/looked-at", "/console/new-channel"):
        assert looks.send(place, version="1", name="Mine", slug="mine", currency="TRY").answer.status_code == 403
    stage.people.member(acme.tenant_id, "viewer@example.com", "viewer")
    viewer = Surfer(stage).log_in("viewer@example.com")
    assert "/console/channels" not in viewer.links()
    assert viewer.go("/console/channels").answer.status_code == 403


def test_who_has_one_channel_changes_that_one(stage: Stage, acme: Owner, channels: Channels) -> None:
    for slug in ("mine", "another"):
        service.add_channel(channels, slug, currency="TRY")
    stage.people.member(acme.tenant_id, "one@example.com", GivenRole("ops", "channel", "mine"))
    one = Surfer(stage).log_in("one@example.com")
    assert "/console/channels" in one.links()
    one.go("/console/channels")
    assert [link for link in one.links() if "/channels/" in link] == ["/console/channels/mine"]
    assert "/console/new-channel" not in one.links()
    one.go("/console/channels/mine").press("/channels/mine", name="My shop")
    assert service.get_channel(channels, "mine").name == "My shop"
    assert one.send("/console/channels/another", version="1", name="x").answer.status_code == 403
