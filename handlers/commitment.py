"""Writing commitments down, that they were kept or get a new time, and that one is due or was missed (R33)."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.blocks import Block, escaped
from bot.cards import commitment as commitment_card
from bot.cards import exception as exception_card
from bot.case import Case
from bot.commitments import (
    OWED,
    Commitment,
    CommitmentMove,
    due_error,
    due_words,
    made,
    moved,
    next_due,
)
from bot.sales import OpportunityState
from bot.working_hours import after as working_time_after
from bot.working_hours import days as working_days
from handlers import casework, inbound, news
from handlers.casework import Doing
from handlers.guard import actor_of, open_window
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import moment
from handlers.worker import Task
from storage import audit, commitments, facts, ids, opportunities


async def on_commit(services: Services, task: Task) -> None:
    """The button: what, and by when."""
    await casework.open_form(services, task, lambda doing: _window(services, doing))


async def on_follow_up(services: Services, task: Task) -> None:
    """The button beside the news of a sale: the same window, with what to do and the policy's time in it (R42)."""
    await casework.open_form(services, task, lambda doing: _follow_up(services, doing))


def _follow_up(services: Services, doing: Doing) -> Block:
    policy, say = services.playbook.policy, doing.actor.say
    with services.casebook.look() as connection:
        written = _followed_up(connection, doing.case)
    if written:
        return exception_card.notice(say("Not now"), _written_already(written, doing), say)
    wait = working_days(policy.sales.follow_up_days, policy.hours)
    return commitment_card.commit_modal(
        customer=doing.customer,
        case_id=doing.case.id,
        suggested=working_time_after(moment(services), wait, policy.hours).replace(second=0, microsecond=0),
        follow_up=say("Ask how it is going since the renewal"),
        say=say,
    )


def _followed_up(connection: Connection, case: Case) -> Commitment | None:
    """What is still owed of what was written down since the sale, as the report counts follow-ups; None for nothing."""
    sold = opportunities.of_case(connection, case.workspace, case.id)
    if sold is None or sold.state is not OpportunityState.WON or sold.settled_at is None:
        return None
    owed = [each for each in commitments.of_case(connection, case.workspace, case.id) if each.state in OWED]
    return next((each for each in owed if each.made_at >= sold.settled_at), None)


def _written_already(commitment: Commitment, doing: Doing) -> str:
    """A follow-up is written down once for a sale."""
    return doing.actor.say(
        "Since the sale this is written down and still open: “{text}”, due {due}. "
        "Keep it, or give it a new time in the case's window.",
        text=commitment.text,
        due=_by_their_clock(commitment, doing),
    )


def _window(services: Services, doing: Doing) -> Block:
    return commitment_card.commit_modal(
        customer=doing.customer, case_id=doing.case.id, suggested=_suggested(services), say=doing.actor.say
    )


def _suggested(services: Services) -> datetime:
    """The full hour after the next."""
    return moment(services).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """Something to do, and a time that is still to come."""
    say = (await actor_of(services, sent.user)).say
    errors: dict[str, str] = {}
    if not sent.text("text"):
        errors["text"] = say("Please write what we will do.")
    if error := due_error(sent.moment("due"), moment(services)):
        errors["due"] = commitment_card.due_error_words(error, say)
    return errors


async def on_committed(services: Services, task: Task) -> None:
    """The window was sent off: write it down, and give the line that tells the time."""
    sent = inbound.submission(task.entry.payload)
    doing = await casework.by_submission(services, task, sent)
    due_at = sent.moment("due")
    if doing is None or due_at is None:
        return
    case, actor, say = doing.case, doing.actor, doing.actor.say
    policy, is_follow_up = services.playbook.policy, sent.callback_id == commitment_card.FOLLOW_UP_VIEW
    written = made(
        Commitment(
            workspace=case.workspace,
            id=ids.new_id(),
            case_id=case.id,
            text=sent.text("text"),
            due_at=due_at,
            timezone=actor.person.timezone,
            made_by=actor.person.user_id,
            made_at=moment(services),
        ),
        policy.commitments,
        policy.hours,
    )
    with task.finishing() as connection:
        if is_follow_up and (already := _followed_up(connection, case)):
            casework.answer(services, connection, task, actor, "", escaped(_written_already(already, doing)))
            return
        commitments.write(connection, written)
        facts.record(
            connection,
            case,
            "commitment_recorded",
            "yes",
            by=written.made_by,
            why=written.text,
            now=services.clock(),
        )
        audit.write(
            connection,
            workspace=case.workspace,
            actor=written.made_by,
            subject="commitment",
            subject_id=written.id,
            move="make",
            after=written.state,
            why=written.text,
            now=services.clock(),
        )
        lines: list[Block] = []
        if not is_follow_up:  # of a follow-up the customer was told no time, and waits for nothing
            lines, _ = news.said_now(services, connection, case, actor.person, "commitment_recorded", about=written)
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"commitment:{written.id}:told",
            text=say("Written down, due {due}.", due=due_words(due_at, written.timezone, say.language)),
            blocks=[*commitment_card.blocks(written, written.timezone, say), *lines],
            directly=doing.directly,
        )


async def on_kept(services: Services, task: Task) -> None:
    """It was done."""
    await _settle(services, task, CommitmentMove.KEEP)


async def on_withdraw(services: Services, task: Task) -> None:
    """It does not hold any more, and the customer knows."""
    await _settle(services, task, CommitmentMove.WITHDRAW)


