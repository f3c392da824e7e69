"""The App Home: the whispers that Slack forgets, and for supervisors what waits for a decision."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.blocks import Block, button, context, divider, escaped, header, quote, section
from bot.cards.exception import concession_words
from bot.cards.setup import missing_words
from bot.coaching import StoredAdvice
from bot.goodwill import ExceptionRequest
from bot.i18n import Words
from bot.message import Role
from bot.playbook import Playbook
from bot.setup import Missing

SET_UP = "set_up"
MOST_PENDING = 20


def view(
    *,
    role: Role,
    advice: Sequence[StoredAdvice],
    pending: Sequence[tuple[ExceptionRequest, str]],
    missing: Sequence[Missing],
    admin: bool,
    zone: str,
    playbook: Playbook,
    say: Words,
) -> Block:
    """What somebody finds under the app's name.

    Args:
        pending: Undecided requests with the customer's name; for supervisors alone.
    """
    blocks: list[Block] = []
    if admin:
        blocks += setup_blocks(missing, say)
    if not role.is_staff:
        blocks.append(section(say("This app is for our support team. There is nothing you need to do here.")))
        return {"type": "home", "blocks": blocks}
    if role is Role.SUPERVISOR:
        blocks.append(header(say("Waiting for a decision")))
        blocks += [
            section(
                f"*{escaped(customer)}*  {say.money(each.cost, each.currency)} · "
                f"{concession_words(each.concession, say)}\n{escaped(each.fault)}"
            )
            for each, customer in pending[:MOST_PENDING]
        ] or [section(say("Nothing is waiting. Thank you."))]
        if len(pending) > MOST_PENDING:
            more = len(pending) - MOST_PENDING
            blocks.append(context(say.plural("and {n} more", "and {n} more", more)))
        blocks.append(divider())
    blocks.append(header(say("What Aside told you recently")))
    plays = playbook.words[say.language].plays
    for stored in advice:
        play = plays.get(stored.advice.plays[0])
        if play is None:
            continue
        when = stored.given_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
        blocks += [section(f"*{escaped(play.title)}*\n{escaped(play.meaning)}"), context(when)]
        blocks += [quote(line.text) for line in stored.advice.lines]
    if not advice:
        blocks.append(section(say("Nothing yet. Aside speaks up when it can help.")))
    return {"type": "home", "blocks": blocks[:100]}


def setup_blocks(missing: Sequence[Missing], say: Words) -> list[Block]:
    """What an administrator still has to decide."""
    if missing:
        text = say("Still to be set up: {list}", list=say(", ").join(missing_words(each, say) for each in missing))
    else:
        text = say("Aside is set up.")
    return [section(text, accessory=button(SET_UP, say("Set up…"), "setup"))]
