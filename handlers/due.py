"""What happens by itself when its time has come: each row once, in a transaction with everything it causes."""

import asyncio

import structlog

from bot import goodwill as rules
from bot.goodwill import ExceptionRequest
from bot.i18n import words
from bot.language import language_of_locale
from handlers import people, request
from handlers.services import Services
from handlers.situation import moment
from storage import cases
from storage import goodwill as requests

PAUSE_SECONDS = 1.0
NOT_NOW_SECONDS = 300.0

log = structlog.get_logger()


async def run_due(services: Services) -> None:
    """Do what is due, forever."""
    while True:
        await do_due(services.for_one_task())
        await asyncio.sleep(PAUSE_SECONDS)


async def do_due(services: Services) -> None:
    """Do what is due now; one odd row keeps nothing else from happening."""
    with services.casebook.look() as connection:
        due = requests.due(connection, services.identity.workspace, services.clock())
    for each in due:
        try:
            await _happen(services, each)
        except people.UnknownForNowError:
            log.info("due_later", exception=each.id)
        except Exception:
            log.exception("due_failed", exception=each.id)
    services.wake.outbox.set()


async def _happen(services: Services, known: ExceptionRequest) -> None:
    """One move of one request, unless somebody was quicker."""
    move, policy = known.due_move, services.playbook.policy
    with services.casebook.look() as connection:
        case = cases.get(connection, known.workspace, known.case_id)
    if move is None or case is None:
        return
    hear = await request.hearers(services, known, case, move)
    asker = await people.look_up(services, known.requested_by)
    with services.casebook.begin() as connection:
        before = requests.get(connection, known.workspace, known.id)
        if before != known:
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
