"""Working on a case: who may, from which click, and the window with all that is known of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection

from bot.authority import authorities
from bot.blocks import Block
from bot.cards import case as case_card
from bot.cards import conversation as conversation_card
from bot.cards import exception as exception_card
from bot.case import Case, may_handle, may_help
from bot.i18n import Words
from bot.message import Role
from handlers import deliver, inbound, people, request
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.inbound import Click, Submission
from handlers.services import Services
from handlers.situation import customer_of, moment
from handlers.worker import Task
from storage import advised, cases, commitments, conversations, facts, promises, which_case
from storage import goodwill as requests
from storage import workspace as workspaces


@dataclass(frozen=True)
class Doing:
    """Somebody who may work on a case, and the case.

    Attributes:
        customer: The customer's name.
        directly: They clicked in a direct message, and that is where they are answered.
    """

    actor: Actor
    case: Case
    customer: str
    directly: bool = False


class About(BaseModel):
    """What a window about a case remembers.

    Attributes:
        directly: It was opened from a direct message.
    """

    model_config = ConfigDict(frozen=True)

    case_id: str
    directly: bool = False

    @property
    def spelt(self) -> str:
        """As a window keeps it: the case's id, and more only where there is more."""
        return self.model_dump_json() if self.directly else self.case_id

    @classmethod
    def read(cls, spelt: str) -> Self:
        """What was spelt; about no case where the window remembers something else."""
        if not spelt.startswith("{"):
            return cls(case_id=spelt)
        try:
            return cls.model_validate_json(spelt)
        except ValidationError:
            return cls(case_id="")


def _remembering(view: Block, doing: Doing) -> Block:
    """A window about a case that knows from where it was opened."""
    about = About(case_id=doing.case.id, directly=doing.directly)
    return {**view, "private_metadata": about.spelt} if view.get("private_metadata") == doing.case.id else view


def _hindrance(services: Services, connection: Connection, actor: Actor, case: Case | None) -> str | None:
    """Why somebody may not work on a case; None when they may: who stands in for a supervisor may what one may."""
    say = actor.say
    if case is None:
        return say("This message is not part of a case. Use the shortcut on a customer's message in a support channel.")
    user = actor.person.user_id
    groups = workspaces.groups(connection, case.workspace, since=services.clock() - people.GROUPS_TOO_OLD_SECONDS)
    decides = authorities(user, actor.role, actor.setup, groups, moment(services))
    role = Role.SUPERVISOR if decides else actor.role
    if not may_handle(case, user, role, advised=advised.was_advised(connection, case, user)):
        return say("Only whoever handles this case and supervisors can see it. To handle it, answer the customer.")
    return None


async def help_hindrance(services: Services, actor: Actor, case: Case | None) -> str | None:
    """Why somebody may not check a draft or ask for an exception; None when they may (`bot.case.may_help`).

    Args:
        case: The case it is for; without one only the role counts.
    """
    say, user = actor.say, actor.person.user_id
    if actor.role not in {Role.AGENT, Role.SUPERVISOR}:
        return say("This is for agents and supervisors, who answer the customer.")
    if case is None:
        return None
    with services.casebook.begin() as connection:
        whispered_to = advised.was_advised(connection, case, user)
    if may_help(case, user, actor.role, advised=whispered_to, in_channel=False):
        return None
    try:
        in_channel = await people.is_member(services, case.channel, user)
    except people.UnknownForNowError:
        return say("Slack cannot say just now whether you are in this case's channel. Please try again.")
    if may_help(case, user, actor.role, advised=whispered_to, in_channel=in_channel):
        return None
    return say(
        "Only supervisors, whoever handles this case and agents in its channel can do this. Join the channel first."
    )


def _doing(services: Services, actor: Actor, case: Case, *, directly: bool = False) -> Doing:
    return Doing(actor, case, request.name_of(customer_of(services, case.customer_id), actor.say), directly)


async def by_click(services: Services, task: Task, click: Click) -> Doing | None:
    """Whoever clicked and the case behind the button; None when they may not, and then they are told."""
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return None
    with services.casebook.begin() as connection:
        case = which_case.of_button(connection, services.identity.workspace, click.value)
        hindrance = _hindrance(services, connection, actor, case)
    if hindrance or case is None:
        with task.finishing() as connection:
            answer(services, connection, task, actor, click.response_url, hindrance or "")
        return None
    below = About.read(click.private_metadata) if click.view_id else None  # the window in which the button stands
    return _doing(services, actor, case, directly=below.directly if below else click.is_direct)


async def by_submission(services: Services, task: Task, sent: Submission) -> Doing | None:
    """Whoever sent a window off, and its case; None when they may not, and then they are told."""
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return None
    about = About.read(sent.private_metadata)
    with services.casebook.begin() as connection:
        case = cases.get(connection, services.identity.workspace, about.case_id)
        hindrance = _hindrance(services, connection, actor, case)
    if hindrance or case is None:
        with task.finishing() as connection:
            tell_directly(services, connection, task, actor, hindrance or "")
        return None
    return _doing(services, actor, case, directly=about.directly)


