"""Logging in and out of the console: password, code, links, tenants, languages; and what a stolen cookie is worth."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import func, select

from meschain.access import account, links
from meschain.access.authentication import Way
from meschain.access.grants import GivenRole
from meschain.access.privacy import find_subject
from meschain.access.tables import UserSession
from meschain.audit.rules import OPERATOR
from meschain.catalog.suppliers import ensure_supplier
from meschain.store.base import utc_now
from meschain.store.session import reading
from meschain.web.console import cookies
from tests.access.people import PASSWORD
from tests.web.conftest import Owner, owner_of
from tests.web.console.surfer import Surfer
from tests.web.console.wholeness import check
from tests.web.stage import Stage

OTHER = "mavi kaplan 9 semaver"


@pytest.fixture
def surfer(stage: Stage) -> Surfer:
    return Surfer(stage)


@pytest.fixture(scope="module")
def acme(stage: Stage) -> Owner:
    return owner_of(stage)


def test_one_comes_to_the_page_one_wanted(surfer: Surfer, acme: Owner) -> None:
    surfer.go("/console/people?notice=nothing")
    assert surfer.place == "/console/login?next=%2Fconsole%2Fpeople%3Fnotice%3Dnothing"
    surfer.press("/login", email="ayse@example.com", password=PASSWORD)
    assert surfer.place == "/console/people?notice=nothing"
    assert "Ayşe Yılmaz" in surfer.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/console/",
        "//evil.example",
        "/v1/me",
        "/console/\\evil",
        "javascript:alert(1)",
        "/console/ x",
    ],
)
def test_a_login_leads_nowhere_else(surfer: Surfer, acme: Owner, target: str) -> None:
    surfer.go("/console/login")
    surfer.press("/login", email="ayse@example.com", password=PASSWORD, next=target)
    assert surfer.place == "/console/"


def test_a_wrong_password_says_nothing_about_the_address(surfer: Surfer, acme: Owner) -> None:
    said = set()
    for email in ("ayse@example.com", "nobody@example.com", "no address"):
        surfer.go("/console/login").press("/login", email=email, password="wrong")
        assert surfer.answer.status_code == 401
        assert "meschain-session" not in surfer.cookies
        said.add(re.sub(r"\S+@\S+|no address", "", surfer.page.xpath("string(//*[@role='alert'])")))
    assert len(said) == 1


def test_the_cookie_is_read_by_no_script_and_sent_to_no_other_site(surfer: Surfer, acme: Owner) -> None:
    surfer.go("/console/login")
    posted = {"email": "ayse@example.com", "password": PASSWORD, "csrf_token": surfer.token}
    header = {"cookie": f"meschain-visitor={surfer.cookies['meschain-visitor']}"}
    answer = surfer.stage.client.post("/console/login", data=posted, headers=header)
    line = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("meschain-session="))
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in line.split(";")}
    assert "meschain_refresh_" in line
    assert "no-store" in answer.headers["cache-control"]


def test_the_cookie_of_a_browser_is_no_token_of_the_api_and_none_of_the_api_logs_in(
    surfer: Surfer, stage: Stage, acme: Owner
) -> None:
    surfer.log_in("ayse@example.com")
    text = surfer.cookies["meschain-session"]
    assert stage.ask("POST", "/v1/auth/refresh", data={"refresh_token": text}).status_code == 401
    assert stage.ask("GET", "/v1/me", text).status_code == 401
    tokens = stage.people.log_in()
    thief = Surfer(stage, {"meschain-session": tokens.secret.text})
    assert thief.go("/console/account").place.startswith("/console/login")


def test_a_code_is_asked_for_and_a_recovery_code_stands_in_once(surfer: Surfer, stage: Stage) -> None:
    tenant = stage.people.tenant("codes")
    stage.people.owner(tenant, "code@example.com")
    surfer.log_in("code@example.com").go("/console/account/second-factor")
    secret = re.search(r"[A-Z2-7]{32}", surfer.text.replace(" ", ""))
    assert secret is not None
    first = pyotp.TOTP(secret[0]).now()
    wrong = f"{(int(first) + 1) % 10**6:06}"
    surfer.press("/account/second-factor", code=wrong)
    assert surfer.answer.status_code == 422
    assert secret[0] in surfer.text.replace(" ", ""), "the app's entry is still good"
    surfer.press("/account/second-factor", code=first)
    codes = [str(code) for code in surfer.page.xpath("//ul[contains(@class, 'codes')]/li/text()")]
    assert len(codes) >= 8

    other = Surfer(stage).log_in("code@example.com")
    assert other.place == "/console/login/code"
    assert "meschain-session" not in other.cookies
    other.press("/login/code", code="000000")
    assert other.answer.status_code == 401
    other.press("/login/code", code=codes[0])
    assert other.place == "/console/?notice=code-used"
    again = Surfer(stage).log_in("code@example.com").press("/login/code", code=codes[0])
    assert again.answer.status_code == 401

    check(surfer.go("/console/account").page, "account")
    assert surfer.press("/account/recovery-codes", proof="wrong").answer.status_code == 422
    surfer.press("/account/recovery-codes", proof=PASSWORD)
    assert codes[1] not in surfer.text
    surfer.go("/console/account").send("/console/account/second-factor/disable", proof=PASSWORD)
    assert Surfer(stage).log_in("code@example.com").place == "/console/"


def test_a_password_counts_for_five_minutes(stage: Stage) -> None:
    vault = stage.app.state.house.vault
    known = cookies.seal_known(vault, "someone")
    assert cookies.open_known(vault, known) == "someone"
    assert cookies.open_known(vault, known[:-2]) is None
    assert cookies.open_known(vault, vault.seal("{}").decode()) is None
    old = vault.seal(f'{{"user": "someone", "until": "{(utc_now() - timedelta(seconds=1)).isoformat()}"}}').decode()
    assert cookies.open_known(vault, old) is None
    late = Surfer(stage, {"meschain-known": old})
    assert late.go("/console/login/code").place == "/console/login"


def test_what_was_logged_out_is_dead_everywhere(surfer: Surfer, stage: Stage, acme: Owner) -> None:
    surfer.log_in("ayse@example.com")
    stolen = Surfer(stage, dict(surfer.cookies))
    surfer.go("/console/").press("/logout")
    assert "meschain-session" not in surfer.cookies
    assert stolen.go("/console/people").place.startswith("/console/login")


def test_another_session_is_ended_from_the_list(surfer: Surfer, stage: Stage, acme: Owner) -> None:
    other = Surfer(stage).log_in("ayse@example.com")
    surfer.log_in("ayse@example.com").go("/console/sessions")
    mine = surfer.stage.app.state.authenticator.by_cookie(surfer.cookies["meschain-session"], Way()).session_id
    theirs = surfer.stage.app.state.authenticator.by_cookie(other.cookies["meschain-session"], Way()).session_id
    surfer.press(f"/sessions/{theirs}/end")
    assert mine in surfer.answer.text or surfer.answer.status_code == 200
    assert other.go("/console/").place.startswith("/console/login")


def test_nobody_ends_a_session_of_somebody_else(surfer: Surfer, stage: Stage, acme: Owner) -> None:
    stage.people.member(acme.tenant_id, "viewer@example.com", "viewer")
    mine = surfer.log_in("ayse@example.com").cookies["meschain-session"]
    session = stage.app.state.authenticator.by_cookie(mine, Way()).session_id
    other = Surfer(stage).log_in("viewer@example.com").go("/console/sessions")
    other.send(f"/console/sessions/{session}/end")
    assert other.answer.status_code == 404
    assert surfer.go("/console/account").answer.status_code == 200


def test_a_new_password_ends_every_session(surfer: Surfer, stage: Stage) -> None:
    stage.people.owner(stage.people.tenant("renewed"), "new@example.com")
    other = Surfer(stage).log_in("new@example.com")
    surfer.log_in("new@example.com").go("/console/account")
    surfer.press("/account/password", current="wrong", password=OTHER)
    assert surfer.answer.status_code == 422
    surfer.press("/account/password", current=PASSWORD, password="12345678")
    assert surfer.answer.status_code == 422
    assert "12345678" not in surfer.answer.text
    surfer.press("/account/password", current=PASSWORD, password=OTHER)
    assert surfer.place == "/console/login?notice=password-changed"
    assert other.go("/console/").place.startswith("/console/login")
    assert surfer.log_in("new@example.com", OTHER).place == "/console/"


def test_an_invitation_is_accepted_once(surfer: Surfer, stage: Stage, acme: Owner) -> None:
    surfer.log_in("ayse@example.com").go("/console/people/invite")
    surfer.press("/people/invite", **{"email": "mehmet@example.com", "role-0": "viewer"})
    link = re.search(r"http://127\.0\.0\.1:8080(/console/links/meschain_link_\S+)", surfer.text)
    assert link is not None
    guest = Surfer(stage).go(link[1])
    guest.press(link[1], name="Mehmet Öz", password="12345678")
    assert guest.answer.status_code == 422, "too weak; the link can be tried again"
    guest.press(link[1], name="Mehmet Öz", password=OTHER)
    assert guest.place == "/console/login?notice=link-used"
    assert guest.log_in("mehmet@example.com", OTHER).place == "/console/"
    assert Surfer(stage).go(link[1]).answer.status_code == 404
    assert guest.go("/console/people").answer.status_code == 403


def test_a_password_is_set_by_a_link(stage: Stage) -> None:
    user = stage.people.owner(stage.people.tenant("forgotten"), "forgetful@example.com")
    link = f"/console/links/{links.link_new_password(stage.access, OPERATOR, user)}"
    guest = Surfer(stage).go(link).press(link, password=OTHER)
    assert guest.place == "/console/login?notice=link-used"
    assert guest.log_in("forgetful@example.com", OTHER).place == "/console/"


def test_who_works_for_two_tenants_chooses_and_switches(surfer: Surfer, stage: Stage, acme: Owner) -> None:
    other = stage.people.tenant("other")
    stage.people.owner(other, "boss@example.com")
    stage.people.member(acme.tenant_id, "agency@example.com", "viewer", name="Ajans")
    _, text = links.invite(stage.access, OPERATOR.of_tenant(other), other, "agency@example.com", [GivenRole("admin")])
    surfer.go(f"/console/links/{text}")
    assert surfer.page.xpath("//input[@name='code']/@required") == []
    surfer.press(surfer.place, password="wrong")
    assert surfer.answer.status_code == 401
    surfer.press(surfer.place, password=PASSWORD)
    surfer.log_in("agency@example.com")
    assert surfer.place == "/console/tenants"
    before = surfer.cookies["meschain-session"]
    surfer.send("/console/tenants", tenant="other", next="/console/people")
    assert surfer.place == "/console/people?notice=tenant-changed"
    assert "boss@example.com" in surfer.text
    assert Surfer(stage, {"meschain-session": before}).go("/console/").place.startswith("/console/login")
    surfer.send("/console/tenants", tenant="acme", next="/console/people")
    assert surfer.answer.status_code == 403, "there it is a viewer"
    surfer.go("/console/tenants").send("/console/tenants", tenant="codes")
    assert surfer.answer.status_code == 404, "it does not belong there"
    surfer.send("/console/tenants", tenant="other").press("/logout")
    assert Surfer(stage).log_in("agency@example.com").place == "/console/", "it worked there last"
    user_id = find_subject(stage.access, "agency@example.com")
    with reading(stage.access.of(acme.tenant_id)) as session:
        seen = select(func.count(UserSession.id)).where(UserSession.user_id == user_id)
        assert session.scalar(seen) == 2, "nobody logs in to a tenant on the way to another one"


def test_a_language_is_chosen_before_and_kept_after_the_login(surfer: Surfer, stage: Stage) -> None:
    stage.people.owner(stage.people.tenant("languages"), "lang@example.com")
    surfer.go("/console/login")
    assert surfer.page.get("lang") == "tr"
    surfer.press("/language", language="en")
    assert surfer.page.get("lang") == "en"
    surfer.log_in("lang@example.com")
    assert surfer.page.get("lang") == "tr", "the person's own language"
    surfer.press("/language", language="en")
    assert surfer.page.get("lang") == "en"
    surfer.send("/console/language", language="xx")
    assert surfer.answer.status_code == 422


def test_a_dead_visit_says_so_in_a_page(surfer: Surfer, acme: Owner) -> None:
    surfer.log_in("ayse@example.com").go("/console/nothing")
    assert surfer.answer.status_code == 404
    assert "text/html" in surfer.answer.headers["content-type"]
    assert "set-cookie" not in surfer.answer.headers, "the session's secret stays in its own cookie"
    surfer.go("/console/audit/999999")
    assert surfer.answer.status_code == 404


def test_an_ended_session_is_told_in_the_store(surfer: Surfer, stage: Stage, acme: Owner) -> None:
    surfer.log_in("ayse@example.com")
    session_id = stage.app.state.authenticator.by_cookie(surfer.cookies["meschain-session"], Way()).session_id
    surfer.press("/logout")
    with reading(stage.access.everywhere) as session:
        assert session.get_one(UserSession, session_id).revoked_at is not None
    assert not account.has_second_factor(stage.access, acme.user_id)


def test_going_to_and_fro_prolongs_no_session(surfer: Surfer, stage: Stage) -> None:
    tenant = stage.people.tenant("long")
    stage.people.owner(tenant, "long@example.com")
    surfer.log_in("long@example.com")
    before = _ends(stage, surfer)
    surfer.go("/console/tenants").send("/console/tenants", tenant="long")
    assert _ends(stage, surfer) == before


def test_whoever_lost_app_and_codes_is_let_in_by_the_operator(stage: Stage) -> None:
    user = stage.people.owner(stage.people.tenant("lost"), "lost@example.com")
    begun = account.begin_second_factor(stage.access, user)
    account.confirm_second_factor(stage.access, OPERATOR, user, pyotp.TOTP(begun.secret).now())
    assert Surfer(stage).log_in("lost@example.com").place == "/console/login/code"
    account.reset_second_factor(stage.access, OPERATOR, user)
    assert Surfer(stage).log_in("lost@example.com").place == "/console/"


@pytest.mark.parametrize(
    "body",
    ["a: 2026-99-99", "a: !!int x", "a: !!float x", "a: !!timestamp x", "a: !!bool x", "*a", "- 1", "", "{",
     "[" * 3000 + "]" * 3000, "- " * 1500 + "a", "a: " + "x" * 60_000],
    ids=lambda body: body[:16],
)  # fmt: skip
def test_a_profile_that_is_none_is_told_in_a_sentence(surfer: Surfer, stage: Stage, acme: Owner, body: str) -> None:
    house = stage.app.state.house
    ensure_supplier(house.catalog(house.tenant("acme")), "odd")
    surfer.log_in("ayse@example.com").go("/console/suppliers/odd").press("/suppliers/odd/profile", body=body)
    assert surfer.answer.status_code == 422
    assert surfer.page.xpath("//*[@role='alert']")


def _ends(stage: Stage, surfer: Surfer) -> object:
    session_id = stage.app.state.authenticator.by_cookie(surfer.cookies["meschain-session"], Way()).session_id
    with reading(stage.access.everywhere) as session:
        return session.get_one(UserSession, session_id).expires_at
