"""What Bolt and slack-sdk cost as we use them: whose token it is, of many workspaces, and a call to Slack.

CPU of this process, by turns with what it is compared to; Slack is a process of its own. Raw aiohttp sends the same
words to the same method, reads the answer as JSON and looks whether all is well, as whoever has no client would; it
counts nothing, tries nothing again and tells no errors apart. slack-sdk's own client, on our connections, stands
beside it.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot import app as wiring
from bot.playbook import Playbook
from bot.settings import Settings
from bot.signals import Detector
from handlers import listeners
from storage.engine import open_casebook
from tests.bench._at_work import ROOT
from tests.bench._desk import Workspace
from tests.bench._installed import TOKEN_KEY, install
from tests.bench._slack_side import SECRET
from tests.bench._turns import EACH, Turn, by_turns, times

WORKSPACES = 100
ROUNDS = 40
WHISPER: dict[str, Any] = {
    "channel": "C0S000000",
    "user": "U0A000000",
    "text": "先聽，再說",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "先聽，再說。" * 20}} for _ in range(6)],
}


def run(console: Console) -> None:
    """Measure and print."""
    asyncio.run(_run(console))


async def _run(console: Console) -> None:
    with tempfile.TemporaryDirectory() as folder, _slack() as url:
        async with _wired(Path(folder), url) as parts:
            many = _empty(authorize=listeners.Authorized(parts.workspaces))
            single = _empty(client=AsyncWebClient(Workspace(0).token, url))
            dispatched = await by_turns(
                {"a single token": _hears(single), f"one of {WORKSPACES} workspaces": _hears(many)}, ROUNDS
            )
            services = parts.workspaces.all()[0]
            its_own = AsyncWebClient(Workspace(0).token, url, session=services.http, logger=services.client.logger)
            async with aiohttp.ClientSession() as http:
                called = await by_turns(
                    {
                        "raw aiohttp": _raw(http, url),
                        "slack-sdk's own client": _whispers(its_own),
                        "our client": _whispers(services.client),
                    },
                    ROUNDS,
                )
    table = Table(title=f"CPU, the middle of {ROUNDS} rounds of {EACH} by turns")
    for heading in ("what", "with", "ms", "×"):
        table.add_column(heading, justify="right" if heading in {"ms", "×"} else "left")
    for what, costs in (("an event through Bolt, its token looked up", dispatched), ("a call of Slack", called)):
        first = next(iter(costs.values()))
        for name, cost in costs.items():
            table.add_row(what, name, f"{median(cost):.3f}", f"{times(cost, first):.2f}")
    console.print(table)


def _empty(**how: Any) -> AsyncApp:
    app = AsyncApp(name="empty", process_before_response=True, **how)

    @app.event("message")
    async def nothing() -> None:
        pass

    return app


def _hears(app: AsyncApp) -> Turn:
    async def hear(numbers: range) -> None:
        for number in numbers:
            await _dispatch(app, number)

    return hear


async def _dispatch(app: AsyncApp, number: int) -> None:
    team = Workspace(0).id
    body = {
        "team_id": team,
        "type": "event_callback",
        "event_id": f"Ev{number}",
        "authorizations": [{"team_id": team, "user_id": "U0BOT00", "is_bot": True}],
        "event": {"type": "message", "channel": "C0S000000", "user": "U0C0000000", "text": "…", "ts": "1.0"},
    }
    response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    assert response.status == 200


def _raw(http: aiohttp.ClientSession, url: str) -> Turn:
    """What slack-sdk sends, without it."""
    headers = {"Authorization": f"Bearer {Workspace(0).token}"}

    async def call(numbers: range) -> None:
        for _ in numbers:
            async with http.post(f"{url}chat.postEphemeral", json=WHISPER, headers=headers) as answer:
                assert (await answer.json())["ok"]

    return call


def _whispers(client: AsyncWebClient) -> Turn:
    async def call(numbers: range) -> None:
        for _ in numbers:
            assert (await client.chat_postEphemeral(**WHISPER))["ok"]

    return call


def _wired(place: Path, url: str) -> Any:
    """Our parts, of many workspaces; nothing is read in a message here."""
    settings = Settings(
        data=place / "data",
        slack_api_url=url,
        slack_client_id="load",
        slack_client_secret=SecretStr("load"),
        slack_signing_secret=SecretStr(SECRET),
        token_key=SecretStr(TOKEN_KEY),
    )
    casebook = open_casebook(settings.casebook_url)
    install(casebook, [Workspace(each) for each in range(WORKSPACES)], settings.data, None, ["C-1"])
    casebook.close()

    def nothing_heard(_: Playbook, __: Settings, ___: Callable[[str], None]) -> Detector:
        return object()  # type: ignore[return-value] # nobody asks it

    return wiring.wired(settings, learning=nothing_heard)


@contextmanager
def _slack() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench._slack_side"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()
