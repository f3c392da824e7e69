"""The playbook that comes with Aside, on messages it was not trained on."""

import pytest

from bot.message import Role
from bot.playbook import LANGUAGES
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Detector, Thread
from tests.detection.held_out import OBLIQUE, PLAIN, messages, score


@pytest.fixture(scope="module")
def packaged() -> Detector:
    """Trained from the packaged playbook."""
    return Detector.train(load_playbook(PACKAGED_PLAYBOOK))


@pytest.mark.parametrize("language", LANGUAGES)
def test_unseen_messages_are_read_in_every_language(packaged: Detector, language: str) -> None:
    """A change of the playbook's words must not cost what was reached."""
    told = score(packaged, [message for message in messages(PLAIN) if message["lang"] == language])
    assert told.macro_f1 >= 0.88
    assert told.precision >= 0.85


def test_look_alikes_seldom_alarm(packaged: Detector) -> None:
    """Messages with a signal's words and without its meaning are mostly let pass."""
    assert score(packaged, messages(PLAIN)).flagged <= 0.15


def test_what_is_said_sideways_is_heard_more_often_than_not(packaged: Detector) -> None:
    """Oblique messages: silent rather than wrong."""
    told = score(packaged, messages(OBLIQUE))
    assert told.recall >= 0.55
    assert told.precision >= 0.8
    assert told.flagged <= 0.1


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT])
def test_a_word_or_two_is_no_signal(packaged: Detector, role: Role) -> None:
    """A greeting, a yes or a pronoun is far from every example, however rare its parts are."""
    for text in (
        "嗯",
        "好",
        "好的",
        "你好",
        "我",
        "我们",
        "在嗎",
        "收到",
        "OK",
        "hi",
        "you",
        "one moment",
        "1",
        "我我我我",
    ):
        assert packaged.read(role, text).signals == ()


def test_every_signal_is_found_somewhere(packaged: Detector) -> None:
    """No signal of the contract is deaf."""
    held_out = messages(PLAIN)
    found = {
        signal
        for message in held_out
        for signal in packaged.read(Role(message["role"]), message["text"]).ids
        if signal in message["signals"]
    }
    assert found == {signal for message in held_out for signal in message["signals"]}


def test_a_whole_conversation_is_read_in_its_order(packaged: Detector) -> None:
    """A hasty refusal is early, its repetition is one, and no question was asked that could be countered."""
    turns = [
        (Role.CUSTOMER, "我們的伺服器早上突然連不上，整個部門停擺"),
        (Role.AGENT, "您的保固已經過期了，我們沒辦法處理"),
        (Role.CUSTOMER, "怎麼可能過保，我們去年才驗收的"),
        (Role.AGENT, "剛剛已經跟您說過了，過保就是不能免費"),
    ]
    fault, early, dispute, again = packaged.read_all(turns)
    assert "reports_fault" in fault.ids
    assert "refuses_early" in early.ids
    assert "repeats_refusal" not in early.ids
    assert "disputes_expiry" in dispute.ids
    assert "repeats_refusal" in again.ids
    assert again.thread == Thread(refused=True)
