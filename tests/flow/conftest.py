"""The whole bot on a real port: sandbox, SQLite files, the packaged playbook; only Slack is a stand-in.

Over Socket Mode, or with `ASIDE_TEST_TRANSPORT=http` in signed requests (`make test-http`).
"""

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

import aiohttp
import pytest
import structlog
from pydantic import SecretStr

from bot import app
from bot.demo import open_at_all_hours
from bot.learning import learn
from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.settings import Settings
from bot.setup import RoleSource, Setup, SupportChannel
from bot.signals import Detector
from handlers.playbook_edits import Stamp, stamp
from sandbox.manifest import Manifest, load_manifest
from sandbox.server import Sandbox
from sandbox.world import World, load_world
from storage import workspace as workspaces
from storage.engine import open_casebook
from storage.importing import import_files
from tests.flow.whose import listened_to
from tests.fresh import url_at
from tests.judges.published import Record
from tests.sandbox.stage import Seat, Stage

ROOT = Path(__file__).parents[2]
FILES = Path(__file__).parent / "files"
HTTP = os.environ.get("ASIDE_TEST_TRANSPORT") == "http"
WORKSPACE = "T0KAPOK"
CUSTOMER, AGENT, OTHER_AGENT = "U0SHUFEN", "U0YICHUN", "U0POHAN"
MANAGER = "U0LIWEN"
SUPERVISOR, DEPUTY, SALES, SUCCESSOR, GUEST = "U0YATING", "U0CHIHMING", "U0CHIENHUNG", "U0CHIAHAO", "U0GUEST"
SHARED, DESK, APPROVALS, SALES_CHANNEL = "C0KUANGHSIN", "C0SUPPORT", "C0APPROVALS", "C0SALES"

SETUP = Setup(
    support=(
        SupportChannel(channel=SHARED, customer="C-1", on_duty=(AGENT,)),
        SupportChannel(channel=DESK, on_duty=(AGENT,)),
    ),
    agents=RoleSource(users=(AGENT, OTHER_AGENT)),
    supervisors=RoleSource(groups=("S0SUPERVISORS",)),
    sales=RoleSource(users=(SALES, SUCCESSOR)),
    approvals_channel=APPROVALS,
    sales_channel=SALES_CHANNEL,
    helpdesk_apps=("A0DESK",),
)


@pytest.fixture(autouse=True)
def _each_question_says_of_which_workspace(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing is asked of the casebook but of one workspace, whatever a story plays; others borrow our fixtures."""
    if Path(__file__).parent not in request.path.parents:
        yield
        return
    with listened_to() as asked:
        yield
    assert sorted(asked) == []


_learnt: dict[tuple[str, str], Detector] = {}
_learning = threading.Lock()
_read: dict[Stamp, Playbook] = {}


def read_once(folder: Path) -> Playbook:
    """What a real start reads, once for all tests of this process while nobody edits it: it takes most of a second."""
    written = stamp(folder)
    if written not in _read:
        _read[written] = load_playbook(folder)
    return _read[written]


def read_at_all_hours(folder: Path) -> Playbook:
    """The same with a desk that never closes: these tests live in real time, and nothing may wait until Monday."""
    return open_at_all_hours(read_once(folder))


def learn_once(playbook: Playbook, settings: Settings, tell: Callable[[str], None]) -> Detector:
    """What a real start learns, once for all tests of this process: reading it again takes a second each time."""
    with _learning:
        key = (playbook.version, settings.encoders)
        if key not in _learnt:
            _learnt[key] = learn(playbook, settings, tell)
        return _learnt[key]


class Bot:
    """The bot, connected; it can be stopped and started again on the same files."""

    def __init__(self, settings: Settings, learning: app.Learn = learn_once) -> None:
        self.settings = settings
        self._learning = learning
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and work."""
        ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(
            app.run(self.settings, ready.set, self._stop, self._learning, read_at_all_hours)
        )
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED, timeout=60)
        if not ready.is_set():
            self._task.result()
        if self.settings.speaks_http:
            await enter_url(self.settings)

    async def stop(self) -> None:
        """Disconnect."""
        self._stop.set()
        if self._task:
            await self._task


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def enter_url(settings: Settings) -> None:
    """Enter the bot's URL where the app is set up, as an administrator would."""
    body = {"do": "set_request_url", "url": f"http://127.0.0.1:{settings.port}/slack/events"}
    url = settings.slack_api_url.removesuffix("/api/") + "/seat/admin"
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()


def over_http(settings: Settings) -> Settings:
    """The same bot, which hears Slack over HTTP."""
    changes = {"slack_app_token": SecretStr(""), "slack_signing_secret": SecretStr("sandbox")}
    return settings.model_copy(update={**changes, "http_port": free_port()})


@pytest.fixture(scope="session")
def directory_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory made from the files by the real import."""
    path = tmp_path_factory.mktemp("directory") / "directory.db"
    report = import_files(sorted(FILES.glob("*.csv")), path)
    assert report.swapped_in
    return path


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """The demo's workspace on a port of its own."""
    async with asynccontextmanager(_stage)() as made:
        yield made


@cache
def _demo() -> tuple[World, Manifest]:
    """What the demo's files say."""
    return load_world(ROOT / "sandbox" / "demo" / "world.yml"), load_manifest(ROOT / "manifest.yml")


async def _stage() -> AsyncIterator[Stage]:
    world, manifest = _demo()
    manifest = manifest.model_copy(deep=True)
    manifest.settings.socket_mode_enabled = not HTTP
    sandbox = Sandbox(world.model_copy(deep=True), manifest, retry_after=(0.2, 0.2, 0.2))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sandbox)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = Stage(sandbox, http)
        record = Record()
        sandbox.workspace.log.watch(record.note)
        yield made
        await made.close()
    record.check()


@pytest.fixture
def plain_logs() -> Iterator[None]:
    """Tracebacks as the product writes them: with every variable of every frame, one takes ten seconds."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture
def settings(stage: Stage, directory_file: Path, tmp_path: Path, plain_logs: None) -> Settings:
    """Where this test's bot keeps its things."""
    made = Settings(
        data=tmp_path / "data",
        directory=directory_file,
        database_url=url_at(tmp_path / "data" / "casebook.db"),
        slack_api_url=stage.sandbox.api_url,
        slack_bot_token=SecretStr("xoxb-sandbox"),
        slack_app_token=SecretStr("xapp-sandbox"),
    )
    save_setup(made, SETUP)
    return over_http(made) if HTTP else made


def save_setup(settings: Settings, setup: Setup) -> None:
    """Write a workspace's setup as `aside setup` would."""
    casebook = open_casebook(settings.casebook_url)
    with casebook.begin() as connection:
        workspaces.save_setup(connection, WORKSPACE, setup, actor="test", now=0.0)
    casebook.close()


@pytest.fixture
async def bot(settings: Settings) -> AsyncIterator[Bot]:
    """The bot at work."""
    made = Bot(settings)
    await made.start()
    yield made
    await made.stop()


def texts(blocks: object) -> str:
    """Every text in some blocks, in the order in which it is read."""
    if isinstance(blocks, dict):
        own = blocks["text"] if isinstance(blocks.get("text"), str) else ""
        rest = [texts(value) for key, value in blocks.items() if not (key == "text" and own)]
        return "\n".join(part for part in (own, *rest) if part)
    if isinstance(blocks, list):
        return "\n".join(part for part in map(texts, blocks) if part)
    return ""


def whispers(seat: Seat) -> list[str]:
    """What this person alone was shown, as text."""
    return [texts(push["message"].get("blocks") or push["message"]) for push in seat.of("ephemeral")]
