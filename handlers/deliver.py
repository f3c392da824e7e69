"""The only sender. Just before a thing goes out, `bot.visibility.may_show` decides whether it may be shown there."""

import asyncio
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from sqlalchemy import Connection

from bot.logs import of_workspace
from bot.message import Role
from bot.pacing import ASKED, AT_ONCE_SECONDS, has_passed
from bot.setup import Person
from bot.visibility import Surface, Withheld, may_show
from handlers import people
from handlers.ended import RATE_LIMITED, after_refusal, hold, retry_after, settle, try_later
from handlers.posted import METADATA_EVENT, posted_before, row_mark
from handlers.services import Services
from storage import outbox, turns
from storage.outbox import Sending, SendKind, SendState

SEND_SECONDS = outbox.LEASE_SECONDS - 5.0
"""How long a row may take: before another worker may take it for a dead one's, it is given back to try again."""

OUTDATED = "a newer one follows"

log = structlog.get_logger()


def whisper(
    connection: Connection,
    *,
    workspace: str,
    key: str,
    channel: str,
    thread_ts: str | None,
    person: str,
    body: Mapping[str, Any],
    now: float,
    case_id: str | None = None,
    after: str | None = None,
    or_direct: bool = False,
    importance: int = ASKED,
    wanted_until: float | None = None,
) -> None:
    """Write down something for one person, in the thread when there is one, otherwise in the channel.

    Args:
        after: Key of the row it tells of; it is shown only once that one is out.
        or_direct: They wait for it: by direct message where Slack refuses it, as to whoever is not in the channel.
        importance: What goes first where Slack lets us say only so much; the answer to what they did before all else.
        wanted_until: Advice that nobody asked for is not shown after that; None when they wait for it.
    """
    target: dict[str, Any] = {"channel": channel, "user": person}
    target |= {"or_direct": True} if or_direct else {}
    target |= {"thread_ts": thread_ts} if thread_ts else {}
    target |= {"after": after} if after else {}
    outbox.put(
        connection,
        workspace=workspace,
        key=key,
        kind=SendKind.EPHEMERAL,
        target=target,
        body=body,
        now=now,
        case_id=case_id,
        importance=importance,
        wanted_until=wanted_until,
    )


def reply(
    connection: Connection,
    *,
    workspace: str,
    key: str,
    response_url: str,
    person: str,
    body: Mapping[str, Any],
    now: float,
    for_anyone: bool = False,
) -> None:
    """Write down the private answer to a command or a click.

    Args:
        for_anyone: The sentence tells nothing that a customer may not read.
    """
    outbox.put(
        connection,
        workspace=workspace,
        key=key,
        kind=SendKind.REPLY,
        target={"response_url": response_url, "user": person, "for_anyone": for_anyone},
        body=body,
        now=now,
    )


async def open_modal(
    services: Services, trigger_id: str, view: dict[str, Any], person: Person, role: Role, *, push: bool = False
) -> bool:
    """Open a window for one of us; False when it did not open, as after the three seconds that a trigger lives.

    Args:
        push: On top of the window in which the click was.
    """
    withheld = may_show(Surface.EPHEMERAL, person=person, role=role)
    if withheld:
        log.warning("modal_withheld", reason=withheld)
        return False
    try:
        if push:
            await services.client.views_push(trigger_id=trigger_id, view=view)
        else:
            await services.client.views_open(trigger_id=trigger_id, view=view)
    except people.UNREACHABLE as error:
        log.warning("modal_not_opened", error=people.error_code(error))
        return False
    return True


async def refresh_modal(services: Services, view_id: str, view: dict[str, Any], person: Person, role: Role) -> None:
    """Show an open window as it is now; one that is closed by now needs nothing."""
    if may_show(Surface.EPHEMERAL, person=person, role=role):
        return
    try:
        await services.client.views_update(view_id=view_id, view=view)
    except people.UNREACHABLE as error:
        log.info("modal_not_refreshed", error=people.error_code(error))


async def send(services: Services, sending: Sending) -> None:
    """Send one row, or say why not, and write down how it ended."""
    try:
        if sending.interrupted and sending.kind.at_most_once:
            settle(services, sending, SendState.UNKNOWN, error="interrupted")
            return
        async with asyncio.timeout(SEND_SECONDS):
            await _SENDERS[sending.kind](services, sending)
    except people.UnknownForNowError as error:
        if isinstance(error.__cause__, SlackApiError) and people.error_code(error.__cause__) == RATE_LIMITED:
            hold(services, sending, error.__cause__)
        else:
            try_later(services, sending, error="Slack could not be asked")
    except SlackApiError as error:
        after_refusal(services, sending, error)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        if sending.kind.at_most_once:
            settle(services, sending, SendState.UNKNOWN, error=type(error).__name__)
        else:
            try_later(services, sending, error=type(error).__name__)


