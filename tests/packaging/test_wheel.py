"""What is installed is whole: a wheel runs without the tree it was built from."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_an_installed_wheel_holds_all_that_the_commands_need(tmp_path: Path) -> None:
    """Packages, playbook, words, manifest and the demo's page come along."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", ".aside", "build", "*.egg-info"))
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path / "wheels"), str(tree)]
    subprocess.run([*pip, *build], check=True, cwd=tmp_path)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    home = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(home), str(wheel)], check=True, cwd=tmp_path)
    look = (
        "import bot, bot.app, bot.cli_demo, bot.cli_doctor, bot.settings as s, bot.i18n as i, pathlib, sys;"
        "assert bot.__file__.startswith(sys.argv[1]), bot.__file__;"
        "assert s.MANIFEST.read_text('utf-8').startswith('#');"
        "assert bot.cli_demo.WORLD.is_file();"
        "assert (bot.cli_demo.WORLD.parents[1] / 'page' / 'index.html').is_file();"
        "assert (pathlib.Path(sys.argv[1]) / 'storage' / 'migrations' / 'env.py').is_file();"
        "print(i.words('zh-TW')('Approve'))"
    )
    environment = {"PYTHONPATH": str(home), "PATH": "", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", look, str(home)],
        check=True,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "核准"
    checked = subprocess.run(
        [sys.executable, "-m", "bot", "playbook", "check"],
        check=True,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert checked.stdout.startswith("ok")
