"""How many ways a regular expression may have to try on one sentence before it gives up: an estimate, never timed.

Python's engine tries one way after the other and cannot be stopped meanwhile. Where two parts of an expression can
take the same characters, each end of the first is tried with each end of the second; where what follows a part can
be none of it, there is one way only.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from re import _parser  # type: ignore[attr-defined]  # no public way tells how an expression is built
from typing import Any, Final, NamedTuple

from bot.features import SENTENCE_CHARACTERS

REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
MOST_WAYS: Final = 100_000
"""The packaged playbook stays under a third of it; each way is tried from many places of a sentence."""
_MANY: Final = 60
"""More repetitions of what has several ways itself only make a large number larger."""
_SAMPLES: Final = "az09 _-.,!?\n中，"
"""A character of each kind that expressions ask for; those that an expression names come to these."""
_KINDS: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}

Characters = frozenset[str]
NONE: Final[Characters] = frozenset()


class _Found(NamedTuple):
    """What is known of a part: its ways, the characters it may begin with, and whether it may be nothing at all."""

    ways: int
    begins: Characters
    may_be_empty: bool


def is_dear(parsed: Any) -> bool:
    """Whether one sentence may hold it up for a second or more; most expressions are cheap at first sight.

    Args:
        parsed: What `re` itself makes of an expression.
    """
    return _at_most(parsed) > MOST_WAYS and _Estimate(parsed).of(parsed, NONE).ways > MOST_WAYS


def _at_most(parsed: Any) -> int:
    """As many ways as there would be if everything could take everything."""
    total = 1
    for operation, argument in parsed:
        kind = str(operation)
        within = [_at_most(part) for part in parts(argument)]
        if kind in REPEATS:
            fewest, longest = _span(argument)
            total *= within[0] ** min(longest, _MANY) * (longest - fewest + 1)
        elif within:
            total *= max(within) * (len(within) if kind == "BRANCH" and not begin_apart(argument[1]) else 1)
    return total


def _span(repeat: Sequence[Any]) -> tuple[int, int]:
    fewest, longest = (min(int(each), SENTENCE_CHARACTERS) for each in repeat[:2])
    return fewest, longest


def begin_apart(choices: Iterable[Any]) -> bool:
    """Whether each choice begins with a character of its own."""
    begins = [str(choice[0][0]) == "LITERAL" and chr(choice[0][1]).lower() for choice in choices if len(choice)]
    return all(begins) and len(set(begins)) == len(list(choices))


def parts(argument: Any) -> Iterator[Any]:
    """The expressions within a piece of one."""
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for part in argument:
            yield from parts(part)


class _Estimate:
    """The estimate for one expression, over the characters that matter to it."""

    def __init__(self, parsed: Any) -> None:
        self._all = frozenset(character.lower() for character in {*_SAMPLES, *_named(parsed)})

    def of(self, parsed: Any, follow: Characters) -> _Found:
        """A sequence, when it may be followed by these characters."""
        total, begins, may_be_empty = 1, NONE, True
        after = follow
        for operation, argument in reversed(list(parsed)):
            found = self._piece(str(operation), argument, after)
            total *= found.ways
            begins = found.begins | begins if found.may_be_empty else found.begins
            after = found.begins | after if found.may_be_empty else found.begins
            may_be_empty &= found.may_be_empty
        return _Found(total, begins, may_be_empty)

    def _piece(self, operation: str, argument: Any, follow: Characters) -> _Found:
        taken = self._characters(operation, argument)
        if taken is not None:
            return _Found(1, taken, may_be_empty=False)
        if operation in REPEATS:
            least, most, repeated = argument
            return self._repeated(_span((least, most)), repeated, follow)
        if operation == "BRANCH":
            choices = [self.of(each, follow) for each in argument[1]]
            begins = NONE.union(*(each.begins for each in choices))
            most = max(each.ways for each in choices) * self._alike(argument[1])
            return _Found(most, begins, any(each.may_be_empty for each in choices))
        if operation in {"ASSERT", "ASSERT_NOT"}:
            return _Found(self.of(argument[1], NONE).ways, NONE, may_be_empty=True)
        within = [self.of(each, follow) for each in parts(argument)]
        if len(within) == 1:
            return within[0]
        begins = NONE if operation == "AT" else self._all
        return _Found(max((each.ways for each in within), default=1), begins, may_be_empty=True)

    def _repeated(self, span: tuple[int, int], repeated: Any, follow: Characters) -> _Found:
        fewest, longest = span
        once = self.of(repeated, NONE)
        each = self.of(repeated, once.begins | follow)
        is_torn = bool(once.begins & follow) or once.may_be_empty
        count = each.ways ** min(longest, _MANY) * (longest - fewest + 1 if is_torn else 1)
        return _Found(count, once.begins, fewest == 0 or once.may_be_empty)

    def _alike(self, choices: Sequence[Any]) -> int:
        """How many of some choices may fit at one place."""
        return max(sum(self._may_both_fit(one, other) for other in choices) for one in choices)

    def _may_both_fit(self, one: Any, other: Any) -> bool:
        pairs = zip(one, other, strict=False)
        return not any(first[0] == second[0] == _parser.LITERAL and first != second for first, second in pairs) and (
            not len(one) or not len(other) or bool(self.of(one, NONE).begins & self.of(other, NONE).begins)
        )

    def _characters(self, operation: str, argument: Any) -> Characters | None:
        """What a piece that takes one character may take; None for any other piece."""
        if operation == "LITERAL":
            return frozenset(chr(argument).lower())
        if operation == "NOT_LITERAL":
            return self._all - {chr(argument).lower()}
        if operation == "ANY":
            return self._all
        if operation != "IN":
            return None
        asked = [(str(kind), value) for kind, value in argument]
        taken = frozenset(each for each in self._all if any(_takes(kind, value, each) for kind, value in asked))
        return self._all - taken if asked[0][0] == "NEGATE" else taken


def _takes(kind: str, value: Any, character: str) -> bool:
    if kind == "LITERAL":
        return chr(value).lower() == character
    if kind == "RANGE":
        return any(value[0] <= ord(each[0]) <= value[1] for each in (character, character.upper()))
    return kind == "CATEGORY" and bool(re.fullmatch(_KINDS.get(str(value), "."), character, re.DOTALL))


def _named(parsed: Any) -> Iterator[str]:
    """Every character that an expression names, and those on both sides of a range's ends."""
    for operation, argument in parsed:
        pieces = argument if str(operation) == "IN" else [(operation, argument)]
        for kind, value in pieces:
            if str(kind) in {"LITERAL", "NOT_LITERAL"}:
                yield chr(value)
            elif str(kind) == "RANGE":
                yield from (chr(min(max(each, 1), 0x10FFFF)) for end in value for each in (end - 1, end, end + 1))
        for part in parts(argument):
            yield from _named(part)
