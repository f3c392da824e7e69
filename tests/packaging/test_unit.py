"""The unit for systemd: what it names is there, and it grants what Aside needs and no more."""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from bot.cli import Aside
from bot.settings import Settings
from bot.transport import FINISH_SECONDS

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "docs" / "deploy" / "aside.service"
PAGES = ("operating", "running", "for-administrators")


def said() -> dict[str, list[str]]:
    """Each key with its values; of the whole file, whose sections have no key in common."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


def comments() -> str:
    """What its head tells to type, each command on one line."""
    lines = [line.removeprefix("#").strip() for line in UNIT.read_text("utf-8").splitlines() if line.startswith("#")]
    return "\n".join(lines).replace("\\\n", "")


def test_every_setting_that_is_named_is_one() -> None:
    """A typo would be a setting that nobody reads."""
    known = {f"ASIDE_{name}".upper() for name in Settings.model_fields}
    assert set(re.findall(r"\bASIDE_[A-Z_]+\b", UNIT.read_text("utf-8"))) <= known


def test_aside_writes_into_folders_that_systemd_makes_for_it() -> None:
    """The data and the cache, its own alone; all the rest can only be read."""
    unit = said()
    (line,) = unit["Environment"]
    environment = dict(each.split("=", 1) for each in line.split())
    assert environment == {
        "ASIDE_DATA": f"/var/lib/{unit['StateDirectory'][0]}",
        "ASIDE_CACHE": f"/var/cache/{unit['CacheDirectory'][0]}",
    }
    assert unit["WorkingDirectory"] == [environment["ASIDE_DATA"]]
    assert unit["StateDirectoryMode"] == unit["CacheDirectoryMode"] == ["0700"]
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["NoNewPrivileges"] == ["yes"]
    assert all(f"--setenv {name}={folder}" in comments() for name, folder in environment.items())


def test_it_starts_what_its_head_tells_to_install() -> None:
    """The program, its command, its user and its settings are those of the commands above it."""
    unit, told = said(), comments()
    program, command = unit["ExecStart"][0].split()
    assert command in Aside.modules
    assert f"python3 -m venv {Path(program).parents[1]}" in told
    assert f"{program} doctor" in told
    assert unit["User"] == unit["Group"] == re.findall(r"useradd .* (\w+)$", told, re.MULTILINE)
    (settings,) = unit["EnvironmentFile"]
    assert f"docs/deploy/aside.env.example {settings} " in told
    assert f"--property EnvironmentFile={settings} " in told
    named = set(re.findall(r"\bdocs/[\w./-]+\w", UNIT.read_text("utf-8")))
    assert {each for each in named if not (ROOT / each).is_file()} == set()


def test_it_begins_anew_after_a_failure_and_has_time_to_end() -> None:
    """As long as its three steps may take before it is killed; a child of ours is not told to stop before it is."""
    unit = said()
    assert (unit["Restart"], unit["KillMode"]) == (["on-failure"], ["mixed"])
    assert int(unit["TimeoutStopSec"][0]) > 3 * FINISH_SECONDS


@pytest.mark.parametrize("page", [f"{name}{tongue}.md" for name in PAGES for tongue in ("", ".zh-TW")])
def test_the_pages_for_whoever_runs_it_name_the_unit(page: str) -> None:
    """Nobody who reads how it is run has to write one."""
    assert "(deploy/aside.service)" in (ROOT / "docs" / page).read_text("utf-8")


@pytest.mark.slow
def test_systemd_understands_it(tmp_path: Path) -> None:
    """Each line, by systemd's own check; a program stands in for ours, which is not installed there."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd here")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text("utf-8").replace("ExecStart=/opt/aside/bin/aside", f"ExecStart={sys.executable}"))
    done = subprocess.run([analyze, "verify", copy], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
