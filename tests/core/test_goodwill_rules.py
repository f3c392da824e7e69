"""Who may decide an exception, once, and what an amount means."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.authority import Authority, Level
from bot.entitlement import CoverageKind
from bot.goodwill import (
    DECIDING,
    PENDING,
    Clicker,
    ExceptionRequest,
    ExceptionState,
    Grant,
    Move,
    Refusal,
    Terms,
    agents_refusal,
    by_itself,
    due_next,
    moved,
    ruling,
)
from bot.grants import extension
from bot.policy import ApprovalPolicy, Concession, HoursPolicy, Limits

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ASKED = ExceptionRequest(
    workspace="T1",
    id="e1",
    case_id="c1",
    customer_id="C-1",
    requested_by="UAGENT",
    requested_at=NOW,
    concession=Concession.FULL,
    fault="down",
    cost=Decimal(3000),
    currency="TWD",
    reason="regular",
)


LAST_SECOND = datetime(2026, 12, 5, 15, 59, 59, tzinfo=UTC)
"""Of the fourteenth day after, in Taipei."""
OWN = Authority(level=Level.SUPERVISOR)
MANAGER = Authority(level=Level.MANAGER)
POLICY = ApprovalPolicy(supervisor=Limits(up_to=Decimal(20_000), concessions=(Concession.FULL, Concession.DISCOUNT)))
HOURS = HoursPolicy()


def ruled(
    wanted: Move = Move.DECLINE,
    *,
    actor: str = "UBOSS",
    held: tuple[Authority, ...] = (OWN,),
    reason: str = "because",
    cap: Decimal | None = None,
    took_part: bool = False,
    window_used: bool = False,
    has_manager: bool = True,
    confirmed: bool = False,
    **more: Any,
) -> Refusal | Move | None:
    """What this person's word about the request comes to."""
    ruling_ = ruling(
        ASKED.model_copy(update=more),
        wanted,
        Clicker(user=actor, held=held, took_part=took_part),
        Terms(reason=reason, cap=cap, fault_ours=confirmed),
        POLICY,
        window_used=window_used,
        has_manager=has_manager,
    )
    return ruling_.refusal or ruling_.move


def test_a_supervisor_decides() -> None:
    """The ordinary way."""
    assert ruled(Move.APPROVE) is Move.APPROVE
    assert ruled(Move.DECLINE) is Move.DECLINE
    assert ruled(Move.ASK_BACK) is Move.ASK_BACK


def test_whoever_holds_no_authority_decides_nothing() -> None:
    """Denied by default, whoever asks."""
    assert ruled(held=()) is Refusal.NOT_SUPERVISOR


def test_nobody_decides_their_own_request() -> None:
    """A supervisor may ask, and then another one decides; a manager too."""
    assert ruled(actor="UAGENT", held=(MANAGER,)) is Refusal.OWN_REQUEST


def test_a_deputy_does_not_decide_what_the_one_they_stand_in_for_asked() -> None:
    """That would be one's own request by deputy; with an authority of their own they may."""
    for_asker = Authority(level=Level.SUPERVISOR, deputy_for="UAGENT")
    assert ruled(Move.APPROVE, held=(for_asker,)) is Refusal.OWN_REQUEST
    assert ruled(Move.APPROVE, held=(for_asker, OWN)) is Move.APPROVE


def test_whoever_talks_to_the_customer_does_not_decide() -> None:
    """R30: who decides does not negotiate."""
    assert ruled(took_part=True) is Refusal.TOOK_PART


def test_everything_but_plain_approval_has_a_reason() -> None:
    """The agent builds the answer on the reason."""
    assert ruled(Move.DECLINE, reason="  ") is Refusal.REASON_MISSING
    assert ruled(Move.ASK_BACK, reason="") is Refusal.REASON_MISSING
    assert ruled(Move.APPROVE, reason="") is Move.APPROVE


