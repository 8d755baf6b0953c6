"""`steersman run` as a person and a program meet it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from steersman.cli import run_cli
from tests.cli.calls import QUICK, run

KEYS = {
    "schema", "parent", "state", "filled_qty", "unfilled_qty", "avg_price", "decision_price",
    "arrival_price", "is_bps", "components_bps", "arrival_slippage_bps", "vwap_slippage_bps",
    "twap_slippage_bps", "participation", "fill_rate", "maker_share", "children", "advice",
    "journal_hash", "seed", "impact",
}  # fmt: skip
COMPONENTS = {"delay", "spread", "impact", "timing", "fees", "funding", "opportunity"}
ADVICE = {
    "asked", "accepted", "clamped", "invalid", "late", "stale", "fallback",
    "latency_ms_p50", "latency_ms_p95", "checks", "asked_why", "outcomes", "tokens_in",
    "tokens_out", "cost_usd", "weights",
}  # fmt: skip


@pytest.mark.parametrize("algo", ["twap", "vwap", "pov", "is", "ow", "adaptive"])
def test_every_algorithm_completes_with_a_whole_document(
    capsys: pytest.CaptureFixture[str], algo: str
) -> None:
    code, document, _ = run(capsys, *QUICK, "--algo", algo)
    assert code == 0
    assert document.keys() >= KEYS
    assert document["components_bps"].keys() >= COMPONENTS
    assert document["advice"].keys() >= ADVICE
    assert document["impact"]["realised_bps"] == pytest.approx(document["arrival_slippage_bps"])
    assert document["impact"]["predicted"]["confidence_low_bps"] < 0
    assert document["state"] == "completed"
    assert Decimal(document["filled_qty"]) == 2
    assert Decimal(document["unfilled_qty"]) == 0
    assert abs(sum(document["components_bps"].values()) - document["is_bps"]) < 1e-6
    assert isinstance(document["avg_price"], str)
    assert document["fill_rate"] == 1.0
    assert len(document["children"]) > 1
    assert document["seed"] == 3
    assert (document["advice"]["asked"] > 0) is (algo == "adaptive")


def test_same_seed_same_bytes_other_seed_other_run(capsys: pytest.CaptureFixture[str]) -> None:
    _, first, _ = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "rules")
    _, again, _ = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "rules")
    _, other, _ = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "rules", "--seed", "4")
    assert first == again
    assert first["journal_hash"] != other["journal_hash"]


def test_a_recorded_run_repeats_to_the_byte_and_another_one_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path, steered = tmp_path / "run.journal", (*QUICK, "--algo", "adaptive")
    latency = ("--advisor-latency", "1s~0.5")
    _, first, _ = run(
        capsys, *steered, "--advisor", "oracle:0.6,keyword", *latency, "--journal", str(path)
    )
    code, again, _ = run(capsys, *steered, "--advisor", f"recorded:{path}")
    assert code == 0
    assert again["journal_hash"] == first["journal_hash"]
    assert again["advice"] == first["advice"]
    code, error, _ = run(capsys, *steered, "--advisor", f"recorded:{path}", "--seed", "4")
    assert code == 3 and "in the record" in error["error"]["message"]


def test_without_weights_the_run_goes_on_with_rules_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, document, err = run(capsys, *QUICK, "--algo", "adaptive", "--advisor", "embedded")
    assert code == 0
    assert "going on with rules" in err
    assert document["advice"]["asked"] > 0


def test_an_order_its_limits_stop_expires_with_its_quantity_and_exit_code_6(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, document, err = run(capsys, *QUICK, "--limit", "1000.0")
    assert code == 6
    assert document["state"] == "expired"
    assert Decimal(document["unfilled_qty"]) == 2
    assert document["avg_price"] is None and document["vwap_slippage_bps"] is None
    assert document["fill_rate"] == 0.0
    assert "unfilled" in err


def test_people_get_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(QUICK) == 0
    out, err = capsys.readouterr()
    assert "Child orders" in out and "implementation shortfall" in out
    assert "order completed: all filled" in err


def test_numbers_may_be_written_with_an_exponent(capsys: pytest.CaptureFixture[str]) -> None:
    _, document, _ = run(capsys, "run", "--qty", "2e0", "--horizon", "5m", "--seed", "3")
    assert document["order"]["qty"] == "2"


def test_fees_and_funding_are_chosen_on_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The generated market begins at 15:00 UTC: an order from 58 minutes on runs over 16:00."""
    rates = tmp_path / "rates.csv"
    rates.write_text("time,rate\n2025-01-06T16:00,0.0004\n", encoding="utf-8")
    asked = ("--start", "58m", "--fee-tier", "-0.5:3", "--funding", str(rates))
    code, document, _ = run(capsys, *QUICK, *asked)
    assert code == 0
    assert (document["maker_fee_bps"], document["taker_fee_bps"]) == ("-0.5", "3")
    (paid,) = document["funding"]
    assert Decimal(paid["rate_bps"]) == 4 and 0 < Decimal(paid["position"]) < 2
    value = Decimal(paid["position"]) * Decimal(paid["mark"])
    assert Decimal(paid["amount"]) == value * 4 / 10_000
    assert document["components_bps"]["funding"] > 0
    assert abs(sum(document["components_bps"].values()) - document["is_bps"]) < 1e-6
    assert run_cli([*QUICK, *asked]) == 0
    assert "funding payments" in capsys.readouterr().out


