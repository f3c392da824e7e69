"""The App Home: the whispers that Slack forgets, and for supervisors what waits for a decision."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.blocks import Block, button, context, divider, escaped, header, quote, section
from bot.cards.exception import concession_words, decide_buttons
from bot.cards.setup import missing_words
from bot.coaching import StoredAdvice
from bot.goodwill import ExceptionRequest
from bot.i18n import Words
from bot.message import Role
from bot.playbook import Playbook
from bot.playbook_yaml import Fault
from bot.setup import Missing

SET_UP = "set_up"
MOST_PENDING = 15
MOST_FAULTS = 3


def view(
    *,
    role: Role,
    advice: Sequence[tuple[StoredAdvice, str]],
    pending: Sequence[tuple[ExceptionRequest, str]],
    missing: Sequence[Missing],
    admin: bool,
    zone: str,
    playbook: Playbook,
    say: Words,
    faults: Sequence[Fault] = (),
) -> Block:
    """What somebody finds under the app's name.

    Args:
        advice: What they were told, newest first, with the customer's name; empty when there is none.
        pending: Undecided requests with the customer's name; for supervisors alone.
        faults: Why the playbook's latest edit was not taken; for administrators and supervisors.
    """
    blocks: list[Block] = []
    if admin:
        blocks += setup_blocks(missing, say)
    if faults and (admin or role is Role.SUPERVISOR):
        blocks += _edit_not_taken(faults, say)
    if not role.is_staff:
        blocks.append(section(say("This app is for our support team. There is nothing you need to do here.")))
        return {"type": "home", "blocks": blocks}
    if role is Role.SUPERVISOR:
        blocks.append(header(say("Waiting for a decision")))
        for each, customer in pending[:MOST_PENDING]:
            what = f"{say.money(each.cost, each.currency)} · {concession_words(each.concession, say)}"
            blocks += [
                section(f"*{escaped(customer)}*  {what}\n{escaped(each.fault)}\n{escaped(each.reason)}"),
                decide_buttons(each, say),
            ]
        if not pending:
            blocks.append(section(say("Nothing is waiting. Thank you.")))
        if len(pending) > MOST_PENDING:
            more = len(pending) - MOST_PENDING
            blocks.append(context(say.plural("and {n} more", "and {n} more", more)))
        blocks.append(divider())
    blocks.append(header(say("What Aside told you recently")))
    plays = playbook.words[say.language].plays
    for stored, customer in advice:
        play = plays.get(stored.advice.plays[0])
        if play is None:
            continue
        when = stored.given_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
        about = " · ".join(part for part in (escaped(customer), when) if part)
        blocks += [section(f"*{escaped(play.title)}*\n{escaped(play.meaning)}"), context(about)]
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


def _edit_not_taken(faults: Sequence[Fault], say: Words) -> list[Block]:
    """What is wrong with the playbook's files since they were changed, its first few faults."""
    told = [context(escaped(str(fault))) for fault in faults[:MOST_FAULTS]]
    more = len(faults) - MOST_FAULTS
    if more > 0:
        told.append(context(say.plural("and {n} more", "and {n} more", more)))
    return [section(say("⚠️ The latest edit of the playbook was not taken. Aside keeps to what it knew before.")), *told]
