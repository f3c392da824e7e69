"""The playbook that comes with Aside, on messages it was not trained on."""

from functools import cache

import pytest

from bot.learning import learn
from bot.message import Role
from bot.playbook import LANGUAGES, Language
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK, Settings
from bot.signals import Detector, Thread
from tests.detection.held_out import OBLIQUE, PLAIN, Read, alone, messages, score


@pytest.fixture(scope="module")
def packaged() -> Detector:
    """As the bot reads with the packaged playbook."""
    return learn(load_playbook(PACKAGED_PLAYBOOK), Settings(), print)


@pytest.fixture(scope="module")
def read(packaged: Detector) -> Read:
    """What it tells in a message alone; several tests ask about the same ones, and each is read once."""
    return cache(alone(packaged))


@pytest.mark.parametrize("language", LANGUAGES)
def test_unseen_messages_are_read_in_every_language(read: Read, language: str) -> None:
    """A change of the playbook's words must not cost what was reached."""
    told = score(read, [message for message in messages(PLAIN) if message["lang"] == language])
    assert told.macro_f1 >= 0.88
    assert told.precision >= 0.85


def test_look_alikes_seldom_alarm(read: Read) -> None:
    """Messages with a signal's words and without its meaning are mostly let pass."""
    assert score(read, messages(PLAIN)).flagged <= 0.06  # as quiet as the level makes it


def test_what_is_said_sideways_is_heard_more_often_than_not(read: Read) -> None:
    """Oblique messages: silent rather than wrong."""
    told = score(read, messages(OBLIQUE))
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


LOOK_ALIKES = [
    # what somebody does not mean to do
    (Role.CUSTOMER, "我们不打算起诉"),
    (Role.CUSTOMER, "我們沒有提告的打算，只想把事情處理好"),
    (Role.CUSTOMER, "不考虑走法律程序，协商解决"),
    (Role.CUSTOMER, "We have no intention of suing anyone"),
    # who came back, and who has renewed
    (Role.CUSTOMER, "之前換過別家，後來還是回來"),
    (Role.CUSTOMER, "我們以前跳去另一套系統，用一年又回頭用你們"),
    (Role.CUSTOMER, "以前换过一家供应商，用不惯又回来了"),
    (Role.CUSTOMER, "We tried another vendor a few years ago and came back to you"),
    (Role.CUSTOMER, "續約的合約我已經簽好寄回去了"),
    (Role.CUSTOMER, "续约合同已经盖好章寄回去了"),
    (Role.CUSTOMER, "I've signed the renewal and sent it back"),
    # who says good things in public
    (Role.CUSTOMER, "我會在臉書幫你們推薦一下"),
    (Role.CUSTOMER, "我會在 Google 給你們五星好評"),
    (Role.CUSTOMER, "给你们小红书写个好评"),
    (Role.CUSTOMER, "I'll share your success story on Facebook"),
    # supervisors who learn and look
    (Role.CUSTOMER, "主管級培訓課程"),
    (Role.CUSTOMER, "主管儀表板怎麼看"),
    (Role.CUSTOMER, "经理级培训课程"),
    (Role.CUSTOMER, "Is there a supervisor dashboard?"),
    # what has stayed as it was
    (Role.AGENT, "公司地址沒有變，一樣在內湖"),
    (Role.AGENT, "匯款帳號沒變，跟去年一樣"),
    (Role.AGENT, "开票信息没有变，和上次一样"),
    (Role.AGENT, "Our address hasn't changed, we are still in Leeds"),
    # loud thanks
    (Role.CUSTOMER, "收到！！！"),
    (Role.AGENT, "太好了！！！"),
    # who is to kill what, and for whom
    (Role.CUSTOMER, "Please kill the process"),
    (Role.CUSTOMER, "I will kill your session and restart"),
    (Role.CUSTOMER, "this will kill us"),
    (Role.CUSTOMER, "my boss will kill me"),
    (Role.CUSTOMER, "I'll shoot you an email"),
    (Role.CUSTOMER, "老闆會殺了我"),
    (Role.CUSTOMER, "老板会杀了我"),
    (Role.CUSTOMER, "那張單我要砍單"),
    (Role.CUSTOMER, "整個砍掉重練"),
    (Role.CUSTOMER, "跟你殺價一下"),
    (Role.CUSTOMER, "請幫我們掃毒殺毒"),
    (Role.CUSTOMER, "我殺了你的 process 再重開"),
    (Role.CUSTOMER, "我要拿刀具去找你們研磨"),
    (Role.CUSTOMER, "這颱風天，你全家出門小心"),
    (Role.CUSTOMER, "我們想砍你們全家便利商店的訂單"),
]
MEANT = [
    (Role.CUSTOMER, "threatens_agent", "我要砍死你們"),
    (Role.CUSTOMER, "threatens_agent", "我要砍死你"),
    (Role.CUSTOMER, "threatens_agent", "信不信我殺了你"),
    (Role.CUSTOMER, "threatens_agent", "我明天就去拿刀砍死你"),
    (Role.CUSTOMER, "threatens_agent", "殺你全家"),
    (Role.CUSTOMER, "threatens_agent", "你全家給我小心一點"),
    (Role.CUSTOMER, "threatens_agent", "我要杀了你"),
    (Role.CUSTOMER, "threatens_agent", "信不信老子弄死你"),
    (Role.CUSTOMER, "threatens_agent", "I will kill you"),
    (Role.CUSTOMER, "threatens_agent", "I'm going to kill every one of you"),
    (Role.CUSTOMER, "threatens_agent", "I swear I'll murder you"),
    (Role.CUSTOMER, "threatens_legal", "我們不打算再談了，直接提告"),
    (Role.CUSTOMER, "threatens_legal", "We're done talking, our lawyer will be in touch"),
    (Role.CUSTOMER, "threatens_to_leave", "續約我不簽了，準備換別家"),
    (Role.CUSTOMER, "threatens_to_leave", "用过你们的，以后不会再选你们，我们要换供应商"),
    (Role.CUSTOMER, "threatens_to_leave", "We won't be renewing, your competitor came back to us with an offer"),
    (Role.CUSTOMER, "threatens_publicity", "我會發到臉書，跟大家推薦不要買你們"),
    (Role.CUSTOMER, "threatens_publicity", "给你们一星差评，谁也别推荐"),
    (Role.CUSTOMER, "threatens_publicity", "You'll never see five stars again, expect a one-star review"),
    (Role.CUSTOMER, "asks_supervisor", "請主管級的人來跟我談"),
    (Role.CUSTOMER, "asks_supervisor", "叫你們主管出來，不要再叫我看手冊"),
    (Role.AGENT, "repeats_refusal", "答案沒有變，還是不行"),
    (Role.AGENT, "repeats_refusal", "价格没有变，还是不能免费"),
    (Role.CUSTOMER, "anger", "謝謝你們喔！！！等了三天"),
]


