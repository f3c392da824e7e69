"""When sales is told, who it is, and what becomes of it: never in the night, never in a storm, never nobody."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import ValidationError

from bot.case import Standing
from bot.customer import Customer, CustomerRecord, StaffMember
from bot.decision_table import beside, decide
from bot.entitlement import Entitlement
from bot.playbook_files import load_playbook
from bot.policy import HoursPolicy, SalesPolicy
from bot.sales import (
    BY_ITSELF,
    CHANNEL,
    FOLLOWS,
    MOVES,
    SETTLED,
    LostReason,
    Opportunity,
    OpportunityState,
    Outcome,
    SalesMove,
    SalesRefusal,
    Seller,
    SnoozeError,
    by_itself,
    chain,
    in_sales,
    is_new_card,
    joined,
    may_act,
    moved,
    opened,
    quiet_until,
    refusal,
    snooze_error,
)
from bot.sales_reasons import reasons_to_tell, weight
from bot.settings import PACKAGED_PLAYBOOK
from bot.setup import RoleSource, Setup
from bot.working_hours import is_open

POLICY, HOURS = SalesPolicy(), HoursPolicy()
FRIDAY_NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
FRIDAY_NIGHT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
MONDAY_OPENING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OWNER, BACKUP, MANAGER, PEER = "UOWNER", "UBACKUP", "UMANAGER", "UPEER"


def opportunity(*reasons: str, at: datetime = FRIDAY_NOON, case: str = "c1") -> Opportunity:
    """One that has just been opened."""
    why = reasons or ("reports_fault",)
    new = Opportunity(workspace="T1", id=f"o-{case}", case_id=case, customer_id="C-1", reasons=why, opened_at=at)
    return opened(new, POLICY, HOURS)


def after(known: Opportunity, move: SalesMove, now: datetime, by: str | None = None, **said: object) -> Opportunity:
    """The opportunity after a move."""
    outcome = Outcome.model_validate({"whom": OWNER, **said})
    return moved(known, move, by=by, now=now, policy=POLICY, hours=HOURS, said=outcome)


def told(*reasons: str, at: datetime = FRIDAY_NOON, case: str = "c1") -> Opportunity:
    """One of which the owner was told."""
    return after(opportunity(*reasons, at=at, case=case), SalesMove.TELL, at)


# --- when


def test_a_need_of_who_is_not_covered_is_told_and_nobody_elses() -> None:
    """R20: a gap in the record is looked into first, and who is covered is served."""
    assert reasons_to_tell(Entitlement.EXPIRED, ["reports_fault", "anger"]) == ("reports_fault",)
    for entitlement in (Entitlement.COVERED, Entitlement.PARTLY, Entitlement.UNKNOWN):
        assert reasons_to_tell(entitlement, ["reports_fault", "asks_favour"]) == ()


@pytest.mark.parametrize("entitlement", Entitlement)
def test_who_threatens_to_leave_is_told_of_whatever_their_cover(entitlement: Entitlement) -> None:
    """R36: sales is told at once."""
    assert reasons_to_tell(entitlement, ["threatens_to_leave"]) == ("threatens_to_leave",)


def test_a_promise_is_told_of_unless_all_is_covered() -> None:
    """R24: whoever says that something was promised needs sales, also while nobody knows how they are covered."""
    heard = {entitlement: reasons_to_tell(entitlement, ["claims_promise"]) for entitlement in Entitlement}
    assert heard == {each: () if each is Entitlement.COVERED else ("claims_promise",) for each in Entitlement}


def test_sales_comes_in_where_the_decision_table_leads_to_them() -> None:
    """R20, R22, R27: high cost, a window used up; to be asked about a promise is another matter."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)

    def why(**stands: str) -> Sequence[str]:
        standing = Standing.model_validate({"entitlement": "expired", "fault_ours": "no", "cost": "low", **stands})
        return reasons_to_tell(Entitlement.EXPIRED, (), (decide(playbook, standing), *beside(playbook, standing)))

    assert why(cost="high") == ("row:renew",)
    assert why(cost="high", claim="not_confirmed") == ("row:renew",)
    assert why(history="used") == ("row:used_up",)
    assert why() == ()
    assert why(claim="pending") == ()
    assert why(cost="high", decision="granted") == ()
    assert why(cost="high", fault_ours="yes") == ()


