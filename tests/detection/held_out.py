"""How well messages that nobody trained on are read.

`held_out.jsonl` has about six messages a signal, `held_out_oblique.jsonl` others that say it sideways; both hold
look-alikes and ordinary messages. `signals` is what a message shows, `may` what one could also hear in it, counted
neither way.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.message import Role
from bot.signals import Detector

Read = Callable[[Role, str], Iterable[str]]

PLAIN = Path(__file__).parent / "held_out.jsonl"
OBLIQUE = Path(__file__).parent / "held_out_oblique.jsonl"


@dataclass(frozen=True)
class Scores:
    """How a detector did.

    Attributes:
        macro_f1: The mean over signals of F1.
        precision: The share of told signals that were right.
        recall: The share of signals that were told.
        flagged: The share of messages showing nothing in which something was told.
    """

    macro_f1: float
    precision: float
    recall: float
    flagged: float


def messages(file: Path) -> list[dict[str, Any]]:
    """The messages of a file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def alone(detector: Detector) -> Read:
    """What a detector tells in a message that stands alone."""
    return lambda role, text: detector.read(role, text).ids


def score(read: Read, held_out: Iterable[dict[str, Any]]) -> Scores:
    """Read every message alone and count."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    silent = flagged = 0
    for message in held_out:
        told = set(read(Role(message["role"]), message["text"]))
        shown = set(message["signals"])
        false = told - shown - set(message.get("may", ()))
        right.update(told & shown)
        wrong.update(false)
        missed.update(shown - told)
        silent += not shown
        flagged += not shown and bool(false)
    signals = right.keys() | missed.keys() | wrong.keys()
    return Scores(
        macro_f1=sum(2 * right[s] / (2 * right[s] + wrong[s] + missed[s]) for s in signals) / len(signals),
        precision=right.total() / max(1, right.total() + wrong.total()),
        recall=right.total() / max(1, right.total() + missed.total()),
        flagged=flagged / max(1, silent),
    )
