"""What a message shows, exactly, with the tests' own small playbook."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features import Matrix
from bot.heads import Encoders
from bot.message import Role
from bot.playbook_files import load_playbook
from bot.signals import PATTERN_SCORE, Detector, Reading, Signal, Thread, examples

CUSTOMER_IDS = {"anger", "demands_compensation", "satisfied"}
AGENT_IDS = {"refuses_early", "repeats_refusal", "counters_question"}
REFUSAL = "您的設備已經過保了，沒辦法免費處理"
PATTERNED = [
    "我們要求全額賠償這次的停工",
    "這三天的損失請你們負起責任",
    "再等下去我真的會氣死，氣死！",
    "We are FURIOUS with how this went.",
    "When will we get our refund?",
]


@pytest.mark.parametrize(
    ("role", "text", "signal"),
    [
        (Role.CUSTOMER, "我們要求全額賠償這次的停工", "demands_compensation"),
        (Role.CUSTOMER, "等到火大", "anger"),
        (Role.CUSTOMER, "When will we get our refund?", "demands_compensation"),
        (Role.AGENT, "您上個月就過保了，這樣我們無法處理", "refuses_early"),
        (Role.AGENT, "Like I already told you, no.", "repeats_refusal"),
    ],
)
def test_a_pattern_of_the_playbook_is_near_certain(detector: Detector, role: Role, text: str, signal: str) -> None:
    """Where a pattern fits, its signal is read with the pattern's score at least."""
    scores = {found.id: found.score for found in detector.read(role, text).signals}
    assert scores[signal] >= PATTERN_SCORE


@pytest.mark.parametrize(
    "text",
    [
        "我們不是要賠償，只是想知道什麼時候會好",
        "我们不是要你们赔钱，只想知道什么时候会好",
        "We are not asking for compensation, only for a date.",
        "I'm not looking for a refund.",
    ],
)
def test_a_veto_takes_the_signal_back(detector: Detector, text: str) -> None:
    """Words that deny a signal leave nothing of it, whether a pattern or the model had noticed it."""
    assert "demands_compensation" not in detector.read(Role.CUSTOMER, text).ids


def test_a_veto_holds_for_its_own_sentence_alone(detector: Detector) -> None:
    """A denial in one sentence does not silence the demand in the next."""
    reading = detector.read(Role.CUSTOMER, "我們不是要賠償。我改變主意了，你們要賠償！")
    assert [found.words for found in reading.signals if found.id == "demands_compensation"] == [
        "我改變主意了，你們要賠償！"
    ]


def test_words_are_the_writers_own(detector: Detector) -> None:
    """A signal names the stretch in which it was noticed, in the characters that were typed."""
    text = "早安，系統從昨天就停了。你們必須賠償我們的損失！另外請回電給我。"
    found = [signal for signal in detector.read(Role.CUSTOMER, text).signals if signal.id == "demands_compensation"]
    assert [signal.words for signal in found] == ["你們必須賠償我們的損失！"]


def test_a_long_sentence_is_told_by_its_stretch(detector: Detector) -> None:
    """In a sentence of many clauses only the clauses around the signal are quoted."""
    text = "昨天下午兩點多我們的系統開始變慢，我請同事重新開機試過，後來整個下午都沒有辦法出貨，停工的損失你們要負責"
    found = [signal for signal in detector.read(Role.CUSTOMER, text).signals if signal.id == "demands_compensation"]
    assert [signal.words for signal in found] == ["停工的損失你們要負責"]


def test_several_signals_stand_beside_each_other(detector: Detector) -> None:
    """A message may show more than one thing, the surest first."""
    reading = detector.read(Role.CUSTOMER, "我真的氣死了！你們要賠償我們的損失！")
    assert set(reading.ids) == {"anger", "demands_compensation"}
    assert [found.score for found in reading.signals] == sorted(
        (found.score for found in reading.signals), reverse=True
    )


def test_words_like_the_examples_are_enough(detector: Detector) -> None:
    """Without a pattern, the model speaks from the playbook's examples."""
    assert detector.read(Role.CUSTOMER, "謝謝，已經可以用了，處理得很快").ids == ("satisfied",)


@pytest.mark.parametrize("text", ["請問下週開會時間", "Could you send the contract to our new office?", "0912-345-678"])
def test_an_ordinary_message_shows_nothing(detector: Detector, text: str) -> None:
    """Silent when unsure."""
    assert detector.read(Role.CUSTOMER, text) == Reading()


