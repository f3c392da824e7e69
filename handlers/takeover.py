"""Asking a colleague in, with the whole context: to take a conversation over (R31), or as a second pair of eyes (R35).

Each question is a row with a state and a time: whoever cannot just now, or does not answer, makes room for the next.
"""

from sqlalchemy import Connection

from bot.blocks import Block, context
from bot.cards import takeover as takeover_card
from bot.case import Case, CaseState
from bot.message import Role
from bot.setup import Person
from bot.takeover import Asking, AskMove, AskState, Kind, may_answer
from handlers import casework, inbound, news, people, request
from handlers.asking import accept, found, next_to_ask, onward_from, pass_on, put, settle, tell_that_it_is_closed
from handlers.guard import Actor, actor_of, admit
from handlers.inbound import Submission
from handlers.services import Services
from handlers.worker import Task
from storage import cases, takeovers
from storage.takeovers import card_key


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
    whom = await next_to_ask(services, case, [case.agent, actor.person.user_id])
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
            about = casework.About.read(sent.private_metadata)
            case = cases.get(connection, services.identity.workspace, about.case_id)
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
            settle(services, connection, case, waiting, AskMove.WITHDRAW, before, by=actor.person.user_id, link=link)
        _ask(services, connection, case, Kind.TAKEOVER, actor, whom, why=sent.text("why"), link=link)


def _is_closed(connection: Connection, case: Case) -> bool:
    """Whether the case has been closed, however it stood when it was read."""
    now = cases.get(connection, case.workspace, case.id)
    return now is None or now.state is CaseState.CLOSED


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
    asking = put(services, connection, case, kind, asker.user_id, whom, why=why, link=link)
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


async def on_accept(services: Services, task: Task) -> None:
    """The colleague is there: they handle the case from now on, or look at it; whoever asked hears of it."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    asking, case = found(services, click.value)
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
        accept(services, connection, case, asking, actor.person, asker, link=link)
        sentence = (
            actor.say("You handle this case now: what Aside notices goes to you.")
            if asking.kind is Kind.TAKEOVER
            else actor.say("Thank you. Your colleague knows that you are looking.")
        )
        casework.answer(services, connection, task, actor, click.response_url, sentence)


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


def _came_too_late(
    services: Services, connection: Connection, case: Case, asking: Asking, me: Person, asker: Person, *, link: str
) -> None:
    """The case has been closed since the question: nobody takes over what is over, and whoever asked hears so."""
    by = request.OURSELVES
    after = settle(services, connection, case, asking, AskMove.WITHDRAW, me, by=by, link=link)
    if after:
        tell_that_it_is_closed(services, connection, case, after, me, asker, by=by)


async def on_not_now(services: Services, task: Task) -> None:
    """The colleague cannot just now: the next one is asked."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    known, case = found(services, click.value)
    onward = await onward_from(services, known, case, AskMove.DECLINE) if known and case else None
    with task.finishing() as connection:
        if case:
            cases.hold(connection, case.workspace, case.id)
        asking = takeovers.get(connection, services.identity.workspace, click.value)
        case = cases.get(connection, asking.workspace, asking.case_id) if asking else None
        hindrance = _hindrance(actor, asking)
        if hindrance or asking is None or case is None or onward is None:
            casework.answer(services, connection, task, actor, click.response_url, hindrance or "")
            return
        pass_on(services, connection, case, asking, AskMove.DECLINE, onward, by=click.user)
        sentence = actor.say("Not now, and that is fine. Nothing more is needed.")
        casework.answer(services, connection, task, actor, click.response_url, sentence)
