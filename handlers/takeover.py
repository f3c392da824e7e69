"""Asking a colleague to take a conversation over, with the whole context (R31)."""

from typing import Any

from sqlalchemy import Connection

from bot.blocks import body, escaped, section
from bot.cards import case as case_card
from bot.cards import takeover as takeover_card
from bot.case import Case
from bot.facts import RecordedFact, newest
from bot.i18n import words
from bot.language import language_of_locale
from bot.message import Role
from bot.setup import Person
from handlers import casework, inbound, news, people, request
from handlers.guard import Actor, actor_of, admit
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import customer_of
from handlers.worker import Task
from storage import audit, cases, facts, outbox
from storage.outbox import SendKind


async def on_ask(services: Services, task: Task) -> None:
    """The button: who, and what they should know."""
    await casework.open_form(
        services,
        task,
        lambda doing: takeover_card.ask_modal(customer=doing.customer, case_id=doing.case.id, say=doing.actor.say),
    )


async def mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """Somebody who may talk to customers, and not whoever handles the case already."""
    say = (await actor_of(services, sent.user)).say
    errors: dict[str, str] = {}
    whom = sent.text("whom")
    if error := await casework.person_error(services, whom, say):
        errors["whom"] = error
    else:
        role, _ = await people.role(services, await people.look_up(services, whom))
        with services.casebook.begin() as connection:
            case = cases.get(connection, services.identity.workspace, sent.private_metadata)
        if role not in {Role.AGENT, Role.SUPERVISOR}:
            errors["whom"] = say("Please choose an agent or a supervisor; only they are coached in a conversation.")
        elif case and whom == case.agent:
            errors["whom"] = say("They handle this case already. Please choose somebody else.")
    if not sent.text("why"):
        errors["why"] = say("Please write a sentence for whoever takes over.")
    return errors


async def on_asked(services: Services, task: Task) -> None:
    """The window was sent off: the colleague gets the case so far, and a button."""
    sent = inbound.submission(task.entry.payload)
    doing = await casework.by_submission(services, task, sent)
    if doing is None:
        return
    case, actor, say = doing.case, doing.actor, doing.actor.say
    whom = await people.look_up(services, sent.text("whom"))
    link = await request.link_to(services, case)
    key = f"takeover:{cases.new_id()}"
    with task.finishing() as connection:
        before = newest(facts.of_case(connection, case))
        values = {"takeover_by": whom.user_id, "takeover_asked": "yes"}
        if "takeover_accepted" in before and before["takeover_accepted"].value == "yes":
            values["takeover_accepted"] = "no"
        for name, value in values.items():
            facts.record(
                connection,
                case,
                name,
                value,
                by=actor.person.user_id,
                why=sent.text("why"),
                now=services.clock(),
                after=key,
            )
        asked = newest(facts.of_case(connection, case))["takeover_by"]
        outbox.put(
            connection,
            workspace=case.workspace,
            key=key,
            kind=SendKind.DIRECT,
            target={
                "user": whom.user_id,
                "tell": actor.person.user_id,
                "if_not_sent": {
                    "text": say("{who} could not be told. Please ask somebody else.", who=f"<@{whom.user_id}>")
                },
            },
            body=_card(services, connection, case, whom, asked, link=link),
            case_id=case.id,
            now=services.clock(),
        )
        lines, _ = news.said_now(services, connection, case, actor.person, "takeover_asked", after=key)
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"{key}:told",
            text=say("{who} has been asked to take over.", who=whom.name),
            blocks=lines,
            after=key,
        )


def _card(
    services: Services,
    connection: Connection,
    case: Case,
    whom: Person,
    asked: RecordedFact,
    *,
    link: str,
    taken_by: str | None = None,
) -> dict[str, Any]:
    say = words(language_of_locale(whom.locale))
    file = casework.file_of(services, connection, case, say)
    said = cases.conversation(connection, case)
    text, blocks = takeover_card.card(
        customer=file.customer,
        asked_by=asked.by,
        why=asked.why,
        so_far=case_card.handover(file, said, zone=whom.timezone, say=say),
        case_id=case.id,
        taken_by=taken_by,
        link=link,
        say=say,
    )
    return dict(body(text, blocks))


async def on_take_over(services: Services, task: Task) -> None:
    """The colleague accepts: the case is theirs from now on, and whoever asked hears of it."""
    click = inbound.click(task.entry.payload)
    actor = await admit(services, task, click.user, click.response_url)
    if actor is None:
        return
    with services.casebook.begin() as connection:
        case = cases.get(connection, services.identity.workspace, click.value)
        asked = _asked(connection, case, click.user).get("takeover_by") if case else None
    asker = await people.look_up(services, asked.by) if asked else None
    link = await request.link_to(services, case) if case else ""
    with task.finishing() as connection:
        hindrance = _hindrance(connection, actor, case)
        if hindrance or case is None or asked is None or asker is None:
            casework.answer(services, connection, task, actor, click.response_url, hindrance or "")
            return
        me = actor.person
        cases.hand_over(connection, case, me.user_id)
        facts.record(connection, case, "takeover_accepted", "yes", by=me.user_id, now=services.clock())
        audit.write(
            connection,
            workspace=case.workspace,
            actor=me.user_id,
            subject="case",
            subject_id=case.id,
            move="take_over",
            before=case.agent or "",
            after=me.user_id,
            why=asked.why,
            now=services.clock(),
        )
        say = words(language_of_locale(asker.locale))
        lines, _ = news.said_now(services, connection, case, asker, "takeover_accepted")
        name = request.name_of(customer_of(services, case.customer_id), say)
        text = say("{who} has taken over {customer}.", who=me.name, customer=name)
        news.direct(
            services,
            connection,
            case,
            asker,
            key=f"{task.entry.key}:told",
            text=text,
            blocks=[section(f"*{escaped(text)}*"), *lines],
            link=link,
        )
        if asked.after:
            outbox.put(
                connection,
                workspace=case.workspace,
                key=f"{asked.after}:taken",
                kind=SendKind.UPDATE,
                target={"of": asked.after, "user": me.user_id},
                body=_card(services, connection, case, me, asked, taken_by=me.user_id, link=link),
                case_id=case.id,
                now=services.clock(),
            )
        sentence = actor.say("You handle this case now: what Aside notices goes to you.")
        casework.answer(services, connection, task, actor, click.response_url, sentence)


def _asked(connection: Connection, case: Case, user: str) -> dict[str, RecordedFact]:
    """What counts now; somebody who clicks has been asked, also when that is not written down as sent yet."""
    return newest(each for each in facts.of_case(connection, case) if each.holds or each.value == user)


def _hindrance(connection: Connection, actor: Actor, case: Case | None) -> str | None:
    """Why this person cannot take it over now; None when they can."""
    say = actor.say
    if case is None:
        return say("This case is no longer on file.")
    counted = _asked(connection, case, actor.person.user_id)
    asked, accepted = counted.get("takeover_by"), counted.get("takeover_accepted")
    if accepted and accepted.value == "yes":
        return say("{who} has taken this over already.", who=f"<@{accepted.by}>")
    if asked is None or asked.value != actor.person.user_id:
        return say("Somebody else has been asked meanwhile. Your click changed nothing.")
    if actor.role not in {Role.AGENT, Role.SUPERVISOR}:
        return say("Only an agent or a supervisor can take over a conversation.")
    return None
