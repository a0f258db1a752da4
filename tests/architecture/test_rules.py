"""Runs every rule of the house: on the house itself, and on small trees that it must notice or let pass."""

import pytest

from tests.architecture import budgets, dependencies, environment, mirrors, statements, texts
from tests.architecture.house import ROOT, Rule, Tree, grow

RULES = [rule for module in (budgets, dependencies, environment, mirrors, statements, texts) for rule in module.RULES]


def _cases(part: str) -> list[object]:
    return [
        pytest.param(rule, tree, id=f"{rule.check.__name__}-{number}")
        for rule in RULES
        for number, tree in enumerate(getattr(rule, part), 1)
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check.__name__)
def test_the_house_keeps(rule: Rule):
    violations = list(rule.check(ROOT))
    assert not violations, f"{rule.check.__doc__}\n" + "\n".join(violations)


@pytest.mark.parametrize(("rule", "tree"), _cases("broken"))
def test_a_violation_is_noticed(rule: Rule, tree: Tree, tmp_path):
    assert list(rule.check(grow(tmp_path, tree)))


@pytest.mark.parametrize(("rule", "tree"), _cases("kept"))
def test_the_innocent_pass(rule: Rule, tree: Tree, tmp_path):
    assert not list(rule.check(grow(tmp_path, tree)))


def test_no_rule_is_dead():
    assert all(rule.broken for rule in RULES)
