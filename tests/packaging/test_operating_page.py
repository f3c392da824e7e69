"""docs/operating.md tells of every event of the log and every metric, in both languages, and of no other."""

import ast
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics, Standing, WorkspaceStanding
from handlers import people

ROOT = Path(__file__).parents[2]
PAGES = ("operating.md", "operating.zh-TW.md")
LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "error", "critical": "critical"}
ROW = re.compile(r"^\| `(\w+)` \| ((?:(?:info|warning|error|critical)(?:, )?)+) \|", re.MULTILINE)


def logged() -> dict[str, set[str]]:
    """Every event that the code logs, with its levels."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ("bot", "handlers", "storage"):
        for file in sorted((ROOT / room).rglob("*.py")):
            for event, level in _calls(ast.parse(file.read_text("utf-8"))):
                found[event].add(level)
    return dict(found)


def _calls(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        if ast.unparse(node.func.value) in {"log", "structlog.get_logger()"}:
            (event,) = node.args
            either = [event.body, event.orelse] if isinstance(event, ast.IfExp) else [event]
            for each in either:
                assert isinstance(each, ast.Constant), f"{ast.unparse(node)}: an event is a word of its own"
                yield str(each.value), LEVELS[node.func.attr]


def measured() -> set[str]:
    """Every metric of ours, by the name under which Prometheus keeps it."""
    workspaces = {"T1": WorkspaceStanding("v", 0, directory_seconds=1.0, heard_seconds=1.0, token_seconds=1.0)}
    families = text_string_to_metric_families(Metrics().text(Standing(database=True, workspaces=workspaces)).decode())
    ours = [each for each in families if each.name.startswith("aside_") and not each.name.endswith("_created")]
    return {f"{each.name}_total" if each.type == "counter" else each.name for each in ours}


@pytest.mark.parametrize("page", PAGES)
def test_every_event_of_the_log_is_told_with_its_levels(page: str) -> None:
    """Whoever finds a line in the log finds there what it means; what the code says no more is not there either."""
    told = {event: set(levels.split(", ")) for event, levels in ROW.findall((ROOT / "docs" / page).read_text("utf-8"))}
    assert told == logged()


@pytest.mark.parametrize("page", PAGES)
def test_every_metric_is_told(page: str) -> None:
    """Each in its table, and nothing that is not measured."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    told = {
        name
        for line in text.splitlines()
        if line.startswith("| `aside_")
        for name in re.findall(r"`(aside_\w+)", line.split(" | ")[0])
    }
    assert told == measured()


def rules() -> list[dict[str, Any]]:
    """The rules by which somebody is woken."""
    groups = yaml.safe_load((ROOT / "docs/deploy/alerts.yml").read_text("utf-8"))["groups"]
    return [each for group in groups for each in group["rules"]]


def test_whatever_locks_us_out_wakes_somebody() -> None:
    """Every code by which Slack lets us ask nothing more, and a scope that lacks."""
    (rule,) = [each for each in rules() if each["alert"] == "AsideTokenIsRefused"]
    asked = re.findall(r'outcome=~"([^"]*)"', rule["expr"])
    assert {frozenset(each.split("|")) for each in asked} == {people.LOCKED_OUT | {people.MISSING_SCOPE}}


def test_alarms_ask_for_what_is_measured() -> None:
    """A rule about a metric that nobody writes would never wake anybody."""
    asked = {name for rule in rules() for name in re.findall(r"aside_\w+", rule["expr"])}
    assert asked
    assert {re.sub("_bucket$", "", name) for name in asked} <= measured()


@pytest.mark.skipif(not shutil.which("promtool"), reason="Prometheus' own tool is not here")
def test_alarms_wake_for_what_they_should_and_for_nothing_else() -> None:
    """Played by Prometheus itself: what a rule hears, when, and what it must not hear."""
    done = subprocess.run(
        ["promtool", "test", "rules", "tests/packaging/alerts.yml"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
