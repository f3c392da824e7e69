"""Deciding an exception: who clicked decides, once, and whoever talks to the customer hears of it."""

from sqlalchemy import Connection

from bot import goodwill as rules
from bot.cards import exception as exception_card
from bot.case import CaseState
from bot.goodwill import ExceptionRequest, Refusal, Verdict
from handlers import deliver, home, inbound, people, request
from handlers.guard import Actor, admit, open_window, tell_directly
from handlers.services import Services
from handlers.situation import moment, window_is_used
from handlers.worker import Task
from storage import audit, cases, facts, outbox
from storage import goodwill as requests
from storage.goodwill import card_key
from storage.outbox import SendKind


async def on_approve(services: Services, task: Task) -> None:
    """Approve, on the card."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor:
        await _decide(services, task, actor, click.value, Verdict.APPROVE, "", click.response_url)


async def on_decline(services: Services, task: Task) -> None:
    """Decline: first ask for the reason."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, click.value)
        refused = (
            _refusal(services, connection, asked, Verdict.DECLINE, actor, "asked next")
            if asked
            else Refusal.ALREADY_DECIDED
        )
    if refused:
        with task.finishing() as connection:
            _refuse(services, connection, task, actor, refused, click.response_url)
        return
    await open_window(services, task, actor, click.trigger_id, exception_card.decline_modal(click.value, actor.say))


async def on_declined(services: Services, task: Task) -> None:
    """The reason was given: decline."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor:
        await _decide(services, task, actor, sent.private_metadata, Verdict.DECLINE, sent.text("reason"), "")


async def _decide(
    services: Services,
    task: Task,
    actor: Actor,
    request_id: str,
    verdict: Verdict,
    reason: str,
    response_url: str,
) -> None:
    """In one transaction: the state compared and set, the audit row, the card and the news."""
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        asked = requests.get(connection, workspace, request_id)
        case = cases.get(connection, workspace, asked.case_id) if asked else None
    if asked is None or case is None:
        with task.finishing() as connection:
            _refuse(services, connection, task, actor, Refusal.ALREADY_DECIDED, response_url)
        return
    whom = [await people.look_up(services, user) for user in dict.fromkeys([asked.requested_by, case.agent]) if user]
    link = await request.link_to(services, case)
    with task.finishing() as connection:
        before = requests.get(connection, workspace, request_id) or asked
        refused = _refusal(services, connection, before, verdict, actor, reason)
        after = before
        if not refused:
            after = rules.decided(before, verdict, actor=actor.person.user_id, reason=reason, now=moment(services))
            refused = None if requests.settle(connection, before, after) else Refusal.ALREADY_DECIDED
        if refused:
            _refuse(services, connection, task, actor, refused, response_url)
            return
        _record(services, connection, actor, verdict, before, after)
        cases.move(connection, case, CaseState.DECIDED)
        outbox.put(
            connection,
            workspace=workspace,
            key=f"{card_key(after.id)}:{after.state}",
            kind=SendKind.UPDATE,
            target={"of": card_key(after.id)},
            body=request.card(services, connection, after, case, actor.say),
            case_id=case.id,
            now=services.clock(),
        )
        request.announce(services, connection, after, case, whom, link)
        if not response_url:
            home.publish(services, connection, task, actor)


def _record(
    services: Services,
    connection: Connection,
    actor: Actor,
    verdict: Verdict,
    before: ExceptionRequest,
    after: ExceptionRequest,
) -> None:
    audit.write(
        connection,
        workspace=after.workspace,
        actor=actor.person.user_id,
        subject="exception",
        subject_id=after.id,
        move=verdict,
        before=before.state,
        after=after.state,
        why=after.decision_reason,
        now=services.clock(),
    )


def _refusal(
    services: Services,
    connection: Connection,
    asked: ExceptionRequest,
    verdict: Verdict,
    actor: Actor,
    reason: str,
) -> Refusal | None:
    case = cases.get(connection, asked.workspace, asked.case_id)
    spoke_in = cases.spoken_in_by(connection, asked.workspace, actor.person.user_id, [asked.case_id])
    took_over = case is not None and facts.was_made_true_by(connection, case, "takeover_accepted", actor.person.user_id)
    return rules.refusal(
        asked,
        verdict,
        actor=actor.person.user_id,
        role=actor.role,
        reason=reason,
        took_part=bool(spoke_in) or took_over,
        window_used=case is not None and window_is_used(services, connection, case),
    )


def _refuse(
    services: Services, connection: Connection, task: Task, actor: Actor, refused: Refusal, response_url: str
) -> None:
    """Never a silent click."""
    sentence = exception_card.refusal_words(refused, actor.say)
    if not response_url:
        tell_directly(services, connection, task, actor, sentence)
        return
    deliver.reply(
        connection,
        workspace=task.entry.workspace,
        key=f"{task.entry.key}:refused",
        response_url=response_url,
        person=actor.person.user_id,
        body={"text": sentence},
        now=services.clock(),
    )
