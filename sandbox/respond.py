"""Answers to a command or click that need no token: over a response_url, or with the acknowledgement."""

import json

from aiohttp import web

from sandbox import blocks, elements
from sandbox.block_kit import MESSAGE_TEXT
from sandbox.state import ApiError, ResponseUrl
from sandbox.workspace import Workspace
from sandbox.world import Json


def content(body: Json) -> Json:
    """Text and blocks of an answer, checked.

    Raises:
        ApiError: There is nothing to show, or a Block Kit limit is broken.
    """
    given = body.get("blocks")
    if given is not None:
        faults = blocks.message_faults(given)
        if faults:
            raise ApiError("invalid_blocks", *map(str, faults))
    text = body.get("text") or ""
    if not isinstance(text, str) or (not text and not given and not body.get("attachments")):
        raise ApiError("no_text")
    if len(text) > MESSAGE_TEXT:
        raise ApiError("msg_too_long")
    return {"text": text} | ({"blocks": elements.named(given)} if given else {})


def answer(ws: Workspace, right: ResponseUrl, body: Json) -> None:
    """Show an answer: to the person alone unless it says `in_channel`, or in place of the original.

    Raises:
        ApiError: There is nothing to show, or no original.
    """
    channel = ws.state.conversations[right.channel]
    if body.get("delete_original"):
        _replace(ws, right, None)
        return
    shown = content(body)
    if body.get("replace_original"):
        _replace(ws, right, shown)
        return
    thread_ts = body.get("thread_ts")
    message = ws.app_message(shown["text"], blocks=shown.get("blocks"), thread_ts=thread_ts)
    if body.get("response_type", "ephemeral") == "in_channel":
        ws.post(channel, message)
    else:
        ws.whisper(channel, right.user, message)


def _replace(ws: Workspace, right: ResponseUrl, shown: Json | None) -> None:
    channel = ws.state.conversations[right.channel]
    if right.ts is None:
        raise ApiError("no_original")
    if right.ephemeral:
        old = ws.hub.ephemeral(right.user, channel.id, right.ts)
        new = None
        if old is not None and shown is not None:
            new = {key: value for key, value in old.items() if key != "blocks"} | shown
        ws.hub.replace_ephemeral(right.user, channel.id, right.ts, new)
        return
    message = channel.messages.get(right.ts)
    if message is None or message.get("app_id") != ws.state.world.app.id:
        raise ApiError("no_original")
    if shown is None:
        ws.delete(channel, message)
    else:
        ws.edit(channel, message, {"blocks": []} | shown, None)


async def serve(ws: Workspace, request: web.Request) -> web.Response:
    """`POST /respond/<id>`: use a response_url."""
    try:
        body = _object(await request.text())
        answer(ws, ws.state.use_response_url(request.match_info["id"]), body)
    except ApiError as error:
        code = error.code
        gone = code in {"invalid_url", "used_url", "expired_url"}
        ws.log.add("call", "response_url", {"request_id": request.match_info["id"]}, ok=False, error=code)
        return web.Response(text=code, status=404 if gone else 400)
    ws.log.add("call", "response_url", body, ok=True, summary=str(body.get("text", "")))
    return web.Response(text="ok")


def _object(sent: str) -> Json:
    """The JSON object that was sent.

    Raises:
        ApiError: It is none.
    """
    try:
        body = json.loads(sent)
    except ValueError as error:
        raise ApiError("invalid_payload") from error
    if not isinstance(body, dict):
        raise ApiError("invalid_payload")
    return body
