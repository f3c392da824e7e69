"""Slack's objects as its methods and payloads show them; pure."""

from sandbox.state import Conversation, State
from sandbox.world import Json, OtherApp, User, Usergroup

CHANNEL_TYPE_LETTER = {"channel": "C", "group": "G", "im": "D"}
SEEN_BY_SEATS = (
    "ts",
    "thread_ts",
    "subtype",
    "user",
    "bot_id",
    "username",
    "app_id",
    "text",
    "blocks",
    "metadata",
    "files",
    "reply_count",
    "ephemeral",
)


def user(state: State, who: User, *, include_locale: bool = False) -> Json:
    """A user object as `users.info` gives it."""
    outside = who.kind == "external"
    guest = who.kind == "guest"
    shape: Json = {
        "id": who.id,
        "team_id": who.team,
        "name": who.name,
        "deleted": who.deleted,
        "color": who.color,
        "real_name": who.real_name,
        "tz": who.tz,
        "tz_label": who.tz,
        "profile": {
            "title": who.title,
            "real_name": who.real_name,
            "real_name_normalized": who.real_name,
            "display_name": "",  # as Slack gives it for whoever chose none: the page shows their real name as well
            "display_name_normalized": "",
            "team": who.team,
        },
        "is_admin": who.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": guest,
        "is_ultra_restricted": guest and not who.multi_channel,
        "is_bot": who.is_bot,
        "is_app_user": False,
        "is_stranger": outside and not _shares_a_channel_with_bot(state, who.id),
        "updated": 0,
    }
    if who.is_bot:
        shape["profile"] |= {"bot_id": state.world.app.bot_id, "api_app_id": state.world.app.id}
    if include_locale:
        shape["locale"] = who.locale
    return shape


def _shares_a_channel_with_bot(state: State, who: str) -> bool:
    return any(who in c.members and state.bot_user in c.members for c in state.conversations.values())


def conversation(state: State, c: Conversation, *, num_members: bool = False) -> Json:
    """A conversation object as `conversations.info` gives it."""
    if c.kind == "im":
        return {
            "id": c.id,
            "created": c.created,
            "is_im": True,
            "is_archived": c.archived,
            "is_org_shared": False,
            "is_ext_shared": False,
            "is_shared": False,
            "is_private": False,
            "user": c.other(state.bot_user),
            "context_team_id": state.world.team.id,
        }
    shape: Json = {
        "id": c.id,
        "name": c.name,
        "name_normalized": c.name,
        "is_channel": not c.private,
        "is_group": c.private,
        "is_im": False,
        "is_mpim": False,
        "is_private": c.private,
        "created": c.created,
        "is_archived": c.archived,
        "is_general": False,
        "is_shared": c.is_shared,
        "is_org_shared": False,
        "is_ext_shared": c.is_shared,
        "is_pending_ext_shared": bool(c.pending_teams),
        "pending_shared": list(c.pending_teams),
        "pending_connected_team_ids": list(c.pending_teams),
        "shared_team_ids": [state.world.team.id, *c.teams],
        "connected_team_ids": list(c.teams),
        "context_team_id": state.world.team.id,
        "is_member": state.bot_user in c.members,
        "topic": {"value": c.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    if num_members:
        shape["num_members"] = len(c.members)
    return shape


def usergroup(state: State, group: Usergroup, *, include_users: bool, include_count: bool) -> Json:
    """A user group as `usergroups.list` gives it."""
    shape: Json = {
        "id": group.id,
        "team_id": state.world.team.id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "is_external": False,
        "date_create": 0,
        "date_update": 0,
        "date_delete": 0,
        "auto_type": None,
    }
    if include_users:
        shape["users"] = list(group.users)
    if include_count:
        shape["user_count"] = len(group.users)
    return shape


def bot(state: State, app: OtherApp | None = None) -> Json:
    """A bot as `bots.info` and `bot_profile` give it; without an app: our own."""
    own = state.world.app
    return {
        "id": app.bot_id if app else own.bot_id,
        "deleted": False,
        "name": app.name if app else own.name,
        "updated": 0,
        "app_id": app.id if app else own.id,
        "user_id": None if app else own.user,
        "team_id": state.world.team.id,
    }


def stored(message: Json, *, metadata: bool = False) -> Json:
    """A message as the Web API returns it: metadata only when asked for."""
    hidden = {"channel"} if metadata else {"channel", "metadata"}
    return {key: value for key, value in message.items() if key not in hidden}


def for_seat(message: Json) -> Json:
    """A message as the page gets it."""
    shown = {key: message[key] for key in SEEN_BY_SEATS if key in message}
    if "edited" in message:
        shown["edited"] = True
    return shown


def channel_for_seat(state: State, c: Conversation) -> Json:
    """A channel as the page gets it."""
    kind = "im" if c.kind == "im" else "shared" if c.is_shared or c.pending_teams else "internal"
    names = " · ".join(state.users[m].real_name for m in c.members) if c.kind == "im" else c.name
    return {
        "id": c.id,
        "name": names,
        "kind": kind,
        "topic": c.topic,
        "members": list(c.members),
        "archived": c.archived,
        "private": c.private,
    }


def user_for_seat(who: User) -> Json:
    """A person as the page gets it."""
    return {
        "id": who.id,
        "name": who.name,
        "real_name": who.real_name,
        "title": who.title,
        "team_id": who.team,
        "kind": who.kind,
        "is_bot": who.is_bot,
        "is_admin": who.is_admin,
        "deleted": who.deleted,
        "color": who.color,
        "seat": who.seat,
        "locale": who.locale,
    }
