"""What an agent can do about a case, as buttons: on a whisper, on news, and in the case's window."""

from collections.abc import Iterable, Sequence

from bot.blocks import Block, actions, button
from bot.cards.assess import ASSESS, NEW_FACTS
from bot.cards.commitment import COMMIT
from bot.cards.engineer import ASSIGN_ENGINEER
from bot.cards.takeover import ASK_TAKEOVER, choose_button
from bot.cards.verification import ASK_SALES
from bot.i18n import Words
from bot.playbook import Action

ASK_EXCEPTION = "ask_exception"
SHOW_CASE = "show_case"
READ = "read_conversation"

IDS = {
    Action.ASK_EXCEPTION: ASK_EXCEPTION,
    Action.ASK_SALES: ASK_SALES,
    Action.ASSIGN_ENGINEER: ASSIGN_ENGINEER,
    Action.ASSESS: ASSESS,
    Action.COMMIT: COMMIT,
    Action.ASK_TAKEOVER: ASK_TAKEOVER,
    Action.NEW_FACTS: NEW_FACTS,
}


def action_words(action: Action, say: Words) -> str:
    """What stands on the button; an ellipsis when a window opens."""
    match action:
        case Action.ASK_EXCEPTION:
            return say("Ask for an exception…")
        case Action.ASK_SALES:
            return say("Ask sales")
        case Action.ASSIGN_ENGINEER:
            return say("Have an engineer look…")
        case Action.ASSESS:
            return say("Assess…")
        case Action.COMMIT:
            return say("Write down a commitment…")
        case Action.ASK_TAKEOVER:
            return say("Ask for a takeover")
        case Action.NEW_FACTS:
            return say("Something is new…")


def buttons(wanted: Iterable[Action], value: str, say: Words, *, foremost: Action | None = None) -> list[Block]:
    """A button for each action; beside the one that asks whoever is next to take over, the one to choose somebody.

    Args:
        value: The advice's id, or in the case's window the case's own.
        foremost: The one that stands out.
    """
    row: list[Block] = []
    for each in dict.fromkeys(wanted):
        row.append(button(IDS[each], action_words(each, say), value, style="primary" if each is foremost else None))
        if each is Action.ASK_TAKEOVER:
            row.append(choose_button(value, say))
    return row


def read_button(value: str, say: Words) -> Block:
    """The way to what was said, also for whoever is not in its channel, where a link leads nowhere.

    Args:
        value: The advice's id, or the case's own.
    """
    return button(READ, say("Read the conversation"), value)


def case_buttons(case_id: str, say: Words) -> Block:
    """What was said in a case, and all that is known of it."""
    return actions(f"case:{case_id}", read_button(case_id, say), button(SHOW_CASE, say("The case…"), case_id))


def row(wanted: Sequence[Action], value: str, say: Words, *, more: Sequence[Block] = ()) -> Block:
    """The buttons in a row, the first one foremost, and the way to all that the case knows.

    Args:
        more: Buttons that make no fact true.
    """
    first = wanted[0] if wanted else None
    own = buttons(wanted, value, say, foremost=first)
    return actions(f"do:{value}", *own, *more, button(SHOW_CASE, say("The case…"), value))
