"""A case taken out as evidence (R38): by a supervisor, into a file beside the casebook, and the audit tells of it."""

from importlib.metadata import version

import structlog

from bot.cards import evidence as evidence_card
from bot.evidence import digest, record, spelt
from bot.evidence_page import page
from bot.message import Role
from handlers import casework, deliver, inbound, news, request
from handlers.guard import tell_directly
from handlers.services import Services
from handlers.situation import moment
from handlers.worker import Task
from storage import evidence, exports

log = structlog.get_logger()


async def on_export(services: Services, task: Task) -> None:
    """The button in the case's window; the role counts as it is at the click.

    The same click writes the same file, so that one that is worked on twice leaves one behind.
    """
    click = inbound.click(task.entry.payload)
    doing = await casework.by_click(services, task, click)
    if doing is None:
        return
    case, actor = doing.case, doing.actor
    if actor.role is not Role.SUPERVISOR:
        with task.finishing() as connection:
            casework.answer(
                services, connection, task, actor, click.response_url, evidence_card.not_yours_words(actor.say)
            )
        return
    link = await request.link_to(services, case)
    with services.casebook.look() as connection:
        kept = evidence.of_case(connection, case, doing.customer)
    people = {**kept.people, actor.person.user_id: actor.person.name}
    signals = services.playbook.words[actor.say.language].signals
    values = record(
        kept.model_copy(update={"people": people}),
        by=actor.person.user_id,
        at=moment(services),
        zone=services.playbook.policy.hours.timezone,
        language=actor.say.language,
        version=version("aside-coach"),
        called={name: each.name for name, each in signals.items()},
    )
    name = f"case-{case.id[:8]}-{task.entry.seq}.html"
    checksum = digest(spelt(values))
    with task.finishing() as connection:
        try:
            exports.write(services.exports / name, page(values))
        except OSError:
            log.exception("export_not_written", case=case.id)
            tell_directly(services, connection, task, actor, evidence_card.not_written_words(actor.say))
            return
        evidence.note(connection, case, by=actor.person.user_id, checksum=checksum, now=services.clock())
        text, blocks = evidence_card.written(name, checksum, customer=doing.customer, say=actor.say)
        news.direct(
            services,
            connection,
            case,
            actor.person,
            key=f"{task.entry.key}:exported",
            text=text,
            blocks=blocks,
            link=link,
        )
    if click.view_id:
        view = evidence_card.exported(casework.show(services, doing), actor.say)
        await deliver.refresh_modal(services, click.view_id, view, actor.person, actor.role)
