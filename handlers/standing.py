"""How it stands with our work, read when whoever watches us asks: beside everything else, and never for long."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.metrics import Standing, WorkspaceStanding
from handlers.services import Services
from handlers.workspaces import Workspaces
from storage import gauges
from storage import workspace as kept

PATIENCE_SECONDS = 3.0
FRESH_SECONDS = 5.0
"""However many ask: the casebook is read once in so long."""

log = structlog.get_logger()


@dataclass
class Standings:
    """What `/metrics` answers."""

    workspaces: Workspaces
    _reading: asyncio.Task[Standing] | None = None
    _read: Standing | None = None
    _read_at: float = float("-inf")

    async def now(self) -> Standing:
        """As it is now, or was some seconds ago."""
        if self._read is None or not 0 <= self.workspaces.clock() - self._read_at < FRESH_SECONDS:
            self._read = await self._newly_read()
            self._read_at = self.workspaces.clock()
        return self._read

    async def _newly_read(self) -> Standing:
        """In a thread; a database that hangs is asked by one of us and told as being down."""
        if self._reading is None:
            self._reading = asyncio.create_task(asyncio.to_thread(self._look))
        reading = self._reading
        done, _ = await asyncio.wait([reading], timeout=PATIENCE_SECONDS)
        if not done:
            return self._without_database()
        if self._reading is reading:
            self._reading = None
        try:
            return reading.result()
        except (SQLAlchemyError, OSError) as error:
            log.warning("database_not_readable", error=type(error).__name__)
            return self._without_database()

    def _look(self) -> Standing:
        now, parts = self.workspaces.clock(), self.workspaces.all()
        with self.workspaces.casebook.look() as connection:
            heard = {each.identity.workspace: kept.alive_at(connection, each.identity.workspace) for each in parts}
            ends = gauges.tokens_expire_at(connection, [*heard])
            return Standing(
                database=True,
                inbox=gauges.inbox_waiting(connection, self.workspaces.ids, now),
                outbox=gauges.outbox_waiting(connection, self.workspaces.ids, now),
                late=gauges.late(connection, [*heard], now),
                workspaces={
                    each.identity.workspace: _of(
                        each, heard[each.identity.workspace], now, ends.get(each.identity.workspace)
                    )
                    for each in parts
                },
            )

    def _without_database(self) -> Standing:
        now = self.workspaces.clock()
        return Standing(
            database=False,
            workspaces={each.identity.workspace: _of(each, None, now) for each in self.workspaces.all()},
        )


def _of(
    services: Services, heard_at: float | None, now: float, token_ends_at: float | None = None
) -> WorkspaceStanding:
    directory = services.directory()
    return WorkspaceStanding(
        playbook=services.playbook.version,
        faults=len(services.known.faults),
        directory_seconds=max(0.0, now - directory.built_at().timestamp()) if directory else None,
        heard_seconds=None if heard_at is None else max(0.0, now - heard_at),
        token_seconds=None if token_ends_at is None else token_ends_at - now,
    )
