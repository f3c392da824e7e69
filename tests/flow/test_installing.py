"""A workspace installs Aside: real pages on a real port, a Slack that is strict about OAuth, rows in the casebook."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.serving import INSTALL_PATH, REDIRECT_PATH
from handlers.installing import OPENINGS
from storage import workspace as kept
from storage.installations import STATE_SECONDS, TokenState
from tests.flow.conftest import SUPERVISOR, WORKSPACE, free_port
from tests.flow.oauth_town import CHINESE, ENGLISH, Town, built
from tests.fresh import asked, changed


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
    assert page.cookie.startswith("slack-app-oauth-state=deleted"), "what tied them to this browser is over"
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
        assert "Start again and stay in this browser." in page.text
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
    assert (page.status, "could not be saved" in page.text) == (500, True)
    changed(town.settings, "ALTER TABLE install_states RENAME TO away")
    pages = [await town.get(INSTALL_PATH), await town.get(back, cookie)]
    changed(town.settings, "ALTER TABLE away RENAME TO install_states")
    assert [(each.status, "could not be saved" in each.text) for each in pages] == [(500, True)] * 2


@pytest.mark.parametrize(
    "where",
    [
        {"team": None, "enterprise": {"id": "E0BIG", "name": "Big"}, "is_enterprise_install": True},
        {"team": {"id": "E0BIG", "name": "Big"}, "enterprise": None, "is_enterprise_install": False},
        {"team": {"id": "T0BIG", "name": "Big"}, "enterprise": {"id": "E0BIG"}, "is_enterprise_install": True},
    ],
)
async def test_a_whole_organization_is_turned_away_kindly(town: Town, where: dict[str, object]) -> None:
    """Which of its workspaces may see what could not be told; nothing is kept, nor under an id of something else."""

    async def access(_: web.Request) -> web.Response:
        said = {"ok": True, "app_id": "A0ASIDE", "access_token": "xoxb-org", "token_type": "bot", "scope": "chat:write"}
        return web.json_response({**said, **where, "authed_user": {"id": SUPERVISOR}, "bot_user_id": "U0ASIDE"})

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
    assert "Please start again." in page.text
    assert [each["reason"] for each in told if each["event"] == "not_installed"] == ["code_already_used"]


async def test_what_a_browser_sends_beside_the_address_is_not_read(town: Town) -> None:
    """Anybody may send anything to a page that is open to the world; it is no error of ours."""
    for path, status in ((INSTALL_PATH, 302), (REDIRECT_PATH, 400)):
        headers = {"Content-Type": "application/json"}
        async with town.stage.http.get(town.url + path, data=b"{", headers=headers, allow_redirects=False) as answer:
            assert answer.status == status


async def test_however_often_the_page_is_opened_few_rows_come_of_it_and_it_opens_again_soon(town: Town) -> None:
    """So many are let in at once and so many a minute; the others read when to come back, and the log hears it once."""
    with capture_logs() as told:
        pages = [await town.get(INSTALL_PATH) for _ in range(OPENINGS.at_once + 40)]
    turned_away = [each for each in pages if each.status == 429]
    assert len(pages) - len(turned_away) == asked(town.settings, "SELECT count(*) FROM install_states")[0][0]
    assert OPENINGS.at_once <= len(pages) - len(turned_away) < len(pages)
    assert "in a minute" in turned_away[0].text
    assert [each["reason"] for each in told if each["event"] == "not_installed"] == ["too_many"]
    town.clock.ahead -= 3_600  # somebody sets the clock right
    await town.get(INSTALL_PATH)
    town.clock.ahead += 60
    assert (await town.install()).status == 200
    town.clock.ahead += STATE_SECONDS + 3_600
    assert (await town.get(INSTALL_PATH)).status == 302
    assert asked(town.settings, "SELECT count(*) FROM install_states") == [(1,)]


async def test_whoever_comes_back_all_the_time_is_turned_away_too(town: Town) -> None:
    """Each look for a state asks the database; anybody can show one that they made up, and its cookie."""
    forged = f"{REDIRECT_PATH}?state=mine&code=x"
    pages = [await town.get(forged, "slack-app-oauth-state=mine") for _ in range(OPENINGS.at_once + 40)]
    assert {each.status for each in pages} == {401, 429}
