"""How many events a second a worker holds, and how long after an event a whisper is on its way (`make bench-load`).

Slack's side is one process that sends signed events at a rate, whether they are answered or not, and answers what the
bot calls after `ASIDE_BENCH_LATENCY` seconds. The bot is `aside run` in processes of its own. A rate is held when
every event is answered in time, 99 of 100 whispers are on their way within a second and nothing is left over.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from sandbox.demo_data import write_demo_data
from storage.engine import Casebook, open_casebook
from storage.importing import import_files
from storage.inbox import InboxState
from storage.outbox import SendState
from storage.schema import advice, inbox, outbox
from tests.bench import _at_work as at_work
from tests.bench import _pages as pages
from tests.bench._desk import CHANNELS, Desk, Texts, Workspace
from tests.bench._installed import TOKEN_KEY, install
from tests.bench._slack_side import Sender, Slack
from tests.server import program, server

LONG = True
GOAL = float(os.environ.get("ASIDE_BENCH_RATE", "83.3"))
"""What Slack sends ten workspaces at most: 30,000 events an hour each."""
WITHIN = 1.0
WORKSPACES = int(os.environ.get("ASIDE_BENCH_WORKSPACES", "10"))
LATENCY = float(os.environ.get("ASIDE_BENCH_LATENCY", "0.1"))
SECONDS = float(os.environ.get("ASIDE_BENCH_SECONDS", "30"))
STEP_SECONDS = SECONDS / 3
WARM_SECONDS = SECONDS / 4
GROWS = 1.25
SHRINKS = 0.7
MOST_STEPS = 5
LEFT_OVER_SECONDS = 2.0
DRAIN_SECONDS = 20.0
CLEAR_SECONDS = 60.0
SIDE_LATE_SECONDS = 0.25
EMPTY = "an empty Bolt app"
CUSTOMERS = tuple(f"C-{each}" for each in range(1001, 1101))
"""Some of the make-believe vendor's."""


@dataclass(frozen=True)
class Setting:
    """What is tried.

    Attributes:
        text_share: How many of the events are words that have to be read.
        begin: The first rate tried.
        workspaces: For all text thrice as many, or Slack's own limit of whispers a workspace is what is measured.
    """

    name: str
    engine: str
    workers: int = 1
    text_share: float = 0.25
    begin: float = GOAL
    workspaces: int = WORKSPACES


SETTINGS = (
    Setting("SQLite, one worker", "sqlite"),
    Setting("PostgreSQL, one worker", "postgresql"),
    Setting("PostgreSQL, two workers", "postgresql", workers=2),
    Setting("all text: SQLite, one worker", "sqlite", text_share=1.0, begin=25.0, workspaces=3 * WORKSPACES),
    Setting("all text: PostgreSQL, one worker", "postgresql", text_share=1.0, begin=25.0, workspaces=3 * WORKSPACES),
    Setting(
        "all text: PostgreSQL, two workers",
        "postgresql",
        workers=2,
        text_share=1.0,
        begin=25.0,
        workspaces=3 * WORKSPACES,
    ),
)


@dataclass(frozen=True)
class Step:
    """What came of one rate.

    Attributes:
        rate: Events a second that were sent.
        acknowledged: p50 and p99 of the time to Slack's "ok", in seconds.
        whispered: The same from the event to the call that whispers; a whisper that never came took for ever.
        texts: Messages that had to be read.
        cpu: CPU milliseconds an event, of the bot.
        database: The same of the database's processes.
        left_over: How long after the last event there was still something to do, in seconds.
    """

    rate: float
    events: int
    acknowledged: tuple[float, float]
    whispered: tuple[float, float]
    whispers: int
    texts: int
    refused: int
    late: float
    cpu: float
    database: float
    left_over: float

    @property
    def is_held(self) -> bool:
        """Whether it could go on like this."""
        return self.refused == 0 and self.whispered[1] < WITHIN and self.left_over <= LEFT_OVER_SECONDS


def run(console: Console) -> None:
    """Try all settings, print what came of them and write docs/load.md."""
    asyncio.run(_run(console))


async def _run(console: Console) -> None:
    wanted = os.environ.get("ASIDE_BENCH_ONLY", "")
    texts = Texts(load_playbook(PACKAGED_PLAYBOOK))
    with tempfile.TemporaryDirectory(prefix="aside-load-") as folder:
        data = Path(folder)
        (data / "files").mkdir()
        import_files(list(write_demo_data(data / "files", date.today())), data / "directory.db")  # noqa: DTZ011 - a file's day
        steps: dict[str, list[Step]] = {}
        if not wanted or wanted in EMPTY:
            steps[EMPTY] = await _try_empty(console, texts, data)
        for number, setting in enumerate(SETTINGS):
            if wanted and wanted not in setting.name:
                continue
            if setting.engine == "postgresql" and program("initdb") is None:
                console.print(f"{setting.name}: skipped, there is no PostgreSQL here.")
                continue
            steps[setting.name] = await _try(console, setting, texts, data, number)
    console.print(_table(steps))
    if wanted:
        console.print("Not everything was tried, so docs/load.md stays as it is.")
        return
    pages.write("load", _page(steps))


