"""Feeds that lie on this machine: files, folders, patterns. They are read where they are, never copied or removed."""

import stat
import time
from collections.abc import Callable, Iterator
from glob import has_magic
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from commerce.errors import Permanent, Transient
from connectors.http.client import HttpClient
from connectors.sources.protocol import (
    Fetched,
    FetchedFile,
    Progress,
    SourceOptions,
    Validators,
    no_progress,
)

_PARTIAL = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")

_Look = tuple[int, int]


class FileOptions(SourceOptions):
    """Where the files of one feed lie."""

    paths: tuple[str, ...] = Field(min_length=1, description="files, folders or patterns (*, ?, **); all are one feed")
    done_marker: str = Field(
        default="",
        pattern=r"^(\.[A-Za-z0-9._-]+)?$",
        description="ending of an empty file that says a file is complete, such as .done or .ok",
    )
    settle_seconds: float = Field(
        default=0.25, ge=0, le=600, description="how long a file must not have changed to count as complete"
    )


class FileSource:
    """Finds the files, and makes sure that nobody is writing them any more."""

    kind: ClassVar[str] = "file"
    Options: ClassVar[type[SourceOptions]] = FileOptions

    def __init__(
        self,
        options: FileOptions,
        *,
        http: HttpClient | None = None,
        progress: Progress = no_progress,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        del http
        self._options = options
        self._progress = progress
        self._sleep = sleep

    def fetch(self, into: Path, *, validators: Validators) -> Fetched:
        """The files in order of the paths, by name within each; see `Source`. Their hash tells whether they changed."""
        del into, validators
        paths = list(dict.fromkeys(path for text in self._options.paths for path in self._matches(text)))
        looks = {path: _look(path) for path in paths}
        self._check_markers(paths)
        self._let_settle(looks)
        files = tuple(FetchedFile(path, path.name, size) for path, (size, _) in looks.items())
        total = sum(one.bytes for one in files)
        self._progress(total, total)
        return Fetched(files)

    def _matches(self, text: str) -> Iterator[Path]:
        path = Path(text).expanduser()
        if path.is_dir():
            found = sorted(path.iterdir())
        elif path.exists() or not has_magic(text):
            yield path  # named outright: taken whatever it is called
            return
        else:
            found = sorted(_glob(path))
        wanted = [one for one in found if self._is_feed(one)]
        if not wanted:
            raise Permanent(f"{text}: no feed file there; put the feed there or correct the path")
        yield from wanted

    def _is_feed(self, path: Path) -> bool:
        name = path.name.lower()
        marker = self._options.done_marker.lower()
        passed_over = name.startswith(".") or name.endswith(_PARTIAL) or (marker and name.endswith(marker))
        return not passed_over and path.is_file()

    def _check_markers(self, paths: list[Path]) -> None:
        marker = self._options.done_marker
        for path in paths if marker else ():
            candidates = (path.with_name(path.name + marker), path.with_suffix(marker))
            if not any(one.exists() for one in candidates):
                raise Transient(
                    f"{path}: its mark of completeness {candidates[0].name} is missing; "
                    "the file is still being written, or its sender sets no mark: then clear `done_marker`"
                )

    def _let_settle(self, looks: dict[Path, _Look]) -> None:
        """Look again at files that changed a moment ago; raises Transient if one is still growing."""
        settle = self._options.settle_seconds
        now = time.time()
        # A time to come (the clock of another machine) counts as just now.
        fresh = [path for path, (_, changed) in looks.items() if now - changed / 1e9 < settle]
        if not fresh:
            return
        self._sleep(settle)
        for path in fresh:
            if _look(path) != looks[path]:
                raise Transient(f"{path}: the file is still being written; it is read once it rests for {settle} s")


def _glob(pattern: Path) -> Iterator[Path]:
    """What matches, except below hidden folders."""
    fixed = next(number for number, part in enumerate(pattern.parts) if has_magic(part))
    base = Path(*pattern.parts[:fixed])
    for path in base.glob(str(Path(*pattern.parts[fixed:]))):
        if not any(part.startswith(".") for part in path.relative_to(base).parts):
            yield path


def _look(path: Path) -> _Look:
    """Size in bytes and time of change in nanoseconds; raises Permanent when there is no readable file."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Permanent(f"{path}: this is no file; name a file, a folder or a pattern")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise Permanent(f"{path}: no such file; put the feed there or correct the path") from None
    except OSError as error:
        raise Permanent(f"{path}: cannot be read ({error.strerror}); mend its rights") from None
    return found.st_size, found.st_mtime_ns


SOURCE = FileSource
