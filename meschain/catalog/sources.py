"""Where a supplier's feed comes from: options split into public and sealed ones, and the fetch itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from commerce.errors import Permanent, Refused
from connectors.http.client import HttpClient
from connectors.sources.discovery import open_source, source_kinds
from connectors.sources.protocol import Fetched, Progress, Validators, no_progress, public_options, secrets
from meschain.catalog.archive import Kept, keep
from meschain.catalog.context import Catalog
from meschain.catalog.tables import Supplier
from meschain.settings import private_dir
from meschain.store.session import transaction


def split_options(source: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """A source's public options with its `kind`, and the secret ones as JSON text (empty if there are none)."""
    if not source:
        return {}, ""
    kind, kinds = str(source.get("kind", "")), source_kinds()
    if kind not in kinds:
        raise Permanent(f"There is no source of kind {kind!r}; the kinds are {', '.join(sorted(kinds))}.")
    given = {name: value for name, value in source.items() if name != "kind"}
    with HttpClient() as http:
        open_source(kind, given, http=http)
    options = kinds[kind].Options.model_validate(given)
    secret = secrets(options)
    return {"kind": kind, **public_options(options)}, msgspec.json.encode(secret).decode() if secret else ""


def secret_names(catalog: Catalog, supplier: Supplier) -> list[str]:
    """Which secret options the source has, such as `password` and `headers.X-Api-Key`; never what they say."""
    return [
        f"{name}.{key}" if isinstance(value, dict) else name
        for name, value in _secrets_of(catalog, supplier).items()
        for key in (value if isinstance(value, dict) else [name])
    ]


def fetch_into(
    catalog: Catalog, supplier: Supplier, into: Path, known: Validators, progress: Progress = no_progress
) -> Fetched:
    """Fetch the supplier's feed; what has to be written goes below the folder `into`. Refused without a source."""
    if not supplier.source:
        raise Refused(
            f"Supplier {supplier.slug} has no source: give it one with `meschain supplier add`, or import files with "
            f"`meschain catalog import FILE --supplier {supplier.slug}`."
        )
    public = {name: value for name, value in supplier.source.items() if name != "kind"}
    options = public | _secrets_of(catalog, supplier)
    with HttpClient(catalog.http) as http:
        source = open_source(supplier.source["kind"], options, http=http, progress=progress)
        return source.fetch(into, validators=known)


def fetch(catalog: Catalog, supplier: Supplier, known: Validators, progress: Progress = no_progress) -> Kept | None:
    """Fetch the supplier's feed and keep its files; None when the server says that it is the `known` one."""
    into = private_dir(catalog.raw / supplier.slug) / ".incoming"
    fetched = fetch_into(catalog, supplier, into, known, progress)
    if fetched.not_modified:
        return None
    paths = [file.path for file in fetched.files]
    kept = keep(catalog, supplier, paths, names=[file.name for file in fetched.files], move_from=into)
    return Kept(kept.files, fetched.validators.model_dump(mode="json"))


def remember(catalog: Catalog, supplier: Supplier, feed: Kept) -> None:
    """Keep the server's validators once the feed has been dealt with, beside the hashes of the files they stand for."""
    if feed.validators is None:
        return
    with transaction(catalog.engine) as session:
        stored = {"files": feed.hashes, "sent": feed.validators}
        session.get_one(Supplier, supplier.id).validators = stored


def recall(supplier: Supplier) -> tuple[list[str], Validators]:
    """What `remember` kept: the hashes of the files fetched last, and the server's validators of them."""
    stored = supplier.validators
    return stored.get("files", []), Validators.model_validate(stored.get("sent", {}))


def _secrets_of(catalog: Catalog, supplier: Supplier) -> dict[str, Any]:
    if not supplier.source_secret:
        return {}
    opened: dict[str, Any] = msgspec.json.decode(catalog.vault.open(supplier.source_secret))
    return opened


def feed_files(paths: Sequence[Path]) -> list[Path]:
    """The files that a person names on the command line: files as they are, folders by their files in order."""
    with HttpClient() as http:
        source = open_source("file", {"paths": [str(path) for path in paths], "settle_seconds": 0}, http=http)
        return [file.path for file in source.fetch(Path(), validators=Validators()).files]
