"""What Slack sends from the workspaces of a vendor's desk: who is there, what they say, and all the rest.

A quarter of the events are words in a support channel that have to be read. The others are what an app with our
manifest hears besides: words in channels where no customer is, unfurled and mended messages, what the app itself
posted, who came, whose profile changed, who looked at their App Home.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.message import Role
from bot.playbook import LANGUAGES, Playbook
from bot.setup import RoleSource, Setup, SupportChannel
from bot.signals import own_lines

CHANNELS = 100
"""Support channels of a workspace, each with its customer, an agent on duty and two of the customer's people."""
ELSEWHERE = 50
COLLEAGUES = 500
"""People of ours who have nothing to do with customers; Slack tells of their profiles all the same."""
TURNS = 4
"""So many messages a conversation has, before a new one begins."""
TEXT_SHARE = 0.25
CUSTOMER_SHARE = 0.65
QUIET_SHARE = 0.5
LONGER_SHARE = 0.4
REST = {
    "words elsewhere": 55,
    "profile changed": 14,
    "our own message": 8,
    "unfurled": 8,
    "joined, as a message": 5,
    "joined": 5,
    "deleted elsewhere": 3,
    "Home opened": 2,
}
"""What comes besides words of support channels, in parts of a hundred."""

Payload = dict[str, Any]


@dataclass(frozen=True)
class Workspace:
    """One workspace that installed us."""

    number: int
    channels: int = CHANNELS

    @property
    def id(self) -> str:
        """Slack's id."""
        return f"T0LOAD{self.number:02}"

    @property
    def token(self) -> str:
        """Our bot token there."""
        return f"xoxb-load-{self.number:02}"

    @property
    def bot_user(self) -> str:
        """Who we are there."""
        return f"U0BOT{self.number:02}"

    @property
    def bot_id(self) -> str:
        """The same as an app."""
        return f"B0BOT{self.number:02}"

    @property
    def supervisor(self) -> str:
        """Who decides there."""
        return f"U0SUPER{self.number:02}"

    @property
    def salesperson(self) -> str:
        """Who sells there."""
        return f"U0SALES{self.number:02}"

    def agent(self, channel: int) -> str:
        """Who is on duty in a channel."""
        return f"U0A{self.number:02}{channel:04}"

    def contact(self, channel: int, which: int) -> str:
        """One of a customer's people."""
        return f"U0C{self.number:02}{channel:04}{which}"

    def channel(self, number: int) -> str:
        """A support channel."""
        return f"C0S{self.number:02}{number:04}"

    def setup(self, customers: Sequence[str]) -> Setup:
        """What its administrator entered."""
        numbers = range(self.channels)
        return Setup(
            support=tuple(
                SupportChannel(
                    channel=self.channel(each), customer=customers[each % len(customers)], on_duty=(self.agent(each),)
                )
                for each in numbers
            ),
            agents=RoleSource(users=tuple(map(self.agent, numbers))),
            supervisors=RoleSource(users=(self.supervisor,)),
            sales=RoleSource(users=(self.salesperson,)),
            approvals_channel=f"C0APPROVE{self.number:02}",
            sales_channel=f"C0SALES{self.number:02}",
        )


def person(user: str) -> Payload:
    """Somebody as `users.info` tells: a customer's people are of another company."""
    is_outside = user.startswith("U0C")
    return {
        "id": user,
        "team_id": "T0OUTSIDE" if is_outside else f"T0LOAD{user[3:5] if user[3:5].isdecimal() else user[-2:]}",
        "name": user.lower(),
        "real_name": user,
        "profile": {"display_name": user, "real_name": user},
        "locale": "en-US" if user.endswith("3") else "zh-TW",
        "tz": "Asia/Taipei",
        "deleted": False,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
    }


