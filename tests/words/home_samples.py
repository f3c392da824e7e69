"""An App Home as full as one can be, and an empty one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.cards.home import Board
from bot.case import Case, CaseState
from bot.commitments import Commitment, CommitmentState
from bot.desk import CaseAtHand, Desk, TeamMember
from bot.goodwill import ExceptionRequest, ExceptionState, Refusal
from bot.ledger import AtLimit, Entry, Ledger, Month, Total, month_starts
from bot.message import Role
from bot.policy import Concession
from bot.promises import Answer, Given, Verification, VerificationState
from bot.waiting import Choice, Waiting

NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
MONTHS = month_starts(NOW, ZoneInfo("Asia/Taipei"))
AGES = (timedelta(minutes=3), timedelta(minutes=47), timedelta(hours=1), timedelta(hours=23), timedelta(days=9))
Filed = Callable[[ExceptionState, Concession, str], ExceptionRequest]


def _commitment(number: int, said: str) -> Commitment:
    return Commitment(
        workspace="T1",
        id=f"{number:032x}",
        case_id="c" * 32,
        text=said,
        state=CommitmentState.MISSED if number % 2 else CommitmentState.OPEN,
        due_at=NOW + timedelta(hours=number - 3),
        timezone="Asia/Taipei",
        made_by="U1",
        made_at=NOW,
    )


def desk(name: str, said: str, filed: Filed) -> Desk:
    """As many cases and promises as are listed, waiting for everything a case can wait for."""
    asked = Verification(
        workspace="T1", id="v", case_id="c", customer_id=None, claimed=said, asked_by="U1", asked_at=NOW, told=("U5",)
    )
    states = (
        ExceptionState.REQUESTED,
        ExceptionState.SECONDING,
        ExceptionState.ASKED_BACK,
        ExceptionState.APPROVED,
    )
    cases = tuple(
        CaseAtHand(
            case=Case(
                workspace="T1",
                id=f"{number:032x}",
                customer_id="1",
                channel="C1",
                thread_ts="1.0",
                state=list(CaseState)[number % len(CaseState)],
                agent="U1",
                opened_at=NOW,
            ),
            customer=name if number else "",
            request=filed(states[number % len(states)], Concession.FULL, said),
            asked=asked.model_copy(update={"asked": None}) if number % 3 else asked,
            last_role=Role.CUSTOMER if number % 2 else Role.AGENT,
            last_at=NOW,
            due=_commitment(number, said),
        )
        for number in range(8)
    )
    promised = tuple((_commitment(number, said), name if number else "") for number in range(6))
    return Desk(cases=cases, more_cases=3, promised=promised, more_promised=4, now=NOW)


def board(name: str, said: str, filed: Filed) -> Board:
    """More waiting, a bigger team and a longer ledger than is listed."""
    states = (ExceptionState.REQUESTED, ExceptionState.SECONDING, ExceptionState.ASKED_BACK)
    refusals = (None, *Refusal)
    waiting = [
        Waiting(
            request=filed(states[number % 3], Concession.LABOUR_WAIVED, said).model_copy(
                update={"id": f"{number:026d}", "requested_at": NOW - AGES[number % len(AGES)]}
            ),
            customer=name if number else "",
            may=frozenset(Choice) if number % 3 < 2 else frozenset(),
            refusal=refusals[number % len(refusals)],
            is_yours=number % 3 == 0,
        )
        for number in range(30)
    ]
    team = [
        TeamMember(
            user=f"U{number}",
            on_duty=number % 2 == 0,
            open_cases=number,
            overdue=number % 3,
            paused=number % 4 == 0,
            away=number % 5 == 0,
        )
        for number in range(30)
    ]
    remembered = Verification(
        workspace="T1",
        id="v",
        case_id="c",
        customer_id=None,
        claimed=said,
        state=VerificationState.REMEMBERED,
        asked_by="U1",
        asked_at=NOW,
        answers=(Given(answer=Answer.YES, by="U5", at=NOW),),
    )
    return Board(
        promised=[
            (remembered.model_copy(update={"id": f"v{number}"}), each)
            for number, each in enumerate((name, "", name, name, name))
        ],
        waiting=waiting,
        more_waiting=7,
        team=team,
        unhandled=2,
        ledger=ledger(),
        months=MONTHS,
        names={f"C-{number}": name for number in range(9)},
        now=NOW,
    )


def ledger() -> Ledger:
    """Every kind of figure, in two currencies."""
    units = ("TWD", "USD")
    return Ledger(
        totals=tuple(
            Total(currency=unit, granted=9, cost=Decimal(987_654_321), dearest=Decimal("123456.5"), ours=ours)
            for unit in units
            for ours in (False, True)
        ),
        months=tuple(
            Month(first=first, currency=unit, granted=number, cost=Decimal(number * 1234))
            for number, first in enumerate(MONTHS)
            for unit in units
        ),
        at_limit=tuple(AtLimit(customer_id=f"C-{number}", free_on=NOW.date()) for number in range(10)),
        at_limit_more=3,
        outcomes=dict.fromkeys((ExceptionState.DECLINED, ExceptionState.EXPIRED, ExceptionState.LAPSED), 4),
        entries=tuple(
            Entry(
                decided_at=NOW,
                customer_id=f"C-{number}",
                concession=list(Concession)[number % len(Concession)],
                cost=Decimal("2500.5"),
                currency="TWD",
                decided_by="U2",
                state=(ExceptionState.USED, ExceptionState.DECLINED, ExceptionState.LAPSED)[number % 3],
            )
            for number in range(10)
        ),
    )


def bare_board() -> Board:
    """Nothing waits, nobody is on duty, nothing was ever granted."""
    return Board(waiting=[], more_waiting=0, team=[], unhandled=0, ledger=Ledger(), months=MONTHS, names={}, now=NOW)
