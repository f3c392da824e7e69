"""A Slack in which nobody has installed us yet, strict about OAuth, and our own port with its two pages."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot import app as wiring
from bot.many import Many
from bot.serving import INSTALL_PATH, PATH, REDIRECT_PATH, Requests, Server
from bot.settings import Settings
from handlers.our_app import OurApp
from handlers.tokens import Tokens
from sandbox.manifest import load_manifest
from sandbox.request_urls import signed
from sandbox.server import Sandbox
from sandbox.world import load_world
from storage import installations
from storage.installations import Installation
from storage.sealing import Seal
from tests.flow.conftest import ROOT, SUPERVISOR, WORKSPACE, free_port, learn_once, read_once
from tests.fresh import asked, url_at
from tests.sandbox.stage import Stage, answered

HALF_A_DAY = 43_200.0
ENGLISH, CHINESE = "en-GB,en;q=0.9", "zh-TW,zh;q=0.8"


class Clock:
    """One present for Slack and for us."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Now."""
        return time.time() + self.ahead


async def says(town: "Town", question: str, answer: int) -> None:
    """Wait for the casebook to say this."""
    for _ in range(500):
        if asked(town.settings, question) == [(answer,)]:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(asked(town.settings, question))


@dataclass
class Page:
    """What somebody's browser shows."""

    status: int
    text: str
    cookie: str = ""
    location: str = ""


@dataclass
class Town:
    """Slack, in which nobody has installed us, and our port."""

    stage: Stage
    settings: Settings
    clock: Clock
    wired: wiring.Wired
    url: str

    @property
    def many(self) -> Many:
        """What there is for many workspaces."""
        assert self.wired.many
        return self.wired.many

    async def get(self, path: str, cookie: str = "", language: str = ENGLISH) -> Page:
        """Open a page."""
        headers = {"Accept-Language": language} | ({"Cookie": cookie} if cookie else {})
        where = path if path.startswith("http") else self.url + path
        async with self.stage.http.get(where, headers=headers, allow_redirects=False) as answer:
            set_cookie = answer.headers.get("Set-Cookie", "").split(";")[0]
            return Page(answer.status, await answer.text(), set_cookie, answer.headers.get("Location", ""))

    async def begun(self, answer: str = "allow", team: str = "") -> tuple[str, str]:
        """Our page, then Slack's question answered: where Slack sends them, and the browser's cookie."""
        page = await self.get(INSTALL_PATH + (f"?team={team}" if team else ""))
        assert page.status == 302, page
        return await answered(self.stage.http, page.location, WORKSPACE, SUPERVISOR, answer), page.cookie

    async def install(self, language: str = ENGLISH) -> Page:
        """The whole way."""
        back, cookie = await self.begun()
        return await self.get(back, cookie, language)

    def installed(self) -> Installation | None:
        """The row."""
        seal = Seal(self.settings.token_key.get_secret_value())
        with self.wired.workspaces.casebook.look() as connection:
            return installations.get(connection, WORKSPACE, seal)

    def calls(self, method: str) -> int:
        """How often Slack was asked this."""
        log = self.stage.workspace.log.since(0)
        return sum(each["dir"] == "call" and each["name"] == method for each in log)

    def another_worker(self) -> Tokens:
        """One that shares the casebook with us."""
        return Tokens(
            OurApp(
                client_id=self.settings.slack_client_id,
                client_secret=self.settings.slack_client_secret.get_secret_value(),
                client=self.wired.client,
                casebook=self.wired.workspaces.casebook,
                seal=Seal(self.settings.token_key.get_secret_value()),
                clock=self.clock,
            )
        )

    async def hears(self, event: dict[str, object], event_id: str = "Ev1", at: float | None = None) -> int:
        """Slack tells us something."""
        envelope = {
            "type": "event_callback",
            "event_id": event_id,
            "team_id": WORKSPACE,
            "event_time": int(self.clock() if at is None else at),
            "event": event,
        }
        body = json.dumps(envelope).encode()
        headers = {"Content-Type": "application/json", **signed("sandbox", body, time.time())}
        async with self.stage.http.post(self.url + PATH, data=body, headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def built(folder: Path, **world_settings: object) -> AsyncIterator[Town]:
    """The parts as the wiring makes them, before anybody works on what comes in."""
    clock, port = Clock(), free_port()
    back = f"http://127.0.0.1:{port}{REDIRECT_PATH}"
    manifest = load_manifest(ROOT / "manifest.yml")
    manifest.settings.socket_mode_enabled = False
    manifest.settings.token_rotation_enabled = True
    manifest.oauth_config.redirect_urls = [back]
    world = load_world(ROOT / "sandbox" / "demo" / "world.yml")
    world.tokens.bot = None
    world.settings = world.settings.model_copy(update=world_settings)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(world, manifest, clock=clock))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        settings = Settings(
            data=folder / "data",
            database_url=url_at(folder / "data" / "casebook.db"),
            slack_api_url=sandbox.api_url,
            slack_client_id=world.tokens.client_id,
            slack_client_secret=SecretStr(world.tokens.client_secret),
            slack_signing_secret=SecretStr(world.tokens.signing_secret),
            token_key=SecretStr(Fernet.generate_key().decode()),
            playbook=ROOT / "tests" / "playbook" / "tiny",
            encoders="none",
        )
        server = Server("127.0.0.1", port)
        await server.start()
        stack.push_async_callback(server.stop)
        parts = await stack.enter_async_context(
            wiring.wired(settings, clock=clock, learning=learn_once, reading=read_once)
        )
        assert parts.many
        server.installing = parts.many.installing
        server.requests = Requests(wiring.bolt_app(parts, "sandbox"), "sandbox", time.time)
        yield Town(Stage(sandbox, http), settings, clock, parts, f"http://{server.address}")
