"""Asking for a goodwill exception: from a whisper, a message or `/exception`, in a short window."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot import goodwill as rules
from bot.blocks import Block, body
from bot.cards import exception as exception_card
from bot.case import Case
from bot.entitlement import Entitlement
from bot.facts import MISTAKE_FACTS, current, newest
from bot.found import Match
from bot.goodwill import CostError, ExceptionRequest, ExceptionState
from bot.i18n import Words
from bot.message import Role
from bot.policy import Concession
from handlers import casework, deliver, inbound, request
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.inbound import Command, Submission
from handlers.services import Services
from handlers.situation import customer_of, has_new_facts, moment, window_is_used
from handlers.worker import Task
from storage import audit, cases, conversations, facts, ids, outbox, which_case
from storage import goodwill as requests
from storage.goodwill import card_key
from storage.outbox import SendKind


async def on_ask(services: Services, task: Task) -> None:
    """The button on a whisper: open the window."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        case = which_case.of_button(connection, services.identity.workspace, click.value)
    await _open(services, task, actor, case, click.trigger_id, in_window=bool(click.view_id))


async def on_shortcut(services: Services, task: Task) -> None:
    """The shortcut on a message of the case: open the window."""
    shortcut = inbound.shortcut(task.entry.payload)
    actor = await admit(services, task, shortcut.user, shortcut.response_url)
    if actor is None:
        return
    thread = shortcut.thread_ts or shortcut.message_ts
    with services.casebook.begin() as connection:
        case = which_case.of_thread(connection, services.identity.workspace, shortcut.channel, thread)
    await _open(services, task, actor, case, shortcut.trigger_id)


async def on_command(services: Services, task: Task) -> None:
    """`/exception [customer]`: in the channel's only open case, or in one of that customer's."""
    command = inbound.command(task.entry.payload)
    actor = await admit(services, task, command.user, command.response_url)
    if actor is None:
        return
    text, blocks, case = await _which(services, actor, command)
    if case:
        await _open(services, task, actor, case, command.trigger_id)
        return
    with task.finishing() as connection:
        deliver.reply(
            connection,
            workspace=services.identity.workspace,
            key=f"{task.entry.key}:answer",
            response_url=command.response_url,
            person=command.user,
            body=body(text, blocks) if blocks else {"text": text},
            now=services.clock(),
        )


async def _which(services: Services, actor: Actor, command: Command) -> tuple[str, list[Block], Case | None]:
    """The case that is meant; otherwise what to ask, or why there is none. Others' cases are told of to nobody."""
    say, query = actor.say, command.text.strip()
    if hindrance := await casework.help_hindrance(services, actor, None):
        return hindrance, [], None
    if query:
        directory = services.directory()
        if directory is None:
            return say("There is no customer directory to read. Please ask whoever runs Aside."), [], None
        found = directory.find(query)
        if found.match is not Match.ONE:
            text, blocks = exception_card.ask_which_customer(found.candidates, query=query, say=say)
            return text, blocks, None
        with services.casebook.begin() as connection:
            known = which_case.open_of_customer(connection, services.identity.workspace, found.candidates[0].id)
        none = say(
            "{customer} has no open case. One opens with a customer's message.", customer=found.candidates[0].name
        )
    else:
        since = services.clock() - timedelta(hours=services.playbook.policy.case.joins_within_hours).total_seconds()
        with services.casebook.begin() as connection:
            known = which_case.open_in_channel(connection, services.identity.workspace, command.channel, since=since)
        none = say(
            "There is no open case in this channel. Type /exception and a customer, or use the message shortcut."
        )
    hindrances = [await casework.help_hindrance(services, actor, each) for each in known]
    theirs = [case for case, hindrance in zip(known, hindrances, strict=True) if not hindrance]
    if len(theirs) == 1:
        return "", [], theirs[0]
    if not theirs:
        return next((each for each in hindrances if each), none), [], None
    choices = [_choice(services, each, actor) for each in theirs]
    text, blocks = exception_card.ask_which_case(choices, say)
    return text, blocks, None


