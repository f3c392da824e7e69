"""A message in a support channel: kept, read, and answered with a whisper to whoever handles it, or with silence."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.advice import Advice
from bot.blocks import body
from bot.cards import whisper as whisper_card
from bot.care import aimed_at_us
from bot.case import Case, belongs_to
from bot.coaching import advise
from bot.i18n import words
from bot.language import language_of_locale, language_of_text
from bot.message import Message, Role
from bot.pacing import MINUTE_SECONDS, importance
from bot.quiet import DAY, HOUR, corrected
from bot.setup import Person, Setup
from bot.signals import Reading, Thread
from handlers import care, changes, deliver, inbound, people, request, sales, unanswered
from handlers.inbound import Change, Incoming
from handlers.services import Services
from handlers.situation import CaseRecord, Standing, customer_of, moment, situation, with_checks
from handlers.worker import NotYetError, Task
from storage import advised, cases, conversations, inbox, quiet, which_case
from storage import goodwill as requests
from storage.conversations import KeptMessage

SECONDS_AN_HOUR = 3_600.0
WAITS = 2
"""How often an answer waits for what it answers to, which may come in later: by another connection, or sent again."""


@dataclass(frozen=True)
class Listener:
    """Somebody who may be whispered to, with what is known of them."""

    person: Person
    role: Role


async def on_message(services: Services, task: Task) -> None:
    """Keep a message, and coach."""
    said = inbound.incoming(task.entry.payload)
    if said is None or said.is_ours(services.identity):
        return
    if said.change is Change.DELETED:
        await changes.on_message_deleted(services, task, said)
        return
    who = await people.who_is_who(services)
    message = await _spoken_by(services, said, who)
    if message is None:
        return
    before = _before(services, message, who)
    kept, case = before.kept, before.case
    if kept and (said.change is Change.SAID or kept.deleted or kept.message.text == said.text):
        return
    if not message.text.strip():
        return
    if case is None and message.role is not Role.CUSTOMER:
        _wait_for_what_it_answers_to(services, message, task)
        return
    reading = await _read(services, message, before)
    listeners = await _listeners(services, message, case, who)
    known_before = kept.signals if kept else ()
    aside = await _aside(services, message, case, reading, known_before)
    with task.finishing() as connection:
        customer = before.customer
        case = case or cases.open_case(connection, message, customer.record.customer.id if customer else None)
        if kept:
            conversations.rewrite_message(connection, message, reading, services.clock())
        elif not conversations.write_message(connection, message, reading, case.id):
            return
        was = case.customer_id
        case = _touched(services, connection, task, case, message, reading, before.customer_id)
        customer = _whose_it_is_now(services, case, customer)
        fresh = Reading(
            tuple(each for each in reading.signals if each.id not in known_before),
            reading.anger,
            reading.thread,
        )
        record = CaseRecord(services, connection, case)
        if fresh.signals or not kept:
            _whisper(record, message, fresh, customer, listeners)
        _tell_sales(record, customer, message, fresh, is_new=case.customer_id != was)
        _tell_supervisors(services, connection, message, case, aside, listeners)


def _wait_for_what_it_answers_to(services: Services, message: Message, task: Task) -> None:
    """An answer in a thread that nobody knows waits a little, and for what is being read in its channel.

    After that it is nobody's business of ours.
    """
    with services.casebook.look() as connection:
        others = inbox.others_waiting(connection, task.entry, channel=message.channel)
    if message.thread_ts and task.entry.attempts <= (inbox.MAX_ATTEMPTS - 1 if others else WAITS):
        raise NotYetError


@dataclass(frozen=True)
class _Before:
    """What was known when a message came in, all of one moment.

    Attributes:
        kept: The message itself, when it was here before.
        wrong: The signals that somebody said it does not show, each with what it really was.
        customer_id: Whose channel it is, or who the contact works for.
        thread: What the conversation holds so far.
    """

    kept: KeptMessage | None
    wrong: Mapping[str, str]
    case: Case | None
    customer_id: str | None
    customer: Standing | None
    thread: Thread


def _before(services: Services, message: Message, who: people.WhoIsWho) -> _Before:
    customer_id = _customer_id(services, message, who.setup)
    with services.casebook.look() as connection:
        kept = conversations.kept_message(connection, message.workspace, message.channel, message.ts)
        case = _case_of(services, connection, message, kept.case_id if kept else None, customer_id)
        return _Before(
            kept=kept,
            wrong=quiet.wrong_signals(connection, message.workspace, message.channel, message.ts) if kept else {},
            case=case,
            customer_id=customer_id,
            customer=customer_of(services, case.customer_id if case and case.customer_id else customer_id, connection),
            thread=cases.context(connection, case) if case and not kept else Thread(),
        )


@dataclass(frozen=True)
class _Aside:
    """What supervisors hear of a message, looked up before its transaction.

    Attributes:
        kinds: In which ways it turns on whoever answers (R39, R47).
        supervisors: Who hears of that.
        stepped_in: A supervisor said it where the customer is (R30).
        outsiders: The customer reads along there.
    """

    kinds: tuple[str, ...] = ()
    supervisors: Sequence[Person] = ()
    stepped_in: Person | None = None
    outsiders: bool = False
    link: str = ""


async def _aside(
    services: Services, message: Message, case: Case | None, reading: Reading, known_before: Sequence[str]
) -> _Aside:
    if message.role is Role.CUSTOMER:
        new = [each for each in reading.signals if each.id not in known_before]
        kinds = aimed_at_us(new, services.playbook.policy.whisper.sure_from)
        if not kinds:
            return _Aside()
        link = await request.permalink(services, message.channel, message.ts)
        return _Aside(kinds=kinds, supervisors=await care.who_to_tell(services, case), link=link)
    outsiders = await care.has_stepped_in(services, message, case)
    if outsiders is None:
        return _Aside()
    person = await people.look_up(services, message.speaker)
    link = await request.permalink(services, message.channel, message.ts)
    return _Aside(stepped_in=person, outsiders=outsiders, link=link)


def _touched(
    services: Services,
    connection: Connection,
    task: Task,
    before: Case,
    message: Message,
    reading: Reading,
    customer_id: str | None,
) -> Case:
    """The case after the message; where it shows whose case it is, the cards of what waits in it say so."""
    case = cases.touch(connection, before, message, reading, customer_id, now=services.clock())
    if case.customer_id != before.customer_id:
        for asked in requests.waiting_in(connection, case.workspace, [case.id]):
            request.redraw(services, connection, asked, case, once=f"recognised:{task.entry.key}")
    return case


def _tell_sales(
    record: CaseRecord, customer: Standing | None, message: Message, fresh: Reading, *, is_new: bool
) -> None:
    """What was just said counts; where it shows whose case it is, all that was said before counts as well."""
    services, connection, case = record.services, record.connection, record.case
    if is_new:
        sales.recognised(services, connection, case, customer)
    else:
        signals = fresh.ids if message.role is Role.CUSTOMER else ()
        sales.notice(services, connection, case, customer, signals, record=record)


def _tell_supervisors(
    services: Services,
    connection: Connection,
    message: Message,
    case: Case,
    aside: _Aside,
    listeners: Sequence[Listener],
) -> None:
    coached = [each.person for each in listeners]
    care.tell(services, connection, case, aside.kinds, aside.supervisors, coached, link=aside.link)
    if aside.stepped_in:
        care.remind(services, connection, message, case, aside.stepped_in, outsiders=aside.outsiders, link=aside.link)


async def _spoken_by(services: Services, said: Incoming, who: people.WhoIsWho) -> Message | None:
    """The message with its speaker's role; None when it is nobody's business of ours."""
    workspace = services.identity.workspace
    if who.setup.support_channel(said.channel) is None:  # not any more, since it was written down
        return None
    if inbound.is_helpdesk(said, who.setup):
        return said.message(workspace=workspace, speaker=said.app_ids[0], role=Role.CUSTOMER)
    if not said.user:
        return None
    role = who.role(await people.look_up(services, said.user))
    return said.message(workspace=workspace, speaker=said.user, role=role)


def _case_of(
    services: Services, connection: Connection, message: Message, kept_in: str | None, customer_id: str | None
) -> Case | None:
    """The case a message belongs to: where it was kept, its thread's, or outside threads an open one of the channel."""
    workspace = message.workspace
    if kept_in:
        return cases.get(connection, workspace, kept_in)
    if message.thread_ts:
        return which_case.of_thread(connection, workspace, message.channel, message.thread_ts)
    if message.mirrored:
        return None
    since = services.clock() - services.playbook.policy.case.joins_within_hours * SECONDS_AN_HOUR
    open_cases = which_case.open_in_channel(connection, workspace, message.channel, since=since)
    if message.role is not Role.CUSTOMER:
        return open_cases[0] if len(open_cases) == 1 else None
    spoke_in = which_case.spoken_in_by(connection, workspace, message.speaker, [each.id for each in open_cases])
    return belongs_to(open_cases, customer_id=customer_id, spoke_in=spoke_in)


