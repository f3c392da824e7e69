"""Reading the held-out messages and counting.

A file holds lines {"role", "lang", "text", "signals": […], "may": […], "anger"?: 0–3, "kind": "plain" | "oblique" |
"lookalike" | "neutral"}. `signals` is what a message shows, `may` what one could also hear in it, counted neither way.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.message import Role
from bot.signals import Detector, Reading

ANGRY = 2
"""A held-out message whose `anger` is at least this counts as angry; without the field, one that shows `anger`."""


@dataclass
class Count:
    """How often a signal was told rightly, told wrongly and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of the times it was told in which it was there; 1 when it never was told."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of the times it was there in which it was told; 1 when it never was there."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both; 0 when nothing was told rightly."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


@dataclass(frozen=True)
class Figures:
    """What was counted.

    Attributes:
        signals: By signal and language; only signals that are shown at least once.
        flagged: By language: of messages that show nothing, look-alikes among them, how many were told something.
        lookalikes: By language: of the look-alikes, how many were told something.
        anger: By language: levels told for the angry and for all other messages of customers.
    """

    signals: dict[str, dict[str, Count]]
    flagged: dict[str, tuple[int, int]]
    lookalikes: dict[str, tuple[int, int]]
    anger: dict[str, tuple[list[int], list[int]]] = field(default_factory=dict)


def read(file: Path) -> list[dict[str, Any]]:
    """The messages of a file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def count(detector: Detector, messages: Iterable[dict[str, Any]]) -> Figures:
    """Read every message alone and count."""
    counts: dict[str, dict[str, Count]] = {}
    shown_at_all: set[str] = set()
    flagged: dict[str, Counter[bool]] = {}
    lookalikes: dict[str, Counter[bool]] = {}
    anger: dict[str, tuple[list[int], list[int]]] = {}
    for message in messages:
        language = message["lang"]
        reading = detector.read(Role(message["role"]), message["text"])
        told, shown = set(reading.ids), set(message["signals"])
        false = told - shown - set(message.get("may", ()))
        shown_at_all |= shown
        for signal in told & shown | false | shown - told:
            counted = counts.setdefault(signal, {}).setdefault(language, Count())
            counted.right += signal in told & shown
            counted.wrong += signal in false
            counted.missed += signal in shown - told
        if not shown:
            flagged.setdefault(language, Counter())[bool(false)] += 1
        if message["kind"] == "lookalike":
            lookalikes.setdefault(language, Counter())[bool(false)] += 1
        _note_anger(anger.setdefault(language, ([], [])), message, reading)
    return Figures(
        {signal: counts[signal] for signal in sorted(counts) if signal in shown_at_all},
        {language: (seen[True], seen.total()) for language, seen in flagged.items()},
        {language: (seen[True], seen.total()) for language, seen in lookalikes.items()},
        anger,
    )


def _note_anger(levels: tuple[list[int], list[int]], message: dict[str, Any], reading: Reading) -> None:
    unclear = "anger" not in message and "anger" in message.get("may", ())
    if message["role"] != Role.CUSTOMER or unclear:
        return
    angry = message["anger"] >= ANGRY if "anger" in message else "anger" in message["signals"]
    levels[not angry].append(reading.anger)


def together(counts: Iterable[Count]) -> Count:
    """Several counts as one."""
    found = Count()
    for one in counts:
        found = Count(found.right + one.right, found.wrong + one.wrong, found.missed + one.missed)
    return found


def macro_f1(figures: Figures, language: str | None = None) -> float:
    """The mean over signals of F1, in one language or in all."""
    values = [
        together(counted for found, counted in by.items() if language in {None, found}).f1
        for by in figures.signals.values()
        if language is None or any(found == language and one.right + one.missed for found, one in by.items())
    ]
    return sum(values) / max(1, len(values))


def auc(angry: Sequence[int], others: Sequence[int]) -> float | None:
    """How often an angry message is told angrier than another one, ties half; None when one kind is missing."""
    if not angry or not others:
        return None
    wins = sum((a > b) + 0.5 * (a == b) for a in angry for b in others)
    return wins / (len(angry) * len(others))


def alarms(detector: Detector, messages: Sequence[dict[str, Any]], informative: frozenset[str]) -> int:
    """In how many messages more is told than what they are about."""
    return sum(
        bool(set(detector.read(Role(message["role"]), message["text"]).ids) - informative) for message in messages
    )
