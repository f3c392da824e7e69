"""A workspace installs Aside: real pages on a real port, a Slack that is strict about OAuth, rows in the casebook."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot import app as wiring
from bot.many import Many
from bot.serving import INSTALL_PATH, PATH, REDIRECT_PATH, Requests, Server
from bot.settings import Settings
from handlers import leaving, works
from handlers.ready import Ready
from handlers.tokens import Tokens
from handlers.worker import work_on
from sandbox.manifest import load_manifest
from sandbox.request_urls import signed
from sandbox.server import Sandbox
from sandbox.world import load_world
from storage import inbox, installations
from storage import workspace as kept
from storage.inbox import Lane
from storage.installations import REFRESH_AHEAD_SECONDS, STATE_SECONDS, Installation, TokenState
from storage.leaving import SETTLE_SECONDS
from storage.sealing import Seal
from tests.flow.conftest import ROOT, SUPERVISOR, WORKSPACE, free_port, learn_once, read_once
from tests.fresh import asked, changed, url_at
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
        seal = Seal(self.settings.token_key.get_secret_value())
        secret = self.settings.slack_client_secret.get_secret_value()
        return Tokens(
            self.wired.workspaces.casebook,
            seal,
            self.clock,
            self.wired.client,
            self.settings.slack_client_id,
            secret,
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


@pytest.fixture
async def town(tmp_path: Path, plain_logs: None) -> AsyncIterator[Town]:
    """As Slack is documented, with no grace for a right to renew that was used."""
    async with built(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("language", "words"),
    [(ENGLISH, "Next, an administrator"), (CHINESE, "下一步"), ("", "下一步"), ("fr", "Next, an administrator")],
)
async def test_whoever_allows_it_reads_what_was_done_and_what_comes_next(town: Town, language: str, words: str) -> None:
    """In their browser's language; then Slack knows our token there, and we know who we are."""
    page = await town.install(language)
    assert (page.status, words in page.text, "<code>/aside setup</code>" in page.text) == (200, True, True)
    assert "木棉軟體 Kapok Software" in page.text
    assert "xox" not in page.text
    made = town.installed()
    assert made is not None
    assert (made.installed_by, made.bot_user, made.token_state) == (SUPERVISOR, "U0ASIDE", TokenState.GOOD)
    await town.wired.workspaces.refresh()
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    assert (await parts.client.auth_test())["team_id"] == WORKSPACE
    assert parts.exports == town.settings.data / "workspaces" / WORKSPACE / "exports"
    assert parts.identity.takes_files


async def test_a_link_may_name_the_workspace_and_nothing_else(town: Town) -> None:
    """What is no id of a workspace does not go on to Slack."""
    asked_for = parse_qs(urlsplit((await town.get(f"{INSTALL_PATH}?team={WORKSPACE}")).location).query)
    assert asked_for["team"] == [WORKSPACE]
    for odd in ("T0%26scope%3Dadmin", "C0KAPOK", "T0KAPOK%0d%0aX-Odd:1", "../T0"):
        assert "team" not in parse_qs(urlsplit((await town.get(f"{INSTALL_PATH}?team={odd}")).location).query)


async def test_a_state_that_is_not_this_browsers_or_not_good_any_more_installs_nothing(town: Town) -> None:
    """Forged, without its cookie, in another browser, used, or ten minutes old; Slack is not even asked."""
    back, cookie = await town.begun()
    other = (await town.get(INSTALL_PATH)).cookie
    forged = back.replace("state=", "state=x")
    name = cookie.split("=")[0]
    state = parse_qs(urlsplit(forged).query)["state"][0]
    for where, shown in ((back, ""), (back, other), (forged, cookie), (forged, f"{name}={state}")):
        page = await town.get(where, shown)
        assert page.status in {400, 401}
        assert "Begin anew and stay in this browser." in page.text
    town.clock.ahead += STATE_SECONDS
    assert (await town.get(back, cookie)).status == 401
    assert (town.installed(), town.calls("oauth.v2.access")) == (None, 0)
    assert (await town.install()).status == 200
    back, cookie = await town.begun()
    assert (await town.get(back, cookie)).status == 200
    assert (await town.get(back, cookie)).status == 401


