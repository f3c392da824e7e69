"""A supervisor records what was promised, or questions the evidence (R25): who clicked decides, nobody their own."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from bot import promise_moves as rules
from bot.amounts import CostError, parse_cost
from bot.authority import authorities
from bot.cards import exception as exception_card
from bot.cards import promise_scope as card
from bot.case import Case
from bot.i18n import Words
from bot.policy import Concession
from bot.promise_moves import Decider, knows_of_it, whom_next
from bot.promises import Scope, Verification, VerificationMove
from bot.working_hours import desk_day
from handlers import casework, inbound, people, verifying
from handlers.guard import Actor, actor_of, admit, open_window, tell_directly
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import customer_of, moment
from handlers.worker import Task
from storage import cases, promises
from storage import workspace as workspaces

MOVE_OF = {card.RECORD_VIEW: VerificationMove.RECORD, card.QUESTION_VIEW: VerificationMove.QUESTION}


async def on_record(services: Services, task: Task) -> None:
    """Record the scope: first ask for it."""
    await _open(services, task, VerificationMove.RECORD)


async def on_question(services: Services, task: Task) -> None:
    """Question the evidence: first ask why."""
    await _open(services, task, VerificationMove.QUESTION)


async def _open(services: Services, task: Task, wanted: VerificationMove) -> None:
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.look() as connection:
        asked = promises.get(connection, services.identity.workspace, click.value)
        refused = _refused(services, connection, asked, wanted, actor)
    if refused or asked is None:
        with task.finishing() as connection:
            casework.answer(services, connection, task, actor, click.response_url, refused or "")
        return
    currency = services.playbook.policy.cost.currency
    is_scope = wanted is VerificationMove.RECORD
    view = card.record_modal(asked, currency, actor.say) if is_scope else card.question_modal(asked, actor.say)
    await open_window(services, task, actor, click.trigger_id, view)


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in the window before it is taken, a sentence for each box."""
    actor = await actor_of(services, sent.user)
    say, wanted = actor.say, MOVE_OF[sent.callback_id]
    box = "what" if wanted is VerificationMove.RECORD else "reason"
    with services.casebook.look() as connection:
        asked = promises.get(connection, services.identity.workspace, sent.private_metadata)
        refused = _refused(services, connection, asked, wanted, actor)
    if refused:
        return {box: refused}
    errors: dict[str, str] = {}
    if wanted is VerificationMove.QUESTION:
        return {} if sent.text("reason") else {"reason": say("Please write what is missing; sales is asked with it.")}
    if not sent.text("concession"):
        errors["concession"] = say("Please choose what was promised.")
    if not sent.text("what"):
        errors["what"] = say("Please write what was promised; whoever talks to the customer goes by it.")
    if sent.text("concession") == Concession.EXTENSION and not sent.text("until"):
        errors["until"] = say("Please choose the last day of the extension.")
    errors |= _mistaken_end(services, sent, say)
    cap = _cap(services, sent)
    if isinstance(cap, CostError):
        errors["cap"] = exception_card.cost_error_words(cap, say)
    return errors


def _mistaken_end(services: Services, sent: Submission, say: Words) -> dict[str, str]:
    """A day in the past would end the promise at once: by no slip, but where somebody says that it is over."""
    day, hours = sent.text("until"), services.playbook.policy.hours
    past = bool(day) and date.fromisoformat(day) < desk_day(moment(services), hours.timezone)
    says_over = bool(sent.many("over"))
    if past and not says_over:
        return {"until": say("That day has passed. Please choose a later one, or tick below that the promise is over.")}
    if says_over and not past:
        return {"over": say("This is only for a promise whose last day has passed. Choose that day, or untick this.")}
    return {}


def _cap(services: Services, sent: Submission) -> Decimal | CostError | None:
    text = sent.text("cap")
    return parse_cost(text, services.playbook.policy.cost.currency) if text else None


def _refused(
    services: Services, connection: Connection, asked: Verification | None, wanted: VerificationMove, actor: Actor
) -> str | None:
    """Why not, in a sentence; None when they may. The role is read at the click."""
    if asked is None:
        return actor.say("This question is no longer on file.")
    case = cases.get(connection, asked.workspace, asked.case_id)
    refused = rules.scope_refusal(asked, wanted, _decider(services, connection, asked, case, actor))
    return card.refusal_words(refused, asked, actor.say) if refused else None


