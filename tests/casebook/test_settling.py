"""Who settles a request first settles it: state compared and set, over connections of their own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Barrier

from bot.goodwill import ExceptionRequest, ExceptionState, Move, Terms, due_next, moved
from bot.policy import ApprovalPolicy, Concession, HoursPolicy
from storage import goodwill as requests
from storage.engine import Casebook
from tests.casebook.sample import WORKSPACE, opened
from tests.fresh import casebook_at

SATURDAY = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
POLICY, HOURS = ApprovalPolicy(), HoursPolicy()
MOST = 8


def filed(casebook: Casebook) -> ExceptionRequest:
    """A request on file, of a Saturday."""
    with casebook.begin() as connection:
        request = ExceptionRequest(
            workspace=WORKSPACE,
            id="e1",
            case_id=opened(connection).id,
            customer_id="C-1",
            requested_by="UAGENT",
            requested_at=SATURDAY,
            concession=Concession.FULL,
            fault="down",
            cost=Decimal(3000),
            currency="TWD",
            reason="regular",
        )
        due = due_next(request, None, SATURDAY, POLICY, HOURS)
        assert due
        request = request.model_copy(update={"due_at": due[0], "due_move": due[1]})
        assert requests.write(connection, request)
    return request


def after(request: ExceptionRequest, move: Move, by: str) -> ExceptionRequest:
    """The request after somebody's move."""
    said = Terms(reason=f"said by {by}")
    return moved(request, move, by=by, now=SATURDAY, policy=POLICY, hours=HOURS, terms=said)


def settled(casebook: Casebook, before: ExceptionRequest, move: Move, by: str) -> bool:
    """Whether this move was written."""
    with casebook.begin() as connection:
        return requests.settle(connection, before, after(before, move, by))


def test_of_many_who_saw_the_same_request_one_settles_it(tmp_path: Path) -> None:
    """Each on a connection of their own, all at once: one is written whole, the others hear that they were late."""
    books = [casebook_at(tmp_path / "casebook.db") for _ in range(MOST)]
    before, begin = filed(books[0]), Barrier(MOST)

    def one(number: int) -> bool:
        begin.wait()
        return settled(books[number], before, (Move.APPROVE, Move.DECLINE)[number % 2], f"U{number}")

    with ThreadPoolExecutor(MOST) as pool:
        won = list(pool.map(one, range(MOST)))
    assert sum(won) == 1
    with books[0].look() as connection:
        stands = requests.get(connection, WORKSPACE, before.id)
    assert stands
    assert (stands.decided_by, stands.decision_reason) == (f"U{won.index(True)}", f"said by U{won.index(True)}")
    assert (stands.grant is not None) is (stands.state is ExceptionState.APPROVED)
    for book in books:
        book.close()


def test_a_question_and_its_answer_in_between_are_not_written_over(casebook: Casebook) -> None:
    """At a weekend the state and the due time are the same again; the request is not."""
    before = filed(casebook)
    asked_back = after(before, Move.ASK_BACK, "UBOSS")
    assert settled(casebook, before, Move.ASK_BACK, "UBOSS")
    assert settled(casebook, asked_back, Move.ANSWER, "UAGENT")
    answered = after(asked_back, Move.ANSWER, "UAGENT")
    assert (answered.state, answered.due_at) == (before.state, before.due_at)
    assert not settled(casebook, before, Move.APPROVE, "UBOSS")
    assert settled(casebook, answered, Move.APPROVE, "UBOSS")
