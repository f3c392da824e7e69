"""Who decides or looks after the team gets to the case and to what was said in it, in its channel or not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.blocks import Block
from bot.cards import care, conversation, decision
from bot.cards.case import CaseFile, handover
from bot.cards.doing import READ, SHOW_CASE
from bot.case import Case
from bot.goodwill import ExceptionRequest, ExceptionState, Grant, Move, Turn
from bot.i18n import words
from bot.message import Message, Role
from bot.policy import Concession, CostBands

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CASE = "c" * 32
LINK = "https://kapok.slack.com/archives/C0CASE/p1772591400000100"
REQUEST = ExceptionRequest(
    workspace="T1",
    id="e" * 32,
    case_id=CASE,
    customer_id="1",
    state=ExceptionState.DECLINED,
    requested_by="U1",
    requested_at=NOW + timedelta(minutes=2),
    concession=Concession.FULL,
    fault="發票印不出來",
    cost=Decimal(3000),
    currency="TWD",
    reason="老客戶",
    decided_by="U2",
    decided_at=NOW + timedelta(minutes=8),
    decision_reason="其他客戶都有付費",
)


def buttons(blocks: list[Block]) -> dict[str, str]:
    """Each button's value by what it does."""
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return {each["action_id"]: each["value"] for row in rows for each in row}


@pytest.mark.parametrize("move", [Move.RECOMMEND, Move.REMIND, Move.HAND_ON, Move.ANSWER])
def test_who_decides_gets_from_a_message_to_the_card_and_to_what_was_said(move: Move) -> None:
    """A link has words on it; where it leads nowhere, since they are not in that channel, the casebook has the talk."""
    _, blocks = decision.told_supervisor(REQUEST, move, customer="廣昕", link=LINK, say=words("zh-TW"))
    assert buttons(blocks) == {READ: CASE, SHOW_CASE: CASE}
    assert f"<{LINK}|前往卡片>" in str(blocks)


def test_who_hears_of_abuse_can_read_what_was_said() -> None:
    """A supervisor stays out of the customer's channel (R30) and still sees what happened."""
    _, blocks = care.told_supervisor(
        "abuses_agent", customer="廣昕", agent="U1", case_id=CASE, link=LINK, say=words("en")
    )
    assert buttons(blocks) == {READ: CASE, SHOW_CASE: CASE}


def test_a_conversation_is_read_in_the_order_in_which_it_went() -> None:
    """What was said, what was asked back and what was decided, each when it was, and what was removed as removed."""

    def said(minutes: int, role: Role, text: str) -> Message:
        ts = f"{(NOW + timedelta(minutes=minutes)).timestamp():.6f}"
        return Message(workspace="T1", channel="C1", ts=ts, speaker="U1", role=role, text=text)

    turns = [
        Turn(request_id="e", move=Move.ASK_BACK, by="U2", at=NOW + timedelta(minutes=4), said="影響幾個人？"),
        Turn(request_id="e", move=Move.ANSWER, by="U1", at=NOW + timedelta(minutes=6), said=""),
    ]
    view = conversation.view(
        [said(0, Role.CUSTOMER, "印不出來 <!channel>"), said(9, Role.AGENT, "結果跟您說")],
        [REQUEST],
        turns,
        customer="廣昕",
        case_id=CASE,
        zone="Asia/Taipei",
        say=words("en"),
    )
    told = [each["text"]["text"] if "text" in each else each["elements"][0]["text"] for each in view["blocks"]]
    assert told == [
        "🔒 Only our own people see this · 廣昕",
        "*customer*  2026-11-22 17:00\n印不出來 &lt;!channel&gt;",
        "📝 2026-11-22 17:02 · <@U1> asks for an exception: the service free of charge",
        "📝 2026-11-22 17:04 · <@U2> asked back: 影響幾個人？",
        "📝 2026-11-22 17:06 · <@U1> answered: (words removed)",
        "📝 2026-11-22 17:08 · Exception: declined (<@U2>)",
        "*<@U1>*  2026-11-22 17:09\n結果跟您說",
    ]


def test_of_a_long_conversation_the_end_is_shown() -> None:
    """A window holds so much; it says how much there is."""
    many = [
        Message(workspace="T1", channel="C1", ts=f"{number}.0", speaker="U1", role=Role.CUSTOMER, text=f"{number}。")
        for number in range(100)
    ]
    view = conversation.view(many, [], [], customer="廣昕", case_id=CASE, zone="Asia/Taipei", say=words("en"))
    assert len(view["blocks"]) == conversation.MOST_SHOWN + 1
    assert view["blocks"][0]["elements"][0]["text"].endswith("the last 60 of 100")
    assert view["blocks"][-1]["text"]["text"].endswith("\n99。")


def test_whoever_takes_over_reads_what_was_asked_and_what_was_granted() -> None:
    """The question, its answer and the bounds of the yes are handed over, so that nobody promises more (R31, R33)."""
    grant = Grant(
        concession=Concession.LABOUR_WAIVED,
        scope="發票印不出來",
        cap=Decimal(1500),
        conditions="零件費用由貴公司負擔",
        valid_until=datetime(2026, 12, 6, 15, 59, 59, tzinfo=UTC),
    )
    turn = Turn(request_id=REQUEST.id, move=Move.ASK_BACK, by="U2", at=NOW, said="影響幾個人？")
    answer = Turn(request_id=REQUEST.id, move=Move.ANSWER, by="U1", at=NOW, said="出貨組 12 位")
    file = CaseFile(
        case=Case(workspace="T1", id=CASE, customer_id="1", channel="C1", thread_ts="1.0", opened_at=NOW),
        customer="廣昕",
        recorded=[],
        requests=[REQUEST.model_copy(update={"state": ExceptionState.APPROVED, "grant": grant})],
        verification=None,
        commitments=[],
        bands=CostBands(low_up_to=Decimal(5000)),
        desk="Asia/Taipei",
        turns=[turn, answer, turn.model_copy(update={"request_id": "another", "said": "?"})],
    )
    (told,) = handover(file, [], zone="America/New_York", say=words("zh-TW"))
    assert told["text"]["text"].splitlines() == [
        "• *通融*  NT$1,500 · 免收工資，零件照定價 · 已核准",
        "• 2026-11-22 04:00 · <@U2> 追問：影響幾個人？",
        "• 2026-11-22 04:00 · <@U1> 回覆：出貨組 12 位",
        "• *通融內容*  免收工資，零件照定價",
        "• *適用範圍*  發票印不出來",
        "• *成本上限*  NT$1,500",
        "• *條件*  零件費用由貴公司負擔",
        "• *安排期限*  2026-12-06",
        "• 僅此一次，自核准日起記入通融紀錄。",
    ]
