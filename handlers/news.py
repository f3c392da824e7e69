"""News about a case: what happened, what it makes true, and which lines can be said now."""

from sqlalchemy import Connection

from bot.blocks import Block, body, context, escaped, section
from bot.cards import doing as doing_card
from bot.cards import granted as granted_card
from bot.cards import whisper as whisper_card
from bot.cards.exception import fact_lines, link_blocks
from bot.case import Case
from bot.coaching import advise_on, next_step
from bot.commitments import Commitment
from bot.decision_table import decide, may_do
from bot.i18n import words
from bot.language import language_of_locale, language_of_text
from bot.quiet import Quiet
from bot.setup import Person
from handlers import deliver
from handlers.services import Services
from handlers.situation import CaseRecord, customer_of, situation
from storage import advised, conversations, outbox, quiet
from storage.outbox import SendKind


def said_now(
    services: Services,
    connection: Connection,
    case: Case,
    person: Person,
    fact: str,
    *,
    unasked: bool = False,
    after: str | None = None,
    about: Commitment | None = None,
) -> tuple[list[Block], str | None]:
    """The lines that a fact has made true, and the next step; the advice's id when there are any.

    The fact is taken for true: the news goes out only once it is.

    Args:
        unasked: They did nothing for it and wait for nothing, so what they muted or paused stays silent; what comes
            during a pause is kept for their Home.
        after: Key of the row that makes it true; their Home keeps the lines only once that one is out.
        about: The commitment it is about, if it is about one.
    """
    reader = language_of_locale(person.locale)
    customer = customer_of(services, case.customer_id, connection)
    spoken = language_of_text(conversations.last_customer_words(connection, case), reader)
    current = situation(CaseRecord(services, connection, case), customer, language=spoken, about=about)
    advice = advise_on(
        services.playbook,
        fact,
        situation=current.model_copy(update={"facts": current.facts | {fact}}),
        language=spoken,
        anger=conversations.last_customer_anger(connection, case),
    )
    wish = quiet.of_person(connection, case.workspace, person.user_id, services.clock()) if unasked else Quiet()
    if advice is None or case.id in wish.cases or not set(advice.plays).isdisjoint(wish.plays):
        return [], None
    paused = wish.paused_until is not None
    advice_id = advised.write_advice(
        connection,
        case,
        message_ts=case.thread_ts,
        person=person.user_id,
        given=advice,
        now=services.clock(),
        while_paused=paused,
        after=after,
    )
    if paused:
        return [], None
    say = words(reader)
    then = next_step(advice, services.playbook, reader)
    beside = granted_card.to_say_with_it(advice, say)
    return fact_lines([line.text for line in advice.lines], then, say, beside=beside), advice_id


def way_on(services: Services, connection: Connection, case: Case, person: Person) -> list[Block]:
    """Where the decision table leads now, and the button for it."""
    reader = language_of_locale(person.locale)
    say = words(reader)
    customer = customer_of(services, case.customer_id, connection)
    known = situation(CaseRecord(services, connection, case), customer, language=reader)
    row = decide(services.playbook, known.standing)
    told = whisper_card.way(row, services.playbook, known.facts, say, known.promised)
    wanted = [row.action] if row.action and may_do(row.action, row, known) else []
    return [section(f"*{say('Route')}*  {told}"), doing_card.row(wanted, case.id, say)]


def whisper(
    services: Services,
    connection: Connection,
    case: Case,
    person: Person,
    *,
    key: str,
    text: str,
    blocks: list[Block],
    after: str | None = None,
    shown: str = "",
    directly: bool = False,
) -> None:
    """Tell whoever just did something, where they did it.

    Args:
        shown: The text in markup, where it names people; the text as it is, when empty.
        after: Key of the row it tells of; it is shown only once that one is out.
        directly: They did it in a direct message, and nothing else has to be out before.
    """
    say = words(language_of_locale(person.locale))
    told = body(text, [context(say("🔒 Only you can see this")), section(f"*{shown or escaped(text)}*"), *blocks])
    if directly and after is None:
        outbox.put(
            connection,
            workspace=case.workspace,
            key=key,
            kind=SendKind.DIRECT,
            target={"user": person.user_id},
            body=told,
            case_id=case.id,
            now=services.clock(),
        )
        return
    deliver.whisper(
        connection,
        workspace=case.workspace,
        key=key,
        channel=case.channel,
        thread_ts=case.thread_ts if conversations.has_thread(connection, case) else None,
        person=person.user_id,
        body=told,
        case_id=case.id,
        now=services.clock(),
        after=after,
        or_direct=True,
    )


def direct(
    services: Services,
    connection: Connection,
    case: Case,
    person: Person,
    *,
    key: str,
    text: str,
    blocks: list[Block],
    link: str,
) -> None:
    """Tell whoever waits for it, by direct message, which arrives."""
    outbox.put(
        connection,
        workspace=case.workspace,
        key=key,
        kind=SendKind.DIRECT,
        target={"user": person.user_id},
        body=body(text, [*blocks, *link_blocks(link, words(language_of_locale(person.locale)))]),
        case_id=case.id,
        now=services.clock(),
    )
