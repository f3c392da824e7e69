"""Several `aside run` behind one address, on one database: each may die or end at any time, and nothing is lost."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import aiohttp
import pytest
from aiohttp import web

from bot.serving import MOST_BYTES, PATH
from bot.settings import Settings
from storage import workspace as workspaces
from storage.engine import open_casebook
from tests.flow.conftest import AGENT, CUSTOMER, SETUP, WORKSPACE
from tests.fresh import asked
from tests.reliability.killing import is_said_once
from tests.reliability.running import Running
from tests.reliability.test_stopped_while_busy import MESSAGES, kept, said, talk
from tests.sandbox.stage import Seat, Stage
from tests.server import server

pytestmark = pytest.mark.slow

WAITING = "SELECT count(*) FROM inbox WHERE state <> 'done'"

pytest_plugins = ["tests.flow.conftest"]


@asynccontextmanager
async def balancing(addresses: list[str], http: aiohttp.ClientSession) -> AsyncIterator[str]:
    """A load balancer: it takes turns, and asks the next when one is not there; its address."""
    turns = itertools.count()

    async def pass_on(request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.startswith(("X-Slack", "Content-Ty"))}
        first = next(turns)
        for number in range(len(addresses)):
            url = addresses[(first + number) % len(addresses)] + request.path
            try:
                async with http.post(url, data=body, headers=headers) as answer:
                    if answer.status != 503:
                        kind = answer.content_type
                        return web.Response(status=answer.status, body=await answer.read(), content_type=kind)
            except aiohttp.ClientError:
                continue
        return web.Response(status=503)

    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes([web.post(PATH, pass_on)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_two_processes_share_the_work_and_either_may_go(stage: Stage, settings: Settings) -> None:
    """One is killed and one is stopped while a customer writes; each message is worked on once, all in one case."""
    stage.sandbox.workspace.state.manifest.settings.socket_mode_enabled = False
    shared = settings.model_copy(update={"database_url": server().url(server().new())})
    with closing(open_casebook(shared.database_url)) as casebook, casebook.begin() as connection:
        workspaces.save_setup(connection, WORKSPACE, SETUP, actor="test", now=0.0)
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    both = [Running(shared, http=True, is_alone=False) for _ in range(2)]
    try:
        for each in both:
            await each.start()
        async with balancing([each.address for each in both], stage.http) as address:
            await stage.admin("set_request_url", url=address + PATH)
            talking = asyncio.create_task(talk(customer))
            await _until_said(customer, 20)
            await both[0].kill()
            await both[0].start()
            await _until_said(customer, 50)
            assert await both[1].stop() == 0
            await both[1].start()
            await talking
            async with asyncio.timeout(90):
                # What a restart read from history is worked on as well, though each message of it was heard before.
                while len(kept(shared)) < MESSAGES or asked(shared, WAITING) != [(0,)]:  # noqa: ASYNC110 - as below
                    await asyncio.sleep(0.1)
            await stage.settled()
            assert [await each.stop() for each in both] == [0, 0]
    finally:
        for each in both:
            await each.kill()
    in_order = [text for (text,) in asked(shared, "SELECT text FROM messages ORDER BY ts")]
    assert in_order == said(customer)
    assert asked(shared, "SELECT count(*) FROM cases") == [(1,)]
    assert is_said_once(agent)


async def _until_said(customer: Seat, number: int) -> None:
    async with asyncio.timeout(60):
        while len(said(customer)) < number:  # noqa: ASYNC110 - a person's talk has no event of its own
            await asyncio.sleep(0.01)
