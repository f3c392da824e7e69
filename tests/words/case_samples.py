"""The cards and windows of a case's facts, claims, promises, commitments and takeovers, filled to the brim."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

from bot.blocks import Block, divider
from bot.cards import (
    assess,
    care,
    commitment,
    conversation,
    engineer,
    evidence,
    promise_scope,
    right_customer,
    takeover,
    verification,
)
from bot.cards import case as case_card
from bot.cards.case import CaseFile
from bot.cards.exception import Choice
from bot.care import ABUSE
from bot.case import Case, CaseState, NotTheirs
from bot.claims import ClaimCheck, check
from bot.commitments import Commitment, CommitmentMove, CommitmentState, DueError
from bot.entitlement import Coverage, CoverageKind, DateBasis, coverage_on
from bot.facts import HoursError, OurMistake, RecordedFact, Severity
from bot.goodwill import GRANTED, ExceptionRequest, ExceptionState, Grant, Move, Turn
from bot.i18n import Words
from bot.message import Message, Role
from bot.policy import Concession, CostBands
from bot.promise_moves import AnswerRefusal, ScopeRefusal
from bot.promises import CHANNEL, Answer, EvidenceFile, Given, Scope, Verification, VerificationMove, VerificationState
from bot.takeover import Asking, AskState, Kind

NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
TODAY = date(2026, 3, 4)
ZONE = "Asia/Taipei"
Sample = tuple[str, str, list[Block], Block | None]


def verifications(said: str) -> Iterator[Verification]:
    """A question in each state, unanswered and answered, to a person and to the channel."""
    every = tuple(Given(answer=each, by=f"U{n}", at=NOW, evidence=said) for n, each in enumerate(Answer))
    link = f"https://x.example/files/U3/F1/{'x' * 200}"
    files = tuple(EvidenceFile(id=f"F{n}", name=said[:100], link=link) for n in range(verification.MOST_FILES))
    written = Given(answer=Answer.YES, by="U3", at=NOW, evidence=said, files=files)
    remembered = Given(answer=Answer.YES, by="U3", at=NOW)
    scope = Scope(
        concession=Concession.FULL, what=said, until=TODAY, cap=Decimal(3000), currency="TWD", by="U2", at=NOW
    )
    for state in VerificationState:
        for told in (("U3",), ("U3", CHANNEL)):
            for answers in ((written,), (remembered, *every, written), every, ()):
                is_full = len(answers) > 1
                yield Verification(
                    workspace="T1",
                    id="v" * 32,
                    case_id="c" * 32,
                    customer_id="1",
                    claimed=said,
                    state=state,
                    asked_by="U1",
                    asked_at=NOW,
                    told=told,
                    answers=answers,
                    round_answers=1 if is_full else 0,
                    question=said if is_full else "",
                    questioned_by="U2" if is_full else None,
                    scope=scope if is_full and state is not VerificationState.ASKED else None,
                )


def requests(said: str) -> list[ExceptionRequest]:
    """Requests in every state and of every kind."""
    return [
        ExceptionRequest(
            workspace="T1",
            id=f"{state}{concession}",
            case_id="c" * 32,
            customer_id="1",
            state=state,
            requested_by="U1",
            requested_at=NOW,
            concession=concession,
            fault=said,
            cost=Decimal(3000),
            currency="TWD",
            reason=said,
            fault_ours=fault,
            decided_by="U2" if state is not ExceptionState.REQUESTED else None,
            decided_at=NOW if state is not ExceptionState.REQUESTED else None,
            decision_reason=said,
            grant=Grant(concession=concession, scope=said, cap=Decimal(2500), conditions=said, valid_until=NOW)
            if state in {*GRANTED, ExceptionState.LAPSED}
            else None,
        )
        for state in ExceptionState
        for concession in Concession
        for fault in ("yes", "no")
    ]


def checks(said: str) -> tuple[ClaimCheck, ...]:
    """One claim of each kind, as a whisper may carry them together."""
    return next(_checks(said))


def _checks(said: str) -> Iterator[tuple[ClaimCheck, ...]]:
    ends = [date(2027, 1, 1), date(2026, 1, 1), None]
    coverages = [
        coverage_on(
            Coverage(
                kind=list(CoverageKind)[number % 2],
                reference="0001",
                product=None if number == 1 else said[:80],
                start=date(2024, 1, 1) if number else None,
                end=end,
                basis=basis,
            ),
            TODAY,
        )
        for number, (end, basis) in enumerate(zip(ends, [DateBasis.DELIVERY, DateBasis.SIGNING, None], strict=True))
    ]
    claims = ("disputes_expiry", "claims_promise", "claims_precedent")
    asked = [*verifications(said), None]
    granted = [[each] for each in requests(said) if each.state is ExceptionState.APPROVED]
    zone = UTC
    yield check(claims, coverages=coverages, granted=granted[0], verification=asked[-2], zone=zone)
    for each in asked:
        yield check(claims, coverages=coverages[1:2], granted=[], verification=each, zone=zone)
    for grant in granted:
        yield check(claims, coverages=coverages[2:], granted=grant, verification=None, zone=zone)
    yield check(claims, coverages=coverages[:1], granted=[], verification=None, zone=zone)
    yield check(claims, coverages=[], granted=[], verification=None, zone=zone)


def commitments(said: str) -> list[Commitment]:
    """One in every state."""
    return [
        Commitment(
            workspace="T1",
            id=f"{state}{number}",
            case_id="c" * 32,
            text=said,
            state=state,
            due_at=NOW + timedelta(days=2),
            timezone=ZONE,
            made_by="U1",
            made_at=NOW,
        )
        for number in range(5)
        for state in CommitmentState
    ]


def recorded(said: str) -> list[RecordedFact]:
    """Every fact, changed once, with a reason."""
    values: dict[str, list[str]] = {
        "severity": list(Severity),
        "effort_hours": ["1.5", "12"],
        "cost": ["3000.00", "80000"],
        "fault_ours": ["unknown", "no", "yes"],
        "claim": ["pending", "confirmed", "not_confirmed"],
        "evidence": [said],
        "new_facts": ["yes"],
        "engineer": ["U6"],
        "engineer_assigned": ["yes"],
        "takeover_by": ["U7"],
        "takeover_accepted": ["no", "yes"],
    }
    return [
        RecordedFact(name=name, value=value, by="U1", at=NOW, why=said) for name in values for value in values[name]
    ]


def file(name: str, said: str, *, full: bool) -> CaseFile:
    """A case with all that one can hold, or with nothing."""
    return CaseFile(
        case=Case(
            workspace="T1",
            id="c" * 32,
            customer_id="1",
            channel="C1",
            thread_ts="1.0",
            state=CaseState.WAITING if full else CaseState.OPEN,
            agent="U1" if full else None,
            opened_at=NOW,
        ),
        customer=name,
        recorded=recorded(said) if full else [],
        requests=requests(said) if full else [],
        verification=list(verifications(said))[1] if full else None,
        over=list(verifications(said))[-3:] if full else [],
        commitments=commitments(said) if full else [],
        bands=CostBands(low_up_to=Decimal(5000)),
        desk=ZONE,
        turns=turns(said) if full else [],
    )


def turns(said: str) -> list[Turn]:
    """A question asked back about each request, and its answer, thrice."""
    return [
        Turn(request_id=each.id, move=move, by="U2", at=NOW, said=said)
        for each in requests(said)
        for move in (Move.ASK_BACK, Move.ANSWER) * 3
    ]


def everything(say: Words, name: str, said: str) -> Iterator[Sample]:
    """All that people can be shown about a case's facts."""
    yield from _windows(say, name, said)
    yield from _questions(say, name, said)
    yield from _due(say, name, said)
    yield from _whose(say, name, said)
    for full in (True, False):
        view = case_card.view(file(name, said, full=full), zone=ZONE, say=say, may_export=full)
        yield "case", "", view["blocks"], view
    said_before = [
        Message(workspace="T1", channel="C1", ts=f"{number}.0", speaker="U1", role=role, text=said)
        for number, role in enumerate([Role.CUSTOMER, Role.AGENT] * 9)
    ]
    yield from _asked_in(say, name, said, said_before)
    for messages in (said_before * 6, []):
        view = conversation.view(
            messages,
            requests(said)[: len(messages)],
            turns(said)[: len(messages)],
            customer=name,
            case_id="c" * 32,
            zone=ZONE,
            say=say,
        )
        yield "conversation", "", view["blocks"], view
    text, blocks = engineer.task(customer=name, what=said, asked_by="U1", link="", say=say)
    yield "engineer", text, blocks, None


