"""Several workspaces on one sandbox: the same ids in each, and nothing crosses."""

import json
from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import parse_qs

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError

from sandbox.server import Sandbox
from sandbox.world import World, WorldError
from tests.sandbox.stage import Json, Refused, Stage, button, sample_manifest, sample_world, until
from tests.sandbox.test_sandbox_request_urls import Server


class Both(NamedTuple):
    """The two workspaces, and what the app's one server hears."""

    home: Stage
    away: Stage
    server: Server

    async def settled(self) -> None:
        """Wait until the app has acknowledged all of both."""
        await self.home.settled()
        await self.away.settled()

    def heard(self) -> list[Json]:
        """What the app was sent, in order, whatever it was."""
        return [
            json.loads(body) if body.startswith("{") else {key: value[0] for key, value in parse_qs(body).items()}
            for _, body in self.server.heard
        ]


def another_world(team: str = "T0OTHER", bot: str | None = "xoxb-other") -> World:
    """The test world under another team, with every other id the same."""
    raw = sample_world().model_dump(mode="json")
    for user in raw["users"]:
        user["team"] = team if user["kind"] != "external" else user["team"]
    raw["team"] = {"id": team, "name": "Other", "domain": "other"}
    raw["tokens"]["bot"] = bot
    return World.model_validate(raw)


@pytest_asyncio.fixture
async def both() -> AsyncIterator[Both]:
    """Two workspaces with the same people, channels and app, in HTTP mode."""
    server = Server()
    await server.start()
    manifest = sample_manifest()
    manifest.settings.event_subscriptions.bot_events += ["app_uninstalled", "tokens_revoked"]
    sandbox = Sandbox(sample_world(), manifest, retry_after=(), request_url=server.url, others=[another_world()])
    async with sandbox, aiohttp.ClientSession() as http:
        made = Both(Stage(sandbox, http), Stage(sandbox, http, "T0OTHER"), server)
        await until(lambda: made.away.workspace.delivery.connected)
        yield made
        await made.home.close()
        await made.away.close()
    await server.stop()


async def test_the_token_says_which_workspace_a_call_is_for(both: Both) -> None:
    """Each is itself, and a message in a channel of one is in no channel of the other."""
    teams = [(await each.client.auth_test())["team_id"] for each in both[:2]]
    assert teams == ["T0HOME", "T0OTHER"]
    await both.away.client.chat_postMessage(channel="C0TEAM", text="only there")
    said = [(await each.client.conversations_history(channel="C0TEAM"))["messages"] for each in both[:2]]
    assert [[message["text"] for message in each] for each in said] == [[], ["only there"]]


async def test_the_same_person_in_each_reaches_the_app_with_the_team_they_are_in(both: Both) -> None:
    """Events, commands and clicks name the workspace; the ids in them are the same."""
    for stage in both[:2]:
        anna = await stage.seat("U0ANNA")
        await anna.say("C0TEAM", f"in {stage.workspace.state.world.team.name}")
        await both.settled()
        await anna.do("command", channel="C0TEAM", text="/hello")
        await anna.do("shortcut", callback_id="ask")
    told = [
        (each.get("team_id") or json.loads(each["payload"])["team"]["id"], each.get("event", {}).get("text"))
        for each in both.heard()
    ]
    assert told == [
        *(("T0HOME", text) for text in ("in Home", None, None)),
        *(("T0OTHER", text) for text in ("in Other", None, None)),
    ]


async def test_whispers_and_answers_over_a_response_url_stay_where_they_belong(both: Both) -> None:
    """Only the seat in that workspace sees them, whoever has the same id elsewhere."""
    here, there = await both.home.seat("U0ANNA"), await both.away.seat("U0ANNA")
    await both.away.client.chat_postEphemeral(channel="C0TEAM", user="U0ANNA", text="psst")
    await there.do("command", channel="C0TEAM", text="/hello")
    url = both.heard()[-1]["response_url"]
    async with both.home.http.post(url, json={"text": "hello"}) as answer:
        assert answer.status == 200
    assert (await there.sees("ephemeral", lambda push: push["message"]["text"] == "hello"))["channel"] == "C0TEAM"
    assert [push["message"]["text"] for push in there.of("ephemeral")] == ["psst", "hello"]
    assert here.of("ephemeral") == []


