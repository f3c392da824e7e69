"""A seat can do what its person could do in Slack, and see what they could see; nothing else."""

import asyncio
import os
import re
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.manifest import load_manifest
from sandbox.server import Sandbox
from sandbox.world import World, WorldError, load_world
from tests.sandbox.stage import HERE, Refused, Seat, Stage, button, modal, sample_manifest, sample_world, until

Json = dict[str, Any]
DEMO = Path("sandbox/demo/world.yml")


async def test_an_ephemeral_is_gone_after_a_reload(stage: Stage) -> None:
    """Nothing keeps an ephemeral: not history, not a new page, and its buttons are dead."""
    anna = await stage.seat("U0ANNA")
    sent = await stage.client.chat_postEphemeral(channel="C0TEAM", user="U0ANNA", text="psst", blocks=[button("press")])
    await anna.sees("ephemeral")
    await anna.leave()
    again = await stage.seat("U0ANNA")
    assert (await again.get("history", channel="C0TEAM"))["messages"] == []
    assert again.of("ephemeral") == []
    container = {"type": "ephemeral", "channel": "C0TEAM", "ts": sent["message_ts"]}
    with pytest.raises(Refused, match="message_not_found"):
        await again.do("action", container=container, action={"action_id": "press", "block_id": "row"})


async def test_an_ephemeral_to_somebody_who_is_away_is_ok_and_seen_by_nobody(stage: Stage) -> None:
    """Slack answers ok for an ephemeral that nobody sees; only the log tells."""
    answer = await stage.client.chat_postEphemeral(channel="C0TEAM", user="U0BEN", text="psst")
    assert answer["ok"] is True
    ben = await stage.seat("U0BEN")
    assert ben.of("ephemeral") == []
    log = (await ben.get("log"))["entries"]
    assert [entry["error"] for entry in log if entry["name"] == "ephemeral"] == ["nobody_looking"]


async def test_an_ephemeral_in_a_thread_shows_only_once_the_thread_is_alive(stage: Stage) -> None:
    """Slack shows an ephemeral in a thread only when somebody has answered there."""
    anna = await stage.seat("U0ANNA")
    ts = await anna.say("C0TEAM", "question")
    await stage.client.chat_postEphemeral(channel="C0TEAM", user="U0ANNA", text="early", thread_ts=ts)
    await anna.say("C0TEAM", "answer", thread_ts=ts)
    await stage.client.chat_postEphemeral(channel="C0TEAM", user="U0ANNA", text="now", thread_ts=ts)
    shown = await anna.sees("ephemeral")
    assert (shown["message"]["text"], shown["message"]["thread_ts"]) == ("now", ts)


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("say", {"channel": "C0LONELY", "text": "x"}),
        ("command", {"channel": "C0LONELY", "text": "/hello"}),
        ("shortcut", {"callback_id": "look", "channel": "C0LONELY", "ts": "1.000001"}),
        ("edit", {"channel": "C0LONELY", "ts": "1.000001", "text": "x"}),
        ("action", {"container": {"type": "message", "channel": "C0LONELY", "ts": "1.000001"}, "action": {}}),
    ],
)
async def test_a_seat_outside_a_channel_does_nothing_there(stage: Stage, deed: str, body: Json) -> None:
    """Who is not in a channel cannot read, say or act there."""
    ben = await stage.seat("U0BEN")
    with pytest.raises(Refused, match="not_in_channel"):
        await ben.do(deed, **body)
    with pytest.raises(Refused, match="not_in_channel"):
        await ben.get("history", channel="C0LONELY")


