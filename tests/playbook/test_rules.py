"""The rules of the trade: each one works somewhere, in words of our own, and the page that tells them is not stale."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from pydantic import ValidationError

from bot.advice import Advice, Situation
from bot.case import Course, Standing, facts_held, stage_reached
from bot.coaching import advise, advise_on, answers_words
from bot.message import Role
from bot.playbook import Language, LineDefinition, Place, Play, Playbook, Stage, Topic
from bot.playbook_files import load_playbook
from bot.quiet import Given
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Reading, Signal
from tests.playbook.rules_page import PAGE, page

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
VALUES = dict.fromkeys(("customer", "product", "ended_on", "concession", "due_at", "moved_from", "missed_at"), "…")
DERIVED = facts_held(Standing(), {}, understood=True, requested=True, sales_told=True, prices_on_file=True) | {
    "covered",
    "cost_estimated",
    "earlier_exception",
    "exception_approved",
    "exception_declined",
    "expired",
    "fault_ours",
    "new_facts",
    "partly_covered",
    "promise_confirmed",
    "promise_not_confirmed",
}
"""Facts that follow from where a case stands, or that the bot sees itself; all others are recorded."""
HOUR_SECONDS = 3600
EVERY = [f"R{number:02}" for number in range(1, 51)]


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    """The playbook that comes with Aside."""
    return load_playbook(PACKAGED_PLAYBOOK)


def served_by(playbook: Playbook, rule: str) -> list[str]:
    """The plays and rows that serve a rule."""
    rows = (*playbook.decisions, *playbook.beside)
    return [play.id for play in playbook.plays if rule in play.rules] + [row.id for row in rows if rule in row.rules]


def test_there_are_fifty_rules(playbook: Playbook) -> None:
    """R01 to R50, in order, none left out."""
    assert [rule.id for rule in playbook.rules] == EVERY


def test_each_rule_works_where_it_says(playbook: Playbook) -> None:
    """A rule is a working play, or a line of the report, or excluded for a reason; never silently nothing."""
    for rule in playbook.rules:
        assert (Place.PLAY in rule.works_in) == bool(served_by(playbook, rule.id)), rule.id
        if Place.EXCLUSION in rule.works_in:
            assert rule.works_in == (Place.EXCLUSION,), rule.id


def test_what_is_no_play_says_why(playbook: Playbook) -> None:
    """An exclusion has its reason, a line of the report says which one it is; nothing else has a note."""
    noted = {rule.id for rule in playbook.rules if rule.works_in != (Place.PLAY,)}
    assert all(set(words.rule_notes) == noted for words in playbook.words.values())


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN", "en"])
def test_why_can_quote_every_rule(playbook: Playbook, language: Language) -> None:
    """When asked why, there is a sentence for each rule in the reader's language."""
    words = playbook.words[language].rules
    assert sorted(words) == EVERY
    assert all(len(text) >= (20 if language == "en" else 8) for text in words.values())
    assert len(set(words.values())) == len(EVERY)


@pytest.mark.parametrize(
    ("signals", "rules", "routes"),
    [
        pytest.param(("anger",), {"R02", "R13"}, set(), id="upset"),
        pytest.param(("reasoned_complaint", "asks_why"), {"R04"}, set(), id="reasoning"),
        pytest.param(("reasoned_complaint", "threatens_legal"), {"R38"}, {"supervisor", "legal"}, id="intimidating"),
        pytest.param(("lectures",), {"R33"}, set(), id="lecturing"),
        pytest.param(("asks_price",), {"R22"}, set(), id="pragmatic"),
        pytest.param(("asks_favour", "asks_secrecy"), {"R40", "R19"}, set(), id="pleading"),
        pytest.param(("claims_promise",), {"R24", "R06"}, {"sales"}, id="bluffing with a promise"),
        pytest.param(("disputes_expiry",), {"R06"}, set(), id="bluffing with a date"),
        pytest.param(("claims_precedent",), {"R06"}, set(), id="bluffing with a precedent"),
        pytest.param(("threatens_to_leave",), {"R34", "R36"}, {"sales"}, id="threatening to leave"),
        pytest.param(("threatens_publicity",), {"R37", "R35"}, {"supervisor"}, id="threatening with the press"),
        pytest.param(("threatens_agent",), {"R39"}, {"supervisor"}, id="threatening the agent"),
        pytest.param(("abuses_agent",), {"R47"}, {"takeover", "supervisor"}, id="abusing the agent"),
    ],
)
def test_each_way_of_pushing_meets_what_works(
    playbook: Playbook, signals: tuple[str, ...], rules: set[str], routes: set[str]
) -> None:
    """Upset, reasoning, lecturing, pragmatic, pleading, bluffing, threatening: the rules that work, who comes in."""
    advice = advise(
        playbook,
        reading=Reading(tuple(Signal(each, 0.9, "…") for each in signals), 2 * ("anger" in signals)),
        speaker=Role.CUSTOMER,
        situation=Situation(standing=Standing(), stage=Stage.CONFIRM, facts=frozenset()),
        given=(),
        language="zh-TW",
        now=NOW,
    )
    assert advice
    assert rules.issubset(advice.rules)
    assert routes.issubset(advice.routes)
    assert 1 <= len(advice.lines) <= 3


