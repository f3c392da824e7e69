"""Retention: what is older than the policy keeps it loses its words, a small batch at a time."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from handlers.services import Services
from storage import inbox, retention, turns

BATCH = 50
CASES_AT_ONCE = 10
"""A case may hold many messages; so few keep nobody waiting who wants to write."""
BETWEEN_SECONDS = 0.02
INBOX_DAYS = 7
"""Slack does not send an event again after so long."""

log = structlog.get_logger()

Batch = Callable[[Connection, int], int]


async def remove_old_words(services: Services) -> None:
    """Remove what is too old, off the event loop; each batch is a transaction of its own, and others get between."""
    workspace, now, policy = services.identity.workspace, services.clock(), services.playbook.policy.retention
    whispered = now - timedelta(days=policy.whispers_days).total_seconds()
    said = now - timedelta(days=policy.messages_days).total_seconds()
    received = now - timedelta(days=INBOX_DAYS).total_seconds()
    batches: dict[str, tuple[Batch, int]] = {
        "received": (lambda at, limit: inbox.purge(at, before=received, limit=limit), BATCH),
        "paces": (lambda at, limit: turns.forget_spent(at, workspace, now=now, limit=limit), BATCH),
        "sent": (lambda at, limit: retention.let_go_of_sent(at, workspace, before=whispered, limit=limit), BATCH),
        "whispers": (
            lambda at, limit: retention.empty_advice(at, workspace, before=whispered, now=now, limit=limit),
            BATCH,
        ),
        "cases": (
            lambda at, limit: retention.empty_cases(at, workspace, before=said, now=now, limit=limit),
            CASES_AT_ONCE,
        ),
    }
    for name, (batch, limit) in batches.items():
        try:
            total = await _all_of(services, batch, limit)
        except Exception:
            log.exception("not_removed", what=name)  # one odd row must not keep the others, nor stop the bot
            continue
        if total:
            log.info("too_old", what=name, rows=total)


async def _all_of(services: Services, batch: Batch, limit: int) -> int:
    total = 0
    while done := await asyncio.to_thread(_in_one_transaction, services, batch, limit):
        total += done
        if done < limit:
            break
        await asyncio.sleep(BETWEEN_SECONDS)
    return total


def _in_one_transaction(services: Services, batch: Batch, limit: int) -> int:
    with services.casebook.begin() as connection:
        return batch(connection, limit)
