"""The whisper: what was noticed, what can be said, who comes in. Seen by one agent alone."""

from bot.blocks import Block, actions, button, context, cut, escaped, modal, quote, section
from bot.cards.facts import fact_words
from bot.coaching import Advice
from bot.i18n import Words
from bot.playbook import Action, Playbook, Route

ASK_EXCEPTION = "ask_exception"
WHY = "why"
NOT_HELPFUL = "not_helpful"


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
    """What was noticed, and in which words."""
    names = playbook.words[say.language].signals
    pieces = [
        say(
            "{signal} “{words}”",
            signal=f"*{escaped(names[each.id].name)}*",
            words=escaped(cut(each.words, 80)),
        )
        for each in advice.signals
    ]
    return "  ·  ".join(pieces)


def card(
    advice: Advice, advice_id: str, *, customer: str | None, playbook: Playbook, say: Words
) -> tuple[str, list[Block]]:
    """The whisper, and one sentence for notifications."""
    plays = playbook.words[say.language].plays
    main = plays[advice.plays[0]]
    top = [say("🔒 Only you can see this")]
    if customer:
        top.append(escaped(customer))
    if advice.anger:
        top.append(say("anger {dots}", dots="●" * advice.anger + "○" * (3 - advice.anger)))
    blocks = [context("  ·  ".join(top)), section(f"*{escaped(main.title)}*\n{escaped(main.meaning)}")]
    if advice.signals:
        blocks.append(context(noticed(advice, playbook, say)))
    if advice.lines:
        blocks.append(context(say("You could say")))
        blocks += [quote(line.text) for line in advice.lines]
    blocks.append(section(f"*{say('Next')}*  {escaped(main.next_step)}\n*{say('Careful')}*  {escaped(main.avoid)}"))
    if advice.row:
        row = playbook.words[say.language].decisions[advice.row]
        who = say(", ").join(route_words(route, say) for route in advice.routes)
        way = f"*{say('Route')}*  {escaped(row.route)}"
        blocks.append(section(f"{way}\n{say('Bring in: {who}', who=who)}" if who else way))
    ask = [button(ASK_EXCEPTION, say("Ask for an exception…"), advice_id, style="primary")]
    blocks.append(footer(advice_id, say, *(ask if advice.action is Action.ASK_EXCEPTION else [])))
    return say("Aside: {title}", title=main.title), blocks


def footer(advice_id: str, say: Words, *first: Block) -> Block:
    """The reason is one click away, and so is saying that it did not help."""
    return actions(
        f"whisper:{advice_id}",
        *first,
        button(WHY, say("Why this?"), advice_id),
        button(NOT_HELPFUL, say("Not helpful"), advice_id),
    )


def why(advice: Advice, *, playbook: Playbook, say: Words) -> Block:
    """Where advice comes from: rule, signal, words, facts, playbook version."""
    wording = playbook.words[say.language]
    blocks: list[Block] = []
    for signal in advice.signals:
        known = wording.signals.get(signal.id)
        if known is None:  # advice of a playbook that has changed since
            continue
        blocks += [
            section(f"*{escaped(known.name)}*\n{escaped(known.meaning)}"),
            context(
                say(
                    "“{words}” · {percent}% sure",
                    words=escaped(cut(signal.words, 200)),
                    percent=round(signal.score * 100),
                )
            ),
        ]
    titles = say(", ").join(wording.plays[play].title for play in advice.plays if play in wording.plays)
    blocks.append(section(f"*{say('Play')}*  {escaped(titles)}\n*{say('Rules')}*  {', '.join(advice.rules)}"))
    facts = say(", ").join(fact_words(each, say) for each in advice.facts) or say("none yet")
    blocks.append(section(f"*{say('What the case knows')}*  {escaped(facts)}"))
    if advice.withheld:
        kept_back = [f"*{say('Held back: not true yet')}*"]
        for line in advice.withheld:
            missing = say(", ").join(fact_words(each, say) for each in line.missing)
            kept_back.append(say("• {line} (needs: {facts})", line=escaped(line.text), facts=missing))
        blocks.append(section("\n".join(kept_back)))
    blocks.append(context(say("Playbook {version}", version=advice.playbook_version)))
    return modal("why_view", say("Why this?"), blocks, close=say("Close"))
