"""Logging in over HTTP and all that follows from it: tokens, second factor, links, sessions, keys."""

import base64
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import httpx
import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meschain.access import links
from meschain.access.grants import GivenRole
from meschain.access.login import WRONG
from meschain.access.passwords import Passwords
from meschain.access.signing import rotate_signing_key
from meschain.audit.rules import OPERATOR
from tests.access.people import PASSWORD
from tests.web.conftest import EMAIL, Owner, owner_of
from tests.web.stage import Stage, check_problem

OTHER_PASSWORD = "yeşil 5 fincan ve bir demlik"


@pytest.fixture(scope="module")
def owner(either: Stage) -> Owner:
    """The owner of `acme`."""
    return owner_of(either)


def log_in(stage: Stage, username: str = EMAIL, password: str = PASSWORD, **more: str) -> httpx.Response:
    form = {"grant_type": "password", "username": username, "password": password, **more}
    return stage.ask("POST", "/v1/auth/token", data=form)


def member(stage: Stage, owner: Owner, email: str, *roles: str) -> str:
    return stage.people.member(owner.tenant_id, email, *(roles or ("viewer",)))


class TestTokens:
    """Getting them, using them, exchanging them."""

    def test_address_and_password_give_tokens(self, either: Stage, owner: Owner) -> None:
        answered = log_in(either)
        assert answered.status_code == 200
        assert answered.headers["cache-control"] == "no-store"
        body = answered.json()
        assert (body["token_type"], body["expires_in"], body["tenant"]) == ("Bearer", 600, "acme")
        me = either.ask("GET", "/v1/me", body["access_token"]).json()
        assert (me["email"], me["tenant"], me["second_factor"]) == (EMAIL, "acme", False)
        assert "access:write" in me["permissions"]

    def test_the_address_is_the_same_in_any_writing(self, either: Stage, owner: Owner) -> None:
        assert log_in(either, f"  {EMAIL.upper()} ").status_code == 200

    def test_a_form_may_come_in_parts(self, either: Stage, owner: Owner) -> None:
        parts = {"username": (None, EMAIL), "password": (None, PASSWORD)}
        assert either.ask("POST", "/v1/auth/token", files=parts).status_code == 200

    @pytest.mark.parametrize("grant", ["client_credentials", "refresh_token", "authorization_code", "x"])
    def test_no_other_grant_is_known(self, either: Stage, owner: Owner, grant: str) -> None:
        check_problem(log_in(either, grant_type=grant), 422)

    def test_anybody_can_verify_a_token_with_the_public_keys(self, either: Stage, owner: Owner) -> None:
        token = log_in(either).json()["access_token"]
        rotate_signing_key(either.access, OPERATOR)
        keys = either.ask("GET", "/v1/auth/jwks").json()
        assert all(set(key) == {"kty", "crv", "x", "kid", "alg", "use"} for key in keys["keys"])
        head, said, signature = token.split(".")
        (key,) = (each for each in keys["keys"] if each["kid"] == json.loads(_decoded(head))["kid"])
        public = Ed25519PublicKey.from_public_bytes(_decoded(key["x"]))
        public.verify(_decoded(signature), f"{head}.{said}".encode())
        assert json.loads(_decoded(said))["tenant"] == owner.tenant_id

    def test_a_refresh_token_is_good_once(self, either: Stage, owner: Owner) -> None:
        first = log_in(either).json()
        second = either.ask("POST", "/v1/auth/refresh", data={"refresh_token": first["refresh_token"]})
        assert second.status_code == 200
        assert second.headers["cache-control"] == "no-store"
        token = second.json()["access_token"]
        assert either.ask("GET", "/v1/me", token).status_code == 200
        again = either.ask("POST", "/v1/auth/refresh", data={"refresh_token": first["refresh_token"]})
        check_problem(again, 401, "unauthenticated")
        for dead in (first["access_token"], token):
            check_problem(either.ask("GET", "/v1/me", dead), 401), "whoever used it twice ended the session"
        after = either.ask("POST", "/v1/auth/refresh", data={"refresh_token": second.json()["refresh_token"]})
        check_problem(after, 401)

    @pytest.mark.parametrize("text", ["", "x", "meschain_refresh_", "meschain_refresh_" + "a" * 49, "m" * 300])
    def test_any_other_text_refreshes_nothing(self, either: Stage, text: str) -> None:
        answered = either.ask("POST", "/v1/auth/refresh", data={"refresh_token": text})
        assert answered.status_code in {401, 422}
        assert text[:100] not in answered.text or len(text) < 20

    def test_logging_out_ends_the_session_at_once(self, either: Stage, owner: Owner) -> None:
        tokens = log_in(either).json()
        bearer = tokens["access_token"]
        current = [each for each in either.ask("GET", "/v1/me/sessions", bearer).json() if each["current"]]
        assert len(current) == 1
        assert either.ask("DELETE", f"/v1/me/sessions/{current[0]['id']}", bearer).status_code == 204
        check_problem(either.ask("GET", "/v1/me", bearer), 401)
        refreshed = either.ask("POST", "/v1/auth/refresh", data={"refresh_token": tokens["refresh_token"]})
        check_problem(refreshed, 401)

    def test_nobody_ends_anothers_session(self, either: Stage, owner: Owner) -> None:
        member(either, owner, "can@example.com", "admin")
        theirs = either.ask("GET", "/v1/me/sessions", owner.token).json()[0]["id"]
        answered = either.ask("DELETE", f"/v1/me/sessions/{theirs}", either.token("can@example.com"))
        check_problem(answered, 404)
        assert either.ask("GET", "/v1/me", owner.token).status_code == 200

    def test_who_belongs_to_several_tenants_names_one(self, either: Stage, owner: Owner) -> None:
        email = "agency@example.com"
        member(either, owner, email)
        other = either.people.tenant("zeta")
        _, link = links.invite(either.access, OPERATOR.of_tenant(other), other, email, [GivenRole("admin")])
        accept = "/v1/auth/invitations/acceptance"
        check_problem(either.ask("POST", accept, json={"link": link}), 401)
        check_problem(either.ask("POST", accept, json={"link": link, "password": OTHER_PASSWORD}), 401)
        answered = either.ask("POST", accept, json={"link": link, "password": PASSWORD})
        assert answered.status_code == 201
        problem = check_problem(log_in(either, email), 409)
        assert "acme" in problem["detail"]
        assert "zeta" in problem["detail"]
        for slug, may in (("acme", False), ("zeta", True)):
            token = log_in(either, email, tenant=slug).json()["access_token"]
            assert (either.ask("GET", "/v1/users", token).status_code == 200) == may
        check_problem(log_in(either, email, tenant="nowhere"), 409)


