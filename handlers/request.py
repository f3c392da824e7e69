"""A request for an exception: its card, each of its moves with all it causes, and the news to whom they concern."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot import claims, history
from bot.authority import deputies, managers, supervisors
from bot.blocks import Block, body, divider, escaped, section
from bot.cards import decision as decision_card
from bot.cards import doing as doing_card
from bot.cards.earlier import Earlier
from bot.cards.exception import link_blocks
from bot.cards.feedback import footer
from bot.case import Case, CaseState
from bot.entitlement import Entitlement
from bot.goodwill import ExceptionRequest, ExceptionState, Move
from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.message import Role
from bot.playbook import Action
from bot.setup import Person
from handlers import deliver, news, people
from handlers.services import Services
from handlers.situation import Standing, customer_of, moment, zone_of
from storage import audit, cases, conversations, facts, outbox, promises, which_case
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.goodwill import card_key
from storage.outbox import SendKind

FACT_OF_MOVE = {Move.APPROVE: "exception_approved", Move.DECLINE: "exception_declined"}
CASE_STATE = {
    ExceptionState.APPROVED: CaseState.DECIDED,
    ExceptionState.DECLINED: CaseState.DECIDED,
    ExceptionState.WITHDRAWN: CaseState.OPEN,
    ExceptionState.EXPIRED: CaseState.OPEN,
}
AGENT_HEARS = frozenset(
    {Move.RECOMMEND, Move.ASK_BACK, Move.APPROVE, Move.DECLINE, Move.EXPIRE, Move.LAPSE, Move.REMIND}
    | {Move.ANSWER, Move.WITHDRAW, Move.USE}
)
AGENTS_OWN = frozenset({Move.ANSWER, Move.WITHDRAW, Move.USE})
"""What whoever asked or handles the case does; the other of them hears of it."""
OURSELVES = "aside"
"""Who moves what happens by itself, in the audit."""
MOST_DECIDERS = 20


async def link_to(services: Services, case: Case) -> str:
    """Where the conversation is; empty when Slack cannot say."""
    return await permalink(services, case.channel, case.thread_ts)


async def link_to_card(services: Services, request: ExceptionRequest) -> str:
    """Where a request's card is; empty while it is not out, or when Slack cannot say."""
    with services.casebook.begin() as connection:
        place = outbox.place_of(connection, request.workspace, card_key(request.id))
    return await permalink(services, *place) if place else ""


async def permalink(services: Services, channel: str, ts: str) -> str:
    """Where a message is; empty when Slack cannot say."""
    try:
        answer = await services.client.chat_getPermalink(channel=channel, message_ts=ts)
    except people.UNREACHABLE:
        return ""
    return str(answer["permalink"])


def name_of(customer: Standing | None, say: Words) -> str:
    """The customer's name, also when there is none."""
    return customer.record.customer.name if customer else say("a customer not on file")


def card(
    services: Services, connection: Connection, request: ExceptionRequest, case: Case, say: Words
) -> dict[str, Any]:
    """The card as the request stands now."""
    text, blocks = decision_card.card(request, _background(services, connection, request, case, say), say)
    return dict(body(text, blocks))


def about(services: Services, connection: Connection, request: ExceptionRequest, case: Case, say: Words) -> list[Block]:
    """What a decision is made from, for a window that opens where the card is not in sight."""
    known = _background(services, connection, request, case, say)
    title = section(f"*{escaped(known.customer)}* · {decision_card.state_words(request.state, say)}")
    return [
        title,
        *decision_card.background(request, known, say),
        *decision_card.proposed(request, say),
        divider(),
    ]


