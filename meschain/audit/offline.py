"""Verify a tenant's own entries of an audit log, offline. One file; Python 3.9 or later; nothing to install.

    python3 offline.py BUNDLE.json --key VKEY [--witness VKEY] [--since NOTE_FILE] [--json]

VKEY is the log's public key (`name+id+key`), had from its operator by another way than the bundle; former keys of the
log may be given too. The bundle is JSON; every hash, salt and commitment in it is 32 bytes in base64:

    {"format": "meschain-audit-bundle/1", "origin": the log's name, "tenant": the tenant's id,
     "checkpoint": the log's signed checkpoint (a C2SP signed note),
     "entries": [{"index": the entry's place in the log, from 0,
                  "body": the entry itself: canonical JSON, exactly the bytes of the leaf,
                  "proof": [hashes of its inclusion proof],
                  "payloads": [{"subject": whom it is about, "salt", "payload": canonical JSON}]}],
     "consistency": {"from": size of a former checkpoint, "proof": [hashes]} or null}

A body has at least `index`, `tenant`, `sequence` (1, 2, 3, … among the tenant's entries), `tag`, `at` and
`commitments` [{"subject", "commitment": SHA-256 over salt and payload}].

Verified are: the log's signature; that each entry stands in the log unaltered, at its place; that all are the tenant's
and none before the last is kept back; that payloads are those committed to; with --since, that the log has only grown
since that checkpoint; with --witness, that the witness saw the one checkpoint or the other. What no bundle can show is
that nothing came after its last entry: compare that one's number and time with what you know.
Exit status 0 if all holds; 1 if not, and the first thing that does not is named. Hashes are those of RFC 6962.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

_FORMAT = "meschain-audit-bundle/1"
_NOTE, _COSIGNATURE = 1, 4  # kinds of keys
_BODY = {"index": int, "tenant": str, "sequence": int, "tag": str, "at": str, "commitments": list}
_P, _L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_BASE = (4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little")


class Wrong(Exception):
    """Something does not hold; `entry` is the index of the entry at which it was found."""

    entry: int | None = None


class _Checkpoint(NamedTuple):
    what: str
    text: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes]]


def verify(bundle: object, keys: list[str], witness: str | None = None, since: str | None = None) -> dict[str, Any]:
    """What was found to hold; Wrong at the first thing that does not."""
    if _get(bundle, "format", str) != _FORMAT:
        raise Wrong(f"the bundle is not of the format {_FORMAT}")
    origin, tenant = _get(bundle, "origin", str), _get(bundle, "tenant", str)
    new = _checkpoint("the bundle's checkpoint", _get(bundle, "checkpoint", str), origin, keys)
    old = _checkpoint("the former checkpoint", since, origin, keys) if since is not None else None
    if old:
        _verify_growth(old, new, bundle)
    seen = [(one.size, at) for one in (new, old) if one and witness for at in _signed_at(witness, _COSIGNATURE, one)]
    if witness and not seen:
        raise Wrong(f"the witness {witness!a} has cosigned no checkpoint that was given")
    last: dict[str, Any] = {"index": -1, "sequence": 0, "tag": "", "at": ""}
    shown = committed = 0
    for entry in _get(bundle, "entries", list):
        index = _get(entry, "index", int)
        try:
            last = _verify_entry(entry, index, tenant, last, new)
            shown += _verify_payloads(entry, last)
        except (Wrong, ValueError, RecursionError) as error:
            wrong = Wrong(str(error))
            wrong.entry = index
            raise wrong from error
        committed += len(last["commitments"])
    return {
        "ok": True,
        "origin": origin,
        "size": new.size,
        "root": base64.b64encode(new.root).decode(),
        "tenant": tenant,
        "entries": last["sequence"],
        "last": {name: last[name] for name in ("index", "sequence", "tag", "at")},
        "payloads": {"committed": committed, "shown": shown},
        "since": old.size if old else None,
        "witnessed": {"size": max(seen)[0], "at": max(seen)[1]} if seen else None,
    }


def _verify_entry(entry: object, index: int, tenant: str, last: dict[str, Any], log: _Checkpoint) -> dict[str, Any]:
    """Gives the entry's body. Inclusion after RFC 9162 §2.1.3.2."""
    text = _get(entry, "body", str)
    if not 0 <= index < log.size:
        raise Wrong(f"its place is not in the log of {log.size} entries")
    leaf = hashlib.sha256(b"\0" + text.encode()).digest()
    if _climb(index, log.size - 1, leaf, leaf, _hashes(entry))[1] != log.root:
        raise Wrong("it is not what the log holds at its place: the entry or its proof was altered")
    body = _json(text)
    if json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")) != text:
        raise Wrong("its body is not canonical JSON, so it could be read in two ways")
    for name, kind in _BODY.items():
        _get(body, name, kind)
    if body["index"] != index or body["tenant"] != tenant:
        raise Wrong(f"its body is that of entry {body['index']} of the tenant {body['tenant']!a}")
    number, expected = body["sequence"], last["sequence"] + 1
    if number > expected:
        raise Wrong(f"the tenant's number {expected} is missing: after {expected - 1} comes {number}")
    if number < expected or index <= last["index"]:
        raise Wrong(f"the tenant's number {number} comes after its number {expected - 1}: repeated, or out of order")
    return dict(body)


