from __future__ import annotations

import msgspec

from steersman.marketdata.importers.summary import Imported, ImportSummary

ONE = Imported(
    instrument="binance:BTCUSDT.linear",
    symbol="BTCUSDT",
    files=("a.gz",),
    rows=10,
    trades=2,
    depth_messages=3,
    gaps=1,
    crossed=0,
    clock_offset_ms=1000.0,
    adjusted_times=4,
    replaced_receive_times=5,
    touch_checked=6,
    touch_agreed=6,
    floored_sizes=0,
    skipped={"a": 1},
    first_exch_ns=100,
    last_exch_ns=200,
    warnings=("careful",),
)


def test_totals_add_up() -> None:
    two = msgspec.structs.replace(
        ONE, symbol="ETHUSDT", clock_offset_ms=1001.0, skipped={"a": 1, "b": 2}, first_exch_ns=50
    )
    none = msgspec.structs.replace(ONE, clock_offset_ms=None, last_exch_ns=300, warnings=())
    total = ImportSummary.total([ONE, two, none], 1.23456)
    assert total.rows == 30
    assert total.symbols == ("BTCUSDT", "ETHUSDT")
    assert total.gaps == 3
    assert total.clock_offset_ms == 1000.5
    assert total.skipped == {"a": 3, "b": 2}
    assert (total.first_exch_ns, total.last_exch_ns) == (50, 300)
    assert total.seconds == 1.235
    assert total.warnings == ("binance:BTCUSDT.linear: careful",) * 2


def test_what_is_not_known_is_null() -> None:
    total = ImportSummary.total([msgspec.structs.replace(ONE, clock_offset_ms=None)], 1)
    document = msgspec.to_builtins(total)
    assert document["clock_offset_ms"] is None
    assert {"rows", "symbols", "gaps", "crossed", "clock_offset_ms"} <= document.keys()
    assert msgspec.json.decode(msgspec.json.encode(total), type=ImportSummary) == total
