"""What a customer was granted and refused before, told to whoever asks again and to whoever decides (R23, R34)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.blocks import Block, button, context, cut, escaped, labelled, option, section, text_input
from bot.blocks import static_select as menu
from bot.cards.doing import SHOW_CASE
from bot.cards.exception import concession_words
from bot.goodwill import ExceptionRequest
from bot.i18n import Words
from bot.working_hours import desk_day

MOST_NOES = 3
MOST_WORDS = 300
SAME, OTHER = "yes", "no"
"""Whether it is the problem for which the customer heard no."""


@dataclass(frozen=True)
class Earlier:
    """What the customer was granted and refused before.

    Attributes:
        granted: Favours that count against the next one, oldest first.
        per_window: How many favours the customer may have in the window.
        next_on: With all of them had, from which day the next one is possible; None when the policy allows none.
        noes: The noes that stand, newest first.
        zone: The desk's clock, by which days are told, an IANA name.
    """

    granted: Sequence[ExceptionRequest]
    per_window: int
    next_on: date | None
    noes: Sequence[ExceptionRequest]
    zone: str


def used_words(earlier: Earlier, say: Words) -> str:
    """The earlier exception, and what there is instead (R22, R23)."""
    if not earlier.granted or earlier.next_on is None:
        return say(
            "Our policy allows this customer no exception. A paid one-off service or a renewal is always possible. "
            "A supervisor may ask a manager for one."
        )
    last = earlier.granted[-1]
    return say(
        "This customer had their exception on {day}: {what}. It was for once; the next one is possible from {again}. "
        "A paid one-off service or a renewal is always possible. A supervisor may ask a manager for another one.",
        day=_day(last.decided_at, earlier.zone, say),
        what=concession_words(last.grant.concession if last.grant else last.concession, say),
        again=say.day(earlier.next_on),
    )


def in_window(earlier: Earlier, noes: Sequence[ExceptionRequest], say: Words, *, window_used: bool) -> list[Block]:
    """What whoever asks should know first; and after a no in another case, what is new or what is different.

    Args:
        noes: The noes of other cases, to which this request has to say something.
    """
    blocks: list[Block] = [context(f"⚠️ {escaped(used_words(earlier, say))}")] if window_used else []
    if not noes:
        return blocks
    for each in noes[:MOST_NOES]:
        day = _day(each.decided_at, earlier.zone, say)
        blocks.append(section(_no(say("{day}: a request of this customer was declined", day=day), each, say)))
    return [
        *blocks,
        context(say("Another problem is a new request. For the same one, only something new reopens a no.")),
        labelled(
            "same_problem",
            say("Is it the same problem?"),
            menu(
                "choice",
                [option(say("No, another problem"), OTHER), option(say("Yes, and something is new"), SAME)],
                placeholder=say("Choose"),
            ),
        ),
        labelled(
            "new_fact",
            say("What is new, or what is different?"),
            text_input("text", multiline=True, most=1000),
            hint=say("A document, a date, a cause. The supervisor reads it beside the earlier no."),
        ),
    ]


def on_card(request: ExceptionRequest, earlier: Earlier, say: Words) -> list[Block]:
    """Each no that stands, who said it and why, with the way to its case; then what is new or different."""
    blocks: list[Block] = []
    for each in [no for no in earlier.noes if no.id != request.id][:MOST_NOES]:
        told = {"day": _day(each.decided_at, earlier.zone, say), "who": f"<@{each.decided_by}>"}
        if each.case_id == request.case_id:
            blocks.append(section(_no(say("Declined on {day} by {who}, in this case", **told), each, say)))
        else:
            title = say("Declined on {day} by {who}, in another case", **told)
            way = button(SHOW_CASE, say("The other case…"), each.case_id)
            blocks.append(section(_no(title, each, say), accessory=way))
    if request.new_fact:
        title = say("New since the last no") if request.reopens else say("Another problem, says whoever asks")
        blocks.append(section(f"*{title}*\n{escaped(request.new_fact)}"))
    return blocks


def _no(title: str, declined: ExceptionRequest, say: Words) -> str:
    reason = say("Reason: {reason}", reason=escaped(cut(declined.decision_reason, MOST_WORDS)))
    words = [escaped(cut(declined.fault, MOST_WORDS)), reason if declined.decision_reason else ""]
    return "\n".join([f"⛔ *{title}*", *(each for each in words if each)])


def _day(moment: datetime | None, zone: str, say: Words) -> str:
    return say.day(desk_day(moment, zone)) if moment else ""
