"""Checking a draft: the window in which it is typed, and what was found in it. Seen by its writer alone."""

from collections.abc import Sequence

from bot.blocks import Block, context, cut, divider, escaped, labelled, modal, option, quote, section, text_input
from bot.blocks import static_select as menu
from bot.cards.exception import concession_words
from bot.cards.facts import fact_words
from bot.draft import Beyond, DraftCheck
from bot.i18n import Words
from bot.playbook import Action, Language, Playbook

CHECK_VIEW = "check_draft_view"
DRAFT = "draft"
CASE = "case"
MOST_CHARACTERS = 3_000
_SHOWN = 120


def window(
    *,
    text: str,
    case_id: str,
    choices: Sequence[tuple[str, str]],
    say: Words,
    found: Sequence[Block] = (),
) -> Block:
    """The window: what was found so far, and the draft, to be mended and checked again.

    Args:
        case_id: Whose draft it is; empty when that is still to be chosen, or there is no case.
        choices: Open cases to choose from, id and name.
    """
    blocks: list[Block] = [*found]
    if found:
        blocks.append(divider())
    if choices:
        options = [option(name, each) for each, name in choices]
        blocks.append(labelled(CASE, say("Which case is it for?"), menu("choice", options, placeholder=say("Choose"))))
    box = text_input("text", initial=cut(text, MOST_CHARACTERS), multiline=True, most=MOST_CHARACTERS)
    blocks.append(
        labelled(DRAFT, say("Your draft"), box, hint=say("Nobody else sees it. It is not sent and not kept."))
    )
    return modal(
        CHECK_VIEW,
        say("Check a draft"),
        blocks,
        submit=say("Check again") if found else say("Check"),
        close=say("Close"),
        private_metadata=case_id,
    )


def answer(
    check: DraftCheck,
    *,
    customer: str | None,
    has_case: bool,
    language: Language,
    playbook: Playbook,
    say: Words,
    granted: Sequence[str] = (),
) -> list[Block]:
    """What was found.

    Args:
        granted: What the case's grant allows, and no more, in lines of markup.
        language: The language the customer is spoken to in.
        has_case: Whether it was checked against a case; without one nothing is known to be true.
    """
    top = [say("🔒 Only you can see this")]
    if customer:
        top.append(escaped(customer))
    if not has_case:
        top.append(say("No open case here, so nothing could be looked up"))
    blocks = [context("  ·  ".join(top))]
    bounds = [section("\n".join(f"• {each}" for each in granted))] if granted and check.concedes else []
    if bounds:
        bounds = [section(say("⚠️ *What was granted is this, and no more. Does your draft stay within it?*")), *bounds]
    if check.is_clean:
        return [*blocks, *(bounds or [section(say("✅ Looks good. It promises nothing beyond this case."))])]
    blocks += bounds
    blocks += [_beyond(each, playbook=playbook, say=say) for each in check.beyond]
    plays = playbook.words[say.language].plays
    for hurt in check.hurts:
        play = plays[hurt.play]
        words = say("“{words}”", words=escaped(cut(hurt.words, _SHOWN)))
        blocks.append(section(f"💬 *{escaped(play.title)}*  {words}\n{escaped(play.meaning)}"))
        instead = playbook.words[language].plays[hurt.play].instead
        blocks.append(quote(instead) if instead else section(f"*{say('Better')}*  {escaped(play.next_step)}"))
    if check.better:
        blocks.append(context(say("You could say")))
        blocks += [quote(line.text) for line in check.better]
    return blocks


def _beyond(beyond: Beyond, *, playbook: Playbook, say: Words) -> Block:
    name = playbook.words[say.language].claims[beyond.claim].name
    head = say("⚠️ *Your draft says: {what}*", what=escaped(name))
    words = say("“{words}”", words=escaped(cut(beyond.words, _SHOWN)))
    return section(f"{head}  {words}\n{_state(beyond, say=say)}")


def _state(beyond: Beyond, *, say: Words) -> str:
    """How the case stands to what the draft says."""
    if beyond.never:
        return say("No approval reaches that far: an exception is for this once. Leave it out.")
    if beyond.declined and not beyond.promised:
        return say("The request was declined. Only a new fact reopens it.")
    if beyond.granted:
        return say("What was approved is: {concession}.", concession=concession_words(beyond.granted, say))
    if beyond.promised:
        return say("What was promised is: {concession}.", concession=concession_words(beyond.promised, say))
    if beyond.is_too_early:
        return say("True, but the problem comes first. Leave it out for now.")
    if beyond.action is Action.COMMIT:
        return say("Nothing of the kind is written down. If it can be kept, write it down as a commitment first.")
    if beyond.undecided:
        return say("A request is with the supervisors and not decided yet.")
    missing = say(" or ").join(fact_words(each, say) for each in beyond.missing)
    return say("That is not true of this case yet. It would be, once: {facts}.", facts=missing)
