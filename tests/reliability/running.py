"""`aside run` as a process of its own that is asked to end in order."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from bot.settings import Settings
from tests.flow.conftest import enter_url, free_port
from tests.reliability.killing import open_at_all_hours

END_SECONDS = 25


class Running:
    """`aside run`, over one transport or the other; over HTTP alone, or behind an address that others share."""

    def __init__(self, settings: Settings, *, http: bool, is_alone: bool = True) -> None:
        self._is_alone = is_alone
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
        if self.http and self._is_alone:
            await enter_url(self.http)

    @property
    def address(self) -> str:
        """Where it hears Slack over HTTP."""
        return f"http://127.0.0.1:{self._environment['ASIDE_HTTP_PORT']}"

    async def kill(self) -> None:
        """Kill it."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), END_SECONDS)