class TestSecondFactor:
    """Codes."""

    def test_a_code_is_asked_for_and_good_once(self, either: Stage, owner: Owner) -> None:
        user = member(either, owner, "deniz@example.com")
        app, recovery = either.people.second_factor(user)
        check_problem(log_in(either, "deniz@example.com"), 401, "second-factor-needed")
        check_problem(log_in(either, "deniz@example.com", code="000000"), 401, "unauthenticated")
        later = datetime.now(UTC) + timedelta(seconds=30)
        code = app.at(later)
        assert log_in(either, "deniz@example.com", code=code).status_code == 200
        check_problem(log_in(either, "deniz@example.com", code=code), 401)
        assert log_in(either, "deniz@example.com", code=recovery[0]).status_code == 200
        check_problem(log_in(either, "deniz@example.com", code=recovery[0]), 401)

    def test_that_a_code_is_needed_only_who_knows_the_password_learns(self, either: Stage, owner: Owner) -> None:
        user = member(either, owner, "ece@example.com")
        either.people.second_factor(user)
        wrong = check_problem(log_in(either, "ece@example.com", "wrong"), 401, "unauthenticated")
        assert wrong["detail"] == WRONG

    def test_it_is_set_up_over_the_api(self, either: Stage, owner: Owner) -> None:
        member(either, owner, "ferit@example.com")
        token = either.token("ferit@example.com")
        begun = either.ask("POST", "/v1/me/second-factor", token)
        assert begun.status_code == 201
        app = pyotp.TOTP(begun.json()["secret"])
        check_problem(either.ask("PUT", "/v1/me/second-factor", token, json={"code": "000000"}), 409)
        confirmed = either.ask("PUT", "/v1/me/second-factor", token, json={"code": app.now()})
        assert len(confirmed.json()["recovery_codes"]) >= 8
        check_problem(log_in(either, "ferit@example.com"), 401, "second-factor-needed")
        renewed = either.ask("POST", "/v1/me/recovery-codes", token, json={"password": PASSWORD})
        assert set(renewed.json()["recovery_codes"]).isdisjoint(confirmed.json()["recovery_codes"])
        check_problem(either.ask("POST", "/v1/me/second-factor/removal", token, json={"password": "wrong"}), 401)
        removed = either.ask("POST", "/v1/me/second-factor/removal", token, json={"password": PASSWORD})
        assert removed.status_code == 204
        assert log_in(either, "ferit@example.com").status_code == 200


