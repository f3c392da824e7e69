"""Asking a colleague in, with the whole context: to take a conversation over (R31), or as a second pair of eyes (R35).

Each question is a row with a state and a time: whoever cannot just now, or does not answer, makes room for the next.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from bot.blocks import Block, actions, body, context, escaped, section
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
from bot.takeover import Asking, AskMove, AskState, Kind, ask, asks_on, in_order, may_answer, moved
from handlers import casework, inbound, news, people, request
from handlers.guard import Actor, actor_of, admit
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import customer_of, moment
from handlers.worker import Task
from storage import audit, cases, conversations, facts, ids, outbox, quiet, takeovers
from storage import workspace as workspaces
from storage.outbox import SendKind
from storage.takeovers import card_key

AGAIN_SECONDS = 60.0
"""What did not work is tried again after this."""

log = structlog.get_logger()


async def on_ask(services: Services, task: Task) -> None:
    """The button: whoever is next is asked to take over, with one click."""
    await _ask_whoever_is_next(services, task, Kind.TAKEOVER)


async def on_ask_peer(services: Services, task: Task) -> None:
    """The button: whoever is next is asked to look before anything is answered (R35)."""
    await _ask_whoever_is_next(services, task, Kind.PEER)


async def on_choose(services: Services, task: Task) -> None:
    """The button beside it: who, and what they should know."""
    await casework.open_form(
        services,
        task,
        lambda doing: takeover_card.ask_modal(customer=doing.customer, case_id=doing.case.id, say=doing.actor.say),
    )


async def _ask_whoever_is_next(services: Services, task: Task, kind: Kind) -> None:
    click = inbound.click(task.entry.payload)
    doing = await casework.by_click(services, task, click)
    if doing is None:
        return
    case, actor = doing.case, doing.actor
    whom = await _next(services, case, [case.agent, actor.person.user_id])
    link = await request.link_to(services, case)
    with task.finishing() as connection:
        cases.hold(connection, case.workspace, case.id)
        waiting = takeovers.open_one(connection, case.workspace, case.id, kind)
        if _is_closed(connection, case):
            casework.answer(
                services, connection, task, actor, click.response_url, takeover_card.closed_words(actor.say)
            )
        elif waiting:
            sentence = takeover_card.waiting_words(waiting, actor.person.timezone, actor.say)
            casework.answer(services, connection, task, actor, click.response_url, sentence)
        elif whom is None:
            sentence = takeover_card.nobody_words(actor.say)
            casework.answer(services, connection, task, actor, click.response_url, sentence)
        else:
            _ask(services, connection, case, kind, actor, whom, why="", link=link)


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """Somebody who may talk to customers, and not whoever handles the case already."""
    say = (await actor_of(services, sent.user)).say
    errors: dict[str, str] = {}
    whom = sent.text("whom")
    if error := await casework.person_error(services, whom, say):
        errors["whom"] = error
    else:
        role, _ = await people.role(services, await people.look_up(services, whom))
        with services.casebook.begin() as connection:
            case = cases.get(connection, services.identity.workspace, sent.private_metadata)
        if role not in {Role.AGENT, Role.SUPERVISOR}:
            errors["whom"] = say("Please choose an agent or a supervisor; only they are coached in a conversation.")
        elif case and whom == case.agent:
            errors["whom"] = say("They handle this case already. Please choose somebody else.")
    if not sent.text("why"):
        errors["why"] = say("Please write a sentence for whoever takes over.")
    return errors


async def on_asked(services: Services, task: Task) -> None:
    """The window was sent off: whoever was chosen is asked, and nobody else any more."""
    sent = inbound.submission(task.entry.payload)
    doing = await casework.by_submission(services, task, sent)
    if doing is None:
        return
    case, actor = doing.case, doing.actor
    whom = await people.look_up(services, sent.text("whom"))
    link = await request.link_to(services, case)
    with services.casebook.look() as connection:
        known = takeovers.open_one(connection, case.workspace, case.id, Kind.TAKEOVER)
    before = await people.look_up(services, known.asked) if known else None
    with task.finishing() as connection:
        cases.hold(connection, case.workspace, case.id)
        if _is_closed(connection, case):
            casework.answer(services, connection, task, actor, "", takeover_card.closed_words(actor.say))
            return
        waiting = takeovers.open_one(connection, case.workspace, case.id, Kind.TAKEOVER)
        if waiting and waiting != known:  # passed on or asked meanwhile: one colleague at a time
            sentence = takeover_card.waiting_words(waiting, actor.person.timezone, actor.say)
            casework.answer(services, connection, task, actor, "", sentence)
            return
        if waiting and before:
            _settled(services, connection, case, waiting, AskMove.WITHDRAW, before, by=actor.person.user_id, link=link)
        _ask(services, connection, case, Kind.TAKEOVER, actor, whom, why=sent.text("why"), link=link)


def _is_closed(connection: Connection, case: Case) -> bool:
    """Whether the case has been closed, however it stood when it was read."""
    now = cases.get(connection, case.workspace, case.id)
    return now is None or now.state is CaseState.CLOSED


async def _next(services: Services, case: Case, not_these: Iterable[str | None]) -> Person | None:
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


def _ask(
    services: Services,
    connection: Connection,
    case: Case,
    kind: Kind,
    actor: Actor,
    whom: Person,
    *,
    why: str,
    link: str,
) -> None:
    """Put the first question, and tell whoever asked."""
    asker, say = actor.person, actor.say
    asking = _put(services, connection, case, kind, asker.user_id, whom, why=why, link=link)
    key = card_key(asking.id)
    lines: list[Block] = []
    if kind is Kind.TAKEOVER:
        lines, _ = news.said_now(services, connection, case, asker, "takeover_asked", after=key)
    news.whisper(
        services,
        connection,
        case,
        asker,
        key=f"{key}:told",
        text=takeover_card.asked_words(asking, whom.name, say),
        shown=takeover_card.asked_words(asking, f"<@{whom.user_id}>", say),
        blocks=[*lines, context(takeover_card.deadline(asking, asker.timezone, say))],
        after=key,
    )


def _put(
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


def _settled(
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


async def on_accept(services: Services, task: Task) -> None:
    """The colleague is there: they handle the case from now on, or look at it; whoever asked hears of it."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    asking, case = _found(services, click.value)
    asker = await people.look_up(services, asking.asked_by) if asking else None
    link = await request.link_to(services, case) if case else ""
    with task.finishing() as connection:
        if case:
            cases.hold(connection, case.workspace, case.id)
        asking = takeovers.get(connection, services.identity.workspace, click.value)
        case = cases.get(connection, asking.workspace, asking.case_id) if asking else None
        hindrance = _hindrance(actor, asking)
        if hindrance or case is None or asking is None or asker is None:
            casework.answer(services, connection, task, actor, click.response_url, hindrance or "")
            return
        if case.state is CaseState.CLOSED:
            _came_too_late(services, connection, case, asking, actor.person, asker, link=link)
            casework.answer(
                services, connection, task, actor, click.response_url, takeover_card.closed_words(actor.say)
            )
            return
        _accepted(services, connection, case, asking, actor.person, asker, link=link)
        sentence = (
            actor.say("You handle this case now: what Aside notices goes to you.")
            if asking.kind is Kind.TAKEOVER
            else actor.say("Thank you. Your colleague knows that you are looking.")
        )
        casework.answer(services, connection, task, actor, click.response_url, sentence)


