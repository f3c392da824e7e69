"""What stands in a cell, read strictly: a value written in one of the usual ways, or a reason why not."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import available_timezones

from bot.customer import TaxBasis
from bot.entitlement import DateBasis
from storage.importing.words import BadValueError, Reason

ROC_OFFSET = 1911
"""民國 1 is 1912."""


@dataclass(frozen=True, slots=True)
class SheetNumber:
    """A number in a spreadsheet.

    Attributes:
        text: As the sheet shows it: no '.0', zeros in front where the cell's format has them.
        day: The date it would be as a spreadsheet's day count; None when it is none.
    """

    text: str
    day: date | None = None


class SheetError:
    """A cell in which the spreadsheet shows an error, or a formula without a result."""

    def __init__(self, shown: str, reason: Reason) -> None:
        self.shown = shown
        self.reason = reason

    def __str__(self) -> str:
        return self.shown


Cell = str | int | Decimal | bool | date | SheetNumber | SheetError | list[object] | dict[str, object] | None

_BLANK = frozenset({"", "-", "--", "—", "–", "n/a", "null", "不詳", "未填", "無資料", "待補"})
_LONGEST_BLANK = max(map(len, _BLANK))


def text(cell: Cell) -> str | None:
    """Words as written, without the space around them; None when nothing stands there."""
    if isinstance(cell, str):
        plain = cell.isprintable() and "�" not in cell
        written = (cell if plain else _readable(cell)).strip()
        is_blank = len(written) <= _LONGEST_BLANK and _half_width(written).casefold() in _BLANK
        return None if is_blank else written
    if cell is None:
        return None
    if isinstance(cell, SheetNumber):
        return cell.text
    if isinstance(cell, SheetError):
        raise BadValueError(cell.reason)
    if isinstance(cell, (list, dict)):
        raise BadValueError(Reason.NOT_PLAIN)
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


_BROKEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff�]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")


def _readable(written: str) -> str:
    if _BROKEN.search(written):
        raise BadValueError(Reason.BROKEN_ENCODING)
    return re.sub(r"[\t\n\v\f\r]+", " ", _INVISIBLE.sub("", written))


def identifier(cell: Cell) -> str | None:
    """A key: full-width characters become half-width, so that typed keys meet."""
    if isinstance(cell, date):
        raise BadValueError(Reason.NOT_TEXT)
    written = text(cell)
    return None if written is None else _half_width(written).strip()


def names(cell: Cell) -> tuple[str, ...]:
    """Several names in one cell, between them ; 、 | / or a line break; or a list of names (JSON)."""
    if isinstance(cell, list):
        parts = [text(each) if isinstance(each, str) else None for each in cell]
        if None in parts:
            raise BadValueError(Reason.NOT_PLAIN)
    else:
        written = cell if isinstance(cell, str) else text(cell)
        parts = [text(each) for each in re.split(r"[;；、|｜/／\n]", written or "")]
    return tuple(dict.fromkeys(each for each in parts if each))


def tax_id(cell: Cell) -> str | None:
    """統一編號 or a foreign tax number, without spaces and hyphens. Not checked: many are foreign."""
    found = identifier(cell)
    return None if found is None else re.sub(r"[\s-]", "", found).upper()


def email(cell: Cell) -> str | None:
    """An e-mail address."""
    found = identifier(cell)
    if found is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", found):
        raise BadValueError(Reason.NOT_AN_EMAIL)
    return found


def slack_user_id(cell: Cell) -> str | None:
    """A Slack user id, also as Slack writes a mention."""
    found = identifier(cell)
    if found is None:
        return None
    match = re.fullmatch(r"<?@?([UW][A-Z0-9]{2,})(\|[^>]*)?>?", found)
    if not match:
        raise BadValueError(Reason.NOT_A_SLACK_ID)
    return match[1]


def channel(cell: Cell) -> str | None:
    """A Slack channel, id or name, without '#'."""
    found = identifier(cell)
    if found is None:
        return None
    match = re.fullmatch(r"<#([A-Z0-9]+)(\|[^>]*)?>", found)
    return match[1] if match else found.lstrip("#") or None


def timezone(cell: Cell) -> str | None:
    """An IANA time zone."""
    found = identifier(cell)
    if found in {"台北", "臺北", "台灣", "臺灣", "Taipei"}:
        return "Asia/Taipei"
    if found is not None and found not in _timezones():
        raise BadValueError(Reason.NOT_A_TIMEZONE)
    return found


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


_TRUE = frozenset(
    [
        "是",
        "有",
        "含",
        "包含",
        "涵蓋",
        "內含",
        "對",
        "y",
        "yes",
        "true",
        "t",
        "1",
        "v",
        "✓",
        "✔",
        "√",
        "☑",
        "○",
        "◯",
        "o",
    ]
)
_FALSE = frozenset(
    [
        "否",
        "無",
        "沒有",
        "不含",
        "未含",
        "不包含",
        "不涵蓋",
        "除外",
        "n",
        "no",
        "false",
        "f",
        "0",
        "x",
        "✗",
        "✘",
        "×",
        "╳",
        "☒",
    ]
)


def flag(cell: Cell) -> bool | None:
    """Yes or no, in either language or as a tick; None when the file does not say."""
    if cell is None or isinstance(cell, bool):
        return cell
    word = (identifier(cell) or "").casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if word:
        raise BadValueError(Reason.NOT_A_FLAG)
    return None


def count(cell: Cell) -> int | None:
    """How many are left; None when they are not counted."""
    found = identifier(cell)
    if found is None or found.casefold() in {"不限", "無限", "不限次", "不限次數", "unlimited"}:
        return None
    match = re.fullmatch(r"(-?\d+)\s*[次件]?", found)
    if not match:
        raise BadValueError(Reason.NOT_A_NUMBER)
    number = int(match[1])
    if number < 0:
        raise BadValueError(Reason.NEGATIVE)
    return number


def hours(cell: Cell) -> float | None:
    """A length of time in hours."""
    found = identifier(cell)
    if found is None:
        return None
    match = re.fullmatch(
        r"(-?\d+(?:\.\d+)?)\s*(?:(h|hr|hrs|hour|hours|個?小時|時)|(min|mins|minutes|分|分鐘))?",
        found.casefold(),
    )
    if not match:
        raise BadValueError(Reason.NOT_HOURS)
    number = float(match[1])
    if number < 0:
        raise BadValueError(Reason.NEGATIVE)
    return number / 60 if match[3] else number


_BASES = {
    DateBasis.DELIVERY: "delivery delivered shipping shipment 交貨 交貨日 出貨 出貨日 到貨 到貨日 交付",
    DateBasis.INSTALLATION: "installation installed install 安裝 安裝日 裝機 裝機日 上線 上線日",
    DateBasis.ACCEPTANCE: "acceptance accepted 驗收 驗收日 完工驗收",
    DateBasis.SIGNING: "signing signed signature 簽約 簽約日 簽訂 簽訂日 簽署",
}
_BASIS_OF = {word: basis for basis, words in _BASES.items() for word in words.split()}


def basis(cell: Cell) -> DateBasis | None:
    """From which event the dates count."""
    found = identifier(cell)
    if found is None:
        return None
    try:
        return _BASIS_OF[found.casefold()]
    except KeyError:
        raise BadValueError(Reason.NOT_A_BASIS) from None


# --- dates

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
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, SheetNumber) and cell.day is not None:
        return cell.day
    found = identifier(cell)
    return None if found is None else _day(found.casefold())


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


# --- money


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as written, with what its cell says about currency and tax."""

    amount: Decimal
    currency: str | None = None
    tax_basis: TaxBasis | None = None


