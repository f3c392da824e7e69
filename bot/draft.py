"""Checking a draft before it is sent: what in it would hurt, and what it says that this case does not hold.

A promise is held against the case as a line of the playbook is (domain page, *True lines only*), and against a
decision that stands: what was granted is granted within its scope (R23, R32, R33).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from bot.advice import OfferedLine, Situation
from bot.case import has_reached
from bot.coaching import TELLS_OF_THE_PROMISE, TELLS_OF_THE_YES, advise, fits
from bot.features import normal_form, pattern_source, sentences
from bot.message import Role
from bot.playbook import Action, ClaimDefinition, Language, Playbook
from bot.policy import Concession
from bot.signals import Reading

MOST_LINES = 3
_WIDER = {"free_service": frozenset({"free_labour", "free_parts", "all_free"})}
"""A claim that is not named beside a narrower one of the same sentence: free labour is no free service."""
_PROMISED = "overpromises"
_TOO_EARLY = "refuses_early"
_TOO_FAR: Mapping[Action | None, str] = {Action.ASK_EXCEPTION: _PROMISED, Action.ASSIGN_ENGINEER: "hands_to_engineer"}
"""What a draft does that says a thing which is not so yet, by what would make it so."""


class Hurt(BaseModel):
    """Something in a draft that would hurt.

    Attributes:
        words: The part in which it was noticed.
        play: The play about it: why it hurts and what to do instead.
    """

    model_config = ConfigDict(frozen=True)

    signal: str
    words: str
    play: str


class Beyond(BaseModel):
    """Something a draft says that the case does not hold.

    Attributes:
        claim: Which of the playbook's claims it is.
        missing: Any one of these facts would make it true; empty when only its time has not come (R01).
        action: What the agent can do so that it becomes true.
        granted: What an approved exception covers instead; None without one.
        promised: What the recorded promise covers instead; None without one.
        declined: The request was declined, so it is said against a decision that stands (R34).
        undecided: A request is before the supervisors.
        never: Nothing makes it true: no single exception reaches that far (R23).
    """

    model_config = ConfigDict(frozen=True)

    claim: str
    words: str
    missing: tuple[str, ...] = ()
    action: Action | None = None
    granted: Concession | None = None
    promised: Concession | None = None
    declined: bool = False
    undecided: bool = False
    never: bool = False

    @property
    def is_too_early(self) -> bool:
        """Whether it is true, and its time has not come."""
        return not (self.missing or self.granted or self.promised or self.declined or self.never)


class DraftCheck(BaseModel):
    """What was found in a draft.

    Attributes:
        better: What could stand where the draft goes beyond the case; where neither that nor a play about what hurts
            has better words, what answers the customer's last message. All true for this case.
        concedes: It, or what could stand in its place, speaks of a concession or promises one, granted or not: whoever
            sends it should have the grant's bounds in sight, and hears of no such draft that it is fine.
    """

    model_config = ConfigDict(frozen=True)

    hurts: tuple[Hurt, ...] = ()
    beyond: tuple[Beyond, ...] = ()
    better: tuple[OfferedLine, ...] = ()
    concedes: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.hurts and not self.beyond


def check_draft(
    text: str,
    *,
    playbook: Playbook,
    reading: Reading,
    answers: Reading,
    situation: Situation,
    granted: Concession | None,
    language: Language,
    now: datetime,
    promised: Concession | None = None,
) -> DraftCheck:
    """Check what an agent is about to send.

    Args:
        reading: What the draft shows when the agent says it.
        answers: What the customer's last message showed.
        granted: What an approved exception of this case covers.
        promised: What the promise covers that a supervisor recorded; that one was made is not enough any more then.
        language: The language the customer is spoken to in.
    """
    beyond = tuple(_beyond(text, playbook, situation, granted, promised))
    hurts = tuple(_hurts(playbook, reading, situation, named=bool(beyond)))
    better = tuple(_instead(playbook, beyond, language))
    spoken_to = better or any(playbook.words[language].plays[each.play].instead for each in hurts)
    if (hurts or beyond) and not spoken_to:
        advice = advise(
            playbook,
            reading=answers,
            speaker=Role.CUSTOMER,
            situation=situation,
            given=(),
            language=language,
            now=now,
        )
        better = advice.lines[:MOST_LINES] if advice else ()
    concedes = _PROMISED in reading.ids
    concedes = concedes or any(_concedes(claim) or _is_never_true(claim) for claim, _ in claims_in(text, playbook))
    concedes = concedes or any(not {TELLS_OF_THE_YES, TELLS_OF_THE_PROMISE}.isdisjoint(line.claims) for line in better)
    return DraftCheck(hurts=hurts, beyond=beyond, better=better, concedes=concedes)


def _hurts(playbook: Playbook, reading: Reading, situation: Situation, *, named: bool) -> Iterator[Hurt]:
    """The plays about what the draft shows; of a promise that is named already nothing more is said."""
    seen: set[str] = set()
    by_priority = sorted(playbook.plays, key=lambda play: -play.priority)
    for signal in reading.signals:
        if signal.score < playbook.policy.whisper.sure_from or (named and signal.id == _PROMISED):
            continue
        shown = frozenset({signal.id})
        for play in by_priority:
            about = play.speaker is Role.AGENT and signal.id in play.when.signals and play.id not in seen
            if about and fits(play.when, signals=shown, anger=reading.anger, situation=situation):
                seen.add(play.id)
                yield Hurt(signal=signal.id, words=signal.words, play=play.id)
                break


def _instead(playbook: Playbook, beyond: Iterable[Beyond], language: Language) -> Iterator[OfferedLine]:
    """What the plays about going too far would say in place of the draft's words, each once."""
    claims = {claim.id: claim for claim in playbook.claims}
    plays = playbook.words[language].plays
    for signal in dict.fromkeys(
        _TOO_EARLY if each.is_too_early else _TOO_FAR.get(claims[each.claim].action) for each in beyond
    ):
        about = (play for play in playbook.plays if play.speaker is Role.AGENT and signal in play.when.signals)
        texts = (plays[play.id].instead for play in about)
        if text := next(filter(None, texts), ""):
            yield OfferedLine(lang=language, text=text)


