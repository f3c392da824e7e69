"""The Web API refuses what Slack refuses, with Slack's codes."""

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import Sandbox
from tests.sandbox.stage import Stage, modal, sample_manifest, sample_world, text_of

Json = dict[str, Any]


async def refused(client: AsyncWebClient, method: str, **arguments: object) -> Json:
    """What a method answers that must fail."""
    with pytest.raises(SlackApiError) as error:
        await client.api_call(method, json=arguments)
    data = error.value.response.data
    assert isinstance(data, dict)
    assert data.pop("ok") is False
    return data


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.explode", {}, "unknown_method"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0TEAM"}, "no_text"),
        ("chat.postMessage", {"channel": "C0TEAM", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "G0HIDDEN", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0LONELY", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0OLD", "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "C0TEAM", "blocks": "[oops"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C0TEAM", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C0TEAM", "text": "x", "username": "y"}, "missing_scope"),
        (
            "chat.postMessage",
            {"channel": "C0TEAM", "text": "x", "metadata": {"event_type": 1}},
            "invalid_metadata_schema",
        ),
        ("chat.postEphemeral", {"channel": "C0TEAM", "text": "x"}, "invalid_arguments"),
        ("chat.postEphemeral", {"channel": "C0TEAM", "user": "U0CARA", "text": "x"}, "user_not_in_channel"),
        ("chat.postEphemeral", {"channel": "C0LONELY", "user": "U0ANNA", "text": "x"}, "not_in_channel"),
        ("chat.postEphemeral", {"channel": "C0OLD", "user": "U0ANNA", "text": "x"}, "is_archived"),
        ("chat.update", {"channel": "C0TEAM", "ts": "1.000001", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": "C0TEAM", "ts": "1.000001"}, "message_not_found"),
        ("chat.getPermalink", {"channel": "C0TEAM", "message_ts": "1.000001"}, "message_not_found"),
        ("conversations.info", {"channel": "C0NOWHERE"}, "channel_not_found"),
        ("conversations.history", {"channel": "C0LONELY"}, "not_in_channel"),
        ("conversations.history", {"channel": "C0TEAM", "limit": 1000}, "invalid_limit"),
        ("conversations.history", {"channel": "C0TEAM", "cursor": "???"}, "invalid_cursor"),
        ("conversations.history", {"channel": "C0TEAM", "oldest": "yesterday"}, "invalid_ts_oldest"),
        ("conversations.replies", {"channel": "C0TEAM", "ts": "1.000001"}, "thread_not_found"),
        ("conversations.list", {"types": "public_channel,secret"}, "invalid_types"),
        ("conversations.list", {"types": "mpim"}, "missing_scope"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
        ("conversations.join", {"channel": "C0OLD"}, "is_archived"),
        ("conversations.join", {"channel": "G0SECRET"}, "method_not_supported_for_channel_type"),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S0NONE"}, "no_such_subteam"),
        ("bots.info", {"bot": "B0NONE"}, "bot_not_found"),
        ("team.info", {"team": "T0NONE"}, "team_not_found"),
        ("views.open", {"view": modal()}, "invalid_arguments"),
        ("views.open", {"trigger_id": "1.2.3", "view": modal()}, "invalid_trigger_id"),
        ("views.update", {"view_id": "V0NONE", "view": modal()}, "not_found"),
        ("views.update", {"view": modal()}, "invalid_arguments"),
        ("views.publish", {"user_id": "U0ANNA", "view": modal()}, "invalid_arguments"),
        (
            "views.publish",
            {"user_id": "U0ANNA", "view": {"type": "home", "blocks": [text_of("x" * 2900)] * 90}},
            "view_too_large",
        ),
        ("views.publish", {"user_id": "U0NOBODY", "view": {"type": "home", "blocks": []}}, "user_not_found"),
    ],
)
async def test_a_wrong_call_is_refused(stage: Stage, method: str, arguments: Json, code: str) -> None:
    """Each mistake is answered with the code that Slack uses for it."""
    assert (await refused(stage.client, method, **arguments))["error"] == code


@pytest.mark.parametrize(
    ("token", "method", "code"),
    [
        (None, "auth.test", "not_authed"),
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        ("xapp-test", "auth.test", "not_allowed_token_type"),
        ("xoxb-test", "apps.connections.open", "not_allowed_token_type"),
    ],
)
async def test_a_token_opens_only_its_own_door(stage: Stage, token: str | None, method: str, code: str) -> None:
    """Bot methods want the bot token, Socket Mode the app-level one, and none will not do."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with stage.http.post(f"{stage.sandbox.api_url}{method}", headers=headers) as answer:
        assert (await answer.json())["error"] == code


async def test_a_token_in_the_address_is_not_looked_at(stage: Stage) -> None:
    """Slack takes tokens in the header or the body only."""
    async with stage.http.get(f"{stage.sandbox.api_url}auth.test?token=xoxb-test") as answer:
        assert (await answer.json())["error"] == "not_authed"


async def test_a_form_is_read_as_well_as_json(stage: Stage) -> None:
    """The token and every argument may come in a form, blocks as a JSON string in it."""
    form = {"token": "xoxb-test", "channel": "C0TEAM", "text": "x", "blocks": json.dumps([text_of("hi")])}
    async with stage.http.post(f"{stage.sandbox.api_url}chat.postMessage", data=form) as answer:
        body = await answer.json()
    assert body["message"]["blocks"][0]["text"]["text"] == "hi"


@pytest.mark.parametrize(("body", "code"), [("{oops", "invalid_json"), ("[1]", "json_not_object")])
async def test_a_broken_body_is_refused(stage: Stage, body: str, code: str) -> None:
    """A body that says it is JSON must be a JSON object."""
    headers = {"Authorization": "Bearer xoxb-test", "Content-Type": "application/json"}
    async with stage.http.post(f"{stage.sandbox.api_url}api.test", data=body, headers=headers) as answer:
        assert (await answer.json())["error"] == code


async def test_a_missing_scope_is_named() -> None:
    """A method whose scope is not in the manifest is refused, and the answer names what is needed."""
    manifest = sample_manifest()
    manifest.oauth_config.scopes.bot.remove("chat:write")
    async with Sandbox(sample_world(), manifest) as sandbox, aiohttp.ClientSession() as http:
        client = AsyncWebClient(token="xoxb-test", base_url=sandbox.api_url, session=http)
        answer = await refused(client, "chat.postMessage", channel="C0TEAM", text="x")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert answer["provided"] == ",".join(manifest.scopes)


async def test_the_scope_follows_the_kind_of_channel() -> None:
    """Reading a private channel needs groups:history, whatever else the token may do."""
    manifest = sample_manifest()
    manifest.oauth_config.scopes.bot.remove("groups:history")
    async with Sandbox(sample_world(), manifest) as sandbox, aiohttp.ClientSession() as http:
        client = AsyncWebClient(token="xoxb-test", base_url=sandbox.api_url, session=http)
        answer = await refused(client, "conversations.history", channel="G0SECRET")
        assert (await client.conversations_history(channel="C0TEAM"))["messages"] == []
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:history")


async def test_others_messages_cannot_be_changed(stage: Stage) -> None:
    """An app changes and deletes its own messages only."""
    anna = await stage.seat("U0ANNA")
    ts = await anna.say("C0TEAM", "mine")
    update = await refused(stage.client, "chat.update", channel="C0TEAM", ts=ts, text="yours")
    delete = await refused(stage.client, "chat.delete", channel="C0TEAM", ts=ts)
    assert (update["error"], delete["error"]) == ("cant_update_message", "cant_delete_message")


async def test_broken_blocks_are_refused_with_the_place(stage: Stage) -> None:
    """invalid_blocks says what is wrong where."""
    answer = await refused(stage.client, "chat.postMessage", channel="C0TEAM", blocks=[text_of("x" * 3001)])
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


async def test_all_words_together_have_a_limit_too(stage: Stage) -> None:
    """Blocks that are each small enough may be too long together."""
    blocks = [text_of("x" * 2900) for _ in range(5)]
    answer = await refused(stage.client, "chat.postMessage", channel="C0TEAM", blocks=blocks)
    assert answer["error"] == "msg_blocks_too_long"


async def test_blocks_can_be_checked_without_sending(stage: Stage) -> None:
    """blocks.validate names pointer and message, and takes exactly one thing."""
    assert (await stage.client.api_call("blocks.validate", json={"blocks": [text_of("fine")]}))["ok"]
    answer = await refused(stage.client, "blocks.validate", blocks=[{"type": "header"}])
    assert answer == {
        "error": "invalid_blocks",
        "errors": [{"pointer": "/0", "code": "failed_constraint", "message": "missing required field: text"}],
    }
    both = await refused(stage.client, "blocks.validate", blocks=[], view=modal())
    assert both["error"] == "invalid_arguments"


async def test_metadata_is_told_only_when_asked_for(stage: Stage) -> None:
    """Metadata comes back with include_all_metadata, in history and in replies."""
    metadata = {"event_type": "outbox", "event_payload": {"id": "row-1"}}
    posted = await stage.client.chat_postMessage(channel="C0TEAM", text="x", metadata=metadata)
    assert "metadata" not in posted["message"]
    plain = await stage.client.conversations_history(channel="C0TEAM")
    full = await stage.client.conversations_history(channel="C0TEAM", include_all_metadata=True)
    thread = await stage.client.conversations_replies(channel="C0TEAM", ts=str(posted["ts"]), include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata
    assert thread["messages"][0]["metadata"] == metadata


async def test_history_is_paged_newest_first_and_leaves_threads_out(stage: Stage) -> None:
    """limit, cursor, oldest, latest and inclusive work as in Slack; answers in threads stand in replies."""
    anna = await stage.seat("U0ANNA")
    first = await anna.say("C0TEAM", "one")
    second = await anna.say("C0TEAM", "two")
    third = await anna.say("C0TEAM", "three")
    answer = await anna.say("C0TEAM", "answer", thread_ts=first)
    client = stage.client
    page = await client.conversations_history(channel="C0TEAM", limit=2)
    assert [m["text"] for m in page["messages"]] == ["three", "two"]
    assert page["has_more"] is True
    cursor = page["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel="C0TEAM", limit=2, cursor=cursor)
    assert [m["text"] for m in rest["messages"]] == ["one"]
    assert (rest["has_more"], rest["messages"][0]["reply_count"]) == (False, 1)
    after = await client.conversations_history(channel="C0TEAM", oldest=first)
    assert [m["ts"] for m in after["messages"]] == [third, second]
    exact = await client.conversations_history(channel="C0TEAM", latest=second, inclusive=True, limit=1)
    assert [m["ts"] for m in exact["messages"]] == [second]
    thread = await client.conversations_replies(channel="C0TEAM", ts=first)
    assert [m["ts"] for m in thread["messages"]] == [first, answer]


async def test_people_are_told_as_slack_tells_them(stage: Stage) -> None:
    """Outsiders differ by team, guests by is_restricted; the locale comes only when asked for."""
    client = stage.client
    cara = (await client.users_info(user="U0CARA"))["user"]
    dan = (await client.users_info(user="U0DAN"))["user"]
    gus = (await client.users_info(user="U0GUS"))["user"]
    ben = (await client.users_info(user="U0BEN", include_locale=True))["user"]
    assert (cara["team_id"], cara["is_restricted"], cara["is_stranger"]) == ("T0AWAY", False, False)
    assert dan["is_stranger"] is True
    assert (gus["team_id"], gus["is_restricted"], gus["is_ultra_restricted"]) == ("T0HOME", True, True)
    assert (ben["tz"], ben["locale"]) == ("Europe/Berlin", "en-GB")
    assert "locale" not in cara


async def test_channels_are_told_as_slack_tells_them(stage: Stage) -> None:
    """is_ext_shared, pending shares, privacy and the number of members are told."""
    client = stage.client
    shared = (await client.conversations_info(channel="C0SHARED", include_num_members=True))["channel"]
    soon = (await client.conversations_info(channel="C0SOON"))["channel"]
    secret = (await client.conversations_info(channel="G0SECRET"))["channel"]
    assert (shared["is_ext_shared"], shared["is_shared"], shared["is_org_shared"]) == (True, True, False)
    assert (shared["num_members"], shared["connected_team_ids"]) == (4, ["T0AWAY"])
    assert (soon["is_ext_shared"], soon["is_pending_ext_shared"]) == (False, True)
    assert secret["is_private"] is True
    assert "num_members" not in soon
    listed = await client.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    assert {c["id"] for c in listed["channels"]} == {"C0SHARED", "C0TEAM", "C0LONELY", "G0SECRET", "C0SOON"}


async def test_the_small_questions_are_answered(stage: Stage) -> None:
    """Who am I, who are they, which team, which bot, where is that message."""
    client = stage.client
    me = await client.auth_test()
    assert (me["team_id"], me["user_id"], me["bot_id"]) == ("T0HOME", "U0BOT", "B0SAMPLE")
    assert (await client.bots_info(bot="B0DESK"))["bot"]["app_id"] == "A0DESK"
    assert (await client.team_info(team="T0AWAY"))["team"]["name"] == "Away"
    page = await client.users_list(limit=4)
    rest = await client.users_list(limit=4, cursor=page["response_metadata"]["next_cursor"])
    assert [u["id"] for u in (*page["members"], *rest["members"])] == [
        *("U0ANNA", "U0BEN", "U0CARA", "U0GUS"),
        *("U0DAN", "U0BOT"),
    ]
    mine = await client.users_conversations(types="public_channel,private_channel", exclude_archived=True)
    assert {c["id"] for c in mine["channels"]} == {"C0SHARED", "C0TEAM", "G0SECRET", "C0SOON"}
    ts = str((await client.chat_postMessage(channel="C0TEAM", text="x"))["ts"])
    link = (await client.chat_getPermalink(channel="C0TEAM", message_ts=ts))["permalink"]
    assert link == f"{stage.sandbox.url}/#C0TEAM/p{ts.replace('.', '')}"


async def test_a_direct_message_is_opened_once(stage: Stage) -> None:
    """conversations.open and a post to a person's id lead to the same direct message."""
    opened = await stage.client.conversations_open(users=["U0ANNA"])
    posted = await stage.client.chat_postMessage(channel="U0ANNA", text="psst")
    assert opened["channel"]["id"] == posted["channel"]
    info = (await stage.client.conversations_info(channel=str(posted["channel"])))["channel"]
    assert (info["is_im"], info["user"]) == (True, "U0ANNA")


async def test_groups_are_listed_unless_the_plan_has_none() -> None:
    """A workspace without user groups answers plan_upgrade_required."""
    for there in (True, False):
        world = sample_world(usergroups=there)
        async with Sandbox(world, sample_manifest()) as sandbox, aiohttp.ClientSession() as http:
            client = AsyncWebClient(token="xoxb-test", base_url=sandbox.api_url, session=http)
            if there:
                groups = await client.usergroups_list(include_users=True)
                assert groups["usergroups"][0]["users"] == ["U0ANNA", "U0BEN"]
                users = await client.usergroups_users_list(usergroup="S0AGENTS")
                assert users["users"] == ["U0ANNA", "U0BEN"]
            else:
                assert (await refused(client, "usergroups.list"))["error"] == "plan_upgrade_required"


async def test_rate_limits_answer_429_when_the_world_has_them() -> None:
    """One visible message a second in a channel, so many ephemerals a minute; others are told to wait."""
    world = sample_world(rate_limits=True, ephemeral_per_minute=2)
    now = [1_800_000_000.0]
    async with (
        Sandbox(world, sample_manifest(), clock=lambda: now[0]) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        client = AsyncWebClient(token="xoxb-test", base_url=sandbox.api_url, session=http)
        await client.chat_postMessage(channel="C0TEAM", text="one")
        await client.chat_postMessage(channel="C0SHARED", text="another channel")
        with pytest.raises(SlackApiError) as error:
            await client.chat_postMessage(channel="C0TEAM", text="two")
        assert error.value.response.status_code == 429
        assert error.value.response.headers["Retry-After"] == "1"
        now[0] += 1
        await client.chat_postMessage(channel="C0TEAM", text="two")
        for _ in range(2):
            await client.chat_postEphemeral(channel="C0TEAM", user="U0ANNA", text="psst")
        assert (await refused(client, "chat.postEphemeral", channel="C0TEAM", user="U0ANNA", text="psst"))[
            "error"
        ] == "ratelimited"
        now[0] += 60
        await client.chat_postEphemeral(channel="C0TEAM", user="U0ANNA", text="psst")


async def test_the_next_call_can_be_made_to_fail(stage: Stage) -> None:
    """A test may ask for a Slack error or a bare HTTP status; the call after it works."""
    await stage.admin("fail_next", method="chat.postMessage", error="internal_error")
    await stage.admin("fail_next", method="chat.postMessage", status=503)
    first = await refused(stage.client, "chat.postMessage", channel="C0TEAM", text="x")
    with pytest.raises(SlackApiError) as second:
        await stage.client.chat_postMessage(channel="C0TEAM", text="x")
    assert first["error"] == "internal_error"
    assert second.value.response.status_code == 503
    assert (await stage.client.chat_postMessage(channel="C0TEAM", text="x"))["ok"]


async def test_text_alone_takes_the_blocks_away_and_marks_the_edit(stage: Stage) -> None:
    """chat.update keeps blocks only when it is given them, and marks an edit only without them."""
    client = stage.client
    ts = str((await client.chat_postMessage(channel="C0TEAM", text="a", blocks=[text_of("a")]))["ts"])
    blocks = await client.chat_update(channel="C0TEAM", ts=ts, text="b", blocks=[text_of("b")])
    assert "edited" not in blocks["message"]
    text = await client.chat_update(channel="C0TEAM", ts=ts, text="c")
    assert (text["message"]["blocks"], text["message"]["edited"]["user"]) == ([], "U0BOT")
