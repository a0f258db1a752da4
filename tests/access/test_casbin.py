"""The casbin models that have a meaning here give the same decisions when they are written as our grants.

Expected is what casbin's own tests expect (model_test.go, test_enforcer.py), and beyond those few requests what an
evaluator of its model files, written here and knowing nothing of our policies, says of every request that can be made
of the names in a policy. A domain is a tenant of ours, an object a supplier, an action a permission; a subject's roles
are followed, and groups of objects written out, by the translation, since a grant of ours gives one role.
"""

import csv
import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from meschain.access.permissions import Permission
from meschain.access.policy import Grant, Policy

ACTIONS = {"read": Permission.CATALOG_READ, "write": Permission.CATALOG_SYNC, "GET": Permission.FLOWS_READ}
STRANGER = "nobody-knows"


@dataclass(frozen=True)
class Case:
    """A model and a policy; which of its relations are roles of subjects and which are groups of objects."""

    model: str
    policy: str
    known: str = ""
    """What casbin's tests expect, if they ask anything of it: one request a line, and 1 or 0."""
    subjects: str | None = "g"
    objects: str | None = None
    patterns: bool = False
    """Whether casbin is told to compare names in relations as patterns (keyMatch2)."""
    more: tuple[str, ...] = ()
    """Objects to ask for besides those of the policy."""

    def __str__(self) -> str:
        return f"{self.model} with {self.policy}"


