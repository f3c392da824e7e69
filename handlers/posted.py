"""Visible messages bear an opaque mark, by which a second try finds what the first may have posted."""

from typing import Any

from handlers.services import Services
from storage.outbox import Sending

METADATA_EVENT = "aside_row"
CLOCKS_APART_SECONDS = 86_400.0
PAGE = 200
MOST_PAGES = 5


def row_mark(sending: Sending) -> str:
    """The opaque id that a visible message carries; any app may read it."""
    return f"{sending.workspace}-{sending.seq}"


async def posted_before(services: Services, sending: Sending, channel_id: str, thread_ts: str | None) -> str | None:
    """The ts of a message that an earlier try may have posted; None when it is not there."""
    where: dict[str, Any] = {
        "channel": channel_id,
        "oldest": f"{sending.created_at - CLOCKS_APART_SECONDS:.6f}",
        "limit": PAGE,
    }
    cursor = ""
    for _ in range(MOST_PAGES):
        if thread_ts:
            answer = await services.client.conversations_replies(
                ts=thread_ts, include_all_metadata=True, cursor=cursor, **where
            )
        else:
            answer = await services.client.conversations_history(include_all_metadata=True, cursor=cursor, **where)
        for message in answer["messages"]:
            metadata = message.get("metadata") or {}
            if (metadata.get("event_payload") or {}).get("row") == row_mark(sending):
                return str(message["ts"])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return None
