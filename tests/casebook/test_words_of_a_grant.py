"""What was asked back and what was granted, kept and removed."""

from datetime import date
from decimal import Decimal

from bot.advice import Advice
from bot.goodwill import Move
from bot.grants import Granted
from bot.playbook import Stage
from bot.policy import Concession
from storage import audit, forgetting
from storage import goodwill as requests
from storage.engine import Casebook
from tests.casebook.filled import NOW, WORKSPACE, whole_case

SECRET = "先付清林先生的舊帳"


def advice(granted: Granted | None) -> Advice:
    """Advice without words, but for those of the grant."""
    return Advice(
        signals=(),
        anger=0,
        plays=("within_the_grant",),
        rules=("R23",),
        stage=Stage.COMMIT,
        row="serve_grant",
        lines=(),
        withheld=(),
        routes=(),
        action=None,
        facts=(),
        playbook_version="0123456789ab",
        granted=granted,
    )


def test_the_words_of_a_grant_go_with_those_of_its_whisper() -> None:
    """Conditions and scope are somebody's words; advice that has none is not touched."""
    granted = Granted(
        concession=Concession.FULL,
        scope=SECRET,
        cap=Decimal(1500),
        currency="TWD",
        conditions=SECRET,
        book_by=date(2026, 12, 6),
    )
    emptied = forgetting.wordless(advice(granted).model_dump_json())
    assert SECRET not in emptied
    assert Advice.model_validate_json(emptied) == advice(None)
    assert forgetting.wordless(emptied) == emptied
    older = advice(None).model_dump_json(exclude={"granted"})
    assert forgetting.wordless(older) == older


def test_questions_and_answers_are_told_in_their_order_by_request(casebook: Casebook) -> None:
    """Who asked back and who answered, and what; other moves and other cases' requests are left out."""
    with casebook.begin() as connection:
        case = whole_case(connection, SECRET, at=NOW)
        asked = requests.of_case(connection, WORKSPACE, case.id)[0]
        moves = [("ask_back", "U2", "影響幾個人？"), ("answer", "U1", "12 位"), ("withdraw", "U1", "")]
        for number, (move, by, why) in enumerate(moves):
            audit.write(
                connection,
                workspace=WORKSPACE,
                actor=by,
                subject="exception",
                subject_id=asked.id,
                move=move,
                why=why,
                now=NOW + number,
            )
        audit.write(
            connection,
            workspace=WORKSPACE,
            actor="U2",
            subject="exception",
            subject_id="another",
            move="ask_back",
            why="?",
            now=NOW,
        )
        told = requests.turns(connection, WORKSPACE, case.id)
    assert [(each.request_id, each.move, each.by, each.said) for each in told] == [
        (asked.id, Move.ASK_BACK, "U2", "影響幾個人？"),
        (asked.id, Move.ANSWER, "U1", "12 位"),
    ]
