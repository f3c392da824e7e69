"""`/seat/…`: what a person at a seat can see and do. The page and the tests use it."""

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox import files, shapes, text
from sandbox.interactions import Interactions
from sandbox.state import RefusalError
from sandbox.workspace import Workspace
from sandbox.world import Json, first_error


class Body(BaseModel):
    """What a seat sends; a key that nobody reads is an error."""

    model_config = ConfigDict(extra="forbid")

    user: str


class AsApp(BaseModel):
    """Another app that speaks, such as a helpdesk."""

    model_config = ConfigDict(extra="forbid")

    app_id: str
    bot_id: str
    username: str


class Say(Body):
    """Words for a channel."""

    channel: str
    text: str
    thread_ts: str | None = None
    as_app: AsApp | None = None


class Edit(Body):
    """New words for an old message."""

    channel: str
    ts: str
    text: str


class Delete(Body):
    """A message to take away."""

    channel: str
    ts: str


class Command(Body):
    """A line that starts with a slash."""

    channel: str
    text: str
    thread_ts: str | None = None


class Shortcut(Body):
    """A shortcut, on a message when there is a ts."""

    callback_id: str
    channel: str | None = None
    ts: str | None = None


class Action(Body):
    """A button or menu that was used."""

    container: Json
    action: Json
    values: dict[str, dict[str, Json | None]] = Field(default={})


class Options(Body):
    """Words typed into a menu."""

    container: Json
    action_id: str
    block_id: str
    value: str


class Submit(Body):
    """A modal that is sent."""

    view_id: str
    values: dict[str, dict[str, Json | None]] = Field(default={})


class Close(Body):
    """A modal that is closed."""

    view_id: str


class OpenIm(Body):
    """Somebody to talk to alone."""

    other: str


