"""Reading signals: how often rightly by each route, what a message costs, memory and start-up, in one run.

The messages are the development sets of `tests/detection`, seen while the engine was made; `docs/quality.md` has the
figures for others. `ASIDE_ORDINARY` may name a file of ordinary messages (JSON lines with `role` and `text`); then the
share of them in which an alarm is told is printed as well.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.features import Encoder, Matrix
from bot.learning import learn
from bot.message import Role
from bot.playbook import Playbook
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings
from bot.signals import Detector
from tests.detection.held_out import OBLIQUE, PLAIN, alone, messages, score

ALWAYS = (-1.0, 2.0)
SHORT = 120
START = """
import re, sys, time
from pathlib import Path
began = time.perf_counter(), time.process_time()
from bot.learning import learn
from bot.message import Role
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings
detector = learn(load_playbook(PACKAGED_PLAYBOOK), Settings(cache=Path(sys.argv[1])), lambda _: None)
taken = time.perf_counter() - began[0], time.process_time() - began[1]
for text in ("到底要不要修？這樣很誇張", "Nobody has called me back and I don't know what to think.") * 50:
    detector.read(Role.CUSTOMER, text)
print(*taken, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


class Asked:
    """The dear encoder, and whether it was asked."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self.times = 0

    def encode(self, texts: Sequence[str]) -> Matrix:
        """What it says."""
        self.times += 1
        return self._encoder.encode(texts)


def run(console: Console) -> None:
    """Print what was measured."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    settings = Settings()
    shipped, always, cheap = (learn(playbook, settings, console.print) for _ in range(3))
    for ear in always._ears.values():
        ear._model = replace(ear._model, band=ALWAYS)
    for ear in cheap._ears.values():
        ear._model = replace(ear._model, dear=None)
    plain = learn(playbook, Settings(encoders="none"), console.print)
    ways = {"as shipped": shipped, "always dear": always, "cheap only": cheap, "TF-IDF alone": plain}
    ordinary = os.environ.get("ASIDE_ORDINARY")
    everyday = messages(Path(ordinary)) if ordinary else []
    _quality(console, ways, playbook, everyday)
    _cost(console, shipped, {"development sets": messages(PLAIN) + messages(OBLIQUE), "ordinary": everyday})
    _start(console)


def _quality(console: Console, ways: dict[str, Detector], playbook: Playbook, ordinary: list[dict[str, Any]]) -> None:
    informative = {signal.id for signal in playbook.signals if signal.informative}
    table = Table(title="Macro-F1, precision, recall; messages flagged though they show nothing")
    for head in ("messages", *ways):
        table.add_column(head, justify="left" if head == "messages" else "right")
    for kind, held_out in (("plain", messages(PLAIN)), ("oblique", messages(OBLIQUE))):
        cells = []
        for detector in ways.values():
            told = score(alone(detector), held_out)
            cells.append(f"{told.macro_f1:.3f}  {told.precision:.2f} {told.recall:.2f}; {told.flagged:.1%}")
        table.add_row(f"{kind}, {len(held_out)}", *cells)
    if ordinary:
        alarms = [
            sum(bool(set(detector.read(Role(one["role"]), one["text"]).ids) - informative) for one in ordinary)
            for detector in ways.values()
        ]
        table.add_row(f"ordinary, {len(ordinary)}", *(f"{alarm / len(ordinary):.1%}" for alarm in alarms))
    console.print(table)


def _cost(console: Console, detector: Detector, texts: dict[str, list[dict[str, Any]]]) -> None:
    """CPU of this process while each message is read, by what was asked for it."""
    (dear,) = {id(ear._encoders.dear): ear._encoders.dear for ear in detector._ears.values()}.values()
    if dear is None:
        console.print("There is no dear encoder here.")
        return
    asked = Asked(dear)
    for ear in detector._ears.values():
        ear._encoders = replace(ear._encoders, dear=asked)
    table = Table(title=f"CPU milliseconds a message of at most {SHORT} characters, p50 / p95")
    for head in ("messages", "went dear", "cheap", "dear", "all"):
        table.add_column(head, justify="left" if head == "messages" else "right")
    for kind, said in texts.items():
        routes: dict[bool, list[float]] = {False: [], True: []}
        for message in said:
            if len(message["text"]) <= SHORT:
                before, began = asked.times, time.process_time_ns()
                detector.read(Role(message["role"]), message["text"])
                routes[asked.times > before].append((time.process_time_ns() - began) / 1e6)
        every = routes[False] + routes[True]
        if every:
            share = f"{len(routes[True]) / len(every):.0%} of {len(every)}"
            table.add_row(kind, share, *map(_percentiles, (routes[False], routes[True], every)))
    console.print(table)


def _percentiles(taken: list[float]) -> str:
    if len(taken) < 2:
        return "–"
    return f"{statistics.median(taken):.1f} / {statistics.quantiles(taken, n=20)[-1]:.1f}"


def _start(console: Console) -> None:
    """Start-up and memory of a process of its own, that reads a hundred messages by both routes."""
    table = Table(title="Start: wall seconds, CPU seconds, and the most memory with 100 messages read, MB")
    for head in ("start", "s", "CPU s", "MB"):
        table.add_column(head, justify="left" if head == "start" else "right")
    with tempfile.TemporaryDirectory() as empty:
        for name in ("on a new machine", "the next time"):
            command = [sys.executable, "-c", START, empty]
            said = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
            wall, cpu, most = map(float, said)
            table.add_row(name, f"{wall:.1f}", f"{cpu:.1f}", f"{most:.0f}")
    console.print(table)