def _verify_payloads(entry: object, body: dict[str, Any]) -> int:
    """Gives how many payloads are shown, each once and as the entry commits to it."""
    committed = [(_get(one, "subject", str), _get(one, "commitment", str)) for one in body["commitments"]]
    payloads = _get(entry, "payloads", list)
    for payload in payloads:
        salt, subject = _bytes(_get(payload, "salt", str), 32), _get(payload, "subject", str)
        digest = hashlib.sha256(salt + _get(payload, "payload", str).encode()).digest()
        shown = (subject, base64.b64encode(digest).decode())
        if shown not in committed:
            raise Wrong(f"the payload shown for {subject!a} is not the one that the entry commits to")
        committed.remove(shown)
    return len(payloads)


def _verify_growth(old: _Checkpoint, new: _Checkpoint, bundle: Any) -> None:  # noqa: ANN401  any JSON
    """RFC 9162 §2.1.4.2."""
    if old.size > new.size:
        raise Wrong(f"the log had {old.size} entries and now has {new.size}: it was cut, or this is the newer one")
    if old.size == new.size and old.root != new.root:
        raise Wrong(f"two checkpoints of {old.size} entries have different roots: the log was rewritten")
    if old.size in {0, new.size}:
        return
    given = bundle.get("consistency")
    if given is None or _get(given, "from", int) != old.size:
        raise Wrong(f"the bundle does not prove how the log grew from {old.size} entries; ask for one that does")
    proof, level = _hashes(given), (old.size & -old.size).bit_length() - 1
    first, *rest = [old.root, *proof] if old.size == 1 << level else proof or [b""]
    if _climb(old.size - 1 >> level, new.size - 1 >> level, first, first, rest) != (old.root, new.root):
        raise Wrong(f"the log does not begin with the former one of {old.size} entries: it or the proof was altered")


