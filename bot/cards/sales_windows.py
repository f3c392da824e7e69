"""The windows in which sales says what becomes of an opportunity (R45)."""

from datetime import datetime

from bot.blocks import Block, context, labelled, modal, moment_picker, option, text_input, user_select
from bot.blocks import static_select as menu
from bot.cards.sales import HAND_ON, LOST, SNOOZE, WON, lost_words
from bot.i18n import Words
from bot.sales import LostReason, SnoozeError

SNOOZE_VIEW, HAND_ON_VIEW, WON_VIEW, LOST_VIEW = (f"{each}_view" for each in (SNOOZE, HAND_ON, WON, LOST))


def snooze_modal(opportunity_id: str, *, suggested: datetime, say: Words) -> Block:
    """Until when it sleeps."""
    picker = moment_picker("moment", initial=int(suggested.timestamp()))
    return modal(
        SNOOZE_VIEW,
        say("Later"),
        [
            labelled("until", say("When should it come up again?"), picker),
            context(say("If it gets graver before, it comes up at once.")),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=opportunity_id,
    )


def hand_on_modal(opportunity_id: str, say: Words) -> Block:
    """To whom it goes."""
    select = user_select("user", placeholder=say("Choose somebody"))
    return modal(
        HAND_ON_VIEW,
        say("Hand on"),
        [labelled("whom", say("To whom?"), select, hint=say("Somebody in sales. They get the whole card."))],
        submit=say("Hand on"),
        close=say("Cancel"),
        private_metadata=opportunity_id,
    )


def won_modal(opportunity_id: str, currency: str, say: Words) -> Block:
    """What was sold, and for how long."""
    return modal(
        WON_VIEW,
        say("Won"),
        [
            labelled(
                "value", say("What is the contract worth? ({currency})", currency=currency), text_input("text", most=30)
            ),
            labelled("months", say("For how many months?"), text_input("text", initial="12", most=4)),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=opportunity_id,
    )


def lost_modal(opportunity_id: str, say: Words) -> Block:
    """Why it was not sold (R45)."""
    options = [option(lost_words(each, say), each) for each in LostReason]
    return modal(
        LOST_VIEW,
        say("Not sold"),
        [
            labelled("reason", say("Why?"), menu("choice", options, placeholder=say("Choose a reason"))),
            labelled(
                "note",
                say("What did they say?"),
                text_input("text", multiline=True, most=500),
                hint=say("This may stand in an internal report just as written, so leave names out."),
                optional=True,
            ),
        ],
        submit=say("Save"),
        close=say("Cancel"),
        private_metadata=opportunity_id,
    )


def snooze_error_words(error: SnoozeError, say: Words) -> str:
    """What is wrong with the time."""
    match error:
        case SnoozeError.MISSING:
            return say("Please choose a day and a time.")
        case SnoozeError.PAST:
            return say("That time has passed. Please choose a later one.")
        case SnoozeError.TOO_FAR:
            return say("That is more than half a year away. Please choose an earlier time.")
