"""A real Bolt app, unmodified, against the sandbox: messages in, whispers out, commands, buttons, modals."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.stage import Refused, Stage, button, modal, text_of

Json = dict[str, Any]


async def test_a_message_reaches_the_app_and_its_whisper_reaches_one_seat_only(stage: Stage) -> None:
    """An ephemeral is seen by the person it is for, and by nobody else in the channel."""
    app = stage.app()

    @app.event("message")
    async def whisper(event: Json, client: AsyncWebClient) -> None:
        await client.chat_postEphemeral(channel=event["channel"], user="U0ANNA", text=f"heard: {event['text']}")

    await stage.connect(app)
    anna, cara = await stage.seat("U0ANNA"), await stage.seat("U0CARA")
    await cara.say("C0SHARED", "It is broken & <old>")
    shown = await anna.sees("ephemeral")
    await stage.settled()
    assert shown["message"]["text"] == "heard: It is broken &amp; &lt;old&gt;"
    assert shown["message"]["ephemeral"] is True
    assert cara.of("ephemeral") == []
    history = await anna.get("history", channel="C0SHARED")
    assert [message["text"] for message in history["messages"]] == ["It is broken &amp; &lt;old&gt;"]


async def test_an_outsiders_message_carries_their_team(stage: Stage) -> None:
    """In a shared channel the event says where the author belongs, and which installation it is for."""
    app, bodies = stage.app(), list[Json]()

    @app.event("message")
    async def note(body: Json) -> None:
        bodies.append(body)

    await stage.connect(app)
    cara = await stage.seat("U0CARA")
    ts = await cara.say("C0SHARED", "Hello")
    await stage.settled()
    (body,) = bodies
    event = body["event"]
    assert (event["team"], event["user_team"], event["source_team"]) == ("T0AWAY", "T0AWAY", "T0AWAY")
    assert (body["team_id"], body["context_team_id"]) == ("T0AWAY", "T0HOME")
    assert body["is_ext_shared_channel"] is True
    assert body["authorizations"][0] == {
        "enterprise_id": None,
        "team_id": "T0HOME",
        "user_id": "U0BOT",
        "is_bot": True,
        "is_enterprise_install": False,
    }
    assert (event["ts"], event["event_ts"], event["channel_type"]) == (ts, ts, "channel")
    assert "thread_ts" not in event
    assert "subtype" not in event


async def test_a_command_is_answered_to_the_person_alone(stage: Stage) -> None:
    """What comes with the acknowledgement of a command is ephemeral unless it says otherwise."""
    app, payloads = stage.app(), list[Json]()

    @app.command("/hello")
    async def hello(ack: Any, command: Json) -> None:
        payloads.append(command)
        await ack(f"Hello {command['text']}")

    await stage.connect(app)
    anna, ben = await stage.seat("U0ANNA"), await stage.seat("U0BEN")
    await anna.do("command", channel="C0TEAM", text="/hello  Tom & Jerry ")
    shown = await anna.sees("ephemeral")
    assert shown["message"]["text"] == "Hello Tom &amp; Jerry"
    assert ben.of("ephemeral") == []
    (payload,) = payloads
    assert payload["response_url"].startswith(f"{stage.sandbox.url}/respond/")
    del payload["response_url"], payload["trigger_id"]
    assert payload == {
        "token": "sandbox",
        "team_id": "T0HOME",
        "team_domain": "home",
        "channel_id": "C0TEAM",
        "channel_name": "team",
        "user_id": "U0ANNA",
        "user_name": "anna",
        "command": "/hello",
        "text": "Tom &amp; Jerry",
        "api_app_id": "A0SAMPLE",
        "is_enterprise_install": "false",
    }


async def test_commands_are_refused_in_threads(stage: Stage) -> None:
    """Slack has no slash commands in threads."""
    anna = await stage.seat("U0ANNA")
    ts = await anna.say("C0TEAM", "A thread")
    with pytest.raises(Refused) as refused:
        await anna.do("command", channel="C0TEAM", text="/hello", thread_ts=ts)
    assert refused.value.code == "command_in_thread"


async def test_a_button_press_brings_the_message_and_changes_it(stage: Stage) -> None:
    """A button on a visible message carries the message, and the app may update it."""
    app, bodies = stage.app(), list[Json]()

    @app.action("press")
    async def press(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        bodies.append(body)
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="done", blocks=[])

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    posted = await stage.client.chat_postMessage(
        channel="C0TEAM", text="card", blocks=[text_of("card"), button("press", "case-1")]
    )
    ts = posted["ts"]
    await anna.do(
        "action",
        container={"type": "message", "channel": "C0TEAM", "ts": ts},
        action={"action_id": "press", "block_id": "row", "value": "forged"},
    )
    changed = await anna.sees("message_changed")
    assert changed["message"]["text"] == "done"
    (body,) = bodies
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C0TEAM",
        "is_ephemeral": False,
    }
    assert body["actions"][0]["value"] == "case-1"
    assert body["user"] == {"id": "U0ANNA", "username": "anna", "name": "anna", "team_id": "T0HOME"}
    assert body["message"]["bot_id"] == "B0SAMPLE"


async def test_a_whispers_button_replaces_the_whisper_over_its_response_url(stage: Stage) -> None:
    """An ephemeral's payload has no message; replace_original changes it where it is seen."""
    app, bodies = stage.app(), list[Json]()

    @app.action("press")
    async def press(ack: Any, body: Json, respond: Any) -> None:
        await ack()
        bodies.append(body)
        await respond(text="thanks", replace_original=True)

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    sent = await stage.client.chat_postEphemeral(channel="C0TEAM", user="U0ANNA", text="psst", blocks=[button("press")])
    container = {"type": "ephemeral", "channel": "C0TEAM", "ts": sent["message_ts"]}
    await anna.do("action", container=container, action={"action_id": "press", "block_id": "row"})
    replaced = await anna.sees("ephemeral_replaced")
    assert replaced["ts"] == sent["message_ts"]
    assert replaced["message"]["text"] == "thanks"
    assert "blocks" not in replaced["message"]
    assert "message" not in bodies[0]
    assert bodies[0]["container"]["is_ephemeral"] is True


