"""Telling what a message shows: signals 訊號 with the words in which they were noticed, and how angry it is.

Two ways lead to a signal: a near-certain pattern of the playbook, or a head (`bot/heads.py`) trained from the
playbook's own examples. A veto of the playbook takes a signal back from its sentence either way. Everything is
computed from the arguments; equal playbooks and encoders give equal readings.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np

from bot.anger import anger_level
from bot.features import REACH, length, normal_form, pattern_source, readable, sentences, stretches
from bot.heads import Encoders, Example, Model
from bot.message import Role
from bot.playbook import LANGUAGES, LISTS, Playbook, Speaker, Wording

PATTERN_SCORE = 0.95
SURE_FROM = 0.5
"""A signal is reported from this score on; each signal's threshold is learnt and lies here."""
_ANGRY = 2
_WHOLE_CHARACTERS = 600
_SPOKEN = 60
_PART = 0.9
"""What is found in one of several parts of a message counts: each part is another try at being wrong."""
_TEMPERS = (0.95, 1.55, 2.1)
"""From these tempers, as a head hears them, a text is annoyed, angry and furious.

Examples are angrier than a desk's day: they lean on what has to be told apart, so the levels best for them (0.65, 1.15,
1.8) hear anger in many a calm message. These are the best for whole conversations, most of whose messages are calm.
"""
SPEAKERS: tuple[Speaker, ...] = (Role.CUSTOMER, Role.AGENT)
_PLACEHOLDER = re.compile(r"\{\w+\}")
_REFUSALS = frozenset({"refuses_early", "cites_policy", "repeats_refusal"})
_HURTS = frozenset({"argues", "blames_customer", "labels_customer", "mocks_customer", "shames_price"})
_RECEIPT = re.compile(
    r"了解|理解|明白|收到|辛苦|抱歉|不好意思|对不起|谢谢您?(?:告诉|告知|反[应映]|说明)|听起来|请问|想先(?:确认|了解|请教)"
    r"|understand|sorry|apologi|thanks for|thank you for|got it|that sounds|i see|appreciate"
)
_ONCE_MORE = re.compile(
    r"(?:已经|早就?|刚刚|刚才|前面|之前|都).{0,6}(?:说|讲|解释|强调|告诉|回复).{0,4}(?:过|了|得?很?清楚)"
    r"|再(?:说|讲|强调|重申)一[次遍]|重申|就是(?:不行|不能|没办法|没有)"
    r"|\b(?:already|(?:as|like) i (?:said|told|explained)|(?:told|said|explained) .{0,20}(?:before|twice|times)"
    r"|i(?: have|'ve) (?:told|said|explained|made)|again|repeat|the answer (?:is still|stays|remains))\b"
)
"""Words by which a refusal says of itself that it is not the first."""
_TAKES_BACK = re.compile(
    r"(?:刚才|刚刚|前面|那)(?:那)?句?.{0,10}(?:说|讲)得?(?:太快|快了|太满|过头|早了)|(?:收回|更正).{0,12}(?:话|那句|说的)|"
    r"不(?:是|归|由)我.{0,6}(?:能|可以)?.{0,4}(?:决定|答应|作主|做主|定)"
    r"|\b(?:spoke too (?:soon|quickly)|said (?:more|too much)|too quick there|take (?:it|that) back|pull that back"
    r"|(?:isn't|is not|wasn't|was not) mine to (?:promise|give|decide|offer))\b"
)
"""Words by which one of us takes back what was promised."""
_QUESTION = re.compile(
    r"[?]|[吗呢]\s*$|为什么|为何|为啥|怎么|多少|什么时候|是不是|能不能|可不可以|请问"
    r"|\b(?:why|how|what|when|where|who|which|can you|could you|is there)\b"
)

_REQUEST = re.compile(
    r"(?:请|麻烦|劳烦)(?:您|你们?|贵司|贵公司)?.{0,6}(?:确认|告知|告诉|说明|解释|查|回[复覆答])"
    r"|给我?(?:一)?个(?:说法|解释|理由|答复)"
    r"|\b(?:please|kindly|pls|could you|can you) (?:\w+ )?"
    r"(?:confirm|advise|explain|clarify|tell|let (?:me|us) know|check|state)\b"
    r"|\b(?:tell me|let (?:me|us) know|i(?:'d| would) like to know|i want to know|be good to know)\b"
)
"""A question that has no question mark: it wants an answer all the same (R04)."""


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
        asked: The customer's last word asked something (R04).
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