def test_a_second_exception_in_the_window_is_a_managers_to_grant_and_our_own_fault_is_put_right() -> None:
    """R23 at the moment of the decision, whatever the card still shows; limits do not hold for our own mistakes."""
    ours: dict[str, Any] = {"window_used": True, "confirmed": True}
    assert ruled(Move.APPROVE, window_used=True) is Move.RECOMMEND
    assert ruled(Move.APPROVE, window_used=True, has_manager=False) is Refusal.WINDOW_USED
    assert ruled(Move.APPROVE, window_used=True, held=(MANAGER,)) is Move.APPROVE
    assert ruled(Move.APPROVE, has_manager=False, **ours) is Move.APPROVE
    assert ruled(Move.DECLINE, window_used=True) is Move.DECLINE


def test_what_is_beyond_a_supervisor_needs_a_manager_and_what_is_beyond_a_manager_nobody_grants() -> None:
    """The limits of the policy, for the cost and for the kind of concession."""
    assert ruled(Move.APPROVE, cost=Decimal(20_000)) is Move.APPROVE
    assert ruled(Move.APPROVE, cost=Decimal(20_001)) is Move.RECOMMEND
    assert ruled(Move.APPROVE, cost=Decimal(20_001), has_manager=False) is Refusal.NO_MANAGER
    assert ruled(Move.APPROVE, cost=Decimal(20_001), held=(MANAGER,)) is Move.APPROVE
    assert ruled(Move.APPROVE, cost=Decimal(200_001), held=(MANAGER,)) is Refusal.BEYOND_LIMITS
    assert ruled(Move.APPROVE, cost=Decimal(200_001)) is Refusal.BEYOND_LIMITS
    assert ruled(Move.APPROVE, concession=Concession.EXTENSION) is Move.RECOMMEND
    assert ruled(Move.APPROVE, cost=Decimal(30_000), cap=Decimal(20_000)) is Move.APPROVE


def test_the_second_yes_is_somebody_elses_and_a_managers() -> None:
    """Two approvers are two people, and the second one's word goes further."""
    seconding: dict[str, Any] = {"state": ExceptionState.SECONDING, "cost": Decimal(30_000), "first_by": "UBOSS"}
    assert ruled(Move.APPROVE, actor="UOTHER", **seconding) is Refusal.NEEDS_MANAGER
    assert ruled(Move.APPROVE, held=(MANAGER,), **seconding) is Refusal.FIRST_APPROVER
    assert ruled(Move.APPROVE, actor="UHEAD", held=(MANAGER,), **seconding) is Move.APPROVE
    assert ruled(Move.DECLINE, actor="UOTHER", **seconding) is Move.DECLINE


@pytest.mark.parametrize("state", sorted(set(ExceptionState) - PENDING))
def test_what_is_decided_stays_decided(state: ExceptionState) -> None:
    """A threat or a second click does not turn it (R34)."""
    assert {ruled(move, state=state) for move in DECIDING} == {Refusal.ALREADY_DECIDED}


def test_only_whoever_asked_or_handles_the_case_answers_withdraws_and_books() -> None:
    """A supervisor's yes is used by whoever talks to the customer."""
    granted = ASKED.model_copy(update={"state": ExceptionState.APPROVED})
    assert agents_refusal(granted, Move.USE, Clicker(user="UAGENT"), NOW) is None
    assert agents_refusal(granted, Move.USE, Clicker(user="UPEER", handles=True), NOW) is None
    assert agents_refusal(granted, Move.USE, Clicker(user="UBOSS", held=(OWN,)), NOW) is Refusal.NOT_YOURS
    assert agents_refusal(ASKED, Move.ANSWER, Clicker(user="UAGENT"), NOW) is Refusal.NOTHING_ASKED
    assert agents_refusal(granted, Move.WITHDRAW, Clicker(user="UAGENT"), NOW) is Refusal.ALREADY_DECIDED


def test_a_decision_carries_who_when_and_why() -> None:
    """All that the ledger needs."""
    said = Terms(reason=" others paid ")
    after = moved(ASKED, Move.DECLINE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=said)
    assert (after.state, after.decided_by, after.decided_at, after.decision_reason) == (
        ExceptionState.DECLINED,
        "UBOSS",
        NOW,
        "others paid",
    )
    assert after.due_at is None


