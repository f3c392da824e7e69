"""Asking sales whether something was promised (R24), and taking the answer."""

from sqlalchemy import Connection

from bot import promises as rules
from bot.blocks import body
from bot.cards import exception as exception_card
from bot.cards import verification as card
from bot.case import Case, course
from bot.i18n import Words, words
from bot.language import language_of_locale
from bot.promises import Answer, AnswerRefusal, Verification, VerificationState
from bot.setup import Person
from handlers import casework, inbound, news, people, request, sales
from handlers.guard import Actor, admit, open_window, tell_directly
from handlers.services import Services
from handlers.situation import customer_of, moment
from handlers.worker import Task
from storage import audit, cases, conversations, facts, ids, outbox, promises
from storage.outbox import SendKind, SendState

FACTS = {
    VerificationState.CONFIRMED: "promise_confirmed",
    VerificationState.NOT_CONFIRMED: "promise_not_confirmed",
}


async def on_ask(services: Services, task: Task) -> None:
    """One click asks whoever looks after the account; it is being checked once the question is really out."""
    click = inbound.click(task.entry.payload)
    doing = await casework.by_click(services, task, click)
    if doing is None:
        return
    case, actor, say = doing.case, doing.actor, doing.actor.say
    customer = customer_of(services, case.customer_id)
    contact = await sales.who_to_tell(services, customer)
    with task.finishing() as connection:
        hindrance = _hindrance(connection, case, say)
        if contact is None:
            hindrance = hindrance or say(
                "Nobody in sales is on file for this customer, and no sales channel is set up. "
                "An administrator can choose one with /aside setup."
            )
        if hindrance or contact is None:
            casework.answer(services, connection, task, actor, click.response_url, hindrance or "")
            return
        asked = Verification(
            workspace=case.workspace,
            id=ids.new_id(),
            case_id=case.id,
            customer_id=case.customer_id,
            claimed=conversations.last_words_showing(connection, case, "claims_promise")
            or conversations.last_customer_words(connection, case),
            asked_by=actor.person.user_id,
            asked_at=moment(services),
            asked=contact.user,
        )
        key = promises.card_key(asked.id)
        promises.write(connection, asked)
        _audit(services, connection, asked, actor, "ask", before="")
        facts.record(
            connection,
            case,
            "promise_being_checked",
            "yes",
            by=actor.person.user_id,
            why=asked.claimed,
            now=services.clock(),
            after=key,
        )
        not_sent = say("Your question could not be shown to sales. Please ask them yourself, or try again.")
        outbox.put(
            connection,
            workspace=case.workspace,
            key=key,
            kind=SendKind.DIRECT if contact.user else SendKind.MESSAGE,
            target=_where(contact) | {"tell": actor.person.user_id, "if_not_sent": {"text": not_sent}},
            body=_card(services, asked, words(language_of_locale(contact.locale))),
            case_id=case.id,
            now=services.clock(),
        )
        lines, _ = news.said_now(services, connection, case, actor.person, "promise_being_checked", after=key)
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"{key}:told",
            text=say("Sales has been asked about the promise to {customer}.", customer=doing.customer),
            blocks=lines,
            after=key,
        )
    await casework.refresh(services, doing, click.view_id)


def _where(contact: sales.Contact) -> dict[str, object]:
    return {"user": contact.user} if contact.user else {"channel": contact.channel}


def _hindrance(connection: Connection, case: Case, say: Words) -> str | None:
    """Why sales is not asked; a question that reached nobody is taken back, so that it can be asked again."""
    asked = promises.of_case(connection, case.workspace, case.id)
    if asked is None:
        if course(conversations.heard(connection, case)).promised:
            return None
        return say("The customer has not said that anything was promised. If they do, sales can be asked then.")
    if asked.state is not VerificationState.ASKED:
        return say("Sales has answered this. The case shows what they said.")
    sent = outbox.state_of(connection, case.workspace, promises.card_key(asked.id))
    if sent in {SendState.FAILED, SendState.WITHHELD}:
        promises.drop(connection, asked)
        return None
    return say("Sales has been asked already. You will hear as soon as they answer.")


async def on_yes(services: Services, task: Task) -> None:
    """It was promised: first ask what exactly, and where it is written."""
    await _open(services, task, Answer.YES)


async def on_no(services: Services, task: Task) -> None:
    """It was not: first ask what they remember."""
    await _open(services, task, Answer.NO)


async def _open(services: Services, task: Task, said: Answer) -> None:
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        asked = promises.get(connection, services.identity.workspace, click.value)
    refused = _refused(asked, said, actor)
    view = (
        exception_card.notice(actor.say("Not now"), refused, actor.say)
        if refused
        else card.answer_modal(said, click.value, actor.say)
    )
    await open_window(services, task, actor, click.trigger_id, view)


