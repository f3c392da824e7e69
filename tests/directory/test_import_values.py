"""What may stand in a cell."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.customer import TaxBasis
from bot.entitlement import DateBasis
from storage.importing import dates, money, values
from storage.importing.money import Money
from storage.importing.values import SheetNumber
from storage.importing.words import BadValueError, Reason

days = st.dates(min_value=date(1912, 1, 1), max_value=date(2110, 12, 31))


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-31",
        "2026/5/31",
        "2026.05.31",
        "２０２６／０５／３１",
        "20260531",
        "2026年5月31日",
        "西元2026年5月31日",
        "31-May-2026",
        "31 May 2026",
        "May 31, 2026",
        "31/05/2026",
        "05/31/2026",
        "2026-05-31 00:00:00",
        "2026-05-31T00:00:00+08:00",
        "2026-05-31 14:30",
        "115/05/31",
        "115.5.31",
        "115-05-31",
        "1150531",
        "民國115年5月31日",
        "民國 115 年 5 月 31 日",
        "中華民國115年05月31日",
        "民國115/05/31",
        "ROC 115/05/31",
    ],
)
def test_a_day_is_read_in_each_usual_way_of_writing_it(written: str) -> None:
    """The same day, however a company writes it, is the same date."""
    assert dates.day(written) == date(2026, 5, 31)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("民國99年1月2日", date(2010, 1, 2)), ("099/01/02", date(2010, 1, 2)), ("民國990102", date(2010, 1, 2))],
)
def test_an_early_roc_year_is_read_when_it_is_marked(written: str, expected: date) -> None:
    """A 民國 year under 100 is read when 民國 or a leading zero says that it is one."""
    assert dates.day(written) == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("05/06/2026", Reason.AMBIGUOUS_DATE),
        ("2026-02-30", Reason.IMPOSSIBLE_DATE),
        ("114/13/01", Reason.IMPOSSIBLE_DATE),
        ("31/31/2026", Reason.IMPOSSIBLE_DATE),
        ("0026-05-31", Reason.IMPOSSIBLE_DATE),
        ("26/5/31", Reason.TWO_DIGIT_YEAR),
        ("31-May-26", Reason.TWO_DIGIT_YEAR),
        ("990102", Reason.TWO_DIGIT_YEAR),
        ("99/01/02", Reason.TWO_DIGIT_YEAR),
        ("5月31日", Reason.NOT_A_DATE),
        ("永久", Reason.NOT_A_DATE),
        ("2026/5.31", Reason.NOT_A_DATE),
        ("46173", Reason.NOT_A_DATE),
        ("31 Juny 2026", Reason.NOT_A_DATE),
        ("2026-05-30T16:00:00Z", Reason.NOT_A_DAY),
    ],
)
def test_a_day_that_cannot_be_told_for_certain_is_refused(written: str, reason: Reason) -> None:
    """No date is guessed: what two people may read differently, or what is no day, has a reason."""
    with pytest.raises(BadValueError) as refused:
        dates.day(written)
    assert refused.value.reason is reason


def test_the_two_readings_of_an_ambiguous_day_are_told() -> None:
    """Whoever wrote 05/06/2026 sees both days it may be."""
    with pytest.raises(BadValueError) as refused:
        dates.day("05/06/2026")
    assert refused.value.gaps == {"one": "2026-06-05", "other": "2026-05-06"}


@given(days)
def test_every_day_survives_being_written_the_taiwanese_way(day: date) -> None:
    """A day written in 民國 years and read again is the same day."""
    year = day.year - 1911
    assert dates.day(f"民國{year}年{day.month}月{day.day}日") == day
    assert dates.day(f"民國 {year}/{day.month:02}/{day.day:02}") == day
    if year >= 100:
        assert dates.day(f"{year}/{day.month:02}/{day.day:02}") == day
        assert dates.day(f"{year}{day.month:02}{day.day:02}") == day


@given(days)
def test_every_day_survives_being_written_year_first_or_in_words(day: date) -> None:
    """A day written year first, or with its month in words, and read again is the same day."""
    for written in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%d-%b-%Y}",
        f"{day:%B %d, %Y}",
    ):
        assert dates.day(written) == day


@given(days)
def test_day_and_month_are_never_swapped_silently(day: date) -> None:
    """Day first with the year last is read as that day or refused; it never becomes another day."""
    written = f"{day.day:02}/{day.month:02}/{day.year}"
    if day.day > 12 or day.day == day.month:
        assert dates.day(written) == day
    else:
        with pytest.raises(BadValueError):
            dates.day(written)


@given(st.text(max_size=30))
def test_any_text_is_a_value_or_has_a_reason(written: str) -> None:
    """No text makes the import stumble: it is read, or refused with a reason."""
    for read in (
        values.text,
        values.identifier,
        values.names,
        values.tax_id,
        values.email,
        values.slack_user_id,
        values.channel,
        values.timezone,
        values.flag,
        values.count,
        values.hours,
        values.basis,
        dates.day,
        money.money,
        money.currency,
        money.tax_basis,
    ):
        with suppress(BadValueError):
            read(written)


def test_dates_of_a_spreadsheet_are_taken_as_they_are() -> None:
    """A real date cell needs no reading; a plain number of days is a date only in a spreadsheet."""
    assert dates.day(datetime(2026, 5, 31, 12, 0)) == date(2026, 5, 31)  # noqa: DTZ001 - as openpyxl gives it
    assert dates.day(SheetNumber("46173", date(2026, 5, 31))) == date(2026, 5, 31)


@pytest.mark.parametrize("written", ["是", "有", "Y", "yes", "TRUE", "✓", "含", "1", "Ｙ", "○"])
def test_yes_is_read_in_both_languages(written: str) -> None:
    """A yes is a yes in either language or as a tick."""
    assert values.flag(written) is True


@pytest.mark.parametrize("written", ["否", "無", "N", "no", "False", "不含", "0", "×", "X"])
def test_no_is_read_in_both_languages(written: str) -> None:
    """A no is a no in either language or as a cross."""
    assert values.flag(written) is False


def test_an_empty_answer_is_neither_yes_nor_no() -> None:
    """What the file does not say stays unknown, and a word that is neither is refused."""
    assert values.flag("") is None
    assert values.flag("-") is None
    with pytest.raises(BadValueError) as refused:
        values.flag("部分")
    assert refused.value.reason is Reason.NOT_A_FLAG


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("NT$12,000", Money(Decimal(12000), "TWD")),
        ("12,000元", Money(Decimal(12000), "TWD")),
        ("１２，０００", Money(Decimal(12000))),
        ("NT$ 12,000 元整", Money(Decimal(12000), "TWD")),
        ("12000.50", Money(Decimal("12000.50"))),
        ("US$1,200.5", Money(Decimal("1200.5"), "USD")),
        ("12,000（含稅）", Money(Decimal(12000), None, TaxBasis.INCLUDED)),
        ("NT$12,000 未稅", Money(Decimal(12000), "TWD", TaxBasis.EXCLUDED)),
        ("不含稅 12,000", Money(Decimal(12000), None, TaxBasis.EXCLUDED)),
        ("0", Money(Decimal(0))),
        ("$96,000/年", Money(Decimal(96000))),
        ("每年 12,000 元", Money(Decimal(12000), "TWD")),
        ("12,000 元 / 年", Money(Decimal(12000), "TWD")),
        ("US $ 1,200 (tax included)", Money(Decimal(1200), "USD", TaxBasis.INCLUDED)),
        ("新 台 幣 12,000 元 含 稅", Money(Decimal(12000), "TWD", TaxBasis.INCLUDED)),
    ],
)
def test_money_is_read_exactly(written: str, expected: Money) -> None:
    """An amount keeps every digit, and what its cell says about currency and tax is not lost."""
    assert money.money(written) == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("-500", Reason.NEGATIVE),
        ("(1,200)", Reason.NEGATIVE),
        ("NT$-1", Reason.NEGATIVE),
        ("12.000", Reason.NOT_MONEY),
        ("1,20", Reason.NOT_MONEY),
        ("另議", Reason.NOT_MONEY),
        ("1.2萬", Reason.NOT_MONEY),
        ("3年12000元", Reason.NOT_MONEY),
        ("2年 24000元", Reason.NOT_MONEY),
        ("3年", Reason.NOT_MONEY),
        ("12000\n13000", Reason.NOT_MONEY),
        ("12元5", Reason.NOT_MONEY),
        ("12 000", Reason.NOT_MONEY),
        ("12含稅5", Reason.NOT_MONEY),
        ("5$5", Reason.NOT_MONEY),
        ("- NT$ 500", Reason.NEGATIVE),
        ("9" * 16, Reason.TOO_LARGE),
        ("9" * 5000, Reason.TOO_LARGE),
        ("NT$5 US$5", Reason.TWO_CURRENCIES),
    ],
)
def test_money_that_is_not_clear_is_refused(written: str, reason: Reason) -> None:
    """A negative amount, a separator that may mean two things and words are refused."""
    with pytest.raises(BadValueError) as refused:
        money.money(written)
    assert refused.value.reason is reason


@given(st.integers(min_value=0, max_value=10**12))
def test_amounts_survive_their_separators(amount: int) -> None:
    """An amount written with separators is that amount, to the last digit."""
    found = money.money(f"NT${amount:,}")
    assert found
    assert found.amount == amount


_UNITS = st.sampled_from(["元", " ", "\n", "年", "/年", "每年", "整", "$", "NT$", "含稅", "未稅", "()", "、", "月"])


@given(st.integers(0, 99_999), _UNITS, st.integers(0, 99_999), _UNITS)
def test_two_numbers_in_a_cell_are_never_one_amount(one: int, unit: str, other: int, end: str) -> None:
    """Whatever stands between two numbers, their digits are not glued together."""
    with pytest.raises(BadValueError):
        money.money(f"{one}{unit}{other}{end}")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("宏昌；宏昌興業", ("宏昌", "宏昌興業")),
        ("A; B、C | D／E", ("A", "B", "C", "D", "E")),
        ("宏昌;;宏昌", ("宏昌",)),
        ("", ()),
    ],
)
def test_several_names_in_a_cell_are_told_apart(written: str, expected: tuple[str, ...]) -> None:
    """Each alias stands for itself, once."""
    assert values.names(written) == expected


def test_names_stay_as_written_and_keys_become_half_width() -> None:
    """A company writes its name as it likes; a key is typed in many widths and is one key."""
    assert values.text(" 臺灣　ＡＢＣ ") == "臺灣　ＡＢＣ"
    assert values.identifier("ＭＧ－００１") == "MG-001"
    assert values.tax_id("１２３４－５６７５") == "12345675"


@pytest.mark.parametrize("written", ["廣\udca9", "�", "A\x00B"])
def test_broken_characters_are_never_taken_in(written: str) -> None:
    """What could not be decoded is refused, not stored."""
    with pytest.raises(BadValueError) as refused:
        values.text(written)
    assert refused.value.reason is Reason.BROKEN_ENCODING


@pytest.mark.parametrize(
    ("written", "hours"), [("4", 4.0), ("4 小時", 4.0), ("8hr", 8.0), ("30 分鐘", 0.5), ("1.5 h", 1.5)]
)
def test_response_times_are_hours(written: str, hours: float) -> None:
    """A promised time is read in hours, also from minutes."""
    assert values.hours(written) == hours


def test_incidents_that_are_not_counted_are_not_zero() -> None:
    """Unlimited is not counted; none left is zero; less than zero is refused."""
    assert values.count("不限") is None
    assert values.count("0") == 0
    assert values.count("3 次") == 3
    with pytest.raises(BadValueError):
        values.count("-1")


@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_a_number_too_large_to_be_meant_is_refused(digits: int) -> None:
    """A slip on the keyboard is a bad row; it is never infinite, and never more than the directory can hold."""
    for read in (values.count, values.hours, money.money):
        with pytest.raises(BadValueError) as refused:
            read("9" * digits)
        assert refused.value.reason is Reason.TOO_LARGE


def test_a_date_cell_from_before_the_first_day_on_file_is_refused() -> None:
    """A spreadsheet shows an empty day count as 1900; no coverage is that old."""
    with pytest.raises(BadValueError) as refused:
        dates.day(datetime(1900, 1, 1))  # noqa: DTZ001 - as openpyxl gives it
    assert refused.value.reason is Reason.IMPOSSIBLE_DATE


@pytest.mark.parametrize(
    ("written", "expected"),
    [("12", 12), ("12 個月", 12), ("１８月", 18), ("2年", 24), ("36 months", 36), ("1 year", 12), ("", None)],
)
def test_a_length_in_months_is_read_with_its_unit(written: str, expected: int | None) -> None:
    """A warranty's length is months unless the cell says years."""
    assert values.months(written) == expected


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "終身", "1201", "101年", "9" * 5000])
def test_a_length_that_is_no_number_of_months_is_refused(written: str) -> None:
    """None, a part of one, or more than a century of months is a slip."""
    with pytest.raises(BadValueError) as refused:
        values.months(written)
    assert refused.value.reason is Reason.NOT_MONTHS


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2026, 3, 15), 6, date(2026, 9, 14)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 10, 31), 4, date(2027, 2, 28)),
    ],
)
def test_a_coverage_of_months_ends_the_day_before_the_same_day(start: date, months: int, end: date) -> None:
    """The last day covered is the one before the same day of the month; where there is none, the month's last."""
    assert dates.last_day(start, months) == end


