"""A small, fast Slack for measuring: it answers every call at once, forgets what is said and keeps count.

It checks nothing and shows nothing to anybody; for that there is the sandbox. It brings events, commands and clicks as
signed requests, as many at once as there are whoever brings them.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

Json = dict[str, Any]

SECRET = "standin"
TOKEN = "xoxb-standin"
BOT_USER, BOT_ID, APP_ID = "U0ASIDE", "B0ASIDE", "A0ASIDE"
OUTSIDE = "T0OUTSIDE"
SCOPES = "chat:write,users:read,files:read"


class Standin:
    """One or many workspaces; a token `xoxb-T…` is that workspace's, `TOKEN` the only one's.

    Attributes:
        calls: How often each method was called.
        shown: How often each visible message was posted, by the mark it carries.
        replies: How often each `response_url` was answered, by its number.
    """

    def __init__(self, workspace: str, outsiders: str = "U0CUSTOMER") -> None:
        """Make one.

        Args:
            workspace: Its id, where a token names none.
            outsiders: How the ids of other companies' people begin.
        """
        self._workspace = workspace
        self._outsiders = outsiders
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.calls: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()
        self.replies: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        app = web.Application()
        app.add_routes([web.route("*", "/api/{method}", self._call), web.post("/respond/{number}", self._reply)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        if self._runner:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """For `ASIDE_SLACK_API_URL`."""
        return f"{self.url}/api/"

    async def _reply(self, request: web.Request) -> web.Response:
        await request.read()
        self.replies[request.match_info["number"]] += 1
        return web.Response(text="ok")

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] += 1
        said = await request.json() if request.content_type == "application/json" else dict(await request.post())
        said = dict(request.query) | dict(said)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        workspace = token.removeprefix("xoxb-") if token.startswith("xoxb-T") else self._workspace
        answer = {"ok": True, **self._answer(method, said, workspace)}
        return web.json_response(answer, headers={"X-OAuth-Scopes": SCOPES})

    def _answer(self, method: str, said: Json, workspace: str) -> Json:
        answers: dict[str, Callable[[], Json]] = {
            "auth.test": lambda: {"team_id": workspace, "user_id": BOT_USER, "bot_id": BOT_ID, "user": "aside"},
            "users.info": lambda: {"user": self._person(str(said["user"]), workspace)},
            "conversations.info": lambda: {"channel": {"id": said["channel"], "name": "channel", "is_member": True}},
            "conversations.members": lambda: {"members": []},
            "conversations.history": lambda: {"messages": []},
            "conversations.replies": lambda: {"messages": []},
            "conversations.open": lambda: {"channel": {"id": f"D{said['users']}"}},
            "usergroups.users.list": lambda: {"users": []},
            "chat.postEphemeral": lambda: {"message_ts": self._ts()},
            "chat.postMessage": lambda: self._posted(said),
            "chat.update": lambda: {"channel": said["channel"], "ts": said["ts"]},
        }
        return answers.get(method, dict)()

    def _posted(self, said: Json) -> Json:
        metadata = said["metadata"]
        mark = (json.loads(metadata) if isinstance(metadata, str) else metadata)["event_payload"]["row"]
        self.shown[str(mark)] += 1
        return {"channel": said["channel"], "ts": self._ts()}

    def _person(self, user: str, workspace: str) -> Json:
        team = OUTSIDE if user.startswith(self._outsiders) else workspace
        return {
            "id": user,
            "team_id": team,
            "name": user.lower(),
            "real_name": user.title(),
            "profile": {"real_name": user.title()},
            "tz": "Asia/Taipei",
            "locale": "zh-TW",
        }

    def _ts(self) -> str:
        return f"{int(time.time())}.{next(self._numbers) % 1_000_000:06d}"


class Caller:
    """Brings what Slack brings to one address; each thing until it is acknowledged, as often as Slack would.

    Attributes:
        seconds: How long each acknowledgement took.
        again: How often something had to be brought again.
    """

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http
        self.seconds: list[float] = []
        self.again = 0

    async def event(self, workspace: str, event_id: str, event: Json) -> None:
        """Something happened."""
        body = {
            "team_id": workspace,
            "api_app_id": APP_ID,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(time.time()),
            "authorizations": [{"enterprise_id": None, "team_id": workspace, "user_id": BOT_USER, "is_bot": True}],
            "event": event,
        }
        await self._until_taken(json.dumps(body, ensure_ascii=False).encode(), "application/json", tries=4)

    async def command(self, body: Json) -> None:
        """Somebody typed a command."""
        await self._until_taken(urlencode(body).encode(), "application/x-www-form-urlencoded", tries=1)

    async def click(self, payload: Json) -> None:
        """Somebody clicked, or sent a window off."""
        body = urlencode({"payload": json.dumps(payload, ensure_ascii=False)}).encode()
        await self._until_taken(body, "application/x-www-form-urlencoded", tries=1)

    async def _until_taken(self, body: bytes, kind: str, *, tries: int) -> None:
        for attempt in range(tries):
            if attempt:
                self.again += 1
                await asyncio.sleep(attempt)
            began = time.perf_counter()
            try:
                async with self._http.post(self._url, data=body, headers=signed(body, kind)) as answer:
                    await answer.read()
                    is_taken = answer.status == HTTPStatus.OK
            except aiohttp.ClientError:
                is_taken = False
            if is_taken:
                self.seconds.append(time.perf_counter() - began)
                return
        raise RuntimeError(f"Nobody took it, though it was brought {tries} times.")


def signed(body: bytes, kind: str) -> dict[str, str]:
    """The headers that Slack sends with a body."""
    at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={signature}"}
