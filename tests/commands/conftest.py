"""`aside` as a child process, as a person types it, beside a Slack of our own on a real port."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from sandbox.manifest import Manifest, load_manifest
from sandbox.server import Sandbox
from sandbox.world import World, load_world
from storage.importing import import_files

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "flow" / "files"
WORLD = ROOT / "sandbox" / "demo" / "world.yml"
MANIFEST = ROOT / "manifest.yml"
COMMAND = (sys.executable, "-m", "bot")


@contextmanager
def serving(world: World | None = None, manifest: Manifest | None = None) -> Iterator[Sandbox]:
    """A sandbox that answers while the test waits for a command."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    sandbox = Sandbox(world or load_world(WORLD), manifest or load_manifest(MANIFEST))
    asyncio.run_coroutine_threadsafe(sandbox.start(), loop).result(10)
    yield sandbox
    asyncio.run_coroutine_threadsafe(sandbox.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def slack() -> Iterator[Sandbox]:
    """The demo's workspace."""
    with serving() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def directory_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of five customers, made by the real import."""
    path = tmp_path_factory.mktemp("directory") / "directory.db"
    assert import_files(sorted(FILES.glob("*.csv")), path).swapped_in
    return path


class Aside:
    """The command with its environment."""

    def __init__(self, settings: dict[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ASIDE_")}
        self.environment = {**clean, "PYTHONUNBUFFERED": "1", **settings}

    def __call__(self, *args: str, typed: str | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; `typed` is what a person enters, `settings` override the environment for once."""
        return subprocess.run(
            [*COMMAND, *args],
            cwd=ROOT,
            env={**self.environment, **settings},
            input=typed or "",
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def start(self, *args: str, **settings: str) -> subprocess.Popen[str]:
        """Run on; the test ends it."""
        return subprocess.Popen(
            [*COMMAND, *args],
            cwd=ROOT,
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder."""
    return tmp_path / "data"


@pytest.fixture
def aside(slack: Sandbox, directory_file: Path, data: Path) -> Aside:
    """The command, pointed at the demo's workspace."""
    return Aside(
        {
            "ASIDE_DATA": str(data),
            "ASIDE_DIRECTORY": str(directory_file),
            "ASIDE_SLACK_API_URL": slack.api_url,
            "ASIDE_SLACK_BOT_TOKEN": "xoxb-sandbox",
            "ASIDE_SLACK_APP_TOKEN": "xapp-sandbox",
        }
    )


def said(done: subprocess.CompletedProcess[str]) -> tuple[int, list[str]]:
    """How a command that failed ended: its exit code and what it said; it printed nothing else."""
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()
