"""The whisper: what was noticed, what can be said, who comes in. Seen by one agent alone.

It is read while somebody types, so it is short: what is not needed at that moment stands behind *Why this?*.
"""

from collections.abc import Container

from bot.advice import Advice, OfferedLine
from bot.blocks import Block, button, context, cut, escaped, modal, quote, quotes, section
from bot.cards import care, doing, feedback, right_customer, takeover
from bot.cards import claims as claims_card
from bot.cards import granted as granted_card
from bot.cards.exception import link_blocks
from bot.cards.facts import fact_words
from bot.cards.promise_scope import scope_in_a_line
from bot.care import ABUSE
from bot.coaching import ANGRY, next_step
from bot.decision_table import is_recorded
from bot.i18n import Words
from bot.playbook import Action, DecisionRow, Playbook, Route, Stage
from bot.promises import Scope

ASK_EXCEPTION = doing.ASK_EXCEPTION
SECOND_PAIR_OF_EYES = "R35"
MOST_QUOTED = 48
advice_id_of = feedback.advice_id_of


def route_words(route: Route, say: Words) -> str:
    """Who comes in."""
    match route:
        case Route.SUPERVISOR:
            return say("supervisor")
        case Route.SALES:
            return say("sales")
        case Route.TAKEOVER:
            return say("a colleague to take over")
        case Route.LEGAL:
            return say("legal")
        case Route.ENGINEER:
            return say("engineer")
        case Route.PEER:
            return say("a second pair of eyes")


def noticed(advice: Advice, playbook: Playbook, say: Words) -> str:
    """What was noticed, and in which words; of the customer's one signal the words alone, since the title names it."""
    names = playbook.words[say.language].signals
    if len(advice.signals) == 1 and advice.row:
        return say("“{words}”", words=escaped(cut(words, MOST_QUOTED))) if (words := advice.signals[0].words) else ""
    pieces = []
    for each in advice.signals:
        if each.id not in names:  # advice of a playbook that has changed since
            continue
        name = f"*{escaped(names[each.id].name)}*"
        pieces.append(
            say("{signal} “{words}”", signal=name, words=escaped(cut(each.words, 80))) if each.words else name
        )
    return "  ·  ".join(pieces)


def card(
    advice: Advice, advice_id: str, *, customer: str | None, playbook: Playbook, say: Words
) -> tuple[str, list[Block]]:
    """The whisper, and one sentence for notifications."""
    plays = playbook.words[say.language].plays
    main = plays[advice.plays[0]]
    top = [
        say("🔒 Only you can see this"),
        *([escaped(customer), cover_words(advice, say)] if customer else [say("we don't know yet whose case this is")]),
    ]
    blocks = [context("  ·  ".join(top)), section(f"*{escaped(main.title)}*\n{escaped(main.meaning)}")]
    heat = say("anger {dots}", dots="●" * advice.anger + "○" * (3 - advice.anger)) if advice.anger else ""
    if told := [each for each in (heat, noticed(advice, playbook, say)) if each]:
        blocks.append(context("  ·  ".join(told)))
    blocks += claims_card.blocks(advice.checks, say)
    if advice.lines:
        first, more = _at_first(advice, playbook)
        label = [say("You could say")]
        if more:
            where = say("Why this?")
            label.append(say.plural("{n} more under “{where}”", "{n} more under “{where}”", len(more), where=where))
        blocks.append(context("  ·  ".join(label)))
        blocks += [quote(line.text) for line in first]
        blocks += granted_card.beside(advice, say)
    then, careful = escaped(next_step(advice, playbook, say.language)), escaped(main.avoid)
    todo = [f"*{say('Next')}*  {then}", f"*{say('Careful')}*  {careful}"]
    row = next((each for each in playbook.decisions if each.id == advice.row), None)
    if row and _is_due(row, advice):
        todo.append(f"*{say('Route')}*  {way(row, playbook, advice.facts, say, advice.promised)}")
    if row and advice.routes:
        todo.append(say("Bring in: {who}", who=say(", ").join(route_words(route, say) for route in advice.routes)))
    blocks.append(section("\n".join(todo)))
    buttons = action_buttons(advice, advice_id, say, nobodys=customer is None)
    blocks += [buttons, feedback.footer(advice_id, say)]
    return say("Aside: {title}", title=main.title), blocks


def cover_words(advice: Advice, say: Words) -> str:
    """What the customer is entitled to, in a word or two; a gap on file is no end (R16)."""
    if "covered" in advice.facts:
        return say("covered")
    if "partly_covered" in advice.facts:
        return say("partly covered")
    return say("not covered now") if "expired" in advice.facts else say("cover to be checked")


def _at_first(advice: Advice, playbook: Playbook) -> tuple[tuple[OfferedLine, ...], tuple[OfferedLine, ...]]:
    """The lines that are shown, and those that wait behind *Why this?*.

    When a fault or a question comes in without heat and nobody has answered yet, one line is enough to begin with
    (R01, R03). What speaks of money is never put away, so that heat and threats show the same offer.
    """
    harmless = {each.id for each in playbook.signals if each.informative}
    is_calm = advice.anger < ANGRY and harmless.issuperset(each.id for each in advice.signals)
    is_first = advice.stage is Stage.RECEIVE and len(advice.plays) == 1 and bool(advice.signals)
    if is_calm and is_first and not any(line.speaks_of for line in advice.lines):
        return advice.lines[:1], advice.lines[1:]
    return advice.lines, ()


