"""The results of a study as one table: DIR/results.parquet, a row an order and arm.

It is made from the lines of DIR/results.jsonl when the study is done, and read by nobody here: the
lines are what counts. The key is (order, arm), by which the rows are sorted; each row says what the
order was as well. The file's metadata holds the study's manifest, without the command: so the bytes
are the same however, and wherever, the study was worked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from steersman.marketdata.manifest import sync_folder
from steersman.runtime.fleet import Worked
from steersman.runtime.study_files import FREE
from steersman.tca.results import Drawn, OrderResult

__all__ = ["KEY", "PARQUET", "write_parquet"]

PARQUET: Final = "results.parquet"
KEY: Final = ("order", "arm")
ROWS: Final = 1 << 14  # of a row group: what is held at once, some 20 MB
TYPES: Final[dict[Any, tuple[Any, bool]]] = {  # with whether it may be null
    int: (pa.int64(), False),
    float: (pa.float64(), False),
    str: (pa.string(), False),
    float | None: (pa.float64(), True),
}
QUANTITY: Final = pa.decimal128(38, 18)  # exact, whatever the lot

DRAWN: Final = {field.name: field.type for field in msgspec.structs.fields(Drawn)}
RESULT: Final = {field.name: field.type for field in msgspec.structs.fields(OrderResult)}
COLUMNS: Final = tuple(dict.fromkeys((*KEY, *DRAWN, *RESULT)))


def _field(name: str) -> Any:
    if name == "qty":
        return pa.field(name, QUANTITY, nullable=False)
    kind, nullable = TYPES[{**DRAWN, **RESULT}[name]]
    return pa.field(name, kind, nullable=nullable)


def write_parquet(folder: Path, results: Iterable[Worked], manifest: dict[str, Any]) -> None:
    """Write the table of results that come by the numbers of their orders; it is whole or absent.

    Whatever their number, no more than a row group is held.
    """
    same = {key: value for key, value in manifest.items() if key not in FREE}
    about = msgspec.json.encode(same, order="deterministic")
    schema = pa.schema([_field(name) for name in COLUMNS], {b"steersman.study": about})
    path = folder / PARQUET
    new = path.with_name(f"{PARQUET}.new")
    with new.open("wb") as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for rows in _groups(results):
                columns = zip(zip(*rows, strict=True), schema, strict=True)
                arrays = [pa.array(values, field.type) for values, field in columns]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(folder)


def _groups(results: Iterable[Worked]) -> Iterator[list[tuple[Any, ...]]]:
    rows: list[tuple[Any, ...]] = []
    for drawn, by_arm in results:
        for result in sorted(by_arm, key=lambda one: one.arm):
            rows.append(_row(drawn, result))
        if len(rows) >= ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _row(drawn: Drawn, result: OrderResult) -> tuple[Any, ...]:
    values = msgspec.structs.asdict(drawn) | msgspec.structs.asdict(result)
    values["qty"] = Decimal(drawn.qty)
    return tuple(values[name] for name in COLUMNS)