DOMAINS = """
alice domain1 data1 read 1
alice domain1 data1 write 1
alice domain1 data2 read 0
alice domain1 data2 write 0
bob domain2 data1 read 0
bob domain2 data1 write 0
bob domain2 data2 read 1
bob domain2 data2 write 1
"""
CASES = [
    Case("basic_model", "basic_policy", subjects=None, known="""
        alice data1 read 1
        alice data1 write 0
        alice data2 read 0
        alice data2 write 0
        bob data1 read 0
        bob data1 write 0
        bob data2 read 0
        bob data2 write 1"""),
    Case("rbac_model", "rbac_policy", known="""
        alice data1 read 1
        alice data1 write 0
        alice data2 read 1
        alice data2 write 1
        bob data1 read 0
        bob data1 write 0
        bob data2 read 0
        bob data2 write 1
        bogus data2 write 0"""),
    Case("rbac_model", "empty_policy", known="""
        alice data1 read 0
        bob data1 read 0
        bob data2 write 0
        alice data2 read 0
        alice data2 write 0"""),
    Case("rbac_model", "rbac_with_hierarchy_policy"),
    Case("rbac_with_deny_model", "rbac_with_deny_policy", known="""
        alice data1 read 1
        alice data1 write 0
        alice data2 read 1
        alice data2 write 0
        bob data1 read 0
        bob data1 write 0
        bob data2 read 0
        bob data2 write 1"""),
    Case("rbac_with_not_deny_model", "rbac_with_deny_policy", known="alice data2 write 0"),
    Case("rbac_with_resource_roles_model", "rbac_with_resource_roles_policy", objects="g2", known="""
        alice data1 read 1
        alice data1 write 1
        alice data2 read 0
        alice data2 write 1
        bob data1 read 0
        bob data1 write 0
        bob data2 read 0
        bob data2 write 1"""),
    Case("rbac_with_domains_model", "rbac_with_domains_policy", known=DOMAINS),
    Case("rbac_with_domains_model", "rbac_with_domains_policy2"),
    Case("rbac_with_domains_model", "rbac_with_hierarchy_with_domains_policy"),
    Case("rbac_with_domains_without_policy_matcher", "rbac_with_hierarchy_without_policy_domains"),
    Case("rbac_with_domain_pattern_model", "rbac_with_domain_pattern_policy", patterns=True, known=f"""{DOMAINS}
        alice domain2 data2 read 1
        alice domain2 data2 write 1"""),
    Case("rbac_with_domain_and_policy_pattern_model", "rbac_with_domain_and_policy_pattern_policy", patterns=True),
    Case("rbac_with_all_pattern_model", "rbac_with_all_pattern_policy", subjects=None, objects="g", patterns=True,
         more=("/book/1", "/book/2", "/pen/1"), known="""
        alice domain1 /book/1 read 1
        alice domain1 /book/1 write 0
        alice domain2 /book/1 read 0
        alice domain2 /book/1 write 1"""),
    Case("rbac_with_pattern_model", "rbac_with_pattern_policy", objects="g2", patterns=True,
         more=("/book/1", "/book/2", "/pen/1", "/pen/2", "/book2/1", "/pen2/1", "/pen2/2"), known="""
        alice /book/1 GET 1
        alice /book/2 GET 1
        alice /pen/1 GET 1
        alice /pen/2 GET 0
        bob /book/1 GET 0
        bob /book/2 GET 0
        bob /pen/1 GET 1
        bob /pen/2 GET 1"""),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_decisions_are_those_of_casbin(case, shared_data):
    model, policy = (
        Model(shared_data / "conformance/casbin", case),
        Translation(shared_data / "conformance/casbin", case),
    )
    for *request, expected in (line.split() for line in case.known.split("\n") if line.strip()):
        assert model.enforce(request) == (expected == "1"), f"the evaluator is wrong about {request}"
    requests = list(model.requests())
    decisions = {tuple(request): (policy.enforce(request), model.enforce(request)) for request in requests}
    assert {request: both for request, both in decisions.items() if both[0] != both[1]} == {}
    assert len(requests) >= 8 or case.policy == "empty_policy"
    assert {True, False} == {ours for ours, _ in decisions.values()} or case.policy == "empty_policy"


def test_every_model_file_is_of_some_use_or_named_here(shared_data):
    """What is left out has no meaning here: attributes, addresses, priorities, validity in time, actions by pattern."""
    left_out = re.compile(
        r"abac|basic_(inverse|with|model_without)|globmatch|ipmatch|keymatch|priority|temporal|in_op|multiple_policy|multiply"
    )
    files = {path.stem for path in (shared_data / "conformance/casbin").glob("*.conf")}
    assert {name for name in files if not left_out.search(name)} == {case.model for case in CASES}


class Model:
    """Evaluates a casbin model file over a policy, as its documentation says."""

    def __init__(self, folder: Path, case: Case) -> None:
        parser = ConfigParser()
        parser.read(folder / f"{case.model}.conf", encoding="utf-8")
        self._request = _names(parser["request_definition"]["r"])
        self._policy = _names(parser["policy_definition"]["p"])
        self._effect = parser["policy_effect"]["e"]
        matcher = parser["matchers"]["m"].replace("&&", " and ").replace("||", " or ")
        self._matcher = compile(re.sub(r"\b([rp])\.(\w+)", r'\1["\2"]', matcher.strip()), case.model, "eval")
        self.rows = list(read(folder / f"{case.policy}.csv"))
        self._same: Callable[[str, str], bool] = key_match2 if case.patterns else str.__eq__
        self._more = case.more

    def enforce(self, request: list[str]) -> bool:
        effects = [row.get("eft", "allow") for row in self._matching(dict(zip(self._request, request, strict=True)))]
        if self._effect.replace("_", ".") == "!some(where (p.eft == deny))":
            return "deny" not in effects
        denies = self._effect.endswith("&& !some(where (p.eft == deny))")
        return "allow" in effects and not (denies and "deny" in effects)

    def _matching(self, request: dict[str, str]) -> Iterator[dict[str, str]]:
        functions = {kind: self._related(kind) for kind in ("g", "g2")}
        functions |= {"keyMatch2": key_match2, "regexMatch": lambda text, pattern: bool(re.search(pattern, text))}
        for kind, *values in self.rows:
            row = dict(zip(self._policy, values, strict=False))
            if kind == "p" and eval(self._matcher, functions, {"r": request, "p": row}):  # noqa: S307  files of ours
                yield row

    def _related(self, kind: str) -> Callable[..., bool]:
        """`g(one, other)` or `g(one, other, domain)`: whether relations lead from one to the other."""

        def related(one: str, other: str, *domain: str) -> bool:
            reached, new = set(), {one}
            while new:
                reached |= new
                new = {
                    parent
                    for relation, child, parent, *within in self.rows
                    if relation == kind and all(map(self._same, domain, within))
                    if any(self._same(name, child) for name in reached)
                } - reached
            return other in reached

        return related

    def requests(self) -> Iterator[list[str]]:
        """Every request of names that stand in the policy, and of one that does not."""
        named: dict[str, set[str]] = {name: {STRANGER} for name in self._request}
        for kind, *values in self.rows:
            row = dict(zip(self._policy, values, strict=False)) if kind == "p" else {"sub": values[0]}
            if kind != "p" and len(values) > 2:
                row["dom"] = values[2]
            for name in named.keys() & row.keys():
                named[name].add(row[name])
        named["obj"] |= set(self._more)
        named["act"] = {action for action in ACTIONS if action in named["act"]} or {"read", "write"}
        if "dom" in named:
            named["dom"] = {name.replace("*", "9") for name in named["dom"]}
        yield from map(list, product(*(sorted(named[name]) for name in self._request)))


class Translation:
    """The same policy as grants of ours: of each subject, in each domain."""

    def __init__(self, folder: Path, case: Case) -> None:
        self._case = case
        self._rows = list(read(folder / f"{case.policy}.csv"))
        self._has_domain = "domain" in case.model or "all_pattern" in case.model
        self._policy_has = self._has_domain and "without_policy" not in case.model

    def enforce(self, request: list[str]) -> bool:
        subject, *domain, name, action = request
        policy = Policy.of(self._grants(subject, domain[0] if domain else None))
        return policy.allows(ACTIONS[action], ("supplier", name))

    def _grants(self, subject: str, domain: str | None) -> Iterator[Grant]:
        roles = self._roles(subject, domain)
        if self._case.model == "rbac_with_not_deny_model":
            yield Grant("everybody", ("*",))  # there, what nobody denied is allowed
        for kind, role, *rest in self._rows:
            if kind != "p" or role not in roles:
                continue
            within, name, action, *effect = rest if self._policy_has else [None, *rest]
            if within is not None and not _in_domain(str(domain), within):
                continue
            allow, deny = ((), (ACTIONS[action],)) if effect == ["deny"] else ((ACTIONS[action],), ())
            for pattern in self._members(str(name), domain):
                yield Grant(role, allow, deny, ("supplier", pattern))

    def _roles(self, subject: str, domain: str | None) -> list[str]:
        found = [subject]
        for role in found:  # grows while it is walked
            found += [
                parent
                for kind, child, parent, *within in self._rows
                if kind == self._case.subjects and child == role and parent not in found
                if domain is None or _in_domain(domain, within[0])
            ]
        return found

    def _members(self, name: str, domain: str | None) -> list[str]:
        """The object itself, and the members of the group if it is one; `:id` is any text, of one part here."""
        return [name] + [
            re.sub(r":\w+", "*", child)
            for kind, child, parent, *within in self._rows
            if kind == self._case.objects and parent == name and (domain is None or _in_domain(domain, within[0]))
        ]


def _in_domain(domain: str, pattern: str) -> bool:
    return pattern in {"*", domain} or (pattern.endswith("*") and domain.startswith(pattern[:-1]))


def _names(line: str) -> list[str]:
    return [name.strip() for name in line.split(",")]


def read(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as file:
        lines = (line for line in file if line.strip() and not line.startswith("#"))
        yield from ([cell.strip() for cell in row] for row in csv.reader(lines))


def key_match2(text: str, pattern: str) -> bool:
    """KeyMatch2 of casbin: `*` alone is anything, `/*` any rest, `:name` one part of a path."""
    expression = "(.*)" if pattern == "*" else re.sub(r":[^/]+", "[^/]+", pattern.replace("/*", "/.*"))
    return bool(re.fullmatch(expression, text))
