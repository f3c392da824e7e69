"""A salesperson's Home: what is theirs by when it is due, renewals that come up as a chart, what was won and lost."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.blocks import Block, context, cut, escaped, header, section
from bot.cards import renewals
from bot.cards.sales import buttons, lost_words, state_words
from bot.i18n import Words
from bot.ledger import bar
from bot.pipeline import Mine, Pipeline, RenewalMonth, is_overdue
from bot.sales import SalesMove

MOST_MINE = 8
MOST_FREE = 5
MOST_NAME = 60


def blocks(pipeline: Pipeline, now: datetime, zone: str, say: Words) -> list[Block]:
    """All of it; what is empty says so in a line or is left out."""
    found: list[Block] = [header(say("My opportunities"))]
    if not pipeline.mine:
        found.append(section(say("Nothing is waiting for you. Aside writes as soon as a customer needs you.")))
    found += [block for each in pipeline.mine[:MOST_MINE] for block in _mine(each, now, zone, say)]
    found += _more(len(pipeline.mine) - MOST_MINE, say)
    for title, listed in (
        (say("For whoever takes it first"), pipeline.free),
        (say("With colleagues"), pipeline.others),
    ):
        if listed:
            found.append(header(title))
            found += [block for each in listed[:MOST_FREE] for block in _mine(each, now, zone, say)]
            found += _more(len(listed) - MOST_FREE, say)
    found += _renewals(pipeline, zone, say)
    found.append(section(f"*{say('The last {days} days', days=pipeline.days)}*\n{_settled(pipeline, say)}"))
    return found


def _more(hidden: int, say: Words) -> list[Block]:
    return [context(say.plural("and {n} more", "and {n} more", hidden))] if hidden > 0 else []


def _mine(mine: Mine, now: datetime, zone: str, say: Words) -> list[Block]:
    """A line, how it stands, and the buttons that lead on."""
    known = mine.opportunity
    name = escaped(cut(mine.customer or say("a customer not on file"), MOST_NAME))
    contract = f"{renewals.contract_words(mine.ending)} · {renewals.end_words(mine.ending, say)}" if mine.ending else ""
    stands = [*filter(None, [contract]), state_words(known, zone, say)]
    if is_overdue(known, now):
        stands.append(say("This is due now."))
    elif known.due_at and known.due_move is SalesMove.MOVE_UP:
        when = f"{known.due_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        stands.append(say("If nobody takes it by {when}, the next one is told.", when=when))
    return [section("\n".join([f"*{name}*", *stands])), *buttons(known, say)]


def _renewals(pipeline: Pipeline, zone: str, say: Words) -> list[Block]:
    """How many contracts end in each of the next months, with a bar for what they are worth; the next, with a menu."""
    found: list[Block] = [header(say("Renewals ahead"))]
    if not any(each.contracts for each in pipeline.renewals):
        return [*found, section(say("No contract of your accounts ends in the next six months."))]
    found.append(section(_chart(pipeline.renewals, say)))
    found += [renewals.paragraph(each, zone, say) for each in pipeline.next_endings]
    return [*found, *_more(pipeline.more_endings, say)]


def _chart(months: Sequence[RenewalMonth], say: Words) -> str:
    """The currency in which most of it is; others are named at the end of a line."""
    totals: dict[str, Decimal] = {}
    for month in months:
        for currency, amount in month.worth.items():
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    main = max(totals, key=lambda each: totals[each], default="")
    most = max((month.worth.get(main, Decimal(0)) for month in months), default=Decimal(0))
    counts = [str(month.contracts) for month in months]
    worth = [", ".join(say.money(amount, unit) for unit, amount in sorted(month.worth.items())) for month in months]
    bars = [bar(month.worth.get(main, Decimal(0)), most) for month in months]
    wide, wider = max(map(len, counts)), max(map(len, worth))
    lines = [
        f"{month.first:%Y-%m}  {count:>{wide}}  {money:>{wider}}  {drawn}".rstrip()
        for month, count, money, drawn in zip(months, counts, worth, bars, strict=True)
    ]
    return "\n".join([say("Month, contracts that end, what they cost a year:"), "```", *lines, "```"])


def _settled(pipeline: Pipeline, say: Words) -> str:
    """What was won and lost."""
    done = pipeline.settled
    lost = sum(done.lost.values())
    if not done.won and not lost:
        return say("Nothing was settled.")
    money = [say.money(amount, currency) for currency, amount in sorted(done.value.items())]
    lines = [
        " · ".join([say.plural("{n} won", "{n} won", done.won), *money]),
        say.plural("{n} not sold", "{n} not sold", lost),
    ]
    if done.lost:
        why = say(", ").join(f"{lost_words(reason, say)} {times}" for reason, times in done.lost.items())
        lines[-1] += f" ({why})" if say.language == "en" else f"（{why}）"
    return "\n".join(lines)
