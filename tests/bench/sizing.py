"""What an Aside takes on a machine: memory, start, disk. Prints the tables of docs/sizing.md."""

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from bot.settings import PACKAGED_PLAYBOOK
from sandbox.demo_data import write_demo_data
from sandbox.manifest import load_manifest
from sandbox.server import Sandbox
from sandbox.world import load_world
from storage.engine import open_casebook
from storage.importing import import_files
from tests.reliability.old_casebooks import Rows, fill, revisions, rows_of

LONG = True
ROOT = Path(__file__).parents[2]
COPIES = 250
MIB = 1024**2
OWN_PLAYBOOKS = """
import sys
from pathlib import Path
from bot.learning import learn
from bot.playbook_files import load_playbook
from bot.settings import Settings
kept = []
for folder in sys.argv[2:]:
    playbook = load_playbook(Path(folder))
    kept.append(learn(playbook, Settings(encoders=sys.argv[1]), lambda _: None))
    rss = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    print(int(rss.split()[1]) // 1024, flush=True)
"""


def run(console: Console) -> None:
    """Print what was measured."""
    _memory(console)
    _own_playbooks(console)
    _disk(console)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aside-sizing-") as name:
        yield Path(name)


def _memory(console: Console) -> None:
    table = Table("encoders", "start, s", "at rest, MiB", "after 60 messages, MiB", "most, MiB", title="one process")
    for encoders in ("all", "cheap", "none"):
        with _folder() as folder:
            start, rest, after, most = asyncio.run(_at_work(folder, encoders))
        table.add_row(encoders, f"{start:.1f}", *(f"{each:,}" for each in (rest, after, most)))
    console.print(table)


async def _at_work(folder: Path, encoders: str) -> tuple[float, int, int, int]:
    demo = ROOT / "sandbox" / "demo" / "world.yml"
    async with Sandbox(load_world(demo), load_manifest(ROOT / "manifest.yml")) as sandbox:
        environment = {
            **os.environ,
            "ASIDE_DATA": str(folder),
            "ASIDE_ENCODERS": encoders,
            "ASIDE_SLACK_API_URL": sandbox.api_url,
            "ASIDE_SLACK_BOT_TOKEN": "xoxb-sandbox",
            "ASIDE_SLACK_APP_TOKEN": "xapp-sandbox",
            "ASIDE_LOG_LEVEL": "error",
        }
        setup = ["--channel", "C0SUPPORT", "--duty", "C0SUPPORT=U0YICHUN", "--agent", "U0YICHUN"]
        command = [sys.executable, "-m", "bot"]
        made = await asyncio.create_subprocess_exec(
            *command, "setup", *setup, env=environment, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL
        )
        await made.wait()
        began = time.perf_counter()
        bot = await asyncio.create_subprocess_exec(*command, "run", env=environment, cwd=ROOT, stdout=PIPE)
        assert bot.stdout
        await bot.stdout.readline()
        start = time.perf_counter() - began
        await asyncio.sleep(5)
        rest = _kept(bot.pid, "VmRSS")
        async with aiohttp.ClientSession() as http:
            url = sandbox.api_url.removesuffix("/api/") + "/seat/say"
            for number in range(60):
                said = {
                    "user": "U0GUEST",
                    "channel": "C0SUPPORT",
                    "text": f"第 {number} 台 POS 開不了機，月底結帳跑不出來",
                }
                async with http.post(url, json=said) as answer:
                    assert answer.status == 200, await answer.text()
                await asyncio.sleep(0.1)
        await asyncio.sleep(20)
        after, most = _kept(bot.pid, "VmRSS"), _kept(bot.pid, "VmHWM")
        bot.terminate()
        await bot.wait()
    return start, rest, after, most


def _kept(pid: int, name: str) -> int:
    (found,) = re.findall(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found) * 1024 // MIB


def _own_playbooks(console: Console) -> None:
    table = Table("encoders", "1", "2", "3", "4", "one more, MiB", title="memory with so many playbooks, MiB")
    for encoders in ("all", "cheap", "none"):
        folders = [str(PACKAGED_PLAYBOOK)] * 4
        command = [sys.executable, "-c", OWN_PLAYBOOKS, encoders, *folders]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
        found = [int(line) for line in done.stdout.split()]
        table.add_row(encoders, *map(str, found), f"{(found[-1] - found[0]) / 3:.0f}")
    console.print(table)


def _disk(console: Console) -> None:
    rows = rows_of(revisions()[-1])
    table = Table("what", "rows", "MiB", "KiB each", title="disk, SQLite")
    with _folder() as folder:
        file = folder / "casebook.db"
        with closing(open_casebook(f"sqlite:///{file}")) as casebook:
            empty = file.stat().st_size
            with casebook.begin() as connection:
                for number in range(COPIES):
                    fill(connection, _again(rows, number))
            casebook.rewrite()
        size = file.stat().st_size - empty
        cases, messages = (len(rows[name]) * COPIES for name in ("cases", "messages"))
        table.add_row(
            "a case with all that hangs on it", f"{cases:,}", f"{size / MIB:.1f}", f"{size / 1024 / cases:.1f}"
        )
        table.add_row("… told by message", f"{messages:,}", "", f"{size / 1024 / messages:.1f}")
    with _folder() as folder:
        report = import_files(list(write_demo_data(folder, date(2026, 11, 22))), folder / "directory.db")
        assert report.swapped_in
        found = (folder / "directory.db").stat().st_size
        with closing(sqlite3.connect(folder / "directory.db")) as directory:
            ((number,),) = directory.execute("SELECT count(*) FROM customers").fetchall()
    table.add_row("a customer in the directory", f"{number:,}", f"{found / MIB:.1f}", f"{found / 1024 / number:.1f}")
    console.print(table)


def _again(rows: Rows, number: int) -> Rows:
    """The same in another workspace; keys are led by it."""
    left_out = {"seq", "workspace"}
    return {
        name: [
            {key: value for key, value in row.items() if key not in left_out} | {"workspace": f"T{number}"}
            for row in found
        ]
        for name, found in rows.items()
    }
