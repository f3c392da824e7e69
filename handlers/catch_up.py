"""After a downtime: what was said meanwhile is read from history, since Slack's retries are finite."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from handlers import people
from handlers.services import Services
from storage import cases, inbox
from storage import workspace as workspaces
from storage.inbox import Lane

OVERLAP_SECONDS = 120.0
PAGE = 200
MOST_PAGES = 10

log = structlog.get_logger()


def note_alive(services: Services) -> None:
    """Note that we are listening now; the next start reads on from here."""
    with services.casebook.begin() as connection:
        workspaces.save_alive_at(connection, services.identity.workspace, services.clock())


async def fill_in(services: Services) -> int:
    """Write down what was said in support channels and open threads while nobody listened; how much it was.

    A message that Slack also delivers itself is worked on once: it is known by its channel and ts.
    """
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        since = workspaces.alive_at(connection, workspace)
        setup = workspaces.setup(connection, workspace)
        threads = {
            (case.channel, case.thread_ts)
            for channel in setup.support
            for case in cases.open_in_channel(connection, workspace, channel.channel, since=0.0)
        }
    if since is None:
        return 0
    oldest = f"{since - OVERLAP_SECONDS:.6f}"
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for channel in setup.support:
        for said in await _pages(services.client.conversations_history, channel=channel.channel, oldest=oldest):
            found[channel.channel, said["ts"]] = said
            if said.get("reply_count"):
                threads.add((channel.channel, said["ts"]))
    for channel_id, thread_ts in sorted(threads):
        replies = await _pages(services.client.conversations_replies, channel=channel_id, ts=thread_ts, oldest=oldest)
        for said in replies:
            found[channel_id, said["ts"]] = said
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
            )
    services.wake.stream.set()
    return len(found)


async def _pages(call: Callable[..., Awaitable[Any]], **arguments: str) -> list[dict[str, Any]]:
    """Everything since `oldest`, at most `MOST_PAGES` pages; a channel that cannot be read is logged."""
    said: list[dict[str, Any]] = []
    cursor = ""
    try:
        for _ in range(MOST_PAGES):
            answer = await call(**arguments, limit=PAGE, cursor=cursor)
            said += [each for each in answer["messages"] if float(each["ts"]) >= float(arguments["oldest"])]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
    except people.UNREACHABLE as error:
        log.warning("history_unread", channel=arguments["channel"], error=type(error).__name__)
    return said
