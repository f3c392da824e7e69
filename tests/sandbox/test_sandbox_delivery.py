"""What happens when the app is slow, silent, away or cut off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from sandbox.server import Sandbox
from tests.sandbox.stage import Refused, Stage, modal, sample_manifest, sample_world, until

Json = dict[str, Any]


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """The sandbox with times that do not keep a test waiting."""
    sandbox = Sandbox(sample_world(), sample_manifest(), retry_after=(0.0, 0.05, 0.05), ack_seconds=0.4)
    async with sandbox, aiohttp.ClientSession() as http:
        stage = Stage(sandbox, http)
        yield stage
        await stage.close()


@asynccontextmanager
async def wire(stage: Stage) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A bare Socket Mode connection, past its hello."""
    headers = {"Authorization": f"Bearer {stage.app_token}"}
    async with stage.http.post(f"{stage.sandbox.api_url}apps.connections.open", headers=headers) as answer:
        url = (await answer.json())["url"]
    async with stage.http.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        yield socket


async def acknowledge(socket: aiohttp.ClientWebSocketResponse, envelope: Json) -> None:
    """Say that an envelope has arrived."""
    await socket.send_json({"envelope_id": envelope["envelope_id"]})


async def test_an_event_comes_again_until_it_is_acknowledged(stage: Stage) -> None:
    """The same event_id comes in a new envelope with retry_attempt and the reason, and no more once acknowledged."""
    async with wire(stage) as socket:
        anna = await stage.seat("U0ANNA")
        await anna.say("C0TEAM", "anybody?")
        first, second = await socket.receive_json(), await socket.receive_json()
        await acknowledge(socket, second)
        await stage.settled()
    assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
    assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert first["envelope_id"] != second["envelope_id"]
    assert (first["type"], first["accepts_response_payload"]) == ("events_api", False)


async def test_an_event_is_dropped_after_three_retries_and_the_log_says_so(stage: Stage) -> None:
    """Slack's retries are finite."""
    async with wire(stage) as socket:
        anna = await stage.seat("U0ANNA")
        await anna.say("C0TEAM", "anybody?")
        attempts = [(await socket.receive_json())["retry_attempt"] for _ in range(4)]
        await stage.settled()
    assert attempts == [0, 1, 2, 3]
    log = (await anna.get("log"))["entries"]
    assert [entry["name"] for entry in log if entry["error"] == "dropped"] == ["message"]


async def test_an_event_waits_for_an_app_that_is_away(stage: Stage) -> None:
    """While nobody is connected the tries go on; an app that comes in time gets it as a retry."""
    anna = await stage.seat("U0ANNA")
    await anna.say("C0TEAM", "anybody?")
    async with wire(stage) as socket:
        envelope = await socket.receive_json()
        await acknowledge(socket, envelope)
        await stage.settled()
    assert envelope["retry_attempt"] >= 1
    assert envelope["retry_reason"] == "connection_failed"


async def test_an_event_that_no_listener_takes_comes_again(stage: Stage) -> None:
    """Bolt acknowledges nothing that no listener matches, so Slack tries again."""
    await stage.connect(stage.app())
    anna = await stage.seat("U0ANNA")
    await anna.say("C0TEAM", "anybody?")
    await stage.settled()
    log = (await anna.get("log"))["entries"]
    tries = [e["body"]["retry_attempt"] for e in log if e["dir"] == "event" and e["error"] is None]
    assert tries == [0, 1, 2, 3]


async def test_a_listener_that_raises_is_tried_again(stage: Stage) -> None:
    """With process_before_response a crash in the listener means no acknowledgement; the retry may succeed."""
    app, tries = stage.app(), list[Json]()

    @app.event("message")
    async def stumble(event: Json) -> None:
        tries.append(event)
        if len(tries) == 1:
            raise RuntimeError

    await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    await anna.say("C0TEAM", "anybody?")
    await stage.settled()
    assert len(tries) == 2
    assert tries[0]["ts"] == tries[1]["ts"]


async def test_connections_take_turns(stage: Stage) -> None:
    """With several connections each gets its share, and each event goes to one of them."""
    async with wire(stage) as one, wire(stage) as other:
        anna = await stage.seat("U0ANNA")
        for text in ("a", "b", "c", "d"):
            await anna.say("C0TEAM", text)
        got = []
        for socket in (one, other):
            for _ in range(2):
                envelope = await socket.receive_json()
                got.append(envelope["payload"]["event"]["text"])
                await acknowledge(socket, envelope)
        await stage.settled()
    assert sorted(got) == ["a", "b", "c", "d"]


async def test_an_envelope_is_acknowledged_on_the_connection_that_it_came_on(stage: Stage) -> None:
    """On another it counts for nothing, and the event comes again."""
    async with wire(stage) as one, wire(stage) as other:
        anna = await stage.seat("U0ANNA")
        await anna.say("C0TEAM", "anybody?")
        first = await other.receive_json()
        await acknowledge(one, first)
        second = await one.receive_json()
        await acknowledge(one, second)
        await stage.settled()
    assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
    log = (await anna.get("log"))["entries"]
    assert [entry["error"] for entry in log if entry["name"] == "ack"] == ["wrong_connection"]


