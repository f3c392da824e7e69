"""A soak: very many events through one real `aside run`, to see that nothing grows and nothing is lost or doubled.

`python -m tests.reliability.soak [EVENTS]` (`make soak`) prints a table and exits with 1 when memory, files, tasks or
rows grow, or when an event is lost or comes twice. One of 10,000 or more is written into docs/reliability.md.
"""

import asyncio
import itertools
import random
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from rich.console import Console

from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from bot.setup import RoleSource, Setup, SupportChannel
from storage import workspace as workspaces
from storage.engine import open_casebook
from storage.importing import import_files
from tests.flow.conftest import FILES
from tests.reliability.soak_report import Figures, write
from tests.reliability.soaked import Sample, Worker
from tests.standin import Caller, Json, Standin

WHOLE = 100_000
WRITTEN = 10_000
"""A soak of so many is told of in the page."""
WORKSPACE = "T0SOAK"
CHANNELS = 20
CUSTOMERS = 200
MOST_WAITING = 100
"""So far may the work lie behind what comes in; whoever brings events waits then, since this is no measure of speed."""
SAMPLES = 40
QUIET_SECONDS = 300.0
OLD_SECONDS = 5_000 * 86_400.0
KINDS = {
    "a customer": 12,
    "an agent's answer": 4,
    "a message elsewhere": 59,
    "the same event again": 8,
    "an unfurled link": 5,
    "a changed profile": 6,
    "an App Home": 2,
    "a command": 4,
}
"""How much of what comes is what, in the hundred."""

SETUP = Setup(
    support=tuple(
        SupportChannel(channel=f"C0SOAK{n:02}", customer=f"C-{n % 4 + 1}", on_duty=(f"U0AGENT{n:02}",))
        for n in range(CHANNELS)
    ),
    agents=RoleSource(users=tuple(f"U0AGENT{n:02}" for n in range(CHANNELS))),
    supervisors=RoleSource(users=("U0BOSS",)),
    sales=RoleSource(users=("U0SALES",)),
    approvals_channel="C0APPROVALS",
    sales_channel="C0SALES",
)


@dataclass
class Brought:
    """What was brought, and what has to come of it.

    Attributes:
        said: Channel and ts of each message that has to be kept.
        asked: The number of each command, which has to be answered.
    """

    events: int = 0
    said: set[tuple[str, str]] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)


class Channel:
    """One support channel and the people in it: one thing after the other, as it is said."""

    def __init__(self, number: int, caller: Caller, brought: Brought, texts: list[str], replies: str) -> None:
        self._name = f"C0SOAK{number:02}"
        self._agent = f"U0AGENT{number:02}"
        self._caller = caller
        self._brought = brought
        self._texts = texts
        self._replies = replies
        self._random = random.Random(number)  # noqa: S311 - the same soak each time
        self._numbers = itertools.count(1)
        self._roots: list[str] = []
        self._last: tuple[str, Json] | None = None

    async def next(self) -> None:
        """Something happens."""
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        number = next(self._numbers)
        match kind:
            case "an agent's answer" if self._roots:
                await self._says(number, self._agent, self._random.choice(self._roots[-20:]))
            case "the same event again" if self._last:
                await self._caller.event(WORKSPACE, *self._last)
            case "an unfurled link" if self._last:
                await self._unfurled(number, self._last[1])
            case "a message elsewhere":
                ts = self._ts(number)
                await self._event(number, _message(f"C0ELSE{number % 40}", "U0SOMEBODY", "午餐吃什麼？", ts))
            case "a changed profile":
                user = f"U0CUSTOMER{number % CUSTOMERS}"
                await self._event(number, {"type": "user_change", "user": {"id": user, "team_id": "T0OUTSIDE"}})
            case "an App Home":
                await self._event(number, {"type": "app_home_opened", "user": self._agent, "tab": "home"})
            case "a command":
                await self._command(number)
            case _:
                is_new = not self._roots or self._random.random() < 0.2
                await self._says(number, f"U0CUSTOMER{number % CUSTOMERS}", "" if is_new else self._roots[-1])

    def _ts(self, number: int) -> str:
        """Slack's own: unlike any other in its channel."""
        return f"{int(time.time())}.{number % 1_000_000:06d}"

    async def _event(self, number: int, event: Json) -> None:
        await self._caller.event(WORKSPACE, f"Ev{self._name}{number}", event)

    async def _says(self, number: int, user: str, root: str) -> None:
        ts = self._ts(number)
        said = _message(self._name, user, f"{self._random.choice(self._texts)} {number}", ts)
        if root:
            said["thread_ts"] = root
        else:
            self._roots.append(ts)
            del self._roots[:-20]
        await self._event(number, said)
        self._last = (f"Ev{self._name}{number}", said)
        self._brought.said.add((self._name, ts))

    async def _unfurled(self, number: int, said: Json) -> None:
        changed = {"type": "message", "subtype": "message_changed", "channel": self._name, "ts": self._ts(number)}
        await self._event(number, changed | {"message": said, "previous_message": said})

    async def _command(self, number: int) -> None:
        ours = f"{self._name}-{number}"
        await self._caller.command(
            {
                "command": "/warranty",
                "text": "廣昕",
                "team_id": WORKSPACE,
                "user_id": self._agent,
                "channel_id": self._name,
                "channel_name": "soak",
                "trigger_id": ours,
                "response_url": f"{self._replies}/respond/{ours}",
            }
        )
        self._brought.asked.add(ours)


