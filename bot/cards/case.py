"""A case on one card, for whoever handles it: each fact with who, when and why; requests, answers, commitments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.blocks import Block, actions, button, context, cut, divider, escaped, modal, section
from bot.cards import commitment as commitment_card
from bot.cards import decision as decision_card
from bot.cards import promise_scope as scope_card
from bot.cards import verification as verification_card
from bot.cards.assess import hours_words, severity_words
from bot.cards.conversation import turn_words
from bot.cards.doing import buttons, read_button
from bot.cards.exception import concession_words, fault_words
from bot.cards.right_customer import choose_button
from bot.cards.takeover import peer_button
from bot.case import Case, CaseState, cost_band
from bot.commitments import Commitment
from bot.facts import RecordedFact, Severity, newest
from bot.goodwill import ExceptionRequest, Turn, last_declined
from bot.i18n import Words
from bot.message import Message, Role
from bot.playbook import Action
from bot.policy import CostBands
from bot.promises import CHANNEL, Verification

CASE_VIEW = "case_view"
EXPORT = "export_case"
SHOWN = (
    *("severity", "effort_hours", "cost", "fault_ours", "claim", "evidence"),
    *("new_facts", "engineer", "takeover_by", "takeover_accepted"),
)
"""The facts on the card, in this order; the others only say that one of these holds."""
MOST_REQUESTS = 5
MOST_TURNS = 6
MOST_COMMITMENTS = 10
MOST_OTHERWISE = 3
MOST_SAID = 10
MOST_WORDS = 300


@dataclass(frozen=True)
class CaseFile:
    """All that is on file about a case.

    Attributes:
        recorded: Every fact ever written down, oldest first.
        verification: What sales was asked.
        over: What sales was asked before that and was promised for a time that is over, oldest first.
        turns: What was asked back about the requests, and answered, oldest first.
        desk: The desk's clock, by which the days of a grant are told, an IANA name.
    """

    case: Case
    customer: str
    recorded: Sequence[RecordedFact]
    requests: Sequence[ExceptionRequest]
    verification: Verification | None
    commitments: Sequence[Commitment]
    bands: CostBands
    desk: str
    turns: Sequence[Turn] = ()
    over: Sequence[Verification] = ()


def state_words(state: CaseState, say: Words) -> str:
    """How a case stands."""
    match state:
        case CaseState.OPEN:
            return say("open")
        case CaseState.WAITING:
            return say("waits for a decision")
        case CaseState.DECIDED:
            return say("decided")
        case CaseState.CLOSED:
            return say("closed")


def name_words(name: str, say: Words) -> str:
    """What a fact is called."""
    return {
        "severity": say("Who cannot work"),
        "effort_hours": say("Effort"),
        "cost": say("Cost to us"),
        "fault_ours": say("Whose fault?"),
        "claim": say("Promised by sales"),
        "evidence": say("Evidence"),
        "new_facts": say("What is new"),
        "engineer": say("Engineer"),
        "takeover_by": say("Asked to take over"),
        "takeover_accepted": say("Taken over"),
    }.get(name, name)


def value_words(fact: RecordedFact, bands: CostBands, say: Words) -> str:
    """What a fact says, in markup."""
    match fact.name:
        case "severity":
            return severity_words(Severity(fact.value), say)
        case "effort_hours":
            return hours_words(fact.value, say)
        case "cost":
            return cost_words(fact.value, bands, say)
        case "fault_ours":
            return fault_words(fact.value, say)
        case "engineer" | "takeover_by":
            return f"<@{fact.value}>"
    settled = {
        "confirmed": say("confirmed"),
        "not_confirmed": say("not confirmed"),
        "none": say("over by now"),
        "pending": say("not settled"),
        "yes": say("yes"),
        "no": say("no"),
    }
    return settled.get(fact.value) or escaped(cut(fact.value, MOST_WORDS))


def cost_words(cost: str, bands: CostBands, say: Words) -> str:
    """What it costs us, and whether that is low by policy."""
    band = say("low") if cost_band(cost, bands) == "low" else say("high")
    return say("{amount} ({band})", amount=say.money(Decimal(cost), bands.currency), band=band)


def when(moment: datetime, zone: str) -> str:
    """A moment by the reader's clock."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def view(file: CaseFile, *, zone: str, say: Words, may_export: bool = False) -> Block:
    """The case in a window, with all that can be done about it.

    Args:
        may_export: The reader may take it out as evidence (R38).
    """
    case = file.case
    about = [state_words(case.state, say), say("since {when}", when=when(case.opened_at, zone))]
    if case.agent:
        about.append(say("handled by {who}", who=f"<@{case.agent}>"))
    title = section(f"*{escaped(file.customer)}*", accessory=read_button(case.id, say))
    blocks: list[Block] = [title, context(" · ".join(about))]
    blocks += facts(file, zone=zone, say=say)
    blocks += requests(file, zone=zone, say=say)
    blocks += promises(file, zone=zone, say=say)
    blocks += [divider(), section(f"*{say('Commitments')}*")]
    for each in file.commitments[:MOST_COMMITMENTS]:
        blocks += commitment_card.blocks(each, zone, say)
    if not file.commitments:
        blocks.append(context(say("None written down yet.")))
    wanted = [each for each in Action if each is not Action.NEW_FACTS or last_declined(file.requests)]
    more = [choose_button(case.id, say), peer_button(case.id, say)]
    if may_export:
        more.append(button(EXPORT, say("Export as evidence"), case.id))
    blocks += [divider(), actions(f"do:{case.id}", *buttons(wanted, case.id, say), *more)]
    return modal(CASE_VIEW, say("The case"), blocks, close=say("Close"), private_metadata=case.id)


