"""Feeds behind one or more http(s) addresses: fetched only if they changed. What the bytes mean is not known here."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic.config import JsonDict

from commerce.errors import Permanent
from connectors.http.answer import Answer
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.failures import HttpPermanent
from connectors.http.login import Lifted, lift
from connectors.sources.protocol import (
    Fetched,
    FetchedFile,
    Progress,
    SourceOptions,
    Validator,
    Validators,
    no_progress,
)

_SECRET: JsonDict = {"secret": True}
_HEAD = 16 * 1024
_WEB_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_GIVEN_NAME = re.compile(r"filename(?:\*=UTF-8'[\w-]*'|=)\s*\"?([^\";]+)", re.IGNORECASE)
_LONGEST_VALIDATOR = 1024


class HttpOptions(SourceOptions):
    """Where the documents of one feed are, and the credentials they ask for.

    Credentials pasted into an address (`https://user:password@…`, `…?apikey=…`) are moved to the secret options.
    """

    urls: tuple[str, ...] = Field(min_length=1, description="http(s) addresses; all of them together are one feed")
    username: str = Field(default="", description="user for basic authentication")
    password: SecretStr = Field(default=SecretStr(""), description="password for it", json_schema_extra=_SECRET)
    headers: dict[str, SecretStr] = Field(
        default={}, description="header lines with a key, such as X-Api-Key", json_schema_extra=_SECRET
    )
    query: dict[str, SecretStr] = Field(
        default={}, description="query parameters with a key, added to every address", json_schema_extra=_SECRET
    )
    max_bytes: int | None = Field(default=None, gt=0, description="largest size of a document, in bytes")

    @model_validator(mode="before")
    @classmethod
    def _lift_credentials(cls, given: object) -> object:
        """Public options must hold no secret, for they are stored and shown as they are."""
        if not isinstance(given, dict) or not isinstance(given.get("urls"), list | tuple):
            return given
        lifted = [lift(url) for url in given["urls"] if isinstance(url, str)]
        if len(lifted) != len(given["urls"]):
            return given
        moved = {
            "username": _agreed("user", [given.get("username"), *(one.username for one in lifted)]),
            "password": _agreed("password", [given.get("password"), *(one.password for one in lifted)]),
            "query": _merged(given.get("query") or {}, lifted),
        }
        return {**given, "urls": [one.url for one in lifted], **{name: value for name, value in moved.items() if value}}

    @model_validator(mode="after")
    def _check_urls(self) -> Self:
        for url in self.urls:
            if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
                raise ValueError("an address must begin with http:// or https:// and name a host")
        return self


@dataclass(frozen=True, slots=True)
class _Document:
    """One document of the feed on this machine."""

    file: FetchedFile
    validator: Validator


class HttpSource:
    """Downloads the documents into files, all of them complete or none."""

    kind: ClassVar[str] = "http"
    Options: ClassVar[type[SourceOptions]] = HttpOptions

    def __init__(self, options: HttpOptions, *, http: HttpClient, progress: Progress = no_progress) -> None:
        self._options = options
        self._http = http
        self._progress = progress

    def fetch(self, into: Path, *, validators: Validators) -> Fetched:
        """The documents in order of their addresses; see `Source`. A feed has changed if any document has."""
        try:
            into.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix=".incoming-", dir=into) as folder:
                documents = self._load_all(Path(folder), validators)
                files = tuple(
                    replace(one.file, path=one.file.path.replace(into / one.file.path.name)) for one in documents
                )
        except OSError as error:
            raise Permanent(
                f"{into}: the feed cannot be kept there ({error.strerror}); free space or mend it"
            ) from None
        if not documents:
            return Fetched((), validators, not_modified=True)
        new = {url: one.validator for url, one in zip(self._options.urls, documents, strict=True)}
        return Fetched(files, Validators(documents=new))

    def _load_all(self, folder: Path, validators: Validators) -> list[_Document]:
        """Every document, or none at all if none has changed."""
        places = [(url, folder / f"{number:03d}") for number, url in enumerate(self._options.urls, 1)]
        known = [validators.documents.get(url, Validator()) for url, _ in places]
        loaded = [self._load(url, path, one) for (url, path), one in zip(places, known, strict=True)]
        if not any(loaded):
            return []
        # A feed is read as a whole, so the documents that have not changed are needed too.
        whole = [one or self._load(url, path, Validator()) for (url, path), one in zip(places, loaded, strict=True)]
        return [one for one in whole if one is not None]

    def _load(self, url: str, path: Path, known: Validator) -> _Document | None:
        """Download one document to `path` with its name appended; None if it is what `known` says."""
        options = self._options
        keys = {name: value.get_secret_value() for name, value in options.headers.items()}
        query = {name: value.get_secret_value() for name, value in options.query.items()}
        login = (options.username, options.password.get_secret_value())
        conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        call = Call(
            url,
            headers={**keys, **{name: value for name, value in conditions.items() if value}},
            query=query,
            auth=login if any(login) else None,
            secrets=(*keys.values(), *query.values()),
            max_bytes=options.max_bytes,
        )
        return self._http.exchange(call, partial(self._save, url, path))

    def _save(self, url: str, path: Path, answer: Answer) -> _Document | None:
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise HttpPermanent(
                f"{answer.shown}: the server answered {answer.status} where a feed is expected; check the address",
                status=answer.status,
            )
        name = _name(url, answer)
        path = path.with_name(f"{path.name}-{re.sub(r'[^A-Za-z0-9._-]+', '_', name)[-80:]}")
        total = answer.expected if len(self._options.urls) == 1 else None
        with path.open("wb") as file:
            for chunk in _no_web_page(answer):
                file.write(chunk)
                self._progress(answer.received, total)
            size = file.tell()
        etag, last_modified = (_kept(answer.headers.get(name, "")) for name in ("etag", "last-modified"))
        return _Document(FetchedFile(path, name, size), Validator(etag=etag, last_modified=last_modified))


def _no_web_page(answer: Answer) -> Iterator[bytes]:
    """The body; raises HttpPermanent if it is a web page, which is what servers show where a feed was once."""
    chunks = answer.chunks()
    if "html" in answer.headers.get("content-type", "").lower():
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= _HEAD:
                break
        if _WEB_PAGE.match(head):
            title = _TITLE.search(head[:_HEAD].decode("utf-8", "replace"))
            named = answer.clean(" ".join(html.unescape(title[1]).split())[:100]) if title else ""
            raise HttpPermanent(
                f"{answer.shown}: the server answered a web page instead of the feed (status {answer.status}, "
                f"title {named!r}); check address and credentials",
                status=answer.status,
            )
        yield head
    yield from chunks


def _name(url: str, answer: Answer) -> str:
    """What the document is called: the name the server gives it, or else the last part of its address."""
    given = _GIVEN_NAME.search(answer.headers.get("content-disposition", ""))
    path = unquote(given[1] if given else urlsplit(url).path)
    name = "".join(letter for letter in re.split(r"[/\\]", path)[-1] if letter.isprintable()).strip(" .")
    if answer.headers.get("content-encoding"):
        name = name.removesuffix(".gz")  # the wrapping is off by now
    return name or "feed"


def _kept(validator: str) -> str:
    """A validator that can be sent back as it came, else nothing."""
    return validator if len(validator) <= _LONGEST_VALIDATOR and validator.isascii() and validator.isprintable() else ""


def _merged(given: Mapping[str, object], lifted: list[Lifted]) -> dict[str, str]:
    names = dict.fromkeys([*given, *(name for one in lifted for name in one.query)])
    return {name: _agreed(name, [given.get(name), *(one.query.get(name) for one in lifted)]) for name in names}


def _agreed(what: str, values: list[object]) -> str:
    """The one value among several; raises ValueError, without showing any, when they differ."""
    plain = {str(value.get_secret_value() if isinstance(value, SecretStr) else value) for value in values if value}
    plain.discard("")
    if len(plain) > 1:
        raise ValueError(f"the options and the addresses name different values for {what}; give one")
    return plain.pop() if plain else ""


SOURCE = HttpSource
