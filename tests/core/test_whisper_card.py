"""A whisper is read while somebody types: short at first, and what it leaves out stands behind *Why this?*."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.advice import Advice, Situation
from bot.cards import whisper
from bot.case import Course, Standing, facts_held, stage_reached
from bot.coaching import advise
from bot.entitlement import Entitlement
from bot.i18n import words
from bot.message import Role
from bot.playbook import LANGUAGES, Action, Language, Playbook
from bot.signals import Reading, Signal
from tests.core.coached import any_standing

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EXPIRED = Standing(entitlement=Entitlement.EXPIRED)
SAID = "Our ERP has been down since this morning"


def advised(
    playbook: Playbook,
    *signals: str,
    stands: Standing = EXPIRED,
    anger: int = 0,
    answered: bool = False,
    speaker: Role = Role.CUSTOMER,
    language: Language = "en",
) -> Advice | None:
    """What is whispered about a message that shows this."""
    facts = facts_held(stands, {}, understood=answered, requested=False, sales_told=False, prices_on_file=True)
    stage = stage_reached(Course(answered=answered, replied=answered), stands, facts)
    return advise(
        playbook,
        reading=Reading(tuple(Signal(each, 0.9, SAID) for each in signals), anger),
        speaker=speaker,
        situation=Situation(standing=stands, stage=stage, facts=facts),
        given=(),
        language=language,
        now=NOW,
    )


def shown(advice: Advice | None, playbook: Playbook, language: Language = "en") -> list[dict[str, Any]]:
    """The whisper's blocks."""
    assert advice
    return whisper.card(advice, "a" * 26, customer="Kuanghsin", playbook=playbook, say=words(language))[1]


def quoted(blocks: list[dict[str, Any]]) -> Iterator[str]:
    """The lines to say."""
    for block in blocks:
        if block["type"] == "rich_text":
            yield from (piece["elements"][0]["text"] for piece in block["elements"])


def text_of(shown: Any) -> str:
    """Every word of it."""
    if isinstance(shown, dict):
        shown = list(shown.values())
    return "\n".join(map(text_of, shown)) if isinstance(shown, list) else str(shown)


def behind(advice: Advice, playbook: Playbook, language: Language = "en") -> list[dict[str, Any]]:
    """What stands behind *Why this?*."""
    blocks: list[dict[str, Any]] = whisper.why(advice, playbook=playbook, say=words(language))["blocks"]
    return blocks


def test_a_first_fault_is_answered_with_one_line_and_with_the_cover_in_a_word(playbook: Playbook) -> None:
    """R01, R03: nothing has happened yet, so neither route nor choice is pressed on whoever reads it."""
    advice = advised(playbook, "reports_fault")
    assert advice
    blocks = shown(advice, playbook)
    assert list(quoted(blocks)) == [advice.lines[0].text]
    assert [each for each in map(str, blocks) if "*Route*" in each] == []
    assert "Kuanghsin  ·  not covered now" in str(blocks[0])
    assert f"You could say  ·  {len(advice.lines) - 1} more under “Why this?”" in str(blocks)
    told = behind(advice, playbook)
    assert list(quoted(told)) == [each.text for each in advice.lines[1:]]
    assert playbook.words["en"].decisions["assess_fault"].route in text_of(told)


@pytest.mark.parametrize(
    ("entitlement", "told"),
    [
        (Entitlement.COVERED, "covered"),
        (Entitlement.PARTLY, "partly covered"),
        (Entitlement.EXPIRED, "not covered now"),
        (Entitlement.UNKNOWN, "cover to be checked"),
    ],
)
def test_the_cover_is_told_in_a_word_and_a_gap_is_no_end(
    playbook: Playbook, entitlement: Entitlement, told: str
) -> None:
    """Unknown is not expired."""
    top = shown(advised(playbook, "reports_fault", stands=Standing(entitlement=entitlement)), playbook)[0]
    assert top["elements"][0]["text"].split("  ·  ")[-1] == told


def test_where_the_table_leads_is_told_unless_its_button_says_it(playbook: Playbook) -> None:
    """That it has to be assessed stands on *Assess…*; what is served or decided is told in words, once answered."""
    routes = {each: playbook.words["en"].decisions[each].route for each in ("assess_fault", "verify_record")}
    assessed = advised(playbook, "asks_favour", answered=True)
    assert assessed
    assert Action.ASSESS in assessed.actions
    assert routes["assess_fault"] not in text_of(shown(assessed, playbook))
    without = assessed.model_copy(update={"actions": ()})
    assert routes["assess_fault"] in text_of(shown(without, playbook))
    gaps, covered = (Standing(entitlement=each) for each in (Entitlement.UNKNOWN, Entitlement.COVERED))
    asked = [advised(playbook, "asks_favour", stands=gaps, answered=each) for each in (False, True)]
    assert [routes["verify_record"] in text_of(shown(each, playbook)) for each in asked] == [False, True]
    served = shown(advised(playbook, "reports_fault", stands=covered), playbook)
    assert playbook.words["en"].decisions["serve_covered"].route in text_of(served)


def test_of_the_customers_one_signal_the_words_alone_are_quoted(playbook: Playbook) -> None:
    """The title names it; of the agent's own words, and of several, each is named."""
    names = playbook.words["en"].signals
    (one,) = [each for each in shown(advised(playbook, "asks_favour"), playbook) if SAID in str(each)]
    assert one["elements"][0]["text"] == f"“{SAID}”"
    own = shown(advised(playbook, "cites_policy", speaker=Role.AGENT), playbook)
    assert f"*{names['cites_policy'].name}* “{SAID}”" in str(own)


@given(
    data=st.data(),
    stands=any_standing,
    anger=st.integers(0, 3),
    answered=st.booleans(),
    language=st.sampled_from(LANGUAGES),
)
@settings(max_examples=300, deadline=None)
def test_no_line_is_lost_and_none_that_speaks_of_money_is_put_away(
    playbook: Playbook, data: st.DataObject, stands: Standing, anger: int, *, answered: bool, language: Language
) -> None:
    """R34, R36: heat and threats show the same offer as a calm message, since an offer is always shown."""
    known = sorted(each.id for each in playbook.signals if each.speaker == Role.CUSTOMER)
    signals = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    advice = advised(playbook, *signals, stands=stands, anger=anger, answered=answered, language=language)
    if advice is None:
        return
    first, more = list(quoted(shown(advice, playbook, language))), list(quoted(behind(advice, playbook, language)))
    assert [*first, *more] == [each.text for each in advice.lines]
    assert [each.text for each in advice.lines if each.speaks_of and each.text in more] == []
