"""A request for an exception as people see it: its card, and the news to whoever talks to the customer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bot.blocks import Block, body
from bot.cards import exception as exception_card
from bot.cards.feedback import footer
from bot.case import Case
from bot.entitlement import Entitlement
from bot.goodwill import ExceptionRequest, ExceptionState
from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.setup import Person
from handlers import deliver, news, people
from handlers.services import Services
from handlers.situation import Standing, customer_of, moment
from storage import cases, outbox
from storage import goodwill as requests
from storage.goodwill import card_key
from storage.outbox import SendKind

FACT_OF_STATE = {
    ExceptionState.REQUESTED: "exception_requested",
    ExceptionState.APPROVED: "exception_approved",
    ExceptionState.DECLINED: "exception_declined",
}


async def link_to(services: Services, case: Case) -> str:
    """Where the conversation is; empty when Slack cannot say."""
    try:
        answer = await services.client.chat_getPermalink(channel=case.channel, message_ts=case.thread_ts)
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
    customer = customer_of(services, case.customer_id)
    policy = services.playbook.policy.goodwill
    since = moment(services) - timedelta(days=policy.window_days)
    granted = (
        requests.granted_at(connection, case.workspace, case.customer_id, but_not=case.id) if case.customer_id else []
    )
    within = [each for each in granted if each > since]
    text, blocks = exception_card.card(
        request,
        customer=name_of(customer, say),
        entitlement=customer.entitlement if customer else Entitlement.UNKNOWN,
        granted_on=within[-1].date() if within else None,
        window_days=policy.window_days,
        say=say,
    )
    return dict(body(text, blocks))


def confirm(services: Services, connection: Connection, request: ExceptionRequest, case: Case, asker: Person) -> None:
    """Whisper to whoever asked that it is with the supervisors, once its card really is."""
    text, blocks, advice_id = _news(services, connection, request, case, asker)
    if advice_id:
        blocks.append(footer(advice_id, words(language_of_locale(asker.locale))))
    deliver.whisper(
        connection,
        workspace=case.workspace,
        key=f"{card_key(request.id)}:{request.state}:{asker.user_id}",
        channel=case.channel,
        thread_ts=case.thread_ts if cases.has_thread(connection, case) else None,
        person=asker.user_id,
        body=body(text, blocks),
        case_id=case.id,
        now=services.clock(),
        after=card_key(request.id),
    )


def announce(
    services: Services,
    connection: Connection,
    request: ExceptionRequest,
    case: Case,
    whom: Sequence[Person],
    link: str,
) -> None:
    """Tell a decision by direct message, which arrives: whoever asked, and whoever handles the case now."""
    for person in whom:
        say = words(language_of_locale(person.locale))
        text, blocks, _ = _news(services, connection, request, case, person)
        outbox.put(
            connection,
            workspace=case.workspace,
            key=f"{card_key(request.id)}:{request.state}:{person.user_id}",
            kind=SendKind.DIRECT,
            target={"user": person.user_id},
            body=body(text, [*blocks, *exception_card.link_blocks(link, say)]),
            case_id=case.id,
            now=services.clock(),
        )


def _news(
    services: Services, connection: Connection, request: ExceptionRequest, case: Case, person: Person
) -> tuple[str, list[Block], str | None]:
    """What happened and the lines that have become true with it; the advice's id when there are any."""
    say = words(language_of_locale(person.locale))
    customer = customer_of(services, case.customer_id)
    text, blocks = exception_card.told_agent(request, customer=name_of(customer, say), say=say)
    shown = card_key(request.id) if request.state is ExceptionState.REQUESTED else None
    more, advice_id = news.said_now(services, connection, case, person, FACT_OF_STATE[request.state], after=shown)
    return text, [*blocks, *more], advice_id
