"""Socket Mode: several connections; Slack cuts each now and then, and nobody notices."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.socket_mode import SocketMode
from bot.transport import Heard
from tests.flow.conftest import AGENT, DESK, HTTP, WORKSPACE
from tests.sandbox.stage import Json, Seat, Stage, until

pytestmark = pytest.mark.skipif(HTTP, reason="about Socket Mode alone: played by make test")


class Ear:
    """A Bolt app that keeps what it hears; it may take its time."""

    def __init__(self, stage: Stage) -> None:
        self.heard: list[str] = []

        async def authorize() -> AuthorizeResult:
            return AuthorizeResult(enterprise_id=None, team_id=WORKSPACE, bot_token="xoxb-sandbox")

        self.app = AsyncApp(name="ear", client=stage.client, authorize=authorize, process_before_response=True)
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

        @self.app.event("message")
        async def note(event: Json) -> None:
            self.begun.set()
            await self.go_on.wait()
            self.heard.append(event["text"])

        @self.app.command("/warranty")
        async def answer(ack: AsyncAck) -> None:
            await ack()


@pytest.fixture
async def ear(stage: Stage) -> Ear:
    """An app that listens."""
    return Ear(stage)


@pytest.fixture
async def agent(stage: Stage) -> Seat:
    """Somebody who says things."""
    return await stage.seat(AGENT)


@pytest.fixture
async def sockets(stage: Stage, ear: Ear) -> AsyncIterator[SocketMode]:
    """Three connections."""
    made = SocketMode(ear.app, stage.app_token, 3)
    await made.start()
    yield made
    await made.stop()


def held(stage: Stage) -> int:
    """How many connections Slack counts."""
    return stage.sandbox.workspace.socket.connections


async def log(seat: Seat) -> list[Json]:
    """What went over the wire."""
    return list((await seat.get("log"))["entries"])


async def test_each_event_is_heard_once_on_one_of_them(
    stage: Stage, ear: Ear, sockets: SocketMode, agent: Seat
) -> None:
    """Slack hands each to one connection, and hears "ok" on that one."""
    assert (held(stage), await sockets.connections()) == (3, 3)
    for number in range(7):
        await agent.say(DESK, str(number))
    await stage.settled()
    assert sorted(ear.heard) == [str(number) for number in range(7)]
    assert [entry for entry in await log(agent) if entry["error"]] == []


async def test_a_connection_is_renewed_before_it_is_cut(
    stage: Stage, ear: Ear, sockets: SocketMode, agent: Seat
) -> None:
    """Whoever types meanwhile is answered, and no event has to come twice."""
    cutting = asyncio.create_task(stage.admin("disconnect_app", warned=0.5))
    said = 0
    while not cutting.done():
        await agent.say(DESK, str(said))
        await agent.do("command", channel=DESK, text="/warranty x")
        said += 1
    await cutting
    await until(lambda: held(stage) == 3)
    await agent.do("command", channel=DESK, text="/warranty x")
    await stage.settled()
    assert said
    assert sorted(ear.heard) == sorted(str(number) for number in range(said))
    assert [entry for entry in await log(agent) if entry["error"]] == []


async def test_a_connection_that_is_cut_at_once_comes_back(
    stage: Stage, ear: Ear, sockets: SocketMode, agent: Seat
) -> None:
    """What was said in between comes again; that there was a gap is remembered once."""
    found = [await sockets.heard()]
    await stage.admin("disconnect_app")
    found.append(await sockets.heard())
    await agent.say(DESK, "anybody?")
    await until(lambda: held(stage) == 3)
    await stage.settled()
    found += [await sockets.heard(), await sockets.heard()]
    assert ear.heard == ["anybody?"]
    assert found == [Heard.ALL, Heard.NOTHING, Heard.AFTER_A_GAP, Heard.ALL]


async def test_what_is_in_hand_is_acknowledged_before_the_connections_close(
    stage: Stage, ear: Ear, sockets: SocketMode, agent: Seat
) -> None:
    """Told to stop, so that Slack does not send it again."""
    ear.go_on.clear()
    await agent.say(DESK, "one moment")
    await ear.begun.wait()
    stopping = asyncio.create_task(sockets.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    ear.go_on.set()
    await stopping
    await stage.settled()
    assert ear.heard == ["one moment"]
    assert held(stage) == 0
    assert [entry for entry in await log(agent) if entry["error"]] == []
