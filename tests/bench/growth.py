"""What a deed costs as cases, customers, playbook, workspaces and what waits grow ×10 and ×100; CPU, SQLite.

Written to docs/load.md and drawn beside it. Reading a message is measured apart: it costs the same whatever the
casebook holds, and grows with the playbook's examples alone.
"""

import asyncio
import csv
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path

import numpy as np
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bot import app as wiring
from bot.heads import Head, Meanings, Model
from bot.learning import learn
from bot.message import Role
from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings
from bot.setup import Person
from bot.signals import Detector, Reading, Signal, Thread
from handlers import due, home, works
from handlers.guard import actor_of
from handlers.services import Services
from handlers.worker import Work, work_on
from storage import inbox, turns
from storage import workspace as workspaces_kept
from storage.engine import Casebook, open_casebook
from storage.importing import import_files
from storage.inbox import Lane
from storage.insight import Questions
from tests.bench import _pages as pages
from tests.bench._desk import Workspace
from tests.bench._installed import TOKEN_KEY, install
from tests.bench._slack_side import SECRET, Slack
from tests.bench._svg import drawn
from tests.bench._years import add
from tests.bench.search_customers import Registry

LONG = True
TIMES = tuple(map(int, os.environ.get("ASIDE_BENCH_TIMES", "1,10,100").split(",")))
CASES = 1_000
CUSTOMERS = 300
WAITING = 100
TRIES = 25
ROUNDS = 3
SEED = 20_260_401
DEEDS = (
    "message",
    "/warranty",
    "claim of what came in",
    "claim of what goes out",
    "what is due",
    "Home of an agent",
    "Home of a supervisor",
    "report",
)

Costs = dict[str, float]
Growth = dict[str, list[Costs]]
"""For what grows, the costs at each of `TIMES`, in milliseconds."""


def run(console: Console) -> None:
    """Measure, print and write."""
    found = asyncio.run(_run(console))
    console.print(_table(found))
    pages.write("growth", _page(found))
    pages.draw("growth.svg", drawn(found, TIMES))


async def _run(console: Console) -> Growth:
    """All of it, some times over: the machine is quicker at one time than at another."""
    rounds = [await _round(console) for _ in range(ROUNDS)]
    return {
        name: [{deed: min(each[deed] for each in costs) for deed in costs[0]} for costs in zip(*steps, strict=True)]
        for name, steps in ((name, [each[name] for each in rounds]) for name in rounds[0])
    }


async def _round(console: Console) -> Growth:
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    found: Growth = {}
    with tempfile.TemporaryDirectory(prefix="aside-growth-") as folder:
        for name, measure in (
            ("cases", _cases),
            ("customers", _customers),
            ("plays", _plays),
            ("workspaces", _workspaces),
            ("waiting", _waiting),
            ("waiting in one channel", _waiting_in_one),
        ):
            found[name] = []
            for times in TIMES:
                began = time.monotonic()
                place = Path(folder) / f"{name}-{times}".replace(" ", "-")
                place.mkdir()
                found[name].append(await measure(place, playbook, times))
                console.print(f"{name} ×{times}: {time.monotonic() - began:.0f} s", highlight=False)
        found["examples"] = [_reading(playbook, times) for times in TIMES[:2]]
        console.print("examples ×1, ×10", highlight=False)
    return found


async def _cases(place: Path, playbook: Playbook, times: int) -> Costs:
    """Years of one workspace: its desk is as large as ever."""
    async with _at_work(place, playbook, cases=CASES * times) as (parts, _):
        return await _all(parts)


async def _customers(place: Path, playbook: Playbook, times: int) -> Costs:
    """More customers on file."""
    async with _at_work(place, playbook, customers=CUSTOMERS * times) as (parts, _):
        return await _all(parts)


async def _plays(place: Path, playbook: Playbook, times: int) -> Costs:
    """More plays, each with a name of its own."""
    copies = ["", *map(str, range(1, times))]
    more = tuple(each.model_copy(update={"id": f"{each.id}{copy}"}) for copy in copies for each in playbook.plays)
    words = {
        language: wording.model_copy(
            update={"plays": {f"{name}{copy}": each for copy in copies for name, each in wording.plays.items()}}
        )
        for language, wording in playbook.words.items()
    }
    larger = playbook.model_copy(update={"plays": more, "words": words})
    async with _at_work(place, larger) as (parts, _):
        return {"message": await _cost(parts, _message)}


async def _workspaces(place: Path, playbook: Playbook, times: int) -> Costs:
    """More workspaces on one casebook and in one process; what is due is looked for in each of them."""
    async with _at_work(place, playbook, workspaces=times) as (parts, wired):
        costs = await _all(parts)

        async def everywhere(_: Services) -> None:
            for each in wired.workspaces.all():
                await due.do_due(each)

        return costs | {"what is due, in all of them": await _cost(parts, everywhere)}


async def _waiting(place: Path, playbook: Playbook, times: int) -> Costs:
    """More that came in and waits, in a hundred channels."""
    async with _at_work(place, playbook) as (parts, _):
        _let_wait(parts, WAITING * times, channels=100)
        return {"claim of what came in": await _cost(parts, _claim_in)}


