"""Gathering what the coach has to know of a case: directory and casebook, no Slack."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot import case as case_rules
from bot import claims, commitments, facts, grants, history, on_file, promise_moves
from bot import goodwill as goodwill_rules
from bot.advice import Advice, Situation
from bot.cards import granted as granted_card
from bot.case import Case, Course, Heard
from bot.commitments import Commitment
from bot.customer import CustomerRecord
from bot.entitlement import Coverage, CoverageOn, Entitlement, coverage_on, entitlement
from bot.errors import UserError
from bot.goodwill import ExceptionRequest
from bot.grants import Granted
from bot.i18n import words
from bot.playbook import Language
from bot.promises import Verification, VerificationState
from bot.setup import supervisors_away
from bot.signals import Reading
from handlers import people
from handlers.services import Services
from storage import cases, conversations, opportunities, outbox, promises
from storage import commitments as promised
from storage import facts as recorded_facts
from storage import goodwill as requests
from storage import workspace as workspaces
from storage.outbox import SendState


@dataclass(frozen=True)
class Standing:
    """A customer's coverages on their own today."""

    record: CustomerRecord
    today: date
    coverages: tuple[CoverageOn, ...]

    @property
    def entitlement(self) -> Entitlement:
        """One word for all of them."""
        return entitlement(self.coverages)


def moment(services: Services) -> datetime:
    """Now."""
    return datetime.fromtimestamp(services.clock(), tz=UTC)


def covered_today(services: Services, record: CustomerRecord, connection: Connection | None = None) -> Standing:
    """How a customer is covered today, where they are.

    Args:
        connection: The transaction in which it is asked; without it a grant just made there is not seen.
    """
    today = moment(services).astimezone(ZoneInfo(record.customer.timezone)).date()
    soon = services.playbook.policy.ends_soon_days
    coverages = (*record.coverages, *extended(services, record.customer.id, connection))
    return Standing(record, today, tuple(coverage_on(each, today, soon) for each in coverages))


def customer_of(services: Services, customer_id: str | None, connection: Connection | None = None) -> Standing | None:
    """A customer's standing, if they are on file.

    Args:
        connection: The transaction in which it is asked; without it a grant just made there is not seen.
    """
    directory = services.directory()
    if directory is None or customer_id is None:
        return None
    try:
        record = directory.record(customer_id)
    except UserError as error:
        services.tell_unreadable(error)
        return None
    return covered_today(services, record, connection) if record else None


def extended(services: Services, customer_id: str, connection: Connection | None = None) -> tuple[Coverage, ...]:
    """The extensions granted to a customer, of all they have, and those promised and recorded, as coverages.

    Args:
        connection: The transaction in which it is asked; without it a grant just made there is not seen.
    """
    with nullcontext(connection) if connection else services.casebook.look() as asking:
        workspace = services.identity.workspace
        granted = requests.extensions(asking, workspace, customer_id)
        made = promises.extensions(asking, workspace, customer_id)
        users = {each.scope.by for each in made if each.scope} | {said.by for each in made for said in each.answers}
        known = [workspaces.person(asking, workspace, user, since=0.0) for user in sorted(users)]
    names, hours = {each.user_id: each.name for each in known if each}, services.playbook.policy.hours
    covers = [grants.extension(each, hours) for each in granted]
    covers += [grants.promised_extension(each, names, hours) for each in made]
    return tuple(each for each in covers if each)


class CaseRecord:
    """What the casebook says of a case in one transaction: each thing is asked for once, however many need it."""

    def __init__(self, services: Services, connection: Connection, case: Case) -> None:
        self.services = services
        self.connection = connection
        self.case = case

    @cached_property
    def heard(self) -> Sequence[Heard]:
        """What was said, in its order."""
        return conversations.heard(self.connection, self.case)

    @cached_property
    def course(self) -> Course:
        """What that comes to."""
        return case_rules.course(self.heard)

    @cached_property
    def asked(self) -> Sequence[ExceptionRequest]:
        """The exceptions asked for."""
        return requests.of_case(self.connection, self.case.workspace, self.case.id)

    @cached_property
    def promise(self) -> Verification | None:
        """What sales was asked last."""
        return promises.of_case(self.connection, self.case.workspace, self.case.id)

    @cached_property
    def recorded(self) -> Mapping[str, str]:
        """The facts that count now; of a promise only what is said of the one that is claimed."""
        declined_at = goodwill_rules.last_declined(self.asked)
        found = dict(facts.current(recorded_facts.of_case(self.connection, self.case), declined_at=declined_at))
        if self.promise and claimed_anew(self.services, self.connection, self.case, self.promise):
            found.pop("claim", None)
        return found

    @cached_property
    def owed(self) -> Sequence[Commitment]:
        """The commitments made."""
        return promised.of_case(self.connection, self.case.workspace, self.case.id)

    @cached_property
    def history_used(self) -> bool:
        """Whether the customer had their exceptions of the window elsewhere (R23)."""
        return window_is_used(self.services, self.connection, self.case)

    @cached_property
    def is_requested(self) -> bool:
        """Whether an exception waits whose card stands where it is decided."""
        return any(
            each.is_pending
            and outbox.state_of(self.connection, self.case.workspace, requests.card_key(each.id)) is SendState.SENT
            for each in self.asked
        )

    @cached_property
    def is_received(self) -> bool:
        """Whether the customer knows that they were heard."""
        return cases.context(self.connection, self.case).received

    @cached_property
    def supervisor_away(self) -> bool:
        """Whether nobody who decides is here."""
        workspace, since = self.case.workspace, self.services.clock() - people.GROUPS_TOO_OLD_SECONDS
        groups = workspaces.groups(self.connection, workspace, since=since)
        return supervisors_away(workspaces.setup(self.connection, workspace), groups, moment(self.services))

    def standing(self, customer: Standing | None) -> case_rules.Standing:
        """Where the case stands in the decision table."""
        return case_rules.standing(
            entitlement=customer.entitlement if customer else Entitlement.UNKNOWN,
            promised=self.course.promised,
            exceptions=self.asked,
            recorded=self.recorded,
            history_used=self.history_used,
            bands=self.services.playbook.policy.cost,
        )


