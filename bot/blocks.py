"""Block Kit in small pieces: plain dictionaries within Slack's limits, and text that cannot break out of its place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Block = dict[str, Any]

BROKEN_ENTITY = re.compile(r"&[a-z]{0,3}$")
LINK = re.compile(r"(?:<|&lt;)(?:https?://|mailto:|tel:|[@#!])[^<>\n]*?(?:>|&gt;|$)|https?://[^\s<>]*")
ADDRESS = re.compile(r"(https?://[!-;=?-{}~]+)")
SECTION_LIMIT = 3000
BUTTON_LIMIT = 75
OPTION_LIMIT = 75
HEADER_LIMIT = 150
FIELD_LIMIT = 2000


def escaped(text: str) -> str:
    """Text from outside, so that it can be no mention, no link and no formatting of ours."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def local_day(moment: datetime) -> str:
    """A moment's date in markup, which Slack shows by each reader's own clock."""
    return f"<!date^{int(moment.timestamp())}^{{date_num}}|{moment.astimezone(UTC):%Y-%m-%d}>"


def cut(text: str, limit: int) -> str:
    """Text shortened to Slack's limit with an ellipsis; a link or mention that would be cut in two is left out."""
    if len(text) <= limit:
        return text
    end = limit - 1
    end = next((link.start() for link in LINK.finditer(text) if link.start() < end < link.end()), end)
    return BROKEN_ENTITY.sub("", text[:end]) + "…"


def confirmation(title: str, text: str, *, yes: str, no: str) -> Block:
    """The question whether it is really meant, before a button does it."""
    return {"title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}


def plain(text: str, limit: int = SECTION_LIMIT) -> Block:
    """A text in which nothing is formatted."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": True}


def marked(text: str, limit: int = SECTION_LIMIT) -> Block:
    """A text in Slack's markup, which Slack shows as it stands: it looks for no names, channels or addresses in it."""
    return {"type": "mrkdwn", "text": cut(text, limit), "verbatim": True}


def linked(text: str) -> str:
    """What one of us typed, escaped, with the addresses in it to be opened; each shows where it leads."""
    pieces = ADDRESS.split(text)
    return "".join(f"<{escaped(each)}>" if at % 2 else escaped(each) for at, each in enumerate(pieces))


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text, HEADER_LIMIT)}


def section(mrkdwn: str, *, accessory: Block | None = None) -> Block:
    """A paragraph in Slack's markup; escape what comes from outside."""
    block: Block = {"type": "section", "text": marked(mrkdwn)}
    return {**block, "accessory": accessory} if accessory else block


def fields(pairs: Iterable[tuple[str, str]]) -> Block:
    """Label and value, two columns; at most ten pairs."""
    return {
        "type": "section",
        "fields": [marked(f"*{label}*\n{value}", FIELD_LIMIT) for label, value in list(pairs)[:10]],
    }


def context(*mrkdwn: str) -> Block:
    """Small print; at most ten pieces."""
    return {
        "type": "context",
        "elements": [marked(text) for text in mrkdwn[:10]],
    }


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def quote(text: str) -> Block:
    """Words to say, to be copied whole; nothing in them is markup."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}],
    }


def quotes(texts: Iterable[str]) -> Block:
    """Several words to say in one block."""
    return {"type": "rich_text", "elements": [each for text in texts for each in quote(text)["elements"]]}


def button(action_id: str, label: str, value: str, *, style: str | None = None, confirm: Block | None = None) -> Block:
    """A button; `value` is an opaque id, never a state."""
    block: Block = {
        "type": "button",
        "action_id": action_id,
        "text": plain(label, BUTTON_LIMIT),
        "value": value,
    }
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    return block


def actions(block_id: str, *elements: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(label: str, value: str) -> Block:
    """One choice of a menu."""
    return {"text": plain(label, OPTION_LIMIT), "value": value}


def static_select(action_id: str, options: Sequence[Block], *, placeholder: str, chosen: str = "") -> Block:
    """A menu; `chosen` is the value of what it begins with."""
    block: Block = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, 150),
        "options": list(options),
    }
    first = next((each for each in options if chosen and each["value"] == chosen), None)
    return {**block, "initial_option": first} if first else block


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    """A menu behind three dots; at most five choices."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def radio_buttons(action_id: str, options: Sequence[Block], *, chosen: str = "") -> Block:
    """One choice of a few, all of them in sight; at most ten."""
    block: Block = {"type": "radio_buttons", "action_id": action_id, "options": list(options)}
    first = next((each for each in options if chosen and each["value"] == chosen), None)
    return {**block, "initial_option": first} if first else block


def user_select(action_id: str, *, placeholder: str) -> Block:
    """One person of the workspace."""
    return {"type": "users_select", "action_id": action_id, "placeholder": plain(placeholder, 150)}


def moment_picker(action_id: str, *, initial: int | None = None) -> Block:
    """A day and a time, in seconds since 1970."""
    block: Block = {"type": "datetimepicker", "action_id": action_id}
    return {**block, "initial_date_time": initial} if initial else block


def text_input(
    action_id: str,
    *,
    initial: str = "",
    multiline: bool = False,
    placeholder: str = "",
    most: int = 500,
) -> Block:
    """A box to type in."""
    block: Block = {
        "type": "plain_text_input",
        "action_id": action_id,
        "multiline": multiline,
        "max_length": most,
    }
    if initial:
        block["initial_value"] = cut(initial, most)
    if placeholder:
        block["placeholder"] = plain(placeholder, 150)
    return block


def labelled(block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """An input of a modal with its label."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    return {**block, "hint": plain(hint, 2000)} if hint else block


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    close: str,
    submit: str | None = None,
    private_metadata: str = "",
) -> Block:
    """A window over the page."""
    view: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, 24),
        "close": plain(close, 24),
        "private_metadata": private_metadata,
        "blocks": list(blocks),
    }
    return {**view, "submit": plain(submit, 24)} if submit else view


def body(text: str, blocks: Sequence[Block]) -> Mapping[str, Any]:
    """A message: its blocks, and the plain text for notifications and screen readers."""
    return {"text": cut(escaped(text), SECTION_LIMIT), "blocks": list(blocks)}
