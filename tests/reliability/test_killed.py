"""`kill -9` in the middle of the loop: started again, nothing is lost and nothing is doubled.

The bot is a process of its own on files of its own. It is killed the moment Slack has heard its n-th call, for every n
of the whole loop (`make test-kill`); the default suite kills it at a few of them.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.settings import PACKAGED_PLAYBOOK, Settings
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, SHARED, SUCCESSOR, SUPERVISOR
from tests.flow.test_goodwill import FORM, button_in
from tests.sandbox.stage import Json, Refused, Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

MOST_CALLS = 28
EVERY_CALL = range(1, MOST_CALLS + 1)
CALLS = EVERY_CALL if os.environ.get("ASIDE_KILL_EVERYWHERE") else (4, 9, 13, 17, 21)
FLOW_SECONDS = 120
TRY_SECONDS = 3.0


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
            "ASIDE_DIRECTORY": str(settings.directory),
            "ASIDE_SLACK_API_URL": settings.slack_api_url,
            "ASIDE_SLACK_BOT_TOKEN": settings.slack_bot_token.get_secret_value(),
            "ASIDE_SLACK_APP_TOKEN": settings.slack_app_token.get_secret_value(),
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


async def insist(seat: Seat, deed: str, until: str, **body: object) -> Json:
    """Do it again until its effect is seen, as a person would whose click was lost."""
    while True:
        with suppress(Refused):
            await seat.do(deed, **body)
        with suppress(TimeoutError):
            async with asyncio.timeout(TRY_SECONDS):
                return await seat.sees(until)


async def submit(seat: Seat, view_id: str) -> None:
    """Send a window off until it is taken."""
    while True:
        with suppress(Refused):
            await seat.do("submit", view_id=view_id, values=FORM)
            return
        await asyncio.sleep(0.2)


async def play(stage: Stage) -> dict[str, Seat]:
    """A fault, a request, an approval, from whoever's seat; lost clicks are made again."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, SUCCESSOR)}
    customer, agent, supervisor = seats[CUSTOMER], seats[AGENT], seats[SUPERVISOR]
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來，出貨全部卡住")
    await agent.say(SHARED, "我先看一下，請問是哪幾台？", thread_ts=ts)
    await seats[SUCCESSOR].sees("message")
    opened = await insist(agent, "shortcut", "view_opened", callback_id="ask_exception", channel=SHARED, ts=ts)
    await submit(agent, opened["view"]["id"])
    card = (await supervisor.sees("message", lambda push: push["channel"] == APPROVALS))["message"]
    container = {"type": "message", "channel": APPROVALS, "ts": card["ts"]}
    await insist(
        supervisor,
        "action",
        "message_changed",
        container=container,
        action=button_in(card, "approve_exception"),
    )
    await agent.sees("message", is_the_decision)
    return seats


def is_the_decision(push: Json) -> bool:
    """The news of a decision, not the word that a window did not open: after a kill the trigger may be spent."""
    return push["channel"].startswith("D") and bool(push["message"].get("blocks"))


def rows(settings: Settings, question: str) -> list[Any]:
    """Ask the casebook."""
    with sqlite3.connect(settings.data / "casebook.db") as connection:
        return connection.execute(question).fetchall()


@pytest.mark.parametrize("calls", CALLS)
async def test_killed_at_any_call_it_takes_up_where_it_was(settings: Settings, stage: Stage, calls: int) -> None:
    """Rows and visible messages exactly once, ephemerals at most once."""
    victim = Victim(settings, stage, calls)
    await victim.start()
    watching = asyncio.create_task(victim.watch())
    try:
        async with asyncio.timeout(FLOW_SECONDS):
            seats = await play(stage)
            await watching
            await settled(settings)
    finally:
        watching.cancel()
        await victim.kill()
    approvals = [push for push in seats[SUPERVISOR].of("message") if push["channel"] == APPROVALS]
    assert len(approvals) == 1
    assert len(seats[SUCCESSOR].of("message")) == 1
    assert len([push for push in seats[AGENT].of("message") if is_the_decision(push)]) == 1
    assert rows(settings, "SELECT state FROM exceptions") == [("approved",)]
    assert rows(settings, "SELECT move FROM audit WHERE subject = 'exception' ORDER BY seq") == [("ask",), ("approve",)]
    assert rows(settings, "SELECT count(*) FROM opportunities") == [(1,)]
    assert rows(settings, "SELECT count(*) FROM cases") == [(1,)]
    assert rows(settings, "SELECT count(*) FROM messages") == [(2,)]
    shown = [str(push["message"].get("blocks")) for push in seats[AGENT].of("ephemeral")]
    assert len(shown) == len(set(shown))
    assert not seats[CUSTOMER].of("ephemeral")


async def test_every_call_of_the_loop_is_one_at_which_it_is_killed(settings: Settings, stage: Stage) -> None:
    """`make test-kill` leaves no call out."""
    victim = Victim(settings, stage, calls=MOST_CALLS + 1)
    await victim.start()
    try:
        async with asyncio.timeout(FLOW_SECONDS):
            await play(stage)
            await settled(settings)
    finally:
        await victim.kill()
    assert calls_heard(stage) == MOST_CALLS


async def settled(settings: Settings) -> None:
    """Wait until nothing is left to work on or to send."""
    open_rows = (
        "SELECT (SELECT count(*) FROM inbox WHERE state = 'new')"
        " + (SELECT count(*) FROM outbox WHERE state IN ('due', 'sending'))"
    )
    while rows(settings, open_rows) != [(0,)]:  # noqa: ASYNC110 - the other process has no event to wait for
        await asyncio.sleep(0.05)
