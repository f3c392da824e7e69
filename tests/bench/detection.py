"""Reading signals: how often rightly, and what a message costs, beside the playbook's patterns alone.

`ASIDE_BENCH_ORDINARY` may name a file of ordinary messages (JSON lines with `role` and `text`); then the share of
them in which an alarm is told is counted as well.
"""

import os
import statistics
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.message import Role
from bot.playbook import LANGUAGES, Playbook, SignalWords
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Detector
from tests.detection.held_out import OBLIQUE, PLAIN, messages, score


def run(console: Console) -> None:
    """Print both tables."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    began = time.perf_counter()
    whole = Detector.train(playbook)
    trained = time.perf_counter() - began
    ways = {
        "patterns alone": Detector.train(_without(playbook, "examples")),
        "examples alone": Detector.train(_without(playbook, "patterns")),
        "both": whole,
    }
    _quality(console, ways)
    _cost(console, ways)
    console.print(f"Training takes {trained:.2f} s.")
    if ordinary := os.environ.get("ASIDE_BENCH_ORDINARY"):
        _alarms(console, whole, playbook, messages(Path(ordinary)))


def _without(playbook: Playbook, part: str) -> Playbook:
    """The playbook with one part of its signals' words left out."""
    words = {}
    for language in LANGUAGES:
        wording = playbook.words[language]
        signals: dict[str, SignalWords] = {
            name: signal.model_copy(update={part: ()}) for name, signal in wording.signals.items()
        }
        words[language] = wording.model_copy(update={"signals": signals})
    return playbook.model_copy(update={"words": words})


def _quality(console: Console, ways: dict[str, Detector]) -> None:
    table = Table(title="Messages that were held out: macro-F1, precision, recall; flagged though they show nothing")
    for head in ("messages", *ways):
        table.add_column(head, justify="left" if head == "messages" else "right")
    plain, oblique = messages(PLAIN), messages(OBLIQUE)
    kinds: dict[str, list[dict[str, Any]]] = {f"plain, {len(plain)}": plain, f"oblique, {len(oblique)}": oblique}
    for language in LANGUAGES:
        kinds[f"both, {language}"] = [message for message in plain + oblique if message["lang"] == language]
    for kind, held_out in kinds.items():
        cells = []
        for detector in ways.values():
            told = score(detector, held_out)
            cells.append(f"{told.macro_f1:.3f}  {told.precision:.2f} {told.recall:.2f}; {told.flagged:.1%}")
        table.add_row(kind, *cells)
    console.print(table)


def _cost(console: Console, ways: dict[str, Detector]) -> None:
    held_out = messages(PLAIN) + messages(OBLIQUE)
    texts = {
        "one message": [(Role(message["role"]), message["text"]) for message in held_out],
        "forty joined": [
            (Role.CUSTOMER, "\n".join(message["text"] for message in held_out[start : start + 40]))
            for start in range(0, 200, 40)
        ],
    }
    table = Table(title="CPU milliseconds a message, p50 / p99")
    for head in ("messages", *ways):
        table.add_column(head, justify="left" if head == "messages" else "right")
    for kind, turns in texts.items():
        cells = []
        for detector in ways.values():
            taken = []
            for role, text in turns:
                began = time.process_time_ns()
                detector.read(role, text)
                taken.append((time.process_time_ns() - began) / 1e6)
            cells.append(f"{statistics.median(taken):.2f} / {statistics.quantiles(taken, n=100)[-1]:.2f}")
        table.add_row(kind, *cells)
    console.print(table)


def _alarms(console: Console, detector: Detector, playbook: Playbook, ordinary: list[dict[str, Any]]) -> None:
    informative = {signal.id for signal in playbook.signals if signal.informative}
    alarmed = [
        message for message in ordinary if set(detector.read(Role(message["role"]), message["text"]).ids) - informative
    ]
    console.print(
        f"An alarm in {len(alarmed)} of {len(ordinary)} ordinary messages ({len(alarmed) / len(ordinary):.1%})."
    )
