"""The windows in which an exception is decided, and a supervisor's question is answered."""

from collections.abc import Sequence

from bot.blocks import Block, context, cut, escaped, labelled, modal, option, static_select, text_input
from bot.cards.exception import concession_words
from bot.goodwill import ExceptionRequest
from bot.i18n import Words
from bot.policy import ApprovalPolicy, Concession

APPROVE_VIEW = "approve_exception_as_asked_view"
TERMS_VIEW = "approve_exception_view"
ASK_BACK_VIEW = "ask_back_exception_view"
DECLINE_VIEW = "decline_exception_view"
ANSWER_VIEW = "answer_exception_view"
MOST_WORDS = 300
TOLD = "told"
FAIRNESS = "fairness"


def approve_modal(request: ExceptionRequest, about: Sequence[Block], say: Words) -> Block:
    """A plain yes where the card is not in sight: first everything that is known, then the click.

    Args:
        about: What the decision is made from.
    """
    return modal(
        APPROVE_VIEW,
        say("Approve"),
        [*about, context(_what_a_plain_yes_is(request, say))],
        submit=say("Approve"),
        close=say("Cancel"),
        private_metadata=request.id,
    )


def _what_a_plain_yes_is(request: ExceptionRequest, say: Words) -> str:
    if request.proposed:
        return say("Approved as the first approver would grant it. For anything else, use the other button.")
    return say("Approved as it was asked for. For less, or with conditions, use the other button.")


def terms_modal(request: ExceptionRequest, policy: ApprovalPolicy, say: Words, *, about: Sequence[Block] = ()) -> Block:
    """A yes with limits: what, up to how much, on which condition, until when; and whether it is a favour at all.

    Args:
        about: What the decision is made from, where the card is not in sight.
    """
    concessions = [option(concession_words(each, say), each.value) for each in Concession]
    known = request.proposed
    cost = known.cap if known else request.cost
    concession = known.concession if known else request.concession
    return modal(
        TERMS_VIEW,
        say("Approve with conditions"),
        [
            *(about or [context(say("For {scope}", scope=escaped(cut(request.fault, MOST_WORDS))))]),
            fault_box(request, say),
            labelled(
                "concession",
                say("What do we grant?"),
                static_select("choice", concessions, placeholder=say("Choose"), chosen=concession),
            ),
            labelled(
                "cap",
                say("What may it cost us at most? ({currency})", currency=request.currency),
                text_input("text", initial=str(cost).removesuffix(".00"), most=30),
            ),
            labelled(
                "conditions",
                say("On which condition?"),
                text_input(
                    "text",
                    initial=known.conditions if known else "",
                    multiline=True,
                    most=1000,
                    placeholder=say("Parts are paid by your company"),
                ),
                hint=say("The customer hears it in these words, so write it to them."),
                optional=True,
            ),
            labelled(
                "valid_days",
                say("For how many days can it be used?"),
                text_input("text", initial=str(policy.valid_days), most=4),
            ),
            labelled(
                "extended_to",
                say("With an extension: covered until which day?"),
                {"type": "datepicker", "action_id": "day"},
                optional=True,
            ),
            labelled(
                "reason",
                say("Why this decision?"),
                text_input("text", multiline=True, most=1000),
                hint=say("The agent sees this reason; the customer does not."),
            ),
        ],
        submit=say("Approve"),
        close=say("Cancel"),
        private_metadata=request.id,
    )


def fault_box(request: ExceptionRequest, say: Words) -> Block:
    """Whether the fault is ours: the word of whoever decides, not of whoever asks.

    Where whoever asks says that it is, nothing is chosen beforehand.
    """
    choices = [
        option(say("No, or not shown: a favour within the limits"), "no"),
        option(say("Yes: no limit applies, nothing is counted"), "yes"),
    ]
    return labelled(
        "fault_ours",
        say("Is the fault ours?"),
        static_select("choice", choices, placeholder=say("Choose"), chosen="" if request.fault_ours == "yes" else "no"),
        hint=say("It stands in the case with your name and your reason."),
    )


def ask_back_modal(request: ExceptionRequest, say: Words, *, about: Sequence[Block] = ()) -> Block:
    """What a supervisor has to know first."""
    return _one_box(
        ASK_BACK_VIEW,
        request.id,
        about=about,
        title=say("Ask back"),
        label=say("What do you need to know?"),
        hint=say("The agent gets this by direct message and answers here."),
        submit=say("Ask"),
        say=say,
    )


def answer_modal(request: ExceptionRequest, say: Words) -> Block:
    """The agent's answer to it."""
    return _one_box(
        ANSWER_VIEW,
        request.id,
        title=say("Answer"),
        label=say("Your answer"),
        hint=request.question,
        submit=say("Send"),
        say=say,
    )


def decline_modal(request: ExceptionRequest, say: Words, *, about: Sequence[Block] = ()) -> Block:
    """A no carries its reason, which the agent turns into words, and says whose fault it is where that was claimed."""
    return _one_box(
        DECLINE_VIEW,
        request.id,
        about=[*about, fault_box(request, say)] if request.fault_ours == "yes" else about,
        more=[_told_box(say)],
        title=say("Decline"),
        label=say("Why not?"),
        hint=say("The agent sees this reason; the customer does not."),
        submit=say("Decline"),
        say=say,
    )


def _told_box(say: Words) -> Block:
    """What the customer may hear as the reason: fairness is given only where it is the reason (R28)."""
    choices = [
        option(say("No reason, only what comes next"), "none"),
        option(say("Fairness to other customers"), FAIRNESS),
    ]
    return labelled(
        TOLD,
        say("What may the customer hear as the reason?"),
        static_select("choice", choices, placeholder=say("Choose"), chosen="none"),
        optional=True,
    )


def _one_box(
    callback_id: str,
    request_id: str,
    *,
    title: str,
    label: str,
    hint: str,
    submit: str,
    say: Words,
    about: Sequence[Block] = (),
    more: Sequence[Block] = (),
) -> Block:
    return modal(
        callback_id,
        title,
        [*about, labelled("reason", label, text_input("text", multiline=True, most=1000), hint=hint), *more],
        submit=submit,
        close=say("Cancel"),
        private_metadata=request_id,
    )
