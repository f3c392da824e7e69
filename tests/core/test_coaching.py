"""What the coach says and does not say, with the playbook that comes with Aside."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.case import STAGES, Course, Heard, Standing, course, facts_held, has_reached, stage_reached
from bot.coaching import OUR_MISTAKES, Advice, Situation, advise, advise_on, decide, may_ask_exception, stage_of
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import LANGUAGES, Action, Language, Playbook, Route, Speaker, Stage, Topic
from bot.playbook_files import load_playbook
from bot.quiet import Given
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Reading, Signal

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PRESSURE = (
    "anger",
    "threatens_to_leave",
    "threatens_publicity",
    "threatens_legal",
    "threatens_agent",
    "abuses_agent",
    "lectures",
)
"""What may change the tone and who is told, never the offer."""
AGENT_SIGNALS = (
    "argues",
    "blames_colleague",
    "blames_customer",
    "cites_policy",
    "counters_question",
    "hands_to_engineer",
    "labels_customer",
    "mocks_customer",
    "offers_too_soon",
    "overpromises",
    "oversympathises",
    "pleads",
    "refuses_early",
    "repeats_refusal",
    "shames_price",
    "stalls",
)


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    """The playbook that comes with Aside."""
    return load_playbook(PACKAGED_PLAYBOOK)


def reading(*ids: str, anger: int = 0) -> Reading:
    """A message that shows these signals."""
    return Reading(tuple(Signal(each, 0.9, "…") for each in ids), anger)


def standings(playbook: Playbook) -> Iterator[Standing]:
    """Every place a case can have in the decision table."""
    names = tuple(playbook.dimensions)
    for values in product(*playbook.dimensions.values()):
        yield Standing.model_validate(dict(zip(names, values, strict=True)))


def situation_of(stands: Standing, stage: Stage, *, told: bool = False) -> Situation:
    """What the coach would be told of such a case."""
    facts = facts_held(
        stands,
        {},
        understood=has_reached(Stage.ASSESS, stage),
        requested=False,
        sales_told=told,
        prices_on_file=told,
    )
    return Situation(standing=stands, stage=stage, facts=facts, values={"customer": "廣昕"})


any_standing = st.builds(
    Standing,
    entitlement=st.sampled_from(Entitlement),
    fault_ours=st.sampled_from(["yes", "no", "unknown"]),
    claim=st.sampled_from(["none", "pending", "confirmed", "not_confirmed"]),
    cost=st.sampled_from(["low", "high", "unknown"]),
    history=st.sampled_from(["clear", "used"]),
    decision=st.sampled_from(["none", "granted", "declined"]),
    new_facts=st.sampled_from(["yes", "no"]),
)
CUSTOMER_SIGNALS = (
    "already_paid",
    "answers_to_boss",
    "asks_coverage",
    "asks_engineer",
    "asks_favour",
    "asks_price",
    "asks_secrecy",
    "asks_supervisor",
    "asks_why",
    "cites_procurement",
    "claims_precedent",
    "claims_promise",
    "demands_compensation",
    "disputes_charge",
    "disputes_expiry",
    "raises_contract",
    "reasoned_complaint",
    "reports_fault",
    "satisfied",
)
"""What a customer can say without heat or threat."""
RECORDED = (
    "case_closed",
    "commitment_recorded",
    "commitment_moved",
    "commitment_missed",
    "engineer_assigned",
    "our_breach",
    "our_late_reply",
    "promise_being_checked",
    "salesperson_left",
    "same_fault_again",
    "supervisor_away",
    "takeover_accepted",
    "takeover_asked",
)
"""What people record or do, and no place in the decision table tells."""
VALUES = {
    "customer": "廣昕",
    "product": "UR-20",
    "ended_on": date(2026, 4, 30),
    "concession": "labour",
    "due_at": "3 pm",
    "moved_from": "1 pm",
    "missed_at": "noon",
}
customer_signals = st.sets(st.sampled_from(CUSTOMER_SIGNALS), min_size=1)


@st.composite
def any_situation(draw: st.DrawFn) -> Situation:
    """A case as it can be: its facts follow from where it stands and from what was recorded."""
    stands = draw(any_standing)
    understood, requested, told = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    facts = facts_held(
        stands,
        dict.fromkeys(draw(st.sets(st.sampled_from(RECORDED), max_size=4)), "yes"),
        understood=understood,
        requested=requested,
        sales_told=told,
        prices_on_file=draw(st.booleans()),
    )
    said = Course(answered=understood, replied=understood, pleased=draw(st.booleans()))
    known = draw(st.sets(st.sampled_from(sorted(VALUES))))
    return Situation(
        standing=stands,
        stage=stage_reached(said, stands, facts),
        facts=facts,
        values={name: VALUES[name] for name in known},
        asked=requested or stands.decision != "none",
    )


def whispered(playbook: Playbook, situation: Situation, *signals: str, anger: int = 0) -> Advice | None:
    """What the agent is told about a customer's message."""
    return advise(
        playbook,
        reading=reading(*signals, anger=anger),
        speaker=Role.CUSTOMER,
        situation=situation,
        given=(),
        language="en",
        now=NOW,
    )


