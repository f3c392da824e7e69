"""How a sentence of the interface is filled in."""

import pytest

from bot.i18n import words
from bot.playbook import LANGUAGES, Language


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Hefeng Software Co., Ltd.", "Declined for Hefeng Software Co., Ltd."),
        ("Hefeng", "Declined for Hefeng."),
        ("Hefeng…", "Declined for Hefeng…."),
    ],
)
def test_a_name_that_ends_in_a_full_stop_gets_no_second_one(name: str, expected: str) -> None:
    """A sentence that ends with `Co., Ltd.` has ended."""
    assert words("en")("Declined for {customer}.", customer=name) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_said_as_it_is_written(language: Language) -> None:
    """Only the sentence's own full stop gives way, whatever the name holds."""
    assert "A. {b}. Ltd." in words(language)("Declined for {customer}.", customer="A. {b}. Ltd.")