def test_what_is_not_urgent_waits_until_the_desk_opens() -> None:
    """Neither in the night nor on a holiday; what is urgent is told at any hour."""
    assert opportunity("reports_fault", at=FRIDAY_NOON).due_at == FRIDAY_NOON
    assert opportunity("reports_fault", at=FRIDAY_NIGHT).due_at == MONDAY_OPENING
    assert opportunity("threatens_to_leave", at=FRIDAY_NIGHT).due_at == FRIDAY_NIGHT
    new_year = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
    assert opportunity("reports_fault", at=new_year).due_at == datetime(2027, 1, 4, 1, 0, tzinfo=UTC)


def test_a_second_reason_joins_in_silence() -> None:
    """One opportunity a case, and one card while it gets no graver."""
    known = told("reports_fault")
    more = joined(known, ["asks_favour", "reports_fault"], FRIDAY_NOON, POLICY, HOURS)
    assert more.reasons == ("reports_fault", "asks_favour")
    assert (more.due_at, more.due_move) == (known.due_at, SalesMove.MOVE_UP)


@pytest.mark.parametrize("state", [OpportunityState.ASKED, OpportunityState.SNOOZED, OpportunityState.TAKEN])
def test_a_graver_reason_is_told_anew_at_once(state: OpportunityState) -> None:
    """R36: whoever was told of a fault hears of the threat as well, also in the night."""
    known = told("reports_fault")
    if state is OpportunityState.SNOOZED:
        known = after(known, SalesMove.SNOOZE, FRIDAY_NOON, OWNER, until=MONDAY_OPENING)
    if state is OpportunityState.TAKEN:
        known = after(known, SalesMove.TAKE, FRIDAY_NOON, OWNER)
    graver = joined(known, ["threatens_to_leave"], FRIDAY_NIGHT, POLICY, HOURS)
    assert (graver.due_at, graver.due_move) == (FRIDAY_NIGHT, SalesMove.TELL_ANEW)
    assert by_itself(graver, FRIDAY_NIGHT) is SalesMove.TELL_ANEW
    heard = after(graver, SalesMove.TELL_ANEW, FRIDAY_NIGHT)
    assert heard.state is (OpportunityState.TAKEN if state is OpportunityState.TAKEN else OpportunityState.ASKED)
    again = joined(heard, ["claims_promise", "asks_favour"], FRIDAY_NIGHT, POLICY, HOURS)
    assert again.due_move is not SalesMove.TELL_ANEW


def test_what_a_manager_puts_off_for_whoever_took_it_stays_theirs() -> None:
    """It comes up again with them, who speak to the customer, and not with the manager."""
    taken = after(told(), SalesMove.TAKE, FRIDAY_NOON, OWNER)
    put_off = after(taken, SalesMove.SNOOZE, FRIDAY_NOON, MANAGER, until=MONDAY_OPENING)
    assert (put_off.holder, put_off.due_at, put_off.due_move) == (OWNER, MONDAY_OPENING, SalesMove.WAKE)
    assert after(told(), SalesMove.SNOOZE, FRIDAY_NOON, MANAGER, until=MONDAY_OPENING).holder == MANAGER


