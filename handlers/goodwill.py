"""Goodwill in the thread: asked for by an agent, decided by a supervisor, told in lines that are now true."""

from datetime import timedelta

from slack_sdk.errors import SlackApiError
from sqlalchemy import Connection

from bot import goodwill as rules
from bot.blocks import body
from bot.cards import exception as exception_card
from bot.cards.whisper import footer
from bot.case import Case, CaseState
from bot.coaching import advise_on
from bot.entitlement import Entitlement
from bot.goodwill import Concession, CostError, ExceptionRequest, ExceptionState, Refusal, Verdict
from bot.i18n import Words, words
from bot.language import language_of_locale, language_of_text
from bot.setup import Person
from bot.visibility import Surface, may_show
from handlers import deliver, inbound, people
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import Standing, customer_of, moment, situation, window_is_used
from handlers.worker import Task
from storage import audit, cases, outbox
from storage import goodwill as requests
from storage.outbox import SendKind

FACT_OF_STATE = {
    ExceptionState.REQUESTED: "exception_requested",
    ExceptionState.APPROVED: "exception_approved",
    ExceptionState.DECLINED: "exception_declined",
}


async def on_ask(services: Services, task: Task) -> None:
    """The button on a whisper: open the window."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        advice = cases.stored_advice(connection, services.identity.workspace, click.value)
        case = cases.get(connection, services.identity.workspace, advice.case_id) if advice else None
    await _open(services, task, actor, case, click.trigger_id)


async def on_shortcut(services: Services, task: Task) -> None:
    """The shortcut on a message of the case: open the window."""
    shortcut = inbound.shortcut(task.entry.payload)
    actor = await admit(services, task, shortcut.user, shortcut.response_url)
    if actor is None:
        return
    thread = shortcut.thread_ts or shortcut.message_ts
    with services.casebook.begin() as connection:
        case = cases.of_thread(connection, services.identity.workspace, shortcut.channel, thread)
    await _open(services, task, actor, case, shortcut.trigger_id)


async def _open(services: Services, task: Task, actor: Actor, case: Case | None, trigger_id: str) -> None:
    say = actor.say
    hindrance = _hindrance(services, actor, case, say)
    if hindrance or case is None:
        view = exception_card.notice(say("Not now"), hindrance or "", say)
    else:
        customer = customer_of(services, case.customer_id)
        view = exception_card.ask_modal(
            customer=customer.record.customer.name if customer else say("a customer not on file"),
            case_id=case.id,
            currency=services.playbook.policy.cost.currency,
            say=say,
        )
    await open_window(services, task, actor, trigger_id, view)


def _hindrance(services: Services, actor: Actor, case: Case | None, say: Words) -> str | None:
    """Why an exception cannot be asked for; None when it can."""
    if case is None:
        return say("This message is not part of a case. Use the shortcut on a customer's message in a support channel.")
    if actor.setup.approvals_channel is None:
        return say("No approvals channel is set up yet. An administrator can choose one with /aside setup.")
    with services.casebook.begin() as connection:
        asked = requests.of_case(connection, case.workspace, case.id)
        used = window_is_used(services, connection, case)
    if any(each.state is ExceptionState.REQUESTED for each in asked):
        return say("A request for this case is already with the supervisors. You will hear as soon as it is decided.")
    if any(each.state is ExceptionState.APPROVED for each in asked):
        return say("This case has had its exception, and there is only one.")
    if asked:
        return say("The request for this case was declined. Only a new fact reopens it.")
    if used:
        return say("This customer has had their exception. You can offer a paid one-off service or a renewal.")
    return None


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in a window before it is taken, a sentence for each box."""
    if sent.callback_id not in {exception_card.ASK_VIEW, exception_card.DECLINE_VIEW}:
        return {}
    actor = await actor_of(services, sent.user)
    say = actor.say
    if sent.callback_id == exception_card.DECLINE_VIEW:
        missing = not sent.text("reason")
        return {"reason": exception_card.refusal_words(Refusal.REASON_MISSING, say)} if missing else {}
    errors: dict[str, str] = {}
    with services.casebook.begin() as connection:
        case = cases.get(connection, services.identity.workspace, sent.private_metadata)
    hindrance = _hindrance(services, actor, case, say)
    if hindrance:
        return {"fault": hindrance}
    cost = rules.parse_cost(sent.text("cost"))
    if isinstance(cost, CostError):
        errors["cost"] = exception_card.cost_error_words(cost, say)
    if not sent.text("fault"):
        errors["fault"] = say("Please say what is broken; the supervisor has not seen it.")
    if not sent.text("reason"):
        errors["reason"] = say("Please say why; the supervisor decides from this.")
    return errors


