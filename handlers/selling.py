"""An opportunity: its card, each of its moves with all it causes, and the news to whom they concern."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection

from bot.blocks import Block, body
from bot.briefing import avoid, chips, is_public, pitch
from bot.cards import renewals as renewals_card
from bot.cards import sales as sales_card
from bot.cards.feedback import footer
from bot.cards.sales_brief import Brief
from bot.case import Case
from bot.commitments import OWED
from bot.customer import CustomerRecord
from bot.facts import current
from bot.history import counts_since
from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.message import Role
from bot.recommend import AlsoHeld
from bot.renewals import key_of, on_file
from bot.sales import CHANNEL, FOLLOWS, SETTLED, Opportunity, OpportunityState, SalesMove, card_key, is_new_card
from bot.setup import Person, Setup, role_of
from bot.working_hours import desk_day
from handlers import endings, news, people, request, sales_notices
from handlers.services import Services
from handlers.situation import CaseRecord, customer_of, moment, situation
from storage import advised, audit, commitments, conversations, facts, opportunities, outbox, promises, which_case
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.directory import Directory
from storage.outbox import SendKind

TOOK_IT_UP = "sales_took_it_up"
"""The fact by which an agent may say that a salesperson will be in touch."""

Readers = Mapping[str, Person]


async def readers(services: Services, opportunity: Opportunity, case: Case | None, *more: str | None) -> Readers:
    """Who reads of a move: whoever got a card, whoever handles the case, and those named besides.

    Args:
        case: None for an opportunity that comes from a contract.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    with services.casebook.look() as connection:
        at_the_desk = _at_the_desk(connection, case) if case else ()
        users = {*opportunity.told, *at_the_desk, *more} - {None, CHANNEL}
    return {user: await people.look_up(services, user) for user in sorted(each for each in users if each)}


def _at_the_desk(connection: Connection, case: Case) -> Iterable[str]:
    """Whoever handles the case, or those on duty while nobody does."""
    channel = workspaces.setup(connection, case.workspace).support_channel(case.channel)
    return (case.agent,) if case.agent else channel.on_duty if channel else ()


def brief(
    services: Services,
    connection: Connection,
    opportunity: Opportunity,
    case: Case,
    reader: Person | None,
    say: Words,
    handed_on_by: str | None = None,
) -> Brief:
    """All that a salesperson walks in with, for one reader; for the sales channel when there is none."""
    policy = services.playbook.policy
    customer = customer_of(services, opportunity.customer_id, connection)
    record, coverages = sales_notices.about(services, opportunity, say, connection)
    now = situation(CaseRecord(services, connection, case), customer, language=say.language)
    anger = conversations.angriest_lately(connection, case)
    said = conversations.heard(connection, case)
    signals = frozenset(each for one in said if one.role is Role.CUSTOMER for each in one.signals)
    since = counts_since(policy.goodwill, policy.hours, moment(services))
    whose = opportunity.customer_id
    granted = requests.granted_at(connection, case.workspace, whose) if whose else ()
    public = is_public(record.customer.name, policy.sales)
    directory = services.directory()
    return Brief(
        record=record,
        coverages=coverages,
        instead_of=_instead_of(record, reader),
        handed_on_by=handed_on_by,
        prices=directory.service_prices() if directory else (),
        cost=_cost(current(facts.of_case(connection, case)).get("cost")),
        currency=policy.cost.currency,
        exceptions=(sum(each >= since for each in granted), policy.goodwill.exceptions_per_window),
        window_days=policy.goodwill.window_days,
        earlier_cases=which_case.count_before(connection, case, whose) if whose else 0,
        anger=anger,
        avoid=avoid(now, anger=anger, signals=signals, public=public),
        promised=[each for each in commitments.of_case(connection, case.workspace, case.id) if each.state in OWED],
        promise=promises.of_case(connection, case.workspace, case.id),
        is_confirmed=now.standing.claim == "confirmed",
        chips=chips(now.standing, policy.sales, public=public),
        pitch=pitch(services.playbook, now, say.language, anger=anger) if whose else (),
        also_held=_also_held(directory, whose, policy.sales.also_held_by) if whose else (),
        agent=case.agent,
        written_in=None if whose else case.channel,
        zone=reader.timezone if reader else policy.hours.timezone,
    )


def _also_held(directory: Directory | None, customer_id: str, held_by: int) -> tuple[AlsoHeld, ...]:
    """What similar customers also hold (R44); nothing while it has not been counted."""
    counted = directory.counted_holdings if directory else None
    if directory is None or counted is None:
        return ()
    return counted.also_held(directory.basket(customer_id), held_by_at_least=held_by)


def _instead_of(record: CustomerRecord, reader: Person | None) -> str | None:
    """The account owner who left, for their successor alone; whoever else reads it, does for another reason."""
    gone = record.owner if record.owner and record.owner.left_on else None
    is_theirs = reader and record.successor and record.successor.slack_user_id == reader.user_id
    return gone.name if gone and gone != record.successor and is_theirs else None