def _climb(place: int, last: int, old: bytes, new: bytes, proof: list[bytes]) -> tuple[bytes, bytes]:
    """The roots above a node, number `place` of a level up to `last`: of the tree that ends there, of the whole."""
    for hash_ in proof:
        if not last:
            raise Wrong("its proof is too long")
        if place & 1 or place == last:
            old, new = _node(hash_, old), _node(hash_, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = _node(new, hash_)
        place, last = place >> 1, last >> 1
    if last:
        raise Wrong("its proof is too short")
    return old, new


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _checkpoint(what: str, note: str, origin: str, keys: list[str]) -> _Checkpoint:
    """C2SP signed-note and tlog-checkpoint."""
    text, _, signed = note.rpartition("\n\n")
    marks = re.findall("— ([^ \n]+) ([^ \n]+)\n", signed)
    parts = re.match(r"(.+)\n(0|[1-9][0-9]{0,18})\n(.+)(\n|\Z)", text)
    if not parts or parts[1] != origin or signed != "".join(f"— {name} {value}\n" for name, value in marks):
        raise Wrong(f"{what} is none of {origin!a}, or damaged")
    signatures = [(name, _bytes(value)) for name, value in marks]
    found = _Checkpoint(what, f"{text}\n", int(parts[2]), _bytes(parts[3], 32), signatures)
    if not [key for key in keys if _signed_at(key, _NOTE, found) and key.startswith(f"{origin}+")]:
        raise Wrong(f"{what} is not signed by the key that was given for {origin!a}")
    return found


def _signed_at(vkey: str, kind: int, checkpoint: _Checkpoint) -> list[int]:
    """The time of each signature by that key, 0 where it gives none; Wrong if one is not on this checkpoint."""
    name, key_id, encoded = [*vkey.split("+", 2), "", ""][:3]
    key = _bytes(encoded, 33)
    digest = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if key[0] != kind or key_id != digest.hex():
        raise Wrong(f"{vkey!a} is not whole, or not the key of a {'log' if kind == _NOTE else 'witness'}")
    times = []
    for value in [value for by, value in checkpoint.signatures if (by, value[:4]) == (name, digest)]:
        at, message, signature = 0, checkpoint.text, value[4:]
        if kind == _COSIGNATURE:
            at, signature = int.from_bytes(value[4:12], "big"), value[12:]
            message = f"cosignature/v1\ntime {at}\n{message}"
        if at >> 37 or not _is_signature(key[1:], message.encode(), signature):  # a time before the year 6325
            raise Wrong(f"the signature of {name!a} is not on {checkpoint.what}: one of them was altered")
        times.append(at)
    return times


def _is_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519, RFC 8032 §5.1.7; points are (X, Y, Z, T) with x = X/Z, y = Y/Z and xy = T/Z."""
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    x, y, z, t = _point(public)
    x, y, z, t = _plus(_times(s, _point(_BASE)), _times(k % _L, (_P - x, y, z, _P - t)))
    inverse = pow(z, _P - 2, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(32, "little") == signature[:32]


def _point(encoded: bytes) -> tuple[int, ...]:
    y, sign = int.from_bytes(encoded, "little") & (1 << 255) - 1, encoded[31] >> 7
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    x = x if x * x % _P == square else x * pow(2, (_P - 1) // 4, _P) % _P
    if y >= _P or x * x % _P != square or (sign and not x):
        raise Wrong("the key given is none of Ed25519")
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


def _plus(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * _D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: tuple[int, ...]) -> tuple[int, ...]:
    result: tuple[int, ...] = (0, 1, 1, 0)
    for bit in f"{number:b}":
        result = _plus(result, result)
        result = _plus(result, point) if bit == "1" else result
    return result


def _get(holder: object, name: str, kind: type) -> Any:  # noqa: ANN401  of that kind
    value = holder.get(name) if isinstance(holder, dict) else None
    if type(value) is not kind:
        raise Wrong(f"{name} is missing or damaged")
    return value


def _hashes(holder: object) -> list[bytes]:
    return [_bytes(hash_, 32) for hash_ in _get(holder, "proof", list)]


def _bytes(encoded: object, size: int | None = None) -> bytes:
    decoded = base64.b64decode(encoded) if isinstance(encoded, str) else b""
    if base64.b64encode(decoded).decode() != encoded or len(decoded) != (size or len(decoded)):
        raise Wrong(f"{encoded!a} is not base64 of {size or 'some'} bytes")
    return decoded


def _json(text: str) -> Any:  # noqa: ANN401  any JSON
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Wrong("a name stands twice in one object")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique)


def _told(report: dict[str, Any]) -> str:
    if not report["ok"]:
        return f"NOT VERIFIED. {'' if report['entry'] is None else 'Entry {entry}: '.format(**report)}{report['why']}"
    lines = ["Verified. The checkpoint of {origin!a} over {size} entries is signed by its key."]
    if report["entries"]:
        lines.append("All entries 1 to {entries} of {tenant!a} are in it; the last is {last[tag]!a} at {last[at]!a}.")
    lines.append("Of {payloads[committed]} payloads {payloads[shown]} are shown, and are those committed to.")
    if report["since"] is not None:
        lines.append("Since the former checkpoint over {since} entries the log has only grown.")
    if report["witnessed"]:
        when = datetime.fromtimestamp(report["witnessed"]["at"], timezone.utc)  # noqa: UP017  before Python 3.11
        lines.append(f"The witness saw the log with {{witnessed[size]}} entries at {when.isoformat()}.")
    return "\n".join(lines).format(**report)


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line names; gives the exit status."""
    parser = argparse.ArgumentParser(description="Verify a tenant's entries of an audit log.")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE.json")
    parser.add_argument("--key", required=True, action="append", metavar="VKEY", help="the log's key; may be repeated")
    parser.add_argument("--witness", metavar="VKEY", help="a witness that must have seen the log")
    parser.add_argument("--since", type=Path, metavar="NOTE_FILE", help="a former checkpoint")
    parser.add_argument("--json", action="store_true", help="say it as JSON")
    given = parser.parse_args(arguments)
    try:
        since = given.since.read_bytes().decode() if given.since else None
        report = verify(_json(given.bundle.read_bytes().decode()), given.key, given.witness, since)
    except (Wrong, OSError, ValueError, RecursionError) as error:
        report = {"ok": False, "entry": getattr(error, "entry", None), "why": str(error)}
    sys.stdout.write((json.dumps(report) if given.json else _told(report)) + "\n")
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
