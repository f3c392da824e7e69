"""The Web API's door: tokens, scopes, arguments, limits; then the method's own function."""

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aiohttp import web

from sandbox import api_chat, api_conversations, api_files, api_oauth, api_people, api_views
from sandbox.call import Call
from sandbox.limits import Limits
from sandbox.state import ApiError
from sandbox.workspace import Workspace
from sandbox.world import Json

JSON_ARGUMENTS = {
    "blocks": "invalid_blocks_format",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
    "message": "invalid_arguments",
}
READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")


class Method(NamedTuple):
    """A method: what it does, the scopes of which one is needed, the arguments it needs, its token."""

    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    kind: str = "xoxb"


METHODS = {
    "api.test": Method(api_people.api_test, kind=""),
    "auth.revoke": Method(api_oauth.revoke),
    "auth.test": Method(api_people.auth_test),
    "apps.uninstall": Method(api_oauth.uninstall),
    "apps.connections.open": Method(api_people.connections_open, kind="xapp"),
    "blocks.validate": Method(api_people.blocks_validate),
    "bots.info": Method(api_people.bots_info, ("users:read",)),
    "chat.postMessage": Method(api_chat.post_message, ("chat:write",), ("channel",)),
    "chat.postEphemeral": Method(api_chat.post_ephemeral, ("chat:write",), ("channel", "user")),
    "chat.update": Method(api_chat.update, ("chat:write",), ("channel", "ts")),
    "chat.delete": Method(api_chat.delete, ("chat:write",), ("channel", "ts")),
    "chat.getPermalink": Method(api_chat.permalink, (), ("channel", "message_ts")),
    "conversations.list": Method(api_conversations.list_all, READ),
    "conversations.info": Method(api_conversations.info, READ, ("channel",)),
    "conversations.members": Method(api_conversations.members, READ, ("channel",)),
    "conversations.history": Method(api_conversations.history, HISTORY, ("channel",)),
    "conversations.replies": Method(api_conversations.replies, HISTORY, ("channel", "ts")),
    "conversations.open": Method(api_conversations.open_im, ("im:write", "mpim:write")),
    "conversations.join": Method(api_conversations.join, ("channels:join",), ("channel",)),
    "files.info": Method(api_files.info, ("files:read",), ("file",)),
    "oauth.v2.access": Method(api_oauth.access, kind=""),
    "team.info": Method(api_people.team_info, ("team:read",)),
    "usergroups.list": Method(api_people.usergroups, ("usergroups:read",)),
    "usergroups.users.list": Method(api_people.usergroup_users, ("usergroups:read",), ("usergroup",)),
    "users.info": Method(api_people.user_info, ("users:read",), ("user",)),
    "users.list": Method(api_people.users, ("users:read",)),
    "users.conversations": Method(api_conversations.of_user, READ),
    "views.open": Method(api_views.open_view, (), ("view",)),
    "views.push": Method(api_views.push_view, (), ("view",)),
    "views.update": Method(api_views.update_view, (), ("view",)),
    "views.publish": Method(api_views.publish_view, (), ("user_id", "view")),
}


FORMS_ONLY = {"oauth.v2.access"}
MASKED = "…"


class Failure(NamedTuple):
    """What the next call of a method meets, by a test's wish: a Slack error, or a bare HTTP status."""

    error: str | None
    status: int | None
    retry_after: int | None


async def serve(apis: Sequence["WebApi"], request: web.Request) -> web.Response:
    """Answer one call: the token, or the code that is to become one, tells which workspace it is for."""
    name = request.match_info["method"]
    arguments: Json = {}
    token: str | None = None
    fault: ApiError | None = None
    try:
        arguments = await _arguments(name, request)
        token = _token(request, arguments)
    except ApiError as error:
        fault = error
    secrets = (token, arguments.get("code"), arguments.get("refresh_token"))
    api = next((api for api in apis if any(map(api.knows, secrets))), apis[0])
    return await api.serve(name, token, arguments, fault)