def _handed_on_by(connection: Connection, opportunity: Opportunity, at: int) -> str | None:
    """Who handed on the card number `at`, Slack id; None where it came in another way."""
    made = audit.moves(connection, opportunity.workspace, "opportunity", opportunity.id)
    cards = [
        (move, actor)
        for move, before, actor in made
        if move in set(SalesMove)
        and is_new_card(opportunity.model_copy(update={"state": OpportunityState(before)}), SalesMove(move))
    ]
    which = len(cards) - len(opportunity.told) + at
    move, actor = cards[which] if 0 <= which < len(cards) else ("", "")
    return actor if move == SalesMove.HAND_ON else None


def _cost(recorded: str | None) -> Decimal | None:
    try:
        return Decimal(recorded) if recorded else None
    except InvalidOperation:  # a band that was recorded itself, as in a replay
        return None


def name_of(services: Services, opportunity: Opportunity, say: Words) -> str:
    """The customer's name, also when there is none."""
    return request.name_of(customer_of(services, opportunity.customer_id), say)


def make(
    services: Services,
    connection: Connection,
    *,
    before: Opportunity,
    after: Opportunity,
    move: SalesMove,
    case: Case | None,
    actor: str,
    read_by: Readers,
    whom: str = CHANNEL,
) -> bool:
    """Make a move with all it causes, in the caller's transaction; False when somebody was first.

    The state is compared and set; the audit row, every card as it is now, the lists on which the contract stands and
    the news go with it.

    Args:
        whom: Who hears that nothing was noted since somebody took it, of a move of `FOLLOWS`.
    """
    if not opportunities.settle(connection, before, after):
        return False
    audit.write(
        connection,
        workspace=after.workspace,
        actor=actor,
        subject="opportunity",
        subject_id=after.id,
        move=move,
        before=before.state,
        after=after.state,
        why=" ".join(after.reasons) if move in {SalesMove.TELL, SalesMove.TELL_ANEW} else "",
        now=services.clock(),
    )
    once = f"{after.card or card_key(after.root, 0)}:{move}:{services.clock():.6f}"
    if move in FOLLOWS:
        if move is not SalesMove.LOOK:
            sales_notices.remind(services, connection, after, move, read_by, once, whom)
        return True
    has_new = is_new_card(before, move)
    if (before.state, before.holder) != (after.state, after.holder):
        sales_notices.redraw(services, connection, after, read_by, once)
    if has_new:
        _put_card(services, connection, after, case, read_by)
        if move is SalesMove.MOVE_UP and before.state is OpportunityState.TAKEN:
            sales_notices.pass_on(services, connection, before, after, read_by, once)
    elif move is SalesMove.TELL_ANEW and case:
        sales_notices.tell_anew(services, connection, after, read_by, once)
    _redraw(services, connection, after, case, read_by, once, but_last=has_new)
    if case:
        _tell_the_desk(services, connection, before, after, move, case, read_by)
    elif key := key_of(after):
        endings.redraw(services, connection, key)
    return True


def _card(
    services: Services, connection: Connection, opportunity: Opportunity, case: Case | None, at: int, read_by: Readers
) -> Mapping[str, object]:
    """The card number `at`, in the language of whoever got it."""
    reader = read_by.get(opportunity.told[at])
    say = words(language_of_locale(reader.locale if reader else ""))
    is_theirs = sales_notices.is_theirs(services, connection, opportunity, opportunity.told[at])
    by = _handed_on_by(connection, opportunity, at)
    if case is None:
        return _contract_card(services, opportunity, at, reader, say, is_theirs=is_theirs, handed_on_by=by)
    text, blocks = sales_card.card(
        opportunity,
        brief(services, connection, opportunity, case, reader, say, by),
        playbook=services.playbook,
        say=say,
        is_latest=at == len(opportunity.told) - 1,
        is_theirs=is_theirs,
    )
    return body(text, blocks)


def _contract_card(
    services: Services,
    opportunity: Opportunity,
    at: int,
    reader: Person | None,
    say: Words,
    *,
    is_theirs: bool,
    handed_on_by: str | None,
) -> Mapping[str, object]:
    policy, key, whose = services.playbook.policy, key_of(opportunity), opportunity.customer_id
    customer = customer_of(services, whose)
    record = customer.record if customer else sales_notices.unknown(opportunity, say)
    today = desk_day(moment(services), policy.hours.timezone)
    text, blocks = renewals_card.card(
        opportunity,
        on_file(record, key, today) if key else None,
        Brief(
            record=record,
            instead_of=_instead_of(record, reader),
            handed_on_by=handed_on_by,
            also_held=_also_held(services.directory(), whose, policy.sales.also_held_by) if whose else (),
            zone=reader.timezone if reader else policy.hours.timezone,
        ),
        say=say,
        is_latest=at == len(opportunity.told) - 1,
        is_theirs=is_theirs,
    )
    return body(text, blocks)


