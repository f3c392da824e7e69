"""What somebody can say about a whisper: that it helped, why it did not, which signal was wrong, and to be quiet."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.advice import Advice
from bot.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    labelled,
    modal,
    option,
    overflow,
    radio_buttons,
    section,
    static_select,
    text_input,
)
from bot.i18n import Words
from bot.playbook import Playbook
from bot.quiet import Rating, Reason

WHY = "why"
HELPFUL = "helpful"
MENU = "whisper_menu"
WRONG_SIGNAL = "wrong_signal"
UNDO_RATING = "undo_rating"
UNDO_MUTE_PLAY = "undo_mute_play"
UNDO_MUTE_CASE = "undo_mute_case"
UNDO_PAUSE = "undo_pause"
NOT_HELPFUL_VIEW = "not_helpful_view"
MOST_NOTE = 500
MOST_SIGNALS = 100
_ROW = "whisper:"


class Choice(StrEnum):
    """What the menu of a whisper offers."""

    WHY = "why"
    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"
    UNDO_RATING = "undo_rating"
    MUTE_PLAY = "mute_play"
    MUTE_CASE = "mute_case"
    PAUSE = "pause"


def choice_words(choice: Choice, say: Words) -> str:
    """A choice of the menu; an ellipsis when a window opens."""
    match choice:
        case Choice.WHY:
            return say("Why this?")
        case Choice.HELPFUL:
            return say("Helpful")
        case Choice.NOT_HELPFUL:
            return say("Not helpful…")
        case Choice.UNDO_RATING:
            return say("Take my rating back")
        case Choice.MUTE_PLAY:
            return say("Mute this play for me")
        case Choice.MUTE_CASE:
            return say("Mute this case for me")
        case Choice.PAUSE:
            return say("Pause for an hour")


def reason_words(reason: Reason, say: Words) -> str:
    """Why it did not help."""
    match reason:
        case Reason.NOT_TRUE:
            return say("Not true for this case")
        case Reason.WRONG_SIGNAL:
            return say("Wrong signal")
        case Reason.TOO_LATE:
            return say("Too late")
        case Reason.TOO_MUCH:
            return say("Too much")
        case Reason.KNOWN:
            return say("I knew that")
        case Reason.BADLY_WORDED:
            return say("Badly worded")
        case Reason.OTHER:
            return say("Something else")


def rating_words(rating: Rating, say: Words) -> str:
    """What somebody thought of it, in a few words."""
    if rating.helpful:
        return say("👍 rated helpful")
    return say("rated not helpful: {reason}", reason=reason_words(rating.reason or Reason.OTHER, say))


def row_id(advice_id: str) -> str:
    """The id of the row, or the paragraph, in which a whisper's menu stands."""
    return f"{_ROW}{advice_id}"


def advice_id_of(block_id: str) -> str:
    """The whisper to which a menu belongs."""
    return block_id.removeprefix(_ROW)


def menu(choices: Sequence[Choice], say: Words) -> Block:
    """The menu behind three dots."""
    return overflow(MENU, [option(choice_words(each, say), each) for each in choices])


def footer(advice_id: str, say: Words, *, is_helpful: bool = False) -> Block:
    """The reason is one click away, and so is saying what one thinks of it.

    Args:
        is_helpful: They said that it helped; the rest of the row stays.
    """
    helpful = [] if is_helpful else [button(HELPFUL, say("Helpful"), advice_id)]
    return actions(
        row_id(advice_id),
        button(WHY, say("Why this?"), advice_id),
        *helpful,
        menu((Choice.NOT_HELPFUL, Choice.MUTE_PLAY, Choice.MUTE_CASE, Choice.PAUSE), say),
    )


def done(sentence: str, undo: str, label: str, advice_id: str) -> Block:
    """What was done about a whisper, and the button that takes it back.

    Args:
        undo: The button's action.
    """
    return section(sentence, accessory=button(undo, label, advice_id))


def clock(moment: datetime, zone: str) -> str:
    """The time of day, by the person's own clock."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def window(
    advice: Advice, *, playbook: Playbook, say: Words, remember: str, reason: Reason | None = None, signal: str = ""
) -> Block:
    """Why it did not help; which of its signals was wrong, and what the message really shows.

    Args:
        remember: Which whisper it is about, and where it stands.
        reason: The reason with which it begins.
        signal: The signal with which it begins.
    """
    signals = [each.id for each in advice.signals]
    reasons = [each for each in Reason if signals or each is not Reason.WRONG_SIGNAL]
    choices = radio_buttons("choice", [option(reason_words(each, say), each) for each in reasons], chosen=reason or "")
    blocks = [labelled("reason", say("Why did it not help?"), choices)]
    if signals:
        blocks += _which_signal(signals, signal, playbook, say)
    blocks += [
        labelled("note", say("In a few words"), text_input("text", multiline=True, most=MOST_NOTE), optional=True),
        context(say("Counted without names, to improve the playbook.")),
    ]
    return modal(
        NOT_HELPFUL_VIEW,
        say("Not helpful"),
        blocks,
        submit=say("Send"),
        close=say("Cancel"),
        private_metadata=remember,
    )


def _which_signal(signals: Sequence[str], chosen: str, playbook: Playbook, say: Words) -> list[Block]:
    names = playbook.words[say.language].signals
    speaker = next((each.speaker for each in playbook.signals if each.id in signals), None)
    others = [each.id for each in playbook.signals if each.speaker == speaker and each.id not in signals]

    def choose(among: Sequence[str], placeholder: str) -> Block:
        options = [option(names[each].name, each) for each in among if each in names]
        return static_select("choice", options[:MOST_SIGNALS], placeholder=placeholder, chosen=chosen)

    which = choose(signals, say("Choose a signal"))
    if not which["options"]:
        return []
    blocks = [
        labelled(
            "signal",
            say("Which signal was wrong?"),
            which,
            hint=say("It is taken out of the case at once and does not come back for this message."),
            optional=True,
        )
    ]
    really = choose(others, say("Nothing, or hard to tell"))
    if really["options"]:
        blocks.append(labelled("really", say("What was it really?"), really, optional=True))
    return blocks


def mistake(reason: str, *, signal: str, note: str, one_signal: bool, say: Words) -> dict[str, str]:
    """What has to be mended in the window before it is taken, a sentence for each box."""
    if reason == Reason.WRONG_SIGNAL and not signal and not one_signal:
        return {"signal": say("Please choose which one was wrong.")}
    if reason == Reason.OTHER and not note:
        return {"note": say("Please say in a few words what it was.")}
    return {}


def corrected_words(signal: str, really: str, *, playbook: Playbook, say: Words) -> str:
    """What was corrected."""
    names = playbook.words[say.language].signals

    def named(each: str) -> str:
        return escaped(cut(names[each].name, 80)) if each in names else each

    if really:
        return say("This message now counts as {really}, not as {signal}.", really=named(really), signal=named(signal))
    return say("This message no longer counts as {signal}.", signal=named(signal))
