"""Which regular expressions a playbook may hold: those that mean something and end soon."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined]  # no public way tells how an expression is built
from typing import Any

from bot.features import pattern_source

_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_MANY = 5
"""A repetition of up to this many times stays quick whatever it repeats."""
_VARIES = "a repetition of what varies in length can take forever; write it once, or at most {0,5} times"
_ALIKE = "a repeated choice between things that begin alike can take forever; let them differ, or at most {0,5} times"


@lru_cache(maxsize=8_192)  # after an edit all but a few patterns are judged already
def pattern_complaint(pattern: str) -> str | None:
    """What is wrong with a pattern or a veto, the end of a sentence; None when nothing is."""
    try:
        compiled = re.compile(pattern_source(pattern), re.IGNORECASE)
    except re.error as error:
        return f"this is not a regular expression ({error})"
    if compiled.search(""):
        return "this regular expression fits every message"
    if _REPEATED_GROUP.search(compiled.pattern):  # only then is there anything to look for
        return _endless(_parser.parse(compiled.pattern, re.IGNORECASE), repeated=False)
    return None


def _endless(parsed: Any, *, repeated: bool) -> str | None:
    """Why a parsed regular expression could take exponentially long, if it looks so.

    It looks so where something repeated more than a few times varies in length itself or offers a choice between
    things that begin alike; some that are quick are refused with them. Not looked for: repetitions one after another
    (`.*a.*b.*c`) and short repetitions of long ones. They cost a power of a sentence's length, which is bounded.

    Args:
        parsed: What Python's parser made of the expression, or of a part of it.
        repeated: The part stands in something that is repeated.
    """
    for operation, argument in parsed:
        within = repeated
        if str(operation) in _REPEATS:
            least, most, _ = argument
            if repeated and least != most:
                return _VARIES
            within = repeated or most > _MANY
        elif str(operation) == "BRANCH" and repeated and not _begin_apart(argument[1]):
            return _ALIKE
        for part in _parts(argument):
            if complaint := _endless(part, repeated=within):
                return complaint
    return None


def _parts(argument: Any) -> Iterator[Any]:
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for part in argument:
            yield from _parts(part)


def _begin_apart(choices: Iterable[Any]) -> bool:
    """Whether each choice begins with a character of its own."""
    begins = [str(choice[0][0]) == "LITERAL" and chr(choice[0][1]).lower() for choice in choices if len(choice)]
    return all(begins) and len(set(begins)) == len(list(choices))