def _put_card(
    services: Services, connection: Connection, after: Opportunity, case: Case | None, read_by: Readers
) -> None:
    last = len(after.told) - 1
    is_channel = after.told[last] == CHANNEL
    setup: Setup = workspaces.setup(connection, after.workspace)
    outbox.put(
        connection,
        workspace=after.workspace,
        key=card_key(after.root, last),
        kind=SendKind.MESSAGE if is_channel else SendKind.DIRECT,
        target={"channel": setup.sales_channel} if is_channel else {"user": after.told[last]},
        body=_card(services, connection, after, case, last, read_by),
        case_id=after.case_id,
        now=services.clock(),
    )


def _redraw(
    services: Services,
    connection: Connection,
    after: Opportunity,
    case: Case | None,
    read_by: Readers,
    once: str,
    *,
    but_last: bool,
) -> None:
    """Every card that is out shows what stands now, and offers only what can still be done."""
    for at, user in enumerate(after.told[: -1 if but_last else None]):
        shown = _card(services, connection, after, case, at, read_by)
        of = card_key(after.root, at)
        sales_notices.show_anew(services, connection, after, user, of=of, shown=shown, key=f"{once}:card:{at}")


def redraw(services: Services, connection: Connection, opportunity: Opportunity, case: Case) -> None:
    """Something about the case has changed: the cards that can still be acted on say so, and nobody is pinged."""
    if opportunity.state in SETTLED:
        return
    workspace = opportunity.workspace
    known = {user: workspaces.person(connection, workspace, user, since=0.0) for user in set(opportunity.told)}
    read_by = {user: person for user, person in known.items() if person}
    once = f"{opportunity.card}:again:{services.clock():.6f}"
    _redraw(services, connection, opportunity, case, read_by, once, but_last=False)


def _tell_the_desk(
    services: Services,
    connection: Connection,
    before: Opportunity,
    after: Opportunity,
    move: SalesMove,
    case: Case,
    read_by: Readers,
) -> None:
    """The agent hears what they may say now: that sales knows, that sales will call; what came of it."""
    coached = _coached(services, connection, case, read_by)
    if move is SalesMove.TELL and not _is_stale(services, connection, case):
        for person in coached:
            _sales_told(services, connection, after, case, person)
    takes = after.state is OpportunityState.TAKEN
    sleeps = after.state is OpportunityState.SNOOZED and before.state is OpportunityState.TAKEN
    value, known = "yes" if takes or sleeps else "no", current(facts.of_case(connection, case)).get(TOOK_IT_UP, "no")
    takes_anew = move is SalesMove.TAKE and (known, before.taken_by) != ("yes", after.taken_by)
    is_news = takes_anew or move in {SalesMove.WIN, SalesMove.LOSE}
    if known != value:
        by = after.taken_by or request.OURSELVES
        facts.record(connection, case, TOOK_IT_UP, value, by=by, now=services.clock())
    for agent in coached if is_news else ():
        say = words(language_of_locale(agent.locale))
        text, blocks = sales_card.told_agent(after, customer=name_of(services, after, say), say=say)
        lines: list[Block] = []
        if move is SalesMove.TAKE:
            lines = news.said_now(services, connection, case, agent, TOOK_IT_UP)[0]
        outbox.put(
            connection,
            workspace=after.workspace,
            key=f"{after.card}:{after.state}:{services.clock():.6f}:{agent.user_id}",
            kind=SendKind.DIRECT,
            target={"user": agent.user_id},
            body=body(text, [*blocks, *lines]),
            case_id=case.id,
            now=services.clock(),
        )


def _coached(services: Services, connection: Connection, case: Case, read_by: Readers) -> list[Person]:
    """Those at the desk who talk to customers and are still with us."""
    setup: Setup = workspaces.setup(connection, case.workspace)
    since = services.clock() - people.GROUPS_TOO_OLD_SECONDS
    groups = workspaces.groups(connection, case.workspace, since=since)
    found = [read_by[user] for user in _at_the_desk(connection, case) if user in read_by]
    return [each for each in found if role_of(each, setup, groups) in {Role.AGENT, Role.SUPERVISOR}]


def _is_stale(services: Services, connection: Connection, case: Case) -> bool:
    """Whether the last word was so long ago that nobody wants advice about it any more."""
    last = conversations.last_said(connection, case.workspace, [case.id]).get(case.id)
    stale = timedelta(minutes=services.playbook.policy.whisper.stale_after_minutes)
    return last is None or moment(services) - last.said_at > stale


def _sales_told(services: Services, connection: Connection, after: Opportunity, case: Case, person: Person) -> None:
    """Once sales really knows, whoever is coached may say so (R20); nothing when it is not the time for it."""
    lines, advice_id = news.said_now(services, connection, case, person, "sales_told", unasked=True, after=after.card)
    if advice_id is None:
        return
    say = words(language_of_locale(person.locale))
    news.whisper(
        services,
        connection,
        case,
        person,
        key=advised.advice_key(advice_id),
        text=say("Sales has been told about {customer}.", customer=name_of(services, after, say)),
        blocks=[*lines, footer(advice_id, say)],
        after=after.card,
    )
