"""Whose case it is: the window in which that is put right, and the button beside a customer that was found."""

from collections.abc import Collection, Sequence

from bot.blocks import (
    Block,
    actions,
    button,
    confirmation,
    context,
    cut,
    escaped,
    labelled,
    modal,
    plain,
    section,
    text_input,
)
from bot.cards.exception import Choice
from bot.case import NotTheirs
from bot.i18n import Words

CHOOSE_CUSTOMER = "choose_customer"
THEIR_CASE = "their_case"
CUSTOMER_VIEW = "right_customer_view"
CUSTOMER_SELECT = "case_customer"
MOST_CASES = 5
MOST_WORDS = 150
MOST_NAME = 80
_ROW = "their_case:"


def choose_button(value: str, say: Words) -> Block:
    """The way to the window.

    Args:
        value: The advice's id, or in the case's window the case's own.
    """
    return button(CHOOSE_CUSTOMER, say("Customer…"), value)


def window(customer: str, *, case_id: str, say: Words) -> Block:
    """Look the right customer up.

    Args:
        customer: Whose the case is now, in words.
    """
    which: Block = {
        "type": "external_select",
        "action_id": CUSTOMER_SELECT,
        "placeholder": plain(say("Type a name"), 150),
        "min_query_length": 1,
    }
    return modal(
        CUSTOMER_VIEW,
        say("Whose case is it?"),
        [
            section(f"*{say('Now')}*  {escaped(customer)}"),
            labelled("customer", say("Customer"), which, hint=say("A name, tax ID, serial or contract number.")),
            labelled(
                "why",
                say("Why?"),
                text_input("text", most=300),
                hint=say("Needed once an exception was approved, which then counts for this customer."),
                optional=True,
            ),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=case_id,
    )


def their_case(
    customer_id: str, name: str, choices: Sequence[Choice], say: Words, *, of_nobody: Collection[str] = ()
) -> list[Block]:
    """Beside a customer that was found: a button for each open case of the channel that is not theirs.

    Args:
        name: What the customer is called.
        of_nobody: The cases without a customer; where there is one already, the button asks before it moves the case.
    """
    if len(choices) == 1:
        (only,) = choices
        return [
            context(say("The open case here: {customer}", customer=escaped(only.customer))),
            actions(f"{_ROW}0:{customer_id}", _button(only, name, say, asks=only.case_id not in of_nobody)),
        ]
    blocks: list[Block] = []
    for number, each in enumerate(choices[:MOST_CASES]):
        about = f"*{escaped(each.customer)}* · {each.opened}\n{escaped(cut(each.words, MOST_WORDS))}"
        mark = _button(each, name, say, asks=each.case_id not in of_nobody)
        blocks += [section(about), actions(f"{_ROW}{number}:{customer_id}", mark)]
    return blocks


def _button(choice: Choice, name: str, say: Words, *, asks: bool) -> Block:
    question = confirmation(
        say("Move the case?"),
        say(
            "This open case is {before}'s now. It and what counts for it would be {customer}'s.",
            before=cut(choice.customer, MOST_NAME),
            customer=cut(name, MOST_NAME),
        ),
        yes=say("Move it"),
        no=say("Leave it"),
    )
    return button(THEIR_CASE, say("This is their case"), choice.case_id, confirm=question if asks else None)


def customer_of_row(block_id: str) -> str:
    """The customer beside whom a button stands, from its row."""
    return block_id.removeprefix(_ROW).partition(":")[2]


def refusal_words(refusal: NotTheirs, customer: str, say: Words) -> str:
    """Why the case is not moved."""
    match refusal:
        case NotTheirs.ALREADY:
            return say("This is {customer}'s case already.", customer=customer)
        case NotTheirs.SUPERVISOR_ONLY:
            return say(
                "A supervisor has decided on an exception in this case. It would count for another customer, so only a "
                "supervisor can move the case."
            )
        case NotTheirs.OWN_REQUEST:
            return say("You asked for the exception in this case. Please let another supervisor move it.")
        case NotTheirs.REASON_MISSING:
            return say(
                "An exception has been decided in this case and would count for another customer. Please write why, "
                "under “Customer…” in the case's window."
            )


def moved_words(customer: str, *, elsewhere: bool, say: Words) -> str:
    """What whoever moved it is told.

    Args:
        elsewhere: The customer has another open case in the channel.
    """
    told = say("This is {customer}'s case now. Coverage and exceptions are read from their record.", customer=customer)
    if elsewhere:
        told += " " + say("They have another open case in this channel; the two stay apart.")
    return told


def told_handler(who: str, before: str, customer: str, why: str, say: Words) -> tuple[str, list[Block]]:
    """What whoever handles the case hears when somebody else moved it.

    Args:
        who: The colleague's Slack id.
        before: Whose it was, in words.
    """
    text = say("{customer}: your case is theirs now (before: {before}).", customer=customer, before=before)
    small = [say("Moved by {who}", who=f"<@{who}>"), *([escaped(cut(why, MOST_WORDS))] if why else [])]
    return text, [section(f"*{escaped(text)}*"), context(" · ".join(small))]