def test_a_yes_is_a_bounded_grant() -> None:
    """What, for what, up to how much, on which condition, until when; plainly it is what was asked for."""
    plain = moved(ASKED, Move.APPROVE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS)
    assert plain.grant == Grant(concession=Concession.FULL, scope="down", cap=Decimal(3000), valid_until=LAST_SECOND)
    terms = Terms(concession=Concession.LABOUR_WAIVED, cap=Decimal(1000), conditions="parts paid", valid_days=3)
    less = moved(ASKED, Move.APPROVE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=terms)
    assert less.grant == Grant(
        concession=Concession.LABOUR_WAIVED,
        scope="down",
        cap=Decimal(1000),
        conditions="parts paid",
        valid_until=LAST_SECOND - timedelta(days=11),
    )


def test_an_answer_is_looked_at_anew_by_both_approvers() -> None:
    """The first yes was for the request as it stood before."""
    first = moved(ASKED, Move.RECOMMEND, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS)
    asked = Terms(reason="which line?")
    back = moved(first, Move.ASK_BACK, by="UHEAD", now=NOW, policy=POLICY, hours=HOURS, terms=asked)
    answered = moved(back, Move.ANSWER, by="UAGENT", now=NOW, policy=POLICY, hours=HOURS, terms=Terms(reason="line 3"))
    assert (answered.state, answered.question, answered.answer, answered.first_by, answered.proposed) == (
        ExceptionState.REQUESTED,
        "which line?",
        "line 3",
        None,
        None,
    )


DEAR = ASKED.model_copy(update={"cost": Decimal(300_000)})
"""More than anybody may grant as it was asked for."""
FOR_LESS = Terms(
    concession=Concession.LABOUR_WAIVED, cap=Decimal(50_000), conditions="parts paid", valid_days=30, reason="old"
)


def test_a_plain_second_yes_agrees_to_what_the_first_approver_would_grant() -> None:
    """Their conditions and their limit bound it; the days count from the second yes, and by their limit it is ruled."""
    first = moved(DEAR, Move.RECOMMEND, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=FOR_LESS)
    assert (first.grant, first.proposed and first.proposed.conditions) == (None, "parts paid")
    manager = Clicker(user="UHEAD", held=(MANAGER,))
    can = ruling(first, Move.APPROVE, manager, Terms(), POLICY, window_used=False, has_manager=True)
    assert can.move is Move.APPROVE
    later = NOW + timedelta(days=2)
    yes = moved(first, Move.APPROVE, by="UHEAD", now=later, policy=POLICY, hours=HOURS, terms=Terms())
    assert yes.proposed is None
    assert yes.grant == Grant(
        concession=Concession.LABOUR_WAIVED,
        scope="down",
        cap=Decimal(50_000),
        conditions="parts paid",
        valid_until=LAST_SECOND + timedelta(days=18),
    )


def test_a_second_yes_with_terms_of_its_own_counts_as_it_is_said() -> None:
    """Whoever has the last word writes the bounds; after a no nothing that was proposed is left."""
    first = moved(DEAR, Move.RECOMMEND, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=FOR_LESS)
    own = Terms(concession=Concession.DISCOUNT, cap=Decimal(30_000), valid_days=3, reason="less will do")
    yes = moved(first, Move.APPROVE, by="UHEAD", now=NOW, policy=POLICY, hours=HOURS, terms=own)
    assert yes.grant
    assert (yes.grant.concession, yes.grant.cap, yes.grant.conditions) == (Concession.DISCOUNT, Decimal(30_000), "")
    no = moved(first, Move.DECLINE, by="UHEAD", now=NOW, policy=POLICY, hours=HOURS, terms=Terms(reason="no"))
    assert (no.grant, no.proposed) == (None, None)


def test_a_second_question_takes_nothing_from_the_first() -> None:
    """The answer may be to either; once it is there, the next question stands alone."""
    request = ASKED
    for move, words in (
        (Move.ASK_BACK, "which line?"),
        (Move.ASK_BACK, "since when?"),
        (Move.ANSWER, "line 3, since nine"),
        (Move.ASK_BACK, "who pays the parts?"),
    ):
        before, said = request, Terms(reason=words)
        request = moved(request, move, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=said)
    assert before.question == "which line?\nsince when?"
    assert (request.question, request.answer) == ("who pays the parts?", "")


