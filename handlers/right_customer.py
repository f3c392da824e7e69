"""Whose case it is: named or put right by whoever may help in it, and all that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bot.blocks import Block, escaped, option
from bot.cards import exception as exception_card
from bot.cards import right_customer as card
from bot.case import Case, NotTheirs, not_theirs
from bot.customer import Customer
from bot.goodwill import ExceptionRequest
from bot.i18n import words
from bot.language import language_of_locale
from bot.setup import Person
from handlers import casework, goodwill, inbound, news, people, request, sales, verification
from handlers.guard import Actor, actor_of, admit, open_window
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import Standing, customer_of
from handlers.worker import Task
from storage import cases, outbox, right_customer, which_case
from storage import goodwill as requests
from storage.goodwill import card_key
from storage.outbox import SendKind

MOST_OPTIONS = 20


async def on_choose(services: Services, task: Task) -> None:
    """The button on a whisper or in the case's window: look the customer up."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    say = actor.say
    with services.casebook.look() as connection:
        case = which_case.of_button(connection, services.identity.workspace, click.value)
    hindrance = await _hindrance(services, actor, case)
    if hindrance or case is None:
        view = exception_card.notice(say("Not now"), hindrance or "", say)
    else:
        view = card.window(request.name_of(customer_of(services, case.customer_id), say), case_id=case.id, say=say)
    await open_window(services, task, actor, click.trigger_id, view, push=bool(click.view_id))


async def _hindrance(services: Services, actor: Actor, case: Case | None) -> str | None:
    """Why somebody may not say whose case it is; None when they may, as whoever may help in it."""
    if case is None:
        return actor.say("This case is no longer on file.")
    return await casework.help_hindrance(services, actor, case)


async def customer_options(services: Services, user_id: str, typed: str) -> list[dict[str, Any]]:
    """The customers that fit what an agent or a supervisor has typed so far; nothing for anybody else."""
    actor = await actor_of(services, user_id)
    directory = services.directory()
    if directory is None or await casework.help_hindrance(services, actor, None):
        return []
    found = directory.find(typed, limit=MOST_OPTIONS)
    return [option(f"{each.name} · {each.id}", each.id) for each in found.candidates]


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """A customer on file, and somebody who may say that it is theirs."""
    actor = await actor_of(services, sent.user)
    say, customer_id = actor.say, sent.text("customer")
    with services.casebook.look() as connection:
        case = cases.get(connection, services.identity.workspace, sent.private_metadata)
        asked = requests.of_case(connection, case.workspace, case.id) if case else []
    hindrance = await _hindrance(services, actor, case)
    customer = customer_of(services, customer_id)
    if hindrance or case is None:
        return {"customer": hindrance or ""}
    if customer is None:
        return {"customer": _gone(actor)}
    refused = _refused(case, customer_id, asked, actor, sent.text("why"))
    if refused is None:
        return {}
    box = "why" if refused is NotTheirs.REASON_MISSING else "customer"
    return {box: card.refusal_words(refused, customer.record.customer.name, say)}


def _gone(actor: Actor) -> str:
    return actor.say("That customer is no longer on file. Please search again.")


def _refused(
    case: Case, customer_id: str, asked: Sequence[ExceptionRequest], actor: Actor, why: str
) -> NotTheirs | None:
    return not_theirs(case, customer_id, asked, user=actor.person.user_id, role=actor.role, why=why)


async def on_chosen(services: Services, task: Task) -> None:
    """The window was sent off: the case is theirs."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor:
        await _move(services, task, actor, sent.private_metadata, sent.text("customer"), sent.text("why"), "")


async def on_their_case(services: Services, task: Task) -> None:
    """The button beside a customer that was found: the case is theirs."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor:
        customer_id = card.customer_of_row(click.block_id)
        await _move(services, task, actor, click.value, customer_id, "", click.response_url)


@dataclass(frozen=True)
class _Readers:
    """Who reads of it; looked up before the transaction, since Slack has to be asked.

    Attributes:
        handler: Whoever handles the case, unless they moved it.
        askers: Whoever asked for an exception in it, by their Slack id; the card is in their language.
        of_question: Whoever got the question about a promise.
    """

    handler: Person | None
    askers: Mapping[str, Person]
    of_question: dict[str, Person]
    link: str


async def _readers(services: Services, case: Case, actor: Actor) -> _Readers:
    with services.casebook.look() as connection:
        asked = requests.of_case(connection, case.workspace, case.id)
    other = case.agent if case.agent != actor.person.user_id else None
    return _Readers(
        handler=await people.look_up(services, other) if other else None,
        askers={each: await people.look_up(services, each) for each in {one.requested_by for one in asked}},
        of_question=await verification.readers_of(services, case.id),
        link=await request.link_to(services, case),
    )


