"""What those who decide find in their App Home: the requests that wait, and how the team is doing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.blocks import Block, context, cut, escaped, header, section
from bot.cards.decision import (
    APPROVE,
    APPROVE_WITH_TERMS,
    ASK_BACK,
    DECLINE,
    decide_buttons,
    refusal_words,
    state_words,
)
from bot.cards.exception import concession_words
from bot.desk import TeamMember
from bot.goodwill import ExceptionState
from bot.i18n import Words
from bot.waiting import Choice, Waiting

MOST_WAITING = 10
MOST_TEAM = 20
MOST_WORDS = 300
MINUTE = 60
HOUR = 3600
DAY = 86_400
TENS = 10

IDS = {
    Choice.APPROVE: APPROVE,
    Choice.APPROVE_WITH_TERMS: APPROVE_WITH_TERMS,
    Choice.ASK_BACK: ASK_BACK,
    Choice.DECLINE: DECLINE,
}


def waiting_blocks(waiting: Sequence[Waiting], now: datetime, say: Words, *, more: int = 0) -> list[Block]:
    """What waits for a decision, what waits for the reader first, each oldest first.

    Args:
        more: How many requests are not among these.
    """
    yours = [each for each in waiting if each.is_yours]
    others = [each for each in waiting if not each.is_yours]
    blocks = [header(say("Waiting for a decision"))]
    if not waiting:
        blocks.append(section(say("Nothing is waiting. Thank you.")))
    left = MOST_WAITING
    for title, group in ((say("For you"), yours), (say("With somebody else"), others)):
        shown, left = group[:left], left - len(group[:left])
        if shown:
            blocks.append(context(f"*{title}*"))
            blocks += [block for each in shown for block in _waiting(each, now, say)]
    if hidden := len(waiting) - (MOST_WAITING - left) + more:
        blocks.append(context(say.plural("and {n} more", "and {n} more", hidden)))
    return blocks


def _waiting(waiting: Waiting, now: datetime, say: Words) -> list[Block]:
    request = waiting.request
    customer = escaped(cut(waiting.customer or say("a customer not on file"), MOST_WORDS))
    what = f"{say.money(request.cost, request.currency)} · {concession_words(request.concession, say)}"
    words = [
        f"*{customer}*  {what}",
        *(escaped(cut(each, MOST_WORDS)) for each in (request.fault, request.reason) if each),
    ]
    about = [*_state(waiting, say), age_words(request.requested_at, now, say)]
    if waiting.refusal:
        about.append(refusal_words(waiting.refusal, say))
    row = decide_buttons(request, say)
    allowed = {IDS[each] for each in waiting.may}
    elements = [each for each in row["elements"] if each["action_id"] in allowed]
    blocks = [section("\n".join(words)), context(" · ".join(about))]
    return [*blocks, {**row, "elements": elements}] if elements else blocks


def _state(waiting: Waiting, say: Words) -> list[str]:
    """Who asked, and for whose word it waits."""
    who = f"<@{waiting.request.requested_by}>"
    if waiting.request.state is ExceptionState.ASKED_BACK:
        return [say("waiting for {who} to answer", who=who)]
    return [say("asked by {who}", who=who), state_words(waiting.request.state, say)]


def age_words(since: datetime, now: datetime, say: Words) -> str:
    """How long ago, in steps coarse enough that an open page need not change every minute."""
    seconds = max(int((now - since).total_seconds()), 0)
    if seconds >= DAY:
        return say.plural("for {n} day", "for {n} days", seconds // DAY)
    if seconds >= HOUR:
        return say.plural("for {n} hour", "for {n} hours", seconds // HOUR)
    if minutes := seconds // MINUTE // TENS * TENS:
        return say.plural("for {n} minute", "for {n} minutes", minutes)
    return say("just now")


def team_blocks(team: Sequence[TeamMember], unhandled: int, say: Words) -> list[Block]:
    """How many open cases and late commitments each of the team has; counts alone.

    Args:
        unhandled: How many open cases nobody handles yet.
    """
    lines = [_member(each, say) for each in team[:MOST_TEAM]] or [say("Nobody is on duty, and no case is open.")]
    if more := max(len(team) - MOST_TEAM, 0):
        lines.append(say.plural("and {n} more", "and {n} more", more))
    blocks = [header(say("The team now")), section("\n".join(lines))]
    if unhandled:
        sentence = say.plural("{n} open case has no handler yet", "{n} open cases have no handler yet", unhandled)
        blocks.append(context(sentence))
    return blocks


def _member(member: TeamMember, say: Words) -> str:
    pieces = [say.plural("{n} open case", "{n} open cases", member.open_cases)]
    if member.overdue:
        pieces.append(say.plural("🔴 {n} commitment overdue", "🔴 {n} commitments overdue", member.overdue))
    flags: Mapping[str, bool] = {
        say("on duty"): member.on_duty,
        say("⏸ paused"): member.paused,
        say("away"): member.away,
    }
    pieces += [words for words, true in flags.items() if true]
    return f"<@{member.user}>  {' · '.join(pieces)}"