def conceding(advice: Advice | None) -> list[str]:
    """The lines that speak of a concession."""
    return [line.text for line in advice.lines if Topic.CONCESSION in line.speaks_of] if advice else []


def test_every_case_reaches_a_row_of_the_decision_table_and_every_row_is_reached(playbook: Playbook) -> None:
    """Together the rows cover everything, and none stands in another's shadow."""
    reached = {decide(playbook, stands).id for stands in standings(playbook)}
    assert reached == {row.id for row in playbook.decisions}


@pytest.mark.parametrize(
    ("stands", "row"),
    [
        (Standing(fault_ours="yes", entitlement=Entitlement.EXPIRED), "our_fault"),
        (Standing(entitlement=Entitlement.COVERED), "serve_covered"),
        (Standing(claim="confirmed"), "serve_promise"),
        (Standing(decision="granted"), "serve_grant"),
        (Standing(entitlement=Entitlement.UNKNOWN, fault_ours="no", cost="low"), "verify_record"),
        (Standing(entitlement=Entitlement.EXPIRED), "assess_fault"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no"), "assess_cost"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined"), "hold"),
        (
            Standing(
                entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined", new_facts="yes"
            ),
            "reopen",
        ),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", claim="pending"), "verify_claim"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low"), "ask_goodwill"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", history="used"), "used_up"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="high"), "renew"),
    ],
)
def test_the_decision_table_decides_as_the_trade_does(playbook: Playbook, stands: Standing, row: str) -> None:
    """The table of the domain page, row by row."""
    assert decide(playbook, stands).id == row


def test_pressure_is_what_the_playbook_says(playbook: Playbook) -> None:
    """The signals that bring people in and put nothing on the table."""
    assert {each.id for each in playbook.signals if each.pressure} == set(PRESSURE)
    assert {each.id for each in playbook.signals if each.speaker is Role.CUSTOMER} == {*PRESSURE, *CUSTOMER_SIGNALS}


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


@given(situation=any_situation(), signals=customer_signals)
@settings(max_examples=150, deadline=None)
def test_nothing_is_said_before_its_stage_unless_it_was_asked_for(
    playbook: Playbook, situation: Situation, signals: set[str]
) -> None:
    """R01, R17: dates and prices wait until the case is told, and come at once to who asks for them."""
    advice = whispered(playbook, situation, *signals)
    topics = {topic for line in advice.lines for topic in line.speaks_of} if advice else set()
    if not has_reached(Stage.TELL, stage_of(situation)):
        assert Topic.EXPIRY not in topics or signals & {"asks_coverage", "disputes_expiry"}
        assert Topic.RENEWAL not in topics or "asks_price" in signals
        assert Topic.PRICE not in topics or signals & {"asks_price", "disputes_charge"}


@pytest.mark.parametrize("fault_ours", ["no", "unknown"])
def test_that_the_mistake_is_not_ours_is_known_before_anything_is_pitched(playbook: Playbook, fault_ours: str) -> None:
    """Our breach, our late reply, the same fault twice: checked first."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours=fault_ours, cost="high")
    situation = situation_of(stands, Stage.TELL, told=True)
    advice = whispered(playbook, situation, "asks_favour")
    pitched = [line for line in advice.lines if Topic.RENEWAL in line.speaks_of] if advice else []
    assert bool(pitched) == (fault_ours == "no")


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


def test_where_an_exception_can_be_asked_for_the_words_that_wait_for_it_are_shown(playbook: Playbook) -> None:
    """R19: "I have asked" is kept back until a request is on file, whatever the customer's words were."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low")
    advice = whispered(playbook, situation_of(stands, Stage.TELL), "reports_fault")
    assert advice
    assert advice.action is Action.ASK_EXCEPTION
    assert ("exception_requested",) in [line.missing for line in advice.withheld]


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


