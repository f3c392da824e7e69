"""What a salesperson walks in with: the chips, what not to begin with, and a pitch that is true (R27, R44, R50)."""

from collections.abc import Sequence
from enum import StrEnum

from bot.advice import Situation
from bot.case import Standing
from bot.coaching import ANGRY, OUR_MISTAKES, placeholders, spelt
from bot.entitlement import Entitlement
from bot.playbook import Language, Playbook, Topic
from bot.policy import Chip, SalesPolicy

PITCH_PLAY = "personal_pitch"
"""The play whose lines are the pitch."""
CLAIMED_EXTENSION = "claimed_extension"
"""The chip that is the claim itself."""


class Avoid(StrEnum):
    """What not to begin with, or not to do."""

    OUR_FAULT = "our_fault"
    FAULT_UNKNOWN = "fault_unknown"
    PRICE = "price"
    THREAT = "threat"
    CLAIM = "claim"
    NOT_CONFIRMED = "not_confirmed"
    DECLINED = "declined"
    GIFTS = "gifts"


def is_public(name: str, policy: SalesPolicy) -> bool:
    """Whether a customer's name is that of a public body, which has rules about gifts (R50)."""
    return any(word.casefold() in name.casefold() for word in policy.public_names)


def chips(stands: Standing, policy: SalesPolicy, *, public: bool) -> tuple[Chip, ...]:
    """What the policy lets sales offer for a renewal in this case (R27, R50).

    It follows from where the case stands, and neither from anger nor from a threat (R34, R36). What is ours to put
    right, covered, promised or granted is owed and no chip; the extension is one once nobody confirmed the promise.
    """
    owed = stands.claim == "confirmed" or stands.decision == "granted" or stands.fault_ours == "yes"
    if owed or stands.entitlement not in {Entitlement.EXPIRED, Entitlement.PARTLY}:
        return ()
    left_out = set() if stands.claim == "not_confirmed" else {CLAIMED_EXTENSION}
    return tuple(each for each in policy.chips if each.what not in left_out and not (public and each.to_person))


def avoid(situation: Situation, *, anger: int, signals: frozenset[str], public: bool) -> tuple[Avoid, ...]:
    """What a salesperson had better not begin with; a promise that is confirmed is kept, whoever is at fault (R25).

    Args:
        anger: How angry the customer was last.
        signals: All that the customer showed in the case.
    """
    stands = situation.standing
    kept = stands.claim == "confirmed"
    found = {
        Avoid.OUR_FAULT: not situation.facts.isdisjoint(OUR_MISTAKES),
        Avoid.FAULT_UNKNOWN: stands.fault_ours == "unknown"
        and stands.entitlement is not Entitlement.COVERED
        and not kept,
        Avoid.PRICE: anger >= ANGRY,
        Avoid.THREAT: "threatens_to_leave" in signals,
        Avoid.CLAIM: stands.claim == "pending",
        Avoid.NOT_CONFIRMED: stands.claim == "not_confirmed",
        Avoid.DECLINED: stands.decision == "declined" and stands.new_facts == "no" and not kept,
        Avoid.GIFTS: public,
    }
    return tuple(each for each, true in found.items() if true)


def pitch(playbook: Playbook, situation: Situation, language: Language, *, anger: int) -> Sequence[str]:
    """The lines of a pitch that are true for this case; none for who is angry or suffers from our mistake (R02, R13).

    Who threatens hears no price (R36), and nothing is sold to whom a promise is kept (R25).
    """
    if situation.standing.claim == "confirmed":
        return ()
    play = next((each for each in playbook.plays if each.id == PITCH_PLAY), None)
    if play is None or anger >= ANGRY or not situation.facts.isdisjoint(OUR_MISTAKES | {"slighted"}):
        return ()
    said = playbook.words[language].plays[play.id].lines
    values = {name: spelt(value, language) for name, value in situation.values.items()}
    return [
        said[line.id].format_map(values)
        for line in play.lines
        if situation.facts.issuperset(line.claims)
        and situation.facts.isdisjoint(line.unless)
        and values.keys() >= set(placeholders(said[line.id]))
        and not (Topic.PRICE in line.speaks_of and "threatened" in situation.facts)
    ]