@pytest.mark.parametrize(("role", "text"), LOOK_ALIKES)
def test_a_look_alike_shows_nothing(packaged: Detector, role: Role, text: str) -> None:
    """Denied, over, or said in praise: the words of a threat or a demand alone are none."""
    assert packaged.read(role, text).signals == ()


@pytest.mark.parametrize(("role", "signal", "text"), MEANT)
def test_what_is_meant_is_told_beside_its_look_alikes(packaged: Detector, role: Role, signal: str, text: str) -> None:
    """What takes a look-alike back leaves the real thing, even where it borrows the same words."""
    assert signal in packaged.read(role, text).ids


@pytest.mark.parametrize(
    "text",
    [
        "我不會殺了你啦，慢慢來",
        "我杀了你们三成价，不好意思",
        "我打死你們也沒用",
        "這個價格要殺死你們了",
        "我拿槍去找你們維修，條碼掃不到",
        "我老闆會殺了你們",
        "I am not going to kill you over one day",
        "If this is late, my boss will kill you too haha",
        "These deadlines will kill you",
    ],
)
def test_words_of_killing_threaten_nobody_by_themselves(packaged: Detector, text: str) -> None:
    """Denied, haggled or said of what somebody else will do: a supervisor is not called for that."""
    assert "threatens_agent" not in packaged.read(Role.CUSTOMER, text).ids


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_signal_has_examples_enough(language: Language) -> None:
    """A signal is learnt from twenty-five messages or more in each language, no two the same."""
    signals = load_playbook(PACKAGED_PLAYBOOK).words[language].signals
    few = {name: len(set(words.examples)) for name, words in signals.items() if len(set(words.examples)) < 25}
    assert (len(signals), few) == (42, {})


def test_every_signal_is_found_somewhere(read: Read) -> None:
    """No signal of the contract is deaf."""
    held_out = messages(PLAIN)
    found = {
        signal
        for message in held_out
        for signal in read(Role(message["role"]), message["text"])
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


@pytest.mark.parametrize(
    "text",
    [
        "This is useless. Get me your boss or our lawyer will be in touch and we're moving to another vendor.",
        "Your ticket form is useless, it loses every attachment.",
        "這套流程一點用都沒有，繞了三圈還是原點",
        "这个热线没用，打了半天又转回来了",
    ],
)
def test_hard_words_for_a_thing_are_no_abuse_of_a_person(packaged: Detector, text: str) -> None:
    """R39: an agent is protected from what is said to them; what is said of the service is anger."""
    assert "abuses_agent" not in packaged.read(Role.CUSTOMER, text).ids


def test_who_takes_a_promise_back_does_not_promise_by_it(packaged: Detector) -> None:
    """R32: a correction names the promise once more."""
    corrected = (
        "Before you rely on it: I spoke too soon about the loss, that isn't mine to promise. "
        "Putting the scales right costs you nothing, that much is sure."
    )
    assert "overpromises" not in packaged.read(Role.AGENT, corrected).ids


def test_thanks_for_what_runs_again_report_no_fault(packaged: Detector) -> None:
    """R42: who is content is not asked what is broken; a fault beside the thanks is heard."""
    assert "reports_fault" not in packaged.read(Role.CUSTOMER, "All lines run, nothing has stopped since. Thanks!").ids
    both = packaged.read(Role.CUSTOMER, "Front desk is fine now, thanks. The kitchen printer won't start any more.")
    assert "reports_fault" in both.ids


@pytest.mark.parametrize(
    ("text", "received"),
    [
        ("是不是你們的人又亂按？這通常都是操作造成的", False),
        ("Did you restart it? You must have broken it yourselves.", False),
        ("請問畫面上寫什麼？從幾點開始的？", True),
        ("Since when has it been down, and who is stopped?", True),
    ],
)
def test_a_question_that_blames_receives_nobody(packaged: Detector, text: str, received: bool) -> None:  # noqa: FBT001 - a row
    """R01, R49: who asks whose fault it is has not listened yet."""
    assert packaged.read(Role.AGENT, text, Thread()).thread == Thread(received=received)
