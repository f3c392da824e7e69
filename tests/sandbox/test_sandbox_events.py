"""What the app is told, in the shapes that Slack uses, and only what it asked for and may have."""

from typing import Any

import aiohttp
import pytest

from sandbox.manifest import Manifest
from sandbox.server import Sandbox
from sandbox.state import Clock, State
from sandbox.text import as_slack
from sandbox.world import World
from tests.sandbox.stage import Refused, Seat, Stage, sample_manifest, sample_world

Json = dict[str, Any]


async def listening(stage: Stage) -> list[Json]:
    """Connect an app that writes down every event it gets."""
    app, events = stage.app(), list[Json]()
    for kind in sorted({name.split(".")[0] for name in sample_manifest().events}):

        @app.event(kind)
        async def note(event: Json) -> None:
            events.append(event)

    await stage.connect(app)
    return events


async def test_an_answer_in_a_thread_names_the_thread(stage: Stage) -> None:
    """A reply carries thread_ts; its parent shows the count."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    parent = await anna.say("C0TEAM", "question")
    await anna.say("C0TEAM", "answer", thread_ts=parent)
    await stage.settled()
    assert [event.get("thread_ts") for event in events] == [None, parent]
    history = await anna.get("history", channel="C0TEAM")
    assert [m.get("reply_count") for m in history["messages"]] == [1, None]
    with pytest.raises(Refused, match="thread_not_found"):
        await anna.say("C0TEAM", "answer", thread_ts=history["messages"][1]["ts"])


async def test_an_edit_tells_before_and_after(stage: Stage) -> None:
    """message_changed carries the old and the new message, who edited it and when."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    ts = await anna.say("C0TEAM", "befor")
    await anna.do("edit", channel="C0TEAM", ts=ts, text="before")
    await stage.settled()
    changed = events[1]
    assert (changed["subtype"], changed["hidden"], changed["channel"]) == ("message_changed", True, "C0TEAM")
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("befor", "before")
    assert changed["message"]["edited"] == {"user": "U0ANNA", "ts": changed["ts"]}
    assert changed["message"]["ts"] == ts < changed["ts"] == changed["event_ts"]


async def test_a_preview_changes_a_message_and_not_its_text(stage: Stage) -> None:
    """message_changed also comes when a link unfurls; the text is the same and nobody edited it."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    ts = await anna.say("C0TEAM", "https://example.com")
    await stage.admin("unfurl", channel="C0TEAM", ts=ts)
    await stage.admin("settle")
    changed = events[1]
    assert changed["subtype"] == "message_changed"
    assert changed["message"]["text"] == changed["previous_message"]["text"]
    assert "edited" not in changed["message"]


async def test_a_deletion_tells_what_was_deleted(stage: Stage) -> None:
    """message_deleted carries the old message; one that opened a thread leaves a tombstone."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    lone = await anna.say("C0TEAM", "lone")
    parent = await anna.say("C0TEAM", "parent")
    await anna.say("C0TEAM", "child", thread_ts=parent)
    await anna.do("delete", channel="C0TEAM", ts=lone)
    await anna.do("delete", channel="C0TEAM", ts=parent)
    await stage.settled()
    deleted, buried = events[3:]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", lone)
    assert deleted["previous_message"]["text"] == "lone"
    assert (buried["subtype"], buried["message"]["subtype"]) == ("message_changed", "tombstone")
    with pytest.raises(Refused, match="not_your_message"):
        await (await stage.seat("U0BEN")).do("delete", channel="C0TEAM", ts=parent)


async def test_a_helpdesk_app_is_known_by_its_ids(stage: Stage) -> None:
    """A mirrored mail is a bot_message with app_id and bot_id and without a user."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    desk = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "Wang <wang@example.com>"}
    await anna.say("C0TEAM", "My printer", as_app=desk)
    with pytest.raises(Refused, match="unknown_app"):
        await anna.say("C0TEAM", "My printer", as_app=desk | {"bot_id": "B0FAKE"})
    await stage.settled()
    (event,) = events
    assert (event["subtype"], event["app_id"], event["bot_id"]) == ("bot_message", "A0DESK", "B0DESK")
    assert "user" not in event


async def test_the_apps_own_messages_come_back_to_it() -> None:
    """What the app posts is an event too, with its own bot_id; Bolt is what leaves it out."""
    async with Sandbox(sample_world(), sample_manifest()) as sandbox, aiohttp.ClientSession() as http:
        stage = Stage(sandbox, http)
        async with http.ws_connect((await _connection(stage))["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            await stage.client.chat_postMessage(channel="C0TEAM", text="mine")
            envelope = await socket.receive_json()
    event = envelope["payload"]["event"]
    assert (event["bot_id"], event["app_id"], event["user"]) == ("B0SAMPLE", "A0SAMPLE", "U0BOT")
    assert "subtype" not in event
    assert "metadata" not in event


async def _connection(stage: Stage) -> Json:
    headers = {"Authorization": f"Bearer {stage.app_token}"}
    async with stage.http.post(f"{stage.sandbox.api_url}apps.connections.open", headers=headers) as answer:
        body: Json = await answer.json()
        return body


async def test_a_connection_address_works_once(stage: Stage) -> None:
    """The address that apps.connections.open gives opens one connection and no second."""
    url = (await _connection(stage))["url"]
    async with stage.http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await stage.http.ws_connect(url)


async def test_a_mention_comes_beside_the_message(stage: Stage) -> None:
    """@bot in a message is told twice: as message and as app_mention, with the markup of a mention."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    await anna.say("C0TEAM", "@sample ask @agents in #away-support, see https://example.com/a?b=1&c=2")
    await stage.settled()
    assert [event["type"] for event in events] == ["message", "app_mention"]
    assert events[1]["text"] == (
        "<@U0BOT> ask <!subteam^S0AGENTS|@agents> in <#C0SHARED|away-support>, see <https://example.com/a?b=1&amp;c=2>"
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("@lily.chen, @林怡君幫忙", "<@U0LILY>, <@U0LIN>幫忙"),
        ("@lilyx @nobody a@here.example", "@lilyx @nobody a@here.example"),
        ("@lily @everyone #team-a #team", "<@U0LI> <!everyone> <#C0A|team-a> <#C0TEAM|team>"),
        ("<@U0LI> & <!here>", "&lt;<@U0LI>&gt; &amp; &lt;!here&gt;"),
    ],
)
def test_names_are_known_by_their_longest(typed: str, sent: str) -> None:
    """Mentions need no space after them in Chinese, names may have dots, and markup cannot be typed."""
    raw = sample_world().model_dump()
    raw["users"] += [
        {"id": "U0LI", "name": "lily", "real_name": "Lily"},
        {"id": "U0LILY", "name": "lily.chen", "real_name": "Lily Chen"},
        {"id": "U0LIN", "name": "yichun.lin", "real_name": "林怡君"},
    ]
    raw["channels"].append({"id": "C0A", "name": "team-a"})
    assert as_slack(State(World.model_validate(raw), sample_manifest(), Clock()), typed) == sent


