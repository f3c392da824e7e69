"""HTTP mode: what reaches the app's request URL, how it is signed, and when it comes again."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from sandbox.server import Sandbox
from tests.sandbox.stage import Json, Refused, Stage, sample_manifest, sample_world, until


class Server:
    """The app's server: it keeps what it is sent, and answers the challenge and whatever it is told to.

    Attributes:
        silent: So many requests get no answer.
    """

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[tuple[dict[str, str], str]] = []
        self.answers: list[web.Response] = []
        self.silent = 0
        self._over = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.add_routes([web.post("/slack/events", self._serve)])
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/slack/events"

    async def stop(self) -> None:
        """Listen no more."""
        self._over.set()
        if self._runner:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.text()
        if "url_verification" in body:
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        self.heard.append((dict(request.headers), body))
        if self.silent:
            self.silent -= 1
            await self._over.wait()
        return self.answers.pop(0) if self.answers else web.Response()

    def events(self) -> list[Json]:
        """The events among it."""
        return [json.loads(body)["event"] for _, body in self.heard if body.startswith("{")]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """The app's server on a port of its own."""
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def stage(server: Server) -> AsyncIterator[Stage]:
    """The sandbox in HTTP mode, with times that do not keep a test waiting."""
    sandbox = Sandbox(
        sample_world(), sample_manifest(), retry_after=(0.0, 0.05, 0.05), ack_seconds=0.4, request_url=server.url
    )
    async with sandbox, aiohttp.ClientSession() as http:
        made = Stage(sandbox, http)
        await until(lambda: sandbox.workspace.delivery.connected)
        yield made
        await made.close()


def verifies(headers: dict[str, str], body: str) -> bool:
    """Whether a request bears Slack's signature, by Slack's own library."""
    return bool(SignatureVerifier("sandbox").is_valid_request(body, headers))


async def test_an_event_is_a_signed_post_of_json(stage: Stage, server: Server) -> None:
    """The same payload as in Socket Mode, without an envelope, signed over its very bytes."""
    await (await stage.seat("U0ANNA")).say("C0TEAM", "有人在嗎？")
    await stage.settled()
    ((headers, body),) = server.heard
    assert verifies(headers, body)
    assert not verifies(headers, body + " ")
    assert headers["Content-Type"] == "application/json"
    assert "X-Slack-Retry-Num" not in headers
    payload = json.loads(body)
    assert (payload["type"], payload["event"]["text"]) == ("event_callback", "有人在嗎？")


async def test_an_event_comes_again_with_its_number_and_the_reason(stage: Stage, server: Server) -> None:
    """After an error, and three times at most; the same event_id, signed anew."""
    server.answers = [web.Response(status=500), web.Response(status=301), web.Response(status=204)]
    await (await stage.seat("U0ANNA")).say("C0TEAM", "anybody?")
    await stage.settled()
    told = [(h.get("X-Slack-Retry-Num"), h.get("X-Slack-Retry-Reason")) for h, _ in server.heard]
    assert told == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert len({json.loads(body)["event_id"] for _, body in server.heard}) == 1
    assert all(verifies(*each) for each in server.heard)


async def test_an_event_is_dropped_after_three_retries_or_when_the_app_wants_no_more(
    stage: Stage, server: Server
) -> None:
    """The log says so."""
    anna = await stage.seat("U0ANNA")
    server.answers = [web.Response(status=500) for _ in range(4)]
    await anna.say("C0TEAM", "anybody?")
    await stage.settled()
    assert len(server.heard) == 4
    server.answers = [web.Response(status=500, headers={"X-Slack-No-Retry": "1"})]
    await anna.say("C0TEAM", "never mind")
    await stage.settled()
    assert len(server.heard) == 5
    log = (await anna.get("log"))["entries"]
    assert [entry["name"] for entry in log if entry["error"] == "dropped"] == ["message", "message"]