def answer(
    services: Services, connection: Connection, task: Task, actor: Actor, response_url: str, sentence: str
) -> None:
    """Never a silent click: beside the button when Slack lets us, otherwise by direct message."""
    if not response_url:
        tell_directly(services, connection, task, actor, sentence)
        return
    deliver.reply(
        connection,
        workspace=task.entry.workspace,
        key=f"{task.entry.key}:answer",
        response_url=response_url,
        person=actor.person.user_id,
        body={"text": sentence},
        now=services.clock(),
    )


async def person_error(services: Services, user_id: str, say: Words) -> str | None:
    """Why somebody chosen in a window cannot be asked; None when they are one of our own people and here."""
    if not user_id:
        return say("Please choose somebody.")
    try:
        person = await people.look_up(services, user_id)
    except people.UnknownForNowError:
        return say("Slack cannot say who that is just now. Please try again.")
    if person.outsider or user_id == services.identity.bot_user:
        return say("That is not one of our own people. Please choose a colleague.")
    return None if person.active else say("They have left. Please choose somebody else.")


async def open_form(services: Services, task: Task, view: Callable[[Doing], Block]) -> None:
    """A button that opens a window about a case."""
    click = inbound.click(task.entry.payload)
    doing = await by_click(services, task, click)
    if doing:
        shown = _remembering(view(doing), doing)
        await open_window(services, task, doing.actor, click.trigger_id, shown, push=bool(click.view_id))


async def on_show(services: Services, task: Task) -> None:
    """The button on a whisper: all that the case knows."""
    await open_form(services, task, lambda doing: show(services, doing))


async def on_shortcut(services: Services, task: Task) -> None:
    """The shortcut on a message of the case: the same window."""
    shortcut = inbound.shortcut(task.entry.payload)
    actor = await admit(services, task, shortcut.user, shortcut.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        thread = shortcut.thread_ts or shortcut.message_ts
        case = which_case.of_thread(connection, services.identity.workspace, shortcut.channel, thread)
        hindrance = _hindrance(services, connection, actor, case)
    if hindrance or case is None:
        view = exception_card.notice(actor.say("Not now"), hindrance or "", actor.say)
    else:
        view = show(services, _doing(services, actor, case))
    await open_window(services, task, actor, shortcut.trigger_id, view)


async def on_read(services: Services, task: Task) -> None:
    """The button beside the case's name, on its card and in what supervisors are told: what was said in it."""
    await open_form(services, task, lambda doing: _conversation(services, doing))


def _conversation(services: Services, doing: Doing) -> Block:
    case, actor = doing.case, doing.actor
    with services.casebook.look() as connection:
        return conversation_card.view(
            conversations.in_full(connection, case),
            requests.of_case(connection, case.workspace, case.id),
            requests.turns(connection, case.workspace, case.id),
            customer=doing.customer,
            case_id=case.id,
            zone=actor.person.timezone,
            say=actor.say,
        )


def show(services: Services, doing: Doing) -> Block:
    """The case's window as it is now."""
    with services.casebook.begin() as connection:
        file = file_of(services, connection, doing.case, doing.actor.say)
    actor = doing.actor
    is_supervisor = actor.role is Role.SUPERVISOR
    return case_card.view(file, zone=actor.person.timezone, say=actor.say, may_export=is_supervisor)


async def refresh(services: Services, doing: Doing, view_id: str) -> None:
    """After something was done in the case's window: show it."""
    if view_id:
        actor = doing.actor
        shown = _remembering(show(services, doing), doing)
        await deliver.refresh_modal(services, view_id, shown, actor.person, actor.role)


async def refresh_below(services: Services, sent: Submission) -> None:
    """After a form was sent off that lay on top of the case's window: show the case as it is now.

    A window that is about no case, or about one they may no longer see, has none below it that could be out of date.
    """
    actor, about = await actor_of(services, sent.user), About.read(sent.private_metadata)
    with services.casebook.begin() as connection:
        case = cases.get(connection, services.identity.workspace, about.case_id)
        hindrance = _hindrance(services, connection, actor, case)
    if case and not hindrance:
        await refresh(services, _doing(services, actor, case, directly=about.directly), sent.below)


def file_of(services: Services, connection: Connection, case: Case, say: Words) -> case_card.CaseFile:
    """All that is on file about a case."""
    asked = promises.all_of_case(connection, case.workspace, case.id)
    return case_card.CaseFile(
        case=cases.get(connection, case.workspace, case.id) or case,
        customer=request.name_of(customer_of(services, case.customer_id), say),
        recorded=facts.of_case(connection, case),
        requests=requests.of_case(connection, case.workspace, case.id),
        verification=asked[-1] if asked else None,
        over=asked[:-1],
        commitments=commitments.of_case(connection, case.workspace, case.id),
        bands=services.playbook.policy.cost,
        turns=requests.turns(connection, case.workspace, case.id),
        desk=services.playbook.policy.hours.timezone,
    )
