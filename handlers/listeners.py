"""What Bolt hears. A listener writes the event down, and only then does Slack hear "ok" (architecture page).

The message listener comes first, since most of what comes in are messages; the catch-all comes last, since an
event that nobody acknowledges is sent again.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.cards.right_customer import CUSTOMER_SELECT
from handlers import draft, inbound, right_customer, setup, works
from handlers.services import Services
from storage import inbox
from storage import workspace as workspaces
from storage.inbox import Lane


@dataclass(frozen=True)
class Registered:
    """Where Slack can reach us; the manifest promises the same, and a test holds the two together."""

    commands: tuple[str, ...]
    shortcuts: tuple[str, ...]
    events: tuple[str, ...]


REGISTERED = Registered(commands=tuple(works.COMMANDS), shortcuts=tuple(works.SHORTCUTS), events=tuple(works.STREAM))

Payload = Mapping[str, Any]
Options = Callable[[Services, str, str], Awaitable[list[dict[str, Any]]]]
"""The choices of a menu, for somebody who has typed so much of one."""


def register(app: AsyncApp, services: Services) -> None:
    """Tell Bolt what we listen to."""
    app.event("message")(_message_listener(services))
    app.action(re.compile(""))(_writer(services, "click", _click_key))
    for name in REGISTERED.commands:
        app.command(name)(_writer(services, "command", lambda body: f"command:{body['trigger_id']}"))
    for callback_id in REGISTERED.shortcuts:
        app.shortcut(callback_id)(_writer(services, "shortcut", lambda body: f"shortcut:{body['trigger_id']}"))
    app.view(re.compile(""))(_view_listener(services))
    app.options(setup.CUSTOMER_ACTION)(_options_listener(services, setup.customer_options))
    app.options(CUSTOMER_SELECT)(_options_listener(services, right_customer.customer_options))
    app.event(re.compile(""))(_event_listener(services))


def _click_key(body: Payload) -> str:
    action = body["actions"][0]
    return f"click:{body.get('trigger_id', '')}:{action['action_id']}:{action.get('action_ts', '')}"


def _write(services: Services, *, key: str, lane: Lane, kind: str, payload: Payload, channel: str = "") -> None:
    inbox.put_at_once(
        services.casebook,
        workspace=services.identity.workspace,
        key=key,
        lane=lane,
        kind=kind,
        payload=payload,
        now=services.clock(),
        channel=channel,
    )
    (services.wake.person if lane is Lane.PERSON else services.wake.stream).set()


def _message_listener(services: Services) -> Callable[..., Awaitable[None]]:
    async def on_message(body: dict[str, Any]) -> None:
        event = body["event"]
        channel = str(event.get("channel", ""))
        if _is_for_support(services, channel):
            _write(services, key=body["event_id"], lane=Lane.STREAM, kind="message", payload=event, channel=channel)

    return on_message


def _is_for_support(services: Services, channel: str) -> bool:
    """Whether customers write there; a channel that was one is remembered, and looked at again when it is worked on."""
    if channel in services.support_channels:
        return True
    with services.casebook.look() as connection:
        found = workspaces.setup(connection, services.identity.workspace).support_channel(channel)
    if found:
        services.support_channels.add(channel)
    return found is not None


def _is_known(services: Services, user: str) -> bool:
    with services.casebook.begin() as connection:
        return workspaces.person(connection, services.identity.workspace, user, since=0.0) is not None


def _event_listener(services: Services) -> Callable[..., Awaitable[None]]:
    async def on_event(body: dict[str, Any]) -> None:
        event = body["event"]
        if event["type"] == "user_change":
            user = str(event["user"]["id"])  # Slack tells of everybody, and far more than we want to know
            if not _is_known(services, user):
                return
            event = {"type": "user_change", "user": user}
        if event["type"] in REGISTERED.events:
            _write(services, key=body["event_id"], lane=Lane.STREAM, kind=event["type"], payload=event)

    return on_event


def _writer(services: Services, kind: str, key_of: Callable[[Payload], str]) -> Callable[..., Awaitable[None]]:
    async def on_person(ack: AsyncAck, body: dict[str, Any]) -> None:
        _write(services, key=key_of(body), lane=Lane.PERSON, kind=kind, payload=body)
        await ack()

    return on_person


def _view_listener(services: Services) -> Callable[..., Awaitable[None]]:
    async def on_view(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = inbound.submission(body)
        view = await draft.answered(services.for_one_task(), sent)
        if view:
            await ack(response_action="update", view=view)
            return
        errors = await works.mistakes(services, sent)
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        _write(services, key=f"view:{sent.view_id}", lane=Lane.PERSON, kind="view", payload=body)
        await ack()

    return on_view


def _options_listener(services: Services, options: Options) -> Callable[..., Awaitable[None]]:
    async def on_options(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack(options=await options(services, body["user"]["id"], body.get("value") or ""))

    return on_options
