"""Whatever is done in whatever order: a token that should be dead is dead, one that should be good is good."""

import random
from dataclasses import dataclass, field

import pytest

from commerce.errors import Refused
from meschain.access import account, sessions
from meschain.access.authentication import Authenticator
from meschain.access.grants import GivenRole
from meschain.access.members import set_grants
from meschain.access.rules import Unauthenticated
from meschain.access.sessions import Opened
from meschain.access.signing import SigningKeys, rotate_signing_key
from meschain.audit.rules import OPERATOR, Actor
from meschain.store.changes import Changes
from tests.access.people import PASSWORD, VISITOR, WAY, People

SEQUENCES, REDUCED, STEPS = 1000, 20, 12


@dataclass
class Session:
    """What should be true of a session."""

    opened: Opened
    alive: bool = True
    spent: list[str] = field(default_factory=list)
    access: list[str] = field(default_factory=list)


class Sequence:
    """A random sequence of acts of one user, and what should follow from them."""

    def __init__(self, people: People, chance: random.Random) -> None:
        self.people, self.chance = people, chance
        slug = f"t{chance.getrandbits(60):x}"
        self.email = f"{slug}@example.com"
        self.tenant = people.tenant(slug)
        self.user = people.owner(self.tenant, self.email)
        self.actor = Actor("user", self.user, self.tenant)
        self.sessions: list[Session] = []
        self.known = people.authenticator
        self.log_in()

    def step(self) -> None:
        """Do something, mostly to a session that lives."""
        acts = [self.log_in, self.refresh, self.refresh, self.issue, self.reuse, self.end, self.rotate, self.regrant]
        acts += [self.end_all] if self.chance.random() < 0.2 else []
        self.chance.choice(acts)()

    def check(self) -> None:
        """Every token that was ever given is as good as it should be, in this process and in another one."""
        access = self.people.access
        other = Authenticator(access, SigningKeys(access), Changes(access.engine))
        for each in self.sessions:
            for token in each.access:
                for authenticator in (self.known, other):
                    assert accepted(authenticator, token) == each.alive
            for spent in each.spent if not each.alive else []:
                with pytest.raises(Unauthenticated):
                    sessions.refresh(access, VISITOR, spent)

    def log_in(self) -> None:
        opened = self.people.log_in(self.email)
        self.sessions.append(Session(opened, access=[self.people.token(opened)]))

    def refresh(self) -> None:
        each = self.chance.choice(self.sessions)
        if not each.alive:
            with pytest.raises(Unauthenticated):
                sessions.refresh(self.people.access, VISITOR, each.opened.secret.text)
            return
        each.spent.append(each.opened.secret.text)
        each.opened = sessions.refresh(self.people.access, VISITOR, each.opened.secret.text)
        each.access.append(self.people.token(each.opened))

    def issue(self) -> None:
        each = self.chance.choice(self.sessions)
        each.access.append(self.people.token(each.opened))

    def reuse(self) -> None:
        each = self.chance.choice(self.sessions)
        if each.spent:
            with pytest.raises(Unauthenticated):
                sessions.refresh(self.people.access, VISITOR, self.chance.choice(each.spent))
            each.alive = False

    def end(self) -> None:
        each = self.chance.choice(self.sessions)
        sessions.end_session(self.people.access, self.actor, each.opened.id, user_id=self.user)
        each.alive = False

    def end_all(self) -> None:
        account.change_password(self.people.access, self.actor, self.user, PASSWORD, PASSWORD)
        for each in self.sessions:
            each.alive = False

    def rotate(self) -> None:
        rotate_signing_key(self.people.access, OPERATOR)

    def regrant(self) -> None:
        with pytest.raises(Refused):  # refused half way: what was done before is undone
            set_grants(self.people.access, OPERATOR, self.tenant, self.user, [GivenRole("viewer")])


def accepted(authenticator: Authenticator, token: str) -> bool:
    """Whether the token lets somebody in."""
    if authenticator.remembered(token, WAY) is not None:
        return True
    try:
        authenticator.by_bearer(token, WAY)
    except Unauthenticated:
        return False
    return True


@pytest.mark.acceptance
def test_no_sequence_leaves_a_usable_token_that_should_be_dead(engine, full_size, request):
    seed = request.config.getoption("randomly_seed")
    print(f"seed {seed}")
    people = People.on(engine)
    for number in range(SEQUENCES // 2 if full_size else REDUCED):  # half of them on each database
        sequence = Sequence(people, random.Random(f"{seed}/{number}"))
        for _ in range(STEPS):
            sequence.step()
        sequence.check()
