"""Who may answer whether something was promised, and that the first answer stands (R24)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.message import Role
from bot.promises import (
    Answer,
    AnswerRefusal,
    LaterAnswer,
    Verification,
    VerificationState,
    answered,
    contradicting,
    refusal,
)

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def verification(state: VerificationState = VerificationState.ASKED, asked: str | None = "U3") -> Verification:
    """A question to U3, asked by U1."""
    return Verification(
        workspace="T1",
        id="v",
        case_id="c",
        customer_id=None,
        claimed="…",
        state=state,
        asked_by="U1",
        asked_at=NOW,
        asked=asked,
    )


@pytest.mark.parametrize(
    ("actor", "role", "refused"),
    [
        ("U3", Role.SALES, None),
        ("U3", Role.COLLEAGUE, None),
        ("U4", Role.SALES, None),
        ("U5", Role.SUPERVISOR, None),
        ("U6", Role.AGENT, AnswerRefusal.NOT_ASKED),
        ("U7", Role.COLLEAGUE, AnswerRefusal.NOT_ASKED),
        ("U1", Role.SUPERVISOR, AnswerRefusal.OWN_QUESTION),
        ("U1", Role.AGENT, AnswerRefusal.NOT_ASKED),
    ],
)
def test_who_may_answer(actor: str, role: Role, refused: AnswerRefusal | None) -> None:
    """Whoever was asked, sales and supervisors; nobody their own question."""
    assert refusal(verification(), Answer.YES, actor=actor, role=role) is refused


@given(answers=st.lists(st.sampled_from(Answer), max_size=6))
def test_the_first_yes_or_no_stands(answers: list[Answer]) -> None:
    """Not sure leaves it open; after a yes or a no every answer is refused."""
    here = verification()
    settled: VerificationState | None = None
    for said in answers:
        refused = refusal(here, said, actor="U3", role=Role.SALES)
        assert (refused is AnswerRefusal.ALREADY_ANSWERED) is (settled is not None)
        if refused is None:
            here = answered(here, said, actor="U3", evidence=" mail ", now=NOW)
            assert here.evidence == "mail"
            settled = None if here.state is VerificationState.ASKED else here.state
    assert settled is None or here.state is settled


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (VerificationState.ASKED, []),
        (VerificationState.CONFIRMED, [Answer.NO]),
        (VerificationState.NOT_CONFIRMED, [Answer.YES]),
    ],
)
def test_only_the_opposite_of_what_stands_contradicts_it(state: VerificationState, shown: list[Answer]) -> None:
    """Who says the same once more, or is not sure, is no contradiction."""
    later = [LaterAnswer(answer=each, by="U4", at=NOW) for each in Answer]
    assert [each.answer for each in contradicting(verification(state), later)] == shown
