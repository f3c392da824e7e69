"""What is learnt from a playbook's examples, and how a text is weighed with it.

A head says how much a text is like the examples of each signal: in what it is made of (n-grams), and in what it means
(encoders). The cheap head sees n-grams and the cheap encoder; the dear head also sees the dear encoder, and is asked
only where the cheap one is unsure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from bot.features import Encoder, Matrix, grams

MOST_DEAR = 3
"""At most so many stretches of one message are read by the dear encoder, the surest ones of the cheap head first."""
NEARNESS = 0.5
"""How quickly likeness of meaning fades: the exponent of a Gaussian kernel on unit vectors."""
TEMPER_SCALE = 2.0
"""Tempers are learnt as parts of this, so that they weigh about as much as a signal."""
_ROWS = 256
_TOGETHER = 1e-6
"""An example as near to the middle as this points nowhere."""
_BRIEF = 200.0
_SHARED = ((2_000, 3), (500, 2), (0, 1))
_SLOPE = 8.0

Weights = npt.NDArray[np.float32]
Steps = npt.NDArray[np.int8]
Weighed = tuple[npt.NDArray[np.int64], Weights]
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Example:
    """A message to learn from.

    Attributes:
        text: In normal form.
        signals: What it shows; empty when it shows nothing.
        temper: How angry such messages usually are, 0–3.
        fold: Examples of one fold are held out together. Translations of one another stand at the same position of
            their lists, so they share a fold.
        is_line: The playbook would have an agent say it; nobody's ordinary message, so no measure of what is ordinary.
    """

    text: str
    signals: frozenset[str]
    temper: float
    fold: int
    is_line: bool = False


@dataclass(frozen=True)
class Encoders:
    """The sentence encoders at hand; without one of them, its part of the features is left out."""

    cheap: Encoder | None = None
    dear: Encoder | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Which they are, for telling what a head was trained with."""
        return tuple(encoder.name if encoder else "" for encoder in (self.cheap, self.dear))


class Grams:
    """Weighs n-grams: rare ones more (TF-IDF), each text to unit length, a text of a word or two to less.

    scikit-learn has nearly the same, but costs a second to import and as much again for each message.
    """

    def __init__(self, known: Sequence[str], idf: Weights) -> None:
        self._columns = {gram: column for column, gram in enumerate(known)}
        self.idf = idf

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """The n-grams of texts; of many texts, those that some share."""
        seen = Counter(gram for text in texts for gram in dict.fromkeys(grams(text)))
        fewest = next(count for size, count in _SHARED if len(texts) >= size)
        known = {gram: count for gram, count in seen.items() if count >= fewest}
        idf = np.log((1 + len(texts)) / (1 + np.array(list(known.values()), dtype=np.float32))) + 1
        return cls(list(known), idf.astype(np.float32))

    @property
    def known(self) -> list[str]:
        """The n-grams in the order of their columns."""
        return list(self._columns)

    def weigh(self, text: str) -> Weighed:
        """The columns of a text and what they weigh; a gram that is not known counts for nothing."""
        counts = Counter(grams(text))
        found = [(self._columns[gram], count) for gram, count in counts.items() if gram in self._columns]
        column, count = np.array(found, dtype=np.int64).reshape(-1, 2).T
        weight = (1 + np.log(count)) * self.idf[column]
        return column, (weight / np.sqrt((weight**2).sum() + _BRIEF)).astype(np.float32)


