"""Setting up: `/aside setup` for administrators, `/aside duty` for agents, `/aside help` for everybody on the team."""

from typing import Any
from zoneinfo import ZoneInfo

from bot.blocks import body, option
from bot.cards import help as help_card
from bot.cards import setup as setup_card
from bot.cards.setup import CUSTOMER_ACTION, Shown
from bot.i18n import Words
from bot.setup import RoleSource, Setup, SupportChannel
from handlers import away, deliver, draft, inbound, quiet
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.identity import absent_from
from handlers.inbound import Command, Submission
from handlers.services import Services
from handlers.situation import moment
from handlers.worker import Task
from storage import outbox
from storage import workspace as workspaces
from storage.outbox import SendKind

MOST_OPTIONS = 20

__all__ = ["CUSTOMER_ACTION", "customer_options", "on_command", "on_home_button", "on_saved"]


async def on_command(services: Services, task: Task) -> None:
    """`/aside setup | duty | draft | pause | resume | away | back | help`."""
    command = inbound.command(task.entry.payload)
    actor = await admit(services, task, command.user, command.response_url, or_admin=True)
    if actor is None:
        return
    word, _, rest = command.text.strip().lower().partition(" ")
    typed = command.text.strip()[len(word) :].strip()
    if word == "setup":
        await _open(services, task, actor, command.trigger_id, command.channel, command.response_url)
        return
    if word == "draft":
        await draft.on_command(services, task, actor, command, _as_typed(services, typed))
        return
    if word in quiet.COMMANDS:
        await quiet.on_command(services, task, actor, command, word, rest.strip())
        return
    if word in away.COMMANDS:
        await away.on_command(services, task, actor, command, word, typed)
        return
    with task.finishing() as connection:
        answer = (
            {"text": _duty(services, connection, actor, command, rest.strip())}
            if word == "duty"
            else _help(actor, word)
        )
        deliver.reply(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:answer",
            response_url=command.response_url,
            person=command.user,
            body=answer,
            now=services.clock(),
        )


def _help(actor: Actor, word: str) -> dict[str, Any]:
    """What they can do; a word that is no subcommand is named first."""
    unknown = "" if word in {"", "help"} else word
    blocks = help_card.blocks(actor.role, admin=actor.person.admin, say=actor.say, unknown=unknown)
    return dict(body(actor.say("What you can do with Aside"), blocks))


async def on_home_button(services: Services, task: Task) -> None:
    """The button in the App Home."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, "", or_admin=True)
    if actor:
        await _open(services, task, actor, click.trigger_id, "", "")


async def _open(services: Services, task: Task, actor: Actor, trigger_id: str, channel: str, response_url: str) -> None:
    if not actor.person.admin:
        sentence = actor.say("Only an administrator of this workspace can set up Aside. Please ask one of them.")
        with task.finishing() as connection:
            if response_url:
                deliver.reply(
                    connection,
                    workspace=services.identity.workspace,
                    key=f"{task.entry.key}:answer",
                    response_url=response_url,
                    person=actor.person.user_id,
                    body={"text": sentence},
                    now=services.clock(),
                )
            else:
                tell_directly(services, connection, task, actor, sentence)
        return
    known = actor.setup.support_channel(channel)
    view = setup_card.view(
        actor.setup,
        channel=channel,
        customer=_named(services, known.customer) if known and known.customer else None,
        in_channel=channel.startswith(("C", "G")),
        say=actor.say,
    )
    await open_window(services, task, actor, trigger_id, view)


def _named(services: Services, customer_id: str) -> tuple[str, str]:
    directory = services.directory()
    record = directory.record(customer_id) if directory else None
    return customer_id, record.customer.name if record else customer_id


async def customer_options(services: Services, user_id: str, typed: str) -> list[dict[str, Any]]:
    """The customers that fit what an administrator has typed so far."""
    actor = await actor_of(services, user_id)
    directory = services.directory()
    if directory is None or not actor.person.admin or actor.person.outsider:
        return []
    found = directory.find(typed, limit=MOST_OPTIONS)
    return [option(f"{each.name} · {each.id}", each.id) for each in found.candidates]


async def on_saved(services: Services, task: Task) -> None:
    """The window was sent off: keep it."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "", or_admin=True)
    if actor is None or not actor.person.admin:
        return
    absent = await absent_from(services.client, _changed(actor.setup, sent).channels)
    with task.finishing() as connection:
        now = services.clock()
        changed = workspaces.change_setup(
            connection,
            services.identity.workspace,
            lambda setup: _changed(setup, sent),
            actor=actor.person.user_id,
            now=now,
        )
        outbox.put(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:saved",
            kind=SendKind.DIRECT,
            target={"user": actor.person.user_id},
            body={"text": setup_card.saved(changed.missing(), absent, actor.say)},
            now=now,
        )


