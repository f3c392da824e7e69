"""The conversation of a case, for whoever may work on it and is not in its channel: as the casebook kept it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.blocks import Block, context, cut, escaped, modal, section
from bot.cards.decision import state_words
from bot.cards.exception import concession_words
from bot.goodwill import ExceptionRequest, Move, Turn
from bot.i18n import Words
from bot.message import Message, Role

CONVERSATION_VIEW = "conversation_view"
MOST_SHOWN = 60
MOST_WORDS = 600


def view(
    said: Sequence[Message],
    requests: Sequence[ExceptionRequest],
    turns: Sequence[Turn],
    *,
    customer: str,
    case_id: str,
    zone: str,
    say: Words,
) -> Block:
    """What was said and what was asked and decided between, oldest first; of a long case its end.

    Args:
        zone: The reader's clock.
    """
    passed = [(each.said_at, _said(each, zone, say)) for each in said]
    passed += [(at, context(f"📝 {_when(at, zone)} · {words}")) for at, words in _decided(requests, turns, say)]
    passed.sort(key=lambda each: each[0])
    told = [say("🔒 Only our own people see this"), escaped(customer)]
    if len(passed) > MOST_SHOWN:
        told.append(say("the last {n} of {all}", n=MOST_SHOWN, all=len(passed)))
    blocks = [context(" · ".join(told)), *(block for _, block in passed[-MOST_SHOWN:])]
    if not passed:
        blocks.append(section(say("Nothing that was said is kept any more.")))
    return modal(CONVERSATION_VIEW, say("The conversation"), blocks, close=say("Close"), private_metadata=case_id)


def _said(message: Message, zone: str, say: Words) -> Block:
    who = say("customer") if message.role is Role.CUSTOMER else f"<@{message.speaker}>"
    words = escaped(cut(message.text, MOST_WORDS)) or say("(words removed)")
    return section(f"*{who}*  {_when(message.said_at, zone)}\n{words}")


def _decided(requests: Sequence[ExceptionRequest], turns: Sequence[Turn], say: Words) -> Iterator[tuple[datetime, str]]:
    for each in requests:
        what = concession_words(each.concession, say)
        yield each.requested_at, say("{who} asks for an exception: {what}", who=f"<@{each.requested_by}>", what=what)
        if each.decided_at and each.decided_by:
            state = state_words(each.state, say)
            yield each.decided_at, say("Exception: {state} ({who})", state=state, who=f"<@{each.decided_by}>")
    for turn in turns:
        yield turn.at, turn_words(turn, say)


def turn_words(turn: Turn, say: Words) -> str:
    """Who asked back or answered, and what, in markup."""
    words = escaped(cut(turn.said, MOST_WORDS)) or say("(words removed)")
    if turn.move is Move.ASK_BACK:
        return say("{who} asked back: {words}", who=f"<@{turn.by}>", words=words)
    return say("{who} answered: {words}", who=f"<@{turn.by}>", words=words)


def _when(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
