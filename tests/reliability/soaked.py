"""The process under a soak, and what is seen of it from outside."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.flow.conftest import free_port
from tests.reliability.killing import open_at_all_hours
from tests.standin import SECRET, TOKEN

ROOT = Path(__file__).parents[2]
KILOBYTE, MEGABYTE = 1024, 1024 * 1024
START_SECONDS = 300
END_SECONDS = 60
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Sample:
    """What the process held once so many events had come.

    Attributes:
        memory: Its own in megabytes: what it maps of files, as of an encoder's, others share and the system may drop.
        log: The database's write-ahead log, in megabytes.
    """

    events: int
    memory: float
    files: int
    threads: int
    tasks: int
    log: float


class Worker:
    """One real `aside run` over HTTP on a casebook of its own."""

    def __init__(self, data: Path, directory: Path, api_url: str) -> None:
        self.casebook = data / "casebook.db"
        self._answer = data / "held.json"
        self._log = data / "errors.log"
        self._port = free_port()
        self._process: Process | None = None
        self._environment = {
            **os.environ,
            "ASIDE_DATA": str(data),
            "ASIDE_DATABASE_URL": "",
            "ASIDE_DIRECTORY": str(directory),
            "ASIDE_PLAYBOOK": str(open_at_all_hours(data.parent / "playbook")),
            "ASIDE_SLACK_API_URL": api_url,
            "ASIDE_SLACK_BOT_TOKEN": TOKEN,
            "ASIDE_SLACK_APP_TOKEN": "",
            "ASIDE_SLACK_SIGNING_SECRET": SECRET,
            "ASIDE_HTTP_PORT": str(self._port),
            "ASIDE_LOG_LEVEL": "error",
        }

    @property
    def url(self) -> str:
        """Where it hears Slack."""
        return f"http://127.0.0.1:{self._port}/slack/events"

    async def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "tests.reliability.watched", str(self._answer), "run"]
        self._process = await asyncio.create_subprocess_exec(
            *command, env=self._environment, cwd=ROOT, stdout=PIPE, stderr=self._log.open("ab")
        )
        assert self._process.stdout
        line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
        if not line:
            raise RuntimeError("Aside did not start.")

    async def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), END_SECONDS)

    def kill(self) -> None:
        """Kill it, if it is still there."""
        if self._process and self._process.returncode is None:
            self._process.kill()

    def errors(self) -> list[str]:
        """What it logged."""
        return self._log.read_text("utf-8").splitlines()

    def look(self) -> tuple[float, int, int, float]:
        """Its memory, open files, threads and the database's log, as they are now."""
        assert self._process
        there = Path(f"/proc/{self._process.pid}")
        lines = (there / "status").read_text("utf-8").splitlines()
        (own,) = (int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))
        files, threads = len(list((there / "fd").iterdir())), len(list((there / "task").iterdir()))
        log = self.casebook.with_name("casebook.db-wal")
        return own * KILOBYTE / MEGABYTE, files, threads, (log.stat().st_size if log.exists() else 0) / MEGABYTE

    async def sample(self, events: int) -> Sample:
        """The same, and what only it knows of itself."""
        assert self._process
        self._answer.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        latest = time.monotonic() + ANSWER_SECONDS
        while not self._answer.exists() and time.monotonic() < latest:  # noqa: ASYNC110 - a process has no event
            await asyncio.sleep(0.01)
        held = json.loads(self._answer.read_text("utf-8"))
        memory, files, threads, log = self.look()
        return Sample(events, memory, files, threads, held["tasks"], log)

    def asked(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """Ask its casebook in SQL, while it is at work on it."""
        with closing(sqlite3.connect(f"file:{self.casebook}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(question, values).fetchall()

    def number(self, question: str, *values: object) -> int:
        """The same, for one number."""
        return int(str(self.asked(question, *values)[0][0]))


def rise(samples: Sequence[tuple[float, float]]) -> float:
    """By how much the straight line that lies nearest to these points rises from the first to the last."""
    middle_x = sum(x for x, _ in samples) / len(samples)
    middle_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - middle_x) ** 2 for x, _ in samples)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in samples) / spread if spread else 0.0
    return slope * (samples[-1][0] - samples[0][0])
