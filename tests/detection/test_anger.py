"""How angry a message is, 0–3."""

import pytest

from bot.anger import anger_level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("請問什麼時候可以修好？", 0),
        ("Could you tell me when this will be fixed?", 0),
        ("太好了！！！", 0),
        ("Great!!!", 0),
        ("THE SLA AND THE VPN", 0),
        ("有點失望", 1),
        ("I'm a bit disappointed.", 1),
        ("好棒棒，效率真高啊", 1),
        ("WHY DOES NOBODY PICK UP THE PHONE", 2),
        ("😡", 1),
        ("我真的受夠了", 2),
        ("This is unacceptable.", 2),
        ("我真的受夠了！！", 3),
        ("第三次了，我真的受夠了", 3),
        ("你們是白癡嗎", 2),
        ("This is the third time. UNACCEPTABLE!!!", 3),
    ],
)
def test_words_tell_anger_and_their_loudness_raises_it(text: str, level: int) -> None:
    """Exclamation marks, capitals and a repeated call raise an anger that words show, and make none by themselves."""
    assert anger_level(text) == level


@pytest.mark.parametrize(
    "text",
    ["我沒有生氣，只是問一下", "我不是不滿，想確認進度", "I'm not upset, just asking", "we are not angry at all"],
)
def test_denied_anger_is_none(text: str) -> None:
    """Who says that they are not angry is not."""
    assert anger_level(text) == 0


def test_both_scripts_are_equally_angry() -> None:
    """Traditional or simplified makes no difference."""
    assert anger_level("氣死我了！！") == anger_level("气死我了！！") == 3


def test_a_satisfied_customer_is_not_angry() -> None:
    """Loud thanks are thanks; only an insult outweighs them."""
    assert anger_level("終於好了，本來快氣死，謝謝！！", pleased=True) == 0
    assert anger_level("謝謝喔，垃圾公司", pleased=True) == 2


def test_an_agents_sympathy_is_no_anger() -> None:
    """R10: naming the customer's feeling is not having it; shouting back is (R14)."""
    assert anger_level("我知道您現在很火大，真的抱歉", ours=True) == 0
    assert anger_level("I understand that you are furious.", ours=True) == 0
    assert anger_level("我真的受夠了！", ours=True) == 2


def test_a_heard_anger_counts_without_a_word_of_the_list() -> None:
    """The signal's score, learnt from the playbook's examples, is as good as a word."""
    assert anger_level("你們就繼續裝死", heard=0.5) == 1
    assert anger_level("你們就繼續裝死！！", heard=0.5) == 2
    assert anger_level("你們就繼續裝死", heard=0.49) == 0
