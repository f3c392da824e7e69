"""What a customer says beside what the record says: help for the agent, never ammunition (R06)."""

from collections.abc import Sequence

from bot.blocks import Block, cut, escaped, section
from bot.cards.exception import concession_words
from bot.cards.verification import evidence_words, said_words
from bot.cards.warranty import MOST_WHAT, basis_words, kind_words, promised_words
from bot.claims import (
    DONE_BEFORE,
    PROMISED,
    STILL_COVERED,
    AnswerRow,
    ClaimCheck,
    ClaimVerdict,
    CoverageRow,
    GrantRow,
    SaidRow,
)
from bot.i18n import Words
from bot.promises import Answer, VerificationState

MOST_WORDS = 400
_ANSWER_OF = {VerificationState.NOT_CONFIRMED: Answer.NO, VerificationState.ASKED: Answer.NOT_SURE}


def blocks(checks: Sequence[ClaimCheck], say: Words) -> list[Block]:
    """One small block; nothing when the customer claims nothing."""
    if not checks:
        return []
    rows = [f"*{say('What they say, and what the record says')}*", *(_line(each, say) for each in checks)]
    claims = dict.fromkeys(each.claim for each in checks)
    rows += [_help(claim, [each for each in checks if each.claim == claim], say) for claim in claims]
    return [section("\n".join(rows))]


def verdict_words(verdict: ClaimVerdict, say: Words) -> str:
    """What the record says to it."""
    match verdict:
        case ClaimVerdict.SUPPORTED:
            return say("🟢 our record agrees")
        case ClaimVerdict.CONTRADICTED:
            return say("🟠 our record differs")
        case ClaimVerdict.NOTHING:
            return say("⚪ nothing on file")


def _line(check: ClaimCheck, say: Words) -> str:
    claim = {
        STILL_COVERED: say("Still covered"),
        PROMISED: say("Promised by sales"),
        DONE_BEFORE: say("Done for free before"),
    }[check.claim]
    row = row_words(check, say)
    verdict = verdict_words(check.verdict, say)
    if row:
        return say("{claim}: {verdict}. {row}", claim=claim, verdict=verdict, row=row)
    return say("{claim}: {verdict}.", claim=claim, verdict=verdict)


def row_words(check: ClaimCheck, say: Words) -> str:
    """The row it rests on, in a sentence of markup."""
    if check.coverage:
        return _coverage(check.coverage, say)
    if check.answer:
        return _answer(check.answer, say)
    return _grant(check.grant, say) if check.grant else ""


def _coverage(row: CoverageRow, say: Words) -> str:
    title = say("{kind} {reference}", kind=kind_words(row.kind, say, row.promised), reference=row.reference)
    if row.promised and row.end:
        what = escaped(f"{title} · {cut(row.promised.what, MOST_WHAT)}")
        basis = escaped(promised_words(row.promised, say))
        return say("{what}: until {end} ({basis}).", what=what, end=say.day(row.end), basis=basis)
    what = escaped(f"{title} · {row.product or say('all their products')}")
    basis = basis_words(row.basis, say)
    if row.start and row.end:
        return say(
            "{what}: {start} to {end} ({basis}).",
            what=what,
            start=say.day(row.start),
            end=say.day(row.end),
            basis=basis,
        )
    if row.end:
        return say("{what}: until {end} ({basis}).", what=what, end=say.day(row.end), basis=basis)
    return say("{what}: no end date on file.", what=what)


def _answer(row: AnswerRow, say: Words) -> str:
    day, who = say.day(row.on), f"<@{row.by}>" if row.by else say("the sales channel")
    match row.state:
        case VerificationState.CONFIRMED:
            sentence = say("Confirmed by {who} on {day}.", who=who, day=day)
        case VerificationState.NOT_CONFIRMED:
            sentence = say("{who} does not know of it, as of {day}.", who=who, day=day)
        case VerificationState.REMEMBERED:
            sentence = say("{who} remembers it, with nothing in writing, as of {day}.", who=who, day=day)
        case VerificationState.CONTRADICTED:
            sentence = say("Sales has said both yes and no, so nothing is settled.")
        case VerificationState.LAPSED:
            sentence = say("It was promised, and is over by now.")
        case VerificationState.ASKED:
            sentence = say("Asked {who} on {day}, not settled yet.", who=who, day=day)
    evidence = cut(row.evidence, MOST_WORDS)
    if evidence:
        told = evidence_words(_ANSWER_OF.get(row.state, Answer.YES), evidence, say)
        sentence = say("{sentence} {evidence}", sentence=sentence, evidence=told)
    return "\n".join([sentence, *(f"• {_said(each, say)}" for each in row.said)])


def _said(row: SaidRow, say: Words) -> str:
    """An answer that says something else, beside the one that stands."""
    sentence = said_words(row.answer, f"<@{row.by}>", say.day(row.on), say)
    evidence = cut(row.evidence, MOST_WORDS)
    told = evidence_words(row.answer, evidence, say) if evidence else ""
    return say("{sentence} {evidence}", sentence=sentence, evidence=told) if told else sentence


def _grant(row: GrantRow, say: Words) -> str:
    what, day = concession_words(row.concession, say), say.day(row.on)
    if row.fault_ours:
        return say("Granted on {day}: {what}; the fault was ours then.", day=day, what=what)
    return say("Granted on {day}: {what}, that once only.", day=day, what=what)


def _help(claim: str, checks: Sequence[ClaimCheck], say: Words) -> str:
    """What the agent does with it: a way forward that lets the customer keep face."""
    verdicts = {each.verdict for each in checks}
    verdict = verdicts.pop()
    if verdicts:
        return say("_It depends on the product. Ask which one this is about._")
    match claim:
        case "claims_promise":
            return _help_promised(verdict, say)
        case "claims_precedent":
            return _help_done_before(checks[0], say)
    match verdict:
        case ClaimVerdict.SUPPORTED:
            return say("_They are right. Say so at once._")
        case ClaimVerdict.CONTRADICTED:
            return say("_Ask which document they have; it may be one we lack, or count from another day._")
        case ClaimVerdict.NOTHING:
            return say("_A gap in our record does not mean expired. Ask which document they have._")


def _help_promised(verdict: ClaimVerdict, say: Words) -> str:
    match verdict:
        case ClaimVerdict.SUPPORTED:
            return say("_A promise that was made is kept. Say so._")
        case ClaimVerdict.CONTRADICTED:
            return say("_Do not say that they made it up. A mail or a message would change it: ask for one._")
        case ClaimVerdict.NOTHING:
            return say("_Neither confirm nor deny. Ask for anything in writing, and ask sales._")


def _help_done_before(check: ClaimCheck, say: Words) -> str:
    match check.verdict:
        case ClaimVerdict.SUPPORTED:
            return say("_They remember correctly. Say so, and that it was that once only._")
        case ClaimVerdict.CONTRADICTED:
            return say("_It was less than they remember. Name what we did then, warmly, and look at today._")
        case ClaimVerdict.NOTHING if check.coverage:
            return say("_It may have been covered at that time. Ask when it was and who came._")
        case ClaimVerdict.NOTHING:
            return say("_Ask when it was and who came; our record may lack it._")
