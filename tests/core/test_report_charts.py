"""The report's charts: axes that can be read, marks where the figures are, and words for whoever sees none."""

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import words
from bot.insight_charts import ABOVE, BELOW, HEIGHT, RIGHT, WIDTH, svg, ticks
from bot.insight_parts import Chart

SAY = words("en")
FOOT = float(HEIGHT - BELOW)


def chart(*figures: float | None, since: int = 202509, is_line: bool = False, ends_early: bool = False) -> Chart:
    """A chart over months that follow each other."""
    first = since // 100 * 12 + since % 100 - 1
    months = tuple(f"{each // 12}-{each % 12 + 1:02}" for each in range(first, first + len(figures)))
    told = tuple("–" if each is None else f"NT${each:,.0f}" for each in figures)
    return Chart("Cost <of> it", "TWD", months, figures, told, is_line=is_line, ends_early=ends_early)


def drawn(of: Chart) -> ET.Element:
    """The chart, read as what it is."""
    return ET.fromstring(svg(of, 3, SAY))  # noqa: S314 - our own words


def written(of: Chart, kind: str) -> list[str]:
    """What stands in it."""
    return [str(each.text) for each in drawn(of).iter("text") if each.get("class") == kind]


@given(most=st.floats(0.001, 1e12), whole=st.booleans())
def test_an_axis_goes_in_even_round_steps_from_nought_to_no_less_than_the_most(most: float, *, whole: bool) -> None:
    """At most five steps; of what is counted whole, none is a part."""
    scale = ticks(most, whole=whole)
    step = scale[1]
    assert scale[0] == 0
    assert scale[-1] >= most * 0.999_999
    assert scale[-2] < most
    assert len(scale) <= 6
    assert scale == pytest.approx([step * each for each in range(len(scale))])
    assert f"{step:.0e}"[0] in "125"
    assert not whole or step.is_integer()


def test_a_bar_is_as_tall_as_its_figure_and_nought_has_none() -> None:
    """Twice as much is twice as tall; the greatest ends at the top of the axis when that is a round figure."""
    bars = list(drawn(chart(100, 0, 400, 200)).iter("rect"))
    heights = [float(each.attrib["height"]) for each in bars]
    assert heights == pytest.approx([(FOOT - ABOVE) / 4, FOOT - ABOVE, (FOOT - ABOVE) / 2], abs=0.1)
    assert [each.findtext("title") for each in bars] == ["2025-09: NT$100", "2025-11: NT$400", "2025-12: NT$200"]


def test_what_is_not_known_is_a_gap_and_no_nought() -> None:
    """R45: a month without a whisper breaks the line."""
    found = drawn(chart(2, 3, None, 1, is_line=True))
    assert [each.attrib["d"].count("L") for each in found.iter("path") if each.get("class") == "line"] == [1, 0]
    assert [each.findtext("title") for each in found.iter("circle")] == [
        "2025-09: NT$2",
        "2025-10: NT$3",
        "2025-12: NT$1",
    ]


@pytest.mark.parametrize(("ends_early", "lighter"), [(True, [None, None, "part"]), (False, [None, None, None])])
def test_a_month_that_is_not_over_is_lighter(*, ends_early: bool, lighter: list[str | None]) -> None:
    """Nobody takes half a month for a fall."""
    assert [each.get("class") for each in drawn(chart(3, 2, 1, ends_early=ends_early)).iter("rect")] == lighter


def test_the_axes_say_what_is_counted_and_when() -> None:
    """The unit above, round figures at the side, each month's number below and the year below each January."""
    twelve = chart(*range(1_000, 13_000, 1_000))
    assert written(twelve, "unit") == ["TWD"]
    assert written(twelve, "up") == ["0", "5,000", "10,000", "15,000"]
    months = ["09", "10", "11", "12", "01", "02", "03", "04", "05", "06", "07", "08"]
    assert [each for each in written(twelve, "across") if len(each) == 2] == months
    assert [each for each in written(twelve, "across") if len(each) == 4] == ["2025", "2026"]
    assert [each for each in written(chart(1, 2, since=202512), "across") if len(each) == 4] == ["2025", "2026"]


@given(months=st.integers(2, 36), since=st.sampled_from([202401 + each for each in range(12)]))
def test_no_two_names_on_an_axis_touch_and_nothing_leaves_the_chart(months: int, since: int) -> None:
    """Over three years there is not room for each month's number."""
    found = drawn(chart(*[5_000_000.0] * months, since=since))
    texts = [each for each in found.iter("text") if each.get("class") == "across"]
    for line in {each.attrib["y"] for each in texts}:
        on_it = [(float(each.attrib["x"]), 3.2 * len(str(each.text))) for each in texts if each.attrib["y"] == line]
        assert all(x + half < then - other for (x, half), (then, other) in pairwise(on_it))
    for each in found.iter("rect"):
        left, wide = float(each.attrib["x"]), float(each.attrib["width"])
        assert left > 0
        assert left + wide <= WIDTH - RIGHT


def test_whoever_cannot_see_it_is_told_what_it_shows() -> None:
    """Its name and unit, the span, and the highest month; the rest is in the table."""
    found = drawn(chart(100, 400, 400))
    assert (found.get("role"), found.get("aria-labelledby")) == ("img", "chart3 shows3")
    assert found.findtext("title[@id='chart3']") == "Cost <of> it (TWD)"
    assert found.findtext("desc[@id='shows3']") == (
        "2025-09 to 2025-11; the highest is NT$400 in 2025-10. Each month is in the table."
    )
