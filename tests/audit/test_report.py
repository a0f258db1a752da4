"""The security report: what it counts, whom it shows it to, and that no name in it is obeyed by a page."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from meschain.access.rules import Unauthenticated
from meschain.audit.context import Audit
from meschain.audit.report import MOST_SHOWN, last_weeks, prove, write_report
from meschain.audit.report_rules import OTHERS, TOPICS, Period, Subject, topic_of
from meschain.audit.rules import OPERATOR, Actor, Tag
from meschain.store.base import utc_now
from meschain.store.session import transaction
from tests.access.people import People

HOSTILE = '<script>alert(1)</script> | =HYPERLINK("http://evil.example") [x](http://evil.example) \u202e\n# `a`'


class Page(HTMLParser):
    """What a browser would see: elements, their attributes, the text of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.cells: list[str] = []
        self._within = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "style"} or name[:2] == "on"]
        if tag == "td":
            self.cells.append("")
        self._within = tag == "td" or (self._within and tag not in {"tr", "table"})

    def handle_endtag(self, tag):
        self._within = self._within and tag != "td"

    def handle_data(self, data):
        if self._within:
            self.cells[-1] += data


@pytest.fixture
def people(engine) -> People:
    return People.on(engine)


@pytest.fixture
def audit(people: People) -> Audit:
    access = people.access
    return Audit(access.engine, access.vault, access.log, access.installation)


def subject(tenant_id: str, slug: str = "acme", name: str = "Acme") -> Subject:
    return Subject(tenant_id, slug, name, "Europe/Istanbul")


def note(audit: Audit, tag: Tag, actor: Actor, target: str = "", after: object = None, times: int = 1) -> None:
    with transaction(audit.of(actor.tenant_id)) as session:
        for _ in range(times):
            audit.log.record(session, tag, actor, target=target, after=after)


def test_every_act_belongs_to_one_topic():
    told = [tag for topic in TOPICS for tag in topic.tags]
    assert sorted(told) == sorted(Tag)
    assert topic_of("an:earlier:act") is OTHERS


def test_acts_of_both_periods_are_counted_and_told(people, audit, tmp_path):
    tenant, begin = people.tenant(), utc_now()
    owner = people.owner(tenant)
    people.log_in()
    middle = utc_now()
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            people.log_in(password="wrong")
    end = utc_now()
    period = Period(middle, end)
    before = Period(begin - (middle - begin), middle)
    for at, expected in ((period, (0, 5, 1)), (before, (1, 0, 0))):
        report = write_report(audit, OPERATOR, subject(tenant), at, tmp_path, prove(audit)).report
        sections = {each.title: each for each in report.sections}
        counted = tuple(sections[title].count for title in ("Logins", "Failed logins", "Lockouts"))
        assert counted == expected
    assert [(line.who, line.tag) for line in sections["Logins"].lines] == [(f"user {owner}", Tag.LOGIN_SUCCEEDED)]
    assert sections["Permission changes"].count == 3
    later = Period(middle, middle + (middle - begin) * 2)
    report = write_report(audit, OPERATOR, subject(tenant), later, tmp_path, prove(audit)).report
    assert {each.title: each.before for each in report.sections}["Permission changes"] >= 2


def test_a_tenant_sees_nothing_of_another(people, audit, tmp_path):
    one, two = people.tenant("one"), people.tenant("two")
    begin = utc_now()
    note(audit, Tag.OFFERS_EXPORTED, Actor("user", "somebody", one), "offers-of-one")
    note(audit, Tag.OFFERS_EXPORTED, Actor("user", "other", two), "offers-of-two", times=2)
    period = Period(begin, utc_now())
    for tenant, count, own, foreign in ((one, 1, "of-one", "of-two"), (two, 2, "of-two", "of-one")):
        written = write_report(audit, OPERATOR, subject(tenant), period, tmp_path / tenant, prove(audit))
        assert {each.title: each.count for each in written.report.sections}["Exports"] == count
        for path in (written.page, written.text):
            text = path.read_text(encoding="utf-8").replace("\\", "")
            assert own in text
            assert foreign not in text
            assert path.stat().st_mode & 0o077 == 0