@pytest.mark.parametrize(
    "text",
    ["", " \n\t ", "👍🎉", "……", "\u200b\u200d\ufeff", "\x00\x01", "\ud800\udfff", "???", "。"],
)
def test_a_message_without_words_shows_nothing(detector: Detector, text: str) -> None:
    """Emoji, marks, invisible characters and halves of characters are no signal, and no anger by themselves."""
    assert detector.read(Role.CUSTOMER, text) == Reading()


def test_invisible_characters_hide_nothing(detector: Detector) -> None:
    """Zero-width characters, full-width letters and lone surrogates inside a word do not help it past a pattern."""
    for text in ["你們要賠\u200b償", "Ｗｅ　ｗａｎｔ　ａ　ｒｅｆｕｎｄ", "我要賠\ud800償", "we want a re\u00adfund"]:
        assert "demands_compensation" in detector.read(Role.CUSTOMER, text).ids


def test_only_the_beginning_of_an_endless_message_is_read(detector: Detector) -> None:
    """A message of 40,000 characters is read as far as 4,000, so it costs no more than they do."""
    assert detector.read(Role.CUSTOMER, "哈" * 40_000 + "。你們要賠償") == Reading()
    assert "demands_compensation" in detector.read(Role.CUSTOMER, "你們要賠償。" + "哈" * 40_000).ids


def test_what_others_wrote_is_not_the_writers(detector: Detector) -> None:
    """Quoted lines and pasted code are not what the writer says."""
    assert detector.read(Role.CUSTOMER, "> 你們要賠償我們\n請問系統怎麼新增帳號") == Reading()
    assert detector.read(Role.CUSTOMER, "```\nrefund() failed\n```\nhow do I add a user") == Reading()


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.SALES, Role.COLLEAGUE])
def test_our_own_words_show_only_our_own_signals(detector: Detector, role: Role) -> None:
    """A customer's signal is never read in the words of one of us, whatever they say."""
    assert not CUSTOMER_IDS & set(detector.read(role, "你們要賠償！氣死我了！謝謝你們幫忙").ids)


def test_a_customers_words_show_only_a_customers_signals(detector: Detector) -> None:
    """An agent's signal is never read in a customer's words."""
    assert not AGENT_IDS & set(detector.read(Role.CUSTOMER, "我剛剛已經說過不行，過保沒辦法修").ids)


def test_a_bot_shows_nothing(detector: Detector) -> None:
    """What an app writes is nobody's mood."""
    assert detector.read(Role.BOT, "我們要求賠償！") == Reading()


def test_a_message_that_stands_alone_is_judged_alone(detector: Detector) -> None:
    """Without a thread every signal of the words is told."""
    assert "refuses_early" in detector.read(Role.AGENT, REFUSAL).ids
    assert "repeats_refusal" in detector.read(Role.AGENT, "剛剛說過了，不行").ids
    assert "counters_question" in detector.read(Role.AGENT, "您覺得為什麼不用錢").ids


def test_a_refusal_repeats_only_what_was_refused(detector: Detector) -> None:
    """R11: the first refusal of a thread is none repeated, whatever its words; a second one is, whatever its words."""
    opened = detector.read(Role.AGENT, "剛剛說過了，不行", Thread())
    assert "repeats_refusal" not in opened.ids
    first = detector.read(Role.AGENT, REFUSAL, Thread())
    assert "repeats_refusal" not in first.ids
    assert first.thread == Thread(refused=True)
    second = detector.read(Role.AGENT, "保固過期就是沒辦法", first.thread)
    assert "repeats_refusal" in second.ids


def test_a_refusal_that_calls_itself_repeated_is_one(detector: Detector) -> None:
    """R11: the first no of a conversation is often too soft to be heard as one; nobody says a first "I told you"."""
    received = Thread(received=True)
    assert "repeats_refusal" in detector.read(Role.AGENT, "剛剛說過了，不行", received).ids
    assert "repeats_refusal" in detector.read(Role.AGENT, "Like I already told you, no.", received).ids


