"""Gathering what the App Home shows: somebody's own desk; for who decides, what waits and how it stands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot import desk as desks
from bot import ledger as ledgers
from bot.authority import Authority, deputies, managers, supervisors
from bot.cards.desk import MOST_CASES, MOST_PROMISED
from bot.cards.home import Board
from bot.case import Case
from bot.desk import CaseAtHand, Desk
from bot.errors import UserError
from bot.goodwill import Clicker, ExceptionRequest
from bot.history import counts_since
from bot.ledger import Ledger
from bot.message import Role
from bot.promise_moves import Decider, scope_refusal
from bot.promises import Verification, VerificationMove
from bot.setup import Setup
from bot.waiting import Waiting, waiting
from handlers import request, seconding, verifying
from handlers.guard import Actor
from handlers.services import Services
from handlers.situation import moment, window_is_used
from storage import cases, commitments, conversations, promises, which_case
from storage import goodwill as requests
from storage import ledger as figures
from storage import team as counts

MOST_LOOKED_AT = 30
MOST_AT_LIMIT = 10
MOST_ENTRIES = 10
MOST_PROMISES = 5


def names(services: Services, customer_ids: Iterable[str | None]) -> Mapping[str, str]:
    """Customers' names by their ids, as far as they are on file."""
    directory = services.directory()
    try:
        return directory.names(each for each in customer_ids if each) if directory else {}
    except UserError as error:
        services.tell_unreadable(error)
        return {}


def desk(services: Services, connection: Connection, actor: Actor) -> Desk | None:
    """Somebody's own cases and commitments; None for who talks to no customers."""
    if actor.role not in {Role.AGENT, Role.SUPERVISOR}:
        return None
    workspace, user = services.identity.workspace, actor.person.user_id
    handled, in_all = which_case.handled_by(connection, workspace, user, MOST_CASES)
    owed = commitments.owed_by(connection, workspace, user)
    if actor.role is Role.SUPERVISOR and not (handled or owed):
        return None
    case_ids = [each.id for each in handled]
    promised_in = {each.id: cases.get(connection, workspace, each.case_id) for each in owed[:MOST_PROMISED]}
    called = names(services, (each.customer_id for each in (*handled, *promised_in.values()) if each))

    def name(case: Case | None) -> str:
        return called.get((case and case.customer_id) or "", "")

    asked = {each.case_id: each for each in promises.waiting_in(connection, workspace, case_ids)}
    wanted = {each.case_id: each for each in requests.waiting_in(connection, workspace, case_ids)}
    due = {each.case_id: each for each in reversed(owed)}
    said = conversations.last_said(connection, workspace, case_ids)
    return Desk(
        cases=tuple(
            CaseAtHand(
                case=each,
                customer=name(each),
                request=wanted.get(each.id),
                asked=asked.get(each.id),
                last_role=said[each.id].role if each.id in said else None,
                last_at=said[each.id].said_at if each.id in said else each.opened_at,
                due=due.get(each.id),
            )
            for each in handled
        ),
        more_cases=in_all - len(handled),
        promised=tuple((each, name(promised_in[each.id])) for each in owed[:MOST_PROMISED]),
        more_promised=max(len(owed) - MOST_PROMISED, 0),
        now=moment(services),
    )


