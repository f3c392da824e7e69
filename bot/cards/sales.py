"""What a salesperson reads about a customer in need, with everything needed to renew (R20, R24, R27, R44)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    header,
    quotes,
    section,
)
from bot.briefing import Avoid
from bot.cards import commitment as commitment_card
from bot.cards.commitment import FOLLOW_UP
from bot.cards.promise_scope import scope_blocks
from bot.cards.verification import answer_words
from bot.cards.warranty import contract_words, coverage_lines
from bot.commitments import Commitment
from bot.customer import CustomerRecord, Price, ServicePrice
from bot.entitlement import CoverageKind, CoverageOn, CoverageState
from bot.i18n import Words
from bot.ledger import LONGEST_BAR, bar
from bot.playbook import Playbook
from bot.policy import Chip
from bot.promises import Verification, VerificationState
from bot.recommend import AlsoHeld
from bot.sales import (
    CHANNEL,
    SETTLED,
    LostReason,
    Opportunity,
    OpportunityState,
    SalesRefusal,
)
from bot.sales_reasons import ROW

TAKE, SNOOZE, HAND_ON, WON, LOST = "sales_take", "sales_snooze", "sales_hand_on", "sales_won", "sales_lost"
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


def card(
    opportunity: Opportunity,
    brief: Brief,
    *,
    playbook: Playbook,
    say: Words,
    is_latest: bool = True,
    is_theirs: bool = True,
) -> tuple[str, list[Block]]:
    """The whole card as the opportunity stands now, and one sentence for notifications.

    Args:
        is_latest: Nobody was told after this reader.
        is_theirs: The reader may do more than take it.
    """
    if opportunity.state in SETTLED:
        return _settled(opportunity, brief, playbook, say)
    record = brief.record
    text = title(opportunity.reasons, record, brief.coverages, say)
    blocks: list[Block] = [header(text)]
    if not is_latest or opportunity.state not in {OpportunityState.OPEN, OpportunityState.ASKED}:
        blocks.append(section(f"*{state_words(opportunity, brief.zone, say)}*"))
    blocks.append(section(f"*{say('What happened')}*\n{_happened(opportunity.reasons, playbook, say)}"))
    blocks += _not_sold_before(opportunity, say)
    blocks += _confirmed(brief, say)
    blocks += why_they(brief, say)
    blocks += _careful(brief, say)
    blocks += _cover(brief.coverages[:MOST_COVERAGES], say)
    if brief.written_in:
        blocks.append(section(_nobodys(brief.written_in, say)))
    else:
        blocks += _prices(brief, say)
    history = [] if brief.written_in else [_history(brief, say)]
    blocks.append(section("\n".join([*history, _mood(brief, say), *_promised(brief, say)])))
    blocks += _chips(brief.chips, say)
    if brief.pitch:
        blocks += [section(f"*{say('You could say')}*"), quotes(brief.pitch)]
    blocks += holdings(brief, say)
    blocks += buttons(opportunity, say, is_theirs=is_theirs)
    blocks.append(
        context(say("Support is handling the case. Please speak to their decision-maker, and not in that thread."))
    )
    return text, blocks


def _nobodys(channel: str, say: Words) -> str:
    """Nobody knows whose case it is, and what will be on the card once somebody does."""
    where = say("They wrote in {channel}.", channel=f"<#{channel}>")
    then = say("Once support names the customer, their cover, prices and history stand here.")
    return f"*{say('Nobody knows yet whose case this is.')}*\n{where} {then}"


def title(reasons: Iterable[str], record: CustomerRecord, coverages: Sequence[CoverageOn], say: Words) -> str:
    """Why sales hears of it, in one sentence."""
    customer, why, states = record.customer.name, frozenset(reasons), {on.state for on in coverages}
    if "threatens_to_leave" in why:
        return say("{customer} speaks of leaving us", customer=customer)
    if "claims_promise" in why:
        return say("{customer} says that something was promised", customer=customer)
    if any(state.is_live for state in states):
        return say("{customer} needs something that their cover leaves out", customer=customer)
    if CoverageState.EXPIRED in states:
        return say("{customer} needs help, and their cover has ended", customer=customer)
    if CoverageState.NOT_STARTED in states:
        return say("{customer} needs help, and their cover has not started yet", customer=customer)
    return say("{customer} needs help, and no cover is on file", customer=customer)


def _happened(reasons: Sequence[str], playbook: Playbook, say: Words) -> str:
    """Each reason in the reader's words; one that the playbook no longer knows is left out."""
    spoken, said = playbook.words[say.language], _heard(reasons, playbook, say)
    rows = [each.removeprefix(ROW) for each in reasons if each.startswith(ROW)]
    routes = [spoken.decisions[each].route for each in rows if each in spoken.decisions]
    return "\n".join(f"• {escaped(each)}" for each in (said, *routes) if each)