def test_a_refusal_is_early_until_the_problem_was_asked_about(detector: Detector) -> None:
    """R01: after a question or a word of receipt, a refusal is no longer an early one."""
    assert "refuses_early" in detector.read(Role.AGENT, REFUSAL, Thread()).ids
    for receipt in ["請問是從什麼時候開始的？", "收到，我先確認一下合約", "Since when has it been down?"]:
        heard = detector.read(Role.AGENT, receipt, Thread())
        assert heard.thread == Thread(received=True)
        assert "refuses_early" not in detector.read(Role.AGENT, REFUSAL, heard.thread).ids


def test_an_apology_inside_a_refusal_is_no_receipt(detector: Detector) -> None:
    """R01: "sorry, you are out of warranty" has not asked about anything."""
    assert detector.read(Role.AGENT, f"不好意思，{REFUSAL}", Thread()).thread == Thread(refused=True)


def test_a_question_is_countered_only_when_one_was_asked(detector: Detector) -> None:
    """R04: a question is returned only to somebody who asked one, and who has not been answered since."""
    asked = detector.read(Role.CUSTOMER, "為什麼星期六要算錢？", Thread()).thread
    assert asked == Thread(asked=True)
    counter = "您覺得為什麼不用錢"
    assert "counters_question" in detector.read(Role.AGENT, counter, asked).ids
    assert "counters_question" not in detector.read(Role.AGENT, counter, Thread()).ids
    answered = detector.read(Role.AGENT, "因為那天是假日出勤", asked).thread
    assert "counters_question" not in detector.read(Role.AGENT, counter, answered).ids


@pytest.mark.parametrize("text", ["麻煩您確認一下這算不算在合約裡", "Please confirm that this is in our agreement."])
def test_a_request_to_be_told_is_a_question(detector: Detector, text: str) -> None:
    """R04: it has no question mark and wants an answer all the same."""
    asked = detector.read(Role.CUSTOMER, text, Thread()).thread
    assert asked == Thread(asked=True)
    assert "counters_question" in detector.read(Role.AGENT, "您覺得為什麼不用錢", asked).ids


def test_a_conversation_is_read_from_its_first_message(detector: Detector) -> None:
    """Reading all turns carries the thread from one to the next."""
    readings = detector.read_all([(Role.CUSTOMER, "印表機不動了"), (Role.AGENT, REFUSAL), (Role.AGENT, REFUSAL)])
    assert ["repeats_refusal" in reading.ids for reading in readings] == [False, False, True]


def test_anger_is_a_signal_of_its_own_level(detector: Detector) -> None:
    """A message that is angry by its words shows the signal too, so level and signal never contradict."""
    reading = detector.read(Role.CUSTOMER, "這到底是什麼爛系統！！忍無可忍")
    assert reading.anger == 3
    assert "anger" in reading.ids


@pytest.mark.parametrize(
    "text",
    [
        "我不是火大，是覺得這個數字很離譜",
        "We are not angry, the date in the report is just ridiculous.",
    ],
)
def test_a_veto_takes_the_level_back_too(detector: Detector, text: str) -> None:
    """A sentence in which the playbook hears no anger adds none to the level, so level and signal never contradict."""
    assert detector.read(Role.CUSTOMER, text) == Reading()


def test_a_shout_over_several_sentences_is_heard(detector: Detector) -> None:
    """Level and signal agree also where no sentence is angry by itself; a face with marks has no words to quote."""
    reading = detector.read(Role.CUSTOMER, "NOBODY CALLED. THIS STOPS TODAY. ANSWER US.")
    assert (reading.anger, "anger" in reading.ids) == (2, True)
    assert detector.read(Role.CUSTOMER, "😡！！") == Reading(anger=2)


def test_a_veto_of_one_sentence_leaves_the_anger_of_the_next(detector: Detector) -> None:
    """Only the vetoed sentence is taken back."""
    reading = detector.read(Role.CUSTOMER, "我不是火大。但是忍無可忍了！")
    assert reading.anger == 2
    assert [found.words for found in reading.signals if found.id == "anger"] == ["但是忍無可忍了！"]


def test_a_returned_question_is_no_receipt(detector: Detector) -> None:
    """R01: "why should you not pay?" asks nothing about the problem."""
    asked = detector.read(Role.CUSTOMER, "為什麼星期六要算錢？", Thread()).thread
    assert detector.read(Role.AGENT, "您覺得為什麼不用錢？", asked).thread == Thread()


