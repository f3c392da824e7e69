"""What the codes in a case's record mean, for whoever reads the page (R38); the record itself keeps the codes."""

from collections.abc import Callable, Mapping

from bot.cards import case as case_card
from bot.cards import decision as decision_card
from bot.cards.assess import severity_words
from bot.cards.exception import concession_words, fault_words
from bot.cards.facts import fact_words
from bot.case import CaseState
from bot.facts import OurMistake, Severity
from bot.goodwill import ExceptionState
from bot.i18n import Words
from bot.policy import Concession

SUBJECTS: Mapping[str, str] = {
    "requests": "exception",
    "verifications": "verification",
    "commitments": "commitment",
    "takeovers": "takeover",
}
"""Of what the entries of a part of the record are, as the audit calls it; a state means something else for each."""


def meaning(name: str, code: str, subject: str, say: Words) -> str | None:
    """A field's code in words; None for what is no code, or one that is not known here.

    Args:
        subject: What it is a field of, as the audit calls it; a fact's is the fact's name.
    """
    of_its_own: Mapping[str, Callable[[str, Words], str | None]] = {
        "role": _role,
        "subject": _subject,
        "move": _move,
        "concession": lambda each, say: concession_words(Concession(each), say) if each in set(Concession) else None,
        "fault_ours": fault_words,
        "kind": _kind,
        "name": _fact,
    }
    if tell := of_its_own.get(name):
        return tell(code, say)
    if name in {"state", "before", "after"}:
        return _state(subject, code, say)
    if name == "value":
        return _value(subject, code, say)
    return _answer(code, say) if (subject, name) == ("answers", "answer") else None


def _kind(code: str, say: Words) -> str | None:
    return {"takeover": say("a takeover"), "peer": say("a second pair of eyes")}.get(code)


def _answer(code: str, say: Words) -> str | None:
    return {"yes": say("yes"), "no": say("no"), "not_sure": say("not sure")}.get(code)


def _role(code: str, say: Words) -> str | None:
    return {
        "customer": say("customer"),
        "agent": say("agent"),
        "supervisor": say("supervisor"),
        "sales": say("sales"),
        "colleague": say("colleague"),
        "bot": say("an app"),
    }.get(code)


def _subject(code: str, say: Words) -> str | None:
    return {
        "case": say("the case"),
        "exception": say("an exception"),
        "verification": say("a question to sales"),
        "commitment": say("a commitment"),
        "opportunity": say("an opportunity"),
        "takeover": say("a colleague asked in"),
    }.get(code)


def _move(code: str, say: Words) -> str | None:
    return {
        "accept": say("accepted"),
        "answer": say("answered"),
        "approve": say("approved"),
        "ask": say("asked"),
        "ask_back": say("asked back"),
        "at_limit": say("an exception was not possible, the limit was reached"),
        "close": say("closed"),
        "decline": say("declined"),
        "join": say("another reason added"),
        "lose": say("lost"),
        "open": say("opened"),
        "snooze": say("put off"),
        "take": say("taken"),
        "tell": say("told to sales"),
        "tell_anew": say("told to sales again"),
        "wake": say("looked at again"),
        "win": say("won"),
        "escalate": say("told to the supervisors"),
        "expire": say("not decided in time"),
        "export": say("exported as evidence"),
        "give_up": say("nobody left to ask"),
        "hand_on": say("handed on"),
        "handle": say("handled by somebody else"),
        "keep": say("kept"),
        "lapse": say("lapsed"),
        "make": say("made"),
        "miss": say("missed"),
        "move_up": say("asked of the next"),
        "no": say("said no"),
        "not_sure": say("not sure"),
        "press": say("pressed once more"),
        "question": say("evidence questioned"),
        "recommend": say("recommended to a manager"),
        "record": say("scope written down"),
        "remember": say("said yes, with nothing in writing"),
        "remind": say("reminded of"),
        "reopen": say("reopened"),
        "reschedule": say("given a new time"),
        "take_over": say("taken over"),
        "time_out": say("no answer in time"),
        "use": say("booked"),
        "withdraw": say("withdrawn"),
        "yes": say("said yes"),
    }.get(code)


def _state(subject: str, code: str, say: Words) -> str | None:
    if subject == "case" and code in set(CaseState):
        return case_card.state_words(CaseState(code), say)
    if subject == "exception" and code in set(ExceptionState):
        return decision_card.state_words(ExceptionState(code), say)
    known = {
        "verification": {
            "asked": say("waits for an answer"),
            "remembered": say("yes, with nothing in writing"),
            "contradicted": say("contradicted"),
            "confirmed": say("confirmed"),
            "not_confirmed": say("not confirmed"),
            "lapsed": say("lapsed"),
        },
        "commitment": {
            "open": say("open"),
            "kept": say("kept"),
            "missed": say("missed"),
            "withdrawn": say("withdrawn"),
        },
        "opportunity": {
            "open": say("not told yet"),
            "asked": say("sales was told"),
            "snoozed": say("put off"),
            "taken": say("taken"),
            "won": say("won"),
            "lost": say("lost"),
        },
        "takeover": {
            "asked": say("waits for an answer"),
            "accepted": say("accepted"),
            "declined": say("cannot now"),
            "timed_out": say("no answer in time"),
            "withdrawn": say("withdrawn"),
        },
    }
    return known.get(subject, {}).get(code)


def _fact(code: str, say: Words) -> str | None:
    words = case_card.name_words(code, say)
    if words == code:
        words = fact_words(code, say)
    if words == code and code == OurMistake.OTHER:
        words = say("another mistake of ours")
    return None if words == code else words


def _value(fact: str, code: str, say: Words) -> str | None:
    if fact == "severity" and code in set(Severity):
        return severity_words(Severity(code), say)
    if fact == "fault_ours":
        return fault_words(code, say)
    return {
        "yes": say("yes"),
        "no": say("no"),
        "pending": say("not settled"),
        "confirmed": say("confirmed"),
        "not_confirmed": say("not confirmed"),
    }.get(code)
