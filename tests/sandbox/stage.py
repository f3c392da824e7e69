"""A stage for the sandbox's tests: the sandbox on a real port, a Bolt app connected, people at seats."""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
import yaml
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.manifest import Manifest
from sandbox.server import Sandbox
from sandbox.world import World

HERE = Path(__file__).parent
Json = dict[str, Any]
PATIENCE_SECONDS = 30
"""How long nothing may happen; a bot that starts again on a busy machine takes over ten."""


def sample_world(**settings: object) -> World:
    """The test world, with other settings where a test needs them."""
    raw = yaml.safe_load((HERE / "world.yml").read_text(encoding="utf-8"))
    return World.model_validate(raw | ({"settings": settings} if settings else {}))


def sample_manifest() -> Manifest:
    """The test app's manifest."""
    return Manifest.model_validate(yaml.safe_load((HERE / "manifest.yml").read_text(encoding="utf-8")))


class Refused(Exception):  # noqa: N818 - reads as what the seat is told
    """The sandbox refused what a seat tried."""

    def __init__(self, body: Json) -> None:
        super().__init__(f"{body['error']}: {body['message']}")
        self.code: str = body["error"]
        self.message: str = body["message"]


class Seat:
    """One person with the page open: does things, and sees what is pushed."""

    def __init__(self, user: str, url: str, http: aiohttp.ClientSession) -> None:
        self.user = user
        self.seen: list[Json] = []
        self._url = url
        self._http = http
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def sit(self) -> Self:
        """Open the page."""
        self._socket = await self._http.ws_connect(f"{self._url}/seat/stream?user={self.user}")
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def leave(self) -> None:
        """Close the page."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            self.seen.append(json.loads(message.data))
            self._news.set()

    def of(self, kind: str) -> list[Json]:
        """The pushes of one type so far."""
        return [push for push in self.seen if push["type"] == kind]

    async def sees(self, kind: str, which: Callable[[Json], bool] = lambda _: True) -> Json:
        """Wait until something of this type is pushed, and return it."""
        return await self.sees_any((kind,), which)

    async def sees_any(self, kinds: Sequence[str], which: Callable[[Json], bool] = lambda _: True) -> Json:
        """Wait until something of one of these types is pushed, and return it."""
        while True:
            for push in self.seen:
                if push["type"] in kinds and which(push):
                    return push
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), PATIENCE_SECONDS)

    async def do(self, deed: str, **body: object) -> Json:
        """POST to the seat's address."""
        async with self._http.post(f"{self._url}/seat/{deed}", json={"user": self.user} | body) as answer:
            result: Json = await answer.json()
            if answer.status != 200:
                raise Refused(result)
            return result

    async def upload(self, view: Json, block_id: str, name: str, content: bytes) -> Json:
        """Put a file into an element of a window; what Slack says of it."""
        (element,) = (each["element"] for each in view["blocks"] if each["block_id"] == block_id)
        where = {"user": self.user, "view_id": view["id"], "block_id": block_id, "action_id": element["action_id"]}
        async with self._http.post(
            f"{self._url}/seat/upload", params={**where, "name": name}, data=BytesIO(content)
        ) as answer:
            result: Json = await answer.json()
            if answer.status != 200:
                raise Refused(result)
            file: Json = result["file"]
            return file

    async def opens(self, link: str) -> bytes:
        """What is in a file behind a link."""
        async with self._http.get(link, params={"seat": self.user}) as answer:
            if answer.status != 200:
                raise Refused(await answer.json())
            return await answer.read()

    async def say(self, channel: str, text: str, **more: object) -> str:
        """Say something; returns its ts."""
        return str((await self.do("say", channel=channel, text=text, **more))["ts"])

    async def get(self, what: str, **query: str) -> Json:
        """GET from the seat's address."""
        async with self._http.get(f"{self._url}/seat/{what}", params={"user": self.user} | query) as answer:
            result: Json = await answer.json()
            if answer.status != 200:
                raise Refused(result)
            return result


class Stage:
    """A workspace of a running sandbox, a client of its Web API, and a Bolt app that is connected on demand.

    `team` is the workspace's id; without one the sandbox's first.
    """

    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession, team: str | None = None) -> None:
        self.sandbox = sandbox
        self.workspace = sandbox.workspaces[team] if team else sandbox.workspace
        self.http = http
        tokens = self.workspace.state.world.tokens
        self.client = AsyncWebClient(token=tokens.bot, base_url=sandbox.api_url, session=http)
        self.app_token = tokens.app
        self.handlers: list[AsyncSocketModeHandler] = []
        self.seats: list[Seat] = []

    def app(self) -> AsyncApp:
        """An unmodified Bolt app whose client is pointed at the sandbox."""
        return AsyncApp(client=self.client, process_before_response=True)

    async def connect(self, app: AsyncApp) -> AsyncSocketModeHandler:
        """Connect a Bolt app with Socket Mode."""
        handler = AsyncSocketModeHandler(app, self.app_token)
        self.handlers.append(handler)
        await handler.connect_async()  # type: ignore[no-untyped-call] # slack-bolt leaves it untyped
        return handler

    async def seat(self, user: str) -> Seat:
        """Somebody opens the page."""
        seat = await Seat(user, self.workspace.url, self.http).sit()
        self.seats.append(seat)
        await until(lambda: self.workspace.hub.connected(user))
        return seat

    async def admin(self, do: str, **body: object) -> None:
        """Something happens from outside."""
        async with self.http.post(f"{self.workspace.url}/seat/admin", json={"do": do} | body) as answer:
            if answer.status != 200:
                raise Refused(await answer.json())

    async def settled(self) -> None:
        """Wait until the app has acknowledged all that it was told."""
        await self.workspace.delivery.settled()

    async def close(self) -> None:
        """Let everybody go."""
        for seat in self.seats:
            await seat.leave()
        for handler in self.handlers:
            with suppress(ConnectionError):
                await handler.close_async()  # type: ignore[no-untyped-call] # slack-bolt leaves it untyped


async def answered(http: aiohttp.ClientSession, authorize_url: str, team: str, user: str, answer: str = "allow") -> str:
    """Somebody sees the page on which the app asks for its scopes, and answers; where they are sent back to."""
    async with http.get(authorize_url) as page:
        shown = await page.text()
        assert page.status == 200, shown
    form = {"consent": re.findall(r'name="consent" value="([^"]+)"', shown)[0], "who": f"{team}/{user}"}
    url = urljoin(authorize_url, "/oauth/v2/authorize")
    async with http.post(url, data={**form, "answer": answer}, allow_redirects=False) as sent:
        assert sent.status == 302, await sent.text()
        return sent.headers["Location"]


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens by itself; gives up after a while."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


def text_of(blocks: str) -> Json:
    """A section with these words."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": blocks}}


def button(action_id: str, value: str = "v") -> Json:
    """A row with one button."""
    plain = {"type": "plain_text", "text": "Press"}
    return {
        "type": "actions",
        "block_id": "row",
        "elements": [{"type": "button", "action_id": action_id, "text": plain, "value": value}],
    }


def modal(**more: object) -> Json:
    """A modal that asks for a reason."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "private_metadata": "kept",
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "label": {"type": "plain_text", "text": "Reason"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
    } | more
