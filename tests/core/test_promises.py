"""What becomes of a question to sales: who is asked, who may answer, what counts, what supervisors may do (R24)."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.authority import Authority, Level
from bot.message import Role
from bot.policy import Concession, HoursPolicy, VerificationPolicy
from bot.promise_moves import (
    ANSWERS,
    BY_ITSELF,
    MOVES,
    AnswerRefusal,
    Decider,
    ScopeRefusal,
    asked,
    by_itself,
    is_over,
    moved,
    refusal,
    scope_refusal,
    whom_next,
)
from bot.promises import (
    CHANNEL,
    OPEN,
    Answer,
    EvidenceKind,
    Given,
    Scope,
    Verification,
    VerificationMove,
    VerificationState,
    claim_value,
    kind_of,
)
from bot.working_hours import is_open

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""A Monday at ten in Taipei."""
POLICY, HOURS = VerificationPolicy(), HoursPolicy()
OWNER, SUCCESSOR, MANAGER, AGENT, SUPERVISOR = "UO", "US", "UM", "UA", "UV"
SUPERVISES = (Authority(level=Level.SUPERVISOR),)
IN_ORDER = (OWNER, SUCCESSOR, MANAGER, CHANNEL)
YES = Given(answer=Answer.YES, by=OWNER, at=NOW, evidence="mail of 3 March")
REMEMBERS = Given(answer=Answer.YES, by=OWNER, at=NOW)
NO = Given(answer=Answer.NO, by=SUCCESSOR, at=NOW)
NOT_SURE = Given(answer=Answer.NOT_SURE, by=MANAGER, at=NOW, evidence="ask Lin")
SCOPE = Scope(concession=Concession.LABOUR_WAIVED, what="labour, one year", by=SUPERVISOR, at=NOW)


def question(whom: str = OWNER) -> Verification:
    """A question of the agent's, put to somebody."""
    new = Verification(workspace="T1", id="v", case_id="c", customer_id=None, claimed="…", asked_by=AGENT, asked_at=NOW)
    return asked(new, whom, NOW, POLICY, HOURS)


def after(here: Verification, *answers: Given) -> Verification:
    """The question after some answers."""
    for said in answers:
        here = moved(here, said.move, now=NOW, policy=POLICY, hours=HOURS, said=said)
    return here


def happened(here: Verification, further: tuple[str, ...] = IN_ORDER, *, reached: bool = True) -> Verification:
    """The question after what happens to it next by itself, at its time."""
    assert here.due_at is not None
    now = here.due_at
    move = by_itself(here, now, reached=reached, further=further)
    assert move is not None
    whom = whom_next(here, further) if move is VerificationMove.MOVE_UP else None
    return moved(here, move, now=now, policy=POLICY, hours=HOURS, whom=whom)


def questioned(here: Verification, whom: str = OWNER) -> Verification:
    """The question after a supervisor questioned the evidence."""
    return moved(
        here,
        VerificationMove.QUESTION,
        now=NOW,
        policy=POLICY,
        hours=HOURS,
        whom=whom,
        by=SUPERVISOR,
        question="who signed it?",
    )


# --- who is asked


def test_whoever_says_nothing_is_reminded_and_then_the_next_in_line_is_asked() -> None:
    """Owner, successor or backup, manager, channel; each is reminded an hour later and passed over after three."""
    here, told = question(), []
    for _ in range(3 * len(IN_ORDER)):
        if here.due_at is None:
            break
        told.append((here.due_move, here.due_at - NOW, here.told[-1]))
        here = happened(here)
    hour = timedelta(hours=1)
    assert told[:4] == [
        (VerificationMove.REMIND, hour, OWNER),
        (VerificationMove.MOVE_UP, 3 * hour, OWNER),
        (VerificationMove.REMIND, 4 * hour, SUCCESSOR),
        (VerificationMove.MOVE_UP, 6 * hour, SUCCESSOR),
    ]
    assert here.told == IN_ORDER
    assert (here.state, here.due_at) == (VerificationState.ASKED, None)
    assert after(here, YES).state is VerificationState.CONFIRMED


def test_nobody_who_has_left_meanwhile_is_reminded() -> None:
    """The next in line is asked at once; with nobody left the question stays open and whoever asked hears of it."""
    here = happened(question(), (SUCCESSOR,), reached=False)
    assert here.told == (OWNER, SUCCESSOR)
    here = happened(here, (), reached=False)
    assert (here.told, here.state, here.due_at) == ((OWNER, SUCCESSOR), VerificationState.ASKED, None)