def test_what_the_table_calls_for_is_graver_than_a_need_and_waits_for_the_desk() -> None:
    """R20: that the cost is high is news for sales, and no reason to wake anybody."""
    graver = joined(told("reports_fault"), ["row:renew"], FRIDAY_NIGHT, POLICY, HOURS)
    assert (graver.due_at, graver.due_move) == (MONDAY_OPENING, SalesMove.TELL_ANEW)
    worse = joined(graver, ["threatens_to_leave"], FRIDAY_NIGHT, POLICY, HOURS)
    assert worse.due_at == FRIDAY_NIGHT


def test_a_threat_before_anybody_was_told_makes_it_urgent() -> None:
    """What waited for Monday is told tonight."""
    waiting = opportunity("reports_fault", at=FRIDAY_NIGHT)
    urgent = joined(waiting, ["threatens_to_leave"], FRIDAY_NIGHT, POLICY, HOURS)
    assert (urgent.due_at, urgent.due_move) == (FRIDAY_NIGHT, SalesMove.TELL)


def test_whoever_took_it_is_reminded_once_and_the_manager_hears_and_then_only_whether_they_are_here_is_seen() -> None:
    """Five working days each; it stays with them, and sales was told nothing new about the customer."""
    known = after(told("reports_fault"), SalesMove.TAKE, FRIDAY_NOON, OWNER)
    week = timedelta(days=7)
    now, moves = FRIDAY_NOON, []
    for _ in range(4):
        assert known.due_at == now + week
        assert by_itself(known, now + week - timedelta(seconds=1)) is None
        now += week
        move = by_itself(known, now)
        assert move
        kept = known.model_copy(update={"due_at": None, "due_move": None})
        known = after(known, move, now)
        assert known.model_copy(update={"due_at": None, "due_move": None}) == kept
        moves.append(move)
    assert moves == [SalesMove.REMIND, SalesMove.ESCALATE, SalesMove.LOOK, SalesMove.LOOK]


def test_news_of_what_was_taken_begins_the_days_anew() -> None:
    """Who was told of a threat this morning is not reminded today that they noted nothing."""
    known = after(told("reports_fault"), SalesMove.TAKE, FRIDAY_NOON, OWNER)
    reminded = after(known, SalesMove.REMIND, FRIDAY_NOON + timedelta(days=7))
    threat = joined(reminded, ["threatens_to_leave"], FRIDAY_NOON + timedelta(days=8), POLICY, HOURS)
    heard = after(threat, SalesMove.TELL_ANEW, MONDAY_OPENING + timedelta(days=7))
    assert (heard.due_at, heard.due_move) == (MONDAY_OPENING + timedelta(days=14), SalesMove.REMIND)


def test_it_comes_from_a_case_or_from_a_contract() -> None:
    """From one of them, never from both."""
    known = {"workspace": "T1", "id": "o1", "reasons": ("x",), "opened_at": FRIDAY_NOON}
    for of in ({}, {"case_id": "c1", "contract": "M-1"}):
        with pytest.raises(ValidationError):
            Opportunity.model_validate(known | of)
    assert [Opportunity.model_validate(known | of).root for of in ({"case_id": "c1"}, {"contract": "M-1"})] == [
        "c1",
        "o1",
    ]


def test_what_was_lost_opens_again_for_an_urgent_reason_alone() -> None:
    """A customer who threatens to leave after a no to the renewal is somebody's matter again; what is won is won."""
    lost = after(told("reports_fault"), SalesMove.LOSE, FRIDAY_NOON, OWNER, lost_reason=LostReason.PRICE)
    assert joined(lost, ["row:renew"], FRIDAY_NOON, POLICY, HOURS).due_move is None
    back = joined(lost, ["threatens_to_leave"], FRIDAY_NOON, POLICY, HOURS)
    asked = after(back, SalesMove.TELL_ANEW, FRIDAY_NOON)
    assert (asked.state, asked.settled_by, asked.told) == (OpportunityState.ASKED, None, (OWNER, OWNER))
    assert (asked.lost_reason, asked.lost_note) == (LostReason.PRICE, lost.lost_note)
    assert after(asked, SalesMove.WIN, FRIDAY_NOON, OWNER).lost_reason is None
    won = after(told("reports_fault"), SalesMove.WIN, FRIDAY_NOON, OWNER, value=Decimal(1), months=12)
    assert joined(won, ["threatens_to_leave"], FRIDAY_NOON, POLICY, HOURS).due_move is None


