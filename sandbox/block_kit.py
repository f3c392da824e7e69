"""Block Kit as Slack documents it: which fields an object has, and how much each holds; only a table.

The figures are those of the reference pages at docs.slack.dev/reference/block-kit.
"""

from dataclasses import dataclass
from typing import Literal

MESSAGE_TEXT = 40_000
UPDATE_TEXT = 4_000
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_TOTAL = 12_000
BLOCKS_TEXT = 13_172  # not documented: where it began in github.com/slackapi/bolt-js/issues/2509
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
    "conversations_select": _SELECT | _CONVERSATIONS | _ONE_RESPONSE | {"initial_conversation": _may("str", least=1)},
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
