"""Settings come from where the documentation says, and a misspelt limit is an error."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from steersman.config import Settings, load_settings
from steersman.domain.order import Style
from steersman.errors import ConfigError


def load(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    (tmp_path / "steersman.toml").write_text(text, encoding="utf-8")
    return load_settings(None, environ, tmp_path / "home", tmp_path)


def test_defaults_are_the_documented_ones(tmp_path: Path) -> None:
    settings = load(tmp_path)
    execution = settings.execution()
    assert execution.max_participation == Decimal("0.10")
    assert execution.max_spread_bps == 10
    assert execution.urgency == Decimal("0.5")
    assert execution.min_order_size == Decimal("0.01")
    assert execution.llm_adaptation_enabled and execution.use_dark_pools
    assert execution.llm_query_interval_s == 60
    limits = settings.limits(max_position=Decimal(5))
    assert limits.max_participation == Decimal("0.10")
    assert limits.max_order_size == 100_000
    assert limits.min_order_interval_s == 5
    assert limits.max_spread_bps == 20
    assert limits.max_price_deviation_bps == 100
    assert limits.max_is_threshold_bps == 50
    assert limits.max_volatility_hour_pct == 5
    assert limits.llm_timeout_s == 10
    assert limits.max_orders_per_minute == 20


def test_the_environment_overrides_the_file_and_decimals_stay_exact(tmp_path: Path) -> None:
    text = "[limits]\nmax_order_size = 0.1\nmax_participation = 0.3\n"
    settings = load(tmp_path, text, STEERSMAN_LIMITS__MAX_ORDER_SIZE="0.7")
    limits = settings.limits(max_position=Decimal(5))
    assert limits.max_order_size == Decimal("0.7")
    assert limits.max_participation == Decimal("0.3")


def test_a_style_is_named_by_its_word_and_there_is_none_by_default(tmp_path: Path) -> None:
    assert load(tmp_path, "").execution().style is None
    assert load(tmp_path, '[execution]\nstyle = "cross"\n').execution().style is Style.CROSS
    passive = load(tmp_path, "", STEERSMAN_EXECUTION__STYLE="passive")
    assert passive.execution().style is Style.PASSIVE


def test_a_fallback_never_overrides_what_was_stated(tmp_path: Path) -> None:
    settings = load(tmp_path, "[limits]\nmax_position = 2\n")
    assert settings.limits(max_position=Decimal(99)).max_position == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nmax_ordr_size = 5\n", "did you mean max_order_size"),
        ("[limit]\nmax_order_size = 5\n", "did you mean limits"),
        ("[limits]\nmax_order_size = -5\n", "max_order_size must be positive"),
        ("[limits]\nmax_order_size = nan\n", "max_order_size must be a finite number"),
        ("[limits]\nmax_orders_per_minute = 1.5\n", "max_orders_per_minute"),
        ("[execution]\nurgency = 1.5\n", "urgency must lie between 0 and 1"),
        ("[execution]\nenvelope = true\n", "envelope"),
        ('[execution]\nstyle = "hasty"\n', "style"),
        ("limits = 3\n", "not a table"),
        ("[limits\n", "steersman.toml"),
    ],
)
def test_bad_settings_name_the_key_and_the_remedy(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings = load(tmp_path, text)
        settings.execution()
        settings.limits(max_position=Decimal(1))
    assert words in str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_missing_position_limit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="max_position"):
        load(tmp_path).limits()


def test_unknown_variables_are_refused_but_the_cache_variable_is_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="STEERSMAN_LIMITS__NOPE"):
        load(tmp_path, STEERSMAN_LIMITS__NOPE="1")
    load(tmp_path, STEERSMAN_CACHE="/somewhere")


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(tmp_path / "absent.toml", {}, tmp_path, tmp_path)


def test_feeds_have_a_table_each(tmp_path: Path) -> None:
    text = """
    [feeds.wire]
    url = "https://example.org/rss"
    kind = "macro"
    trust_pct = 80
    [feeds.mine]
    file = "news.jsonl"
    """
    feeds = load(tmp_path, text, STEERSMAN_FEEDS__MINE__MAX_ITEMS="7").feeds()
    assert list(feeds) == ["mine", "wire"]
    assert (feeds["wire"].kind, feeds["wire"].trust_pct) == ("macro", 80)
    assert (feeds["mine"].file, feeds["mine"].max_items) == ("news.jsonl", 7)
    assert load(tmp_path).feeds() == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[feeds.wire]\nurls = 'x'\n", "did you mean url"),
        ("[feeds]\nwire = 5\n", "write [feeds.NAME]"),
        ("[feeds.Wire-1]\nfile = 'x'\n", "cannot name a feed"),
        ("[feeds.wire]\ntrust_pct = 50\n", "[feeds.wire] give either url or file"),
        ("[feeds.wire]\nfile = 'x'\nurl = 'http://x'\n", "give either url or file"),
        ("[feeds.wire]\nurl = 'file:///etc/passwd'\n", "must begin with http"),
        ("[feeds.wire]\nfile = 'x'\nkind = 'market'\n", "kind must be one of"),
        ("[feeds.wire]\nfile = 'x'\ntrust_pct = 101\n", "between 0 and 100"),
        ("[feeds.wire]\nfile = 'x'\nmax_items = 0\n", "max_items"),
        ("[feeds.wire]\nfile = 'x'\nmax_age_s = 0\n", "max_age_s"),
    ],
)
def test_a_bad_feed_is_named_with_its_remedy(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text).feeds()
    assert words in str(caught.value) and caught.value.remedy


def test_the_fee_tier_is_a_setting_of_its_own(tmp_path: Path) -> None:
    assert load(tmp_path).fees().tier is None
    assert load(tmp_path, '[fees]\ntier = "vip3"\n').fees().tier == "vip3"
    assert load(tmp_path, STEERSMAN_FEES__TIER="-0.5:2.5").fees().tier == "-0.5:2.5"
    with pytest.raises(ConfigError, match="did you mean tier"):
        load(tmp_path, '[fees]\ntiers = "vip3"\n')


LOCAL = """
[advisors.local]
provider = "openai-compatible"
model = "m"
base_url = "http://127.0.0.1:1/v1"
max_usd_per_day = 0.30
"""


def test_each_language_model_has_a_table_of_its_own(tmp_path: Path) -> None:
    settings = load(tmp_path, LOCAL + '[advisors.other]\nprovider = "vllm"\nmodel = "q"\n')
    assert settings.advisors() == ("local", "other")
    assert settings.advisor("local").max_usd_per_day == Decimal("0.30")
    assert settings.advisor("other").address == "http://127.0.0.1:8000/v1"
    assert load(tmp_path).advisors() == ()


def test_a_variable_names_one_key_of_one_language_model(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        LOCAL,
        STEERSMAN_ADVISORS__LOCAL__MAX_USD_PER_DAY="0.70",
        STEERSMAN_ADVISORS__LOCAL__MASKED="false",
        STEERSMAN_ADVISORS__GPT_5__MODEL="gpt-5",
        STEERSMAN_ADVISORS__GPT_5__PROVIDER="vllm",
    )
    assert settings.advisor("local").max_usd_per_day == Decimal("0.70")
    assert settings.advisor("local").masked is False
    assert settings.advisor("gpt_5").model == "gpt-5"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LOCAL + "max_usd_per_dy = 1\n", "did you mean max_usd_per_day"),
        (LOCAL + 'api_key = "sk-planted-secret"\n', "unknown key in [advisors.local]: 'api_key'"),
        (LOCAL + "temperature = 3\n", "[advisors.local] temperature must lie between 0 and 2"),
        (LOCAL.replace("openai-compatible", "openai"), "openai charges for tokens"),
        (LOCAL.replace("openai-compatible", "opanai"), "Invalid enum value 'opanai'"),
        (LOCAL.replace("local", "Local"), "'Local' cannot name an advisor"),
        ("[advisors]\nlocal = 3\n", "local in [advisors] is not a table"),
        ("[advisor.local]\nmodel = 3\n", "did you mean advisors"),
        ('[advisors.local]\nmodel = "m"\n', "missing required field `provider`"),
    ],
)
def test_bad_tables_of_language_models_name_the_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text).advisor("local")
    assert words in str(caught.value)
    assert caught.value.remedy
    assert "sk-planted-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["STEERSMAN_ADVISORS__LOCAL__NOPE", "STEERSMAN_ADVISORS__LOCAL", "STEERSMAN_ADVISORS"]
)
def test_unknown_variables_of_language_models_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load(tmp_path, LOCAL, **{name: "1"})


def test_the_state_variable_is_known(tmp_path: Path) -> None:
    assert load(tmp_path, STEERSMAN_STATE="/somewhere") == load(tmp_path)