def test_an_overpromise_is_taken_back_however_much_was_whispered(playbook: Playbook) -> None:
    """R32: it can be taken back now, not later; neither a cooldown nor a budget holds it."""
    budget = playbook.policy.whisper.per_case_per_hour
    advice = advise(
        playbook,
        reading=reading("overpromises"),
        speaker=Role.AGENT,
        situation=situation_of(Standing(), Stage.CONFIRM),
        given=[Given(plays=("overpromises",), at=NOW)] * budget,
        language="en",
        now=NOW,
    )
    assert advice
    assert advice.plays == ("overpromises",)


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


@pytest.mark.parametrize(
    "stands",
    [
        Standing(fault_ours="yes"),
        Standing(claim="confirmed"),
        Standing(entitlement=Entitlement.EXPIRED, decision="granted"),
    ],
)
def test_a_thank_you_is_left_alone_whatever_the_case_knows(playbook: Playbook, stands: Standing) -> None:
    """A fact that holds is no reason to speak."""
    situation = situation_of(stands, Stage.COMMIT)
    assert whispered(playbook, situation, "satisfied") is None
    assert whispered(playbook, situation, "satisfied", "reports_fault") is None
    assert whispered(playbook, situation, "asks_favour")


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


def test_what_has_been_answered_is_not_asked_again(playbook: Playbook) -> None:
    """R03: once the problem is confirmed, nobody is asked what stands still."""
    question = playbook.words["en"].plays["asks_favour"].lines["to_ask_well"]
    for stage, asked in ((Stage.CONFIRM, True), (Stage.ASSESS, False)):
        advice = whispered(playbook, situation_of(Standing(entitlement=Entitlement.EXPIRED), stage), "asks_favour")
        assert advice
        assert (question in {line.text for line in advice.lines}) == asked


def test_a_line_kept_back_shows_a_gap_where_a_value_is_missing(playbook: Playbook) -> None:
    """The agent reads what could be said once a time is written down, and no brace."""
    advice = whispered(playbook, situation_of(Standing(), Stage.CONFIRM), "asks_supervisor")
    assert advice
    assert any("by …" in line.text and "due_at" in line.missing for line in advice.withheld)


def test_advice_of_an_earlier_version_can_be_read() -> None:
    """What is stored stays readable: new fields have defaults."""
    kept = {
        "signals": [],
        "anger": 0,
        "plays": ["asks_favour"],
        "rules": ["R19"],
        "stage": "assess",
        "row": "ask_goodwill",
        "lines": [{"lang": "en", "text": "…"}],
        "withheld": [],
        "routes": ["supervisor"],
        "action": "ask_exception",
        "facts": [],
        "playbook_version": "0123456789ab",
    }
    advice = Advice.model_validate(kept)
    assert (advice.action, advice.actions, advice.beside) == (Action.ASK_EXCEPTION, (), ())


