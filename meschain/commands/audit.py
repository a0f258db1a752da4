"""`meschain audit`: verify the log, find entries, take proofs away, be a witness of another installation's log."""

import json as plain_json
import os
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from commerce.errors import Permanent
from connectors.http.call import Call
from connectors.http.client import HttpClient
from connectors.http.settings import HttpSettings
from meschain.audit import offline, proofs, report, search
from meschain.audit.checkpoints import checkpoint, list_verifiers, rotate_log_key
from meschain.audit.findings import Finding
from meschain.audit.notes import Kind, Signer, Verifier
from meschain.audit.report_rules import Subject
from meschain.audit.rules import OPERATOR
from meschain.audit.search import Wanted
from meschain.audit.tables import Entry
from meschain.audit.verification import Verdict, verify_log
from meschain.audit.witness import Witness
from meschain.commands.screen import FAILED, Json, Tenant, house_of, opened_house, out, show, table
from meschain.store.base import utc_now

app = typer.Typer(no_args_is_help=True, help="The audit log: who did what, and the proof that nobody rewrote it.")
Since = Annotated[
    list[Path] | None, typer.Option("--since", help="Checkpoint kept elsewhere, such as a witness's file.")
]


@app.command()
def verify(since: Since = None, json: Json = False) -> None:
    """Verify the whole log; what was altered is named with its place. Exit code 1 if anything was."""
    with opened_house() as house:
        checkpoint(house.audit)
        verdict = verify_log(house.audit, [_text(path) for path in since or []])
    found = [_described(finding) for finding in verdict.findings]
    result = {
        "ok": verdict.ok, "entries": verdict.entries, "confirmed": verdict.confirmed,
        "checkpoint": verdict.checkpoint, "findings": found,
    }  # fmt: skip
    show(result, json, lambda: _told(verdict, found))
    raise typer.Exit(0 if verdict.ok else FAILED)


