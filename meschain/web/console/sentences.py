"""Sentences of other rooms that the console says in the reader's language; others are shown as they are worded there.

These are what roles and permissions are for, and the refusals that people meet most.
"""

from collections.abc import Iterator

from meschain.access import account, links, login
from meschain.access.permissions import Permission
from meschain.access.roles import builtin_roles, describe_role


def sentences() -> Iterator[str]:
    """Every one of them, for the catalogue."""
    yield from (permission.description for permission in Permission)
    yield from (describe_role(name) for name in builtin_roles())
    yield from (account.WRONG_CODE, account.WRONG_PASSWORD, links.SPENT, login.WRONG)
