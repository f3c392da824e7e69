"""What Slack documents about app manifests, methods, events and scopes: facts that the tests lean on.

Sources, all Slack's own: the app manifest reference (docs.slack.dev/reference/app-manifest) and the published
JSON schema (slackapi/manifest-schema, 2.0.0) for `LIMITS`; the page of each method and of each event
(docs.slack.dev/reference/methods, docs.slack.dev/reference/events) for `METHOD_SCOPES` and `EVENT_SCOPES`.
Where reference and schema differ (the shortest long description is 174 or 175 characters), the stricter one
stands here.
"""

from collections.abc import Mapping
from typing import Any

ANY = "any"
PUBLIC = "public"
PRIVATE = "private"
DIRECT = "direct"
GROUP = "group"


def _text(most: int, least: int = 1, **more: object) -> dict[str, object]:
    return {"type": "string", "minLength": least, "maxLength": most, **more}


def _closed(properties: Mapping[str, object], *required: str) -> dict[str, object]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _several(items: object, most: int, least: int = 1) -> dict[str, object]:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most, "uniqueItems": True}


FLAG: Mapping[str, object] = {"type": "boolean"}
URL = _text(500, pattern="^https://")

LIMITS: Mapping[str, Any] = _closed(
    {
        "_metadata": _closed({"major_version": {"const": 2}, "minor_version": {"type": "integer"}}),
        "display_information": _closed(
            {
                "name": _text(35),
                "description": _text(140),
                "long_description": _text(4000, least=175),
                "background_color": _text(7, least=4, pattern="^#([0-9a-fA-F]{3}){1,2}$"),
            },
            "name",
        ),
        "features": _closed(
            {
                "app_home": _closed(
                    {
                        "home_tab_enabled": FLAG,
                        "messages_tab_enabled": FLAG,
                        "messages_tab_read_only_enabled": FLAG,
                    }
                ),
                "bot_user": _closed(
                    {"display_name": _text(80, pattern="^[a-z0-9._-]+$"), "always_online": FLAG},
                    "display_name",
                ),
                "slash_commands": _several(
                    _closed(
                        {
                            "command": _text(32, least=2, pattern="^/"),
                            "description": _text(2000),
                            "usage_hint": _text(1000),
                            "should_escape": FLAG,
                            "url": URL,
                        },
                        "command",
                        "description",
                    ),
                    most=50,
                ),
                "shortcuts": _several(
                    _closed(
                        {
                            "name": _text(24),
                            "type": {"enum": ["message", "global"]},
                            "callback_id": _text(255),
                            "description": _text(150),
                        },
                        "name",
                        "type",
                        "callback_id",
                        "description",
                    ),
                    most=10,
                ),
            }
        ),
        "oauth_config": _closed(
            {"scopes": _closed({"bot": _several(_text(50), most=255)}), "redirect_urls": _several(URL, most=1000)}
        ),
        "settings": _closed(
            {
                "event_subscriptions": _closed({"bot_events": _several(_text(50), most=100), "request_url": URL}),
                "interactivity": _closed(
                    {"is_enabled": FLAG, "request_url": URL, "message_menu_options_url": URL}, "is_enabled"
                ),
                "org_deploy_enabled": FLAG,
                "socket_mode_enabled": FLAG,
                "token_rotation_enabled": FLAG,
            }
        ),
    },
    "_metadata",
    "display_information",
)
"""The part of Slack's manifest schema that Aside uses."""

_READ = {PUBLIC: "channels:read", PRIVATE: "groups:read", DIRECT: "im:read", GROUP: "mpim:read"}
_HISTORY = {
    PUBLIC: "channels:history",
    PRIVATE: "groups:history",
    DIRECT: "im:history",
    GROUP: "mpim:history",
}

METHOD_SCOPES: Mapping[str, Mapping[str, str]] = {
    "apps.connections.open": {},
    "apps.uninstall": {},
    "auth.test": {},
    "bots.info": {ANY: "users:read"},
    "chat.delete": {ANY: "chat:write"},
    "chat.getPermalink": {},
    "chat.postEphemeral": {ANY: "chat:write"},
    "chat.postMessage": {ANY: "chat:write"},
    "chat.update": {ANY: "chat:write"},
    "conversations.history": _HISTORY,
    "conversations.info": _READ,
    "conversations.list": _READ,
    "conversations.members": _READ,
    "conversations.open": {DIRECT: "im:write", GROUP: "mpim:write"},
    "conversations.replies": _HISTORY,
    "files.info": {ANY: "files:read"},
    "oauth.v2.access": {},
    "team.info": {ANY: "team:read"},
    "usergroups.list": {ANY: "usergroups:read"},
    "usergroups.users.list": {ANY: "usergroups:read"},
    "users.conversations": _READ,
    "users.info": {ANY: "users:read"},
    "users.list": {ANY: "users:read"},
    "views.open": {},
    "views.publish": {},
    "views.push": {},
}
"""A method, and the bot scope it needs for each kind of conversation; empty where a token alone is enough."""

EVENT_SCOPES: Mapping[str, frozenset[str]] = {
    "app_home_opened": frozenset(),
    "app_uninstalled": frozenset(),
    "channel_shared": frozenset({"channels:read", "groups:read"}),
    "channel_unshared": frozenset({"channels:read", "groups:read"}),
    "member_joined_channel": frozenset({"channels:read", "groups:read"}),
    "message.channels": frozenset({"channels:history"}),
    "message.groups": frozenset({"groups:history"}),
    "subteam_members_changed": frozenset({"usergroups:read"}),
    "subteam_updated": frozenset({"usergroups:read"}),
    "tokens_revoked": frozenset(),
    "user_change": frozenset({"users:read"}),
}
"""An event, and the bot scopes that bring it from public and private channels."""