async def test_a_trigger_opens_nothing_in_another_workspace(both: Both) -> None:
    """Nor does a view of one exist in the other."""
    await (await both.home.seat("U0ANNA")).do("shortcut", callback_id="ask")
    trigger = json.loads(both.heard()[-1]["payload"])["trigger_id"]
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await both.away.client.views_open(trigger_id=trigger, view={"type": "modal"})


async def test_uninstalling_in_one_tells_the_app_and_leaves_the_other_alone(both: Both) -> None:
    """The documented payloads come last; then nothing more is heard of that workspace, and its token is told why."""
    card = await both.away.client.chat_postMessage(channel="C0TEAM", text="a card", blocks=[button("press")])
    await both.settled()
    both.server.heard.clear()
    await both.away.admin("uninstall")
    await both.settled()
    told = {each["event"]["type"]: each for each in both.heard()}
    assert set(told) == {"app_uninstalled", "tokens_revoked"}
    assert told["tokens_revoked"]["event"]["tokens"] == {"oauth": [], "bot": ["U0BOT"]}
    assert {(each["team_id"], each["api_app_id"], "authorizations" in each) for each in told.values()} == {
        ("T0OTHER", "A0SAMPLE", False)
    }
    with pytest.raises(SlackApiError, match="account_inactive"):
        await both.away.client.auth_test()
    anna = await both.away.seat("U0ANNA")
    await anna.say("C0TEAM", "anybody?")
    with pytest.raises(Refused, match="unknown_command"):
        await anna.do("command", channel="C0TEAM", text="/hello")
    where = {"type": "message", "channel": "C0TEAM", "ts": card["ts"]}
    with pytest.raises(Refused, match="app_not_installed"):
        await anna.do("action", container=where, action={"action_id": "press", "block_id": "row"})
    await (await both.home.seat("U0ANNA")).say("C0TEAM", "still here")
    await both.settled()
    assert [each["event"]["text"] for each in both.heard()[2:]] == ["still here"]
    await both.home.client.auth_test()


async def test_one_revoked_token_of_two_is_told_like_all(both: Both) -> None:
    """The event says whose tokens, never which; the newer one is still good."""
    both.away.workspace.state.manifest.settings.token_rotation_enabled = True
    installation = both.away.workspace.installation
    refresh = installation.exchange(installation.allow("U0ANNA", ["chat:write"], None).value, None)[1].refresh
    assert refresh
    client = both.away.client
    who = {"client_id": "1000000000.2000000000", "client_secret": "sandbox"}
    told = await client.oauth_v2_access(**who, grant_type="refresh_token", refresh_token=refresh.value)
    await both.settled()
    assert [(each["team_id"], each["event"]["type"]) for each in both.heard()] == [("T0OTHER", "tokens_revoked")]
    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.auth_test()
    await client.auth_test(token=told["access_token"])


async def test_revoked_tokens_are_told_without_an_uninstallation(both: Both) -> None:
    """The app hears whose tokens, never which."""
    await both.away.admin("revoke_tokens")
    await both.settled()
    assert [each["event"]["type"] for each in both.heard()] == ["tokens_revoked"]


@pytest.mark.parametrize(
    ("team", "bot", "app_token"),
    [("T0HOME", "xoxb-other", "xapp-test"), ("T0OTHER", "xoxb-test", "xapp-test"), ("T0OTHER", None, "xapp-else")],
)
def test_worlds_that_cannot_be_told_apart_or_have_another_app_are_refused(
    team: str, bot: str | None, app_token: str
) -> None:
    """One sandbox has one app, and each workspace a team and a token of its own."""
    other = another_world(team, bot)
    other.tokens.app = app_token
    with pytest.raises(WorldError):
        Sandbox(sample_world(), sample_manifest(), others=[other])