def _heard(reasons: Sequence[str], playbook: Playbook, say: Words) -> str:
    """What the customer showed, in the reader's words."""
    spoken = playbook.words[say.language].signals
    return " · ".join(spoken[each].name for each in reasons if each in spoken)


def state_words(opportunity: Opportunity, zone: str, say: Words) -> str:
    """Where an opportunity stands, in one sentence of markup."""
    taken, settled = f"<@{opportunity.taken_by}>", f"<@{opportunity.settled_by}>"
    match opportunity.state:
        case OpportunityState.OPEN:
            return say("Nobody in sales has been told yet.")
        case OpportunityState.ASKED if opportunity.asked == CHANNEL:
            return say("The sales channel was told, and nobody has taken it yet.")
        case OpportunityState.ASKED:
            return say("{who} was told and has not taken it yet.", who=f"<@{opportunity.asked}>")
        case OpportunityState.SNOOZED:
            until = opportunity.due_at.astimezone(ZoneInfo(zone)) if opportunity.due_at else None
            return say(
                "{who} looks at it again on {when}.", who=taken, when=f"{until:%Y-%m-%d %H:%M}" if until else "?"
            )
        case OpportunityState.TAKEN:
            return say("{who} has taken it.", who=taken)
        case OpportunityState.WON:
            amount = say.money(opportunity.value or Decimal(0), opportunity.currency or "TWD")
            months = say.plural("{n} month", "{n} months", opportunity.months or 0)
            return say("🎉 Won by {who}: {amount} for {months}.", who=settled, amount=amount, months=months)
        case OpportunityState.LOST:
            why = lost_words(opportunity.lost_reason or LostReason.OTHER, say)
            return say("Closed by {who}, not sold: {why}.", who=settled, why=why)


def lost_words(reason: LostReason, say: Words) -> str:
    """Why it was not sold."""
    match reason:
        case LostReason.PRICE:
            return say("the price")
        case LostReason.BUDGET:
            return say("no budget this year")
        case LostReason.COMPETITOR:
            return say("they went to another vendor")
        case LostReason.NO_NEED:
            return say("no need any more")
        case LostReason.NO_ANSWER:
            return say("nobody could be reached")
        case LostReason.OTHER:
            return say("another reason")


def refusal_words(refusal: SalesRefusal, opportunity: Opportunity, zone: str, say: Words) -> str:
    """Why somebody's click changed nothing, and what happened instead."""
    standing = state_words(opportunity, zone, say)
    match refusal:
        case SalesRefusal.NOT_SALES:
            return say("Only sales can do this. Your click changed nothing.")
        case SalesRefusal.NOT_YOURS:
            return say("Only whoever has it and the sales managers can do this. {standing}", standing=standing)
        case SalesRefusal.TAKEN | SalesRefusal.SETTLED | SalesRefusal.NOT_TOLD:
            return say("Your click changed nothing. {standing}", standing=standing)


def _settled(opportunity: Opportunity, brief: Brief, playbook: Playbook, say: Words) -> tuple[str, list[Block]]:
    """What came of it, by whom, and what is left to do; the rest of the card has had its day."""
    customer = brief.record.customer.name
    is_won = opportunity.state is OpportunityState.WON
    text = say("{customer} renewed", customer=customer) if is_won else say("{customer}: not sold", customer=customer)
    blocks = [header(text), section(f"*{state_words(opportunity, brief.zone, say)}*")]
    if opportunity.lost_note and not is_won:
        blocks += [section(say("What they said:")), quotes([opportunity.lost_note])]
    if said := _heard(opportunity.reasons, playbook, say):
        blocks.append(section(f"*{say('How it began')}*\n• {escaped(said)}"))
    if is_won:
        then = [
            say("Ask them once it runs again how it is going: that is what they remember."),
            say("Support sees the new cover once the contract is in the directory."),
        ]
        blocks.append(section("\n".join([f"*{say('What is left to do')}*", *(f"• {each}" for each in then)])))
    else:
        blocks.append(context(say("It comes up again only if something urgent happens in this case.")))
    return text, blocks


# --- the parts of the card


def why_they(brief: Brief, say: Words) -> list[Block]:
    """Why it goes to this reader, where it does not go without saying."""
    if brief.handed_on_by:
        return [context(say("{who} handed this on.", who=f"<@{brief.handed_on_by}>"))]
    if brief.instead_of:
        return [context(say("You get this because {name} has left.", name=escaped(brief.instead_of)))]
    return []


def _not_sold_before(opportunity: Opportunity, say: Words) -> list[Block]:
    """What comes up again was closed once: why, and in whose words."""
    if opportunity.lost_reason is None:
        return []
    why = lost_words(opportunity.lost_reason, say)
    said = [quotes([opportunity.lost_note])] if opportunity.lost_note else []
    return [section(say("It was not sold before: {why}.", why=why)), *said]


def _confirmed(brief: Brief, say: Words) -> list[Block]:
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


