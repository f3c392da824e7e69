"""local-slack as a stage: the people and deeds of the sandbox's tests, in a Slack that nobody here wrote.

What a seat is shown comes from the socket of local-slack's page, which shows everything to everybody; a seat keeps what
its person may see. What it cannot play is said by `Unplayable`.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Self
from urllib.parse import parse_qs

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from tests.judges.local_slack import BOT_TOKEN, world_of_the_demo
from tests.judges.namespace import Namespace
from tests.judges.published import Record
from tests.sandbox.stage import Json, Refused, Seat, Stage

HOST = "http://localhost"
"""Whatever it is called: the connection goes through a file."""
MENTION = re.compile(r"(?<!<)@(U\w+)")
"""Somebody named in a command, whose text Slack escapes and local-slack does not."""
OPENING = {"views.open": "view_opened", "views.push": "view_pushed", "views.update": "view_updated"}


class Unplayable(Exception):  # noqa: N818 - says why a story is not played here
    """local-slack has no such thing; docs/judges.md lists what it has."""


class JudgeSeat(Seat):
    """One person in front of local-slack's page."""

    def __init__(self, user: str, stage: "JudgeStage") -> None:
        super().__init__(user, HOST, stage.http)
        self._stage = stage

    async def sit(self) -> Self:
        """Nothing is to be opened: the stage hears for all."""
        return self

    async def leave(self) -> None:
        """Nothing is to be closed."""

    def show(self, push: Json) -> None:
        """Show this person something."""
        self.seen.append(push)
        self._news.set()

    async def do(self, deed: str, **body: Any) -> Json:
        """Do what the sandbox's seats do, in local-slack's words."""
        match deed:
            case "say" if "as_app" not in body:
                answer = await self._stage.control("message", user=self.user, **body)
                return {"ts": answer["message"]["ts"]}
            case "command":
                command, _, text = body["text"].partition(" ")
                escaped = MENTION.sub(r"<@\1>", text)
                given = {"channel": body["channel"], "command": command, "text": escaped}
                return await self._stage.control("command", user=self.user, **given)
            case "action" if body["container"]["type"] != "view":
                where = {"channel": body["container"]["channel"], "messageTs": body["container"]["ts"]}
                return await self._stage.control("interact", user=self.user, action=body["action"], **where)
            case "edit" | "delete":
                return await self._stage.control(f"{deed}-message", user=self.user, **body)
            case "submit":
                return await self._stage.submit(self.user, body["view_id"], body["values"])
            case "open_home":
                return await self._stage.control("open-home", user=self.user)
            case _:
                kind = (body.get("container") or {}).get("type", "")
                raise Unplayable(f"local-slack has no {deed} {kind}".rstrip())

    async def get(self, what: str, **_: str) -> Json:
        """Nothing can be asked for."""
        raise Unplayable(f"local-slack tells no {what}")


