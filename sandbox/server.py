"""The sandbox as a server on this machine alone."""

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import files, respond
from sandbox.admin import Admin
from sandbox.delivery import ACK_SECONDS, RETRY_AFTER
from sandbox.manifest import Manifest, load_manifest
from sandbox.seats import Seats, routes
from sandbox.state import Clock
from sandbox.webapi import WebApi
from sandbox.workspace import Workspace
from sandbox.world import World, load_world

HOST = "127.0.0.1"
HOSTS = {"127.0.0.1", "localhost"}
PAGE = Path(__file__).parent / "page"
MOST_BYTES = files.MOST_BYTES + 1024 * 1024


class Sandbox:
    """A Slack of one's own: `async with Sandbox(world, manifest) as sandbox: sandbox.url`.

    `port` 0 takes a free one. `retry_after` are the seconds before each further try of an event that was not
    acknowledged, `ack_seconds` how long the app may take to acknowledge, `clock` reads the present, `locale` is the
    language of a world's file and of everybody in it, `story` a file with another story than that file's. `request_url`
    switches Socket Mode off: everything goes to that URL as soon as it meets the challenge.
    """

    def __init__(
        self,
        world: World | Path,
        manifest: Manifest | Path,
        port: int = 0,
        *,
        retry_after: Sequence[float] = RETRY_AFTER,
        ack_seconds: float = ACK_SECONDS,
        clock: Callable[[], float] = time.time,
        locale: str | None = None,
        story: Path | None = None,
        request_url: str | None = None,
    ) -> None:
        self._port = port
        self._locale = locale
        self._request_url = request_url
        self._runner: web.AppRunner | None = None
        self.workspace = Workspace(
            world if isinstance(world, World) else load_world(world, locale, story),
            load_manifest(manifest) if isinstance(manifest, Path) else manifest,
            retry_after,
            ack_seconds,
            Clock(clock),
        )
        self._api = WebApi(self.workspace)
        self._admin = Admin(self.workspace, self._api, lambda tongue: _again(world, tongue))

    @property
    def url(self) -> str:
        """Where the page is, without a slash at the end; empty before `start`."""
        return self.workspace.url

    @property
    def api_url(self) -> str:
        """What slack-sdk takes as `base_url`."""
        return f"{self.url}/api/"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        app = web.Application(middlewares=[_at_home], client_max_size=MOST_BYTES)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._api.serve),
                web.get("/socket/{ticket}", self.workspace.socket.serve),
                web.post("/respond/{id}", self._respond),
                *routes(Seats(self.workspace), self._admin.do),
                web.get("/", self._page),
                web.get("/page/{file}", self._page),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.workspace.url = f"http://{HOST}:{port}"
        if self._request_url is not None:
            self.workspace.state.manifest.settings.socket_mode_enabled = False
            self.workspace.urls.keep_verifying(self._request_url)

    async def stop(self) -> None:
        """Stop listening and let everybody go."""
        self.workspace.hub.close()
        await self.workspace.socket.stop()
        await self.workspace.urls.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _respond(self, request: web.Request) -> web.Response:
        return await respond.serve(self.workspace, request)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        """The page's own files; nothing else of the disk."""
        name = request.match_info.get("file", "index.html")
        file = (PAGE / name).resolve()
        if file.parent != PAGE.resolve() or not file.is_file():
            raise web.HTTPNotFound
        response = web.FileResponse(file, headers={"Cache-Control": "no-cache"})
        if name == "index.html" and self._locale is not None:
            response.headers["Content-Language"] = self._locale
        return response


def _again(world: World | Path, locale: str) -> World | None:
    """The world in another language, as its file has it; None when there is no file to look into."""
    return load_world(world, locale) if isinstance(world, Path) else None


@web.middleware
async def _at_home(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Keep out what a page on the web could send: a foreign Host, or a call from elsewhere."""
    if urlsplit(f"//{request.host}").hostname not in HOSTS:
        raise web.HTTPForbidden(text="This server answers to 127.0.0.1 only.")
    origin = request.headers.get("Origin")
    foreign = request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"} and request.path != "/"
    if foreign or (origin is not None and urlsplit(origin).netloc != request.host):
        raise web.HTTPForbidden(text="Another page cannot use this server.")
    return await handler(request)
