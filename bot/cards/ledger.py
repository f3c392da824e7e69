"""The ledger 通融紀錄 as those who decide see it: a small chart, who is at the limit, and the last decisions."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.blocks import Block, context, cut, escaped, fields, header, section
from bot.cards.decision import state_words
from bot.cards.exception import concession_words
from bot.goodwill import ExceptionState
from bot.i18n import Words
from bot.ledger import AtLimit, Entry, Ledger, Month, Total, bar
from bot.policy import Policy

MOST_CURRENCIES = 3
MOST_NAME = 60


def blocks(ledger: Ledger, months: Sequence[date], names: Mapping[str, str], policy: Policy, say: Words) -> list[Block]:
    """What was granted over the policy's window, against its limits.

    Args:
        months: The first days of the months in the chart, oldest first.
        names: Customers' names by their ids.
    """
    favours = [each for each in ledger.totals if not each.ours]
    found: list[Block] = [header(say("Ledger")), _summary(favours, policy, say)]
    found += _charts(ledger.months, months, say)
    found += [section(_at_limit(ledger, names, policy, say))] if ledger.at_limit else []
    found += [context(each) for each in _small_print(ledger, policy, say)]
    if ledger.entries:
        lines = [f"*{say('The last decisions')}*", *(_entry(each, names, policy, say) for each in ledger.entries)]
        found.append(section("\n".join(lines)))
    return found


def _summary(favours: Sequence[Total], policy: Policy, say: Words) -> Block:
    """What was granted, beside what may be granted; each currency for itself."""
    days, currency = policy.goodwill.window_days, policy.cost.currency
    if not favours:
        return section(say("No exception was granted in the past {days} days.", days=days))
    granted = [
        say("{n}, for {money} at most", n=each.granted, money=say.money(each.cost, each.currency)) for each in favours
    ]
    return fields(
        [
            (say("Granted in {days} days", days=days), "\n".join(granted)),
            (say("Largest single one"), "\n".join(say.money(each.dearest, each.currency) for each in favours)),
            (say("A supervisor grants alone"), _up_to(policy.approval.supervisor.up_to, currency, say)),
            (say("A manager grants"), _up_to(policy.approval.manager.up_to, currency, say)),
        ]
    )


def _up_to(most: Decimal, currency: str, say: Words) -> str:
    return say("up to {money}", money=say.money(most, currency))


def _charts(granted: Sequence[Month], months: Sequence[date], say: Words) -> list[Block]:
    """A chart for each currency, a line a month."""
    currencies = list(dict.fromkeys(each.currency for each in granted))[:MOST_CURRENCIES]
    return [
        section(_chart({each.first: each for each in granted if each.currency == unit}, unit, months, say))
        for unit in currencies
    ]


def _chart(granted: Mapping[date, Month], currency: str, months: Sequence[date], say: Words) -> str:
    rows = [
        (each, granted.get(each) or Month(first=each, currency=currency, granted=0, cost=Decimal(0))) for each in months
    ]
    most = max(month.cost for _, month in rows)
    counts = [str(month.granted) for _, month in rows]
    costs = [say.money(month.cost, currency) for _, month in rows]
    wide, wider = max(map(len, counts)), max(map(len, costs))
    lines = [
        f"{first:%Y-%m}  {count:>{wide}}  {cost:>{wider}}  {bar(month.cost, most)}".rstrip()
        for (first, month), count, cost in zip(rows, counts, costs, strict=True)
    ]
    return "\n".join([say("Month, how many, what they may cost us:"), "```", *lines, "```"])


def _at_limit(ledger: Ledger, names: Mapping[str, str], policy: Policy, say: Words) -> str:
    most, days = policy.goodwill.exceptions_per_window, policy.goodwill.window_days
    title = (
        say("At their limit ({n} in {days} days)", n=most, days=days)
        if most
        else say("Had an exception, though the policy allows none")
    )
    lines = [f"*{title}*", *(_customer(each, names, policy, say) for each in ledger.at_limit)]
    if ledger.at_limit_more:
        lines.append(say.plural("and {n} more", "and {n} more", ledger.at_limit_more))
    return "\n".join(lines)


def _customer(at_limit: AtLimit, names: Mapping[str, str], policy: Policy, say: Words) -> str:
    name = _name(at_limit.customer_id, names, say)
    if policy.goodwill.exceptions_per_window == 0:
        return f"• {name}"
    return say("• {customer}, again from {day}", customer=name, day=say.day(at_limit.free_on))


def _small_print(ledger: Ledger, policy: Policy, say: Words) -> list[str]:
    """What came to nothing, and what is no favour."""
    words = {
        ExceptionState.DECLINED: say("declined"),
        ExceptionState.EXPIRED: say("not decided in time"),
        ExceptionState.LAPSED: say("approved, not used in time"),
    }
    counts = [f"{words[each]} {ledger.outcomes[each]}" for each in words if ledger.outcomes.get(each)]
    pieces = []
    if counts:
        pieces.append(
            say("Filed in the past {days} days: {list}.", days=policy.goodwill.window_days, list=" · ".join(counts))
        )
    ours = [each for each in ledger.totals if each.ours]
    if ours:
        money = say(", ").join(say.money(each.cost, each.currency) for each in ours)
        number = sum(each.granted for each in ours)
        pieces.append(
            say.plural(
                "{n} more put right our own fault ({money}) and doesn't count as an exception.",
                "{n} more put right our own faults ({money}) and don't count as exceptions.",
                number,
                money=money,
            )
        )
    return pieces


def _entry(entry: Entry, names: Mapping[str, str], policy: Policy, say: Words) -> str:
    day = entry.decided_at.astimezone(ZoneInfo(policy.hours.timezone)).date()
    pieces = [
        say.day(day),
        f"*{_name(entry.customer_id, names, say)}*",
        concession_words(entry.concession, say),
        say.money(entry.cost, entry.currency),
        f"<@{entry.decided_by}>",
        state_words(entry.state, say),
    ]
    return f"• {' · '.join(pieces)}"


def _name(customer_id: str | None, names: Mapping[str, str], say: Words) -> str:
    return escaped(cut(names.get(customer_id or "") or say("a customer not on file"), MOST_NAME))
