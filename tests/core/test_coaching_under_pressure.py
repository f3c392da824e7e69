"""Anger, threats and our own mistakes: they change the tone and who is told, never the offer."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.advice import Situation
from bot.case import Heard, Standing, course
from bot.coaching import OUR_MISTAKES, advise
from bot.decision_table import decide, may_ask_exception
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Action, Playbook, Route, Stage, Topic
from bot.quiet import Given
from tests.core.coached import (
    CUSTOMER_SIGNALS,
    NOW,
    PRESSURE,
    any_situation,
    conceding,
    customer_signals,
    reading,
    situation_of,
    whispered,
)


def test_pressure_is_what_the_playbook_says(playbook: Playbook) -> None:
    """The signals that bring people in and put nothing on the table."""
    assert {each.id for each in playbook.signals if each.pressure} == set(PRESSURE)
    assert {each.id for each in playbook.signals if each.speaker is Role.CUSTOMER} == {*PRESSURE, *CUSTOMER_SIGNALS}


@given(
    situation=any_situation(),
    signals=customer_signals,
    pressure=st.sets(st.sampled_from(PRESSURE)),
    anger=st.integers(0, 3),
)
@settings(max_examples=200, deadline=None)
def test_anger_and_threats_never_change_what_is_on_the_table(
    playbook: Playbook, situation: Situation, signals: set[str], pressure: set[str], anger: int
) -> None:
    """Whatever is shouted: row, action and every word about a concession follow from the case and what was asked."""
    row = decide(playbook, situation.standing)
    allowed = may_ask_exception(row, situation)
    calm = whispered(playbook, situation, *signals)
    shouted = whispered(playbook, situation, *signals, *pressure, anger=anger)
    assert conceding(shouted) == conceding(calm)
    for advice in filter(None, (calm, shouted)):
        assert advice.row == row.id
        assert advice.action == (Action.ASK_EXCEPTION if allowed else None)
        assert (Action.ASK_EXCEPTION in advice.actions) == allowed
        assert len(advice.actions) <= 3


@given(situation=any_situation(), signals=customer_signals, pressure=st.sets(st.sampled_from(PRESSURE)))
@settings(max_examples=200, deadline=None)
def test_nothing_is_pitched_to_who_is_angry_or_suffers_from_our_mistake(
    playbook: Playbook, situation: Situation, signals: set[str], pressure: set[str]
) -> None:
    """R02, R13: no renewal, no prices side by side, no sales talk, whatever the message asks for."""
    stands = situation.standing
    at_fault = stands.fault_ours == "yes" or not situation.facts.isdisjoint(OUR_MISTAKES)
    for anger in range(4):
        advice = whispered(playbook, situation, *signals, *pressure, anger=anger)
        topics = {topic for line in advice.lines for topic in line.speaks_of} if advice else set()
        if anger >= 2 or at_fault:
            assert topics.isdisjoint({Topic.PRICE, Topic.RENEWAL})
            assert Topic.EXPIRY not in topics or signals & {"asks_coverage", "disputes_expiry"}


@pytest.mark.parametrize("fault_ours", ["no", "unknown"])
def test_that_the_mistake_is_not_ours_is_known_before_anything_is_pitched(playbook: Playbook, fault_ours: str) -> None:
    """Our breach, our late reply, the same fault twice: checked first."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours=fault_ours, cost="high")
    situation = situation_of(stands, Stage.TELL, told=True)
    advice = whispered(playbook, situation, "asks_favour")
    pitched = [line for line in advice.lines if Topic.RENEWAL in line.speaks_of] if advice else []
    assert bool(pitched) == (fault_ours == "no")


def test_a_threat_brings_its_people_in_beside_whatever_is_shown(playbook: Playbook) -> None:
    """R36: sales is told of a threat to leave though two graver plays are shown."""
    advice = whispered(
        playbook,
        situation_of(Standing(), Stage.CONFIRM),
        "threatens_legal",
        "threatens_publicity",
        "threatens_to_leave",
        anger=3,
    )
    assert advice
    assert advice.plays == ("threatens_legal", "threatens_publicity")
    assert {Route.SUPERVISOR, Route.LEGAL, Route.SALES} <= set(advice.routes)


@pytest.mark.parametrize("threat", ["threatens_to_leave", "threatens_publicity"])
def test_who_threatens_over_a_promise_that_stands_hears_that_it_stands(playbook: Playbook, threat: str) -> None:
    """R25, R33: it is owed, so it is said, and not for the threat's sake; a promise that nobody found is not."""
    for claim, stands in (("confirmed", True), ("not_confirmed", False), ("pending", False)):
        advice = whispered(playbook, situation_of(Standing(claim=claim), Stage.CONFIRM), threat)
        assert advice
        assert ("promise_to_keep" in advice.plays) == stands