async def test_a_modal_opens_complains_and_closes(stage: Stage) -> None:
    """A form opens with a trigger, shows the app's errors under its fields, and goes when accepted."""
    app, submitted = stage.app(), list[Json]()

    @app.command("/form")
    async def form(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    @app.view("form")
    async def submit(ack: Any, body: Json) -> None:
        submitted.append(body)
        if body["view"]["state"]["values"]["reason"]["text"]["value"] == "no":
            await ack(response_action="errors", errors={"reason": "Say why."})
        else:
            await ack()

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    await anna.do("command", channel="C0TEAM", text="/form")
    view = (await anna.sees("view_opened"))["view"]
    missing = await anna.do("submit", view_id=view["id"], values={})
    assert missing["errors"] == {"reason": "Please complete this required field."}
    answer = await anna.do("submit", view_id=view["id"], values={"reason": {"text": {"value": "no"}}})
    assert answer == {"response_action": "errors", "errors": {"reason": "Say why."}}
    answer = await anna.do("submit", view_id=view["id"], values={"reason": {"text": {"value": "because"}}})
    assert answer == {"response_action": None}
    assert (await anna.sees("view_closed"))["view"]["id"] == view["id"]
    assert [body["view"]["private_metadata"] for body in submitted] == ["kept", "kept"]
    assert submitted[1]["view"]["state"]["values"] == {
        "reason": {"text": {"type": "plain_text_input", "value": "because"}}
    }
    assert submitted[1]["view"]["app_installed_team_id"] == "T0HOME"


async def test_a_message_shortcut_brings_the_message(stage: Stage) -> None:
    """A shortcut on a message carries it, a response_url and a trigger."""
    app, bodies = stage.app(), list[Json]()

    @app.shortcut("look")
    async def look(ack: Any, body: Json, respond: Any) -> None:
        await ack()
        bodies.append(body)
        await respond("looked")

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    ts = await anna.say("C0TEAM", "Look here")
    await anna.do("shortcut", callback_id="look", channel="C0TEAM", ts=ts)
    assert (await anna.sees("ephemeral"))["message"]["text"] == "looked"
    (body,) = bodies
    assert (body["type"], body["message_ts"], body["message"]["text"]) == ("message_action", ts, "Look here")


async def test_the_home_is_published_when_it_is_opened(stage: Stage) -> None:
    """Looking at the home tells the app, and what it publishes is shown to that person."""
    app = stage.app()

    @app.event("app_home_opened")
    async def publish(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [text_of("Inbox")]})

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    await anna.do("open_home")
    home = (await anna.sees("home"))["view"]
    assert home["blocks"][0]["text"]["text"] == "Inbox"
    assert (await anna.get("home"))["view"]["id"] == home["id"]
