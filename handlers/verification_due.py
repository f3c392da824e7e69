"""A question to sales whose time comes: a reminder, the next in line, in the end the supervisors or the end of it."""

from bot.case import CaseState
from bot.promise_moves import by_itself, knows_of_it, moved, whom_next
from bot.promises import CHANNEL, Verification, VerificationMove
from handlers import request, verifying
from handlers.services import Services
from handlers.situation import customer_of, moment
from storage import cases, promises


async def happen(services: Services, known: Verification) -> None:
    """What happens to one question by itself, unless somebody was quicker.

    Nobody who has left is asked or reminded; for whoever left meanwhile the next in line is asked at once. In a case
    that is closed nobody is asked any more.

    Raises:
        UnknownForNowError: When Slack could not be asked who they are.
    """
    policy = services.playbook.policy
    with services.casebook.look() as connection:
        case = cases.get(connection, known.workspace, known.case_id)
        came = promises.reached(connection, known)
    if case is None:
        return
    is_closed = case.state is CaseState.CLOSED
    first = knows_of_it(known) if known.question else ()
    customer = customer_of(services, case.customer_id)
    further = () if is_closed else await verifying.can_be_asked(services, customer, first)
    whom_now = known.told[-1] if known.told else CHANNEL
    reached = came and not is_closed and (whom_now == CHANNEL or await verifying.is_here(services, whom_now))
    move = by_itself(known, moment(services), reached=reached, further=further)
    if move is None:
        return
    whom = whom_next(known, further) if move is VerificationMove.MOVE_UP else None
    hear = await verifying.hearers(services, known, case, move, whom)
    with services.casebook.begin() as connection:
        cases.hold(connection, known.workspace, known.case_id)
        if promises.get(connection, known.workspace, known.id) != known:
            return
        after = moved(known, move, now=moment(services), policy=policy.verification, hours=policy.hours, whom=whom)
        verifying.make(
            services,
            connection,
            before=known,
            after=after,
            move=move,
            case=case,
            actor=request.OURSELVES,
            hear=hear,
            is_silent=is_closed,
        )
