"""How far a case has come, and what is said at which stage."""

import pytest
from hypothesis import given, settings

from bot.advice import Situation
from bot.case import STAGES, Heard, Standing, course, facts_held, has_reached, stage_reached
from bot.coaching import advise
from bot.decision_table import stage_of
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Language, Playbook, Stage, Topic
from tests.core.coached import NOW, PRESSURE, VALUES, any_situation, customer_signals, reading, situation_of, whispered


@given(situation=any_situation(), signals=customer_signals)
@settings(max_examples=150, deadline=None)
def test_nothing_is_said_before_its_stage_unless_it_was_asked_for(
    playbook: Playbook, situation: Situation, signals: set[str]
) -> None:
    """R01, R17: dates and prices wait until the case is told, and come at once to who asks for them.

    A customer who brings up the contract themselves has asked for it.
    """
    advice = whispered(playbook, situation, *signals)
    topics = {topic for line in advice.lines for topic in line.speaks_of} if advice else set()
    if not has_reached(Stage.TELL, stage_of(situation)):
        assert Topic.EXPIRY not in topics or signals & {"asks_coverage", "disputes_expiry"}
        assert Topic.RENEWAL not in topics or signals & {"asks_price", "raises_contract"}
        assert Topic.PRICE not in topics or signals & {"asks_price", "disputes_charge"}


@pytest.mark.parametrize(
    ("entitlement", "words"),
    [
        (Entitlement.COVERED, "You're covered"),
        (Entitlement.EXPIRED, "ended on 30 April 2026"),
        (Entitlement.PARTLY, "part of what you have is covered"),
        (Entitlement.UNKNOWN, "I won't guess"),
    ],
)
@pytest.mark.parametrize("anger", [0, 3])
def test_asked_about_cover_the_answer_comes_at_once_and_is_true(
    playbook: Playbook, entitlement: Entitlement, words: str, anger: int
) -> None:
    """R01: late is tact, hidden is a lie; into the very first message, and also to who is angry."""
    situation = situation_of(Standing(entitlement=entitlement), Stage.RECEIVE).model_copy(update={"values": VALUES})
    advice = whispered(playbook, situation, "asks_coverage", anger=anger)
    assert advice
    assert any(words in line.text for line in advice.lines)


def came_to(heard: list[Heard]) -> Stage:
    """How far such a conversation has come when nothing is recorded."""
    said = course(heard)
    facts = facts_held(Standing(), {}, understood=said.replied, requested=False, sales_told=False, prices_on_file=False)
    return stage_reached(said, Standing(), facts)


@pytest.mark.parametrize("pressure", PRESSURE)
def test_pressure_does_not_move_a_case_on(pressure: str) -> None:
    """A threat brings nobody nearer to an offer."""
    calm = [Heard(role=Role.CUSTOMER, signals=("reports_fault",))]
    pressed = [Heard(role=Role.CUSTOMER, signals=("reports_fault", pressure))]
    assert came_to(calm) is came_to(pressed) is Stage.RECEIVE


@pytest.mark.parametrize(
    ("heard", "stage"),
    [
        ([Heard(role=Role.CUSTOMER, signals=("reports_fault",))], Stage.RECEIVE),
        ([Heard(role=Role.CUSTOMER), Heard(role=Role.AGENT)], Stage.CONFIRM),
        ([Heard(role=Role.CUSTOMER), Heard(role=Role.AGENT), Heard(role=Role.CUSTOMER)], Stage.ASSESS),
        ([Heard(role=Role.CUSTOMER, signals=("asks_price",))], Stage.RECEIVE),
        ([Heard(role=Role.CUSTOMER), Heard(role=Role.COLLEAGUE)], Stage.RECEIVE),
    ],
)
def test_a_case_comes_as_far_as_the_conversation_has(heard: list[Heard], stage: Stage) -> None:
    """R01, R03: receive, confirm, assess; a price asked for first moves nothing on."""
    assert came_to(heard) is stage


def test_stages_follow_one_another() -> None:
    """What belongs to a stage may be said from then on."""
    assert [has_reached(each, Stage.ASSESS) for each in STAGES] == [True, True, True, False, False, False, False]


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN", "en"])
def test_a_first_fault_hears_nothing_of_warranty_or_price(playbook: Playbook, language: Language) -> None:
    """R01: the problem first."""
    advice = advise(
        playbook,
        reading=reading("reports_fault"),
        speaker=Role.CUSTOMER,
        situation=situation_of(Standing(entitlement=Entitlement.EXPIRED), Stage.RECEIVE),
        given=(),
        language=language,
        now=NOW,
    )
    assert advice
    assert advice.action is None
    assert 1 <= len(advice.lines) <= 3
    for word in ("保固", "維護", "维护", "续约", "費用", "费用", "warranty", "contract", "price", "renew"):
        assert all(word not in line.text.lower() for line in advice.lines)
