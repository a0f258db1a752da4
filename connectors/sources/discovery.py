"""Finds the kinds of source by looking at what modules there are: a new kind is a new file, nothing else is edited."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

from pydantic import ValidationError

import connectors.sources
from commerce.errors import Permanent
from connectors.http.client import HttpClient
from connectors.sources.protocol import Progress, Source, SourceClass, no_progress

_NO_KINDS = frozenset({"discovery", "protocol"})


def source_kinds(package: ModuleType = connectors.sources) -> dict[str, SourceClass]:
    """Every kind of source by name; raises TypeError for a module that breaks the rule of `protocol`."""
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    return {name: _source_of(f"{package.__name__}.{name}", name) for name in names if name not in _NO_KINDS}


def open_source(
    kind: str, options: Mapping[str, object], *, http: HttpClient, progress: Progress = no_progress
) -> Source:
    """A source from its kind and its options, public and secret ones together; raises Permanent when they are wrong."""
    kinds = source_kinds()
    if kind not in kinds:
        raise Permanent(f"there is no source of kind {kind!r}; the kinds are {', '.join(kinds)}")
    source = kinds[kind]
    try:
        checked = source.Options.model_validate(dict(options))
    except ValidationError as error:
        # Never the values: they may be secrets.
        faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'options'}: {one['msg']}" for one in error.errors())
        raise Permanent(f"the options of the {kind} source are wrong: {faults}") from None
    return source(checked, http=http, progress=progress)


def _source_of(module_name: str, name: str) -> SourceClass:
    found: SourceClass | None = getattr(import_module(module_name), "SOURCE", None)
    if found is None:
        raise TypeError(f"{module_name} holds no SOURCE; see connectors.sources.protocol")
    if found.kind != name:
        raise TypeError(f"{module_name}.SOURCE.kind is {found.kind!r}; it must be the module's name, {name!r}")
    return found