@pytest.mark.parametrize(
    ("deed", "body", "code"),
    [
        ("say", {"channel": "C0OLD", "text": "x"}, "is_archived"),
        ("say", {"channel": "C0TEAM", "text": "  "}, "no_text"),
        ("say", {"channel": "C0TEAM", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ("say", {"channel": "C0TEAM", "txet": "x"}, "invalid_arguments"),
        ("command", {"channel": "C0TEAM", "text": "/unheard of"}, "unknown_command"),
        ("shortcut", {"callback_id": "unheard"}, "unknown_shortcut"),
        ("shortcut", {"callback_id": "look"}, "unknown_shortcut"),
        ("submit", {"view_id": "V0NONE", "values": {}}, "view_not_found"),
        ("close", {"view_id": "V0NONE"}, "view_not_found"),
        ("open_im", {"other": "U0NOBODY"}, "user_not_found"),
        ("admin", {"do": "explode"}, "unknown_deed"),
        ("admin", {"do": "archive_channel"}, "invalid_arguments"),
        ("admin", {"do": "archive_channel", "channel": "C0NONE"}, "channel_not_found"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(stage: Stage, deed: str, body: Json, code: str) -> None:
    """A refusal has a code for programs and a sentence for people."""
    anna = await stage.seat("U0ANNA")
    with pytest.raises(Refused) as refused:
        await anna.do(deed, **body)
    assert refused.value.code == code
    assert refused.value.message


async def test_whoever_opens_the_home_finds_the_direct_messages_with_the_app_as_well(stage: Stage) -> None:
    """Slack opens both at once, so what the app writes there later is a channel that the page knows, and marks."""
    ben = await stage.seat("U0BEN")
    await ben.do("open_home")
    shown = (await ben.sees("channel"))["channel"]
    assert (shown["kind"], set(shown["members"])) == ("im", {"U0BEN", stage.sandbox.workspace.state.bot_user})
    await ben.do("open_home")
    assert len(ben.of("channel")) == 1


async def test_a_deactivated_account_can_do_nothing(stage: Stage) -> None:
    """Deactivation ends a seat, takes it out of channels and shows in users.info."""
    ben = await stage.seat("U0BEN")
    await stage.admin("deactivate_user", user="U0BEN")
    with pytest.raises(Refused, match="user_deactivated"):
        await ben.say("C0TEAM", "still here?")
    assert (await stage.client.users_info(user="U0BEN"))["user"]["deleted"] is True
    assert "U0BEN" not in (await stage.client.conversations_members(channel="C0TEAM"))["members"]


async def test_a_person_or_everybody_may_change_their_language(stage: Stage) -> None:
    """As somebody does in Slack's preferences; users.info tells the new one, and nobody else's changes."""

    async def language(user: str) -> str:
        return str((await stage.client.users_info(user=user, include_locale=True))["user"]["locale"])

    await stage.admin("set_locale", locale="en-GB", user="U0BEN")
    assert [await language(user) for user in ("U0ANNA", "U0BEN")] == ["zh-TW", "en-GB"]
    await stage.admin("set_locale", locale="en-US")
    assert [await language(user) for user in ("U0ANNA", "U0BEN")] == ["en-US", "en-US"]
    with pytest.raises(Refused, match="user_not_found"):
        await stage.admin("set_locale", locale="en-US", user="U0NOBODY")


async def test_names_follow_the_language_that_everybody_changes_to() -> None:
    """What the file calls by a name in each language has one at a time, for the page and for the app."""
    async with Sandbox(DEMO, Path("manifest.yml"), locale="zh-TW") as sandbox, aiohttp.ClientSession() as http:
        stage = Stage(sandbox, http)
        yichun = await stage.seat("U0YICHUN")
        assert await names(yichun) == ("林怡君", "廣昕精密-支援", "木棉軟體 Kapok Software")
        await stage.admin("set_locale", locale="en-GB", user="U0YICHUN")
        assert (await names(yichun))[0] == "林怡君", "one person's language renames nobody"
        await stage.admin("set_locale", locale="en-GB")
        assert await names(yichun) == ("Yichun Lin", "kuanghsin-support", "Kapok Software")
        assert yichun.of("names")
        assert (await stage.client.users_info(user="U0YICHUN"))["user"]["real_name"] == "Yichun Lin"
        await stage.close()


async def names(seat: Seat) -> tuple[str, str, str]:
    """What somebody, a channel and the team are called on the page."""
    world = await seat.get("world")
    people = {each["id"]: each["real_name"] for each in world["users"]}
    channels = {each["id"]: each["name"] for each in world["channels"]}
    return people["U0YICHUN"], channels["C0KUANGHSIN"], world["team"]["name"]


@pytest.mark.parametrize("kind", ["static_select", "overflow", "radio_buttons"])
async def test_a_button_that_is_not_there_cannot_be_pressed(stage: Stage, kind: str) -> None:
    """Only elements of the message can be used, and only options that they offer."""
    anna = await stage.seat("U0ANNA")
    option = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
    menu = {"type": kind, "action_id": "pick", "options": [option]}
    row = {"type": "actions", "block_id": "row", "elements": [menu]}
    ts = (await stage.client.chat_postMessage(channel="C0TEAM", text="x", blocks=[row]))["ts"]
    container = {"type": "message", "channel": "C0TEAM", "ts": ts}
    with pytest.raises(Refused, match="no_such_element"):
        await anna.do("action", container=container, action={"action_id": "other", "block_id": "row"})
    chosen = {"action_id": "pick", "block_id": "row", "selected_option": option | {"value": "2"}}
    with pytest.raises(Refused, match="no_such_option"):
        await anna.do("action", container=container, action=chosen)


@pytest.mark.parametrize(("may", "told"), [(True, [("U0CARA", "T0AWAY"), ("U0GUS", "T0HOME")]), (False, [])])
async def test_outsiders_reach_the_app_unless_the_world_keeps_them_out(
    *, may: bool, told: list[tuple[str, str]]
) -> None:
    """By default a guest's and a customer's commands reach the app, so that it must refuse them itself."""
    world = sample_world(outsiders_may_command=may)
    async with Sandbox(world, sample_manifest()) as sandbox, aiohttp.ClientSession() as http:
        stage, seen = Stage(sandbox, http), list[tuple[str, str]]()
        app = stage.app()

        @app.command("/hello")
        async def hello(ack: Any, command: Json) -> None:
            seen.append((command["user_id"], command["team_id"]))
            await ack()

        await stage.connect(app)
        for user, channel in (("U0CARA", "C0SHARED"), ("U0GUS", "C0TEAM")):
            seat = await stage.seat(user)
            with nullcontext() if may else pytest.raises(Refused, match="unknown_command"):
                await seat.do("command", channel=channel, text="/hello")
        await stage.close()
    assert seen == told


async def response_url(stage: Stage) -> str:
    """The response_url of a command that was just typed."""
    app, urls = stage.app(), list[str]()

    @app.command("/hello")
    async def hello(ack: Any, command: Json) -> None:
        urls.append(command["response_url"])
        await ack()

    await stage.connect(app)
    await (await stage.seat("U0ANNA")).do("command", channel="C0TEAM", text="/hello")
    return urls[0]


async def test_a_response_url_answers_five_times_and_to_the_person_alone(stage: Stage) -> None:
    """Without response_type an answer is ephemeral; in_channel is for all; the sixth is refused."""
    hook = AsyncWebhookClient(await response_url(stage), session=stage.http)
    anna, ben = stage.seats[0], await stage.seat("U0BEN")
    assert (await hook.send(text="")).body == "no_text"
    assert (await hook.send(text="for you")).body == "ok"
    assert (await hook.send(text="for all", response_type="in_channel")).status_code == 200
    assert (await anna.sees("ephemeral"))["message"]["text"] == "for you"
    assert (await ben.sees("message"))["message"]["text"] == "for all"
    assert ben.of("ephemeral") == []
    broken = await hook.send(blocks=[{"type": "header"}])
    assert (broken.status_code, broken.body) == (400, "invalid_blocks")
    assert (await hook.send(text="five")).body == "ok"
    sixth = await hook.send(text="six")
    assert (sixth.status_code, sixth.body) == (404, "used_url")


async def test_a_response_url_ends_after_half_an_hour(stage: Stage) -> None:
    """After thirty minutes an answer is refused."""
    hook = AsyncWebhookClient(await response_url(stage), session=stage.http)
    await stage.admin("set_clock", ahead=1801)
    assert (await hook.send(text="late")).body == "expired_url"


async def test_modals_stack_change_and_tell_when_they_are_closed(stage: Stage) -> None:
    """A submission may push or update; an old hash is refused; notify_on_close is told once."""
    app, closed = stage.app(), list[Json]()
    again = {"type": "plain_text", "text": "Again"}

    @app.shortcut("ask")
    async def ask(ack: Any, body: Json, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    @app.view("form")
    async def form(ack: Any, body: Json) -> None:
        said = body["view"]["state"]["values"]["reason"]["text"]["value"]
        if said == "push":
            await ack(response_action="push", view=modal(callback_id="second", notify_on_close=True))
        else:
            await ack(response_action="update", view=modal(title=again))

    @app.view_closed("second")
    async def gone(ack: Any, body: Json) -> None:
        closed.append(body)
        await ack()

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    await anna.do("shortcut", callback_id="ask")
    first = (await anna.sees("view_opened"))["view"]
    answer = await anna.do("submit", view_id=first["id"], values={"reason": {"text": {"value": "update"}}})
    assert answer == {"response_action": "update"}
    updated = (await anna.sees("view_updated"))["view"]
    assert (updated["id"], updated["title"]["text"]) == (first["id"], "Again")
    assert updated["state"]["values"]["reason"]["text"]["value"] == "update"
    await anna.do("submit", view_id=first["id"], values={"reason": {"text": {"value": "push"}}})
    second = (await anna.sees("view_pushed"))["view"]
    assert (second["previous_view_id"], second["root_view_id"]) == (first["id"], first["id"])
    with pytest.raises(Refused, match="view_not_found"):
        await anna.do("submit", view_id=first["id"], values={})
    late = await _error(stage, "views.update", {"view_id": first["id"], "hash": first["hash"], "view": modal()})
    assert late == "hash_conflict"
    await anna.do("close", view_id=second["id"])
    assert [(body["view"]["id"], body["is_cleared"]) for body in closed] == [(second["id"], False)]
    assert await _error(stage, "views.update", {"view_id": second["id"], "view": modal()}) == "not_found"


async def test_three_modals_are_the_most_and_one_may_close_them_all(stage: Stage) -> None:
    """A fourth modal is refused as trouble; clear closes the whole stack; a chosen channel can be answered in."""
    app, bodies = stage.app(), list[Json]()
    where = {
        "type": "input",
        "block_id": "where",
        "label": {"type": "plain_text", "text": "Where"},
        "element": {"type": "conversations_select", "action_id": "channel", "response_url_enabled": True},
    }

    @app.shortcut("ask")
    async def ask(ack: Any, body: Json, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal(blocks=[where]))
        await ack()

    @app.view("form")
    async def form(ack: Any, body: Json) -> None:
        bodies.append(body)
        channel = body["view"]["state"]["values"]["where"]["channel"]["selected_conversation"]
        if channel == "C0TEAM":
            await ack(response_action="push", view=modal(blocks=[where]))
        else:
            await ack(response_action="clear")

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    await anna.do("shortcut", callback_id="ask")
    top = (await anna.sees("view_opened"))["view"]["id"]
    team = {"where": {"channel": {"selected_conversation": "C0TEAM"}}}
    for _ in range(2):
        await anna.do("submit", view_id=top, values=team)
        pushed = await anna.sees("view_pushed", lambda push: push["view"]["previous_view_id"] == top)  # noqa: B023 - used at once
        top = pushed["view"]["id"]
    with pytest.raises(Refused, match="push_limit_reached"):
        await anna.do("submit", view_id=top, values=team)
    assert bodies[0]["response_urls"][0]["channel_id"] == "C0TEAM"
    shared = {"where": {"channel": {"selected_conversation": "C0SHARED"}}}
    assert await anna.do("submit", view_id=top, values=shared) == {"response_action": "clear"}
    await until(lambda: len(anna.of("view_closed")) == 3)


async def _error(stage: Stage, method: str, body: Json) -> str | None:
    headers = {"Authorization": "Bearer xoxb-test"}
    async with stage.http.post(f"{stage.sandbox.api_url}{method}", json=body, headers=headers) as answer:
        error: str | None = (await answer.json()).get("error")
        return error


async def test_errors_under_fields_that_do_not_exist_are_trouble(stage: Stage) -> None:
    """Slack shows its own trouble when the app's answer to a submission cannot be used."""
    app = stage.app()

    @app.shortcut("ask")
    async def ask(ack: Any, body: Json, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    @app.view("form")
    async def form(ack: Any) -> None:
        await ack(response_action="errors", errors={"elsewhere": "No."})

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    await anna.do("shortcut", callback_id="ask")
    view = (await anna.sees("view_opened"))["view"]
    with pytest.raises(Refused) as refused:
        await anna.do("submit", view_id=view["id"], values={"reason": {"text": {"value": "x"}}})
    assert refused.value.message == "We had some trouble connecting. Try again?"


async def test_a_menu_asks_the_app_for_its_options(stage: Stage) -> None:
    """An external menu shows what the app offers, and only that can be chosen."""
    app, bodies, chosen = stage.app(), list[Json](), list[Json]()
    option = {"text": {"type": "plain_text", "text": "Kuanghsin"}, "value": "c1"}

    @app.options("customer")
    async def offer(ack: Any, body: Json) -> None:
        bodies.append(body)
        await ack(options=[option])

    @app.action("customer")
    async def choose(ack: Any, action: Json) -> None:
        chosen.append(action)
        await ack()

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    menu = {"type": "external_select", "action_id": "customer", "min_query_length": 2}
    row = {"type": "actions", "block_id": "row", "elements": [menu]}
    ts = (await stage.client.chat_postMessage(channel="C0TEAM", text="x", blocks=[row]))["ts"]
    where = {"container": {"type": "message", "channel": "C0TEAM", "ts": ts}}
    ids = {"action_id": "customer", "block_id": "row"}
    assert (await anna.do("options", **where, **ids, value="k"))["options"] == []
    assert (await anna.do("options", **where, **ids, value="ku"))["options"] == [option]
    with pytest.raises(Refused, match="no_such_option"):
        await anna.do("action", **where, action=ids | {"selected_option": option | {"value": "c2"}})
    await anna.do("action", **where, action=ids | {"selected_option": option})
    assert [(body["type"], body["value"]) for body in bodies] == [("block_suggestion", "ku")]
    assert chosen[0]["selected_option"] == option


async def test_what_was_entered_in_a_message_comes_with_the_button(stage: Stage) -> None:
    """The state of a message's fields is in the payload of a click."""
    app, bodies = stage.app(), list[Json]()

    @app.action("press")
    async def press(ack: Any, body: Json) -> None:
        bodies.append(body)
        await ack()

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    words = modal()["blocks"][0]
    posted = await stage.client.chat_postMessage(channel="C0TEAM", text="x", blocks=[words, button("press")])
    await anna.do(
        "action",
        container={"type": "message", "channel": "C0TEAM", "ts": posted["ts"]},
        action={"action_id": "press", "block_id": "row"},
        values={"reason": {"text": {"value": "because"}}},
    )
    assert bodies[0]["state"]["values"]["reason"]["text"]["value"] == "because"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_page_on_the_web_cannot_use_the_server(stage: Stage, headers: dict[str, str]) -> None:
    """A foreign Host, a foreign Origin and a cross-site call are kept out, streams too."""
    url = stage.sandbox.url
    async with stage.http.post(
        f"{url}/seat/say", json={"user": "U0ANNA", "channel": "C0TEAM", "text": "x"}, headers=headers
    ) as answer:
        assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await stage.http.ws_connect(f"{url}/seat/stream?user=U0ANNA", headers=headers)


async def test_its_own_page_can_use_the_server(stage: Stage) -> None:
    """The page's own origin passes, under either name of this machine."""
    port = stage.sandbox.url.rsplit(":", 1)[1]
    for name in ("127.0.0.1", "localhost"):
        headers = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"}
        async with stage.http.get(f"{stage.sandbox.url}/seat/world", headers=headers) as answer:
            assert answer.status == 200


async def test_only_the_pages_own_files_are_served(stage: Stage) -> None:
    """No path leads out of the page's folder."""
    for path in ("/page/..%2Fserver.py", "/page/%2Fetc%2Fpasswd", "/page/none.js"):
        async with stage.http.get(f"{stage.sandbox.url}{path}") as answer:
            assert answer.status == 404


async def test_the_world_is_told_to_the_page(stage: Stage) -> None:
    """The page learns who is there, which channels, commands and shortcuts there are, and whether the app is."""
    anna = await stage.seat("U0ANNA")
    world = await anna.get("world")
    assert world["team"] == {"id": "T0HOME", "name": "Home"}
    assert (world["app"]["user_id"], world["app"]["connected"]) == ("U0BOT", False)
    kinds = {channel["id"]: channel["kind"] for channel in world["channels"]}
    assert (kinds["C0SHARED"], kinds["C0TEAM"]) == ("shared", "internal")
    assert world["commands"][0]["command"] == "/hello"
    assert world["shortcuts"][0] == {"callback_id": "look", "name": "Look at it", "type": "message"}
    assert {user["id"] for user in world["users"] if user["seat"]} == {"U0ANNA", "U0BEN", "U0CARA", "U0GUS"}
    await stage.connect(stage.app())
    assert (await anna.sees("app"))["connected"] is True


async def test_every_call_is_in_the_log(stage: Stage) -> None:
    """A call is logged with its outcome, numbered, and pushed as it happens; no token is in it."""
    anna = await stage.seat("U0ANNA")
    await stage.client.chat_postMessage(channel="C0TEAM", text="hello")
    entry = (await anna.sees("log", lambda push: push["entry"]["name"] == "chat.postMessage"))["entry"]
    assert (entry["dir"], entry["ok"], entry["error"]) == ("call", True, None)
    assert (await anna.get("log", since=str(entry["n"] - 1)))["entries"][0] == entry
    assert "xoxb" not in str((await anna.get("log"))["entries"])


@pytest.mark.parametrize("story", [None, DEMO.parent / "promise.yml"])
def test_the_demo_world_in_english_has_no_chinese_word(story: Path | None) -> None:
    """But for what is meant for the Chinese page: people, channels and teams have English names."""
    world = load_world(DEMO, "en-GB", story)
    spoken = world.model_dump_json(exclude={"story"})
    assert not re.search("[\u4e00-\u9fff]", spoken)
    assert {user.locale for user in world.users} == {"en-GB"}
    assert world.story
    for step in world.story.steps:
        for words in (step.title, step.text, step.say):
            assert not isinstance(words, dict) or not re.search("[\u4e00-\u9fff]", words["en"])


def test_the_demo_world_is_a_world() -> None:
    """The demo's file names everybody the story needs."""
    world = load_world(DEMO)
    assert [user.id for user in world.users if user.kind == "external"] == ["U0SHUFEN"]
    assert {channel.id for channel in world.channels} == {"C0KUANGHSIN", "C0SUPPORT", "C0APPROVALS", "C0SALES"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tema": {}}, "tema: Extra inputs are not permitted"),
        ({"channels": [{"id": "C0X", "name": "x", "members": ["U0NOBODY"]}]}, "U0NOBODY"),
        ({"tokens": {"bot": "secret", "app": "xapp-x"}}, "tokens.bot"),
        ({"other_teams": []}, "T0AWAY"),
    ],
)
def test_a_wrong_world_file_is_refused_with_the_place(tmp_path: Path, change: Json, sentence: str) -> None:
    """A misspelt key or a name that leads nowhere is one clear sentence."""
    raw = sample_world().model_dump(mode="json", exclude_none=True) | change
    file = tmp_path / "world.yml"
    file.write_text(str(raw), encoding="utf-8")
    with pytest.raises(WorldError, match=r"world\.yml") as error:
        load_world(file)
    assert sentence in str(error.value)


def test_a_missing_or_broken_file_is_refused_with_its_name(tmp_path: Path) -> None:
    """A file that is not there, or no YAML, is named."""
    broken = tmp_path / "manifest.yml"
    broken.write_text("a: [", encoding="utf-8")
    for file in (broken, tmp_path / "none.yml"):
        with pytest.raises(WorldError, match=file.name):
            load_manifest(file)
    assert isinstance(World.model_validate(sample_world().model_dump()), World)


async def test_the_command_line_prints_the_address_and_ends_quietly() -> None:
    """`python -m sandbox` says where the page is, serves it, and ends with 0 when asked to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "--world",
        str(HERE / "world.yml"),
        "--manifest",
        str(HERE / "manifest.yml"),
        "--port",
        "0",
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    address = line.removeprefix("Sandbox: ").strip()
    async with aiohttp.ClientSession() as http, http.get(address) as page:
        assert (page.status, page.headers["Cache-Control"]) == (200, "no-cache")
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
