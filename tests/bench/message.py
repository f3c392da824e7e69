"""From a message to a whisper: our CPU a message beside an empty Bolt handler, in one run.

The bot is the real one on a real SQLite file; Slack is the sandbox in a process of its own, so that its work does not
count. CPU is this process's, so waiting for the other one does not count either. The empty handler is a Bolt app as its
guide has it: one listener that does nothing, in the same process, given the same messages.
"""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy import delete

from bot import app as wiring
from bot.settings import Settings
from handlers import deliver, listeners, works
from handlers.services import Services
from handlers.worker import work_on
from sandbox.request_urls import signed
from storage import inbox, schema, turns
from storage.importing import import_files
from storage.inbox import Lane
from tests.bench._turns import EACH, Turn, by_turns, times
from tests.flow.conftest import DESK, FILES, ROOT, SETUP, WORKSPACE, save_setup

MESSAGES = int(os.environ.get("ASIDE_BENCH_MESSAGES", "300"))
ROUNDS = 40
SECRET = "sandbox"
EMPTY = "an empty Bolt handler"
WRITTEN = "heard: written down before the acknowledgement"
ON_DISK = "heard: the same, and on the disk"
SYNCED = "an empty Bolt handler that puts the event into a file, and on the disk"
KNOWN, DUMPED, PUT, SIGNED = "known", "dumped", "put", "signed"
TEXTS = (
    "ERP 從早上就當機，發票都印不出來，出貨全部卡住",
    "Our POS has been down since nine and nobody can pay. Please help!",
    "請問下個月的電子發票字軌要怎麼匯入？",
    "拜託啦，都老客戶了，這次可不可以通融一下",
    "叫你們主管出來講，再這樣我就去 Google 留一顆星",
    "好的，謝謝，我們再試試看",
)


def run(console: Console) -> None:
    """Measure and print."""
    asyncio.run(_run(console))


async def _run(console: Console) -> None:
    with tempfile.TemporaryDirectory() as folder, _sandbox() as url:
        data = Path(folder)
        import_files(sorted(FILES.glob("*.csv")), data / "directory.db")
        settings = Settings(
            data=data,
            slack_api_url=f"{url}/api/",
            slack_bot_token=SecretStr("xoxb-sandbox"),
            slack_app_token=SecretStr("xapp-sandbox"),
            log_level="error",
        )
        save_setup(settings, SETUP)
        async with wiring.wired(settings) as parts:
            services = parts.lone
            ours = wiring.bolt_app(parts, SECRET)
            await _hear(ours, range(-20, 0), "warm")
            await _drain(services)
            with (data / "events").open("wb") as file:
                spent = await by_turns(_turns(parts, ours, file), ROUNDS)
            with services.casebook.begin() as connection:
                connection.execute(delete(schema.inbox))
            await _hear(ours, range(MESSAGES), "worked")
            whispers = _count(services)
            began = time.process_time()
            await _drain(services)
            worked = (time.process_time() - began) / MESSAGES * 1000
            whispers = _count(services) - whispers
    console.print(_compared(spent, worked, whispers))
    console.print(_layers(spent))


def _compared(spent: Mapping[str, list[float]], worked: float, whispers: int) -> Table:
    empty, written = spent[EMPTY], spent[ON_DISK]
    table = Table(
        title=f"CPU a message, the middle of {ROUNDS} rounds of {EACH}; {MESSAGES} worked on, {whispers} whispers"
    )
    for heading in ("what", "ms a message", "× empty handler"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name in (EMPTY, WRITTEN, ON_DISK, SYNCED):
        table.add_row(name, f"{median(spent[name]):.3f}", f"{times(spent[name], empty):.2f}")
    all_of_it = median(written) + worked
    table.add_row(
        "all: heard, read, decided, kept, whisper sent", f"{all_of_it:.2f}", f"{all_of_it / median(empty):.0f}"
    )
    return table


def _layers(spent: Mapping[str, list[float]]) -> Table:
    table = Table(title="What that is, in millionths of a second")
    for heading in ("what", "whose", "µs"):
        table.add_column(heading, justify="right" if heading == "µs" else "left")
    cost = {name: median(each) * 1000 for name, each in spent.items()}
    ours = cost[WRITTEN] - cost[KNOWN] - cost[PUT]
    for what, whose, each in (
        ("until it is known whose the event is", "Bolt", cost[KNOWN]),
        ("the event as text", "json", cost[DUMPED]),
        ("the row, in a file that is still there", "SQLite", cost[PUT] - cost[DUMPED]),
        ("whether it is for us, counted, told to the worker", "ours", ours),
        ("on the disk", "the disk", cost[ON_DISK] - cost[WRITTEN]),
        ("which an empty handler has instead: found, and its arguments made", "Bolt", cost[EMPTY] - cost[KNOWN]),
        ("which either has over HTTP: signature checked, JSON read", "Bolt", cost[SIGNED] - cost[EMPTY]),
    ):
        table.add_row(what, whose, f"{each:.0f}")
    return table


def _turns(parts: wiring.Wired, ours: AsyncApp, file: BinaryIO) -> dict[str, Turn]:
    services = parts.lone
    empty, known = _app(parts, _lone), _app(parts, listeners.Authorized(parts.workspaces))
    empty.event("message")(_nothing)
    synced = _app(parts, _lone)
    synced.event("message")(_putting_into(file))
    known.middleware(_Acknowledging())
    requests = [_signed(number) for number in range(EACH)]

    async def unsynced(numbers: range) -> None:
        with _in_no_hurry(services):
            await _hear(ours, numbers, "unsynced")

    async def dumped(numbers: range) -> None:
        for number in numbers:
            json.dumps(_payload(number, "dumped")["event"])

    async def put(numbers: range) -> None:
        with _in_no_hurry(services):
            for number in numbers:
                body = _payload(number, "put")
                inbox.put_at_once(
                    services.casebook,
                    workspace=WORKSPACE,
                    key=body["event_id"],
                    lane=Lane.STREAM,
                    kind="message",
                    payload=body["event"],
                    now=services.clock(),
                    channel=DESK,
                )

    async def signed_ones(_: range) -> None:
        for body, headers in requests:
            response = await empty.async_dispatch(AsyncBoltRequest(body=body, headers=headers))
            assert response.status == 200

    return {
        EMPTY: lambda numbers: _hear(empty, numbers, "empty"),
        WRITTEN: unsynced,
        ON_DISK: lambda numbers: _hear(ours, numbers, "ours"),
        SYNCED: lambda numbers: _hear(synced, numbers, "synced"),
        KNOWN: lambda numbers: _hear(known, numbers, "known"),
        DUMPED: dumped,
        PUT: put,
        SIGNED: signed_ones,
    }


def _app(parts: wiring.Wired, authorize: Any) -> AsyncApp:
    return AsyncApp(
        name="empty", client=parts.client, authorize=authorize, signing_secret=SECRET, process_before_response=True
    )


async def _lone() -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=WORKSPACE, bot_token="xoxb-sandbox")


