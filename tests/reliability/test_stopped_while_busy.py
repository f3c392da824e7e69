"""`aside run` told to end while events come in: it ends soon, in order, and nothing of what was said is lost."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.flow.conftest import AGENT, CUSTOMER, SHARED, enter_url, free_port
from tests.fresh import asked
from tests.reliability.killing import is_said_once, open_at_all_hours
from tests.sandbox.stage import Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

MESSAGES = 80
STOP_AFTER = (20, 50)
"""The bot is stopped after so many messages, while more are being said, and started again."""
END_SECONDS = 25


class Running:
    """`aside run`, over one transport or the other."""

    def __init__(self, settings: Settings, *, http: bool) -> None:
        self.http = settings.model_copy(update={"http_port": free_port()}) if http else None
        secret = {"ASIDE_SLACK_SIGNING_SECRET": "sandbox"} if http else {"ASIDE_SLACK_APP_TOKEN": "xapp-sandbox"}
        self._environment = {
            **os.environ,
            "ASIDE_DATA": str(settings.data),
            "ASIDE_DATABASE_URL": settings.database_url,
            "ASIDE_DIRECTORY": str(settings.directory),
            "ASIDE_PLAYBOOK": str(open_at_all_hours(settings.data.parent / "playbook")),
            "ASIDE_SLACK_API_URL": settings.slack_api_url,
            "ASIDE_SLACK_BOT_TOKEN": "xoxb-sandbox",
            "ASIDE_HTTP_PORT": str(self.http.port) if self.http else "0",
            "ASIDE_LOG_LEVEL": "error",
            **secret,
        }
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "bot", "run"]
        self._process = await asyncio.create_subprocess_exec(
            *command, env=self._environment, cwd=Path(__file__).parents[2], stdout=PIPE, stderr=DEVNULL
        )
        assert self._process.stdout
        assert await self._process.stdout.readline()
        if self.http:
            await enter_url(self.http)

    async def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), END_SECONDS)


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_what_is_said_while_it_ends_is_worked_on_once(stage: Stage, settings: Settings, *, http: bool) -> None:
    """Two ends in a stream of messages: each is worked on once, no entry stays held, and no whisper is shown twice."""
    stage.sandbox.workspace.state.manifest.settings.socket_mode_enabled = not http
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    bot = Running(settings, http=http)
    await bot.start()
    talking = asyncio.create_task(_talk(customer))
    for number in STOP_AFTER:
        while len(_said(customer)) < number:  # noqa: ASYNC110 - a person's talk has no event of its own
            await asyncio.sleep(0.01)
        assert await bot.stop() == 0
        assert asked(settings, "SELECT count(*) FROM inbox WHERE state = 'new' AND lease_until > 0") == [(0,)]
        assert asked(settings, "SELECT count(*) FROM outbox WHERE state = 'sending'") == [(0,)]
        await bot.start()
    await talking
    async with asyncio.timeout(60):
        while len(_kept(settings)) < MESSAGES:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.1)
    await stage.settled()
    assert await bot.stop() == 0
    assert sorted(_kept(settings)) == sorted(_said(customer))
    assert asked(settings, "SELECT count(*) FROM inbox WHERE state = 'failed'") == [(0,)]
    assert is_said_once(agent)


async def _talk(customer: Seat) -> None:
    for number in range(MESSAGES):
        await customer.say(SHARED, f"第 {number} 台 POS 開不了機")
        await asyncio.sleep(0.03)


def _said(customer: Seat) -> list[str]:
    return [push["message"]["text"] for push in customer.of("message") if push["message"].get("user") == CUSTOMER]


def _kept(settings: Settings) -> list[str]:
    return [text for (text,) in asked(settings, "SELECT text FROM messages")]
