"""A question to sales about a promise: who can be asked, each of its moves with all it causes, who hears of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bot.authority import deputies, managers, supervisors
from bot.blocks import Block, body, section
from bot.cards import promise_scope as scope_card
from bot.cards import verification as card
from bot.case import Case
from bot.i18n import words
from bot.language import language_of_locale
from bot.promise_moves import ANSWERS
from bot.promises import CHANNEL, OPEN, Verification, VerificationMove, VerificationState, claim_value
from bot.sales import chain
from bot.setup import Person, Setup
from handlers import evidence_files, news, people, request, sales, verification_cards
from handlers.services import Services
from handlers.situation import Standing, customer_of, moment
from storage import audit, facts, outbox, promises, which_case
from storage import workspace as workspaces
from storage.outbox import SendKind
from storage.promises import card_key, scope_key

CHECKED = "promise_being_checked"
FACTS = {
    VerificationState.CONFIRMED: "promise_confirmed",
    VerificationState.NOT_CONFIRMED: "promise_not_confirmed",
}
"""What an agent may say once it stands so."""
AGENT_HEARS = ANSWERS | {
    VerificationMove.MOVE_UP,
    VerificationMove.GIVE_UP,
    VerificationMove.QUESTION,
    VerificationMove.RECORD,
    VerificationMove.LAPSE,
}
ASKS = frozenset({VerificationMove.MOVE_UP, VerificationMove.QUESTION})
"""The moves that put the question before somebody else."""
MOST_SUPERVISORS = 20


@dataclass(frozen=True)
class Hearers:
    """Who reads of a move; looked up before its transaction, since Slack has to be asked.

    Attributes:
        asked: Whoever has a card of the question, by Slack id.
        agents: Whoever asked, and whoever handles the case now.
        supervisors: Those who could record the scope, when they are reminded of it.
        link: Where the conversation is.
        card_link: Where the card is of which somebody is reminded.
    """

    asked: Mapping[str, Person] = field(default_factory=dict)
    agents: Sequence[Person] = ()
    supervisors: Sequence[Person] = ()
    link: str = ""
    card_link: str = ""


async def can_be_asked(services: Services, customer: Standing | None, first: Sequence[str] = ()) -> tuple[str, ...]:
    """Who can be asked now, in order, Slack ids: whoever looks after the account, their backup, the sales managers.

    Nobody who has left, is deactivated or is none of us; in the end the sales channel, if there is one.

    Args:
        first: Who comes before them all.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    setup, groups = await people.who_is_who(services)
    record = customer.record if customer else None
    named = chain(record, setup, groups) if record else setup.sales_managers.users
    here = [user for user in dict.fromkeys((*first, *named)) if await is_here(services, user)]
    return (*here, *([CHANNEL] if setup.sales_channel else []))


async def is_here(services: Services, user: str) -> bool:
    """Whether somebody is one of our staff and has not left.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    person = await people.look_up(services, user)
    role, _ = await people.role(services, person)
    return person.active and not person.outsider and role.is_staff


async def hearers(
    services: Services, verification: Verification, case: Case, move: VerificationMove, whom: str | None = None
) -> Hearers:
    """Look up who reads of a move.

    Args:
        whom: Who is asked by it.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    told = dict.fromkeys((*verification.told, *([whom] if whom else [])))
    asked = {user: await people.look_up(services, user) for user in told if user != CHANNEL}
    users = [verification.asked_by, case.agent] if move in AGENT_HEARS else []
    found = [await people.look_up(services, user) for user in dict.fromkeys(users) if user]
    agents = [each for each in found if each.active and not each.outsider]
    deciders = await _deciders(services, verification, case) if move is VerificationMove.PRESS else []
    key = None
    if move is VerificationMove.PRESS:
        key = scope_key(verification.id, verification.round)
    elif move is VerificationMove.REMIND:
        key = card_key(verification.id, len(verification.told) - 1)
    return Hearers(asked, agents, deciders, await request.link_to(services, case), await _link(services, case, key))


async def _link(services: Services, case: Case, key: str | None) -> str:
    if key is None:
        return ""
    with services.casebook.look() as connection:
        place = outbox.place_of(connection, case.workspace, key)
    return await request.permalink(services, *place) if place else ""


