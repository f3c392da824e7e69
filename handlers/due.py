"""What happens by itself when its time has come: each row once, in a transaction with everything it causes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from bot import goodwill as rules
from bot.coaching import StoredAdvice
from bot.commitments import Commitment
from bot.goodwill import ExceptionRequest
from bot.i18n import words
from bot.language import language_of_locale
from bot.promises import Verification
from bot.sales import Opportunity
from bot.takeover import Asking
from handlers import commitment_due, people, request, sales_due, takeover_due, unanswered, verification_due
from handlers.services import Services
from handlers.situation import moment
from storage import advised, cases, commitments, opportunities, promises, takeovers
from storage import goodwill as requests

PAUSE_SECONDS = 1.0
AGAIN_SECONDS = 60.0
"""What did not work is tried again after this."""
Row = TypeVar("Row", ExceptionRequest, Commitment, Opportunity, Verification, StoredAdvice, Asking)

NotBefore = dict[str, float]

log = structlog.get_logger()


async def run_due(services: Services) -> None:
    """Do what is due, forever."""
    not_before: NotBefore = {}
    while True:
        await do_due(services.for_one_task(), not_before)
        await asyncio.sleep(PAUSE_SECONDS)


async def do_due(services: Services, not_before: NotBefore | None = None) -> None:
    """Do what is due now, of every kind of row.

    Args:
        not_before: What did not work lately, and when to try it again; written on.
    """
    not_before = {} if not_before is None else not_before
    happened = [
        await _each(services, requests.due, _happen, not_before),
        await _each(services, commitments.due, commitment_due.happen, not_before),
        await _each(services, opportunities.due, sales_due.happen, not_before),
        await _each(services, promises.due, verification_due.happen, not_before),
        await _each(services, advised.unanswered, unanswered.happen, not_before),
        await _each(services, takeovers.due, takeover_due.happen, not_before),
    ]
    if any(happened):
        services.wake.outbox.set()


async def _each(
    services: Services,
    due: Callable[[Connection, str, float], Sequence[Row]],
    happen: Callable[[Services, Row], Awaitable[None]],
    not_before: NotBefore,
) -> bool:
    """Everything of one kind that is due; one odd row keeps nothing else from happening, and Slack is not pressed.

    Whether anything was.

    Args:
        due: Which rows of a workspace are due at a time.
        happen: The move of one of them, unless somebody was quicker.
    """
    now = services.clock()
    with services.casebook.look() as connection:
        rows = due(connection, services.identity.workspace, now)
    for each in rows:
        if not_before.get(each.id, 0.0) > now:
            continue
        try:
            await happen(services, each)
            not_before.pop(each.id, None)
        except people.UnknownForNowError:
            not_before[each.id] = now + AGAIN_SECONDS
            log.info("due_later", row=each.id)
        except Exception:
            not_before[each.id] = now + AGAIN_SECONDS
            services.metrics.due_failed()
            log.exception("due_failed", row=each.id)
    return bool(rows)


async def _happen(services: Services, known: ExceptionRequest) -> None:
    """One move of one request, unless somebody was quicker."""
    move, policy = rules.by_itself(known, moment(services)), services.playbook.policy
    with services.casebook.look() as connection:
        case = cases.get(connection, known.workspace, known.case_id)
    if move is None or case is None:
        return
    hear = await request.hearers(services, known, case, move)
    asker = await people.look_up(services, known.requested_by)
    with services.casebook.begin() as connection:
        before = requests.get(connection, known.workspace, known.id)
        case = cases.get(connection, known.workspace, known.case_id)
        if before != known or case is None:
            return
        after = rules.moved(before, move, by=None, now=moment(services), policy=policy.approval, hours=policy.hours)
        request.make(
            services,
            connection,
            before=before,
            after=after,
            move=move,
            case=case,
            actor=request.OURSELVES,
            say=words(language_of_locale(asker.locale)),
            hear=hear,
        )
