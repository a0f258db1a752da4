"""A tenant's channels behind the API, with callers who may do much, little, or nothing of it."""

from dataclasses import dataclass
from typing import Any

import httpx

from meschain.access.grants import GivenRole
from tests.web.stage import Stage

ROLES = {
    "owner": GivenRole("owner"),
    "analyst": GivenRole("analyst"),
    "viewer": GivenRole("viewer"),
    "agency": GivenRole("ops", "channel", "shop*"),
    "buyer": GivenRole("ops", "supplier", "*"),
}


@dataclass
class Market:
    """Two tenants; callers are of the first one, but for `rival`, who owns the second."""

    stage: Stage
    keys: dict[str, str]

    def ask(self, method: str, path: str, caller: str = "owner", **more: Any) -> httpx.Response:
        """An answer to a caller, of what is below /v1."""
        return self.stage.ask(method, f"/v1{path}", self.keys[caller], **more)

    def get(self, path: str, caller: str = "owner", **query: object) -> Any:
        """The body of an answer that has to be good."""
        answer = self.ask("GET", path, caller, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, *slugs: str) -> None:
        """Make channels."""
        for slug in slugs:
            made = self.ask("POST", "/channels", json={"channel": slug, "currency": "TRY"})
            assert made.status_code == 201, made.text

    def slugs(self, caller: str = "owner") -> list[str]:
        """The channels that a caller sees, a page after the other."""
        found, cursor = list[str](), None
        while True:
            page = self.get("/channels", caller, limit=2, **({"cursor": cursor} if cursor else {}))
            assert len(page["items"]) <= 2
            found += [each["channel"] for each in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return found
