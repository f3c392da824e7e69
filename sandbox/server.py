"""The sandbox as a server on this machine alone."""

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import files, respond, webapi
from sandbox.admin import Admin
from sandbox.delivery import ACK_SECONDS, RETRY_AFTER
from sandbox.manifest import Manifest, load_manifest
from sandbox.oauth import PATH, Authorize
from sandbox.seats import Seats, routes
from sandbox.state import Clock
from sandbox.webapi import WebApi
from sandbox.workspace import Workspace
from sandbox.world import World, WorldError, load_world

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

    `others` are more workspaces with the same app, in which every id may be what it is in the first: the token tells
    them apart in the Web API, `team_id` in what the app hears, and `/team/T…` before `/seat/…`. The page shows the
    first. With others the app is in HTTP mode.

    Raises:
        WorldError: The worlds are not of one app, or two have the same team or bot token.
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
        others: Sequence[World | Path] = (),
    ) -> None:
        self._port = port
        self._locale = locale
        self._request_url = request_url
        self._runner: web.AppRunner | None = None
        manifest = load_manifest(manifest) if isinstance(manifest, Path) else manifest
        worlds = [
            world if isinstance(world, World) else load_world(world, locale, story),
            *(each if isinstance(each, World) else load_world(each, locale) for each in others),
        ]
        _of_one_app(worlds)
        if others:
            manifest.settings.socket_mode_enabled = False
        time_here = Clock(clock)
        self.workspaces = {
            each.team.id: Workspace(each, manifest, retry_after, ack_seconds, time_here) for each in worlds
        }
        self.workspace = self.workspaces[worlds[0].team.id]
        self._authorize = Authorize(self.workspaces, manifest)
        self._apis = [WebApi(ws) for ws in self.workspaces.values()]
        self._worlds = [world, *others]

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
                web.route("*", "/api/{method}", self._call),
                web.get(PATH, self._authorize.ask),
                web.post(PATH, self._authorize.answer),
                web.get("/socket/{ticket}", self.workspace.socket.serve),
                *(route for number in range(len(self._apis)) for route in self._seats(number)),
                web.get("/", self._page),
                web.get("/page/{file}", self._page),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        for ws in self.workspaces.values():
            ws.url = f"http://{HOST}:{port}{self._prefix(ws)}"
        if self._request_url is not None:
            self.workspace.state.manifest.settings.socket_mode_enabled = False
            self.workspace.urls.keep_verifying(self._request_url)

    async def stop(self) -> None:
        """Stop listening and let everybody go."""
        for ws in self.workspaces.values():
            ws.hub.close()
            await ws.socket.stop()
            await ws.urls.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _call(self, request: web.Request) -> web.Response:
        return await webapi.serve(self._apis, request)

    def _prefix(self, ws: Workspace) -> str:
        return "" if ws is self.workspace else f"/team/{ws.state.world.team.id}"

    def _seats(self, number: int) -> list[web.RouteDef]:
        """What people of one workspace see and do, and its response_urls."""
        ws, world = list(self.workspaces.values())[number], self._worlds[number]

        async def answer(request: web.Request) -> web.Response:
            return await respond.serve(ws, request)

        admin = Admin(ws, self._apis[number], lambda tongue: _again(world, tongue))
        prefix = self._prefix(ws)
        return [web.post(f"{prefix}/respond/{{id}}", answer), *routes(Seats(ws), admin.do, prefix)]

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


def _of_one_app(worlds: Sequence[World]) -> None:
    """Several workspaces that have the same app.

    Raises:
        WorldError: They have not, or two of them cannot be told apart.
    """
    first = worlds[0]
    for world in worlds[1:]:
        if (world.app.id, world.tokens.of_the_app()) != (first.app.id, first.tokens.of_the_app()):
            raise WorldError(f"{world.team.id}: another app than in {first.team.id}; one sandbox has one app.")
    for named in ([w.team.id for w in worlds], [w.tokens.bot for w in worlds if w.tokens.bot]):
        if len(set(named)) < len(named):
            raise WorldError("Each workspace needs a team id and a bot token of its own.")


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
    asks = request.path in {"/", PATH} and request.method in {"GET", "HEAD"}
    foreign = request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"} and not asks
    if foreign or (origin is not None and urlsplit(origin).netloc != request.host):
        raise web.HTTPForbidden(text="Another page cannot use this server.")
    return await handler(request)
