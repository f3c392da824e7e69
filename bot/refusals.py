"""Requests that we refuse: which and why, told in the log and noted in the casebook, so that somebody notices."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

import structlog
from slack_sdk.signature import SignatureVerifier
from sqlalchemy.exc import SQLAlchemyError

from bot.metrics import Metrics

TRIAL_HEADER = "X-Aside-Doctor"
"""`aside doctor` tries the address with the secret that it has itself, which says nothing of Slack's."""
WINDOW_SECONDS = 300.0
MINUTE_SECONDS = 60.0
LONGEST_TIME = 12
_SIGNATURE = re.compile("v0=[0-9a-f]{64}")

log = structlog.get_logger()

Save = Callable[["Met", float], None]
"""Notes in the casebook when something was met; may wait for the disk."""


class Reason(StrEnum):
    """Why a request was refused."""

    UNSIGNED = "unsigned"
    """Without Slack's headers, or with odd ones: anybody's."""
    TOO_OLD = "too_old"
    SIGNATURE = "signature"
    """With Slack's headers, made lately, and signed with another secret, or changed on the way."""
    NO_TEXT = "no_text"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    NOT_READY = "not_ready"


class Met(StrEnum):
    """What is noted of requests that look like Slack's, by the name under which it is kept."""

    TAKEN = "request_taken_at"
    REFUSED = "request_refused_at"


def fault(verifier: SignatureVerifier, body: str, headers: Mapping[str, str]) -> Reason | None:
    """Why a request is none of Slack's; None when it bears Slack's signature, made within the last five minutes."""
    at = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not (at.isascii() and at.isdecimal() and len(at) <= LONGEST_TIME and _SIGNATURE.fullmatch(signature)):
        return Reason.UNSIGNED  # Slack's own check takes these for granted
    if verifier.is_valid(body, at, signature):
        return None
    return Reason.TOO_OLD if abs(time.time() - int(at)) > WINDOW_SECONDS else Reason.SIGNATURE


class Refusals:
    """Counts each; the log and the casebook hear of a kind at most once a minute.

    Args:
        clock: Seconds since 1970.
        save: Notes in the casebook; None where nobody looks there.
    """

    def __init__(self, clock: Callable[[], float], metrics: Metrics | None = None, save: Save | None = None) -> None:
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._save = save
        self._told_at: dict[str, float] = {}
        self._saving: set[asyncio.Task[None]] = set()

    def refused(self, reason: Reason, *, is_trial: bool = False) -> None:
        """A request was refused."""
        self._metrics.request_refused(reason)
        if self._is_due(reason):
            if reason in {Reason.SIGNATURE, Reason.TOO_OLD}:
                log.warning("requests_refused", reason=reason.value)
            else:
                log.info("requests_refused", reason=reason.value)
        if reason is Reason.SIGNATURE and not is_trial:
            self._note(Met.REFUSED)

    def taken(self) -> None:
        """A request of Slack's was taken."""
        self._note(Met.TAKEN)

    def _is_due(self, what: str) -> bool:
        now = self._clock()
        if 0 <= now - self._told_at.get(what, float("-inf")) < MINUTE_SECONDS:
            return False
        self._told_at[what] = now
        return True

    def _note(self, met: Met) -> None:
        if self._save and self._is_due(met):
            saving = asyncio.create_task(self._saved(self._save, met, self._clock()))
            self._saving.add(saving)
            saving.add_done_callback(self._saving.discard)

    async def _saved(self, save: Save, met: Met, at: float) -> None:
        try:
            await asyncio.to_thread(save, met, at)
        except (SQLAlchemyError, OSError):
            log.exception("listening_not_noted")

    async def stop(self) -> None:
        """Finish what is being noted."""
        await asyncio.gather(*self._saving)