async def test_a_direct_message_is_of_type_im(stage: Stage) -> None:
    """Words to the bot alone come as message.im; words between two people do not come at all."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    with_bot = (await anna.do("open_im", other="U0BOT"))["channel"]["id"]
    with_ben = (await anna.do("open_im", other="U0BEN"))["channel"]["id"]
    await anna.say(with_ben, "between us")
    await anna.say(with_bot, "hello bot")
    await stage.settled()
    assert [(event["text"], event["channel_type"]) for event in events] == [("hello bot", "im")]


async def test_private_channels_come_as_groups(stage: Stage) -> None:
    """In a private channel the channel_type is group."""
    events = await listening(stage)
    await (await stage.seat("U0ANNA")).say("G0SECRET", "secret")
    await stage.settled()
    assert [event["channel_type"] for event in events] == ["group"]


async def test_the_app_hears_nothing_where_its_bot_is_not(stage: Stage) -> None:
    """Events come only from channels the bot is a member of, from the moment it is."""
    events = await listening(stage)
    anna = await stage.seat("U0ANNA")
    await anna.say("C0LONELY", "unheard")
    await stage.client.conversations_join(channel="C0LONELY")
    await anna.say("C0LONELY", "heard")
    await stage.admin("remove_bot", channel="C0LONELY")
    await anna.say("C0LONELY", "unheard again")
    await stage.settled()
    assert [event["text"] for event in events if event["type"] == "message" and "subtype" not in event] == ["heard"]
    joined = next(event for event in events if event["type"] == "member_joined_channel")
    assert (joined["user"], joined["channel"], joined["team"]) == ("U0BOT", "C0LONELY", "T0HOME")


async def test_sharing_a_channel_is_told(stage: Stage) -> None:
    """channel_shared and channel_unshared name the other team; its people leave with it."""
    events = await listening(stage)
    await stage.admin("share_channel", channel="C0SOON", team="T0AWAY")
    info = (await stage.client.conversations_info(channel="C0SOON"))["channel"]
    await stage.admin("add_member", channel="C0SOON", user="U0CARA")
    await stage.admin("unshare_channel", channel="C0SOON", team="T0AWAY")
    await stage.settled()
    told = {event["type"]: event for event in events}
    assert (info["is_ext_shared"], info["is_pending_ext_shared"]) == (True, False)
    assert told["channel_shared"]["connected_team_id"] == "T0AWAY"
    assert told["member_joined_channel"]["user"] == "U0CARA"
    assert told["channel_unshared"]["previously_connected_team_id"] == "T0AWAY"
    assert told["channel_unshared"]["is_ext_shared"] is False
    with pytest.raises(Refused, match="not_in_channel"):
        await (await stage.seat("U0CARA")).say("C0SOON", "still here?")


async def test_a_change_of_a_user_group_is_told(stage: Stage) -> None:
    """subteam_members_changed says who came and who went."""
    events = await listening(stage)
    await stage.admin("set_usergroup", usergroup="S0AGENTS", users=["U0BEN", "U0GUS"])
    await stage.settled()
    (event,) = events
    assert (event["subteam_id"], event["added_users"], event["removed_users"]) == ("S0AGENTS", ["U0GUS"], ["U0ANNA"])


@pytest.mark.parametrize("lacking", ["subscription", "scope", "socket"])
async def test_nothing_comes_without_subscription_scope_and_socket_mode(lacking: str) -> None:
    """An event needs its line in the manifest, its scope, and Socket Mode switched on."""
    manifest = sample_manifest()
    _take_away(manifest, lacking)
    async with Sandbox(sample_world(), manifest, retry_after=()) as sandbox, aiohttp.ClientSession() as http:
        anna = Seat("U0ANNA", sandbox.url, http)
        await anna.say("C0TEAM", "anybody?")
        log = (await anna.get("log"))["entries"]
    errors = [entry["error"] for entry in log if entry["dir"] == "event"]
    assert errors == (["missing_scope: channels:history"] if lacking == "scope" else [])


def _take_away(manifest: Manifest, what: str) -> None:
    if what == "subscription":
        manifest.settings.event_subscriptions.bot_events.remove("message.channels")
    elif what == "scope":
        manifest.oauth_config.scopes.bot.remove("channels:history")
    else:
        manifest.settings.socket_mode_enabled = False
