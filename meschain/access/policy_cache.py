"""Keeps a bounded number of compiled policies in memory. Where their grants come from is elsewhere."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from meschain.access.policy import Policy

CAPACITY = 4096
_STRIPES = 16


class PolicyKey(NamedTuple):
    """Whose policy in which tenant, and as of which change of the tenant's roles and grants.

    The version has to be read before the grants are: then a change in between is met by the next version's key.
    """

    tenant_id: str
    policy_version: int
    subject: str
    """A user or an API key, told apart: `user:0198…`, `api_key:…`."""


class PolicyCache:
    """The policies asked for last. Safe to use from several threads; a policy that many wait for is built once."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        if capacity < 1:
            raise ValueError(f"a cache of {capacity} policies keeps none; expected at least 1")
        self._capacity = capacity
        self._kept: OrderedDict[PolicyKey, Policy] = OrderedDict()
        self._lock = Lock()
        self._building = [Lock() for _ in range(_STRIPES)]

    def get(self, key: PolicyKey, build: Callable[[], Policy]) -> Policy:
        """The policy of that key, built if it is not kept. An error of `build` passes through, and nothing is kept.

        `build` must not ask the cache in turn.
        """
        found = self._find(key)
        if found is not None:
            return found
        with self._building[hash(key) % _STRIPES]:
            found = self._find(key)
            if found is None:
                found = build()
                self._keep(key, found)
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def _find(self, key: PolicyKey) -> Policy | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: PolicyKey, policy: Policy) -> None:
        with self._lock:
            self._kept[key] = policy
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