def _customer_id(services: Services, message: Message, setup: Setup) -> str | None:
    """Whose channel it is, or who the contact works for."""
    channel = setup.support_channel(message.channel)
    if channel and channel.customer:
        return channel.customer
    directory = services.directory()
    if directory is None:
        return None
    return directory.customer_id_of_contact(message.speaker) or directory.customer_id_of_channel(message.channel, "")


def _whose_it_is_now(services: Services, case: Case, customer: Standing | None) -> Standing | None:
    """The case's customer; it may have been moved to the right one while the message was read."""
    as_read = customer and customer.record.customer.id == case.customer_id
    return customer if as_read else customer_of(services, case.customer_id)


async def _read(services: Services, message: Message, before: _Before) -> Reading:
    """What a message shows; an edited one stands alone, since what came before it has moved on."""
    reading = Reading()
    if message.role is not Role.COLLEAGUE:
        thread = None if before.kept else before.thread
        reading = await asyncio.to_thread(services.detector.read, message.role, message.text, thread)
    return corrected(reading, before.wrong)


async def _listeners(
    services: Services, message: Message, case: Case | None, who: people.WhoIsWho
) -> Sequence[Listener]:
    """Who is coached: an agent about their own words; else who handles the thread, else those on duty."""
    if message.role is Role.AGENT:
        return await _coached(services, (message.speaker,), who)
    if message.role is not Role.CUSTOMER:
        return ()
    handling = await _coached(services, (case.agent,), who) if case and case.agent else ()
    channel = who.setup.support_channel(message.channel)
    return handling or await _coached(services, channel.on_duty if channel else (), who)


