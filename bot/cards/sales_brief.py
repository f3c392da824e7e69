"""The parts of a salesperson's card: all that they walk in with (R20, R24, R27, R44)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.blocks import Block, context, cut, escaped, section
from bot.briefing import Avoid
from bot.cards import commitment as commitment_card
from bot.cards.promise_scope import scope_blocks
from bot.cards.verification import answer_words
from bot.cards.warranty import contract_words, coverage_lines
from bot.commitments import Commitment
from bot.customer import CustomerRecord, Price, ServicePrice
from bot.entitlement import CoverageKind, CoverageOn, CoverageState
from bot.i18n import Words
from bot.ledger import LONGEST_BAR, bar
from bot.policy import Chip
from bot.promises import Verification, VerificationState
from bot.recommend import AlsoHeld

MOST_COVERAGES = 5
MOST_PRICES = 4
MOST_OWNED = 8
MOST_PROMISED = 4
MOST_LABEL = 40
MOST_IN_CHART = 24


@dataclass(frozen=True)
class Brief:
    """Everything about the case that a salesperson walks in with.

    Attributes:
        instead_of: Name of the account owner who left, where this goes to their successor.
        handed_on_by: Slack id of whoever handed it on to this reader.
        prices: What single services cost without a contract.
        cost: What this service costs us, in the policy's currency; None while nobody has estimated it.
        exceptions: How many exceptions the customer had in the window, and how many there may be.
        earlier_cases: How many cases the customer had before this one.
        anger: How angry the customer was lately, at worst, 0 to 3.
        promised: What we have promised the customer and not kept yet.
        promise: What sales was asked about the promise they claim, as it stands.
        is_confirmed: That promise is confirmed, and kept: nothing of it is priced.
        pitch: Lines to say.
        also_held: What similar customers also hold.
        agent: Who handles the case.
        written_in: The Slack channel in which they wrote, of a customer whom nobody has named yet.
        zone: Where the reader's days begin and end.
    """

    record: CustomerRecord
    coverages: Sequence[CoverageOn] = ()
    instead_of: str | None = None
    handed_on_by: str | None = None
    prices: Sequence[ServicePrice] = ()
    cost: Decimal | None = None
    currency: str = "TWD"
    exceptions: tuple[int, int] = (0, 1)
    window_days: int = 365
    earlier_cases: int = 0
    anger: int = 0
    avoid: Sequence[Avoid] = ()
    promised: Sequence[Commitment] = ()
    promise: Verification | None = None
    is_confirmed: bool = False
    chips: Sequence[Chip] = ()
    pitch: Sequence[str] = ()
    also_held: Sequence[AlsoHeld] = ()
    agent: str | None = None
    written_in: str | None = None
    zone: str = "Asia/Taipei"


def why_they(brief: Brief, say: Words) -> list[Block]:
    """Why it goes to this reader, where it does not go without saying."""
    if brief.handed_on_by:
        return [context(say("{who} handed this on.", who=f"<@{brief.handed_on_by}>"))]
    if brief.instead_of:
        return [context(say("You get this because {name} has left.", name=escaped(brief.instead_of)))]
    return []


def confirmed(brief: Brief, say: Words) -> list[Block]:
    """The promise is confirmed and kept: by whom, what is recorded of it, and until when (R25)."""
    if not brief.is_confirmed:
        return []
    kept = say("It is kept: what it makes free is neither priced nor tied to a renewal.")
    promise = brief.promise
    if promise is None or promise.state is not VerificationState.CONFIRMED:
        return [section(f"*{say('The promise is confirmed')}*\n{kept}")]
    lines = [f"*{say('The promise is confirmed')}*", answer_words(promise, say), kept]
    if promise.scope is None:
        lines.append(say("A supervisor has yet to record how far it goes. Until then, promise nothing beyond it."))
    return [section("\n".join(lines)), *scope_blocks(promise, say)]


def prices(brief: Brief, say: Words) -> list[Block]:
    """One service beside a year of contract, as a table and as bars; each currency for itself (R20).

    No service is priced for whom a promise is kept (R25).
    """
    once = [] if brief.is_confirmed else [(each.name, each.price) for each in brief.prices[:MOST_PRICES]]
    yearly = [(each.name or each.number, each.price) for each in brief.record.contracts if each.price][:MOST_PRICES]
    blocks: list[Block] = []
    if once and yearly:
        rows = [(name, price, say("once")) for name, price in once]
        rows += [(name, price, say("a year")) for name, price in yearly if price]
        currencies = dict.fromkeys(price.currency for _, price, _ in rows)
        charts = [_chart([row for row in rows if row[1].currency == each], say) for each in currencies]
        blocks.append(section("\n".join([f"*{say('One service beside a year of contract')}*", *charts])))
    else:
        blocks.append(section(f"*{say('Contracts')}*\n{escaped(contract_words(brief.record, say))}"))
    if brief.cost is not None:
        amount = say.money(brief.cost, brief.currency)
        blocks.append(context(say("What this service costs us: {amount}. For us alone.", amount=amount)))
    return blocks


def _chart(rows: Sequence[tuple[str, Price, str]], say: Words) -> str:
    amounts = [say.money(price.amount, price.currency) for _, price, _ in rows]
    most, wide = max(price.amount for _, price, _ in rows), max(map(len, amounts))
    often = max(len(per) for _, _, per in rows)
    lines = [
        f"{amount:>{wide}} {per:<{often}} {bar(price.amount, most):<{LONGEST_BAR}} {_label(name)}"
        for amount, (name, price, per) in zip(amounts, rows, strict=True)
    ]
    return "\n".join(["```", *lines, "```"])


def _label(name: str) -> str:
    return escaped(cut(name.replace("`", "'").replace("\n", " "), MOST_IN_CHART))


def cover(coverages: Sequence[CoverageOn], say: Words) -> list[Block]:
    """How each coverage stands; of a warranty that is over, which nobody can renew, without the small print."""
    blocks: list[Block] = []
    for on in coverages:
        first, small = coverage_lines(on, say)
        is_over = on.coverage.kind is CoverageKind.WARRANTY and on.state is CoverageState.EXPIRED
        blocks += [section(escaped(first)), *([] if is_over else [context(escaped(small))])]
    return blocks


def history(brief: Brief, say: Words) -> str:
    """Earlier exceptions and cases, in a line of markup."""
    had, most = brief.exceptions
    earlier = say.plural("{n} case before this one", "{n} cases before this one", brief.earlier_cases)
    told = [
        say("Exceptions in the past {days} days: {n} of {most}", days=brief.window_days, n=had, most=most),
        earlier if brief.earlier_cases else say("No case before this one"),
    ]
    return f"*{say('History')}*  {' · '.join(told)}"


def mood(brief: Brief, say: Words) -> str:
    """How angry they were, in a line of markup."""
    named = {0: say("calm"), 1: say("annoyed"), 2: say("angry"), 3: say("furious")}[brief.anger]
    return f"*{say('Mood')}*  {named} {'●' * brief.anger}{'○' * (3 - brief.anger)}"


def careful(brief: Brief, say: Words) -> list[Block]:
    """What not to begin with; nothing when there is nothing to mind."""
    told = [f"• {avoid_words(each, say)}" for each in brief.avoid]
    return [section("\n".join([f"*{say('Careful')}*", *told]))] if told else []


def avoid_words(each: Avoid, say: Words) -> str:
    """What not to begin with."""
    match each:
        case Avoid.OUR_FAULT:
            return say("The mistake was ours. First the apology and the repair; nothing is sold on top of it.")
        case Avoid.FAULT_UNKNOWN:
            return say("Nobody knows yet whose fault it is. Until then, listen and offer nothing.")
        case Avoid.PRICE:
            return say("Do not open with the price. First let them tell what happened.")
        case Avoid.THREAT:
            return say("Do not answer the threat with an offer. Ask what let them down.")
        case Avoid.CLAIM:
            return say("They say that something was promised, and it is not confirmed: neither deny nor confirm it.")
        case Avoid.NOT_CONFIRMED:
            return say("The promise was not confirmed. Never say that they made it up.")
        case Avoid.DECLINED:
            return say("Their wish for an exception was declined. That answer stands.")
        case Avoid.GIFTS:
            return say("A public body has rules about gifts: nothing to a person, whatever it is worth.")


def promised(brief: Brief, say: Words) -> list[str]:
    """What support has promised and who speaks to them, in lines of markup; one line while nothing is promised."""
    lines = [commitment_card.line(each, brief.zone, say) for each in brief.promised[:MOST_PROMISED]]
    agent = [say("{who} is speaking to them.", who=f"<@{brief.agent}>")] if brief.agent else []
    head = f"*{say('What support has promised')}*"
    if lines:
        return [head, *lines, *agent]
    none = say("Nothing beyond the promise above.") if brief.is_confirmed else say("Nothing so far.")
    return ["  ".join([head, none, *agent])] if agent else []


def chip_words(chip: Chip, say: Words) -> str:
    """What may be offered, in markup; a firm's own words stand as they are."""
    known = {
        "this_service": say("this service, with the renewal"),
        "claimed_extension": say("what they say was promised, with the renewal"),
        "health_check": say("a check of their system"),
        "training": say("a training session for their people"),
        "priority": say("priority on the support line"),
    }
    return known.get(chip.what) or escaped(chip.what)


