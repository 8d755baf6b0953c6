"""The documentation says what the code does: every command, setting and exit code is in it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from typer.main import get_command

from steersman import cli, errors
from steersman.advisor import fusion
from steersman.advisor.providers import AdvisorConfig, Provider
from steersman.cli import printing
from steersman.config import load_settings
from steersman.domain.facts import AGE_MAX_S
from steersman.domain.feeds import FeedConfig
from steersman.domain.fees import FeeConfig
from steersman.domain.limits import ExecutionConfig, SafetyLimits
from steersman.engine import intake
from steersman.runtime import outcome

DOCS = Path(__file__).parents[1] / "docs"


def commands() -> list[str]:
    root = get_command(cli.app)
    found: list[str] = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [f"{name} {sub}" for sub in inner] if inner else [name]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_has_a_section_and_help(command: str) -> None:
    assert f"\n## steersman {command}\n" in (DOCS / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [ExecutionConfig, SafetyLimits, FeeConfig, FeedConfig])
def test_every_setting_is_documented_with_its_default(kind: type[msgspec.Struct]) -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(kind):
        default = "required" if field.required else str(field.default).lower()
        row = re.search(rf"^\| `{field.name}` \| ([^|]+) \|", text, re.M)
        assert row, f"{field.name} is not documented"
        documented = {cells for cells in re.findall(rf"^\| `{field.name}` \| (\S+) \|", text, re.M)}
        assert default in documented, f"{field.name}: {documented} is not {default}"


def test_every_kind_of_what_is_told_is_documented_with_its_time() -> None:
    text = (DOCS / "context.md").read_text(encoding="utf-8")
    for kind, seconds in AGE_MAX_S.items():
        assert f"| `{kind.value}` | {seconds} |" in text
    assert f"{intake.KEPT_MAX}, the least trusted" in text
    assert f"{intake.KEPT_CHARS_MAX:,}, of one text {intake.TEXT_CHARS_MAX:,}" in text
    assert f"a minute | {intake.PER_SOURCE_PER_MINUTE} |" in text
    assert f"question | {fusion.TOLD_MAX}, of one source {fusion.PER_SOURCE_MAX} |" in text
    assert f"{fusion.TOLD_CHARS_MAX:,}, of one text {fusion.ITEM_CHARS_MAX} " in text


def test_every_setting_of_a_language_model_is_documented_with_its_default() -> None:
    text = (DOCS / "advisors.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(AdvisorConfig):
        default = "required" if field.required else str(field.default).lower()
        default = {"": "–", "none": "–"}.get(default, default)
        assert f"\n| `{field.name}` | {default} |" in text, field.name


def test_every_provider_has_an_example_that_can_be_read(tmp_path: Path) -> None:
    text = (DOCS / "advisors.md").read_text(encoding="utf-8")
    shown = "\n".join(re.findall(r"```toml\n(\[advisors.*?)```", text, re.S))
    (tmp_path / "steersman.toml").write_text(shown, encoding="utf-8")
    settings = load_settings(None, {}, tmp_path / "home", tmp_path)
    assert {settings.advisor(name).provider for name in settings.advisors()} == set(Provider)


def test_every_exit_code_is_documented() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    codes = {getattr(errors, name).exit_code for name in errors.__all__}
    codes |= {
        printing.EXIT_DONE,
        printing.EXIT_BUG,
        printing.EXIT_DIFFERENCE,
        printing.EXIT_INTERRUPTED,
    }
    codes |= {outcome.EXIT_INCOMPLETE, outcome.EXIT_KILLED}
    for code in codes:
        assert f"\n| {code} |" in text


def test_the_layout_drawn_names_only_what_exists() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    source = DOCS.parent / "src" / "steersman"
    for line in re.findall(r"^  (\w+)/ +([\w ]+?)(?:  |$)", text, re.M):
        folder, names = line
        for name in names.split():
            path = source / folder / name
            assert path.with_suffix(".py").exists() or path.is_dir(), f"{folder}/{name}"
