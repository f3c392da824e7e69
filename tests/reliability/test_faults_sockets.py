"""Socket Mode when the other end is gone without a word: nothing is closed, and nothing comes any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from bot.socket_mode import SocketMode
from bot.transport import Heard
from tests.flow.conftest import AGENT, DESK, HTTP
from tests.flow.test_connections import Ear
from tests.sandbox.stage import Stage, until

pytestmark = pytest.mark.skipif(HTTP, reason="about Socket Mode alone: played by make test")
pytest_plugins = ["tests.flow.conftest"]


class Cable:
    """A TCP proxy before Slack; pulled out, it holds what is open and passes nothing on, as a dead router does."""

    def __init__(self, url: str) -> None:
        at = urlsplit(url)
        self._there = (at.hostname or "127.0.0.1", at.port or 80)
        self._server: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._passing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []
        self.opened = 0

    async def start(self) -> str:
        """Listen; the address."""
        self._server = await asyncio.start_server(self._through, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def pull(self) -> None:
        """Whatever is open now says nothing more, ever; neither end hears that it is over."""
        self._passing.clear()
        self._passing = asyncio.Event()
        self._passing.set()

    async def stop(self) -> None:
        """Listen no more."""
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*(end.wait_closed() for end in self._ends), return_exceptions=True)

    async def _through(self, ours: asyncio.StreamReader, to_us: asyncio.StreamWriter) -> None:
        self.opened += 1
        passing = self._passing
        theirs, to_them = await asyncio.open_connection(*self._there)
        self._ends += [to_us, to_them]
        for source, sink in ((ours, to_them), (theirs, to_us)):
            task = asyncio.create_task(self._pump(source, sink, passing))
            self._tasks.add(task)

    @staticmethod
    async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, passing: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while said := await source.read(65_536):
                await passing.wait()
                sink.write(said)
                await sink.drain()
            if passing.is_set():
                sink.close()


@pytest.fixture
async def cable(stage: Stage) -> AsyncIterator[Cable]:
    """The cable."""
    made = Cable(stage.sandbox.url)
    yield made
    await made.stop()


@pytest.mark.slow  # aiohttp waits ten seconds for a farewell from the other end
async def test_a_connection_whose_other_end_is_gone_without_a_word_is_opened_anew(stage: Stage, cable: Cable) -> None:
    """Nobody closed it; that no ping is answered tells. What was said meanwhile comes once, and the gap is known."""
    ear = Ear(stage)
    address = await cable.start()
    stage.sandbox.workspace.url, direct = address, stage.sandbox.workspace.url
    sockets = SocketMode(ear.app, stage.app_token, 1, ping_seconds=0.4)
    try:
        await sockets.start()
        assert await sockets.heard() is Heard.ALL
        agent = await stage.seat(AGENT)
        cable.pull()
        await agent.say(DESK, "anybody?")
        await until(lambda: ear.heard == ["anybody?"])
        assert cable.opened >= 2
        assert await sockets.heard() is Heard.ALL
        await agent.say(DESK, "yes")
        await until(lambda: "yes" in ear.heard)
        assert ear.heard == ["anybody?", "yes"]
    finally:
        stage.sandbox.workspace.url = direct
        await sockets.stop()


async def test_while_no_connection_opens_we_do_not_count_as_listening(stage: Stage, cable: Cable) -> None:
    """So that what was said is read from history once one opens; the doctor says that Socket Mode does not open."""
    ear = Ear(stage)
    address = await cable.start()
    stage.sandbox.workspace.url, direct = address, stage.sandbox.workspace.url
    sockets = SocketMode(ear.app, stage.app_token, 1, ping_seconds=0.2)
    try:
        await sockets.start()
        await stage.admin("fail_next", method="apps.connections.open", error="internal_error", times=3)
        cable.pull()
        async with asyncio.timeout(20):
            while await sockets.heard() is not Heard.NOTHING:  # noqa: ASYNC110 - Slack's client has no event for it
                await asyncio.sleep(0.02)
            while (heard := await sockets.heard()) is Heard.NOTHING:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.02)
        assert heard is Heard.AFTER_A_GAP
    finally:
        stage.sandbox.workspace.url = direct
        await sockets.stop()