def test_a_slight_is_apologised_for_before_the_question_is_answered(playbook: Playbook) -> None:
    """R08, R13: first the words that hurt, then what was asked."""
    situation = situation_of(Standing(), Stage.CONFIRM)
    slighted = situation.model_copy(update={"facts": situation.facts | {"slighted"}})
    advice = whispered(playbook, slighted, "asks_price")
    assert advice
    assert advice.plays == ("after_a_slight", "asks_price")


@pytest.mark.parametrize(
    ("heard", "stands"),
    [
        ([Heard(role=Role.AGENT, signals=("shames_price",))], {"slighted"}),
        ([Heard(role=Role.AGENT, signals=("shames_price",)), Heard(role=Role.CUSTOMER)], {"slighted"}),
        ([Heard(role=Role.AGENT, signals=("shames_price",)), Heard(role=Role.AGENT)], set()),
        ([Heard(role=Role.CUSTOMER, signals=("threatens_publicity",)), Heard(role=Role.AGENT)], {"threatened"}),
        ([Heard(role=Role.CUSTOMER, signals=("threatens_publicity",)), Heard(role=Role.CUSTOMER)], set()),
    ],
)
def test_a_slight_and_a_threat_stand_until_the_same_side_speaks_again(heard: list[Heard], stands: set[str]) -> None:
    """The last words of each side are what the other answers."""
    said = course(heard)
    assert {name for name in ("slighted", "threatened") if getattr(said, name)} == stands


@pytest.mark.parametrize("anger", [2, 3])
@pytest.mark.parametrize("grave", ["abuses_agent", "threatens_agent", "threatens_legal"])
def test_comfort_never_stands_in_for_the_answer_to_a_threat(playbook: Playbook, grave: str, anger: int) -> None:
    """R39, R47: the second threat in a minute, or one whose play was muted, meets silence, not comfort."""
    situation = situation_of(Standing(), Stage.CONFIRM)

    def told(*signals: str, minutes_ago: float = 1, muted: frozenset[str] = frozenset()) -> tuple[str, ...]:
        advice = advise(
            playbook,
            reading=reading(*signals, anger=anger),
            speaker=Role.CUSTOMER,
            situation=situation,
            given=[Given(plays=(grave,), at=NOW - timedelta(minutes=minutes_ago))],
            language="zh-TW",
            now=NOW,
            muted=muted,
        )
        return advice.plays if advice else ()

    assert told(grave, "anger") == ()
    assert told(grave, "anger", minutes_ago=60, muted=frozenset({grave})) == ()
    assert told(grave, "anger", minutes_ago=60)[0] == grave
    assert told("anger") == ("fury" if anger > 2 else "anger",)
    assert told(grave, "anger", "reports_fault") == told("reports_fault") != ()


@pytest.mark.parametrize("signal", ["argues", "repeats_refusal"])
def test_who_returns_heat_to_a_threat_is_offered_a_takeover(playbook: Playbook, signal: str) -> None:
    """R14, R37, R38: nobody dares a customer who threatens."""
    situation = situation_of(Standing(), Stage.CONFIRM)
    advice = advise(
        playbook,
        reading=reading(signal),
        speaker=Role.AGENT,
        situation=situation.model_copy(update={"facts": situation.facts | {"threatened"}}),
        given=(),
        language="zh-TW",
        now=NOW,
    )
    assert advice
    assert advice.plays[0] == "heat_after_a_threat"
    assert Route.TAKEOVER in advice.routes


def test_our_mistake_is_apologised_for_once_a_day(playbook: Playbook) -> None:
    """R13, R33: once it is said, the next thing is to put it right."""
    ours = situation_of(Standing(entitlement=Entitlement.EXPIRED, fault_ours="yes"), Stage.ASSESS)
    advice = advise(
        playbook,
        reading=reading("asks_why"),
        speaker=Role.CUSTOMER,
        situation=ours,
        given=[Given(plays=("our_fault",), at=NOW - timedelta(hours=3))],
        language="en",
        now=NOW,
    )
    assert advice
    assert "our_fault" not in advice.plays
    assert "putting_it_right" in advice.plays


def test_no_price_is_shown_to_who_threatens_unless_they_ask(playbook: Playbook) -> None:
    """R36, R37: beside a threat a price would look like an answer to it; asked for, it is told as ever."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", history="used")
    situation = situation_of(stands, Stage.TELL, told=True)
    threatened = situation.model_copy(update={"facts": situation.facts | {"threatened"}})

    def priced(case: Situation, *signals: str) -> bool:
        advice = whispered(playbook, case, *signals)
        return advice is not None and any(Topic.PRICE in line.speaks_of for line in advice.lines)

    assert priced(situation, "claims_precedent")
    assert not priced(threatened, "claims_precedent", "threatens_publicity")
    assert priced(threatened, "asks_price")
