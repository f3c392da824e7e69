"""The supervisors' card about a promise (R25): its scope is recorded, its evidence questioned, never the promise."""

from bot.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    escaped,
    header,
    labelled,
    modal,
    option,
    quote,
    section,
    static_select,
    text_input,
)
from bot.cards.doing import SHOW_CASE
from bot.cards.exception import concession_words
from bot.cards.verification import MOST_CLAIMED, answer_words, answers, questioned
from bot.i18n import Words
from bot.policy import Concession
from bot.promise_moves import ScopeRefusal
from bot.promises import FOR_SUPERVISORS, Scope, Verification, VerificationState

RECORD, QUESTION = "record_promise", "question_promise"
RECORD_VIEW, QUESTION_VIEW = "record_promise_view", "question_promise_view"
MOST_WORDS = 300


def card(verification: Verification, *, customer: str, say: Words) -> tuple[str, list[Block]]:
    """What sales said, and what a supervisor does with it; it always shows how it stands now."""
    text = say("{customer}: what was promised?", customer=customer)
    blocks: list[Block] = [header(text), section(say("The customer wrote:"))]
    claimed = verification.claimed
    blocks.append(quote(cut(claimed, MOST_CLAIMED)) if claimed else context(say("(no longer kept)")))
    blocks += [*questioned(verification, say), *answers(verification, say), *scope_blocks(verification, say)]
    to_case = button(SHOW_CASE, say("The case…"), verification.case_id)
    if verification.scope is None and verification.state in FOR_SUPERVISORS:
        blocks += _to_do(verification, say, to_case)
    else:
        blocks.append(actions(f"case:{verification.id}", to_case))
    return text, blocks


def for_home(verification: Verification, customer: str, say: Words) -> list[Block]:
    """The same in the App Home of those who may record it."""
    name = escaped(cut(customer or say("a customer not on file"), MOST_WORDS))
    return [section(f"*{name}*  {answer_words(verification, say)}"), _buttons(verification, say)]


def _buttons(verification: Verification, say: Words, *more: Block) -> Block:
    in_writing = verification.state is VerificationState.CONFIRMED
    return actions(
        f"scope:{verification.id}",
        button(RECORD, say("Record the scope…"), verification.id, style="primary"),
        button(QUESTION, say("Question the evidence…") if in_writing else say("Ask for evidence…"), verification.id),
        *more,
    )


def _to_do(verification: Verification, say: Words, to_case: Block) -> list[Block]:
    if verification.state is VerificationState.CONFIRMED:
        words = say("The evidence binds us. Record what was promised, so that nobody promises more than that.")
    elif verification.state is VerificationState.REMEMBERED:
        words = say("Nothing is in writing. Record the scope to take their word, or ask for evidence.")
    elif last := verification.changed_answer:
        words = say(
            "{who} has changed their answer. Record the scope to take their yes, or ask for evidence.",
            who=f"<@{last.by}>",
        )
    else:
        words = say("The answers differ. Record the scope to take the word of whoever says yes, or ask for evidence.")
    return [
        section(words),
        _buttons(verification, say, to_case),
        context(say("A promise that was made is kept; it doesn't count as one of the customer's exceptions.")),
    ]


def scope_rows(scope: Scope, say: Words) -> list[str]:
    """What was promised, and no more, in lines of markup; for our own people, since the cap is our cost."""
    rows = [
        f"*{say('Promised')}*  {concession_words(scope.concession, say)}",
        f"*{say('For')}*  {escaped(cut(scope.what, MOST_WORDS))}",
    ]
    if scope.until:
        rows.append(f"*{say('Until')}*  {say.day(scope.until)}")
    if scope.cap is not None:
        rows.append(f"*{say('At most')}*  {say.money(scope.cap, scope.currency)}")
    return rows


def scope_in_a_line(scope: Scope, say: Words) -> str:
    """What was promised and until when, in markup, on one line."""
    told = [concession_words(scope.concession, say), escaped(cut(scope.what, MOST_WORDS))]
    if scope.until:
        told.append(say("until {day}", day=say.day(scope.until)))
    return " · ".join(told)