async def _waiting_in_one(place: Path, playbook: Playbook, times: int) -> Costs:
    """The same in one channel, whose first entry is being worked on."""
    async with _at_work(place, playbook) as (parts, _):
        _let_wait(parts, WAITING * times, channels=1)
        with parts.casebook.begin() as connection:
            inbox.claim(connection, lane=Lane.STREAM, now=time.time())
        return {"claim of what came in": await _cost(parts, _claim_in)}


def _reading(playbook: Playbook, times: int) -> Costs:
    """What a message shows, by a model with as many times the examples, which are the same ones again."""
    detector = learn(playbook, Settings(), lambda _: None)
    for ear in detector._ears.values():
        ear._model = _larger(ear._model, times)
    texts = [text for wording in playbook.words.values() for text in wording.neutral.customer[:TRIES]]
    taken = []
    for text in texts:
        began = time.process_time()
        detector.read(Role.CUSTOMER, text)
        taken.append(time.process_time() - began)
    return {"reading": statistics.median(taken) * 1000}


def _larger(model: Model, times: int) -> Model:
    def head(one: Head) -> Head:
        return replace(one, examples=np.tile(one.examples / times, (times, 1)).astype(np.float32))

    cheap, dear = (Meanings(np.tile(each.steps, (times, 1))) for each in model.meanings)
    dear_head = head(model.dear) if model.dear else None
    return replace(model, meanings=(cheap, dear), cheap=head(model.cheap), dear=dear_head)


class _Hears:
    """Stands in for the detector, whose work is measured apart: a customer reports a fault and is annoyed."""

    def read(self, _: Role, text: str, thread: Thread | None = None) -> Reading:
        """The same of every message."""
        return Reading((Signal("reports_fault", 0.9, text), Signal("anger", 0.8, text)), 1, thread)


@asynccontextmanager
async def _at_work(
    place: Path, playbook: Playbook, *, cases: int = CASES, customers: int = CUSTOMERS, workspaces: int = 1
) -> AsyncIterator[tuple[Services, wiring.Wired]]:
    """The bot's parts on a casebook of that size; the first workspace's, and everybody's."""
    ids = _import(place, customers)
    everybody = [Workspace(each) for each in range(workspaces)]
    async with Slack(everybody, 0.0) as slack:
        settings = Settings(
            data=place / "data",
            slack_api_url=slack.url,
            slack_client_id="load",
            slack_client_secret=SecretStr("load"),
            slack_signing_secret=SecretStr(SECRET),
            token_key=SecretStr(TOKEN_KEY),
            log_level="error",
        )
        casebook = open_casebook(settings.casebook_url)
        install(casebook, everybody, settings.data, place / "directory.db", ids)
        _fill(casebook, everybody, cases, ids)
        casebook.close()

        def hears(_: Playbook, __: Settings, ___: Callable[[str], None]) -> Detector:
            return _Hears()  # type: ignore[return-value] # has what is asked of one

        async with wiring.wired(settings, learning=hears, reading=lambda _: playbook) as wired:
            parts = wired.workspaces.of(everybody[0].id)
            if parts is None:
                raise RuntimeError("The first workspace is not there.")
            yield parts, wired


