"""Words that are too long for their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import cut

LINK = "<https://example.com/a/b?c=1|the mail>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"我轉給你 {LINK} 請看", "我轉給你 …"),
        ("我轉給你 https://example.com/a/b?c=1", "我轉給你 …"),
        ("我轉給你 &lt;https://example.com/a/b?c=1&gt;", "我轉給你 …"),
        ("這件事我問過 <@U0123456789ABCDEF> 了", "這件事我問過 …"),
        ("如果 a < b 就不會算錯，這是昨天的事", "如果 a < b 就不會算錯，這是…"),
    ],
)
def test_no_link_and_no_mention_is_cut_in_two(text: str, shown: str) -> None:
    """Half a link leads nowhere and leaves a bracket behind: it is left out, and nothing else is."""
    assert cut(text, 18) == shown


@given(st.text(), st.text(), st.integers(1, 60))
def test_a_link_is_whole_or_gone(before: str, after: str, limit: int) -> None:
    """Wherever the cut falls, and never is the rest longer than there is room for."""
    shown = cut(f"{before.replace('<', '')} {LINK} {after.replace('<', '')}", limit)
    assert len(shown) <= limit
    assert LINK in shown or "<" not in shown