def test_whoever_is_not_sure_passes_it_on_at_once() -> None:
    """Somebody else who is not sure passes on nothing: it is not with them."""
    not_sure = NOT_SURE.model_copy(update={"by": OWNER})
    assert after(question(), not_sure).due_at == NOW
    assert happened(after(question(), not_sure)).told == (OWNER, SUCCESSOR)
    waiting = after(question(), NOT_SURE)
    assert (waiting.due_at, waiting.due_move) == (question().due_at, VerificationMove.REMIND)


def test_nobody_is_asked_their_own_question_nor_twice_in_a_round() -> None:
    """Whoever asked is passed over; after the evidence was questioned everybody can be asked anew."""
    assert whom_next(question(), (AGENT, OWNER)) is None
    again = questioned(after(question(), YES), OWNER)
    assert (again.told, whom_next(again, (OWNER, SUCCESSOR))) == ((OWNER, OWNER), SUCCESSOR)


@given(minutes=st.integers(0, 60 * 24 * 30))
def test_what_time_does_happens_while_somebody_is_there(minutes: int) -> None:
    """Whenever it is asked, nobody is reminded or passed over at night, on a Sunday or a holiday."""
    start = NOW + timedelta(minutes=minutes)
    new = Verification(
        workspace="T1", id="v", case_id="c", customer_id=None, claimed="…", asked_by=AGENT, asked_at=start
    )
    here = asked(new, OWNER, start, POLICY, HOURS)
    while here.due_at:
        assert is_open(here.due_at, HOURS)
        here = happened(here)


# --- answers


@pytest.mark.parametrize(
    ("actor", "role", "refused"),
    [
        (OWNER, Role.SALES, None),
        (OWNER, Role.COLLEAGUE, None),
        ("U4", Role.SALES, None),
        ("U5", Role.SUPERVISOR, None),
        ("U6", Role.AGENT, AnswerRefusal.NOT_ASKED),
        ("U7", Role.COLLEAGUE, AnswerRefusal.NOT_ASKED),
        (AGENT, Role.SUPERVISOR, AnswerRefusal.OWN_QUESTION),
        (AGENT, Role.SALES, AnswerRefusal.OWN_QUESTION),
        (AGENT, Role.AGENT, AnswerRefusal.NOT_ASKED),
    ],
)
def test_who_may_answer(actor: str, role: Role, refused: AnswerRefusal | None) -> None:
    """Whoever was asked, sales and supervisors; nobody their own question."""
    assert refusal(question(), YES.model_copy(update={"by": actor}), role=role) is refused


@pytest.mark.parametrize("state", VerificationState)
def test_no_answer_comes_too_late(state: VerificationState) -> None:
    """Whatever was settled meanwhile, an answer is taken; only saying the same once more is not another answer."""
    here = question().model_copy(update={"state": state})
    for said in (YES, REMEMBERS, NO, NOT_SURE):
        assert refusal(here, said, role=Role.SALES) is None
        took = after(here, said)
        assert took.answers == (said,)
        assert refusal(took, said, role=Role.SALES) is AnswerRefusal.SAID_ALREADY


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((YES,), VerificationState.CONFIRMED),
        ((YES, NO), VerificationState.CONFIRMED),
        ((REMEMBERS, NO, YES), VerificationState.CONFIRMED),
        ((REMEMBERS,), VerificationState.REMEMBERED),
        ((REMEMBERS, NOT_SURE), VerificationState.REMEMBERED),
        ((REMEMBERS, NO), VerificationState.CONTRADICTED),
        ((NO,), VerificationState.NOT_CONFIRMED),
        ((NO, NOT_SURE), VerificationState.NOT_CONFIRMED),
        ((NOT_SURE,), VerificationState.ASKED),
    ],
)
def test_in_whatever_order_they_come_the_same_answers_count_the_same(
    answers: tuple[Given, ...], state: VerificationState
) -> None:
    """A yes with evidence binds, also against a no; one from memory settles nothing, alone or contradicted."""
    for said in permutations(answers):
        here = after(question(), *said)
        assert here.state is state
        assert here.answers == said


@pytest.mark.parametrize(
    ("state", "claim"),
    [
        (VerificationState.ASKED, "pending"),
        (VerificationState.REMEMBERED, "pending"),
        (VerificationState.CONTRADICTED, "pending"),
        (VerificationState.CONFIRMED, "confirmed"),
        (VerificationState.NOT_CONFIRMED, "not_confirmed"),
        (VerificationState.LAPSED, "none"),
    ],
)
def test_what_is_not_settled_is_pending_for_the_decision_table(state: VerificationState, claim: str) -> None:
    """What was promised for a time that is over is no claim on us any more, and nobody says that it was never made."""
    assert claim_value(state) == claim


