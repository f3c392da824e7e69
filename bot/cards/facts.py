"""What a case knows, in the reader's words."""

from bot.i18n import Words


def fact_words(fact: str, say: Words) -> str:
    """A fact, or what a line's placeholder stands for; its id when a playbook brought one of its own."""
    return {
        "problem_confirmed": say("the problem is confirmed"),
        "covered": say("covered"),
        "partly_covered": say("partly covered"),
        "expired": say("expired"),
        "prices_on_file": say("prices are on file"),
        "fault_ours": say("the fault is ours"),
        "earlier_exception": say("an earlier exception"),
        "exception_requested": say("an exception has been asked for"),
        "exception_approved": say("the exception is approved"),
        "exception_declined": say("the exception is declined"),
        "declined_for_fairness": say("fairness is the reason for the no"),
        "sales_told": say("sales has been told"),
        "sales_took_it_up": say("somebody in sales has taken it up"),
        "promise_being_checked": say("the promise is being checked"),
        "promise_confirmed": say("the promise is confirmed"),
        "promise_not_confirmed": say("the promise is not confirmed"),
        "engineer_assigned": say("an engineer is assigned"),
        "cost_estimated": say("the cost is estimated"),
        "commitment_recorded": say("a commitment is recorded"),
        "commitment_moved": say("a commitment has a new time"),
        "commitment_missed": say("a commitment was missed"),
        "new_facts": say("something new is on file"),
        "our_breach": say("we did not keep what was agreed"),
        "our_late_reply": say("we answered too late"),
        "same_fault_again": say("the same fault came back"),
        "salesperson_left": say("the salesperson has left"),
        "supervisor_away": say("the supervisor is away"),
        "case_closed": say("the case is closed"),
        "slighted": say("our last words hurt the customer"),
        "overpromised": say("our last words promised what nobody has decided"),
        "threatened": say("the customer has just made a threat"),
        "due_at": say("the time by which it is due"),
        "moved_from": say("the time it had before"),
        "missed_at": say("the time that was missed"),
        "takeover_asked": say("a takeover has been asked for"),
        "takeover_accepted": say("a colleague has taken over"),
        "customer": say("the customer's name"),
        "product": say("which product it is"),
        "ended_on": say("the day the cover ended"),
        "concession": say("what was conceded"),
    }.get(fact, fact)