async def _deciders(services: Services, verification: Verification, case: Case) -> list[Person]:
    """The supervisors who are here; else whoever stands in for one; else the managers. Nobody their own, nor R30."""
    setup, groups = await people.who_is_who(services)
    now = moment(services)
    away = {each.user for each in setup.away_now(now)}
    own = {verification.asked_by, *(each.by for each in verification.counting)}
    for asked in (supervisors(setup, groups) - away, deputies(setup, now), managers(setup, groups) - away):
        with services.casebook.look() as connection:
            free = [user for user in sorted(asked - own) if not took_part(connection, case, user)]
        if here := await people.of_the_desk(services, free[:MOST_SUPERVISORS]):
            return here
    return []


def took_part(connection: Connection, case: Case, user: str) -> bool:
    """Whether somebody talks to the customer in this case, did, or took it over (R30)."""
    spoke = which_case.spoken_in_by(connection, case.workspace, user, [case.id])
    return case.agent == user or bool(spoke) or facts.was_made_true_by(connection, case, "takeover_accepted", user)


def put_down(services: Services, connection: Connection, case: Case, asked: Verification, *, by: str) -> bool:
    """Write a new question down, with its audit row; False when the case has one that is not over.

    Where an earlier promise is over, the claim is open again.
    """
    is_anew = bool(promises.all_of_case(connection, asked.workspace, case.id))
    if not promises.write(connection, asked):
        return False
    now = services.clock()
    audit.write(
        connection,
        workspace=asked.workspace,
        actor=by,
        subject="verification",
        subject_id=asked.id,
        move="ask",
        after=asked.state,
        now=now,
    )
    if is_anew:
        facts.record(connection, case, "claim", claim_value(asked.state), by=by, why=asked.claimed, now=now)
    return True


def put_first(services: Services, connection: Connection, case: Case, asked: Verification, hear: Hearers) -> None:
    """The first card of a question just put; whoever asked is told if it reaches nobody."""
    verification_cards.put(services, connection, asked, case, hear.asked)
    _being_checked(services, connection, case, asked, by=asked.asked_by)


def make(
    services: Services,
    connection: Connection,
    *,
    before: Verification,
    after: Verification,
    move: VerificationMove,
    case: Case,
    actor: str,
    hear: Hearers,
    why: str = "",
    is_silent: bool = False,
) -> bool:
    """Make a move with all it causes, in the caller's transaction; False when somebody was first.

    The state is compared and set; the audit row, the facts, every card as it is now and the news go with it. What was
    not promised may be what sales should offer now (R27).

    Args:
        is_silent: Nobody waits for it any more.
    """
    if not promises.settle(connection, before, after):
        return False
    audit.write(
        connection,
        workspace=after.workspace,
        actor=actor,
        subject="verification",
        subject_id=after.id,
        move=move,
        before=before.state,
        after=after.state,
        why=why,
        now=services.clock(),
    )
    _record(services, connection, case, before, after, move, by=actor)
    if (after.state, after.scope) != (before.state, before.scope):
        customer = customer_of(services, case.customer_id, connection)
        sales.notice(services, connection, case, customer, learnt=True)
    once = f"{card_key(after.id)}:{after.moves}"
    has_new = len(after.told) > len(before.told)
    if has_new:
        verification_cards.put(services, connection, after, case, hear.asked)
    if move not in {VerificationMove.REMIND, VerificationMove.PRESS}:
        verification_cards.redraw_asked(services, connection, after, hear.asked, once, but_last=has_new)
        verification_cards.show_supervisors(services, connection, after, case, once)
        verification_cards.refresh_requests(services, connection, case, once)
    if move in ANSWERS:
        evidence_files.show(services, connection, after, after.answers[-1])
    if is_silent:
        return True
    if move is VerificationMove.REMIND:
        _remind(services, connection, after, case, hear, once)
    for person in hear.agents if move in AGENT_HEARS else ():
        _tell_agent(services, connection, before, after, move, case, person, hear.link, once)
    for person in hear.supervisors if move is VerificationMove.PRESS else ():
        say = words(language_of_locale(person.locale))
        name = request.name_of(customer_of(services, case.customer_id), say)
        text, blocks = scope_card.told_supervisor(after, customer=name, link=hear.card_link, say=say)
        _direct(services, connection, case, person, f"{once}:{person.user_id}", text, blocks)
    return True


