"""A private answer goes to the address that Slack gave for it, and from there nowhere else."""

from aiohttp import web

from bot.settings import Settings
from handlers import deliver
from storage.outbox import SendState
from tests.flow.conftest import AGENT, WORKSPACE
from tests.flow.without_slack import desk
from tests.sandbox.stage import Stage


async def test_an_answer_follows_no_redirect(stage: Stage, settings: Settings) -> None:
    """What is for one of us is not posted again wherever an address points to, and does not count as sent."""
    heard: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        heard.append(await request.text())
        return web.Response()

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect("/elsewhere") if request.path == "/moved" else web.HTTPFound("/elsewhere")

    app = web.Application()
    app.add_routes([web.post("/moved", away), web.post("/found", away), web.route("*", "/elsewhere", elsewhere)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with desk(stage, settings) as at:
        for path in ("moved", "found"):
            with at.services.casebook.begin() as connection:
                deliver.reply(
                    connection,
                    workspace=WORKSPACE,
                    key=path,
                    response_url=f"http://127.0.0.1:{port}/{path}",
                    person=AGENT,
                    body={"text": "只有您看得到"},
                    now=at.clock(),
                )
        await at.send_all()
        states = at.rows("SELECT state, error FROM outbox ORDER BY seq")
    await runner.cleanup()
    assert heard == []
    assert states == [(SendState.FAILED, "http 308"), (SendState.FAILED, "http 302")]
