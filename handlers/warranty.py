"""`/warranty`: the private card of what a customer is entitled to today; in threads a message shortcut gives it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from bot.blocks import Block, body
from bot.cards import warranty as warranty_card
from bot.customer import CustomerRecord
from bot.found import Match
from bot.i18n import Words
from handlers import deliver, inbound, right_customer
from handlers.guard import Actor, admit
from handlers.services import Services
from handlers.situation import covered_today
from handlers.worker import Task
from storage import which_case
from storage import workspace as workspaces


async def on_command(services: Services, task: Task) -> None:
    """`/warranty <customer>`, or nothing in a channel that belongs to a customer."""
    command = inbound.command(task.entry.payload)
    actor = await admit(services, task, command.user, command.response_url)
    if actor is None:
        return
    query = command.text.strip()
    customer_id = None if query else _customer_of_channel(services, command.channel, command.channel_name)
    await _answer(
        services, task, actor, command.response_url, query=query, customer_id=customer_id, channel=command.channel
    )


async def on_shortcut(services: Services, task: Task) -> None:
    """The card of the customer whose message this is."""
    shortcut = inbound.shortcut(task.entry.payload)
    actor = await admit(services, task, shortcut.user, shortcut.response_url)
    if actor is None:
        return
    thread = shortcut.thread_ts or shortcut.message_ts
    with services.casebook.begin() as connection:
        case = which_case.of_thread(connection, services.identity.workspace, shortcut.channel, thread)
    customer_id = case.customer_id if case else _customer_of_channel(services, shortcut.channel, "")
    if customer_id is None:
        with task.finishing() as connection:
            sentence = actor.say("I can't tell which customer this is. Type /warranty and a name in the channel.")
            _write(services, task, connection, actor, shortcut.response_url, {"text": sentence})
        return
    await _answer(services, task, actor, shortcut.response_url, query="", customer_id=customer_id)


async def on_pick(services: Services, task: Task) -> None:
    """A customer chosen from the menu of those that fit."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor:
        await _answer(
            services,
            task,
            actor,
            click.response_url,
            query="",
            customer_id=click.value,
            channel=click.channel,
            replace=True,
        )


def _customer_of_channel(services: Services, channel: str, channel_name: str) -> str | None:
    with services.casebook.begin() as connection:
        setup = workspaces.setup(connection, services.identity.workspace)
    known = setup.support_channel(channel)
    if known and known.customer:
        return known.customer
    directory = services.directory()
    return directory.customer_id_of_channel(channel, channel_name) if directory else None


async def _answer(
    services: Services,
    task: Task,
    actor: Actor,
    response_url: str,
    *,
    query: str,
    customer_id: str | None,
    channel: str = "",
    replace: bool = False,
) -> None:
    """The card of one customer, or the question which one is meant.

    Args:
        channel: Where it was asked: an open case there may be theirs.
    """
    record, text, blocks = _found(services, actor.say, query=query, customer_id=customer_id)
    beside = await right_customer.beside(services, actor, channel, record.customer) if record and channel else []
    with task.finishing() as connection:
        if record:
            text, blocks = _card(services, connection, actor.say, record)
        answer: dict[str, Any] = dict(body(text, [*blocks, *beside])) if blocks else {"text": text}
        if replace:
            answer["replace_original"] = True
        _write(services, task, connection, actor, response_url, answer)


def _found(
    services: Services, say: Words, *, query: str, customer_id: str | None
) -> tuple[CustomerRecord | None, str, list[Block]]:
    """The customer that is meant; otherwise what to ask, or why there is none."""
    directory = services.directory()
    if directory is None:
        return None, say("There is no customer directory to read. Please ask whoever runs Aside."), []
    if customer_id is None:
        if not query:
            sentence = say("Which customer? Type /warranty and a name, tax ID, serial number or contract number.")
            return None, sentence, []
        found = directory.find(query)
        if found.match is not Match.ONE:
            nearest = found.match is Match.NONE
            return None, *warranty_card.ask_which(found.candidates, query=query, say=say, nearest=nearest)
        customer_id = found.candidates[0].id
    record = directory.record(customer_id)
    return record, "" if record else say("That customer is no longer on file. Please search again."), []


def _card(services: Services, connection: Connection, say: Words, record: CustomerRecord) -> tuple[str, list[Block]]:
    standing = covered_today(services, record)
    open_cases = which_case.open_of_customer(connection, services.identity.workspace, record.customer.id)
    return warranty_card.card(record, standing.coverages, today=standing.today, open_cases=open_cases, say=say)


def _write(
    services: Services,
    task: Task,
    connection: Connection,
    actor: Actor,
    response_url: str,
    answer: Mapping[str, Any],
) -> None:
    deliver.reply(
        connection,
        workspace=services.identity.workspace,
        key=f"{task.entry.key}:answer",
        response_url=response_url,
        person=actor.person.user_id,
        body=answer,
        now=services.clock(),
    )
