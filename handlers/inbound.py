"""The only reader of Slack's payloads: what came in, freed of its shapes."""

import html
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.message import Message, Role
from bot.setup import Setup
from handlers.services import Identity

Payload = Mapping[str, Any]

SPOKEN = frozenset({"", "thread_broadcast", "file_share", "me_message", "bot_message"})
CHANGED = "message_changed"
DELETED = "message_deleted"


class Change(StrEnum):
    """What happened to a message."""

    SAID = "said"
    EDITED = "edited"
    DELETED = "deleted"


class Incoming(BaseModel):
    """A message event.

    Attributes:
        user: Slack's id of who said it; empty when an app did.
        app_ids: The ids by which an app may be known.
    """

    model_config = ConfigDict(frozen=True)

    change: Change
    channel: str
    ts: str
    thread_ts: str | None = None
    user: str = ""
    app_ids: tuple[str, ...] = ()
    text: str = ""

    def is_ours(self, identity: Identity) -> bool:
        """Whether Aside itself said it."""
        ours = {identity.bot_id, identity.app_id} - {""}
        return self.user == identity.bot_user or not ours.isdisjoint(self.app_ids)

    def message(self, *, workspace: str, speaker: str, role: Role) -> Message:
        """The message, now that it is known who said it."""
        return Message(
            workspace=workspace,
            channel=self.channel,
            ts=self.ts,
            thread_ts=self.thread_ts,
            speaker=speaker,
            role=role,
            text=self.text,
            mirrored=not self.user,
        )


def incoming(event: Payload) -> Incoming | None:
    """Read a `message` event; None for what nobody said (joins, topics, pins …)."""
    subtype = event.get("subtype") or ""
    if subtype == DELETED:
        previous = event.get("previous_message") or {}
        return Incoming(
            change=Change.DELETED,
            channel=event["channel"],
            ts=event["deleted_ts"],
            user=previous.get("user") or "",
            app_ids=_app_ids(previous),
        )
    if subtype == CHANGED:
        inner = event.get("message") or {}
        if (inner.get("subtype") or "") not in SPOKEN:
            return None
        return _spoken(Change.EDITED, event["channel"], inner)
    return _spoken(Change.SAID, event["channel"], event) if subtype in SPOKEN else None


def _spoken(change: Change, channel: str, said: Payload) -> Incoming:
    thread_ts = said.get("thread_ts")
    is_app = bool(said.get("bot_id")) or said.get("subtype") == "bot_message"
    return Incoming(
        change=change,
        channel=channel,
        ts=said["ts"],
        thread_ts=thread_ts if thread_ts != said["ts"] else None,
        user="" if is_app else said.get("user") or "",
        app_ids=_app_ids(said),
        text=html.unescape(said.get("text") or ""),
    )


def _app_ids(said: Payload) -> tuple[str, ...]:
    profile = said.get("bot_profile") or {}
    ids = (said.get("bot_id"), said.get("app_id"), profile.get("app_id"), profile.get("id"))
    return tuple(dict.fromkeys(each for each in ids if each))


def is_helpdesk(said: Incoming, setup: Setup) -> bool:
    """Whether a configured helpdesk app mirrors what a customer wrote elsewhere."""
    return not said.user and not set(setup.helpdesk_apps).isdisjoint(said.app_ids)


_MARKUP = re.compile(
    r"<(?:(?P<sign>[@#])(?P<id>[A-Z][A-Z0-9]+)|!(?P<all>here|channel|everyone)|!subteam\^[A-Z0-9]+"
    r"|(?P<link>(?:https?://|mailto:)[^|>]+))(?:\|(?P<label>[^>]*))?>"
)


def as_typed(text: str, name_of: Callable[[str], str] = str) -> str:
    """A command's words as the person typed them: names, channels and links are no markup any more.

    Args:
        name_of: Somebody's name by their id, which is all that Slack sends of most.
    """

    def plain(found: re.Match[str]) -> str:
        sign = "@" if found["all"] else found["sign"] or ""
        name = name_of(found["id"]) if sign == "@" and found["id"] else found["id"]
        return sign + (found["label"] or name or found["all"] or found["link"] or "")

    return _MARKUP.sub(plain, text)


