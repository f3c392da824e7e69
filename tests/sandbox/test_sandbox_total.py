"""Whatever is sent to the sandbox, it answers in its own words and never breaks."""

import asyncio
from typing import Any

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import views
from sandbox.server import Sandbox
from sandbox.webapi import METHODS
from tests.sandbox.stage import button, modal, sample_manifest, sample_world, text_of

Json = dict[str, Any]

odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
likely = st.sampled_from(
    [
        *("C0TEAM", "C0SHARED", "G0SECRET", "C0OLD", "U0ANNA", "U0BOT", "U0CARA", "B0SAMPLE", "S0AGENTS", "1.000001"),
        *("public_channel,im", "/hello x", "look", "ask", 1, True, [], {}, "[]", "{}"),
        [text_of("x")],
        [button("press")],
        modal(),
        {"type": "home", "blocks": [text_of("x")]},
        {"type": "message", "channel": "C0TEAM", "ts": "1.000001"},
        {"event_type": "x", "event_payload": {}},
    ]
)
KEYS = [
    *("channel", "user", "users", "user_id", "text", "blocks", "ts", "thread_ts", "message_ts", "view", "view_id"),
    *("trigger_id", "limit", "cursor", "oldest", "latest", "types", "metadata", "usergroup", "bot", "team", "hash"),
    *("external_id", "username", "message", "attachments", "inclusive", "error"),
]
SEAT_KEYS = [
    *("user", "channel", "text", "ts", "thread_ts", "as_app", "callback_id", "container", "action", "values"),
    *("action_id", "block_id", "value", "view_id", "other"),
]
DEEDS = ["say", "edit", "delete", "command", "shortcut", "action", "options", "submit", "close", "open_home", "open_im"]

api_calls = st.tuples(
    st.sampled_from(sorted(METHODS)), st.dictionaries(st.sampled_from(KEYS), likely | odd, max_size=6)
)
seat_calls = st.tuples(
    st.sampled_from(DEEDS),
    st.dictionaries(st.sampled_from(SEAT_KEYS), likely | odd, max_size=6).map(lambda body: {"user": "U0ANNA"} | body),
)


@settings(deadline=None, max_examples=40)
@given(calls=st.lists(api_calls, min_size=1, max_size=15))
def test_every_call_is_answered_with_ok_or_an_error_code(calls: list[tuple[str, Json]]) -> None:
    """A Web API call gets 200 and either ok or a code that is made of small letters."""

    async def send() -> None:
        async with Sandbox(sample_world(), sample_manifest()) as sandbox, aiohttp.ClientSession() as http:
            for method, arguments in calls:
                headers = {"Authorization": f"Bearer {'xapp' if method.startswith('apps') else 'xoxb'}-test"}
                url = f"{sandbox.api_url}{method}"
                async with http.post(url, json=arguments, headers=headers) as answer:
                    assert answer.status == 200, (method, arguments)
                    body = await answer.json()
                assert body["ok"] is ("error" not in body), (method, arguments, body)

    asyncio.run(send())


option = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
ELEMENTS: dict[str, Json] = {
    "plain_text_input": {"max_length": 5},
    "static_select": {"options": [option]},
    "multi_static_select": {"options": [option]},
    "checkboxes": {"options": [option]},
    "radio_buttons": {"options": [option]},
    "users_select": {},
    "conversations_select": {"response_url_enabled": True},
    "datepicker": {},
    "number_input": {"is_decimal_allowed": True},
}
KEPT = ["value", "selected_option", "selected_options", "selected_user", "selected_conversation", "selected_date"]
entered = st.dictionaries(st.sampled_from(KEPT), odd | st.just(option) | st.just([option]), max_size=3)


@settings(deadline=None, max_examples=60)
@given(kind=st.sampled_from(sorted(ELEMENTS)), first=entered, second=st.none() | entered)
def test_whatever_is_entered_in_a_form_is_taken_or_refused(kind: str, first: Json, second: Json | None) -> None:
    """An element used or a form sent with odd values is answered, never broken by them."""
    element = {"type": kind, "action_id": "a"} | ELEMENTS[kind]
    label = {"type": "plain_text", "text": "x"}
    asks = {"type": "input", "block_id": "b", "label": label, "element": element, "dispatch_action": True}

    async def send() -> None:
        async with Sandbox(sample_world(), sample_manifest()) as sandbox, aiohttp.ClientSession() as http:
            ws = sandbox.workspace
            view = views.open_modal(ws, "U0ANNA", modal(blocks=[asks]))
            where = {"container": {"type": "view", "view_id": view["id"]}}
            for deed, body in (
                ("action", where | {"action": {"action_id": "a", "block_id": "b"} | first}),
                ("action", where | {"action": {"action_id": "a", "block_id": "b"}, "values": {"b": {"a": second}}}),
                ("submit", {"view_id": view["id"], "values": {"b": {"a": second}, "x": {"y": first}}}),
            ):
                async with http.post(f"{sandbox.url}/seat/{deed}", json={"user": "U0ANNA"} | body) as answer:
                    assert answer.status in {200, 400}, (deed, body)

    asyncio.run(send())


@settings(deadline=None, max_examples=40)
@given(calls=st.lists(seat_calls, min_size=1, max_size=15))
def test_every_deed_is_done_or_refused_with_a_sentence(calls: list[tuple[str, Json]]) -> None:
    """A seat gets 200, or 400 with a code and a sentence."""

    async def send() -> None:
        async with Sandbox(sample_world(), sample_manifest()) as sandbox, aiohttp.ClientSession() as http:
            for deed, body in calls:
                async with http.post(f"{sandbox.url}/seat/{deed}", json=body) as answer:
                    assert answer.status in {200, 400}, (deed, body)
                    told = await answer.json()
                assert answer.status == 200 or (told["error"] and told["message"]), (deed, body, told)

    asyncio.run(send())