def scope_blocks(verification: Verification, say: Words) -> list[Block]:
    """The recorded scope; nothing while there is none."""
    scope = verification.scope
    if scope is None:
        return []
    by = say("Recorded by {who}", who=f"<@{scope.by}>")
    return [section("\n".join(f"• {each}" for each in scope_rows(scope, say))), context(by)]


def record_modal(verification: Verification, currency: str, say: Words) -> Block:
    """What was promised: of which kind, for what, until when, up to how much."""
    concessions = [option(concession_words(each, say), each.value) for each in Concession]
    return modal(
        RECORD_VIEW,
        say("What was promised"),
        [
            *answers(verification, say),
            labelled(
                "concession",
                say("What was promised?"),
                static_select("choice", concessions, placeholder=say("Choose")),
            ),
            labelled(
                "what",
                say("For what exactly?"),
                text_input("text", multiline=True, most=1000),
                hint=say("Drafts are checked against it, so write what was promised and no more."),
            ),
            labelled(
                "until",
                say("Until which day does it hold?"),
                {"type": "datepicker", "action_id": "day"},
                hint=say("Without a day it has no end; an extension needs one."),
                optional=True,
            ),
            labelled(
                "over",
                say("Over already?"),
                {"type": "checkboxes", "action_id": "box", "options": [option(say("That last day has passed"), "yes")]},
                hint=say("Only if the promise ended before today; nothing is free by it any more."),
                optional=True,
            ),
            labelled(
                "cap",
                say("Up to what may it cost us? ({currency})", currency=currency),
                text_input("text", most=30),
                hint=say("Only if the promise named a limit."),
                optional=True,
            ),
        ],
        submit=say("Record"),
        close=say("Cancel"),
        private_metadata=verification.id,
    )


def question_modal(verification: Verification, say: Words) -> Block:
    """Why the evidence does not do, and what would; where there is none yet, which is wanted."""
    in_writing = verification.state is VerificationState.CONFIRMED
    return modal(
        QUESTION_VIEW,
        say("Question the evidence") if in_writing else say("Ask for evidence"),
        [
            *answers(verification, say),
            labelled(
                "reason",
                say("What is missing, and what would show it?"),
                text_input("text", multiline=True, most=1000),
                hint=say("Sales is asked anew with this. Until they have answered, the promise is not settled."),
            ),
        ],
        submit=say("Ask sales anew"),
        close=say("Cancel"),
        private_metadata=verification.id,
    )


def refusal_words(refusal: ScopeRefusal, verification: Verification, say: Words) -> str:
    """Why somebody's click changed nothing."""
    match refusal:
        case ScopeRefusal.NOT_SUPERVISOR:
            return say("Only a supervisor can do this. Your click changed nothing.")
        case ScopeRefusal.OWN:
            return say("You asked or answered this yourself, so another supervisor has to look at it.")
        case ScopeRefusal.TOOK_PART:
            return say("You are talking to this customer, so another supervisor has to look at it.")
        case ScopeRefusal.RECORDED:
            who = f"<@{verification.scope.by}>" if verification.scope else ""
            return say("{who} has recorded it already. The card shows what was promised.", who=who)
        case ScopeRefusal.NOT_NOW:
            return say("There is nothing to record or to question just now. The card shows how it stands.")


def told_supervisor(verification: Verification, *, customer: str, link: str, say: Words) -> tuple[str, list[Block]]:
    """What those who could record it hear when nobody has."""
    if verification.state is VerificationState.CONFIRMED:
        text = say("{customer}: a promise is confirmed, and its scope is not recorded yet.", customer=customer)
    else:
        text = say("{customer}: what sales said about a promise waits for a supervisor.", customer=customer)
    where = say("The card is here: {link}", link=f"<{link}>") if link else say("The card is in the approvals channel.")
    return text, [section(f"*{escaped(text)}*"), context(where)]