def test_answers_that_say_something_else_stand_beside_the_one_that_counts() -> None:
    """Where none counts, all that say yes or no stand side by side; not sure contradicts nobody."""
    binding = after(question(), NO, NOT_SURE, YES)
    assert (binding.standing, binding.otherwise) == (YES, (NO,))
    both = after(question(), REMEMBERS, NOT_SURE, NO)
    assert (both.standing, both.otherwise) == (None, (REMEMBERS, NO))


def test_whoever_changes_their_answer_is_one_who_said_both_and_not_two_who_differ() -> None:
    """The last of their answers is told as that; as soon as somebody else says something, sales differs."""
    no, yes = NO.model_copy(update={"by": OWNER}), REMEMBERS
    assert after(question(), no, yes).changed_answer == yes
    assert after(question(), yes, NOT_SURE, no).changed_answer == no
    assert after(question(), no, yes, NO).changed_answer is None
    assert after(question(), REMEMBERS, NO).changed_answer is None
    assert [after(question(), *each).changed_answer for each in ([no], [yes], [no, YES])] == [None, None, None]


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        ("https://acme.slack.com/files/U1/F1/offer.pdf", EvidenceKind.FILE),
        ("see https://drive.example/quotation.PDF?x=1", EvidenceKind.FILE),
        ("https://acme.slack.com/archives/C1/p1700000000000001", EvidenceKind.LINK),
        ("報價單第 3 條", EvidenceKind.WORDS),
        ("files are at my desk", EvidenceKind.WORDS),
    ],
)
def test_evidence_is_a_file_a_link_or_words(evidence: str, kind: EvidenceKind) -> None:
    """Whoever looks at it knows what to expect behind it."""
    assert kind_of(evidence) is kind


# --- the supervisor


def test_a_supervisor_records_or_questions_and_cannot_decline() -> None:
    """R25: there is no move by which a promise is refused."""
    clicked = set(VerificationMove) - ANSWERS - BY_ITSELF
    assert clicked == {VerificationMove.RECORD, VerificationMove.QUESTION}
    to_no = {start for (start, move), end in MOVES.items() if end is VerificationState.NOT_CONFIRMED and start != end}
    assert to_no == {VerificationState.ASKED}


@pytest.mark.parametrize(
    ("decider", "refused"),
    [
        (Decider(user=SUPERVISOR, held=SUPERVISES), None),
        (Decider(user=SUPERVISOR), ScopeRefusal.NOT_SUPERVISOR),
        (Decider(user=AGENT, held=SUPERVISES), ScopeRefusal.OWN),
        (Decider(user=OWNER, held=SUPERVISES), ScopeRefusal.OWN),
        (
            Decider(user="UD", held=(Authority(level=Level.SUPERVISOR, deputy_for=OWNER),)),
            ScopeRefusal.OWN,
        ),
        (Decider(user=SUPERVISOR, held=SUPERVISES, took_part=True), ScopeRefusal.TOOK_PART),
    ],
)
def test_who_may_record_the_scope(decider: Decider, refused: ScopeRefusal | None) -> None:
    """Whoever decides now; not who asked or answered, not for them, not who talks to the customer (R30)."""
    here = after(question(), YES)
    for wanted in (VerificationMove.RECORD, VerificationMove.QUESTION):
        assert scope_refusal(here, wanted, decider) is refused


def test_what_is_recorded_is_relied_on_and_a_no_has_nothing_to_record() -> None:
    """Recorded once, by whoever was first; then neither recorded anew nor questioned."""
    decider = Decider(user="UX", held=SUPERVISES)
    recorded = moved(
        after(question(), REMEMBERS, NO),
        VerificationMove.RECORD,
        now=NOW,
        policy=POLICY,
        hours=HOURS,
        scope=SCOPE,
    )
    assert (recorded.state, recorded.scope, recorded.standing) == (VerificationState.CONFIRMED, SCOPE, REMEMBERS)
    assert recorded.due_at is None
    for wanted in (VerificationMove.RECORD, VerificationMove.QUESTION):
        assert scope_refusal(recorded, wanted, decider) is ScopeRefusal.RECORDED
        assert scope_refusal(after(question(), NO), wanted, decider) is ScopeRefusal.NOT_NOW
        assert scope_refusal(question(), wanted, decider) is ScopeRefusal.NOT_NOW


