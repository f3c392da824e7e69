"""The report in words: a heading, a sentence and a table for each question, whoever shows it and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.cards.decision import state_words
from bot.cards.sales import lost_words
from bot.i18n import Words
from bot.insight import Insight, median, ninth_tenth
from bot.promises import VerificationState

MOST_ROWS = 12


@dataclass(frozen=True)
class Section:
    """One part of the report.

    Attributes:
        asked: Names of the questions to the database it rests on.
        says: What the figures say, in a sentence or two.
        columns: Heads of the table; the first column names things, the others are figures.
        rows: The table, as it is read.
        bars: How long the bar beside each row is, 0 to 1; empty where no chart would say more than the table.
    """

    title: str
    asked: tuple[str, ...]
    says: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    bars: tuple[float, ...] = ()


def sections(insight: Insight, names: Mapping[str, str], signals: Mapping[str, str], say: Words) -> tuple[Section, ...]:
    """The whole report.

    Args:
        names: Customers' names by their ids.
        signals: What the playbook calls each signal.
    """
    return (
        _cases(insight, say),
        _granted(insight, say),
        _asked(insight, say),
        _asked_again(insight, names, say),
        _claims(insight, say),
        _sales(insight, say),
        _lost(insight, say),
        _wanted(insight, signals, say),
        _kept(insight, say),
        _breadth(insight, say),
    )


def _shares(figures: Sequence[float | Decimal]) -> tuple[float, ...]:
    """Each beside the greatest."""
    most = max(figures, default=0)
    return tuple(float(each / most) if most else 0.0 for each in figures)  # type: ignore[operator]


def _cases(insight: Insight, say: Words) -> Section:
    lines = [
        say.plural("{n} case was opened; {closed} closed since.", "{n} cases were opened; {closed} closed since.",
                   insight.opened, closed=insight.closed)
    ]  # fmt: skip
    if insight.waits:
        lines.append(
            say(
                "The first whisper came {median} s after the message it is about (nine of ten within {most} s).",
                median=f"{median(insight.waits):.1f}",
                most=f"{ninth_tenth(insight.waits):.1f}",
            )
        )
    heard = insight.whispers
    if heard.shown:
        lines.append(say.plural("{n} whisper was shown.", "{n} whispers were shown.", heard.shown))
        lines.append(
            say("Of {rated} that were rated, {helpful} helped.", rated=heard.rated, helpful=heard.helpful)
            if heard.rated
            else say("None was rated.")
        )
    return Section(say("Cases and whispers"), ("cases", "first_whisper", "whispers"), "\n".join(lines))


def _granted(insight: Insight, say: Words) -> Section:
    title, asked = say("Exceptions granted"), ("granted",)
    if not insight.granted:
        return Section(title, asked, say("None was granted."))
    favours = sum(each.granted for each in insight.granted if not each.ours)
    return Section(
        title,
        asked,
        say(
            "{n} as a favour, {ours} to put our own fault right. The cost is what they may have cost us at most.",
            n=favours,
            ours=sum(each.granted for each in insight.granted) - favours,
        ),
        columns=(say("What for"), say("How many"), say("Cost")),
        rows=tuple(
            (
                say("our own fault") if each.ours else say("a favour"),
                str(each.granted),
                say.money(each.cost, each.currency),
            )
            for each in insight.granted
        ),
        bars=_shares([each.cost for each in insight.granted])
        if len({each.currency for each in insight.granted}) == 1
        else (),
    )


def _asked(insight: Insight, say: Words) -> Section:
    title, asked = say("Requests for an exception"), ("asked",)
    if not insight.asked:
        return Section(title, asked, say("Nobody asked for one."))
    counts = list(insight.asked.values())
    return Section(
        title,
        asked,
        say.plural("{n} request was filed. This is where it stands now.",
                   "{n} requests were filed. This is where they stand now.", sum(counts)),
        columns=(say("State"), say("How many")),
        rows=tuple((state_words(state, say), str(times)) for state, times in insight.asked.items()),
        bars=_shares(counts),
    )  # fmt: skip


def _asked_again(insight: Insight, names: Mapping[str, str], say: Words) -> Section:
    title, asked = say("Asked again"), ("asked_again",)
    if not insight.asked_again:
        return Section(title, asked, say("For no customer was a second exception asked for in another case."))
    return Section(
        title,
        asked,
        say.plural("{n} customer came back for another exception, in another case.",
                   "{n} customers came back for another exception, in another case.", len(insight.asked_again)),
        columns=(say("Customer"), say("Asked for"), say("Of them granted")),
        rows=tuple(
            (names.get(each.customer_id, each.customer_id), str(each.requests), str(each.granted))
            for each in insight.asked_again[:MOST_ROWS]
        ),
    )  # fmt: skip


def _claims(insight: Insight, say: Words) -> Section:
    title, asked = say("“Your salesperson promised us”"), ("claims",)
    if not insight.claims:
        return Section(title, asked, say("Sales was asked about no promise."))
    ended = {
        VerificationState.ASKED: say("not answered yet"),
        VerificationState.REMEMBERED: say("remembered, nothing in writing"),
        VerificationState.CONTRADICTED: say("answers differ"),
        VerificationState.LAPSED: say("confirmed, and over by now"),
        VerificationState.CONFIRMED: say("confirmed"),
        VerificationState.NOT_CONFIRMED: say("not confirmed"),
    }
    counts = list(insight.claims.values())
    return Section(
        title,
        asked,
        say.plural("Sales was asked about {n} promise.", "Sales was asked about {n} promises.", sum(counts)),
        columns=(say("How it ended"), say("How many")),
        rows=tuple((ended.get(state, state), str(times)) for state, times in insight.claims.items()),
        bars=_shares(counts),
    )


def _sales(insight: Insight, say: Words) -> Section:
    title, asked = say("Renewals"), ("opportunities", "sales")
    opened = say.plural("{n} opportunity was opened.", "{n} opportunities were opened.",
                        sum(insight.opportunities.values()))  # fmt: skip
    if not insight.sales:
        return Section(title, asked, f"{opened}\n{say('No renewal was won.')}")
    won = sum(each.won for each in insight.sales)
    after = sum(each.after_exception for each in insight.sales)
    return Section(
        title,
        asked,
        f"{opened}\n"
        + say.plural("{n} renewal was won, {after} of them after an exception.",
                     "{n} renewals were won, {after} of them after an exception.", won, after=after),
        columns=(say("Currency"), say("Won"), say("Worth"), say("Average sale"), say("After an exception")),
        rows=tuple(
            (
                each.currency,
                str(each.won),
                say.money(each.value, each.currency),
                say.money(each.average.quantize(Decimal(1)), each.currency),
                f"{each.after_exception} · {say.money(each.value_after_exception, each.currency)}",
            )
            for each in insight.sales
        ),
    )  # fmt: skip


def _lost(insight: Insight, say: Words) -> Section:
    title, asked = say("Why renewals were lost"), ("lost",)
    if not insight.lost:
        return Section(title, asked, say("None was lost."))
    return Section(
        title,
        asked,
        say("What customers said, as sales wrote it down."),
        columns=(say("Reason"), say("How many")),
        rows=tuple((lost_words(each.reason, say), str(each.times)) for each in insight.lost[:MOST_ROWS]),
        bars=_shares([each.times for each in insight.lost[:MOST_ROWS]]),
    )


def _wanted(insight: Insight, signals: Mapping[str, str], say: Words) -> Section:
    title, asked = say("What customers came with"), ("wanted",)
    shown = [each for each in insight.wanted if each.signal in signals]
    if not shown:
        return Section(title, asked, say("Nothing was noticed."))
    return Section(
        title,
        asked,
        say("In how many of the {n} cases each was heard; a case may show several.", n=insight.opened),
        columns=(say("What was heard"), say("Cases")),
        rows=tuple((signals[each.signal], str(each.cases)) for each in shown),
        bars=_shares([each.cases for each in shown]),
    )


def _kept(insight: Insight, say: Words) -> Section:
    title, asked, kept = say("Commitments and follow-ups"), ("kept",), insight.kept
    if not kept.due:
        return Section(title, asked, say("None was due."))
    counts = (kept.in_time, kept.moved, kept.late, kept.missed)
    named = (
        say("kept in time"),
        say("kept by a later time the customer was told"),
        say("kept late"),
        say("not kept"),
    )
    return Section(
        title,
        asked,
        say.plural(
            "{n} was due; {kept} kept in time.", "{n} were due; {kept} kept in time.", kept.due, kept=kept.in_time
        ),
        columns=(say("How"), say("How many")),
        rows=tuple(zip(named, map(str, counts), strict=True)),
        bars=_shares(counts),
    )


def _breadth(insight: Insight, say: Words) -> Section:
    breadth = insight.breadth
    rows = [
        (name, f"{figure:.1f}")
        for name, figure in (
            (say("who renewed"), breadth.renewed),
            (say("all"), breadth.everybody),
        )
        if figure is not None
    ]
    return Section(
        say("Breadth"),
        ("renewed",),
        say("How many different products a customer holds on average, counted from the directory as it is today.")
        if rows
        else say("No products are on file."),
        columns=(say("Customers"), say("Products")) if rows else (),
        rows=tuple(rows),
    )
