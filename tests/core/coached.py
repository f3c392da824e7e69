"""Cases as they can be, and what the coach says of them; shared by its tests."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

from hypothesis import strategies as st

from bot.advice import Advice, Situation
from bot.case import Course, Standing, facts_held, has_reached, stage_reached
from bot.coaching import advise
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Playbook, Stage, Topic
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
