"""Tells a person why something is allowed or refused, by which role, and what would have to be given. Pure."""

from collections.abc import Iterator, Mapping

from meschain.access.permissions import Permission, expand
from meschain.access.policy import Policy, place
from meschain.access.roles import Rights, builtin_roles
from meschain.access.scopes import Scope


def explain(
    policy: Policy, permission: Permission, scope: Scope | None = None, roles: Mapping[str, Rights] | None = None
) -> str:
    """Lines of text: the verdict, why, and what is needed if it is refused.

    `roles` are those that could be given, the built-in ones if not told otherwise.
    """
    decision = policy.decide(permission, scope)
    verdict = "allowed" if decision else "refused"
    lines = [f"{verdict}: {permission} ({permission.description}) {place(scope)}", f"because: {decision.reason}"]
    if not decision:
        lines += (f"needed: {need}" for need in _needs(policy, permission, scope, roles or builtin_roles()))
    return "\n".join(lines)


def _needs(policy: Policy, permission: Permission, scope: Scope | None, roles: Mapping[str, Rights]) -> Iterator[str]:
    for grant in policy.denying(permission):
        if grant.denies_at(scope):
            yield f"role {grant} taken away, or changed so that it does not deny {permission}"
    if not any(grant.allows_at(scope) for grant in policy.allowing(permission)):
        fitting = [name for name, rights in roles.items() if permission in expand(rights.allow) - expand(rights.deny)]
        known = f", such as {' or '.join(fitting)}" if fitting else ""
        yield f"a role that allows {permission} {place(scope)}{known}"