@app.command("search")
def find(
    tag: Annotated[str | None, typer.Option(help="A tag, or the beginning of several: access:")] = None,
    actor: Annotated[str | None, typer.Option(help="An actor's id, its kind, or both.")] = None,
    target: Annotated[str | None, typer.Option(help="What was acted on.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=search.MOST, help="How many to show.")] = 50,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """Entries of the tenant, the newest first; with no tenant named, of the whole installation."""
    with opened_house() as house:
        owner = house.tenant(tenant).id if tenant is not None else None
        found = search.search(house.audit, owner, Wanted(tag=tag, actor=actor, target=target), limit=limit)
    rows = [_row(entry) for entry in found]
    show(rows, json, lambda: table("Audit log", rows))


@app.command("show")
def show_entry(
    index: Annotated[int, typer.Argument(metavar="INDEX", help="The entry's place in the log.")],
    personal: Annotated[bool, typer.Option("--personal", help="Open what it says of persons; that is noted.")] = False,
    json: Json = False,
) -> None:
    """One entry, whole."""
    with opened_house() as house:
        shown = search.show_entry(house.audit, OPERATOR, None, index, personal=personal)
    result = {**plain_json.loads(shown.entry.body), "personal": shown.personal}
    show(result, json, lambda: table(f"Entry {index}", [{"": key, " ": str(value)} for key, value in result.items()]))


@app.command("checkpoint")
def show_checkpoint(json: Json = False) -> None:
    """Sign where the log stands now; keep the note somewhere else."""
    with opened_house() as house:
        note = checkpoint(house.audit).note
    show({"checkpoint": note}, json, lambda: note.rstrip("\n"))


@app.command()
def keys(json: Json = False) -> None:
    """The log's public keys, which verifiers and witnesses are given."""
    with opened_house() as house:
        checkpoint(house.audit)
        found = [str(each) for each in list_verifiers(house.audit)]
    show({"keys": found}, json, lambda: "\n".join(found))


@app.command("rotate-key")
def rotate_key(json: Json = False) -> None:
    """Sign checkpoints with a new key from now on; what the former one signed still holds."""
    with opened_house() as house:
        made = str(rotate_log_key(house.audit, OPERATOR))
    show({"key": made}, json, lambda: f"Checkpoints are signed with a new key from now on:\n{made}")


@app.command()
def bundle(
    to: Annotated[Path, typer.Option(help="File to write.")],
    since: Annotated[Path | None, typer.Option(help="Former checkpoint, from which the growth is proved.")] = None,
    personal: Annotated[bool, typer.Option("--personal", help="With what entries say of persons.")] = False,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """All entries of the tenant with their proofs, for the offline verifier."""
    with house_of(tenant) as (house, owner):
        former = _text(since) if since is not None else None
        size = proofs.write_bundle(house.audit, OPERATOR, owner.id, to, since=former, personal=personal)
    show({"file": str(to), "bytes": size}, json, lambda: f"{to} holds {size:,} bytes; verify it with offline.py")


@app.command("report")
def write_report(
    to: Annotated[Path, typer.Option("--out", help="Folder for security.html and security.md.")],
    weeks: Annotated[int, typer.Option(min=1, max=53, help="How many times seven days, up to now.")] = 1,
    tenant: Tenant = None,
    json: Json = False,
) -> None:
    """The tenant's security report: who did what, compared with the time before, and whether the log is whole."""
    with house_of(tenant) as (house, owner):
        subject = Subject(owner.id, owner.slug, owner.name, owner.time_zone)
        period = report.recent_weeks(utc_now(), weeks)
        verdict = report.prove(house.audit)
        made = report.write_report(house.audit, OPERATOR, subject, period, to, verdict)
    counts = {section.title: section.count for section in made.report.sections}
    result = {"page": made.page, "markdown": made.text, "log_is_whole": verdict.ok, "counts": counts}
    rows = [{"topic": each.title, "count": each.count, "before": each.before} for each in made.report.sections]
    show(result, json, lambda: table(f"{made.page}", rows))


@app.command()
def verifier(json: Json = False) -> None:
    """Print the offline verifier: one Python file that needs nothing of ours."""
    text = Path(offline.__file__).read_text(encoding="utf-8")
    show({"offline.py": text}, json, lambda: text)


@app.command()
def witness(
    source: Annotated[str, typer.Option("--from", help="Address of the installation, such as https://host.")],
    state: Annotated[Path, typer.Option(help="File in which the witness remembers the last checkpoint.")],
    log: Annotated[list[str], typer.Option("--log", help="The log's public key; may be repeated.")],
    key: Annotated[Path, typer.Option(help="File with the witness's own key; made at its first use.")],
    token: Annotated[Path, typer.Option(help="File with an API key that may read the audit log.")],
    json: Json = False,
) -> None:
    """See the log of another installation: cosign its checkpoint if it merely grew since the last time."""
    signer = _signer(key)
    watching = Witness(signer, [Verifier.parse(each) for each in log], state)
    seen = watching.watch(lambda size: _fetch(source, _text(token).strip(), size))
    former = seen.former.size if seen.former else None
    result = {
        "size": seen.checkpoint.size, "former": former, "note": seen.note, "witness": str(signer.verifier),
    }  # fmt: skip
    grown = f"grew from {former} to" if seen.former else "was seen for the first time, with"
    show(result, json, lambda: f"The log {grown} {seen.checkpoint.size} entries.\n{seen.note}")


def _fetch(source: str, token: str, size: int) -> tuple[str, Sequence[bytes]]:
    settings = HttpSettings(allow_private=("0.0.0.0/0", "::/0"))
    headers = {"authorization": f"Bearer {token}"}
    call = Call(f"{source.rstrip('/')}/v1/audit/checkpoint?since={size}", headers=headers, secrets=(token,))
    with HttpClient(settings) as client:
        answer = plain_json.loads(client.request(call).content)
    return answer["checkpoint"], [b64decode(each) for each in answer["proof"]]


def _signer(path: Path) -> Signer:
    """The witness's key; a new one is written to the file if there is none."""
    if not path.exists():
        made = Signer.generate(f"witness/{os.uname().nodename}", Kind.COSIGNATURE)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as stream:
            stream.write(f"{made.secret()}\n")
    return Signer.parse(_text(path).strip())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"{path} cannot be read: {error}") from error


def _described(finding: Finding) -> dict[str, Any]:
    return {"kind": finding.kind.value, "where": finding.where, "what": finding.text}


def _told(verdict: Verdict, found: list[dict[str, Any]]) -> object:
    if verdict.ok:
        return (
            f"The log is whole: {verdict.entries:,} entries, {verdict.confirmed:,} of them under a signed checkpoint."
        )
    out.print(f"The log of {verdict.entries:,} entries was altered; {verdict.untold:,} more findings are not shown.")
    return table("Findings", found)


def _row(entry: Entry) -> dict[str, Any]:
    actor = f"{entry.actor_kind}:{entry.actor_id}" if entry.actor_id else entry.actor_kind
    return {"index": entry.index, "at": entry.at, "tag": entry.tag, "actor": actor, "target": entry.target}
