"""The policy: the figures a manager decides, in one file (`playbooks/policy.yaml`)."""

from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import available_timezones

import holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    """A piece of the playbook: nothing unknown is let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Concession(StrEnum):
    """What is conceded 讓步."""

    FULL = "full"
    LABOUR_WAIVED = "labour_waived"
    DISCOUNT = "discount"
    EXTENSION = "extension"


class CostBands(Part):
    """Up to where a cost to us counts as low."""

    currency: str = "TWD"
    low_up_to: Decimal


class GoodwillPolicy(Part):
    """Limits on exceptions 通融.

    Attributes:
        window_days: How long an exception counts against the next.
        exceptions_per_window: How many a customer may have in that window.
    """

    window_days: int = Field(default=365, ge=1)
    exceptions_per_window: int = Field(default=1, ge=0)


class Limits(Part):
    """What somebody may grant alone.

    Attributes:
        up_to: What the service may cost us at most, in the currency of `cost`.
        concessions: Which kinds they may grant.
        beyond_the_window: Whether they may grant one to a customer who had theirs of the window (R23).
    """

    up_to: Decimal = Field(ge=0)
    concessions: tuple[Concession, ...] = tuple(Concession)
    beyond_the_window: bool = False


class ApprovalPolicy(Part):
    """Who decides exceptions, up to where, and by when.

    What is beyond a supervisor's limits needs a manager as the second approver; what is beyond a manager's, nobody
    grants. All times are working time (`hours`), except how long a grant is valid.

    Attributes:
        remind_after_minutes: A request that nobody decided comes up again after this.
        hand_on_after_minutes: After this, deputies and managers hear of it as well.
        expire_after_hours: After this it is over, undecided, and whoever asked hears so.
        answer_within_hours: How long what a supervisor asked back waits for an answer.
        valid_days: How many days a grant can be used.
        longest_valid_days: How many at most, when a supervisor says it otherwise.
        longest_extension_days: How far an extension may reach.
    """

    supervisor: Limits = Limits(up_to=Decimal(20_000))
    manager: Limits = Limits(up_to=Decimal(200_000), beyond_the_window=True)
    remind_after_minutes: int = Field(default=30, ge=1)
    hand_on_after_minutes: int = Field(default=120, ge=1)
    expire_after_hours: int = Field(default=27, ge=1)
    answer_within_hours: int = Field(default=18, ge=1)
    valid_days: int = Field(default=14, ge=1)
    longest_valid_days: int = Field(default=90, ge=1)
    longest_extension_days: int = Field(default=92, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.remind_after_minutes < self.hand_on_after_minutes < self.expire_after_hours * 60:
            raise ValueError("a request is first reminded of, then handed on, then expires: the times have to grow")
        if self.valid_days > self.longest_valid_days:
            raise ValueError("valid_days is more than longest_valid_days")
        if self.supervisor.up_to > self.manager.up_to:
            raise ValueError("a supervisor may not grant more than a manager")
        return self


class Weekday(StrEnum):
    """A day of the week, as the policy names it."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name} is not a time zone, like Asia/Taipei")
    return name


def _known_country(code: str) -> str:
    if code and code not in holidays.list_supported_countries():
        raise ValueError(f"{code} is not a country whose holidays are known, like TW; leave it empty for none")
    return code


class HoursPolicy(Part):
    """When the desk works; what is due is counted in this time.

    Attributes:
        timezone: By which clock, an IANA name.
        days: The days on which it works.
        opens: When a day begins.
        closes: When it ends, on the same day.
        holidays: Whose public holidays are kept, a country's two letters; empty for none.
        closed_on: Further days off, like those of the firm.
        open_on: Days on which it works all the same, like Taiwan's make-up Saturdays.
    """

    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Asia/Taipei"
    days: tuple[Weekday, ...] = Field(
        default=(Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI), min_length=1
    )
    opens: time = time(9)
    closes: time = time(18)
    holidays: Annotated[str, AfterValidator(_known_country)] = "TW"
    closed_on: tuple[date, ...] = ()
    open_on: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("the desk has to open before it closes, on the same day")
        return self


class WhisperPolicy(Part):
    """How quiet the coach is.

    Attributes:
        lines: At most this many lines a suggestion.
        cooldown_seconds: The same play is not whispered again in a case before this.
        per_case_per_hour: At most this many whispers an agent and case.
        per_person_per_hour: At most this many whispers an agent over all their cases.
        same_play_per_day: At most so often a day in a case that learns nothing new meanwhile.
        sure_from: A signal of the customer's below this score is not acted on.
        sure_of_ours_from: One of the agent's own below this is not: to hear of a slip that was none helps nobody.
        stale_after_minutes: About what was said longer ago than this nothing is whispered any more.
        send_within_minutes: What Slack did not take within this is not whispered any more; the App Home has it.
        unanswered_after_minutes: What is about the agent's own safety goes by direct message, once, when nobody reacted
            in so much working time; 0 for never.
    """

    lines: int = Field(default=3, ge=1, le=3)
    cooldown_seconds: int = Field(default=180, ge=0)
    per_case_per_hour: int = Field(default=12, ge=1)
    per_person_per_hour: int = Field(default=20, ge=1)
    same_play_per_day: int = Field(default=3, ge=1)
    sure_from: float = Field(default=0.5, ge=0, le=1)
    sure_of_ours_from: float = Field(default=0.6, ge=0, le=1)
    stale_after_minutes: int = Field(default=30, ge=1)
    send_within_minutes: int = Field(default=5, ge=1)
    unanswered_after_minutes: int = Field(default=5, ge=0)