class JudgeStage(Stage):
    """A running local-slack with people in front of it; each call of the bot is held to Slack's types.

    Args:
        namespace: Where local-slack is.
        at_rest: Waits until the bot has nothing left to do.
    """

    def __init__(self, namespace: Namespace, at_rest: Callable[[], Awaitable[None]]) -> None:
        self.http = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(namespace.door)))
        self.client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{HOST}/api/", session=self.http)
        self._at_rest = at_rest
        self.record = Record()
        self.people: dict[str, JudgeSeat] = {}
        self._members = {each["id"]: list(each["members"]) for each in world_of_the_demo()["channels"]}
        self._whispered: dict[str, str] = {}
        self._windows: list[Json] = []
        self._clicker: dict[str, str] = {}
        self._holder = ""
        self._last: tuple[str, Json] = ("", {})
        self._answer: asyncio.Future[Json] | None = None
        self._page: aiohttp.ClientWebSocketResponse | None = None
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._page = await self.http.ws_connect(f"{HOST}/ui", max_msg_size=0)
        self._hearing = asyncio.create_task(self._hear(self._page))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def seat(self, user: str) -> Seat:
        """Somebody opens the page."""
        return self.people.setdefault(user, JudgeSeat(user, self))

    async def admin(self, do: str, **body: object) -> None:
        """Nothing happens from outside; who is in a channel already needs not come in."""
        if do != "add_member" or body["user"] not in self._members[str(body["channel"])]:
            raise Unplayable(f"local-slack knows no {do}")

    async def settled(self) -> None:
        """Wait until the bot has nothing left to do: every deed has been acknowledged when it returns."""
        await self._at_rest()

    async def close(self) -> None:
        """Let everybody go."""
        if self._page:
            await self._page.close()
        if self._hearing:
            await self._hearing
        await self.http.close()

    async def control(self, deed: str, **body: object) -> Json:
        """One call of the control API; returns once the bot has acknowledged.

        Raises:
            Refused: by local-slack.
        """
        async with self.http.post(f"{HOST}/_control/{deed}", json=body) as answer:
            result: Json = await answer.json()
        if not result["ok"]:
            raise Refused({"error": result["error"], "message": deed})
        return result

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """Send the window on top off, with what it was filled with already; how it was answered.

        Raises:
            Refused: another window is on top.
        """
        if not self._windows or self._windows[-1]["id"] != view_id:
            raise Refused({"error": "view_not_found", "message": "it is not on top"})
        assert self._page
        self._answer = asyncio.get_running_loop().create_future()
        given = {**_filled(self._windows[-1]), **values}
        await self._page.send_json({"t": "view_submit", "user": user, "values": given})
        return await asyncio.wait_for(self._answer, 30)

    async def _hear(self, page: aiohttp.ClientWebSocketResponse) -> None:
        async for message in page:
            heard = json.loads(message.data)
            getattr(self, f"_on_{heard['t']}", lambda _: None)(heard)

    def _on_log(self, heard: Json) -> None:
        entry = heard["entry"]
        detail = entry.get("detail")
        self._last = (entry["summary"], detail if isinstance(detail, dict) else {})
        match entry["direction"], entry["kind"]:
            case "from_bot", "web_api":
                self.record.note({"dir": "call", "name": entry["summary"], "body": detail or {}, "error": None})
            case "from_bot", "ack" | "interactive" | "slash_commands":
                self.record.note({"dir": "response", "name": "", "body": {"payload": _read(detail)}, "error": None})
            case "to_bot", _:
                payload = _read(detail) or {}
                who = payload.get("user")
                trigger = payload.get("trigger_id", "")
                self._clicker[trigger] = who["id"] if isinstance(who, dict) else str(payload.get("user_id"))

    def _on_channel(self, heard: Json) -> None:
        self._members[heard["channel"]["id"]] = heard["channel"]["members"]

    def _on_message(self, heard: Json) -> None:
        message = heard["message"]
        if whom := message.get("ephemeral_to"):
            self._whispered[message["ts"]] = whom
        self._tell(
            message["channel"], message["ts"], {"type": ("message", "ephemeral")[bool(whom)], "message": message}
        )

    def _on_message_update(self, heard: Json) -> None:
        message = heard["message"]
        kind = "ephemeral_replaced" if message["ts"] in self._whispered else "message_changed"
        self._tell(message["channel"], message["ts"], {"type": kind, "ts": message["ts"], "message": message})

    def _on_message_delete(self, heard: Json) -> None:
        kind = "ephemeral_deleted" if heard["ts"] in self._whispered else "message_deleted"
        self._tell(heard["channel"], heard["ts"], {"type": kind, "ts": heard["ts"]})

    def _tell(self, channel: str, ts: str, push: Json) -> None:
        whom = self._whispered.get(ts)
        for user in [whom] if whom else self._members[channel]:
            if user in self.people:
                self.people[user].show({"channel": channel, **push})

    def _on_home(self, heard: Json) -> None:
        if heard["user"] in self.people:
            self.people[heard["user"]].show({"type": "home", "view": heard["view"]})

    def _on_view(self, heard: Json) -> None:
        before, self._windows = self._windows, heard["stack"]
        method, arguments = self._last
        if kind := OPENING.get(method):
            if method != "views.update":
                self._holder = self._clicker.get(arguments["trigger_id"], "")
            if self._windows and self._holder in self.people:
                self.people[self._holder].show({"type": kind, "view": self._windows[-1]})
        else:
            answered = "update" if self._windows and len(self._windows) == len(before) else None
            if answered:
                self.people[self._holder].show({"type": "view_updated", "view": self._windows[-1]})
            self._answered({"response_action": answered})

    def _on_view_errors(self, heard: Json) -> None:
        self._answered({"response_action": "errors", "errors": heard["errors"]})

    def _answered(self, how: Json) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(how)


def _read(detail: object) -> Any:
    """A payload as it went over the wire: in requests it is text, JSON or a form with JSON in it."""
    if not isinstance(detail, str):
        return detail
    with contextlib.suppress(ValueError):
        return json.loads(detail)
    fields = {name: values[0] for name, values in parse_qs(detail).items()}
    return json.loads(fields["payload"]) if "payload" in fields else fields


CHOSEN = {
    "initial_value": "value",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_user": "selected_user",
    "initial_users": "selected_users",
    "initial_date": "selected_date",
    "initial_date_time": "selected_date_time",
    "initial_conversation": "selected_conversation",
    "initial_conversations": "selected_conversations",
}


def _filled(view: Json) -> Json:
    """What stands in a window before anybody has typed."""
    found: Json = {}
    for block in view["blocks"]:
        element = block.get("element", {})
        for name in CHOSEN.keys() & element.keys():
            kept = {"type": element["type"], CHOSEN[name]: element[name]}
            found[block["block_id"]] = {element["action_id"]: kept}
    return found
