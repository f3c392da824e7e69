"""The report in words: a heading, a sentence and a table for each question, whoever shows it and how."""

from collections.abc import Mapping
from decimal import Decimal

from bot import insight_market as market
from bot.cards.decision import state_words
from bot.i18n import Words
from bot.insight import Insight, Kept
from bot.insight_months import by_month
from bot.insight_parts import MOST_ROWS, Section, shares
from bot.promises import VerificationState


def sections(
    insight: Insight, names: Mapping[str, str], signals: Mapping[str, str], say: Words, *, with_words: bool = False
) -> tuple[Section, ...]:
    """The whole report.

    Args:
        names: Customers' names by their ids.
        signals: What the playbook calls each signal.
        with_words: Sales' own words are quoted, which may name people.
    """
    told = (
        _cases(insight, say),
        by_month(insight, say),
        _granted(insight, say),
        _asked(insight, say),
        market.asked_for(insight, say),
        _asked_again(insight, names, say),
        _claims(insight, say),
        _sales(insight, say),
        market.lost(insight, say, with_words=with_words),
        market.lost_in_words(insight, say) if with_words else None,
        market.wanted(insight, signals, say),
        market.products(insight, signals, say),
        _kept(insight, say),
        _breadth(insight, say),
    )
    return tuple(each for each in told if each)


def _cases(insight: Insight, say: Words) -> Section:
    lines = [
        say.plural("{n} case was opened; {closed} closed since.", "{n} cases were opened; {closed} closed since.",
                   insight.opened, closed=insight.closed)
    ]  # fmt: skip
    first = insight.first_whisper
    if first.median is not None:
        lines.append(
            say(
                "The first whisper came {median} s after the message it is about (nine of ten within {most} s).",
                median=f"{first.median:.1f}",
                most=f"{first.nine_of_ten:.1f}",
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
        bars=shares([each.cost for each in insight.granted])
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
        bars=shares(counts),
    )  # fmt: skip


def _asked_again(insight: Insight, names: Mapping[str, str], say: Words) -> Section:
    title, asked = say("Asked again"), ("asked_again", "turned_away")
    if not insight.asked_again:
        return Section(title, asked, say("For no customer was a second exception asked for in another case."))
    told = say.plural(
        "{n} customer came back for another exception.",
        "{n} customers came back for another exception.",
        len(insight.asked_again),
    )
    if turned_away := sum(each.turned_away for each in insight.asked_again):
        told += "\n" + say.plural(
            "In {n} case the exceptions of the window were used up, and nothing more was filed.",
            "In {n} cases the exceptions of the window were used up, and nothing more was filed.",
            turned_away,
        )
    return Section(
        title,
        asked,
        told,
        columns=(say("Customer"), say("Asked for"), say("Of them granted"), say("Turned away")),
        rows=tuple(
            (
                names.get(each.customer_id, each.customer_id) if each.customer_id else say("a customer not on file"),
                str(each.requests),
                str(each.granted),
                str(each.turned_away),
            )
            for each in insight.asked_again[:MOST_ROWS]
        ),
    )


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
        bars=shares(counts),
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


def _kept(insight: Insight, say: Words) -> Section:
    title, asked = say("Commitments and follow-ups"), ("kept", "followed_up", "asked_after")
    kept, followed_up, closed = insight.kept, insight.followed_up, insight.asked_after.closed
    told = (
        say.plural("{n} commitment was kept or missed; {kept} kept in time.",
                   "{n} commitments were kept or missed; {kept} kept in time.", kept.ended, kept=kept.in_time)
        if kept.ended
        else say("No commitment was kept or missed.")
    )  # fmt: skip
    if closed:
        told += "\n" + say.plural(
            "{n} case went quiet and was closed; {asked} asked after since.",
            "{n} cases went quiet and were closed; {asked} of them asked after since.",
            closed,
            asked=insight.asked_after.asked_after,
        )
    if not kept.ended:
        return Section(title, asked, told)
    counts, after_sale = _outcomes(kept), _outcomes(followed_up)
    named = (
        say("kept in time"),
        say("kept by a later time the customer was told"),
        say("kept late"),
        say("not kept"),
    )
    return Section(
        title,
        asked,
        told,
        columns=(say("How"), say("How many"), say("Of them after a renewal")),
        rows=tuple(zip(named, map(str, counts), map(str, after_sale), strict=True)),
        bars=shares(counts),
    )


def _outcomes(kept: Kept) -> tuple[int, ...]:
    return kept.in_time, kept.moved, kept.late, kept.missed


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
