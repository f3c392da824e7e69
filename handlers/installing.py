"""Installing Aside in a workspace: from our page to Slack's question and back, with Bolt's flow and rows of ours."""

import secrets
from collections.abc import Callable, Sequence
from logging import Logger, getLogger
from math import inf
from typing import Any, Final

import aiohttp
import structlog
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation as SlackInstallation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy.exc import SQLAlchemyError

from bot import install_page
from bot.i18n import Words
from bot.metrics import code
from bot.pacing import MINUTE_SECONDS, Budget
from bot.serving import INSTALL_PATH, REDIRECT_PATH
from bot.settings import is_workspace
from handlers.deliver import reference
from handlers.identity import refusal
from handlers.our_app import OurApp
from storage import installations
from storage.installations import STATE_SECONDS, Installation

AGAIN = "again"
AGAIN_PATH = "install"
"""From the page to which Slack sends people back, wherever a proxy has put the two."""

OPENINGS: Final = Budget(per_minute=60, at_once=30)
"""How often each of the two pages answers: both are open to the world, and to open the first writes a row."""
TOO_MANY = "too_many"

log = structlog.get_logger()


class OrgWideError(BoltError):
    """It was to be installed in a whole organization."""


class RefusedError(BoltError):
    """Slack said no to an installation.

    Attributes:
        code: Slack's own.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Asked(AsyncWebClient):
    """Slack, whose no goes on to us: Bolt's flow takes every one for a code that is wrong."""

    def __init__(self, client: AsyncWebClient) -> None:
        super().__init__()
        self._client = client

    async def api_call(self, *args: Any, **kwargs: Any) -> AsyncSlackResponse:
        """Ask.

        Raises:
            RefusedError: when Slack says no.
        """
        try:
            return await self._client.api_call(*args, **kwargs)
        except SlackApiError as error:
            raise RefusedError(refusal(error)) from error


class _Store(AsyncInstallationStore):
    """Bolt's installations, as rows of ours."""

    def __init__(self, ours: OurApp) -> None:
        self._ours = ours

    @property
    def logger(self) -> Logger:
        return getLogger(__name__)

    async def async_save(self, installation: SlackInstallation) -> None:
        """Write it down.

        Raises:
            BoltError: when it is for an organization, no workspace's, or cannot be written.
        """
        team = installation.team_id or ""
        if installation.is_enterprise_install or not is_workspace(team) or not installation.bot_token:
            raise OrgWideError("org_wide")
        made = Installation(
            workspace=team,
            name=installation.team_name or team,
            enterprise=installation.enterprise_id,
            app_id=installation.app_id or "",
            bot_user=installation.bot_user_id or "",
            bot_id=installation.bot_id or "",
            scopes=frozenset(installation.bot_scopes or ()),
            bot_token=installation.bot_token,
            refresh_token=installation.bot_refresh_token or "",
            expires_at=installation.bot_token_expires_at,
            installed_by=installation.user_id,
            installed_at=self._ours.clock(),
        )
        try:
            with self._ours.casebook.begin() as connection:
                again = installations.save(connection, self._ours.seal, made)
        except SQLAlchemyError as error:
            raise BoltError("storage_error") from error
        installation.set_custom_value(AGAIN, again)


class _States(AsyncOAuthStateStore):
    """What ties Slack's answer to the browser that asked: each is good once, for ten minutes, at any of our workers."""

    def __init__(self, ours: OurApp) -> None:
        self._ours = ours

    @property
    def logger(self) -> Logger:
        return getLogger(__name__)

    async def async_issue(self, *_: Any, **__: Any) -> str:
        state = secrets.token_urlsafe(32)
        with self._ours.casebook.begin() as connection:
            installations.issue_state(connection, state, now=self._ours.clock())
        return state

    async def async_consume(self, state: str) -> bool:
        with self._ours.casebook.begin() as connection:
            return installations.use_state(connection, state, now=self._ours.clock())


class _Flow(AsyncOAuthFlow):
    """Bolt's flow; of what a link asks for, only a workspace's id goes on to Slack."""

    async def build_authorize_url(self, state: str, request: AsyncBoltRequest) -> str:
        asked = [each for each in request.query.get("team", ()) if is_workspace(each)]
        return self.settings.authorize_url_generator.generate(state=state, team=asked[0] if asked else None)