_CURRENCIES = {
    "TWD": ("nt$", "ntd", "twd", "新台幣", "新臺幣", "台幣", "臺幣", "元", "圓"),
    "USD": ("us$", "usd", "美元", "美金"),
    "CNY": ("rmb", "cny", "人民幣"),
    "JPY": ("jpy", "日圓", "日幣"),
    "EUR": ("eur", "€", "歐元"),
}
_CURRENCY_OF = {word: code for code, words in _CURRENCIES.items() for word in words}
_CURRENCY = re.compile("|".join(re.escape(each) for each in sorted(_CURRENCY_OF, key=len, reverse=True)))
_INCLUDED = (
    "含稅",
    "稅內含",
    "內含",
    "taxincluded",
    "taxincl",
    "incltax",
    "included",
    "incl",
    "inclusive",
    "withtax",
)
_EXCLUDED = (
    "未稅",
    "不含稅",
    "稅外加",
    "外加",
    "未含稅",
    "taxexcluded",
    "exclusive",
    "excltax",
    "excluded",
    "excl",
    "withouttax",
)
_TAX = re.compile("|".join(sorted((*_INCLUDED, *_EXCLUDED), key=len, reverse=True)))
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?")


def money(cell: Cell) -> Money | None:
    """An amount of money, never less than zero: NT$12,000, 12,000 元 (含稅), full-width digits."""
    found = identifier(cell)
    if found is None:
        return None
    rest = re.sub(r"\s", "", found).casefold()
    taxes = {_tax_basis_of(each) for each in _TAX.findall(rest)}
    rest = _TAX.sub("", rest)
    currencies = {_CURRENCY_OF[each] for each in _CURRENCY.findall(rest)}
    rest = re.sub(r"[$整]|/?年|每年|\(\)", "", _CURRENCY.sub("", rest))
    if len(taxes) > 1:
        raise BadValueError(Reason.TWO_TAX_BASES)
    if len(currencies) > 1:
        raise BadValueError(Reason.TWO_CURRENCIES)
    if re.fullmatch(rf"[-−]({_AMOUNT.pattern})|\(({_AMOUNT.pattern})\)", rest):
        raise BadValueError(Reason.NEGATIVE)
    if not _AMOUNT.fullmatch(rest):
        raise BadValueError(Reason.NOT_MONEY)
    return Money(
        amount=Decimal(rest.replace(",", "")),
        currency=next(iter(currencies), None),
        tax_basis=next(iter(taxes), None),
    )