class TestNothingIsLearnt:
    """Who is known here, nobody finds out."""

    def test_every_failure_has_the_same_words(self, either: Stage, owner: Owner) -> None:
        user = member(either, owner, "gone@example.com")
        either.people.second_factor(user)
        told = {
            (answered.status_code, answered.json()["type"], answered.json()["detail"])
            for answered in (
                log_in(either, EMAIL, "wrong"),
                log_in(either, "nobody@example.com", "wrong"),
                log_in(either, "no address", "wrong"),
                log_in(either, "gone@example.com", "wrong"),
                log_in(either, "gone@example.com", PASSWORD, code="000000"),
                log_in(either, EMAIL, "x" * 1024),
                log_in(either, "gone@example.com", "wrong", tenant="nowhere"),
            )
        }
        assert told == {(401, "/problems/unauthenticated", WRONG)}

    def test_every_failure_costs_one_hash(self, either: Stage, owner: Owner) -> None:
        member(either, owner, "hale@example.com")
        verify = Passwords.verify
        for username in ("hale@example.com", "nobody@example.com", "no address", "x" * 320):
            with patch.object(Passwords, "verify", autospec=True, side_effect=verify) as counted:
                check_problem(log_in(either, username, "wrong"), 401)
            assert counted.call_count == 1, username

    def test_a_lockout_looks_like_any_failure(self, either: Stage, owner: Owner) -> None:
        member(either, owner, "irem@example.com")
        for _ in range(6):
            assert check_problem(log_in(either, "irem@example.com", "wrong"), 401)["detail"] == WRONG
        assert check_problem(log_in(either, "irem@example.com", PASSWORD), 401)["detail"] == WRONG

    def test_who_is_known_takes_no_longer(self, either: Stage, owner: Owner) -> None:
        email = "jale@example.com"
        member(either, owner, email)

        def taken(username: str) -> float:
            begun = time.perf_counter()
            log_in(either, username, "wrong")
            return time.perf_counter() - begun

        for _ in range(6):
            taken(email)  # locked out from now on: what is measured is the same work each time
        known, unknown = list[float](), list[float]()
        for number in range(12):
            known.append(taken(email))
            unknown.append(taken(f"nobody{number}@example.com"))
        print(f"known {min(known):.4f} s, unknown {min(unknown):.4f} s")
        assert 1 / 2 < min(known) / min(unknown) < 2  # to check a password takes most of the time by far

    def test_a_link_that_is_worth_nothing_tells_nothing(self, either: Stage) -> None:
        told = set()
        for text in ("", "x", "meschain_link_" + "a" * 49):
            for path, more in (("invitations/acceptance", {}), ("password-reset", {"password": OTHER_PASSWORD})):
                answered = either.ask("POST", f"/v1/auth/{path}", json={"link": text, **more})
                told.add(check_problem(answered, 404)["detail"])
        assert len(told) == 1


@pytest.mark.parametrize(
    ("bound", "found"),
    [("until=9999-12-31T23:59:59-23:59", True), ("since=0001-01-01T00:00:00%2B23:59", True),
     ("until=0001-01-01T00:00:00Z", False), ("since=9999-12-31T23:59:59Z", False)],
)  # fmt: skip
def test_the_log_is_searched_between_whatever_moments(either: Stage, owner: Owner, bound: str, found: bool) -> None:
    answered = either.ask("GET", f"/v1/audit/entries?{bound}", owner.token)
    assert answered.status_code == 200
    assert bool(answered.json()["items"]) is found


