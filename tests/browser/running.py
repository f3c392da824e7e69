"""The sandbox and the bot, each a process of its own, as `aside demo` runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot.cli_demo import APP_TOKEN, BOT_TOKEN, ROOT, WORLD
from bot.demo import seed
from bot.settings import MANIFEST, Settings
from sandbox.demo_data import write_demo_data
from storage.importing import import_files
from tests.fresh import ON_SERVER, asked_at, url_at
from tests.judges.published import Record

Json = dict[str, Any]

STARTS_WITHIN = 90
WORK = ("cases", "facts", "exceptions", "opportunities", "audit", "advice", "ratings", "settings", "messages")


@dataclass(frozen=True)
class Demo:
    """A running sandbox with the bot in it.

    Attributes:
        url: The page's address, without the slash at its end.
        casebook: The bot's SQLite file; on a server, what stands for it.
        address: Where the bot's casebook is.
    """

    url: str
    casebook: Path
    address: str

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """What the casebook holds in one of its tables."""
        return sorted(asked_at(self.address, f"SELECT * FROM {table}"), key=repr)  # noqa: S608 - our own names

    def work(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the bot knows of its cases, and what was set up."""
        return {table: [row for row in self.rows(table) if "alive_at" not in row] for table in WORK}


@contextmanager
def aside_demo(folder: Path, *more: str) -> Iterator[Demo]:
    """`aside demo`, as anybody would start it, with more options or without."""
    command = (sys.executable, "-m", "bot", "demo", "--port", "0", *more)
    with _judged(folder) as log, _child(command, "Open http", ASIDE_DATA=str(folder), SANDBOX_LOG=str(log)) as line:
        casebook = folder / "demo" / "data" / "casebook.db"
        yield Demo(_address(line), casebook, f"sqlite:///{casebook}")


@contextmanager
def demo_in(world: Json, folder: Path, *, locale: str) -> Iterator[Demo]:
    """The same three parts as in `aside demo`, on another world, and on a server where the casebooks are on one."""
    casebook = folder / "casebook.db"
    address = url_at(casebook) if ON_SERVER else f"sqlite:///{casebook}"
    file = _prepare(world, folder, address, english=locale.startswith("en"))
    page = (sys.executable, "-m", "sandbox", "--world", str(file), "--manifest", str(MANIFEST), "--port", "0")
    with _judged(folder) as log, _child((*page, "--locale", locale, "--log", str(log)), "http") as line:
        url = _address(line)
        settings = {
            "ASIDE_DATA": str(folder),
            "ASIDE_DATABASE_URL": address,
            "ASIDE_SLACK_API_URL": f"{url}/api/",
            "ASIDE_SLACK_BOT_TOKEN": BOT_TOKEN,
            "ASIDE_SLACK_APP_TOKEN": APP_TOKEN,
        }
        with _child((sys.executable, "-m", "bot", "run"), "listening", **settings):
            yield Demo(url, casebook, address)


@contextmanager
def _judged(folder: Path) -> Iterator[Path]:
    """A file for what goes over the wire; in the end all that the bot said in it is held to Slack's types."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "wire.jsonl"
    yield log
    record = Record()
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert any(entry["dir"] == "call" for entry in entries)
    for entry in entries:
        record.note(entry)
    record.check()


def _prepare(world: Json, folder: Path, address: str, *, english: bool) -> Path:
    """What `aside demo` lays out before it starts, and the world's file."""
    folder.mkdir(parents=True)
    today = datetime.now(ZoneInfo("Asia/Taipei")).date()
    import_files(sorted(write_demo_data(folder / "files", today, english=english)), folder / "directory.db")
    seed(Settings(data=folder, database_url=address), datetime.now(UTC), english=english)
    file = folder / "world.yml"
    file.write_text(yaml.safe_dump(world, allow_unicode=True), encoding="utf-8")
    return file


def demo_world() -> Json:
    """The demo's world."""
    world: Json = yaml.safe_load(WORLD.read_text(encoding="utf-8"))
    return world


@contextmanager
def _child(command: tuple[str, ...], sign: str, **environment: str) -> Iterator[str]:
    """A process of its own group, once it has printed a line with the sign in it; that line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASIDE_")}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**kept, "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: SimpleQueue[str] = SimpleQueue()
    listener = Thread(target=_listen, args=(process.stdout, said), daemon=True)
    listener.start()
    try:
        yield _line_with(sign, said)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        listener.join()
        _show(said)


def _listen(stdout: IO[str], said: SimpleQueue[str]) -> None:
    with stdout:
        for line in stdout:
            said.put(line)
    said.put("")


def _line_with(sign: str, said: SimpleQueue[str]) -> str:
    until = time.monotonic() + STARTS_WITHIN
    try:
        while line := said.get(timeout=max(0.0, until - time.monotonic())):
            print(line, end="")  # noqa: T201 - pytest shows it beside a failure
            if sign in line:
                return line
    except Empty:
        pytest.fail(f"It did not say {sign!r} within {STARTS_WITHIN} seconds.")
    pytest.fail(f"It ended before it said {sign!r}.")


def _show(said: SimpleQueue[str]) -> None:
    with suppress(Empty):
        while True:
            print(said.get_nowait(), end="")  # noqa: T201 - the same


def _address(line: str) -> str:
    return line[line.index("http") :].strip().rstrip("/")
