"""`aside` as a person types it, beside a Slack of our own on a real port."""

import asyncio
import io
import logging
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from threading import Thread
from unittest import mock

import pytest
import structlog

from sandbox.manifest import Manifest, load_manifest
from sandbox.server import Sandbox
from sandbox.world import World, load_world
from storage.importing import import_files
from tests.fresh import ON_SERVER, url_at
from tests.judges.published import Record

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "flow" / "files"
WORLD = ROOT / "sandbox" / "demo" / "world.yml"
MANIFEST = ROOT / "manifest.yml"
TINY = ROOT / "tests" / "playbook" / "tiny"
COMMAND = (sys.executable, "-m", "bot")


@contextmanager
def serving(world: World | None = None, manifest: Manifest | None = None) -> Iterator[Sandbox]:
    """A sandbox that answers while the test waits for a command."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    sandbox = Sandbox(world or load_world(WORLD), manifest or load_manifest(MANIFEST))
    asyncio.run_coroutine_threadsafe(sandbox.start(), loop).result(10)
    record = Record()
    sandbox.workspace.log.watch(record.note)
    yield sandbox
    asyncio.run_coroutine_threadsafe(sandbox.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    record.check()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


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
        self.environment = {**clean, "PYTHONUNBUFFERED": "1", "COLUMNS": "80", **settings}

    def __call__(self, *args: str, typed: str | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; `typed` is what a person enters, `settings` override the environment for once.

        It is what `python -m bot` runs, from the first line on and with streams of its own, but in this process: to
        start another and load everything into it takes two seconds. What a process would take with it is undone.
        """
        with _as_in_a_process({**self.environment, **settings}, typed or "") as (out, err):
            try:
                with mock.patch.object(sys, "argv", ["aside", *args]):
                    runpy.run_module("bot", run_name="__main__", alter_sys=True)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            else:
                code = 0
            printed = [stream.getvalue().decode() for stream in (out, err)]
        return subprocess.CompletedProcess([*COMMAND, *args], code, *printed)

    def in_a_process(self, *args: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run to the end as a process of its own, beside one that already runs."""
        return subprocess.run(
            [*COMMAND, *args],
            cwd=ROOT,
            env={**self.environment, **settings},
            input="",
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


@contextmanager
def _as_in_a_process(environment: dict[str, str], typed: str) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Its own environment, folder, streams and commands; afterwards all is as it was, signals and logs as well."""
    signals = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    commands = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("bot.cli")}
    handlers, level = logging.root.handlers, logging.root.level
    out, err = io.BytesIO(), io.BytesIO()
    entered = io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="utf-8")
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, environment, clear=True))
        stack.enter_context(chdir(ROOT))
        stack.enter_context(mock.patch.object(sys, "stdin", entered))
        stack.enter_context(redirect_stdout(io.TextIOWrapper(out, encoding="utf-8", write_through=True)))
        stack.enter_context(redirect_stderr(io.TextIOWrapper(err, encoding="utf-8", write_through=True)))
        logging.root.handlers = []
        try:
            yield out, err
        finally:
            logging.root.handlers = handlers
            logging.root.setLevel(level)
            structlog.reset_defaults()
            sys.modules.update(commands)
            for number, handler in signals.items():
                signal.signal(number, handler)


def casebook_url(data: Path) -> str:
    """Where the casebook of a data folder is, whether there is one yet or not."""
    return url_at(data / "casebook.db") if ON_SERVER else f"sqlite:///{data / 'casebook.db'}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder."""
    return tmp_path / "data"


@pytest.fixture
def aside(slack: Sandbox, directory_file: Path, data: Path) -> Aside:
    """The command, pointed at the demo's workspace, with a playbook that is read in no time."""
    return Aside(
        {
            "ASIDE_PLAYBOOK": str(TINY),
            "ASIDE_DATA": str(data),
            "ASIDE_DATABASE_URL": casebook_url(data) if ON_SERVER else "",
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
