"""An empty Bolt app behind the same server as ours: `python -m tests.bench._empty_bolt PORT`."""

import asyncio
import signal
import sys

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.health import Check
from bot.serving import HttpMode, Requests, Server
from tests.bench._slack_side import SECRET


def empty_app() -> AsyncApp:
    """One listener that does nothing, and one for all other events, since Slack sends again what nobody answers."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0LOAD00", bot_token="xoxb-load-00")

    app = AsyncApp(name="empty", authorize=authorize, signing_secret=SECRET, process_before_response=True)

    @app.event("message")
    async def nothing() -> None:
        pass

    for kind in ("user_change", "member_joined_channel", "app_home_opened"):
        app.event(kind)(nothing)
    return app


async def _well() -> list[Check]:
    return []


async def main(port: int) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = Server("127.0.0.1", port)
    await server.start()
    server.checks = _well
    await HttpMode(server, Requests(empty_app(), SECRET)).start()
    await stop.wait()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