async def _nothing() -> None:
    pass


def _putting_into(file: BinaryIO) -> Callable[..., Awaitable[None]]:
    file.write(bytes(8192))  # as SQLite's log, it has its size already
    file.flush()
    os.fsync(file.fileno())

    async def put(event: dict[str, Any]) -> None:
        os.pwrite(file.fileno(), json.dumps(event).encode(), 0)
        os.fdatasync(file.fileno())

    return put


class _Acknowledging(AsyncMiddleware):
    """As ours, and does nothing."""

    async def async_process(self, *, req: AsyncBoltRequest, **_: Any) -> BoltResponse:
        return await req.context.ack()


@contextmanager
def _in_no_hurry(services: Services) -> Iterator[None]:
    """Without waiting for the disk: what is left is ours."""
    own = services.casebook._own
    own.execute("PRAGMA synchronous=NORMAL")
    yield
    own.execute("PRAGMA synchronous=FULL")


async def _hear(app: AsyncApp, numbers: range, name: str) -> None:
    for number in numbers:
        response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=_payload(number, name)))
        assert response.status == 200


def _signed(number: int) -> tuple[str, dict[str, Any]]:
    body = json.dumps(_payload(number, "signed"), ensure_ascii=False)
    return body, {"Content-Type": "application/json", **signed(SECRET, body.encode(), time.time())}


def _payload(number: int, name: str) -> dict[str, Any]:
    """A message that a helpdesk app mirrors: a case of its own."""
    ts = f"{time.time():.6f}"
    return {
        "token": "x",
        "team_id": WORKSPACE,
        "api_app_id": "A0ASIDE",
        "type": "event_callback",
        "event_id": f"Ev{name}{number}",
        "event_time": int(float(ts)),
        "authorizations": [{"team_id": WORKSPACE, "user_id": "U0ASIDE", "is_bot": True}],
        "event": {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B0DESK",
            "app_id": "A0DESK",
            "username": "mail",
            "text": TEXTS[number % len(TEXTS)],
            "channel": DESK,
            "channel_type": "channel",
            "ts": ts,
            "event_ts": ts,
        },
    }


async def _drain(services: Services) -> None:
    """Work on all that was written down, and send all that came of it."""
    while True:
        with services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=Lane.STREAM, now=services.clock())
        if entry is None:
            break
        await work_on(services, entry, works.STREAM)
    for number in itertools.count():  # as if each was said a second after the other: this is no test of patience
        with services.casebook.begin() as connection:
            sending = turns.claim(connection, WORKSPACE, now=services.clock() + number)
        if sending is None:
            break
        await deliver.send(services, sending)


def _count(services: Services) -> int:
    with services.casebook.begin() as connection:
        sent = connection.exec_driver_sql("SELECT count(*) FROM outbox WHERE kind = 'ephemeral' AND state = 'sent'")
        return int(sent.scalar_one())


@contextmanager
def _sandbox() -> Iterator[str]:
    world, manifest = ROOT / "sandbox" / "demo" / "world.yml", ROOT / "manifest.yml"
    command = [sys.executable, "-m", "sandbox", "--world", str(world), "--manifest", str(manifest), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line[line.index("http") :].strip().rstrip("/")
        finally:
            process.terminate()
