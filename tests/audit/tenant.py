"""What a tenant does: run the offline verifier on a bundle, in a process that can import the standard library alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from meschain.audit.notes import Kind, Note, Signer
from tests.architecture.house import ROOT
from tests.audit.tiny_log import TinyLog

PLACE = ROOT / "meschain/audit/offline.py"
LOG = TinyLog("abcabbaca" * 5)
KEY = str(LOG.keys[0])
WITNESS = Signer.generate("witness.example/w1", Kind.COSIGNATURE)
OF_A = [index for index, body in enumerate(LOG.bodies) if '"tenant":"a"' in body]
"""Where the entries of the tenant `a` stand in the log."""


def run(bundle: object, *options: object, key: str = KEY, since: str | None = None, says: str = "--json") -> Any:
    """Exit status and what it said of a bundle; `since` is a former checkpoint's text."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        text = bundle if isinstance(bundle, str) else json.dumps(bundle)
        (folder / "bundle.json").write_bytes(text.encode(errors="surrogatepass"))
        if since is not None:
            (folder / "since.note").write_bytes(since.encode())
            options = (*options, "--since", folder / "since.note")
        script = shutil.copy(PLACE, folder / "offline.py")
        command = [sys.executable, "-I", "-S", script, folder / "bundle.json", "--key", key, *map(str, options)]
        done = subprocess.run([*command, *says.split()], capture_output=True, timeout=60, check=False)
    assert not done.stderr, done.stderr.decode()
    return done.returncode, json.loads(done.stdout) if says == "--json" else done.stdout.decode()


def refuse(bundle: object, entry: int | None, text: str, *options: object, **given: Any) -> None:
    """See it refused at that entry (None for the whole) with that text."""
    status, found = run(bundle, *options, **given)
    assert (status, found["ok"], found["entry"]) == (1, False, entry), found
    assert text in found["why"]


def cosigned(note: str, at: int = 1_800_000_000) -> str:
    """The note with the witness's signature."""
    parsed = Note.parse(note)
    return str(parsed.with_signature(WITNESS.cosign(parsed.text, at)))


def change(*path: Any, to: Any) -> Any:
    """A tampering: another value at that place of a bundle."""

    def act(bundle: Any) -> None:
        *way, last = path
        for step in way:
            bundle = bundle[step]
        bundle[last] = to(bundle[last]) if callable(to) else to

    return act


def spoiled(encoded: str) -> str:
    """Other bytes in base64."""
    return f"{'A' if encoded[0] != 'A' else 'B'}{encoded[1:]}"
