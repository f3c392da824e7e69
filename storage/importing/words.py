"""Why a row of a file cannot be taken in: every sentence the import says about a row stands here."""

from dataclasses import dataclass, field
from enum import StrEnum

SHORT = 40
"""Characters of a value that a listing shows."""


class Reason(StrEnum):
    """A sentence with its gaps; the gaps are filled from what is known about the row."""

    MISSING = "This is needed but is empty."
    NO_CUSTOMER = "No customer is named: give an id, a tax id or a name."
    UNKNOWN_CUSTOMER = "There is no such customer in these files."
    AMBIGUOUS_CUSTOMER = "More than one customer goes by this; give the customer's id."
    CONTRADICTING_CUSTOMER = "The row names two different customers: {one} and {other}."
    LEFT_OUT_CUSTOMER = "Its customer was left out."
    TWO_OWNERS = "{place} names another account owner for this customer: {other}."
    DIFFERENT = "{place} says something different about the same one: {other}."
    DUPLICATE_SERIAL = "This serial is already in {place}."
    DUPLICATE_KEY = "This is already in {place}."
    SERIAL_ELSEWHERE = "In {place} this serial belongs to another customer."
    CONTRACT_ELSEWHERE = "In {place} this contract belongs to another customer."
    UNKNOWN_STAFF = "Nobody on the staff has this id, name or e-mail address."
    AMBIGUOUS_STAFF = "More than one colleague goes by this; give the id."
    LEFT_OUT_STAFF = "The colleague's own row was left out."
    SUCCESSOR_CYCLE = "The successors go round in a circle: {circle}."
    END_BEFORE_START = "The end is before the start, {start}."
    IMPOSSIBLE_DATE = "There is no such day."
    AMBIGUOUS_DATE = "It can be read as {one} or as {other}; write the year first."
    TWO_DIGIT_YEAR = "The year needs all its digits; a 民國 year of two digits needs 民國 before it."
    NOT_A_DATE = "This is not a date; leave it empty when the date is not on file."
    NOT_A_DAY = "This is a moment in another time zone, not a day."
    SEVERAL_DATES = "Several dates could be the start; say in the column basis which one counts."
    NOT_A_FLAG = "This is neither yes nor no; leave it empty when the file does not say."
    NOT_MONEY = "This is not an amount of money."
    NEGATIVE = "This cannot be less than zero."
    TOO_LARGE = "This number is too large to be meant."
    NOT_A_CURRENCY = "This is not a currency; write three letters, such as TWD."
    TWO_CURRENCIES = "The amount and the column name different currencies."
    NOT_A_TAX_BASIS = "This is neither 含稅 (tax included) nor 未稅 (excluded)."
    TWO_TAX_BASES = "The amount and the column disagree about the tax."
    NOT_A_NUMBER = "This is not a whole number."
    NOT_MONTHS = "This is not a number of months from 1 to 1,200."
    NOT_HOURS = "This is not a number of hours."
    NOT_A_BASIS = "The basis has to be delivery, installation, acceptance or signing."
    NOT_A_TIMEZONE = "This is not a time zone; write it like Asia/Taipei."
    NOT_A_SLACK_ID = "This is not a Slack user id; it starts with U or W."
    NOT_AN_EMAIL = "This is not an e-mail address."
    NOT_PLAIN = "This is a list or an object where one value belongs."
    NOT_TEXT = "The spreadsheet made a date of this; format the cell as text and type it again."
    UNCLEAR_COVERAGE = "The row has a contract and a warranty; put 合約 or 保固 before the heading to tell whose it is."
    BROKEN_ENCODING = "Some characters cannot be read in {encoding}."
    CELL_ERROR = "The spreadsheet itself shows an error here."
    FORMULA = "The formula has no stored result; open the file in the spreadsheet, save it and import again."
    TOO_MANY_CELLS = "The row has more cells than the header; a separator inside a value needs quotes."

    @property
    def is_dependent(self) -> bool:
        """Whether nothing is wrong with the row itself: it stands on another that was left out."""
        return self in {Reason.LEFT_OUT_CUSTOMER, Reason.LEFT_OUT_STAFF}


class BadValueError(Exception):
    """A cell that cannot be taken in."""

    def __init__(self, reason: Reason, **gaps: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gaps = gaps


@dataclass(frozen=True, slots=True)
class BadRow:
    """One thing wrong with one row.

    Attributes:
        file: Name of the file, with the sheet behind it where there are several.
        row: As a person counts it in that file: below a header in row 1 comes row 2. In JSON the first of a
            list is 1.
        column: Its heading in the file; None when it is about the row.
        value: What stands there, shortened.
    """

    file: str
    row: int
    column: str | None
    value: str
    reason: Reason
    gaps: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return self.reason.value.format_map(self.gaps)


def shortened(value: object) -> str:
    """A value as a listing shows it: one line, not long, nothing invisible."""
    if value is None:
        return ""
    text = "".join(each if each.isprintable() else "�" for each in " ".join(str(value).split()))
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def writable(name: str) -> str:
    """A name with ? for what no encoding can write, such as half a surrogate pair."""
    return name.encode("utf-8", "replace").decode()