class TestInvitations:
    """From an invitation to a member."""

    def test_an_invited_person_joins_once(self, either: Stage, owner: Owner) -> None:
        given = [{"role": "ops", "scope_kind": "supplier", "scope_pattern": "acme-*"}]
        body = {"email": "kaya@example.com", "roles": given}
        made = either.ask("POST", "/v1/invitations", owner.token, json=body)
        assert made.status_code == 201
        link = made.json()["link"]
        assert link.startswith("http://127.0.0.1:8080/console/links/meschain_link_")
        listed = either.ask("GET", "/v1/invitations", owner.token)
        assert [each["email"] for each in listed.json()] == ["kaya@example.com"]
        assert "meschain_link_" not in listed.text
        noted = either.ask("GET", "/v1/audit/entries", owner.token, params={"tag": "access:invitation:created"})
        assert noted.json()["items"][0]["target"] == f"invitation {listed.json()[0]['id']}"
        joined = {"link": link.rpartition("/")[2], "name": "Kaya Er", "password": OTHER_PASSWORD}
        weak = either.ask("POST", "/v1/auth/invitations/acceptance", json={**joined, "password": "password1234"})
        check_problem(weak, 409)
        answered = either.ask("POST", "/v1/auth/invitations/acceptance", json=joined)
        assert answered.status_code == 201
        check_problem(either.ask("POST", "/v1/auth/invitations/acceptance", json=joined), 404)
        users = {each["email"]: each for each in either.ask("GET", "/v1/users", owner.token).json()}
        assert users["kaya@example.com"]["roles"] == given
        assert either.ask("GET", "/v1/invitations", owner.token).json() == []
        assert log_in(either, "kaya@example.com", OTHER_PASSWORD).status_code == 200

    def test_nobody_invites_to_more_than_it_has(self, either: Stage, owner: Owner) -> None:
        member(either, owner, "lale@example.com", "admin")
        admin = either.token("lale@example.com")
        for roles in ([{"role": "owner"}], [{"role": "viewer"}, {"role": "owner"}]):
            body = {"email": "x@example.com", "roles": roles}
            check_problem(either.ask("POST", "/v1/invitations", admin, json=body), 403)
        mine = either.ask("GET", "/v1/me", admin).json()["id"]
        answered = either.ask("PUT", f"/v1/users/{mine}/roles", admin, json={"roles": [{"role": "owner"}]})
        check_problem(answered, 403)
        check_problem(either.ask("DELETE", f"/v1/users/{owner.user_id}", admin), 403)
        check_problem(either.ask("POST", "/v1/roles", admin, json={"name": "mine", "allow": ["*"]}), 403)

    def test_what_is_withdrawn_is_worth_nothing(self, either: Stage, owner: Owner) -> None:
        body = {"email": "metin@example.com", "roles": [{"role": "viewer"}]}
        made = either.ask("POST", "/v1/invitations", owner.token, json=body).json()
        assert either.ask("DELETE", f"/v1/invitations/{made['id']}", owner.token).status_code == 204
        joined = {"link": made["link"].rpartition("/")[2], "name": "Metin", "password": OTHER_PASSWORD}
        check_problem(either.ask("POST", "/v1/auth/invitations/acceptance", json=joined), 404)
        check_problem(either.ask("DELETE", f"/v1/invitations/{made['id']}", owner.token), 404)

    def test_a_new_password_comes_by_a_link_that_works_once(self, either: Stage, owner: Owner) -> None:
        user = member(either, owner, "nur@example.com")
        token = either.token("nur@example.com")
        link = links.link_new_password(either.access, OPERATOR, user)
        check_problem(either.ask("POST", "/v1/auth/invitations/acceptance", json={"link": link}), 404)
        weak = either.ask("POST", "/v1/auth/password-reset", json={"link": link, "password": "123456789012"})
        check_problem(weak, 409)
        body = {"link": link, "password": OTHER_PASSWORD}
        assert either.ask("POST", "/v1/auth/password-reset", json=body).status_code == 204
        check_problem(either.ask("POST", "/v1/auth/password-reset", json=body), 404)
        check_problem(either.ask("GET", "/v1/me", token), 401)
        check_problem(log_in(either, "nur@example.com"), 401)
        assert log_in(either, "nur@example.com", OTHER_PASSWORD).status_code == 200

    def test_a_changed_password_ends_every_session(self, either: Stage, owner: Owner) -> None:
        member(either, owner, "oya@example.com")
        one, two = either.token("oya@example.com"), either.token("oya@example.com")
        wrong = {"present": "wrong", "new": OTHER_PASSWORD}
        check_problem(either.ask("PUT", "/v1/me/password", one, json=wrong), 401)
        body = {"present": PASSWORD, "new": OTHER_PASSWORD}
        assert either.ask("PUT", "/v1/me/password", one, json=body).status_code == 204
        for token in (one, two):
            check_problem(either.ask("GET", "/v1/me", token), 401)

    def test_one_changes_ones_name_and_language_and_sees_it(self, either: Stage, owner: Owner) -> None:
        member(either, owner, "pelin@example.com")
        token = either.token("pelin@example.com")
        shown = either.ask("PATCH", "/v1/me", token, json={"name": "  Pelin   Su ", "locale": "en"}).json()
        assert (shown["name"], shown["locale"]) == ("Pelin Su", "en")
        assert either.ask("GET", "/v1/me", token).json() == shown
        check_problem(either.ask("PATCH", "/v1/me", token, json={"name": " "}), 409)
        check_problem(either.ask("PATCH", "/v1/me", token, json={"email": "x@example.com"}), 422)


