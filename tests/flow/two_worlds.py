"""Two companies on one Slack and one bot: every id is the same in both, and nothing else is.

The first is the demo's, in Chinese. The second has the same people, channels and customer ids in English, with other
customers behind the ids, other contracts, another owner in sales and a supervisor whose limits are lower.
"""

import csv
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import aiohttp
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.playbook import Playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings
from bot.setup import RoleSource, Setup, SupportChannel
from bot.signals import Detector
from sandbox.manifest import load_manifest
from sandbox.server import Sandbox
from sandbox.world import World, load_world
from storage import workspace as workspaces
from storage.engine import open_casebook
from storage.importing import import_files
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    DEPUTY,
    DESK,
    FILES,
    MANAGER,
    ROOT,
    SALES,
    SALES_CHANNEL,
    SHARED,
    SUCCESSOR,
    SUPERVISOR,
    Bot,
    free_port,
    learn_once,
    read_once,
)
from tests.fresh import url_at
from tests.judges.published import Record
from tests.sandbox.stage import Seat, Stage, answered

FIRST, SECOND = "T0KAPOK", "T0HARBOUR"
WORLD = ROOT / "sandbox" / "demo" / "world.yml"
HERS = "Harbour Mills Ltd"
"""Who C-1 is in the second workspace."""

SETUP = Setup(
    support=(
        SupportChannel(channel=SHARED, customer="C-1", on_duty=(AGENT,)),
        SupportChannel(channel=DESK, on_duty=(AGENT,)),
    ),
    agents=RoleSource(users=(AGENT,)),
    supervisors=RoleSource(users=(SUPERVISOR, DEPUTY)),
    managers=RoleSource(users=(MANAGER,)),
    sales=RoleSource(users=(SALES, SUCCESSOR)),
    approvals_channel=APPROVALS,
    sales_channel=SALES_CHANNEL,
)


@dataclass(frozen=True)
class Words:
    """What is said in one of them."""

    fault: str
    asked_back: str
    favour: str
    threat: str
    form_fault: str
    reason: str


CHINESE = Words(
    fault="ERP 從早上就當機，發票都印不出來，出貨全部卡住",
    asked_back="我了解，請問是哪幾台電腦受影響？從幾點開始的？",
    favour="拜託啦，都老客戶了，這次可不可以通融一下免費幫我們處理",
    threat="連這個都不能通融？那我們就換別家，你們等著看！",
    form_fault="發票模組當機，出貨卡住",
    reason="老客戶，正在談續約",
)
ENGLISH = Words(
    fault="Our ERP has been down since this morning. No invoices print and every shipment is stuck.",
    asked_back="I understand. Which computers are affected, and since when?",
    favour="We go back a long way. Could you do us a favour and fix it free of charge this once?",
    threat="So that's a no? Then we'll take our business elsewhere. Wait and see!",
    form_fault="Invoices do not print",
    reason="A customer for nine years",
)


@dataclass(frozen=True)
class Place:
    """One of the two workspaces."""

    team: str
    stage: Stage
    words: Words

    async def seat(self, user: str) -> Seat:
        """Somebody opens the page there."""
        return await self.stage.seat(user)


@dataclass(frozen=True)
class Two:
    """Both, and the bot that serves them."""

    first: Place
    second: Place
    settings: Settings
    bot: Bot

    @property
    def both(self) -> tuple[Place, Place]:
        """The one and the other."""
        return self.first, self.second

    async def at_the_same_moment(self) -> None:
        """All is quiet, and the next thing said gets the same ts in both."""
        for place in self.both:
            await place.stage.settled()
        await self.first.stage.admin("set_clock", ahead=1)


@cache
def _worlds() -> tuple[World, World]:
    """What the two companies look like before anybody installs the bot."""
    first, second = load_world(WORLD), load_world(WORLD, "en-GB")
    raw = second.model_dump(mode="json", exclude={"story"})
    raw["team"] = {"id": SECOND, "name": "Harbour Software", "domain": "harbour"}
    for user in raw["users"]:
        user["team"] = SECOND if user["kind"] != "external" else user["team"]
    second = World.model_validate(raw)
    for world in (first, second):
        world.tokens.bot = None
    return first, second


