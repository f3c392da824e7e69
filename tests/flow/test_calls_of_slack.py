"""Our client: what Slack hears from it is what slack-sdk's own would say, and what it answers is read the same."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.metrics import Metrics
from handlers.calls import CountedClient

BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "先聽，再說 <b> & 🙂"}}]
VIEW = {"type": "modal", "title": {"type": "plain_text", "text": "設定"}, "blocks": BLOCKS}
CALLS: dict[str, dict[str, Any]] = {
    "chat_postEphemeral": {"channel": "C1", "user": "U1", "text": "先聽", "blocks": BLOCKS, "thread_ts": None},
    "chat_postMessage": {
        "channel": "C1",
        "text": "說",
        "blocks": BLOCKS,
        "thread_ts": "1.1",
        "unfurl_links": False,
        "metadata": {"event_type": "aside", "event_payload": {"row": "1"}},
    },
    "chat_update": {"channel": "C1", "ts": "1.1", "text": "說", "parse": "none", "blocks": BLOCKS},
    "chat_delete": {"channel": "C1", "ts": "1.1"},
    "views_open": {"trigger_id": "1", "view": VIEW},
    "views_publish": {"user_id": "U1", "view": VIEW},
    "conversations_open": {"users": ["U1", "U2"]},
    "conversations_history": {"channel": "C1", "include_all_metadata": True, "cursor": ""},
    "users_info": {"user": "U1"},
    "auth_test": {},
}

Heard = dict[str, Any]


class Listener:
    """A Slack that writes down what it is told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: list[Heard] = []
        self.answer: Callable[[], web.Response] = lambda: web.json_response({"ok": True, "ts": "1.2"})

    async def hear(self, request: web.Request) -> web.Response:
        """Write one call down: all that differs from call to call, but how aiohttp cuts it into pieces."""
        body = await request.read()
        headers = sorted((name.lower(), value) for name, value in request.headers.items())
        said = {"method": request.method, "path": request.path_qs, "headers": headers, "body": body}
        self.heard.append(said)
        return self.answer()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """One on a port of its own."""
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)
    made = Listener("")
    app.router.add_route("*", "/{path:.*}", made.hear)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def slack() -> AsyncIterator[Listener]:
    """One for a test."""
    async with listening() as made:
        yield made


@pytest.mark.parametrize("way", ["straight", "through a proxy", "with headers of its own"])
async def test_slack_hears_from_us_what_it_would_hear_from_its_own_client(slack: Listener, way: str) -> None:
    """To the byte, whatever slack-sdk comes to say: ours goes a shorter way to it (`handlers.calls`)."""
    options: dict[str, Any] = {"token": "xoxb-1", "base_url": f"{slack.url}/api/"}
    if way == "through a proxy":
        options |= {"base_url": "http://slack.invalid/api/", "proxy": slack.url}
    if way == "with headers of its own":
        options |= {"headers": {"Authorization": "Bearer xoxb-other", "X-Own": "1"}}
    async with aiohttp.ClientSession() as http:
        its_own, ours = AsyncWebClient(session=http, **options), CountedClient(Metrics(), session=http, **options)
        for name, said in CALLS.items():
            answers: list[AsyncSlackResponse] = [await getattr(client, name)(**said) for client in (its_own, ours)]
            theirs, own = slack.heard[-2:]
            assert own == theirs, name
            first, second = ((each.api_url, each.status_code, each.data, each.http_verb) for each in answers)
            assert first == second, name
    assert len(slack.heard) == 2 * len(CALLS)


async def test_a_token_that_was_renewed_is_said_from_then_on(slack: Listener) -> None:
    """It is read for each call."""
    async with aiohttp.ClientSession() as http:
        client = CountedClient(Metrics(), token="xoxb-1", base_url=f"{slack.url}/api/", session=http)
        await client.chat_postEphemeral(channel="C1", user="U1", text="先聽")
        client.token = "xoxb-2"
        await client.chat_postEphemeral(channel="C1", user="U1", text="先聽")
    assert [dict(each["headers"])["authorization"] for each in slack.heard] == ["Bearer xoxb-1", "Bearer xoxb-2"]


async def test_a_refusal_is_read_and_counted_as_such(slack: Listener) -> None:
    """Slack's code and its pause reach whoever called, and the metrics."""
    counts = Metrics()
    refused = {"ok": False, "error": "ratelimited"}
    slack.answer = lambda: web.json_response(refused, status=429, headers={"Retry-After": "7"})
    async with aiohttp.ClientSession() as http:
        client = CountedClient(counts, token="xoxb-1", base_url=f"{slack.url}/api/", session=http)
        with pytest.raises(SlackApiError, match="ratelimited"):
            await client.chat_postMessage(channel="C1", text="說")
    told = counts.text().decode()
    assert 'aside_slack_calls_total{method="chat.postMessage",outcome="ratelimited"} 1.0' in told
    assert 'aside_slack_pause_seconds_total{method="chat.postMessage"} 7.0' in told
