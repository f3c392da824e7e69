"""A support manager edits the playbook while the bot talks to people."""

import asyncio
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.i18n import words
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings
from tests.flow.conftest import AGENT, CUSTOMER, SHARED, SUPERVISOR, Bot, texts, whispers
from tests.flow.test_home import home
from tests.sandbox.stage import Seat, Stage

pytestmark = pytest.mark.slow

NOT_TAKEN = words("zh-TW")("⚠️ The latest edit of the playbook was not accepted. Aside keeps to the version before it.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The coach's own copy of the packaged playbook, which says the same again as soon as it is asked."""
    copy = Path(shutil.copytree(PACKAGED_PLAYBOOK, tmp_path / "playbook"))
    rewrite(copy / "policy.yaml", "cooldown_seconds: 180", "cooldown_seconds: 0")
    rewrite(copy / "policy.yaml", "same_play_per_day: 3", "same_play_per_day: 30")
    return copy


@pytest.fixture
def settings(settings: Settings, folder: Path) -> Settings:
    """A bot that reads that copy."""
    return settings.model_copy(update={"playbook": folder})


def rewrite(file: Path, old: str, new: str) -> None:
    """Edit a file by hand, once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


async def logged(logs: list[EventDict], event: str) -> EventDict:
    """Wait until something was logged."""
    async with asyncio.timeout(120):
        while not (found := [each for each in logs if each["event"] == event]):  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.05)
    return found[-1]


async def asked(customer: Seat, agent: Seat) -> str:
    """A customer asks for secrecy; what the agent is whispered."""
    before = len(whispers(agent))
    await customer.say(SHARED, "這件事你幫我處理就好，不要讓你們公司知道，我們私下講")
    await agent.sees("ephemeral", lambda _: len(whispers(agent)) > before)
    return whispers(agent)[-1]


async def test_an_edit_is_whispered_a_broken_one_is_told_and_a_mended_one_taken(
    stage: Stage, folder: Path, bot: Bot
) -> None:
    """The new words come without a restart; a typo keeps the old ones and is told in log and App Home until mended."""
    customer, agent, supervisor = await stage.seat(CUSTOMER), await stage.seat(AGENT), await stage.seat(SUPERVISOR)
    file = folder / "zh-TW" / "plays.yaml"
    line = load_playbook(folder).words["zh-TW"].plays["asks_secrecy"].lines["open_way"]
    assert line in await asked(customer, agent)

    with capture_logs() as logs:
        rewrite(file, line, f"第一次改：{line}")
        await logged(logs, "playbook_taken")
    assert f"第一次改：{line}" in await asked(customer, agent)

    with capture_logs() as logs:
        rewrite(file, f"第一次改：{line}", f"第二次改：{{nmae}}{line}")
        event = await logged(logs, "playbook_edit_not_taken")
    assert "zh-TW/plays.yaml" in event["fault"]
    assert "{nmae} is none of the placeholders" in event["fault"]
    assert f"第一次改：{line}" in await asked(customer, agent)
    told = texts((await home(supervisor))["blocks"])
    assert NOT_TAKEN in told
    assert event["fault"] in told
    assert NOT_TAKEN not in texts((await home(agent))["blocks"])

    with capture_logs() as logs:
        rewrite(file, "{nmae}", "")
        await logged(logs, "playbook_taken")
    assert f"第二次改：{line}" in await asked(customer, agent)
    assert NOT_TAKEN not in texts((await home(supervisor))["blocks"])
