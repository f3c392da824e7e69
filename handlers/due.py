"""What happens by itself when its time has come: each row once, in a transaction with everything it causes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from bot import goodwill as rules
from bot.advice import StoredAdvice
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
from storage import due as kept_due
from storage import goodwill as requests

PAUSE_SECONDS = 1.0
AGAIN_SECONDS = 60.0
"""What did not work is tried again after this."""
Row = TypeVar("Row", ExceptionRequest, Commitment, Opportunity, Verification, StoredAdvice, Asking)

NotBefore = dict[str, float]
Due = Callable[[Connection, str, float], Sequence[Row]]
"""Which rows of a workspace are due at a time."""
Happen = Callable[[Services, Row], Awaitable[None]]
"""The move of one of them, unless somebody was quicker."""

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
    workspace, now = services.identity.workspace, services.clock()
    with services.casebook.statement() as connection:
        if not kept_due.is_anything(connection, workspace, now):
            return
    with services.casebook.look() as connection:

        def of(due: Due[Row], happen: Happen[Row]) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
            return [(each.id, partial(happen, services, each)) for each in due(connection, workspace, now)]

        everything = [
            *of(requests.due, _happen),
            *of(commitments.due, commitment_due.happen),
            *of(opportunities.due, sales_due.happen),
            *of(promises.due, verification_due.happen),
            *of(advised.unanswered, unanswered.happen),
            *of(takeovers.due, takeover_due.happen),
        ]
    for row, happen in everything:
        if not_before.get(row, 0.0) <= now:
            await _do(services, row, happen, not_before, now)
    if everything:
        services.wake.outbox.set()


async def _do(
    services: Services, row: str, happen: Callable[[], Awaitable[None]], not_before: NotBefore, now: float
) -> None:
    """One of them, unless somebody was quicker; an odd row keeps nothing else from happening, nor is Slack pressed."""
    try:
        await happen()
        not_before.pop(row, None)
    except people.UnknownForNowError:
        not_before[row] = now + AGAIN_SECONDS
        log.info("due_later", row=row)
    except Exception:
        not_before[row] = now + AGAIN_SECONDS
        services.metrics.due_failed()
        log.exception("due_failed", row=row)


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