class Meaning:
    """An encoder that knows one meaning in several words."""

    name = "meaning"

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One column: whether somebody should pay for a loss."""
        return np.array([[float("赔" in text or "refund" in text or "indemnify" in text)] for text in texts])


def test_an_encoder_adds_what_words_mean(tiny: Path, detector: Detector) -> None:
    """A word that no example has is understood through the encoder alone."""
    text = "Kindly indemnify our subsidiary"
    assert detector.read(Role.CUSTOMER, text).ids == ()
    understanding = Detector.train(load_playbook(tiny), Encoders(cheap=Meaning()))
    assert understanding.read(Role.CUSTOMER, text).ids == ("demands_compensation",)


def test_anger_that_is_known_counts_for_more_than_what_is_usual(tiny: Path, tmp_path: Path) -> None:
    """A message is as angry as its list says, under any of its signals; otherwise as such messages usually are."""
    folder = shutil.copytree(tiny, tmp_path / "playbook")
    words = folder / "en" / "signals.yaml"
    known = words.read_text(encoding="utf-8")
    demand = "  examples: [you must compensate us for the loss, "
    assert demand in known
    edited = known.replace(
        demand, f"  calm: [fed up with waiting all day]\n  furious: [pay up this minute]\n{demand}", 1
    )
    edited = edited.replace("  examples: [I am really", "  examples: [fed up with waiting all day, I am really", 1)
    words.write_text(edited, encoding="utf-8")
    found = {each.text: each for each in examples(load_playbook(folder), Role.CUSTOMER)}
    assert found["pay up this minute"].temper == 3
    both = found["fed up with waiting all day"]
    assert both.signals == {"anger", "demands_compensation"}
    assert both.temper == 0
    usual = {signal.id: signal.temper for signal in load_playbook(folder).signals}
    assert found["i am really angry about this"].temper == usual["anger"]


def test_training_is_reproducible(tiny: Path, detector: Detector) -> None:
    """Equal playbooks give equal readings, to the last digit of the score."""
    again = Detector.train(load_playbook(tiny))
    for text in PATTERNED:
        assert again.read(Role.CUSTOMER, text) == detector.read(Role.CUSTOMER, text)


@pytest.mark.slow
def test_every_process_reads_the_same(tiny: Path) -> None:
    """Whatever order a process gives its sets, scores are equal to the last digit, so advice can be replayed."""
    read = (
        "import sys; from pathlib import Path; from bot.message import Role; from bot.signals import Detector;"
        "from bot.playbook_files import load_playbook;"
        "detector = Detector.train(load_playbook(Path(sys.argv[1])));"
        "print(ascii([detector.read(Role.AGENT, text) for text in sys.argv[2:]]))"
    )
    said = ["沒有合約就是不能修，這個要收費", "no contract so this will be charged, as I told you", "您自己沒看合約"]
    readings = {
        subprocess.run(
            [sys.executable, "-c", read, str(tiny), *said],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(readings) == 1
    assert b"refuses_early" in readings.pop()


@given(st.sampled_from(PATTERNED), st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_both_scripts_and_all_widths_are_read_alike(detector: Detector, known: str, added: str) -> None:
    """Traditional, simplified and full-width ways to write a message show the same signals with the same scores."""
    text = f"{added}\n{known}"
    ascii_wide = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in known)
    simplified = opencc.OpenCC("t2s").convert(known)
    plain = [(found.id, found.score) for found in detector.read(Role.CUSTOMER, text).signals]
    for other in (f"{added}\n{ascii_wide}", f"{added}\n{simplified}"):
        assert [(found.id, found.score) for found in detector.read(Role.CUSTOMER, other).signals] == plain


@given(st.sampled_from([Role.CUSTOMER, Role.AGENT]), st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_gets_a_reading_of_the_right_shape(detector: Detector, role: Role, text: str) -> None:
    """Whatever is typed: known ids, each once, scores from 0.5 to 1, words out of the text, anger 0–3."""
    reading = detector.read(role, text)
    assert len(set(reading.ids)) == len(reading.ids)
    assert set(reading.ids) <= (CUSTOMER_IDS if role is Role.CUSTOMER else AGENT_IDS)
    assert reading.anger in {0, 1, 2, 3}
    for found in reading.signals:
        assert isinstance(found, Signal)
        assert 0.5 <= found.score <= 1
        assert found.words in text
