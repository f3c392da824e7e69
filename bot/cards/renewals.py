"""Contracts that end: the list a salesperson gets."""

from collections.abc import Sequence

from bot.blocks import Block, context, cut, escaped, header, section
from bot.cards.sales import MOST_LABEL
from bot.i18n import Words
from bot.renewals import Ending

MOST_ENDINGS = 60
ENDINGS_A_BLOCK = 10


def endings(found: Sequence[Ending], say: Words) -> tuple[str, list[Block]]:
    """The contracts that end soon, of one salesperson, the first to end foremost."""
    text = say.plural("{n} contract ends soon", "{n} contracts end soon", len(found))
    lines = [_ending(each, say) for each in found[:MOST_ENDINGS]]
    blocks: list[Block] = [header(text)]
    blocks += [section("\n".join(lines[at : at + ENDINGS_A_BLOCK])) for at in range(0, len(lines), ENDINGS_A_BLOCK)]
    if len(found) > MOST_ENDINGS:
        more = len(found) - MOST_ENDINGS
        blocks.append(context(say.plural("and {n} more", "and {n} more", more)))
    blocks.append(
        context(say("Each contract comes up at most once at each of these times, and not once it is followed."))
    )
    return text, blocks


def _ending(each: Ending, say: Words) -> str:
    price = [say.money(each.price.amount, each.price.currency)] if each.price else []
    when = say.plural("ends in {n} day", "ends in {n} days", each.days) if each.days else say("ends today")
    name = escaped(cut(each.customer, MOST_LABEL))
    contract = escaped(cut(f"{each.contract} {each.name}".strip(), MOST_LABEL))
    return f"• *{name}* · {' · '.join([contract, f'{when} ({say.day(each.ends_on)})', *price])}"