def _choice(services: Services, case: Case, actor: Actor) -> exception_card.Choice:
    with services.casebook.begin() as connection:
        words = conversations.last_customer_words(connection, case)
    customer = request.name_of(customer_of(services, case.customer_id), actor.say)
    opened = case.opened_at.astimezone(ZoneInfo(actor.person.timezone)).date()
    return exception_card.Choice(case.id, customer, actor.say.day(opened), words)


async def _open(
    services: Services, task: Task, actor: Actor, case: Case | None, trigger_id: str, *, in_window: bool = False
) -> None:
    say = actor.say
    hindrance = await casework.help_hindrance(services, actor, case) or _hindrance(services, actor, case, say)
    if hindrance or case is None:
        view = exception_card.notice(say("Not now"), hindrance or "", say)
    else:
        view = exception_card.ask_modal(
            customer=request.name_of(customer_of(services, case.customer_id), say),
            case_id=case.id,
            currency=services.playbook.policy.cost.currency,
            known=_known(services, case),
            say=say,
        )
    await open_window(services, task, actor, trigger_id, view, push=in_window)


def _known(services: Services, case: Case) -> exception_card.Known:
    """What the case knows already, so that nobody types it twice; what reopened it is the reason (R34)."""
    with services.casebook.begin() as connection:
        asked = requests.of_case(connection, case.workspace, case.id)
        recorded = newest(each for each in facts.of_case(connection, case) if each.holds)
        is_reopened = has_new_facts(connection, case, asked)
    return exception_card.Known(
        fault=asked[-1].fault if asked else "",
        fault_ours=recorded["fault_ours"].value if "fault_ours" in recorded else "",
        cost=recorded["cost"].value if "cost" in recorded else "",
        reason=recorded["new_facts"].why if is_reopened else "",
        new_fact=recorded["new_facts"].why if is_reopened else "",
    )


def _hindrance(services: Services, actor: Actor, case: Case | None, say: Words) -> str | None:
    """Why an exception cannot be asked for; None when it can."""
    if case is None:
        return say("This message is not part of a case. Use the shortcut on a customer's message in a support channel.")
    if actor.setup.approvals_channel is None:
        return say("No approvals channel is set up yet. An administrator can choose one with /aside setup.")
    with services.casebook.begin() as connection:
        stands = _stands(connection, case)
    match stands:
        case ExceptionState.REQUESTED | ExceptionState.SECONDING:
            return say(
                "A request for this case is already with the supervisors. You will hear as soon as it is decided."
            )
        case ExceptionState.ASKED_BACK:
            return say("A request for this case is waiting for an answer to the supervisor's question.")
        case ExceptionState.APPROVED | ExceptionState.USED:
            return say("This case has had its exception, and there is only one.")
        case ExceptionState.DECLINED:
            return say("The request for this case was declined. Only a new fact reopens it.")
    customer = customer_of(services, case.customer_id)
    if customer and customer.entitlement is Entitlement.COVERED:
        return say("This customer is covered, so no exception is needed.")
    return None


