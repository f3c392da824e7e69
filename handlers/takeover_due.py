"""A colleague who was asked and has not answered in time: the next is asked."""

from bot.takeover import Asking, AskMove, Kind
from handlers import request
from handlers.asking import accept, found, onward_from, pass_on
from handlers.services import Services
from storage import cases, takeovers


async def happen(services: Services, known: Asking) -> None:
    """One question whose time is over, or that could not be put; who answered the customer has taken over."""
    _, case = found(services, known.id)
    if case is None:
        return
    onward = await onward_from(services, known, case, AskMove.TIME_OUT)
    with services.casebook.begin() as connection:
        cases.hold(connection, known.workspace, known.case_id)
        asking = takeovers.get(connection, known.workspace, known.id)
        case = cases.get(connection, known.workspace, known.case_id)
        if asking != known or case is None:
            return
        if asking.kind is Kind.TAKEOVER and case.agent == asking.asked:
            accept(services, connection, case, asking, onward.was, onward.asker, link=onward.link)
        else:
            pass_on(services, connection, case, asking, AskMove.TIME_OUT, onward, by=request.OURSELVES)
