"""Interactive elements: where they stand in blocks, and what Slack reports when they are used; pure."""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

from sandbox.world import Json


class Kept(NamedTuple):
    """How an element keeps what was entered: the key of its value, and the key of its first value."""

    key: str
    initial: str


KEPT = {
    "plain_text_input": Kept("value", "initial_value"),
    "number_input": Kept("value", "initial_value"),
    "email_text_input": Kept("value", "initial_value"),
    "url_text_input": Kept("value", "initial_value"),
    "rich_text_input": Kept("rich_text_value", "initial_value"),
    "static_select": Kept("selected_option", "initial_option"),
    "external_select": Kept("selected_option", "initial_option"),
    "radio_buttons": Kept("selected_option", "initial_option"),
    "checkboxes": Kept("selected_options", "initial_options"),
    "multi_static_select": Kept("selected_options", "initial_options"),
    "multi_external_select": Kept("selected_options", "initial_options"),
    "users_select": Kept("selected_user", "initial_user"),
    "multi_users_select": Kept("selected_users", "initial_users"),
    "conversations_select": Kept("selected_conversation", "initial_conversation"),
    "multi_conversations_select": Kept("selected_conversations", "initial_conversations"),
    "channels_select": Kept("selected_channel", "initial_channel"),
    "multi_channels_select": Kept("selected_channels", "initial_channels"),
    "datepicker": Kept("selected_date", "initial_date"),
    "timepicker": Kept("selected_time", "initial_time"),
    "datetimepicker": Kept("selected_date_time", "initial_date_time"),
    "file_input": Kept("files", "initial_files"),
}
INTERACTIVE = {*KEPT, "button", "overflow", "workflow_button", "feedback_buttons", "icon_button"}
OPTION_KEYS = {"selected_option", "selected_options"}


class Found(NamedTuple):
    """An element, and the block it stands in."""

    block: Json
    element: Json


def named(blocks: list[Json]) -> list[Json]:
    """The blocks with the ids that Slack adds where the app gave none."""
    out = []
    for block in blocks:
        copy = dict(block)
        copy.setdefault("block_id", secrets.token_urlsafe(4))
        if isinstance(copy.get("elements"), list) and copy["type"] in {"actions", "context_actions"}:
            copy["elements"] = [_named(element) for element in copy["elements"]]
        for key in ("accessory", "element"):
            if isinstance(copy.get(key), dict):
                copy[key] = _named(copy[key])
        out.append(copy)
    return out


def _named(element: Json) -> Json:
    if element.get("type") not in INTERACTIVE:
        return element
    return {"action_id": secrets.token_urlsafe(4)} | element


def interactive(blocks: list[Json]) -> Iterator[Found]:
    """Every element that a person can use."""
    for block in blocks:
        candidates = [block.get("accessory"), block.get("element")]
        if block.get("type") in {"actions", "context_actions"}:
            candidates += block.get("elements", [])
        for element in candidates:
            if isinstance(element, dict) and element.get("type") in INTERACTIVE:
                yield Found(block, element)


def find(blocks: list[Json], block_id: str, action_id: str) -> Found | None:
    """The element with these ids."""
    for found in interactive(blocks):
        if found.block.get("block_id") == block_id and found.element.get("action_id") == action_id:
            return found
    return None


def options(element: Json) -> list[Json]:
    """The options an element lists, those in groups too."""
    flat: list[Json] = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        flat += group["options"]
    return flat


def first_values(blocks: list[Json]) -> Json:
    """`state.values` before anybody entered anything."""
    values: Json = {}
    for block, element in interactive(blocks):
        kept = KEPT.get(element["type"])
        if kept is None:
            continue
        empty: object = [] if kept.key.endswith("s") else None
        entered = {"type": element["type"], kept.key: element.get(kept.initial, empty)}
        values.setdefault(block["block_id"], {})[element["action_id"]] = entered
    return values


def merged(values: Json, entered: Json) -> Json:
    """`state.values` with what was entered laid over it."""
    out = {block: dict(actions) for block, actions in values.items()}
    for block, actions in entered.items():
        for action, value in actions.items():
            if value is not None and action in out.get(block, {}):
                out[block][action] = out[block][action] | value
    return out


def chosen_not_offered(element: Json, sent: Json, offered: list[Json]) -> bool:
    """Whether a seat chose an option that the element does not have."""
    listed = [option["value"] for option in options(element) + offered]
    kept = KEPT.get(element["type"], Kept("selected_option", ""))
    if kept.key not in OPTION_KEYS or sent.get(kept.key) is None:
        return False
    chosen = sent[kept.key] if isinstance(sent[kept.key], list) else [sent[kept.key]]
    return any(not isinstance(one, dict) or one.get("value") not in listed for one in chosen)


def action(found: Found, sent: Json, ts: str) -> Json:
    """What `block_actions` says about one use of an element."""
    block, element = found
    kind = element["type"]
    said: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    for key in ("text", "value", "style", "url", "placeholder", "confirm") if kind == "button" else ("placeholder",):
        if key in element:
            said[key] = element[key]
    key = KEPT[kind].key if kind in KEPT else "selected_option"
    if kind != "button":
        said[key] = sent.get(key)
    return said


def missing_inputs(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack's own form would not let pass, by block: fields left empty, texts too long or short."""
    errors: dict[str, str] = {}
    for block, element in interactive(blocks):
        if block["type"] != "input":
            continue
        kept = KEPT[element["type"]]
        value = values.get(block["block_id"], {}).get(element["action_id"], {}).get(kept.key)
        if value in (None, "", []):
            if not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
        elif element["type"] == "plain_text_input":
            most, least = element.get("max_length", 3000), element.get("min_length", 0)
            if not isinstance(value, str) or not least <= len(value) <= most:
                errors[block["block_id"]] = f"Please enter between {least} and {most} characters."
    return errors
