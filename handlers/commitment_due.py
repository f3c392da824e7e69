"""A commitment whose time comes: a reminder, the news that it was missed, and in the end the supervisors (R33)."""

from datetime import datetime

from bot.authority import deputies, managers, supervisors
from bot.blocks import Block
from bot.cards import commitment as commitment_card
from bot.cards import doing as doing_card
from bot.case import Case
from bot.commitments import Commitment, CommitmentMove, happening, moved
from bot.i18n import words
from bot.language import language_of_locale
from bot.setup import Person
from handlers import news, people, request
from handlers.services import Services
from handlers.situation import customer_of, moment
from storage import audit, cases, commitments

MOST_SUPERVISORS = 20


async def happen(services: Services, known: Commitment) -> None:
    """What happens to one commitment by itself, unless somebody was quicker.

    In one transaction: the state compared and set, the audit row, and a direct message to each who hears of it.

    Raises:
        UnknownForNowError: When Slack could not be asked who they are.
    """
    now, policy = moment(services), services.playbook.policy
    move = happening(known, now, policy.commitments)
    with services.casebook.look() as connection:
        case = cases.get(connection, known.workspace, known.case_id)
    if move is None or case is None:
        return
    hear = await (
        _supervisors(services, known, case, now) if move is CommitmentMove.ESCALATE else _agents(services, known, case)
    )
    link = await request.link_to(services, case)
    with services.casebook.begin() as connection:
        before = commitments.get(connection, known.workspace, known.id)
        if before != known:
            return
        after = moved(before, move, by=None, now=now, policy=policy.commitments, hours=policy.hours)
        if after is None or not commitments.settle(connection, before, after):
            return
        audit.write(
            connection,
            workspace=after.workspace,
            actor=request.OURSELVES,
            subject="commitment",
            subject_id=after.id,
            move=move,
            before=before.state,
            after=after.state,
            now=services.clock(),
        )
        for person in hear:
            say = words(language_of_locale(person.locale))
            customer = request.name_of(customer_of(services, case.customer_id), say)
            zone = person.timezone
            text, blocks = commitment_card.told(after, move, customer=customer, zone=zone, say=say)
            if move is CommitmentMove.MISS:
                blocks += news.said_now(services, connection, case, person, "commitment_missed", about=after)[0]
            row: list[Block] = [doing_card.row([], case.id, say)]
            if move is not CommitmentMove.ESCALATE:
                row = commitment_card.buttons(after, say)
            news.direct(
                services,
                connection,
                case,
                person,
                key=f"commitment:{after.id}:{move}:{services.clock():.6f}:{person.user_id}",
                text=text,
                blocks=[*blocks, *row],
                link=link,
            )


async def _agents(services: Services, known: Commitment, case: Case) -> list[Person]:
    """Whoever made it, and whoever handles the case now."""
    users = [user for user in dict.fromkeys((known.made_by, case.agent)) if user]
    found = [await people.look_up(services, user) for user in users]
    return [each for each in found if each.active and not each.outsider]


async def _supervisors(services: Services, known: Commitment, case: Case, now: datetime) -> list[Person]:
    """The supervisors who are here; else whoever stands in for one; else the managers.

    Whoever should have kept it knows of it already.
    """
    setup, groups = await people.who_is_who(services)
    away = {each.user for each in setup.away_now(now)}
    for asked in (supervisors(setup, groups) - away, deputies(setup, now), managers(setup, groups) - away):
        if here := await people.of_the_desk(services, sorted(asked - {known.made_by, case.agent})):
            return here[:MOST_SUPERVISORS]
    return []
