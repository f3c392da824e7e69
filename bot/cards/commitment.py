"""Writing a commitment down, that it was kept or gets a new time, and what is told when it is due (R33)."""

from datetime import datetime

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    labelled,
    modal,
    moment_picker,
    section,
    text_input,
)
from bot.commitments import OWED, Commitment, CommitmentMove, CommitmentState, DueError, due_words
from bot.i18n import Words

COMMIT = "commit"
FOLLOW_UP = "follow_up"
MOST_TEXT = 500
KEPT = "commitment_kept"
WITHDRAW = "commitment_withdraw"
NEW_TIME = "commitment_new_time"
COMMIT_VIEW = "commit_view"
FOLLOW_UP_VIEW = "follow_up_view"
NEW_TIME_VIEW = "commitment_new_time_view"


def state_words(commitment: Commitment, say: Words) -> str:
    """How a commitment stands."""
    match commitment.state:
        case CommitmentState.OPEN:
            return say("open")
        case CommitmentState.KEPT:
            return say("kept")
        case CommitmentState.MISSED:
            return say("missed")
        case CommitmentState.WITHDRAWN:
            return say("withdrawn")


def due_error_words(error: DueError, say: Words) -> str:
    """What is wrong with the time."""
    match error:
        case DueError.MISSING:
            return say("Please choose a day and a time.")
        case DueError.PAST:
            return say("That time has passed. Please choose a later one.")
        case DueError.TOO_FAR:
            return say("That is more than a year away. Please choose an earlier time.")
        case DueError.SAME:
            return say("It is already due then. Please choose another time.")


def commit_modal(*, customer: str, case_id: str, suggested: datetime, say: Words, follow_up: str = "") -> Block:
    """What was promised, and by when.

    Args:
        follow_up: After a sale, what to ask; the customer was told no time for it.
    """
    return modal(
        FOLLOW_UP_VIEW if follow_up else COMMIT_VIEW,
        say("A commitment"),
        [
            context(
                say(
                    "For {customer}. What is written down here is kept: promise less, keep it.",
                    customer=escaped(customer),
                )
            ),
            labelled(
                "text",
                say("What will we do?"),
                text_input(
                    "text",
                    initial=cut(follow_up, MOST_TEXT),
                    most=MOST_TEXT,
                    placeholder=say("Call back with what the engineer found"),
                ),
            ),
            labelled("due", say("By when?"), moment_picker("moment", initial=int(suggested.timestamp()))),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=case_id,
    )


def new_time_modal(commitment: Commitment, *, zone: str, suggested: datetime, say: Words) -> Block:
    """Until when it will be done instead, and why."""
    return modal(
        NEW_TIME_VIEW,
        say("A new time"),
        [
            section(line(commitment, zone, say)),
            labelled("due", say("By when?"), moment_picker("moment", initial=int(suggested.timestamp()))),
            labelled("reason", say("Why?"), text_input("text", most=500)),
            context(say("Please tell the customer the new time as well; the words for it come next.")),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=commitment.id,
    )


def line(commitment: Commitment, zone: str, say: Words) -> str:
    """A commitment in one line of markup, by the reader's clock."""
    due = due_words(commitment.due_at, zone, say.language)
    return say(
        "*{text}* by {due} · {who} · {state}",
        text=escaped(commitment.text),
        due=due,
        who=f"<@{commitment.made_by}>",
        state=state_words(commitment, say),
    )


def buttons(commitment: Commitment, say: Words) -> list[Block]:
    """What can still happen to it."""
    if commitment.state not in OWED:
        return []
    row = [
        button(KEPT, say("Kept"), commitment.id, style="primary"),
        button(NEW_TIME, say("New time…"), commitment.id),
    ]
    if commitment.state is CommitmentState.OPEN:
        row.append(button(WITHDRAW, say("Withdraw"), commitment.id))
    return [actions(f"commitment:{commitment.id}", *row)]


def blocks(commitment: Commitment, zone: str, say: Words) -> list[Block]:
    """A commitment with its buttons."""
    return [section(line(commitment, zone, say)), *buttons(commitment, say)]


def told(
    commitment: Commitment, move: CommitmentMove, *, customer: str, zone: str, say: Words
) -> tuple[str, list[Block]]:
    """What somebody hears when a commitment is due, was missed, or is still owed long after that.

    Args:
        move: One of those that happen by themselves.
    """
    match move:
        case CommitmentMove.REMIND:
            sentence = say("⏰ Promised to {customer}, due soon", customer=customer)
            then = say("Done, or will it take longer? One click says so.")
        case CommitmentMove.MISS:
            sentence = say("⌛ Promised to {customer}, and the time has passed", customer=customer)
            then = say("Done after all? Press Kept. If not, tell the customer now, with a new time that will hold.")
        case _:
            sentence = say("⚠️ Promised to {customer} and still owed, with no new time", customer=customer)
            then = say("The customer is still waiting. Please make sure somebody answers them.")
    blocks = [section(f"*{escaped(sentence)}*"), section(line(commitment, zone, say)), context(then)]
    return sentence, blocks
