"""Routes around the audit log: finding entries, proving them, taking a copy, and what a witness asks for."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path as File
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from commerce.errors import Refused
from meschain.access.guard import Allow
from meschain.access.permissions import Permission
from meschain.access.principal import Principal
from meschain.access.rules import NotFound
from meschain.audit import offline, proofs, search
from meschain.audit.checkpoints import list_verifiers
from meschain.audit.context import Audit
from meschain.audit.search import Wanted
from meschain.audit.tables import Entry
from meschain.settings import private_dir
from meschain.web.cursors import MOST, Page, open_cursor, page

router = APIRouter(prefix="/audit", tags=["audit"])
Reader = Annotated[Principal, Allow(Permission.AUDIT_READ)]
_PART = 1 << 16
Index = Annotated[int, Path(ge=0, le=2**53, description="Its place in the log, from 0.")]


class EntryOut(BaseModel):
    """An entry of the log."""

    index: int = Field(description="Its place in the log, from 0.")
    sequence: int | None = Field(description="Its number among the tenant's own, from 1.")
    at: datetime
    tag: str = Field(examples=["catalog:run:approved"])
    actor: str = Field(examples=["user:01a21e25-4f8e-743b-a896-4b66542a4cdc"])
    target: str
    request_id: str | None
    flow_run_id: str | None
    body: str = Field(description="The leaf of the tree: canonical JSON, byte for byte what was hashed.")

    @classmethod
    def of(cls, entry: Entry) -> "EntryOut":
        """From the entry."""
        actor = f"{entry.actor_kind}:{entry.actor_id}" if entry.actor_id else entry.actor_kind
        return cls(
            index=entry.index, sequence=entry.sequence, at=entry.at, tag=entry.tag, actor=actor, target=entry.target,
            request_id=entry.request_id, flow_run_id=entry.flow_run_id, body=entry.body,
        )  # fmt: skip


class EntryQuery(BaseModel):
    """Which entries to find."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=MOST, description="How many at most.")
    cursor: str | None = Field(default=None, max_length=1024, description="`next` of the page before.")
    tag: str | None = Field(default=None, max_length=80, description="A tag, or the beginning of several: `access:`.")
    actor: str | None = Field(default=None, max_length=200, description="An actor's id, its kind, or both.")
    target: str | None = Field(default=None, max_length=200, description="What was acted on, such as `run 0198…`.")
    request_id: str | None = Field(default=None, max_length=64)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(default=None, description="Before that moment.")


class ProofOut(BaseModel):
    """That an entry is in the log: with these hashes, its own leads to the root of the checkpoint (RFC 6962)."""

    index: int
    leaf_hash: str
    size: int
    checkpoint: str = Field(description="A signed note (C2SP).")
    proof: list[str]


class Growth(BaseModel):
    """The log as it is now, and that it begins with what it was."""

    checkpoint: str
    proof: list[str] = Field(description="Consistency proof from the size asked for.")


class PersonalData(BaseModel):
    """What an entry says of persons, by data subject; null where the key has been destroyed."""

    personal: dict[str, dict[str, Any] | None]


@router.get("/entries")
def find_entries(
    request: Request, response: Response, who: Reader, asked: Annotated[EntryQuery, Query()]
) -> Page[EntryOut]:
    """Entries of the tenant, the newest first."""
    wanted = Wanted(asked.tag, asked.actor, asked.target, asked.request_id, asked.since, asked.until)
    place = open_cursor(request, asked.cursor)
    before = int(place[0]) if place else None
    found = search.search(_audit(request), who.tenant_id, wanted, limit=asked.limit + 1, before=before)
    shown = [EntryOut.of(entry) for entry in found]
    return page(
        request, response, shown, asked.limit, [shown[asked.limit - 1].index] if len(shown) > asked.limit else []
    )


@router.get("/entries/{index}")
def get_entry(request: Request, index: Index, who: Reader) -> EntryOut:
    """One entry of the tenant."""
    return EntryOut.of(_entry(request, who, index))


@router.get("/entries/{index}/personal-data")
def read_personal_data(
    request: Request, index: Index, who: Annotated[Principal, Allow(Permission.PERSONAL_READ)]
) -> PersonalData:
    """What an entry says of persons; that it was read is written down."""
    _entry(request, who, index)
    shown = search.show_entry(_audit(request), who.actor, who.tenant_id, index, personal=True)
    return PersonalData(personal=shown.personal)


@router.get("/entries/{index}/proof")
def prove_entry(request: Request, index: Index, who: Reader) -> ProofOut:
    """The proof that an entry of the tenant is in the log."""
    _entry(request, who, index)
    found = proofs.prove_inclusion(_audit(request), index)
    return ProofOut(
        index=index, leaf_hash=_encoded(found.leaf_hash), size=found.size, checkpoint=found.note,
        proof=[_encoded(each) for each in found.proof],
    )  # fmt: skip


@router.get("/checkpoint")
def get_checkpoint(
    request: Request, _who: Reader, since: Annotated[int, Query(ge=0, le=2**53, description="A former size.")] = 0
) -> Growth:
    """The log's present checkpoint, and the proof that it only grew since it had that size: what a witness asks for."""
    note, proof = proofs.answer_witness(_audit(request), since)
    return Growth(checkpoint=note, proof=[_encoded(each) for each in proof])


@router.get("/verifiers")
def get_verifiers(request: Request, _who: Reader) -> list[str]:
    """The log's public keys, as verifier keys of signed notes; keep a copy elsewhere."""
    return [str(each) for each in list_verifiers(_audit(request))]


@router.get("/verifier", response_class=PlainTextResponse)
def get_offline_verifier(_who: Reader) -> str:
    """The offline verifier: one Python file that checks a bundle, without anything of ours."""
    return File(offline.__file__).read_text(encoding="utf-8")


@router.post("/bundles", response_class=StreamingResponse)
def export_bundle(request: Request, who: Annotated[Principal, Allow(Permission.AUDIT_EXPORT)]) -> StreamingResponse:
    """All entries of the tenant with their proofs, for the offline verifier; that they were taken is written down."""
    parts = proofs.bundle(_audit(request), who.actor, who.tenant_id)
    spool = _spooled(parts, private_dir(request.app.state.house.settings.home / "spill"))
    named = {"Content-Disposition": f'attachment; filename="audit-{who.tenant}.json"'}
    return StreamingResponse(_parts(spool), media_type="application/json", headers=named)


def _spooled(parts: Iterator[bytes], folder: File) -> IO[bytes]:
    """All of it in a file that is gone with its end: whoever takes it slowly keeps no view of the store open."""
    spool = TemporaryFile(dir=folder)  # noqa: SIM115  closed when it has been read
    try:
        spool.writelines(parts)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool


def _parts(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while part := spool.read(_PART):
            yield part


def _entry(request: Request, who: Principal, index: int) -> Entry:
    try:
        return search.get_entry(_audit(request), who.tenant_id, index)
    except Refused as error:
        raise NotFound(str(error)) from None


def _audit(request: Request) -> Audit:
    found: Audit = request.app.state.house.audit
    return found


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()
