"""Trying a playbook on its own examples: each is read by a detector that has never seen it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.features import normal_form, pattern_source, sentences
from bot.message import Role
from bot.playbook import LANGUAGES, LISTS, Language, NeutralWords, Playbook, SignalWords, Speaker
from bot.playbook_yaml import Fault, File, Place
from bot.signals import Detector

FOLDS = 4
"""As many times is learnt, each time without a fourth of the examples, so that each is held out once."""

_ROLES: tuple[Speaker, ...] = (Role.CUSTOMER, Role.AGENT)


@dataclass(frozen=True)
class Tried:
    """One example, and what was heard in it by a detector that had not seen it.

    Attributes:
        shows: The signals under which it stands; empty when it stands in `neutral.yaml`.
        heard: What was heard, the surest first.
    """

    role: Speaker
    language: Language
    text: str
    shows: frozenset[str]
    heard: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """How well one signal is told.

    Attributes:
        examples: How many messages show it.
        told: In how many of these it was heard.
        mistaken: In how many others it was heard.
    """

    examples: int
    told: int
    mistaken: int

    @property
    def f1(self) -> float:
        """1 when it is heard in its own examples and nowhere else, 0 when in none of them."""
        return 2 * self.told / max(1, self.examples + self.told + self.mistaken)


def tried(playbook: Playbook, train: Callable[[Playbook], Detector]) -> Iterator[list[Tried]]:
    """Learn without a fold and read that fold, fold by fold.

    Examples at the same position of their lists are held out together, since they may be translations of one another;
    a text that stands in several lists is held out of all of them.

    Args:
        playbook: Whose examples are tried.
        train: Makes a detector from what of the playbook is left.
    """
    shown = _shown(playbook)
    for fold in range(FOLDS):
        held = {key for key, (_, _, position) in shown.items() if position % FOLDS == fold}
        if not held:
            yield []
            continue
        texts = {(role, plain) for role, _, plain in held}
        detector = train(_without(playbook, texts))
        yield [
            Tried(role, language, text, signals, detector.read(role, text).ids)
            for (role, language, plain), (text, signals, _) in shown.items()
            if (role, language, plain) in held
        ]


def _shown(playbook: Playbook) -> dict[tuple[Speaker, Language, str], tuple[str, frozenset[str], int]]:
    """By role, language and normal form: each text as it is written, what it shows, its position.

    What it shows is the same in all languages, and so is the position: the first at which it stands.
    """
    found: dict[tuple[Speaker, Language, str], str] = {}
    signals: dict[tuple[Speaker, str], frozenset[str]] = {}
    positions: dict[tuple[Speaker, str], int] = {}
    for role in _ROLES:
        for language, names, texts in _lists(playbook, role):
            for position, text in enumerate(texts):
                plain = normal_form(text)
                found.setdefault((role, language, plain), text)
                signals[role, plain] = signals.get((role, plain), frozenset()) | names
                positions.setdefault((role, plain), position)
    return {
        (role, language, plain): (text, signals[role, plain], positions[role, plain])
        for (role, language, plain), text in found.items()
    }


def _lists(playbook: Playbook, role: Speaker) -> Iterator[tuple[Language, frozenset[str], tuple[str, ...]]]:
    names = [signal.id for signal in playbook.signals if signal.speaker == role]
    for language in LANGUAGES:
        words = playbook.words[language]
        yield language, frozenset(), getattr(words.neutral, role.value)
        for name in names:
            for part in LISTS:
                yield language, frozenset({name}), getattr(words.signals[name], part)


def _without(playbook: Playbook, texts: set[tuple[Speaker, str]]) -> Playbook:
    """The playbook without some examples."""
    speakers: dict[str, Speaker] = {signal.id: signal.speaker for signal in playbook.signals}

    def rest(role: Speaker, examples: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for text in examples if (role, normal_form(text)) not in texts)

    def left(name: str, words: SignalWords) -> SignalWords:
        return words.model_copy(update={part: rest(speakers[name], getattr(words, part)) for part in LISTS})

    return playbook.model_copy(
        update={
            "words": {
                language: words.model_copy(
                    update={
                        "signals": {name: left(name, signal) for name, signal in words.signals.items()},
                        "neutral": NeutralWords(
                            customer=rest(Role.CUSTOMER, words.neutral.customer),
                            agent=rest(Role.AGENT, words.neutral.agent),
                        ),
                    }
                )
                for language, words in playbook.words.items()
            }
        }
    )


def scores(playbook: Playbook, outcome: list[Tried], language: Language | None = None) -> dict[str, Score]:
    """How well each signal is told, in all languages or in one."""
    found = {}
    for signal in playbook.signals:
        of_role = [each for each in outcome if each.role == signal.speaker and language in {None, each.language}]
        own = [each for each in of_role if signal.id in each.shows]
        told = sum(signal.id in each.heard for each in own)
        mistaken = sum(signal.id in each.heard and signal.id not in each.shows for each in of_role)
        found[signal.id] = Score(len(own), told, mistaken)
    return found


def false_alarms(playbook: Playbook, outcome: list[Tried]) -> list[Tried]:
    """The messages that show nothing, but in which an alarm was heard: any signal that does more than inform."""
    informative = {signal.id for signal in playbook.signals if signal.informative}
    return [each for each in outcome if not each.shows and not informative.issuperset(each.heard)]


def stray_patterns(playbook: Playbook, files: Mapping[str, File]) -> Iterator[Fault]:
    """Patterns that fit a message which shows nothing, and vetoes that take back an example of their own signal."""
    quiet = {
        role: [_sentences(text) for words in playbook.words.values() for text in getattr(words.neutral, role.value)]
        for role in _ROLES
    }
    for signal in playbook.signals:
        vetoes = list(_expressions(playbook, signal.id, "vetoes"))
        for file, place, pattern in _expressions(playbook, signal.id, "patterns"):
            for text, parts in quiet[signal.speaker]:
                if any(pattern.search(part) and not any(veto.search(part) for _, _, veto in vetoes) for part in parts):
                    yield files[file].fault(place, f"this fits a message that shows nothing: {text}")
        own = [_sentences(text) for words in playbook.words.values() for text in words.signals[signal.id].all_examples]
        for file, place, veto in vetoes:
            for text, parts in own:
                if parts and all(veto.search(part) for part in parts):
                    yield files[file].fault(place, f"this takes back an example of {signal.id}: {text}")


def _sentences(text: str) -> tuple[str, list[str]]:
    """A text as it is written, and what patterns are looked for in."""
    return text, [normal_form(part) for part in sentences(text)]


def _expressions(playbook: Playbook, name: str, part: str) -> Iterator[tuple[str, Place, re.Pattern[str]]]:
    for language in LANGUAGES:
        for number, pattern in enumerate(getattr(playbook.words[language].signals[name], part)):
            yield (
                f"{language}/signals.yaml",
                (name, part, number),
                re.compile(pattern_source(pattern), re.IGNORECASE),
            )