class _Door:
    """Lets so many in, whoever they are: behind a proxy all of them come from one address."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._opens_at = self._told_at = -inf

    def lets_in(self) -> bool:
        """Whether one more may come in now; that somebody may not is logged once a minute."""
        now = self._clock()
        self._opens_at = min(self._opens_at, now + OPENINGS.seconds_each)  # a clock may be set back
        if self._opens_at <= now:
            self._opens_at = OPENINGS.spent(self._opens_at, now)
            return True
        if abs(now - self._told_at) >= MINUTE_SECONDS:
            self._told_at = now
            log.warning("not_installed", reason=TOO_MANY)
        return False


class Installing:
    """The two pages.

    Args:
        scopes: What we ask for.
        authorize_url: Where Slack asks whoever installs.
        redirect_uri: Where Slack sends them back; the app's first one when empty.
    """

    def __init__(self, ours: OurApp, *, scopes: Sequence[str], authorize_url: str, redirect_uri: str = "") -> None:
        self._doors = {path: _Door(ours.clock) for path in (INSTALL_PATH, REDIRECT_PATH)}
        self._flow = _Flow(
            client=_Asked(ours.client),
            logger=getLogger(__name__),
            settings=AsyncOAuthSettings(
                client_id=ours.client_id,
                client_secret=ours.client_secret,
                scopes=scopes,
                user_scopes=[],
                redirect_uri=redirect_uri or None,
                install_path=INSTALL_PATH,
                redirect_uri_path=REDIRECT_PATH,
                install_page_rendering_enabled=False,
                authorization_url=authorize_url,
                installation_store=_Store(ours),
                state_store=_States(ours),
                state_expiration_seconds=int(STATE_SECONDS),
                callback_options=AsyncCallbackOptions(success=self._installed, failure=self._failed),
            ),
        )

    async def begin(self, request: AsyncBoltRequest) -> BoltResponse:
        """Send somebody on to Slack's question."""
        if not self._doors[INSTALL_PATH].lets_in():
            return _too_many(request)
        try:
            return await self._flow.handle_installation(request)
        except SQLAlchemyError as error:
            return _not_written(request, error)

    async def finish(self, request: AsyncBoltRequest) -> BoltResponse:
        """Slack sent somebody back: with a yes, we are installed."""
        if not self._doors[REDIRECT_PATH].lets_in():
            return _too_many(request)
        try:
            return await self._flow.handle_callback(request)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return _unreachable(request)
        except SQLAlchemyError as error:
            return _not_written(request, error)
        except RefusedError as refused:
            is_a_page = not refused.code.isidentifier()  # a proxy's, in Slack's place
            return _unreachable(request) if is_a_page else _refused(request, refused.code)

    async def _installed(self, args: AsyncSuccessArgs) -> BoltResponse:
        made = args.installation
        log.info("installed", workspace=made.team_id, scopes=len(made.bot_scopes or ()))
        page = install_page.installed(
            _say(args.request),
            workspace=made.team_name or str(made.team_id),
            again=bool(made.custom_values.get(AGAIN)),
            app_id=made.app_id or "",
            team=str(made.team_id),
        )
        answer = _page(200, page)
        answer.headers["set-cookie"] = [self._flow.settings.state_utils.build_set_cookie_for_deletion()]
        return answer

    async def _failed(self, args: AsyncFailureArgs) -> BoltResponse:
        reason = "org_wide" if isinstance(args.error, OrgWideError) else args.reason
        status = 403 if reason == "org_wide" else args.suggested_status_code
        log.warning("not_installed", reason=code(reason))
        return _page(status, install_page.not_installed(_say(args.request), reason, AGAIN_PATH))


def _say(request: AsyncBoltRequest) -> Words:
    return install_page.reader(next(iter(request.headers.get("accept-language", ())), ""))


def _too_many(request: AsyncBoltRequest) -> BoltResponse:
    answer = _page(429, install_page.not_installed(_say(request), TOO_MANY, AGAIN_PATH))
    answer.headers["retry-after"] = [f"{MINUTE_SECONDS:.0f}"]
    return answer


def _unreachable(request: AsyncBoltRequest) -> BoltResponse:
    log.warning("not_installed", reason="unreachable")
    return _page(502, install_page.not_installed(_say(request), "unreachable", AGAIN_PATH))


def _refused(request: AsyncBoltRequest, reason: str) -> BoltResponse:
    ours = reason in install_page.SETTINGS_OF_OURS
    number = reference() if ours else ""
    log.warning("not_installed", reason=code(reason), **({"reference": number} if ours else {}))
    page = install_page.not_installed(_say(request), reason, AGAIN_PATH, reference=number)
    return _page(500 if ours else 401, page)


def _not_written(request: AsyncBoltRequest, error: SQLAlchemyError) -> BoltResponse:
    log.warning("not_installed", reason=type(error).__name__)
    return _page(500, install_page.not_installed(_say(request), "storage_error", AGAIN_PATH))


def _page(status: int, body: str) -> BoltResponse:
    return BoltResponse(
        status=status, body=body, headers={"content-type": "text/html; charset=utf-8", **install_page.HEADERS}
    )
