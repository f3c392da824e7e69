"""Socket Mode: envelopes to the app, acknowledgements back."""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence

from aiohttp import WSMsgType, web

from sandbox.delivery import ACK_SECONDS, RETRY_AFTER, Delivery, Parcel, UnansweredError
from sandbox.log import Log
from sandbox.world import Json

MOST_CONNECTIONS = 10


class SocketMode(Delivery):
    """The app's connections; they take turns, and each envelope has to be acknowledged on the one that it came on."""

    def __init__(
        self,
        app_id: str,
        log: Log,
        on_change: Callable[[bool], None],
        retry_after: Sequence[float] = RETRY_AFTER,
        ack_seconds: float = ACK_SECONDS,
    ) -> None:
        super().__init__(log, retry_after, ack_seconds)
        self._app_id = app_id
        self._on_change = on_change
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._turn = 0
        self._waiting: dict[tuple[web.WebSocketResponse, str], asyncio.Future[Json]] = {}

    @property
    def connected(self) -> bool:
        """Whether the app holds at least one connection."""
        return bool(self._sockets)

    @property
    def connections(self) -> int:
        """How many connections the app holds."""
        return len(self._sockets)

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
                    self._heard(socket, message.data)
        finally:
            self._take_out(socket)
        return socket

    def _take_out(self, socket: web.WebSocketResponse) -> None:
        """Hand nothing more to this connection."""
        if socket in self._sockets:
            self._sockets.remove(socket)
            self._on_change(self.connected)

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

    def _heard(self, socket: web.WebSocketResponse, data: str) -> None:
        try:
            answer = json.loads(data)
            key = str(answer["envelope_id"])
        except (ValueError, KeyError, TypeError):
            self.log.add("response", "socket", {"data": data}, ok=False, error="invalid_acknowledgement")
            return
        waiting = self._waiting.pop((socket, key), None)
        if waiting is None or waiting.done():
            elsewhere = any(each == key for _, each in self._waiting)
            self.log.add("response", "ack", answer, ok=False, error="wrong_connection" if elsewhere else "too_late")
            return
        payload = answer.get("payload")
        waiting.set_result(payload if isinstance(payload, dict) else {})

    async def bring(self, parcel: Parcel) -> Json:
        """Send one envelope on the connection whose turn it is, and wait for the acknowledgement."""
        envelope = self._envelope(parcel)
        if not self._sockets:
            self.log.add("event", parcel.name, envelope, ok=False, error="dispatch_failed")
            raise UnansweredError("dispatch_failed", "connection_failed")
        self._turn += 1
        socket = self._sockets[self._turn % len(self._sockets)]
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        key = envelope["envelope_id"]
        self._waiting[socket, key] = waiting
        self.log.add("event", parcel.name, envelope)
        try:
            await socket.send_str(json.dumps(envelope, ensure_ascii=False))
            payload = await asyncio.wait_for(waiting, self.ack_seconds)
        except ConnectionError:
            self.log.add("response", parcel.name, {"envelope_id": key}, ok=False, error="dispatch_failed")
            raise UnansweredError("dispatch_failed", "connection_failed") from None
        except TimeoutError:
            self.log.add("response", parcel.name, {"envelope_id": key}, ok=False, error="operation_timeout")
            raise UnansweredError("operation_timeout", "timeout") from None
        finally:
            self._waiting.pop((socket, key), None)
        self.log.add("response", parcel.name, {"envelope_id": key, "payload": payload}, ok=True, summary="ack")
        return payload

    @staticmethod
    def _envelope(parcel: Parcel) -> Json:
        envelope = {
            "envelope_id": secrets.token_hex(16),
            "payload": parcel.payload,
            "type": parcel.kind,
            "accepts_response_payload": parcel.kind != "events_api",
        }
        if parcel.kind == "events_api":
            envelope |= {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason}
        return envelope

    async def disconnect(self, *, warned: float | None = None) -> None:
        """Cut every connection that there is now, as Slack does now and then; the app is expected to come back.

        What is under way on one may still be acknowledged.

        Args:
            warned: Say it so many seconds before; events go on until then.
        """
        sockets = list(self._sockets)
        if warned is not None:
            await self._tell(sockets, "warning")
            await asyncio.sleep(warned)
        for socket in sockets:
            self._take_out(socket)
        await self._tell(sockets, "refresh_requested")
        under_way = [waiting for (socket, _), waiting in self._waiting.items() if socket in sockets]
        if under_way:
            await asyncio.wait(under_way, timeout=self.ack_seconds)
        for socket in sockets:
            await socket.close()

    @staticmethod
    async def _tell(sockets: Sequence[web.WebSocketResponse], reason: str) -> None:
        for socket in sockets:
            if not socket.closed:
                await socket.send_str(json.dumps({"type": "disconnect", "reason": reason}))

    async def stop(self) -> None:
        """Stop trying, and close every connection."""
        await super().stop()
        for socket in list(self._sockets):
            await socket.close()