def facts(file: CaseFile, *, zone: str, say: Words) -> list[Block]:
    """Each fact with its value, who, when and why, and what it was before."""
    counted = newest(each for each in file.recorded if each.holds)
    blocks: list[Block] = []
    for name in SHOWN:
        fact = counted.get(name)
        if fact is None:
            continue
        value = value_words(fact, file.bands, say)
        pieces = [f"<@{fact.by}>", when(fact.at, zone)]
        before = [each for each in file.recorded if each.name == name and each.holds and each.value != fact.value]
        if before:
            pieces.append(say("before: {value}", value=value_words(before[-1], file.bands, say)))
        if fact.why:
            pieces.append(escaped(cut(fact.why, MOST_WORDS)))
        blocks += [section(f"*{name_words(name, say)}*  {value}"), context(" · ".join(pieces))]
    return blocks or [context(say("Nothing is written down yet."))]


def requests(file: CaseFile, *, zone: str, say: Words) -> list[Block]:
    """The exceptions asked for, and the answers."""
    blocks: list[Block] = []
    for each in file.requests[-MOST_REQUESTS:]:
        blocks.append(section(f"*{say('Exception')}*  {_request_words(each, say)}"))
        pieces = [f"<@{each.requested_by}>", when(each.requested_at, zone), escaped(cut(each.reason, MOST_WORDS))]
        blocks.append(context(" · ".join(pieces)))
        if talk := _talk(each, file.turns, zone, say):
            blocks.append(section("\n".join(talk)))
        if each.decided_by and each.decided_at:
            pieces = [
                f"<@{each.decided_by}>",
                when(each.decided_at, zone),
                escaped(cut(each.decision_reason, MOST_WORDS)),
            ]
            blocks.append(context(" · ".join(piece for piece in pieces if piece)))
        if bounds := decision_card.bounds(each, file.desk, say):
            blocks.append(section("\n".join(f"• {row}" for row in bounds)))
        blocks += decision_card.agent_buttons(each, say)
    return blocks


def _talk(request: ExceptionRequest, turns: Iterable[Turn], zone: str, say: Words) -> list[str]:
    """What was asked back about a request and answered, each with who and when, in lines of markup."""
    own = [each for each in turns if each.request_id == request.id]
    return [f"{when(each.at, zone)} · {turn_words(each, say)}" for each in own[-MOST_TURNS:]]


def _request_words(request: ExceptionRequest, say: Words) -> str:
    cost = request.grant.cap if request.grant else request.cost
    concession = request.grant.concession if request.grant else request.concession
    what = f"{say.money(cost, request.currency)} · {concession_words(concession, say)}"
    return f"{what} · {decision_card.state_words(request.state, say)}"


def promises(file: CaseFile, *, zone: str, say: Words) -> list[Block]:
    """Whom sales was asked, every answer side by side, and the scope that was recorded."""
    asked = file.verification
    if asked is None:
        return []
    told = dict.fromkeys(asked.told)
    whom = " → ".join(f"<@{each}>" if each != CHANNEL else say("the sales channel") for each in told)
    pieces = [f"<@{asked.asked_by}>", when(asked.asked_at, zone), escaped(cut(asked.claimed, MOST_WORDS))]
    return [
        section(f"*{say('Asked about the promise')}*  {whom}"),
        context(" · ".join(piece for piece in pieces if piece)),
        *verification_card.questioned(asked, say),
        *verification_card.answers(asked, say),
        *scope_card.scope_blocks(asked, say),
        *(_over(each, say) for each in file.over[-MOST_OTHERWISE:]),
    ]


def _over(asked: Verification, say: Words) -> Block:
    """A promise whose time is over, in the case in which sales was asked anew."""
    scope = " · ".join(scope_card.scope_rows(asked.scope, say)) if asked.scope else ""
    told = verification_card.answer_words(asked, say)
    return context("\n".join(each for each in (f"{say('Before that:')} {told}", scope) if each))


def handover(file: CaseFile, said: Iterable[Message], *, zone: str, say: Words) -> list[Block]:
    """The case so far, for whoever takes it over (R31): what is known, what was promised, what was said last."""
    counted = newest(each for each in file.recorded if each.holds)
    known = [counted[name] for name in SHOWN if name in counted and not name.startswith("takeover")]
    rows = [_known(each, file.bands, say) for each in known]
    if promise := file.verification:
        rows += [verification_card.given_words(each, say) for each in promise.otherwise[:MOST_OTHERWISE]]
        rows += scope_card.scope_rows(promise.scope, say) if promise.scope else []
    asked: list[str] = []
    for each in file.requests[-1:]:
        asked.append(f"*{say('Exception')}*  {_request_words(each, say)}")
        asked += _talk(each, file.turns, zone, say)
        asked += decision_card.bounds(each, file.desk, say)
    promised = [commitment_card.line(each, zone, say) for each in file.commitments[:MOST_COMMITMENTS]]
    blocks = [section("\n".join(f"• {row}" for row in part)) for part in (rows, asked, promised) if part]
    lines = [_said(each, zone, say) for each in list(said)[-MOST_SAID:]]
    if lines:
        blocks += [section(f"*{say('What was said last')}*"), *(context(line) for line in lines)]
    return blocks


def _known(fact: RecordedFact, bands: CostBands, say: Words) -> str:
    row = f"*{name_words(fact.name, say)}*  {value_words(fact, bands, say)}"
    return f"{row} · {escaped(cut(fact.why, MOST_WORDS))}" if fact.why else row


def _said(message: Message, zone: str, say: Words) -> str:
    who = say("customer") if message.role is Role.CUSTOMER else f"<@{message.speaker}>"
    return f"{when(message.said_at, zone)} · {who} · {escaped(cut(message.text, MOST_WORDS))}"