async def _send_ephemeral(services: Services, sending: Sending) -> None:
    if sending.importance < ASKED and _has_passed(services, sending):
        settle(services, sending, SendState.WITHHELD, error=turns.TOO_LATE)
        return
    if after := sending.target.get("after"):
        with services.casebook.begin() as connection:
            before = outbox.state_of(connection, sending.workspace, after)
        if before in {SendState.DUE, SendState.SENDING}:
            try_later(services, sending, error="what it tells of is not out yet")
            return
        if before is not SendState.SENT:
            settle(services, sending, SendState.WITHHELD, error="what it tells of did not happen")
            return
    if await _withheld_from(services, sending, Surface.EPHEMERAL):
        return
    where = {name: sending.target[name] for name in ("channel", "user", "thread_ts") if name in sending.target}
    answer = await services.client.chat_postEphemeral(**where, **sending.body)
    settle(services, sending, SendState.SENT, channel=sending.target["channel"], ts=answer["message_ts"])


def _has_passed(services: Services, sending: Sending) -> bool:
    """Whether advice had to wait until it would only disturb."""
    waited = services.clock() - sending.created_at
    if waited <= AT_ONCE_SECONDS:  # nearly all of it, and for that the casebook need not be asked
        return False
    with services.casebook.look() as connection:
        return has_passed(
            waited=waited,
            importance=sending.importance,
            answered=outbox.is_answered(connection, sending),
            followed=outbox.is_followed(connection, sending),
        )


async def _send_reply(services: Services, sending: Sending) -> None:
    if not sending.target["for_anyone"] and await _withheld_from(services, sending, Surface.EPHEMERAL):
        return
    payload = {"response_type": "ephemeral", "replace_original": False, **sending.body}
    async with services.http.post(sending.target["response_url"], json=payload, allow_redirects=False) as response:
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            try_later(services, sending, error=RATE_LIMITED, wait=retry_after(response.headers))
            return
        is_taken = response.status < HTTPStatus.MULTIPLE_CHOICES
        state = SendState.SENT if is_taken else SendState.FAILED
        settle(services, sending, state, error=None if is_taken else f"http {response.status}")


async def _send_message(services: Services, sending: Sending) -> None:
    channel_id = sending.target["channel"]
    channel = await people.channel_now(services, channel_id)
    if withheld := may_show(Surface.VISIBLE, channel=channel):
        if withheld is Withheld.OUTSIDERS and sending.attempts > 1:
            await _take_back(services, sending, channel_id)
        settle(services, sending, SendState.WITHHELD, error=withheld)
        return
    thread_ts = sending.target.get("thread_ts")
    if above := sending.target.get("thread_of"):
        with services.casebook.begin() as connection:
            place = outbox.place_of(connection, sending.workspace, above)
            state = outbox.state_of(connection, sending.workspace, above)
        if state in {SendState.DUE, SendState.SENDING}:
            try_later(services, sending, error="what it answers to is not out yet")
            return
        thread_ts = place[1] if place else None
    await _post_once(services, sending, channel_id, thread_ts=thread_ts)


async def _take_back(services: Services, sending: Sending, channel_id: str) -> None:
    """An earlier try may have posted it before the outsiders came."""
    thread_ts = sending.target.get("thread_ts")
    if above := sending.target.get("thread_of"):
        with services.casebook.look() as connection:
            place = outbox.place_of(connection, sending.workspace, above)
        thread_ts = place[1] if place else None
    ts = await posted_before(services, sending, channel_id, thread_ts)
    if ts:
        await _delete(services, channel_id, ts)


async def _send_direct(services: Services, sending: Sending) -> None:
    if await _withheld_from(services, sending, Surface.TASK if sending.target.get("task") else Surface.DIRECT):
        return
    channel_id = sending.sent_channel
    if channel_id is None:
        answer = await services.client.conversations_open(users=[sending.target["user"]])
        channel_id = str(answer["channel"]["id"])
        with services.casebook.begin() as connection:
            outbox.remember_channel(connection, sending, channel_id)
    await _post_once(services, sending, channel_id, thread_ts=None)


async def _post_once(services: Services, sending: Sending, channel_id: str, thread_ts: str | None) -> None:
    """Post a visible message; after an interrupted or failed try, look first whether it is there already."""
    ts = await posted_before(services, sending, channel_id, thread_ts) if sending.attempts > 1 else None
    if ts is None:
        metadata = {"event_type": METADATA_EVENT, "event_payload": {"row": row_mark(sending)}}
        answer = await services.client.chat_postMessage(
            channel=channel_id, thread_ts=thread_ts, metadata=metadata, **{"unfurl_links": False, **sending.body}
        )
        ts = str(answer["ts"])
    settle(services, sending, SendState.SENT, channel=channel_id, ts=ts)