async def test_silence_is_a_timeout_and_no_server_a_failed_connection(stage: Stage, server: Server) -> None:
    """The app is told which; whoever typed reads Slack's word for it, and what they typed does not come again."""
    anna = await stage.seat("U0ANNA")
    server.silent = 2
    with pytest.raises(Refused, match="operation_timeout"):
        await anna.do("command", channel="C0TEAM", text="/form")
    await anna.say("C0TEAM", "anybody?")
    await stage.settled()
    kept = [(parse_qs(body).get("command"), h.get("X-Slack-Retry-Reason")) for h, body in server.heard]
    assert kept == [(["/form"], None), (None, None), (None, "http_timeout")]
    await server.stop()
    with pytest.raises(Refused, match="dispatch_failed"):
        await anna.do("command", channel="C0TEAM", text="/form")
    await anna.say("C0TEAM", "anybody?")
    await stage.settled()
    log = (await anna.get("log"))["entries"]
    assert [e["summary"] for e in log if e["error"] == "dropped"] == ["dropped: connection_failed"]


async def test_a_command_and_a_click_are_signed_forms(stage: Stage, server: Server) -> None:
    """A command's fields are the form's own; an interaction is JSON in one field. Only 200 answers a person."""
    anna = await stage.seat("U0ANNA")
    server.answers = [web.json_response({"text": "你好"}), web.Response(text="plain"), web.Response(status=204)]
    await anna.do("command", channel="C0TEAM", text="/hello 你 & me")
    await anna.do("command", channel="C0TEAM", text="/hello")
    await anna.sees("ephemeral", lambda push: push["message"]["text"] == "plain")
    with pytest.raises(Refused, match="dispatch_failed"):
        await anna.do("command", channel="C0TEAM", text="/hello")
    await anna.do("shortcut", callback_id="ask")
    command, click = server.heard[0], server.heard[3]
    assert {h["Content-Type"] for h, _ in (command, click)} == {"application/x-www-form-urlencoded"}
    assert verifies(*command)
    assert verifies(*click)
    assert parse_qs(command[1])["text"] == ["你 &amp; me"]
    payload = json.loads(parse_qs(click[1])["payload"][0])
    assert (payload["type"], payload["callback_id"]) == ("shortcut", "ask")
    assert [push["message"]["text"] for push in anna.of("ephemeral")] == ["你好", "plain"]


async def test_a_url_that_does_not_meet_the_challenge_is_not_taken(stage: Stage, server: Server) -> None:
    """Slack saves none that does not; until then no event goes anywhere, and the page shows no app."""
    anna = await stage.seat("U0ANNA")
    for wrong in (server.url.replace("/slack/events", "/wrong"), "http://127.0.0.1:9/"):
        with pytest.raises(Refused, match="url_not_verified"):
            await stage.admin("set_request_url", url=wrong)
        assert not (await anna.get("world"))["app"]["connected"]
    await anna.say("C0TEAM", "anybody?")
    await stage.admin("set_request_url", url=server.url)
    await anna.say("C0TEAM", "now?")
    await stage.settled()
    assert [event["text"] for event in server.events()] == ["now?"]
    assert (await anna.get("world"))["app"]["connected"]


async def test_socket_mode_is_off(stage: Stage) -> None:
    """An app has one or the other."""
    with pytest.raises(SlackApiError, match="not_allowed"):
        await stage.client.apps_connections_open(app_token=stage.app_token)


async def test_an_unmodified_bolt_app_hears_it(stage: Stage) -> None:
    """Bolt checks the signature itself, with the secret from the world file."""
    heard = list[str]()
    app = AsyncApp(client=stage.client, signing_secret="sandbox", process_before_response=True)

    @app.event("message")
    async def note(event: Json) -> None:
        heard.append(event["text"])

    serving = app.web_app(path="/slack/events")
    runner = web.AppRunner(serving, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await stage.admin("set_request_url", url=f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    await (await stage.seat("U0ANNA")).say("C0TEAM", "hello")
    await stage.settled()
    await runner.cleanup()
    assert heard == ["hello"]
