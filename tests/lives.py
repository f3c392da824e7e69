"""Writes docs/lives.md, the lives of requests, commitments and questions: `python -m tests.lives`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot import commitments, goodwill, promise_moves, sales, takeover
from bot.commitments import CommitmentMove, CommitmentState
from bot.goodwill import ExceptionState, Move
from bot.promises import VerificationMove, VerificationState
from bot.sales import BY_ITSELF, OpportunityState, SalesMove
from bot.takeover import AskMove, AskState

PAGE = Path(__file__).parents[1] / "docs" / "lives.md"
HEAD = """\
# 每件事的一生 · What becomes of each row

<!-- Made by `python -m tests.lives` from the tables of moves in bot/; change them there. -->

通融申請、承諾、向業務查證、商機、請同仁協助，各是一列資料：有狀態，也有「時間到了會自己發生什麼」。
只有圖上畫的才會發生；⏱ 是時間到了自己發生的，其餘是人按的。每一步都在一次交易裡寫下：新的狀態、
稽核紀錄、要通知的訊息。所以在任何一刻當機，重新啟動後都不漏、不重複。

A request for an exception, a commitment, a question to sales, an opportunity and a question to a colleague are each a
row with a state and a time at which something happens by itself. Only what is drawn here can happen; ⏱ marks what time
does, all else somebody clicked. Each step is one transaction: the new state, its audit row and the messages it causes.
So whenever the bot dies, nothing is lost and nothing is doubled.
"""


@dataclass(frozen=True)
class Life:
    """One table of moves, and its words in Chinese.

    Attributes:
        moves: By state and move; each table has kinds of its own.
        by_itself: The moves that nobody makes but time.
    """

    title: str
    source: str
    begins: StrEnum
    moves: Mapping[Any, StrEnum]
    by_itself: frozenset[StrEnum]
    words: Mapping[StrEnum, str]

    @property
    def ends(self) -> list[StrEnum]:
        """The states that nothing leads out of; what can still be said there changes nothing."""
        starts = {start for (start, _), end in self.moves.items() if end is not start}
        return list(dict.fromkeys(end for end in self.moves.values() if end not in starts))


LIVES = (
    Life(
        title="通融申請 · A request for an exception",
        source="bot/goodwill.py",
        begins=ExceptionState.REQUESTED,
        moves=goodwill.MOVES,
        by_itself=frozenset({Move.REMIND, Move.HAND_ON, Move.EXPIRE, Move.LAPSE}),
        words={
            ExceptionState.REQUESTED: "等主管決定",
            ExceptionState.SECONDING: "等上級主管",
            ExceptionState.ASKED_BACK: "等客服回覆",
            ExceptionState.APPROVED: "核准",
            ExceptionState.DECLINED: "未核准",
            ExceptionState.WITHDRAWN: "撤回",
            ExceptionState.EXPIRED: "逾時沒人決定",
            ExceptionState.USED: "已安排服務",
            ExceptionState.LAPSED: "沒用而失效",
            Move.APPROVE: "核准",
            Move.RECOMMEND: "同意並送上級",
            Move.ASK_BACK: "先問清楚",
            Move.ANSWER: "回覆",
            Move.DECLINE: "不核准",
            Move.WITHDRAW: "撤回",
            Move.USE: "安排服務",
            Move.REMIND: "提醒",
            Move.HAND_ON: "轉給代理與上級",
            Move.EXPIRE: "逾時",
            Move.LAPSE: "失效",
        },
    ),
    Life(
        title="承諾 · A commitment",
        source="bot/commitments.py",
        begins=CommitmentState.OPEN,
        moves=commitments.MOVES,
        by_itself=frozenset({CommitmentMove.REMIND, CommitmentMove.MISS, CommitmentMove.ESCALATE}),
        words={
            CommitmentState.OPEN: "還沒做到",
            CommitmentState.KEPT: "做到了",
            CommitmentState.MISSED: "過了時間",
            CommitmentState.WITHDRAWN: "撤回",
            CommitmentMove.KEEP: "做到",
            CommitmentMove.WITHDRAW: "撤回",
            CommitmentMove.RESCHEDULE: "改時間",
            CommitmentMove.REMIND: "提醒",
            CommitmentMove.MISS: "時間過了",
            CommitmentMove.ESCALATE: "告訴主管",
        },
    ),
    Life(
        title="查證 · A question to sales",
        source="bot/promise_moves.py",
        begins=VerificationState.ASKED,
        moves=promise_moves.MOVES,
        by_itself=promise_moves.BY_ITSELF,
        words={
            VerificationState.ASKED: "等業務回覆",
            VerificationState.REMEMBERED: "記得但沒有憑據",
            VerificationState.CONTRADICTED: "回覆不一致",
            VerificationState.CONFIRMED: "確實答應過",
            VerificationState.NOT_CONFIRMED: "沒有答應過",
            VerificationState.LAPSED: "答應過但期限已過",
            VerificationMove.YES: "有，附憑據",
            VerificationMove.REMEMBER: "有，憑記憶",
            VerificationMove.NO: "沒有",
            VerificationMove.NOT_SURE: "不確定",
            VerificationMove.RECORD: "主管記下範圍",
            VerificationMove.QUESTION: "主管再問憑據",
            VerificationMove.REMIND: "提醒",
            VerificationMove.MOVE_UP: "改問下一位",
            VerificationMove.GIVE_UP: "沒有人可問",
            VerificationMove.PRESS: "提醒主管",
            VerificationMove.LAPSE: "期限過了",
        },
    ),
    Life(
        title="商機 · An opportunity",
        source="bot/sales.py",
        begins=OpportunityState.OPEN,
        moves=sales.MOVES,
        by_itself=frozenset(BY_ITSELF),
        words={
            OpportunityState.OPEN: "還沒通知業務",
            OpportunityState.ASKED: "等業務接下",
            OpportunityState.SNOOZED: "晚點再看",
            OpportunityState.TAKEN: "業務接下了",
            OpportunityState.WON: "成交",
            OpportunityState.LOST: "沒有成交",
            SalesMove.TAKE: "接下",
            SalesMove.SNOOZE: "晚點",
            SalesMove.HAND_ON: "轉給同事",
            SalesMove.WIN: "成交",
            SalesMove.LOSE: "沒有成交",
            SalesMove.TELL: "通知業務",
            SalesMove.TELL_ANEW: "變嚴重了，再通知",
            SalesMove.WAKE: "時間到，再通知",
            SalesMove.MOVE_UP: "沒人接，換下一位",
            SalesMove.REMIND: "沒有進展，提醒",
            SalesMove.ESCALATE: "告訴業務主管",
            SalesMove.LOOK: "看看接的人還在不在",
        },
    ),
    Life(
        title="請同仁協助 · A question to a colleague",
        source="bot/takeover.py",
        begins=AskState.ASKED,
        moves=takeover.MOVES,
        by_itself=frozenset({AskMove.TIME_OUT}),
        words={
            AskState.ASKED: "等同仁回應",
            AskState.ACCEPTED: "接下了",
            AskState.DECLINED: "現在不方便",
            AskState.TIMED_OUT: "沒有回應",
            AskState.WITHDRAWN: "改問別人",
            AskMove.ACCEPT: "接下",
            AskMove.DECLINE: "現在不方便",
            AskMove.TIME_OUT: "等太久",
            AskMove.WITHDRAW: "改問別人",
        },
    ),
)


def page() -> str:
    """The page as it should stand."""
    return "\n".join([HEAD, *map(section, LIVES)])


def section(life: Life) -> str:
    """One life, drawn."""
    states = list(dict.fromkeys([life.begins, *(start for start, _ in life.moves), *life.moves.values()]))
    lines = [f"## {life.title}", "", f"`{life.source}`", "", "```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{life.words[state]} {state}" as {state}' for state in states]
    lines.append(f"    [*] --> {life.begins}")
    ways = dict.fromkeys((start, end) for (start, _), end in life.moves.items())
    for start, end in ways:
        between = [move for (begins, move), ends in life.moves.items() if (begins, ends) == (start, end)]
        lines.append(f"    {start} --> {end} : {' / '.join(_label(life, move) for move in between)}")
    lines += [f"    {end} --> [*]" for end in life.ends]
    return "\n".join([*lines, "```", ""])


def _label(life: Life, move: StrEnum) -> str:
    return f"{'⏱ ' if move in life.by_itself else ''}{life.words[move]} {move}"


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