async def _coached(services: Services, user_ids: Sequence[str], who: people.WhoIsWho) -> Sequence[Listener]:
    """Those among these people who talk to customers and are still with us."""
    found = [await people.look_up(services, user_id) for user_id in user_ids]
    listeners = [Listener(person, who.role(person)) for person in found]
    return tuple(each for each in listeners if each.role in {Role.AGENT, Role.SUPERVISOR})


def _whisper(
    record: CaseRecord,
    message: Message,
    reading: Reading,
    customer: Standing | None,
    listeners: Sequence[Listener],
) -> None:
    services, connection, case = record.services, record.connection, record.case
    from_customer = message.role is Role.CUSTOMER
    if not (reading.signals or (from_customer and record.course.to_mend)):
        return
    if _is_stale(services, message):
        services.metrics.whisper("stale")
        return
    customer_text = message.text if from_customer else conversations.last_customer_words(connection, case)
    now = services.clock()
    for listener in listeners:
        user_id = listener.person.user_id
        wish = quiet.of_person(connection, case.workspace, user_id, now)
        if case.id in wish.cases:
            services.metrics.whisper("muted")
            continue
        paused = wish.paused_until is not None
        today, last_hour = now - DAY.total_seconds(), now - HOUR.total_seconds()
        zone = ZoneInfo(listener.person.timezone)
        spoken = language_of_text(customer_text, language_of_locale(listener.person.locale))
        advice = advise(
            services.playbook,
            reading=reading,
            speaker=message.role,
            situation=situation(record, customer, language=spoken),
            given=advised.given_in_case(connection, case, user_id, since=today, or_kept=paused),
            language=spoken,
            now=moment(services),
            muted=frozenset(wish.plays),
            elsewhere=advised.given_elsewhere(connection, case, user_id, since=last_hour),
        )
        advice = advice and with_checks(record, customer, reading, advice, zone)
        services.metrics.whisper("silent" if advice is None else "paused" if paused else "given")
        if advice and paused:
            advised.write_advice(
                connection,
                case,
                message_ts=message.ts,
                person=user_id,
                given=advice,
                now=now,
                while_paused=True,
            )
        elif advice:
            whisper_advice(services, connection, message, case, customer, listener.person, advice)


def _is_stale(services: Services, message: Message) -> bool:
    """Whether it was said so long ago that nobody wants advice about it any more."""
    return moment(services) - message.said_at > timedelta(minutes=services.playbook.policy.whisper.stale_after_minutes)


def whisper_advice(
    services: Services,
    connection: Connection,
    message: Message,
    case: Case,
    customer: Standing | None,
    person: Person,
    advice: Advice,
) -> None:
    """Keep advice and write down the whisper that carries it."""
    now = services.clock()
    advice_id = advised.write_advice(
        connection,
        case,
        message_ts=message.ts,
        person=person.user_id,
        given=advice,
        now=now,
        next_at=unanswered.wait_until(services, connection, case, person.user_id, advice),
    )
    text, blocks = whisper_card.card(
        advice,
        advice_id,
        customer=customer.record.customer.name if customer else None,
        playbook=services.playbook,
        say=words(language_of_locale(person.locale)),
    )
    deliver.whisper(
        connection,
        workspace=case.workspace,
        key=advised.advice_key(advice_id),
        channel=case.channel,
        thread_ts=message.thread_ts,
        person=person.user_id,
        body=body(text, blocks),
        now=now,
        case_id=case.id,
        importance=importance(each for each in services.playbook.plays if each.id in advice.plays),
        wanted_until=now + services.playbook.policy.whisper.send_within_minutes * MINUTE_SECONDS,
    )
