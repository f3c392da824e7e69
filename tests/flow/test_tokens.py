"""Tokens that end are renewed by one of us, in time, and written down whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from handlers.ready import Ready
from storage.installations import REFRESH_AHEAD_SECONDS, TokenState
from tests.flow.conftest import SUPERVISOR, WORKSPACE
from tests.flow.oauth_town import HALF_A_DAY, Town, built, says
from tests.fresh import changed


@pytest.fixture
async def town(tmp_path: Path, plain_logs: None) -> AsyncIterator[Town]:
    """As Slack is documented, with no grace for a right to renew that was used."""
    async with built(tmp_path) as made:
        yield made


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


@pytest.mark.parametrize(("failure", "seconds"), [({"status": 503}, 11), ({"retry_after": 90}, 91)])
async def test_slack_out_of_reach_while_a_token_is_renewed_is_tried_again_soon(
    town: Town, failure: dict[str, int], seconds: int
) -> None:
    """It is no refusal, and its answer may have been lost on the way; where Slack says for how long, not before."""
    await town.install()
    town.clock.ahead += HALF_A_DAY - REFRESH_AHEAD_SECONDS
    await town.stage.admin("fail_next", method="oauth.v2.access", **failure)
    await town.many.tokens.renew_due()
    before = town.installed()
    assert before is not None
    assert before.token_state is TokenState.GOOD
    town.clock.ahead += seconds - 6
    calls = town.calls("oauth.v2.access")
    await town.many.tokens.renew_due()
    assert town.calls("oauth.v2.access") == calls
    town.clock.ahead += 6
    await town.many.tokens.renew_due()
    after = town.installed()
    assert after is not None
    assert after.bot_token != before.bot_token


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


async def test_a_no_of_slacks_that_is_not_about_the_token_says_nothing_of_the_token(town: Town) -> None:
    """It goes to whoever asked, once; nobody is told to install again because of a channel that is not there."""
    await town.install()
    await town.wired.workspaces.refresh()
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await parts.client.conversations_info(channel="C0NOWHERE")
    made = town.installed()
    assert made is not None
    assert (made.token_state, town.calls("conversations.info")) == (TokenState.GOOD, 1)


async def test_a_token_that_slack_takes_no_more_is_told_to_whoever_can_mend_it(town: Town) -> None:
    """Whoever asked hears Slack's no; the list and the doctor say it until somebody installs us again."""
    await town.install()
    await town.wired.workspaces.refresh()
    parts = town.wired.workspaces.of(WORKSPACE)
    assert parts is not None
    await town.stage.admin("revoke_tokens")
    with pytest.raises(SlackApiError, match="account_inactive"):
        await parts.client.users_info(user=SUPERVISOR)
    made = town.installed()
    assert made is not None
    assert (made.token_state, made.refused) == (TokenState.REFUSED, "account_inactive")
    assert town.many.tokens.check().note == f"tokens: {WORKSPACE} refused"
    await town.install()
    assert town.many.tokens.check().note == "ok"
