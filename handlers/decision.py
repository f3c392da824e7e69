"""Deciding an exception: who clicked decides, once, and whoever talks to the customer hears of it."""

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from bot import goodwill as rules
from bot.amounts import CostError, parse_cost
from bot.authority import authorities, managers
from bot.blocks import Block
from bot.cards import decision as decision_card
from bot.cards import exception as exception_card
from bot.goodwill import Clicker, ExceptionRequest, Move, Refusal, Ruling, Terms
from bot.policy import ApprovalPolicy, Concession
from bot.working_hours import desk_day
from handlers import deliver, home, inbound, people, request
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import moment, window_is_used
from handlers.worker import Task
from storage import cases
from storage import goodwill as requests
from storage import workspace as workspaces

NOT_YET = Terms(reason="asked next")
"""What the window asks for; whether they may decide at all is known before."""


async def on_approve(services: Services, task: Task) -> None:
    """Approve, on the card; an extension first needs its last day."""
    click = inbound.click(task.entry.payload)
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, click.value)
    if asked and asked.is_pending and asked.concession is Concession.EXTENSION:
        await on_approve_with_terms(services, task)
        return
    actor = await admit(services, task, click.user, click.response_url)
    if actor:
        await _decide(services, task, actor, click.value, Move.APPROVE, Terms(), click.response_url)


async def on_approve_with_terms(services: Services, task: Task) -> None:
    """Approve with conditions: first ask which."""
    await _open(services, task, Move.APPROVE)


async def on_ask_back(services: Services, task: Task) -> None:
    """Ask back: first ask what."""
    await _open(services, task, Move.ASK_BACK)


async def on_decline(services: Services, task: Task) -> None:
    """Decline: first ask for the reason."""
    await _open(services, task, Move.DECLINE)


async def _open(services: Services, task: Task, wanted: Move) -> None:
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, click.value)
        ruled = _ruling(services, connection, asked, wanted, actor, NOT_YET) if asked else None
    # What is beyond their limits as asked may be within them as granted, so the window opens for it.
    barred = {Refusal.BEYOND_LIMITS, Refusal.NO_MANAGER}
    if asked is None or ruled is None or (ruled.refusal and not (wanted is Move.APPROVE and ruled.refusal in barred)):
        refused = (ruled and ruled.refusal) or Refusal.ALREADY_DECIDED
        with task.finishing() as connection:
            _refuse(services, connection, task, actor, refused, click.response_url)
        return
    await open_window(services, task, actor, click.trigger_id, _window(services, asked, wanted, actor))


def _window(services: Services, asked: ExceptionRequest, wanted: Move, actor: Actor) -> Block:
    if wanted is Move.APPROVE:
        return decision_card.terms_modal(asked, services.playbook.policy.approval, actor.say)
    if wanted is Move.ASK_BACK:
        return decision_card.ask_back_modal(asked.id, actor.say)
    return decision_card.decline_modal(asked.id, actor.say)


async def on_approved_with_terms(services: Services, task: Task) -> None:
    """The conditions were given: approve with them."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor:
        await _decide(services, task, actor, sent.private_metadata, Move.APPROVE, _terms(services, sent), "")


async def on_asked_back(services: Services, task: Task) -> None:
    """The question was given: ask back."""
    await _from_window(services, task, Move.ASK_BACK)


async def on_declined(services: Services, task: Task) -> None:
    """The reason was given: decline."""
    await _from_window(services, task, Move.DECLINE)


async def _from_window(services: Services, task: Task, wanted: Move) -> None:
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor:
        terms = Terms(reason=sent.text("reason"))
        await _decide(services, task, actor, sent.private_metadata, wanted, terms, "")


def _terms(services: Services, sent: Submission) -> Terms:
    """What the window says; the mistakes in it have been found before."""
    cap = rules.parse_cost(sent.text("cap"), services.playbook.policy.cost.currency)
    day = sent.text("extended_to")
    return Terms(
        concession=Concession(sent.text("concession")),
        cap=None if isinstance(cap, CostError) else cap,
        conditions=sent.text("conditions"),
        valid_days=_days(sent.text("valid_days")),
        extended_to=date.fromisoformat(day) if day else None,
        reason=sent.text("reason"),
    )


def _days(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in a supervisor's window before it is taken, a sentence for each box."""
    actor = await actor_of(services, sent.user)
    if not actor.role.is_staff:
        return {"reason": actor.say("This is for our support team.")}
    errors: dict[str, str] = {}
    if sent.callback_id == decision_card.TERMS_VIEW:
        errors |= _terms_mistakes(services, sent, actor)
    if not sent.text("reason"):
        is_question = sent.callback_id == decision_card.ASK_BACK_VIEW
        errors["reason"] = (
            actor.say("Please write what you need to know.")
            if is_question
            else decision_card.refusal_words(Refusal.REASON_MISSING, actor.say)
        )
    if errors:
        return errors
    wanted = {decision_card.TERMS_VIEW: Move.APPROVE, decision_card.ASK_BACK_VIEW: Move.ASK_BACK}
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, sent.private_metadata)
        terms = (
            _terms(services, sent)
            if sent.callback_id == decision_card.TERMS_VIEW
            else Terms(reason=sent.text("reason"))
        )
        move = wanted.get(sent.callback_id, Move.DECLINE)
        refused = _ruling(services, connection, asked, move, actor, terms).refusal if asked else None
    return {"reason": decision_card.refusal_words(refused, actor.say)} if refused else {}


