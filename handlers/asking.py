"""One question to a colleague: put, answered or passed on, each with its audit row and its messages (R31, R35)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot.blocks import Block, actions, body, escaped, section
from bot.cards import case as case_card
from bot.cards import doing as doing_card
from bot.cards import takeover as takeover_card
from bot.case import Case, CaseState
from bot.facts import newest
from bot.i18n import words
from bot.language import language_of_locale
from bot.message import Role
from bot.playbook import Action
from bot.setup import Person
from bot.takeover import Asking, AskMove, AskState, Kind, ask, asks_on, in_order, moved
from handlers import casework, news, people, request
from handlers.services import Services
from handlers.situation import customer_of, moment
from storage import audit, cases, conversations, facts, ids, outbox, quiet, takeovers
from storage import workspace as workspaces
from storage.outbox import SendKind
from storage.takeovers import card_key


def found(services: Services, asking_id: str) -> tuple[Asking | None, Case | None]:
    """The question and its case; nothing when it is not on file."""
    with services.casebook.look() as connection:
        asking = takeovers.get(connection, services.identity.workspace, asking_id)
        return asking, cases.get(connection, asking.workspace, asking.case_id) if asking else None


async def next_to_ask(services: Services, case: Case, not_these: Iterable[str | None]) -> Person | None:
    """Whom to ask now: the first who is one of us, here, and not on a break (R47); who helps already, after others."""
    workspace, now = services.identity.workspace, services.clock()
    with services.casebook.look() as connection:
        setup = workspaces.setup(connection, workspace)
        groups = workspaces.groups(connection, workspace, since=now - people.GROUPS_TOO_OLD_SECONDS)
        asked = takeovers.of_case(connection, workspace, case.id)
    helping = [each.asked for each in asked if each.state in {AskState.ASKED, AskState.ACCEPTED}]
    for user in in_order(setup, groups, case.channel, now=moment(services), not_these=not_these, rather_not=helping):
        person = await people.look_up(services, user)
        role, _ = await people.role(services, person)
        with services.casebook.look() as connection:
            on_a_break = quiet.of_person(connection, workspace, user, now).paused_until is not None
        if role in {Role.AGENT, Role.SUPERVISOR} and not on_a_break:
            return person
    return None


def put(
    services: Services,
    connection: Connection,
    case: Case,
    kind: Kind,
    asked_by: str,
    whom: Person,
    *,
    why: str,
    link: str,
    before: Asking | None = None,
) -> Asking:
    """A new question: its row, what the case knows by it, the audit's row and the message."""
    policy = services.playbook.policy
    asking = ask(
        workspace=case.workspace,
        new_id=ids.new_id(),
        case_id=case.id,
        kind=kind,
        asked_by=asked_by,
        whom=whom.user_id,
        why=why,
        now=moment(services),
        policy=policy.takeover,
        hours=policy.hours,
        before=before,
    )
    takeovers.write(connection, asking)
    _audit(services, connection, asking, "ask", by=asked_by if before is None else request.OURSELVES)
    if kind is Kind.TAKEOVER:
        _asked_facts(services, connection, case, asking)
    outbox.put(
        connection,
        workspace=case.workspace,
        key=card_key(asking.id),
        kind=SendKind.DIRECT,
        target={"user": whom.user_id},
        body=_card(services, connection, case, asking, whom, link=link),
        case_id=case.id,
        now=services.clock(),
    )
    return asking


def _asked_facts(services: Services, connection: Connection, case: Case, asking: Asking) -> None:
    """What lines may claim once the message is out."""
    before = newest(facts.of_case(connection, case))
    values = {"takeover_by": asking.asked, "takeover_asked": "yes"}
    if "takeover_accepted" in before and before["takeover_accepted"].value == "yes":
        values["takeover_accepted"] = "no"
    for name, value in values.items():
        facts.record(
            connection,
            case,
            name,
            value,
            by=asking.asked_by,
            why=asking.why,
            now=services.clock(),
            after=card_key(asking.id),
        )


def _card(
    services: Services, connection: Connection, case: Case, asking: Asking, whom: Person, *, link: str
) -> dict[str, Any]:
    say = words(language_of_locale(whom.locale))
    file = casework.file_of(services, connection, case, say)
    so_far = case_card.handover(file, conversations.in_full(connection, case), zone=whom.timezone, say=say)
    text, blocks = takeover_card.card(
        asking,
        customer=file.customer,
        so_far=so_far,
        zone=whom.timezone,
        link=link,
        say=say,
        is_closed=file.case.state is CaseState.CLOSED,
    )
    return dict(body(text, blocks))


def _audit(services: Services, connection: Connection, asking: Asking, move: str, *, by: str, before: str = "") -> None:
    audit.write(
        connection,
        workspace=asking.workspace,
        actor=by,
        subject="takeover",
        subject_id=asking.id,
        move=move,
        before=before,
        after=asking.state,
        now=services.clock(),
    )


