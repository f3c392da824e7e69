"""What stands in a cell, read strictly: a value written in one of the usual ways, or a reason why not."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from zoneinfo import available_timezones

from bot.entitlement import DateBasis
from storage.importing.words import BadValueError, Reason


@dataclass(frozen=True, slots=True)
class SheetNumber:
    """A number in a spreadsheet.

    Attributes:
        text: As the sheet shows it: no '.0', zeros in front where the cell's format has them.
        day: The date it would be as a spreadsheet's day count; None when it is none.
    """

    text: str
    day: date | None = None

    def __str__(self) -> str:
        return self.text


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


_TAX_ID_DIGITS = 8
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
    """統一編號 or a foreign tax number, without spaces and hyphens. Not checked: many are foreign.

    A spreadsheet that takes it for a number drops the zeros in front; a 統一編號 has eight digits, so they come back.
    """
    found = identifier(cell)
    if found is None:
        return None
    plain = re.sub(r"[\s-]", "", found).upper()
    lost_zeros = isinstance(cell, SheetNumber) and re.fullmatch(r"[0-9]{5,7}", plain)
    return plain.zfill(_TAX_ID_DIGITS) if lost_zeros else plain


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


TRUE_WORDS = frozenset(
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
FALSE_WORDS = frozenset(
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
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    if word:
        raise BadValueError(Reason.NOT_A_FLAG)
    return None


_MOST_DIGITS = 9
"""Of a count or a length of time that somebody may have meant."""


def count(cell: Cell) -> int | None:
    """How many are left; None when they are not counted."""
    found = identifier(cell)
    if found is None or found.casefold() in {"不限", "無限", "不限次", "不限次數", "unlimited"}:
        return None
    match = re.fullmatch(r"(-?\d+)\s*[次件]?", found)
    if not match:
        raise BadValueError(Reason.NOT_A_NUMBER)
    if match[1].startswith("-"):
        raise BadValueError(Reason.NEGATIVE)
    if len(match[1]) > _MOST_DIGITS:
        raise BadValueError(Reason.TOO_LARGE)
    return int(match[1])


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
    if number > 10**_MOST_DIGITS:
        raise BadValueError(Reason.TOO_LARGE)
    return number / 60 if match[3] else number


_MOST_MONTHS = 1_200


def months(cell: Cell) -> int | None:
    """A length of time in months, written in months or in years."""
    found = identifier(cell)
    if found is None:
        return None
    match = re.fullmatch(r"(\d{1,4})\s*(?:個?月|months?|mos?|(年|years?|yrs?))?", found.casefold())
    length = int(match[1]) * (12 if match[2] else 1) if match else 0
    if not 1 <= length <= _MOST_MONTHS:
        raise BadValueError(Reason.NOT_MONTHS)
    return length


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


def name_key(name: str) -> str:
    """A name as it is compared: width, case and spaces do not count."""
    return _half_width(name).casefold().replace(" ", "")


def _half_width(written: str) -> str:
    return written if written.isascii() else unicodedata.normalize("NFKC", written)
