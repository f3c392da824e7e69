"""After a downtime: what was said meanwhile is read from history, since Slack's retries are finite."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.logs import of_workspace
from handlers import people
from handlers.services import Services
from storage import inbox, which_case
from storage import workspace as workspaces
from storage.inbox import Lane

OVERLAP_SECONDS = 120.0
UNKNOWN_SECONDS = 86_400.0
"""How far back is read where nobody knows since when something lacks."""
PAGE = 200

log = structlog.get_logger()


def note_alive(services: Services) -> None:
    """Note that we are listening now; the next start reads on from here."""
    with services.casebook.begin() as connection:
        workspaces.save_alive_at(connection, services.identity.workspace, services.clock())


async def fill_in(services: Services) -> bool:
    """Write down what was said in support channels and open threads while nobody listened.

    A message that Slack also delivers itself is worked on once: it is known by its channel and ts.

    Returns:
        Whether all of it could be read; otherwise it has to be tried again before we count as listening.
    """
    with of_workspace(services.identity.workspace):
        return await _fill_in(services)


async def _fill_in(services: Services) -> bool:
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        since = workspaces.alive_at(connection, workspace)
        setup = workspaces.setup(connection, workspace)
        threads = {
            (case.channel, case.thread_ts)
            for channel in setup.support
            for case in which_case.open_in_channel(connection, workspace, channel.channel, since=0.0)
        }
    if since is None or not setup.support:
        return True
    now = services.clock()
    if since > now + OVERLAP_SECONDS:  # noted by a clock that was ahead then
        since = now - UNKNOWN_SECONDS
    found: dict[tuple[str, str], dict[str, Any]] = {}
    try:
        oldest = f"{since - await _ahead(services) - OVERLAP_SECONDS:.6f}"
        for channel in setup.support:
            async for said in _pages(services.client.conversations_history, channel=channel.channel, oldest=oldest):
                found[channel.channel, said["ts"]] = said
                if said.get("reply_count"):
                    threads.add((channel.channel, said["ts"]))
        for channel_id, thread_ts in sorted(threads):
            async for said in _pages(
                services.client.conversations_replies, channel=channel_id, ts=thread_ts, oldest=oldest
            ):
                found[channel_id, said["ts"]] = said
    except people.UNREACHABLE as error:
        services.metrics.caught_up("unread")
        log.warning("history_unread", error=people.error_code(error))
        return False
    with services.casebook.begin() as connection:
        for (channel_id, ts), said in sorted(found.items(), key=lambda each: float(each[0][1])):
            inbox.put(
                connection,
                workspace=workspace,
                key=f"history:{channel_id}:{ts}",
                lane=Lane.STREAM,
                kind="message",
                payload={**said, "channel": channel_id},
                now=services.clock(),
                channel=channel_id,
            )
    services.metrics.caught_up("ok", len(found))
    services.wake.stream.set()
    return True


async def _ahead(services: Services) -> float:
    """By how many seconds our clock is ahead of Slack's, which is the one that messages are known by."""
    answer = await services.client.auth_test()
    told = next((value for name, value in answer.headers.items() if name.lower() == "date"), "")
    try:
        return max(0.0, services.clock() - parsedate_to_datetime(told).timestamp())
    except (TypeError, ValueError):  # Slack did not say, or something between us said it anew
        return 0.0


async def _pages(call: Callable[..., Awaitable[Any]], **arguments: str) -> AsyncIterator[dict[str, Any]]:
    """Everything since `oldest`; nothing in a channel or thread that is not ours to read any more."""
    cursor = ""
    while True:
        try:
            answer = await call(**arguments, limit=PAGE, cursor=cursor)
        except SlackApiError as error:
            if people.error_code(error) == "ratelimited":
                await asyncio.sleep(float(error.response.headers.get("Retry-After", 1)))
                continue
            if not people.is_refusal(error):
                raise
            log.warning("history_refused", channel=arguments["channel"], error=people.error_code(error))
            return
        for said in answer["messages"]:
            if float(said["ts"]) >= float(arguments["oldest"]):
                yield said
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