def _prices(brief: Brief, say: Words) -> list[Block]:
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


def _cover(coverages: Sequence[CoverageOn], say: Words) -> list[Block]:
    """How each coverage stands; of a warranty that is over, which nobody can renew, without the small print."""
    blocks: list[Block] = []
    for on in coverages:
        first, small = coverage_lines(on, say)
        is_over = on.coverage.kind is CoverageKind.WARRANTY and on.state is CoverageState.EXPIRED
        blocks += [section(escaped(first)), *([] if is_over else [context(escaped(small))])]
    return blocks


def _history(brief: Brief, say: Words) -> str:
    had, most = brief.exceptions
    earlier = say.plural("{n} case before this one", "{n} cases before this one", brief.earlier_cases)
    told = [
        say("Exceptions in the past {days} days: {n} of {most}", days=brief.window_days, n=had, most=most),
        earlier if brief.earlier_cases else say("No case before this one"),
    ]
    return f"*{say('History')}*  {' · '.join(told)}"


def _mood(brief: Brief, say: Words) -> str:
    mood = {0: say("calm"), 1: say("annoyed"), 2: say("angry"), 3: say("furious")}[brief.anger]
    return f"*{say('Mood')}*  {mood} {'●' * brief.anger}{'○' * (3 - brief.anger)}"


def _careful(brief: Brief, say: Words) -> list[Block]:
    """What not to begin with; nothing when there is nothing to mind."""
    careful = [f"• {avoid_words(each, say)}" for each in brief.avoid]
    return [section("\n".join([f"*{say('Careful')}*", *careful]))] if careful else []


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


def _promised(brief: Brief, say: Words) -> list[str]:
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


def _chips(chips: Sequence[Chip], say: Words) -> list[Block]:
    if not chips:
        return []
    offered = " · ".join(chip_words(each, say) for each in chips)
    return [
        section(f"*{say('What can be offered for a renewal')}*\n{offered}"),
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


def buttons(opportunity: Opportunity, say: Words, *, is_theirs: bool = True) -> list[Block]:
    """What can still be done about it.

    Args:
        is_theirs: The reader may do more than take it.
    """
    if opportunity.state in SETTLED | {OpportunityState.OPEN}:
        return []
    free = opportunity.state is not OpportunityState.TAKEN
    row = [button(TAKE, say("I take it"), opportunity.id, style="primary")] if free else []
    if is_theirs:
        row += [
            button(SNOOZE, say("Later…"), opportunity.id),
            button(HAND_ON, say("Hand on…"), opportunity.id),
            button(WON, say("Won…"), opportunity.id, style=None if free else "primary"),
            button(LOST, say("Not sold…"), opportunity.id),
        ]
    return [actions(f"sales:{opportunity.id}", *row)] if row else []


def told_anew(
    opportunity: Opportunity,
    record: CustomerRecord,
    coverages: Sequence[CoverageOn],
    *,
    playbook: Playbook,
    say: Words,
) -> tuple[str, list[Block]]:
    """It has got graver: a few words beside the card, with the same buttons (R36)."""
    text = title(opportunity.reasons, record, coverages, say)
    blocks = [
        section(f"*⚠️ {escaped(text)}*\n{_happened(opportunity.reasons, playbook, say)}"),
        *buttons(opportunity, say),
        context(say("The card above has the whole of it.")),
    ]
    return text, blocks


def told_agent(opportunity: Opportunity, *, customer: str, say: Words) -> tuple[str, list[Block]]:
    """The agent hears who of sales speaks to the customer's side; once it is won, what is left to them (R42).

    What was sold and for how much, and why it was not, is sales' own.
    """
    private = context(say("🔒 Only you can see this"))
    if opportunity.state is OpportunityState.WON:
        text = say("{customer} renewed.", customer=customer)
        then = say("Follow up: once it runs again, ask how it is going, and write down by when you will.")
        row = (button(FOLLOW_UP, say("Write down the follow-up…"), opportunity.case_id or "", style="primary"),)
        cover = say("The look-up shows the new cover once the contract is in the directory.")
        return text, [
            private,
            section(f"*{escaped(text)}*\n{then}"),
            actions(f"won:{opportunity.id}", *row),
            context(cover),
        ]
    if opportunity.state is OpportunityState.LOST:
        text = say("{customer}: sales has closed it, without a renewal.", customer=customer)
        ask = say(
            "If they were told that sales will call, ask {who} whether that still holds, so that nobody waits for it.",
            who=f"<@{opportunity.settled_by}>",
        )
        return text, [private, section(f"*{escaped(text)}*\n{ask}")]
    text = say("{customer}: sales has taken it up.", customer=customer)
    who = say(
        "{who} will speak to their decision-maker. You look after the problem itself.", who=f"<@{opportunity.taken_by}>"
    )
    return text, [private, section(f"*{escaped(text)}*\n{who}")]