async def _settle(services: Services, task: Task, move: CommitmentMove) -> None:
    click = inbound.click(task.entry.payload)
    known = _found(services, click.value)
    doing = await casework.by_click(services, task, click.model_copy(update={"value": known.case_id if known else ""}))
    if doing is None or known is None:
        return
    say = doing.actor.say
    with task.finishing() as connection:
        after = _make(services, connection, known, move, doing)
        if after is None:
            sentence = _refused(commitments.get(connection, known.workspace, known.id) or known, doing)
        elif move is CommitmentMove.KEEP:
            sentence = say("Kept: {text}", text=escaped(after.text))
        else:
            sentence = say("Withdrawn: {text}", text=escaped(after.text))
        if after is None or click.response_url:
            casework.answer(services, connection, task, doing.actor, click.response_url, sentence)
    await casework.refresh(services, doing, click.view_id)


async def on_new_time(services: Services, task: Task) -> None:
    """The button: by when instead, and why."""
    click = inbound.click(task.entry.payload)
    known = _found(services, click.value)
    doing = await casework.by_click(services, task, click.model_copy(update={"value": known.case_id if known else ""}))
    if doing is None or known is None:
        return
    actor, policy = doing.actor, services.playbook.policy
    suggested = _suggested(services)
    can = moved(
        known,
        CommitmentMove.RESCHEDULE,
        by=actor.person.user_id,
        now=moment(services),
        policy=policy.commitments,
        hours=policy.hours,
        due_at=max(suggested, known.due_at + timedelta(hours=1)),
    )
    if can is None:
        view = exception_card.notice(actor.say("Not now"), _refused(known, doing), actor.say)
    else:
        view = commitment_card.new_time_modal(known, zone=actor.person.timezone, suggested=can.due_at, say=actor.say)
    await open_window(services, task, actor, click.trigger_id, view, push=bool(click.view_id))


async def new_time_mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """A time that is still to come and not the same, and a reason."""
    say = (await actor_of(services, sent.user)).say
    known = _found(services, sent.private_metadata)
    errors: dict[str, str] = {}
    if error := due_error(sent.moment("due"), moment(services), known.due_at if known else None):
        errors["due"] = commitment_card.due_error_words(error, say)
    if not sent.text("reason"):
        errors["reason"] = say("Please write why; whoever looks at the case later will want to know.")
    return errors


async def on_new_time_given(services: Services, task: Task) -> None:
    """The window was sent off: it is due then, and the customer is told so."""
    sent = inbound.submission(task.entry.payload)
    known = _found(services, sent.private_metadata)
    about = sent.model_copy(update={"private_metadata": known.case_id if known else ""})
    doing = await casework.by_submission(services, task, about)
    if doing is None or known is None:
        return
    case, person, say = doing.case, doing.actor.person, doing.actor.say
    with task.finishing() as connection:
        move, why = CommitmentMove.RESCHEDULE, sent.text("reason")
        after = _make(services, connection, known, move, doing, why=why, due_at=sent.moment("due"))
        if after is None:
            sentence = _refused(commitments.get(connection, known.workspace, known.id) or known, doing)
            casework.answer(services, connection, task, doing.actor, "", sentence)
            return
        facts.record(
            connection, case, "commitment_recorded", "yes", by=person.user_id, why=after.text, now=services.clock()
        )
        fact = "commitment_moved" if after.moved_from else "commitment_recorded"
        lines, _ = news.said_now(services, connection, case, person, fact, about=after)
        news.whisper(
            services,
            connection,
            case,
            person,
            key=f"{task.entry.key}:told",
            text=say("New time: {due}. The customer should hear it.", due=_by_their_clock(after, doing)),
            blocks=[*commitment_card.blocks(after, person.timezone, say), *lines],
        )
    await casework.refresh(services, doing, sent.below)


def _found(services: Services, commitment_id: str) -> Commitment | None:
    with services.casebook.begin() as connection:
        return commitments.get(connection, services.identity.workspace, commitment_id)


def _by_their_clock(commitment: Commitment, doing: Doing) -> str:
    return due_words(commitment.due_at, doing.actor.person.timezone, doing.actor.say.language)


def _refused(commitment: Commitment, doing: Doing) -> str:
    state = commitment_card.state_words(commitment, doing.actor.say)
    return doing.actor.say("This commitment is {state} already.", state=state)


def _make(
    services: Services,
    connection: Connection,
    known: Commitment,
    move: CommitmentMove,
    doing: Doing,
    *,
    why: str = "",
    due_at: datetime | None = None,
) -> Commitment | None:
    """Somebody's move, in the caller's transaction; None when it cannot be made any more.

    The state is compared and set; the audit row goes with it, and whether anything is still promised.
    """
    policy, user = services.playbook.policy, doing.actor.person.user_id
    before = commitments.get(connection, known.workspace, known.id) or known
    after = moved(
        before, move, by=user, now=moment(services), policy=policy.commitments, hours=policy.hours, due_at=due_at
    )
    if after is None or not commitments.settle(connection, before, after):
        return None
    if after.due_at != before.due_at:
        why = f"{_by_their_clock(before, doing)} → {_by_their_clock(after, doing)}: {why}"
    _audit(services, connection, before, after, move, actor=user, why=why)
    if next_due(commitments.of_case(connection, after.workspace, after.case_id), moment(services)) is None:
        facts.record(connection, doing.case, "commitment_recorded", "no", by=user, why=after.text, now=services.clock())
    return after


def _audit(
    services: Services,
    connection: Connection,
    before: Commitment,
    after: Commitment,
    move: CommitmentMove,
    *,
    actor: str,
    why: str = "",
) -> None:
    audit.write(
        connection,
        workspace=after.workspace,
        actor=actor,
        subject="commitment",
        subject_id=after.id,
        move=move,
        before=before.state,
        after=after.state,
        why=why,
        now=services.clock(),
    )
