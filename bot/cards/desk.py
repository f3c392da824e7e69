"""Somebody's own work in their App Home: the cases they handle, and what they promised."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.blocks import Block, button, context, cut, escaped, header, section
from bot.cards import commitment as commitment_card
from bot.cards.case import state_words
from bot.cards.doing import SHOW_CASE
from bot.case import CaseState
from bot.commitments import Commitment, due_words
from bot.desk import CaseAtHand, Desk, Wait, waits
from bot.i18n import Words
from bot.message import Role

MOST_CASES = 8
MOST_PROMISED = 6
MOST_WORDS = 200


def blocks(desk: Desk, zone: str, say: Words) -> list[Block]:
    """Their cases and what they promised, by their own clock."""
    return [*_cases(desk, zone, say), *_promised(desk, zone, say)]


def _cases(desk: Desk, zone: str, say: Words) -> list[Block]:
    shown = [_case(each, desk.now, zone, say) for each in desk.cases] or [section(say("You have no open case."))]
    return [header(say("Your cases")), *shown, *_more(desk.more_cases, say)]


def _case(at_hand: CaseAtHand, now: datetime, zone: str, say: Words) -> Block:
    case = at_hand.case
    customer = escaped(cut(at_hand.customer or say("a customer not on file"), MOST_WORDS))
    about = [] if case.state is CaseState.WAITING else [state_words(case.state, say)]
    about.append(_last_words(at_hand, zone, say))
    lines = [f"*{customer}*  {' · '.join(about)}"]
    if waited := [_wait_words(each, at_hand, zone, say) for each in waits(at_hand)]:
        lines.append(" · ".join(waited))
    if at_hand.due:
        lines.append(_due(at_hand.due, now, zone, say))
    return section("\n".join(lines), accessory=button(SHOW_CASE, say("The case…"), case.id))


def _wait_words(wait: Wait, at_hand: CaseAtHand, zone: str, say: Words) -> str:
    """For what a case waits, in a few words."""
    request, asked = at_hand.request, at_hand.asked
    match wait:
        case Wait.YOUR_ANSWER:
            who = f"<@{request.asked_back_by}>" if request else ""
            return say("⚠️ {who} is waiting for your answer", who=who)
        case Wait.BOOKING:
            grant = request.grant if request else None
            if grant is None or grant.valid_until is None:
                return say("✅ approved, not booked yet")
            until = grant.valid_until.astimezone(ZoneInfo(zone)).date()
            return say("✅ approved, to be booked by {day}", day=say.day(until))
        case Wait.SUPERVISOR:
            return say("⏳ a supervisor decides")
        case Wait.MANAGER:
            return say("⏳ a manager decides")
        case Wait.SALES:
            who = f"<@{asked.asked}>" if asked and asked.asked else say("the sales channel")
            return say("⏳ sales is asked: {who}", who=who)
        case Wait.PROOF:
            return say("⏳ a supervisor looks at what sales said")


def _last_words(at_hand: CaseAtHand, zone: str, say: Words) -> str:
    """Who spoke last, and when."""
    when = at_hand.last_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    if at_hand.last_role is None:
        return say("opened {when}", when=when)
    if at_hand.last_role is Role.CUSTOMER:
        return say("the customer spoke last, {when}", when=when)
    return say("we spoke last, {when}", when=when)


def _promised(desk: Desk, zone: str, say: Words) -> list[Block]:
    found: list[Block] = [header(say("What you promised"))]
    for each, customer in desk.promised:
        name = escaped(cut(customer or say("a customer not on file"), MOST_WORDS))
        found += [section(f"*{name}*\n{_due(each, desk.now, zone, say)}"), *commitment_card.buttons(each, say)]
    if not desk.promised:
        found.append(section(say("You owe no customer anything.")))
    return [*found, *_more(desk.more_promised, say)]


def _due(commitment: Commitment, now: datetime, zone: str, say: Words) -> str:
    """What was promised, and by when."""
    due, text = due_words(commitment.due_at, zone, say.language), escaped(cut(commitment.text, MOST_WORDS))
    if commitment.due_at <= now:
        return say("🔴 overdue since {due}: {text}", due=due, text=text)
    return say("📌 by {due}: {text}", due=due, text=text)


def _more(more: int, say: Words) -> list[Block]:
    return [context(say.plural("and {n} more", "and {n} more", more))] if more > 0 else []