def _asked_in(say: Words, name: str, said: str, said_before: list[Message]) -> Iterator[Sample]:
    """A colleague asked in, of each kind and in each state; what whoever asked hears; what supervisors hear."""
    for kind, state in product(Kind, AskState):
        for why in (said, ""):
            asking = Asking(
                workspace="T1",
                id="t" * 32,
                case_id="c" * 32,
                kind=kind,
                round="t" * 32,
                asked_by="U1",
                asked="U7",
                why=why,
                state=state,
                asked_at=NOW,
                due_at=NOW if state is AskState.ASKED else None,
            )
            so_far = case_card.handover(file(name, said, full=bool(why)), said_before, zone=ZONE, say=say)
            text, blocks = takeover.card(asking, customer=name, so_far=so_far, zone=ZONE, link="https://2026", say=say)
            yield "takeover", text, blocks, None
        yield "takeover asked", takeover.asked_words(asking, name, say), [], None
        yield "takeover closed", takeover.closed_meanwhile_words(asking, name, name, say), [], None
        yield "takeover accepted", takeover.accepted_words(asking, name, name, say), [], None
        yield "takeover waits", takeover.waiting_words(asking, ZONE, say), [], None
        for then in (name, None):
            yield "takeover passed on", takeover.passed_on_words(asking, name, then, say), [], None
    text, blocks = evidence.written("case.html", "0" * 64, customer=name, say=say)
    yield "exported", text, blocks, None
    yield "exported, in the window", "", evidence.exported({"blocks": [divider()]}, say)["blocks"], None
    for sentence in (evidence.not_yours_words(say), evidence.not_written_words(say)):
        yield "not exported", sentence, [], None
    yield "closed", takeover.closed_words(say), [], None
    yield "nobody", takeover.nobody_words(say), [], None
    yield "backed", care.told_agent(say), [], None
    for kind_of_abuse, agent in product(ABUSE, ("U1", None)):
        text, blocks = care.told_supervisor(
            kind_of_abuse, customer=name, agent=agent, case_id="c" * 32, link="https://2026", say=say
        )
        yield "abuse", text, blocks, None
    for outsiders in (True, False):
        text, blocks = care.stepped_in(customer=name, outsiders=outsiders, link="https://2026", say=say)
        yield "stepped in", text, blocks, None


