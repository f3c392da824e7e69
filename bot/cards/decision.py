"""The card on which an exception is decided, the windows behind its buttons, and what is told of each move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    fields,
    header,
    linked,
    section,
)
from bot.cards import claims as claims_card
from bot.cards import earlier as earlier_card
from bot.cards import granted as granted_card
from bot.cards.doing import case_buttons
from bot.cards.earlier import Earlier
from bot.cards.exception import concession_words, entitlement_words, fault_words
from bot.claims import ClaimCheck
from bot.customer import Price
from bot.entitlement import Entitlement
from bot.goodwill import ExceptionRequest, ExceptionState, Move, Refusal
from bot.grants import allowed
from bot.i18n import Words
from bot.working_hours import desk_day

APPROVE = "approve_exception"
APPROVE_WITH_TERMS = "approve_exception_with_terms"
ASK_BACK = "ask_back_exception"
DECLINE = "decline_exception"
ANSWER = "answer_exception"
WITHDRAW = "withdraw_exception"
USE = "use_exception"
MOST_SAID = 3
MOST_WORDS = 300


@dataclass(frozen=True)
class Background:
    """What a supervisor needs to know of a request, beside the request.

    Attributes:
        earlier: What the customer was granted and refused before.
        contracts: What their contracts cost a year.
        tier: How the directory ranks them; empty when it does not.
        precedent: How other customers' requests like this one were decided, newest first.
        checks: What the customer claims, and what the record says.
        said: What we have told the customer so far, oldest first.
        zone: The desk's clock, by which days are told, an IANA name.
    """

    customer: str
    entitlement: Entitlement
    earlier: Earlier
    window_days: int
    contracts: Sequence[Price]
    tier: str
    precedent: Sequence[ExceptionRequest]
    checks: Sequence[ClaimCheck]
    said: Sequence[str]
    zone: str


def refusal_words(refusal: Refusal, say: Words) -> str:
    """Why somebody may not do this."""
    return {
        Refusal.NOT_SUPERVISOR: say("Only a supervisor can decide this. Your click changed nothing."),
        Refusal.NOT_YOURS: say("Only whoever asked or handles the case can do this. Your click changed nothing."),
        Refusal.OWN_REQUEST: say("You asked for this yourself, so another supervisor has to decide it."),
        Refusal.FIRST_APPROVER: say("You approved this already; the second yes has to be somebody else's."),
        Refusal.TOOK_PART: say("You are talking to this customer, so another supervisor has to decide it."),
        Refusal.BEYOND_LIMITS: say(
            "Our policy lets nobody grant this much. Lower the limit, or let sales talk to the customer."
        ),
        Refusal.NEEDS_MANAGER: say("This is approved as far as a supervisor can. Now a manager has to agree."),
        Refusal.NO_MANAGER: say(
            "This is more than a supervisor may grant, and there is no other manager to agree to it. See /aside setup."
        ),
        Refusal.WINDOW_USED: say(
            "This customer has had their exception, so a favour cannot be approved. "
            "A paid one-off service or a renewal is always possible."
        ),
        Refusal.REASON_MISSING: say("Please give a reason; the agent builds their answer on it."),
        Refusal.NOTHING_ASKED: say("No answer is awaited any more. The supervisors have the request."),
        Refusal.TOO_LATE: say("The last day to book it is over. If it is still needed, please ask again."),
        Refusal.ALREADY_DECIDED: say("This is already settled. The card shows how."),
        Refusal.CHANGED_MEANWHILE: say("It changed while this was being decided. Please look at it and try again."),
    }[refusal]


def settled_words(request: ExceptionRequest, say: Words, *, in_message: bool = True) -> str:
    """What happened instead, for a button that no longer works.

    Args:
        in_message: Where Slack shows whose id it is; beside a box of a window it does not.
    """
    state = state_words(request.state, say)
    who = request.used_by or request.decided_by
    if who and in_message:
        return say("This is already settled: {state} ({who}).", state=state, who=f"<@{who}>")
    return say("This is already settled: {state}.", state=state)


def why_not(refused: Refusal | None, asked: ExceptionRequest | None, say: Words, *, in_message: bool = True) -> str:
    """Why a click changed nothing; where the request is settled, what happened instead."""
    if asked and not asked.is_pending and refused in {None, Refusal.ALREADY_DECIDED}:
        return settled_words(asked, say, in_message=in_message)
    return refusal_words(refused or Refusal.ALREADY_DECIDED, say)


def state_words(state: ExceptionState, say: Words) -> str:
    """How a request stands, in a word or two."""
    return {
        ExceptionState.REQUESTED: say("waits for a decision"),
        ExceptionState.SECONDING: say("waits for a manager"),
        ExceptionState.ASKED_BACK: say("waits for an answer"),
        ExceptionState.APPROVED: say("approved"),
        ExceptionState.DECLINED: say("declined"),
        ExceptionState.WITHDRAWN: say("withdrawn"),
        ExceptionState.EXPIRED: say("not decided in time"),
        ExceptionState.USED: say("approved and booked"),
        ExceptionState.LAPSED: say("approved, not used in time"),
    }[state]


def card(request: ExceptionRequest, known: Background, say: Words) -> tuple[str, list[Block]]:
    """The card a supervisor decides on; it always shows the current state."""
    blocks = [header(say("Exception for {customer}", customer=known.customer)), *background(request, known, say)]
    blocks += _state(request, known.zone, say)
    if request.is_pending:
        blocks.append(decide_buttons(request, say))
    blocks.append(case_buttons(request.case_id, say))
    return say("{customer}: {state}", customer=known.customer, state=state_words(request.state, say)), blocks


def background(request: ExceptionRequest, known: Background, say: Words) -> list[Block]:
    """All that the decision is made from, in the card and in a window that decides."""
    blocks: list[Block] = [
        fields(_facts(request, known, say)),
        section(f"*{say('What is broken')}*\n{escaped(request.fault)}"),
        section(f"*{say('Why')}*\n{escaped(request.reason)}"),
    ]
    if request.fault_ours == "yes" and request.is_pending:
        blocks.append(section(f"⚠️ *{say('Whoever asks says that the fault is ours')}*\n{_confirming(say)}"))
    blocks += earlier_card.on_card(request, known.earlier, say)
    if request.evidence:
        blocks.append(section(f"*{say('In writing')}*\n{linked(request.evidence)}"))
    if request.question:
        blocks.append(_question(request, say))
    blocks += claims_card.blocks(known.checks, say)
    if known.said:
        told = "\n".join(f"> {escaped(cut(each, MOST_WORDS))}" for each in known.said[-MOST_SAID:])
        blocks.append(section(f"*{say('What the customer was told so far')}*\n{told}"))
    if request.is_pending:
        blocks.append(context(precedent_words(known.precedent, known.zone, say)))
    return blocks


def _confirming(say: Words) -> str:
    return say("Confirm it, and no limit applies and nothing is counted. Otherwise it is a favour like any other.")


def _facts(request: ExceptionRequest, known: Background, say: Words) -> list[tuple[str, str]]:
    return [
        (say("Asked by"), f"<@{request.requested_by}>"),
        (say("Coverage"), entitlement_words(known.entitlement, say)),
        (say("Cost to us"), say.money(request.cost, request.currency)),
        (say("Whose fault? (whoever asks says)"), fault_words(request.fault_ours, say)),
        (say("Asking for"), concession_words(request.concession, say)),
        (say("Customer"), _value_words(known, say)),
        (
            say("Exceptions in {days} days", days=known.window_days),
            say(
                "{n} of {most}, last on {day}",
                n=len(known.earlier.granted),
                most=known.earlier.per_window,
                day=_day(known.earlier.granted[-1].decided_at, known.zone, say),
            )
            if known.earlier.granted
            else say("none of {most}", most=known.earlier.per_window)
            if request.customer_id
            else say("cannot be told: not on file"),
        ),
    ]


def _value_words(known: Background, say: Words) -> str:
    """What the customer is to us: their contracts' price a year, and their tier."""
    sums: dict[str, Decimal] = {}
    for price in known.contracts:
        sums[price.currency] = sums.get(price.currency, Decimal(0)) + price.amount
    pieces = [say("contracts {money} a year", money=say.money(amount, unit)) for unit, amount in sums.items()]
    pieces += [say("tier {tier}", tier=escaped(known.tier))] if known.tier else []
    return " · ".join(pieces) or say("no contract price on file")