def settle(
    services: Services,
    connection: Connection,
    case: Case,
    before: Asking,
    move: AskMove,
    whom: Person,
    *,
    by: str,
    link: str,
) -> Asking | None:
    """Make a move with its audit row and the card as it is now; None when it cannot be made any more."""
    after = moved(before, move, now=moment(services))
    if after is None or not takeovers.settle(connection, before, after):
        return None
    _audit(services, connection, after, move, by=by, before=before.state)
    outbox.put(
        connection,
        workspace=case.workspace,
        key=f"{card_key(after.id)}:{after.state}",
        kind=SendKind.UPDATE,
        target={"of": card_key(after.id), "user": whom.user_id},
        body=_card(services, connection, case, after, whom, link=link),
        case_id=case.id,
        now=services.clock(),
    )
    return after


def accept(
    services: Services, connection: Connection, case: Case, asking: Asking, me: Person, asker: Person, *, link: str
) -> None:
    """The colleague is there: they handle the case from now on, or look at it; whoever asked hears of it."""
    now, takes_over = services.clock(), asking.kind is Kind.TAKEOVER
    after = settle(services, connection, case, asking, AskMove.ACCEPT, me, by=me.user_id, link=link)
    if after is None:
        return
    if takes_over:
        cases.hand_over(connection, case, me.user_id)
        facts.record(connection, case, "takeover_accepted", "yes", by=me.user_id, now=now)
        audit.write(
            connection,
            workspace=case.workspace,
            actor=me.user_id,
            subject="case",
            subject_id=case.id,
            move="take_over",
            before=case.agent or "",
            after=me.user_id,
            why=asking.why,
            now=now,
        )
    say = words(language_of_locale(asker.locale))
    lines: list[Block] = []
    if takes_over:
        lines, _ = news.said_now(services, connection, case, asker, "takeover_accepted")
    name = request.name_of(customer_of(services, case.customer_id), say)
    text = takeover_card.accepted_words(after, me.name, name, say)
    shown = takeover_card.accepted_words(after, f"<@{me.user_id}>", escaped(name), say)
    _tell(services, connection, case, asker, after, text, shown, *lines, link=link)


def _tell(
    services: Services,
    connection: Connection,
    case: Case,
    asker: Person,
    after: Asking,
    text: str,
    shown: str,
    *below: Block,
    link: str,
) -> None:
    """Whoever asked hears in a direct message how the question ended."""
    news.direct(
        services,
        connection,
        case,
        asker,
        key=f"{card_key(after.id)}:{after.state}:told",
        text=text,
        blocks=[section(f"*{shown}*"), *below],
        link=link,
    )


def tell_that_it_is_closed(
    services: Services, connection: Connection, case: Case, after: Asking, was: Person, asker: Person, *, by: str
) -> None:
    """Nobody is asked any more, and no line may say that somebody is."""
    if after.kind is Kind.TAKEOVER:
        facts.record(connection, case, "takeover_asked", "no", by=by, now=services.clock())
    say = words(language_of_locale(asker.locale))
    customer = request.name_of(customer_of(services, case.customer_id), say)
    text = takeover_card.closed_meanwhile_words(after, was.name, customer, say)
    shown = takeover_card.closed_meanwhile_words(after, f"<@{was.user_id}>", escaped(customer), say)
    _tell(services, connection, case, asker, after, text, shown, link="")


@dataclass(frozen=True)
class Onward:
    """Who is concerned when a colleague cannot; looked up before the transaction, since Slack has to be asked."""

    asker: Person
    was: Person
    then: Person | None
    link: str


async def onward_from(services: Services, asking: Asking, case: Case, move: AskMove) -> Onward:
    """Who is concerned when this question is passed on, and whom to ask then."""
    after = moved(asking, move, now=moment(services))
    then = None
    if after and asks_on(after, services.playbook.policy.takeover) and case.state is not CaseState.CLOSED:
        with services.casebook.look() as connection:
            asked = takeovers.asked_in_round(connection, asking)
        then = await next_to_ask(services, case, [case.agent, asking.asked_by, *asked])
    return Onward(
        await people.look_up(services, asking.asked_by),
        await people.look_up(services, asking.asked),
        then,
        await request.link_to(services, case),
    )


def pass_on(
    services: Services, connection: Connection, case: Case, asking: Asking, move: AskMove, onward: Onward, *, by: str
) -> None:
    """A colleague could not: the next is asked, or whoever asked hears that nobody could."""
    after = settle(services, connection, case, asking, move, onward.was, by=by, link=onward.link)
    if after is None:
        return
    if case.state is CaseState.CLOSED:
        tell_that_it_is_closed(services, connection, case, after, onward.was, onward.asker, by=by)
        return
    asker, then = onward.asker, onward.then
    say = words(language_of_locale(asker.locale))
    blocks: list[Block] = []
    if then:
        put(
            services,
            connection,
            case,
            asking.kind,
            asking.asked_by,
            then,
            why=asking.why,
            link=onward.link,
            before=after,
        )
    elif asking.kind is Kind.TAKEOVER:
        facts.record(connection, case, "takeover_asked", "no", by=by, now=services.clock())
        blocks = [doing_card.row([Action.ASK_TAKEOVER], case.id, say)]
    else:
        blocks = [actions(f"do:{case.id}", takeover_card.peer_button(case.id, say))]
    text = takeover_card.passed_on_words(after, onward.was.name, then.name if then else None, say)
    was, now_asked = f"<@{onward.was.user_id}>", f"<@{then.user_id}>" if then else None
    shown = takeover_card.passed_on_words(after, was, now_asked, say)
    _tell(services, connection, case, asker, after, text, shown, *blocks, link=onward.link)
