"""What a person is told: the verdict, by which role, and what is needed; following it makes the act allowed."""

from hypothesis import given
from hypothesis import strategies as st

from meschain.access.explanation import explain
from meschain.access.permissions import Permission
from meschain.access.policy import Grant, Policy
from meschain.access.roles import Rights, builtin_roles
from tests.access.one_by_one import grants, scopes

SYNC = Permission.CATALOG_SYNC
TOYS = ("supplier", "acme-toys")


def test_why_it_is_allowed():
    policy = Policy.of([Grant("ops", *builtin_roles()["ops"], ("supplier", "acme-*"))])
    assert explain(policy, SYNC, TOYS).splitlines() == [
        "allowed: catalog:sync (fetch and import a supplier's feed) on supplier acme-toys",
        "because: role ops on supplier acme-* allows catalog:sync",
    ]


def test_what_is_needed_where_nobody_allows_it():
    policy = Policy.of([Grant("viewer", *builtin_roles()["viewer"])])
    assert explain(policy, SYNC, TOYS).splitlines() == [
        "refused: catalog:sync (fetch and import a supplier's feed) on supplier acme-toys",
        "because: no role allows catalog:sync; there are: viewer",
        "needed: a role that allows catalog:sync on supplier acme-toys, such as owner or admin or ops",
    ]


def test_what_is_needed_where_one_denies_it():
    policy = Policy.of([Grant("ops", ("catalog:*",)), Grant("intern", (), ("catalog:sync",), ("supplier", "acme-*"))])
    assert explain(policy, SYNC).splitlines()[1:] == [
        "because: role intern on supplier acme-* denies catalog:sync",
        "needed: role intern on supplier acme-* taken away, or changed so that it does not deny catalog:sync",
    ]


def test_the_roles_of_a_tenant_are_proposed():
    roles = {"importer": Rights(("catalog:*",)), "reader": Rights(("catalog:read",))}
    assert explain(Policy.of([]), SYNC, None, roles).splitlines()[-1] == (
        "needed: a role that allows catalog:sync for the tenant as a whole, such as importer"
    )
    last = explain(Policy.of([]), Permission.PERSONAL_ERASE, None, roles).splitlines()[-1]
    assert last == "needed: a role that allows personal:erase for the tenant as a whole"


@given(grants, st.sampled_from(Permission), scopes)
def test_what_is_needed_suffices(several, permission, scope):
    policy = Policy.of(several)
    told = explain(policy, permission, scope)
    needed = [line for line in told.splitlines() if line.startswith("needed: ")]
    assert told.startswith("allowed" if policy.allows(permission, scope) else "refused")
    assert bool(needed) != policy.allows(permission, scope)
    mended = [
        grant for grant in several
        if not any(line.startswith(f"needed: role {grant} taken away") and permission.patterns & {*grant.deny}
                   for line in needed)
    ]  # fmt: skip
    if any(line.startswith("needed: a role that allows") for line in needed):
        mended.append(Grant("given", (permission.value,), (), scope))
    elif needed:
        mended += [Grant(grant.role, grant.allow, (), grant.scope) for grant in several]  # changed, not taken away
    assert Policy.of(mended).allows(permission, scope)
