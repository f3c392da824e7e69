"""Socket Mode: envelopes to the app, acknowledgements back, and what happens when none comes."""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Literal

from aiohttp import WSMsgType, web

from sandbox.log import Log
from sandbox.world import Json

RETRY_AFTER = (0.0, 60.0, 300.0)
ACK_SECONDS = 3.0
MOST_CONNECTIONS = 10

Kind = Literal["slash_commands", "interactive"]


class UnansweredError(Exception):
    """The app gave no acknowledgement; `code` is Slack's word for why."""

    def __init__(self, code: Literal["dispatch_failed", "operation_timeout"]) -> None:
        super().__init__(code)
        self.code = code


class SocketMode:
    """The app's connections. Events are sent again when nothing is heard; commands and clicks are not.

    `retry_after`: seconds before each further try of an event; `ack_seconds`: how long an answer may take.
    """

    def __init__(
        self,
        app_id: str,
        log: Log,
        on_change: Callable[[bool], None],
        retry_after: Sequence[float] = RETRY_AFTER,
        ack_seconds: float = ACK_SECONDS,
    ) -> None:
        self._app_id = app_id
        self._log = log
        self._on_change = on_change
        self._retry_after = retry_after
        self._ack_seconds = ack_seconds
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def connected(self) -> bool:
        """Whether the app holds at least one connection."""
        return bool(self._sockets)

    def new_ticket(self) -> str | None:
        """The right to connect once; None when the app has as many connections as Slack allows."""
        if len(self._sockets) >= MOST_CONNECTIONS:
            return None
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection of the app until it goes away."""
        ticket = request.match_info["ticket"]
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        self._on_change(True)  # noqa: FBT003 - the callback has one argument and its name says what it is
        try:
            await socket.send_str(json.dumps(self._hello()))
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._heard(message.data)
        finally:
            self._sockets.remove(socket)
            self._on_change(self.connected)
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._app_id},
        }

    def _heard(self, data: str) -> None:
        try:
            answer = json.loads(data)
            waiting = self._waiting.pop(answer["envelope_id"], None)
        except (ValueError, KeyError, TypeError):
            self._log.add("response", "socket", {"data": data}, ok=False, error="invalid_acknowledgement")
            return
        if waiting is None or waiting.done():
            self._log.add("response", "ack", answer, ok=False, error="too_late")
            return
        payload = answer.get("payload")
        waiting.set_result(payload if isinstance(payload, dict) else {})

    def send_event(self, name: str, payload: Json) -> None:
        """Bring an event to the app, trying again as Slack does; returns at once."""
        task = asyncio.create_task(self._deliver(name, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, name: str, payload: Json) -> None:
        reason = ""
        for attempt in range(len(self._retry_after) + 1):
            if attempt:
                await asyncio.sleep(self._retry_after[attempt - 1])
            await self._flowing.wait()
            envelope = {
                "envelope_id": secrets.token_hex(16),
                "payload": payload,
                "type": "events_api",
                "accepts_response_payload": False,
                "retry_attempt": attempt,
                "retry_reason": reason,
            }
            try:
                await self._exchange(name, envelope)
            except UnansweredError as lack:
                reason = "connection_failed" if lack.code == "dispatch_failed" else "timeout"
            else:
                return
        self._log.add("event", name, payload, ok=False, error="dropped", summary=f"dropped: {reason}")

    async def ask(self, kind: Kind, name: str, payload: Json) -> Json:
        """Hand a command or an interaction to the app and return what it acknowledged with.

        Raises:
            UnansweredError: There was no connection, or no answer in time.
        """
        envelope = {
            "envelope_id": secrets.token_hex(16),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": True,
        }
        return await self._exchange(name, envelope)

    async def _exchange(self, name: str, envelope: Json) -> Json:
        """Send one envelope on the connection whose turn it is, and wait for the acknowledgement."""
        if not self._sockets:
            self._log.add("event", name, envelope, ok=False, error="dispatch_failed")
            raise UnansweredError("dispatch_failed")
        self._turn += 1
        socket = self._sockets[self._turn % len(self._sockets)]
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        key = envelope["envelope_id"]
        self._waiting[key] = waiting
        self._log.add("event", name, envelope)
        try:
            await socket.send_str(json.dumps(envelope, ensure_ascii=False))
            payload = await asyncio.wait_for(waiting, self._ack_seconds)
        except ConnectionError:
            self._log.add("response", name, {"envelope_id": key}, ok=False, error="dispatch_failed")
            raise UnansweredError("dispatch_failed") from None
        except TimeoutError:
            self._log.add("response", name, {"envelope_id": key}, ok=False, error="operation_timeout")
            raise UnansweredError("operation_timeout") from None
        finally:
            self._waiting.pop(key, None)
        self._log.add("response", name, {"envelope_id": key, "payload": payload}, ok=True, summary="ack")
        return payload

    def pause(self) -> None:
        """Hold events back until `resume`."""
        self._flowing.clear()

    def resume(self) -> None:
        """Let events flow again, oldest first."""
        self._flowing.set()

    async def disconnect(self) -> None:
        """Cut every connection, as Slack does now and then; the app is expected to come back."""
        for socket in list(self._sockets):
            await socket.send_str(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
            await socket.close()

    async def settled(self) -> None:
        """Wait until every event is acknowledged or dropped."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Stop trying, and close every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self._sockets):
            await socket.close()
