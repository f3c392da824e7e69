"""Deciding an exception: who clicked decides, once, and whoever talks to the customer hears of it."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from bot import goodwill as rules
from bot.amounts import CostError, parse_cost
from bot.authority import authorities
from bot.blocks import Block
from bot.cards import deciding as deciding_card
from bot.cards import decision as decision_card
from bot.cards import exception as exception_card
from bot.case import Case
from bot.facts import MISTAKE_FACTS, current
from bot.goodwill import Clicker, ExceptionRequest, Move, Refusal, Ruling, Terms
from bot.policy import ApprovalPolicy, Concession
from bot.waiting import ASKED_NEXT, may_open, needs_terms
from bot.working_hours import desk_day
from handlers import deliver, home, inbound, people, request, seconding
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import moment, window_is_used
from handlers.worker import Task
from storage import cases, facts
from storage import goodwill as requests
from storage import workspace as workspaces

WANTED = {
    deciding_card.APPROVE_VIEW: Move.APPROVE,
    deciding_card.TERMS_VIEW: Move.APPROVE,
    deciding_card.ASK_BACK_VIEW: Move.ASK_BACK,
    deciding_card.DECLINE_VIEW: Move.DECLINE,
}
SAYS_WHOSE_FAULT = frozenset({deciding_card.TERMS_VIEW, deciding_card.DECLINE_VIEW})
MOST_TRIES = 3
"""What changes while Slack is asked who hears of it is looked at anew so often."""


async def on_approve(services: Services, task: Task) -> None:
    """Approve: at once on the card; where something is open, or the card is not in sight, in a window."""
    click = inbound.click(task.entry.payload)
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, click.value)
    if asked and asked.is_pending and (needs_terms(asked) or not click.response_url):
        await _open(services, task, Move.APPROVE, as_asked=not needs_terms(asked))
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


async def _open(services: Services, task: Task, wanted: Move, *, as_asked: bool = False) -> None:
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    here = await seconding.managers_here(services)
    about: list[Block] = []
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, click.value)
        case = cases.get(connection, asked.workspace, asked.case_id) if asked else None
        ruled = _ruling(services, connection, asked, wanted, actor, ASKED_NEXT, here) if asked else Ruling()
        if asked and case and not click.response_url:
            about = request.about(services, connection, asked, case, actor.say)
    if asked is None or not may_open(wanted, ruled):
        with task.finishing() as connection:
            _refuse(services, connection, task, actor, asked, ruled.refusal, click.response_url)
        return
    as_asked = as_asked and ruled.move is not None
    view = _window(services, asked, wanted, actor, about, as_asked=as_asked)
    await open_window(services, task, actor, click.trigger_id, view)


def _window(
    services: Services, asked: ExceptionRequest, wanted: Move, actor: Actor, about: Sequence[Block], *, as_asked: bool
) -> Block:
    if as_asked:
        return deciding_card.approve_modal(asked, about, actor.say)
    if wanted is Move.APPROVE:
        return deciding_card.terms_modal(asked, services.playbook.policy.approval, actor.say, about=about)
    if wanted is Move.ASK_BACK:
        return deciding_card.ask_back_modal(asked, actor.say, about=about)
    return deciding_card.decline_modal(asked, actor.say, about=about)


async def on_approved(services: Services, task: Task) -> None:
    """Everything was read: approve as it was asked for."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor:
        await _decide(services, task, actor, sent.private_metadata, Move.APPROVE, Terms(), "")


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
        terms = Terms(
            reason=sent.text("reason"),
            fault_ours=sent.text("fault_ours") == "yes",
            for_fairness=sent.text(deciding_card.TOLD) == deciding_card.FAIRNESS,
        )
        await _decide(services, task, actor, sent.private_metadata, wanted, terms, "")