def test_a_regime_may_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    code, mixed, _ = run(capsys, *QUICK)
    assert code == 0
    _, wild, _ = run(capsys, *QUICK, "--regime", "volatile")
    assert wild["journal_hash"] != mixed["journal_hash"]
    code, refused, _ = run(capsys, *QUICK, "--regime", "stormy")
    assert code == 2 and "no regime 'stormy'" in refused["error"]["message"]


def test_how_much_news_comes_true_may_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    newsy = [*QUICK, "--regime", "news"]
    _, usual, _ = run(capsys, *newsy)
    code, none, _ = run(capsys, *newsy, "--informativeness", "0")
    assert code == 0 and none["journal_hash"] != usual["journal_hash"]
    _, own, _ = run(capsys, *newsy, "--informativeness", "0.3")
    assert own["journal_hash"] == usual["journal_hash"], "what comes true by itself"
    code, refused, _ = run(capsys, *newsy, "--informativeness", "-1")
    assert code == 2 and "from 0" in refused["error"]["remedy"]


def test_what_was_calibrated_is_run_with_and_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli([*QUICK, "--journal", "one.journal"]) == 0
    assert run_cli(["calibrate", "--journal", "one.journal", "--out", "p.json"]) == 0
    asked = ("--algo", "is", "--parameters", "p.json", "--journal", "two.journal")
    capsys.readouterr()
    code, document, _ = run(capsys, *QUICK, *asked)
    assert code == 0 and document["impact"]["estimates"] >= 1
    assert run_cli(["journal", "verify", "two.journal"]) == 0
    capsys.readouterr()
    code, document, _ = run(capsys, *QUICK, "--symbol", "ETHUSDT", "--parameters", "p.json")
    assert code == 2 and "ETHUSDT" in document["error"]["message"]


def test_decisions_are_judged_and_told_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    steered = (*QUICK, "--algo", "adaptive", "--advisor", "oracle:1")
    path = tmp_path / "judged.journal"
    code, document, _ = run(
        capsys, *steered, "--judge", "1", "--futures", "2", "--journal", str(path)
    )
    assert code == 0
    judged = document["decisions_judged"]
    assert (judged["judged"], judged["futures"], judged["caveat"]) == (1, 2, "")
    (one,) = [one for one in judged["decisions"] if one["worth"] != "idle"]
    assert one["worth"] in ("right", "wrong", "undecided") and len(one["over"]) >= 4
    assert one["low_bps"] <= one["gain_bps"] <= one["high_bps"]
    _, plain, _ = run(capsys, *steered)
    assert plain["decisions_judged"] is None
    assert plain["is_bps"] == document["is_bps"], "judging changes nothing"
    assert run_cli(["journal", "verify", str(path)]) == 0
    assert run_cli([*steered, "--judge", "1", "--futures", "2"]) == 0
    out, _ = capsys.readouterr()
    assert "judged in 2 futures" in out and "gain over it" in out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--judge", "1"], "nobody advises"),
        (["--judge", "1", "--algo", "adaptive", "--advisor", "none"], "nobody advises"),
        (["--futures", "16"], "no decision is judged"),
        (["--judge", "0"], "greater than or equal to 1"),
        (["--judge", "1", "--futures", "1025"], "less than or equal to 1024"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    capsys: pytest.CaptureFixture[str], args: list[str], words: str
) -> None:
    code, error, _ = run(capsys, *QUICK, *args)
    assert code == 2 and words in error["error"]["message"]
