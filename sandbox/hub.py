"""The seats that are looking right now, and what is pushed to them."""

import asyncio
import contextlib
import json

from aiohttp import WSMsgType, web

from sandbox.world import Json


class Seat:
    """One open page of one person. It holds the ephemerals it was shown; they go when it goes."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.ephemerals: dict[tuple[str, str], Json] = {}

    def push(self, what: Json) -> None:
        """Send something as it is now, whatever becomes of it later."""
        self.queue.put_nowait(json.dumps(what, ensure_ascii=False))


class Hub:
    """All open seats."""

    def __init__(self) -> None:
        self._seats: list[Seat] = []

    def connected(self, user: str) -> bool:
        """Whether this person has a page open."""
        return any(seat.user == user for seat in self._seats)

    def push(self, users: list[str] | None, what: Json) -> None:
        """Hand something to every open page of these people; None means everybody."""
        for seat in self._seats:
            if users is None or seat.user in users:
                seat.push(what)

    def whisper(self, user: str, channel: str, message: Json) -> bool:
        """Show an ephemeral on this person's open pages; False when there is none."""
        shown = False
        for seat in self._of(user):
            seat.ephemerals[channel, message["ts"]] = message
            seat.push({"type": "ephemeral", "channel": channel, "message": message})
            shown = True
        return shown

    def ephemeral(self, user: str, channel: str, ts: str) -> Json | None:
        """An ephemeral that this person can still see."""
        for seat in self._of(user):
            if (channel, ts) in seat.ephemerals:
                return seat.ephemerals[channel, ts]
        return None

    def replace_ephemeral(self, user: str, channel: str, ts: str, message: Json | None) -> None:
        """Change an ephemeral where it is still seen, or take it away with None."""
        for seat in self._of(user):
            if (channel, ts) not in seat.ephemerals:
                continue
            if message is None:
                del seat.ephemerals[channel, ts]
                seat.push({"type": "ephemeral_deleted", "channel": channel, "ts": ts})
            else:
                seat.ephemerals[channel, ts] = message
                seat.push({"type": "ephemeral_replaced", "channel": channel, "ts": ts, "message": message})

    def _of(self, user: str) -> list[Seat]:
        return [seat for seat in self._seats if seat.user == user]

    async def stream(self, request: web.Request, user: str) -> web.WebSocketResponse:
        """Serve one open page until it goes away."""
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        seat = Seat(user)
        self._seats.append(seat)
        writer = asyncio.create_task(self._write(socket, seat))
        try:
            async for message in socket:
                if message.type in {WSMsgType.ERROR, WSMsgType.CLOSE}:
                    break
        finally:
            self._seats.remove(seat)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return socket

    @staticmethod
    async def _write(socket: web.WebSocketResponse, seat: Seat) -> None:
        while (what := await seat.queue.get()) is not None:
            with contextlib.suppress(ConnectionError):
                await socket.send_str(what)
        await socket.close()

    def close(self) -> None:
        """Let every page go."""
        for seat in self._seats:
            seat.queue.put_nowait(None)