class Texts:
    """What is said: the playbook's own examples and ordinary sentences, alone and put together to longer messages."""

    def __init__(self, playbook: Playbook) -> None:
        self._telling: dict[Role, list[str]] = {Role.CUSTOMER: [], Role.AGENT: []}
        self._quiet: dict[Role, list[str]] = {Role.CUSTOMER: [], Role.AGENT: []}
        for language in LANGUAGES:
            wording = playbook.words[language]
            self._quiet[Role.CUSTOMER] += wording.neutral.customer
            self._quiet[Role.AGENT] += [*wording.neutral.agent, *own_lines(wording)]
            for signal in playbook.signals:
                role = Role.CUSTOMER if signal.speaker == Role.CUSTOMER else Role.AGENT
                self._telling[role] += wording.signals[signal.id].examples

    def draw(self, role: Role, chance: random.Random) -> str:
        """Half of all messages are ordinary."""
        quiet, telling = self._quiet[role], self._telling[role]
        first = chance.choice(quiet if chance.random() < QUIET_SHARE else telling)
        return f"{chance.choice(quiet)} {first}" if chance.random() < LONGER_SHARE else first


@dataclass
class _Talk:
    """What goes on in a support channel."""

    thread: str = ""
    turns: int = 0
    last: str = ""
    text: str = ""


@dataclass(frozen=True)
class Event:
    """Something that Slack sends.

    Attributes:
        ts: Of the message, if it has to be read.
    """

    workspace: str
    kind: str
    body: str
    channel: str = ""
    ts: str = ""


