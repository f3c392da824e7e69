"""The App Home: what Aside said to somebody, and for supervisors what waits for them."""

from sqlalchemy import Connection

from bot.cards import home as home_card
from bot.message import Role
from handlers.guard import Actor, actor_of
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
    actor = await actor_of(services, task.entry.payload["user"])
    with task.finishing() as connection:
        publish(services, connection, task, actor)


def publish(services: Services, connection: Connection, task: Task, actor: Actor) -> None:
    """Write down somebody's Home as it is now."""
    workspace = services.identity.workspace
    user = actor.person.user_id

    def named(customer_id: str | None) -> str | None:
        customer = customer_of(services, customer_id)
        return customer.record.customer.name if customer else None

    told = cases.advice_for(connection, workspace, user, MOST_ADVICE) if actor.role.is_staff else []
    about = {each.case_id: cases.get(connection, workspace, each.case_id) for each in told}
    pending = requests.pending(connection, workspace) if actor.role is Role.SUPERVISOR else []
    view = home_card.view(
        role=actor.role,
        advice=[(each, (case and named(case.customer_id)) or "") for each in told for case in [about[each.case_id]]],
        pending=[(each, named(each.customer_id) or actor.say("a customer not on file")) for each in pending],
        missing=actor.setup.missing(),
        admin=actor.person.admin and not actor.person.outsider,
        zone=actor.person.timezone,
        playbook=services.playbook,
        say=actor.say,
        faults=services.known.faults,
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