def test_a_request_is_reminded_of_handed_on_and_expires_in_working_time() -> None:
    """Saturday counts for nothing: NOW is a Saturday, so the clock starts on Monday at nine, Taipei time."""
    request, happened = ASKED, []
    due = due_next(request, None, NOW, POLICY, HOURS)
    while due:
        at, move = due
        happened.append((f"{at:%a %H:%M}", move))
        request = moved(request, move, by=None, now=at, policy=POLICY, hours=HOURS)
        due = (request.due_at, request.due_move) if request.due_at and request.due_move else None
    assert happened == [
        ("Mon 01:30", Move.REMIND),
        ("Mon 03:00", Move.HAND_ON),
        ("Thu 01:00", Move.EXPIRE),
    ]
    assert request.state is ExceptionState.EXPIRED


def test_a_grant_not_used_is_reminded_of_and_lapses() -> None:
    """A yes is no stock to be kept; its last day, a Saturday, is a whole one, and the reminder comes on Friday."""
    granted = moved(ASKED, Move.APPROVE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS)
    friday = datetime(2026, 12, 4, 1, 0, tzinfo=UTC)
    assert (granted.due_at, granted.due_move) == (friday, Move.REMIND)
    reminded = moved(granted, Move.REMIND, by=None, now=friday, policy=POLICY, hours=HOURS)
    assert (reminded.due_at, reminded.due_move) == (LAST_SECOND, Move.LAPSE)
    assert moved(granted, Move.USE, by="UAGENT", now=NOW, policy=POLICY, hours=HOURS).due_at is None


def test_an_extension_is_cover_of_everything_until_its_last_day() -> None:
    """What was granted is shown as cover; nothing else is."""
    terms = Terms(concession=Concession.EXTENSION, extended_to=date(2026, 12, 31))
    granted = moved(ASKED, Move.APPROVE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=terms)
    cover = extension(granted, HOURS)
    assert cover is not None
    assert (cover.kind, cover.start, cover.end, cover.product) == (
        CoverageKind.EXTENSION,
        date(2026, 11, 21),
        date(2026, 12, 31),
        None,
    )
    plain = moved(ASKED, Move.APPROVE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS)
    assert extension(plain, HOURS) is None


def test_an_extension_lasts_until_its_last_day_whether_anything_is_booked_or_not() -> None:
    """It never lapses: the customer relies on the cover, and it counts in their window."""
    terms = Terms(concession=Concession.EXTENSION, extended_to=date(2026, 12, 31), valid_days=3)
    granted = moved(ASKED, Move.APPROVE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=terms)
    assert (granted.state, granted.due_at, granted.due_move) == (ExceptionState.APPROVED, None, None)
    assert by_itself(granted, NOW + timedelta(days=30)) is None


@pytest.mark.parametrize(
    "over", [{"cost": Decimal(900_000)}, {"concession": Concession.EXTENSION, "window_used": True}]
)
def test_the_askers_word_that_the_fault_is_ours_lifts_no_limit(over: dict[str, Any]) -> None:
    """What they say is shown; whoever grants it says whether it is so, and then no limit holds."""
    alone: dict[str, Any] = {"has_manager": False, "fault_ours": "yes", **over}
    assert isinstance(ruled(Move.APPROVE, **alone), Refusal)
    assert ruled(Move.APPROVE, confirmed=True, **alone) is Move.APPROVE
    assert ruled(Move.APPROVE, confirmed=True, **{**alone, "fault_ours": "no"}) is Move.APPROVE


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_grant_counts_as_a_favour_unless_whoever_granted_it_said_that_the_fault_is_ours(confirmed: bool) -> None:  # noqa: FBT001 - the word
    """Whatever the asker said."""
    said = Terms(reason="because", fault_ours=confirmed)
    for by_asker in ("yes", "no", "unknown"):
        asked = ASKED.model_copy(update={"fault_ours": by_asker})
        after = moved(asked, Move.APPROVE, by="UBOSS", now=NOW, policy=POLICY, hours=HOURS, terms=said)
        assert after.grant
        assert after.grant.ours is confirmed
        assert after.fault_ours == by_asker
