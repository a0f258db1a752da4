"""Writes the relations of a lake as Parquet files that any program reads. Changes nothing."""

from pathlib import Path

from warehouse.copying import list_relations, open_for_reading
from warehouse.lake import LakeSettings


def export_relations(settings: LakeSettings, folder: Path) -> dict[str, int]:
    """Write every relation, all as they are at one moment, into `<folder>/<relation>.parquet`; gives the rows of each.

    The folder must be there.
    """
    counts = {}
    with open_for_reading(settings) as connection:
        connection.begin()
        for name, _ in list_relations(connection):
            file = str(folder / f"{name}.parquet")
            connection.sql(f"FROM {name}").write_parquet(file, compression="zstd")
            counts[name] = len(connection.read_parquet(file))
        connection.rollback()
    return counts
