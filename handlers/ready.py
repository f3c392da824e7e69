"""Whether what our work needs is there: the database, the directory, Slack's yes to our token."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.health import Check
from handlers import people
from handlers.workspaces import Workspaces
from storage import workspace as kept

TOKEN_SECONDS = 60.0
PATIENCE_SECONDS = 3.0
WRITE_SECONDS = 1.0

log = structlog.get_logger()


@dataclass
class Ready:
    """The checks of a bot at work.

    However often somebody asks us, a row is written at most once a second, and Slack is asked at most once a minute.

    Attributes:
        tokens: Of several workspaces, how their tokens stand.
    """

    workspaces: Workspaces
    tokens: Callable[[], Check] | None = None
    _slack: Check | None = None
    _asked_at: float = 0.0
    _writing: asyncio.Task[None] | None = None
    _written: Check | None = None
    _written_at: float = 0.0

    async def checks(self) -> list[Check]:
        """How everything is now."""
        return [await self._database(), self._directory(), Check("playbook", is_well=True), await self._token()]

    async def _database(self) -> Check:
        """Whether it takes what we write."""
        now = self.workspaces.clock()
        if self._written is None or not 0 <= now - self._written_at < WRITE_SECONDS:
            self._written_at = now
            self._written = await self._try_to_write()
        return self._written

    async def _try_to_write(self) -> Check:
        """The same, now, without waiting for long."""
        if self._writing is None:
            self._writing = asyncio.create_task(asyncio.to_thread(self._write))
        writing = self._writing
        done, _ = await asyncio.wait([writing], timeout=PATIENCE_SECONDS)
        if not done:  # one that hangs is enough
            return Check("database", is_well=False, note="does not answer in time")
        if self._writing is writing:
            self._writing = None
        try:
            writing.result()
        except (SQLAlchemyError, OSError) as error:
            log.warning("database_not_writable", error=type(error).__name__)
            return Check("database", is_well=False, note="cannot be written")
        return Check("database", is_well=True)

    def _write(self) -> None:
        everywhere = [parts.identity.workspace for parts in self.workspaces.all()]
        self.workspaces.casebook.check_there()
        with self.workspaces.casebook.begin() as connection:
            kept.save_written_at(connection, next(iter(everywhere), ""), self.workspaces.clock())

    def _directory(self) -> Check:
        """Whether each workspace has one that can be read; of several, one without does not keep the others waiting."""
        without = [parts.identity.workspace for parts in self.workspaces.all() if parts.directory() is None]
        if self.workspaces.is_lone:
            return Check("directory", is_well=not without, note="cannot be read" if without else "ok")
        return Check("directory", is_well=True, note=f"cannot be read: {', '.join(without)}" if without else "ok")

    async def _token(self) -> Check:
        """Slack's last word on our token. That Slack cannot be reached is no reason to take nothing from it."""
        now = self.workspaces.clock()
        if self._slack is None or not 0 <= now - self._asked_at < TOKEN_SECONDS:
            self._asked_at = now
            self._slack = await self._ask_slack()
        return self._slack

    async def _ask_slack(self) -> Check:
        if not self.workspaces.is_lone:
            return await self._tokens()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.workspaces.all()[0].client.auth_test()
        except people.UNREACHABLE as error:
            code = people.error_code(error)
            if people.is_refusal(error) or code in people.LOCKED_OUT:
                return Check("slack", is_well=False, note=f"refuses the token: {code}")
            return Check("slack", is_well=True, note=f"cannot be asked: {code}")
        return Check("slack", is_well=True)

    async def _tokens(self) -> Check:
        """How those of several workspaces stand, as far as the casebook tells."""
        if self.tokens is None:
            return Check("slack", is_well=True)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.to_thread(self.tokens)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            log.warning("database_not_readable", error=type(error).__name__)
            return Check("slack", is_well=True, note="tokens cannot be read")
