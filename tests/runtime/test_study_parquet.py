"""The table of a study's results: typed, sorted by its key, the same bytes for the same study."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steersman.runtime import study_parquet
from steersman.runtime.fleet import Worked
from steersman.runtime.study_parquet import write_parquet
from tests.tca.rows import drawn, result

MANIFEST = {"command": ["a"], "orders": 3, "seed": 1}


def studied(orders: int = 3) -> list[Worked]:
    return [
        (
            drawn(number, qty="23.278"),
            (result(number, "twap", 2.5 + number), result(number, "is", 1.0, maker_share=None)),
        )
        for number in range(orders)
    ]


def table(folder: Path) -> pa.Table:
    return pq.read_table(folder / "results.parquet")


def test_every_order_and_arm_is_a_row_with_all_that_was_kept_of_it(tmp_path: Path) -> None:
    write_parquet(tmp_path, studied(), MANIFEST)
    rows = table(tmp_path).to_pylist()
    assert [(row["order"], row["arm"]) for row in rows] == [
        (number, arm) for number in range(3) for arm in ("is", "twap")
    ]
    for order, results in studied():
        for one in results:
            (row,) = (r for r in rows if (r["order"], r["arm"]) == (order.order, one.arm))
            both = {**msgspec.structs.asdict(order), **msgspec.structs.asdict(one)}
            assert row == {**both, "qty": Decimal("23.278")}
    assert list(tmp_path.iterdir()) == [tmp_path / "results.parquet"]


def test_columns_have_types_and_only_what_may_be_absent_is_null(tmp_path: Path) -> None:
    write_parquet(tmp_path, studied(), MANIFEST)
    schema = table(tmp_path).schema
    assert schema.names[:2] == ["order", "arm"]
    assert {field.name for field in schema if field.nullable} == {"maker_share", "participation"}
    kinds = {name: schema.field(name).type for name in ("order", "arm", "cost_bps", "qty", "asked")}
    assert kinds == {
        "order": pa.int64(),
        "arm": pa.string(),
        "cost_bps": pa.float64(),
        "qty": pa.decimal128(38, 18),
        "asked": pa.int64(),
    }
    assert json.loads(schema.metadata[b"steersman.study"]) == {"orders": 3, "seed": 1}


def test_the_same_study_has_the_same_bytes(tmp_path: Path) -> None:
    swapped = [(order, results[::-1]) for order, results in studied()]
    for name, rows, manifest in (
        ("one", studied(), MANIFEST),
        ("two", swapped, {"seed": 1, "command": ["b"], "orders": 3}),
        ("other", studied(), {**MANIFEST, "seed": 2}),
    ):
        (tmp_path / name).mkdir()
        write_parquet(tmp_path / name, rows, manifest)
    one, two, other = (
        (tmp_path / name / "results.parquet").read_bytes() for name in ("one", "two", "other")
    )
    assert one == two != other


def test_no_more_than_a_group_of_rows_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_parquet, "ROWS", 4)
    write_parquet(tmp_path, iter(studied(5)), MANIFEST)
    file = pq.ParquetFile(tmp_path / "results.parquet")
    held = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert held == [4, 4, 2]
    assert table(tmp_path).num_rows == 10
