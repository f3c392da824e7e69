"""The report in words: which months are told, what each part says, and the file around it."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import words
from bot.insight import AskedAfter, AskedAgain, AskedFor, Insight, Kept, Lost, LostWords, Month, Product, Wanted
from bot.insight_market import MOST_WORDS
from bot.insight_months import MONTHS, MOST_MONTHS, by_month, months_told
from bot.insight_page import page
from bot.insight_parts import MOST_ROWS, Section
from bot.insight_sections import sections
from bot.policy import Concession
from bot.sales import LostReason

TAIPEI = ZoneInfo("Asia/Taipei")
SAY = words("en")
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=TAIPEI), datetime(2026, 11, 23, tzinfo=TAIPEI)
AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, each, 1) for each in (8, 9, 10, 11))
CALLED = {"asks_price": "Asks the price", "reports_fault": "Reports a fault"}


def insight(**figures: object) -> Insight:
    """The first three weeks of a November."""
    return Insight.model_validate({"since": SINCE, "until": UNTIL, **figures})


def part(title: str, **figures: object) -> Section:
    """One part of the report."""
    told = sections(insight(**figures), {"C-1": "Kapok"}, CALLED, SAY, with_words=True)
    (found,) = (each for each in told if each.title == title)
    return found


@given(first=st.dates(date(2015, 1, 1), date(2030, 1, 1)), days=st.integers(0, 4000))
def test_the_months_of_the_period_are_told_but_twelve_at_least_and_three_years_at_most(first: date, days: int) -> None:
    """They follow each other, begin at midnight at the desk, and the last is the one in which the period ends."""
    last = first + timedelta(days=days)
    told = months_told(first, last, TAIPEI)
    assert MONTHS <= len(told) <= MOST_MONTHS
    assert told[-1][0] == last.replace(day=1)
    assert told[0][0] <= first or len(told) == MOST_MONTHS
    assert len(told) == MONTHS or told[0][0] >= first.replace(day=1)
    for (month, begins), (then, _) in pairwise(told):
        assert (month + timedelta(days=31)).replace(day=1) == then
        assert begins == datetime(month.year, month.month, 1, tzinfo=TAIPEI)


def test_months_are_told_from_the_first_in_which_anything_happened() -> None:
    """A month between in which nothing did is told as such; money is told currency by currency."""
    told = by_month(
        insight(
            months=(
                Month(first=AUGUST),
                Month(first=SEPTEMBER, opened=3, granted=2, cost={"USD": Decimal(80), "TWD": Decimal(1500)}),
                Month(first=OCTOBER),
                Month(first=NOVEMBER, opened=1, won=1, value={"TWD": Decimal(96000)}, first_whisper=1.25, claims=2),
            )
        ),
        SAY,
    )
    assert told.rows == (
        ("2026-09", "3", "2", "NT$1,500\nUS$80", "0", "–", "–", "0"),
        ("2026-10", "0", "0", "–", "0", "–", "–", "0"),
        ("2026-11", "1", "0", "–", "1", "NT$96,000", "1.2 s", "2"),
    )
    assert [(each.title, each.unit, each.figures, each.is_line) for each in told.charts] == [
        ("Cases opened", "How many", (3, 0, 1), False),
        ("Exceptions granted", "How many", (2, 0, 0), False),
        ("Cost of the exceptions", "TWD", (1500, 0, 0), False),
        ("Cost of the exceptions", "USD", (80, 0, 0), False),
        ("Renewals won", "How many", (0, 0, 1), False),
        ("What the renewals are worth", "TWD", (0, 0, 96000), False),
        ("First whisper, median", "Seconds", (None, None, 1.25), True),
        ("Promises checked", "How many", (0, 0, 2), False),
    ]
    assert told.says == "By the desk's clock; the last month up to 2026-11-22."
    assert told.charts_say == "The last month is not over, and lighter."
    assert all(each.ends_early for each in told.charts)


def test_a_whole_month_is_not_drawn_as_if_it_were_not_over() -> None:
    """Up to the last of November, that is."""
    months = (Month(first=OCTOBER, opened=1), Month(first=NOVEMBER, opened=1))
    told = by_month(insight(until=datetime(2026, 12, 1, tzinfo=TAIPEI), months=months), SAY)
    assert told.says == "By the desk's clock; the last month up to 2026-11-30."
    assert told.charts_say == ""
    assert [each.ends_early for each in told.charts] == [False]


@pytest.mark.parametrize("months", [(), (Month(first=OCTOBER), Month(first=NOVEMBER))])
def test_months_of_nothing_are_one_sentence(months: tuple[Month, ...]) -> None:
    """No table, no chart."""
    told = by_month(insight(months=months), SAY)
    assert (told.says, told.rows, told.charts) == ("Nothing happened in these months.", (), ())


def test_one_month_is_no_chart() -> None:
    """A single bar says less than its number."""
    told = by_month(insight(months=(Month(first=NOVEMBER, opened=2),)), SAY)
    assert len(told.rows) == 1
    assert told.charts == ()


def test_the_first_three_things_heard_are_told_of_each_product() -> None:
    """R45: what the playbook no longer knows is left out; what does not fit the table is counted."""
    heard = tuple(Wanted(signal=each, cases=2) for each in ("asks_price", "gone", "reports_fault"))
    many = [Product(name=f"Router {each}", holders=9, cases=2) for each in range(MOST_ROWS)]
    told = part("By what they have", products=(Product(name="Printer", holders=40, cases=5, heard=heard), *many))
    assert told.rows[0] == ("Printer", "40", "5", "Asks the price 2, Reports a fault 2")
    assert told.rows[1] == ("Router 0", "9", "2", "–")
    assert len(told.rows) == MOST_ROWS
    assert told.says.endswith("\n1 product with fewer is left out.")


def test_what_was_asked_for_is_told_by_concession() -> None:
    """R45: beside how much of it was granted."""
    asked = AskedFor(concession=Concession.LABOUR_WAIVED, asked=4, granted=1)
    assert part("What was asked for", asked_for=(asked,)).rows == (
        ("no labour charge, parts at the usual price", "4", "1"),
    )


def test_the_words_of_lost_ones_are_told_by_the_desks_day_in_one_line_and_cut() -> None:
    """Twenty past four in the afternoon in London is the next day in Taipei."""
    late = datetime(2026, 11, 19, 16, 20, tzinfo=UTC)
    said = [LostWords(reason=LostReason.PRICE, settled_at=late, words="Too\n dear " + "x" * 300)]
    told = part("What those said who did not renew", lost_words=tuple(said * (MOST_ROWS + 2)))
    day, reason, quoted = told.rows[0]
    assert (day, reason) == ("2026-11-20", "the price")
    assert quoted.startswith("Too dear xxx")
    assert len(quoted) == MOST_WORDS
    assert quoted.endswith("…")
    assert told.says.endswith("\n2 older ones are left out.")


def test_who_was_turned_away_stands_beside_who_asked_again() -> None:
    """By name, by id where there is no name, and somebody who is not on file as such."""
    again = (
        AskedAgain(customer_id="C-1", requests=2, granted=1),
        AskedAgain(customer_id="C-9", turned_away=1),
        AskedAgain(customer_id=None, turned_away=1),
    )
    told = part("Asked again", asked_again=again)
    assert told.rows == (
        ("Kapok", "2", "1", "0"),
        ("C-9", "0", "0", "1"),
        ("a customer not on file", "0", "0", "1"),
    )
    assert "In 2 cases the exceptions of the window were used up" in told.says


def test_follow_ups_stand_beside_commitments_and_cases_asked_after() -> None:
    """R42: also where nothing was due."""
    asked_after = AskedAfter(closed=9, asked_after=4)
    told = part(
        "Commitments and follow-ups",
        kept=Kept(in_time=3, late=1),
        followed_up=Kept(in_time=1),
        asked_after=asked_after,
    )
    assert told.rows[0] == ("kept in time", "3", "1")
    closed = "9 cases went quiet and were closed; 4 of them asked after since."
    assert told.says == f"4 commitments were kept or missed; 3 kept in time.\n{closed}"
    assert (
        part("Commitments and follow-ups", asked_after=asked_after).says
        == f"No commitment was kept or missed.\n{closed}"
    )


def test_sales_own_words_stand_only_where_they_are_asked_for() -> None:
    """Nobody can take every name out of them: unasked there are only their number and the way to them."""
    quoted = LostWords(
        reason=LostReason.COMPETITOR, settled_at=SINCE, words="Kuan Chia Precision Co., Ltd. went to Foo."
    )
    found = insight(lost=(Lost(reason=LostReason.COMPETITOR, times=1),), lost_words=(quoted,))
    without, asked_for = (sections(found, {}, CALLED, SAY, with_words=each) for each in (False, True))
    assert "Kuan Chia" not in repr(without)
    assert "lost_words" not in {name for each in without for name in each.asked}
    (reasons,) = (each for each in without if each.asked == ("lost",))
    assert reasons.says.endswith(
        "Of 1 sales wrote more; it may name people and is left out. `aside report --words` has it."
    )
    (words_,) = (each for each in asked_for if each.asked == ("lost_words",))
    assert words_.rows[0][2] == "Kuan Chia Precision Co., Ltd. went to Foo."
    assert "may name customers and people, so keep this within the company" in words_.says
    assert "--words" not in repr([each.says for each in asked_for])


def test_the_file_escapes_what_people_wrote_and_numbers_its_charts() -> None:
    """Names and words from outside are text, never markup; each chart has its own id and the table its numbers."""
    months = (Month(first=OCTOBER, opened=1, claims=1), Month(first=NOVEMBER, opened=1234))
    quoted = LostWords(reason=LostReason.OTHER, settled_at=SINCE, words="<script>alert(1)</script>")
    told = sections(insight(months=months, lost_words=(quoted,)), {}, CALLED, SAY, with_words=True)
    asked = {name: f"SELECT '<{name}>'" for each in told for name in each.asked}
    html = page("What came of it", "November", told, asked, SAY)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;lost_words&gt;" in html
    assert re.findall(r'<svg [^>]*aria-labelledby="(\w+) (\w+)"', html) == [
        ("chart1", "shows1"),
        ("chart2", "shows2"),
    ]
    for section in told:
        for chart in section.charts:
            column = [row for row in zip(*section.rows, strict=True) if row == chart.told]
            assert column, chart.title
