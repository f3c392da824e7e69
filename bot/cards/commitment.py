"""Writing a commitment down, and that it was kept (R33)."""

from datetime import datetime

from bot.blocks import Block, actions, button, context, escaped, labelled, modal, moment_picker, section, text_input
from bot.commitments import OWED, Commitment, CommitmentState, DueError, due_words
from bot.i18n import Words

COMMIT = "commit"
KEPT = "commitment_kept"
WITHDRAW = "commitment_withdraw"
COMMIT_VIEW = "commit_view"


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


def commit_modal(*, customer: str, case_id: str, suggested: datetime, say: Words) -> Block:
    """What was promised, and by when."""
    return modal(
        COMMIT_VIEW,
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
                text_input("text", most=500, placeholder=say("Call back with what the engineer found")),
            ),
            labelled("due", say("By when?"), moment_picker("moment", initial=int(suggested.timestamp()))),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=case_id,
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
    row = [button(KEPT, say("Kept"), commitment.id, style="primary")]
    if commitment.state is CommitmentState.OPEN:
        row.append(button(WITHDRAW, say("Withdraw"), commitment.id))
    return [actions(f"commitment:{commitment.id}", *row)]


def blocks(commitment: Commitment, zone: str, say: Words) -> list[Block]:
    """A commitment with its buttons."""
    return [section(line(commitment, zone, say)), *buttons(commitment, say)]
