"""`python -m meschain.operations.leash PARENT COMMAND…`: becomes the command, which ends when the process PARENT does.

The kernel sends SIGTERM then, even if the parent was killed without a word. Linux only, as the house is.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it died while we were being started: nobody would tell us any more
        sys.exit("the process that started this one is gone")
    os.execv(command[0], command)  # noqa: S606  the command is our own


if __name__ == "__main__":
    main()
