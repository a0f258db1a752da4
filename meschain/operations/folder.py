"""A folder that is made whole or not at all: written beside its place, on the disk, and only then given its name.

Every file in it is known by its size and SHA-256. What a killed process left beside the place, the next one clears.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import msgspec

from commerce.errors import Permanent, Refused
from meschain.settings import PRIVATE, private_dir

_BLOCK = 1 << 20
_OURS = 0o600


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a folder: its path below it (with `/`), its bytes, their SHA-256."""

    path: str
    bytes: int
    sha256: str


class Draft:
    """The folder while it is being written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[StoredFile] = []

    def place(self, name: str) -> Path:
        """Where the file of that name is to lie; its folder is made. Permanent when somebody has removed the draft."""
        if not self.root.is_dir():
            raise Permanent(f"{self.root} was removed while it was being written; run the same again")
        path = self.root / name
        private_dir(path.parent)
        return path

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A new file to be written into; closed, it is on the disk and belongs to the folder."""
        path = self.place(name)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OURS), "wb") as file:
            yield file
        self.adopt(name)

    def write(self, name: str, text: str | bytes) -> None:
        """Write a small file."""
        with self.writing(name) as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def adopt(self, name: str) -> None:
        """Take in a file that lies at its place already."""
        path = self.root / name
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            self.files.append(StoredFile(name, os.fstat(file.fileno()).st_size, digest))

    def link(self, source: Path, name: str) -> None:
        """Take in a file that nobody ever changes: the same one under a second name, or a copy on another disk."""
        try:
            os.link(source, self.place(name))
        except FileNotFoundError:
            raise
        except OSError:  # another file system, or one that has no such names
            self.copy(source, name)
        else:
            self.adopt(name)

    def copy(self, source: Path, name: str) -> None:
        """Take in a copy of a file."""
        path = self.place(name)
        self.files.append(copy_file(source, path, name))


def copy_file(source: Path, target: Path, name: str) -> StoredFile:
    """Copy a file to a place where none is, onto the disk; `name` is what it is called in the result."""
    digest, size = hashlib.sha256(), 0
    with (
        source.open("rb") as reading,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OURS), "wb") as writing,
    ):
        while block := reading.read(_BLOCK):
            writing.write(block)
            digest.update(block)
            size += len(block)
        writing.flush()
        os.fsync(writing.fileno())
    return StoredFile(name, size, digest.hexdigest())


@contextmanager
def drafted(folder: Path, owner: str, complete: Callable[[], None] | None = None) -> Iterator[Draft]:
    """A draft of `folder`, which gets its name when the block ends and vanishes when it raises.

    `owner` tells apart the drafts of those who might write to one place at the same time; the caller sees to it that
    each writes one draft at a time. `complete` is called at the last moment before the folder gets its name.
    Refused when there is something at the place already.
    """
    folder = folder.absolute()
    check_free(folder)
    private_dir(folder.parent)
    ending = f".{blake2b(owner.encode(), digest_size=4).hexdigest()}.part"
    for left in folder.parent.glob(f".*{ending}"):  # whatever it was to be called
        _clear(left)
    root = folder.parent / f".{folder.name}{ending}"
    try:
        root.mkdir(mode=PRIVATE)
        yield Draft(root)
        sync_folders(root)
        if complete is not None:
            complete()
        root.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise Permanent(f"{folder} cannot be written: {error.strerror or error}; make room, or name another") from error
    finally:
        _clear(root)


def check_free(folder: Path) -> None:
    """Refused when there is something at the place where a folder is to be made; an empty folder may be."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise Refused(f"{folder} is there already; name a folder that does not exist yet")


def sync_folders(root: Path) -> None:
    """Bring the names in a folder, and in every folder below it, onto the disk."""
    for path in (root, *root.rglob("*")):
        if path.is_dir():
            sync_folder(path)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder onto the disk."""
    file = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def write_whole(path: Path, text: bytes) -> None:
    """Write a file that is there with the old or the new text, never with a half of it, whatever happens."""
    draft = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OURS), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def _clear(root: Path) -> None:
    if root.exists():
        shutil.rmtree(root)
