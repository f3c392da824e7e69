"""Slack's own publications judge what the bot says to it; every Slack of a test hands over what it heard."""

from typing import Any

import pytest

from bot.i18n import words
from bot.playbook import LANGUAGES, Language
from tests.judges import published
from tests.judges.npm import OutOfReach
from tests.judges.published import Record, UnlikeSlack, answer_faults, call_faults
from tests.words.samples import everything

Json = dict[str, Any]

TEXT = {"type": "plain_text", "text": "x"}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
WINDOW = {"type": "modal", "title": TEXT, "blocks": [SECTION]}
OPTION = {"text": TEXT, "value": "x"}


@pytest.fixture(autouse=True)
def judge() -> None:
    """Slack's types; without npm nothing of this can be told, and every other test goes on unjudged."""
    try:
        published.schema()
    except OutOfReach as reason:
        pytest.skip(f"no call of any test is checked against Slack's types: {reason}")


def _said(*blocks: Json) -> Json:
    return {"channel": "C1", "text": "x", "blocks": list(blocks)}


def _row(**element: Any) -> Json:
    return {"type": "actions", "elements": [{"action_id": "a"} | element]}


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat.postMessage", _said(SECTION) | {"unfurl_links": False, "metadata": {"event_type": "a"}}),
        ("conversations.history", {"channel": "C1", "limit": "200", "include_all_metadata": "1"}),
        ("views.open", {"trigger_id": "1", "view": WINDOW}),
        ("response_url", {"text": "x", "blocks": [SECTION], "response_type": "ephemeral"}),
    ],
)
def test_what_slack_publishes_is_taken(method: str, arguments: Json) -> None:
    """A call as Slack describes it has no fault, whether it came as JSON or as a form."""
    assert call_faults(method, arguments) == []


WRONG: dict[str, tuple[str, Json, str]] = {
    "method": ("chat.post", {}, "chat.post is no method that Slack publishes"),
    "argument": ("chat.postMessage", _said(SECTION) | {"unfurl_link": False}, "'unfurl_link' was unexpected"),
    "argument of a form": ("users.info", {"user": "U1", "local": "1"}, "'local' was unexpected"),
    "missing": ("chat.postEphemeral", _said(SECTION), "'user' is a required property"),
    "number": ("conversations.history", {"channel": "C1", "limit": "many"}, "limit: 'many' is not of type 'number'"),
    "block": ("chat.postMessage", _said({"type": "sektion"}), "blocks[0].type: 'sektion' is not one of"),
    "attribute": ("chat.postMessage", _said(SECTION | {"foo": 1}), "blocks[0]: Additional properties"),
    "style": ("chat.postMessage", _said(_row(type="button", text=TEXT, style="red")), "style: 'red' is not one of"),
    "text": ("chat.postMessage", _said({"type": "header", "text": "x"}), "text: 'x' is not of type 'object'"),
    "too long": ("chat.update", _said({"type": "header", "text": TEXT | {"text": "x" * 151}}), "cannot exceed 150"),
    "too many": ("response_url", _said(_row(type="static_select", options=[OPTION] * 101)), "cannot exceed 100"),
    "title": (
        "views.open",
        {"trigger_id": "1", "view": WINDOW | {"title": TEXT | {"text": "x" * 25}}},
        "between 1 and",
    ),
    "view": ("views.push", {"trigger_id": "1", "view": WINDOW | {"callback": "x"}}, "'callback' was unexpected"),
    "reply": ("response_url", {"text": "x", "response_typ": "x"}, "response_url takes no response_typ"),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_what_slack_does_not_publish_is_told(name: str) -> None:
    """A wrong name, a wrong shape and a text over its limit are each said in a sentence."""
    method, arguments, told = WRONG[name]
    assert told in "\n".join(call_faults(method, arguments))


def test_an_acknowledgement_is_judged_too() -> None:
    """What a listener answers with shows a window or fills a menu."""
    assert answer_faults({"response_action": "update", "view": WINDOW}) == []
    assert answer_faults({"options": [OPTION]}) == []
    assert "'foo' was unexpected" in "\n".join(
        answer_faults({"response_action": "update", "view": WINDOW | {"foo": 1}})
    )
    assert "text: 'x' is not of type" in "\n".join(answer_faults({"options": [OPTION | {"text": "x"}]}))


@pytest.mark.parametrize(
    ("name", "body", "error", "told"),
    [
        ("chat.delete", {"channel": "C1"}, None, "chat.delete: 'ts' is a required property"),
        (
            "chat.delete",
            {"channel": "C1", "ts": "1"},
            "invalid_arguments",
            "chat.delete was refused: invalid_arguments",
        ),
        ("chat.update", {"channel": "C1", "ts": "1", "text": "x"}, None, "chat.update lets Slack look for names"),
        ("chat.postMessage", {"channel": "C1", "text": "<!here|x>"}, None, "chat.postMessage pings everybody"),
        ("bookmarks.list", {"channel_id": "C1"}, None, "scopes were not counted for bookmarks.list"),
    ],
)
def test_a_test_stops_in_which_the_bot_said_something_wrong(
    name: str, body: Json, error: str | None, told: str
) -> None:
    """At the end of every test with a Slack in it, all that was said to it is judged, its scopes too."""
    record = Record()
    record.note({"dir": "call", "name": name, "body": body, "ok": error is None, "error": error})
    with pytest.raises(UnlikeSlack, match=told):
        record.check()


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_is_as_slack_publishes_it(language: Language) -> None:
    """Every card and window that there is, filled to the brim, fits Slack's types and slack_sdk's limits."""
    faults: set[tuple[str, str]] = set()
    for shown in everything(words(language), "<!here> & 禾豐 " * 20, "出貨卡住。<&>" * 200):
        view, body = shown.view, {"channel": "C1", "text": shown.text, "blocks": shown.blocks}
        if view is None:
            found = call_faults("chat.postMessage", body) if shown.blocks else []
        elif view["type"] == "home":
            found = call_faults("views.publish", {"user_id": "U1", "view": view})
        else:
            found = call_faults("views.open", {"trigger_id": "1", "view": view})
        faults.update((shown.name, each) for each in found)
    assert faults == set()