async def test_a_no_in_slack_changes_nothing_and_says_so(town: Town) -> None:
    """They may begin again at once."""
    back, cookie = await town.begun("deny")
    page = await town.get(back, cookie)
    assert (page.status, "You said no in Slack" in page.text, 'href="install"' in page.text) == (200, True, True)
    assert town.installed() is None


async def test_whatever_the_address_says_no_markup_comes_of_it(town: Town) -> None:
    """Anybody can send anybody a link to our page."""
    for odd in ("%3Cscript%3Ealert(1)%3C/script%3E", "%22%3E%3Cimg", "a" * 100, "%F0%9F%98%80"):
        page = await town.get(f"{REDIRECT_PATH}?error={odd}")
        assert "Slack said: ?." in page.text
        assert "<script" not in page.text
        assert "<img" not in page.text


async def test_slack_out_of_reach_is_told_and_can_be_tried_again(town: Town) -> None:
    """The page says what happened; nothing is half done."""
    back, cookie = await town.begun()
    town.wired.client.base_url = f"http://127.0.0.1:{free_port()}/api/"
    page = await town.get(back, cookie)
    assert (page.status, "Slack cannot be reached" in page.text) == (502, True)
    assert town.installed() is None


async def test_what_cannot_be_written_down_is_told(town: Town) -> None:
    """No traceback to anybody."""
    back, cookie = await town.begun()
    changed(town.settings, "ALTER TABLE installations RENAME TO away")
    page = await town.get(back, cookie)
    changed(town.settings, "ALTER TABLE away RENAME TO installations")
    assert (page.status, "could not be written down" in page.text) == (500, True)
    changed(town.settings, "ALTER TABLE install_states RENAME TO away")
    pages = [await town.get(INSTALL_PATH), await town.get(back, cookie)]
    changed(town.settings, "ALTER TABLE away RENAME TO install_states")
    assert [(each.status, "could not be written down" in each.text) for each in pages] == [(500, True)] * 2


async def test_a_whole_organization_is_turned_away_kindly(town: Town) -> None:
    """Which of its workspaces may see what could not be told; nothing is kept."""

    async def access(_: web.Request) -> web.Response:
        said = {"ok": True, "app_id": "A0ASIDE", "access_token": "xoxb-org", "token_type": "bot", "scope": "chat:write"}
        org = {"team": None, "enterprise": {"id": "E0BIG", "name": "Big"}, "is_enterprise_install": True}
        return web.json_response({**said, **org, "authed_user": {"id": SUPERVISOR}, "bot_user_id": "U0ASIDE"})

    async def who(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "bot_id": "B0ASIDE", "url": "https://big.enterprise.slack.com/"})

    back, cookie = await town.begun()
    slack = web.Application()
    slack.add_routes([web.post("/api/oauth.v2.access", access), web.post("/api/auth.test", who)])
    runner = web.AppRunner(slack)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    town.wired.client.base_url = f"http://127.0.0.1:{port}/api/"
    page = await town.get(back, cookie)
    await runner.cleanup()
    assert (page.status, "one workspace at a time" in page.text) == (403, True)
    assert asked(town.settings, "SELECT count(*) FROM installations") == [(0,)]


async def test_installed_again_the_token_is_new_and_the_data_stay(town: Town) -> None:
    """As after new permissions; the page says that it was there before."""
    await town.install()
    first = town.installed()
    with town.wired.workspaces.casebook.begin() as connection:
        kept.save_alive_at(connection, WORKSPACE, 1.0)
    page = await town.install()
    again = town.installed()
    assert "It was there before" in page.text
    assert first is not None
    assert again is not None
    assert again.bot_token != first.bot_token
    assert asked(town.settings, "SELECT count(*) FROM settings WHERE name = 'alive_at'") == [(1,)]