class Meanings:
    """What the examples mean to one encoder, seen from their middle; e5's own vectors all point nearly the same way.

    They are kept in their steps, a quarter of what they take as numbers, and spread out a block at a time, which a
    processor's cache holds: no slower, and the largest part of what was learnt stays small.
    """

    def __init__(self, steps: Steps) -> None:
        """Take the examples' vectors.

        Args:
            steps: A row an example, in steps of any length; no columns when there is no encoder.
        """
        self.steps = steps
        count, columns = steps.shape
        lengths, apart = np.empty(count, np.float32), np.empty(count, np.float32)
        self._middle: Weights = np.zeros(columns, np.float32)
        for here, block in self._blocks():
            lengths[here] = np.maximum(np.linalg.norm(block, axis=1), np.float32(1e-9))
            self._middle += (block / lengths[here, None]).sum(axis=0) / np.float32(count)
        for here, block in self._blocks():
            apart[here] = np.linalg.norm(block / lengths[here, None] - self._middle, axis=1)
        beside: Weights = np.divide(np.float32(1), apart, out=np.zeros_like(apart), where=apart > _TOGETHER)
        self._scale: Weights = beside / lengths
        self._shift: Weights = beside

    @property
    def aimed(self) -> Weights:
        """The directions from the middle to the examples, a row each."""
        return self.steps.astype(np.float32) * self._scale[:, None] - self._middle * self._shift[:, None]

    def likeness(self, vectors: Matrix) -> Weights:
        """For each vector how like it is to each example, -1–1."""
        looked = _unit(_unit(vectors.astype(np.float32)) - self._middle)
        found: Weights = np.empty((len(looked), len(self.steps)), np.float32)
        for here, block in self._blocks():
            found[:, here] = looked @ block.T
        found *= self._scale
        found -= (looked @ self._middle)[:, None] * self._shift
        return found

    def _blocks(self) -> Iterator[tuple[slice, Weights]]:
        """The steps as numbers, some rows at a time."""
        for start in range(0, len(self.steps), _ROWS):
            here = slice(start, start + _ROWS)
            yield here, self.steps[here].astype(np.float32)


def _unit(vectors: Weights) -> Weights:
    unit: Weights = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-9))
    return unit


@dataclass(frozen=True)
class Head:
    """What each example speaks for, and from where on a signal counts.

    Attributes:
        made_of: A row an n-gram, a column a signal, the last one for how angry a text is.
        examples: The same, a row an example.
        shares: What the cheap and the dear encoder's likeness count.
        levels: The sum from which each signal counts.
    """

    made_of: Weights
    examples: Weights
    shares: tuple[float, float]
    levels: Weights

    def highest(self, sums: Matrix) -> Matrix:
        """For each row of sums its highest signal's, as a part of that signal's level."""
        found: Matrix = (sums[:, :-1] / self.levels).max(axis=1)
        return found

    def sums(self, made_of: Sequence[Weighed], likenesses: Sequence[Weights]) -> Matrix:
        """For each text what its n-grams and its likeness to the examples speak for.

        Args:
            likenesses: Of the cheap encoder, and of the dear one; each may have no columns.
        """
        found = np.array([weight @ self.made_of[column] for column, weight in made_of], dtype=np.float64)
        near = nearness(likenesses, self.shares)
        sums: Matrix = found.reshape(len(made_of), -1) + self.examples.sum(axis=0)
        return sums if near is None else sums + near @ self.examples


def nearness(likenesses: Sequence[Weights], shares: tuple[float, float]) -> Weights | None:
    """The part of the kernel that is about meaning; None when no encoder has a share in it."""
    parts = [(share, like) for share, like in zip(shares, likenesses, strict=False) if share]
    whole = sum(share for share, _ in parts)
    if not whole:
        return None
    likeness = sum(share * like for share, like in parts) / whole
    near: Weights = np.asarray(whole * np.exp(NEARNESS * (likeness - 1)), dtype=np.float32)
    return near