def _terms_mistakes(services: Services, sent: Submission, actor: Actor) -> dict[str, str]:
    say, policy = actor.say, services.playbook.policy.approval
    errors: dict[str, str] = {}
    cap = rules.parse_cost(sent.text("cap"), services.playbook.policy.cost.currency)
    if isinstance(cap, CostError):
        errors["cap"] = exception_card.cost_error_words(cap, say)
    elif cap == Decimal(0):
        errors["cap"] = say("With nothing to spend there is nothing to grant. Please give an amount, or decline.")
    days = _days(sent.text("valid_days"))
    if days is None or not 1 <= days <= policy.longest_valid_days:
        errors["valid_days"] = say("Please give a number of days from 1 to {most}.", most=policy.longest_valid_days)
    if sent.text("concession") == Concession.EXTENSION and (error := _extension_error(services, sent, actor, policy)):
        errors["extended_to"] = error
    return errors


def _extension_error(services: Services, sent: Submission, actor: Actor, policy: ApprovalPolicy) -> str | None:
    say, today = actor.say, desk_day(moment(services), services.playbook.policy.hours.timezone)
    day = sent.text("extended_to")
    if not day:
        return say("Please choose the last day of the extension.")
    if date.fromisoformat(day) <= today:
        return say("That day is not in the future. Please choose a later one.")
    if date.fromisoformat(day) > today + timedelta(days=policy.longest_extension_days):
        return say(
            "Our policy extends by {n} days at most. Please choose an earlier day.", n=policy.longest_extension_days
        )
    return None


async def _decide(
    services: Services, task: Task, actor: Actor, request_id: str, wanted: Move, terms: Terms, response_url: str
) -> None:
    """In one transaction: the state compared and set, the audit row, the card and the news."""
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        asked = requests.get(connection, workspace, request_id)
        case = cases.get(connection, workspace, asked.case_id) if asked else None
        foreseen = _ruling(services, connection, asked, wanted, actor, terms).move if asked else None
    hear = request.Hearers()
    if asked and case and foreseen:
        policy = services.playbook.policy
        foreseen_after = rules.moved(
            asked,
            foreseen,
            by=actor.person.user_id,
            now=moment(services),
            policy=policy.approval,
            hours=policy.hours,
            terms=terms,
        )
        hear = await request.hearers(services, foreseen_after, case, foreseen)
    with task.finishing() as connection:
        before = requests.get(connection, workspace, request_id)
        ruled = _ruling(services, connection, before, wanted, actor, terms) if before else Ruling()
        if before is None or case is None or ruled.move is None or ruled.move is not foreseen:
            refused = ruled.refusal or Refusal.ALREADY_DECIDED
            _refuse(services, connection, task, actor, refused, response_url)
            return
        policy = services.playbook.policy
        after = rules.moved(
            before,
            ruled.move,
            by=actor.person.user_id,
            now=moment(services),
            policy=policy.approval,
            hours=policy.hours,
            terms=terms,
            authority=ruled.authority,
        )
        made = request.make(
            services,
            connection,
            before=before,
            after=after,
            move=ruled.move,
            case=case,
            actor=actor.person.user_id,
            say=actor.say,
            hear=hear,
            why=terms.reason.strip(),
        )
        if not made:
            _refuse(services, connection, task, actor, Refusal.ALREADY_DECIDED, response_url)
            return
        if not response_url:
            home.publish(services, connection, task, actor)


def _ruling(
    services: Services, connection: Connection, asked: ExceptionRequest, wanted: Move, actor: Actor, terms: Terms
) -> Ruling:
    user, workspace = actor.person.user_id, asked.workspace
    case = cases.get(connection, workspace, asked.case_id)
    setup = workspaces.setup(connection, workspace)
    since = services.clock() - people.GROUPS_TOO_OLD_SECONDS
    groups = workspaces.groups(connection, workspace, since=since)
    clicker = Clicker(
        user=user,
        held=authorities(user, actor.role, setup, groups, moment(services)),
        took_part=request.took_part(connection, asked, case, user),
    )
    return rules.ruling(
        asked,
        wanted,
        clicker,
        terms,
        services.playbook.policy.approval,
        window_used=case is not None and window_is_used(services, connection, case),
        has_manager=bool(managers(setup, groups) - {user, asked.requested_by}),
    )


def _refuse(
    services: Services, connection: Connection, task: Task, actor: Actor, refused: Refusal, response_url: str
) -> None:
    """Never a silent click."""
    sentence = decision_card.refusal_words(refused, actor.say)
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