def _background(
    services: Services, connection: Connection, request: ExceptionRequest, case: Case, say: Words
) -> decision_card.Background:
    customer = customer_of(services, case.customer_id, connection)
    policy = services.playbook.policy
    record = customer.record if customer else None
    return decision_card.Background(
        customer=name_of(customer, say),
        entitlement=customer.entitlement if customer else Entitlement.UNKNOWN,
        earlier=earlier(services, connection, case),
        window_days=policy.goodwill.window_days,
        contracts=[each.price for each in record.contracts if each.price] if record else [],
        tier=(record.customer.tier if record else None) or "",
        precedent=requests.similar(connection, request, policy.cost.low_up_to),
        checks=_checks(connection, case, customer),
        said=[each.text for each in conversations.in_full(connection, case) if each.role is Role.AGENT],
        zone=policy.hours.timezone,
    )


def earlier(services: Services, connection: Connection, case: Case) -> Earlier:
    """What the case's customer was granted and refused before, by the days of the desk (R23, R34)."""
    policy, now = services.playbook.policy, moment(services)
    since = history.counts_since(policy.goodwill, policy.hours, now)
    granted = requests.granted_to(connection, case.workspace, case.customer_id) if case.customer_id else []
    favours = [each for each in granted if each.case_id != case.id and each.grant and not each.grant.ours]
    counting = [each for each in favours if each.decided_at and each.decided_at >= since]
    moments = [each.decided_at for each in counting if each.decided_at]
    return Earlier(
        granted=counting,
        per_window=policy.goodwill.exceptions_per_window,
        next_on=history.next_on(moments, policy.goodwill, policy.hours, now),
        noes=history.noes_that_stand(requests.declined(connection, case, since), granted),
        zone=policy.hours.timezone,
    )


def _checks(connection: Connection, case: Case, customer: Standing | None) -> tuple[claims.ClaimCheck, ...]:
    """What the customer claimed in the whole case, beside the record."""
    said = {
        signal
        for each in conversations.heard(connection, case)
        if each.role is Role.CUSTOMER
        for signal in each.signals
    }
    granted = (
        requests.granted_to(connection, case.workspace, case.customer_id, but_not=case.id) if case.customer_id else []
    )
    return claims.check(
        said,
        coverages=customer.coverages if customer else (),
        granted=granted,
        verification=promises.of_case(connection, case.workspace, case.id),
        zone=zone_of(customer),
    )


def confirm(services: Services, connection: Connection, request: ExceptionRequest, case: Case, asker: Person) -> None:
    """Whisper to whoever asked that it is with the supervisors, once its card really is."""
    say = words(language_of_locale(asker.locale))
    customer = name_of(customer_of(services, case.customer_id, connection), say)
    zone = services.playbook.policy.hours.timezone
    text, blocks = decision_card.told_agent(request, None, customer=customer, zone=zone, say=say)
    lines, advice_id = news.said_now(
        services, connection, case, asker, "exception_requested", after=card_key(request.id)
    )
    blocks += [*lines, *decision_card.agent_buttons(request, say)]
    if advice_id:
        blocks.append(footer(advice_id, say))
    deliver.whisper(
        connection,
        workspace=case.workspace,
        key=f"{card_key(request.id)}:{request.state}:{asker.user_id}",
        channel=case.channel,
        thread_ts=case.thread_ts if conversations.has_thread(connection, case) else None,
        person=asker.user_id,
        body=body(text, blocks),
        case_id=case.id,
        now=services.clock(),
        after=card_key(request.id),
        or_direct=True,
    )


@dataclass(frozen=True)
class Hearers:
    """Who hears of a move; looked up before its transaction, since Slack has to be asked.

    Attributes:
        agents: Whoever asked, and whoever handles the case now; whoever is on duty once both have left.
        deciders: Those who could decide and have not.
        link: Where the conversation is.
        card_link: Where the card is.
    """

    agents: Sequence[Person] = ()
    deciders: Sequence[Person] = ()
    link: str = ""
    card_link: str = ""


