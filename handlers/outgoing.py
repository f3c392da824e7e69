"""What goes out: whatever is due, many things at once, each workspace and each kind for itself."""

import asyncio
from collections import Counter

from sqlalchemy.exc import SQLAlchemyError

from handlers.deliver import send_claimed
from handlers.services import Services, woken
from handlers.workspaces import Workspaces
from storage import turns
from storage.outbox import Sending, SendKind, SendState

MOST_AT_ONCE = 4
"""So many of a kind are sent at once in a workspace: more than Slack takes of any, so that one slow call stops none."""


UnderWay = dict[asyncio.Task[None], Sending]
"""What is being sent."""


async def run_outbox(workspaces: Workspaces, under_way: UnderWay | None = None) -> None:
    """Send what is due, many things at once, until nothing is and there is to be no more.

    Args:
        under_way: What is being sent; written on. Where the database ends us it goes on, for whoever begins anew.
    """
    wake = workspaces.wake
    under_way = {} if under_way is None else under_way
    try:
        while True:
            wake.outbox.clear()
            for task in [each for each in under_way if each.done()]:
                del under_way[task]
                task.result()
            nothing_due = await _begin(workspaces, under_way)
            if wake.sending_ends.is_set() and nothing_due and not under_way:
                return
            with workspaces.casebook.statement() as connection:
                again_at = turns.look_again_at(connection, now=workspaces.clock())
            pause = 1.0 if again_at is None else min(1.0, max(0.01, again_at - workspaces.clock()))
            await woken(wake.outbox, pause)
    except (SQLAlchemyError, OSError):  # nothing is broken off that Slack is just told, and then perhaps told twice
        raise
    except BaseException:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        raise


async def _begin(workspaces: Workspaces, under_way: UnderWay) -> bool:
    """Begin to send whatever may go out, one thing of each workspace after the other; whether nothing else is due."""
    with workspaces.casebook.statement() as connection:
        waiting = turns.waiting(connection, now=workspaces.clock())
    due = [services for each in waiting if (services := workspaces.of(each))]
    looked_at = list(due)
    while looked_at:
        for services in list(looked_at):
            sending = _claimed(services, under_way)
            if sending is None or not sending.follows:
                looked_at.remove(services)
            if sending is None:
                continue
            if any(each.seq == sending.seq and not task.done() for task, each in under_way.items()):
                continue  # the machine slept, or its clock jumped: we are still at it, and have its lease anew
            task = asyncio.create_task(send_claimed(services, sending))
            task.add_done_callback(lambda _: workspaces.wake.outbox.set())
            under_way[task] = sending
            await asyncio.sleep(0)  # it begins, and whoever else waits has their turn
    return not due


def _claimed(services: Services, under_way: UnderWay) -> Sending | None:
    """What may go out now in a workspace; whispers whose moment has passed do not any more."""
    workspace, now = services.identity.workspace, services.clock()
    busy = Counter(each.kind for each in under_way.values() if each.workspace == workspace)
    enough = [kind for kind, number in busy.items() if number >= MOST_AT_ONCE]
    with services.casebook.begin() as connection:
        late = turns.withhold_late(connection, workspace, now=now)
        sending = turns.claim(connection, workspace, now=now, but_not=enough)
    for _ in range(late):
        services.metrics.send_ended(SendKind.EPHEMERAL, SendState.WITHHELD, turns.TOO_LATE, 0.0)
    return sending