def _whose(say: Words, name: str, said: str) -> Iterator[Sample]:
    """Naming the right customer."""
    view = right_customer.window(name, case_id="c" * 32, say=say)
    yield "whose case", "", view["blocks"], view
    for number in (1, 2):
        choices = [Choice("c" * 32, name, say.day(TODAY), said)] * number
        yield "their case", "", right_customer.their_case("C" * 64, name, choices, say), None
    for refusal in NotTheirs:
        yield "not theirs", right_customer.refusal_words(refusal, name, say), [], None
    for elsewhere in (False, True):
        yield "theirs now", right_customer.moved_words(name, elsewhere=elsewhere, say=say), [], None
    for why in ("", said):
        text, blocks = right_customer.told_handler("U2", name, name, why, say)
        yield "theirs now", text, blocks, None


def _windows(say: Words, name: str, said: str) -> Iterator[Sample]:
    known = {"severity": "site", "effort_hours": "1.5", "cost": "3000.00", "fault_ours": OurMistake.BREACH, "why": said}
    about = {"customer": name, "case_id": "c" * 32}
    views = [
        assess.assess_modal(customer=name, case_id="c" * 32, currency="NT$", known=known, say=say),
        assess.assess_modal(customer=name, case_id="c" * 32, currency="NT$", known={}, say=say),
        assess.new_facts_modal(**about, say=say),
        engineer.assign_modal(**about, say=say),
        takeover.ask_modal(**about, say=say),
        commitment.commit_modal(**about, suggested=NOW, say=say),
        commitment.commit_modal(**about, suggested=NOW, say=say, follow_up=said),
        *(commitment.new_time_modal(each, zone=ZONE, suggested=NOW, say=say) for each in commitments(said)[:1]),
        verification.answer_modal(Answer.YES, "v" * 32, say),
        verification.answer_modal(Answer.NO, "v" * 32, say),
        verification.answer_modal(Answer.NOT_SURE, "v" * 32, say),
        verification.prolonged_modal("v" * 32, say),
        *(promise_scope.record_modal(each, "TWD", say) for each in verifications(said)),
        *(promise_scope.question_modal(each, say) for each in verifications(said)),
    ]
    for view in views:
        yield view["callback_id"], "", view["blocks"], view
    for sentence in (
        *(assess.hours_error_words(each, say) for each in HoursError),
        *(commitment.due_error_words(each, say) for each in DueError),
    ):
        yield "slip", sentence, [], None


def _due(say: Words, name: str, said: str) -> Iterator[Sample]:
    for each in commitments(said)[: len(CommitmentState)]:
        for move in (CommitmentMove.REMIND, CommitmentMove.MISS, CommitmentMove.ESCALATE):
            text, blocks = commitment.told(each, move, customer=name, zone=ZONE, say=say)
            yield f"commitment {move}", text, [*blocks, *commitment.buttons(each, say)], None


def _questions(say: Words, name: str, said: str) -> Iterator[Sample]:
    for each in verifications(said):
        text, blocks = verification.card(each, customer=name, instead_of=name, say=say)
        yield f"question {each.state}", text, blocks, None
        text, blocks = verification.card(
            each, customer=name, instead_of=None, say=say, is_latest=False, asked_anew=True
        )
        yield f"question {each.state}", text, blocks, None
        for move in VerificationMove:
            text, blocks = verification.told_agent(each, move, customer=name, say=say)
            yield f"answer {each.state}", text, blocks, None
        text, blocks = verification.told_agent(each, VerificationMove.NO, customer=name, say=say, is_news=False)
        yield f"answer {each.state}", text, blocks, None
        for link in ("https://x.example/1", ""):
            text, blocks = verification.reminder(each, customer=name, link=link, say=say)
            yield "reminder", text, blocks, None
            text, blocks = promise_scope.told_supervisor(each, customer=name, link=link, say=say)
            yield "reminder", text, blocks, None
        text, blocks = promise_scope.card(each, customer=name, say=say)
        yield f"scope {each.state}", text, blocks, None
        for refused in ScopeRefusal:
            yield "refused", promise_scope.refusal_words(refused, each, say), [], None
    for refusal in AnswerRefusal:
        yield "refused", verification.refusal_words(refusal, say), [], None


def claims(said: str) -> Iterator[tuple[ClaimCheck, ...]]:
    """Every way in which claims can stand beside the record."""
    yield from _checks(said)
