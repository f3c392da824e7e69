"""Telling what a message shows: signals 訊號 with the words in which they were noticed, and how angry it is.

Two ways lead to a signal: a near-certain pattern of the playbook, or a linear model trained from the playbook's
own examples. A veto of the playbook takes a signal back from its sentence either way. Everything is computed from
the arguments; equal playbooks give equal readings.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from threadpoolctl import threadpool_limits

from bot.anger import anger_level
from bot.features import (
    Encoder,
    Matrix,
    grams,
    normal_form,
    pattern_source,
    readable,
    sentences,
    stretches,
)
from bot.message import Role
from bot.playbook import LANGUAGES, Playbook, Speaker

PATTERN_SCORE = 0.95
SURE_FROM = 0.5
"""A signal is reported from this score on; each signal's threshold is learnt and lies here."""
_ANGRY = 2
_WHOLE_CHARACTERS = 600
_RIDGE = 1.0
_BRIEF = 200.0
_QUIET = 0.95
_LEVELS = (0.15, 0.4)
_SLOPE = 8.0
_FOLDS = 8
_REFUSALS = frozenset({"refuses_early", "cites_policy", "repeats_refusal"})
_RECEIPT = re.compile(
    r"了解|理解|明白|收到|辛苦|抱歉|不好意思|对不起|谢谢您?(?:告诉|告知|反[应映]|说明)|听起来|请问|想先(?:确认|了解|请教)"
    r"|understand|sorry|apologi|thanks for|thank you for|got it|that sounds|i see|appreciate"
)
_QUESTION = re.compile(
    r"[?]|[吗呢]\s*$|为什么|为何|为啥|怎么|多少|什么时候|是不是|能不能|可不可以|请问"
    r"|\b(?:why|how|what|when|where|who|which|can you|could you|is there)\b"
)


@dataclass(frozen=True)
class Signal:
    """Something a message shows.

    Attributes:
        score: How sure, 0.5–1.
        words: The part of the message in which it was noticed, in the writer's own characters.
    """

    id: str
    score: float
    words: str


@dataclass(frozen=True)
class Thread:
    """What a conversation already held when a message came; begin with `Thread()`.

    Attributes:
        received: One of us has asked about the problem or shown that it was heard (R01).
        refused: One of us has refused (R11).
        asked: The customer's last word was a question (R04).
    """

    received: bool = False
    refused: bool = False
    asked: bool = False


@dataclass(frozen=True)
class Reading:
    """What was read in one message.

    Attributes:
        signals: The surest first.
        anger: 0 ordinary, 1 annoyed, 2 angry, 3 furious.
        thread: The conversation after this message; give it to the reading of the next one.
    """

    signals: tuple[Signal, ...] = ()
    anger: int = 0
    thread: Thread | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The signals' ids, the surest first."""
        return tuple(signal.id for signal in self.signals)


@dataclass(frozen=True)
class Example:
    """A message to learn from.

    Attributes:
        signals: What it shows; empty when it shows nothing.
        fold: Examples of one fold are held out together when thresholds are chosen. Translations of one another
            stand at the same position of their lists, so they share a fold.
    """

    text: str
    signals: frozenset[str]
    fold: int


class Detector:
    """Reads signals in messages; made by `Detector.train`, the same for every thread and process."""

    def __init__(self, speakers: dict[Speaker, "_Ear"]) -> None:
        self._ears = speakers

    @classmethod
    def train(cls, playbook: Playbook, encoder: Encoder | None = None) -> Self:
        """Learn from a playbook's patterns and examples.

        Args:
            playbook: What to learn from.
            encoder: Adds what a sentence means to what it is made of.
        """
        speakers: tuple[Speaker, ...] = (Role.CUSTOMER, Role.AGENT)
        with threadpool_limits(limits=1, user_api="blas"):  # for matrices this small, threads wait for each other
            return cls({speaker: _Ear(playbook, speaker, encoder) for speaker in speakers})

    def read(self, role: Role, text: str, thread: Thread | None = None) -> Reading:
        """What a message shows.

        Args:
            role: Who says it. Whoever is one of us is read as an agent; a bot shows nothing.
            text: The message, Slack's markup unescaped.
            thread: What came before; None when that is not known, the message then stands alone.
        """
        if role is Role.BOT:
            return Reading(thread=thread)
        ear = self._ears[Role.CUSTOMER if role is Role.CUSTOMER else Role.AGENT]
        said = readable(text)
        found = ear.hear(said)
        ours = role is not Role.CUSTOMER
        anger, words = self._anger(said, found, ours=ours)
        if anger >= _ANGRY and "anger" in ear.ids and "anger" not in found and words:
            found["anger"] = Signal("anger", 0.7, words)
        after = None
        if thread is not None:
            refused = not _REFUSALS.isdisjoint(found)
            countered = "counters_question" in found
            if ours:
                _weigh_context(found, thread)
            after = _after(thread, normal_form(said), ours=ours, refused=refused, countered=countered)
        signals = sorted(found.values(), key=lambda signal: (-signal.score, signal.id))
        return Reading(tuple(signals), anger, after)

    def _anger(self, said: str, found: dict[str, Signal], *, ours: bool) -> tuple[int, str]:
        """How angry a text is without the sentences in which the playbook hears no anger, and its angriest sentence."""
        heard = found["anger"].score if "anger" in found else 0.0
        level = partial(anger_level, heard=heard, pleased="satisfied" in found, ours=ours)
        whole = level(said)
        if not whole:
            return 0, ""
        parts = sentences(said)
        angry = [part for part in parts if anger_level(part)]
        vetoed = self._ears[Role.CUSTOMER].vetoed("anger", angry)
        if not vetoed:
            return whole, max(angry or parts, key=anger_level, default="")
        earnest = said
        for part in vetoed:
            earnest = earnest.replace(part, " ")
        return level(earnest), max((part for part in angry if part not in vetoed), key=anger_level, default="")

    def read_all(self, turns: Iterable[tuple[Role, str]]) -> list[Reading]:
        """Read a conversation from its first message."""
        thread = Thread()
        readings = []
        for role, text in turns:
            reading = self.read(role, text, thread)
            thread = reading.thread or thread
            readings.append(reading)
        return readings