class Seats:
    """One method for each thing a seat does; `ROUTES` names them."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.state = ws.state
        self.interactions = Interactions(ws)

    # Looking

    def world(self, _: web.Request) -> Json:
        """`GET /seat/world`."""
        state, manifest = self.state, self.state.manifest
        world = state.world
        return {
            "team": {"id": world.team.id, "name": world.team.name},
            "teams": [{"id": t.id, "name": t.name} for t in (world.team, *world.other_teams)],
            "app": {
                "name": world.app.name,
                "id": world.app.id,
                "bot_id": world.app.bot_id,
                "user_id": world.app.user,
                "connected": self.ws.delivery.connected,
                "home": manifest.features.app_home.home_tab_enabled,
            },
            "other_apps": [{"app_id": a.id, "bot_id": a.bot_id, "name": a.name} for a in world.other_apps],
            "users": [shapes.user_for_seat(u) for u in state.users.values()],
            "usergroups": [{"id": g.id, "handle": g.handle, "name": g.name} for g in state.usergroups.values()],
            "channels": [shapes.channel_for_seat(state, c) for c in state.conversations.values()],
            "commands": [
                {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
                for c in manifest.features.slash_commands
            ],
            "shortcuts": [
                {"callback_id": s.callback_id, "name": s.name, "type": s.type} for s in manifest.features.shortcuts
            ],
            "story": world.story.model_dump(exclude_none=True) if world.story else None,
        }

    def history(self, request: web.Request) -> Json:
        """`GET /seat/history`."""
        channel = self.ws.visible(request.query.get("channel", ""), self._who(request.query.get("user", "")))
        return {"messages": [shapes.for_seat(message) for message in channel.messages.values()]}

    def home(self, request: web.Request) -> Json:
        """`GET /seat/home`."""
        return {"view": self.state.homes.get(self._who(request.query.get("user", "")))}

    def log(self, request: web.Request) -> Json:
        """`GET /seat/log`."""
        since = request.query.get("since", "0")
        if not since.isdecimal():
            raise RefusalError("invalid_arguments", "since must be a number.")
        return {"entries": self.ws.log.since(int(since))}

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`WS /seat/stream`."""
        return await self.ws.hub.stream(request, self._who(request.query.get("user", "")))

    # Doing

    async def say(self, body: Say) -> Json:
        """Say something in a channel."""
        if body.as_app is not None:
            return self._mirror(body, body.as_app)
        user = self._who(body.user)
        channel = self.ws.writable(body.channel, user)
        if not body.text.strip():
            raise RefusalError("no_text", "There is nothing to say yet.")
        self._thread(channel.messages, body.thread_ts)
        team = self.state.team_of(user)
        message: Json = {
            "type": "message",
            "client_msg_id": secrets.token_hex(16),
            "user": user,
            "text": text.as_slack(self.state, body.text),
            "team": team,
            "blocks": text.rich_text(body.text),
        }
        if body.thread_ts is not None:
            message["thread_ts"] = body.thread_ts
        if channel.is_shared and team != self.state.world.team.id:
            message |= {"user_team": team, "source_team": team}
        if shared := files.share(self.state, channel, message["text"], user):
            message["files"] = [files.shape(self.state, each, self.ws.url) for each in shared]
        return {"ts": self.ws.post(channel, message)["ts"]}

    def _mirror(self, body: Say, app: AsApp) -> Json:
        """Post as another app of the workspace."""
        known = {(a.id, a.bot_id) for a in self.state.world.other_apps}
        if (app.app_id, app.bot_id) not in known:
            raise RefusalError("unknown_app", "That app is not in the world file.")
        channel = self.state.conversations.get(body.channel)
        if channel is None or channel.archived:
            raise RefusalError("channel_not_found", "There is no such channel to post in.")
        self._thread(channel.messages, body.thread_ts)
        message: Json = {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": app.bot_id,
            "app_id": app.app_id,
            "username": app.username,
            "text": text.escape(body.text),
        }
        if body.thread_ts is not None:
            message["thread_ts"] = body.thread_ts
        return {"ts": self.ws.post(channel, message)["ts"]}

    async def edit(self, body: Edit) -> Json:
        """Change one's own message."""
        user = self._who(body.user)
        channel = self.ws.writable(body.channel, user)
        message = self._own(channel.messages, body.ts, user)
        if not body.text.strip():
            raise RefusalError("no_text", "There is nothing to say yet.")
        changes = {"text": text.as_slack(self.state, body.text), "blocks": text.rich_text(body.text)}
        if changes["text"] != message["text"]:
            self.ws.edit(channel, message, changes, user)
        return {}

    async def delete(self, body: Delete) -> Json:
        """Take one's own message away."""
        user = self._who(body.user)
        channel = self.ws.writable(body.channel, user)
        self.ws.delete(channel, self._own(channel.messages, body.ts, user))
        return {}

    async def command(self, body: Command) -> Json:
        """Type a slash command."""
        await self.interactions.command(self._who(body.user), body.channel, body.text, body.thread_ts)
        return {}

    async def shortcut(self, body: Shortcut) -> Json:
        """Use a shortcut."""
        await self.interactions.shortcut(self._who(body.user), body.callback_id, body.channel, body.ts)
        return {}

    async def action(self, body: Action) -> Json:
        """Use a button or menu."""
        await self.interactions.action(self._who(body.user), body.container, body.action, body.values)
        return {}

    async def options(self, body: Options) -> Json:
        """Ask for a menu's options."""
        found = await self.interactions.options(
            self._who(body.user), body.container, body.block_id, body.action_id, body.value
        )
        return {"options": found}

    async def submit(self, body: Submit) -> Json:
        """Send a modal."""
        return await self.interactions.submit(self._who(body.user), body.view_id, body.values)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """`POST /seat/upload`: put a file into a modal; the body is what is in it."""
        asked = request.query
        named = [asked.get(each, "") for each in ("view_id", "block_id", "action_id", "name")]
        user = self._who(asked.get("user", ""))
        if not named[-1].strip():
            raise RefusalError("invalid_arguments", "A file needs a name.")
        view_id, block_id, action_id, name = named
        made = self.interactions.upload(user, view_id, block_id, action_id, name, await request.read())
        return web.json_response({"file": made})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """`GET /files/…`: what is in a file, for a seat that may see it; never drawn as a page of ours."""
        known = files.found(self.state, request.match_info["file"], self._who(request.query.get("seat", "")))
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(known.name)}",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=known.content, content_type="application/octet-stream", headers=headers)

    async def close(self, body: Close) -> Json:
        """Close a modal."""
        await self.interactions.close(self._who(body.user), body.view_id)
        return {}

    async def open_home(self, body: Body) -> Json:
        """Look at the app's home."""
        self.interactions.open_home(self._who(body.user))
        return {}

    async def open_im(self, body: OpenIm) -> Json:
        """Talk to somebody alone."""
        channel = self.ws.open_im(self._who(body.user), self._who(body.other))
        return {"channel": shapes.channel_for_seat(self.state, channel)}

    # What is checked for all

    def _who(self, user: str) -> str:
        known = self.state.users.get(user)
        if known is None:
            raise RefusalError("user_not_found", "There is nobody of that id here.")
        if known.deleted:
            raise RefusalError("user_deactivated", "This account is deactivated.")
        return user

    @staticmethod
    def _thread(messages: dict[str, Json], thread_ts: str | None) -> None:
        if thread_ts is not None and messages.get(thread_ts, {}).get("thread_ts", thread_ts) != thread_ts:
            raise RefusalError("thread_not_found", "That message is itself an answer in a thread.")
        if thread_ts is not None and thread_ts not in messages:
            raise RefusalError("thread_not_found", "That thread is not there any more.")

    @staticmethod
    def _own(messages: dict[str, Json], ts: str, user: str) -> Json:
        message = messages.get(ts)
        if message is None:
            raise RefusalError("message_not_found", "That message is not there any more.")
        if message.get("user") != user or "subtype" in message:
            raise RefusalError("not_your_message", "Only its author can change a message.")
        return message