def test_a_scope_nobody_records_comes_up_once_more() -> None:
    """Two hours later, also when another answer came meanwhile; then the card waits."""
    here = after(question(), YES)
    assert (here.due_at, here.due_move) == (NOW + timedelta(hours=2), VerificationMove.PRESS)
    assert after(here, NO).due_at == here.due_at
    pressed = happened(here)
    assert (pressed.state, pressed.due_at) == (VerificationState.CONFIRMED, None)


def test_questioned_evidence_does_not_count_until_it_is_answered_anew() -> None:
    """What was said is kept and shown; whoever said it may say it again, and then it binds again."""
    here = questioned(after(question(), NO, YES))
    assert (here.state, here.counting, here.answers) == (VerificationState.ASKED, (), (NO, YES))
    assert (here.question, here.questioned_by, here.due_move) == ("who signed it?", SUPERVISOR, VerificationMove.REMIND)
    assert refusal(here, YES, role=Role.SALES) is None
    assert after(here, YES).state is VerificationState.CONFIRMED
    assert after(here, NO).state is VerificationState.NOT_CONFIRMED


def test_a_promise_holds_until_its_last_day_is_over_at_the_desk() -> None:
    """Like a grant it is told by its day; after that nothing of it is offered any more."""
    until = SCOPE.model_copy(update={"until": date(2026, 11, 30)})
    here = moved(after(question(), YES), VerificationMove.RECORD, now=NOW, policy=POLICY, hours=HOURS, scope=until)
    last_second = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    assert (here.due_at, here.due_move) == (last_second, VerificationMove.LAPSE)
    assert [is_over(until, last_second + timedelta(seconds=each), HOURS) for each in (0, 1)] == [False, True]
    assert happened(here).state is VerificationState.LAPSED
    assert after(happened(here), NO, YES).state is VerificationState.LAPSED


# --- whatever happens


class Life(RuleBasedStateMachine):
    """Any people doing anything in any order, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.here = question()
        self.said: list[Given] = []
        self.bound = False

    @rule(
        answer=st.sampled_from(Answer),
        by=st.sampled_from([OWNER, SUCCESSOR, MANAGER, SUPERVISOR, AGENT]),
        evidence=st.sampled_from(["", "mail", "quotation"]),
    )
    def answer(self, answer: Answer, by: str, evidence: str) -> None:
        """Somebody answers."""
        said = Given(answer=answer, by=by, at=NOW, evidence=evidence)
        if refusal(self.here, said, role=Role.SALES) is None:
            self.here = after(self.here, said)
            self.said.append(said)
            self.bound |= self.here.state is VerificationState.CONFIRMED

    @precondition(lambda self: self.here.due_at is not None)
    @rule(further=st.lists(st.sampled_from(IN_ORDER), unique=True), reached=st.booleans())
    def time_comes(self, further: list[str], reached: bool) -> None:  # noqa: FBT001 - drawn by name
        """What happens by itself."""
        self.here = happened(self.here, tuple(further), reached=reached)

    @rule(
        wanted=st.sampled_from([VerificationMove.RECORD, VerificationMove.QUESTION]), by=st.sampled_from(["UX", OWNER])
    )
    def click(self, wanted: VerificationMove, by: str) -> None:
        """A supervisor clicks."""
        if scope_refusal(self.here, wanted, Decider(user=by, held=SUPERVISES)):
            return
        if wanted is VerificationMove.QUESTION:
            self.here, self.bound = questioned(self.here), False
        else:
            self.here = moved(self.here, VerificationMove.RECORD, now=NOW, policy=POLICY, hours=HOURS, scope=SCOPE)
            self.bound = True

    @invariant()
    def no_answer_is_lost_or_changed(self) -> None:
        """All are there, as they were given."""
        assert list(self.here.answers) == self.said

    @invariant()
    def what_binds_is_taken_back_by_a_question_alone(self) -> None:
        """Once confirmed, no answer and no time unmakes it."""
        assert self.bound == (self.here.state is VerificationState.CONFIRMED)

    @invariant()
    def nobody_answers_their_own_or_is_asked_it(self) -> None:
        """Whoever asked neither got the question nor answered it."""
        assert AGENT not in self.here.told
        assert AGENT not in {each.by for each in self.here.answers}

    @invariant()
    def a_scope_is_there_only_with_a_promise(self) -> None:
        """A question that is open has none."""
        assert not (self.here.scope and self.here.state in OPEN)


TestLife = Life.TestCase
