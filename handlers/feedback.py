"""What an agent thinks of a whisper, and where it came from."""

from bot.cards import whisper as whisper_card
from handlers import deliver, inbound
from handlers.guard import admit, open_window
from handlers.services import Services
from handlers.worker import Task
from storage import cases


async def on_why(services: Services, task: Task) -> None:
    """Rule, signal, words, facts and playbook version are one click away."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        stored = cases.stored_advice(connection, services.identity.workspace, click.value)
    if stored is None or stored.person != click.user:
        with task.finishing() as connection:
            deliver.reply(
                connection,
                workspace=services.identity.workspace,
                key=f"{task.entry.key}:answer",
                response_url=click.response_url,
                person=click.user,
                body={"text": actor.say("That whisper is no longer on file.")},
                now=services.clock(),
            )
        return
    view = whisper_card.why(stored.advice, playbook=services.playbook, say=actor.say)
    await open_window(services, task, actor, click.trigger_id, view)


async def on_not_helpful(services: Services, task: Task) -> None:
    """Keep the verdict and take the whisper away."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with task.finishing() as connection:
        cases.rate(
            connection,
            workspace=services.identity.workspace,
            advice_id=click.value,
            person=click.user,
            helpful=False,
            now=services.clock(),
        )
        deliver.reply(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:answer",
            response_url=click.response_url,
            person=click.user,
            body={
                "text": actor.say("Thank you, noted."),
                "replace_original": True,
            },
            now=services.clock(),
        )