class Chip(Part):
    """Something sales may put on the table for a renewal 籌碼.

    Attributes:
        what: `this_service`, `claimed_extension`, or an extra: `health_check`, `training`, `priority`, or the firm's
            own words for one, shown as they are written.
        to_person: It goes to a person and not to the contract; public bodies never get it (R50).
    """

    what: str = Field(min_length=1, max_length=80)
    to_person: bool = False


class SalesPolicy(Part):
    """When and how often sales is told, and what may be offered.

    Attributes:
        quiet_days: After a ping about a customer, another case pings again only after this long, unless it is graver.
        urgent: Reasons told at any hour, the gravest first; all others wait until the desk opens.
        answer_within_minutes: Whoever was told and did not react in so much working time is passed over.
        follow_taken_days: Whoever took one and noted nothing is reminded after so many working days, and the sales
            manager is told after as many more.
        follow_up_days: So many working days after a sale whoever handles the case asks how it goes (R42).
        renewals_ahead_days: So many days before a contract ends its salesperson is told of it; at the last of them a
            sales manager is too, of what nobody has spoken for.
        chips: What may be offered (R27), never because of a threat (R36).
        also_held_by: At least so many customers hold two products before one is named because of the other (R44).
        public_names: Words in the names of public bodies (R50).
    """

    quiet_days: int = Field(default=1, ge=0)
    urgent: tuple[str, ...] = ("threatens_to_leave", "claims_promise")
    answer_within_minutes: int = Field(default=120, ge=1)
    follow_taken_days: int = Field(default=5, ge=1)
    follow_up_days: int = Field(default=5, ge=1)
    renewals_ahead_days: tuple[Annotated[int, Field(ge=0, le=730)], ...] = (90, 60, 30)
    chips: tuple[Chip, ...] = tuple(
        Chip(what=each) for each in ("this_service", "claimed_extension", "health_check", "training")
    )
    also_held_by: int = Field(default=5, ge=2)
    public_names: tuple[str, ...] = ("政府", "公所", "議會", "法院", "國立", "市立", "縣立", "國中", "國小", "Ministry")


class CasePolicy(Part):
    """When something said belongs to an open case, and when a case is over.

    Attributes:
        joins_within_hours: What is said outside threads belongs to the channel's only open case for this long.
        closes_after_days: A case in which nothing is said any more closes after this long.
    """

    joins_within_hours: int = Field(default=72, ge=1)
    closes_after_days: int = Field(default=14, ge=1)


class TakeoverPolicy(Part):
    """How a colleague is asked in, to take a conversation over or to look at it (R31, R35).

    Attributes:
        answer_within_minutes: After so much working time without an answer the next colleague is asked.
        ask_at_most: So many colleagues are asked, one after the other; then whoever asked hears that nobody could.
    """

    answer_within_minutes: int = Field(default=10, ge=1)
    ask_at_most: int = Field(default=3, ge=1)


class CommitmentPolicy(Part):
    """When somebody is reminded of what they promised a customer, and who hears when it was not done (R33).

    Attributes:
        remind_before_minutes: So much working time before it is due, or half of the time left when that is less.
        grace_minutes: So long after its time, by the clock, it counts as missed.
        escalate_after_minutes: Missed, and neither kept nor given a new time in so much working time: supervisors hear.
    """

    remind_before_minutes: int = Field(default=30, ge=1)
    grace_minutes: int = Field(default=10, ge=0)
    escalate_after_minutes: int = Field(default=60, ge=1)


class VerificationPolicy(Part):
    """How long sales has to say whether something was promised, in working time (R24, R29).

    Attributes:
        remind_after_minutes: Whoever was asked and said nothing is reminded.
        move_up_after_minutes: So long after they were asked the next in line is.
        record_after_minutes: Somebody said yes and no supervisor recorded the scope or questioned it: they hear again.
    """

    remind_after_minutes: int = Field(default=60, ge=1)
    move_up_after_minutes: int = Field(default=180, ge=1)
    record_after_minutes: int = Field(default=120, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.remind_after_minutes >= self.move_up_after_minutes:
            raise ValueError("whoever is asked is first reminded, then passed over: the times have to grow")
        return self


class RetentionPolicy(Part):
    """How long words are kept; figures, states, times and who decided stay (docs/casebook.md).

    Attributes:
        messages_days: What was said in a closed case is removed so long after the last word, and whatever quotes it.
        whispers_days: What Aside whispered and sent is removed after so long.
    """

    messages_days: int = Field(default=730, ge=1)
    whispers_days: int = Field(default=180, ge=1)


class Policy(Part):
    """The figures a manager decides, in one file."""

    ends_soon_days: int = Field(default=30, ge=0)
    cost: CostBands
    goodwill: GoodwillPolicy = GoodwillPolicy()
    approval: ApprovalPolicy = ApprovalPolicy()
    hours: HoursPolicy = HoursPolicy()
    whisper: WhisperPolicy = WhisperPolicy()
    sales: SalesPolicy = SalesPolicy()
    case: CasePolicy = CasePolicy()
    takeover: TakeoverPolicy = TakeoverPolicy()
    commitments: CommitmentPolicy = CommitmentPolicy()
    verification: VerificationPolicy = VerificationPolicy()
    retention: RetentionPolicy = RetentionPolicy()