async def _try_empty(console: Console, texts: Texts, data: Path) -> list[Step]:
    """The same events, acknowledged and forgotten."""
    port = at_work.free_port()
    desk = Desk([Workspace(each) for each in range(WORKSPACES)], texts)
    environment = at_work.settings()
    module = ["tests.bench._empty_bolt", str(port)]
    async with (
        at_work.serving(module, environment, port, data / "empty.log") as pid,
        aiohttp.ClientSession() as http,
    ):
        sender = Sender(http, [_events_url(port)])
        await sender.send(desk, GOAL, WARM_SECONDS)
        before = at_work.cpu_seconds(pid)
        sent = await sender.send(desk, GOAL, STEP_SECONDS)
        cpu = at_work.cpu_seconds(pid) - before
    step = Step(
        rate=sent.events / sent.seconds,
        events=sent.events,
        acknowledged=_p50_p99(sent.answered),
        whispered=(0.0, 0.0),
        whispers=0,
        texts=len(sent.at),
        refused=sent.refused,
        late=sent.late,
        cpu=cpu / sent.events * 1000,
        database=0.0,
        left_over=0.0,
    )
    _tell(console, EMPTY, step)
    return [step]


async def _try(console: Console, setting: Setting, texts: Texts, data: Path, number: int) -> list[Step]:
    """Raise the rate until it is not held any more, or lower it until it is."""
    async with _desk_at_work(setting, texts, data / str(number)) as trial:
        await trial.warm_up()
        found = [await trial.step(setting.begin, SECONDS if setting.begin == GOAL else STEP_SECONDS)]
        _tell(console, setting.name, found[-1])
        grows = found[0].is_held
        while len(found) < MOST_STEPS and found[-1].is_held is grows:
            found.append(await trial.step(found[-1].rate * (GROWS if grows else SHRINKS), STEP_SECONDS))
            _tell(console, setting.name, found[-1])
    return found


class _Trial:
    """A desk, a bot and its database, all at work."""

    def __init__(
        self, desk: Desk, sender: Sender, slack: Slack, casebook: Casebook, pids: Sequence[int], database: int | None
    ) -> None:
        self._desk = desk
        self._sender = sender
        self._slack = slack
        self._casebook = casebook
        self._pids = pids
        self._database = database

    async def warm_up(self) -> None:
        """The desk has been at work for a while: a third of it has looked at their Home, and many are known."""
        opened = await self._sender.send(self._desk, 1.0, 0.0)
        for workspace in self._desk.workspaces:
            for channel in range(0, workspace.channels, 3):
                self._sender.one(self._desk.home_opened(workspace, channel), time.time(), opened)
                await asyncio.sleep(0.02)
        await self._sender.send(self._desk, GOAL * self._share(), WARM_SECONDS)
        await self._drained(DRAIN_SECONDS)

    def _share(self) -> float:
        return 0.6 * 0.25 / self._desk.text_share

    async def step(self, rate: float, seconds: float) -> Step:
        """One rate, once nothing is left of what was before."""
        await self._drained(CLEAR_SECONDS)
        began, working = time.time(), self._cpu()
        sent = await self._sender.send(self._desk, rate, seconds)
        ended = time.time()
        left_over = await self._drained(DRAIN_SECONDS) - ended
        worked = self._cpu()
        taken = self._whispered(sent.at, began)
        return Step(
            rate=sent.events / sent.seconds,
            events=sent.events,
            acknowledged=_p50_p99(sent.answered),
            whispered=_p50_p99(taken),
            whispers=len(taken),
            texts=len(sent.at),
            refused=sent.refused,
            late=sent.late,
            cpu=(worked[0] - working[0]) / sent.events * 1000,
            database=(worked[1] - working[1]) / sent.events * 1000,
            left_over=left_over,
        )

    def _cpu(self) -> tuple[float, float]:
        database = at_work.all_cpu_seconds(self._database) if self._database else 0.0
        return sum(map(at_work.cpu_seconds, self._pids)), database

    async def _drained(self, seconds: float) -> float:
        """When there was nothing left to do, or when we waited no longer."""
        latest = time.time() + seconds
        while self._left() and time.time() < latest:  # noqa: ASYNC110 - others do the work, and tell us nothing
            await asyncio.sleep(0.1)
        return time.time()

    def _left(self) -> int:
        waiting = select(func.count()).select_from(inbox).where(inbox.c.state == InboxState.NEW)
        due = (
            select(func.count())
            .select_from(outbox)
            .where(outbox.c.state.in_([SendState.DUE, SendState.SENDING]), outbox.c.due_at <= time.time())
        )
        with self._casebook.look() as connection:
            return connection.execute(waiting).scalar_one() + connection.execute(due).scalar_one()

    def _whispered(self, sent: dict[tuple[str, str], float], since: float) -> list[float]:
        """For each advice about what was sent, how long it took to the whisper."""
        given = select(advice.c.workspace, advice.c.id, advice.c.message_ts).where(advice.c.given_at >= since)
        with self._casebook.look() as connection:
            rows = connection.execute(given).all()
        at = {row.id: sent[row.workspace, row.message_ts] for row in rows if (row.workspace, row.message_ts) in sent}
        return [self._slack.whispers.get(each, float("inf")) - began for each, began in at.items()]


