"""Whatever people do in whatever order, and however late, a request lives as its table says (model-based)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.authority import Authority, authorities, managers
from bot.goodwill import (
    DECIDING,
    MOVES,
    PENDING,
    Clicker,
    ExceptionRequest,
    ExceptionState,
    Move,
    Refusal,
    Terms,
    agents_refusal,
    by_itself,
    due_next,
    moved,
    ruling,
)
from bot.message import Role
from bot.policy import ApprovalPolicy, Concession, HoursPolicy, Limits
from bot.setup import Away, RoleSource, Setup
from bot.working_hours import is_open

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ASKER, PEER, DEPUTY, CHIEF, HEAD, MANAGER, SECOND = (
    "UASKER",
    "UPEER",
    "UDEPUTY",
    "UCHIEF",
    "UHEAD",
    "UMANAGER",
    "USECOND",
)
ROLES = {
    ASKER: Role.AGENT,
    PEER: Role.AGENT,
    DEPUTY: Role.AGENT,
    CHIEF: Role.SUPERVISOR,
    HEAD: Role.SUPERVISOR,
    MANAGER: Role.SUPERVISOR,
    SECOND: Role.SUPERVISOR,
    "USALES": Role.SALES,
    "UOTHER": Role.COLLEAGUE,
    "UCUSTOMER": Role.CUSTOMER,
}
SETUP = Setup(
    agents=RoleSource(users=(ASKER, PEER, DEPUTY)),
    supervisors=RoleSource(users=(CHIEF, HEAD, "UCUSTOMER")),
    managers=RoleSource(users=(MANAGER, SECOND)),
)
POLICY = ApprovalPolicy(
    supervisor=Limits(up_to=Decimal(20_000), concessions=(Concession.FULL, Concession.DISCOUNT)),
    manager=Limits(up_to=Decimal(200_000), beyond_the_window=True),
)
HOURS = HoursPolicy()
HOLDING_A_GRANT = {ExceptionState.APPROVED, ExceptionState.USED, ExceptionState.LAPSED}
OVER = set(ExceptionState) - PENDING - {ExceptionState.APPROVED}
AGENTS_MOVES = (Move.ANSWER, Move.WITHDRAW, Move.USE)
MOST_BY_ITSELF = 4

OPENINGS: tuple[tuple[tuple[str, Move], ...], ...] = (
    (),
    ((CHIEF, Move.APPROVE),),
    ((CHIEF, Move.APPROVE), (MANAGER, Move.ASK_BACK)),
    ((CHIEF, Move.APPROVE), (MANAGER, Move.APPROVE)),
)
DECIDERS = (CHIEF, HEAD, MANAGER, SECOND, DEPUTY)

people = st.sampled_from(sorted(ROLES))
deciders = st.sampled_from(DECIDERS)
amounts = st.sampled_from([Decimal(each) for each in (1, 3_000, 20_000, 20_001, 200_000, 200_001)])
concessions = st.sampled_from(tuple(Concession))


def filed(requested_by: str, cost: Decimal, concession: Concession, fault_ours: str) -> ExceptionRequest:
    """A request as it is written down first."""
    request = ExceptionRequest(
        workspace="T1",
        id="e1",
        case_id="c1",
        customer_id="C-1",
        requested_by=requested_by,
        requested_at=START,
        concession=concession,
        fault="down",
        cost=cost,
        currency="TWD",
        reason="regular",
        fault_ours=fault_ours,
    )
    due = due_next(request, None, START, POLICY, HOURS)
    assert due
    return request.model_copy(update={"due_at": due[0], "due_move": due[1]})


class Life(RuleBasedStateMachine):
    """Several people, their absences and deputies, what they said to the customer, and time."""

    @initialize(
        requested_by=st.sampled_from((ASKER, CHIEF, MANAGER)),
        cost=amounts,
        concession=concessions,
        fault_ours=st.sampled_from(("no", "unknown", "yes")),
        opening=st.sampled_from(OPENINGS),
    )
    def file(
        self,
        requested_by: str,
        cost: Decimal,
        concession: Concession,
        fault_ours: str,
        opening: tuple[tuple[str, Move], ...],
    ) -> None:
        """Somebody asks, supervisors and managers may as well; and the first answers, where they are allowed."""
        self.now = START
        self.setup = SETUP
        self.took_part: set[str] = set()
        self.handler = requested_by
        self.window_used = False
        self.decisions: list[tuple[str, Move]] = []
        self.request = filed(requested_by, cost, concession, fault_ours)
        for user, wanted in opening:
            self._decide(user, wanted, Terms(reason="because"))

    @precondition(lambda self: self.request.state not in OVER)
    @rule(user=deciders, deputy=deciders | people, hours=st.none() | st.integers(1, 60))
    def goes_away(self, user: str, deputy: str, hours: int | None) -> None:
        """Somebody says they are away, and who stands in for them."""
        until = None if hours is None else self.now + timedelta(hours=hours)
        self.setup = self.setup.with_away(user, Away(user=user, until=until, deputy=deputy))

    @precondition(lambda self: self.request.state not in OVER)
    @rule(user=deciders)
    def comes_back(self, user: str) -> None:
        """They are here again."""
        self.setup = self.setup.with_away(user, None)

    @precondition(lambda self: self.request.state not in OVER)
    @rule(user=st.sampled_from((ASKER, PEER, DEPUTY, CHIEF, MANAGER)))
    def talks_to_the_customer(self, user: str) -> None:
        """Whoever does handles the case from then on, and decides nothing in it (R30)."""
        self.took_part.add(user)
        self.handler = user

    @precondition(lambda self: self.request.state not in OVER)
    @rule()
    def another_case_uses_the_window(self) -> None:
        """The customer is granted their exception elsewhere meanwhile (R23)."""
        self.window_used = True

    @precondition(lambda self: self.request.state not in OVER)
    @rule(minutes=st.sampled_from((1, 90, 1_440, 30_000)))
    def time_passes(self, minutes: int) -> None:
        """Nothing was running, so whatever is due is late."""
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.request.due_at is not None)
    @rule(late_minutes=st.sampled_from((0, 1, 600, 60_000)))
    def its_time_comes(self, late_minutes: int) -> None:
        """What happens by itself, on time or after a downtime."""
        assert self.request.due_at
        self.now = max(self.now, self.request.due_at + timedelta(minutes=late_minutes))
        move = by_itself(self.request, self.now)
        assert move is not None
        grant = self.request.grant
        if self.request.state is ExceptionState.APPROVED and grant and grant.valid_until:
            assert move is (Move.LAPSE if grant.valid_until <= self.now else Move.REMIND)
        self._make(move, by=None)

    @rule(
        user=st.sampled_from((CHIEF, HEAD, MANAGER, SECOND, DEPUTY)) | people, wanted=st.sampled_from(sorted(DECIDING))
    )
    def decides_plainly(self, user: str, wanted: Move) -> None:
        """A click on the card."""
        self._decide(user, wanted, Terms(reason="" if wanted is Move.APPROVE else "because"))

    @rule(user=people, wanted=st.sampled_from(sorted(DECIDING)))
    def anybody_tries(self, user: str, wanted: Move) -> None:
        """A click by whoever is about, at whatever time."""
        self._decide(user, wanted, Terms(reason="because"))

    @precondition(lambda self: self.request.is_pending)
    @rule(
        user=deciders,
        cap=st.none() | amounts,
        concession=st.none() | concessions,
        valid_days=st.none() | st.integers(1, 90),
        fault_ours=st.booleans(),
    )
    def decides_with_terms(
        self, user: str, cap: Decimal | None, concession: Concession | None, valid_days: int | None, *, fault_ours: bool
    ) -> None:
        """A window sent off."""
        terms = Terms(
            concession=concession,
            cap=cap,
            valid_days=valid_days,
            fault_ours=fault_ours,
            reason="because",
            extended_to=date(2027, 1, 31) if concession is Concession.EXTENSION else None,
        )
        self._decide(user, Move.APPROVE, terms)

    @precondition(lambda self: self.request.state in {ExceptionState.ASKED_BACK, ExceptionState.APPROVED})
    @rule(by_handler=st.booleans())
    def answers_or_books(self, *, by_handler: bool) -> None:
        """Whoever asked, or handles the case, does what is theirs to do."""
        wanted = Move.ANSWER if self.request.state is ExceptionState.ASKED_BACK else Move.USE
        self._agent_moves(self.handler if by_handler else self.request.requested_by, wanted)

    @rule(user=people, wanted=st.sampled_from(AGENTS_MOVES))
    def anybody_tries_the_agents_buttons(self, user: str, wanted: Move) -> None:
        """Nobody else does."""
        self._agent_moves(user, wanted)

    def _agent_moves(self, user: str, wanted: Move) -> None:
        clicker = Clicker(user=user, held=self._held(user), handles=user == self.handler)
        refused = agents_refusal(self.request, wanted, clicker, self.now)
        if user not in {self.request.requested_by, self.handler}:
            assert refused is Refusal.NOT_YOURS
        if refused:
            return
        grant = self.request.grant
        assert wanted is not Move.USE or (grant and (grant.valid_until is None or self.now < grant.valid_until))
        self._make(wanted, by=user, terms=Terms(reason="line 3"))
        assert wanted is not Move.ANSWER or self.request.first_by is None

    def _held(self, user: str) -> tuple[Authority, ...]:
        return authorities(user, ROLES[user], self.setup, {}, self.now)

    def _decide(self, user: str, wanted: Move, terms: Terms) -> None:
        before = self.request
        held = self._held(user)
        ruled = ruling(
            before,
            wanted,
            Clicker(user=user, held=held, took_part=user in self.took_part, handles=user == self.handler),
            terms,
            POLICY,
            window_used=self.window_used,
            has_manager=bool(managers(self.setup, {}) - {user, before.requested_by}),
        )
        assert (ruled.move is None) is (ruled.refusal is not None)
        if ruled.move is None:
            return
        assert ruled.authority in held
        assert user != before.requested_by
        assert user not in self.took_part
        assert ruled.authority
        assert ruled.authority.deputy_for != before.requested_by
        self._make(ruled.move, by=user, terms=terms, authority=ruled.authority)
        if ruled.move in {Move.APPROVE, Move.DECLINE}:
            self.decisions.append((user, ruled.move))
        if ruled.move is Move.APPROVE:
            assert self.request.grant
            assert self.request.grant.ours is terms.fault_ours  # the asker's word lifts no limit
            self._is_within_the_limits(ruled.authority)

    def _is_within_the_limits(self, authority: Authority) -> None:
        grant, limits = self.request.grant, authority.limits(POLICY)
        assert grant
        if grant.ours:
            return
        assert grant.cap <= limits.up_to
        assert grant.concession in limits.concessions
        assert limits.beyond_the_window or not self.window_used

    def _make(
        self, move: Move, *, by: str | None, terms: Terms | None = None, authority: Authority | None = None
    ) -> None:
        before = self.request
        self.request = moved(
            before, move, by=by, now=self.now, policy=POLICY, hours=HOURS, terms=terms, authority=authority
        )
        assert MOVES[before.state, move] is self.request.state
        if before.decided_by:
            decided = ("decided_by", "decided_at", "decision_reason", "deputy_for", "grant")
            assert all(getattr(before, name) == getattr(self.request, name) for name in decided)

    @invariant()
    def there_is_at_most_one_decision(self) -> None:
        """Once and for all, and by the person who made it."""
        assert len(self.decisions) <= 1
        assert self.request.decided_by == next((user for user, _ in self.decisions), None)

    @invariant()
    def a_grant_is_there_exactly_after_a_yes(self) -> None:
        """No grant without a decision, no decision without its grant."""
        request = self.request
        assert (request.grant is not None) is (request.state in HOLDING_A_GRANT)
        assert (request.decided_at is not None) is (request.state in HOLDING_A_GRANT | {ExceptionState.DECLINED})
        assert (request.used_by is not None) is (request.state is ExceptionState.USED)

    @invariant()
    def two_approvers_are_two_people(self) -> None:
        """And neither is whoever asked."""
        request = self.request
        if request.state in HOLDING_A_GRANT:
            assert request.first_by != request.decided_by
        assert request.requested_by not in {request.first_by, request.decided_by, request.deputy_for}
        assert request.state is not ExceptionState.SECONDING or request.first_by

    @invariant()
    def what_waits_has_its_time_and_what_is_over_has_none(self) -> None:
        """Nothing waits forever, and nothing is touched after its end; people are asked while somebody is there."""
        request = self.request
        assert (request.due_at is None) is (request.state in OVER or _is_extension(request))
        assert (request.due_move is None) is (request.due_at is None)
        if request.due_at and request.due_move:
            assert (request.state, request.due_move) in MOVES
            assert request.state is ExceptionState.APPROVED or is_open(request.due_at, HOURS)

    @invariant()
    def left_alone_it_ends(self) -> None:
        """From wherever it stands, time alone brings it to an end in a few moves."""
        request = self.request
        for _ in range(MOST_BY_ITSELF):
            if request.due_at is None or request.due_move is None:
                break
            move = by_itself(request, request.due_at)
            assert move
            request = moved(request, move, by=None, now=request.due_at, policy=POLICY, hours=HOURS)
        assert request.state in OVER or _is_extension(request)


def _is_extension(request: ExceptionRequest) -> bool:
    """Whether it is cover that lasts until its last day, booked or not."""
    granted = request.grant if request.state is ExceptionState.APPROVED else None
    return granted is not None and granted.extended_to is not None


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=300, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize(("state", "move"), list(product(ExceptionState, Move)))
def test_only_what_the_table_has_can_happen(state: ExceptionState, move: Move) -> None:
    """`MOVES` is exactly what `moved` accepts."""
    request = filed(ASKER, Decimal(1), Concession.FULL, "no").model_copy(update={"state": state})
    if (state, move) in MOVES:
        after = moved(request, move, by=CHIEF, now=START, policy=POLICY, hours=HOURS)
        assert after.state is MOVES[state, move]
    else:
        with pytest.raises(KeyError):
            moved(request, move, by=CHIEF, now=START, policy=POLICY, hours=HOURS)


def test_people_and_time_reach_every_state_and_make_every_move() -> None:
    """No state and no move of the table is there for show: people who may, and time, bring each about."""
    start = filed(ASKER, Decimal(30_000), Concession.FULL, "no")
    open_, seen, made = [start], {(start.state, start.due_move)}, set()
    while open_:
        request = open_.pop()
        for move, after in _next(request):
            made.add((request.state, move))
            if (after.state, after.due_move) not in seen:
                seen.add((after.state, after.due_move))
                open_.append(after)
    assert {state for state, _ in seen} == set(ExceptionState)
    assert made == set(MOVES)


def _next(request: ExceptionRequest) -> Iterator[tuple[Move, ExceptionRequest]]:
    """Whatever can happen to it next."""
    now = START
    for user, cap, wanted in product((CHIEF, HEAD, MANAGER), (None, Decimal(1)), sorted(DECIDING)):
        terms = Terms(reason="because", cap=cap)
        clicker = Clicker(user=user, held=authorities(user, ROLES[user], SETUP, {}, now))
        ruled = ruling(request, wanted, clicker, terms, POLICY, window_used=False, has_manager=True)
        if ruled.move:
            yield (
                ruled.move,
                moved(
                    request,
                    ruled.move,
                    by=user,
                    now=now,
                    policy=POLICY,
                    hours=HOURS,
                    terms=terms,
                    authority=ruled.authority,
                ),
            )
    for move in AGENTS_MOVES:
        if not agents_refusal(request, move, Clicker(user=ASKER), now):
            yield move, moved(request, move, by=ASKER, now=now, policy=POLICY, hours=HOURS)
    if request.due_at and (move_then := by_itself(request, request.due_at)):
        yield move_then, moved(request, move_then, by=None, now=request.due_at, policy=POLICY, hours=HOURS)