def _changed(before: Setup, sent: Submission) -> Setup:
    """The setup as the window has it; what the window does not show stays, and who went on or off duty meanwhile."""
    changed = before.model_copy(
        update={
            "agents": RoleSource(users=sent.many("agents"), groups=before.agents.groups),
            "supervisors": RoleSource(users=sent.many("supervisors"), groups=before.supervisors.groups),
            "managers": RoleSource(users=sent.many("managers"), groups=before.managers.groups),
            "sales": RoleSource(users=sent.many("sales"), groups=before.sales.groups),
            "sales_managers": RoleSource(users=sent.many("sales_managers"), groups=before.sales_managers.groups),
            "approvals_channel": sent.text("approvals") or None,
            "sales_channel": sent.text("sales_channel") or None,
        }
    )
    if not sent.private_metadata:
        return changed
    shown = Shown.model_validate_json(sent.private_metadata)
    channel, known = shown.channel, before.support_channel(shown.channel)
    if sent.many(setup_card.IS_SUPPORT):
        on_duty = shown.duty_after(known.on_duty if known else shown.on_duty, sent.many("on_duty"))
        return changed.with_support_channel(
            SupportChannel(channel=channel, customer=sent.text("customer") or None, on_duty=on_duty)
        )
    return changed.model_copy(update={"support": tuple(each for each in changed.support if each.channel != channel)})


def _as_typed(services: Services, text: str) -> str:
    """A command's words with the names of people as they were last known."""
    with services.casebook.begin() as connection:

        def name_of(user: str) -> str:
            known = workspaces.person(connection, services.identity.workspace, user, since=0.0)
            return known.name if known else user

        return inbound.as_typed(text, name_of)


def _duty(services: Services, connection: Any, actor: Actor, command: Command, what: str) -> str:
    say: Words = actor.say
    known = workspaces.setup(connection, services.identity.workspace).support_channel(command.channel)
    if known is None:
        return say("This is not a support channel yet. An administrator can make it one with /aside setup.")
    me = actor.person.user_id
    others = tuple(each for each in known.on_duty if each != me)
    if what == "on" and not actor.role.is_staff:
        return say("Only agents, supervisors and sales can be on duty. An administrator names them with /aside setup.")
    if what in {"on", "off"}:
        changed = known = known.model_copy(update={"on_duty": (*others, me) if what == "on" else others})
        workspaces.change_setup(
            connection,
            services.identity.workspace,
            lambda setup: setup.with_support_channel(changed),
            actor=me,
            now=services.clock(),
        )
    absent = _absent(services, actor)
    if not known.on_duty:
        nobody = say(
            "Nobody is on duty here, so nobody gets advice until an agent answers. /aside duty on puts you on duty."
        )
        return f"{nobody}{absent}"
    return say("On duty here: {people}", people=say(", ").join(f"<@{each}>" for each in known.on_duty)) + absent


def _absent(services: Services, actor: Actor) -> str:
    """The supervisors who are away, on a line of their own; empty when none is."""
    say, zone = actor.say, ZoneInfo(actor.person.timezone)
    who = []
    for each in actor.setup.away_now(moment(services)):
        notes = [say("back on {day}", day=say.day(each.until.astimezone(zone).date()))] if each.until else []
        notes += [say("deputy {who}", who=f"<@{each.deputy}>")] if each.deputy else []
        name = f"<@{each.user}>"
        who.append(say("{who} ({notes})", who=name, notes=say(", ").join(notes)) if notes else name)
    return "\n" + say("Supervisors away: {people}", people=say(", ").join(who)) if who else ""