def _decider(
    services: Services, connection: Connection, asked: Verification, case: Case | None, actor: Actor
) -> Decider:
    user = actor.person.user_id
    since = services.clock() - people.GROUPS_TOO_OLD_SECONDS
    groups = workspaces.groups(connection, asked.workspace, since=since)
    setup = workspaces.setup(connection, asked.workspace)
    return Decider(
        user=user,
        held=authorities(user, actor.role, setup, groups, moment(services)),
        took_part=case is None or verifying.took_part(connection, case, user),
    )


async def on_sent(services: Services, task: Task) -> None:
    """The window was sent off: the scope stands, or sales is asked anew; unless somebody was quicker."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return
    workspace, policy, move = services.identity.workspace, services.playbook.policy, MOVE_OF[sent.callback_id]
    with services.casebook.look() as connection:
        known = promises.get(connection, workspace, sent.private_metadata)
        case = cases.get(connection, workspace, known.case_id) if known else None
    whom, hear = None, verifying.Hearers()
    if known and case:
        whom = await _whom(services, known, case, actor) if move is VerificationMove.QUESTION else None
        hear = await verifying.hearers(services, known, case, move, whom)
    with task.finishing() as connection:
        if case:
            cases.hold(connection, workspace, case.id)
        before = promises.get(connection, workspace, sent.private_metadata)
        refused = _refused(services, connection, before, move, actor)
        if refused is None and before != known:
            refused = _changed(actor)
        if refused is None and move is VerificationMove.QUESTION and whom is None:
            refused = actor.say("Nobody in sales can be asked anew. Your question changed nothing.")
        if refused or before is None or case is None:
            tell_directly(services, connection, task, actor, refused or "")
            return
        now, question = moment(services), sent.text("reason")
        scope = _scope(services, sent, actor) if move is VerificationMove.RECORD else None
        after = rules.moved(
            before,
            move,
            now=now,
            policy=policy.verification,
            hours=policy.hours,
            scope=scope,
            whom=whom,
            by=actor.person.user_id,
            question=question,
        )
        why = question or (scope.what if scope else "")
        actor_id = actor.person.user_id
        lapses = scope is not None and rules.is_over(scope, now, policy.hours)
        if not verifying.make(
            services, connection, before=before, after=after, move=move, case=case, actor=actor_id, hear=hear, why=why,
            is_silent=lapses,
        ):  # fmt: skip
            tell_directly(services, connection, task, actor, _changed(actor))
            return
        if lapses:  # what was promised for a time that is over is told as that, and as nothing else
            over = rules.moved(after, VerificationMove.LAPSE, now=now, policy=policy.verification, hours=policy.hours)
            verifying.make(
                services, connection, before=after, after=over, move=VerificationMove.LAPSE, case=case, actor=actor_id,
                hear=hear,
            )  # fmt: skip


def _changed(actor: Actor) -> str:
    return actor.say("It changed while this was being decided. Please look at it and try again.")


async def _whom(services: Services, known: Verification, case: Case, actor: Actor) -> str | None:
    """Who is asked anew: whoever said yes, if they are still here; else the next in line."""
    customer = customer_of(services, case.customer_id)
    candidates = await verifying.can_be_asked(services, customer, knows_of_it(known))
    fresh = known.model_copy(update={"round_told": len(known.told)})
    return whom_next(fresh, [each for each in candidates if each != actor.person.user_id])


def _scope(services: Services, sent: Submission, actor: Actor) -> Scope:
    """What the window says; the mistakes in it have been found before."""
    cap, day = _cap(services, sent), sent.text("until")
    return Scope(
        concession=Concession(sent.text("concession")),
        what=sent.text("what"),
        until=date.fromisoformat(day) if day else None,
        cap=None if isinstance(cap, CostError) else cap,
        currency=services.playbook.policy.cost.currency,
        by=actor.person.user_id,
        at=moment(services),
    )
