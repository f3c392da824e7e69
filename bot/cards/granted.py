"""What was granted, told with its bounds, so that nobody promises more than the yes (R23, R32, R33)."""

from bot.advice import Advice
from bot.blocks import Block, context, cut, escaped, section
from bot.cards.exception import concession_words
from bot.cards.promise_scope import scope_rows
from bot.coaching import TELLS_OF_THE_PROMISE, TELLS_OF_THE_YES, spelt
from bot.grants import Granted
from bot.i18n import Words
from bot.language import language_of_text, to_simplified
from bot.playbook import Language
from bot.policy import Concession

MOST_WORDS = 300
MOST_SPOKEN = 120
"""Longer conditions than this make no sentence; they are put beside it."""


def rows(granted: Granted, say: Words) -> list[str]:
    """What a yes allows, and no more, in lines of markup; for our own people, since the cap is our cost."""
    told = [
        f"*{say('Granted')}*  {concession_words(granted.concession, say)}",
        f"*{say('For')}*  {escaped(cut(granted.scope, MOST_WORDS))}",
        f"*{say('At most')}*  {say.money(granted.cap, granted.currency)}",
    ]
    if granted.extended_to:
        told.append(f"*{say('Covered until')}*  {say.day(granted.extended_to)}")
    if granted.conditions:
        told.append(f"*{say('On condition')}*  {escaped(granted.conditions)}")
    if granted.book_by:
        told.append(f"*{say('To be booked by')}*  {say.day(granted.book_by)}")
    return told


def in_a_line(granted: Granted, say: Words) -> str:
    """What a line says for `{concession}`: what is granted with all its bounds, so that no line can leave one out.

    What the service may cost us stays with us (R20): the customer hears that there is a limit. Conditions are said in
    the supervisor's words; where these make no sentence here, the line says that they follow (`to_say_with_it`).
    """
    if granted.concession is Concession.EXTENSION and granted.extended_to:
        told = say("your cover goes on until {day}", day=spelt(granted.extended_to, say.language))
    else:
        told = concession_words(granted.concession, say) + say(", for this one problem, within what was approved")
    if granted.book_by:
        told += say(", to be booked by {day}", day=spelt(granted.book_by, say.language))
    if granted.conditions:
        words = spoken_conditions(granted, say.language)
        told += (
            say(", on this condition: {conditions}", conditions=words)
            if words
            else say(", on a condition that comes right after this")
        )
    return told


def spoken_conditions(granted: Granted, language: Language) -> str | None:
    """The conditions as part of a sentence in that language; None when they are not written for one."""
    words = " ".join(granted.conditions.split()).rstrip(" .。;；,，")
    written_in = language_of_text(words, language)
    if not words or len(words) > MOST_SPOKEN or (written_in == "en") is not (language == "en"):
        return None
    return to_simplified(words) if language == "zh-CN" else words


def to_say_with_it(advice: Advice, say: Words) -> list[Block]:
    """What has to be said beside the lines, since it stands in none of them; nothing when they say it all."""
    granted = advice.granted
    if granted is None or not granted.conditions:
        return []
    language = advice.lines[0].lang if advice.lines else say.language
    words = spoken_conditions(granted, language)
    telling = [line.text for line in advice.lines if TELLS_OF_THE_YES in line.claims]
    if not telling or (words and any(words in text for text in telling)):
        return []
    return [section(f"⚠️ *{say('Say this with it')}*  {escaped(granted.conditions)}")]


def beside(advice: Advice, say: Words) -> list[Block]:
    """What stands beside lines that tell of the yes, or of a promise: what must be said with them, and their bounds."""
    told = [rows(advice.granted, say)] if advice.granted else []
    if advice.promised and any(TELLS_OF_THE_PROMISE in line.claims for line in advice.lines):
        told.append(scope_rows(advice.promised, say))
    bounds = [context(" · ".join([say("For your eyes only"), *each])) for each in told]
    return [*to_say_with_it(advice, say), *bounds]
