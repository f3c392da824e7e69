"""Words that tell of a done action, promise or speak with authority claim a fact (R33); plans and denials do not."""

import pytest

from bot.playbook_files import claiming_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我已經請主管看了", "我已經請"),
        ("已經幫您申請了", "已經幫您"),
        ("我跟業務確認過了，沒有這件事", "我跟業務確認過了"),
        ("工程師排好了，先看是哪裡的問題", "工程師排好了"),
        ("主管同意了", "主管同意"),
        ("主管說這次可以", "主管說"),
        ("主管不同意這次通融", "主管不同意"),
        ("公司特別核准", "公司特別核准"),
        ("業務說沒有這件事", "業務說"),
        ("工程師已經在路上了", "在路上"),
        ("同事等一下會打給您", "同事等一下會打給"),
        ("會派人過去看", "會派"),
        ("這次免費", "免費"),
        ("這次不跟您收錢", "不跟您收錢"),
        ("這次算您便宜一點", "算您便宜"),
        ("費用會退款給您", "退款給"),
        ("我一定幫您爭取到", "一定幫"),
        ("會幫您處理好", "會幫您處理好"),
        ("沒問題", "沒問題"),
        ("好，沒問題！", "沒問題"),
        ("包在我身上", "包在我"),
        ("今天下班前給您修好", "下班前給您修"),
        ("兩個小時內回覆您", "兩個小時內回覆您"),
        ("{due_at} 以前我跟您說", "{due_at}"),
        ("這是我們的疏失", "是我們的疏失"),
        ("您的保固已經過期了", "保固已經過期了"),
        ("我不能保證，但會去問", None),
        ("我請主管看，下午回覆您", None),
        ("等主管核准，我再跟您說", None),
        ("如果主管同意，我就跟您說", None),
        ("我沒辦法答應您，但會去問", None),
        ("不一定問得到", None),
        ("我不能說免費，得先問", None),
        ("有沒有問題都跟我說", None),
        ("系統沒問題，看起來是線路", None),
        ("您已經試過重開了嗎", None),
        ("我想先請工程師看一下，可以嗎", None),
    ],
)
def test_words_that_claim_are_known_in_chinese(text: str, words: str | None) -> None:
    """They are quoted as they were written."""
    assert claiming_words("zh-TW", text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("这次不收费", "不收费"),
        ("我保证今天修好", "保证"),
        ("工程师马上过去", "工程师马上过去"),
        ("要是领导同意，我就跟您说", None),
    ],
)
def test_words_that_claim_are_known_in_simplified_characters(text: str, words: str | None) -> None:
    """Both scripts are read alike."""
    assert claiming_words("zh-CN", text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I've already asked my supervisor", "I've already asked"),
        ("It has been approved.", "has been approved"),
        ("It wasn't approved, and I'm sorry.", "wasn't approved"),
        ("My manager said we can do this", "manager said"),
        ("Sales says they never promised", "Sales says"),
        ("A technician is on the way.", "on the way"),
        ("The engineer will call you", "engineer will call"),
        ("We are sending someone over", "We are sending"),
        ("This is free of charge.", "free of charge"),
        ("You won't be charged", "won't be charged"),
        ("I can give you a discount", "I can give you"),
        ("We’ll promise you that", "We'll promise"),
        ("We guarantee it", "guarantee"),
        ("I'll get you a technician this afternoon", "I'll get you"),
        ("We'll have it fixed for you", "We'll have it"),
        ("I will call you by three", "I will call you by three"),
        ("We’ll look into it within the hour", "We'll look into it within the"),
        ("I'll come back to you by {due_at}", "{due_at}"),
        ("No problem!", "No problem"),
        ("Leave it with me.", "Leave it with me"),
        ("This was our mistake.", "our mistake"),
        ("Your warranty has expired.", "warranty has expired"),
        ("I can't promise, and I will ask.", None),
        ("I spoke too soon.", None),
        ("I'm asking my supervisor for you.", None),
        ("Once it's approved, I'll tell you.", None),
        ("Nobody has approved it yet", None),
        ("If it were our mistake, I'd say so", None),
        ("There's no problem in asking", None),
        ("I won't be able to get you one", None),
        ("I'll ask my supervisor and come back to you", None),
        ("We can't fix it for free", None),
    ],
)
def test_words_that_claim_are_known_in_english(text: str, words: str | None) -> None:
    """A plan, a condition and a denial claim nothing."""
    assert claiming_words("en", text) == words
