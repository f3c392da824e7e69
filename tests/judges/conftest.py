"""The judges start fresh for each test; where one cannot run, its tests are skipped with the reason."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings
from bot.setup import RoleSource
from tests.flow.conftest import DEPUTY, SETUP, SUPERVISOR, Bot, save_setup
from tests.judges.local_slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, LocalSlack, running
from tests.judges.npm import OutOfReach
from tests.judges.stage import JudgeStage
from tests.reliability.killing import open_at_all_hours, settled
from tests.server import server

ASIDE = Path(sys.executable).with_name("aside")
BY_NAME = SETUP.model_copy(update={"supervisors": RoleSource(users=(SUPERVISOR, DEPUTY))})
"""The setup of the flow tests in a Slack without user groups."""


@contextlib.contextmanager
def local_slack(*, http: bool) -> Iterator[LocalSlack]:
    """A running local-slack; without one the test is skipped."""
    with contextlib.ExitStack() as stack:
        try:
            slack = stack.enter_context(running(http=http))
        except OutOfReach as reason:
            pytest.skip(str(reason))
        yield slack


@pytest.fixture
def slack(request: pytest.FixtureRequest) -> Iterator[LocalSlack]:
    """A stand-in for Slack that nobody here wrote; with `http` as its parameter it calls the bot over HTTP."""
    with local_slack(http=getattr(request, "param", "") == "http") as made:
        yield made


class JudgedBot(Bot):
    """`aside run` in local-slack's namespace; it can be stopped and started again on the same files."""

    def __init__(self, settings: Settings, slack: LocalSlack) -> None:
        super().__init__(settings)
        self._slack = slack
        self._environment = {
            **slack.settings,
            "ASIDE_DATA": str(settings.data),
            "ASIDE_DATABASE_URL": settings.database_url,
            "ASIDE_DIRECTORY": str(settings.directory),
            "ASIDE_PLAYBOOK": str(open_at_all_hours(settings.data.parent / "playbook")),
            "ASIDE_LOG_LEVEL": "error",
        }

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._slack.inside.start("aside", [str(ASIDE), "run"], self._environment)
        await asyncio.to_thread(self._slack.wait_until_said, "aside", "Aside is listening")

    async def stop(self) -> None:
        """Ask it to end."""
        await asyncio.to_thread(self._slack.inside.stop, "aside")

    def said(self) -> str:
        """What it printed."""
        return self._slack.inside.said("aside")


class Judged:
    """A story's arguments: a stage, a bot at work, its settings."""

    def __init__(self, stage: JudgeStage, bot: JudgedBot) -> None:
        self.stage = stage
        self.bot = bot
        self.settings = bot.settings


@pytest.fixture
async def judged(request: pytest.FixtureRequest, directory_file: Path, tmp_path: Path) -> AsyncIterator[Judged]:
    """local-slack, and the bot at work in it; the parameter says how it is heard and where its casebook is."""
    transport, engine = request.param
    database = server().new() if engine == "postgresql" else ""
    data = tmp_path / "data"
    data.mkdir()
    with local_slack(http=transport == "http") as slack:
        settings = Settings(
            data=data,
            directory=directory_file,
            database_url=server().url(database) if database else f"sqlite:///{data / 'casebook.db'}",
            slack_bot_token=SecretStr(BOT_TOKEN),
            slack_app_token=SecretStr("" if transport == "http" else APP_TOKEN),
            slack_signing_secret=SecretStr(SIGNING_SECRET if transport == "http" else ""),
        )
        save_setup(settings, BY_NAME)
        bot = JudgedBot(settings, slack)
        async with JudgeStage(slack.inside, lambda: settled(settings)) as stage:
            await bot.start()
            yield Judged(stage, bot)
            await bot.stop()
            stage.record.check()
    if database:
        server().give_back(database)