def test_no_name_is_obeyed(people, audit, tmp_path):
    tenant, begin = people.tenant(), utc_now()
    note(audit, Tag.ROLE_CREATED, Actor("user", HOSTILE, tenant), HOSTILE, {"allow": [HOSTILE]})
    proof = prove(audit)
    written = write_report(audit, OPERATOR, subject(tenant, name=HOSTILE), Period(begin, utc_now()), tmp_path, proof)
    page = Page(written.page.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert all(re.fullmatch(r"#topic-\d+", link) for link in page.links)
    assert any("<script>alert(1)</script> | =HYPERLINK" in cell for cell in page.cells)
    text = written.text.read_text(encoding="utf-8")
    for cell in [*page.cells, *(cell.strip() for line in text.splitlines() for cell in line.split(" | "))]:
        if cell not in proof.checkpoint.splitlines():  # base64, which may begin with a plus
            assert not re.match(r"[=@\t\r]|[+-][^\d-]", cell), cell
    for raw in ("<script", "](", "http://", "\u202e", "`a`"):
        assert raw not in text
    row = next(line for line in text.splitlines() if "role:created" in line.replace("\\", "") and "HYPER" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 7


def test_of_many_acts_the_newest_are_shown(people, audit, tmp_path):
    tenant, begin = people.tenant(), utc_now()
    note(audit, Tag.LOGIN_SUCCEEDED, Actor("user", "u", tenant), times=MOST_SHOWN + 5)
    written = write_report(audit, OPERATOR, subject(tenant), Period(begin, utc_now()), tmp_path, prove(audit))
    logins = written.report.sections[0]
    assert (logins.count, len(logins.lines)) == (MOST_SHOWN + 5, MOST_SHOWN)
    assert logins.lines[0].index > logins.lines[-1].index
    assert f"The newest {MOST_SHOWN} of {MOST_SHOWN + 5}" in written.page.read_text(encoding="utf-8")


def test_an_altered_log_is_told(people, audit, tmp_path):
    tenant, begin = people.tenant(), utc_now()
    note(audit, Tag.LOGIN_SUCCEEDED, Actor("user", "u", tenant), times=3)
    assert prove(audit).ok
    with audit.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            connection.exec_driver_sql("DROP TRIGGER audit_entries_no_update")
        connection.exec_driver_sql("""UPDATE audit_entries SET actor_id = 'x' WHERE "index" = 1""")
    verdict = prove(audit)
    written = write_report(audit, OPERATOR, subject(tenant), Period(begin, utc_now()), tmp_path, verdict)
    assert not verdict.ok
    for path in (written.page, written.text):
        assert "entry 1" in path.read_text(encoding="utf-8")


def test_that_it_was_made_is_in_the_log(people, audit, tmp_path):
    tenant, begin = people.tenant(), utc_now()
    for _ in range(2):
        written = write_report(audit, OPERATOR, subject(tenant), Period(begin, utc_now()), tmp_path, prove(audit))
    assert (Tag.SECURITY_REPORTED, 1, 0) in written.report.sections[-1].tags
    assert written.report.sections[-1].lines[0].who == "operator"


def test_weeks_are_those_of_the_tenants_clock():
    sunday_in_london = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # half past one on Monday in Istanbul
    period = last_weeks(sunday_in_london, "Europe/Istanbul")
    assert (period.since.isoformat(), period.until.isoformat()) == (
        "2026-11-16T00:00:00+03:00",
        "2026-11-23T00:00:00+03:00",
    )
    assert last_weeks(sunday_in_london, "UTC", 2).since == datetime(2026, 11, 2, tzinfo=UTC)
    spring = last_weeks(datetime(2026, 3, 31, 12, tzinfo=UTC), "Europe/Berlin")
    assert (spring.since.isoformat(), spring.until.isoformat()) == (
        "2026-03-23T00:00:00+01:00",
        "2026-03-30T00:00:00+02:00",
    )
    assert spring.before.since.isoformat() == "2026-03-16T00:00:00+01:00"
    assert period.before.until == period.since
