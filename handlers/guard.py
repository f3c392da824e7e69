"""The door: whoever is not one of our staff is turned away, with a sentence that a customer may read."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.blocks import Block
from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.message import Role
from bot.setup import Person, Setup
from handlers import deliver, people
from handlers.services import Services
from handlers.worker import Task
from storage import outbox
from storage.outbox import SendKind


@dataclass(frozen=True)
class Actor:
    """One of our staff who did something.

    Attributes:
        say: The interface in their language.
    """

    person: Person
    role: Role
    setup: Setup
    say: Words


async def actor_of(services: Services, user_id: str) -> Actor:
    """Who did it, as they stand at this moment."""
    person = await people.look_up(services, user_id)
    role, setup = await people.role(services, person)
    return Actor(person, role, setup, words(language_of_locale(person.locale)))


def tell_directly(services: Services, connection: Connection, task: Task, actor: Actor, sentence: str) -> None:
    """A window and the App Home have no reply of their own: the sentence comes by direct message."""
    outbox.put(
        connection,
        workspace=task.entry.workspace,
        key=f"{task.entry.key}:told",
        kind=SendKind.DIRECT,
        target={"user": actor.person.user_id},
        body={"text": sentence},
        now=services.clock(),
    )


async def open_window(
    services: Services, task: Task, actor: Actor, trigger_id: str, view: Block, *, push: bool = False
) -> None:
    """Open a window; when Slack gave us too little time for it, ask for another click.

    Args:
        push: On top of the window in which the click was.
    """
    if not await deliver.open_modal(services, trigger_id, view, actor.person, actor.role, push=push):
        with task.finishing() as connection:
            sentence = actor.say("The window did not open in time. Please try once more.")
            tell_directly(services, connection, task, actor, sentence)


async def admit(
    services: Services, task: Task, user_id: str, response_url: str, *, or_admin: bool = False
) -> Actor | None:
    """Let staff in; tell everybody else, privately, that this is not for them.

    Args:
        or_admin: An administrator of our own workspace may come in as well, to set Aside up.
    """
    actor = await actor_of(services, user_id)
    person = actor.person
    if actor.role.is_staff or (or_admin and person.admin and person.active and not person.outsider):
        return actor
    with task.finishing() as connection:
        if response_url:
            deliver.reply(
                connection,
                workspace=services.identity.workspace,
                key=f"{task.entry.key}:refused",
                response_url=response_url,
                person=user_id,
                body={"text": actor.say("This is for our support team.")},
                now=services.clock(),
                for_anyone=True,
            )
    return None
