"""What the workspace holds while it runs: people, channels, messages, views, triggers. All in memory."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.manifest import Manifest
from sandbox.world import Channel, Json, User, Usergroup, World

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60
RESPONSE_URL_USES = 5


class RefusalError(Exception):
    """A person at a seat cannot do that; `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ApiError(Exception):
    """A Web API method failed with this code; `extra` stands beside it in the answer."""

    def __init__(self, code: str, *messages: str, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.extra: Json = dict(extra)
        if messages:
            self.extra["response_metadata"] = {"messages": list(messages)}


class Clock:
    """Seconds since 1970; a test may move it on, never back."""

    def __init__(self, read: Callable[[], float] = time.time) -> None:
        self._read = read
        self._ahead = 0.0

    def now(self) -> float:
        """The sandbox's present."""
        return self._read() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the present on."""
        self._ahead += max(0.0, seconds)


@dataclass
class Conversation:
    """A channel or a direct message, with all that was said in it, oldest first."""

    id: str
    name: str
    kind: Literal["channel", "im"]
    members: list[str]
    topic: str = ""
    private: bool = False
    archived: bool = False
    teams: list[str] = field(default_factory=list)
    pending_teams: list[str] = field(default_factory=list)
    created: int = 0
    messages: dict[str, Json] = field(default_factory=dict)

    @property
    def type(self) -> Literal["channel", "group", "im"]:
        """Slack's `channel_type`."""
        if self.kind == "im":
            return "im"
        return "group" if self.private else "channel"

    @property
    def is_shared(self) -> bool:
        """Whether another company is in it."""
        return bool(self.teams)

    def thread(self, ts: str) -> list[Json]:
        """The message that opens a thread, and its replies, oldest first."""
        return [m for m in self.messages.values() if m["ts"] == ts or m.get("thread_ts") == ts]

    def other(self, user: str) -> str:
        """In a direct message: the other one."""
        return next((m for m in self.members if m != user), user)


@dataclass
class StoredFile:
    """A file, and who sees it.

    Attributes:
        given: It came to the app with a window that was sent off.
        shared_in: Where its link was posted by somebody who could see it, ids of conversations.
    """

    id: str
    name: str
    user: str
    content: bytes
    created: int
    given: bool = False
    shared_in: list[str] = field(default_factory=list)


@dataclass
class Trigger:
    """The right to open one view, for three seconds."""

    user: str
    issued: float
    view: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """The right to answer an interaction five times within half an hour."""

    user: str
    channel: str
    issued: float
    ts: str | None = None
    ephemeral: bool = False
    uses: int = 0


class State:
    """All that is known and changeable; the rules for changing it stand elsewhere."""

    def __init__(self, world: World, manifest: Manifest, clock: Clock) -> None:
        self.world = world.model_copy(deep=True)
        self.manifest = manifest
        self.clock = clock
        self.users: dict[str, User] = {u.id: u for u in self.world.users}
        self.usergroups: dict[str, Usergroup] = {g.id: g for g in self.world.usergroups}
        self.conversations: dict[str, Conversation] = {c.id: self._open(c) for c in self.world.channels}
        self.views: dict[str, Json] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, Json] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.offered: dict[tuple[str, str, str], list[Json]] = {}
        self.values: dict[tuple[str, str], Json] = {}
        self.files: dict[str, StoredFile] = {}
        self._last_ts = 0

    def _open(self, channel: Channel) -> Conversation:
        return Conversation(
            id=channel.id,
            name=channel.name,
            kind="channel",
            members=list(channel.members),
            topic=channel.topic,
            private=channel.private,
            archived=channel.archived,
            teams=list(channel.teams),
            pending_teams=list(channel.pending_teams),
            created=int(self.clock.now()),
        )

    @property
    def bot_user(self) -> str:
        """The app's bot user."""
        return self.world.app.user

    def next_ts(self) -> str:
        """A timestamp that names one message: later than every one before it."""
        micros = max(int(self.clock.now() * 1_000_000), self._last_ts + 1)
        self._last_ts = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    @staticmethod
    def new_id(prefix: str) -> str:
        """A fresh id such as `Ev0A1B2C3D4`."""
        return f"{prefix}0{secrets.token_hex(5).upper()}"

    def is_outsider(self, user: str) -> bool:
        """Whether this is a guest or somebody of another team."""
        return self.users[user].kind != "member"

    def team_of(self, user: str) -> str:
        """The team a person belongs to."""
        return self.users[user].team

    def im(self, one: str, other: str) -> Conversation:
        """The direct message of two people, opened if there was none."""
        for conversation in self.conversations.values():
            if conversation.kind == "im" and set(conversation.members) == {one, other}:
                return conversation
        opened = Conversation(
            id=self.new_id("D"), name="", kind="im", members=[one, other], created=int(self.clock.now())
        )
        self.conversations[opened.id] = opened
        return opened

    def new_trigger(self, user: str, view: str | None = None) -> str:
        """A trigger id for this person's interaction, in the view where it happened."""
        key = f"{int(self.clock.now() * 1000)}.{len(self.triggers) + 1}.{secrets.token_hex(16)}"
        self.triggers[key] = Trigger(user=user, issued=self.clock.now(), view=view)
        return key

    def use_trigger(self, key: str) -> Trigger:
        """Take the right that a trigger gives.

        Raises:
            ApiError: It is unknown, used, or more than three seconds old.
        """
        trigger = self.triggers.get(key)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self.clock.now() - trigger.issued > TRIGGER_SECONDS:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, right: ResponseUrl) -> str:
        """The id of a fresh response_url."""
        key = secrets.token_urlsafe(18)
        self.response_urls[key] = right
        return key

    def use_response_url(self, key: str) -> ResponseUrl:
        """Count one use of a response_url.

        Raises:
            ApiError: It is unknown, used five times, or more than half an hour old.
        """
        right = self.response_urls.get(key)
        if right is None:
            raise ApiError("invalid_url")
        if right.uses >= RESPONSE_URL_USES:
            raise ApiError("used_url")
        if self.clock.now() - right.issued > RESPONSE_URL_SECONDS:
            raise ApiError("expired_url")
        right.uses += 1
        return right