def board(
    services: Services,
    connection: Connection,
    actor: Actor,
    held: Sequence[Authority],
    groups: Mapping[str, frozenset[str]],
) -> Board:
    """What waits for a decision, how the team is doing, and the ledger; for who holds an authority."""
    workspace, now, policy = services.identity.workspace, moment(services), services.playbook.policy
    months = ledgers.month_starts(now, ZoneInfo(policy.hours.timezone))
    ledger = _ledger(services, connection, months)
    pending = requests.pending(connection, workspace)
    asked = pending[:MOST_LOOKED_AT]
    promised = _promised(services, connection, actor, held)
    of_ledger = (*(each.customer_id for each in ledger.at_limit), *(each.customer_id for each in ledger.entries))
    called = names(
        services, (*(each.customer_id for each in asked), *(each.customer_id for each in promised), *of_ledger)
    )
    open_cases = counts.open_cases(connection, workspace)
    return Board(
        waiting=[_waiting(services, connection, actor, each, called, held, groups) for each in asked],
        more_waiting=len(pending) - len(asked),
        promised=[(each, called.get(each.customer_id or "", "")) for each in promised],
        team=desks.team(
            on_duty=[each for channel in actor.setup.support for each in channel.on_duty],
            open_cases=open_cases,
            overdue=counts.overdue(connection, workspace, services.clock()),
            paused=counts.paused(connection, workspace, services.clock()),
            away=frozenset(each.user for each in actor.setup.away_now(now)),
        ),
        unhandled=open_cases.get(None, 0),
        ledger=ledger,
        months=months,
        names=called,
        now=now,
    )


def _promised(
    services: Services, connection: Connection, actor: Actor, held: Sequence[Authority]
) -> list[Verification]:
    """The promises whose scope this person may record."""
    found = []
    for each in promises.to_record(connection, services.identity.workspace, MOST_LOOKED_AT):
        case = cases.get(connection, each.workspace, each.case_id)
        user = actor.person.user_id
        took_part = case is None or verifying.took_part(connection, case, user)
        decider = Decider(user=user, held=tuple(held), took_part=took_part)
        if scope_refusal(each, VerificationMove.RECORD, decider) is None:
            found.append(each)
    return found[:MOST_PROMISES]


def _waiting(
    services: Services,
    connection: Connection,
    actor: Actor,
    asked: ExceptionRequest,
    called: Mapping[str, str],
    held: Sequence[Authority],
    groups: Mapping[str, frozenset[str]],
) -> Waiting:
    """A request, and what this person may do about it by the rules that their click will meet."""
    user, now = actor.person.user_id, moment(services)
    case = cases.get(connection, asked.workspace, asked.case_id)
    return waiting(
        asked,
        called.get(asked.customer_id or "", ""),
        Clicker(user=user, held=tuple(held), took_part=request.took_part(connection, asked, case, user)),
        services.playbook.policy.approval,
        window_used=case is not None and window_is_used(services, connection, case),
        has_manager=seconding.has_second(
            connection, asked, case, seconding.managers_known(services, connection, actor.setup, groups) - {user}
        ),
        has_supervisor=bool(_first_deciders(actor.setup, groups, now) - {user, asked.requested_by}),
    )


def _first_deciders(setup: Setup, groups: Mapping[str, frozenset[str]], now: datetime) -> frozenset[str]:
    """The supervisors who are here, and whoever stands in for one."""
    away = frozenset(each.user for each in setup.away_now(now))
    return ((supervisors(setup, groups) | deputies(setup, now)) - away) - managers(setup, groups)


def _ledger(services: Services, connection: Connection, months: Sequence[date]) -> Ledger:
    workspace, policy, now = services.identity.workspace, services.playbook.policy, services.clock()
    since = counts_since(policy.goodwill, policy.hours, moment(services)).timestamp()
    zone = ZoneInfo(policy.hours.timezone)
    began = [(each, datetime.combine(each, time.min, zone).timestamp()) for each in months]
    at_limit = figures.at_limit(connection, workspace, policy=policy.goodwill, hours=policy.hours, now=moment(services))
    return Ledger(
        totals=tuple(figures.totals(connection, workspace, since=since, now=now)),
        months=tuple(figures.months(connection, workspace, starts=began, now=now)),
        at_limit=tuple(at_limit[:MOST_AT_LIMIT]),
        at_limit_more=max(len(at_limit) - MOST_AT_LIMIT, 0),
        outcomes=dict(figures.outcomes(connection, workspace, since=since)),
        entries=tuple(figures.entries(connection, workspace, MOST_ENTRIES)),
    )