async def test_a_token_is_renewed_in_time_and_whoever_holds_the_old_one_goes_on(town: Town) -> None:
    """Slack is asked once, whoever looks; the one before works until it ends, and the new one is read from the row."""
    await town.install()
    await town.wired.workspaces.refresh()
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    old = parts.client.token
    town.clock.ahead += HALF_A_DAY - REFRESH_AHEAD_SECONDS - 60
    await town.many.tokens.renew_due()
    town.clock.ahead += 61
    await asyncio.gather(town.many.tokens.renew_due(), town.another_worker().renew_due())
    assert town.calls("oauth.v2.access") == 2
    assert (await parts.client.auth_test())["ok"]
    assert parts.client.token == old
    await town.wired.workspaces.refresh()
    assert parts.client.token != old
    town.clock.ahead += HALF_A_DAY - 1
    assert (await parts.client.auth_test())["ok"]


async def test_calls_with_a_token_that_has_ended_renew_it_once_and_go_through(town: Town) -> None:
    """As after a night in which nothing ran; several calls at once, here and in another process."""
    await town.install()
    await town.wired.workspaces.refresh()
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    town.clock.ahead += 3 * HALF_A_DAY
    answers = await asyncio.gather(*(parts.client.users_info(user=SUPERVISOR) for _ in range(5)))
    assert [each["ok"] for each in answers] == [True] * 5
    assert town.calls("oauth.v2.access") == 2


@pytest.mark.parametrize(("grace", "state"), [(60.0, TokenState.GOOD), (0.0, TokenState.REFUSED)])
async def test_a_worker_that_died_before_it_wrote_the_new_token_down(
    tmp_path: Path, plain_logs: None, grace: float, state: TokenState
) -> None:
    """Within Slack's grace the next one gets another; after it somebody is told, hours before the token ends."""
    async with built(tmp_path, refresh_grace_seconds=grace) as town:
        await town.install()
        made = town.installed()
        assert made is not None
        town.clock.ahead += HALF_A_DAY - REFRESH_AHEAD_SECONDS
        secret = town.settings.slack_client_secret.get_secret_value()
        await town.wired.client.oauth_v2_access(
            client_id=town.settings.slack_client_id,
            client_secret=secret,
            grant_type="refresh_token",
            refresh_token=made.refresh_token,
        )
        town.clock.ahead += 31
        await town.many.tokens.renew_due()
        now = town.installed()
        assert now is not None
        assert now.token_state is state
        assert town.many.tokens.check().note == ("ok" if grace else f"tokens: {WORKSPACE} refused")
        await town.wired.workspaces.refresh()
        parts = town.wired.workspaces.of(WORKSPACE)
        assert parts is not None
        assert (await parts.client.auth_test())["ok"]
        asked_so_far = town.calls("oauth.v2.access")
        for _ in range(5):
            await town.many.tokens.renew_due()
        assert town.calls("oauth.v2.access") == asked_so_far
        assert now.refused == ("" if grace else "invalid_refresh_token")


async def test_slack_out_of_reach_while_a_token_is_renewed_is_tried_again_soon(town: Town) -> None:
    """It is no refusal, and its answer may have been lost on the way."""
    await town.install()
    town.clock.ahead += HALF_A_DAY - REFRESH_AHEAD_SECONDS
    await town.stage.admin("fail_next", method="oauth.v2.access", status=503)
    await town.many.tokens.renew_due()
    before = town.installed()
    assert before is not None
    assert before.token_state is TokenState.GOOD
    town.clock.ahead += 11
    await town.many.tokens.renew_due()
    after = town.installed()
    assert after is not None
    assert after.bot_token != before.bot_token


async def test_what_anybody_writes_into_the_address_is_not_in_the_log(town: Town) -> None:
    """The page is open to the world; the log has Slack's codes, and nobody's words."""
    with capture_logs() as told:
        await town.get(f"{REDIRECT_PATH}?error=access_denied")
        await town.get(f"{REDIRECT_PATH}?error=our+invoices+%3Cb%3E")
    assert [each["reason"] for each in told if each["event"] == "not_installed"] == ["access_denied", "other"]