def precedent_words(precedent: Sequence[ExceptionRequest], zone: str, say: Words) -> str:
    """How other customers' requests like this one were decided."""
    if not precedent:
        return say("Other customers' requests like this one: none decided yet.")
    declined = sum(1 for each in precedent if each.state is ExceptionState.DECLINED)
    latest = precedent[0]
    words = say(
        "Other customers' requests like this one: {yes} approved, {no} declined. The latest: {state}, {money}, {day}.",
        yes=len(precedent) - declined,
        no=declined,
        state=state_words(latest.state, say),
        money=say.money(latest.cost, latest.currency),
        day=_day(latest.decided_at, zone, say),
    )
    return f"{words} {escaped(cut(latest.decision_reason, MOST_WORDS))}".strip()


def _question(request: ExceptionRequest, say: Words) -> Block:
    asked = say("{who} asked back", who=f"<@{request.asked_back_by}>")
    answer = f"\n*{say('Answer')}*\n{escaped(request.answer)}" if request.answer else ""
    return section(f"*{asked}*\n{escaped(request.question)}{answer}")


def _state(request: ExceptionRequest, zone: str, say: Words) -> list[Block]:
    """What has been decided so far, and by whom."""
    blocks: list[Block] = []
    if request.state is ExceptionState.SECONDING:
        first = say("☑️ {who} approves; it is beyond a supervisor's limits", who=f"<@{request.first_by}>")
        blocks.append(section(f"*{first}*\n{say('A manager has to agree.')}"))
        blocks += proposed(request, say)
    elif request.state is ExceptionState.ASKED_BACK:
        blocks.append(context(say("Waiting for {who} to answer.", who=f"<@{request.requested_by}>")))
    elif request.state is ExceptionState.DECLINED:
        verdict = say("⛔ Declined by {who}", who=_decider(request, say, alone=True))
        blocks.append(section(f"*{verdict}*\n{escaped(request.decision_reason)}"))
    elif request.state is ExceptionState.WITHDRAWN:
        blocks.append(section(f"*{say('↩️ Withdrawn')}*"))
    elif request.state is ExceptionState.EXPIRED:
        unanswered = say("⌛ The question was not answered in time")
        verdict = unanswered if _unanswered(request) else say("⌛ Nobody decided in time")
        blocks.append(section(f"*{verdict}*\n{say('It can be asked for again.')}"))
    elif request.grant:
        verdict = say("✅ Approved by {who}", who=_decider(request, say))
        reason = f"\n{escaped(request.decision_reason)}" if request.decision_reason else ""
        blocks.append(section(f"*{verdict}*{reason}"))
        blocks.append(section("\n".join(f"• {each}" for each in grant_rows(request, zone, say))))
        blocks.append(context(_use(request, zone, say)))
        if request.fault_ours == "yes" and not request.grant.ours:
            blocks.append(context(say("That the fault is ours was not confirmed.")))
    return blocks


