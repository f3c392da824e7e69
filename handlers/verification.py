"""Asking sales whether something was promised (R24), and taking every answer, also one that comes late."""

from sqlalchemy import Connection

from bot import promise_moves as rules
from bot.cards import exception as exception_card
from bot.cards import verification as card
from bot.case import Case, course
from bot.i18n import Words
from bot.promises import CHANNEL, Answer, Given, Verification, VerificationState
from bot.setup import Person
from handlers import casework, evidence_files, inbound, news, people, verification_cards, verifying
from handlers.guard import Actor, admit, open_window
from handlers.services import Services
from handlers.situation import Standing, claimed_anew, customer_of, moment
from handlers.worker import Task
from storage import cases, conversations, facts, ids, promises
from storage.promises import card_key

LEFT = "salesperson_left"
MOST_TRIES = 3
"""An answer given at the same moment as another is taken after it."""


async def on_ask(services: Services, task: Task) -> None:
    """One click asks whoever looks after the account; it is being checked once the question is really out."""
    click = inbound.click(task.entry.payload)
    doing = await casework.by_click(services, task, click)
    if doing is None:
        return
    case, actor, say = doing.case, doing.actor, doing.actor.say
    customer = customer_of(services, case.customer_id)
    candidates = await verifying.can_be_asked(services, customer)
    whom = next((each for each in candidates if each != actor.person.user_id), None)
    reader = await people.look_up(services, whom) if whom else None
    has_left = await _owner_is_gone(services, customer)
    readers = await readers_of(services, case.id)
    with task.finishing() as connection:
        cases.hold(connection, case.workspace, case.id)
        hindrance = _hindrance(services, connection, case, say)
        if whom is None:
            hindrance = hindrance or say(
                "Nobody in sales is on file for this customer, and no sales channel is set up. "
                "An administrator can choose one with /aside setup."
            )
        if hindrance or whom is None:
            casework.answer(services, connection, task, actor, click.response_url, hindrance or "")
            return
        asked = _put(services, connection, case, actor, whom, reader, has_left=has_left)
        verification_cards.redraw_over(services, connection, asked, readers)
        key = card_key(asked.id)
        lines, _ = news.said_now(services, connection, case, actor.person, verifying.CHECKED, after=key)
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"{key}:told",
            text=say("Sales has been asked whether something was promised to {customer}.", customer=doing.customer),
            blocks=lines,
            after=key,
        )
    await casework.refresh(services, doing, click.view_id)


def _put(
    services: Services,
    connection: Connection,
    case: Case,
    actor: Actor,
    whom: str,
    reader: Person | None,
    *,
    has_left: bool,
) -> Verification:
    """The question's row, its audit row, what the case knows by it, and the card."""
    policy, user = services.playbook.policy, actor.person.user_id
    words_said = conversations.last_words_showing(connection, case, "claims_promise")
    new = Verification(
        workspace=case.workspace,
        id=ids.new_id(),
        case_id=case.id,
        customer_id=case.customer_id,
        claimed=words_said or conversations.last_customer_words(connection, case),
        asked_by=user,
        asked_at=moment(services),
    )
    asked = rules.asked(new, whom, moment(services), policy.verification, policy.hours)
    verifying.put_down(services, connection, case, asked, by=user)
    if has_left:
        facts.record(connection, case, LEFT, "yes", by=user, now=services.clock())
    hear = verifying.Hearers(asked={whom: reader} if reader else {}, agents=[actor.person])
    verifying.put_first(services, connection, case, asked, hear)
    return asked


async def _owner_is_gone(services: Services, customer: Standing | None) -> bool:
    """Whether the account owner is deactivated in Slack, which the directory may not know yet (R29)."""
    owner = customer.record.owner if customer else None
    if owner is None or owner.left_on or not owner.slack_user_id:
        return False
    return not (await people.look_up(services, owner.slack_user_id)).active


def _hindrance(services: Services, connection: Connection, case: Case, say: Words) -> str | None:
    """Why sales is not asked; a question that reached nobody is taken back, so that it can be asked again.

    What was promised for a time that is over can be asked about anew once the customer says that it goes on.
    """
    asked = promises.of_case(connection, case.workspace, case.id)
    if asked is None:
        if course(conversations.heard(connection, case)).promised:
            return None
        return say("The customer has not said that anything was promised. If they do, sales can be asked then.")
    if asked.state is VerificationState.LAPSED:
        if claimed_anew(services, connection, case, asked):
            return None
        return say("What was promised is over. If the customer says that it goes on, sales can be asked anew.")
    if asked.state is not VerificationState.ASKED or asked.question:
        return say("Sales has answered this. The case shows what they said.")
    if not asked.answers and promises.reached_nobody(connection, asked):
        promises.drop(connection, asked)
        return None
    return say("Sales has been asked already. You will hear as soon as they answer.")