def _import(place: Path, customers: int) -> list[str]:
    """A directory of so many; their ids."""
    companies = list(islice(Registry(SEED).companies(customers), customers))
    with (place / "customers.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "name_en", "tier", "timezone"])
        writer.writerows([each.id, each.name, each.name_en or "", "B", "Asia/Taipei"] for each in companies)
    today = datetime.now(tz=UTC).date()
    with (place / "contracts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "customer_id", "product", "name", "start", "end", "basis", "covers_labour"])
        for number, each in enumerate(companies):
            end = today + timedelta(days=number % 730 - 365)
            row = [f"M-{number}", each.id, "ERP", "ERP 年度維護", end - timedelta(days=365), end, "signing", "yes"]
            writer.writerow(row)
    report = import_files([place / "customers.csv", place / "contracts.csv"], place / "directory.db")
    if not report.swapped_in:
        raise RuntimeError(f"The customers could not be imported: {report}")
    return [each.id for each in companies]


def _fill(casebook: Casebook, everybody: Sequence[Workspace], cases: int, ids: Sequence[str]) -> None:
    now = time.time()
    for each in everybody:
        with casebook.begin() as connection:
            add(connection, each, range(cases), ids, now, cases)
            for channel in range(each.channels):
                for user in (each.agent(channel), each.contact(channel, 0), each.contact(channel, 1)):
                    person = Person(user_id=user, name=user, outsider=user.startswith("U0C"), locale="zh-TW")
                    workspaces_kept.save_person(connection, each.id, person, now)
    with casebook.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


Deed = Callable[[Services], Awaitable[None]]
_NUMBERS = count(1)


async def _all(parts: Services) -> Costs:
    deeds: tuple[Deed, ...] = (
        _message, _warranty, _claim_in, _claim_out, due.do_due, _home_of_agent, _home_of_supervisor, _report,
    )  # fmt: skip
    return {name: await _cost(parts, deed) for name, deed in zip(DEEDS, deeds, strict=True)}


async def _cost(parts: Services, deed: Deed) -> float:
    """CPU of a deed in milliseconds, the quickest of some tries: the others measure other guests of the machine."""
    taken = []
    for _ in range(TRIES):
        began = time.process_time()
        await deed(parts)
        taken.append(time.process_time() - began)
    return min(taken) * 1000


def _desk(parts: Services) -> Workspace:
    return Workspace(int(parts.identity.workspace.removeprefix("T0LOAD")))


async def _worked_on(parts: Services, key: str, lane: Lane, kind: str, payload: object, done: dict[str, Work]) -> None:
    now = time.time()
    with parts.casebook.begin() as connection:
        told = {"lane": lane, "kind": kind, "payload": payload, "now": now}
        inbox.put(connection, workspace=parts.identity.workspace, key=key, **told)  # type: ignore[arg-type] # as they stand
        entry = inbox.claim(connection, lane=lane, now=now)
    if entry is None or entry.key != key:
        raise RuntimeError("Something else was waiting.")
    await work_on(parts, entry, done)


async def _message(parts: Services) -> None:
    """A customer's words in a channel of their own: kept, decided on, a whisper written down."""
    number = next(_NUMBERS)
    desk = _desk(parts)
    channel = number % desk.channels
    event = {
        "type": "message",
        "channel": desk.channel(channel),
        "user": desk.contact(channel, number % 2),
        "text": "ERP 從早上就當機，發票都印不出來，出貨全部卡住",
        "ts": f"{time.time():.4f}{number % 100:02}",
    }
    await _worked_on(parts, f"Ev0GROWTH{number}", Lane.STREAM, "message", event, works.STREAM)


async def _warranty(parts: Services) -> None:
    """The question by a customer's name, typed in full."""
    number = next(_NUMBERS)
    desk = _desk(parts)
    directory = parts.directory()
    asked = f"C{number * 37 % CUSTOMERS + 1:07}"
    name = directory.names([asked])[asked] if directory else ""
    payload = {
        "command": "/warranty",
        "text": name,
        "user_id": desk.agent(0),
        "channel_id": desk.channel(0),
        "channel_name": "desk",
        "response_url": "https://slack.example/respond",
        "trigger_id": f"t{number}",
    }
    await _worked_on(parts, f"command:t{number}", Lane.PERSON, "command", payload, works.PERSON)


async def _claim_in(parts: Services) -> None:
    """Whoever works looks for the next entry, and gives it back."""
    with parts.casebook.begin() as connection:
        entry = inbox.claim(connection, lane=Lane.STREAM, now=time.time())
        if entry:
            inbox.let_go(connection, entry)


async def _claim_out(parts: Services) -> None:
    """Whoever sends looks which workspaces have something that is due, and for it."""
    now = time.time()
    with parts.casebook.look() as connection:
        turns.waiting(connection, now=now)
    with suppress(_UndoneError), parts.casebook.begin() as connection:
        turns.claim(connection, parts.identity.workspace, now=now)
        raise _UndoneError


class _UndoneError(Exception):
    """What was taken stays there for the next try."""


async def _home_of_agent(parts: Services) -> None:
    await _home(parts, _desk(parts).agent(0))


async def _home_of_supervisor(parts: Services) -> None:
    await _home(parts, _desk(parts).supervisor)


async def _home(parts: Services, user: str) -> None:
    actor = await actor_of(parts, user)
    with parts.casebook.look() as connection:
        home._view(parts, connection, actor)


async def _report(parts: Services) -> None:
    """Of the last thirty days."""
    now = datetime.now(tz=UTC)
    signals = [each.id for each in parts.playbook.signals if each.speaker is Role.CUSTOMER]
    with parts.casebook.look() as connection:
        Questions(
            connection, parts.identity.workspace, since=now - timedelta(days=30), until=now, signals=signals
        ).insight(None)


def _let_wait(parts: Services, entries: int, channels: int) -> None:
    desk = _desk(parts)
    with parts.casebook.begin() as connection:
        for number in range(entries):
            channel = desk.channel(number % channels)
            told = {"lane": Lane.STREAM, "kind": "message", "payload": {}, "now": time.time(), "channel": channel}
            inbox.put(connection, workspace=desk.id, key=f"Ev0WAITS{number}", **told)  # type: ignore[arg-type] # as they stand


def _table(found: Growth) -> Table:
    table = Table("what grows", "deed", *(f"×{each}" for each in TIMES), title="CPU milliseconds")
    for name, costs in found.items():
        for deed in costs[0]:
            table.add_row(name, deed, *(f"{each[deed]:.2f}" for each in costs))
    return table


def _page(found: Growth) -> str:
    lines = [
        "| what grows | deed | " + " | ".join(f"×{each}" for each in TIMES) + " |",
        "| --- | --- |" + " ---: |" * len(TIMES),
    ]
    for name, costs in found.items():
        for deed in costs[0]:
            cells = [f"{each[deed]:.2f}" for each in costs] + ["–"] * (len(TIMES) - len(costs))
            lines.append(f"| {name} | {deed} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