def proposed(request: ExceptionRequest, say: Words) -> list[Block]:
    """What the first approver would grant; a plain second yes agrees to it."""
    known = request.proposed
    if known is None:
        return []
    rows = [f"*{say('Would grant')}*  {concession_words(known.concession, say)}"]
    rows.append(f"*{say('At most')}*  {say.money(known.cap, request.currency)}")
    if known.extended_to:
        rows.append(f"*{say('Covered until')}*  {say.day(known.extended_to)}")
    if known.conditions:
        rows.append(f"*{say('On condition')}*  {escaped(known.conditions)}")
    return [section("\n".join(f"• {each}" for each in rows)), context(say("A plain yes agrees to exactly this."))]


def _decider(request: ExceptionRequest, say: Words, *, alone: bool = False) -> str:
    """Who decided.

    Args:
        alone: Not together with whoever was in favour first.
    """
    who = f"<@{request.decided_by}>"
    if request.first_by and not alone:
        who = say("{first} and {second}", first=f"<@{request.first_by}>", second=who)
    if request.deputy_for:
        return say("{who}, standing in for {whom}", who=who, whom=f"<@{request.deputy_for}>")
    return who


def grant_rows(request: ExceptionRequest, zone: str, say: Words) -> list[str]:
    """What a yes allows, and no more, in lines of markup; none when there was no yes."""
    known = allowed(request, zone)
    return granted_card.rows(known, say) if known else []


def bounds(request: ExceptionRequest, zone: str, say: Words) -> list[str]:
    """What a grant allows and whether it is used by now, for whoever is about to speak of it."""
    return [*grant_rows(request, zone, say), _use(request, zone, say)] if request.grant else []


def _use(request: ExceptionRequest, zone: str, say: Words) -> str:
    if request.state is ExceptionState.USED:
        return say("Booked on {day} by {who}.", day=_day(request.used_at, zone, say), who=f"<@{request.used_by}>")
    if request.state is ExceptionState.LAPSED:
        return say("Not used in time, so it has lapsed and does not count.")
    if request.grant and request.grant.ours:
        return say("It puts right our own fault, as confirmed, and doesn't count as one of the customer's exceptions.")
    return say("This once only; it counts in the ledger from the day it was granted.")


def _day(moment: datetime | None, zone: str, say: Words) -> str:
    return say.day(desk_day(moment, zone)) if moment else ""


def decide_buttons(request: ExceptionRequest, say: Words) -> Block:
    """Yes, yes with limits, a question, or no with a reason."""
    row = [
        button(APPROVE, say("Approve"), request.id, style="primary"),
        button(APPROVE_WITH_TERMS, say("Approve with conditions…"), request.id),
    ]
    if request.state is not ExceptionState.ASKED_BACK:
        row.append(button(ASK_BACK, say("Ask back…"), request.id))
    return actions(f"decide:{request.id}", *row, button(DECLINE, say("Decline…"), request.id, style="danger"))