def chips(offered: Sequence[Chip], say: Words) -> list[Block]:
    """What may be offered for a renewal (R27); nothing when nothing may."""
    if not offered:
        return []
    told = " · ".join(chip_words(each, say) for each in offered)
    return [
        section(f"*{say('What can be offered for a renewal')}*\n{told}"),
        context(say("To the contract, and only with a signature on it.")),
    ]


def holdings(brief: Brief, say: Words) -> list[Block]:
    """What they own, and what similar customers also hold (R44)."""
    owned = [f"{each.name} ({each.serial})" for each in brief.record.products]
    owned = owned or list(dict.fromkeys(on.coverage.product for on in brief.coverages if on.coverage.product))
    blocks: list[Block] = []
    if owned:
        more = len(owned) - MOST_OWNED
        shown = [escaped(cut(each, MOST_LABEL)) for each in owned[:MOST_OWNED]]
        shown += [say.plural("and {n} more", "and {n} more", more)] if more > 0 else []
        blocks.append(section(f"*{say('What they own')}*  {say(', ').join(shown)}"))
    if brief.also_held:
        lines = [f"• {also_held_words(each, say)}" for each in brief.also_held]
        blocks.append(section("\n".join([f"*{say('What similar customers also hold')}*", *lines])))
    return blocks


def also_held_words(each: AlsoHeld, say: Words) -> str:
    """Why something may suit them, in one sentence of markup that names no other customer."""
    return say(
        "{item}: {both} of {holders} customers with {own} have it.",
        item=escaped(each.item),
        both=each.both,
        holders=each.holders,
        own=escaped(each.because_of),
    )