async def test_a_connection_that_is_warned_hears_on_until_it_is_cut(stage: Stage) -> None:
    """So an app has the time to open another one first."""
    async with wire(stage) as socket:
        cutting = asyncio.create_task(stage.admin("disconnect_app", warned=0.3))
        warning = await socket.receive_json()
        await (await stage.seat("U0ANNA")).say("C0TEAM", "still there?")
        envelope = await socket.receive_json()
        await acknowledge(socket, envelope)
        cut = await socket.receive_json()
        await cutting
    assert (warning["reason"], cut["reason"]) == ("warning", "refresh_requested")
    assert envelope["payload"]["event"]["text"] == "still there?"


async def test_paused_events_flow_in_order_once_let_go(stage: Stage) -> None:
    """A pause holds events back and loses none."""
    await stage.admin("pause_delivery")
    async with wire(stage) as socket:
        anna = await stage.seat("U0ANNA")
        for text in ("a", "b", "c"):
            await anna.say("C0TEAM", text)
        assert [e for e in (await anna.get("log"))["entries"] if e["dir"] == "event"] == []
        await stage.admin("resume_delivery")
        envelopes = [await socket.receive_json() for _ in range(3)]
        for envelope in envelopes:
            await acknowledge(socket, envelope)
        await stage.settled()
    assert [e["payload"]["event"]["text"] for e in envelopes] == ["a", "b", "c"]


async def test_bolt_comes_back_after_it_was_cut_off(stage: Stage) -> None:
    """Slack refreshes connections now and then; the unmodified client reconnects and hears the rest."""
    app, heard = stage.app(), list[str]()

    @app.event("message")
    async def note(event: Json) -> None:
        heard.append(event["text"])

    handler = await stage.connect(app)
    await stage.admin("disconnect_app")
    await until(lambda: not stage.sandbox.workspace.socket.connected)
    await handler.client.connect_to_new_endpoint(force=True)
    await until(lambda: stage.sandbox.workspace.socket.connected)
    await (await stage.seat("U0ANNA")).say("C0TEAM", "back?")
    await stage.settled()
    assert heard == ["back?"]


@pytest.mark.parametrize(("connected", "code"), [(False, "dispatch_failed"), (True, "operation_timeout")])
async def test_a_command_without_answer_is_told_in_slacks_words(stage: Stage, *, connected: bool, code: str) -> None:
    """Commands are not tried again; the person reads that it failed."""
    app, calls = stage.app(), list[Json]()

    @app.command("/silent")
    async def silent(command: Json) -> None:
        calls.append(command)

    if connected:
        await stage.connect(app)
    anna = await stage.seat("U0ANNA")
    with pytest.raises(Refused) as refused:
        await anna.do("command", channel="C0TEAM", text="/silent")
    assert (refused.value.code, refused.value.message) == (code, f'/silent failed with the error "{code}"')
    assert len(calls) == int(connected)


async def test_a_late_acknowledgement_counts_for_nothing(stage: Stage) -> None:
    """Once the time is over the person has read that it failed; what comes then is only logged."""
    async with wire(stage) as socket:
        anna = await stage.seat("U0ANNA")
        typed = asyncio.create_task(anna.do("command", channel="C0TEAM", text="/silent"))
        envelope = await socket.receive_json()
        with pytest.raises(Refused, match="operation_timeout"):
            await typed
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "at last"}})
        await anna.sees("log", lambda push: push["entry"]["error"] == "too_late")
    assert anna.of("ephemeral") == []


async def test_a_trigger_opens_one_view_within_three_seconds(stage: Stage) -> None:
    """A trigger is spent by its first use, and worth nothing after three seconds."""
    async with wire(stage) as socket:
        anna = await stage.seat("U0ANNA")
        answers = []
        for ahead in (0, 3.01):
            typed = asyncio.create_task(anna.do("command", channel="C0TEAM", text="/form"))
            envelope = await socket.receive_json()
            await acknowledge(socket, envelope)
            await typed
            await stage.admin("set_clock", ahead=ahead)
            trigger = envelope["payload"]["trigger_id"]
            answers += [await _open(stage, trigger), await _open(stage, trigger)]
    assert answers == [None, "exchanged_trigger_id", "expired_trigger_id", "expired_trigger_id"]


async def _open(stage: Stage, trigger: str) -> str | None:
    headers = {"Authorization": "Bearer xoxb-test"}
    body = {"trigger_id": trigger, "view": modal()}
    async with stage.http.post(f"{stage.sandbox.api_url}views.open", json=body, headers=headers) as answer:
        error: str | None = (await answer.json()).get("error")
        return error