@asynccontextmanager
async def _desk_at_work(setting: Setting, texts: Texts, data: Path) -> AsyncIterator[_Trial]:
    """Everything a trial needs, in a new folder and a new database."""
    data.mkdir()  # noqa: ASYNC240 - nothing goes on yet
    database: int | None = None
    url = f"sqlite:///{data / 'casebook.db'}"
    if setting.engine == "postgresql":
        made = server(hasty=False)
        url, database = made.url(made.new()), made.pid
    workspaces = [Workspace(each) for each in range(setting.workspaces)]
    desk = Desk(workspaces, texts, text_share=setting.text_share)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(Slack(workspaces, LATENCY))
        http = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(30))
        )
        casebook = stack.enter_context(closing(open_casebook(url)))
        install(casebook, workspaces, data / "data", data.parent / "directory.db", CUSTOMERS)
        ports = [at_work.free_port() for _ in range(setting.workers)]
        pids = [
            await stack.enter_async_context(
                at_work.serving(
                    ["bot", "run", "--port", str(port)],
                    at_work.settings() | _environment(slack, url, data),
                    port,
                    data / f"worker{worker}.log",
                )
            )
            for worker, port in enumerate(ports)
        ]
        sender = Sender(http, [_events_url(port) for port in ports])
        yield _Trial(desk, sender, slack, casebook, pids, database)


def _environment(slack: Slack, url: str, data: Path) -> dict[str, str]:
    return {
        "ASIDE_DATA": str(data / "data"),
        "ASIDE_DATABASE_URL": url,
        "ASIDE_SLACK_API_URL": slack.url,
        "ASIDE_SLACK_CLIENT_ID": "load",
        "ASIDE_SLACK_CLIENT_SECRET": "load",
        "ASIDE_TOKEN_KEY": TOKEN_KEY,
    }


def _events_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/slack/events"


def _p50_p99(taken: Sequence[float]) -> tuple[float, float]:
    if not taken:
        return 0.0, 0.0
    in_order = sorted(taken)
    return statistics.median(in_order), in_order[min(len(in_order) - 1, int(0.99 * len(in_order)))]


def _tell(console: Console, name: str, step: Step) -> None:
    """A line as soon as it is known."""
    console.print(
        f"{name}: {step.rate:.0f}/s {'held' if step.is_held else 'not held'}; ok p50/p99 "
        f"{_ms(step.acknowledged)}, whisper {_ms(step.whispered)} ({step.whispers} of {step.texts} texts), "
        f"CPU {step.cpu:.1f} ms + database {step.database:.1f}, left over {step.left_over:.1f} s, "
        f"refused {step.refused}, Slack's side late by {step.late * 1000:.0f} ms",
        soft_wrap=True,
        highlight=False,
    )


def _ms(pair: tuple[float, float]) -> str:
    return " / ".join("∞" if each == float("inf") else f"{each * 1000:,.0f}" for each in pair) + " ms"


HEADINGS = (
    "what",
    "events/s held",
    "at events/s",
    "“ok” p50 / p99",
    "whisper p50 / p99",
    "whispers of texts",
    "CPU an event: bot + database",
)


def _rows(steps: dict[str, list[Step]]) -> list[tuple[str, ...]]:
    """For each setting the first rate that was tried, and the highest that was held."""
    rows: list[tuple[str, ...]] = []
    for name, tried in steps.items():
        held = max((each.rate for each in tried if each.is_held), default=0.0)
        told = "–" if name == EMPTY else f"{held:.0f}" if held else "not held"
        shown = [tried[0], *(each for each in tried[1:] if each.rate == held)]
        rows += [(name, told, *_cells(each)) for each in shown]
    return rows


def _cells(step: Step) -> tuple[str, ...]:
    return (
        f"{step.rate:.0f}",
        _ms(step.acknowledged),
        _ms(step.whispered) if step.whispers else "–",
        f"{step.whispers:,} of {step.texts:,}" if step.whispers else "–",
        f"{step.cpu:.1f} + {step.database:.1f} ms" if step.database else f"{step.cpu:.1f} ms",
    )


def _table(steps: dict[str, list[Step]]) -> Table:
    table = Table(*HEADINGS, title=f"Slack answers after {LATENCY * 1000:.0f} ms; {WORKSPACES} workspaces")
    for row in _rows(steps):
        table.add_row(*row)
    return table


def _page(steps: dict[str, list[Step]]) -> str:
    rows = [f"| {' | '.join(row)} |" for row in (HEADINGS, *_rows(steps))]
    rows.insert(1, "| --- |" + " ---: |" * (len(HEADINGS) - 1))
    above = (
        f"{WORKSPACES} workspaces of {CHANNELS} support channels each; Slack answers each call after "
        f"{LATENCY * 1000:.0f} ms; {SECONDS:.0f} seconds at {GOAL:.0f} events a second, {STEP_SECONDS:.0f} at others."
    )
    return "\n".join([above, "", *rows])