def _weigh_context(found: dict[str, Signal], thread: Thread) -> None:
    """What an agent's words are depends on what was said before them."""
    if thread.refused:
        refusals = [found[name] for name in sorted(_REFUSALS) if name in found]
        if refusals:
            surest = max(refusals, key=lambda signal: signal.score)
            found["repeats_refusal"] = replace(surest, id="repeats_refusal")
    else:
        found.pop("repeats_refusal", None)
    if thread.received:
        found.pop("refuses_early", None)
    if not thread.asked:
        found.pop("counters_question", None)


def _after(thread: Thread, plain: str, *, ours: bool, refused: bool, countered: bool) -> Thread:
    asks = bool(_QUESTION.search(plain))
    if not ours:
        return replace(thread, asked=asks)
    receives = not (refused or countered) and (asks or bool(_RECEIPT.search(plain)))
    return Thread(received=thread.received or receives, refused=thread.refused or refused, asked=False)


@dataclass(frozen=True)
class _Unit:
    """A stretch of a message that is judged by itself: the whole, a sentence or a clause."""

    words: str
    plain: str
    vetoed: frozenset[str]


class _Ear:
    """Hears the signals of one kind of speaker."""

    def __init__(self, playbook: Playbook, speaker: Speaker, encoder: Encoder | None) -> None:
        self.ids = tuple(signal.id for signal in playbook.signals if signal.speaker == speaker)
        words = {name: [playbook.words[language].signals[name] for language in LANGUAGES] for name in self.ids}
        self._patterns = {name: _compiled(p for part in words[name] for p in part.patterns) for name in self.ids}
        self._vetoes = {name: _compiled(p for part in words[name] for p in part.vetoes) for name in self.ids}
        self._model = _Model(_examples(playbook, speaker, self.ids), encoder)

    def hear(self, text: str) -> dict[str, Signal]:
        """The signals in a text that count, by id; the model speaks where no pattern fits or it is surer."""
        units = self._units(text)
        if not units:
            return {}
        found: dict[str, Signal] = {}
        for unit in units:
            for name in self.ids:
                fits = name not in found and name not in unit.vetoed
                if fits and any(pattern.search(unit.plain) for pattern in self._patterns[name]):
                    found[name] = Signal(name, PATTERN_SCORE, unit.words)
        for unit, scores in zip(units, self._model.scores([unit.plain for unit in units]), strict=True):
            for name, score in zip(self._model.ids, scores.tolist(), strict=True):
                known = found[name].score if name in found else SURE_FROM
                if score > known and name not in unit.vetoed:
                    found[name] = Signal(name, score, unit.words)
        return found

    def vetoed(self, name: str, parts: Iterable[str]) -> list[str]:
        """The sentences in which a veto takes a signal back."""
        vetoes = self._vetoes.get(name, ())
        return [part for part in parts if vetoes and any(veto.search(normal_form(part)) for veto in vetoes)]

    def _units(self, text: str) -> list[_Unit]:
        """What is judged, the smallest first: stretches, their sentence, and a short text as a whole."""
        units: list[_Unit] = []
        wholes: list[_Unit] = []
        for sentence in sentences(text):
            plain = normal_form(sentence)
            vetoed = frozenset(name for name in self.ids if any(veto.search(plain) for veto in self._vetoes[name]))
            pieces = stretches(sentence)
            if len(pieces) > 1:
                units += [_Unit(piece, normal_form(piece), vetoed) for piece in pieces]
            wholes.append(_Unit(sentence, plain, vetoed))
        units += wholes
        if len(wholes) > 1 and len(text) <= _WHOLE_CHARACTERS:
            vetoed = frozenset[str]().union(*(unit.vetoed for unit in wholes))
            units.append(_Unit(text.strip(), " ".join(unit.plain for unit in wholes), vetoed))
        return units