def currency(cell: Cell) -> str | None:
    """The three letters of a currency (ISO 4217)."""
    found = identifier(cell)
    if found is None:
        return None
    known = _CURRENCY_OF.get(found.casefold())
    if known is None and not re.fullmatch(r"[A-Za-z]{3}", found):
        raise BadValueError(Reason.NOT_A_CURRENCY)
    return known or found.upper()


def tax_basis(cell: Cell) -> TaxBasis | None:
    """Whether a price holds the tax; yes and no answer the heading 含稅."""
    if isinstance(cell, bool):
        return TaxBasis.INCLUDED if cell else TaxBasis.EXCLUDED
    found = identifier(cell)
    if found is None:
        return None
    word = re.sub(r"[\s_-]", "", found).casefold()
    if word in _TRUE or word in _INCLUDED:
        return TaxBasis.INCLUDED
    if word in _FALSE or word in _EXCLUDED:
        return TaxBasis.EXCLUDED
    raise BadValueError(Reason.NOT_A_TAX_BASIS)


def _tax_basis_of(word: str) -> TaxBasis:
    return TaxBasis.INCLUDED if word in _INCLUDED else TaxBasis.EXCLUDED


def name_key(name: str) -> str:
    """A name as it is compared: width, case and spaces do not count."""
    return _half_width(name).casefold().replace(" ", "")


def _half_width(written: str) -> str:
    return written if written.isascii() else unicodedata.normalize("NFKC", written)
