"""What a salesperson reads about a customer in need, with everything needed to renew (R20, R24, R27, R44)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    escaped,
    header,
    quotes,
    section,
)
from bot.cards import sales_brief as parts
from bot.cards.commitment import FOLLOW_UP
from bot.cards.sales_brief import Brief
from bot.customer import CustomerRecord
from bot.entitlement import CoverageOn, CoverageState
from bot.i18n import Words
from bot.playbook import Playbook
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
    blocks += parts.confirmed(brief, say)
    blocks += parts.why_they(brief, say)
    blocks += parts.careful(brief, say)
    blocks += parts.cover(brief.coverages[: parts.MOST_COVERAGES], say)
    if brief.written_in:
        blocks.append(section(_nobodys(brief.written_in, say)))
    else:
        blocks += parts.prices(brief, say)
    history = [] if brief.written_in else [parts.history(brief, say)]
    blocks.append(section("\n".join([*history, parts.mood(brief, say), *parts.promised(brief, say)])))
    blocks += parts.chips(brief.chips, say)
    if brief.pitch:
        blocks += [section(f"*{say('You could say')}*"), quotes(brief.pitch)]
    blocks += parts.holdings(brief, say)
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


def _not_sold_before(opportunity: Opportunity, say: Words) -> list[Block]:
    """What comes up again was closed once: why, and in whose words."""
    if opportunity.lost_reason is None:
        return []
    why = lost_words(opportunity.lost_reason, say)
    said = [quotes([opportunity.lost_note])] if opportunity.lost_note else []
    return [section(say("It was not sold before: {why}.", why=why)), *said]


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
