"""Asking for an exception."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from bot.amounts import CostError
from bot.blocks import (
    Block,
    button,
    context,
    cut,
    escaped,
    labelled,
    modal,
    option,
    quote,
    section,
    text_input,
)
from bot.blocks import static_select as menu
from bot.entitlement import Entitlement
from bot.found import Candidate
from bot.i18n import Words
from bot.policy import Concession

ASK = "ask_exception"
ASK_VIEW = "ask_exception_view"
NOTICE_VIEW = "notice_view"
MOST_CHOICES = 8
MOST_WORDS = 200


def concession_words(concession: Concession, say: Words) -> str:
    """What is conceded."""
    match concession:
        case Concession.FULL:
            return say("the service free of charge")
        case Concession.LABOUR_WAIVED:
            return say("no labour charge, parts at the usual price")
        case Concession.DISCOUNT:
            return say("a reduced price for this one service")
        case Concession.EXTENSION:
            return say("a short extension of the contract")


def entitlement_words(entitlement: Entitlement, say: Words) -> str:
    """How the customer is covered, in a word or two."""
    match entitlement:
        case Entitlement.COVERED:
            return say("covered")
        case Entitlement.PARTLY:
            return say("partly covered")
        case Entitlement.EXPIRED:
            return say("expired")
        case Entitlement.UNKNOWN:
            return say("record to be checked")


def fault_words(fault_ours: str, say: Words) -> str:
    """Whose fault it is, as far as the agent knew."""
    return {"yes": say("Ours"), "no": say("Not ours")}.get(fault_ours, say("Not clear yet"))


def cost_error_words(error: CostError, say: Words) -> str:
    """What is wrong with the amount."""
    match error:
        case CostError.NOT_A_NUMBER:
            return say("Please give the amount as a number, like 3000.")
        case CostError.NEGATIVE:
            return say("An amount cannot be negative.")
        case CostError.ABSURD:
            return say("That is more than 100 million. Please count the zeros again.")


class Known(BaseModel):
    """What a case knows when an exception is asked for; empty for what it does not."""

    model_config = ConfigDict(frozen=True)

    fault: str = ""
    fault_ours: str = ""
    cost: str = ""
    concession: str = ""
    reason: str = ""
    evidence: str = ""
    new_fact: str = ""


def fault_menu(chosen: str, say: Words) -> Block:
    """Whose fault it is."""
    faults = [
        option(say("No, not ours"), "no"),
        option(say("Yes, ours"), "yes"),
        option(say("Not clear yet"), "unknown"),
    ]
    return menu("choice", faults, placeholder=say("Choose"), chosen=chosen)


def cost_box(cost: str, currency: str, say: Words) -> Block:
    """What it would cost us."""
    return labelled(
        "cost",
        say("What would it cost us? ({currency})", currency=currency),
        text_input("text", initial=cost.removesuffix(".00"), most=30, placeholder="3000"),
        hint=say("Our own cost: hours, parts, travel. Not what the customer would pay."),
    )


def _reopened(known: Known, say: Words) -> list[Block]:
    """Because of which fact it is asked again (R34)."""
    if not known.new_fact:
        return []
    return [context(say("Asked again because of what is new: {fact}", fact=escaped(known.new_fact)))]


def ask_modal(
    *,
    customer: str,
    case_id: str,
    currency: str,
    say: Words,
    known: Known | None = None,
    earlier: Sequence[Block] = (),
) -> Block:
    """A few short questions (R17): what is broken, whose fault, what it costs us, what we would concede, and why.

    Args:
        earlier: What the customer was granted and refused before, and what to say about it.
    """
    known = known or Known()
    concessions = [option(concession_words(each, say), each.value) for each in Concession]
    return modal(
        ASK_VIEW,
        say("Ask for an exception"),
        [
            context(
                say(
                    "For {customer}. A supervisor decides; the customer sees nothing of this.",
                    customer=escaped(customer),
                )
            ),
            *_reopened(known, say),
            *earlier,
            labelled(
                "fault",
                say("What is broken, and who cannot work?"),
                text_input(
                    "text",
                    initial=known.fault,
                    multiline=True,
                    most=1000,
                    placeholder=say("Invoices will not print, so nothing can ship"),
                ),
            ),
            labelled(
                "fault_ours",
                say("Is the fault ours?"),
                fault_menu(known.fault_ours, say),
                hint=say("If it is, no limit applies; the supervisor has to confirm it. Say below how you know."),
            ),
            cost_box(known.cost, currency, say),
            labelled(
                "concession",
                say("What are you asking for?"),
                menu("choice", concessions, placeholder=say("Choose"), chosen=known.concession),
            ),
            labelled(
                "reason",
                say("Why should we make an exception?"),
                text_input("text", initial=known.reason, multiline=True, most=1000),
            ),
            labelled(
                "evidence",
                say("Links to what is in writing"),
                text_input("text", initial=known.evidence, multiline=True, most=1000),
                hint=say("A mail, a quote, a photo: whatever the supervisor should look at."),
                optional=True,
            ),
        ],
        submit=say("Ask"),
        close=say("Cancel"),
        private_metadata=case_id,
    )


@dataclass(frozen=True)
class Choice:
    """A case that may be meant.

    Attributes:
        opened: The day on which it was opened, in words.
        words: What its customer said last.
    """

    case_id: str
    customer: str
    opened: str
    words: str


def ask_which_case(choices: Sequence[Choice], say: Words) -> tuple[str, list[Block]]:
    """Several cases are open: which one is meant?"""
    text = say("Which case do you mean?")
    blocks = [section(text)]
    for each in choices[:MOST_CHOICES]:
        about = f"*{escaped(each.customer)}* · {each.opened}\n{escaped(cut(each.words, MOST_WORDS))}"
        blocks.append(section(about, accessory=button(ASK, say("This one…"), each.case_id)))
    return text, blocks


def ask_which_customer(candidates: Sequence[Candidate], *, query: str, say: Words) -> tuple[str, list[Block]]:
    """The name fits several, or nobody: say which they are, never guess."""
    if not candidates:
        return say("No customer fits “{query}”. Please type more of the name, or a tax ID.", query=query), []
    text = say("“{query}” fits several customers. Please type more of the name:", query=query)
    names = "\n".join(f"• {escaped(each.name)}" for each in candidates[:MOST_CHOICES])
    return text, [section(escaped(text)), section(names)]


def notice(title: str, sentence: str, say: Words, *, more: Sequence[Block] = ()) -> Block:
    """One sentence in a window.

    Args:
        more: What can be done instead.
    """
    return modal(NOTICE_VIEW, title, [section(escaped(sentence)), *more], close=say("Close"))


def link_blocks(link: str, say: Words) -> list[Block]:
    """The way to the conversation, when there is one."""
    return [context(f"<{link}|{say('Go to the conversation')}>")] if link else []


def fact_lines(lines: list[str], next_step: str, say: Words, *, beside: Sequence[Block] = ()) -> list[Block]:
    """The lines that have become true, to follow a piece of news.

    Args:
        beside: What has to be said with them and stands in none of them.
    """
    blocks = [context(say("You could say"))] if lines else []
    blocks += [*(quote(line) for line in lines), *beside]
    return [*blocks, section(f"*{say('Next')}*  {escaped(next_step)}")]