def test_two_needs_in_one_minute_are_one_ping() -> None:
    """Another case of the same customer waits until the window is over, and then until the desk is open."""
    first, second = told("reports_fault"), opportunity("asks_favour", case="c2")
    minute_later = FRIDAY_NOON + timedelta(minutes=1)
    assert quiet_until(second, [first], POLICY, HOURS, minute_later) == MONDAY_OPENING
    assert quiet_until(second, [], POLICY, HOURS, minute_later) is None
    assert quiet_until(second, [opportunity(case="c3")], POLICY, HOURS, minute_later) is None
    day_later = FRIDAY_NOON + timedelta(days=1, seconds=1)
    assert quiet_until(second, [first], POLICY, HOURS, day_later) is None


def test_a_graver_case_does_not_wait_for_the_window() -> None:
    """R36: sales heard of a fault this morning; that the same customer threatens to leave is told now."""
    threat = opportunity("threatens_to_leave", case="c2")
    assert quiet_until(threat, [told("reports_fault")], POLICY, HOURS, FRIDAY_NOON) is None
    assert quiet_until(threat, [told("threatens_to_leave")], POLICY, HOURS, FRIDAY_NOON) is not None


@given(reasons=st.lists(st.sampled_from(["reports_fault", "row:renew", "claims_promise", "threatens_to_leave"])))
def test_the_gravest_reason_counts(reasons: list[str]) -> None:
    """A threat before a promise, a promise before the table, the table before a need."""
    order = ["reports_fault", "row:renew", "claims_promise", "threatens_to_leave"]
    assert weight(reasons, POLICY) == max((order.index(each) for each in reasons), default=0)


# --- who


def staff(user: str | None, left_on: date | None = None, number: str = "S") -> StaffMember:
    """One of us."""
    return StaffMember(id=number, name=user or "?", slack_user_id=user, left_on=left_on)


def record(**known: object) -> CustomerRecord:
    """A customer with these colleagues of ours."""
    return CustomerRecord.model_validate({"customer": Customer(id="C-1", name="Kuanghsin"), **known})


def test_the_chain_goes_from_owner_to_backup_to_sales_managers() -> None:
    """An owner who left is not in it, their successor is; a colleague without Slack cannot be told."""
    setup = Setup(sales_managers=RoleSource(users=(MANAGER,), groups=("S1",)))
    groups = {"S1": frozenset({"UZOE", BACKUP})}
    owner, backup = staff(OWNER), staff(BACKUP)
    assert chain(record(owner=owner, successor=owner, backup=backup), setup, groups) == (OWNER, BACKUP, MANAGER, "UZOE")
    assert chain(None, setup, groups) == (MANAGER, BACKUP, "UZOE")
    gone = staff("UGONE", date(2026, 6, 30))
    assert chain(record(owner=gone, successor=backup), setup, groups) == (BACKUP, MANAGER, "UZOE")
    assert chain(record(owner=staff(None), successor=staff(None)), setup, {}) == (MANAGER,)


def test_a_sales_manager_sells_too() -> None:
    """Whoever the setup names as one may click, whether or not they are among the salespeople."""
    setup = Setup(sales=RoleSource(users=(OWNER,)), sales_managers=RoleSource(groups=("S1",)))
    groups = {"S1": frozenset({MANAGER})}
    assert [in_sales(each, setup, groups) for each in (OWNER, MANAGER, "UAGENT")] == [True, True, False]