def agent_buttons(request: ExceptionRequest, say: Words) -> list[Block]:
    """What whoever asked can do about it now."""
    row: list[Block] = []
    if request.state is ExceptionState.ASKED_BACK:
        row.append(button(ANSWER, say("Answer…"), request.id, style="primary"))
    if request.is_pending:
        row.append(button(WITHDRAW, say("Withdraw the request"), request.id))
    if request.state is ExceptionState.APPROVED:
        row.append(button(USE, say("Service booked"), request.id, style="primary"))
    return [actions(f"request:{request.id}", *row)] if row else []


def told_agent(
    request: ExceptionRequest, move: Move | None, *, customer: str, zone: str, say: Words, by: str | None = None
) -> tuple[str, list[Block]]:
    """What whoever asked hears of a move, above the lines that have become true.

    Args:
        move: The move; None for a request just filed.
        zone: The desk's clock.
        by: Whose move it was, when it was a colleague's who may do it in their place.
    """
    text = _told_words(request, move, customer, say)
    blocks = [context(say("🔒 Only you can see this")), section(f"*{escaped(text)}*")]
    if by:
        blocks.append(context(say("Done by {who}, who is on this case too.", who=f"<@{by}>")))
    if move is Move.ASK_BACK:
        blocks.append(section(escaped(request.question)))
    elif request.grant and move in {Move.APPROVE, Move.REMIND}:
        blocks.append(section("\n".join(f"• {each}" for each in grant_rows(request, zone, say))))
    if request.decision_reason and move in {Move.APPROVE, Move.DECLINE}:
        blocks.append(section(say("Reason: {reason}", reason=escaped(request.decision_reason))))
    return text, blocks


def _told_words(request: ExceptionRequest, move: Move | None, customer: str, say: Words) -> str:
    asked_back = request.state is ExceptionState.ASKED_BACK
    words = {
        None: say("Your request for {customer} is with the supervisors.", customer=customer),
        Move.ANSWER: say("Your request for {customer} is with the supervisors.", customer=customer),
        Move.RECOMMEND: say("{customer}: a supervisor is in favour; a manager has the last word.", customer=customer),
        Move.ASK_BACK: say("{customer}: the supervisor wants to know something first.", customer=customer),
        Move.APPROVE: say(
            "Approved for {customer}: {concession}. It puts right our own fault.",
            customer=customer,
            concession=concession_words(request.grant.concession, say),
        )
        if request.grant and request.grant.ours
        else say(
            "Approved for {customer}: {concession}. Once only.",
            customer=customer,
            concession=concession_words(request.grant.concession if request.grant else request.concession, say),
        ),
        Move.DECLINE: say("Declined for {customer}.", customer=customer),
        Move.WITHDRAW: say("{customer}: the request is withdrawn.", customer=customer),
        Move.USE: say("{customer}: booked. That uses up the exception.", customer=customer),
        Move.REMIND: say("{customer}: a supervisor is still waiting for your answer.", customer=customer)
        if asked_back
        else say("{customer}: the exception lapses soon. Is the service booked?", customer=customer),
        Move.EXPIRE: say("{customer}: the question was not answered in time. You can ask again.", customer=customer)
        if _unanswered(request)
        else say("{customer}: nobody decided in time. You can ask again.", customer=customer),
        Move.LAPSE: say("{customer}: the exception was not used in time and has lapsed.", customer=customer),
    }
    return words.get(move) or say("{customer}: {state}", customer=customer, state=state_words(request.state, say))


def _unanswered(request: ExceptionRequest) -> bool:
    """Whether a question is open that a supervisor asked back; with a yes already there it waited for the second."""
    return bool(request.question) and not request.answer and request.first_by is None


def told_supervisor(
    request: ExceptionRequest, move: Move, *, customer: str, link: str, say: Words
) -> tuple[str, list[Block]]:
    """What those who could decide hear when nobody has."""
    money = say.money(request.cost, request.currency)
    if move is Move.RECOMMEND:
        text = say("{customer}: a request for {money} needs a manager's yes.", customer=customer, money=money)
    elif move is Move.ANSWER:
        text = say("{customer}: your question is answered.", customer=customer)
    elif move is Move.HAND_ON:
        text = say("{customer}: a request for {money} still waits. Please decide it.", customer=customer, money=money)
    else:
        text = say("{customer}: a request for {money} waits for a decision.", customer=customer, money=money)
    where = f"<{link}|{say('Go to the card')}>" if link else say("You will find it in Aside's Home.")
    return text, [section(f"*{escaped(text)}*"), context(where), case_buttons(request.case_id, say)]
