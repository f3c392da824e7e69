"""Every sentence that the code says stands in the catalogue, translated as a person here would write it."""

import re
from string import Formatter

import pytest
from babel.messages.catalog import Message
from opencc import OpenCC

from bot.i18n import words
from bot.language import MAINLAND
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from tests.words.sentences import CATALOGUE, HEADER, said, sentences, translated

HALF_WIDTH_BESIDE_HAN = re.compile(r"[㐀-鿿」）][,;:?!()]|[,;:?!()][㐀-鿿「（]|\.\.\.|。 ")
MAINLAND_WORDS = ("信息", "數據", "默認", "視頻", "質量", "用戶", "屏幕", "軟件", "點擊", "鏈接", "文檔")
PRONOUNS = ("你", "您")


def forms(text: object) -> tuple[str, ...]:
    """One sentence, or each form of a plural."""
    if isinstance(text, str):
        return (text,)
    return tuple(str(each) for each in text) if isinstance(text, tuple | list) else ()


def named(text: str) -> set[str]:
    """The placeholders of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def in_mainland(message: Message) -> str:
    """What a reader of simplified Chinese sees, its placeholders unfilled."""
    english = forms(message.id)
    kept = {name: f"{{{name}}}" for name in named(english[-1])}
    say = words("zh-CN")
    return say(english[0], **kept) if len(english) == 1 else say.plural(english[0], english[1], 2, **kept)


def catalogue() -> list[Message]:
    """Every message of the catalogue."""
    return [message for message in translated() if message.id]


def ids(messages: list[Message]) -> set[tuple[str, ...]]:
    """The English of each message."""
    return {forms(message.id) for message in messages}


def test_everything_said_is_in_the_catalogue_and_nothing_else() -> None:
    """A new sentence needs a translation, and one that is no longer said goes: `python -m tests.words.sentences`."""
    assert ids(catalogue()) == ids([message for message in said() if message.id])


def test_everything_is_translated() -> None:
    """No sentence falls back to English, and a plural has the one form that Chinese has."""
    lacking = [message.id for message in catalogue() if len(forms(message.string)) != 1 or not forms(message.string)[0]]
    assert lacking == []


def test_a_translation_keeps_the_placeholders() -> None:
    """Whatever the English fills in, the Chinese fills in as well, and nothing that is not given."""
    wrong = [
        message.id
        for message in catalogue()
        for english in forms(message.id)
        for chinese in forms(message.string)
        if named(english) != named(chinese)
    ]
    assert wrong == []


def test_what_stands_around_a_value_is_translated() -> None:
    """A translation equals its English only when there is no word in it."""
    same = [m.id for m in catalogue() for form in forms(m.string) if form in forms(m.id)]
    assert [each for each in same if re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", str(each)))] == []


def test_chinese_is_written_as_it_is_in_taiwan() -> None:
    """Full-width punctuation beside Chinese characters, no mainland words, and nobody addressed as 你 or 您."""
    written = [form for message in catalogue() for form in forms(message.string)]
    assert [each for each in written if HALF_WIDTH_BESIDE_HAN.search(re.sub(r"`[^`]*`", "", each))] == []
    assert [each for each in written if any(word in each for word in (*MAINLAND_WORDS, *PRONOUNS))] == []


def test_a_whole_sentence_stays_one() -> None:
    """What ends in a full stop in English does so in Chinese; labels and buttons have none in either."""
    pairs = [(forms(message.id)[0], forms(message.string)[0]) for message in catalogue()]
    assert [each for each in pairs if each[0].endswith(".") != each[1].endswith("。")] == []


def test_simplified_chinese_holds_no_traditional_character() -> None:
    """What a reader in Shanghai sees is simplified throughout, in mainland words where the two differ."""
    said_there = [in_mainland(message) for message in catalogue()]
    simplify = OpenCC("t2s").convert
    assert [each for each in said_there if simplify(each) != each] == []
    assert [each for each in said_there if any(taiwanese in each for taiwanese in MAINLAND)] == []


def test_the_coach_speaks_as_people_do_in_the_mainland() -> None:
    """Plays and decisions are converted with the same words as the interface."""
    wording = load_playbook(PACKAGED_PLAYBOOK).words["zh-CN"]
    said_there = "\n".join([str(wording.plays), str(wording.decisions)])
    assert [taiwanese for taiwanese in MAINLAND if taiwanese in said_there] == []
    assert OpenCC("t2s").convert(said_there) == said_there


def test_each_mainland_word_is_needed() -> None:
    """The list of words that OpenCC leaves as they are holds none that we never say."""
    wording = load_playbook(PACKAGED_PLAYBOOK).words["zh-TW"]
    written = [form for message in catalogue() for form in forms(message.string)]
    converted = OpenCC("tw2sp").convert("\n".join([*written, str(wording.plays), str(wording.decisions)]))
    assert [each for each in MAINLAND if each not in converted] == []


def test_the_catalogue_says_how_it_is_to_be_read() -> None:
    """The file begins with its header: its language, its encoding and that Chinese has one plural form."""
    assert CATALOGUE.read_text("utf-8").startswith(HEADER)


def test_sentences_are_found_wherever_they_are_said() -> None:
    """By name, by attribute, inside an f-string, within one another, and in both forms of a plural."""
    source = """
text = f"*{say('Why')}*  {actor.say('Next')}"
row = say("Missing: {list}", list=say(", ").join(names))
count = actor.say.plural("{n} day", "{n} days", n)
day = say.day(today), folder.plural("a", "b"), section(text)
"""
    assert list(sentences(source)) == ["Why", "Next", "Missing: {list}", ", ", ("{n} day", "{n} days")]


@pytest.mark.parametrize("call", ["say(text)", "say(f'{n} days')", "say.plural('{n} day', many, n)", "say()"])
def test_a_sentence_is_written_out_where_it_is_said(call: str) -> None:
    """A sentence put together while running has no translation."""
    with pytest.raises(ValueError, match="does not write its sentence out"):
        list(sentences(call))