class Detector:
    """Reads signals in messages; made by `Detector.train`, the same for every thread and process.

    `bot.learning.learn` makes one with the packaged encoders, and remembers what it learnt.
    """

    def __init__(self, playbook: Playbook, models: Mapping[Speaker, Model], encoders: Encoders) -> None:
        self._ears = {speaker: _Ear(playbook, speaker, models[speaker], encoders) for speaker in SPEAKERS}

    @classmethod
    def train(cls, playbook: Playbook, encoders: Encoders | None = None) -> Self:
        """Learn from a playbook's patterns and examples.

        Args:
            playbook: What to learn from.
            encoders: Add what a message means to what it is made of.
        """
        from bot.training import train  # noqa: PLC0415 - SciPy costs more to import than a start may take

        encoders = encoders or Encoders()
        models = {speaker: train(examples(playbook, speaker), encoders) for speaker in SPEAKERS}
        return cls(playbook, models, encoders)

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
        found, temper = ear.hear(said)
        ours = role is not Role.CUSTOMER
        if temper.level >= _TEMPERS[1]:
            found.pop("satisfied", None)
        if "anger" in found and "satisfied" in found:  # nobody is both: the surer one counts
            pleased = found["satisfied"].score > found["anger"].score
            found.pop("anger" if pleased else "satisfied")
        _keep_the_likelier(found, normal_form(said), ours=ours)
        anger, words = self._anger(said, found, temper, ours=ours)
        if "anger" in ear.ids and "anger" not in found and words and anger >= _ANGRY:
            found["anger"] = Signal("anger", _sure_of_anger(temper.level), words)
        after = None
        if thread is not None:
            refused = not _REFUSALS.isdisjoint(found)
            unheard = refused or "counters_question" in found or not _HURTS.isdisjoint(found)
            plain = normal_form(said)
            if ours:
                _weigh_context(found, thread, plain)
            after = _after(thread, plain, ours=ours, refused=refused, unheard=unheard)
        signals = sorted(found.values(), key=lambda signal: (-signal.score, signal.id))
        return Reading(tuple(signals), anger, after)

    def _anger(self, said: str, found: dict[str, Signal], temper: "_Temper", *, ours: bool) -> tuple[int, str]:
        """How angry a text is without the sentences in which the playbook hears no anger, and its angriest part."""
        heard = found["anger"].score if "anger" in found else 0.0
        pleased = "satisfied" in found
        level = partial(anger_level, heard=heard, pleased=pleased, ours=ours)
        whole, words = level(said), ""
        if whole:
            parts = sentences(said)
            angry = [part for part in parts if anger_level(part)]
            vetoed = self._ears[Role.CUSTOMER].vetoed("anger", angry)
            words = max((part for part in angry if part not in vetoed), key=anger_level, default="")
            if vetoed:
                earnest = said
                for part in vetoed:
                    earnest = earnest.replace(part, " ")
                whole = level(earnest)
            else:
                words = words or max(parts, key=anger_level, default="")
        if ours or pleased:
            return whole, words
        meant = sum(1 for each in _TEMPERS if temper.level >= each)
        return max(whole, meant), words or temper.words

    def read_all(self, turns: Iterable[tuple[Role, str]]) -> list[Reading]:
        """Read a conversation from its first message."""
        thread = Thread()
        readings = []
        for role, text in turns:
            reading = self.read(role, text, thread)
            thread = reading.thread or thread
            readings.append(reading)
        return readings


def _sure_of_anger(temper: float) -> float:
    """How sure anger is that only its temper or its words tell of; more of it is surer."""
    return float(np.clip(0.7 + 0.25 * (temper - _TEMPERS[1]), 0.55, 0.94))


def _keep_the_likelier(found: dict[str, Signal], plain: str, *, ours: bool) -> None:
    """Of what does not go together, take back what is less likely.

    Words that thank more than they complain report no fault. Who takes a promise back does not promise by it (R32),
    unless a pattern is sure of it.
    """
    pleased, fault = found.get("satisfied"), found.get("reports_fault")
    if pleased and fault and pleased.words == fault.words and pleased.score > fault.score:
        del found["reports_fault"]
    promise = found.get("overpromises")
    if ours and promise and promise.score < PATTERN_SCORE and _TAKES_BACK.search(plain):
        del found["overpromises"]


def _weigh_context(found: dict[str, Signal], thread: Thread, plain: str) -> None:
    """What an agent's words are depends on what was said before them.

    A first no is often said too softly to be heard as one; a second that calls itself so is one all the same (R11).
    """
    if thread.refused:
        refusals = [found[name] for name in sorted(_REFUSALS) if name in found]
        if refusals:
            surest = max(refusals, key=lambda signal: signal.score)
            found["repeats_refusal"] = replace(surest, id="repeats_refusal")
    elif not (thread.received and _ONCE_MORE.search(plain)):
        found.pop("repeats_refusal", None)
    if thread.received:
        found.pop("refuses_early", None)
    if not thread.asked:
        found.pop("counters_question", None)


def _after(thread: Thread, plain: str, *, ours: bool, refused: bool, unheard: bool) -> Thread:
    """The conversation after a message; a question that refuses, blames or mocks receives nobody (R01)."""
    asks = bool(_QUESTION.search(plain))
    if not ours:
        return replace(thread, asked=asks or bool(_REQUEST.search(plain)))
    receives = not unheard and (asks or bool(_RECEIPT.search(plain)))
    return Thread(received=thread.received or receives, refused=thread.refused or refused, asked=False)


@dataclass(frozen=True)
class _Temper:
    """How angry the angriest part of a message is, 0–3, as a head hears it."""

    level: float = 0.0
    words: str = ""