def situation(
    record: CaseRecord, customer: Standing | None, *, language: Language, about: Commitment | None = None
) -> Situation:
    """Everything the coach decides from.

    Args:
        language: The language of the lines, for what fills their placeholders.
        about: The commitment that the lines speak of, if not the one that is due next or was missed longest ago.
    """
    services, connection, case, said = record.services, record.connection, record.case, record.course
    first, now = [about] if about else [], moment(services)
    due = commitments.next_due(first, now) or commitments.next_due(record.owed, now)
    missed = commitments.longest_missed(first) or commitments.longest_missed(record.owed)
    recorded = dict(record.recorded)
    if due is None:
        recorded["commitment_recorded"] = "no"
    recorded["commitment_moved"] = "yes" if due and due.moved_from else "no"
    recorded["commitment_missed"] = "yes" if missed else "no"
    stands = record.standing(customer)
    closed = case.state is case_rules.CaseState.CLOSED
    yes = next((each for each in reversed(record.asked) if each.state in goodwill_rules.GRANTED), None)
    granted = grants.allowed(yes, services.playbook.policy.hours.timezone) if yes else None
    promise = record.promise
    held = case_rules.facts_held(
        stands,
        recorded,
        understood=said.replied and record.is_received,
        requested=record.is_requested,
        sales_told=opportunities.sales_told(connection, case.workspace, case.id),
        prices_on_file=_prices_on_file(services, customer),
        owner_left=bool(customer and customer.record.owner and customer.record.owner.left_on),
        supervisor_away=record.supervisor_away,
        closed=closed,
        slighted=said.slighted,
        overpromised=said.overpromised,
        threatened=said.threatened,
    )
    return Situation(
        standing=stands,
        stage=case_rules.stage_reached(said, stands, held, closed=closed),
        facts=held,
        values=_values(due, missed, customer, granted, language),
        asked=any(each.state not in goodwill_rules.OVER for each in record.asked),
        granted=granted,
        promised=promise.scope if promise and promise.state is VerificationState.CONFIRMED else None,
    )


def claimed_anew(services: Services, connection: Connection, case: Case, promise: Verification) -> bool:
    """Whether the customer claims a promise anew since the one that was made is over."""
    if promise.state is not VerificationState.LAPSED:
        return False
    said_at = conversations.last_showed_at(connection, case, "claims_promise")
    return promise_moves.claimed_anew(promise, said_at, services.playbook.policy.hours)


def window_is_used(services: Services, connection: Connection, case: Case, *, own: bool = False) -> bool:
    """Whether the customer had their exceptions of the window (R23).

    Args:
        own: This case's own counts as well; otherwise it does not count against it.
    """
    if not case.customer_id:
        return False
    granted = requests.granted_at(connection, case.workspace, case.customer_id, but_not="" if own else case.id)
    policy = services.playbook.policy
    return history.window_is_used(granted, policy.goodwill, policy.hours, moment(services))


def has_new_facts(connection: Connection, case: Case, asked: Sequence[ExceptionRequest]) -> bool:
    """Whether somebody wrote down something new since the case was last declined (R34)."""
    recorded = recorded_facts.of_case(connection, case)
    return facts.current(recorded, declined_at=goodwill_rules.last_declined(asked)).get("new_facts") == "yes"


def with_checks(
    record: CaseRecord, customer: Standing | None, reading: Reading, advice: Advice, zone: ZoneInfo
) -> Advice:
    """Advice with what the record says to the customer's claims, kept together so that it can be looked at again.

    Args:
        zone: Where the days begin and end for whoever reads it.
    """
    sure_from, case = record.services.playbook.policy.whisper.sure_from, record.case
    whose = case.customer_id
    granted = requests.granted_to(record.connection, case.workspace, whose, but_not=case.id) if whose else []
    checks = claims.check(
        (each.id for each in reading.signals if each.score >= sure_from),
        coverages=customer.coverages if customer else (),
        granted=granted,
        verification=record.promise,
        zone=zone,
    )
    return advice.model_copy(update={"checks": checks})


def zone_of(customer: Standing | None, otherwise: str = "Asia/Taipei") -> ZoneInfo:
    """Where the customer's days begin and end."""
    return ZoneInfo(customer.record.customer.timezone if customer else otherwise)


def _values(
    due: Commitment | None,
    missed: Commitment | None,
    customer: Standing | None,
    granted: Granted | None,
    language: Language,
) -> dict[str, str | date]:
    """What a line's placeholders stand for; one that is not known is not there, and the line is kept back."""
    values: dict[str, str | date] = {}

    def told(commitment: Commitment, time: datetime) -> str:
        return commitments.due_words(time, zone_of(customer, commitment.timezone).key, language)

    if due:
        values["due_at"] = told(due, due.due_at)
    if due and due.moved_from:
        values["moved_from"] = told(due, due.moved_from)
    if missed:
        values["missed_at"] = told(missed, missed.due_at)
    if granted:
        values["concession"] = granted_card.in_a_line(granted, words(language))
    return values | (on_file.line_values(customer.record, customer.coverages) if customer else {})


def _prices_on_file(services: Services, customer: Standing | None) -> bool:
    directory = services.directory()
    return bool(customer and directory and on_file.has_prices(customer.record, directory.service_prices()))
