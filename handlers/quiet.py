"""Being quiet: a pause for oneself, and what was muted heard again."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from bot.cards.feedback import clock
from bot.quiet import LONGEST_PAUSE_MINUTES, PAUSE_MINUTES, pause_minutes
from handlers import deliver, home, inbound
from handlers.guard import Actor, admit
from handlers.inbound import Click, Command
from handlers.services import Services
from handlers.worker import Task
from storage import quiet
from storage.quiet import Mute

COMMANDS = frozenset({"pause", "resume"})


async def on_command(services: Services, task: Task, actor: Actor, command: Command, word: str, typed: str) -> None:
    """`/aside pause [minutes]`, `/aside resume`."""
    with task.finishing() as connection:
        if word == "resume":
            sentence = resume(services, connection, actor)
        elif minutes := pause_minutes(typed):
            sentence = pause(services, connection, actor, minutes)
        else:
            sentence = actor.say(
                "For how many minutes? Type a whole number from 1 to {most}, as in /aside pause 30.",
                most=LONGEST_PAUSE_MINUTES,
            )
        deliver.reply(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:answer",
            response_url=command.response_url,
            person=command.user,
            body={"text": sentence},
            now=services.clock(),
        )
        home.publish(services, connection, task, actor)


def pause(services: Services, connection: Connection, actor: Actor, minutes: int) -> str:
    """Whisper nothing to somebody for so long; what to tell them."""
    until = datetime.fromtimestamp(services.clock(), UTC) + timedelta(minutes=minutes)
    quiet.pause(connection, services.identity.workspace, actor.person.user_id, until=until.timestamp())
    return actor.say(
        "Paused until {time}. The App Home keeps what would have been whispered; /aside resume ends the pause.",
        time=clock(until, actor.person.timezone),
    )


def resume(services: Services, connection: Connection, actor: Actor) -> str:
    """Whisper to them again; what to tell them."""
    workspace, person = services.identity.workspace, actor.person.user_id
    if quiet.of_person(connection, workspace, person, services.clock()).paused_until is None:
        return actor.say("Aside is not paused.")
    quiet.resume(connection, workspace, person)
    return actor.say("Aside is whispering again. What came up meanwhile is in the App Home.")


async def on_pause(services: Services, task: Task) -> None:
    """The button in the App Home."""
    _, actor = await _in_home(services, task)
    if actor:
        with task.finishing() as connection:
            pause(services, connection, actor, PAUSE_MINUTES)
            home.publish(services, connection, task, actor)


async def on_resume(services: Services, task: Task) -> None:
    """The other button in the App Home."""
    _, actor = await _in_home(services, task)
    if actor:
        with task.finishing() as connection:
            resume(services, connection, actor)
            home.publish(services, connection, task, actor)


async def on_unmute_play(services: Services, task: Task) -> None:
    """A muted play is heard again."""
    await _unmute(services, task, Mute.PLAY)


async def on_unmute_case(services: Services, task: Task) -> None:
    """A muted case is heard again."""
    await _unmute(services, task, Mute.CASE)


async def _unmute(services: Services, task: Task, kind: Mute) -> None:
    click, actor = await _in_home(services, task)
    if actor:
        with task.finishing() as connection:
            quiet.unmute(connection, services.identity.workspace, actor.person.user_id, kind, click.value)
            home.publish(services, connection, task, actor)


async def _in_home(services: Services, task: Task) -> tuple[Click, Actor | None]:
    click = inbound.click(task.entry.payload)
    return click, await admit(services, task, click.user, click.response_url)