async def _send_update(services: Services, sending: Sending) -> None:
    with services.casebook.begin() as connection:
        place = outbox.place_of(connection, sending.workspace, sending.target["of"])
        outdated = outbox.is_outdated(connection, sending)
    if outdated:
        settle(services, sending, SendState.SENT, error=OUTDATED)
    elif place is None:
        with services.casebook.begin() as connection:
            original = outbox.state_of(connection, sending.workspace, sending.target["of"])
        if original in {SendState.DUE, SendState.SENDING}:
            try_later(services, sending, error="its message is not out yet")
        else:
            settle(services, sending, SendState.WITHHELD, error="its message is not there")
    else:
        channel, ts = place
        if _is_being_removed(services, sending.workspace, sending.target["of"], channel):
            try_later(services, sending, error="its message is being taken away")
            return
        if sending.target.get("user"):
            if await _withheld_from(services, sending, Surface.DIRECT):
                return
        elif withheld := may_show(Surface.VISIBLE, channel=await people.channel_now(services, channel)):
            settle(services, sending, SendState.WITHHELD, error=withheld)
            return
        # An update is read as if somebody had typed it, with names and channels in it, unless Slack is told not to.
        await services.client.chat_update(channel=channel, ts=ts, parse="none", **sending.body)
        settle(services, sending, SendState.SENT, channel=channel, ts=ts)


def _is_being_removed(services: Services, workspace: str, key: str, channel: str) -> bool:
    with services.casebook.begin() as connection:
        state = outbox.state_of(connection, workspace, outbox.removal_key(key, channel))
    return state in {SendState.DUE, SendState.SENDING}


async def _send_removal(services: Services, sending: Sending) -> None:
    """Take a message of ours away; what is still needed is posted again where only we read."""
    of, channel, again_in = sending.target["of"], sending.target["channel"], sending.target.get("again_in")
    with services.casebook.begin() as connection:
        state = outbox.state_of(connection, sending.workspace, of)
        place = outbox.place_of(connection, sending.workspace, of)
    if state in {SendState.DUE, SendState.SENDING}:
        try_later(services, sending, error="its message is not out yet")
        return
    stands_here = place is not None and place[0] == channel
    if place and stands_here:
        await _delete(services, *place)
    with services.casebook.begin() as connection:
        outbox.settle(connection, sending, state=SendState.SENT)
        if stands_here and again_in:
            outbox.post_again(
                connection, sending.workspace, of, channel=again_in, body=sending.body, now=services.clock()
            )
    services.wake.homes.set()


async def _delete(services: Services, channel: str, ts: str) -> None:
    """Delete a message of ours, unless it is gone already."""
    try:
        await services.client.chat_delete(channel=channel, ts=ts)
    except SlackApiError as error:
        if people.error_code(error) != "message_not_found":
            raise


async def _send_home(services: Services, sending: Sending) -> None:
    with services.casebook.begin() as connection:
        outdated = outbox.is_outdated(connection, sending)
    if outdated:
        settle(services, sending, SendState.SENT, error=OUTDATED)
        return
    if not sending.target.get("for_anyone") and await _withheld_from(services, sending, Surface.HOME):
        return
    await services.client.views_publish(user_id=sending.target["user"], view=sending.body["view"])
    settle(services, sending, SendState.SENT)


_SENDERS = {
    SendKind.EPHEMERAL: _send_ephemeral,
    SendKind.REPLY: _send_reply,
    SendKind.MESSAGE: _send_message,
    SendKind.DIRECT: _send_direct,
    SendKind.UPDATE: _send_update,
    SendKind.REMOVAL: _send_removal,
    SendKind.HOME: _send_home,
}


async def _withheld_from(services: Services, sending: Sending, surface: Surface) -> bool:
    person = await people.look_up(services, sending.target["user"])
    role, _ = await people.role(services, person)
    withheld = may_show(surface, person=person, role=role)
    if withheld:
        settle(services, sending, SendState.WITHHELD, error=withheld)
    return withheld is not None


def reference() -> str:
    """A short code that stands in the log and in front of the person."""
    return secrets.token_hex(3).upper()


async def send_claimed(services: Services, sending: Sending) -> None:
    """Send one row; whatever happens, it is written down how it ended."""
    with of_workspace(sending.workspace):
        try:
            await send(services, sending)
        except asyncio.CancelledError:
            with services.casebook.begin() as connection:
                outbox.let_go(connection, sending)
            raise
        except Exception:
            log.exception("send_failed", row=sending.seq, kind=sending.kind)
            if sending.kind.at_most_once:
                settle(services, sending, SendState.UNKNOWN, error="unexpected")
            else:
                try_later(services, sending, error="unexpected")
