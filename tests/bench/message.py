"""From a message to a whisper: our CPU a message beside an empty Bolt handler, in one run.

The bot is the real one on a real SQLite file; Slack is the sandbox in a process of its own, so that its work does not
count. CPU is this process's, so waiting for the other one does not count either.
"""

import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot import app as wiring
from bot.settings import Settings
from handlers import deliver, works
from handlers.services import Services
from handlers.worker import work_on
from storage import inbox, turns
from storage.importing import import_files
from storage.inbox import Lane
from tests.flow.conftest import DESK, FILES, ROOT, SETUP, WORKSPACE, save_setup

MESSAGES = int(os.environ.get("ASIDE_BENCH_MESSAGES", "300"))
ROUND = 50
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
            empty = _empty_app(services)
            ours = wiring.bolt_app(parts)
            await _hear(empty, 20, "warm")
            await _hear(ours, 20, "warm")
            await _drain(services)
            nothing = written = unsynced = 0.0
            for first in range(0, MESSAGES, ROUND):  # by turns, so that whatever else goes on here slows both
                nothing += await _cpu(partial(_hear, empty, ROUND, f"empty{first}-"))
                written += await _cpu(partial(_hear, ours, ROUND, f"ours{first}-"))
                with _in_no_hurry(services):
                    unsynced += await _cpu(partial(_hear, ours, ROUND, f"unsynced{first}-"))
            whispers = _count(services)
            worked = await _cpu(lambda: _drain(services))
            whispers = _count(services) - whispers
    table = Table(title=f"{MESSAGES} messages handed to Bolt, CPU a message, {whispers} whispers sent")
    for heading in ("what", "ms a message", "× empty handler"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, seconds in (
        ("an empty Bolt handler", nothing),
        ("heard: written down before the acknowledgement", unsynced),
        ("heard: the same, and on the disk", written),
        ("all: heard, read, decided, kept, whisper sent", written + worked / 2),
    ):
        table.add_row(name, f"{seconds / MESSAGES * 1000:.2f}", f"{seconds / nothing:.1f}")
    console.print(table)


@contextmanager
def _in_no_hurry(services: Services) -> Iterator[None]:
    """Without waiting for the disk: what is left is ours."""
    own = services.casebook._own
    own.execute("PRAGMA synchronous=NORMAL")
    yield
    own.execute("PRAGMA synchronous=FULL")


async def _cpu(work: Callable[[], Awaitable[None]]) -> float:
    start = time.process_time()
    await work()
    return time.process_time() - start


def _empty_app(services: Services) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=WORKSPACE, bot_token="xoxb-sandbox")

    client = AsyncWebClient(base_url=services.client.base_url)
    app = AsyncApp(name="empty", client=client, authorize=authorize, process_before_response=True)

    @app.event("message")
    async def nothing() -> None:
        pass

    return app


async def _hear(app: AsyncApp, count: int, name: str) -> None:
    for number in range(count):
        response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=_payload(number, name)))
        assert response.status == 200


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
