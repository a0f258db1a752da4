"""Users, roles and keys on the command line: what an operator does on the first day and on a bad one."""

from meschain.access import links
from meschain.access.links import Newcomer
from meschain.settings import Settings
from meschain.wiring import House
from tests.access.people import PASSWORD, VISITOR
from tests.cli.command import Command


def accept(command: Command, address: str, name: str, email: str = "") -> None:
    """What the invited person does."""
    house = House(Settings(home=command.home))
    links.accept(house.access, VISITOR, address.rpartition("/")[2], Newcomer(name, PASSWORD, email))
    house.close()


def test_people_are_invited_given_roles_and_let_go(fresh_meschain: Command) -> None:
    assert fresh_meschain("tenant", "add", "acme").code == 0
    first = fresh_meschain("tenant", "invite-owner", "acme", "--json").json()["link"]
    accept(fresh_meschain, first, "Ayşe Yılmaz", "ayse@example.com")
    assert "members already" in fresh_meschain("tenant", "invite-owner", "acme").err
    invited = fresh_meschain("user", "invite", "mehmet@example.com", "--role", "ops@supplier:acme-*", "--json").json()
    accept(fresh_meschain, invited["link"], "Mehmet Öz")
    rows = {row["email"]: row["roles"] for row in fresh_meschain("user", "list", "--json").json()}
    assert rows == {"ayse@example.com": "owner", "mehmet@example.com": "ops on supplier acme-*"}

    def explained(*more: str) -> bool:
        return fresh_meschain("user", "explain", "mehmet@example.com", "catalog:sync", *more, "--json").json()[
            "allowed"
        ]

    assert (explained(), explained("--supplier", "acme-toys"), explained("--supplier", "other")) == (False, True, False)
    assert (
        fresh_meschain("role", "add", "watchers", "--allow", "catalog:read", "--json").json()["allow"] == "catalog:read"
    )
    assert "did you mean catalog:read" in fresh_meschain("role", "add", "typos", "--allow", "catalog:raed").err
    assert fresh_meschain("user", "roles", "mehmet@example.com", "--role", "watchers").code == 0
    assert "somebody has the role" in fresh_meschain("role", "remove", "watchers").err
    assert "no owner left" in fresh_meschain("user", "remove", "ayse@example.com").err
    assert fresh_meschain("user", "remove", "mehmet@example.com", "--json").code == 0
    assert fresh_meschain("role", "remove", "watchers").code == 0
    reset = fresh_meschain("user", "reset-password", "ayse@example.com", "--json").json()["link"]
    assert "/console/links/meschain_link_" in reset
    assert fresh_meschain("user", "end-sessions", "ayse@example.com").code == 0


def test_a_key_is_shown_once(fresh_meschain: Command) -> None:
    fresh_meschain("tenant", "add", "acme")
    made = fresh_meschain("key", "add", "robot", "--role", "viewer", "--days", "7", "--json").json()
    listed = fresh_meschain("key", "list", "--json")
    assert made["key"].startswith(f"meschain_key_{made['id']}_")
    assert made["key"] not in listed.out
    assert listed.json()[0]["roles"] == "viewer"
    assert fresh_meschain("key", "revoke", made["id"]).code == 0
    assert fresh_meschain("key", "list", "--json").json()[0]["revoked_at"]
    assert "no role 'boss'" in fresh_meschain("key", "add", "x", "--role", "boss").err
    first, second = (fresh_meschain("key", "rotate-signing", "--json").json()["kid"] for _ in range(2))
    assert first != second
