"""What every source of feeds gives and takes: options in, local files out. Nothing is fetched or parsed here.

A module in `connectors/sources` holds one source as `SOURCE`, its `kind` being the module's name
(`connectors.sources.discovery` finds it).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, SecretStr

from connectors.http.client import HttpClient

Progress = Callable[[int, int | None], None]
"""Called with the bytes that have come so far and those that will, None when nobody knows."""


def no_progress(_so_far: int, _total: int | None) -> None:
    """Tell nobody."""


class SourceOptions(BaseModel):
    """Base of every source's options. A secret is a `SecretStr`, or a mapping to such, marked `{"secret": True}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Validator(BaseModel):
    """How a server recognises the version of one document that we have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    etag: str = ""
    last_modified: str = ""


class Validators(BaseModel):
    """The validators of a feed's documents, by public address. To be kept with the files and handed in next time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents: dict[str, Validator] = {}


_NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file of the feed: where it lies now, what its owner calls it, and its size in bytes."""

    path: Path
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed as it was fetched: its files in order, or none because nothing changed (`not_modified`)."""

    files: tuple[FetchedFile, ...]
    validators: Validators = _NO_VALIDATORS
    not_modified: bool = False


class Source(Protocol):
    """Where the feed of one supplier comes from."""

    kind: ClassVar[str]
    Options: ClassVar[type[SourceOptions]]

    def fetch(self, into: Path, *, validators: Validators) -> Fetched:
        """Bring the feed's files to this machine, as a whole or not at all.

        What has to be written goes below the folder `into`, which is made if need be; a source whose files are here
        already leaves them where they are. Raises Transient, Permanent or Refused.
        """


class SourceClass(Protocol):
    """How a source is made; `http` is for those that need it."""

    kind: str
    Options: type[SourceOptions]

    def __call__(self, options: SourceOptions, *, http: HttpClient, progress: Progress = ...) -> Source:
        """Make a source with options that are an instance of its own `Options`."""


def public_options(options: SourceOptions) -> dict[str, object]:
    """The options that may be stored and shown as they are, as JSON values; defaults are left out."""
    return options.model_dump(mode="json", exclude=_secret_fields(options), exclude_defaults=True)


def secrets(options: SourceOptions) -> dict[str, object]:
    """The options that have to be encrypted, in clear, as JSON values; empty ones are left out.

    `Options(**public_options(o), **secrets(o))` is `o` again.
    """
    found = {name: _revealed(getattr(options, name)) for name in sorted(_secret_fields(options))}
    return {name: value for name, value in found.items() if value}


def _secret_fields(options: SourceOptions) -> set[str]:
    fields = type(options).model_fields
    extras = {name: field.json_schema_extra for name, field in fields.items()}
    return {name for name, extra in extras.items() if isinstance(extra, dict) and extra.get("secret")}


def _revealed(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return {name: _revealed(one) for name, one in value.items()} if isinstance(value, dict) else value
