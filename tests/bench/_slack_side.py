"""Slack's side of a load test, in one process: it sends signed events as Slack does, and answers what we call."""

import asyncio
import hashlib
import hmac
import itertools
import json
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

from tests.bench._desk import Desk, Event, Workspace, person

SECRET = "load"
SLACK_WAITS_SECONDS = 3.0
_ADVICE = re.compile(r'"value": ?"([0-9a-f]{32})"')


class Slack:
    """The Web API: quick, and after a settable time. It notes when it is told a whisper.

    Attributes:
        whispers: For the id of each advice that was whispered, when the call came in.
        calls: How often each method was called.
    """

    def __init__(self, workspaces: Sequence[Workspace], latency: float) -> None:
        self._by_token = {each.token: each for each in workspaces}
        self._members = {
            each.channel(channel): [each.agent(channel), each.contact(channel, 0), each.contact(channel, 1)]
            for each in workspaces
            for channel in range(each.channels)
        }
        self.latency = latency
        self.whispers: dict[str, float] = {}
        self.calls: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.url = ""
        self._answers: dict[str, Callable[[Workspace, dict[str, str]], dict[str, Any]]] = {
            "auth.test": self._auth,
            "users.info": lambda _, said: {"user": person(said["user"])},
            "conversations.info": lambda _, said: {"channel": {"id": said["channel"], "name": "desk"}},
            "conversations.members": lambda _, said: {"members": self._members.get(said["channel"], [])},
            "conversations.open": lambda _, said: {"channel": {"id": f"D{said['users']}"}},
            "conversations.history": lambda _, __: {"messages": []},
            "conversations.replies": lambda _, __: {"messages": []},
            "chat.postEphemeral": self._whisper,
            "chat.postMessage": lambda _, said: {"channel": said["channel"], "ts": self._ts()},
            "chat.update": lambda _, said: {"channel": said["channel"], "ts": said["ts"]},
            "chat.getPermalink": lambda _, said: {"permalink": f"https://slack.example/{said['message_ts']}"},
            "usergroups.users.list": lambda _, __: {"users": []},
        }

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/api/"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        came_at, name = time.time(), request.match_info["method"]
        raw = await request.text()
        self.calls[name] += 1
        if name == "chat.postEphemeral":
            said = dict(request.query) | _said(request, raw)
            for advice in _ADVICE.findall(said.get("blocks", "")):
                self.whispers.setdefault(advice, came_at)
        else:
            said = dict(request.query) | _said(request, raw)
        workspace = self._by_token.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if self.latency:
            await asyncio.sleep(self.latency)
        if workspace is None:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        answer = self._answers.get(name)
        return web.json_response({"ok": True} | (answer(workspace, said) if answer else {}))

    def _auth(self, workspace: Workspace, _: dict[str, str]) -> dict[str, Any]:
        return {
            "team_id": workspace.id,
            "team": workspace.id,
            "user_id": workspace.bot_user,
            "bot_id": workspace.bot_id,
            "url": "https://slack.example/",
        }

    def _whisper(self, _: Workspace, __: dict[str, str]) -> dict[str, Any]:
        return {"message_ts": self._ts()}

    def _ts(self) -> str:
        return f"{int(time.time())}.{next(self._numbers) % 1_000_000:06}"


async def _until_told(workspaces: Sequence[Workspace]) -> None:
    """Answer as a process of its own, so that its work counts for nobody else."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Slack(workspaces, 0.0) as slack:
        print(slack.url, flush=True)  # noqa: T201 - whoever started it reads where it is
        await stop.wait()


def _said(request: web.Request, raw: str) -> dict[str, str]:
    """What a call says, every value a text."""
    if request.content_type == "application/json":
        return {name: each if isinstance(each, str) else json.dumps(each) for name, each in json.loads(raw).items()}
    return {name: each[-1] for name, each in parse_qs(raw).items()}


@dataclass
class Sent:
    """What was sent in a while, and how it was answered.

    Attributes:
        at: When each message that has to be read was to be sent, by its workspace and time.
        answered: How long each answer took, in seconds, from when the event was to be sent.
        refused: How many were not answered with 200 in time.
        late: How far this side itself fell behind at most; beyond some milliseconds its figures say nothing.
    """

    at: dict[tuple[str, str], float] = field(default_factory=dict)
    answered: list[float] = field(default_factory=list)
    refused: int = 0
    late: float = 0.0
    events: int = 0
    seconds: float = 0.0


class Sender:
    """Sends events at a rate, whether they are answered or not: as many come in a second, each by chance."""

    def __init__(self, http: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self._http = http
        self._urls = itertools.cycle(urls)
        self._waiting: set[asyncio.Task[None]] = set()

    async def send(self, desk: Desk, rate: float, seconds: float) -> Sent:
        """Send for so long; every answer is waited for."""
        sent, chance = Sent(), random.Random(desk.seed)  # noqa: S311 - make-believe, and has to repeat
        began = time.time()
        due = began
        while (due := due + chance.expovariate(rate)) < began + seconds:
            wait = due - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            sent.late = max(sent.late, time.time() - due)
            self.one(desk.next(), due, sent)
        sent.seconds = time.time() - began
        while self._waiting:
            await asyncio.wait(self._waiting)
        return sent

    def one(self, event: Event, due: float, sent: Sent) -> None:
        """Send one event."""
        sent.events += 1
        if event.ts:
            sent.at[event.workspace, event.ts] = due
        task = asyncio.create_task(self._post(event, due, sent))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _post(self, event: Event, due: float, sent: Sent) -> None:
        at = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), f"v0:{at}:{event.body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signature}",
        }
        try:
            async with self._http.post(next(self._urls), data=event.body.encode(), headers=headers) as answer:
                taken = time.time() - due
                sent.answered.append(taken)
                sent.refused += answer.status != 200 or taken > SLACK_WAITS_SECONDS
        except (aiohttp.ClientError, TimeoutError, OSError):
            sent.refused += 1


if __name__ == "__main__":
    asyncio.run(_until_told([Workspace(0)]))
