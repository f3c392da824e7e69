"""What is learnt from a playbook's examples, and how a text is weighed with it.

A head is a softmax over the signals of one kind of speaker and "none of them", linear in what a text is made of
(n-grams) and in what it means (encoders). The cheap head sees n-grams and the cheap encoder; the dear head also sees
the dear encoder, and is asked only where the cheap one is unsure.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from bot.features import Encoder, Matrix, grams

MOST_DEAR = 3
"""At most so many stretches of one message are read by the dear encoder, the surest ones of the cheap head first."""
_BRIEF = 200.0
_SHARED = ((2_000, 3), (500, 2), (0, 1))

Weights = npt.NDArray[np.float32]
Weighed = tuple[npt.NDArray[np.int64], Weights]
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Example:
    """A message to learn from.

    Attributes:
        text: In normal form.
        signals: What it shows; empty when it shows nothing.
        fold: Examples of one fold are held out together. Translations of one another stand at the same position of
            their lists, so they share a fold.
    """

    text: str
    signals: frozenset[str]
    fold: int


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


@dataclass(frozen=True)
class Head:
    """Weights, a row a feature and a column a signal, the last for "none of them".

    Attributes:
        level: The chance from which a signal counts.
    """

    made_of: Weights
    means: Weights
    level: float

    def chances(self, made_of: Sequence[Weighed], means: Matrix) -> Matrix:
        """For each text and signal how probable it is, 0–1."""
        sums = np.array([weight @ self.made_of[column] for column, weight in made_of], dtype=np.float64)
        return softmax(sums.reshape(len(made_of), -1) + means @ self.means)[:, :-1]


def softmax(sums: Matrix) -> Matrix:
    """Chances that add up to one in each row."""
    raised = np.exp(sums - sums.max(axis=1, keepdims=True))
    chances: Matrix = raised / raised.sum(axis=1, keepdims=True)
    return chances


def aimed(vectors: Matrix, middle: Matrix) -> Matrix:
    """Vectors as seen from the examples' middle, at unit length; e5's own all point nearly the same way."""
    away = vectors - middle
    found: Matrix = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    return found


@dataclass(frozen=True)
class Model:
    """What is known of one kind of speaker's signals.

    Attributes:
        ids: The signals, in the order of the heads' columns.
        middles: The mean of the examples' vectors, of the cheap and of the dear encoder.
        band: The dear head is asked where the cheap head's highest chance lies between these.
    """

    ids: tuple[str, ...]
    grams: Grams
    middles: tuple[Matrix, Matrix]
    cheap: Head
    dear: Head | None
    band: tuple[float, float]

    def scores(self, texts: Sequence[str], shares: Sequence[float], encoders: Encoders) -> Matrix:
        """For each text and signal how sure, 0–1; the level from which a signal counts lies at 0.5.

        Args:
            texts: Stretches of one message in normal form.
            shares: What a chance in each of them counts: less than one where there are several tries at it.
            encoders: Those that the model was trained with.
        """
        if not self.ids or not texts:
            return np.zeros((len(texts), len(self.ids)))
        made_of = [self.grams.weigh(text) for text in texts]
        share = np.array(shares)[:, None]
        means = features(texts, encoders.cheap, self.middles[0])
        chances = self.cheap.chances(made_of, means)
        scores = _scaled(chances * share, self.cheap.level)
        if self.dear is not None:
            highest = chances.max(axis=1)
            unsure = [row for row in np.argsort(-highest, kind="stable") if self.band[0] < highest[row] < self.band[1]]
            if rows := sorted(unsure[:MOST_DEAR]):
                more = features([texts[row] for row in rows], encoders.dear, self.middles[1])
                known = np.hstack([more[:, :-1], means[rows]])
                asked = self.dear.chances([made_of[row] for row in rows], known)
                scores[rows] = _scaled(asked * share[rows], self.dear.level)
        return scores

    def arrays(self) -> Arrays:
        """All of it, to be kept in a file."""
        heads = {"cheap": self.cheap} | ({"dear": self.dear} if self.dear else {})
        parts: Arrays = {"ids": np.array(self.ids, dtype=str), "idf": self.grams.idf, "band": np.array(self.band)}
        parts["grams"] = np.frombuffer("\n".join(self.grams.known).encode(), dtype=np.uint8)
        parts |= {"middle_cheap": self.middles[0], "middle_dear": self.middles[1]}
        for name, head in heads.items():
            parts[f"{name}_made_of"] = head.made_of.astype(np.float16)
            parts[f"{name}_means"] = head.means.astype(np.float16)
            parts[f"{name}_level"] = np.array(head.level)
        return parts

    @classmethod
    def of(cls, parts: Mapping[str, npt.NDArray[Any]]) -> Self:
        """What `arrays` gave.

        Raises:
            KeyError: when a part is missing.
        """
        heads = {
            name: Head(
                parts[f"{name}_made_of"].astype(np.float32),
                parts[f"{name}_means"].astype(np.float32),
                float(parts[f"{name}_level"]),
            )
            for name in ("cheap", "dear")
            if f"{name}_level" in parts
        }
        known = parts["grams"].tobytes().decode()
        return cls(
            tuple(parts["ids"].tolist()),
            Grams(known.split("\n") if known else [], parts["idf"]),
            (parts["middle_cheap"], parts["middle_dear"]),
            heads["cheap"],
            heads.get("dear"),
            (float(parts["band"][0]), float(parts["band"][1])),
        )


def features(texts: Sequence[str], encoder: Encoder | None, middle: Matrix) -> Matrix:
    """What texts mean to an encoder, and a column of ones."""
    ones = np.ones((len(texts), 1))
    return ones if encoder is None else np.hstack([aimed(encoder.encode(texts), middle), ones])


def _scaled(chances: Matrix, level: float) -> Matrix:
    """Chances stretched so that the level lies at 0.5."""
    below, above = 0.5 * chances / level, 0.5 + 0.5 * (chances - level) / (1 - level)
    return np.where(chances <= level, below, above)
