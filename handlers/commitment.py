"""Writing commitments down, and that they were kept (R33)."""

from datetime import timedelta

from bot.blocks import Block
from bot.cards import commitment as commitment_card
from bot.commitments import Commitment, CommitmentMove, CommitmentState, due_error, due_words, moved, next_due
from handlers import casework, inbound, news
from handlers.casework import Doing
from handlers.guard import actor_of
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import moment
from handlers.worker import Task
from storage import audit, cases, commitments, facts


async def on_commit(services: Services, task: Task) -> None:
    """The button: what, and by when."""
    await casework.open_form(services, task, lambda doing: _window(services, doing))


def _window(services: Services, doing: Doing) -> Block:
    next_full_hour = moment(services).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    return commitment_card.commit_modal(
        customer=doing.customer, case_id=doing.case.id, suggested=next_full_hour, say=doing.actor.say
    )


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
    made = Commitment(
        workspace=case.workspace,
        id=cases.new_id(),
        case_id=case.id,
        text=sent.text("text"),
        due_at=due_at,
        timezone=actor.person.timezone,
        made_by=actor.person.user_id,
        made_at=moment(services),
    )
    with task.finishing() as connection:
        commitments.write(connection, made)
        facts.record(
            connection,
            case,
            "commitment_recorded",
            "yes",
            by=made.made_by,
            why=made.text,
            now=services.clock(),
        )
        audit.write(
            connection,
            workspace=case.workspace,
            actor=made.made_by,
            subject="commitment",
            subject_id=made.id,
            move="make",
            after=made.state,
            why=made.text,
            now=services.clock(),
        )
        lines, _ = news.said_now(services, connection, case, actor.person, "commitment_recorded")
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"commitment:{made.id}:told",
            text=say("Written down, due {due}.", due=due_words(due_at, made.timezone, say.language)),
            blocks=[*commitment_card.blocks(made, made.timezone, say), *lines],
        )


async def on_kept(services: Services, task: Task) -> None:
    """It was done."""
    await _move(services, task, CommitmentMove.KEEP)


async def on_withdraw(services: Services, task: Task) -> None:
    """It does not hold any more, and the customer knows."""
    await _move(services, task, CommitmentMove.WITHDRAW)


async def _move(services: Services, task: Task, move: CommitmentMove) -> None:
    click = inbound.click(task.entry.payload)
    with services.casebook.begin() as connection:
        known = commitments.get(connection, services.identity.workspace, click.value)
    of_case = click.model_copy(update={"value": known.case_id if known else ""})
    doing = await casework.by_click(services, task, of_case)
    if doing is None or known is None:
        return
    say, user = doing.actor.say, doing.actor.person.user_id
    with task.finishing() as connection:
        before = commitments.get(connection, services.identity.workspace, click.value) or known
        after = moved(before, move, by=user, now=moment(services))
        if after is None or not commitments.settle(connection, before, after):
            state = commitment_card.state_words(before, say)
            sentence = say("This commitment is {state} already.", state=state)
            casework.answer(services, connection, task, doing.actor, click.response_url, sentence)
            return
        audit.write(
            connection,
            workspace=after.workspace,
            actor=user,
            subject="commitment",
            subject_id=after.id,
            move=move,
            before=before.state,
            after=after.state,
            now=services.clock(),
        )
        if next_due(commitments.of_case(connection, after.workspace, after.case_id), moment(services)) is None:
            facts.record(
                connection,
                doing.case,
                "commitment_recorded",
                "no",
                by=user,
                why=after.text,
                now=services.clock(),
            )
        if click.response_url:
            kept = after.state is CommitmentState.KEPT
            sentence = say("Kept: {text}", text=after.text) if kept else say("Withdrawn: {text}", text=after.text)
            casework.answer(services, connection, task, doing.actor, click.response_url, sentence)
    await casework.refresh(services, doing, click.view_id)