def _beyond(
    text: str, playbook: Playbook, situation: Situation, granted: Concession | None, promised: Concession | None
) -> Iterator[Beyond]:
    for claim, words in claims_in(text, playbook):
        conceded = _concedes(claim)
        true_by = [fact for fact in claim.true_by if not (promised and conceded and fact == TELLS_OF_THE_PROMISE)]
        held = not {granted, promised}.isdisjoint(claim.granted_by) or not situation.facts.isdisjoint(true_by)
        too_early = claim.from_stage is not None and not has_reached(claim.from_stage, situation.stage)
        if held and not too_early:
            continue
        never = _is_never_true(claim)
        yield Beyond(
            claim=claim.id,
            words=words,
            missing=() if held or never else tuple(true_by) or ("exception_approved",),
            action=None if held or (conceded and situation.asked) else claim.action,
            granted=granted if conceded else None,
            promised=promised if conceded else None,
            declined=conceded and granted is None and situation.standing.decision == "declined",
            undecided=conceded and "exception_requested" in situation.facts,
            never=never,
        )


def _is_never_true(claim: ClaimDefinition) -> bool:
    """Whether no fact and no exception makes it true."""
    return not (claim.true_by or claim.granted_by)


def _concedes(claim: ClaimDefinition) -> bool:
    """Whether it is something that only a granted exception makes true."""
    return bool(claim.granted_by) or "exception_approved" in claim.true_by


def claims_in(text: str, playbook: Playbook) -> Iterator[tuple[ClaimDefinition, str]]:
    """What a text claims, each claim once, with the sentence in which it stands."""
    patterns = {
        claim.id: [
            _compiled(pattern)
            for pattern in dict.fromkeys(
                pattern for words in playbook.words.values() for pattern in words.claims[claim.id].patterns
            )
        ]
        for claim in playbook.claims
    }
    unsaid = [
        _compiled(each) for each in dict.fromkeys(each for words in playbook.words.values() for each in words.unsaid)
    ]
    seen: set[str] = set()
    for sentence in sentences(text):
        plain = normal_form(sentence)
        if any(each.search(plain) for each in unsaid):
            continue
        found = [claim for claim in playbook.claims if any(each.search(plain) for each in patterns[claim.id])]
        ids = {claim.id for claim in found}
        for claim in found:
            if claim.id not in seen and ids.isdisjoint(_WIDER.get(claim.id, ())):
                seen.add(claim.id)
                yield claim, sentence


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern_source(pattern), re.IGNORECASE)
