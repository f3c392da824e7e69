"""Whole conversations, and how what the coach did at each message is held against what was expected of it.

The conversations and their expectations were written and committed without sight of the playbook. Where one was
narrower than the domain page, somebody else widened it later and says why (`revised`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.message import Role
from bot.replay import Line, Replay, Told

FOLDER = Path(__file__).parent
KNOWN = FOLDER / "known_misses.txt"
"""What is not yet as expected, a line a miss; written by `python -m tests.conversations`."""
VERDICTS = (" whispered or silent as expected", " whispered or silent wrongly")
ABOUT: Mapping[str, re.Pattern[str]] = {
    "price": re.compile(
        r"價格|报价|報價|价格|费用|費用|收費|收费|多少錢|多少钱|兩個價|两个价|兩種價"
        r"|\b(?:prices?|quote|charges?|fee|costs? (?:you|of))\b",
        re.IGNORECASE,
    ),
    "renewal": re.compile(r"續約|续约|續保|续保|簽約|\brenew", re.IGNORECASE),
    "expiry": re.compile(
        r"過期|过期|到期|過保|过保|保固|质保|保修"
        r"|\b(?:expired?|ran out|run out|lapsed|out of warranty|warranty|in cover)\b",
        re.IGNORECASE,
    ),
    "concession": re.compile(
        r"免費|免费|減免|减免|折扣|通融|優惠|优惠|免工|\b(?:free|waive|discount|goodwill|exception|special)\b",
        re.IGNORECASE,
    ),
}
"""Words by which a line is known to bring something up, whatever the playbook says of it."""


class Beat(BaseModel):
    """A message and what is expected of the coach at it.

    Attributes:
        revised: Why a reader of the domain page alone, not its author, widened the expectation later; empty for most.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    signals: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    anger: tuple[int, int] = (0, 3)
    whisper: bool | str = "either"
    rules: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    not_routes: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    no_line_about: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    revised: str = ""


LATER = frozenset({"answers_to_boss", "raises_contract"})
"""What the playbook hears since the conversations were written: whether it does counts neither way."""


def conversations() -> list[Path]:
    """The files, in every language."""
    return sorted(FOLDER.glob("*/*.jsonl"))


def play(path: Path, replay: Replay) -> Iterator[tuple[int, Told, Beat]]:
    """Each message of a conversation with what the coach did and what it should have done."""
    with path.open(encoding="utf-8") as lines:
        for number, raw in enumerate(lines, start=1):
            given: dict[str, Any] = json.loads(raw)
            if "title" not in given:
                yield number, replay.hear(Line.model_validate(given)), Beat.model_validate(given["expect"])


def misses(told: Told, beat: Beat) -> Iterator[str]:
    """What was not as expected."""
    seen = set(told.reading.ids)
    yield from (f"{each} not noticed" for each in beat.signals if each not in seen)
    yield from (f"{each} noticed" for each in sorted(seen.difference(beat.signals, beat.may, LATER)))
    least, most = beat.anger
    if told.line.role is Role.CUSTOMER and not least <= told.reading.anger <= most:
        yield f"anger {told.reading.anger}"
    advice = told.advice
    if advice is None:
        if beat.whisper is True:
            yield "silence"
        return
    if beat.whisper is False:
        yield f"whisper {'+'.join(advice.plays)}"
        return
    if beat.rules and set(beat.rules).isdisjoint(advice.rules):
        yield f"rests on {' '.join(advice.rules)}"
    yield from (f"no route {each}" for each in beat.routes if each not in advice.routes)
    yield from (f"route {each}" for each in beat.not_routes if each in advice.routes)
    if beat.stages and advice.stage not in beat.stages:
        yield f"stage {advice.stage.value}"
    for topic in beat.no_line_about:
        yield from (f"{topic}: {line.text}" for line in advice.lines if ABOUT[topic].search(line.text))
    missing = {fact for line in advice.withheld for fact in line.missing}
    if beat.withheld and missing.isdisjoint(beat.withheld):
        yield "nothing withheld for " + " or ".join(beat.withheld)


def played(path: Path) -> str:
    """A conversation's name: its language and way of pushing."""
    return f"{path.parent.name}/{path.stem}"


def found_in(path: Path, replay: Replay) -> list[str]:
    """Each miss of a conversation with its line, and for each beat that asks for it whether to whisper was right."""
    found = []
    for number, told, beat in play(path, replay):
        found += [f"{played(path)}:{number} {miss}" for miss in misses(told, beat)]
        if isinstance(beat.whisper, bool):
            found.append(f"{played(path)}:{number}{VERDICTS[bool(told.advice) is not beat.whisper]}")
    return found
