"""Asking for an exception, and the card on which a supervisor decides it."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    escaped,
    fields,
    header,
    labelled,
    modal,
    option,
    quote,
    section,
    text_input,
)
from bot.blocks import static_select as menu
from bot.entitlement import Entitlement
from bot.goodwill import CostError, ExceptionRequest, ExceptionState, Refusal
from bot.i18n import Words
from bot.policy import Concession

APPROVE = "approve_exception"
DECLINE = "decline_exception"
ASK_VIEW = "ask_exception_view"
DECLINE_VIEW = "decline_exception_view"
NOTICE_VIEW = "notice_view"


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
    return {"yes": say("Yes, ours"), "no": say("No, not ours")}.get(fault_ours, say("Not clear yet"))


def refusal_words(refusal: Refusal, say: Words) -> str:
    """Why somebody may not decide this."""
    match refusal:
        case Refusal.NOT_SUPERVISOR:
            return say("Only a supervisor can decide this. Your click changed nothing.")
        case Refusal.OWN_REQUEST:
            return say("You asked for this yourself, so another supervisor has to decide it.")
        case Refusal.TOOK_PART:
            return say("You are talking to this customer, so another supervisor has to decide it.")
        case Refusal.REASON_MISSING:
            return say("Please give a reason; the agent builds their answer on it.")
        case Refusal.WINDOW_USED:
            return say("This customer has been granted an exception meanwhile, so this one cannot be approved.")
        case Refusal.ALREADY_DECIDED:
            return say("Somebody has already decided this. The card shows how.")


def cost_error_words(error: CostError, say: Words) -> str:
    """What is wrong with the amount."""
    match error:
        case CostError.NOT_A_NUMBER:
            return say("Please give the cost as a number, like 3000.")
        case CostError.NEGATIVE:
            return say("A cost cannot be negative.")
        case CostError.ABSURD:
            return say("That is more than 100 million. Please count the zeros again.")


class Known(BaseModel):
    """What a case knows when an exception is asked for; empty for what it does not."""

    model_config = ConfigDict(frozen=True)

    fault: str = ""
    fault_ours: str = ""
    cost: str = ""
    reason: str = ""


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


def ask_modal(*, customer: str, case_id: str, currency: str, say: Words, known: Known | None = None) -> Block:
    """Four short questions (R17): what is broken, whose fault, what it costs us, what we would concede."""
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
            labelled("fault_ours", say("Is the fault ours?"), fault_menu(known.fault_ours, say)),
            cost_box(known.cost, currency, say),
            labelled(
                "concession",
                say("What are you asking for?"),
                menu("choice", concessions, placeholder=say("Choose")),
            ),
            labelled(
                "reason",
                say("Why should we make an exception?"),
                text_input("text", initial=known.reason, multiline=True, most=1000),
            ),
        ],
        submit=say("Ask"),
        close=say("Cancel"),
        private_metadata=case_id,
    )


def decline_modal(request_id: str, say: Words) -> Block:
    """A no carries its reason; the agent turns it into words."""
    return modal(
        DECLINE_VIEW,
        say("Decline"),
        [
            labelled(
                "reason",
                say("Why not?"),
                text_input("text", multiline=True, most=1000),
                hint=say("The agent sees this reason; the customer does not."),
            )
        ],
        submit=say("Decline"),
        close=say("Cancel"),
        private_metadata=request_id,
    )


def notice(title: str, sentence: str, say: Words) -> Block:
    """One sentence in a window."""
    return modal(NOTICE_VIEW, title, [section(escaped(sentence))], close=say("Close"))


def card(
    request: ExceptionRequest,
    *,
    customer: str,
    entitlement: Entitlement,
    granted_on: date | None,
    window_days: int,
    say: Words,
) -> tuple[str, list[Block]]:
    """The card a supervisor decides on; it always shows the current state.

    Args:
        granted_on: When the customer last had an exception within the window; None when they had none.
    """
    facts = [
        (say("Asked by"), f"<@{request.requested_by}>"),
        (say("Coverage"), entitlement_words(entitlement, say)),
        (say("Cost to us"), say.money(request.cost, request.currency)),
        (say("Our fault?"), fault_words(request.fault_ours, say)),
        (say("Asking for"), concession_words(request.concession, say)),
        (
            say("Earlier exception"),
            say("granted on {day}", day=say.day(granted_on))
            if granted_on
            else say("none in the past {days} days", days=window_days),
        ),
    ]
    blocks: list[Block] = [
        header(say("Exception for {customer}", customer=customer)),
        fields(facts),
        section(f"*{say('What is broken')}*\n{escaped(request.fault)}"),
        section(f"*{say('Why')}*\n{escaped(request.reason)}"),
    ]
    match request.state:
        case ExceptionState.REQUESTED:
            blocks.append(decide_buttons(request, say))
            text = say("{customer}: an exception waits for a decision", customer=customer)
        case ExceptionState.APPROVED:
            text = say("{customer}: approved", customer=customer)
            verdict = say("✅ Approved by {who}", who=f"<@{request.decided_by}>")
            blocks.append(section(f"*{verdict}*\n{say('This once only; it counts in the ledger from today.')}"))
        case ExceptionState.DECLINED:
            text = say("{customer}: declined", customer=customer)
            verdict = say("⛔ Declined by {who}", who=f"<@{request.decided_by}>")
            blocks.append(section(f"*{verdict}*\n{escaped(request.decision_reason)}"))
    return text, blocks


def decide_buttons(request: ExceptionRequest, say: Words) -> Block:
    """Yes, or no with a reason."""
    return actions(
        f"decide:{request.id}",
        button(APPROVE, say("Approve"), request.id, style="primary"),
        button(DECLINE, say("Decline…"), request.id, style="danger"),
    )


def link_blocks(link: str, say: Words) -> list[Block]:
    """The way to the conversation, when there is one."""
    return [context(f"<{link}|{say('Go to the conversation')}>")] if link else []


def told_agent(request: ExceptionRequest, *, customer: str, say: Words) -> tuple[str, list[Block]]:
    """What the agent hears about their request, above the lines that have become true."""
    match request.state:
        case ExceptionState.REQUESTED:
            text = say("Your request for {customer} is with the supervisors.", customer=customer)
        case ExceptionState.APPROVED:
            text = say(
                "Approved for {customer}: {concession}. Once only.",
                customer=customer,
                concession=concession_words(request.concession, say),
            )
        case ExceptionState.DECLINED:
            text = say("Declined for {customer}.", customer=customer)
    blocks = [context(say("🔒 Only you can see this")), section(f"*{escaped(text)}*")]
    if request.decision_reason:
        blocks.append(section(say("Reason: {reason}", reason=escaped(request.decision_reason))))
    return text, blocks


def fact_lines(lines: list[str], next_step: str, say: Words) -> list[Block]:
    """The lines that have become true, to follow a piece of news."""
    blocks = [context(say("You could say"))] if lines else []
    blocks += [quote(line) for line in lines]
    return [*blocks, section(f"*{say('Next')}*  {escaped(next_step)}")]