def _message(channel: str, user: str, text: str, ts: str) -> Json:
    return {
        "type": "message",
        "channel": channel,
        "channel_type": "channel",
        "user": user,
        "text": text,
        "ts": ts,
        "event_ts": ts,
    }


class Soak:
    """One soak.

    Attributes:
        events: How many are to come.
    """

    def __init__(self, events: int, worker: Worker, slack: Standin, console: Console) -> None:
        self.events = events
        self.brought = Brought()
        self.samples: list[Sample] = []
        self._worker = worker
        self._slack = slack
        self._console = console
        self._flows = asyncio.Event()
        self._flows.set()

    async def bring_all(self) -> None:
        """Bring them, as fast as they are worked on, and wait until nothing is left to do."""
        playbook = load_playbook(PACKAGED_PLAYBOOK)
        examples = (
            each.all_examples
            for words in playbook.words.values()
            for each in (words.signals[s.id] for s in playbook.signals)
        )
        texts = sorted({text for each in examples for text in each})
        async with aiohttp.ClientSession() as http:
            caller = Caller(self._worker.url, http)
            channels = [Channel(n, caller, self.brought, texts, self._slack.url) for n in range(CHANNELS)]
            holding = asyncio.create_task(self._hold_back())
            try:
                async with asyncio.TaskGroup() as all_of_them:
                    for channel in channels:
                        all_of_them.create_task(self._bring(channel))
                    all_of_them.create_task(self._sample())
                await self._quiet()
            finally:
                holding.cancel()
        self.samples.append(await self._worker.sample(self.brought.events))

    async def _bring(self, channel: Channel) -> None:
        while self.brought.events < self.events:
            self.brought.events += 1
            await self._flows.wait()
            await channel.next()

    async def _hold_back(self) -> None:
        """Let nothing come while too much waits."""
        while True:
            if self._waiting() > MOST_WAITING:
                self._flows.clear()
            else:
                self._flows.set()
            await asyncio.sleep(0.1)

    def _waiting(self) -> int:
        return self._worker.number("SELECT count(*) FROM inbox WHERE state = 'new'")

    async def _sample(self) -> None:
        for each in range(1, SAMPLES + 1):
            while self.brought.events < self.events * each / SAMPLES:  # noqa: ASYNC110 - many bring them
                await asyncio.sleep(0.05)
            self.samples.append(await self._worker.sample(self.brought.events))
            if each % (SAMPLES // 10) == 0:
                now = self.samples[-1]
                self._console.print(
                    f"{now.events:>9,} events  {now.memory:6.1f} MB  {now.files} files  {now.tasks} tasks  "
                    f"log {now.log:.1f} MB"
                )

    async def _quiet(self) -> None:
        """Wait until nothing is left to work on or to send."""
        latest = time.monotonic() + QUIET_SECONDS
        left = "SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')"
        while (self._waiting() or self._worker.number(left)) and time.monotonic() < latest:  # noqa: ASYNC110 - the other process has no event to wait for
            await asyncio.sleep(0.2)

    def lost_and_doubled(self) -> dict[str, int]:
        """How many of each thing were lost, and how many came twice."""
        kept = [(str(channel), str(ts)) for channel, ts in self._worker.asked("SELECT channel, ts FROM messages")]
        number = self._worker.number
        whispers = number("SELECT count(*) FROM outbox WHERE kind = 'ephemeral' AND state = 'sent'")
        return {
            "messages lost": len(self.brought.said - set(kept)),
            "messages doubled": len(kept) - len(set(kept) & self.brought.said),
            "commands unanswered": len(self.brought.asked - set(self._slack.replies)),
            "commands answered twice": sum(times - 1 for times in self._slack.replies.values()),
            "whispers doubled": self._slack.calls["chat.postEphemeral"] - whispers,
            "visible messages doubled": sum(times - 1 for times in self._slack.shown.values()),
            "left to work on": self._waiting(),
            "given up": number("SELECT count(*) FROM inbox WHERE state = 'failed'"),
            "left to send": number("SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')"),
            "sent or not, nobody knows": number("SELECT count(*) FROM outbox WHERE state IN ('unknown', 'failed')"),
        }


async def purged(worker: Worker) -> tuple[int, float]:
    """All of it gets older than the policy keeps words; how many rows with words are left, and after which time."""
    with closing(sqlite3.connect(worker.casebook)) as connection, connection:
        for change in (
            "inbox SET received_at = received_at - ?",
            "outbox SET created_at = created_at - ?",
            "advice SET given_at = given_at - ?",
            "cases SET touched_at = touched_at - ?, state = 'closed'",
        ):
            connection.execute(f"UPDATE {change}", (OLD_SECONDS,))
    began = time.monotonic()
    await worker.start()
    words = (
        "SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM messages WHERE text <> '')"
        " + (SELECT count(*) FROM advice WHERE text_removed_at IS NULL)"
    )
    latest = began + QUIET_SECONDS
    while (left := worker.number(words)) and time.monotonic() < latest:  # noqa: ASYNC110 - the same
        await asyncio.sleep(0.5)
    took = time.monotonic() - began
    await worker.stop()
    return left, took


def _set_up(casebook: Path) -> None:
    with closing(open_casebook(f"sqlite:///{casebook}")) as opened, opened.begin() as connection:
        workspaces.save_setup(connection, WORKSPACE, SETUP, actor="soak", now=0.0)


async def soak(events: int, folder: Path, console: Console) -> Figures:
    """Do it; what was seen."""
    data = folder / "data"
    import_files(sorted(FILES.glob("*.csv")), folder / "directory.db")
    _set_up(data / "casebook.db")
    async with Standin(WORKSPACE) as slack:
        worker = Worker(data, folder / "directory.db", slack.api_url)
        console.print("Starting Aside …")
        await worker.start()
        began = time.monotonic()
        at_work = Soak(events, worker, slack, console)
        try:
            await at_work.bring_all()
            took = time.monotonic() - began
            counts = at_work.lost_and_doubled()
            ended = await worker.stop()
            left, purging = await purged(worker)
        finally:
            worker.kill()
            for line in worker.errors()[:5]:
                console.print(line, markup=False)
        return Figures(
            events=at_work.brought.events,
            seconds=took,
            kept=len(at_work.brought.said),
            commands=len(at_work.brought.asked),
            whispers=slack.calls["chat.postEphemeral"],
            calls=slack.calls.total(),
            samples=at_work.samples,
            counts=counts | {"ended otherwise than in order": int(ended != 0), "errors logged": len(worker.errors())},
            unpurged=left,
            purge_seconds=purging,
        )


def main() -> int:
    """Run it; the exit code."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else WHOLE
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    with TemporaryDirectory(prefix="aside-soak-") as folder:
        figures = asyncio.run(soak(events, Path(folder), console))
    figures.show(console)
    if events >= WRITTEN:
        write(figures)
    return 1 if figures.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