async def hearers(services: Services, request: ExceptionRequest, case: Case, move: Move) -> Hearers:
    """Look up who hears of a move of this request.

    Raises:
        UnknownForNowError: When Slack could not be asked.
    """
    users = [request.requested_by, case.agent] if move in AGENT_HEARS else []
    agents = [await people.look_up(services, user) for user in dict.fromkeys(users) if user]
    if agents and not any(each.active and not each.outsider for each in agents):
        agents = await people.of_the_desk(services, _on_duty(services, case))
    chosen = await _deciders(services, request, case, move)
    deciders = await people.of_the_desk(services, chosen[:MOST_DECIDERS])
    card_link = await link_to_card(services, request) if deciders else ""
    return Hearers(agents, deciders, await link_to(services, case), card_link)


def _on_duty(services: Services, case: Case) -> tuple[str, ...]:
    with services.casebook.begin() as connection:
        channel = workspaces.setup(connection, case.workspace).support_channel(case.channel)
    return channel.on_duty if channel else ()


async def _deciders(services: Services, request: ExceptionRequest, case: Case, move: Move) -> list[str]:
    """Who is asked to look at it now; never whoever asked, nor whoever has had their say or talks to the customer."""
    since = services.clock() - people.GROUPS_TOO_OLD_SECONDS
    with services.casebook.begin() as connection:
        setup = workspaces.setup(connection, request.workspace)
        groups = workspaces.groups(connection, request.workspace, since=since)
    now = moment(services)
    away = {each.user for each in setup.away_now(now)}
    seconding = request.state is ExceptionState.SECONDING
    match move:
        case Move.RECOMMEND:
            top = managers(setup, groups)
            asked = top - away | deputies(setup, now, of=top)
        case Move.REMIND if request.state is ExceptionState.REQUESTED or seconding:
            asked = (managers(setup, groups) if seconding else supervisors(setup, groups)) - away
        case Move.HAND_ON:
            top = managers(setup, groups)
            asked = top | deputies(setup, now, of=top if seconding else None)
        case Move.ANSWER:
            asked = frozenset({request.asked_back_by} if request.asked_back_by else ())
        case _:
            asked = frozenset()
    with services.casebook.begin() as connection:
        return [
            each
            for each in sorted(asked - {request.requested_by, request.first_by})
            if not took_part(connection, request, case, each)
        ]


def make(
    services: Services,
    connection: Connection,
    *,
    before: ExceptionRequest,
    after: ExceptionRequest,
    move: Move,
    case: Case,
    actor: str,
    say: Words,
    hear: Hearers,
    why: str = "",
) -> bool:
    """Make a move with all it causes, in the caller's transaction; False when somebody was first.

    The state is compared and set; the audit row, the card as it is now and the news go with it.
    """
    if not requests.settle(connection, before, after):
        return False
    workspace, now = after.workspace, services.clock()
    audit.write(
        connection,
        workspace=workspace,
        actor=actor,
        subject="exception",
        subject_id=after.id,
        move=move,
        before=before.state,
        after=after.state,
        why=why,
        now=now,
    )
    if after.state in CASE_STATE:
        cases.move(connection, case, CASE_STATE[after.state], now=now)
    once = f"{card_key(after.id)}:{move}:{now:.6f}"
    if after.state is not before.state or after.due_move is not before.due_move or move is Move.ASK_BACK:
        outbox.put(
            connection,
            workspace=workspace,
            key=f"{once}:card",
            kind=SendKind.UPDATE,
            target={"of": card_key(after.id)},
            body=card(services, connection, after, case, say),
            case_id=case.id,
            now=now,
        )
    if move in {Move.APPROVE, Move.DECLINE, Move.LAPSE} and after.customer_id:
        redraw_waiting(services, connection, workspace, after.customer_id, once=f"{once}:beside")
    for person in hear.agents if _agent_hears(after, move) else ():
        if move not in AGENTS_OWN:
            _tell_agent(services, connection, after, move, case, person, hear.link, once)
        elif person.user_id != actor:
            _tell_agent(services, connection, after, move, case, person, hear.link, once, by=actor)
    for person in hear.deciders:
        theirs = words(language_of_locale(person.locale))
        customer = name_of(customer_of(services, case.customer_id, connection), theirs)
        text, blocks = decision_card.told_supervisor(after, move, customer=customer, link=hear.card_link, say=theirs)
        outbox.put(
            connection,
            workspace=workspace,
            key=f"{once}:{person.user_id}",
            kind=SendKind.DIRECT,
            target={"user": person.user_id},
            body=body(text, blocks),
            case_id=case.id,
            now=now,
        )
    return True


