"""What keeps or ends an installation's data: backup, restore, a tenant's export and removal, a new key of the vault."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from meschain.commands.screen import FAILED, Json, err, opened_house, show, table
from meschain.operations.backup import back_up, verify
from meschain.operations.context import Operations
from meschain.operations.key_rotation import SETTLE_SECONDS, rotate
from meschain.operations.manifest import Manifest
from meschain.operations.restore import restore
from meschain.operations.tenant_export import export_tenant
from meschain.operations.tenant_removal import remove_tenant
from meschain.wiring import House

Slug = Annotated[str, typer.Argument(metavar="NAME", help="The tenant.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup.")]


def register(app: typer.Typer) -> None:
    """Put the commands on the whole installation beside the groups."""
    app.command("backup")(backup)
    app.command("restore")(bring_back)


def register_tenant(app: typer.Typer) -> None:
    """Put the commands on one tenant into the group `tenant`."""
    app.command("export")(export)
    app.command("remove")(remove)


def register_key(app: typer.Typer) -> None:
    """Put the command on the vault's key beside those on other keys."""
    app.command("rotate-vault")(rotate_key)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that does not exist yet.")],
    with_raw: Annotated[bool, typer.Option("--with-raw", help="Also the feed files as they were received.")] = False,
    check: Annotated[
        bool, typer.Option("--verify", help="Make none: see that the backup in FOLDER is whole and opens.")
    ] = False,
    json: Json = False,
) -> None:
    """Back up store, lakes and keys as one consistent set, while work goes on; or verify such a backup."""
    if check:
        found = verify(folder)
        show(_described(found, folder), json, lambda: f"{_summary(found, folder)}. Every file is as it was written.")
        return
    with _bare_operations() as operations:  # a store of another revision is not brought up to date before it is kept
        made = back_up(operations, folder, with_raw=with_raw)
    hint = "It holds the vault's key: whoever has this folder can read every secret."
    if made.keys.origin == "environment":
        hint = "The vault's key is not in it: keep what MESCHAIN_VAULT__KEY says in another place."
    show(_described(made, folder), json, lambda: f"{_summary(made, folder)}. {hint}")


def bring_back(folder: Folder, json: Json = False) -> None:
    """Bring a backup back into a new data folder and an empty store, of either kind."""
    with _bare_operations() as operations:
        found = restore(operations, folder)
    hint = (
        f"It is as it was on {found.created_at:%Y-%m-%d %H:%M} UTC: whoever was erased or removed since, and every "
        "API key revoked since, is back; undo that. Everybody has to log in anew. Next: meschain doctor"
    )
    show(_described(found, folder), json, lambda: f"{_summary(found, folder)} is restored. {hint}")


def export(
    name: Slug,
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="A folder that does not exist yet.")],
    json: Json = False,
) -> None:
    """Write everything of a tenant, in open formats, into a folder; its secrets are left out."""
    with opened_house() as house:
        counts = export_tenant(operations_of(house), name, to)
    show(
        {"tenant": name, "folder": to, "rows": counts}, json,
        lambda: f"{sum(counts.values()):,} rows of {len(counts)} tables and relations are in {to}; see README.md there",
    )  # fmt: skip


def remove(name: Slug, yes: Annotated[bool, typer.Option("--yes", help="Really.")] = False, json: Json = False) -> None:
    """Remove a tenant with everything that is kept of it, for ever; only the audit log keeps its entries."""
    if not yes:
        raise typer.BadParameter(f"This removes everything of {name} for ever: say --yes, and export it first.")
    with opened_house() as house:
        removal = remove_tenant(operations_of(house), name)
    result = {"tenant": name, "rows": removal.rows, "people_without_tenant": removal.homeless}
    rows = sum(removal.rows.values())
    told = (
        "what an interrupted removal had left is gone" if removal.finished else f"{rows:,} rows and all files are gone"
    )
    people = ", ".join(removal.homeless)
    who = "Members and invited who belong to no tenant now"
    hint = f" {who}: {people}; `meschain privacy erase ID` erases them." if people else ""
    show(result, json, lambda: f"{name}: {told}.{hint}")


def rotate_key(
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds for which the former key stays, for what is being written.")
    ] = SETTLE_SECONDS,
    json: Json = False,
) -> None:
    """Encrypt every stored secret under a new key; interrupted, run it again."""
    with opened_house() as house:
        done = rotate(operations_of(house), settle=settle, tell=err.print)
    result = {
        "key": done.key, "resealed": done.resealed, "dropped": done.dropped, "unreadable": done.unreadable,
        "hint": done.hint,
    }  # fmt: skip
    lost = [{"secret": place} for place in done.unreadable]
    text = f"Key {done.key} seals everything now; {done.resealed:,} secrets were sealed anew. {done.hint}".strip()
    show(result, json, lambda: table(text, lost) if lost else text)
    raise typer.Exit(FAILED if lost else 0)


def operations_of(house: House) -> Operations:
    """The installation as a whole."""
    return Operations(house.settings, house.engine, house.log, lambda tenant: house.lake(tenant).settings)


@contextmanager
def _bare_operations() -> Iterator[Operations]:
    """The installation as it is, its tables not brought up to date."""
    house = House()
    try:
        yield operations_of(house)
    finally:
        house.close()


def _described(manifest: Manifest, folder: Path) -> dict[str, Any]:
    return {
        "folder": folder,
        "backup": manifest.id,
        "created_at": manifest.created_at,
        "revision": manifest.revision,
        "files": len(manifest.files),
        "bytes": manifest.bytes,
        "rows": sum(table.rows for table in manifest.tables),
        "keys": manifest.keys.origin,
        "tenants": [
            {"tenant": each.slug, "snapshot": each.lake and each.lake.snapshot, "rows": each.lake and each.lake.rows}
            for each in manifest.tenants
        ],
    }


def _summary(manifest: Manifest, folder: Path) -> str:
    rows, lakes = sum(table.rows for table in manifest.tables), sum(each.lake is not None for each in manifest.tenants)
    return (
        f"{folder}: {len(manifest.tenants)} tenants, {lakes} lakes, {rows:,} rows, {len(manifest.files):,} files, "
        f"{manifest.bytes / 1e6:,.1f} MB, of {manifest.created_at:%Y-%m-%d %H:%M} UTC"
    )
