"""The week in a few figures, each beside the week before, for those who look after the desk (R42, R45, R47)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from bot.blocks import Block, context, escaped, fields, header
from bot.i18n import Words
from bot.insight import Insight
from bot.promises import VerificationState
from bot.sales import OpportunityState

MOST_HEARD = 3


def card(
    week: Insight, before: Insight, signals: Mapping[str, str], *, first: date, last: date, say: Words
) -> tuple[str, list[Block]]:
    """Cases, exceptions and their cost, promises, renewals, commitments, whispers, and what customers came with.

    Args:
        before: The week before it.
        signals: What the playbook calls each signal.
        first: The week's first day at the desk.
        last: Its last.
    """
    text = say("The desk's week, {first} to {last}", first=say.day(first), last=say.day(last))
    pairs = [
        (say("Cases opened"), _beside(week.opened, before.opened, say)),
        (say("Exceptions granted"), _beside(_granted(week), _granted(before), say) + _cost(week, say)),
        (say("Promises checked"), _beside(_checked(week), _checked(before), say) + _ended(week, say)),
        (say("Renewals won"), _beside(_won(week), _won(before), say) + _worth(week, say)),
        (say("Commitments kept in time"), _of(week.kept.in_time, week.kept.ended, say)),
        (say("Whispers that helped"), _of(week.whispers.helpful, week.whispers.rated, say) + _soon(week, say)),
    ]
    if week.asked_after.closed:
        asked_after = _of(week.asked_after.asked_after, week.asked_after.closed, say)
        pairs.append((say("Asked after once closed"), asked_after))
    if heard := [each for each in week.wanted if each.signal in signals][:MOST_HEARD]:
        told = "\n".join(f"{escaped(signals[each.signal])} {each.cases}" for each in heard)
        pairs.append((say("Heard most, in how many cases"), told))
    if week.asked_again:
        pairs.append((say("Customers who asked again"), str(len(week.asked_again))))
    if open_now := week.opportunities.get(OpportunityState.ASKED, 0):
        pairs.append((say("Opportunities nobody took yet"), str(open_now)))
    small = say("Whoever runs Aside gets the whole report, and how each figure was counted, with `aside report`.")
    return text, [header(text), fields(pairs), context(small)]


def is_empty(week: Insight) -> bool:
    """Whether nothing happened that anybody would want to read of."""
    return not (week.opened or week.granted or week.asked or week.claims or week.sales or week.kept.ended)


def _beside(now: int, before: int, say: Words) -> str:
    return say("{n} (the week before: {before})", n=now, before=before)


def _of(some: int, every: int, say: Words) -> str:
    return say("{some} of {every}", some=some, every=every) if every else "–"


def _granted(week: Insight) -> int:
    return sum(each.granted for each in week.granted if not each.ours)


def _won(week: Insight) -> int:
    return sum(each.won for each in week.sales)


def _checked(week: Insight) -> int:
    return sum(week.claims.values())


def _ended(week: Insight, say: Words) -> str:
    """How the claims ended; what is remembered or contradicted has not."""
    yes = sum(week.claims.get(each, 0) for each in (VerificationState.CONFIRMED, VerificationState.LAPSED))
    no = week.claims.get(VerificationState.NOT_CONFIRMED, 0)
    still = _checked(week) - yes - no
    return "\n" + say("{yes} confirmed, {no} not, {still} open", yes=yes, no=no, still=still) if week.claims else ""


def _cost(week: Insight, say: Words) -> str:
    costs = [say.money(each.cost, each.currency) for each in week.granted if not each.ours]
    return "".join(f"\n{each}" for each in costs)


def _soon(week: Insight, say: Words) -> str:
    median = week.first_whisper.median
    return "" if median is None else "\n" + say("the first in a case after {n} s, median", n=f"{median:,.1f}")


def _worth(week: Insight, say: Words) -> str:
    worth = [say.money(each.value.quantize(Decimal(1)), each.currency) for each in week.sales]
    return "".join(f"\n{each}" for each in worth)
