"""A new file for its owner alone: whole or not there. For what is handed out, such as proofs and a person's data."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from commerce.errors import Permanent, Refused

_OURS = 0o600


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """The file, open to be written; it gets its name when the block ends and vanishes when it raises.

    What a process that was killed has left beside it goes. Refused when there is something of that name, or somebody
    else writes it; Permanent when it cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _OURS), "r+b") as file:
            found = os.fstat(file.fileno())
            if not S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink != 1:
                raise Refused(f"{draft} is somebody else's; remove it, or choose another place")
            os.fchmod(file.fileno(), _OURS)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(f"{path} is being written by somebody else; choose another place") from None
            try:
                if path.exists():
                    raise Refused(f"{path} is there already; choose another place")
                file.truncate(0)
                yield file
                file.flush()
                os.fsync(file.fileno())
                draft.rename(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Permanent(f"{path} cannot be written: {error.strerror}; choose another place") from error
