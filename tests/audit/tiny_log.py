"""A log in memory, just large enough to be witnessed and to give a tenant its bundle."""

import base64
import copy
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from meschain.audit import merkle, notes
from meschain.audit.canonical import canonical, commitment
from tests.audit.reference import Store

ORIGIN = "log.example/test"


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


class TinyLog:
    """Entries of several tenants; every third one says something of a person."""

    def __init__(self, tenants: Sequence[str] = (), *, signers: Sequence[notes.Signer] = ()) -> None:
        self.signers = list(signers) or [notes.Signer.generate(ORIGIN)]
        self.bodies: list[str] = []
        self.payloads: list[list[dict[str, str]]] = []
        self._store = Store([])
        self._frontier = merkle.Frontier()
        for tenant in tenants:
            self.append(tenant)

    @property
    def keys(self) -> list[notes.Verifier]:
        return [signer.verifier for signer in self.signers]

    @property
    def size(self) -> int:
        return len(self.bodies)

    def append(self, tenant: str, **changes: Any) -> None:
        """One more entry of the tenant; `changes` overrule what its body says."""
        index = self.size
        shown = []
        if index % 3 == 0:
            salt, payload = sha256(f"salt {index}".encode()).digest(), canonical({"ip": f"192.0.2.{index}"})
            shown = [{"subject": f"person {index}", "salt": base64_of(salt), "payload": payload}]
        body = {
            "index": index,
            "tenant": tenant,
            "sequence": 1 + sum(json.loads(body)["tenant"] == tenant for body in self.bodies),
            "tag": "catalog:run:approved",
            "at": f"2026-11-27T10:{index // 60:02}:{index % 60:02}.000000+00:00",
            "commitments": [
                {
                    "subject": one["subject"],
                    "commitment": base64_of(commitment(base64.b64decode(one["salt"]), one["payload"])),
                }
                for one in shown
            ],
            "object": "koşu 7",
        }
        self.append_text(canonical({**body, **changes}), shown)

    def append_text(self, body: str, payloads: Sequence[dict[str, str]] = ()) -> None:
        """One more entry, whatever it says."""
        hash_ = merkle.leaf_hash(body.encode())
        self.bodies.append(body)
        self.payloads.append(list(payloads))
        self._store.hashes.append(hash_)
        self._store.keep(self._frontier.append(hash_))

    @property
    def subtree(self) -> merkle.SubtreeHash:
        return merkle.stored_subtrees(self._store.read_leaves, self._store.read_nodes)

    def checkpoint(self, size: int | None = None) -> str:
        """The signed note on the log's first `size` entries."""
        size = self.size if size is None else size
        return notes.sign_checkpoint(
            notes.Checkpoint(self.signers[0].name, size, merkle.root_of(size, self.subtree)), self.signers
        )

    def answer(self, old: int, size: int | None = None) -> tuple[str, list[bytes]]:
        """What a witness fetches."""
        size = self.size if size is None else size
        return self.checkpoint(size), merkle.consistency_proof(min(old, size), size, self.subtree)

    def bundle(self, tenant: str, *, since: int | None = None, size: int | None = None) -> dict[str, Any]:
        """The tenant's entries among the first `size`, proved."""
        size = self.size if size is None else size
        proof = [] if since is None else merkle.consistency_proof(since, size, self.subtree)
        return {
            "format": "meschain-audit-bundle/1",
            "origin": self.signers[0].name,
            "tenant": tenant,
            "checkpoint": self.checkpoint(size),
            "entries": [
                {
                    "index": index,
                    "body": self.bodies[index],
                    "proof": [base64_of(hash_) for hash_ in merkle.inclusion_proof(index, size, self.subtree)],
                    "payloads": copy.deepcopy(self.payloads[index]),
                }
                for index in range(size)
                if json.loads(self.bodies[index]).get("tenant") == tenant
            ],
            "consistency": None if since is None else {"from": since, "proof": [base64_of(hash_) for hash_ in proof]},
        }