async def on_not_sure(services: Services, task: Task) -> None:
    """They do not know: the question stays open, and says so."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor:
        await _answer(services, task, actor, click.value, Answer.NOT_SURE, "", click.response_url)


async def on_answered_yes(services: Services, task: Task) -> None:
    """The window was sent off: it was promised."""
    await _from_window(services, task, Answer.YES)


async def on_answered_no(services: Services, task: Task) -> None:
    """The window was sent off: it was not."""
    await _from_window(services, task, Answer.NO)


async def _from_window(services: Services, task: Task, said: Answer) -> None:
    sent = inbound.submission(task.entry.payload)
    actor = await admit(services, task, sent.user, "")
    if actor:
        await _answer(services, task, actor, sent.private_metadata, said, sent.text("evidence"), "")


def _refused(asked: Verification | None, said: Answer, actor: Actor) -> str | None:
    """Why this answer is not taken, in a sentence; None when it is."""
    if asked is None:
        return actor.say("This question is no longer on file.")
    refusal = rules.refusal(asked, said, actor=actor.person.user_id, role=actor.role)
    return card.refusal_words(refusal, asked, actor.say) if refusal else None


async def _answer(
    services: Services, task: Task, actor: Actor, verification_id: str, said: Answer, evidence: str, response_url: str
) -> None:
    """In one transaction: the state compared and set, the facts, the audit row, the card and the news."""
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        known = promises.get(connection, workspace, verification_id)
        case = cases.get(connection, workspace, known.case_id) if known else None
    whom = await _waiting(services, known, case)
    link = await request.link_to(services, case) if case else ""
    with task.finishing() as connection:
        before = promises.get(connection, workspace, verification_id)
        refused = _refused(before, said, actor)
        if refused or before is None or case is None:
            if before and rules.refusal(before, said, actor=actor.person.user_id, role=actor.role) is (
                AnswerRefusal.ALREADY_ANSWERED
            ):
                move = promises.refused_move(said)
                _audit(services, connection, before, actor, move, before=before.state, why=evidence)
            casework.answer(services, connection, task, actor, response_url, refused or "")
            return
        after = rules.answered(before, said, actor=actor.person.user_id, evidence=evidence, now=moment(services))
        if not promises.settle(connection, before, after):
            tell_directly(
                services, connection, task, actor, actor.say("Somebody answered first. The card shows what they said.")
            )
            return
        _audit(services, connection, after, actor, said, before=before.state, why=after.evidence)
        _record(services, connection, case, after, actor)
        sales.notice(services, connection, case, customer_of(services, case.customer_id), learnt=True)
        _tell(services, connection, task, case, after, actor, whom, link)


async def _waiting(services: Services, asked: Verification | None, case: Case | None) -> list[Person]:
    """Who waits for the answer: whoever asked, and whoever handles the case now."""
    users = [asked.asked_by, case.agent] if asked and case else []
    return [await people.look_up(services, user) for user in dict.fromkeys(users) if user]


def _record(services: Services, connection: Connection, case: Case, after: Verification, actor: Actor) -> None:
    """What is known of the promise now."""
    by, now = actor.person.user_id, services.clock()
    settled = after.state is not VerificationState.ASKED
    state = after.state if settled else "pending"
    facts.record(connection, case, "claim", state, by=by, why=after.evidence or after.claimed, now=now)
    if after.evidence and after.state is VerificationState.CONFIRMED:
        facts.record(connection, case, "evidence", after.evidence, by=by, why=after.claimed, now=now)
    if settled:
        facts.record(connection, case, "promise_being_checked", "no", by=by, now=now)


def _tell(
    services: Services,
    connection: Connection,
    task: Task,
    case: Case,
    after: Verification,
    actor: Actor,
    whom: list[Person],
    link: str,
) -> None:
    """The card shows the answer, and whoever waits for it hears of it with the lines that are true now."""
    _update_card(services, connection, task, after, _card(services, after, actor.say))
    for person in whom:
        say = words(language_of_locale(person.locale))
        name = request.name_of(customer_of(services, case.customer_id), say)
        text, blocks = card.told_agent(after, customer=name, say=say)
        fact = FACTS.get(after.state)
        lines = news.said_now(services, connection, case, person, fact)[0] if fact else []
        way = news.way_on(services, connection, case, person) if fact else []
        news.direct(
            services,
            connection,
            case,
            person,
            key=f"{promises.card_key(after.id)}:{task.entry.key}:{person.user_id}",
            text=text,
            blocks=[*blocks, *lines, *way],
            link=link,
        )


async def reader_locale(services: Services, case_id: str) -> str:
    """The language of whoever a case's question went to; empty when nobody knows."""
    with services.casebook.begin() as connection:
        asked = promises.of_case(connection, services.identity.workspace, case_id)
    if asked is None or asked.asked is None:
        return ""
    try:
        return (await people.look_up(services, asked.asked)).locale
    except people.UnknownForNowError:
        return ""


def redraw(services: Services, connection: Connection, task: Task, case_id: str, locale: str) -> None:
    """Show a question again, as it stands now."""
    asked = promises.of_case(connection, services.identity.workspace, case_id)
    if asked is None:
        return
    body = _card(services, asked, words(language_of_locale(locale)))
    if not outbox.reword(connection, asked.workspace, promises.card_key(asked.id), body):
        _update_card(services, connection, task, asked, body)


def _update_card(
    services: Services, connection: Connection, task: Task, asked: Verification, body: dict[str, object]
) -> None:
    target: dict[str, object] = {"of": promises.card_key(asked.id)}
    target |= {"user": asked.asked} if asked.asked else {}
    outbox.put(
        connection,
        workspace=asked.workspace,
        key=f"{promises.card_key(asked.id)}:{task.entry.key}",
        kind=SendKind.UPDATE,
        target=target,
        body=body,
        case_id=asked.case_id,
        now=services.clock(),
    )


def _card(services: Services, verification: Verification, say: Words) -> dict[str, object]:
    customer = customer_of(services, verification.customer_id)
    owner = customer.record.owner if customer else None
    text, blocks = card.card(
        verification,
        customer=request.name_of(customer, say),
        instead_of=owner.name if owner and owner.left_on else None,
        say=say,
    )
    return dict(body(text, blocks))


def _audit(
    services: Services,
    connection: Connection,
    verification: Verification,
    actor: Actor,
    move: str,
    *,
    before: str,
    why: str = "",
) -> None:
    audit.write(
        connection,
        workspace=verification.workspace,
        actor=actor.person.user_id,
        subject="verification",
        subject_id=verification.id,
        move=move,
        before=before,
        after=verification.state,
        why=why,
        now=services.clock(),
    )