def test_every_line_can_be_heard(playbook: Playbook) -> None:
    """A working play: one of its signals, or a fact come true, brings each of its lines in a case that can be."""
    never = [
        (play.id, line.id)
        for play in playbook.plays
        for line in play.lines
        if not any(
            advice
            and play.id in advice.plays
            and playbook.words["en"].plays[play.id].lines[line.id].format_map(VALUES)
            in {each.text for each in advice.lines}
            for situation in _cases(playbook, play, line)
            for advice in _said(playbook, play, situation)
        )
    ]
    assert never == []


def test_a_line_is_a_pitch_or_about_a_concession_never_both() -> None:
    """What is conceded is said whatever the tone, a pitch is not: an author who mixes them is told."""
    with pytest.raises(ValidationError, match="make two of it"):
        LineDefinition(id="both", speaks_of=(Topic.CONCESSION, Topic.RENEWAL))


@pytest.mark.parametrize(
    ("topics", "words"),
    [
        (
            {Topic.PRICE, Topic.RENEWAL},
            (
                r"續約|续约|续签|價錢|价钱|价格|預算|预算|維護合約|维护合同|维保"
                r"|\brenew|\bprices?\b|maintenance contract|one-off repair"
            ),
        ),
        ({Topic.EXPIRY}, r"\{ended_on\}|到期|過保|过保|expire"),
        ({Topic.CONCESSION}, r"\{concession\}|特別處理|特别处理|特别给您|替您去問|替您去问|ask for you"),
    ],
)
def test_what_a_line_speaks_of_is_marked(playbook: Playbook, topics: set[Topic], words: str) -> None:
    """No pitch, date or concession slips past the rules about when it may be said, in any language."""
    unmarked = [
        (play.id, line.id, language)
        for play in playbook.plays
        for line in play.lines
        for language, wording in playbook.words.items()
        if re.search(words, wording.plays[play.id].lines[line.id]) and topics.isdisjoint(line.speaks_of)
    ]
    assert unmarked == []


def test_the_page_is_not_stale(playbook: Playbook) -> None:
    """docs/rules.md is what the playbook says: `python -m tests.playbook.rules_page` writes it anew."""
    assert PAGE.read_text("utf-8") == page(playbook)


def _cases(playbook: Playbook, play: Play, line: LineDefinition) -> Iterator[Situation]:
    """Cases that can be, the everyday ones first, in which people recorded and did what the line claims."""
    wanted = {*line.claims, *play.when.facts}
    recorded = dict.fromkeys(wanted - DERIVED, "yes")
    for values in product(*(sorted(each, key=_everyday) for each in playbook.dimensions.values())):
        stands = Standing.model_validate(dict(zip(playbook.dimensions, values, strict=True)))
        if any(stands.value(name) not in fitting for name, fitting in play.when.case.items()):
            continue
        for understood, over in product((True, False), repeat=2):
            facts = facts_held(
                stands,
                recorded,
                understood=understood,
                requested="exception_requested" in wanted,
                sales_told="sales_told" in wanted,
                prices_on_file="prices_on_file" in wanted,
            )
            said = Course(answered=understood, replied=understood, pleased=over)
            stage = stage_reached(said, stands, facts)
            yield Situation(standing=stands, stage=stage, facts=facts, values=VALUES)


def _everyday(value: str) -> int:
    return ("no", "expired", "none", "low", "clear").count(value) * -1


def _said(playbook: Playbook, play: Play, situation: Situation) -> Iterator[Advice | None]:
    """What is whispered when one signal of the play is seen, our last words want mending, or a fact has come true."""
    rest = tuple(
        each.id for each in playbook.plays if (each.cooldown_seconds or 0) > HOUR_SECONDS and each.id != play.id
    )
    said_once = (Given(plays=rest, at=NOW - timedelta(seconds=HOUR_SECONDS)),)
    for signal in play.when.signals:
        anger = max(play.when.min_anger, int(signal == "anger"))
        for given in ((), said_once):
            yield advise(
                playbook,
                reading=Reading((Signal(signal, 0.9, "…"),), anger),
                speaker=play.speaker,
                situation=situation,
                given=given,
                language="en",
                now=NOW,
            )
    if not play.when.signals and answers_words(play):
        yield advise(
            playbook,
            reading=Reading(),
            speaker=play.speaker,
            situation=situation,
            given=(),
            language="en",
            now=NOW,
        )
    elif not play.when.signals:
        for fact in dict.fromkeys(fact for line in play.lines for fact in line.claims):
            yield advise_on(playbook, fact, situation=situation, language="en")
