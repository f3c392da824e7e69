"""Having an engineer look, so that no time is lost; fixing needs a decision (R21)."""

from bot.blocks import body
from bot.cards import engineer as engineer_card
from bot.i18n import words
from bot.language import language_of_locale
from handlers import casework, inbound, news, people, request
from handlers.guard import actor_of
from handlers.inbound import Submission
from handlers.services import Services
from handlers.worker import Task
from storage import facts, ids, outbox
from storage.outbox import SendKind


async def on_assign(services: Services, task: Task) -> None:
    """The button: who, and at what."""
    await casework.open_form(
        services,
        task,
        lambda doing: engineer_card.assign_modal(customer=doing.customer, case_id=doing.case.id, say=doing.actor.say),
    )


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """One of our own people, and something to look at."""
    say = (await actor_of(services, sent.user)).say
    errors: dict[str, str] = {}
    if error := await casework.person_error(services, sent.text("engineer"), say):
        errors["engineer"] = error
    if not sent.text("what"):
        errors["what"] = say("Please say what to look at; they do not know the case.")
    return errors


async def on_assigned(services: Services, task: Task) -> None:
    """The window was sent off: tell the engineer, and the agent once they are told."""
    sent = inbound.submission(task.entry.payload)
    doing = await casework.by_submission(services, task, sent)
    if doing is None:
        return
    case, actor, say = doing.case, doing.actor, doing.actor.say
    engineer = await people.look_up(services, sent.text("engineer"))
    link = await request.link_to(services, case)
    text, blocks = engineer_card.task(
        customer=doing.customer,
        what=sent.text("what"),
        asked_by=actor.person.user_id,
        link=link,
        say=words(language_of_locale(engineer.locale)),
    )
    key = f"engineer:{ids.new_id()}"
    with task.finishing() as connection:
        outbox.put(
            connection,
            workspace=case.workspace,
            key=key,
            kind=SendKind.DIRECT,
            target={
                "user": engineer.user_id,
                "task": True,
                "tell": actor.person.user_id,
                "if_not_sent": {
                    "text": say("{who} could not be told. Please ask somebody else.", who=f"<@{engineer.user_id}>")
                },
            },
            body=body(text, blocks),
            case_id=case.id,
            now=services.clock(),
        )
        for name, value in (("engineer", engineer.user_id), ("engineer_assigned", "yes")):
            facts.record(
                connection,
                case,
                name,
                value,
                by=actor.person.user_id,
                why=sent.text("what"),
                now=services.clock(),
                after=key,
            )
        lines, _ = news.said_now(services, connection, case, actor.person, "engineer_assigned", after=key)
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"{key}:told",
            text=say("{who} has been asked to look, not to fix.", who=engineer.name),
            blocks=lines,
            after=key,
        )
