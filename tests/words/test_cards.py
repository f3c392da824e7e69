"""What people see: within Slack's limits whatever is in it, in their own language throughout, and nothing leaks."""

import json
import re
from collections.abc import Iterator
from string import Formatter

import pytest
import yaml
from babel.messages.catalog import Message

from bot.blocks import Block
from bot.cards import draft, home
from bot.cards.facts import fact_words
from bot.draft import DraftCheck, Hurt
from bot.i18n import words
from bot.message import Role
from bot.playbook import LANGUAGES, Language
from sandbox.blocks import message_faults, too_long, view_faults
from sandbox.views import MOST_CHARACTERS
from tests.words.samples import everything, playbook
from tests.words.sentences import ROOT, sentences, translated

NAME = "禾豐軟體"
SAID = "發票印不出來"
HOSTILE = "<!channel> & *禾豐* `軟體` {say} " * 9
LONG = "出貨全部卡住。<&>" * 100

MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8"))
SHORTCUTS = re.compile("|".join(re.escape(each["name"]) for each in MANIFEST["features"]["shortcuts"]))
"""The names of the message shortcuts, which are in both languages at once."""
TELLING = re.compile(
    r"(?i)coach|exception|goodwill|supervis|pric|cost|agent|sales|advice|whisper|customer|risk|decid|approv"
    r"|通融|主管|價格|成本|業務|建議|簽核|核准|客戶|風險|例外"
)


def texts(part: object) -> Iterator[str]:
    """Every text that somebody reads."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(part, list):
        for each in part:
            yield from texts(each)


def labels(part: object) -> Iterator[str]:
    """What stands on buttons, and in the title and at the foot of a window."""
    if isinstance(part, dict):
        for key in ("title", "submit", "close"):
            if key in part:
                yield from texts(part[key])
        if part.get("type") == "button":
            yield from texts(part["text"])
        for value in part.values():
            yield from labels(value)
    elif isinstance(part, list):
        for each in part:
            yield from labels(each)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "said"), [(NAME, SAID), (HOSTILE, LONG), ("X", "x")])
def test_slack_takes_every_card(name: str, said: str, language: Language) -> None:
    """No card breaks a limit of Block Kit, however long the names and whatever was typed."""
    refused = {
        shown.name: faults
        for shown in everything(words(language), name, said)
        if (faults := view_faults(shown.view) if shown.view else message_faults(shown.blocks))
    }
    assert refused == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_ordinary_message_is_too_long_for_slack(language: Language) -> None:
    """Twelve coverages and three contracts still fit into one message."""
    messages = [shown for shown in everything(words(language), NAME, SAID) if not shown.view]
    assert [shown.name for shown in messages if too_long(shown.blocks)] == []


@pytest.mark.parametrize("said", [SAID, LONG])
def test_no_window_and_no_home_is_bigger_than_slack_takes(said: str) -> None:
    """A view has 250 kB at most, also a Home full of names and words as long as they get."""
    name = NAME if said == SAID else HOSTILE
    sizes = [
        (shown.name, len(json.dumps(shown.view))) for shown in everything(words("zh-TW"), name, said) if shown.view
    ]
    assert [each for each in sizes if each[1] > MOST_CHARACTERS] == []


def marked(part: object) -> Iterator[str]:
    """Every text in Slack's markup."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        for value in part.values():
            yield from marked(value)
    elif isinstance(part, list):
        for each in part:
            yield from marked(each)


@pytest.mark.parametrize("language", LANGUAGES)
def test_bold_and_code_stand_where_slack_reads_them(language: Language) -> None:
    """Slack takes a mark only beside a space or ASCII punctuation: after 「，」 a backtick is shown as a backtick."""
    beside = r"[\s\u200b!-/:-@[-`{-~]"
    read = re.compile(rf"(?:^|(?<={beside}))(?P<mark>[`*])(?=\S)[^`*\n]+(?<=\S)(?P=mark)(?=$|{beside})", re.MULTILINE)
    left = {
        text
        for shown in everything(words(language), NAME, SAID)
        for text in marked(shown.view or shown.blocks)
        if re.search(r"`|\*(?=\S)[^*\n]*\S\*", read.sub("", text.replace("```", "")))
    }
    assert left == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_is_cut(language: Language) -> None:
    """Buttons and the titles and feet of windows stand there whole, and are no longer than a glance."""
    say = words(language)
    whole = {say(str(message.id)) for message in translated() if message.id and not named(message)}
    shown_labels = {label for shown in everything(say, NAME, SAID) for label in labels(shown.view or shown.blocks)}
    assert len(shown_labels) > 10
    assert shown_labels - whole == set()


def named(message: Message) -> bool:
    """Whether there is something to fill in."""
    return any(
        name is not None for text in (message.id, message.string) for _, name, _, _ in Formatter().parse(str(text))
    )


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN"])
def test_no_english_shows_in_chinese(language: Language) -> None:
    """A reader of Chinese meets no Latin word of ours, but for commands, rules, files, currencies, shortcuts' names."""
    ours = re.compile(
        r"`[^`]*`|\S+\.yaml, line \d+, \S+:|/aside \w+|/warranty|\bR\d\d\b|NT\$|US\$|TWD|&\w+;|<!date[^>]*>|<[^>|]*>|0123456789ab|<https://[^|>]*\|"
    )
    leaked = {
        text
        for shown in everything(words(language), NAME, SAID)
        for text in (shown.text, *texts(shown.view or shown.blocks))
        if re.search(r"[A-Za-z]", ours.sub("", SHORTCUTS.sub("", text)))
    }
    assert leaked == set()


def test_taiwanese_readers_see_their_own_quotation_marks() -> None:
    """What is quoted stands in 「」, also where a card puts the marks around somebody's words."""
    say = words("zh-TW")
    shown = [each for card in everything(say, NAME, SAID) for each in texts(card.view or card.blocks)]
    found = DraftCheck(hurts=(Hurt(signal="anger", words=SAID, play="calm"),))
    shown += texts(draft.answer(found, customer=NAME, has_case=True, language="zh-TW", playbook=playbook(), say=say))
    assert any(f"「{SAID}」" in text for text in shown)
    assert {text for text in shown if re.search("[“”]", text)} == set()


def test_no_chinese_shows_in_english() -> None:
    """A reader of English meets no Chinese of ours, but for shortcuts' names."""
    leaked = {
        text
        for shown in everything(words("en"), "Hefeng", "No invoices")
        for text in (shown.text, *texts(shown.view or shown.blocks))
        if re.search(r"[㐀-鿿，。：；、（）「」]", SHORTCUTS.sub("", text))
    }
    assert leaked == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_has_words(language: Language) -> None:
    """An agent reads what the case knows and what a line still needs, never an id."""
    facts = yaml.safe_load((ROOT / "playbooks/facts.yaml").read_text("utf-8"))
    say = words(language)
    assert [each["id"] for each in facts if re.search(r"_", fact_words(each["id"], say))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_outsiders_learn_nothing(language: Language) -> None:
    """A customer who types a command or opens the app's Home reads one friendly sentence that tells nothing."""
    say = words(language)
    told = [say(str(each)) for each in sentences((ROOT / "handlers/guard.py").read_text("utf-8"))]
    told += list(texts(home_of_customer(language)))
    assert len(told) == 3
    assert [each for each in told if TELLING.search(each)] == []


def home_of_customer(language: Language) -> Block:
    """What a customer finds under the app's name."""
    return home.view(
        role=Role.CUSTOMER,
        inbox=home.Inbox(),
        missing=[],
        admin=False,
        zone="Asia/Taipei",
        playbook=playbook(),
        say=words(language),
    )
