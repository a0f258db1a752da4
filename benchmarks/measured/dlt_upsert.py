"""The peer: dlt's own upsert of typed Arrow batches by primary key into a DuckDB file. Knows nothing of MesChain.

It does less than our sync: no lineage, nothing marked as gone, no change feed, no gate.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from benchmarks.measured.clock import Stopwatch, warm

_BLOCK = 16 << 20
_KEY = "stok_kodu"
_AMOUNT = pa.decimal128(18, 4)
_TYPES = {"kdv": pa.int64(), "stok": pa.int64(), "agirlik_g": pa.float64()}


def load(state: str, path: str) -> dict[str, Any]:
    """Upsert a CSV feed into a copy of what `state` holds; into `state` itself when that is not there yet."""
    folder = Path(state)
    if folder.exists():
        folder = Path(shutil.copytree(state, mkdtemp(), dirs_exist_ok=True))
    folder.mkdir(parents=True, exist_ok=True)
    warm(Path(path))
    pipeline = dlt.pipeline(
        pipeline_name="peer",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "peer.duckdb")),
        dataset_name="feeds",
    )
    offers = dlt.resource(
        lambda: _batches(path),
        name="offers",
        primary_key=_KEY,
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    )
    with Stopwatch() as watch:
        pipeline.run(offers)
    with pipeline.sql_client() as client, client.execute_query("SELECT count(*) FROM offers") as found:
        rows = found.fetchone()[0]
    return {**watch.told(), "rows": rows, "version": dlt.__version__}


def _batches(path: str) -> Iterator[pa.Table]:
    """The feed in typed batches: amounts like 1.299,90 as decimals, texts trimmed."""
    names = pyarrow.csv.open_csv(path, parse_options=pyarrow.csv.ParseOptions(delimiter=";")).schema.names
    reader = pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(delimiter=";", newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()) | _TYPES),
    )
    for batch in reader:
        table = pa.Table.from_batches([batch])
        for place, field in enumerate(table.schema):
            if field.name in ("alis_fiyati", "satis_fiyati"):
                plain = pc.replace_substring(pc.replace_substring(table[field.name], ".", ""), ",", ".")
                table = table.set_column(place, field.name, plain.cast(_AMOUNT))
            elif field.type == pa.string():
                table = table.set_column(place, field.name, pc.utf8_trim_whitespace(table[field.name]))
        yield table