async def on_asked(services: Services, task: Task) -> None:
    """The window was sent off: file the request, put the card before the supervisors, tell the agent."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return
    workspace = services.identity.workspace
    cost = rules.parse_cost(sent.text("cost"))
    with services.casebook.begin() as connection:
        case = cases.get(connection, workspace, sent.private_metadata)
    hindrance = _hindrance(services, actor, case, actor.say)
    if case is None or isinstance(cost, CostError) or hindrance:
        with task.finishing() as connection:
            tell_directly(services, connection, task, actor, hindrance or actor.say("This case is no longer on file."))
        return
    request = ExceptionRequest(
        workspace=workspace,
        id=cases.new_id(),
        case_id=case.id,
        customer_id=case.customer_id,
        requested_by=sent.user,
        requested_at=moment(services),
        concession=Concession(sent.text("concession")),
        fault=sent.text("fault"),
        cost=cost,
        currency=services.playbook.policy.cost.currency,
        reason=sent.text("reason"),
    )
    target = await _where_to_decide(services, case, actor)
    link = await _link(services, case)
    with task.finishing() as connection:
        _file(services, connection, request, case, actor, sent.text("fault_ours"))
        text, blocks = _card(services, connection, request, case, link, actor.say)
        not_sent = actor.say(
            "Your request is safe, but its card could not be shown to the supervisors. Please tell an administrator."
        )
        outbox.put(
            connection,
            workspace=workspace,
            key=card_key(request),
            kind=SendKind.MESSAGE,
            target={**target, "tell": sent.user, "if_not_sent": {"text": not_sent}},
            body=body(text, blocks),
            case_id=case.id,
            now=services.clock(),
        )
        _tell_agent(services, connection, request, case, actor.person)


def card_key(request: ExceptionRequest) -> str:
    """The outbox key of a request's card."""
    return f"exception:{request.id}"


async def _where_to_decide(services: Services, case: Case, actor: Actor) -> dict[str, str]:
    """The case's own thread when the channel is ours alone, otherwise the approvals channel."""
    channel = await people.channel_now(services, case.channel)
    if may_show(Surface.VISIBLE, channel=channel) is None:
        return {"channel": case.channel, "thread_ts": case.thread_ts}
    return {"channel": actor.setup.approvals_channel or ""}


async def _link(services: Services, case: Case) -> str:
    try:
        answer = await services.client.chat_getPermalink(channel=case.channel, message_ts=case.thread_ts)
    except (*people.UNREACHABLE, SlackApiError):
        return ""
    return str(answer["permalink"])


def _file(
    services: Services,
    connection: Connection,
    request: ExceptionRequest,
    case: Case,
    actor: Actor,
    fault_ours: str,
) -> None:
    now = services.clock()
    requests.write(connection, request)
    for name, value in (("cost", str(request.cost)), ("fault_ours", fault_ours or "unknown")):
        cases.record_fact(connection, case, name, value, by=actor.person.user_id, why=request.reason, now=now)
    cases.move(connection, case, CaseState.WAITING)
    audit.write(
        connection,
        workspace=request.workspace,
        actor=actor.person.user_id,
        subject="exception",
        subject_id=request.id,
        move="ask",
        after=request.state,
        why=request.reason,
        now=now,
    )


def _card(
    services: Services,
    connection: Connection,
    request: ExceptionRequest,
    case: Case,
    link: str,
    say: Words,
) -> tuple[str, list[dict[str, object]]]:
    customer = customer_of(services, case.customer_id)
    policy = services.playbook.policy.goodwill
    since = moment(services) - timedelta(days=policy.window_days)
    granted = (
        requests.granted_at(connection, case.workspace, case.customer_id, but_not=case.id) if case.customer_id else []
    )
    within = [each for each in granted if each > since]
    return exception_card.card(
        request,
        customer=_name(customer, say),
        entitlement=customer.entitlement if customer else Entitlement.UNKNOWN,
        granted_on=within[-1].date() if within else None,
        window_days=policy.window_days,
        link=link,
        say=say,
    )


