"""Looking after the staff: supervisors hear of abuse and threats (R39, R47), and of what stepping in costs (R30)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.authority import deputies, managers, supervisors
from bot.blocks import body
from bot.cards import care as care_card
from bot.case import Case
from bot.i18n import words
from bot.language import language_of_locale
from bot.message import Message, Role
from bot.quiet import PAUSE_MINUTES
from bot.setup import Person
from handlers import casework, inbound, news, people, quiet, request
from handlers.services import Services
from handlers.situation import customer_of, moment
from handlers.worker import Task
from storage import facts, outbox
from storage.outbox import SendKind

MOST_TOLD = 20


async def who_to_tell(services: Services, case: Case | None) -> Sequence[Person]:
    """The supervisors who are here, whoever stands in for one who is not, and else the managers; not the handler.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    setup, groups = await people.who_is_who(services)
    now = moment(services)
    away = {each.user for each in setup.away_now(now)}
    deciding = supervisors(setup, groups)
    for asked in ((deciding - away) | deputies(setup, now), managers(setup, groups) - away, deciding):
        users = sorted(asked - {case.agent if case else None})
        if here := await people.of_the_desk(services, users):
            return here[:MOST_TOLD]
    return []


def tell(
    services: Services,
    connection: Connection,
    case: Case,
    kinds: Sequence[str],
    supervisors_: Sequence[Person],
    coached: Sequence[Person],
    *,
    link: str,
) -> None:
    """Tell the supervisors, once a case and kind, and whoever is attacked once one of them really knows.

    Args:
        kinds: Which of `bot.care.ABUSE` the message shows.
        coached: Who is whispered to about the customer's message.
    """
    for kind in kinds:
        for person in supervisors_:
            say = words(language_of_locale(person.locale))
            customer = request.name_of(customer_of(services, case.customer_id), say)
            text, blocks = care_card.told_supervisor(
                kind, customer=customer, agent=case.agent, case_id=case.id, link=link, say=say
            )
            outbox.put(
                connection,
                workspace=case.workspace,
                key=_key(case, kind, person),
                kind=SendKind.DIRECT,
                target={"user": person.user_id},
                body=body(text, blocks),
                case_id=case.id,
                now=services.clock(),
            )
        for person in coached if supervisors_ else ():
            news.whisper(
                services,
                connection,
                case,
                person,
                key=f"{_key(case, kind, person)}:backed",
                text=care_card.told_agent(words(language_of_locale(person.locale))),
                blocks=[],
                after=_key(case, kind, supervisors_[0]),
            )


def _key(case: Case, kind: str, person: Person) -> str:
    return f"care:{case.id}:{kind}:{person.user_id}"


async def on_break(services: Services, task: Task) -> None:
    """The button on a whisper about abuse: an hour without whispers (R47)."""
    click = inbound.click(task.entry.payload)
    doing = await casework.by_click(services, task, click)
    if doing is None:
        return
    with task.finishing() as connection:
        sentence = quiet.pause(services, connection, doing.actor, PAUSE_MINUTES)
        if doing.case.agent == doing.actor.person.user_id:
            say = doing.actor.say
            sentence = f"{sentence}\n{say('The case stays with its handler until a colleague has taken it over.')}"
        casework.answer(services, connection, task, doing.actor, click.response_url, sentence)


def stepped_in_key(case: Case, user: str) -> str:
    """The outbox key of the reminder; one a case and supervisor."""
    return f"stepped_in:{case.id}:{user}"


async def has_stepped_in(services: Services, message: Message, case: Case | None) -> bool | None:
    """Whether a supervisor who decides has just joined a case's talk, and outsiders may read it; None when not.

    Who took the case over was told before; and once is enough.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    if message.role is not Role.SUPERVISOR or case is None or case.agent == message.speaker:
        return None
    with services.casebook.look() as connection:
        told = outbox.state_of(connection, case.workspace, stepped_in_key(case, message.speaker))
        took_over = facts.was_made_true_by(connection, case, "takeover_accepted", message.speaker)
    if told or took_over:
        return None
    channel = await people.channel_now(services, message.channel)
    return channel is None or channel.outsiders_may_read


def remind(
    services: Services,
    connection: Connection,
    message: Message,
    case: Case,
    person: Person,
    *,
    outsiders: bool,
    link: str,
) -> None:
    """Tell a supervisor privately what stepping in means: the decision is now somebody else's (R30)."""
    say = words(language_of_locale(person.locale))
    customer = request.name_of(customer_of(services, case.customer_id), say)
    text, blocks = care_card.stepped_in(customer=customer, outsiders=outsiders, link=link, say=say)
    outbox.put(
        connection,
        workspace=case.workspace,
        key=stepped_in_key(case, message.speaker),
        kind=SendKind.DIRECT,
        target={"user": person.user_id},
        body=body(text, blocks),
        case_id=case.id,
        now=services.clock(),
    )