class WebApi:
    """Every method under `/api/`, in one workspace."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._limits = Limits(ws.state)
        self.failures: dict[str, list[Failure]] = {}
        self.latency: dict[str, float] = {}

    def knows(self, secret: object) -> bool:
        """Whether a token or a code is of this workspace."""
        return isinstance(secret, str) and self._ws.installation.knows(secret)

    async def serve(self, name: str, token: str | None, arguments: Json, fault: ApiError | None) -> web.Response:
        """Answer one call; `fault` is what is wrong with its body."""
        headers: dict[str, str] = {}
        status = 200
        try:
            if fault is not None:
                raise fault
            await asyncio.sleep(self.latency.get(name, self.latency.get("*", 0)))
            failure = self._failure(name)
            if failure is not None:
                status, answer = _failed(failure, headers)
            else:
                answer = self._answer(name, token, arguments, headers)
        except ApiError as error:
            answer = {"ok": False, "error": error.code} | error.extra
            if error.code == "ratelimited":
                status = 429
                headers["Retry-After"] = str(error.extra.pop("retry_after", 1))
                answer = {"ok": False, "error": "ratelimited"}
        self._ws.log.add(
            "call",
            name,
            arguments | ({"client_secret": MASKED} if "client_secret" in arguments else {}),
            ok=bool(answer.get("ok")),
            error=answer.get("error"),
            summary=_summary(arguments),
        )
        return web.json_response(answer, status=status, headers=headers)

    def _answer(self, name: str, token: str | None, arguments: Json, headers: dict[str, str]) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        self._authorize(method, token)
        if method.kind:
            headers["X-OAuth-Scopes"] = ",".join(self._provided(token))
        if method.scopes:
            headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        missing = [key for key in method.required if arguments.get(key) in (None, "")]
        if missing:
            raise ApiError("invalid_arguments", *(f"[ERROR] missing required field: {key}" for key in missing))
        self._limits.check(name, arguments)
        call = Call(self._ws, _decoded(arguments), token)
        return {"ok": True} | method.run(call)

    def _provided(self, token: str | None) -> list[str]:
        if token == self._ws.state.world.tokens.app:
            return ["connections:write"]
        return self._ws.installation.scopes

    def _authorize(self, method: Method, token: str | None) -> None:
        """Check the token and its scopes.

        Raises:
            ApiError: There is none, it is unknown, revoked, over, of the wrong kind, or lacks the scope.
        """
        if not method.kind:
            return
        if token is None:
            raise ApiError("not_authed")
        if token != self._ws.state.world.tokens.app:
            self._ws.installation.check(token)
        if not token.removeprefix("xoxe.").startswith(method.kind):
            raise ApiError("not_allowed_token_type")
        provided = self._provided(token)
        if method.scopes and not set(method.scopes) & set(provided):
            raise ApiError("missing_scope", needed=",".join(method.scopes), provided=",".join(provided))

    def _failure(self, name: str) -> Failure | None:
        waiting = self.failures.get(name)
        return waiting.pop(0) if waiting else None


def _failed(failure: Failure, headers: dict[str, str]) -> tuple[int, Json]:
    if failure.retry_after is not None:
        headers["Retry-After"] = str(failure.retry_after)
    return failure.status or 200, {"ok": False, "error": failure.error or "internal_error"}


async def _arguments(name: str, request: web.Request) -> Json:
    """Arguments from the query, a form or a JSON body; the app's id and secret also from Basic authentication.

    Raises:
        ApiError: The body is no JSON, or no JSON object.
    """
    arguments: Json = dict(request.query) | _client(request)
    if request.method != "POST" or (name in FORMS_ONLY and request.content_type == "application/json"):
        return arguments
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError as error:
            raise ApiError("invalid_json") from error
        if not isinstance(body, dict):
            raise ApiError("json_not_object")
        return arguments | body
    return arguments | dict(await request.post())


def _client(request: web.Request) -> Json:
    """The app's id and secret, where they are in the header."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": secret}


def _token(request: web.Request, arguments: Json) -> str | None:
    """The token of the header or the body; Slack takes none from the address any more."""
    given = None if "token" in request.query else arguments.get("token")
    arguments.pop("token", None)
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return header.removeprefix("Bearer ").strip()
    return str(given) if given else None


def _decoded(arguments: Json) -> Json:
    """The arguments with their JSON strings read.

    Raises:
        ApiError: One that should be JSON is none.
    """
    out = dict(arguments)
    for key, code in JSON_ARGUMENTS.items():
        if isinstance(out.get(key), str):
            try:
                out[key] = json.loads(out[key])
            except ValueError as error:
                raise ApiError(code, f"[ERROR] {key} is no JSON") from error
    return out


def _summary(arguments: Json) -> str:
    return " ".join(str(arguments[key]) for key in ("channel", "user", "user_id", "text", "ts") if arguments.get(key))