@given(days, st.integers(1, 1200))
def test_twelve_times_as_many_months_are_years(start: date, months: int) -> None:
    """A coverage is never shorter than its months of 28 days, nor longer than its months of 31."""
    covered = (dates.last_day(start, months) - start).days + 1
    assert 28 * months <= covered <= 31 * months


def test_the_basis_of_a_date_is_known_by_its_event() -> None:
    """交貨, 安裝, 驗收 and 簽約 are the four events from which dates count."""
    assert [values.basis(each) for each in ("交貨", "安裝", "驗收", "簽約", "Acceptance")] == [
        DateBasis.DELIVERY, DateBasis.INSTALLATION, DateBasis.ACCEPTANCE, DateBasis.SIGNING, DateBasis.ACCEPTANCE,
    ]  # fmt: skip


def test_slack_ids_and_channels_are_read_as_slack_writes_them() -> None:
    """A mention copied out of Slack is the id it stands for; a display name is no id."""
    assert values.slack_user_id("<@U0SHUFEN|wang>") == "U0SHUFEN"
    assert values.channel("<#C0KUANGHSIN|support>") == "C0KUANGHSIN"
    assert values.channel("#廣昕-支援") == "廣昕-支援"
    with pytest.raises(BadValueError):
        values.slack_user_id("@許家豪")


def test_a_leap_day_exists_only_in_leap_years() -> None:
    """民國 113 has a 29 February, 114 has none."""
    assert dates.day("113/02/29") == date(2024, 2, 28) + timedelta(days=1)
    with pytest.raises(BadValueError):
        dates.day("114/02/29")


@pytest.mark.parametrize(
    ("cell", "read"),
    [(SheetNumber("4595257"), "04595257"), (SheetNumber("12345675"), "12345675"), ("4595257", "4595257")],
)
def test_a_tax_id_that_a_spreadsheet_took_for_a_number_gets_its_zeros_back(cell: values.Cell, read: str) -> None:
    """統一編號 has eight digits; what somebody typed as text stays as typed."""
    assert values.tax_id(cell) == read
