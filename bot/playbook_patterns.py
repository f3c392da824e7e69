"""Which regular expressions a playbook may hold: those that mean something and end soon."""

import re
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined]  # no public way tells how an expression is built
from typing import Any

from bot.features import pattern_source
from bot.pattern_cost import REPEATS, begin_apart, is_dear, parts

_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")
_MANY = 5
"""A repetition of up to this many times stays quick whatever it repeats."""
_VARIES = "a repetition of what varies in length can take forever; write it once, or at most {0,5} times"
_DEAR = "its repetitions can be taken in too many ways; let them end soon, as .{0,20} does, or use fewer"
_ALIKE = "a repeated choice between things that begin alike can take forever; let them differ, or at most {0,5} times"


@lru_cache(maxsize=8_192)  # after an edit all but a few patterns are judged already
def pattern_complaint(pattern: str) -> str | None:
    """What is wrong with a pattern or a veto, the end of a sentence; None when nothing is."""
    try:
        compiled = re.compile(pattern_source(pattern), re.IGNORECASE)
    except (re.error, OverflowError) as error:
        return f"this is not a regular expression ({error})"
    except RecursionError:
        return "too many groups of this regular expression stand in each other"
    if compiled.search(""):
        return "this regular expression fits every message"
    parsed = _parser.parse(compiled.pattern, re.IGNORECASE)
    if _REPEATED_GROUP.search(compiled.pattern) and (complaint := _endless(parsed, repeated=False)):
        return complaint
    return _DEAR if is_dear(parsed) else None


def _endless(parsed: Any, *, repeated: bool) -> str | None:
    """Why a parsed regular expression could take exponentially long, if it looks so.

    It looks so where something repeated more than a few times varies in length itself or offers a choice between
    things that begin alike; some that are quick are refused with them. What costs a power of a sentence's length, as
    repetitions one after another do, is `bot.pattern_cost`'s to tell.

    Args:
        parsed: What Python's parser made of the expression, or of a part of it.
        repeated: The part stands in something that is repeated.
    """
    for operation, argument in parsed:
        within = repeated
        if str(operation) in REPEATS:
            least, most, _ = argument
            if repeated and least != most:
                return _VARIES
            within = repeated or most > _MANY
        elif str(operation) == "BRANCH" and repeated and not begin_apart(argument[1]):
            return _ALIKE
        for part in parts(argument):
            if complaint := _endless(part, repeated=within):
                return complaint
    return None