async def _move(
    services: Services, task: Task, actor: Actor, case_id: str, customer_id: str, why: str, response_url: str
) -> None:
    """In one transaction: the case and all that counts for its customer, the audit, the cards, the news."""
    workspace = services.identity.workspace
    with services.casebook.look() as connection:
        known = cases.get(connection, workspace, case_id)
    hindrance = await _hindrance(services, actor, known)
    customer = customer_of(services, customer_id)
    if not hindrance and customer is None:
        hindrance = _gone(actor)
    readers = await _readers(services, known, actor) if known and not hindrance else None
    with task.finishing() as connection:
        cases.hold(connection, workspace, case_id)
        case = cases.get(connection, workspace, case_id)
        if hindrance or case is None or customer is None or readers is None:
            casework.answer(services, connection, task, actor, response_url, hindrance or "")
            return
        name = escaped(customer.record.customer.name)
        refused = _refused(case, customer_id, requests.of_case(connection, workspace, case_id), actor, why)
        if refused:
            sentence = card.refusal_words(refused, name, actor.say)
            casework.answer(services, connection, task, actor, response_url, sentence)
            return
        by = actor.person.user_id
        moved = right_customer.move(connection, case, customer_id, by=by, now=services.clock(), why=why)
        if moved is None:
            sentence = actor.say("Somebody has just moved this case. Please look at it again.")
            casework.answer(services, connection, task, actor, response_url, sentence)
            return
        _follow(services, connection, task, moved, case.customer_id, customer, readers)
        _tell_handler(services, connection, task, case, customer, readers, actor, why)
        others = which_case.open_of_customer(connection, workspace, customer_id)
        elsewhere = any(each.channel == case.channel and each.id != case.id for each in others)
        sentence = card.moved_words(name, elsewhere=elsewhere, say=actor.say)
        casework.answer(services, connection, task, actor, response_url, sentence)


def _follow(
    services: Services,
    connection: Connection,
    task: Task,
    case: Case,
    was: str | None,
    customer: Standing,
    readers: _Readers,
) -> None:
    """The cards show the right customer's coverage and window, of other cases too; sales hears of the right one.

    Args:
        was: Whose case it was.
    """
    for each in requests.of_case(connection, case.workspace, case.id):
        asker = readers.askers.get(each.requested_by)
        say = words(language_of_locale(asker.locale if asker else ""))
        outbox.put(
            connection,
            workspace=case.workspace,
            key=f"{card_key(each.id)}:{task.entry.key}:card",
            kind=SendKind.UPDATE,
            target={"of": card_key(each.id)},
            body=request.card(services, connection, each, case, say),
            case_id=case.id,
            now=services.clock(),
        )
    verification.redraw(services, connection, task, case.id, readers.of_question)
    sales.recognised(services, connection, case, customer)
    for whose in filter(None, (was, case.customer_id)):
        once = f"right_customer:{task.entry.key}:{whose}"
        request.redraw_waiting(services, connection, case.workspace, whose, once=once, but_not=case.id)


def _tell_handler(
    services: Services,
    connection: Connection,
    task: Task,
    before: Case,
    customer: Standing,
    readers: _Readers,
    actor: Actor,
    why: str,
) -> None:
    """Whoever handles the case and did not move it themselves; what Aside notices goes by another record now."""
    person = readers.handler
    if person is None or person.user_id != before.agent:
        return
    say = words(language_of_locale(person.locale))
    was = request.name_of(customer_of(services, before.customer_id), say)
    text, blocks = card.told_handler(actor.person.user_id, was, customer.record.customer.name, why, say)
    key = f"right_customer:{before.id}:{task.entry.key}"
    news.direct(services, connection, before, person, key=key, text=text, blocks=blocks, link=readers.link)


async def beside(services: Services, actor: Actor, channel: str, customer: Customer) -> list[Block]:
    """Beside a customer that was found: the channel's open cases that are not theirs, as far as this person may help.

    Others' cases are told of to nobody.
    """
    since = services.clock() - timedelta(hours=services.playbook.policy.case.joins_within_hours).total_seconds()
    with services.casebook.look() as connection:
        known = which_case.open_in_channel(connection, services.identity.workspace, channel, since=since)
    others = [each for each in known if each.customer_id != customer.id]
    theirs = [each for each in others if not await casework.help_hindrance(services, actor, each)]
    choices = [goodwill.choice(services, each, actor) for each in theirs]
    of_nobody = {each.id for each in theirs if each.customer_id is None}
    return card.their_case(customer.id, customer.name, choices, actor.say, of_nobody=of_nobody)
