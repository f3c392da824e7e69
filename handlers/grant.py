"""What whoever asked for an exception can do about it: answer a question, withdraw it, book the service."""

from bot import goodwill as rules
from bot.blocks import escaped
from bot.cards import deciding as deciding_card
from bot.cards import decision as decision_card
from bot.cards import exception as exception_card
from bot.case import Case
from bot.goodwill import Clicker, ExceptionRequest, Move, Refusal, Terms
from handlers import casework, inbound, request
from handlers.guard import Actor, actor_of, admit, open_window
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import customer_of, moment
from handlers.worker import Task
from storage import cases
from storage import goodwill as requests


async def on_answer(services: Services, task: Task) -> None:
    """The button under a question: what is the answer?"""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    asked, case = _found(services, click.value)
    refused = _refusal(services, asked, case, actor, Move.ANSWER)
    if refused or asked is None:
        sentence = decision_card.why_not(refused, asked, actor.say, in_message=False)
        view = exception_card.notice(actor.say("Not now"), sentence, actor.say)
    else:
        view = deciding_card.answer_modal(asked, actor.say)
    await open_window(services, task, actor, click.trigger_id, view, push=bool(click.view_id))


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """An answer says something."""
    actor = await actor_of(services, sent.user)
    say = actor.say
    if not actor.role.is_staff:
        return {"reason": say("This is for our support team.")}
    return {} if sent.text("reason") else {"reason": say("Please write an answer; the supervisor is waiting for it.")}


async def on_answered(services: Services, task: Task) -> None:
    """The answer was given: the request is with the supervisors again."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor:
        terms = Terms(reason=sent.text("reason"))
        await _move(services, task, actor, sent.private_metadata, Move.ANSWER, terms, "", "")


async def on_withdraw(services: Services, task: Task) -> None:
    """It is not needed any more."""
    await _clicked(services, task, Move.WITHDRAW)


async def on_use(services: Services, task: Task) -> None:
    """The service is booked: the grant is used up."""
    await _clicked(services, task, Move.USE)


async def _clicked(services: Services, task: Task, move: Move) -> None:
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor:
        await _move(services, task, actor, click.value, move, Terms(), click.response_url, click.view_id)


def _found(services: Services, request_id: str) -> tuple[ExceptionRequest | None, Case | None]:
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, request_id)
        return asked, cases.get(connection, asked.workspace, asked.case_id) if asked else None


def _refusal(
    services: Services, asked: ExceptionRequest | None, case: Case | None, actor: Actor, move: Move
) -> Refusal | None:
    if asked is None or case is None:
        return Refusal.ALREADY_DECIDED
    user = actor.person.user_id
    return rules.agents_refusal(asked, move, Clicker(user=user, handles=user == case.agent), moment(services))


async def _move(
    services: Services,
    task: Task,
    actor: Actor,
    request_id: str,
    move: Move,
    terms: Terms,
    response_url: str,
    view_id: str,
) -> None:
    """In one transaction: the state compared and set, the audit row, the card and the news."""
    known, case = _found(services, request_id)
    hear = await request.hearers(services, known, case, move) if known and case else request.Hearers()
    with task.finishing() as connection:
        before = requests.get(connection, services.identity.workspace, request_id)
        case = cases.get(connection, before.workspace, before.case_id) if before else None
        refused = _refusal(services, before, case, actor, move)
        made = False
        if before and case and not refused:
            policy = services.playbook.policy
            after = rules.moved(
                before,
                move,
                by=actor.person.user_id,
                now=moment(services),
                policy=policy.approval,
                hours=policy.hours,
                terms=terms,
            )
            made = request.make(
                services,
                connection,
                before=before,
                after=after,
                move=move,
                case=case,
                actor=actor.person.user_id,
                say=actor.say,
                hear=hear,
                why=terms.reason.strip(),
            )
        if made and before:
            customer = request.name_of(customer_of(services, before.customer_id), actor.say)
            zone = services.playbook.policy.hours.timezone
            told, _ = decision_card.told_agent(before, move, customer=customer, zone=zone, say=actor.say)
            sentence = escaped(told)
        else:
            sentence = decision_card.why_not(refused, before, actor.say)
        casework.answer(services, connection, task, actor, response_url, sentence)
    if case and view_id:
        doing = casework.Doing(actor, case, request.name_of(customer_of(services, case.customer_id), actor.say))
        await casework.refresh(services, doing, view_id)
