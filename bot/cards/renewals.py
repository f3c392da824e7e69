"""Contracts that end: the list a salesperson gets, the menu beside each, the card of one that goes to a colleague."""

from collections.abc import Sequence
from enum import StrEnum

from bot.blocks import Block, button, context, cut, escaped, header, option, overflow, plain, section
from bot.cards import sales, sales_brief, sales_windows
from bot.i18n import Words
from bot.renewals import MOST_LISTED, Ending, EndingKey, Listed
from bot.sales import SETTLED, Opportunity, OpportunityState

MENU = "ending_menu"
MOST_ID = 255
MOST_TITLE = 24
_ROW = "ending:"


class Choice(StrEnum):
    """What can be said of a contract that ends."""

    ON_IT = "on_it"
    RENEWED = "renewed"
    NOT_RENEWED = "not_renewed"
    HAND_ON = "hand_on"


def choice_words(choice: Choice, say: Words) -> str:
    """A choice of the menu; an ellipsis when a window opens."""
    match choice:
        case Choice.ON_IT:
            return say("I'm on it")
        case Choice.RENEWED:
            return say("Renewed…")
        case Choice.NOT_RENEWED:
            return say("Not renewed…")
        case Choice.HAND_ON:
            return say("Hand on…")


def row_id(key: EndingKey) -> str:
    """The id of the paragraph in which a contract's menu stands."""
    return f"{_ROW}{key.key.spelt}"


def key_of_row(block_id: str) -> str:
    """The contract to which a menu belongs, spelt."""
    return block_id.removeprefix(_ROW)


def choices(known: Listed) -> list[Choice]:
    """What the reader can still say of a contract, and would not be refused; who is on it may also give it away."""
    state = known.opportunity.state if known.opportunity else OpportunityState.ASKED
    if state in SETTLED:
        return []
    first = [] if state is OpportunityState.TAKEN else [Choice.ON_IT]
    last = [Choice.HAND_ON] if state in {OpportunityState.TAKEN, OpportunityState.SNOOZED} else []
    return [*first, Choice.RENEWED, Choice.NOT_RENEWED, *last] if known.is_theirs else first


def _with_menu(mrkdwn: str, known: Listed, say: Words) -> Block:
    """A contract, with what can be said of it behind three dots; one choice alone is a button."""
    block, offered = row_id(known.ending), choices(known)
    if not offered or len(block) > MOST_ID:
        return section(mrkdwn)
    if len(offered) == 1:
        menu = button(MENU, choice_words(offered[0], say), offered[0])
    else:
        menu = overflow(MENU, [option(choice_words(each, say), each) for each in offered])
    return {**section(mrkdwn, accessory=menu), "block_id": block}


def listing(
    found: Sequence[Listed], *, zone: str, say: Words, follow: int = 0, beside: int = 0
) -> tuple[str, list[Block]]:
    """The contracts that end soon, of one salesperson, and one sentence for notifications.

    Args:
        zone: Where the reader's days begin and end.
        follow: How many more come with the next list.
        beside: How many more there are that others have.
    """
    text = say.plural("{n} contract ends soon", "{n} contracts end soon", len(found) + follow + beside)
    shown = found[:MOST_LISTED]
    own, others = ([each for each in shown if (each.keeper is None) is is_own] for is_own in (True, False))
    blocks: list[Block] = [header(text), *(paragraph(each, zone, say) for each in own)]
    if follow:
        blocks.append(context(say.plural("{n} more follows another day", "{n} more follow on other days", follow)))
    if others:
        blocks.append(section(f"*{say('With others, and nothing noted by the last reminder')}*"))
        blocks += [paragraph(each, zone, say) for each in others]
    if beside:
        blocks.append(context(say.plural("{n} more is with a colleague", "{n} more are with colleagues", beside)))
    foot = say(
        "Note in the menu ⋯ what comes of one. Renewed or not renewed, nobody is reminded of it again; whoever is on "
        "it is asked later how it goes."
    )
    return text, [*blocks, context(foot)]


def paragraph(each: Listed, zone: str, say: Words) -> Block:
    """A contract, how it stands, and what the reader can say of it.

    Args:
        zone: Where the reader's days begin and end.
    """
    with_whom = [f"<@{each.keeper}>"] if each.keeper else []
    told = [" · ".join([lines(each.ending, say), *with_whom])]
    if each.opportunity:
        told.append(sales.state_words(each.opportunity, zone, say))
    return _with_menu("\n".join(told), each, say)


def card(
    opportunity: Opportunity,
    ending: Ending | None,
    brief: sales_brief.Brief,
    *,
    say: Words,
    is_latest: bool = True,
    is_theirs: bool = True,
) -> tuple[str, list[Block]]:
    """A contract that goes to a colleague, or comes up again: the card as it stands now, and one sentence.

    Args:
        ending: The contract; None when it is not on file any more.
        brief: The customer, what similar ones also hold, and where the reader's days begin and end.
        is_latest: Nobody was told after this reader.
        is_theirs: The reader may do more than take it.
    """
    text = say("{customer}: a contract ends", customer=brief.record.customer.name)
    blocks: list[Block] = [header(text)]
    if not is_latest or opportunity.state is not OpportunityState.ASKED:
        blocks.append(section(f"*{sales.state_words(opportunity, brief.zone, say)}*"))
    blocks.append(section(lines(ending, say) if ending else escaped(opportunity.contract or "")))
    blocks += sales_brief.why_they(brief, say)
    blocks += sales_brief.holdings(brief, say)
    blocks += sales.buttons(opportunity, say, is_theirs=is_theirs)
    return text, blocks


def renewed_modal(ending: Ending, currency: str, say: Words) -> Block:
    """For how much, and for how long."""
    return _about(ending, say("Renewed"), sales_windows.won_modal(ending.key.spelt, currency, say), say)


def not_renewed_modal(ending: Ending, say: Words) -> Block:
    """Why it was not renewed (R45)."""
    return _about(ending, say("Not renewed"), sales_windows.lost_modal(ending.key.spelt, say), say)


def _about(ending: Ending, title: str, view: Block, say: Words) -> Block:
    """A window that says which contract it is about."""
    return {**view, "title": plain(title, MOST_TITLE), "blocks": [section(lines(ending, say)), *view["blocks"]]}


def lines(ending: Ending, say: Words) -> str:
    """A contract in two lines of markup: whose, which; until when, what it costs a year."""
    name = escaped(cut(ending.customer, sales_brief.MOST_LABEL))
    price = [say.money(ending.price.amount, ending.price.currency)] if ending.price else []
    return f"*{name}* · {contract_words(ending)}\n{' · '.join([end_words(ending, say), *price])}"


def contract_words(ending: Ending) -> str:
    """Number and name of a contract, in markup."""
    return escaped(cut(f"{ending.contract} {ending.name}".strip(), sales_brief.MOST_LABEL))


def end_words(ending: Ending, say: Words) -> str:
    """When it ends, or ended."""
    if ending.days < 0:
        return say("ended on {day}", day=say.day(ending.ends_on))
    when = say.plural("ends in {n} day", "ends in {n} days", ending.days) if ending.days else say("ends today")
    return f"{when} · {say.day(ending.ends_on)}"
