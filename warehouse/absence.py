"""Reads and writes what is known of offers that are not in their supplier's feed. The rules are the caller's."""

from datetime import datetime

from warehouse import statements
from warehouse.lake import Connection, Lake


def count_expired(connection: Connection, supplier: str, missing_before: datetime) -> int:
    """Offers of the supplier that have been missing since before that time."""
    parameters = {"supplier": supplier, "missing_before": missing_before}
    return int(str(statements.row(connection, "absence/count", parameters)["expired"]))


def note_state(
    lake: Lake,
    connection: Connection,
    supplier: str,
    state: str,
    last_good_at: datetime | None,
    due_at: datetime | None,
    now: datetime,
) -> bool:
    """Write the state of the supplier's feed (`fresh`, `late`, `held`) if it is another one; tells whether it was."""
    if statements.row(connection, "absence/read_state", {"supplier": supplier}).get("state") == state:
        return False
    parameters = {"supplier": supplier, "state": state, "last_good_at": last_good_at, "due_at": due_at, "now": now}
    lake.write(connection, lambda c: statements.run(c, "absence/write_state", parameters), f"{supplier} is {state}")
    return True
