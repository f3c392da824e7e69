"""Assessing a case (R17), and writing down what is new after a no (R34)."""

from collections.abc import Iterable

from sqlalchemy import Connection

from bot import goodwill as rules
from bot.amounts import CostError, parse_cost
from bot.blocks import Block
from bot.cards import assess as assess_card
from bot.cards import exception as exception_card
from bot.cards.case import cost_words
from bot.facts import MISTAKE_FACTS, HoursError, OurMistake, Severity, current, parse_hours, spelt
from handlers import casework, inbound, news, sales
from handlers.casework import Doing
from handlers.guard import actor_of, tell_directly
from handlers.inbound import Submission
from handlers.services import Services
from handlers.situation import customer_of
from handlers.worker import Task
from storage import facts
from storage import goodwill as requests

OURS = frozenset(OurMistake)


async def on_assess(services: Services, task: Task) -> None:
    """The button: open the window, filled with what the case knows."""
    await casework.open_form(services, task, lambda doing: _window(services, doing))


def _window(services: Services, doing: Doing) -> Block:
    with services.casebook.begin() as connection:
        recorded = [each for each in facts.of_case(connection, doing.case) if each.holds]
    known = dict(current(recorded))
    if known.get("fault_ours") == "yes":
        named = (each for each in MISTAKE_FACTS if known.get(each) == "yes")
        known["fault_ours"] = next(named, OurMistake.OTHER)
    known["why"] = next((each.why for each in reversed(recorded) if each.name == "fault_ours"), "")
    return assess_card.assess_modal(
        customer=doing.customer,
        case_id=doing.case.id,
        currency=services.playbook.policy.cost.currency,
        known=known,
        say=doing.actor.say,
    )


async def assess_mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """What has to be mended in the window, a sentence for each box."""
    say = (await actor_of(services, sent.user)).say
    errors: dict[str, str] = {}
    hours = parse_hours(sent.text("effort_hours"))
    if isinstance(hours, HoursError):
        errors["effort_hours"] = assess_card.hours_error_words(hours, say)
    cost = parse_cost(sent.text("cost"), services.playbook.policy.cost.currency)
    if isinstance(cost, CostError):
        errors["cost"] = exception_card.cost_error_words(cost, say)
    if sent.text("fault_ours") in OURS and not sent.text("why"):
        errors["why"] = say("Please say which mistake it was; the customer will hear it.")
    return errors


async def on_assessed(services: Services, task: Task) -> None:
    """The window was sent off: write down what changed, and say where the case goes from here."""
    sent = inbound.submission(task.entry.payload)
    doing = await casework.by_submission(services, task, sent)
    if doing is None:
        return
    hours, cost = (
        parse_hours(sent.text("effort_hours")),
        parse_cost(sent.text("cost"), services.playbook.policy.cost.currency),
    )
    if isinstance(hours, HoursError) or isinstance(cost, CostError):
        return
    case, actor, say = doing.case, doing.actor, doing.actor.say
    chosen, why = sent.text("fault_ours"), sent.text("why")
    values = {
        "severity": Severity(sent.text("severity")).value,
        "effort_hours": spelt(hours),
        "cost": str(cost),
        "fault_ours": "yes" if chosen in OURS else chosen,
    }
    with task.finishing() as connection:
        before = current(facts.of_case(connection, case))
        named = {each.value: "yes" for each in MISTAKE_FACTS if each == chosen}
        taken_back = {each.value: "no" for each in MISTAKE_FACTS - {chosen} if before.get(each) == "yes"}
        known_why = _why(connection, doing, ("fault_ours",))
        for name, value in (values | named | taken_back).items():
            reason = why if name not in {"severity", "effort_hours", "cost"} else ""
            if before.get(name) != value or (name == "fault_ours" and why != known_why):
                facts.record(connection, case, name, value, by=actor.person.user_id, why=reason, now=services.clock())
        sales.notice(services, connection, case, customer_of(services, case.customer_id), learnt=True)
        fact = "fault_ours" if values["fault_ours"] == "yes" else "cost_estimated"
        lines, _ = news.said_now(services, connection, case, actor.person, fact)
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"{task.entry.key}:assessed",
            text=say(
                "Noted for {customer}: {cost}, {hours}, whose fault: {fault}",
                customer=doing.customer,
                cost=cost_words(str(cost), services.playbook.policy.cost, say),
                hours=assess_card.hours_words(spelt(hours), say),
                fault=exception_card.fault_words(values["fault_ours"], say).lower(),
            ),
            blocks=[*lines, *news.way_on(services, connection, case, actor.person)],
            directly=doing.directly,
        )


def _why(connection: Connection, doing: Doing, names: Iterable[str]) -> str:
    recorded = facts.of_case(connection, doing.case)
    return next((each.why for each in reversed(recorded) if each.name in names), "")


async def on_new_facts(services: Services, task: Task) -> None:
    """The button after a no: ask what is new."""
    await casework.open_form(
        services,
        task,
        lambda doing: (
            _unless_no(services, doing)
            or assess_card.new_facts_modal(customer=doing.customer, case_id=doing.case.id, say=doing.actor.say)
        ),
    )


def _unless_no(services: Services, doing: Doing) -> Block | None:
    """Without a no there is nothing to reopen."""
    say = doing.actor.say
    with services.casebook.begin() as connection:
        asked = requests.of_case(connection, doing.case.workspace, doing.case.id)
    if rules.last_declined(asked):
        return None
    return exception_card.notice(
        say("Not now"), say("Nothing was declined in this case, so there is nothing to reopen."), say
    )


async def new_facts_mistakes(services: Services, sent: Submission) -> dict[str, str]:
    """Something has to be named."""
    if sent.text("what"):
        return {}
    say = (await actor_of(services, sent.user)).say
    return {"what": say("Please name what is new; the supervisor decides from it.")}


async def on_new_facts_told(services: Services, task: Task) -> None:
    """What is new is written down; the exception can be asked for again."""
    sent = inbound.submission(task.entry.payload)
    doing = await casework.by_submission(services, task, sent)
    if doing is None:
        return
    case, actor, say = doing.case, doing.actor, doing.actor.say
    with task.finishing() as connection:
        asked = requests.of_case(connection, case.workspace, case.id)
        if not rules.last_declined(asked):
            tell_directly(services, connection, task, actor, say("This case is no longer on file."))
            return
        facts.record(
            connection,
            case,
            "new_facts",
            "yes",
            by=actor.person.user_id,
            why=sent.text("what"),
            now=services.clock(),
        )
        lines, _ = news.said_now(services, connection, case, actor.person, "new_facts")
        news.whisper(
            services,
            connection,
            case,
            actor.person,
            key=f"{task.entry.key}:reopened",
            text=say("Noted for {customer}. You can ask for the exception once more.", customer=doing.customer),
            blocks=[*lines, *news.way_on(services, connection, case, actor.person)],
            directly=doing.directly,
        )
