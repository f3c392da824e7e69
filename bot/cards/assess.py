"""Assessing a case (R17): who is stopped, how long it takes, what it costs us, and whether the fault is ours."""

from collections.abc import Mapping
from decimal import Decimal

from bot.blocks import Block, context, escaped, labelled, modal, option, text_input
from bot.blocks import static_select as menu
from bot.cards.exception import cost_box
from bot.facts import HoursError, OurMistake, Severity, spelt
from bot.i18n import Words

ASSESS = "assess"
NEW_FACTS = "new_facts"
ASSESS_VIEW = "assess_view"
NEW_FACTS_VIEW = "new_facts_view"


def severity_words(severity: Severity, say: Words) -> str:
    """Who is stopped."""
    match severity:
        case Severity.SITE:
            return say("The whole site is down")
        case Severity.TEAM:
            return say("A team or a line is down")
        case Severity.PERSON:
            return say("One person cannot work")
        case Severity.NOBODY:
            return say("Work goes on, with difficulty")


def mistake_words(mistake: OurMistake, say: Words) -> str:
    """Which mistake of ours it was."""
    match mistake:
        case OurMistake.BREACH:
            return say("Yes: we did not keep what was agreed")
        case OurMistake.LATE_REPLY:
            return say("Yes: we answered too late")
        case OurMistake.SAME_FAULT:
            return say("Yes: the same fault came back")
        case OurMistake.OTHER:
            return say("Yes: another mistake of ours")


def hours_error_words(error: HoursError, say: Words) -> str:
    """What is wrong with the hours."""
    match error:
        case HoursError.NOT_A_NUMBER:
            return say("Please give the hours as a number, like 1.5.")
        case HoursError.NOT_POSITIVE:
            return say("Please give more than zero hours; half an hour is 0.5.")
        case HoursError.ABSURD:
            return say("That is more than a year of work. Please look at it again.")


def hours_words(hours: str, say: Words) -> str:
    """Hours without needless zeros."""
    return say("{hours} h", hours=spelt(Decimal(hours)))


def assess_modal(*, customer: str, case_id: str, currency: str, known: Mapping[str, str], say: Words) -> Block:
    """Three short questions and whose fault it is, filled with what the case knows.

    Args:
        known: Values by the window's boxes.
    """
    severities = [option(severity_words(each, say), each.value) for each in Severity]
    faults = [
        option(say("No, not ours"), "no"),
        option(say("Not clear yet"), "unknown"),
        *(option(mistake_words(each, say), each.value) for each in OurMistake),
    ]
    return modal(
        ASSESS_VIEW,
        say("Assess"),
        [
            context(
                say("For {customer}. Only our team sees this, and it can be changed later.", customer=escaped(customer))
            ),
            labelled(
                "severity",
                say("Who cannot work?"),
                menu("choice", severities, placeholder=say("Choose"), chosen=known.get("severity", "")),
            ),
            labelled(
                "effort_hours",
                say("How many hours of work?"),
                text_input("text", initial=known.get("effort_hours", ""), most=20, placeholder="1.5"),
            ),
            cost_box(known.get("cost", ""), currency, say),
            labelled(
                "fault_ours",
                say("Is the fault ours?"),
                menu("choice", faults, placeholder=say("Choose"), chosen=known.get("fault_ours", "")),
            ),
            labelled(
                "why",
                say("How do you know?"),
                text_input("text", initial=known.get("why", ""), multiline=True, most=1000),
                hint=say("Needed when the fault is ours: the customer hears which mistake it was."),
                optional=True,
            ),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=case_id,
    )


def new_facts_modal(*, customer: str, case_id: str, say: Words) -> Block:
    """After a no: what is new (R34)."""
    return modal(
        NEW_FACTS_VIEW,
        say("What is new?"),
        [
            context(
                say(
                    "For {customer}. Pressure does not turn a no into a yes; something new reopens it.",
                    customer=escaped(customer),
                )
            ),
            labelled(
                "what",
                say("What do we know now that we did not know then?"),
                text_input("text", multiline=True, most=1000),
                hint=say("A document, a date, a cause. The supervisor reads it."),
            ),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=case_id,
    )
