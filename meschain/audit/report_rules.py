"""What a security report says, and what it tells apart: every act of the log belongs to one topic. Pure."""

from dataclasses import dataclass
from datetime import datetime

from meschain.audit.rules import Tag
from meschain.audit.verification import Verdict


@dataclass(frozen=True, slots=True)
class Subject:
    """Of which tenant a report is, in the words that its head says."""

    id: str
    slug: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time, the end not included."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Period":
        """The span of the same length before it."""
        return Period(self.since - (self.until - self.since), self.since)


@dataclass(frozen=True, slots=True)
class Line:
    """One act, for a table."""

    index: int
    at: datetime
    tag: str
    who: str
    target: str
    what: str


@dataclass(frozen=True, slots=True)
class Section:
    """A topic's acts: how many of each kind, and the newest of them."""

    title: str
    tags: tuple[tuple[str, int, int], ...]
    """Each act that there was: its tag, how often, how often in the period before."""
    lines: tuple[Line, ...]

    @property
    def count(self) -> int:
        """How many acts there were."""
        return sum(count for _, count, _ in self.tags)

    @property
    def before(self) -> int:
        """How many there were in the period before."""
        return sum(before for _, _, before in self.tags)


@dataclass(frozen=True, slots=True)
class Report:
    """What the pages say."""

    subject: Subject
    period: Period
    made_at: datetime
    sections: tuple[Section, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Topic:
    """Acts that are read together."""

    title: str
    tags: frozenset[str]


def _topic(title: str, *tags: Tag) -> Topic:
    return Topic(title, frozenset(tag.value for tag in tags))


_NAMED = (
    _topic("Logins", Tag.LOGIN_SUCCEEDED),
    _topic("Failed logins", Tag.LOGIN_FAILED),
    _topic("Lockouts", Tag.LOCKOUT_BEGAN, Tag.LOCKOUT_ENDED),
    _topic(
        "Sessions, passwords and second factors",
        Tag.PASSWORD_CHANGED, Tag.PASSWORD_RESET_REQUESTED, Tag.RECOVERY_CODES_MADE, Tag.SECOND_FACTOR_DISABLED,
        Tag.SECOND_FACTOR_ENABLED, Tag.SESSION_REVOKED, Tag.TOKEN_REUSED,
    ),
    _topic(
        "Permission changes",
        Tag.API_KEY_CREATED, Tag.API_KEY_REVOKED, Tag.GRANT_ADDED, Tag.GRANT_REMOVED, Tag.INVITATION_ACCEPTED,
        Tag.INVITATION_CREATED, Tag.INVITATION_REVOKED, Tag.MEMBERSHIP_REMOVED, Tag.ROLE_CHANGED, Tag.ROLE_CREATED,
        Tag.ROLE_REMOVED, Tag.USER_CHANGED, Tag.USER_CREATED,
    ),
    _topic("Refused for want of a permission", Tag.PERMISSION_REFUSED),
    _topic(
        "Approvals",
        Tag.BULLETIN_ACCEPTED, Tag.BULLETIN_REJECTED, Tag.PRICE_APPROVED, Tag.PRICE_RULES_APPROVED, Tag.RUN_APPROVED,
        Tag.RUN_REJECTED, Tag.RUN_ROLLED_BACK,
    ),
    _topic("Exports", Tag.LOG_EXPORTED, Tag.OFFERS_EXPORTED, Tag.PERSONAL_DATA_EXPORTED, Tag.TENANT_EXPORTED),
    _topic("Personal data read or erased", Tag.PERSONAL_DATA_READ, Tag.SUBJECT_ERASED),
)  # fmt: skip
OTHERS = Topic("Everything else", frozenset(Tag) - frozenset().union(*(topic.tags for topic in _NAMED)))
TOPICS = (*_NAMED, OTHERS)


def topic_of(tag: str) -> Topic:
    """Where an act is told; one that an earlier version wrote down, among the others."""
    return _BY_TAG.get(tag, OTHERS)


_BY_TAG = {tag: topic for topic in TOPICS for tag in topic.tags}
