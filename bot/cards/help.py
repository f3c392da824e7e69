"""What `/aside help` says: what somebody in this part can do, and the words to type or press for it."""

from collections.abc import Iterable
from difflib import get_close_matches

from bot.blocks import Block, context, cut, escaped, marked, section
from bot.i18n import Words
from bot.message import Role

SUBCOMMANDS = ("setup", "duty", "draft", "pause", "resume", "away", "back", "help")
MOST_TYPED = 30
MOST_PAIRS = 5
"""Slack takes ten fields: five ways with what each does."""
SHORTCUTS = ("Warranty 保固", "Check my draft 看看草稿", "Case 案件", "Ask a colleague 請教同仁")
"""The message shortcuts, as the manifest calls them in every language."""

Pairs = list[tuple[str, str]]


def blocks(role: Role, *, admin: bool, say: Words, unknown: str = "") -> list[Block]:
    """What somebody can do, in short.

    Args:
        admin: They administer the workspace, so they can set Aside up.
        unknown: What was typed in place of a subcommand that there is.
    """
    found = [section(_no_such(unknown, say))] if unknown else []
    for title, pairs in _groups(role, admin=admin, say=say):
        found.append(_group(title, pairs))
    if role in {Role.AGENT, Role.SUPERVISOR}:
        threads = say("In a thread, where commands do not work: the shortcuts in a message menu.")
        found.append(context(" · ".join((threads, *(f"*{each}*" for each in SHORTCUTS)))))
    if role.is_staff:
        found.append(context(say("Only you see the answers. Whispers that are gone stand in Aside's Home.")))
    return found


def _group(title: str, pairs: Pairs) -> Block:
    """One thing somebody may want to do: on the left how, on the right what comes of it."""
    cells = [cell for pair in pairs[:MOST_PAIRS] for cell in pair]
    return {**section(f"*{title}*"), "fields": [marked(cell) for cell in cells]}


def _groups(role: Role, *, admin: bool, say: Words) -> Iterable[tuple[str, Pairs]]:
    if role is Role.SUPERVISOR:
        yield say("⚖️ Decide"), _decide(say)
    if role in {Role.AGENT, Role.SUPERVISOR}:
        yield say("💬 Answer a customer"), _answer(say)
        yield say("🗂️ Work on a case"), _work(say)
    if role is Role.SALES:
        yield say("🤝 Help with an account"), _sell(say)
    if role.is_staff:
        yield say("🔔 Choose when you are told"), _listen(say)
    if role is Role.SUPERVISOR:
        yield say("🌴 Be away"), _be_away(say)
    if admin:
        yield say("⚙️ Set up"), [("`/aside setup`", say("channels, roles, who is on duty"))]


def _decide(say: Words) -> Pairs:
    return [
        (say("the card of a request"), say("approve, with conditions, ask back or decline")),
        (say("Aside's Home"), say("what waits for you, how the team is, the ledger")),
        (say("*Export as evidence* in the case"), say("the case as one file; it is logged")),
    ]


def _answer(say: Words) -> Pairs:
    return [
        (say("`/warranty` and a name"), say("what they are entitled to")),
        (say("`/aside draft` and your words"), say("check an answer before it is sent")),
    ]


def _work(say: Words) -> Pairs:
    return [
        (say("*The case…* on a whisper"), say("all that is known: assess, ask sales, note a promise, hand over")),
        ("`/exception`", say("ask the supervisors for an exception")),
    ]


def _sell(say: Words) -> Pairs:
    return [
        (say("`/warranty` and a name"), say("contracts, warranties and what ends when")),
        (say("the buttons below what Aside sends you"), say("answer, so that support knows what to say")),
        (say("the menu ⋯ beside a contract that ends"), say("you are on it, it was renewed, or it was not")),
    ]


def _listen(say: Words) -> Pairs:
    return [
        (say("`/aside duty` and `on` or `off`"), say("who is on duty here; begin or end yours")),
        ("`/aside pause 30`", say("no whispers for 30 minutes")),
        ("`/aside resume`", say("hear them again")),
    ]


def _be_away(say: Words) -> Pairs:
    return [
        ("`/aside away until 2026-12-01`", say("you are away, and until when")),
        (say("`/aside away deputy` and an @name"), say("they decide for you meanwhile")),
        ("`/aside back`", say("you are back")),
    ]


def _no_such(word: str, say: Words) -> str:
    """That there is no such subcommand, and which one was probably meant."""
    typed = escaped(cut(word.replace("`", ""), MOST_TYPED))
    said = say("There is no `/aside {word}`.", word=typed)
    meant = get_close_matches(word, SUBCOMMANDS, n=1)
    return said + say(" Did you mean `/aside {word}`?", word=meant[0]) if meant else said