async def on_yes(services: Services, task: Task) -> None:
    """It was promised: first ask what exactly, and where it is written."""
    await _open(services, task, Answer.YES)


async def on_no(services: Services, task: Task) -> None:
    """It was not: first ask what they remember."""
    await _open(services, task, Answer.NO)


async def on_not_sure(services: Services, task: Task) -> None:
    """They do not know: first ask what they remember all the same."""
    await _open(services, task, Answer.NOT_SURE)


async def _open(services: Services, task: Task, said: Answer) -> None:
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        asked = promises.get(connection, services.identity.workspace, click.value)
    given = Given(answer=said, by=actor.person.user_id, at=moment(services), evidence=_NOT_SAID_YET)
    refused = why_not(asked, given, actor)
    if refused and click.response_url:
        with task.finishing() as connection:
            casework.answer(services, connection, task, actor, click.response_url, refused)
        return
    view = (
        exception_card.notice(actor.say("Not now"), refused, actor.say)
        if refused
        else card.answer_modal(said, click.value, actor.say, takes_files=services.identity.takes_files)
    )
    await open_window(services, task, actor, click.trigger_id, view)


_NOT_SAID_YET = "…"
"""In place of the words of an answer whose window is only being opened."""


async def on_answered_yes(services: Services, task: Task) -> None:
    """The window was sent off: it was promised."""
    await _answer(services, task, Answer.YES)


async def on_answered_no(services: Services, task: Task) -> None:
    """The window was sent off: it was not."""
    await _answer(services, task, Answer.NO)


async def on_answered_not_sure(services: Services, task: Task) -> None:
    """The window was sent off: they do not know."""
    await _answer(services, task, Answer.NOT_SURE)


def why_not(asked: Verification | None, said: Given, actor: Actor) -> str | None:
    """Why this answer is not taken, in a sentence; None when it is."""
    if asked is None:
        return actor.say("This question is no longer on file.")
    refusal = rules.refusal(asked, said, role=actor.role)
    return card.refusal_words(refusal, actor.say) if refusal else None


async def _answer(services: Services, task: Task, answer: Answer) -> None:
    """In one transaction: the answer beside the others, the facts, the audit row, the cards and the news."""
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor is None:
        return
    workspace, policy = services.identity.workspace, services.playbook.policy
    said, unread = await evidence_files.given(services, sent, answer, moment(services))
    with services.casebook.look() as connection:
        known = promises.get(connection, workspace, sent.private_metadata)
        case = cases.get(connection, workspace, known.case_id) if known else None
    hear = await verifying.hearers(services, known, case, said.move) if known and case else verifying.Hearers()
    with task.finishing() as connection:
        if case:
            cases.hold(connection, workspace, case.id)
        for _ in range(MOST_TRIES):
            before = promises.get(connection, workspace, sent.private_metadata)
            refused = why_not(before, said, actor)
            if refused or before is None or case is None:
                casework.answer(services, connection, task, actor, "", refused or "")
                return
            after = rules.moved(
                before, said.move, now=said.at, policy=policy.verification, hours=policy.hours, said=said
            )
            if verifying.make(
                services,
                connection,
                before=before,
                after=after,
                move=said.move,
                case=case,
                actor=said.by,
                hear=hear,
                why=said.shown,
            ):
                if after.state is VerificationState.LAPSED:
                    is_over = actor.say(
                        "What was promised is over, so this changes nothing. "
                        "If it was prolonged, press “It was prolonged…” on the card."
                    )
                    casework.answer(services, connection, task, actor, "", is_over)
                else:
                    evidence_files.tell_unread(services, connection, task, actor, unread)
                return


async def readers_of(services: Services, case_id: str) -> dict[str, Person]:
    """Whoever a case's question went to; those of whom nobody can tell just now are left out."""
    with services.casebook.look() as connection:
        asked = promises.all_of_case(connection, services.identity.workspace, case_id)
    found: dict[str, Person] = {}
    for user in dict.fromkeys(user for each in asked for user in each.told):
        try:
            found |= {user: await people.look_up(services, user)} if user != CHANNEL else {}
        except people.UnknownForNowError:
            continue
    return found


def redraw(services: Services, connection: Connection, task: Task, case_id: str, readers: dict[str, Person]) -> None:
    """Show a case's questions again, as they stand now."""
    for asked in promises.all_of_case(connection, services.identity.workspace, case_id):
        verification_cards.redraw(services, connection, asked, readers, task.entry.key)
