"""Checking a draft before it is sent: `/aside draft`, or a window from the shortcut on a message of a thread.

Nothing of a draft is kept: what it shows goes back to its writer and nowhere else.
"""

import asyncio
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot import case as case_rules
from bot.advice import Situation
from bot.blocks import Block, body
from bot.cards import decision as decision_card
from bot.cards import draft as draft_card
from bot.cards import exception as exception_card
from bot.cards import promise_scope as scope_card
from bot.case import Case
from bot.draft import DraftCheck, check_draft
from bot.goodwill import GRANTED, ExceptionRequest
from bot.language import language_of_locale, language_of_text
from bot.message import Role
from bot.playbook import Language, Stage
from bot.promises import Scope, VerificationState
from bot.signals import Reading, Thread
from handlers import deliver, inbound
from handlers.casework import answer, help_hindrance
from handlers.coach import SECONDS_AN_HOUR
from handlers.guard import Actor, actor_of, admit, open_window
from handlers.inbound import Command, Submission
from handlers.services import Services
from handlers.situation import CaseRecord, Standing, customer_of, moment, situation
from handlers.worker import Task
from storage import cases, conversations, promises, which_case
from storage import goodwill as requests

MOST_CASES = 20
_NAME_CHARACTERS = 40


async def on_command(services: Services, task: Task, actor: Actor, command: Command, text: str) -> None:
    """`/aside draft <text>`: checked for the channel's only open case; otherwise a window asks which."""
    open_cases = _open_cases(services, command.channel)
    if hindrance := await help_hindrance(services, actor, open_cases[0] if len(open_cases) == 1 else None):
        with task.finishing() as connection:
            answer(services, connection, task, actor, command.response_url, hindrance)
        return
    if not text or len(open_cases) > 1:
        view = draft_card.window(
            text=text,
            case_id=open_cases[0].id if len(open_cases) == 1 else "",
            choices=_choices(services, open_cases, actor) if len(open_cases) > 1 else (),
            say=actor.say,
        )
        await open_window(services, task, actor, command.trigger_id, view)
        return
    blocks = await _answer(services, actor, open_cases[0] if open_cases else None, text)
    with task.finishing() as connection:
        deliver.reply(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:answer",
            response_url=command.response_url,
            person=command.user,
            body=body(actor.say("Your draft, checked"), blocks),
            now=services.clock(),
        )


async def on_shortcut(services: Services, task: Task) -> None:
    """The shortcut on a message: a window for the draft of an answer to it."""
    shortcut = inbound.shortcut(task.entry.payload)
    actor = await admit(services, task, shortcut.user, shortcut.response_url)
    if actor is None:
        return
    thread = shortcut.thread_ts or shortcut.message_ts
    with services.casebook.begin() as connection:
        case = which_case.of_thread(connection, services.identity.workspace, shortcut.channel, thread)
    if hindrance := await help_hindrance(services, actor, case):
        view = exception_card.notice(actor.say("Not now"), hindrance, actor.say)
    else:
        view = draft_card.window(text="", case_id=case.id if case else "", choices=(), say=actor.say)
    await open_window(services, task, actor, shortcut.trigger_id, view)


async def answered(services: Services, sent: Submission) -> Block | None:
    """The window as it goes on after "Check"; None when another window was sent off."""
    if sent.callback_id != draft_card.CHECK_VIEW:
        return None
    actor = await actor_of(services, sent.user)
    case_id = sent.private_metadata or sent.text(draft_card.CASE)
    with services.casebook.begin() as connection:
        case = cases.get(connection, services.identity.workspace, case_id) if case_id else None
    if hindrance := await help_hindrance(services, actor, case):
        return exception_card.notice(actor.say("Not now"), hindrance, actor.say)
    text = sent.text(draft_card.DRAFT)
    found = await _answer(services, actor, case, text)
    return draft_card.window(text=text, case_id=case.id if case else "", choices=(), say=actor.say, found=found)


def _open_cases(services: Services, channel: str) -> list[Case]:
    since = services.clock() - services.playbook.policy.case.joins_within_hours * SECONDS_AN_HOUR
    with services.casebook.begin() as connection:
        return which_case.open_in_channel(connection, services.identity.workspace, channel, since=since)[:MOST_CASES]


def _choices(services: Services, open_cases: Sequence[Case], actor: Actor) -> list[tuple[str, str]]:
    """Each case by its customer, when it began and what was said last in it."""
    choices = []
    zone = ZoneInfo(actor.person.timezone)
    for case in open_cases:
        customer = customer_of(services, case.customer_id)
        with services.casebook.begin() as connection:
            words = conversations.last_customer_words(connection, case)
        name = customer.record.customer.name if customer else actor.say("a customer not on file")
        began = case.opened_at.astimezone(zone).strftime("%m-%d %H:%M")
        choices.append((case.id, f"{name} · {began} · {' '.join(words.split())[:_NAME_CHARACTERS]}"))
    return choices


async def _answer(services: Services, actor: Actor, case: Case | None, text: str) -> list[Block]:
    """What was found in a draft, as blocks."""
    customer = customer_of(services, case.customer_id) if case else None
    with services.casebook.begin() as connection:
        words = conversations.last_customer_words(connection, case) if case else ""
        asked = requests.of_case(connection, case.workspace, case.id) if case else []
        promise = promises.of_case(connection, case.workspace, case.id) if case else None
    scope = promise.scope if promise and promise.state is VerificationState.CONFIRMED else None
    language = language_of_text(words or text, language_of_locale(actor.person.locale))
    held = next((each for each in asked if each.grant and each.state in GRANTED), None)
    check = await _check(services, case, customer, text, words, language, held, scope)
    bounds = decision_card.bounds(held, services.playbook.policy.hours.timezone, actor.say) if held else []
    return draft_card.answer(
        check,
        granted=[*bounds, *(scope_card.scope_rows(scope, actor.say) if scope else ())],
        customer=customer.record.customer.name if customer else None,
        has_case=case is not None,
        language=language,
        playbook=services.playbook,
        say=actor.say,
    )


async def _check(
    services: Services,
    case: Case | None,
    customer: Standing | None,
    text: str,
    words: str,
    language: Language,
    held: ExceptionRequest | None,
    scope: Scope | None,
) -> DraftCheck:
    """Hold a draft against its case; without one nothing is known to be true.

    Args:
        words: What the customer said last.
        language: The language the customer is spoken to in.
        held: The exception this case was granted.
        scope: What was promised, once a supervisor recorded it.
    """
    thread = Thread()
    known = Situation(standing=case_rules.Standing(), stage=Stage.FOLLOW_UP, facts=frozenset())
    if case:
        with services.casebook.begin() as connection:
            thread = cases.context(connection, case)
            known = situation(CaseRecord(services, connection, case), customer, language=language)
    detector = services.detector
    reading = await asyncio.to_thread(detector.read, Role.AGENT, text, thread)
    answers = await asyncio.to_thread(detector.read, Role.CUSTOMER, words) if words else Reading()
    return check_draft(
        text,
        playbook=services.playbook,
        reading=reading,
        answers=answers,
        situation=known,
        granted=held.grant.concession if held and held.grant else None,
        promised=scope.concession if scope else None,
        language=language,
        now=moment(services),
    )