def _found(services: Services, asking_id: str) -> tuple[Asking | None, Case | None]:
    with services.casebook.look() as connection:
        asking = takeovers.get(connection, services.identity.workspace, asking_id)
        return asking, cases.get(connection, asking.workspace, asking.case_id) if asking else None


def _hindrance(actor: Actor, asking: Asking | None) -> str | None:
    """Why this person cannot answer it now; None when they can."""
    say = actor.say
    if asking is None:
        return say("This question is no longer on file.")
    if asking.state is AskState.ACCEPTED and asking.kind is Kind.TAKEOVER:
        return say("{who} has taken this over already.", who=f"<@{asking.asked}>")
    if asking.state is AskState.ACCEPTED:
        return say("It has been answered.")
    if asking.state is not AskState.ASKED or asking.asked != actor.person.user_id:
        return say("Somebody else has been asked meanwhile. Your click changed nothing.")
    if not may_answer(asking, actor.person.user_id, actor.role):
        return say("Only an agent or a supervisor can take over a conversation.")
    return None


def _accepted(
    services: Services, connection: Connection, case: Case, asking: Asking, me: Person, asker: Person, *, link: str
) -> None:
    now, takes_over = services.clock(), asking.kind is Kind.TAKEOVER
    after = _settled(services, connection, case, asking, AskMove.ACCEPT, me, by=me.user_id, link=link)
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
    news.direct(
        services,
        connection,
        case,
        asker,
        key=f"{card_key(after.id)}:accepted:told",
        text=text,
        blocks=[section(f"*{shown}*"), *lines],
        link=link,
    )


def _came_too_late(
    services: Services, connection: Connection, case: Case, asking: Asking, me: Person, asker: Person, *, link: str
) -> None:
    """The case has been closed since the question: nobody takes over what is over, and whoever asked hears so."""
    by = request.OURSELVES
    after = _settled(services, connection, case, asking, AskMove.WITHDRAW, me, by=by, link=link)
    if after:
        _tell_that_it_is_closed(services, connection, case, after, me, asker, by=by)


