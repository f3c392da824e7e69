"""A customer's claim 主張 held against the record: help for the agent, never ammunition (R06)."""

from collections.abc import Iterable, Sequence
from datetime import date, tzinfo
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.entitlement import CoverageKind, CoverageOn, CoverageState, DateBasis, Promised
from bot.goodwill import GRANTED, ExceptionRequest
from bot.policy import Concession
from bot.promises import Answer, Verification, VerificationState

STILL_COVERED, PROMISED, DONE_BEFORE = "disputes_expiry", "claims_promise", "claims_precedent"
CLAIMS = (STILL_COVERED, PROMISED, DONE_BEFORE)
"""The signals that are a claim, in the order in which they are shown."""
MOST_PRODUCTS = 3
FREE = frozenset({Concession.FULL, Concession.EXTENSION})


class ClaimVerdict(StrEnum):
    """What the record says to it."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOTHING = "nothing"


class Row(BaseModel):
    """The row a verdict rests on. Stored with the advice, so it says what was on file then."""

    model_config = ConfigDict(frozen=True)


class CoverageRow(Row):
    """A warranty or contract of the directory."""

    kind: CoverageKind
    reference: str
    product: str | None
    state: CoverageState
    start: date | None
    end: date | None
    basis: DateBasis | None
    promised: Promised | None = None


class SaidRow(Row):
    """One answer of sales."""

    answer: Answer
    by: str
    on: date
    evidence: str = ""


class AnswerRow(Row):
    """What sales was asked, and what they said.

    Attributes:
        by: Whose answer stands; whom it was asked of, while none does.
        said: The answers that say something else; where none stands, all that say yes or no, side by side.
    """

    state: VerificationState
    by: str | None
    on: date
    evidence: str = ""
    said: tuple[SaidRow, ...] = ()


class GrantRow(Row):
    """An exception of the ledger."""

    on: date
    concession: Concession
    fault_ours: bool


class ClaimCheck(BaseModel):
    """One claim held against the record.

    Attributes:
        claim: The signal's id.
        row: What the verdict rests on; None when nothing at all is on file.
    """

    model_config = ConfigDict(frozen=True)

    claim: str
    verdict: ClaimVerdict
    coverage: CoverageRow | None = None
    answer: AnswerRow | None = None
    grant: GrantRow | None = None

    @property
    def row(self) -> Row | None:
        """Whichever row it is."""
        return self.coverage or self.answer or self.grant


def check(
    signals: Iterable[str],
    *,
    coverages: Sequence[CoverageOn],
    granted: Sequence[ExceptionRequest],
    verification: Verification | None,
    zone: tzinfo,
) -> tuple[ClaimCheck, ...]:
    """Hold the claims among these signals against the record.

    Args:
        coverages: The customer's coverages on the day in question; none when the customer is not on file.
        granted: The exceptions granted to this customer in other cases, oldest first.
        verification: What sales was asked about this case.
        zone: Where the customer's days begin and end.
    """
    seen = frozenset(signals)
    checks: list[ClaimCheck] = []
    if STILL_COVERED in seen:
        checks += _covered(coverages)
    if PROMISED in seen:
        checks.append(_promised(verification, zone))
    if DONE_BEFORE in seen:
        checks.append(_done_before(granted, coverages, zone))
    return tuple(checks)


def _covered(coverages: Sequence[CoverageOn]) -> list[ClaimCheck]:
    """One check for each product, since a customer seldom says which; a gap in the file is nothing on file."""
    best: dict[str | None, CoverageOn] = {}
    for on in coverages:
        known = best.get(on.coverage.product)
        if known is None or _weight(on) > _weight(known):
            best[on.coverage.product] = on
    whole = best.get(None)
    if whole and whole.state.is_live and whole.coverage.promised is None:
        best = {None: whole}
    ordered = sorted(best.values(), key=_weight, reverse=True)[:MOST_PRODUCTS]
    checks = [ClaimCheck(claim=STILL_COVERED, verdict=_verdict(on.state), coverage=_row(on)) for on in ordered]
    return checks or [ClaimCheck(claim=STILL_COVERED, verdict=ClaimVerdict.NOTHING)]


def _verdict(state: CoverageState) -> ClaimVerdict:
    if state.is_live:
        return ClaimVerdict.SUPPORTED
    return ClaimVerdict.CONTRADICTED if state is CoverageState.EXPIRED else ClaimVerdict.NOTHING


def _weight(on: CoverageOn) -> tuple[int, date]:
    """What is in force counts before a gap, a gap before what is over, and of two the one that lasts longer."""
    rank = {CoverageState.EXPIRED: 0, CoverageState.NOT_STARTED: 1, CoverageState.NOT_ON_FILE: 2}.get(on.state, 3)
    return rank, on.coverage.end or date.min


def _row(on: CoverageOn) -> CoverageRow:
    coverage = on.coverage
    return CoverageRow(
        kind=coverage.kind,
        reference=coverage.reference,
        product=coverage.product,
        state=on.state,
        start=coverage.start,
        end=coverage.end,
        basis=coverage.basis,
        promised=coverage.promised,
    )


def _promised(verification: Verification | None, zone: tzinfo) -> ClaimCheck:
    if verification is None:
        return ClaimCheck(claim=PROMISED, verdict=ClaimVerdict.NOTHING)
    verdict = {
        VerificationState.CONFIRMED: ClaimVerdict.SUPPORTED,
        VerificationState.NOT_CONFIRMED: ClaimVerdict.CONTRADICTED,
    }.get(verification.state, ClaimVerdict.NOTHING)
    standing = verification.standing
    answer = AnswerRow(
        state=verification.state,
        by=standing.by if standing else verification.asked,
        on=(standing.at if standing else verification.asked_at).astimezone(zone).date(),
        evidence=standing.shown if standing else "",
        said=tuple(
            SaidRow(answer=each.answer, by=each.by, on=each.at.astimezone(zone).date(), evidence=each.shown)
            for each in verification.otherwise
        ),
    )
    return ClaimCheck(claim=PROMISED, verdict=verdict, answer=answer)


def _done_before(granted: Sequence[ExceptionRequest], coverages: Sequence[CoverageOn], zone: tzinfo) -> ClaimCheck:
    """The newest that was free; else what was granted instead; else the cover under which it may have been done."""
    given = [each for each in granted if each.state in GRANTED and each.decided_at]
    free = [each for each in given if each.concession in FREE]
    for rows, verdict in ((free, ClaimVerdict.SUPPORTED), (given, ClaimVerdict.CONTRADICTED)):
        if rows and (latest := rows[-1]).decided_at:
            grant = GrantRow(
                on=latest.decided_at.astimezone(zone).date(),
                concession=latest.concession,
                fault_ours=latest.grant is not None and latest.grant.ours,
            )
            return ClaimCheck(claim=DONE_BEFORE, verdict=verdict, grant=grant)
    over = [on for on in coverages if on.state is CoverageState.EXPIRED]
    row = _row(max(over, key=_weight)) if over else None
    return ClaimCheck(claim=DONE_BEFORE, verdict=ClaimVerdict.NOTHING, coverage=row)