async def test_a_client_secret_that_slack_refuses_is_told_to_whoever_can_mend_it(town: Town) -> None:
    """To begin anew would fail again for ever; the log has Slack's own code, and the reference that the page shows."""
    pages = []
    with capture_logs() as told:
        for language in (ENGLISH, CHINESE):
            back, cookie = await town.begun()
            await town.stage.admin("fail_next", method="oauth.v2.access", error="bad_client_secret")
            pages.append(await town.get(back, cookie, language))
    found = [each for each in told if each["event"] == "not_installed"]
    assert [each["reason"] for each in found] == ["bad_client_secret"] * 2
    assert [page.status for page in pages] == [500, 500]
    for page, line in zip(pages, found, strict=True):
        assert line["reference"] in page.text
        assert "<a " not in page.text, "nobody is sent round in a circle"
    assert "Whoever runs Aside has to look at the app" in pages[0].text
    assert "請負責旁白的人檢查" in pages[1].text
    assert town.installed() is None


async def test_a_code_that_slack_refuses_is_begun_anew(town: Town) -> None:
    """It was used already, or is older than ten minutes."""
    back, cookie = await town.begun()
    with capture_logs() as told:
        await town.stage.admin("fail_next", method="oauth.v2.access", error="code_already_used")
        page = await town.get(back, cookie)
    assert page.status == 401
    assert "Please begin anew." in page.text
    assert [each["reason"] for each in told if each["event"] == "not_installed"] == ["code_already_used"]


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
async def test_a_proxys_page_in_slacks_place_renews_nothing_and_is_no_refusal(town: Town, content_type: str) -> None:
    """It is tried again soon, and whoever renews goes on: without that nobody's token would hold."""
    await town.install()

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>Please log in.</html>", content_type=content_type)

    proxy = web.Application()
    proxy.add_routes([web.post("/api/{method}", page)])
    runner = web.AppRunner(proxy)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    town.wired.client.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    town.clock.ahead += HALF_A_DAY - REFRESH_AHEAD_SECONDS
    await town.many.tokens.renew_due()
    made = town.installed()
    assert made is not None
    assert made.token_state is TokenState.GOOD
    town.wired.client.base_url = town.settings.slack_api_url
    town.clock.ahead += 11
    await town.many.tokens.renew_due()
    after = town.installed()
    assert after is not None
    assert after.bot_token != made.bot_token
    await runner.cleanup()


async def test_whoever_asks_whether_we_are_ready_is_answered_while_the_tokens_cannot_be_read(town: Town) -> None:
    """With a line for it, and not with an error of ours; nobody else waits meanwhile."""
    await town.install()
    await town.wired.workspaces.refresh()
    changed(town.settings, "ALTER TABLE installations RENAME TO away")
    checks = await Ready(town.wired.workspaces, town.many.tokens.check).checks()
    assert [each.note for each in checks if each.name == "slack"] == ["tokens cannot be read"]


async def test_a_new_token_is_written_down_however_long_the_database_takes(town: Town) -> None:
    """Nobody can ask Slack for it again; even whoever is told to stop writes it down first."""
    await town.install()
    before = town.installed()
    town.clock.ahead += HALF_A_DAY - REFRESH_AHEAD_SECONDS
    await town.stage.admin("set_latency", seconds=0.3, method="oauth.v2.access")
    renewing = asyncio.create_task(town.many.tokens.renew_due())
    await says(town, "SELECT count(*) FROM installations WHERE lease_until > 0", 1)
    await asyncio.sleep(0.1)
    changed(town.settings, "ALTER TABLE installations RENAME TO away")
    renewing.cancel()
    await asyncio.sleep(0.6)
    changed(town.settings, "ALTER TABLE away RENAME TO installations")
    with pytest.raises(asyncio.CancelledError):
        await renewing
    after = town.installed()
    assert before is not None
    assert after is not None
    assert (after.bot_token != before.bot_token, after.token_state) == (True, TokenState.GOOD)