def _name(customer: Standing | None, say: Words) -> str:
    return customer.record.customer.name if customer else say("a customer not on file")


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
        request = requests.get(connection, services.identity.workspace, click.value)
        case = cases.get(connection, services.identity.workspace, request.case_id) if request else None
    hindrance = request and _refusal(request, case, Verdict.DECLINE, actor, "asked next")
    if request is None or hindrance:
        with task.finishing() as connection:
            _refuse(services, connection, task, actor, hindrance or Refusal.ALREADY_DECIDED, click.response_url)
        return
    view = exception_card.decline_modal(request.id, actor.say)
    await open_window(services, task, actor, click.trigger_id, view)


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
    """Who clicked decides, in one transaction: state, audit row, card and the word to the agent."""
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        before = requests.get(connection, workspace, request_id)
        case = cases.get(connection, workspace, before.case_id) if before else None
    if before is None or case is None:
        return
    asker = await people.look_up(services, before.requested_by)
    link = await _link(services, case)
    with task.finishing() as connection:
        before = requests.get(connection, workspace, request_id) or before
        refused = _refusal(before, case, verdict, actor, reason)
        if refused:
            _refuse(services, connection, task, actor, refused, response_url)
            return
        after = rules.decided(before, verdict, actor=actor.person.user_id, reason=reason, now=moment(services))
        if not requests.settle(connection, before, after):
            _refuse(services, connection, task, actor, Refusal.ALREADY_DECIDED, response_url)
            return
        audit.write(
            connection,
            workspace=workspace,
            actor=actor.person.user_id,
            subject="exception",
            subject_id=after.id,
            move=verdict,
            before=before.state,
            after=after.state,
            why=after.decision_reason,
            now=services.clock(),
        )
        cases.move(connection, case, CaseState.DECIDED)
        text, blocks = _card(services, connection, after, case, link, actor.say)
        outbox.put(
            connection,
            workspace=workspace,
            key=f"{card_key(after)}:{after.state}",
            kind=SendKind.UPDATE,
            target={"of": card_key(after)},
            body=body(text, blocks),
            case_id=case.id,
            now=services.clock(),
        )
        _tell_agent(services, connection, after, case, asker)


def _refusal(
    request: ExceptionRequest, case: Case | None, verdict: Verdict, actor: Actor, reason: str
) -> Refusal | None:
    return rules.refusal(
        request,
        verdict,
        actor=actor.person.user_id,
        role=actor.role,
        reason=reason,
        case_agent=case.agent if case else None,
    )


def _refuse(
    services: Services, connection: Connection, task: Task, actor: Actor, refused: Refusal, response_url: str
) -> None:
    """Never a silent click."""
    sentence = {"text": exception_card.refusal_words(refused, actor.say)}
    if response_url:
        deliver.reply(
            connection,
            workspace=task.entry.workspace,
            key=f"{task.entry.key}:refused",
            response_url=response_url,
            person=actor.person.user_id,
            body=sentence,
            now=services.clock(),
        )
    else:
        tell_directly(services, connection, task, actor, sentence["text"])


def _tell_agent(
    services: Services, connection: Connection, request: ExceptionRequest, case: Case, asker: Person
) -> None:
    """The news, and the lines that have become true with it."""
    reader = language_of_locale(asker.locale)
    say = words(reader)
    customer = customer_of(services, case.customer_id)
    text, blocks = exception_card.told_agent(request, customer=_name(customer, say), say=say)
    current, _ = situation(services, connection, case, customer)
    spoken = language_of_text(cases.last_customer_words(connection, case), reader)
    concession = exception_card.concession_words(request.concession, words(spoken))
    current = current.model_copy(update={"values": {**current.values, "concession": concession}})
    advice = advise_on(
        services.playbook,
        FACT_OF_STATE[request.state],
        situation=current,
        language=spoken,
    )
    now = services.clock()
    if advice:
        advice_id = cases.write_advice(
            connection, case, message_ts=case.thread_ts, person=asker.user_id, given=advice, now=now
        )
        play = services.playbook.words[reader].plays[advice.plays[0]]
        blocks += exception_card.fact_lines([line.text for line in advice.lines], play.next_step, say)
        blocks.append(footer(advice_id, say))
    deliver.whisper(
        connection,
        workspace=case.workspace,
        key=f"{card_key(request)}:{request.state}:agent",
        channel=case.channel,
        thread_ts=case.thread_ts if cases.has_thread(connection, case) else None,
        person=asker.user_id,
        body=body(text, blocks),
        case_id=case.id,
        now=now,
    )
