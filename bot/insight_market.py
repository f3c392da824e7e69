"""What customers ask for across cases, for those who decide (R45).

Counts; and, to whoever asks for it, what sales wrote down when a renewal was lost. No word that a customer typed is in
it.
"""

from collections.abc import Mapping

from bot.blocks import cut
from bot.cards.exception import concession_words
from bot.cards.sales import lost_words
from bot.i18n import Words
from bot.insight import Insight, Product
from bot.insight_parts import MOST_ROWS, Section, shares

MOST_HEARD = 3
MOST_WORDS = 200


def wanted(insight: Insight, signals: Mapping[str, str], say: Words) -> Section:
    """What was heard, in how many cases."""
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
        bars=shares([each.cases for each in shown]),
    )


def products(insight: Insight, signals: Mapping[str, str], say: Words) -> Section:
    """Whose customers came most, and with what."""
    title, asked = say("By what they have"), ("came", "wanted_by")
    if not insight.products:
        return Section(title, asked, say("No customer with products on file had a case."))
    shown = insight.products[:MOST_ROWS]
    told = say(
        "The cases of the customers who hold each product, and what was heard in them most. A case does not say which "
        "product it is about, so that a customer who holds several counts for each."
    )
    more = len(insight.products) - len(shown)
    if more:
        told += "\n" + say.plural("{n} product with fewer is left out.", "{n} products with fewer are left out.", more)
    return Section(
        title,
        asked,
        told,
        columns=(say("Product"), say("Customers with it"), say("Cases"), say("Heard most")),
        rows=tuple((each.name, str(each.holders), str(each.cases), _heard(each, signals, say)) for each in shown),
        words_from=3,
    )


def _heard(product: Product, signals: Mapping[str, str], say: Words) -> str:
    known = [each for each in product.heard if each.signal in signals][:MOST_HEARD]
    return say(", ").join(f"{signals[each.signal]} {each.cases}" for each in known) or "–"


def asked_for(insight: Insight, say: Words) -> Section | None:
    """What agents asked for on customers' behalf; None where nobody asked, which is told elsewhere."""
    if not insight.asked_for:
        return None
    return Section(
        say("What was asked for"),
        ("asked_for",),
        say("Requests for an exception by what was asked for, and how many of them were granted."),
        columns=(say("Concession"), say("Asked for"), say("Of them granted")),
        rows=tuple(
            (concession_words(each.concession, say), str(each.asked), str(each.granted)) for each in insight.asked_for
        ),
        bars=shares([each.asked for each in insight.asked_for]),
    )


def lost(insight: Insight, say: Words, *, with_words: bool = False) -> Section:
    """Why customers did not renew, by reason.

    Args:
        with_words: Sales' own words follow.
    """
    title, asked = say("Why renewals were lost"), ("lost",)
    if not insight.lost:
        return Section(title, asked, say("None was lost."))
    told = [say("What customers said, as sales wrote it down.")]
    if insight.lost_words and not with_words:
        told.append(
            say(
                "Of {n} sales wrote more; it may name people and is left out. `aside report --words` has it.",
                n=len(insight.lost_words),
            )
        )
    return Section(
        title,
        asked,
        "\n".join(told),
        columns=(say("Reason"), say("How many")),
        rows=tuple((lost_words(each.reason, say), str(each.times)) for each in insight.lost),
        bars=shares([each.times for each in insight.lost]),
    )


def lost_in_words(insight: Insight, say: Words) -> Section | None:
    """The same in sales' own words, the newest first; None where nobody wrote any."""
    if not insight.lost_words:
        return None
    shown = insight.lost_words[:MOST_ROWS]
    told = say(
        "In sales' own words, as they wrote them: they may name customers and people, so keep this within the company. "
        "Whoever is forgotten is not quoted any more."
    )
    more = len(insight.lost_words) - len(shown)
    if more:
        told += "\n" + say.plural("{n} older one is left out.", "{n} older ones are left out.", more)
    return Section(
        say("What those said who did not renew"),
        ("lost_words",),
        told,
        columns=(say("Day"), say("Reason"), say("Words")),
        rows=tuple(
            (
                say.day(each.settled_at.astimezone(insight.since.tzinfo).date()),
                lost_words(each.reason, say),
                cut(" ".join(each.words.split()), MOST_WORDS),
            )
            for each in shown
        ),
        words_from=1,
    )
