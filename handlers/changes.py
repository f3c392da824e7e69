"""What changes in the workspace: who is in a group or a channel, which channel is shared, what is taken back."""

from bot.visibility import Surface, may_show
from handlers import people, verification
from handlers.inbound import Incoming
from handlers.services import Services
from handlers.worker import Task
from storage import conversations, outbox
from storage import workspace as workspaces
from storage.outbox import SendKind


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
    """Somebody joined, or the channel is shared now: where outsiders may read, what we said there goes."""
    event = task.entry.payload
    workspace = services.identity.workspace
    user, channel_id = event.get("user"), event.get("channel") or ""
    if isinstance(user, str):
        with services.casebook.begin() as connection:
            workspaces.forget_person(connection, workspace, user)
    with services.casebook.begin() as connection:
        ours = outbox.visible_in(connection, workspace, channel_id)
    if not ours or may_show(Surface.VISIBLE, channel=await people.channel_now(services, channel_id)) is None:
        return
    with task.finishing() as connection:
        for key, ts in ours:
            outbox.put(
                connection,
                workspace=workspace,
                key=f"{key}:removed",
                kind=SendKind.REMOVAL,
                target={"channel": channel_id, "ts": ts},
                body={},
                now=services.clock(),
            )


async def on_message_deleted(services: Services, task: Task, said: Incoming) -> None:
    """Somebody took back what they wrote: its words go, and a question to sales that quotes them shows them no more."""
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        kept = conversations.kept_message(connection, workspace, said.channel, said.ts)
    locale = await verification.reader_locale(services, kept.case_id) if kept and kept.case_id else ""
    with task.finishing() as connection:
        asked_in = conversations.forget_message(connection, workspace, said.channel, said.ts, services.clock())
        if asked_in:
            verification.redraw(services, connection, task, asked_in, locale)
