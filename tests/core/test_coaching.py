"""What the coach says and does not say, with the playbook that comes with Aside."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.case import STAGES, Heard, Standing, course, facts_held, has_reached, stage_reached
from bot.coaching import Situation, advise, advise_on, decide, may_ask_exception
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Action, Language, Playbook, Stage
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
customer_signals = st.sets(
    st.sampled_from(
        ["reports_fault", "asks_favour", "asks_price", "disputes_expiry", "claims_promise", "asks_secrecy"]
    ),
    min_size=1,
)


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


@given(stands=any_standing, stage=st.sampled_from(Stage), signals=customer_signals, anger=st.integers(0, 3))
@settings(max_examples=300)
def test_no_line_ever_claims_a_fact_that_the_case_does_not_hold(
    playbook: Playbook, stands: Standing, stage: Stage, signals: set[str], anger: int
) -> None:
    """True lines only."""
    situation = situation_of(stands, stage)
    advice = advise(
        playbook,
        reading=reading(*signals, anger=anger),
        speaker=Role.CUSTOMER,
        situation=situation,
        given=(),
        language="zh-TW",
        now=NOW,
    )
    for line in advice.lines if advice else ():
        assert situation.facts.issuperset(line.claims)
        assert "{" not in line.text


@given(
    stands=any_standing,
    stage=st.sampled_from(Stage),
    signals=customer_signals,
    pressure=st.sets(st.sampled_from(PRESSURE)),
    anger=st.integers(0, 3),
)
@settings(max_examples=300)
def test_anger_and_threats_never_change_what_is_on_the_table(
    playbook: Playbook, stands: Standing, stage: Stage, signals: set[str], pressure: set[str], anger: int
) -> None:
    """Whatever is shouted: the row and the action follow from the case alone."""
    situation = situation_of(stands, stage)
    row = decide(playbook, stands)
    allowed = Action.ASK_EXCEPTION if may_ask_exception(row, situation) else None
    advice = advise(
        playbook,
        reading=reading(*signals, *pressure, anger=anger),
        speaker=Role.CUSTOMER,
        situation=situation,
        given=(),
        language="en",
        now=NOW,
    )
    if advice:
        assert (advice.row, advice.action) == (row.id, allowed)


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
        ([Heard(role=Role.CUSTOMER, signals=("asks_price",))], Stage.TELL),
        ([Heard(role=Role.CUSTOMER), Heard(role=Role.COLLEAGUE)], Stage.RECEIVE),
    ],
)
def test_a_case_comes_as_far_as_the_conversation_has(heard: list[Heard], stage: Stage) -> None:
    """R01, R03: receive, confirm, assess; asked for it directly, tell."""
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
            given=[Given(plays=("reports_fault",), at=NOW)],
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


def test_what_is_unsure_is_not_acted_on(playbook: Playbook) -> None:
    """Silent when unsure."""
    unsure = Reading((Signal("asks_favour", playbook.policy.whisper.sure_from - 0.01, "…"),), 0)
    situation = situation_of(Standing(), Stage.ASSESS)
    advice = advise(
        playbook, reading=unsure, speaker=Role.CUSTOMER, situation=situation, given=(), language="en", now=NOW
    )
    assert advice is None


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