def _tell_that_it_is_closed(
    services: Services, connection: Connection, case: Case, after: Asking, was: Person, asker: Person, *, by: str
) -> None:
    """Nobody is asked any more, and no line may say that somebody is."""
    if after.kind is Kind.TAKEOVER:
        facts.record(connection, case, "takeover_asked", "no", by=by, now=services.clock())
    say = words(language_of_locale(asker.locale))
    customer = request.name_of(customer_of(services, case.customer_id), say)
    text = takeover_card.closed_meanwhile_words(after, was.name, customer, say)
    shown = takeover_card.closed_meanwhile_words(after, f"<@{was.user_id}>", escaped(customer), say)
    news.direct(
        services,
        connection,
        case,
        asker,
        key=f"{card_key(after.id)}:{after.state}:told",
        text=text,
        blocks=[section(f"*{shown}*")],
        link="",
    )


@dataclass(frozen=True)
class _Onward:
    """Who is concerned when a colleague cannot; looked up before the transaction, since Slack has to be asked."""

    asker: Person
    was: Person
    then: Person | None
    link: str


async def _onward(services: Services, asking: Asking, case: Case, move: AskMove) -> _Onward:
    after = moved(asking, move, now=moment(services))
    then = None
    if after and asks_on(after, services.playbook.policy.takeover) and case.state is not CaseState.CLOSED:
        with services.casebook.look() as connection:
            asked = takeovers.asked_in_round(connection, asking)
        then = await _next(services, case, [case.agent, asking.asked_by, *asked])
    return _Onward(
        await people.look_up(services, asking.asked_by),
        await people.look_up(services, asking.asked),
        then,
        await request.link_to(services, case),
    )


async def on_not_now(services: Services, task: Task) -> None:
    """The colleague cannot just now: the next one is asked."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    known, case = _found(services, click.value)
    onward = await _onward(services, known, case, AskMove.DECLINE) if known and case else None
    with task.finishing() as connection:
        if case:
            cases.hold(connection, case.workspace, case.id)
        asking = takeovers.get(connection, services.identity.workspace, click.value)
        case = cases.get(connection, asking.workspace, asking.case_id) if asking else None
        hindrance = _hindrance(actor, asking)
        if hindrance or asking is None or case is None or onward is None:
            casework.answer(services, connection, task, actor, click.response_url, hindrance or "")
            return
        _pass_on(services, connection, case, asking, AskMove.DECLINE, onward, by=click.user)
        sentence = actor.say("Not now, and that is fine. Nothing more is needed.")
        casework.answer(services, connection, task, actor, click.response_url, sentence)


async def do_due(services: Services, not_before: dict[str, float] | None = None) -> None:
    """Ask the next colleague where one has not answered in time, or could not be told; one odd row stops no other.

    Args:
        not_before: What did not work lately, and when to try it again; written on.
    """
    not_before = {} if not_before is None else not_before
    now = services.clock()
    with services.casebook.look() as connection:
        due = takeovers.due(connection, services.identity.workspace, now)
    for each in due:
        if not_before.get(each.id, 0.0) > now:
            continue
        try:
            await _time_out(services, each)
            not_before.pop(each.id, None)
        except people.UnknownForNowError:
            not_before[each.id] = now + AGAIN_SECONDS
            log.info("due_later", takeover=each.id)
        except Exception:
            not_before[each.id] = now + AGAIN_SECONDS
            services.metrics.due_failed()
            log.exception("due_failed", takeover=each.id)


async def _time_out(services: Services, known: Asking) -> None:
    """One question whose time is over; who answered the customer meanwhile has taken over without a click."""
    _, case = _found(services, known.id)
    if case is None:
        return
    onward = await _onward(services, known, case, AskMove.TIME_OUT)
    with services.casebook.begin() as connection:
        cases.hold(connection, known.workspace, known.case_id)
        asking = takeovers.get(connection, known.workspace, known.id)
        case = cases.get(connection, known.workspace, known.case_id)
        if asking != known or case is None:
            return
        if asking.kind is Kind.TAKEOVER and case.agent == asking.asked:
            _accepted(services, connection, case, asking, onward.was, onward.asker, link=onward.link)
        else:
            _pass_on(services, connection, case, asking, AskMove.TIME_OUT, onward, by=request.OURSELVES)


def _pass_on(
    services: Services, connection: Connection, case: Case, asking: Asking, move: AskMove, onward: _Onward, *, by: str
) -> None:
    """A colleague could not: the next is asked, or whoever asked hears that nobody could."""
    after = _settled(services, connection, case, asking, move, onward.was, by=by, link=onward.link)
    if after is None:
        return
    if case.state is CaseState.CLOSED:
        _tell_that_it_is_closed(services, connection, case, after, onward.was, onward.asker, by=by)
        return
    asker, then = onward.asker, onward.then
    say = words(language_of_locale(asker.locale))
    blocks: list[Block] = []
    if then:
        _put(
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
    news.direct(
        services,
        connection,
        case,
        asker,
        key=f"{card_key(after.id)}:{after.state}:told",
        text=text,
        blocks=[section(f"*{shown}*"), *blocks],
        link=onward.link,
    )
