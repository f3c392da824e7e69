"""Days as people write them, each read as one day or refused."""

import re
from calendar import monthrange
from datetime import date, timedelta

from storage.importing.values import Cell, SheetNumber, identifier
from storage.importing.words import BadValueError, Reason

ROC_OFFSET = 1911
"""民國 1 is 1912."""

_YEAR_FIRST = re.compile(r"(\d{1,4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})[日號]?)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_DAY_MONTH = re.compile(r"(\d{1,2})[-/. ]?([a-z]{3,9})\.?[-/., ]{0,2}(\d{2,4})")
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.? ?(\d{1,2})(?:st|nd|rd|th)?,? ?(\d{4})")
_TIME = re.compile(r"[t ](\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(z|[+-]\d{2}:?\d{2})?$")
_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905 - easier to read
)


def day(cell: Cell) -> date | None:
    """A day: ISO, year first in any usual way, 民國, or with the month in words.

    05/06/2026 is refused, because two people read two days in it; 31/05/2026 is not.
    """
    if isinstance(cell, date):
        return _existing(cell.year, cell.month, cell.day)
    if isinstance(cell, SheetNumber) and cell.day is not None:
        return cell.day
    found = identifier(cell)
    return None if found is None else _day(found.casefold())


def last_day(start: date, months: int) -> date:
    """The last day of so many months from their first: the day before the same day, or the month's last.

    Raises:
        BadValueError: When it is beyond the calendar.
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    try:
        following = date(year, month + 1, 1)
        length = monthrange(year, month + 1)[1]
    except ValueError:
        raise BadValueError(Reason.IMPOSSIBLE_DATE) from None
    return following + timedelta(days=min(start.day - 2, length - 1))


def _day(written: str) -> date:
    written = _without_time(written)
    roc = re.match(r"(中華民國|民國|roc)\s*", written)
    plain = re.sub(r"\s*([年月日])\s*", r"\1", written[roc.end() :] if roc else written).removeprefix("西元").strip()
    if match := _YEAR_FIRST.fullmatch(plain):
        year, month, day_ = match[1], match[3] or match[5], match[4] or match[6]
        return _from_year_first(year, month, day_, roc=bool(roc))
    if plain.isascii() and plain.isdigit():
        return _from_digits(plain, roc=bool(roc))
    if roc:
        raise BadValueError(Reason.NOT_A_DATE)
    if match := _YEAR_LAST.fullmatch(plain):
        return _from_year_last(int(match[1]), int(match[3]), int(match[4]))
    if match := _DAY_MONTH.fullmatch(plain):
        return _from_words(match[3], match[2], match[1])
    if match := _MONTH_DAY.fullmatch(plain):
        return _from_words(match[3], match[1], match[2])
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}", plain):
        raise BadValueError(Reason.TWO_DIGIT_YEAR)
    raise BadValueError(Reason.NOT_A_DATE)


def _without_time(written: str) -> str:
    match = _TIME.search(written)
    if not match:
        return written
    if match[2] and match[1].strip("0:."):
        raise BadValueError(Reason.NOT_A_DAY)
    return written[: match.start()]


def _from_year_first(year: str, month: str, day_: str, *, roc: bool) -> date:
    if roc or len(year) == 3:  # noqa: PLR2004 - 民國 years have had three digits since 2011
        return _existing(int(year) + ROC_OFFSET, int(month), int(day_))
    if len(year) < 3:  # noqa: PLR2004 - the same
        raise BadValueError(Reason.TWO_DIGIT_YEAR)
    return _existing(int(year), int(month), int(day_))


def _from_digits(digits: str, *, roc: bool) -> date:
    lengths = {6: 2, 7: 3} if roc else {7: 3, 8: 4}
    if len(digits) not in lengths:
        raise BadValueError(Reason.TWO_DIGIT_YEAR if len(digits) == 6 else Reason.NOT_A_DATE)  # noqa: PLR2004
    cut = lengths[len(digits)]
    return _from_year_first(digits[:cut], digits[cut : cut + 2], digits[cut + 2 :], roc=roc)


def _from_year_last(first: int, second: int, year: int) -> date:
    if first == second or second > 12:  # noqa: PLR2004 - months
        return _existing(year, first, second)
    if first > 12:  # noqa: PLR2004 - months
        return _existing(year, second, first)
    one, other = _existing(year, second, first), _existing(year, first, second)
    raise BadValueError(Reason.AMBIGUOUS_DATE, one=one.isoformat(), other=other.isoformat())


def _from_words(year: str, month: str, day_: str) -> date:
    known = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(month) or month == "sept" == name[:4]]
    if len(known) != 1:
        raise BadValueError(Reason.NOT_A_DATE)
    if len(year) != 4:  # noqa: PLR2004 - digits of a year
        raise BadValueError(Reason.TWO_DIGIT_YEAR)
    return _existing(int(year), known[0], int(day_))


def _existing(year: int, month: int, day_: int) -> date:
    try:
        found = date(year, month, day_)
    except ValueError:
        raise BadValueError(Reason.IMPOSSIBLE_DATE) from None
    if found.year < 1912:  # noqa: PLR2004 - nothing on file is older than 民國 1
        raise BadValueError(Reason.IMPOSSIBLE_DATE)
    return found
