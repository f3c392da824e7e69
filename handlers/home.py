"""The App Home: what Aside said to somebody, and for supervisors what waits for them."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.authority import authorities
from bot.cards import home as home_card
from bot.cards.home import Inbox
from bot.case import Case, CaseState
from bot.message import Role
from handlers import people
from handlers.guard import Actor, actor_of
from handlers.services import Services
from handlers.situation import customer_of, moment
from handlers.worker import Task
from storage import cases, outbox, quiet
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.outbox import SendKind

MOST_ADVICE = 20
WEEK = timedelta(days=7)


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
    is_supervisor = actor.role is Role.SUPERVISOR
    admin = actor.person.admin and not actor.person.outsider
    pending = requests.pending(connection, workspace) if is_supervisor else []
    unknown = actor.say("a customer not on file")
    since = services.clock() - WEEK.total_seconds()
    view = home_card.view(
        role=actor.role,
        inbox=_inbox(services, connection, actor) if actor.role.is_staff else Inbox(),
        pending=[(each, _name(services, each.customer_id) or unknown) for each in pending],
        missing=actor.setup.missing(),
        admin=admin,
        zone=actor.person.timezone,
        playbook=services.playbook,
        say=actor.say,
        faults=services.known.faults,
        team=quiet.feedback(connection, workspace, since=since) if is_supervisor else None,
        stands_in_for=_stands_in_for(services, connection, actor),
    )
    outbox.put(
        connection,
        workspace=workspace,
        key=f"{task.entry.key}:home",
        kind=SendKind.HOME,
        target={"user": actor.person.user_id, "for_anyone": not (actor.role.is_staff or admin)},
        body={"view": view},
        now=services.clock(),
    )


def _stands_in_for(services: Services, connection: Connection, actor: Actor) -> list[tuple[str, datetime | None]]:
    """Whose deputy they are at this moment, and until when."""
    workspace, user, now = services.identity.workspace, actor.person.user_id, moment(services)
    groups = workspaces.groups(connection, workspace, since=services.clock() - people.GROUPS_TOO_OLD_SECONDS)
    setup = workspaces.setup(connection, workspace)
    until = {each.user: each.until for each in setup.away}
    held = authorities(user, actor.role, setup, groups, now)
    return [(each.deputy_for, until[each.deputy_for]) for each in held if each.deputy_for]


def _inbox(services: Services, connection: Connection, actor: Actor) -> Inbox:
    """What this person alone was told, and what they do not want to hear."""
    workspace, user = services.identity.workspace, actor.person.user_id
    told = cases.advice_for(connection, workspace, user, MOST_ADVICE)
    wish = quiet.of_person(connection, workspace, user, services.clock())
    about = {each: cases.get(connection, workspace, each) for each in {*wish.cases, *(one.case_id for one in told)}}

    def customer(case: Case | None) -> str:
        return (case and _name(services, case.customer_id)) or ""

    muted = [case for each in wish.cases if (case := about[each]) and case.state is not CaseState.CLOSED]
    unknown = actor.say("a customer not on file")
    return Inbox(
        advice=[(each, customer(about[each.case_id])) for each in told],
        ratings=cases.ratings_by(connection, workspace, user, [each.id for each in told]),
        quiet=wish,
        muted_cases=[
            (case.id, f"{customer(case) or unknown} · {actor.say.day(case.opened_at.date())}") for case in muted
        ],
    )


def _name(services: Services, customer_id: str | None) -> str | None:
    customer = customer_of(services, customer_id)
    return customer.record.customer.name if customer else None