def _compiled(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    sources = dict.fromkeys(pattern_source(pattern) for pattern in patterns)
    return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def _examples(playbook: Playbook, speaker: Speaker, ids: Sequence[str]) -> list[Example]:
    """All examples for a speaker in all languages; a text that stands under two signals shows both."""
    found: dict[str, Example] = {}
    for language in LANGUAGES:
        wording = playbook.words[language]
        neutral = wording.neutral.customer if speaker == Role.CUSTOMER else wording.neutral.agent
        lists: list[tuple[frozenset[str], tuple[str, ...]]] = [(frozenset(), neutral)]
        lists += [(frozenset({name}), wording.signals[name].examples) for name in ids]
        for names, texts in lists:
            for position, text in enumerate(texts):
                plain = normal_form(text)
                known = found.get(plain) or Example(plain, frozenset(), position % _FOLDS)
                found[plain] = replace(known, signals=known.signals | names)
    return list(found.values())


class _Grams:
    """Weighs n-grams: rare ones more (TF-IDF), each text to unit length, a text of a word or two to less.

    scikit-learn has nearly the same, but costs a second to import and as much again for each message.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        seen = Counter(gram for text in texts for gram in dict.fromkeys(grams(text)))
        self._columns = {gram: column for column, gram in enumerate(seen)}
        self._idf = np.log((1 + len(texts)) / (1 + np.array(list(seen.values()), dtype=np.float64))) + 1

    def rows(self, texts: Sequence[str]) -> sparse.csr_array:
        """One row a text; a gram that was never seen counts for nothing."""
        weights: list[Matrix] = []
        columns: list[npt.NDArray[np.int64]] = []
        for text in texts:
            counts = Counter(grams(text))
            known = [(self._columns[gram], count) for gram, count in counts.items() if gram in self._columns]
            column, count = np.array(known, dtype=np.int64).reshape(-1, 2).T
            weight = (1 + np.log(count)) * self._idf[column]
            weights.append(weight / np.sqrt((weight**2).sum() + _BRIEF))
            columns.append(column)
        ends = np.cumsum([0, *map(len, columns)])
        shape = (len(texts), len(self._columns))
        return sparse.csr_array((np.concatenate(weights), np.concatenate(columns), ends), shape=shape)


class _Model:
    """Linear regression on n-grams, one target a signal, with a ridge; its threshold from held-out folds.

    The dual form is solved once for all signals, and gives what a model trained without a fold would have said
    about that fold in closed form (the leave-one-out identity, for blocks), so that choosing the threshold costs
    no second training.
    """

    def __init__(self, examples: Sequence[Example], encoder: Encoder | None) -> None:
        self._encoder = encoder
        self.ids = tuple(sorted(frozenset[str]().union(*(example.signals for example in examples))))
        if not self.ids:
            return
        texts = [example.text for example in examples]
        targets = np.array([[float(name in example.signals) for name in self.ids] for example in examples])
        folds = np.array([example.fold for example in examples])
        self._grams = _Grams(texts)
        rows = self._rows(texts)
        kernel = (rows @ rows.T).toarray()
        inverse = np.linalg.inv(kernel + _RIDGE * np.eye(len(texts)))
        dual = inverse @ targets
        self._weights: Matrix = rows.T @ dual
        held_out = np.empty_like(targets)
        for fold in np.unique(folds):
            here = np.flatnonzero(folds == fold)
            held_out[here] = targets[here] - np.linalg.solve(inverse[np.ix_(here, here)], dual[here])
        self._threshold = _quiet_level(held_out[~targets.any(axis=1)])

    def scores(self, texts: list[str]) -> Matrix:
        """For each text and signal how sure, 0–1; a signal's threshold lies at 0.5."""
        if not self.ids:
            return np.zeros((len(texts), 0))
        raw = self._rows(texts) @ self._weights
        scores: Matrix = 1 / (1 + np.exp(-_SLOPE * (raw - self._threshold)))
        return scores

    def _rows(self, texts: list[str]) -> sparse.csr_array:
        parts = [
            self._grams.rows(texts),
            sparse.csr_array(np.ones((len(texts), 1))),
        ]
        if self._encoder is not None:
            parts.append(sparse.csr_array(self._encoder.encode(texts)))
        return sparse.csr_array(sparse.hstack(parts))


def _quiet_level(scores: Matrix) -> float:
    """The level under which nearly all messages stay that show nothing and were held out; silent when unsure."""
    if not len(scores):
        return _LEVELS[1]
    return float(np.clip(np.quantile(scores.max(axis=1), _QUIET), *_LEVELS))