def test_nobody_reacting_it_moves_up_in_working_time() -> None:
    """Two hours of the desk's time: told at five on Friday, the next one hears on Monday at ten."""
    late = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    asked = told("reports_fault", at=late)
    assert (asked.due_at, asked.due_move) == (datetime(2026, 11, 23, 2, 0, tzinfo=UTC), SalesMove.MOVE_UP)
    up = after(asked, SalesMove.MOVE_UP, MONDAY_OPENING, whom=MANAGER)
    assert (up.told, up.holder, up.card) == ((OWNER, MANAGER), MANAGER, "sales:c1:1")


def test_a_card_that_reached_nobody_makes_room_for_the_next_at_once() -> None:
    """Withheld or refused by Slack: nobody waits two hours for who cannot see it; what rests, rests."""
    asked = told("reports_fault")
    assert by_itself(asked, FRIDAY_NOON) is None
    assert by_itself(asked, FRIDAY_NOON, reached=False) is SalesMove.MOVE_UP
    resting = asked.model_copy(update={"due_at": None, "due_move": None})
    assert by_itself(resting, FRIDAY_NOON, reached=False) is None


# --- who may


WORKING = (SalesMove.SNOOZE, SalesMove.HAND_ON, SalesMove.WIN, SalesMove.LOSE)
SELLERS = {
    "owner": Seller(user=OWNER, sells=True),
    "peer": Seller(user=PEER, sells=True),
    "manager": Seller(user=MANAGER, sells=True, manages=True),
    "agent": Seller(user="UAGENT"),
}
STATES = {
    "open": opportunity(),
    "asked": told(),
    "in_channel": moved(
        opportunity(), SalesMove.TELL, by=None, now=FRIDAY_NOON, policy=POLICY, hours=HOURS, said=Outcome(whom=CHANNEL)
    ),
    "snoozed": after(told(), SalesMove.SNOOZE, FRIDAY_NOON, OWNER, until=MONDAY_OPENING),
    "taken": after(told(), SalesMove.TAKE, FRIDAY_NOON, OWNER),
    "won": after(told(), SalesMove.WIN, FRIDAY_NOON, OWNER, value=Decimal(1), months=1),
    "lost": after(told(), SalesMove.LOSE, FRIDAY_NOON, OWNER, lost_reason=LostReason.OTHER),
}
TABLE = """
                    take    snooze    hand_on   win       lose
owner   asked       yes     yes       yes       yes       yes
owner   in_channel  yes     yes       yes       yes       yes
owner   snoozed     yes     yes       yes       yes       yes
owner   taken       taken   yes       yes       yes       yes
peer    asked       yes     not_yours not_yours not_yours not_yours
peer    in_channel  yes     yes       yes       yes       yes
peer    snoozed     yes     not_yours not_yours not_yours not_yours
peer    taken       taken   not_yours not_yours not_yours not_yours
manager asked       yes     yes       yes       yes       yes
manager in_channel  yes     yes       yes       yes       yes
manager snoozed     yes     yes       yes       yes       yes
manager taken       taken   yes       yes       yes       yes
"""


def expected(who: str, where: str, move: SalesMove) -> str:
    """What the table says; whatever it does not name is refused for everybody."""
    names, *lines = [line.split() for line in TABLE.strip().splitlines()]
    cells = {(row[0], row[1], name): row[2 + at] for row in lines for at, name in enumerate(names)}
    if who == "agent" or move in BY_ITSELF:
        return "not_sales"
    if where in {"won", "lost"}:
        return "settled"
    return "not_told" if where == "open" else cells[who, where, move]


@pytest.mark.parametrize(("who", "where", "move"), [*product(SELLERS, STATES, SalesMove)])
def test_who_may_do_what_and_denied_by_default(who: str, where: str, move: SalesMove) -> None:
    """Anybody in sales takes what nobody has; all else is for whoever has it and the managers; nobody else, ever."""
    found = refusal(STATES[where], move, SELLERS[who])
    assert (found or "yes") == expected(who, where, move)


