"""The report month by month: a table, and each of its columns drawn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import dropwhile
from zoneinfo import ZoneInfo

from bot.i18n import Words
from bot.insight import Insight, Month
from bot.insight_parts import Chart, Section
from bot.ledger import month_starts

MONTHS = 12
MOST_MONTHS = 36
NOTHING = "–"


def months_told(first: date, last: date, zone: ZoneInfo) -> list[tuple[date, datetime]]:
    """Which months are told one by one, each with when it begins at the desk; the last is the one of `last`.

    All that the period touches, but twelve at least and thirty-six at most.
    """
    touched = (last.year - first.year) * 12 + last.month - first.month + 1
    starts = month_starts(datetime.combine(last, time.min, zone), zone, max(MONTHS, min(touched, MOST_MONTHS)))
    return [(each, datetime.combine(each, time.min, zone)) for each in starts]


def by_month(insight: Insight, say: Words) -> Section:
    """From the first month in which anything happened."""
    title = say("Month by month")
    asked = ("opened_by_month", "granted_by_month", "won_by_month", "first_whisper_by_month", "claims_by_month")
    months = list(dropwhile(lambda each: each.is_empty, insight.months))
    if not months:
        return Section(title, asked, say("Nothing happened in these months."))
    last, ends_early = (insight.until - timedelta(days=1)).date(), insight.until.day != 1
    return Section(
        title,
        asked,
        say("By the desk's clock; the last month up to {last}.", last=say.day(last)),
        columns=(
            say("Month"),
            say("Cases"),
            say("Exceptions"),
            say("Cost"),
            say("Renewals"),
            say("Worth"),
            say("First whisper"),
            say("Promises"),
        ),
        rows=tuple(_row(each, say) for each in months),
        charts=tuple(_charts(months, say, ends_early=ends_early)) if len(months) > 1 else (),
        charts_say=say("The last month is not over, and lighter.") if ends_early else "",
    )


def _row(month: Month, say: Words) -> tuple[str, ...]:
    return (
        _name(month),
        str(month.opened),
        str(month.granted),
        _money(month.cost, say),
        str(month.won),
        _money(month.value, say),
        _seconds(month.first_whisper, say),
        str(month.claims),
    )


def _name(month: Month) -> str:
    return f"{month.first:%Y-%m}"


def _money(sums: Mapping[str, Decimal], say: Words) -> str:
    return "\n".join(say.money(amount, currency) for currency, amount in sorted(sums.items())) or NOTHING


def _seconds(seconds: float | None, say: Words) -> str:
    return NOTHING if seconds is None else say("{n} s", n=f"{seconds:,.1f}")


def _charts(months: Sequence[Month], say: Words, *, ends_early: bool) -> list[Chart]:
    """One for each figure, and for each currency of a sum; none where all are nought."""
    names = tuple(_name(each) for each in months)

    def counts(title: str, of: Callable[[Month], int]) -> Chart:
        counted = [of(each) for each in months]
        return Chart(title, say("How many"), names, tuple(counted), tuple(map(str, counted)))

    def sums(title: str, of: Callable[[Month], Mapping[str, Decimal]]) -> Iterator[Chart]:
        for currency in sorted({each for month in months for each in of(month)}):
            amounts = [of(each).get(currency, Decimal(0)) for each in months]
            told = tuple(say.money(each, currency) for each in amounts)
            yield Chart(title, currency, names, tuple(map(float, amounts)), told)

    waits = [each.first_whisper for each in months]
    drawn = [
        counts(say("Cases opened"), lambda month: month.opened),
        counts(say("Exceptions granted"), lambda month: month.granted),
        *sums(say("Cost of the exceptions"), lambda month: month.cost),
        counts(say("Renewals won"), lambda month: month.won),
        *sums(say("What the renewals are worth"), lambda month: month.value),
        Chart(
            say("First whisper, median"),
            say("Seconds"),
            names,
            tuple(waits),
            tuple(_seconds(each, say) for each in waits),
            is_line=True,
        ),
        counts(say("Promises checked"), lambda month: month.claims),
    ]
    return [replace(each, ends_early=ends_early) for each in drawn if any(each.figures)]
