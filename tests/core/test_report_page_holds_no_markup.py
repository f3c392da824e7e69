"""The report as a page: names, notes and titles are words in it, whatever they hold."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import words
from bot.insight_page import page
from bot.insight_parts import Chart, Section

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '" onmouseover="alert(3)',
    "'><svg onload=alert(4)>",
    "</td></table></title></style>",
    "&lt;b&gt;",
    "<!--",
    "\u202e<a href=javascript:alert(5)>",
)
said = st.lists(st.sampled_from(HOSTILE) | st.text("<>&\"'=/ a禾\x00\u202e", max_size=8), min_size=1).map(" ".join)


class Elements(HTMLParser):
    """Which elements a page has, and with which attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.found.append((tag, tuple(name for name, _ in attrs)))


def elements(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The elements of a report in which this text stands everywhere."""
    chart = Chart(title=text, unit=text, months=("2026-05", "2026-06"), figures=(1.0, 2.0), told=(text, text))
    section = Section(
        title=text,
        asked=("q",),
        says=text,
        columns=(text, text),
        rows=((text, text), (text, text)),
        bars=(0.5, 1.0),
        words_from=1,
        charts=(chart, Chart(**{**vars(chart), "is_line": True})),
        charts_say=text,
    )
    parser = Elements()
    parser.feed(page(text, text, [section], {"q": text}, words("zh-TW")))
    parser.close()
    return parser.found


PLAIN = elements("x")


@given(said)
def test_no_text_becomes_an_element_of_the_report(text: str) -> None:
    """The page has the same elements and attributes as one in which nothing but letters stands."""
    assert elements(f"x{text}") == PLAIN


def test_the_report_runs_nothing_and_fetches_nothing() -> None:
    """No script, no frame, no picture from elsewhere, no address to follow; and the page itself forbids them."""
    names = {tag for tag, _ in PLAIN}
    attributes = {name for _, found in PLAIN for name in found}
    assert names.isdisjoint({"script", "iframe", "object", "embed", "link", "img", "a", "form"})
    assert attributes.isdisjoint({"src", "href", "onload", "onclick", "action"})
    assert "default-src 'none'" in page("x", "x", [], {}, words("en"))