@pytest.mark.parametrize(
    ("row", "stands"),
    [
        ("our_fault", Standing(entitlement=Entitlement.EXPIRED, fault_ours="yes")),
        ("serve_covered", Standing(entitlement=Entitlement.COVERED)),
        ("serve_promise", Standing(entitlement=Entitlement.EXPIRED, claim="confirmed")),
        ("hold", Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined")),
        ("verify_claim", Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", claim="pending")),
        ("used_up", Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", history="used")),
    ],
)
def test_no_exception_is_asked_for_where_the_table_leads_elsewhere(
    playbook: Playbook, row: str, stands: Standing
) -> None:
    """What is owed is served, a promise is checked first, a no stays a no."""
    assert decide(playbook, stands).id == row
    assert not may_ask_exception(decide(playbook, stands), situation_of(stands, Stage.TELL))


def test_an_exception_can_be_asked_for_once_the_problem_was_received(playbook: Playbook) -> None:
    """Not into the first message (R03), and not twice."""
    stands = Standing(entitlement=Entitlement.EXPIRED)
    row = decide(playbook, stands)
    assert not may_ask_exception(row, situation_of(stands, Stage.RECEIVE))
    assert may_ask_exception(row, situation_of(stands, Stage.CONFIRM))
    asked = situation_of(stands, Stage.CONFIRM).model_copy(update={"asked": True})
    assert not may_ask_exception(row, asked)


def test_after_a_no_only_a_new_fact_lets_it_be_asked_again(playbook: Playbook) -> None:
    """R34: and not while the second request is open."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined")
    no = situation_of(stands, Stage.COMMIT).model_copy(update={"asked": True})
    reopened = no.model_copy(update={"standing": stands.model_copy(update={"new_facts": "yes"})})
    again = reopened.model_copy(update={"facts": reopened.facts | {"exception_requested"}})
    may = [may_ask_exception(decide(playbook, each.standing), each) for each in (no, reopened, again)]
    assert may == [False, True, False]


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


@pytest.mark.parametrize("signal", ["asks_favour", "asks_price"])
def test_what_is_owed_is_neither_asked_for_nor_priced(playbook: Playbook, signal: str) -> None:
    """Who is covered, or suffers from our mistake, is served; who had their exception is not told of another (R23)."""
    for stands in standings(playbook):
        owed = stands.entitlement is Entitlement.COVERED or stands.fault_ours == "yes"
        if not owed and (signal == "asks_price" or stands.history == "clear"):
            continue
        told = situation_of(stands, Stage.TELL)
        heard = reading(signal)
        advice = advise(
            playbook, reading=heard, speaker=Role.CUSTOMER, situation=told, given=(), language="en", now=NOW
        )
        assert advice is None or signal not in advice.plays, stands


@pytest.mark.parametrize(("language", "day"), [("en", "30 April 2026"), ("zh-TW", "2026-04-30")])
def test_a_day_in_a_line_is_written_as_people_write_it(playbook: Playbook, language: Language, day: str) -> None:
    """A line is read aloud or pasted: in English nobody says 2026-04-30."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low")
    told = situation_of(stands, Stage.TELL).model_copy(update={"values": {"ended_on": date(2026, 4, 30)}})
    advice = advise_on(playbook, "expired", situation=told, language=language)
    assert advice is not None
    assert any(day in line.text for line in advice.lines)


def test_the_same_play_is_not_whispered_again_within_its_cooldown(playbook: Playbook) -> None:
    """Quiet by default."""
    situation = situation_of(Standing(), Stage.RECEIVE)

    def at(seconds: float) -> object:
        return advise(
            playbook,
            reading=reading("reports_fault"),
            speaker=Role.CUSTOMER,
            situation=situation,
            given=[Given(plays=("reports_fault", "which_machine"), at=NOW)],
            language="en",
            now=NOW + timedelta(seconds=seconds),
        )

    assert at(60) is None
    assert at(playbook.policy.whisper.cooldown_seconds + 1) is not None


def test_beyond_the_budget_the_coach_is_silent(playbook: Playbook) -> None:
    """An attention budget an agent and case."""
    budget = playbook.policy.whisper.per_case_per_hour
    given_already = [Given(plays=("other",), at=NOW - timedelta(minutes=each)) for each in range(budget)]
    advice = advise(
        playbook,
        reading=reading("asks_favour"),
        speaker=Role.CUSTOMER,
        situation=situation_of(Standing(), Stage.ASSESS),
        given=given_already,
        language="en",
        now=NOW,
    )
    assert advice is None


@pytest.mark.parametrize(("speaker", "signal"), [(Role.CUSTOMER, "asks_favour"), (Role.AGENT, "cites_policy")])
def test_what_is_unsure_is_not_acted_on(playbook: Playbook, speaker: Speaker, signal: str) -> None:
    """Silent when unsure, and more so about the agent's own words."""
    whisper = playbook.policy.whisper
    level = whisper.sure_of_ours_from if speaker is Role.AGENT else whisper.sure_from
    situation = situation_of(Standing(), Stage.ASSESS)
    advice = [
        advise(
            playbook,
            reading=Reading((Signal(signal, score, "…"),), 0),
            speaker=speaker,
            situation=situation,
            given=(),
            language="en",
            now=NOW,
        )
        for score in (level - 0.01, level)
    ]
    assert [bool(each) for each in advice] == [False, True]


@pytest.mark.parametrize("signal", ["cites_policy", "blames_customer", "overpromises", "shames_price"])
def test_an_agents_own_slip_gets_a_private_word_and_no_route(playbook: Playbook, signal: str) -> None:
    """What an agent is told about their own words stays with them."""
    advice = advise(
        playbook,
        reading=reading(signal),
        speaker=Role.AGENT,
        situation=situation_of(Standing(), Stage.CONFIRM),
        given=(),
        language="zh-TW",
        now=NOW,
    )
    assert advice
    assert advice.row is None
    assert advice.action is None
    assert advice.lines