def _is_due(row: DecisionRow, advice: Advice) -> bool:
    """Whether the agent has to read now where the table leads.

    That it has to be assessed says the button; to look closer is not due before anybody has answered (R01).
    """
    if row.action is Action.ASSESS:
        return Action.ASSESS not in advice.actions
    return advice.stage is not Stage.RECEIVE or row.stage is not Stage.ASSESS


def unanswered(
    advice: Advice, advice_id: str, *, customer: str | None, playbook: Playbook, link: str, say: Words
) -> tuple[str, list[Block]]:
    """The same once more, where nobody has reacted to it."""
    _, blocks = card(advice, advice_id, customer=customer, playbook=playbook, say=say)
    main = playbook.words[say.language].plays[advice.plays[0]]
    text = say("Nobody has reacted to this yet: {title}", title=main.title)
    return text, [section(f"*{escaped(text)}*"), *blocks, *link_blocks(link, say)]


def way(row: DecisionRow, playbook: Playbook, facts: Container[str], say: Words, promised: Scope | None = None) -> str:
    """Where the decision table leads, in markup; while a request is on its way there is nothing to file.

    Args:
        promised: What was promised, once a supervisor recorded it: there is nothing left to record (R25).
    """
    if promised and is_recorded(row, promised):
        return say("Serve as promised, and no further: {scope}", scope=scope_in_a_line(promised, say))
    if row.action is Action.ASK_EXCEPTION and "exception_requested" in facts:
        return say("The request is with the supervisors. Until they decide, promise nothing.")
    return escaped(playbook.words[say.language].decisions[row.id].route)


def action_buttons(advice: Advice, advice_id: str, say: Words, *, nobodys: bool = False) -> Block:
    """What the agent can do about it; advice of an earlier version knew of one action only.

    Under pressure a second pair of eyes is one click away (R35); whoever is attacked can leave it for a while (R47).

    Args:
        nobodys: The case has no customer on file: it can be said whose it is.
    """
    wanted = advice.actions or ((advice.action,) if advice.action else ())
    attacked = any(each.id in ABUSE for each in advice.signals)
    if attacked and ("takeover_asked" not in advice.facts or "takeover_accepted" in advice.facts):
        wanted = tuple(dict.fromkeys((*wanted, Action.ASK_TAKEOVER)))
    more = [right_customer.choose_button(advice_id, say)] if nobodys else []
    if attacked:
        more.append(care.break_button(advice_id, say))
    if Route.PEER in advice.routes or SECOND_PAIR_OF_EYES in advice.rules:
        more.append(takeover.peer_button(advice_id, say))
    return doing.row(wanted, advice_id, say, more=more)


def why(advice: Advice, *, playbook: Playbook, say: Words, remember: str = "") -> Block:
    """Where advice comes from: signal, words, play, rules in words, facts, what was held back, row, playbook version.

    Args:
        remember: Which whisper it is about, and where it stands.
    """
    wording = playbook.words[say.language]
    titles = say(", ").join(wording.plays[play].title for play in advice.plays if play in wording.plays)
    facts = say(", ").join(fact_words(each, say) for each in advice.facts) or say("none yet")
    rules = [rule_words(each, playbook, say) for each in advice.rules]
    more = _at_first(advice, playbook)[1]
    blocks = [
        *([section(f"*{say('You could also say')}*"), quotes(line.text for line in more)] if more else []),
        *_signals(advice, playbook, say),
        section(f"*{say('Play')}*  {escaped(titles)}"),
        section("\n".join([f"*{say('Rules')}*", *rules])),
        section(f"*{say('What the case knows')}*  {escaped(facts)}"),
    ]
    if advice.withheld:
        kept_back = [f"*{say('Held back: not true yet')}*"]
        for line in advice.withheld:
            missing = say(", ").join(fact_words(each, say) for each in line.missing)
            kept_back.append(say("• {line} (needs: {facts})", line=escaped(line.text), facts=missing))
        blocks.append(section("\n".join(kept_back)))
    rows = [wording.decisions[each] for each in (advice.row, *advice.beside) if each and each in wording.decisions]
    if rows:
        told = [f"{escaped(each.route)}\n{escaped(each.customer_hears)}" for each in rows]
        blocks.append(section("\n".join([f"*{say('Row of the decision table')}*", *told])))
    blocks.append(context(say("Playbook {version}", version=advice.playbook_version)))
    return modal("why_view", say("Why this?"), blocks, close=say("Close"), private_metadata=remember)


def rule_words(rule: str, playbook: Playbook, say: Words) -> str:
    """A rule of the trade with its own words."""
    told = playbook.words[say.language].rules.get(rule)
    return f"• {rule}  {escaped(told)}" if told else f"• {rule}"


def _signals(advice: Advice, playbook: Playbook, say: Words) -> list[Block]:
    """Each signal with the words in which it was noticed, how sure that is, and a way to say that it is wrong."""
    blocks: list[Block] = []
    for signal in advice.signals:
        known = playbook.words[say.language].signals.get(signal.id)
        if known is None:  # advice of a playbook that has changed since
            continue
        wrong = button(feedback.WRONG_SIGNAL, say("Wrong signal…"), signal.id)
        percent = round(signal.score * 100)
        sure = (
            say("“{words}” · {percent}% sure", words=escaped(cut(signal.words, 200)), percent=percent)
            if signal.words
            else say("{percent}% sure", percent=percent)
        )
        blocks += [section(f"*{escaped(known.name)}*\n{escaped(known.meaning)}", accessory=wrong), context(sure)]
    return blocks
