"""From one Chinese script to the other."""

import pytest

from bot.script import Conversion, convert


@pytest.mark.parametrize(
    ("conversion", "text", "converted"),
    [
        ("t2s", "賠償與軟體", "赔偿与软体"),
        ("s2t", "赔偿与软件", "賠償與軟件"),
        ("tw2sp", "軟體的滑鼠", "软件的鼠标"),
        ("t2s", "SLA 99.9 % 😡", "SLA 99.9 % 😡"),
        ("t2s", "", ""),
    ],
)
def test_a_text_is_written_in_the_other_script(conversion: Conversion, text: str, converted: str) -> None:
    """Characters alone, or wording too; what is not Chinese stays."""
    assert convert(conversion, text) == converted
