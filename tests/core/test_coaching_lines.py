"""Every line is true: what it claims the case holds, and what would make it true is offered."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.advice import Situation
from bot.case import Standing
from bot.coaching import advise, advise_on
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import LANGUAGES, Action, Language, Playbook, Route, Stage
from tests.core.coached import (
    AGENT_SIGNALS,
    CUSTOMER_SIGNALS,
    NOW,
    PRESSURE,
    VALUES,
    any_situation,
    reading,
    situation_of,
    whispered,
)


@given(
    situation=any_situation(),
    signals=st.sets(st.sampled_from((*CUSTOMER_SIGNALS, *PRESSURE)), min_size=1),
    anger=st.integers(0, 3),
    language=st.sampled_from(LANGUAGES),
)
@settings(max_examples=200, deadline=None)
def test_no_line_ever_claims_a_fact_that_the_case_does_not_hold(
    playbook: Playbook, situation: Situation, signals: set[str], anger: int, language: Language
) -> None:
    """True lines only, three at most; a line that would not be true is withheld with what is missing."""
    advice = advise(
        playbook,
        reading=reading(*signals, anger=anger),
        speaker=Role.CUSTOMER,
        situation=situation,
        given=(),
        language=language,
        now=NOW,
    )
    for line in advice.lines if advice else ():
        assert situation.facts.issuperset(line.claims)
        assert "{" not in line.text
    for kept_back in advice.withheld if advice else ():
        assert kept_back.missing
        assert situation.facts.isdisjoint(kept_back.missing)
    assert advice is None or len(advice.lines) <= 3


@given(situation=any_situation(), anger=st.integers(0, 3), language=st.sampled_from(LANGUAGES))
@settings(max_examples=200, deadline=None)
def test_what_came_true_is_told_with_true_lines(
    playbook: Playbook, situation: Situation, anger: int, language: Language
) -> None:
    """The lines that go with a new fact claim nothing else that does not hold."""
    for fact in situation.facts:
        advice = advise_on(playbook, fact, situation=situation, language=language, anger=anger)
        for line in advice.lines if advice else ():
            assert situation.facts.issuperset(line.claims)
            assert "{" not in line.text
        assert advice is None or 1 <= len(advice.lines) <= 3


@given(
    situation=any_situation(),
    signals=st.sets(st.sampled_from(AGENT_SIGNALS), min_size=1),
    anger=st.integers(0, 3),
)
@settings(max_examples=200, deadline=None)
def test_an_agents_own_words_are_mended_with_true_lines(
    playbook: Playbook, situation: Situation, signals: set[str], anger: int
) -> None:
    """A repair line is no less true than the others."""
    advice = advise(
        playbook,
        reading=reading(*signals, anger=anger),
        speaker=Role.AGENT,
        situation=situation,
        given=(),
        language="zh-TW",
        now=NOW,
    )
    for line in advice.lines if advice else ():
        assert situation.facts.issuperset(line.claims)


@pytest.mark.parametrize(
    ("signal", "fact", "action"),
    [
        ("claims_promise", "promise_being_checked", Action.ASK_SALES),
        ("asks_engineer", "engineer_assigned", Action.ASSIGN_ENGINEER),
        ("asks_supervisor", "takeover_asked", Action.ASK_TAKEOVER),
        ("asks_supervisor", "commitment_recorded", Action.COMMIT),
        ("lectures", "commitment_recorded", Action.COMMIT),
    ],
)
def test_a_line_that_is_not_true_yet_brings_the_action_that_makes_it_true(
    playbook: Playbook, signal: str, fact: str, action: Action
) -> None:
    """The bot offers the line when the case holds the facts, and the action otherwise."""
    before = situation_of(Standing(entitlement=Entitlement.EXPIRED), Stage.CONFIRM)
    after = before.model_copy(update={"facts": before.facts | {fact}, "values": VALUES})
    missing, there = whispered(playbook, before, signal), whispered(playbook, after, signal)
    assert missing
    assert there
    assert action in missing.actions
    assert any(fact in line.missing for line in missing.withheld)
    assert not any(fact in line.claims for line in missing.lines)
    assert any(fact in line.claims for line in there.lines)


@pytest.mark.parametrize("signal", ["reports_fault", "asks_engineer", "claims_promise", "asks_why"])
def test_a_claim_is_put_to_sales_whatever_is_spoken_of(playbook: Playbook, signal: str) -> None:
    """R24: until sales is asked, its route and the words that wait for it stand at every message; once, not twice."""
    claimed = situation_of(Standing(entitlement=Entitlement.EXPIRED, claim="pending"), Stage.CONFIRM)
    advice = whispered(playbook, claimed, signal)
    assert advice
    assert Route.SALES in advice.routes
    assert Action.ASK_SALES in advice.actions
    assert [line.missing for line in advice.withheld].count(("promise_being_checked",)) == 1
    checked = claimed.model_copy(update={"facts": claimed.facts | {"promise_being_checked"}})
    advice = whispered(playbook, checked, signal)
    assert advice
    assert Action.ASK_SALES not in advice.actions
    assert not any("promise_being_checked" in line.missing for line in advice.withheld)


def test_a_line_kept_back_shows_a_gap_where_a_value_is_missing(playbook: Playbook) -> None:
    """The agent reads what could be said once a time is written down, and no brace."""
    advice = whispered(playbook, situation_of(Standing(), Stage.CONFIRM), "asks_supervisor")
    assert advice
    assert any("by …" in line.text and "due_at" in line.missing for line in advice.withheld)


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN", "en"])
@pytest.mark.parametrize("fact", ["exception_requested", "exception_approved", "exception_declined"])
def test_when_a_fact_becomes_true_there_are_lines_that_say_so(
    playbook: Playbook, fact: str, language: Language
) -> None:
    """The agent hears what can be said now, and every line holds."""
    decision = {"exception_approved": "granted", "exception_declined": "declined"}.get(fact, "none")
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision=decision)
    situation = Situation(
        standing=stands,
        stage=Stage.DECIDE if decision == "none" else Stage.FOLLOW_UP,
        facts=frozenset({fact, "expired"}),
        values={"customer": "廣昕", "concession": "…"},
    )
    advice = advise_on(playbook, fact, situation=situation, language=language)
    assert advice
    assert any(fact in line.claims for line in advice.lines)


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN", "en"])
@pytest.mark.parametrize("facts", [(), ("declined_for_fairness",)])
def test_fairness_is_the_reason_only_where_whoever_declined_said_so(
    playbook: Playbook, facts: tuple[str, ...], language: Language
) -> None:
    """R28: a reason that is not this case's is not given; the answer and what comes next stand without it."""
    situation = Situation(
        standing=Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined"),
        stage=Stage.FOLLOW_UP,
        facts=frozenset({"exception_declined", "expired", *facts}),
    )
    advice = advise_on(playbook, "exception_declined", situation=situation, language=language)
    lines = playbook.words[language].plays["exception_declined"].lines
    told = ["thanks_and_message", *(["reason"] if facts else []), "outlook"]
    assert advice
    assert [line.text for line in advice.lines] == [lines[each] for each in told]


@pytest.mark.parametrize(
    ("language", "day"), [("en", "30 April 2026"), ("zh-TW", "2026 年 4 月 30 日"), ("zh-CN", "2026年4月30日")]
)
def test_a_day_in_a_line_is_written_as_people_write_it(playbook: Playbook, language: Language, day: str) -> None:
    """A line is read aloud or pasted: in English nobody says 2026-04-30."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low")
    told = situation_of(stands, Stage.TELL).model_copy(update={"values": {"ended_on": date(2026, 4, 30)}})
    advice = advise_on(playbook, "expired", situation=told, language=language)
    assert advice is not None
    assert any(day in line.text for line in advice.lines)
