"""What sales reads beside the card: that nothing was noted since it was taken, that it went on, how it stands now."""

from zoneinfo import ZoneInfo

from bot.blocks import Block, context, escaped, section
from bot.cards.sales import buttons, state_words
from bot.i18n import Words
from bot.sales import CHANNEL, Opportunity, SalesMove


def reminded(
    opportunity: Opportunity, move: SalesMove, *, customer: str, reader: str, zone: str, say: Words
) -> tuple[str, list[Block]]:
    """Somebody took it and noted nothing since: to themselves, and later to a sales manager.

    Args:
        move: `REMIND` or `ESCALATE`.
        reader: Their Slack id.
    """
    taken = opportunity.taken_at or opportunity.opened_at
    day = say.day(taken.astimezone(ZoneInfo(zone)).date())
    if move is SalesMove.REMIND:
        text = say("⏰ {customer}: how does it stand?", customer=customer)
        more = say("You took it on {day}, and nothing has been noted since. One click says where it stands.", day=day)
    else:
        text = say("⏳ {customer}: taken, and nothing noted since", customer=customer)
        more = say(
            "{who} took it on {day} and was reminded. It stays with them unless it is handed on.",
            who=f"<@{opportunity.taken_by}>",
            day=day,
        )
    return text, [section(f"*{escaped(text)}*\n{more}"), *buttons(opportunity, say), *_whole(opportunity, reader, say)]


def passed_on(
    opportunity: Opportunity, *, customer: str, reader: str, zone: str, say: Words, is_theirs: bool = True
) -> tuple[str, list[Block]]:
    """Whoever took it hears that the customer is another colleague's account; they can take it back.

    Args:
        is_theirs: The reader may do more than take it.
    """
    text = say("{customer}: another colleague's account", customer=customer)
    why = say("The case that you took is theirs. {standing}", standing=state_words(opportunity, zone, say))
    head, row = section(f"*{escaped(text)}*\n{why}"), buttons(opportunity, say, is_theirs=is_theirs)
    return text, [head, *row, *_whole(opportunity, reader, say)]


def now(
    opportunity: Opportunity, *, title: str, reader: str, zone: str, say: Words, is_theirs: bool = True
) -> tuple[str, list[Block]]:
    """An earlier word as it stands now, with what can still be done.

    Args:
        title: Why sales heard of it.
        reader: Their Slack id, or `CHANNEL`.
        is_theirs: The reader may do more than take it.
    """
    head = section(f"*{escaped(title)}*\n{state_words(opportunity, zone, say)}")
    return title, [head, *buttons(opportunity, say, is_theirs=is_theirs), *_whole(opportunity, reader, say)]


def _whole(opportunity: Opportunity, reader: str, say: Words) -> list[Block]:
    """Where the whole card is, if they can see one."""
    if reader in opportunity.told:
        return [context(say("The card above has the whole of it."))]
    return [context(say("The card in the sales channel has the whole of it."))] if CHANNEL in opportunity.told else []