def _stands(connection: Connection, case: Case) -> ExceptionState | None:
    """The request that stands in the way of another; a no stands until something is new (R34)."""
    asked = requests.of_case(connection, case.workspace, case.id)
    return rules.hindrance(asked, new_facts=has_new_facts(connection, case, asked))


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in a window before it is taken, a sentence for each box."""
    actor = await actor_of(services, sent.user)
    say = actor.say
    if not actor.role.is_staff:
        return {"fault": say("This is for our support team.")}
    with services.casebook.begin() as connection:
        case = cases.get(connection, services.identity.workspace, sent.private_metadata)
        used = case is not None and window_is_used(services, connection, case)
    if hindrance := await casework.help_hindrance(services, actor, case) or _hindrance(services, actor, case, say):
        return {"fault": hindrance}
    errors: dict[str, str] = {}
    if used and sent.text("fault_ours") != "yes" and actor.role is not Role.SUPERVISOR:
        errors["fault_ours"] = say(
            "This customer has had their exception. You can offer a paid one-off service or a renewal. "
            "A second one is for a supervisor to ask of a manager."
        )
    cost = rules.parse_cost(sent.text("cost"), services.playbook.policy.cost.currency)
    if isinstance(cost, CostError):
        errors["cost"] = exception_card.cost_error_words(cost, say)
    if not sent.text("fault"):
        errors["fault"] = say("Please say what is broken; the supervisor has not seen it.")
    if not sent.text("reason"):
        errors["reason"] = say("Please say why; the supervisor decides from this.")
    return errors


async def on_asked(services: Services, task: Task) -> None:
    """The window was sent off: file the request, put its card before the supervisors, tell the agent.

    The card stands in the case's own thread when the channel is ours alone, which is known when it is sent;
    otherwise, or when it cannot be shown there, in the approvals channel.
    """
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return
    cost = rules.parse_cost(sent.text("cost"), services.playbook.policy.cost.currency)
    with services.casebook.begin() as connection:
        case = cases.get(connection, services.identity.workspace, sent.private_metadata)
    with task.finishing() as connection:
        hindrance = _asked_meanwhile(connection, actor, case)
        if case is None or isinstance(cost, CostError) or hindrance:
            gone = actor.say("This case is no longer on file.")
            tell_directly(services, connection, task, actor, hindrance or gone)
            return
        filed = _file(services, connection, case, actor, sent, cost)
        not_sent = actor.say(
            "Your request is safe and supervisors find it in Aside's Home, but its card could not be shown in the "
            "approvals channel. Please tell an administrator."
        )
        approvals = {"channel": actor.setup.approvals_channel, "thread_ts": None}
        outbox.put(
            connection,
            workspace=case.workspace,
            key=card_key(filed.id),
            kind=SendKind.MESSAGE,
            target={
                "channel": case.channel,
                "thread_ts": case.thread_ts,
                "instead": approvals,
                "tell": sent.user,
                "if_not_sent": {"text": not_sent},
            },
            body=request.card(services, connection, filed, case, actor.say),
            case_id=case.id,
            now=services.clock(),
        )
        request.confirm(services, connection, filed, case, actor.person)


def _asked_meanwhile(connection: Connection, actor: Actor, case: Case | None) -> str | None:
    """Looked at again in the transaction that files the request: somebody may have asked in between."""
    if case and _stands(connection, case):
        return actor.say("Somebody has just asked for this case.")
    return None


def _file(
    services: Services, connection: Connection, case: Case, actor: Actor, sent: Submission, cost: Decimal
) -> ExceptionRequest:
    now = services.clock()
    declined = [
        each for each in requests.of_case(connection, case.workspace, case.id) if each.state is ExceptionState.DECLINED
    ]
    recorded = newest(each for each in facts.of_case(connection, case) if each.holds)
    filed = ExceptionRequest(
        workspace=case.workspace,
        id=ids.new_id(),
        case_id=case.id,
        customer_id=case.customer_id,
        requested_by=sent.user,
        requested_at=moment(services),
        concession=Concession(sent.text("concession")),
        fault=sent.text("fault"),
        cost=cost,
        currency=services.playbook.policy.cost.currency,
        reason=sent.text("reason"),
        fault_ours=sent.text("fault_ours") or "unknown",
        evidence=sent.text("evidence"),
        reopens=declined[-1].id if declined else None,
        new_fact=recorded["new_facts"].why if declined and "new_facts" in recorded else "",
    )
    policy = services.playbook.policy
    due = rules.due_next(filed, None, moment(services), policy.approval, policy.hours)
    if due:
        filed = filed.model_copy(update={"due_at": due[0], "due_move": due[1]})
    requests.write(connection, filed)
    values = {"cost": str(cost), "fault_ours": filed.fault_ours}
    if filed.fault_ours != "yes":  # then no mistake of ours that was named before may be said to the customer
        known = current(facts.of_case(connection, case))
        values |= {each.value: "no" for each in MISTAKE_FACTS if known.get(each) == "yes"}
    for name, value in values.items():
        facts.record(connection, case, name, value, by=actor.person.user_id, why=filed.reason, now=now)
    cases.await_decision(connection, case, by=actor.person.user_id, now=now)
    audit.write(
        connection,
        workspace=case.workspace,
        actor=actor.person.user_id,
        subject="exception",
        subject_id=filed.id,
        move="reopen" if filed.reopens else "ask",
        after=filed.state,
        why="\n".join(each for each in (filed.new_fact, filed.reason) if each),
        now=now,
    )
    return filed