class TestKeys:
    """API keys."""

    def _make(self, stage: Stage, bearer: str, **more: Any) -> httpx.Response:
        end = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        body = {"name": "price robot", "roles": [{"role": "viewer"}], "expires_at": end, **more}
        return stage.ask("POST", "/v1/api-keys", bearer, json=body)

    def test_a_key_is_shown_once_and_works_until_it_is_revoked(self, either: Stage, owner: Owner) -> None:
        made = self._make(either, owner.token)
        assert made.status_code == 201
        key = made.json()["key"]
        assert made.json()["roles"] == [{"role": "viewer", "scope_kind": None, "scope_pattern": None}]
        listed = either.ask("GET", "/v1/api-keys", owner.token)
        assert key not in listed.text
        assert listed.json()[0]["last_used_at"] is None
        assert either.ask("GET", "/v1/me", key).json()["kind"] == "api_key"
        assert either.ask("GET", "/v1/api-keys", owner.token).json()[0]["last_used_at"] is not None
        assert either.ask("DELETE", f"/v1/api-keys/{made.json()['id']}", owner.token).status_code == 204
        check_problem(either.ask("GET", "/v1/me", key), 401)

    @pytest.mark.parametrize("days", [-1, 0, 367, 10_000])
    def test_a_key_lives_for_at_most_a_year(self, either: Stage, owner: Owner, days: int) -> None:
        end = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        check_problem(self._make(either, owner.token, expires_at=end), 409)

    @pytest.mark.parametrize(
        "end", ["2027-01-01T00:00:00", "2027-01-01", "tomorrow", 1e300, "9999-12-31T23:59:59-23:59"]
    )
    def test_the_end_is_a_moment(self, either: Stage, owner: Owner, end: Any) -> None:
        answered = self._make(either, owner.token, expires_at=end)
        check_problem(answered, answered.status_code)
        assert answered.status_code in {409, 422}

    def test_nobody_makes_a_key_that_may_more_than_he(self, either: Stage, owner: Owner) -> None:
        made = self._make(either, owner.token, roles=[{"role": "admin"}]).json()["key"]
        check_problem(self._make(either, made, roles=[{"role": "owner"}]), 403)
        assert self._make(either, made, roles=[{"role": "admin"}]).status_code == 201

    def test_a_mistyped_key_is_told_from_one_that_is_over(self, either: Stage, owner: Owner) -> None:
        key = self._make(either, owner.token).json()["key"]
        wrong = check_problem(either.ask("GET", "/v1/me", f"{key[:-1]}{'a' if key[-1] != 'a' else 'b'}"), 401)
        assert "mistyped" in wrong["detail"]
        assert key[-20:] not in wrong["detail"]


def test_nothing_secret_stands_in_the_logs(either: Stage, owner: Owner, caplog: pytest.LogCaptureFixture) -> None:
    secrets = [PASSWORD, OTHER_PASSWORD]
    with caplog.at_level(logging.DEBUG):
        member(either, owner, "reyhan@example.com")
        tokens = log_in(either, "reyhan@example.com").json()
        secrets += [tokens["access_token"], tokens["refresh_token"]]
        log_in(either, "reyhan@example.com", OTHER_PASSWORD)
        either.ask("POST", "/v1/auth/refresh", data={"refresh_token": tokens["refresh_token"]})
        made = either.ask(
            "POST", "/v1/invitations", owner.token, json={"email": "s@example.com", "roles": [{"role": "viewer"}]}
        )
        secrets.append(made.json()["link"].rpartition("/")[2])
        either.ask(
            "POST",
            "/v1/auth/invitations/acceptance",
            json={"link": secrets[-1], "name": "S", "password": OTHER_PASSWORD},
        )
        secrets.append(either.key(owner.tenant_id, "owner"))
        either.ask("GET", "/v1/me", secrets[-1])
        with patch.object(Passwords, "verify", side_effect=ZeroDivisionError):
            check_problem(log_in(either, "reyhan@example.com"), 500)
    assert "ZeroDivisionError" in caplog.text
    for secret in secrets:
        assert secret not in caplog.text
    assert "reyhan@example.com" not in caplog.text


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