@pytest.mark.parametrize(("who", "where"), [*product(["owner", "peer", "manager"], ["asked", "in_channel", "taken"])])
def test_a_card_offers_its_reader_what_they_may_do_and_the_channels_offers_all(who: str, where: str) -> None:
    """Beyond taking it, a card shows a button exactly where the click would not be refused."""
    seller = SELLERS[who]
    allowed = {refusal(STATES[where], move, seller) is None for move in WORKING}
    assert allowed == {may_act(STATES[where], seller)}
    assert may_act(STATES[where], Seller(user=CHANNEL, sells=True))


def test_whoever_is_refused_may_not_because_of_what_is_true_now() -> None:
    """The refusals that the table uses are all that there are."""
    used = {expected(*each) for each in product(SELLERS, STATES, SalesMove)}
    assert used == {"yes", *SalesRefusal}


def test_it_sleeps_until_a_time_that_comes_within_half_a_year() -> None:
    """Not yesterday, not next autumn, and not without a time."""
    assert snooze_error(MONDAY_OPENING, FRIDAY_NOON) is None
    assert snooze_error(None, FRIDAY_NOON) is SnoozeError.MISSING
    assert snooze_error(FRIDAY_NOON, FRIDAY_NOON) is SnoozeError.PAST
    assert snooze_error(FRIDAY_NOON + timedelta(days=200), FRIDAY_NOON) is SnoozeError.TOO_FAR


class Life(RuleBasedStateMachine):
    """Whatever people and time do in whatever order."""

    @initialize(night=st.booleans())
    def begin(self, night: bool) -> None:  # noqa: FBT001 - drawn
        """A fault, by day or by night."""
        self.now = FRIDAY_NIGHT if night else FRIDAY_NOON
        self.known = opportunity(at=self.now)

    @rule(move=st.sampled_from([each for each in SalesMove if each not in BY_ITSELF]), who=st.sampled_from([*SELLERS]))
    def click(self, move: SalesMove, who: str) -> None:
        """Somebody clicks; whoever may not changes nothing."""
        seller = SELLERS[who]
        if refusal(self.known, move, seller) is None:
            until = self.now + timedelta(hours=5)
            self.known = after(self.known, move, self.now, seller.user, until=until, whom=PEER)

    @rule(reason=st.sampled_from(["asks_favour", "row:renew", "claims_promise", "threatens_to_leave"]))
    def hear(self, reason: str) -> None:
        """The customer says more."""
        self.known = joined(self.known, [reason], self.now, POLICY, HOURS)

    @rule(hours=st.integers(1, 200))
    def wait(self, hours: int) -> None:
        """Time passes, and what is due happens."""
        self.now += timedelta(hours=hours)
        move = by_itself(self.known, self.now)
        if move:
            assert (self.known.state, move) in MOVES
            before = self.known
            self.known = after(before, move, self.now, whom=MANAGER)
            assert (len(self.known.told) > len(before.told)) is is_new_card(before, move)
            if move in FOLLOWS:
                assert self.known.model_copy(update={"due_at": before.due_at, "due_move": before.due_move}) == before

    @invariant()
    def nobody_forgets(self) -> None:
        """While it is not settled, something will happen by itself, taken or not; once it is won, nothing does."""
        if self.known.state not in SETTLED:
            assert self.known.due_at is not None
            assert (self.known.state, self.known.due_move) in MOVES
        if self.known.state is OpportunityState.WON:
            assert self.known.due_at is None
        if self.known.state not in SETTLED:
            assert self.known.settled_by is None

    @invariant()
    def nobody_is_woken_for_a_need(self) -> None:
        """What is told for the first time at an hour when the desk is closed is urgent."""
        if self.known.due_move is SalesMove.TELL and self.known.due_at and not is_open(self.known.due_at, HOURS):
            assert weight(self.known.reasons, POLICY) > 1


TestLife = Life.TestCase
