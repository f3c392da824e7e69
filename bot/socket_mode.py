"""Socket Mode: several connections at once, each renewed before Slack cuts it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.transport import FINISH_SECONDS, Heard

PING_SECONDS = 10.0
CUT_SECONDS = 30.0
"""How long a connection that Slack is about to cut is kept, should Slack forget to."""
LOOK_SECONDS = 0.02
TOO_MANY = "too_many_websockets"
"""Slack's word to a connection beyond those it allows an app; another at once would hear the same."""

log = structlog.get_logger()


class _Client(SocketModeClient):
    """Slack's own client of one connection, which comes back by itself when the connection breaks.

    Told by Slack that it will be cut, it would cut it first and then open another; whoever clicks in between reads that
    it failed. So it passes that on instead.
    """

    def __init__(self, on_disconnect: Callable[["_Client", str], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_disconnect = on_disconnect
        self._in_hand = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        if message.get("type") == "disconnect":
            self._on_disconnect(self, str(message.get("reason")))
            return
        self._in_hand += 1
        self.idle.clear()
        try:
            await super().run_message_listeners(message, raw_message)
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self.idle.set()

    @property
    def is_cut(self) -> bool:
        """Whether the connection is over."""
        return self.current_session is None or self.current_session.closed

    def let_go(self) -> None:
        """Do not come back once this connection is over."""
        self.default_auto_reconnect_enabled = self.auto_reconnect_enabled = False


class _Handler(AsyncSocketModeHandler):
    """Bolt's way from an envelope to its acknowledgement, on a connection of ours."""

    def __init__(self, app: AsyncApp, client: SocketModeClient) -> None:
        self.app = app
        self.client = client
        client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type] # as Bolt itself does


class SocketMode:
    """The connections; Slack hands each envelope to one of them.

    Args:
        number: How many are held; Slack allows ten to an app, and one more is open while another is renewed.
        ping_seconds: How often each is tried; one that answers no more for half as long is over, and opened anew.
    """

    def __init__(self, app: AsyncApp, app_token: str, number: int, ping_seconds: float = PING_SECONDS) -> None:
        self._app = app
        self._ping_seconds = ping_seconds
        self._app_token = app_token
        self._number = number
        self._clients: list[_Client] = []
        self._renewing: dict[_Client, asyncio.Task[None]] = {}
        self._was_away = False

    async def start(self) -> None:
        """Open all connections."""
        for _ in range(self._number):
            await self._open()

    async def _open(self) -> None:
        client = _Client(
            self._cut_soon,
            app_token=self._app_token,
            logger=self._app.logger,
            web_client=self._app.client,
            ping_interval=self._ping_seconds,
        )
        _Handler(self._app, client)
        self._clients.append(client)
        await client.connect()  # type: ignore[no-untyped-call] # slack-sdk leaves it untyped

    def _cut_soon(self, client: _Client, reason: str) -> None:
        if client not in self._renewing:
            log.info("socket_renewed", reason=reason)
            self._renewing[client] = asyncio.create_task(self._renew(client, reason))

    async def _renew(self, old: _Client, reason: str) -> None:
        """Open another connection, and keep the old one until Slack cuts it: what it still sends is heard."""
        old.let_go()
        try:
            if reason == TOO_MANY:
                await asyncio.sleep(PING_SECONDS)
            await self._open()
            with suppress(TimeoutError):
                async with asyncio.timeout(CUT_SECONDS):
                    while not old.is_cut:  # noqa: ASYNC110 - Slack's client has no event for it
                        await asyncio.sleep(LOOK_SECONDS)
            await _finished([old])
        finally:
            self._clients.remove(old)
            await _close(old)
            del self._renewing[old]

    async def connections(self) -> int:
        """How many connections stand now."""
        return sum([await client.is_connected() for client in self._clients])

    async def heard(self) -> Heard:
        """Whether Slack reaches us, and whether it did at each look before."""
        if not await self.connections():
            self._was_away = True
            return Heard.NOTHING
        was_away, self._was_away = self._was_away, False
        return Heard.AFTER_A_GAP if was_away else Heard.ALL

    async def stop(self) -> None:
        """Finish what came in, and close the connections."""
        for task in list(self._renewing.values()):
            task.cancel()
        await asyncio.gather(*self._renewing.values(), return_exceptions=True)
        for client in self._clients:
            client.let_go()
        await _finished(self._clients)
        await asyncio.gather(*map(_close, self._clients))
        self._clients.clear()


async def _finished(clients: list[_Client]) -> None:
    """Wait until nothing is in hand, within a bound: what is acknowledged now is not sent again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS):
            for client in clients:
                await client.idle.wait()


async def _close(client: _Client) -> None:
    """Close a connection; Slack may not answer to that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS):
            await client.close()  # type: ignore[no-untyped-call] # slack-sdk leaves it untyped
