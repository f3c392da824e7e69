"""What changes in the workspace: who is in a group or a channel, which channel is shared, what is taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from bot.goodwill import ExceptionRequest, ExceptionState
from bot.i18n import words
from bot.language import language_of_locale
from bot.setup import Person
from bot.visibility import Surface, may_show
from handlers import people, request, verification
from handlers.inbound import Incoming
from handlers.services import Services
from handlers.worker import Task
from storage import cases, conversations, outbox
from storage import goodwill as requests
from storage import workspace as workspaces


async def on_group_changed(services: Services, task: Task) -> None:
    """A user group has other members now: roles follow."""
    event = task.entry.payload
    group = event.get("subteam_id") or (event.get("subteam") or {}).get("id")
    with services.casebook.begin() as connection:
        setup = workspaces.setup(connection, services.identity.workspace)
    if group in setup.groups:
        await people.refresh_groups(services, [group])


async def on_person_changed(services: Services, task: Task) -> None:
    """Somebody's language, clock, name or account changed: they are asked about anew."""
    with task.finishing() as connection:
        workspaces.forget_person(connection, services.identity.workspace, task.entry.payload["user"])


async def on_channel_changed(services: Services, task: Task) -> None:
    """Somebody joined, or the channel is shared now: where outsiders may read, what we said there goes.

    A card that somebody still needs goes to the approvals channel, which is ours alone.
    """
    event = task.entry.payload
    workspace = services.identity.workspace
    user, channel_id = event.get("user"), event.get("channel") or ""
    if isinstance(user, str):
        with services.casebook.begin() as connection:
            workspaces.forget_person(connection, workspace, user)
    with services.casebook.look() as connection:
        ours = outbox.visible_in(connection, workspace, channel_id)
        approvals = workspaces.setup(connection, workspace).approvals_channel
    if not ours or may_show(Surface.VISIBLE, channel=await people.channel_now(services, channel_id)) is None:
        return
    askers = await _askers(services, ours)
    with task.finishing() as connection:
        for key in outbox.visible_in(connection, workspace, channel_id):
            body = _card_still_needed(services, connection, key, askers.get(key))
            outbox.remove(
                connection,
                workspace,
                key,
                channel_id,
                now=services.clock(),
                again_in=approvals if body else None,
                body=body,
            )


async def _askers(services: Services, keys: Sequence[str]) -> Mapping[str, Person]:
    """Whoever asked for the exceptions whose cards these are, by the card's key: the card speaks their language."""
    found: dict[str, Person] = {}
    for key in keys:
        with services.casebook.look() as connection:
            asked = _still_needed(services, connection, key)
        if asked:
            found[key] = await people.look_up(services, asked.requested_by)
    return found


def _still_needed(services: Services, connection: Connection, key: str) -> ExceptionRequest | None:
    """The request whose card this is, if it waits for a word or for its booking."""
    asked = requests.get(connection, services.identity.workspace, key.removeprefix(requests.card_key("")))
    return asked if asked and (asked.is_pending or asked.state is ExceptionState.APPROVED) else None


def _card_still_needed(
    services: Services, connection: Connection, key: str, asker: Person | None
) -> dict[str, Any] | None:
    """The card as the request stands now; None for whatever nobody needs any more."""
    asked = _still_needed(services, connection, key)
    case = cases.get(connection, asked.workspace, asked.case_id) if asked else None
    if asked is None or case is None:
        return None
    say = words(language_of_locale(asker.locale if asker else ""))
    return request.card(services, connection, asked, case, say)


async def on_message_deleted(services: Services, task: Task, said: Incoming) -> None:
    """Somebody took back what they wrote: its words go, and a question to sales that quotes them shows them no more."""
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        kept = conversations.kept_message(connection, workspace, said.channel, said.ts)
    readers = await verification.readers_of(services, kept.case_id) if kept and kept.case_id else {}
    with task.finishing() as connection:
        asked_in = conversations.forget_message(connection, workspace, said.channel, said.ts, services.clock())
        if asked_in:
            verification.redraw(services, connection, task, asked_in, readers)
