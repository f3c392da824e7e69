"""Whatever customers, colleagues and imported files say: nobody is pinged by it, and no link hides where it leads."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import body, cut, escaped, linked
from bot.i18n import words
from bot.playbook import LANGUAGES, Language
from tests.words.samples import everything
from tests.words.shown import Shown

MARK = "0EVIL"
"""It stands in everything that comes from outside here, and in nothing that we write ourselves."""
MARKUP = (
    f"<!channel|{MARK}>",
    f"<!here|{MARK}>",
    f"<!everyone|{MARK}>",
    f"<!subteam^S{MARK}>",
    f"<@U{MARK}>",
    f"<#C{MARK}|general>",
    f"<https://{MARK}.example|your bank>",
    f"<mailto:{MARK}@example.com|us>",
    f"<!date^0^{{date}}^https://{MARK}.example|today>",
    f"&lt;!channel|{MARK}&gt;",
    f"javascript:{MARK}",
    f"`<!here|{MARK}>`",
    f"```<@U{MARK}>```",
    f"*{MARK}* _{MARK}_ ~{MARK}~",
    f"\u202e<!here|{MARK}>\u202c",
    f"<\u200b!here|{MARK}>",
    f"<\n!here|{MARK}>",
    f"＜!here|{MARK}＞",
    f"@channel #{MARK}",
    f"https://{MARK}.example/",
)
hostile = st.lists(
    st.sampled_from(MARKUP) | st.text("<>|&!@#`*{}^ ;\u200b\u202e禾a", max_size=6), min_size=1, max_size=8
)
ENTITY = re.compile(r"<[^<>]*>")
ITSELF = re.compile(r"<https?://[^|<>]+>")
"""An address under no other name than its own."""


def marked(part: object) -> Iterator[tuple[str, bool]]:
    """Every text in Slack's markup, with whether Slack is told to look for nothing more in it."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"], part.get("verbatim") is True
        for value in part.values():
            yield from marked(value)
    elif isinstance(part, list):
        for each in part:
            yield from marked(each)


def live(text: str) -> list[str]:
    """What Slack would take for a mention or a link."""
    return ENTITY.findall(text)


def from_outside(shown: Shown) -> set[str]:
    """The mentions and links in something people see that came from outside, but for addresses that show themselves."""
    texts = [text for text, _ in marked(shown.view or shown.blocks)]
    texts.append(body(shown.text, [])["text"])
    return {
        each
        for text in texts
        for each in live(text)
        if (MARK in each or each.startswith(("<!c", "<!h", "<!e", "<!s"))) and not ITSELF.fullmatch(each)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_card_takes_markup_from_outside(language: Language) -> None:
    """Every card and window, with every trick in every name and every word: no mention, no link of theirs."""
    trick = " ".join(MARKUP)
    found = {
        shown.name: outside for shown in everything(words(language), trick, trick) if (outside := from_outside(shown))
    }
    assert found == {}


def test_slack_looks_for_nothing_in_what_we_show() -> None:
    """Unless told that a text is to be shown as it stands, Slack makes links of addresses and mentions of names."""
    open_texts = {
        shown.name
        for shown in everything(words("en"), "@here", "www.example.com")
        for _, is_verbatim in marked(shown.view or shown.blocks)
        if not is_verbatim
    }
    assert open_texts == set()


@given(hostile)
def test_escaped_text_holds_no_markup(parts: list[str]) -> None:
    """However it is put together and wherever it is cut."""
    text = escaped(" ".join(parts))
    assert live(text) == []
    assert all(live(cut(f"*{text}", limit)) == [] for limit in (5, 20, 60))


@given(hostile)
def test_an_address_shows_where_it_leads(parts: list[str]) -> None:
    """What one of us gives as evidence may be opened: only the web, and never under another name."""
    for found in live(linked(" ".join(parts))):
        assert ITSELF.fullmatch(found)


def test_evidence_is_opened_by_its_own_address() -> None:
    """The rest of what was typed stands as it was."""
    assert linked("見 https://example.com/a?b=1&c=2，謝謝 <!here>") == (
        "見 <https://example.com/a?b=1&amp;c=2>，謝謝 &lt;!here&gt;"
    )
    assert linked("javascript:alert(1) data:text/html,x file:///etc/passwd") == (
        "javascript:alert(1) data:text/html,x file:///etc/passwd"
    )
