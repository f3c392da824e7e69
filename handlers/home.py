"""The App Home: what Aside said to somebody, and for supervisors what waits for them."""

from bot.cards import home as home_card
from bot.message import Role
from handlers.guard import actor_of
from handlers.services import Services
from handlers.situation import customer_of
from handlers.worker import Task
from storage import cases, outbox
from storage import goodwill as requests
from storage.outbox import SendKind

MOST_ADVICE = 10


async def on_opened(services: Services, task: Task) -> None:
    """Somebody opened it: show it as it is now."""
    if task.entry.payload.get("tab") != "home":
        return
    user = task.entry.payload["user"]
    actor = await actor_of(services, user)
    workspace = services.identity.workspace
    with task.finishing() as connection:
        advice = cases.advice_for(connection, workspace, user, MOST_ADVICE) if actor.role.is_staff else []
        pending = requests.pending(connection, workspace) if actor.role is Role.SUPERVISOR else []
        named = []
        for each in pending:
            customer = customer_of(services, each.customer_id)
            name = customer.record.customer.name if customer else actor.say("a customer not on file")
            named.append((each, name))
        view = home_card.view(
            role=actor.role,
            advice=advice,
            pending=named,
            missing=actor.setup.missing(),
            admin=actor.person.admin and not actor.person.outsider,
            zone=actor.person.timezone,
            playbook=services.playbook,
            say=actor.say,
        )
        outbox.put(
            connection,
            workspace=workspace,
            key=f"{task.entry.key}:home",
            kind=SendKind.HOME,
            target={"user": user},
            body={"view": view},
            now=services.clock(),
        )
