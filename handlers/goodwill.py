"""Asking for a goodwill exception: from a whisper, a message or `/exception`, in a short window."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot import goodwill as rules
from bot.amounts import CostError, parse_cost
from bot.blocks import Block, body
from bot.cards import doing as doing_card
from bot.cards import earlier as earlier_card
from bot.cards import exception as exception_card
from bot.case import Case
from bot.entitlement import Entitlement
from bot.facts import MISTAKE_FACTS, current, newest
from bot.found import Match
from bot.goodwill import ExceptionRequest, ExceptionState
from bot.i18n import Words
from bot.message import Role
from bot.playbook import Action
from bot.policy import Concession
from bot.working_hours import desk_day
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
            workspace = services.identity.workspace
            known = which_case.open_in_channel(connection, workspace, command.channel, since=since)
            known = known or which_case.open_in_channel(connection, workspace, command.channel, since=0.0)
        none = say(
            "There is no open case in this channel. Type /exception and a customer, or use the message shortcut."
        )
    hindrances = [await casework.help_hindrance(services, actor, each) for each in known]
    theirs = [case for case, hindrance in zip(known, hindrances, strict=True) if not hindrance]
    if len(theirs) == 1:
        return "", [], theirs[0]
    if not theirs:
        return next((each for each in hindrances if each), none), [], None
    choices = [choice(services, each, actor) for each in theirs]
    text, blocks = exception_card.ask_which_case(choices, say)
    return text, blocks, None


def choice(services: Services, case: Case, actor: Actor) -> exception_card.Choice:
    """A case that may be meant, as somebody recognises it."""
    with services.casebook.begin() as connection:
        words = conversations.last_customer_words(connection, case)
    customer = request.name_of(customer_of(services, case.customer_id), actor.say)
    opened = case.opened_at.astimezone(ZoneInfo(actor.person.timezone)).date()
    return exception_card.Choice(case.id, customer, actor.say.day(opened), words)


async def _open(
    services: Services, task: Task, actor: Actor, case: Case | None, trigger_id: str, *, in_window: bool = False
) -> None:
    say = actor.say
    barred = await casework.help_hindrance(services, actor, case)
    hindrance = barred or _hindrance(services, actor, case, say)
    if hindrance or case is None:
        stands = _stands_in(services, case) if case and not barred else None
        at_limit = stands in rules.GRANTED and case is not None and _is_used(services, case)
        instead = (
            [doing_card.row([Action.NEW_FACTS], case.id, say)] if case and stands is ExceptionState.DECLINED else []
        )
        view = exception_card.notice(say("Not now"), hindrance or "", say, more=instead)
    else:
        with services.casebook.begin() as connection:
            earlier = request.earlier(services, connection, case)
            at_limit = window_is_used(services, connection, case)
            noes = _noes_elsewhere(services, connection, case)
        view = exception_card.ask_modal(
            customer=request.name_of(customer_of(services, case.customer_id), say),
            case_id=case.id,
            currency=services.playbook.policy.cost.currency,
            known=_known(services, case),
            earlier=earlier_card.in_window(earlier, noes, say, window_used=at_limit),
            say=say,
        )
    await open_window(services, task, actor, trigger_id, view, push=in_window)
    if case and at_limit and not task.is_finished:
        with task.finishing() as connection:
            requests.note_at_limit(connection, case, by=actor.person.user_id, now=services.clock())


def _is_used(services: Services, case: Case) -> bool:
    """Whether the customer had their exceptions of the window, this case's own among them."""
    with services.casebook.look() as connection:
        return window_is_used(services, connection, case, own=True)


def _stands_in(services: Services, case: Case) -> ExceptionState | None:
    with services.casebook.begin() as connection:
        return _stands(connection, case)


def _noes_elsewhere(services: Services, connection: Connection, case: Case) -> list[ExceptionRequest]:
    """The noes that the customer heard in other cases, newest first; none once this case has a no of its own (R34).

    They forbid nothing: another problem is a new request. Whoever asks says whether it is the same one.
    """
    noes = request.earlier(services, connection, case).noes
    return [] if any(each.case_id == case.id for each in noes) else list(noes)


def _known(services: Services, case: Case) -> exception_card.Known:
    """What the case knows already, so that nobody types it twice; what reopened it is the reason (R34).

    Whose fault it is was said before the new fact was known, so it is asked anew, unless it was written down since.
    """
    with services.casebook.begin() as connection:
        asked = requests.of_case(connection, case.workspace, case.id)
        recorded = newest(each for each in facts.of_case(connection, case) if each.holds)
        is_reopened = has_new_facts(connection, case, asked)
    last = asked[-1] if asked else None
    ours = recorded.get("fault_ours")
    if ours and is_reopened and ours.at < recorded["new_facts"].at:
        ours = None
    cost = recorded["cost"].value if "cost" in recorded else ""
    return exception_card.Known(
        fault=last.fault if last else "",
        fault_ours=ours.value if ours else "",
        cost=str(last.cost) if last and not cost else cost,
        concession=last.concession if last else "",
        reason=recorded["new_facts"].why if is_reopened else last.reason if last else "",
        evidence=last.evidence if last else "",
        new_fact=recorded["new_facts"].why if is_reopened else "",
    )


