"""What changes in the workspace: who is in a user group, who joins a channel, which channel is shared."""

from handlers import people
from handlers.services import Services
from handlers.worker import Task
from storage import workspace as workspaces


async def on_group_changed(services: Services, task: Task) -> None:
    """A user group has other members now: roles follow."""
    event = task.entry.payload
    group = event.get("subteam_id") or (event.get("subteam") or {}).get("id")
    with services.casebook.begin() as connection:
        setup = workspaces.setup(connection, services.identity.workspace)
    if group in setup.groups:
        await people.refresh_groups(services, [group])


async def on_channel_changed(services: Services, task: Task) -> None:
    """Somebody joined, or the channel is shared differently: ask anew who they are."""
    user = task.entry.payload.get("user")
    if isinstance(user, str):
        with services.casebook.begin() as connection:
            workspaces.forget_person(connection, services.identity.workspace, user)
