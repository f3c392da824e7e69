"""The App Home: what Aside said to somebody, and for supervisors what waits for them."""

import asyncio
import json
import time
import uuid
from datetime import timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.authority import authorities
from bot.blocks import Block
from bot.cards import home as home_card
from bot.cards import pipeline as pipeline_card
from bot.cards.home import Inbox
from bot.case import Case, CaseState
from bot.message import Role
from handlers import board, people, pipeline
from handlers.guard import Actor, actor_of
from handlers.services import Services, Shown, woken
from handlers.situation import moment
from handlers.worker import Task
from storage import advised, cases, homes, outbox, quiet
from storage import workspace as workspaces
from storage.outbox import SendKind

MOST_ADVICE = 20
WEEK = timedelta(days=7)
LATELY = timedelta(hours=1)
"""Whoever looked at it since then may still have it open, and sees at once what happened."""
REMEMBERED = timedelta(days=30)
"""Whoever looked at it since then finds it as it is now when they come back, not as they left it."""
LOOK_AGAIN_SECONDS = 60.0
PAUSE_SECONDS = 1.0
REST = 9.0
"""After a Home, of whatever workspace, so many times as long as it took: hundreds may be open, and whoever waits for a
whisper comes first. So all of them take a tenth of our time at most."""
LONGEST_REST_SECONDS = 1.0
REFRESHED = "home:"
"""What the keys begin with of what is published without anybody opening it."""

log = structlog.get_logger()


async def on_opened(services: Services, task: Task) -> None:
    """Somebody opened it: show it as it is now."""
    if task.entry.payload.get("tab") != "home":
        return
    actor = await actor_of(services, task.entry.payload["user"])
    with task.finishing() as connection:
        publish(services, connection, task, actor)


def publish(services: Services, connection: Connection, task: Task, actor: Actor) -> None:
    """Write down somebody's Home as it is now; they are looking at it."""
    view = _view(services, connection, actor)
    services.homes[actor.person.user_id] = Shown(services.clock(), _hash(view))
    _put(services, connection, actor, f"{task.entry.key}:home", view)


async def keep_fresh(services: Services) -> None:
    """Show what happened to whoever has opened their Home, forever.

    Slack shows what was published last until a Home that is opened is written anew, so a Home nobody looks at must not
    go stale either. Whoever looked lately is shown at once what happened, the latest first, the others within a minute
    of it.
    """
    _remember(services)
    unshown, round_at = True, services.clock() + LOOK_AGAIN_SECONDS
    while True:
        await woken(services.wake.homes, LOOK_AGAIN_SECONDS)
        unshown |= services.wake.homes.is_set() or not services.casebook.is_embedded  # others of us wake nobody here
        services.wake.homes.clear()
        now = services.clock()
        for user, shown in sorted(services.homes.items(), key=lambda each: -each[1].looked_at):
            if shown.looked_at < now - REMEMBERED.total_seconds():
                services.homes.pop(user, None)
            elif shown.looked_at >= now - LATELY.total_seconds() or (unshown and now >= round_at):
                began = time.perf_counter()
                await _refresh(services, user)
                async with services.wake.after_a_home:
                    await asyncio.sleep(min(REST * (time.perf_counter() - began), LONGEST_REST_SECONDS))
        if unshown and now >= round_at:
            unshown, round_at = False, services.clock() + LOOK_AGAIN_SECONDS
        await asyncio.sleep(PAUSE_SECONDS)


def _remember(services: Services) -> None:
    """After a start: whose Home shows what."""
    since = services.clock() - REMEMBERED.total_seconds()
    with services.casebook.look() as connection:
        known = homes.known(connection, services.identity.workspace, refreshed=REFRESHED, since=since)
    for user, home in known.items():
        services.homes.setdefault(user, Shown(home.opened_at, _hash(home.view)))