@dataclass
class Desk:
    """All workspaces, and what goes on in them; the same every time.

    Args:
        text_share: How many of the events are words in a support channel.
    """

    workspaces: Sequence[Workspace]
    texts: Texts
    text_share: float = TEXT_SHARE
    seed: int = 83
    _talks: dict[tuple[int, int], _Talk] = field(default_factory=dict)
    _number: int = 0
    _last_ts: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - make-believe, and has to repeat
        everywhere = [(each, channel) for each in self.workspaces for channel in range(each.channels)]
        self._chance.shuffle(everywhere)
        self._round = everywhere
        self._next = 0
        makers: dict[str, Callable[[], Event]] = {
            "words elsewhere": self._elsewhere,
            "profile changed": self._profile,
            "our own message": self._own,
            "unfurled": self._unfurled,
            "joined, as a message": self._joined_message,
            "joined": self._joined,
            "deleted elsewhere": self._deleted,
            "Home opened": self.home_opened,
        }
        self._makers = [makers[name] for name in REST]

    def next(self) -> Event:
        """What comes next."""
        if self._chance.random() < self.text_share:
            return self._text()
        return self._chance.choices(self._makers, list(REST.values()))[0]()

    def _text(self) -> Event:
        """Words in a support channel; each channel has its turn, so that no two are on their way in one at once."""
        workspace, channel = self._round[self._next % len(self._round)]
        self._next += 1
        talk = self._talks.setdefault((workspace.number, channel), _Talk())
        if talk.turns % TURNS == 0:
            talk.thread, by_customer = "", True
        else:
            by_customer = self._chance.random() < CUSTOMER_SHARE
        role = Role.CUSTOMER if by_customer else Role.AGENT
        user = workspace.contact(channel, self._chance.randrange(2)) if by_customer else workspace.agent(channel)
        text = self.texts.draw(role, self._chance)
        ts = self._ts()
        said = {"user": user, "text": text, "thread_ts": talk.thread}
        talk.thread = talk.thread or ts
        talk.turns, talk.last, talk.text = talk.turns + 1, ts, text
        return self._message(workspace, "text", workspace.channel(channel), ts, said)

    def _elsewhere(self) -> Event:
        workspace = self._chance.choice(self.workspaces)
        text = self.texts.draw(Role.AGENT, self._chance)
        return self._message(
            workspace, "words elsewhere", self._other(workspace), self._ts(), {"user": _colleague(self), "text": text}
        )

    def _profile(self) -> Event:
        """Of three one is somebody we know."""
        workspace = self._chance.choice(self.workspaces)
        known = self._chance.random() < 1 / 3
        user = workspace.agent(self._chance.randrange(workspace.channels)) if known else _colleague(self)
        return self._wrap(workspace, "profile changed", {"type": "user_change", "user": person(user)})

    def _own(self) -> Event:
        workspace = self._chance.choice(self.workspaces)
        said = {"user": workspace.bot_user, "bot_id": workspace.bot_id, "text": "…"}
        channel = workspace.channel(self._chance.randrange(workspace.channels))
        return self._message(workspace, "our own message", channel, self._ts(), said)

    def _unfurled(self) -> Event:
        """Slack shows a preview below a message, which comes as a change of it; nobody edited anything."""
        spoken = [key for key, talk in self._talks.items() if talk.last]
        if not spoken:
            return self._elsewhere()
        number, channel = self._chance.choice(spoken)
        workspace, talk = next(each for each in self.workspaces if each.number == number), self._talks[number, channel]
        inner = {"type": "message", "ts": talk.last, "user": workspace.contact(channel, 0), "text": talk.text}
        change = {"subtype": "message_changed", "hidden": True, "message": inner, "previous_message": inner}
        return self._message(workspace, "unfurled", workspace.channel(channel), self._ts(), change)

    def _joined_message(self) -> Event:
        workspace = self._chance.choice(self.workspaces)
        said = {"subtype": "channel_join", "user": _colleague(self), "text": "has joined the channel"}
        channel = workspace.channel(self._chance.randrange(workspace.channels))
        return self._message(workspace, "joined, as a message", channel, self._ts(), said)

    def _joined(self) -> Event:
        workspace = self._chance.choice(self.workspaces)
        event = {"type": "member_joined_channel", "user": _colleague(self), "channel": self._other(workspace)}
        return self._wrap(workspace, "joined", event)

    def _deleted(self) -> Event:
        workspace, ts = self._chance.choice(self.workspaces), self._ts()
        change = {"subtype": "message_deleted", "hidden": True, "deleted_ts": ts, "previous_message": {"ts": ts}}
        return self._message(workspace, "deleted elsewhere", self._other(workspace), self._ts(), change)

    def home_opened(self, workspace: Workspace | None = None, channel: int | None = None) -> Event:
        """Somebody of the desk looks at their Home."""
        where = workspace or self._chance.choice(self.workspaces)
        who = where.agent(self._chance.randrange(where.channels) if channel is None else channel)
        return self._wrap(where, "Home opened", {"type": "app_home_opened", "user": who, "tab": "home"})

    def _other(self, workspace: Workspace) -> str:
        return f"C0X{workspace.number:02}{self._chance.randrange(ELSEWHERE):03}"

    def _ts(self) -> str:
        """Slack's time of a message: now, and each later than the one before."""
        self._last_ts = max(self._last_ts + 1, int(time.time() * 1e6))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"

    def _message(self, workspace: Workspace, kind: str, channel: str, ts: str, said: Payload) -> Event:
        event = {"type": "message", "channel": channel, "channel_type": "channel", "ts": ts, "event_ts": ts, **said}
        if not event.get("thread_ts"):
            event.pop("thread_ts", None)
        return self._wrap(workspace, kind, event, ts if kind == "text" else "")

    def _wrap(self, workspace: Workspace, kind: str, event: Payload, ts: str = "") -> Event:
        self._number += 1
        body = {
            "token": "x",
            "team_id": workspace.id,
            "context_team_id": workspace.id,
            "api_app_id": "A0ASIDE",
            "type": "event_callback",
            "event_id": f"Ev0LOAD{self.seed}{self._number:09}",
            "event_time": int(time.time()),
            "authorizations": [
                {"enterprise_id": None, "team_id": workspace.id, "user_id": workspace.bot_user, "is_bot": True}
            ],
            "is_ext_shared_channel": False,
            "event": event,
        }
        return Event(workspace.id, kind, json.dumps(body), str(event.get("channel", "")), ts)


def _colleague(desk: Desk) -> str:
    return f"U0X{desk._chance.randrange(COLLEAGUES):05}"