def _hindrance(services: Services, actor: Actor, case: Case | None, say: Words) -> str | None:
    """Why an exception cannot be asked for; None when it can."""
    if case is None:
        return say("This message is not part of a case. Use the shortcut on a customer's message in a support channel.")
    if actor.setup.approvals_channel is None:
        return say("No approvals channel is set up yet. An administrator can choose one with /aside setup.")
    match _stands_in(services, case):
        case ExceptionState.REQUESTED | ExceptionState.SECONDING:
            return say(
                "A request for this case is already with the supervisors. You will hear as soon as it is decided."
            )
        case ExceptionState.ASKED_BACK:
            return say("A request for this case is waiting for an answer to the supervisor's question.")
        case ExceptionState.APPROVED | ExceptionState.USED:
            goodwill = services.playbook.policy.goodwill
            return say(
                "This case has had its exception; a customer has {most} in {days} days. "
                "A paid one-off service or a renewal is always possible.",
                most=goodwill.exceptions_per_window,
                days=goodwill.window_days,
            )
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
        earlier = request.earlier(services, connection, case) if case else None
        noes = _noes_elsewhere(services, connection, case) if case else []
    if hindrance := await casework.help_hindrance(services, actor, case) or _hindrance(services, actor, case, say):
        return {"fault": hindrance}
    errors = _unsaid_after_a_no(sent, noes, services.playbook.policy.hours.timezone, say)
    if used and earlier and sent.text("fault_ours") != "yes" and actor.role is not Role.SUPERVISOR:
        errors["fault_ours"] = earlier_card.used_words(earlier, say)
    cost = parse_cost(sent.text("cost"), services.playbook.policy.cost.currency)
    if isinstance(cost, CostError):
        errors["cost"] = exception_card.cost_error_words(cost, say)
    if not sent.text("fault"):
        errors["fault"] = say("Please say what is broken; the supervisor has not seen it.")
    if not sent.text("reason"):
        errors["reason"] = say("Please say why; the supervisor decides from this.")
    return errors


def _unsaid_after_a_no(sent: Submission, noes: Sequence[ExceptionRequest], timezone: str, say: Words) -> dict[str, str]:
    """After a no in another case: what is new or different; a window opened before that no cannot say it."""
    if not noes or (sent.text("same_problem") and sent.text("new_fact")):
        return {}
    if sent.text("same_problem"):
        return {"new_fact": say("Please say what is new or different; the supervisor sees the earlier no.")}
    declined_at = noes[0].decided_at
    day = say.day(desk_day(declined_at, timezone)) if declined_at else ""
    return {
        "fault": say(
            "On {day} a request of this customer was declined. Please close this window and ask again; "
            "it then asks what is new or different.",
            day=day,
        )
    }


async def on_asked(services: Services, task: Task) -> None:
    """The window was sent off: file the request, put its card before the supervisors, tell the agent.

    The card stands in the case's own thread when the channel is ours alone, which is known when it is sent;
    otherwise, or when it cannot be shown there, in the approvals channel.
    """
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return
    cost = parse_cost(sent.text("cost"), services.playbook.policy.cost.currency)
    with task.finishing() as connection:
        cases.hold(connection, services.identity.workspace, sent.private_metadata)
        case = cases.get(connection, services.identity.workspace, sent.private_metadata)
        if case is None or isinstance(cost, CostError):
            tell_directly(services, connection, task, actor, actor.say("This case is no longer on file."))
            return
        filed = None if _stands(connection, case) else _file(services, connection, case, actor, sent, cost)
        if filed is None:  # looked at again here, since somebody may have asked in between
            tell_directly(services, connection, task, actor, actor.say("Somebody has just asked for this case."))
            return
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


def _file(
    services: Services, connection: Connection, case: Case, actor: Actor, sent: Submission, cost: Decimal
) -> ExceptionRequest | None:
    """The request as it is filed; None when the case has an open one."""
    now = services.clock()
    reopens, new_fact = _reopened(services, connection, case, sent)
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
        reopens=reopens,
        new_fact=new_fact,
    )
    policy = services.playbook.policy
    due = rules.due_next(filed, None, moment(services), policy.approval, policy.hours)
    if due:
        filed = filed.model_copy(update={"due_at": due[0], "due_move": due[1]})
    if not requests.write(connection, filed):
        return None
    values = {"cost": str(cost), "fault_ours": filed.fault_ours}
    if filed.fault_ours != "yes":  # then no mistake of ours that was named before may be said to the customer
        known = current(facts.of_case(connection, case))
        values |= {each.value: "no" for each in MISTAKE_FACTS if known.get(each) == "yes"}
    for name, value in values.items():
        facts.record(connection, case, name, value, by=actor.person.user_id, why=filed.reason, now=now)
    cases.await_decision(connection, case, by=actor.person.user_id, now=now)
    _take_if_nobody_has_it(connection, case, actor, now)
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


def _reopened(services: Services, connection: Connection, case: Case, sent: Submission) -> tuple[str | None, str]:
    """Which no it asks to look at again, and what is new since then; or how it is another problem (R34)."""
    noes = _noes_elsewhere(services, connection, case)
    if noes and sent.text("same_problem"):
        return (noes[0].id if sent.text("same_problem") == earlier_card.SAME else None), sent.text("new_fact")
    asked = requests.of_case(connection, case.workspace, case.id)
    declined = [each for each in asked if each.state is ExceptionState.DECLINED]
    if not declined:
        return None, ""
    recorded = newest(each for each in facts.of_case(connection, case) if each.holds)
    return declined[-1].id, recorded["new_facts"].why if "new_facts" in recorded else ""


def _take_if_nobody_has_it(connection: Connection, case: Case, actor: Actor, now: float) -> None:
    """Whoever asks for the customer handles the case, if nobody does, so that what comes next reaches them.

    A supervisor who asks stays out of the customer's sight (R30).
    """
    if case.agent or actor.role is not Role.AGENT:
        return
    cases.hand_over(connection, case, actor.person.user_id)
    audit.write(
        connection,
        workspace=case.workspace,
        actor=actor.person.user_id,
        subject="case",
        subject_id=case.id,
        move="handle",
        after=actor.person.user_id,
        why="asked for an exception while nobody handled it",
        now=now,
    )
