"""A threat or abuse of which somebody was told in a whisper, and to which nobody reacted: once more, directly."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.advice import Advice, StoredAdvice
from bot.blocks import body
from bot.cards import whisper as whisper_card
from bot.care import is_forsaken, is_to_be_answered
from bot.case import Case
from bot.i18n import words
from bot.language import language_of_locale
from bot.working_hours import after, is_open
from handlers import people, request
from handlers.inbound import Click
from handlers.services import Services
from handlers.situation import customer_of, moment
from storage import advised, audit, cases, outbox, quiet
from storage.outbox import SendKind


def wait_until(services: Services, connection: Connection, case: Case, person: str, advice: Advice) -> datetime | None:
    """When somebody hears of this advice again if nobody reacts; None when they do not, or wait for such a word now."""
    minutes = services.playbook.policy.whisper.unanswered_after_minutes
    plays = [each for each in services.playbook.plays if each.id in advice.plays]
    if not minutes or not is_to_be_answered(plays) or advised.waits_for_reaction(connection, case, person):
        return None
    return after(moment(services), timedelta(minutes=minutes), services.playbook.policy.hours)


def note_click(services: Services, click: Click) -> None:
    """Whoever clicks on a whisper, or on anything of its case, has seen it."""
    about = {click.value, whisper_card.advice_id_of(click.block_id)}
    with services.casebook.begin() as connection:
        advised.note_reaction(connection, services.identity.workspace, click.user, about)


async def happen(services: Services, known: StoredAdvice) -> None:
    """Its time has come: a direct message, unless somebody reacted, or they do not want to hear of it.

    In one transaction: the advice waits no more, the audit row, and the message. While the desk is closed it waits.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    workspace, now, hours = services.identity.workspace, moment(services), services.playbook.policy.hours
    person = await people.look_up(services, known.person)
    link = await request.permalink(services, known.channel, known.message_ts)
    with services.casebook.begin() as connection:
        opens = None if is_open(now, hours) else after(now, timedelta(0), hours)
        if not advised.wait(connection, workspace, known.id, until=opens.timestamp() if opens else None) or opens:
            return
        case = cases.get(connection, workspace, known.case_id)
        wish = quiet.of_person(connection, workspace, known.person, services.clock())
        answered = advised.was_answered(connection, workspace, known)
        is_known = known.advice.plays[0] in {each.id for each in services.playbook.plays}  # it may have changed since
        if not (case and is_known and is_forsaken(known.advice.plays, case, known.person, wish, answered=answered)):
            return
        customer = customer_of(services, case.customer_id)
        text, blocks = whisper_card.unanswered(
            known.advice,
            known.id,
            customer=customer.record.customer.name if customer else None,
            playbook=services.playbook,
            link=link,
            say=words(language_of_locale(person.locale)),
        )
        outbox.put(
            connection,
            workspace=workspace,
            key=f"{advised.advice_key(known.id)}:unanswered",
            kind=SendKind.DIRECT,
            target={"user": known.person},
            body=body(text, blocks),
            case_id=case.id,
            now=services.clock(),
        )
        audit.write(
            connection,
            workspace=workspace,
            actor=request.OURSELVES,
            subject="case",
            subject_id=case.id,
            move="remind",
            now=services.clock(),
        )
    services.wake.outbox.set()
