"""Block Kit's limits, as Slack documents them, in one table; pure.

A fault reads as Slack writes it: `[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text]`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sandbox.world import Json

MESSAGE_TEXT = 40_000
UPDATE_TEXT = 4_000
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_TOTAL = 12_000
SUGGESTIONS = 100

Kind = Literal["str", "text", "plain", "bool", "int", "enum", "date", "list", "shape", "any"]


@dataclass(frozen=True)
class Field:
    """What one field of a Block Kit object may hold; `most` and `least` are characters, items or a range."""

    kind: Kind
    most: int | None = None
    least: int = 0
    required: bool = False
    of: tuple[str, ...] = ()


Shape = dict[str, Field]


def _need(kind: Kind, most: int | None = None, *of: str, least: int = 1) -> Field:
    return Field(kind, most, least, required=True, of=of)


def _may(kind: Kind, most: int | None = None, *of: str, least: int = 0) -> Field:
    return Field(kind, most, least, of=of)


_CONFIRM = _may("shape", None, "confirm")
_ACTION: Shape = {"action_id": _may("str", 255, least=1)}
_FOCUS: Shape = {"focus_on_load": _may("bool")}
_PLACEHOLDER: Shape = {"placeholder": _may("plain", 150)}
_DISPATCH: Shape = {"dispatch_action_config": _may("shape", None, "dispatch_action_config")}
_SELECT: Shape = _ACTION | _FOCUS | _PLACEHOLDER | {"confirm": _CONFIRM}
_MULTI: Shape = _SELECT | {"max_selected_items": _may("int", least=1)}
_OPTIONS: Shape = {
    "options": _may("list", 100, "option", least=1),
    "option_groups": _may("list", 100, "option_group", least=1),
}
_EXTERNAL: Shape = {"min_query_length": _may("int")}
_ONE_RESPONSE: Shape = {"response_url_enabled": _may("bool")}
_CONVERSATIONS: Shape = {
    "default_to_current_conversation": _may("bool"),
    "filter": _may("shape", None, "filter"),
}
_CHOICE: Shape = _ACTION | _FOCUS | {"options": _need("list", 10, "choice"), "confirm": _CONFIRM}
_BLOCK: Shape = {"block_id": _may("str", 255, least=1)}
_VIEW: Shape = {
    "callback_id": _may("str", 255),
    "external_id": _may("str", 255),
    "private_metadata": _may("str", 3000),
}
_IMAGE: Shape = {
    "image_url": _may("str", 3000, least=1),
    "slack_file": _may("any"),
    "alt_text": _need("str", 2000),
}

SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
MULTI_SELECTS = tuple(f"multi_{name}" for name in SELECTS)
PICKERS = ("checkboxes", "radio_buttons", "datepicker", "timepicker")
IN_ACTIONS = ("button", "overflow", "datetimepicker", "workflow_button", *PICKERS, *SELECTS)
IN_SECTION = ("button", "overflow", "image", "workflow_button", *PICKERS, *SELECTS, *MULTI_SELECTS)
IN_INPUT = (
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
    "datetimepicker",
    *PICKERS,
    *SELECTS,
    *MULTI_SELECTS,
)

SHAPES: dict[str, Shape] = {
    # blocks
    "actions": _BLOCK | {"elements": _need("list", 25, *IN_ACTIONS)},
    "context": _BLOCK | {"elements": _need("list", 10, "image", "plain_text", "mrkdwn")},
    "context_actions": _BLOCK | {"elements": _need("list", 5, "feedback_buttons", "icon_button")},
    "divider": _BLOCK,
    "file": _BLOCK | {"external_id": _need("str", 255), "source": _need("enum", None, "remote")},
    "header": _BLOCK | {"text": _need("plain", 150)},
    "image": _BLOCK | _IMAGE | {"title": _may("plain", 2000)},
    "input": _BLOCK
    | {
        "label": _need("plain", 2000),
        "element": _need("shape", None, *IN_INPUT),
        "hint": _may("plain", 2000),
        "optional": _may("bool"),
        "dispatch_action": _may("bool"),
    },
    "markdown": _BLOCK | {"text": _need("str", MARKDOWN_TOTAL)},
    "rich_text": _BLOCK | {"elements": _need("any")},
    "section": _BLOCK
    | {
        "text": _may("text", 3000),
        "fields": _may("list", 10, "field", least=1),
        "accessory": _may("shape", None, *IN_SECTION),
        "expand": _may("bool"),
    },
    "table": _BLOCK | {"rows": _need("any"), "column_settings": _may("any")},
    "video": _BLOCK
    | {
        "alt_text": _need("str"),
        "title": _need("plain", 200),
        "thumbnail_url": _need("str"),
        "video_url": _need("str"),
        "author_name": _may("str", 50),
        "description": _may("plain", 200),
        "provider_icon_url": _may("str"),
        "provider_name": _may("str"),
        "title_url": _may("str"),
    },
    # elements
    "button": _ACTION
    | {
        "text": _need("plain", 75),
        "value": _may("str", 2000),
        "url": _may("str", 3000),
        "style": _may("enum", None, "primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": _may("str", 75),
    },
    "workflow_button": _ACTION | {"text": _need("plain", 75), "workflow": _need("any"), "style": _may("any")},
    "feedback_buttons": _ACTION | {"positive_button": _need("any"), "negative_button": _need("any")},
    "icon_button": _ACTION
    | {"icon": _need("str"), "text": _need("plain", 75), "value": _may("str", 2000), "confirm": _CONFIRM},
    "overflow": _ACTION | {"options": _need("list", 5, "link_option"), "confirm": _CONFIRM},
    "checkboxes": _CHOICE | {"initial_options": _may("list", 10, "choice", least=1)},
    "radio_buttons": _CHOICE | {"initial_option": _may("shape", None, "choice")},
    "datepicker": _SELECT | {"initial_date": _may("date")},
    "timepicker": _SELECT | {"initial_time": _may("str", 5), "timezone": _may("str")},
    "datetimepicker": _ACTION | _FOCUS | {"initial_date_time": _may("int"), "confirm": _CONFIRM},
    "static_select": _SELECT | _OPTIONS | {"initial_option": _may("shape", None, "option")},
    "external_select": _SELECT | _EXTERNAL | {"initial_option": _may("shape", None, "option")},
    "users_select": _SELECT | {"initial_user": _may("str", least=1)},
    "conversations_select": _SELECT
    | _CONVERSATIONS
    | _ONE_RESPONSE
    | {"initial_conversation": _may("str", least=1)},
    "channels_select": _SELECT | _ONE_RESPONSE | {"initial_channel": _may("str", least=1)},
    "multi_static_select": _MULTI | _OPTIONS | {"initial_options": _may("list", 100, "option", least=1)},
    "multi_external_select": _MULTI | _EXTERNAL | {"initial_options": _may("list", 100, "option", least=1)},
    "multi_users_select": _MULTI | {"initial_users": _may("any")},
    "multi_conversations_select": _MULTI | _CONVERSATIONS | {"initial_conversations": _may("any")},
    "multi_channels_select": _MULTI | {"initial_channels": _may("any")},
    "plain_text_input": _ACTION
    | _FOCUS
    | _PLACEHOLDER
    | _DISPATCH
    | {
        "initial_value": _may("str", 3000),
        "multiline": _may("bool"),
        "min_length": _may("int", 3000),
        "max_length": _may("int", 3000, least=1),
    },
    "email_text_input": _ACTION | _FOCUS | _PLACEHOLDER | _DISPATCH | {"initial_value": _may("str")},
    "url_text_input": _ACTION | _FOCUS | _PLACEHOLDER | _DISPATCH | {"initial_value": _may("str")},
    "number_input": _ACTION
    | _FOCUS
    | _PLACEHOLDER
    | _DISPATCH
    | {
        "is_decimal_allowed": _need("bool"),
        "initial_value": _may("str"),
        "min_value": _may("str"),
        "max_value": _may("str"),
    },
    "rich_text_input": _ACTION | _FOCUS | _PLACEHOLDER | _DISPATCH | {"initial_value": _may("any")},
    "file_input": _ACTION | {"filetypes": _may("any"), "max_files": _may("int", 10, least=1)},
    # parts
    "confirm": {
        "title": _need("plain", 100),
        "text": _need("text", 300),
        "confirm": _need("plain", 30),
        "deny": _need("plain", 30),
        "style": _may("enum", None, "primary", "danger"),
    },
    "option": {"text": _need("plain", 75), "value": _need("str", 150), "description": _may("plain", 75)},
    "choice": {"text": _need("text", 75), "value": _need("str", 150), "description": _may("text", 75)},
    "link_option": {
        "text": _need("plain", 75),
        "value": _need("str", 150),
        "description": _may("plain", 75),
        "url": _may("str", 3000),
    },
    "option_group": {"label": _need("plain", 75), "options": _need("list", 100, "option")},
    "dispatch_action_config": {"trigger_actions_on": _may("any")},
    "filter": {
        "include": _may("any"),
        "exclude_external_shared_channels": _may("bool"),
        "exclude_bot_users": _may("bool"),
    },
    # views
    "modal": _VIEW
    | {
        "title": _need("plain", 24),
        "blocks": _need("any"),
        "close": _may("plain", 24),
        "submit": _may("plain", 24),
        "clear_on_close": _may("bool"),
        "notify_on_close": _may("bool"),
        "submit_disabled": _may("bool"),
    },
    "home": _VIEW | {"blocks": _need("any")},
}
PARTS = {"confirm", "option", "choice", "link_option", "option_group", "dispatch_action_config", "filter"}
EVERYWHERE = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
PLACES = {
    "message": EVERYWHERE | {"context_actions", "file", "markdown", "table"},
    "modal": EVERYWHERE,
    "home": EVERYWHERE,
}
FIELD_TEXT = 2000
CONTEXT_TEXT = 3000

Faults = Iterator[str]


def _fault(what: str, where: str) -> str:
    return f"[ERROR] {what} [json-pointer:{where}]"


def _size(size: int, field: Field, unit: str, where: str) -> Faults:
    if size < field.least:
        yield _fault(f"must be more than {field.least - 1} {unit}", where)
    if field.most is not None and size > field.most:
        yield _fault(f"must be less than {field.most + 1} {unit}", where)


def _string(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, str):
        yield _fault("must be a string", where)
    else:
        yield from _size(len(value), field, "characters", where)


def _text(value: object, field: Field, where: str) -> Faults:
    kinds = {"plain_text"} if field.kind == "plain" else {"plain_text", "mrkdwn"}
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield _fault(f"must be a text object of type {' or '.join(sorted(kinds))}", where)
        return
    extra = {"plain_text": "emoji", "mrkdwn": "verbatim"}[value["type"]]
    for key in sorted(set(value) - {"type", "text", extra}):
        yield _fault(f"invalid additional property: {key}", where)
    yield from _string(value.get("text"), Field("str", field.most, 1), f"{where}/text")


def _boolean(value: object, _: Field, where: str) -> Faults:
    if not isinstance(value, bool):
        yield _fault("must be a boolean", where)


def _integer(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, int) or isinstance(value, bool):
        yield _fault("must be an integer", where)
    elif value < field.least or (field.most is not None and value > field.most):
        yield _fault("must be within the allowed range", where)


def _enum(value: object, field: Field, where: str) -> Faults:
    if value not in field.of:
        yield _fault(f"must be one of: {', '.join(field.of)}", where)


def _date(value: object, _: Field, where: str) -> Faults:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        yield _fault("must be a date as YYYY-MM-DD", where)


def _list(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, list):
        yield _fault("must be an array", where)
        return
    if len(value) < field.least:
        yield _fault(f"must have at least {field.least} items", where)
    if field.most is not None and len(value) > field.most:
        yield _fault(f"no more than {field.most} items allowed", where)
    for index, item in enumerate(value):
        yield from _shape(item, field, f"{where}/{index}")


def _shape(value: object, field: Field, where: str) -> Faults:
    if not isinstance(value, dict):
        yield _fault("must be an object", where)
        return
    if field.of == ("field",):
        yield from _text(value, Field("text", FIELD_TEXT), where)
        return
    name = field.of[0] if field.of[0] in PARTS else value.get("type")
    if name not in field.of:
        yield _fault(f"unsupported type: {name}", f"{where}/type")
    elif name in {"plain_text", "mrkdwn"}:
        yield from _text(value, Field("text", CONTEXT_TEXT), where)
    else:
        yield from _object(value, str(name), where)


def _anything(_value: object, _field: Field, _where: str) -> Faults:
    yield from ()


CHECKS: dict[str, Callable[[object, Field, str], Faults]] = {
    "str": _string,
    "text": _text,
    "plain": _text,
    "bool": _boolean,
    "int": _integer,
    "enum": _enum,
    "date": _date,
    "list": _list,
    "shape": _shape,
    "any": _anything,
}


def _object(value: Json, name: str, where: str) -> Faults:
    """Check one object against its line in the table."""
    shape = SHAPES[name]
    known = set(shape) | (set() if name in PARTS else {"type"})
    for key in sorted(set(value) - known):
        yield _fault(f"invalid additional property: {key}", where)
    for key, field in shape.items():
        if value.get(key) is not None:
            yield from CHECKS[field.kind](value[key], field, f"{where}/{key}")
        elif field.required:
            yield _fault(f"missing required field: {key}", where)
    for extra in EXTRA.get(name, ()):
        yield from extra(value, where)


def _text_or_fields(section: Json, where: str) -> Faults:
    if not section.get("text") and not section.get("fields"):
        yield _fault("missing required field: text or fields", where)


def _one_image(image: Json, where: str) -> Faults:
    if bool(image.get("image_url")) == bool(image.get("slack_file")):
        yield _fault("exactly one of image_url and slack_file is needed", where)


def _one_list(select: Json, where: str) -> Faults:
    if bool(select.get("options")) == bool(select.get("option_groups")):
        yield _fault("exactly one of options and option_groups is needed", where)


def _initial_listed(element: Json, where: str) -> Faults:
    groups = element.get("option_groups") or []
    listed = [*(element.get("options") or []), *(o for g in groups for o in g.get("options") or [])]
    one = element.get("initial_option")
    for option in [*(element.get("initial_options") or []), *([one] if one else [])]:
        if option not in listed:
            yield _fault("the initial option is none of the options", where)


EXTRA: dict[str, tuple[Callable[[Json, str], Faults], ...]] = {
    "section": (_text_or_fields,),
    "image": (_one_image,),
    "static_select": (_one_list, _initial_listed),
    "multi_static_select": (_one_list, _initial_listed),
    "checkboxes": (_initial_listed,),
    "radio_buttons": (_initial_listed,),
}


def _block_faults(blocks: object, place: str, most: int, where: str) -> Faults:
    if not isinstance(blocks, list):
        yield _fault("must be an array", where)
        return
    if len(blocks) > most:
        yield _fault(f"no more than {most} items allowed", where)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        here = f"{where}/{index}"
        yield from _shape(block, Field("shape", of=tuple(sorted(PLACES[place]))), here)
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            yield _fault(f'`block_id` "{block_id}" already exists', f"{here}/block_id")
        seen |= {block_id} if isinstance(block_id, str) else set()
        yield from _repeated_actions(block, here)


def _repeated_actions(block: Json, where: str) -> Faults:
    elements = block.get("elements")
    ids = [e.get("action_id") for e in elements if isinstance(e, dict)] if isinstance(elements, list) else []
    for action_id in sorted({one for one in ids if isinstance(one, str) and ids.count(one) > 1}):
        yield _fault(f'`action_id` "{action_id}" already exists', f"{where}/elements")


def message_faults(blocks: object) -> list[str]:
    """What Slack would not take in a message's blocks; empty when all is well."""
    faults = list(_block_faults(blocks, "message", MESSAGE_BLOCKS, "/blocks"))
    if not faults and isinstance(blocks, list):
        total = sum(len(b["text"]) for b in blocks if b["type"] == "markdown")
        if total > MARKDOWN_TOTAL:
            faults.append(
                _fault(f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters", "/blocks")
            )
    return faults


def view_faults(view: Json) -> list[str]:
    """What Slack would not take in a view; empty when all is well."""
    kind = str(view["type"])
    faults = list(_object(view, kind, "/view"))
    blocks = view.get("blocks")
    if blocks is not None:
        faults += _block_faults(blocks, kind, VIEW_BLOCKS, "/view/blocks")
    inputs = isinstance(blocks, list) and any(
        isinstance(b, dict) and b.get("type") == "input" for b in blocks
    )
    if kind == "modal" and inputs and not view.get("submit"):
        faults.append(_fault("missing required field: submit", "/view"))
    return faults


def suggestion_faults(answer: Json) -> list[str]:
    """What Slack would not take as the options for an external menu; empty when all is well."""
    key, shape = ("option_groups", "option_group") if answer.get("option_groups") else ("options", "option")
    field = Field("list", SUGGESTIONS, 0, required=True, of=(shape,))
    return list(_list(answer.get(key), field, f"/{key}"))
