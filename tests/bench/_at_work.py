"""Processes whose work is measured: their CPU from `/proc`, a database of their own, a bot that serves HTTP."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp

from tests.bench._slack_side import SECRET

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """What a process has worked so far, its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> float:
    """The most memory that a process has held."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(each.split()[1]) / 1024 for each in lines if each.startswith("VmHWM"))


def children(pid: int) -> list[int]:
    """The processes below one, itself too."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += below.get(each, [])
    return found


def all_cpu_seconds(pid: int) -> float:
    """What a process and all below it have worked so far."""
    total = 0.0
    for each in children(pid):
        try:
            total += cpu_seconds(each)
        except OSError:
            continue
    return total


@asynccontextmanager
async def serving(module: list[str], environment: Mapping[str, str], port: int, log: Path) -> AsyncIterator[int]:
    """A process of ours that serves HTTP, ready; its id."""
    with _process(module, environment, log) as process:
        await _ready(process, port, log)
        yield process.pid


@contextmanager
def _process(module: list[str], environment: Mapping[str, str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    kept = {name: each for name, each in os.environ.items() if not name.startswith("ASIDE_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], cwd=ROOT, env={**kept, **environment}, stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def _ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    latest = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if process.poll() is not None or time.monotonic() > latest:
                raise RuntimeError(f"It did not start; {log} tells why.")
            await asyncio.sleep(0.1)


def settings() -> dict[str, str]:
    """What every process of a load test is told."""
    return {"ASIDE_SLACK_SIGNING_SECRET": SECRET, "ASIDE_LOG_LEVEL": "error", "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
