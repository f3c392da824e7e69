"""A coach's regular expression must not hold up everybody's messages: what could is refused before it is ever tried."""

import pytest

from bot.playbook_patterns import pattern_complaint

DEAR = "its repetitions can be taken in too many ways; let them end soon, as .{0,20} does, or use fewer"


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a*){0,5}b",  # three quarters of a minute on a hundred characters
        "(?:a+a+){0,3}b",
        "(?:.*){5}x",
        r"\w+\w+\w+x",
        "a*a*a*b",
        ".*a.*b.*c.*d",
        "a{0,400}a{0,400}a{0,400}b",
        "[^a]*[^b]*[^c]*d",
        "a(?=.*.*.*x)",
        "a(?!.*.*.*x)",
        "(?P<a>b)?(?(a)c|.*.*.*d)",
        "(?>.*.*.*x)y",
        "(a|aa)" * 20 + "b",
        "(ab?|a.)" * 20 + "c",
        "a?" * 25 + "b",
    ],
)
def test_what_can_be_read_in_very_many_ways_is_refused(pattern: str) -> None:
    """Each part that may end anywhere multiplies with the next one that may begin there."""
    assert pattern_complaint(pattern) == DEAR


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s*\w+\s*[,.]\s*\w+",
        "保固.{0,40}過期.{0,40}免費",
        r"(\w+ ){0,3}warranty\b.{0,20}\bend",
        "(do|does|did|done) you",
        r"\w+@\w+[.]\w+",
        ".*x",
        "(?:x?y){0,5}z",
        "(a|b|c|d)" * 20,
        r"[^\n]*\n[^\n]*\n",
        "(?<!不)要退",
    ],
)
def test_what_is_told_apart_by_its_next_character_is_taken(pattern: str) -> None:
    """A part that ends where the next one begins has one way, however long it is."""
    assert pattern_complaint(pattern) is None


def test_what_python_cannot_build_is_refused_in_a_sentence() -> None:
    """Too many groups within groups and too high a number are faults of the file, no crash."""
    nested = "(" * 5_000 + "a" + ")" * 5_000
    assert pattern_complaint(nested) == "too many groups of this regular expression stand in each other"
    assert (
        pattern_complaint("a{99999999999}b") == "this is not a regular expression (the repetition number is too large)"
    )
