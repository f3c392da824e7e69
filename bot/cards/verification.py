"""Asking sales whether something was promised (R24), and what they answered."""

from datetime import date

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    header,
    labelled,
    modal,
    quote,
    section,
    text_input,
)
from bot.i18n import Words
from bot.promises import Answer, AnswerRefusal, Verification, VerificationState

ASK_SALES = "ask_sales"
YES, NO, NOT_SURE = "promise_yes", "promise_no", "promise_not_sure"
YES_VIEW, NO_VIEW = "promise_yes_view", "promise_no_view"
MOST_CLAIMED = 600


def answer_words(verification: Verification, on: date | None, say: Words) -> str:
    """What sales said, in one sentence of markup."""
    who, day = f"<@{verification.answered_by}>", say.day(on) if on else ""
    match verification.state:
        case VerificationState.CONFIRMED:
            return say("✅ {who} confirmed it on {day}.", who=who, day=day)
        case VerificationState.NOT_CONFIRMED:
            return say("{who} does not know of it, as of {day}.", who=who, day=day)
        case VerificationState.ASKED if verification.answered_by:
            return say("{who} is not sure, as of {day}. The question stays open.", who=who, day=day)
        case VerificationState.ASKED:
            return say("No answer yet.")


def evidence_words(state: VerificationState, evidence: str, say: Words) -> str:
    """What came with the answer, in markup: evidence for a yes, for a no what they remember."""
    if state is VerificationState.CONFIRMED:
        return say("Their evidence: {evidence}", evidence=escaped(evidence))
    return say("They remember: {evidence}", evidence=escaped(evidence))


def refusal_words(refusal: AnswerRefusal, verification: Verification, on: date | None, say: Words) -> str:
    """Why somebody's answer is not taken."""
    match refusal:
        case AnswerRefusal.NOT_ASKED:
            return say("Only whoever was asked, sales and supervisors can answer this. Your click changed nothing.")
        case AnswerRefusal.OWN_QUESTION:
            return say("You asked this yourself, so somebody else has to answer it.")
        case AnswerRefusal.ALREADY_ANSWERED:
            standing = answer_words(verification, on, say)
            return say("This has been answered, and the first answer stands. {answer}", answer=standing)


def card(
    verification: Verification, *, customer: str, instead_of: str | None, on: date | None, say: Words
) -> tuple[str, list[Block]]:
    """The question, and how it stands.

    Args:
        instead_of: Name of the account owner who left, when a successor is asked (R29).
        on: The day of the answer, where the customer is.
    """
    text = say("{customer}: was something promised?", customer=customer)
    blocks: list[Block] = [
        header(text),
        section(say("{who} asks. The customer wrote:", who=f"<@{verification.asked_by}>")),
        quote(cut(verification.claimed, MOST_CLAIMED)) if verification.claimed else context(say("(no longer kept)")),
    ]
    if instead_of:
        blocks.append(context(say("You get this because {name} has left.", name=escaped(instead_of))))
    if verification.answered_by:
        blocks.append(section(f"*{answer_words(verification, on, say)}*"))
    if verification.evidence:
        blocks.append(section(evidence_words(verification.state, verification.evidence, say)))
    if verification.state is VerificationState.ASKED:
        blocks += [
            section(say("Do you know of it? Support has neither confirmed nor denied anything.")),
            actions(
                f"promise:{verification.id}",
                button(YES, say("Yes, it was promised…"), verification.id, style="primary"),
                button(NO, say("No, not by us…"), verification.id),
                button(NOT_SURE, say("Not sure"), verification.id),
            ),
            context(say("A promise that was made is kept. Please answer here, not in the customer's channel.")),
        ]
    return text, blocks


def answer_modal(answer: Answer, verification_id: str, say: Words) -> Block:
    """What is in writing, for a yes; what they remember, for a no."""
    is_yes = answer is Answer.YES
    return modal(
        YES_VIEW if is_yes else NO_VIEW,
        say("It was promised") if is_yes else say("Not promised"),
        [
            labelled(
                "evidence",
                say("What exactly, and where is it written?") if is_yes else say("What do you remember of it?"),
                text_input("text", multiline=True, most=1000),
                hint=say("An email, a message, a quotation. With nothing in writing, the true answer is “Not sure”.")
                if is_yes
                else say("The customer may still find something in writing."),
                optional=not is_yes,
            )
        ],
        submit=say("Answer"),
        close=say("Cancel"),
        private_metadata=verification_id,
    )


def told_agent(verification: Verification, *, customer: str, on: date | None, say: Words) -> tuple[str, list[Block]]:
    """What the agent hears, above the lines that have become true."""
    match verification.state:
        case VerificationState.CONFIRMED:
            text = say("{customer}: sales confirms the promise.", customer=customer)
        case VerificationState.NOT_CONFIRMED:
            text = say("{customer}: sales does not know of a promise.", customer=customer)
        case VerificationState.ASKED:
            text = say("{customer}: sales is not sure about the promise.", customer=customer)
    blocks = [
        context(say("🔒 Only you can see this")),
        section(f"*{escaped(text)}*\n{answer_words(verification, on, say)}"),
    ]
    if verification.evidence:
        blocks.append(section(evidence_words(verification.state, verification.evidence, say)))
    return text, blocks