async def _refresh(services: Services, user: str) -> None:
    try:
        actor = await actor_of(services, user)
        shown = services.homes[user]  # they may have clicked while Slack was asked
        with services.casebook.look() as connection:  # most Homes are as they were; nobody waits to write meanwhile
            view = _view(services.for_one_task(), connection, actor)
        if _hash(view) == shown.view:
            return
        with services.casebook.begin() as connection:
            _put(services, connection, actor, f"{REFRESHED}{user}:{uuid.uuid4().hex}", view)
        services.homes[user] = Shown(shown.looked_at, _hash(view))
        services.wake.outbox.set()
    except people.UnknownForNowError:
        log.info("home_not_refreshed", user=user)
    except Exception:
        log.exception("home_not_refreshed", user=user)  # one odd Home must not keep the others old, nor stop the bot


def _hash(view: Block) -> str:
    return sha256(json.dumps(view).encode("utf-8", "surrogatepass")).hexdigest()


def _put(services: Services, connection: Connection, actor: Actor, key: str, view: Block) -> None:
    """Write down what somebody's Home shows."""
    is_for_us = actor.role.is_staff or (actor.person.admin and not actor.person.outsider)
    outbox.put(
        connection,
        workspace=services.identity.workspace,
        key=key,
        kind=SendKind.HOME,
        target={"user": actor.person.user_id, "for_anyone": not is_for_us},
        body={"view": view},
        now=services.clock(),
    )


def _view(services: Services, connection: Connection, actor: Actor) -> Block:
    """Somebody's Home as it is now."""
    workspace, user = services.identity.workspace, actor.person.user_id
    since = services.clock() - WEEK.total_seconds()
    groups = workspaces.groups(connection, workspace, since=services.clock() - people.GROUPS_TOO_OLD_SECONDS)
    held = authorities(user, actor.role, actor.setup, groups, moment(services))
    until = {each.user: each.until for each in actor.setup.away}
    sells = pipeline.pipeline(services, connection, actor)
    return home_card.view(
        role=actor.role,
        inbox=_inbox(services, connection, actor) if actor.role.is_staff else Inbox(),
        missing=actor.setup.missing(),
        admin=actor.person.admin and not actor.person.outsider,
        zone=actor.person.timezone,
        playbook=services.playbook,
        say=actor.say,
        desk=board.desk(services, connection, actor),
        board=board.board(services, connection, actor, held, groups) if held else None,
        faults=services.known.faults,
        feedback=quiet.feedback(connection, workspace, since=since) if actor.role is Role.SUPERVISOR else None,
        selling=pipeline_card.blocks(sells, moment(services), actor.person.timezone, actor.say) if sells else (),
        stands_in_for=[(each.deputy_for, until[each.deputy_for]) for each in held if each.deputy_for],
    )


def _inbox(services: Services, connection: Connection, actor: Actor) -> Inbox:
    """What this person alone was told, and what they do not want to hear."""
    workspace, user = services.identity.workspace, actor.person.user_id
    told = advised.advice_for(connection, workspace, user, MOST_ADVICE)
    wish = quiet.of_person(connection, workspace, user, services.clock())
    about = {each: cases.get(connection, workspace, each) for each in {*wish.cases, *(one.case_id for one in told)}}
    called = board.names(services, (case.customer_id for case in about.values() if case))

    def customer(case: Case | None) -> str:
        return called.get((case and case.customer_id) or "", "")

    zone = ZoneInfo(actor.person.timezone)
    muted = [case for each in wish.cases if (case := about[each]) and case.state is not CaseState.CLOSED]
    unknown = actor.say("a customer not on file")
    return Inbox(
        advice=[(each, customer(about[each.case_id])) for each in told],
        ratings=advised.ratings_by(connection, workspace, user, [each.id for each in told]),
        quiet=wish,
        muted_cases=[
            (case.id, f"{customer(case) or unknown} · {actor.say.day(case.opened_at.astimezone(zone).date())}")
            for case in muted
        ],
    )
