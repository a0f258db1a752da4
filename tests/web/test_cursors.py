"""Pages of long lists: all of it, once, in order; and a cursor that nobody else can make or use."""

import base64
import re
from typing import Annotated

import pytest
from fastapi import APIRouter, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from meschain.access.guard import Anybody
from meschain.access.principal import Principal
from meschain.web.cursors import MOST, Cursor, Limit, Page, open_cursor, page
from tests.web.conftest import Owner, owner_of
from tests.web.stage import Stage, check_problem

NUMBERS = 25


class Item(BaseModel):
    """What is listed."""

    number: int


@pytest.fixture(scope="module")
def listing(stage: Stage) -> Stage:
    """The stage with lists of numbers."""
    router = APIRouter()

    def numbers(
        request: Request,
        response: Response,
        who: Annotated[Principal, Anybody()],
        limit: Limit = 10,
        cursor: Cursor = None,
        word: str = "",
    ) -> Page[Item]:
        place = open_cursor(request, cursor)
        after = int(place[0]) if place else -1
        shown = [Item(number=number) for number in range(after + 1, NUMBERS)][: limit + 1]
        return page(request, response, shown, limit, [shown[min(limit, len(shown)) - 1].number, "ğ"])

    router.get("/trial/numbers")(numbers)
    router.get("/trial/others")(numbers)
    router.get("/trial/of/{name}")(numbers)
    stage.app.include_router(router)
    return stage


def collect(stage: Stage, token: str, path: str) -> list[list[int]]:
    """All pages, each reached by the link of the one before."""
    pages: list[list[int]] = []
    address: str | None = path
    while address is not None:
        answered = stage.ask("GET", address, token)
        body = answered.json()
        pages.append([item["number"] for item in body["items"]])
        link = re.fullmatch(r'<(.+)>; rel="next"', answered.headers.get("link", ""))
        assert (link is None) == (body["next"] is None)
        address = link[1] if link else None
    return pages


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 26, MOST])
def test_the_pages_together_are_the_list(listing: Stage, owner: Owner, limit: int) -> None:
    pages = collect(listing, owner.token, f"/trial/numbers?limit={limit}")
    assert [number for each in pages for number in each] == list(range(NUMBERS))
    assert all(len(each) == limit for each in pages[:-1])


def test_the_link_keeps_what_was_asked_for(listing: Stage, owner: Owner) -> None:
    answered = listing.ask("GET", "/trial/of/a%20%C4%9F?word=%C4%9F%26x&limit=3", owner.token)
    assert answered.headers["link"].startswith("</trial/of/a%20%C4%9F?word=%C4%9F%26x&limit=3&cursor=")
    hostile = listing.ask("GET", "/trial/of/a%0D%0Ax-evil:%201?limit=3", owner.token, headers={"host": "evil.example"})
    assert "evil.example" not in hostile.headers["link"]
    assert "x-evil" not in hostile.headers


@pytest.mark.parametrize("limit", ["0", "-1", str(MOST + 1), "x", "1e1", "9" * 40, ""])
def test_how_many_is_a_number_within_bounds(listing: Stage, owner: Owner, limit: str) -> None:
    check_problem(listing.ask("GET", f"/trial/numbers?limit={limit}", owner.token), 422, "invalid")


def test_a_cursor_is_of_no_use_elsewhere(listing: Stage, owner: Owner) -> None:
    cursor = listing.ask("GET", "/trial/numbers", owner.token).json()["next"]
    assert listing.ask("GET", "/trial/numbers", owner.token, params={"cursor": cursor}).status_code == 200
    check_problem(listing.ask("GET", "/trial/others", owner.token, params={"cursor": cursor}), 422, "invalid")
    other = owner_of(listing, "other", "fatma@example.com")
    check_problem(listing.ask("GET", "/trial/numbers", other.token, params={"cursor": cursor}), 422, "invalid")


def test_nobody_can_make_a_cursor(listing: Stage, owner: Owner) -> None:
    cursor = listing.ask("GET", "/trial/numbers", owner.token).json()["next"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        text = base64.urlsafe_b64encode(changed).decode()
        assert listing.ask("GET", "/trial/numbers", owner.token, params={"cursor": text}).status_code == 422


def test_any_text_but_a_cursor_is_refused(listing: Stage, owner: Owner) -> None:
    @given(st.text(max_size=100))
    def look(text: str) -> None:
        answered = listing.ask("GET", "/trial/numbers", owner.token, params={"cursor": text})
        check_problem(answered, 422, "invalid")

    look()
    check_problem(listing.ask("GET", "/trial/numbers", owner.token, params={"cursor": "x" * 1025}), 422, "invalid")
