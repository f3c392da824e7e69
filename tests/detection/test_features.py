"""One script, one width, sentences and stretches."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features import SENTENCES, normal_form, pattern_source, readable, sentences, stretches


def test_normal_form_is_one_way_to_write() -> None:
    """Script, width, case, quotes and invisible characters are levelled."""
    assert normal_form("賠償　ＲＥＦＵＮＤ！’s\u200b") == "赔偿 refund!'s"


@given(st.text(max_size=200))
@settings(deadline=None)
def test_normal_form_of_anything_can_be_written_as_utf_8(text: str) -> None:
    """Whatever comes in, no half of a character is left."""
    assert normal_form(text).encode().decode() == normal_form(text)


def test_a_pattern_fits_the_normal_form_of_what_it_was_written_for() -> None:
    """Full-width marks and traditional characters of a playbook's pattern are written as the text is."""
    for pattern, text in [("賠償嗎？", "賠償嗎？"), ("（無）", "（無）"), ("[！？]{2}", "！？"), ("you’re", "You're")]:
        assert re.search(pattern_source(pattern), normal_form(text))


def test_a_full_width_mark_is_no_operator() -> None:
    """A full-width question mark in a pattern means itself, not "maybe"."""
    assert not re.fullmatch(pattern_source("要？"), "")
    assert not re.fullmatch(pattern_source("要？"), "要")


def test_sentences_keep_their_marks() -> None:
    """Chinese and English sentences end where they end, abbreviations of numbers do not."""
    assert sentences("好。真的嗎？！ It costs 3.5 per unit. Fine!\n再見") == [
        "好。",
        "真的嗎？！",
        "It costs 3.5 per unit.",
        "Fine!",
        "再見",
    ]


def test_sentences_are_bounded() -> None:
    """A message of a thousand sentences is looked at for its first ones."""
    assert len(sentences("好。" * 1_000)) == SENTENCES


def test_a_short_sentence_is_one_stretch() -> None:
    """Only a long sentence is taken apart, and never into scraps."""
    assert stretches("不好意思，請問一下，可以嗎") == ["不好意思，請問一下，可以嗎"]
    assert stretches("早安，昨天下午兩點多我們的系統開始變慢，我請同事重新開機試過了還是一樣，怎麼辦") == [
        "早安，昨天下午兩點多我們的系統開始變慢，",
        "我請同事重新開機試過了還是一樣，",
        "怎麼辦",
    ]


def test_quotations_code_and_links_are_not_read() -> None:
    """What the writer did not say is left out."""
    assert readable("> old\nnew ```code``` see https://example.com/refund ok").split() == ["new", "see", "ok"]
    assert readable("我轉給你 <https://example.com/a?b=1|那封 信>請看").split() == ["我轉給你", "請看"]
    assert readable("寄到<mailto:a@example.com|a@example.com>了").split() == ["寄到", "了"]
    assert readable("我轉給你 <https://example.com").split() == ["我轉給你"]
