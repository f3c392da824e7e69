"""`aside run` as a process of its own on files of its own, killed in the middle of a story and started again."""

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.settings import PACKAGED_PLAYBOOK, Settings
from tests import fresh
from tests.sandbox import stage as stages
from tests.sandbox.stage import Seat, Stage

FLOW_SECONDS = 240 if fresh.ON_SERVER else 120
PATIENCE_SECONDS = 90 if fresh.ON_SERVER else stages.PATIENCE_SECONDS
"""A file has one worker, which takes up at once what it held; on a server that waits until the lease is over."""

TRY_SECONDS = 3.0

Seats = dict[str, Seat]
Play = Callable[[Settings, Stage], Awaitable[Seats]]


def open_at_all_hours(folder: Path) -> Path:
    """The packaged playbook with a desk that never closes: a process of its own lives in real time."""
    if not folder.exists():
        shutil.copytree(PACKAGED_PLAYBOOK, folder, ignore=shutil.ignore_patterns("*.npz", "*.py", "__pycache__"))
        policy = folder / "policy.yaml"
        text = policy.read_text("utf-8")
        for hours, always in (
            ("days: [mon, tue, wed, thu, fri]", "days: [mon, tue, wed, thu, fri, sat, sun]"),
            ('opens: "09:00"', 'opens: "00:00"'),
            ('closes: "18:00"', 'closes: "23:59:59"'),
            ("holidays: TW", 'holidays: ""'),
        ):
            assert hours in text
            text = text.replace(hours, always)
        policy.write_text(text, "utf-8")
    return folder


class Victim:
    """`aside run`, killed once when Slack has heard `calls` calls, and started again at once."""

    def __init__(self, settings: Settings, stage: Stage, calls: int) -> None:
        self._stage = stage
        self._calls = calls
        self._process: Process | None = None
        self.was_killed = False
        self._environment = {
            **os.environ,
            "ASIDE_DATA": str(settings.data),
            "ASIDE_PLAYBOOK": str(open_at_all_hours(settings.data.parent / "playbook")),
            "ASIDE_DATABASE_URL": settings.casebook_url,
            "ASIDE_DIRECTORY": str(settings.directory),
            "ASIDE_SLACK_API_URL": settings.slack_api_url,
            "ASIDE_SLACK_BOT_TOKEN": settings.slack_bot_token.get_secret_value(),
            "ASIDE_SLACK_APP_TOKEN": settings.slack_app_token.get_secret_value(),
            "ASIDE_SLACK_CONNECTIONS": "1",  # each start makes the same calls
            "ASIDE_LOG_LEVEL": "error",
        }

    async def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "bot", "run"]
        self._process = await asyncio.create_subprocess_exec(
            *command, env=self._environment, stdout=PIPE, stderr=DEVNULL
        )
        if self._process.stdout:
            await self._process.stdout.readline()

    async def kill(self) -> None:
        """Kill it."""
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def watch(self) -> None:
        """Kill it at its call, and start it again."""
        while not self.was_killed:
            if calls_heard(self._stage) >= self._calls:
                await self.kill()
                self.was_killed = True
                await self.start()
            await asyncio.sleep(0.002)


def calls_heard(stage: Stage) -> int:
    """How many calls Slack has heard."""
    return sum(1 for entry in stage.sandbox.workspace.log.since(0) if entry["dir"] == "call")


async def killed_at(calls: int, play: Play, settings: Settings, stage: Stage, *, may_be_fewer: bool = False) -> Seats:
    """Play a story to its end while the bot is killed when Slack has heard so many calls, and started again.

    Args:
        may_be_fewer: A story in which updates overtake each other may end before its last call is made.
    """
    victim = Victim(settings, stage, calls)
    await victim.start()
    watching = asyncio.create_task(victim.watch())
    try:
        with pytest.MonkeyPatch.context() as patience:
            patience.setattr(stages, "PATIENCE_SECONDS", PATIENCE_SECONDS)
            async with asyncio.timeout(FLOW_SECONDS):
                seats = await play(settings, stage)
                if may_be_fewer:
                    await settled(settings)
                if not may_be_fewer or calls_heard(stage) >= calls:
                    await watching
                await settled(settings)
    finally:
        watching.cancel()
        await victim.kill()
    return seats


async def calls_of(play: Play, settings: Settings, stage: Stage, most: int) -> int:
    """How many calls a story makes while nobody kills the bot, or before its call after the `most`th."""
    victim = Victim(settings, stage, calls=most + 1)
    await victim.start()
    try:
        async with asyncio.timeout(FLOW_SECONDS):
            await play(settings, stage)
            await settled(settings)
    finally:
        await victim.kill()
    return calls_heard(stage)


def is_said_once(seat: Seat) -> bool:
    """Whether no whisper was shown to somebody a second time."""
    shown = [str(push["message"].get("blocks")) for push in seat.of("ephemeral")]
    return len(shown) == len(set(shown))


def rows(settings: Settings, question: str) -> list[Any]:
    """Ask the casebook."""
    return fresh.asked(settings, question)


async def settled(settings: Settings) -> None:
    """Wait until nothing is left to work on or to send."""
    open_rows = (
        "SELECT (SELECT count(*) FROM inbox WHERE state = 'new')"
        " + (SELECT count(*) FROM outbox WHERE state IN ('due', 'sending'))"
    )
    while rows(settings, open_rows) != [(0,)]:  # noqa: ASYNC110 - the other process has no event to wait for
        await asyncio.sleep(0.05)
