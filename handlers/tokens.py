"""The tokens of the workspaces that installed us: each is renewed before it ends, by one of us; the others read it.

Slack takes a token that was renewed until it ends by itself, so nobody has to hurry; the right to renew it is used up
by renewing, after a short grace. docs/decisions/many-workspaces.md tells what that means for a worker that dies then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.health import Check
from handlers import people
from handlers.calls import CountedClient
from handlers.identity import Identity
from handlers.our_app import OurApp
from handlers.workspaces import Installed
from storage import installations
from storage.installations import Installation, TokenState

LOOK_SECONDS = 15.0
AGAIN_SECONDS = 10.0
"""After Slack could not be asked: within its grace, should its answer have been lost on the way."""
REFUSED_AGAIN_SECONDS = 900.0
WRITE_AGAIN_SECONDS = 1.0
WAIT_SECONDS = 5.0
"""How long a call waits for another of us who is just renewing the token."""
FINISH_SECONDS = 20.0

_AS_IT_SHOULD = frozenset({TokenState.GOOD, TokenState.LEAVING})

Renewed = Callable[[str, str], Awaitable[str]]
"""The token to go on with, given one that Slack did not take, and what it said."""

log = structlog.get_logger()


class RenewingClient(CountedClient):
    """A client of one workspace: told that its token is over, it asks once for the present one and tries again."""

    def __init__(self, renewed: Renewed, *counts: Any, **options: Any) -> None:
        super().__init__(*counts, **options)
        self._renewed = renewed

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """One call, as every method of the client makes it."""
        before = self.token or ""
        try:
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            code = people.error_code(error)
            if code not in people.LOCKED_OUT:
                raise
            token = await self._renewed(before, code)
            if token in {"", before}:
                raise
            self.token = token
        return await super().api_call(api_method, **options)


class Tokens:
    """The tokens, as the casebook has them."""

    def __init__(self, ours: OurApp) -> None:
        self._ours = ours

    def all(self) -> list[Installation]:
        """Every installation as it is now."""
        with self._ours.casebook.look() as connection:
            return list(installations.all_of(connection, self._ours.seal))

    def installed(self) -> list[Installed]:
        """Who lets us in now."""
        return [installed_as(each) for each in self.all() if each.lets_us_in]

    def check(self) -> Check:
        """How they stand. Of several workspaces, one whose token is over does not keep the others waiting."""
        states = {each.workspace: each.token_state for each in self.all()}
        bad = [f"{workspace} {state}" for workspace, state in states.items() if state not in _AS_IT_SHOULD]
        return Check("slack", is_well=True, note=f"tokens: {', '.join(bad)}" if bad else "ok")

    async def keep_fresh(self) -> None:
        """Renew what ends soon, forever."""
        while True:
            try:
                await self.renew_due()
            except SQLAlchemyError as error:
                log.warning("tokens_not_looked_at", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def renew_due(self) -> None:
        """Renew what ends soon and nobody else is renewing."""
        while True:
            with self._ours.casebook.begin() as connection:
                due = installations.claim_refresh(connection, self._ours.seal, now=self._ours.clock())
            if due is None:
                return
            await self._renew(due)

    async def renewed(self, workspace: str, before: str, code: str) -> str:
        """The token to go on with; the same when there is no other.

        Args:
            before: What Slack did not take.
            code: What it said.
        """
        now = self._current(workspace)
        if now is None or not now.lets_us_in or now.bot_token != before:
            return now.bot_token if now and now.lets_us_in else ""
        if code == "token_expired" and now.refresh_token and not now.refused:
            with self._ours.casebook.begin() as connection:
                mine = installations.claim_refresh(
                    connection, self._ours.seal, now=self._ours.clock(), workspace=workspace
                )
            if mine:
                await self._renew(mine)
            else:
                await self._wait_for_another(workspace, before)
            now = self._current(workspace)
            return now.bot_token if now and now.lets_us_in else ""
        log.error("token_not_taken", workspace=workspace, error=code)
        with self._ours.casebook.begin() as connection:
            installations.not_taken(connection, now, code=code)
        return before

    async def _wait_for_another(self, workspace: str, before: str) -> None:
        for _ in range(int(WAIT_SECONDS / 0.1)):
            now = self._current(workspace)
            if now is None or now.bot_token != before or now.refused:
                return
            await asyncio.sleep(0.1)

    def _current(self, workspace: str) -> Installation | None:
        with self._ours.casebook.look() as connection:
            return installations.get(connection, workspace, self._ours.seal)

    async def _renew(self, before: Installation) -> None:
        """Renew one token; whoever stops us waits for it, since what Slack answers is said once."""
        renewing = asyncio.create_task(self._renew_now(before))
        try:
            await asyncio.shield(renewing)
        except asyncio.CancelledError:
            await asyncio.wait([renewing], timeout=FINISH_SECONDS)
            raise

    async def _renew_now(self, before: Installation) -> None:
        asked_at = self._ours.clock()
        try:
            answer = await self._ours.client.oauth_v2_access(
                client_id=self._ours.client_id,
                client_secret=self._ours.client_secret,
                grant_type="refresh_token",
                refresh_token=before.refresh_token,
            )
            bot_token, refresh_token = str(answer["access_token"]), str(answer["refresh_token"])
            expires_at = asked_at + float(answer["expires_in"])
        except (SlackApiError, KeyError, ValueError, TypeError) as error:
            code = people.error_code(error)
            refused = code in people.LOCKED_OUT or people.is_refusal(error) or not isinstance(error, SlackApiError)
            again = REFUSED_AGAIN_SECONDS if refused else max(AGAIN_SECONDS, _retry_after(error))
            log.exception("token_not_renewed", workspace=before.workspace, error=code, expires_at=before.expires_at)
            self._not_renewed(before, refused=code if refused else "", again=again)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("token_not_renewed", workspace=before.workspace, error=type(error).__name__)
            self._not_renewed(before, refused="", again=AGAIN_SECONDS)
        else:
            await self._write(before, bot_token, refresh_token, expires_at)

    async def _write(self, before: Installation, bot_token: str, refresh_token: str, expires_at: float) -> None:
        """Write the new tokens down, however long the database takes: nobody can ask for them again."""
        while True:
            try:
                with self._ours.casebook.begin() as connection:
                    written = installations.refreshed(
                        connection,
                        self._ours.seal,
                        before,
                        bot_token=bot_token,
                        refresh_token=refresh_token,
                        expires_at=expires_at,
                    )
            except SQLAlchemyError as error:
                log.exception("token_not_written", workspace=before.workspace, error=type(error).__name__)
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
            else:
                log.info("token_renewed" if written else "token_overtaken", workspace=before.workspace)
                return

    def _not_renewed(self, before: Installation, *, refused: str, again: float) -> None:
        with self._ours.casebook.begin() as connection:
            installations.not_refreshed(connection, before, refused=refused, again_at=self._ours.clock() + again)


def installed_as(found: Installation) -> Installed:
    """An installation as the rest of us sees it."""
    identity = Identity(
        workspace=found.workspace,
        enterprise=found.enterprise,
        bot_user=found.bot_user,
        bot_id=found.bot_id,
        app_id=found.app_id,
        scopes=found.scopes,
    )
    return Installed(identity, found.bot_token)


def _retry_after(error: BaseException) -> float:
    return float(error.response.headers.get("Retry-After", 0) or 0) if isinstance(error, SlackApiError) else 0.0
