"""What was promised is over, and sales says that it goes on: a question of its own in the same case, answered."""

from bot import promise_moves as rules
from bot.cards import exception as exception_card
from bot.cards import verification as card
from bot.promises import Answer, Given, Verification, VerificationState
from handlers import casework, evidence_files, inbound, verification_cards, verifying
from handlers.guard import Actor, admit, open_window
from handlers.services import Services
from handlers.situation import moment
from handlers.verification import readers_of, why_not
from handlers.worker import Task
from storage import cases, ids, promises


async def on_prolonged(services: Services, task: Task) -> None:
    """It goes on: first ask what exactly, and where it is written."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        over = promises.get(connection, services.identity.workspace, click.value)
    said = Given(answer=Answer.YES, by=actor.person.user_id, at=moment(services))
    refused = _hindrance(over, said, actor)
    if refused and click.response_url:
        with task.finishing() as connection:
            casework.answer(services, connection, task, actor, click.response_url, refused)
        return
    view = (
        exception_card.notice(actor.say("Not now"), refused, actor.say)
        if refused
        else card.prolonged_modal(click.value, actor.say, takes_files=services.identity.takes_files)
    )
    await open_window(services, task, actor, click.trigger_id, view)


def _hindrance(over: Verification | None, said: Given, actor: Actor) -> str | None:
    """Why it cannot be said to go on; None when it can. What was said of it before does not count here."""
    if over and over.state is not VerificationState.LAPSED:
        return actor.say("This promise is not over. Please answer on its card.")
    return why_not(over.model_copy(update={"answers": (), "round_answers": 0}) if over else None, said, actor)


async def on_sent(services: Services, task: Task) -> None:
    """The window was sent off: in one transaction the question, its answer, and all that an answer causes."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return
    workspace, policy, now = services.identity.workspace, services.playbook.policy, moment(services)
    said, unread = await evidence_files.given(services, sent, Answer.YES, now)
    with services.casebook.look() as connection:
        over = promises.get(connection, workspace, sent.private_metadata)
        case = cases.get(connection, workspace, over.case_id) if over else None
    asked = _asked_anew(services, over, said) if over else None
    hear = await verifying.hearers(services, asked, case, said.move) if asked and case else verifying.Hearers()
    readers = await readers_of(services, case.id) if case else {}
    with task.finishing() as connection:
        if case:
            cases.hold(connection, workspace, case.id)
        refused = _hindrance(over, said, actor)
        if refused or case is None or asked is None:
            casework.answer(services, connection, task, actor, "", refused or "")
            return
        if not verifying.put_down(services, connection, case, asked, by=said.by):
            newer = actor.say("Sales has been asked anew about this already. Please answer on the newer card.")
            casework.answer(services, connection, task, actor, "", newer)
            return
        verifying.put_first(services, connection, case, asked, hear)
        verification_cards.redraw_over(services, connection, asked, readers)
        after = rules.moved(asked, said.move, now=now, policy=policy.verification, hours=policy.hours, said=said)
        verifying.make(
            services, connection, before=asked, after=after, move=said.move, case=case, actor=said.by, hear=hear,
            why=said.shown,
        )  # fmt: skip
        evidence_files.tell_unread(services, connection, task, actor, unread)


def _asked_anew(services: Services, over: Verification, said: Given) -> Verification:
    """The same question once more, with whoever says that it goes on."""
    policy = services.playbook.policy
    new = Verification(
        workspace=over.workspace,
        id=ids.new_id(),
        case_id=over.case_id,
        customer_id=over.customer_id,
        claimed=over.claimed,
        asked_by=over.asked_by,
        asked_at=said.at,
    )
    return rules.asked(new, said.by, said.at, policy.verification, policy.hours)
