"""HTTP: Slack's signed requests, and `/healthz`, `/readyz` and `/metrics` for whoever watches us."""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Protocol

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.errors import UserError
from bot.health import Check, readiness
from bot.metrics import CONTENT_TYPE, Metrics, Standing
from bot.refusals import TRIAL_HEADER, Reason, Refusals, fault
from bot.transport import FINISH_SECONDS, Heard

PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
MOST_BYTES = 1024 * 1024
"""Far more than Slack sends: a message has 40,000 characters at most, a window 100 blocks of 3,000."""
BODY_SECONDS = 5.0
GAP_SECONDS = 300.0
"""Slack tries an event again at once, after one minute and after five: what it failed with for longer never comes."""

Checks = Callable[[], Awaitable[Sequence[Check]]]
Look = Callable[[], Awaitable[Standing]]


class Requests:
    """Slack's requests. Nothing of one is read before its signature is checked.

    Args:
        clock: Seconds since 1970.
        refusals: Hears what is taken and what is not.
    """

    def __init__(
        self,
        app: AsyncApp,
        signing_secret: str,
        clock: Callable[[], float] = time.time,
        refusals: Refusals | None = None,
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._clock = clock
        self._refusals = refusals or Refusals(clock)
        self._heard_at = clock()
        self._heard = Heard.NOTHING

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Hand a request to Bolt, which answers once it is written down."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = (await request.read()).decode()
        except TimeoutError:
            self._refusals.refused(Reason.TOO_SLOW)
            return web.Response(status=HTTPStatus.REQUEST_TIMEOUT)
        except UnicodeDecodeError:
            self._refusals.refused(Reason.NO_TEXT)
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        except web.HTTPRequestEntityTooLarge:
            self._refusals.refused(Reason.TOO_LARGE)
            raise
        is_trial = TRIAL_HEADER in request.headers
        if reason := fault(self._verifier, body, request.headers):
            self._refusals.refused(reason, is_trial=is_trial)
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        if not is_trial:
            self.note()
            self._refusals.taken()
        headers: dict[str, str | Sequence[str]] = dict(request.headers)
        response = await self._app.async_dispatch(AsyncBoltRequest(body=body, headers=headers))
        return await to_aiohttp_response(response)

    def note(self) -> None:
        """Slack has reached us."""
        now = self._clock()
        if now - self._heard_at > GAP_SECONDS:
            self._heard = Heard.AFTER_A_GAP
        elif self._heard is Heard.NOTHING:
            self._heard = Heard.ALL
        self._heard_at = now

    async def heard(self) -> Heard:
        """Whether a request came since the last look, and whether one may have been missed before it."""
        heard, self._heard = self._heard, Heard.NOTHING
        return heard

    async def stop(self) -> None:
        """Finish what is being noted."""
        await self._refusals.stop()


class Installs(Protocol):
    """How workspaces install us."""

    async def begin(self, request: AsyncBoltRequest) -> BoltResponse:
        """Send somebody on to Slack's question."""

    async def finish(self, request: AsyncBoltRequest) -> BoltResponse:
        """Slack sent somebody back."""


class Server:
    """The port. It answers as soon as we start; Slack is let in once we can write down what it says."""

    def __init__(self, host: str, port: int, metrics: Metrics | None = None) -> None:
        self._host = host
        self._port = port
        self._metrics = metrics or Metrics()
        self._runner: web.AppRunner | None = None
        self.requests: Requests | None = None
        self.installing: Installs | None = None
        self.checks: Checks | None = None
        self.standing: Look | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        host, port = self._runner.addresses[0][:2] if self._runner else (self._host, self._port)
        return f"{host}:{port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            UserError: when the port is taken.
        """
        app = web.Application(client_max_size=MOST_BYTES)
        app.add_routes(
            [
                web.post(PATH, self._slack),
                web.get(INSTALL_PATH, self._install),
                web.get(REDIRECT_PATH, self._installed),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._counted),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=FINISH_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise UserError(
                f"Port {self._port} of {self._host} cannot be used: {reason(error)}.",
                "Take another one: ASIDE_HTTP_PORT and ASIDE_HTTP_HOST.",
            ) from error

    async def stop(self) -> None:
        """Take no new requests, and finish those that came in."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        if self.requests is None:
            self._metrics.request_refused(Reason.NOT_READY)
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return await self.requests.answer(request)

    async def _install(self, request: web.Request) -> web.Response:
        if self.installing is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return await to_aiohttp_response(await self.installing.begin(_address_of(request)))

    async def _installed(self, request: web.Request) -> web.Response:
        if self.installing is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return await to_aiohttp_response(await self.installing.finish(_address_of(request)))

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _readyz(self, _: web.Request) -> web.Response:
        learning = [Check("playbook", is_well=False, note="is being learnt")]
        status, lines = readiness(await self.checks() if self.checks else learning)
        return web.json_response(lines, status=status)

    async def _counted(self, _: web.Request) -> web.Response:
        standing = await self.standing() if self.standing else None
        return web.Response(body=self._metrics.text(standing), headers={"Content-Type": CONTENT_TYPE})


def _address_of(request: web.Request) -> AsyncBoltRequest:
    """What is opened and by whom; what else they send is not read."""
    return AsyncBoltRequest(body="", query=request.query_string, headers=dict(request.headers))


def reason(error: OSError) -> str:
    """Why a port cannot be had, in the system's words, also where it is the host's name that nobody knows."""
    return (error.strerror if isinstance(error, socket.gaierror) else None) or os.strerror(error.errno or 0)


class HttpMode:
    """Slack's requests on a server of ours."""

    def __init__(self, server: Server, requests: Requests) -> None:
        self._server = server
        self._requests = requests

    async def start(self) -> None:
        """Let Slack in."""
        self._server.requests = self._requests

    async def heard(self) -> Heard:
        """Whether a request came since the last look."""
        return await self._requests.heard()

    async def stop(self) -> None:
        """Take no new requests, and finish those that came in."""
        await self._server.stop()
        await self._requests.stop()