@dataclass(frozen=True)
class Model:
    """What is known of one kind of speaker's signals.

    Attributes:
        ids: The signals, in the order of the heads' columns.
        meanings: The examples to the cheap and to the dear encoder.
        band: The dear head is asked where the cheap head's highest sum, as a part of its level, lies between these.
    """

    ids: tuple[str, ...]
    grams: Grams
    meanings: tuple[Meanings, Meanings]
    cheap: Head
    dear: Head | None
    band: tuple[float, float]

    def scores(self, texts: Sequence[str], shares: Sequence[float], encoders: Encoders) -> tuple[Matrix, Matrix]:
        """For each text and signal how sure, 0–1, where a signal counts from 0.5 on; and how angry each text is, 0–3.

        Args:
            texts: Stretches of one message in normal form.
            shares: What is found in each of them counts: less than one where there are several tries at it.
            encoders: Those that the model was trained with.
        """
        if not self.ids or not texts:
            return np.zeros((len(texts), len(self.ids))), np.zeros(len(texts))
        made_of = [self.grams.weigh(text) for text in texts]
        share = np.array(shares)[:, None]
        none = np.empty((len(texts), 0), np.float32)
        cheaply = none if encoders.cheap is None else self.meanings[0].likeness(encoders.cheap.encode(texts))
        sums = self.cheap.sums(made_of, (cheaply, none))
        scores, anger = _scaled(sums * share, self.cheap.levels), sums[:, -1] * share[:, 0]
        if self.dear is not None and encoders.dear is not None:
            highest = self.cheap.highest(sums)
            unsure = [row for row in np.argsort(-highest, kind="stable") if self.band[0] < highest[row] < self.band[1]]
            if rows := sorted(unsure[:MOST_DEAR]):
                dearly = self.meanings[1].likeness(encoders.dear.encode([texts[row] for row in rows]))
                asked = self.dear.sums([made_of[row] for row in rows], (cheaply[rows], dearly)) * share[rows]
                scores[rows], anger[rows] = _scaled(asked, self.dear.levels), asked[:, -1]
        return scores, anger * TEMPER_SCALE

    def arrays(self) -> Arrays:
        """All of it, to be kept in a file."""
        heads = {"cheap": self.cheap} | ({"dear": self.dear} if self.dear else {})
        parts: Arrays = {"ids": np.array(self.ids, dtype=str), "idf": self.grams.idf, "band": np.array(self.band)}
        parts["grams"] = np.frombuffer("\n".join(self.grams.known).encode(), dtype=np.uint8)
        parts |= {"steps_cheap": self.meanings[0].steps, "steps_dear": self.meanings[1].steps}
        for name, head in heads.items():
            parts[f"{name}_made_of"] = head.made_of.astype(np.float16)
            parts[f"{name}_examples"] = head.examples.astype(np.float16)
            parts[f"{name}_shares"] = np.array(head.shares)
            parts[f"{name}_levels"] = head.levels
        return parts

    @classmethod
    def of(cls, parts: Mapping[str, npt.NDArray[Any]]) -> Self:
        """What `arrays` gave.

        Raises:
            KeyError: when a part is missing.
        """
        heads = {
            name: head_of(
                parts[f"{name}_made_of"],
                parts[f"{name}_examples"],
                (float(parts[f"{name}_shares"][0]), float(parts[f"{name}_shares"][1])),
                parts[f"{name}_levels"],
            )
            for name in ("cheap", "dear")
            if f"{name}_shares" in parts
        }
        known = parts["grams"].tobytes().decode()
        return cls(
            tuple(parts["ids"].tolist()),
            Grams(known.split("\n") if known else [], parts["idf"]),
            (Meanings(parts["steps_cheap"]), Meanings(parts["steps_dear"])),
            heads["cheap"],
            heads.get("dear"),
            (float(parts["band"][0]), float(parts["band"][1])),
        )


def head_of(
    made_of: npt.NDArray[Any], examples: npt.NDArray[Any], shares: tuple[float, float], levels: npt.NDArray[Any]
) -> Head:
    """A head whose weights are as they are kept, so that one just learnt and one read from a file say the same."""
    kept = [weights.astype(np.float16).astype(np.float32) for weights in (made_of, examples)]
    return Head(kept[0], kept[1], shares, levels.astype(np.float32))


def _scaled(sums: Matrix, levels: Weights) -> Matrix:
    """Sums without the last column, stretched to 0–1 so that each signal's level lies at 0.5."""
    scores: Matrix = 1 / (1 + np.exp(-_SLOPE * (sums[:, :-1] - levels)))
    return scores