def _terms(services: Services, sent: Submission) -> Terms:
    """What the window says; the mistakes in it have been found before."""
    cap = parse_cost(sent.text("cap"), services.playbook.policy.cost.currency)
    day = sent.text("extended_to")
    return Terms(
        concession=Concession(sent.text("concession")),
        cap=None if isinstance(cap, CostError) else cap,
        conditions=sent.text("conditions"),
        valid_days=_days(sent.text("valid_days")),
        extended_to=date.fromisoformat(day) if day else None,
        fault_ours=sent.text("fault_ours") == "yes",
        reason=sent.text("reason"),
    )


def _days(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in a supervisor's window before it is taken, a sentence for each box."""
    actor = await actor_of(services, sent.user)
    if not actor.role.is_staff:
        return {"reason": actor.say("This is for our support team.")}
    with services.casebook.begin() as connection:
        asked = requests.get(connection, services.identity.workspace, sent.private_metadata)
    errors = _boxes_missed(services, sent, actor, asked)
    if errors or asked is None:
        return errors
    here = await seconding.managers_here(services)
    wanted = WANTED.get(sent.callback_id, Move.DECLINE)
    terms = (
        _terms(services, sent) if sent.callback_id == deciding_card.TERMS_VIEW else Terms(reason=sent.text("reason"))
    )
    with services.casebook.begin() as connection:
        refused = _ruling(services, connection, asked, wanted, actor, terms, here).refusal
    # A window without a box has no place for the sentence: there it comes by direct message.
    if refused is None or sent.callback_id == deciding_card.APPROVE_VIEW:
        return {}
    return {"reason": decision_card.why_not(refused, asked, actor.say, in_message=False)}


def _boxes_missed(services: Services, sent: Submission, actor: Actor, asked: ExceptionRequest | None) -> dict[str, str]:
    """What has to be filled in or mended, box by box."""
    say = actor.say
    errors: dict[str, str] = {}
    if sent.callback_id == deciding_card.TERMS_VIEW:
        errors |= _terms_mistakes(services, sent, actor)
    if sent.callback_id in SAYS_WHOSE_FAULT and asked and asked.fault_ours == "yes" and not sent.text("fault_ours"):
        errors["fault_ours"] = say("Please say whether the fault is ours; it is not for whoever asks to say.")
    if sent.callback_id != deciding_card.APPROVE_VIEW and not sent.text("reason"):
        is_question = sent.callback_id == deciding_card.ASK_BACK_VIEW
        errors["reason"] = (
            say("Please write what you need to know.")
            if is_question
            else decision_card.refusal_words(Refusal.REASON_MISSING, say)
        )
    return errors


def _terms_mistakes(services: Services, sent: Submission, actor: Actor) -> dict[str, str]:
    say, policy = actor.say, services.playbook.policy.approval
    errors: dict[str, str] = {}
    cap = parse_cost(sent.text("cap"), services.playbook.policy.cost.currency)
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


class _ChangedMeanwhileError(Exception):
    """While Slack was asked who hears of it, the outcome became another; nothing was written."""


async def _decide(
    services: Services, task: Task, actor: Actor, request_id: str, wanted: Move, terms: Terms, response_url: str
) -> None:
    """Decide by the rules as they are when it is written; what changed while Slack was asked is looked at anew."""
    for _ in range(MOST_TRIES):
        try:
            await _try_to_decide(services, task, actor, request_id, wanted, terms, response_url)
        except _ChangedMeanwhileError:
            continue
        return
    with task.finishing() as connection:
        asked = requests.get(connection, services.identity.workspace, request_id)
        _refuse(services, connection, task, actor, asked, Refusal.CHANGED_MEANWHILE, response_url)


async def _try_to_decide(
    services: Services, task: Task, actor: Actor, request_id: str, wanted: Move, terms: Terms, response_url: str
) -> None:
    """In one transaction: the state compared and set, the audit row, whose fault it is, the card and the news.

    Raises:
        _ChangedMeanwhileError: When it comes to something else than whoever hears of it was looked up for.
    """
    workspace = services.identity.workspace
    here = await seconding.managers_here(services)
    with services.casebook.begin() as connection:
        asked = requests.get(connection, workspace, request_id)
        case = cases.get(connection, workspace, asked.case_id) if asked else None
        foreseen = _ruling(services, connection, asked, wanted, actor, terms, here) if asked else Ruling()
    hear = request.Hearers()
    if asked and case and foreseen.move:
        hear = await request.hearers(services, _after(services, asked, foreseen, actor, terms), case, foreseen.move)
    with task.finishing() as connection:
        if asked:
            cases.hold(connection, workspace, asked.case_id)
        before = requests.get(connection, workspace, request_id)
        case = cases.get(connection, workspace, before.case_id) if before else None
        ruled = _ruling(services, connection, before, wanted, actor, terms, here) if before else Ruling()
        if before is None or case is None or ruled.move is None:
            _refuse(services, connection, task, actor, before, ruled.refusal, response_url)
            return
        if ruled.move is not foreseen.move:
            raise _ChangedMeanwhileError
        if ruled.move in {Move.APPROVE, Move.DECLINE}:
            _record_whose_fault(services, connection, before, case, actor, terms)
        if ruled.move is Move.DECLINE:
            _record_what_may_be_told(services, connection, case, actor, terms)
        made = request.make(
            services,
            connection,
            before=before,
            after=_after(services, before, ruled, actor, terms),
            move=ruled.move,
            case=case,
            actor=actor.person.user_id,
            say=actor.say,
            hear=hear,
            why=terms.reason.strip(),
        )
        if not made:
            raise _ChangedMeanwhileError
        if not response_url:
            home.publish(services, connection, task, actor)


def _after(services: Services, asked: ExceptionRequest, ruled: Ruling, actor: Actor, terms: Terms) -> ExceptionRequest:
    """The request as the ruling leaves it."""
    policy = services.playbook.policy
    return rules.moved(
        asked,
        ruled.move or Move.DECLINE,
        by=actor.person.user_id,
        now=moment(services),
        policy=policy.approval,
        hours=policy.hours,
        terms=terms,
        authority=ruled.authority,
    )


def _record_what_may_be_told(
    services: Services, connection: Connection, case: Case, actor: Actor, terms: Terms
) -> None:
    """Whether fairness may be given as the reason: each no says it anew, and it holds for no other (R28)."""
    known = current(facts.of_case(connection, case)).get("declined_for_fairness", "no")
    if not terms.for_fairness and known == "no":
        return
    facts.record(
        connection,
        case,
        "declined_for_fairness",
        "yes" if terms.for_fairness else "no",
        by=actor.person.user_id,
        why=terms.reason.strip(),
        now=services.clock(),
    )


def _record_whose_fault(
    services: Services, connection: Connection, asked: ExceptionRequest, case: Case, actor: Actor, terms: Terms
) -> None:
    """Whose fault it is, once somebody who may decide it has said so; it counts before what the asker said."""
    if asked.fault_ours != "yes" and not terms.fault_ours:
        return
    known = current(facts.of_case(connection, case))
    values = {"fault_ours": "yes" if terms.fault_ours else "no"}
    if not terms.fault_ours:  # then no mistake of ours that was named before may be said to the customer
        values |= {each.value: "no" for each in MISTAKE_FACTS if known.get(each) == "yes"}
    for name, value in values.items():
        facts.record(
            connection,
            case,
            name,
            value,
            by=actor.person.user_id,
            why=terms.reason.strip(),
            now=services.clock(),
        )


def _ruling(
    services: Services,
    connection: Connection,
    asked: ExceptionRequest,
    wanted: Move,
    actor: Actor,
    terms: Terms,
    managers_here: frozenset[str],
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
        has_manager=seconding.has_second(connection, asked, case, managers_here - {user}),
    )


def _refuse(
    services: Services,
    connection: Connection,
    task: Task,
    actor: Actor,
    asked: ExceptionRequest | None,
    refused: Refusal | None,
    response_url: str,
) -> None:
    """Never a silent click."""
    sentence = decision_card.why_not(refused, asked, actor.say)
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