async def test_uninstalled_all_of_it_goes_and_slack_is_answered_at_once(town: Town) -> None:
    """Its rows and its folder; an event of before the present installation changes nothing."""
    await town.install()
    await town.wired.workspaces.refresh()
    home = town.settings.of(WORKSPACE).home
    (home / "exports").mkdir(parents=True)
    (home / "exports" / "case-1.html").write_text("words")
    with town.wired.workspaces.casebook.begin() as connection:
        kept.save_alive_at(connection, WORKSPACE, 1.0)
        kept.save_alive_at(connection, "T0OTHER", 1.0)
    assert await town.hears({"type": "app_uninstalled"}, "EvOld", town.clock() - 60) == 200
    assert town.wired.workspaces.of(WORKSPACE) is not None
    town.clock.ahead += 5
    assert await town.hears({"type": "app_uninstalled"}) == 200
    assert town.wired.workspaces.of(WORKSPACE) is None
    assert await town.hears({"type": "tokens_revoked", "tokens": {"bot": ["U0ASIDE"]}}, "Ev2") == 200
    deleting = asyncio.create_task(leaving.Leaving(town.wired.workspaces, town.many.folder_of).delete_forever())
    await says(town, "SELECT count(*) FROM settings WHERE workspace = 'T0KAPOK'", 0)
    deleting.cancel()
    assert not home.exists()
    assert asked(town.settings, "SELECT workspace FROM settings") == [("T0OTHER",)]
    town.clock.ahead += SETTLE_SECONDS
    await leaving.delete_rows(town.wired.workspaces.casebook, town.clock, WORKSPACE)
    assert town.installed() is None
    assert asked(town.settings, "SELECT count(*) FROM inbox") == [(0,)]


@pytest.mark.parametrize("in_use", [False, True])
async def test_tokens_that_slack_revoked_are_dropped_if_ours_is_among_them_and_the_data_stay(
    town: Town, *, in_use: bool
) -> None:
    """An old one of a pair is revoked in the course of things; without one we wait to be installed again."""
    await town.install()
    await town.wired.workspaces.refresh()
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    with parts.casebook.begin() as connection:
        kept.save_alive_at(connection, WORKSPACE, 1.0)
    if in_use:
        await town.stage.admin("revoke_tokens")
    assert await town.hears({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0ASIDE"]}}) == 200
    with parts.casebook.begin() as connection:
        entry = inbox.claim(connection, lane=Lane.STREAM, now=town.clock())
    assert entry is not None
    await work_on(parts, entry, works.STREAM)
    made = town.installed()
    assert made is not None
    assert made.token_state is (TokenState.REVOKED if in_use else TokenState.GOOD)
    await town.wired.workspaces.refresh()
    assert (town.wired.workspaces.of(WORKSPACE) is None) == in_use
    assert asked(town.settings, "SELECT count(*) FROM settings WHERE name = 'alive_at'") == [(1,)]
    assert (await town.install()).status == 200
    await town.wired.workspaces.refresh()
    assert town.wired.workspaces.of(WORKSPACE) is not None


async def test_what_whoever_came_back_at_once_puts_there_is_not_deleted_as_well(town: Town) -> None:
    """The folder of before goes once; the customers of after stay, though the rows of before take a minute."""
    await town.install()
    home = town.settings.of(WORKSPACE).home
    home.mkdir(parents=True)
    assert await town.hears({"type": "app_uninstalled"}, at=town.clock() + 1) == 200
    looks = leaving.Leaving(town.wired.workspaces, town.many.folder_of)
    await looks.look()
    assert not home.exists()
    town.clock.ahead += 2
    await town.install()
    home.mkdir(parents=True)
    await looks.look()
    town.clock.ahead += SETTLE_SECONDS
    await looks.look()
    made = town.installed()
    assert made is not None
    assert made.lets_us_in
    assert home.exists()


async def test_what_was_put_there_while_the_rows_were_deleted_goes_with_the_last_of_them(town: Town) -> None:
    """Somebody may just have been at work for them."""
    await town.install()
    home = town.settings.of(WORKSPACE).home
    assert await town.hears({"type": "app_uninstalled"}, at=town.clock() + 1) == 200
    looks = leaving.Leaving(town.wired.workspaces, town.many.folder_of)
    await looks.look()
    (home / "exports").mkdir(parents=True)
    town.clock.ahead += SETTLE_SECONDS
    await looks.look()
    assert (town.installed(), home.exists()) == (None, False)


async def test_a_lone_workspaces_data_stay_whatever_slack_says(town: Town) -> None:
    """With the token in a setting, the data are its company's, on its own machine."""
    with town.wired.workspaces.casebook.begin() as connection:
        kept.save_alive_at(connection, WORKSPACE, 1.0)
    leaving.uninstalled(town.wired.workspaces, WORKSPACE, town.clock())
    assert asked(town.settings, "SELECT count(*) FROM settings") == [(1,)]