def _rows(file: str, folder: Path, **changed: str) -> None:
    """A file of the first company's, with the row of C-1 changed, as the second has it."""
    with (FILES / file).open(encoding="utf-8", newline="") as before:
        rows = list(csv.DictReader(before))
    for row in rows:
        if "C-1" in {row.get("id"), row.get("customer_id")}:
            row.update(changed)
    with (folder / file).open("w", encoding="utf-8", newline="") as after:
        writer = csv.DictWriter(after, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def _fill(settings: Settings, folder: Path) -> None:
    """A directory for each, and for the second a playbook of its own, in which a supervisor grants little."""
    folder.mkdir()
    _rows("customers.csv", folder, name=HERS, name_en=HERS, aliases="Harbour", tax_id="", owner="S-1")
    _rows("contracts.csv", folder, name="Harbour care", end="2026-10-20", price="77000", currency="TWD")
    others = [each for each in FILES.glob("*.csv") if not (folder / each.name).exists()]
    for team, files in (
        (FIRST, sorted(FILES.glob("*.csv"))),
        (SECOND, sorted([*folder.glob("*.csv"), *others])),
    ):
        at = settings.of(team).directory_path
        at.parent.mkdir(parents=True)
        assert import_files(files, at).swapped_in
    playbook = settings.of(SECOND).home / "playbook"
    shutil.copytree(PACKAGED_PLAYBOOK, playbook)
    policy = playbook / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    assert "up_to: 20000\n" in text
    policy.write_text(text.replace("up_to: 20000\n", "up_to: 1000\n"), encoding="utf-8")


def _learnt_from_the_packaged(_: Playbook, settings: Settings, tell: Callable[[str], None]) -> Detector:
    """The two playbooks differ in their policy alone; what is learnt from both is the same."""
    return learn_once(read_once(PACKAGED_PLAYBOOK), settings, tell)


async def install(place: Place, settings: Settings, user: str = SUPERVISOR) -> None:
    """Somebody opens the bot's page, allows it in their workspace and comes back; then they bring it into channels."""
    http = place.stage.http
    page = f"http://127.0.0.1:{settings.port}/slack/install"
    async with http.get(page, allow_redirects=False) as begun:
        assert begun.status == 302, await begun.text()
        asked, cookie = begun.headers["Location"], begun.headers["Set-Cookie"].split(";")[0]
    back = await answered(http, asked, place.team, user)
    async with http.get(back, headers={"Cookie": cookie}) as done:
        assert done.status == 200, await done.text()
    for channel in (SHARED, DESK, APPROVALS, SALES_CHANNEL):
        await place.stage.admin("add_member", channel=channel, user="U0ASIDE")


def set_up(settings: Settings, team: str, setup: Setup = SETUP) -> None:
    """As an administrator there would."""
    casebook = open_casebook(settings.casebook_url)
    with casebook.begin() as connection:
        workspaces.save_setup(connection, team, setup, actor="test", now=0.0)
    casebook.close()


@asynccontextmanager
async def two_worlds(folder: Path) -> AsyncIterator[Two]:
    """Both companies, with the bot installed in each by OAuth."""
    port, now = free_port(), time.time()
    manifest = load_manifest(ROOT / "manifest.yml")
    manifest.settings.token_rotation_enabled = True
    back = f"http://127.0.0.1:{port}/slack/oauth_redirect"
    manifest.oauth_config.redirect_urls = [back]
    first, second = (world.model_copy(deep=True) for world in _worlds())
    sandbox = Sandbox(first, manifest, retry_after=(0.2, 0.2, 0.2), clock=lambda: now, others=[second])
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sandbox)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        record = Record()
        for ws in sandbox.workspaces.values():
            ws.log.watch(record.note)
        settings = Settings(
            data=folder / "data",
            database_url=url_at(folder / "data" / "casebook.db"),
            slack_api_url=sandbox.api_url,
            slack_client_id=first.tokens.client_id,
            slack_client_secret=SecretStr(first.tokens.client_secret),
            slack_signing_secret=SecretStr(first.tokens.signing_secret),
            slack_redirect_uri=back,
            token_key=SecretStr(Fernet.generate_key().decode()),
            http_port=port,
        )
        _fill(settings, folder / "files")
        bot = Bot(settings, _learnt_from_the_packaged)
        await bot.start()
        stack.push_async_callback(bot.stop)
        made = [Place(team, Stage(sandbox, http, team), words) for team, words in ((FIRST, CHINESE), (SECOND, ENGLISH))]
        for place in made:
            stack.push_async_callback(place.stage.close)
            await install(place, settings)
            set_up(settings, place.team)
        await bot.stop()
        await bot.start()  # it opens at once whoever let it in before; a running one looks every few seconds
        for place in made:
            await place.stage.settled()
        yield Two(made[0], made[1], settings, bot)
    record.check()
