"""The decision table: which row a case stands in, what that row leads to, and how far the case has come."""

from collections.abc import Mapping

from bot.advice import Situation
from bot.case import STAGES, Standing, has_reached
from bot.entitlement import Entitlement
from bot.playbook import Action, DecisionRow, Playbook, Stage
from bot.promises import Scope

_REACHED_WITH: Mapping[Stage, frozenset[str]] = {
    Stage.TELL: frozenset({"problem_confirmed", "cost_estimated"}),
    Stage.DECIDE: frozenset({"exception_requested"}),
}


def decide(playbook: Playbook, stands: Standing) -> DecisionRow:
    """The row of the decision table: the first that fits; the playbook's check proves that one does."""
    return next(
        row for row in playbook.decisions if all(stands.value(name) in values for name, values in row.when.items())
    )


def beside(playbook: Playbook, stands: Standing) -> tuple[DecisionRow, ...]:
    """The rows that hold beside the one that decides.

    What is covered is served and a claim is checked (R24), whatever becomes of the rest.
    """
    decides = decide(playbook, stands).id
    return tuple(
        row
        for row in playbook.beside
        if row.id != decides and all(stands.value(name) in values for name, values in row.when.items())
    )


def keeps_promise(row: DecisionRow) -> bool:
    """Whether a row keeps what was promised (R25)."""
    return "confirmed" in row.when.get("claim", ())


def is_recorded(row: DecisionRow, promised: Scope | None) -> bool:
    """Whether a row keeps a promise of which a supervisor has said what it covers: nobody has to come in for that."""
    return promised is not None and keeps_promise(row)


def may_do(action: Action, row: DecisionRow, situation: Situation) -> bool:
    """Whether an action would be taken and not refused: no next step and no button tells of one that would be."""
    facts, stands = situation.facts, situation.standing
    match action:
        case Action.ASK_EXCEPTION:
            return may_ask_exception(row, situation)
        case Action.ASK_SALES:
            return stands.claim in {"none", "pending"} and "promise_being_checked" not in facts
        case Action.ASK_TAKEOVER:
            return "takeover_asked" not in facts or "takeover_accepted" in facts
        case Action.NEW_FACTS:
            return stands.decision == "declined"
        case _:
            return True


def may_ask_exception(row: DecisionRow, situation: Situation) -> bool:
    """Whether asking for an exception makes sense: the table leads there, and something is not covered.

    The window that asks for it asks about fault and cost as well (R17), so it also opens where the table still wants
    these assessed. Neither anger nor any threat is asked about here (architecture page, *Things that must hold*).
    """
    stands = situation.standing
    reopened = (
        stands.decision == "declined" and stands.new_facts == "yes" and "exception_requested" not in situation.facts
    )
    return (
        row.action in {Action.ASSESS, Action.ASK_EXCEPTION}
        and stands.entitlement in {Entitlement.EXPIRED, Entitlement.PARTLY}
        and stands.history == "clear"
        and (reopened or not situation.asked)
        and has_reached(Stage.CONFIRM, stage_of(situation))
    )


def stage_of(situation: Situation) -> Stage:
    """How far the case has come, at least as far as its facts have (R03, R17)."""
    known = [stage for stage, facts in _REACHED_WITH.items() if situation.facts.issuperset(facts)]
    return max([situation.stage, *known], key=STAGES.index)
