"""Telling a CRM, in order, each move once it is written down; the same event again until it is taken."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import structlog

from bot.crm import RETRIES, Crm, Event
from bot.webhook import signed
from handlers.services import Services
from handlers.situation import moment
from storage import audit, crm

PAUSE_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Webhook:
    """A signed POST for each event (`bot.webhook`)."""

    services: Services
    url: str
    key: bytes

    async def send(self, event: Event) -> str | None:
        """Post it; anything but a 2xx is a no."""
        headers = {"content-type": "application/json", **signed(self.key, event.id, event.body, moment(self.services))}
        try:
            async with self.services.http.post(
                self.url, data=event.body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return None if answer.ok and answer.status < 300 else f"http {answer.status}"  # noqa: PLR2004
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__


async def run_crm(services: Services, to: Crm, retries: Sequence[timedelta] = RETRIES) -> None:
    """Tell it everything from now on, forever.

    Args:
        retries: How long each next try of one event waits; after the last it is left out.
    """
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        crm.begin(connection, workspace)
    while True:
        if not await tell_next(services, to, retries):
            await asyncio.sleep(PAUSE_SECONDS)


async def tell_next(services: Services, to: Crm, retries: Sequence[timedelta] = RETRIES) -> bool:
    """Tell it the next move, once; False when there is none that it is time for, or another worker tells it."""
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        turn = crm.take_turn(connection, workspace, services.clock())
    if turn is None:
        return False
    event = turn.event
    refused = await to.send(event) if event else None
    with services.casebook.begin() as connection:
        if refused and event and turn.tries <= len(retries):
            pause = retries[turn.tries - 1].total_seconds()
            log.warning("crm_later", crm_event=event.id, error=refused, seconds=pause)
            crm.wait(connection, workspace, turn, until=services.clock() + pause)
            return True
        crm.note_heard(connection, workspace, turn)
        if refused and event:
            log.error("crm_left_out", crm_event=event.id, error=refused)
            audit.write(
                connection,
                workspace=workspace,
                actor="aside",
                subject="crm",
                subject_id=event.id,
                move="left_out",
                why=refused,
                now=services.clock(),
            )
    return True
