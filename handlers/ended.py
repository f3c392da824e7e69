"""How it ended to send a thing, written down: it is out, goes later or elsewhere, or never does."""

from collections.abc import Mapping

import structlog
from slack_sdk.errors import SlackApiError

from bot.pacing import MOST_SHUT_SECONDS
from handlers import people
from handlers.services import Services
from storage import outbox, turns
from storage.outbox import Sending, SendKind, SendState

RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0)
RATE_LIMITED = "ratelimited"
LEAST_HELD_SECONDS = 1.0
"""How long nobody calls a method again that Slack refuses without saying for how long."""

log = structlog.get_logger()


def after_refusal(services: Services, sending: Sending, error: SlackApiError) -> None:
    """Slack said no: for good, for a while, or so that nobody knows whether it was shown."""
    code = people.error_code(error)
    if people.is_refusal(error):
        settle(services, sending, SendState.FAILED, error=code, refused=True)
    elif code == RATE_LIMITED:
        hold(services, sending, error)
    elif sending.kind.at_most_once and code not in people.LOCKED_OUT:
        settle(services, sending, SendState.UNKNOWN, error=code)
    else:
        try_later(services, sending, error=code, wait=retry_after(error.response.headers))


def hold(services: Services, sending: Sending, error: SlackApiError) -> None:
    """Slack lets the workspace call this method no more for a while: nobody does, and nothing counts as tried."""
    method = error.response.api_url.rpartition("/")[2]
    told = retry_after(error.response.headers)
    until = services.clock() + min(max(told, LEAST_HELD_SECONDS), MOST_SHUT_SECONDS)
    log.info("held", row=sending.seq, kind=sending.kind, method=method, until=until)
    services.metrics.send_postponed(sending.kind, RATE_LIMITED)
    with services.casebook.begin() as connection:
        turns.hold(connection, sending.workspace, method, until=until)
        outbox.postpone(connection, sending, until=until, error=RATE_LIMITED, was_a_try=False)


def retry_after(headers: Mapping[str, str]) -> float:
    """How many seconds Slack wants us to wait; none where it does not say."""
    told = headers.get("Retry-After") or ""
    return float(told) if told.isdecimal() else 0.0


def try_later(services: Services, sending: Sending, *, error: str, wait: float = 0.0) -> None:
    """Wait longer each time; what nobody waits for any more is given up, what has to arrive never is."""
    if sending.attempts > len(RETRY_SECONDS) and not sending.kind.has_to_arrive:
        settle(services, sending, SendState.FAILED, error=error)
        return
    pause = max(wait, RETRY_SECONDS[min(sending.attempts, len(RETRY_SECONDS)) - 1])
    log.info("send_later", row=sending.seq, kind=sending.kind, error=error, seconds=pause)
    services.metrics.send_postponed(sending.kind, error)
    with services.casebook.begin() as connection:
        outbox.postpone(connection, sending, until=services.clock() + pause, error=error)


def settle(
    services: Services,
    sending: Sending,
    state: SendState,
    *,
    channel: str | None = None,
    ts: str | None = None,
    error: str | None = None,
    refused: bool = False,
) -> None:
    """Write down how it ended, and what is sent instead.

    Args:
        refused: Slack will never show it there.
    """
    if sending.kind is not SendKind.HOME:
        services.wake.homes.set()
    instead = sending.target.get("instead")
    not_sent = state in {SendState.FAILED, SendState.WITHHELD}
    or_direct = refused and sending.target.get("or_direct")
    # lost with the power, the row is one that was interrupted: whispers are let be, messages looked for
    with services.casebook.begin(on_disk=False) as connection:
        if not_sent and instead:
            outbox.redirect(connection, sending, {**sending.target, **instead, "instead": None}, now=services.clock())
        else:
            outbox.settle(connection, sending, state=state, channel=channel, ts=ts, error=error)
        if state is SendState.SENT:
            turns.keep_apart(connection, sending, now=services.clock())
        if or_direct:
            outbox.put(
                connection,
                workspace=sending.workspace,
                key=f"{sending.key}:direct",
                kind=SendKind.DIRECT,
                target={"user": sending.target["user"]},
                body=sending.body,
                now=services.clock(),
            )
        tell = sending.target.get("tell")
        if tell and not_sent and not instead:
            outbox.put(
                connection,
                workspace=sending.workspace,
                key=f"{sending.key}:not_sent",
                kind=SendKind.DIRECT,
                target={"user": tell},
                body=sending.target["if_not_sent"],
                now=services.clock(),
            )
    if not_sent and (instead or or_direct):
        log.info("send_elsewhere", row=sending.seq, kind=sending.kind, error=error)
        services.metrics.send_postponed(sending.kind, error or state)
        return
    if not_sent:
        log.warning("not_sent", row=sending.seq, kind=sending.kind, state=state, error=error)
    services.metrics.send_ended(sending.kind, state, error, services.clock() - sending.created_at)
