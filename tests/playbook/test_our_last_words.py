"""What our own last words call for, and who comes in when a customer speaks for us, with the packaged playbook."""

from datetime import UTC, datetime

import pytest

from bot.advice import Advice, Situation
from bot.case import Course, Heard, Standing, course, facts_held, stage_reached
from bot.coaching import advise
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Playbook, Route, Speaker, Stage
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Reading, Signal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EXPIRED = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low")


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    """The playbook that comes with Aside."""
    return load_playbook(PACKAGED_PLAYBOOK)


def whispered(
    playbook: Playbook, said: Course, stands: Standing, *signals: str, speaker: Speaker = Role.CUSTOMER
) -> Advice | None:
    """What is whispered at a message in a conversation that has come to this."""
    facts = facts_held(
        stands,
        {},
        understood=True,
        requested=False,
        sales_told=False,
        prices_on_file=False,
        slighted=said.slighted,
        overpromised=said.overpromised,
        threatened=said.threatened,
    )
    return advise(
        playbook,
        reading=Reading(tuple(Signal(each, 0.9, "…") for each in signals)),
        speaker=speaker,
        situation=Situation(standing=stands, stage=stage_reached(said, stands, facts), facts=facts),
        given=(),
        language="en",
        now=NOW,
    )


@pytest.mark.parametrize("slight", ["argues", "labels_customer", "mocks_customer", "shames_price"])
def test_whatever_the_customer_answers_a_slight_is_apologised_for(playbook: Playbook, slight: str) -> None:
    """R06, R13: "…was that meant for me?" shows no signal, and still the apology comes first."""
    said = course([Heard(role=Role.AGENT, signals=(slight,)), Heard(role=Role.CUSTOMER)])
    advice = whispered(playbook, said, EXPIRED)
    assert advice
    assert advice.plays == ("after_a_slight",)


@pytest.mark.parametrize("slip", ["argues", "overpromises"])
def test_nothing_is_mended_once_we_spoke_again_or_they_are_content(playbook: Playbook, slip: str) -> None:
    """Quiet by default: our newest words count, and to who is satisfied a slight is not brought up again."""
    once = Heard(role=Role.AGENT, signals=(slip,))
    corrected = course([once, Heard(role=Role.AGENT), Heard(role=Role.CUSTOMER)])
    assert whispered(playbook, corrected, EXPIRED) is None
    assert not corrected.to_mend
    if slip == "argues":
        assert whispered(playbook, course([once]), EXPIRED, "satisfied") is None


def test_a_promise_nobody_decided_is_put_right_when_it_is_counted_on(playbook: Playbook) -> None:
    """R32, R33: "I'll tell our MD, put it in writing" shows no signal; the promise is taken back before it travels."""
    said = course([Heard(role=Role.AGENT, signals=("overpromises",)), Heard(role=Role.CUSTOMER)])
    advice = whispered(playbook, said, EXPIRED)
    assert advice
    assert advice.plays == ("promise_taken_up",)
    assert Route.SUPERVISOR in advice.routes
    ours = whispered(playbook, said, EXPIRED.model_copy(update={"fault_ours": "yes"}))
    assert ours
    assert len(ours.lines) == len(advice.lines) + 1  # what is certain: that the mistake was ours


@pytest.mark.parametrize(
    "settled",
    [{"decision": "granted"}, {"entitlement": Entitlement.COVERED}, {"claim": "confirmed"}],
)
def test_what_was_decided_may_be_counted_on(playbook: Playbook, settled: dict[str, str]) -> None:
    """R33: a promise that the case bears out needs no taking back."""
    said = course([Heard(role=Role.AGENT, signals=("overpromises",)), Heard(role=Role.CUSTOMER)])
    assert whispered(playbook, said, EXPIRED.model_copy(update=settled)) is None


def test_joy_over_a_promise_nobody_decided_is_not_the_end() -> None:
    """R32: who is pleased with what cannot be kept has not been helped yet."""
    stands = EXPIRED.model_copy(update={"decision": "declined"})
    pleased = Course(answered=True, replied=True, pleased=True)
    assert stage_reached(pleased, stands, frozenset()) is Stage.FOLLOW_UP
    promised = pleased.model_copy(update={"overpromised": True})
    assert stage_reached(promised, stands, frozenset()) is Stage.DECIDE


@pytest.mark.parametrize("signal", ["cites_policy", "refuses_early", "repeats_refusal"])
@pytest.mark.parametrize(("cost", "route"), [("low", Route.SUPERVISOR), ("high", Route.SALES)])
def test_who_says_no_sees_who_could_say_more(playbook: Playbook, signal: str, cost: str, route: Route) -> None:
    """R12: the reason, and what can be done; the table knows who comes in for that."""
    stands = EXPIRED.model_copy(update={"cost": cost})
    advice = whispered(playbook, Course(answered=True), stands, signal, speaker=Role.AGENT)
    assert advice
    assert route in advice.routes
    blames = whispered(playbook, Course(answered=True), stands, "blames_customer", speaker=Role.AGENT)
    assert blames
    assert route not in blames.routes


def test_a_word_for_the_contract_brings_sales_in(playbook: Playbook) -> None:
    """R20, R44: who takes the contract to their management is met with figures, by sales."""
    advice = whispered(playbook, Course(answered=True, replied=True), EXPIRED, "raises_contract")
    assert advice
    assert advice.plays == ("raises_contract",)
    assert Route.SALES in advice.routes


def test_who_must_face_their_boss_is_helped_with_words_and_offered_nothing_more(playbook: Playbook) -> None:
    """R05, R15: they need sentences that hold; no concession and no price is among them."""
    advice = whispered(playbook, Course(answered=True, replied=True), EXPIRED, "answers_to_boss")
    assert advice
    assert advice.plays == ("answers_to_boss",)
    assert advice.lines
    assert not any(line.speaks_of for line in advice.lines)


def test_a_lecture_that_praises_wants_no_answer(playbook: Playbook) -> None:
    """R33: what it asked for has been done."""
    said = Course(answered=True, replied=True)
    assert whispered(playbook, said, EXPIRED, "lectures")
    assert whispered(playbook, said, EXPIRED, "lectures", "satisfied") is None
