"""What Bolt hears. It is written down, and only then does Slack hear "ok" (architecture page).

What happened comes most often by far, so it does not pass the listeners of what people did: it is taken as soon as Bolt
knows whose it is. Every event is acknowledged, since one that nobody acknowledges is sent again.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.payload_utils import to_event
from slack_bolt.response import BoltResponse

from bot.cards.right_customer import CUSTOMER_SELECT
from bot.errors import UserError
from handlers import draft, inbound, leaving, right_customer, setup, works
from handlers.services import Services
from handlers.workspaces import Workspaces
from storage import inbox
from storage import workspace as kept
from storage.inbox import Lane


@dataclass(frozen=True)
class Registered:
    """Where Slack can reach us; the manifest promises the same, and a test holds the two together."""

    commands: tuple[str, ...]
    shortcuts: tuple[str, ...]
    events: tuple[str, ...]


UNINSTALLED = "app_uninstalled"
REGISTERED = Registered(
    commands=tuple(works.COMMANDS), shortcuts=tuple(works.SHORTCUTS), events=(*works.STREAM, UNINSTALLED)
)

Payload = Mapping[str, Any]
Options = Callable[[Services, str, str], Awaitable[list[dict[str, Any]]]]
"""The choices of a menu, for somebody who has typed so much of one."""


def register(app: AsyncApp, workspaces: Workspaces) -> None:
    """Tell Bolt what we listen to."""
    app.middleware(Events(workspaces))
    app.action(re.compile(""))(_writer(workspaces, "click", _click_key))
    for name in REGISTERED.commands:
        app.command(name)(_writer(workspaces, "command", lambda body: f"command:{body['trigger_id']}"))
    for callback_id in REGISTERED.shortcuts:
        app.shortcut(callback_id)(_writer(workspaces, "shortcut", lambda body: f"shortcut:{body['trigger_id']}"))
    app.view(re.compile(""))(_view_listener(workspaces))
    app.options(setup.CUSTOMER_ACTION)(_options_listener(workspaces, setup.customer_options))
    app.options(CUSTOMER_SELECT)(_options_listener(workspaces, right_customer.customer_options))


def _click_key(body: Payload) -> str:
    action = body["actions"][0]
    return f"click:{body.get('trigger_id', '')}:{action['action_id']}:{action.get('action_ts', '')}"


def _workspace(context: AsyncBoltContext) -> str:
    """For which workspace Slack sent it; Bolt lets nothing through that is for none of ours."""
    return str(context.authorize_result.team_id)  # type: ignore[union-attr] # Bolt has just set it


async def _write(
    workspaces: Workspaces, workspace: str, *, key: str, lane: Lane, kind: str, payload: Payload, channel: str = ""
) -> None:
    try:
        await workspaces.casebook.in_turn(
            partial(
                inbox.put_at_once,
                workspaces.casebook,
                workspace=workspace,
                key=key,
                lane=lane,
                kind=kind,
                payload=payload,
                now=workspaces.clock(),
                channel=channel,
            )
        )
    except Exception as error:  # Slack hears that it failed, and sends it again
        workspaces.metrics.database_error(type(error).__name__)
        raise
    workspaces.metrics.heard(kind)
    (workspaces.wake.person if lane is Lane.PERSON else workspaces.wake.stream).set()


class Authorized(AsyncAuthorize):
    """Whose it is that Slack sends; of a function Bolt would fill in the arguments anew for each event."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def __call__(self, *, team_id: str | None, **_: Any) -> AuthorizeResult | None:
        """For which workspace; None when it does not let us in, and Bolt answers for us."""
        installed = self._workspaces.heard_for(team_id)
        if installed is None:
            return None
        return AuthorizeResult(
            enterprise_id=installed.identity.enterprise,
            team_id=installed.workspace,
            bot_user_id=installed.identity.bot_user,
            bot_id=installed.identity.bot_id,
            bot_token=installed.token,
        )


class Events(AsyncMiddleware):
    """What happened; nobody waits for it with a window open."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - Bolt hands it over
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt calls it so
    ) -> BoltResponse:
        """Write an event down and acknowledge it; what is none goes on to the listeners."""
        event = to_event(req.body)
        if event is None:
            return await next()
        workspace = _workspace(req.context)
        if event["type"] == "message":
            await self._message(req.body, event, workspace)
        else:
            await self._other(req.body, event, workspace)
        return await req.context.ack()

    async def _message(self, body: Payload, event: Payload, workspace: str) -> None:
        channel = str(event.get("channel", ""))
        try:
            if _is_for_support(self._workspaces, workspace, channel):
                await _write(
                    self._workspaces,
                    workspace,
                    key=body["event_id"],
                    lane=Lane.STREAM,
                    kind="message",
                    payload=event,
                    channel=channel,
                )
        except Exception:
            self._workspaces.unwritten.add(workspace)
            raise

    async def _other(self, body: Payload, event: Payload, workspace: str) -> None:
        if event["type"] == UNINSTALLED:
            leaving.uninstalled(self._workspaces, workspace, float(body["event_time"]))
            return
        if event["type"] == "tokens_revoked" and self._workspaces.heard_for(workspace) is None:
            return  # Bolt lets it through without asking us whose it is
        if event["type"] == "user_change":
            user = str(event["user"]["id"])  # Slack tells of everybody, and far more than we want to know
            if not _is_known(self._workspaces, workspace, user):
                return
            event = {"type": "user_change", "user": user}
        if event["type"] in REGISTERED.events:
            await _write(
                self._workspaces, workspace, key=body["event_id"], lane=Lane.STREAM, kind=event["type"], payload=event
            )


def _is_for_support(workspaces: Workspaces, workspace: str, channel: str) -> bool:
    """Whether customers write there; a channel that was one is remembered, and looked at again when it is worked on."""
    if (workspace, channel) in workspaces.support_channels:
        return True
    with workspaces.casebook.statement() as connection:
        found = kept.setup(connection, workspace).support_channel(channel)
    if found:
        workspaces.support_channels.add((workspace, channel))
    return found is not None


def _is_known(workspaces: Workspaces, workspace: str, user: str) -> bool:
    with workspaces.casebook.statement() as connection:
        return kept.person(connection, workspace, user, since=0.0) is not None


def _writer(workspaces: Workspaces, kind: str, key_of: Callable[[Payload], str]) -> Callable[..., Awaitable[None]]:
    async def on_person(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await _write(workspaces, _workspace(context), key=key_of(body), lane=Lane.PERSON, kind=kind, payload=body)
        await ack()

    return on_person


def _view_listener(workspaces: Workspaces) -> Callable[..., Awaitable[None]]:
    async def on_view(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        sent, workspace = inbound.submission(body), _workspace(context)
        services = workspaces.of(workspace)
        if services is None:  # unanswered, Slack keeps the window open and says to try again
            raise UserError(f"{workspace} is not served yet.", "Send it again in a minute.")
        view = await draft.answered(services.for_one_task(), sent)
        if view:
            await ack(response_action="update", view=view)
            return
        errors = await works.mistakes(services, sent)
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        await _write(workspaces, workspace, key=f"view:{sent.view_id}", lane=Lane.PERSON, kind="view", payload=body)
        await ack()

    return on_view


def _options_listener(workspaces: Workspaces, options: Options) -> Callable[..., Awaitable[None]]:
    async def on_options(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        services = workspaces.of(_workspace(context))
        await ack(options=await options(services, body["user"]["id"], body.get("value") or "") if services else [])

    return on_options