def _record(
    services: Services,
    connection: Connection,
    case: Case,
    before: Verification,
    after: Verification,
    move: VerificationMove,
    *,
    by: str,
) -> None:
    """What is known of the promise now."""
    now, standing = services.clock(), after.standing
    evidence = standing.shown if standing else ""
    if after.state is not before.state or (move in ANSWERS and len(after.answers) == 1):
        value = claim_value(after.state)
        why = after.question if move is VerificationMove.QUESTION else evidence or after.claimed
        facts.record(connection, case, "claim", value, by=by, why=why, now=now)
    if after.state is VerificationState.CONFIRMED and after.state is not before.state and evidence:
        facts.record(connection, case, "evidence", evidence, by=by, why=after.claimed, now=now)
    if after.state not in OPEN and before.state in OPEN:
        facts.record(connection, case, CHECKED, "no", by=by, now=now)
    reopened = after.state in OPEN and before.state not in OPEN
    if len(after.told) > len(before.told):
        _being_checked(services, connection, case, after, by=by)
    elif reopened:  # it is open again, and whoever was asked knows of it
        facts.record(connection, case, CHECKED, "yes", by=by, why=after.claimed, now=now)


def _being_checked(services: Services, connection: Connection, case: Case, asked: Verification, *, by: str) -> None:
    """True once the newest card is out."""
    facts.record(
        connection,
        case,
        CHECKED,
        "yes",
        by=by,
        why=asked.claimed,
        now=services.clock(),
        after=card_key(asked.id, len(asked.told) - 1),
    )


def _remind(
    services: Services, connection: Connection, after: Verification, case: Case, hear: Hearers, once: str
) -> None:
    """Whoever has the question hears of it again: by direct message, or in the thread of the card in the channel."""
    whom = after.told[-1]
    reader = hear.asked.get(whom)
    say = words(language_of_locale(reader.locale if reader else ""))
    name = request.name_of(customer_of(services, case.customer_id), say)
    text, blocks = card.reminder(after, customer=name, link=hear.card_link, say=say)
    setup: Setup = workspaces.setup(connection, after.workspace)
    outbox.put(
        connection,
        workspace=after.workspace,
        key=f"{once}:remind",
        kind=SendKind.MESSAGE if whom == CHANNEL else SendKind.DIRECT,
        target={"channel": setup.sales_channel} if whom == CHANNEL else {"user": whom},
        body=body(text, blocks),
        case_id=case.id,
        now=services.clock(),
    )


def _tell_agent(
    services: Services,
    connection: Connection,
    before: Verification,
    after: Verification,
    move: VerificationMove,
    case: Case,
    person: Person,
    link: str,
    once: str,
) -> None:
    """By direct message, which arrives; with the lines that have become true and what there is to do now."""
    say = words(language_of_locale(person.locale))
    name = request.name_of(customer_of(services, case.customer_id), say)
    is_news = after.state is not before.state or move not in ANSWERS or after.state is VerificationState.ASKED
    text, blocks = card.told_agent(after, move, customer=name, say=say, is_news=is_news)
    if after.scope and move is VerificationMove.RECORD:
        rows = scope_card.scope_rows(after.scope, say)
        blocks.append(section("\n".join(f"• {each}" for each in rows)))
    way: list[Block] = []
    if move in ASKS and len(after.told) > len(before.told):
        after_key = card_key(after.id, len(after.told) - 1)
        blocks += news.said_now(services, connection, case, person, CHECKED, after=after_key)[0]
    elif after.state is not before.state:
        if fact := FACTS.get(after.state):
            blocks += news.said_now(services, connection, case, person, fact)[0]
        way = news.way_on(services, connection, case, person) if after.state not in OPEN else []
    news.direct(
        services,
        connection,
        case,
        person,
        key=f"{once}:agent:{person.user_id}",
        text=text,
        blocks=[*blocks, *way],
        link=link,
    )


def _direct(
    services: Services, connection: Connection, case: Case, person: Person, key: str, text: str, blocks: list[Block]
) -> None:
    outbox.put(
        connection,
        workspace=case.workspace,
        key=key,
        kind=SendKind.DIRECT,
        target={"user": person.user_id},
        body=body(text, blocks),
        case_id=case.id,
        now=services.clock(),
    )
