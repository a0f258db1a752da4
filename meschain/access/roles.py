"""The built-in roles, as `roles.yml` describes them. No store."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml


class Rights(NamedTuple):
    """What a role allows and what it denies, as patterns of permissions."""

    allow: tuple[str, ...]
    deny: tuple[str, ...] = ()


@cache
def builtin_roles() -> Mapping[str, Rights]:
    """Rights of the built-in roles, by name, in the order from most to least."""
    described = _described().items()
    return MappingProxyType(
        {name: Rights(tuple(role["allow"]), tuple(role.get("deny", ()))) for name, role in described}
    )


def describe_role(name: str) -> str:
    """One sentence on a built-in role; empty for a role of a tenant's own."""
    return str(_described().get(name, {}).get("description", ""))


@cache
def _described() -> Mapping[str, Mapping[str, Any]]:
    text = files("meschain.access").joinpath("roles.yml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)
    return found
