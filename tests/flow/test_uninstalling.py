"""A workspace takes Aside away, or its tokens: what goes, what stays, and who came back meanwhile."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bot.serving import PATH
from handlers import leaving, works
from handlers.services import Services
from handlers.worker import work_on
from sandbox.request_urls import signed
from storage import inbox
from storage import workspace as kept
from storage.inbox import Lane
from storage.installations import Installation, TokenState
from storage.leaving import SETTLE_SECONDS
from tests.flow.conftest import SUPERVISOR, WORKSPACE
from tests.flow.oauth_town import Town, built, says
from tests.fresh import asked


@pytest.fixture
async def town(tmp_path: Path, plain_logs: None) -> AsyncIterator[Town]:
    """As Slack is documented, with no grace for a right to renew that was used."""
    async with built(tmp_path) as made:
        yield made


async def hears_that_tokens_are_revoked(town: Town, parts: Services) -> Installation:
    """Slack says so of our bot, and it is worked on; what is written down of it then."""
    assert await town.hears({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0ASIDE"]}}) == 200
    with parts.casebook.begin() as connection:
        entry = inbox.claim(connection, lane=Lane.STREAM, now=town.clock())
    assert entry is not None
    await work_on(parts, entry, works.STREAM)
    made = town.installed()
    assert made is not None
    return made


async def test_uninstalled_all_of_it_goes_and_slack_is_answered_at_once(town: Town) -> None:
    """Its rows and its folder; an event of before the present installation changes nothing."""
    await town.install()
    await town.wired.workspaces.refresh()
    home = town.settings.of(WORKSPACE).home
    (home / "exports").mkdir(parents=True)
    (home / "exports" / "case-1.html").write_text("words")
    of_another = town.settings.of("T0OTHER").home
    of_another.mkdir()
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
    assert (home.exists(), of_another.exists()) == (False, True)
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
    made = await hears_that_tokens_are_revoked(town, parts)
    assert made.token_state is (TokenState.REVOKED if in_use else TokenState.GOOD)
    await town.wired.workspaces.refresh()
    assert (town.wired.workspaces.of(WORKSPACE) is None) == in_use
    assert asked(town.settings, "SELECT count(*) FROM settings WHERE name = 'alive_at'") == [(1,)]
    assert (await town.install()).status == 200
    await town.wired.workspaces.refresh()
    assert town.wired.workspaces.of(WORKSPACE) is not None


async def test_whether_a_token_is_dead_is_asked_again_where_slack_does_not_answer(town: Town) -> None:
    """Nobody loses a token that works because Slack was away for a moment; the question waits and is not lost."""
    await town.install()
    await town.wired.workspaces.refresh()
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    await town.stage.admin("fail_next", method="auth.test", status=503)
    made = await hears_that_tokens_are_revoked(town, parts)
    assert made.token_state is TokenState.GOOD
    assert asked(town.settings, "SELECT state FROM inbox") == [("new",)]


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


async def test_the_playbook_of_who_left_is_forgotten_and_not_the_one_for_whoever_has_none(town: Town) -> None:
    """To learn it takes minutes, and whoever installs us next goes by it at once."""
    playbooks, packaged = town.wired.playbooks, town.settings.playbook
    own = town.settings.of(WORKSPACE).home / "playbook"
    shutil.copytree(packaged, own)
    await town.install()
    await town.wired.workspaces.refresh()
    before = [await playbooks.known(each) for each in (packaged, own)]
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    assert parts.known is before[1]
    shutil.move(own, own.with_name("away"))
    await town.wired.workspaces.refresh()
    assert await town.hears({"type": "app_uninstalled"}, at=town.clock() + 1) == 200
    shutil.move(own.with_name("away"), own)
    assert [await playbooks.known(each) is same for each, same in zip((packaged, own), before, strict=True)] == [
        True,
        False,
    ]


async def test_whoever_asks_where_nobody_lets_us_in_reads_what_to_do(town: Town) -> None:
    """As in the minute after who left came back; in both languages, and nothing of it is written down."""
    command = {"command": "/aside", "text": "setup", "team_id": WORKSPACE, "user_id": SUPERVISOR, "trigger_id": "1"}
    body = urlencode(command).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **signed("sandbox", body, time.time())}
    async with town.stage.http.post(town.url + PATH, data=body, headers=headers) as answer:
        said = await answer.text()
    assert answer.status == 200
    assert "請一分鐘後再試" in said
    assert "try again in a minute" in said
    assert asked(town.settings, "SELECT count(*) FROM inbox") == [(0,)]