@dataclass(frozen=True)
class _Unit:
    """A stretch of a message that is judged by itself: the whole, a sentence or some clauses.

    Attributes:
        heard: Whether the model judges it too. It needs more words than a pattern, and not more than an encoder reads.
        share: What a chance in it counts.
    """

    words: str
    plain: str
    vetoed: frozenset[str]
    heard: bool = True
    share: float = 1.0


class _Ear:
    """Hears the signals of one kind of speaker."""

    def __init__(self, playbook: Playbook, speaker: Speaker, model: Model, encoders: Encoders) -> None:
        self.ids = tuple(signal.id for signal in playbook.signals if signal.speaker == speaker)
        words = {name: [playbook.words[language].signals[name] for language in LANGUAGES] for name in self.ids}
        self._patterns = {name: _compiled(p for part in words[name] for p in part.patterns) for name in self.ids}
        self._vetoes = {name: _compiled(p for part in words[name] for p in part.vetoes) for name in self.ids}
        self._model = model
        self._encoders = encoders

    def hear(self, text: str) -> tuple[dict[str, Signal], _Temper]:
        """The signals in a text that count, by id, and its temper.

        The model speaks where no pattern fits or it is surer.
        """
        units = self._units(text)
        if not units:
            return {}, _Temper()
        found: dict[str, Signal] = {}
        for unit in units:
            for name in self.ids:
                fits = name not in found and name not in unit.vetoed
                if fits and any(pattern.search(unit.plain) for pattern in self._patterns[name]):
                    found[name] = Signal(name, PATTERN_SCORE, unit.words)
        exact = frozenset(found)
        heard = [unit for unit in units if unit.heard]
        texts, shares = [unit.plain for unit in heard], [unit.share for unit in heard]
        told, tempers = self._model.scores(texts, shares, self._encoders)
        for unit, scores in zip(heard, told, strict=True):
            for name, score in zip(self._model.ids, scores.tolist(), strict=True):
                known = found.get(name)
                if name in unit.vetoed or score <= (known.score if known else SURE_FROM):
                    continue
                found[name] = Signal(name, score, known.words if known and name in exact else unit.words)
        earnest = [
            (temper, unit.words)
            for temper, unit in zip(tempers.tolist(), heard, strict=True)
            if "anger" not in unit.vetoed
        ]
        return found, _Temper(*max(earnest, default=(0.0, "")))

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
                units += [_Unit(piece, normal_form(piece), vetoed, heard=False) for piece in pieces]
            far = length(plain) > REACH
            if far:
                parts = stretches(sentence, _SPOKEN)
                units += [_Unit(part, normal_form(part), vetoed, share=_PART) for part in parts]
            wholes.append(_Unit(sentence, plain, vetoed, heard=not far))
        if len(wholes) > 1:
            units += [replace(unit, share=_PART) for unit in wholes]
            if len(text) <= _WHOLE_CHARACTERS:
                vetoed = frozenset[str]().union(*(unit.vetoed for unit in wholes))
                plain = " ".join(unit.plain for unit in wholes)
                units.append(_Unit(text.strip(), plain, vetoed, heard=length(plain) <= REACH))
        else:
            units += wholes
        return units


def _compiled(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    sources = dict.fromkeys(pattern_source(pattern) for pattern in patterns)
    return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def examples(playbook: Playbook, speaker: Speaker) -> list[Example]:
    """All examples for a speaker in all languages; a text that stands under two signals shows both.

    What the playbook itself would have an agent say shows nothing.
    """
    found: dict[str, Example] = {}
    known_angers: dict[str, float] = {}
    signals = [signal for signal in playbook.signals if signal.speaker == speaker]
    for language in LANGUAGES:
        wording = playbook.words[language]
        neutral = wording.neutral.customer if speaker == Role.CUSTOMER else wording.neutral.agent
        for position, text in enumerate(neutral):
            plain = normal_form(text)
            found.setdefault(plain, Example(plain, frozenset(), 0.0, position))
        for signal in signals:
            for part, anger in LISTS.items():
                for position, text in enumerate(getattr(wording.signals[signal.id], part)):
                    plain = normal_form(text)
                    known = found.get(plain) or Example(plain, frozenset(), 0.0, position)
                    if anger is not None:
                        known_angers[plain] = max(known_angers.get(plain, 0), anger)
                    temper = known_angers.get(plain, max(known.temper, signal.temper))
                    found[plain] = replace(known, signals=known.signals | {signal.id}, temper=temper)
        if speaker == Role.AGENT:
            for position, text in enumerate(own_lines(wording)):
                plain = normal_form(text)
                found.setdefault(plain, Example(plain, frozenset(), 0.0, position, is_line=True))
    return list(found.values())


def own_lines(wording: Wording) -> Iterator[str]:
    """What a playbook would have agents say, without what is filled in."""
    for play in wording.plays.values():
        for text in (*play.lines.values(), play.instead):
            if text:
                yield _PLACEHOLDER.sub(" ", text)