def routes(seats: Seats, admin: Callable[[Json], Awaitable[Json]], prefix: str = "") -> list[web.RouteDef]:
    """All routes below `/seat/`, after a prefix."""
    looks = {"world": seats.world, "history": seats.history, "home": seats.home, "log": seats.log}
    found = [web.get(f"{prefix}/seat/{name}", _look(function)) for name, function in looks.items()]
    found += [
        web.post(f"{prefix}/seat/say", _do(Say, seats.say)),
        web.post(f"{prefix}/seat/edit", _do(Edit, seats.edit)),
        web.post(f"{prefix}/seat/delete", _do(Delete, seats.delete)),
        web.post(f"{prefix}/seat/command", _do(Command, seats.command)),
        web.post(f"{prefix}/seat/shortcut", _do(Shortcut, seats.shortcut)),
        web.post(f"{prefix}/seat/action", _do(Action, seats.action)),
        web.post(f"{prefix}/seat/options", _do(Options, seats.options)),
        web.post(f"{prefix}/seat/submit", _do(Submit, seats.submit)),
        web.post(f"{prefix}/seat/close", _do(Close, seats.close)),
        web.post(f"{prefix}/seat/open_home", _do(Body, seats.open_home)),
        web.post(f"{prefix}/seat/open_im", _do(OpenIm, seats.open_im)),
        web.post(f"{prefix}/seat/admin", _admin(admin)),
        web.get(f"{prefix}/seat/stream", _guarded(seats.stream)),
        web.post(f"{prefix}/seat/upload", _guarded(seats.upload)),
        web.get(f"{prefix}/files/{{user}}/{{file}}/{{name}}", _guarded(seats.file)),
    ]
    return found


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _guarded(handler: Handler) -> Handler:
    """Answer a refusal as the page expects it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusalError as refusal:
            return web.json_response({"error": refusal.code, "message": refusal.message}, status=400)

    return handle


def _look(function: Callable[[web.Request], Json]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(function(request))

    return _guarded(handle)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text())
    except ValueError as error:
        raise RefusalError("invalid_json", "The body is no JSON.") from error
    if not isinstance(body, dict):
        raise RefusalError("invalid_json", "The body is not a JSON object.")
    return body


T = TypeVar("T", bound=Body)


def _do(model: type[T], function: Callable[[T], Awaitable[Json]]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            body = model.model_validate(await _body(request))
        except ValidationError as error:
            raise RefusalError("invalid_arguments", first_error(error)) from error
        return web.json_response(await function(body))

    return _guarded(handle)


def _admin(function: Callable[[Json], Awaitable[Json]]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(await function(await _body(request)))

    return _guarded(handle)
