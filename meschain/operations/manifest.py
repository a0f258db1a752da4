"""What a backup says of itself, and whether its files are still those it was written with.

A backup folder:

    manifest.json             everything below, with sizes and SHA-256
    manifest.json.sha256      of the manifest itself, as `sha256sum -c` reads it
    store/<table>.ndjson.gz   the rows of every table (see `meschain.store.dump`)
    lake/<tenant>/            catalog.sqlite, and below data/ the Parquet files
    delta/, reports/, raw/    <tenant>/…: changes of held runs, reports, and feed files if they were wanted
    keys/vault.key            unless the vault's key is given by the environment

NDJSON, because a store has to be read back into either database and into the tables of its own revision, and by a
person without any program of ours; values that JSON does not know are text (see the columns in the manifest).
"""

import hashlib
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from commerce.errors import Permanent
from meschain.access.rules import check_slug
from meschain.operations.folder import Draft, StoredFile
from meschain.store.dump import Kind, Shape
from warehouse.copying import Census

FORMAT = 1
MANIFEST = "manifest.json"
SEAL = "manifest.json.sha256"
KEY_FILE = "keys/vault.key"
CatalogKind = Literal["postgresql", "sqlite"]


class StoredTable(msgspec.Struct, frozen=True):
    """A table of the store: its columns with their kinds, the columns that name a row, the number of rows."""

    name: str
    columns: dict[str, Kind]
    key: list[str]
    rows: int

    @property
    def file(self) -> str:
        """Where its rows are."""
        return f"store/{self.name}.ndjson.gz"

    @property
    def shape(self) -> Shape:
        """What the table looks like."""
        return Shape(self.name, self.columns, tuple(self.key))


class StoredLake(msgspec.Struct, frozen=True):
    """A tenant's lake: its newest snapshot, the rows of its tables, and in which database its catalog was."""

    snapshot: int
    rows: dict[str, int]
    catalog: CatalogKind

    @property
    def census(self) -> Census:
        """The same, to be compared."""
        return Census(self.snapshot, self.rows)


class StoredTenant(msgspec.Struct, frozen=True):
    """A tenant; `lake` is None if nothing was ever imported."""

    id: str
    slug: str
    lake: StoredLake | None

    @property
    def catalog(self) -> str:
        """Where the catalog of its lake is."""
        return f"lake/{self.slug}/catalog.sqlite"

    @property
    def data(self) -> str:
        """Where the data files of its lake are."""
        return f"lake/{self.slug}/data"


class StoredKeys(msgspec.Struct, frozen=True):
    """The vault's keys: where they came from, and what each of them can be recognised by."""

    origin: Literal["environment", "file", "none"]
    fingerprints: list[str]


class Manifest(msgspec.Struct, frozen=True):
    """All that is known of a backup."""

    format: int
    id: str
    meschain: str
    created_at: datetime
    database: str
    """Kind of the database that the store was in."""
    revision: str
    """Of the store's tables."""
    with_raw: bool
    keys: StoredKeys
    tenants: list[StoredTenant]
    tables: list[StoredTable]
    files: list[StoredFile]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    def below(self, folder: str) -> list[StoredFile]:
        """The files in a folder, at any depth."""
        return [file for file in self.files if file.path.startswith(f"{folder}/")]


def program_version() -> str:
    """The version of this MesChain."""
    return version("meschain")


def seal(draft: Draft, manifest: Manifest) -> None:
    """Write the manifest and its own checksum."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    draft.write(MANIFEST, text)
    draft.write(SEAL, f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. Permanent when it is none, was altered, or is of a newer program."""
    try:
        text = (folder / MANIFEST).read_bytes()
        sealed = (folder / SEAL).read_text("ascii", errors="replace").split()
    except OSError as error:
        raise Permanent(f"{folder} is no backup: {MANIFEST} cannot be read ({error.strerror})") from error
    if sealed[:1] != [hashlib.sha256(text).hexdigest()]:
        raise Permanent(f"{folder / MANIFEST} is not as it was written: its checksum is another; use another copy")
    try:
        found = msgspec.json.decode(text, type=Manifest) if _format(text) == FORMAT else None
    except msgspec.DecodeError as error:
        raise Permanent(f"{folder / MANIFEST} cannot be understood: {error}") from error
    if found is None:
        raise Permanent(f"{folder} is a backup of another form than {FORMAT}: use the MesChain that wrote it")
    _check_names(found)
    return found


def check_files(folder: Path, manifest: Manifest) -> None:
    """See that every file is there as it was written; Permanent naming those that are not."""
    wrong = [f"{file.path} {problem}" for file in manifest.files if (problem := _problem(folder, file))]
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise Permanent(f"the backup in {folder} is damaged: {', '.join(wrong[:3])}{more}; use another copy of it")


def _problem(folder: Path, file: StoredFile) -> str:
    try:
        with (folder / file.path).open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if digest == file.sha256 else "is not as it was written"


class _Form(msgspec.Struct):
    format: int


def _format(text: bytes) -> int:
    return msgspec.json.decode(text, type=_Form).format


def _check_names(manifest: Manifest) -> None:
    """No name may lead out of a folder, whoever wrote it."""
    for tenant in manifest.tenants:
        check_slug(tenant.slug, "a tenant")
    for file in manifest.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or str(path) != file.path:
            raise Permanent(f"the manifest names {file.path!r}, which is no place in a backup; nothing was done")
