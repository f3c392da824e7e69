"""Block Kit's limits are held to the character."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.blocks import message_faults, suggestion_faults, view_faults

Json = dict[str, Any]


def plain(length: int) -> Json:
    """A plain text of so many characters."""
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> Json:
    """A marked-up text of so many characters."""
    return {"type": "mrkdwn", "text": "x" * length}


def option(text: int = 1, value: int = 1, **more: object) -> Json:
    """An option with so long a text and value."""
    return {"text": plain(text), "value": "v" * value} | more


def actions(*elements: Json) -> Json:
    """A row of elements."""
    return {"type": "actions", "elements": list(elements)}


def push(**more: object) -> Json:
    """A button."""
    return {"type": "button", "text": plain(1)} | more


def menu(**more: object) -> Json:
    """A menu in a row."""
    return actions({"type": "static_select"} | more)


def asks(element: Json, **more: object) -> Json:
    """An input block."""
    return {"type": "input", "label": plain(1), "element": element} | more


LIMITS: list[tuple[Any, int]] = [
    (lambda n: {"type": "section", "text": mrkdwn(n)}, 3000),
    (lambda n: {"type": "section", "fields": [mrkdwn(n)]}, 2000),
    (lambda n: {"type": "section", "fields": [mrkdwn(1)] * n}, 10),
    (lambda n: {"type": "header", "text": plain(n)}, 150),
    (lambda n: {"type": "markdown", "text": "x" * n}, 12_000),
    (lambda n: {"type": "context", "elements": [mrkdwn(1)] * n}, 10),
    (lambda n: {"type": "divider", "block_id": "b" * n}, 255),
    (lambda n: {"type": "image", "image_url": "u" * n, "alt_text": "a"}, 3000),
    (lambda n: {"type": "image", "image_url": "u", "alt_text": "a" * n}, 2000),
    (lambda n: actions(*[push(action_id=str(i)) for i in range(n)]), 25),
    (lambda n: actions(push(text=plain(n))), 75),
    (lambda n: actions(push(value="v" * n)), 2000),
    (lambda n: actions(push(url="u" * n)), 3000),
    (lambda n: actions(push(action_id="a" * n)), 255),
    (lambda n: menu(options=[option()] * n), 100),
    (lambda n: menu(options=[option(text=n)]), 75),
    (lambda n: menu(options=[option(value=n)]), 150),
    (lambda n: menu(options=[option(description=plain(n))]), 75),
    (lambda n: menu(options=[option()], placeholder=plain(n)), 150),
    (lambda n: menu(option_groups=[{"label": plain(n), "options": [option()]}]), 75),
    (lambda n: actions({"type": "overflow", "options": [option()] * n}), 5),
    (lambda n: actions({"type": "checkboxes", "options": [option()] * n}), 10),
    (lambda n: asks({"type": "plain_text_input", "placeholder": plain(n)}), 150),
    (lambda n: asks({"type": "plain_text_input", "max_length": n}), 3000),
    (lambda n: asks({"type": "plain_text_input"}, label=plain(n)), 2000),
    (lambda n: asks({"type": "plain_text_input"}, hint=plain(n)), 2000),
]


@pytest.mark.parametrize(("block", "most"), LIMITS)
def test_a_block_may_hold_just_so_much(block: Any, most: int) -> None:
    """At each documented limit a block passes, one above it does not."""
    assert message_faults([block(most)]) == []
    assert message_faults([block(most + 1)]) != []


VIEW_LIMITS: list[tuple[Any, int]] = [
    (lambda n: {"title": plain(n)}, 24),
    (lambda n: {"submit": plain(n)}, 24),
    (lambda n: {"close": plain(n)}, 24),
    (lambda n: {"private_metadata": "x" * n}, 3000),
    (lambda n: {"callback_id": "x" * n}, 255),
    (lambda n: {"external_id": "x" * n}, 255),
    (lambda n: {"blocks": [{"type": "divider"}] * n}, 100),
]


@pytest.mark.parametrize(("part", "most"), VIEW_LIMITS)
def test_a_view_may_hold_just_so_much(part: Any, most: int) -> None:
    """At each documented limit a modal passes, one above it does not."""
    whole = {"type": "modal", "title": plain(1), "blocks": []}
    assert view_faults(whole | part(most)) == []
    assert view_faults(whole | part(most + 1)) != []


def test_a_message_takes_fifty_blocks() -> None:
    """Fifty blocks are a message, fifty-one are none."""
    assert message_faults([{"type": "divider"}] * 50) == []
    assert [str(f) for f in message_faults([{"type": "divider"}] * 51)] == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]


@pytest.mark.parametrize(
    "blocks",
    [
        "not a list",
        ["not an object"],
        [{"type": "unheard_of"}],
        [{"type": "header", "text": mrkdwn(1)}],
        [{"type": "section"}],
        [{"type": "section", "text": plain(0)}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}],
        [{"type": "section", "text": mrkdwn(1), "colour": "red"}],
        [{"type": "section", "text": mrkdwn(1), "accessory": {"type": "plain_text_input"}}],
        [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
        [actions(push(action_id="a"), push(action_id="a"))],
        [actions(push(style="loud"))],
        [actions()],
        [menu()],
        [menu(options=[option()], option_groups=[{"label": plain(1), "options": [option()]}])],
        [menu(options=[option(value=1)], initial_option=option(value=2))],
        [asks(push())],
        [{"type": "image", "alt_text": "a"}],
        [{"type": "markdown", "text": "x" * 7000}, {"type": "markdown", "text": "x" * 7000}],
    ],
)
def test_what_is_no_block_is_refused(blocks: Any) -> None:
    """Unknown types and fields, empty texts, ids given twice and parts in the wrong place are refused."""
    assert message_faults(blocks) != []


def test_a_modal_that_asks_needs_a_button_to_send_it() -> None:
    """Input blocks in a modal want a submit."""
    asking = {"type": "modal", "title": plain(1), "blocks": [asks({"type": "plain_text_input"})]}
    assert [f.what for f in view_faults(asking)] == ["missing required field: submit"]
    assert view_faults(asking | {"submit": plain(1)}) == []


def test_options_for_a_menu_are_checked_too() -> None:
    """What the app offers while somebody types obeys the same limits."""
    assert suggestion_faults({"options": [option()] * 100}) == []
    assert suggestion_faults({"options": []}) == []
    assert suggestion_faults({"options": [option()] * 101}) != []
    assert suggestion_faults({"options": [option(text=76)]}) != []
    assert suggestion_faults({}) != []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "options", "element"]), inner, max_size=4)
    ),
    max_leaves=12,
)
kinds = st.sampled_from(["section", "actions", "input", "header", "button", "plain_text", "static_select"])


@given(blocks=json_values, kind=kinds)
def test_anything_at_all_is_answered_with_faults_and_never_with_a_crash(blocks: Any, kind: str) -> None:
    """The validator is total: whatever it is given, it says what is wrong."""
    message_faults(blocks)
    wrapped = [{"type": kind, "text": blocks, "elements": blocks, "element": blocks}]
    assert all(fault.where.startswith("/blocks") for fault in message_faults(wrapped))
    view_faults({"type": "modal", "title": blocks, "blocks": blocks})


@given(length=st.integers(min_value=0, max_value=3100))
def test_a_text_passes_exactly_when_it_is_neither_empty_nor_too_long(length: int) -> None:
    """Between one and 3000 characters, and at no other length, a section's text is taken."""
    assert (message_faults([{"type": "section", "text": mrkdwn(length)}]) == []) == (1 <= length <= 3000)
