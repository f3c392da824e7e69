"""The one message to the account owner: a customer without cover has a need (R20, R24)."""

from collections.abc import Sequence

from bot.blocks import Block, context, escaped, header, section
from bot.cards.warranty import contract_words, coverage_lines
from bot.customer import CustomerRecord
from bot.entitlement import CoverageOn, CoverageState
from bot.i18n import Words
from bot.playbook import Playbook


def card(
    record: CustomerRecord,
    coverages: Sequence[CoverageOn],
    *,
    reasons: Sequence[str],
    instead_of: str | None,
    playbook: Playbook,
    say: Words,
) -> tuple[str, list[Block]]:
    """Who, what happened, how they are covered.

    Args:
        instead_of: Name of the account owner who left, when this goes to somebody else.
    """
    names = playbook.words[say.language].signals
    customer = record.customer.name
    if any(on.state is CoverageState.EXPIRED for on in coverages):
        text = say("{customer} needs help, and their cover has ended", customer=customer)
    else:
        text = say("{customer} needs help, and their cover has not started yet", customer=customer)
    happened = say(", ").join(names[each].name for each in reasons if each in names)
    blocks: list[Block] = [header(text), section(f"*{say('What happened')}*  {escaped(happened)}")]
    if instead_of:
        blocks.append(context(say("You get this because {name} has left.", name=escaped(instead_of))))
    for on in coverages[:6]:
        first, small = coverage_lines(on, say)
        blocks += [section(escaped(first)), context(escaped(small))]
    blocks.append(section(f"*{say('Contracts')}*\n{escaped(contract_words(record, say))}"))
    blocks.append(
        context(say("Support is handling the case. Please speak to their decision-maker, and not in that thread."))
    )
    return text, blocks