class Command(BaseModel):
    """A slash command.

    Attributes:
        text: What follows it, with Slack's markup for people, channels and links where the command asks for it.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    text: str
    user: str
    channel: str
    channel_name: str
    response_url: str
    trigger_id: str


def command(payload: Payload) -> Command:
    """Read a slash command."""
    return Command(
        name=payload["command"],
        text=html.unescape(payload.get("text") or ""),
        user=payload["user_id"],
        channel=payload["channel_id"],
        channel_name=payload.get("channel_name") or "",
        response_url=payload["response_url"],
        trigger_id=payload["trigger_id"],
    )


class Click(BaseModel):
    """A button pressed or a menu used.

    Attributes:
        value: The opaque id on the button, or what was chosen.
        response_url: Empty when the click was in a window or the App Home.
        view_id: The window in which it was; empty in a message and in the App Home.
        block_id: The row in which the button stands.
        private_metadata: What the window or the App Home was given to remember.
        is_ephemeral: Whether it was in a message that only this person sees.
    """

    model_config = ConfigDict(frozen=True)

    action_id: str
    value: str
    user: str
    channel: str
    response_url: str
    trigger_id: str
    view_id: str = ""
    block_id: str = ""
    private_metadata: str = ""
    is_ephemeral: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether it was in a direct message, by which Slack's id of the conversation begins with a D."""
        return self.channel.startswith("D")


def click(payload: Payload) -> Click:
    """Read a click."""
    action = payload["actions"][0]
    chosen = action.get("selected_option") or {}
    view = payload.get("view") or {}
    return Click(
        action_id=action["action_id"],
        value=action.get("value") or chosen.get("value") or "",
        user=payload["user"]["id"],
        channel=(payload.get("channel") or {}).get("id") or "",
        response_url=payload.get("response_url") or "",
        trigger_id=payload.get("trigger_id") or "",
        view_id=view.get("id") or "" if view.get("type") == "modal" else "",
        block_id=action.get("block_id") or "",
        private_metadata=view.get("private_metadata") or "",
        is_ephemeral=bool((payload.get("container") or {}).get("is_ephemeral")),
    )


class Shortcut(BaseModel):
    """A message shortcut."""

    model_config = ConfigDict(frozen=True)

    callback_id: str
    user: str
    channel: str
    message_ts: str
    thread_ts: str | None
    response_url: str
    trigger_id: str


def shortcut(payload: Payload) -> Shortcut:
    """Read a message shortcut."""
    message = payload["message"]
    return Shortcut(
        callback_id=payload["callback_id"],
        user=payload["user"]["id"],
        channel=payload["channel"]["id"],
        message_ts=message["ts"],
        thread_ts=message.get("thread_ts"),
        response_url=payload.get("response_url") or "",
        trigger_id=payload["trigger_id"],
    )


class Submission(BaseModel):
    """A window sent off.

    Attributes:
        below: The window on top of which it was opened, which is seen again now; empty when there is none.
    """

    model_config = ConfigDict(frozen=True)

    callback_id: str
    view_id: str
    below: str = ""
    private_metadata: str
    user: str
    values: Mapping[str, Mapping[str, Any]]

    def text(self, block_id: str) -> str:
        """What was typed, or which choice of a menu was taken; empty for nothing."""
        for element in self.values.get(block_id, {}).values():
            chosen = element.get("selected_option") or {}
            found = element.get("value") or chosen.get("value")
            for name in ("selected_conversation", "selected_user", "selected_date"):
                found = found or element.get(name)
            return str(found or "").strip()
        return ""

    def moment(self, block_id: str) -> datetime | None:
        """Which day and time were chosen."""
        for element in self.values.get(block_id, {}).values():
            seconds = element.get("selected_date_time")
            return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None
        return None

    def many(self, block_id: str) -> tuple[str, ...]:
        """Which people, channels or boxes were chosen."""
        for element in self.values.get(block_id, {}).values():
            for name in ("selected_users", "selected_conversations", "selected_channels"):
                if element.get(name):
                    return tuple(element[name])
            return tuple(each["value"] for each in element.get("selected_options") or ())
        return ()

    def files(self, block_id: str) -> tuple[str, ...]:
        """Which files were put in, by Slack's ids."""
        given = (each for element in self.values.get(block_id, {}).values() for each in element.get("files") or ())
        return tuple(str(each["id"]) for each in given)


def submission(payload: Payload) -> Submission:
    """Read a submitted window."""
    view = payload["view"]
    return Submission(
        callback_id=view["callback_id"],
        view_id=view["id"],
        below=view.get("previous_view_id") or "",
        private_metadata=view.get("private_metadata") or "",
        user=payload["user"]["id"],
        values=view["state"]["values"],
    )