def redraw(services: Services, connection: Connection, asked: ExceptionRequest, case: Case, *, once: str) -> None:
    """The card with what has changed around the request, in the language of whoever asked as far as it is known.

    Args:
        once: What the key begins with; the same change draws it once.
    """
    asker = workspaces.person(connection, asked.workspace, asked.requested_by, since=0.0)
    say = words(language_of_locale(asker.locale if asker else ""))
    outbox.put(
        connection,
        workspace=asked.workspace,
        key=f"{once}:{asked.id}",
        kind=SendKind.UPDATE,
        target={"of": card_key(asked.id)},
        body=card(services, connection, asked, case, say),
        case_id=case.id,
        now=services.clock(),
    )


def redraw_waiting(
    services: Services, connection: Connection, workspace: str, customer_id: str, *, once: str, but_not: str = ""
) -> None:
    """The requests that wait for a customer are decided with what just happened to them in sight.

    Args:
        but_not: A case whose cards are drawn already.
    """
    for each in requests.pending(connection, workspace):
        case = cases.get(connection, workspace, each.case_id)
        if case and each.customer_id == customer_id and case.id != but_not:
            redraw(services, connection, each, case, once=once)


def _agent_hears(after: ExceptionRequest, move: Move) -> bool:
    """Whoever asked is reminded of what waits for them, not of what waits for others."""
    return move in AGENT_HEARS and (
        move is not Move.REMIND or after.state in {ExceptionState.ASKED_BACK, ExceptionState.APPROVED}
    )


def _tell_agent(
    services: Services,
    connection: Connection,
    after: ExceptionRequest,
    move: Move,
    case: Case,
    person: Person,
    link: str,
    once: str,
    *,
    by: str | None = None,
) -> None:
    """By direct message, which arrives; with the lines that have become true and what there is to do now."""
    say = words(language_of_locale(person.locale))
    customer = name_of(customer_of(services, case.customer_id, connection), say)
    zone = services.playbook.policy.hours.timezone
    text, blocks = decision_card.told_agent(after, move, customer=customer, zone=zone, say=say, by=by)
    if fact := FACT_OF_MOVE.get(move):
        blocks += news.said_now(services, connection, case, person, fact)[0]
    if move is Move.APPROVE:
        blocks.append(doing_card.row([Action.COMMIT], case.id, say))
    elif move is Move.DECLINE:
        blocks.append(doing_card.row([Action.NEW_FACTS], case.id, say))
    blocks += decision_card.agent_buttons(after, say)
    outbox.put(
        connection,
        workspace=case.workspace,
        key=f"{once}:agent:{person.user_id}",
        kind=SendKind.DIRECT,
        target={"user": person.user_id},
        body=body(text, [*blocks, *link_blocks(link, say)]),
        case_id=case.id,
        now=services.clock(),
    )


def took_part(connection: Connection, request: ExceptionRequest, case: Case | None, user: str) -> bool:
    """Whether somebody handles this case, talked to the customer in it, or took it over (R30)."""
    if case is not None and case.agent == user:
        return True
    spoke = which_case.spoken_in_by(connection, request.workspace, user, [request.case_id])
    return bool(spoke) or (case is not None and facts.was_made_true_by(connection, case, "takeover_accepted", user))
