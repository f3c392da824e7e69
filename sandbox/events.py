"""What the app is told about, in Slack's shapes; pure."""

from typing import NamedTuple

from sandbox.shapes import CHANNEL_TYPE_LETTER
from sandbox.state import Conversation, State
from sandbox.world import Json


class Subscription(NamedTuple):
    """What an app needs before it hears of something: a line in its manifest and a scope."""

    event: str
    scope: str | None


MESSAGE = {
    "channel": Subscription("message.channels", "channels:history"),
    "group": Subscription("message.groups", "groups:history"),
    "im": Subscription("message.im", "im:history"),
}
READ_SCOPE = {"channel": "channels:read", "group": "groups:read", "im": "im:read"}
SCOPES: dict[str, str | None] = {
    "app_mention": "app_mentions:read",
    "app_home_opened": None,
    "channel_shared": "channels:read",
    "channel_unshared": "channels:read",
    "subteam_members_changed": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "user_change": "users:read",
}


def subscription(event: Json, channel: Conversation | None) -> Subscription:
    """What the app needs before it hears of this event."""
    name = event["type"]
    if name == "message" and channel is not None:
        return MESSAGE[channel.type]
    if name in SCOPES:
        return Subscription(name, SCOPES[name])
    return Subscription(name, READ_SCOPE[channel.type] if channel else None)


def callback(state: State, event: Json, channel: Conversation | None) -> Json:
    """The outer payload of an event.

    In a channel shared with another company `team_id` is the team where it happened, as in Slack; the app's
    team is in `context_team_id` and `authorizations`.
    """
    home = state.world.team.id
    author = event.get("user")
    happened_in = state.team_of(author) if isinstance(author, str) and author in state.users else home
    return {
        "token": "sandbox",
        "team_id": happened_in if channel is not None and channel.is_shared else home,
        "context_team_id": home,
        "context_enterprise_id": None,
        "api_app_id": state.world.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": state.new_id("Ev"),
        "event_time": int(state.clock.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": home,
                "user_id": state.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": channel is not None and channel.is_shared,
        "event_context": state.new_id("4-"),
    }


def uninstalled(state: State) -> Json:
    """The app was taken away from the workspace; Slack documents no more of the outer payload than this."""
    return _farewell(state, {"type": "app_uninstalled"})


def tokens_revoked(state: State) -> Json:
    """The tokens of the app's bot user were revoked: whose, never which."""
    return _farewell(state, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [state.bot_user]}})


def _farewell(state: State, event: Json) -> Json:
    return {
        "token": "sandbox",
        "team_id": state.world.team.id,
        "api_app_id": state.world.app.id,
        "event": event | {"event_ts": state.next_ts()},
        "type": "event_callback",
        "event_id": state.new_id("Ev"),
        "event_time": int(state.clock.now()),
    }


def posted(channel: Conversation, message: Json) -> Json:
    """A new message."""
    return _as_sent(message) | {
        "channel": channel.id,
        "event_ts": message["ts"],
        "channel_type": channel.type,
    }


def mentioned(channel: Conversation, message: Json) -> Json:
    """The `app_mention` that comes beside a message which names the bot."""
    keys = ("user", "ts", "text", "team", "thread_ts", "blocks", "client_msg_id", "user_team", "source_team")
    return {key: message[key] for key in keys if key in message} | {
        "type": "app_mention",
        "channel": channel.id,
        "event_ts": message["ts"],
    }


def changed(channel: Conversation, before: Json, after: Json, ts: str) -> Json:
    """A message that reads differently now."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": after,
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.type,
    }


def deleted(channel: Conversation, before: Json, ts: str) -> Json:
    """A message that is gone."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": before["ts"],
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.type,
    }


def membership(state: State, channel: Conversation, user: str, *, joined: bool, inviter: str | None = None) -> Json:
    """Somebody came into a channel, or left it."""
    event = {
        "type": "member_joined_channel" if joined else "member_left_channel",
        "user": user,
        "channel": channel.id,
        "channel_type": CHANNEL_TYPE_LETTER[channel.type],
        "team": state.team_of(user),
        "event_ts": state.next_ts(),
    }
    return event | ({"inviter": inviter} if inviter else {})


def sharing(state: State, channel: Conversation, team: str, *, shared: bool) -> Json:
    """A channel was shared with a company, or no longer is."""
    if shared:
        return {
            "type": "channel_shared",
            "connected_team_id": team,
            "channel": channel.id,
            "event_ts": state.next_ts(),
        }
    return {
        "type": "channel_unshared",
        "previously_connected_team_id": team,
        "channel": channel.id,
        "is_ext_shared": channel.is_shared,
        "event_ts": state.next_ts(),
    }


def group_members(state: State, group: str, added: list[str], removed: list[str]) -> Json:
    """Somebody came into a user group, or left it."""
    now = int(state.clock.now())
    return {
        "type": "subteam_members_changed",
        "subteam_id": group,
        "team_id": state.world.team.id,
        "date_previous_update": now,
        "date_update": now,
        "added_users": added,
        "added_users_count": len(added),
        "removed_users": removed,
        "removed_users_count": len(removed),
        "event_ts": state.next_ts(),
    }


def home_opened(state: State, user: str, channel: str, view: Json | None) -> Json:
    """Somebody looks at the app's home."""
    event = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel,
        "tab": "home",
        "event_ts": state.next_ts(),
    }
    return event | ({"view": view} if view else {})


def _as_sent(message: Json) -> Json:
    counts = {"reply_count", "reply_users", "reply_users_count", "latest_reply", "metadata"}
    return {key: value for key, value in message.items() if key not in counts}
