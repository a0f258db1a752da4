"""Keeps every feed file as it was received, by the hash of its bytes, so that any offer can be traced to its row."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xxhash

from commerce.errors import Permanent, Transient
from meschain.catalog.context import Catalog
from meschain.catalog.tables import Supplier
from meschain.settings import private_dir
from meschain.store.ids import new_id

INCOMING = ".incoming"
"""Folder, beside a supplier's kept files, where downloads lie until they are kept."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A file of a feed: where it lies, what its owner calls it, xxh3-128 of its bytes (empty if it is not kept)."""

    path: Path
    name: str
    hash: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of one feed as they lie in the archive."""

    files: list[FeedFile]
    validators: dict[str, Any] | None = None
    """What the server gave to recognise this version by, if the feed was fetched."""

    @property
    def hashes(self) -> list[str]:
        """The files' hashes, in their order."""
        return [file.hash for file in self.files]

    @property
    def hash(self) -> str:
        """One hash for all files, in their order."""
        return hash_of(self.hashes)

    def described(self) -> list[dict[str, Any]]:
        """For the run's record: name, hash and size of each file."""
        return [{"name": file.name, "hash": file.hash, "bytes": file.path.stat().st_size} for file in self.files]


def keep(
    catalog: Catalog,
    supplier: Supplier,
    paths: Sequence[Path],
    *,
    names: Sequence[str] = (),
    move_from: Path | None = None,
) -> Kept:
    """Hash the files and put those that are not there yet into the archive.

    `names` are what their owner calls them; files below `move_from` (downloads) are moved instead of copied.
    """
    folder = private_dir(catalog.raw / supplier.slug)
    if not paths:
        raise Permanent("There is no file to read; name at least one.")
    called = names or [path.name for path in paths]
    pairs = zip(paths, called, strict=True)
    return Kept([_keep(folder, path, name, move=path.parent == move_from) for path, name in pairs])


def clear_fragments(catalog: Catalog, supplier: Supplier) -> None:
    """Remove what a killed process had fetched or begun to copy. To be called with the supplier locked."""
    folder = catalog.raw / supplier.slug
    shutil.rmtree(folder / INCOMING, ignore_errors=True)
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def preview_files(paths: Sequence[Path]) -> list[FeedFile]:
    """Files to be looked at where they are, without being kept."""
    return [FeedFile(path=path, name=path.name, hash="") for path in paths]


def restore(catalog: Catalog, supplier: Supplier, files: Sequence[dict[str, Any]]) -> Kept:
    """The kept files of an earlier run; Permanent if one has been cleared away."""
    folder = catalog.raw / supplier.slug
    kept = [FeedFile(path=folder / file["hash"], name=file["name"], hash=file["hash"]) for file in files]
    gone = [file.name for file in kept if not file.path.exists()]
    if gone:
        raise Permanent(f"The raw file {gone[0]} is no longer kept; fetch the feed again.")
    return Kept(kept)


def _keep(folder: Path, path: Path, name: str, *, move: bool) -> FeedFile:
    try:
        before = path.stat()
        digest = hash_file(path)
        target = folder / digest
        if target.exists():
            if move:
                path.unlink()
        else:
            part = folder / f".{digest}-{new_id()}.part"
            try:
                (shutil.move if move else shutil.copyfile)(path, part)
                after = part.stat() if move else path.stat()
                if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                    raise Transient(
                        f"{path.name} changed while it was being read; wait until it is written and try again"
                    )
                part.chmod(0o600)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise Permanent(f"{path} cannot be kept: {error.strerror}") from error
    return FeedFile(path=target, name=name, hash=digest)


def hash_of(hashes: Sequence[str]) -> str:
    """One hash (xxh3-128) of a feed, from those of its files in their order."""
    return xxhash.xxh3_128_hexdigest("\n".join(hashes).encode())


def hash_file(path: Path) -> str:
    """xxh3-128 of a file's bytes, hexadecimal."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
