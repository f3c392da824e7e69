"""A playbook with a fault is told with file, line and place; a sound one is read whole."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.playbook import Route
from bot.playbook_files import Fault, load_playbook, read_playbook

TINY = Path(__file__).parent / "tiny"
FILES = [
    *(f"{name}.yaml" for name in ("signals", "facts", "plays", "decisions", "policy")),
    *(f"zh-TW/{name}.yaml" for name in ("signals", "neutral", "plays", "decisions")),
    *(f"zh-CN/{name}.yaml" for name in ("signals", "neutral")),
    *(f"en/{name}.yaml" for name in ("signals", "neutral", "plays", "decisions")),
]
Spoil = Callable[[str, str, str], Path]


def faults(folder: Path) -> list[str]:
    """Every fault as it is shown."""
    return [str(fault) for fault in read_playbook(folder)[1]]


def test_a_sound_playbook_is_read_whole() -> None:
    """Structure, words and figures are all there."""
    playbook = load_playbook(TINY)
    assert [signal.id for signal in playbook.signals][:2] == ["anger", "demands_compensation"]
    assert playbook.plays[0].routes == (Route.SUPERVISOR,)
    assert playbook.plays[0].lines[1].claims == ("exception_requested",)
    assert playbook.dimensions == {"cost": ("low", "high")}
    assert playbook.policy.whisper.lines == 3
    assert playbook.words["en"].plays["compensation_asked"].title == "They ask for compensation"


def test_what_zh_cn_does_not_say_is_converted() -> None:
    """Plays, decisions and the names of signals fall back to zh-TW's words in simplified characters and wording."""
    words = load_playbook(TINY).words["zh-CN"]
    assert words.plays["compensation_asked"].lines["heard"] == "停工一个下午，影响真的很大，我先把经过记清楚。"
    assert words.decisions["renew"].customer_hears == "我们一起看怎么做最划算。"
    assert words.signals["anger"].name == "客人生气了"
    assert words.signals["anger"].examples[0] == "我真的很生气"


def test_what_zh_cn_says_itself_stands(folder: Path) -> None:
    """A line of its own is kept; what stands beside it is converted."""
    (folder / "zh-CN/plays.yaml").write_text("compensation_asked:\n  lines: {heard: 我先记下来。}\n", encoding="utf-8")
    words = load_playbook(folder).words["zh-CN"].plays["compensation_asked"]
    assert words.lines["heard"] == "我先记下来。"
    assert words.title == "客人要赔偿"


def test_the_version_is_the_hash_of_all_files() -> None:
    """Twelve digits over names and bytes in order, so any change of a word is another version."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(name.encode() + b"\0" + (TINY / name).read_bytes() + b"\0")
    assert load_playbook(TINY).version == digest.hexdigest()[:12]


def test_a_change_of_one_word_is_another_version(spoil: Spoil) -> None:
    """Advice can be traced to the words it came from."""
    assert load_playbook(spoil("en/plays.yaml", "a lot", "much")).version != load_playbook(TINY).version


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        # what the models refuse
        ("signals.yaml", "- {id: anger, speaker: customer, rules: [R02]}", "- {id: anger, speaker: client}",
         "signals.yaml, line 1, [0].speaker: this must be one of customer, agent."),
        ("signals.yaml", "informative: true, rules: [R42]", "informative: yes",
         "signals.yaml, line 3, [2].informative: this must be true or false."),
        ("signals.yaml", "rules: [R04]", "rules: [R99]",
         "signals.yaml, line 6, [5].rules[0]: a rule is one of R01 to R50."),
        ("plays.yaml", "  when:\n", "  wen:\n",
         "plays.yaml, line 4, [0].wen: there is no such key here; perhaps when is meant."),
        ("plays.yaml", "routes: [supervisor]", "routes: [boss]",
         ("plays.yaml, line 7, [0].routes[0]: this must be one of "
         "supervisor, sales, takeover, legal, engineer, peer.")),
        ("policy.yaml", "low_up_to: 5000", "low_up_to: many",
         "policy.yaml, line 1, cost.low_up_to: this must be a number."),
        ("en/plays.yaml", "  title: They ask for compensation\n", "",
         "en/plays.yaml, line 1, compensation_asked.title: this is missing."),
        # what names something that is not there
        ("plays.yaml", "[demands_compensation]", "[demands_money]",
         ("plays.yaml, line 5, [0].when.signals[0]: "
          "there is no signal demands_money; perhaps demands_compensation is meant.")),
        ("plays.yaml", "[demands_compensation]", "[refuses_early]",
         "plays.yaml, line 5, [0].when.signals[0]: refuses_early is a signal of the agent, not of the customer."),
        ("plays.yaml", "{cost: [low]}", "{price: [low]}",
         "plays.yaml, line 6, [0].when.case.price: there is no dimension price."),
        ("plays.yaml", "{cost: [low]}", "{cost: [low, tiny]}",
         "plays.yaml, line 6, [0].when.case.cost[1]: cost is one of low, high, not tiny."),
        ("plays.yaml", "[exception_requested]", "[asked]",
         "plays.yaml, line 10, [0].lines[1].claims[0]: there is no fact asked."),
        ("decisions.yaml", "{cost: [high]}", "{cost: [low]}", "decisions.yaml, line 3, rows: no row fits cost high."),
        ("facts.yaml", "- {id: expired}", "- {id: exception_requested}",
         "facts.yaml, line 2, [1].id: the id exception_requested stands twice."),
        # words
        ("en/plays.yaml",
         "    asking: I have asked my supervisor to look at it, and {customer} will hear from me today.\n",
         "", "en/plays.yaml, line 6, compensation_asked.lines: the line asking has no words here."),
        ("en/plays.yaml", "    heard:", "    herd: Hello.\n    heard:",
         "en/plays.yaml, line 7, compensation_asked.lines.herd: the play has no line herd."),
        ("en/decisions.yaml", "renew:", "renewal:",
         "en/decisions.yaml, line 4, renewal: there is no decision row renewal; perhaps renew is meant."),
        ("en/plays.yaml", "{customer}", "{name}",
         ("en/plays.yaml, line 8, compensation_asked.lines.asking: "
         "{name} is none of the placeholders {concession}, {customer}, {due_at}, {ended_on}, "
         "{missed_at}, {moved_from}, {product}.")),
        ("en/plays.yaml", "{customer}", "{customer!r}",
         ("en/plays.yaml, line 8, compensation_asked.lines.asking: "
         "{customer} is none of the placeholders {concession}, {customer}, {due_at}, {ended_on}, "
         "{missed_at}, {moved_from}, {product}.")),
        ("en/plays.yaml", "{customer}", "{customer",
         ("en/plays.yaml, line 8, compensation_asked.lines.asking: "
          "the braces do not match (expected '}' before end of string).")),
        # true lines only
        ("plays.yaml", "{id: asking, claims: [exception_requested]}", "{id: asking}",
         ('en/plays.yaml, line 8, compensation_asked.lines.asking: '
          '"I have asked" says that something has happened or will, '
         "and the line claims no fact.")),
        # patterns
        ("en/signals.yaml", r"'\bfurious\b'", r"'\bfurious(\b'",
         ("en/signals.yaml, line 4, anger.patterns[0]: "
         "this is not a regular expression (missing ), unterminated subpattern at position 9).")),
        ("zh-TW/signals.yaml", "'氣死'", "'氣*'",
         "zh-TW/signals.yaml, line 4, anger.patterns[0]: this regular expression fits every message."),
        ("zh-TW/signals.yaml", "'氣死'", "'(氣+)+死'",
         ("zh-TW/signals.yaml, line 4, anger.patterns[0]: "
         "a repetition of what varies in length can take forever; write it once, or at most {0,5} times.")),
        # YAML
        ("policy.yaml", "cost:", "cost: {low_up_to: 1}\ncost:",
         "policy.yaml, line 2: the key cost stands twice, first on line 1."),
        ("facts.yaml", "- {id: expired}", "- &a {id: expired}\n- *a",
         "facts.yaml, line 1: anchors (&) and aliases (*) are not used in a playbook."),
        ("facts.yaml", "- {id: expired}", "- !!python/name:os.system {id: expired}",
         "facts.yaml, line 1: the tag tag:yaml.org,2002:python/name:os.system is not used in a playbook."),
        ("facts.yaml", "- {id: expired}", "- {id: expired",
         "facts.yaml, line 2: this is not YAML (did not find expected ',' or '}')."),
        ("facts.yaml", "- {id: expired}", "- {id: expired}\n---\n- {id: covered}",
         "facts.yaml, line 2: a file holds one document, here a second one starts."),
        ("facts.yaml", "- {id: expired}", "- " + "[" * 30 + "]" * 30,
         "facts.yaml, line 1: more than 20 levels stand in each other."),
        ("facts.yaml", "- {id: expired}", "- {12: expired}",
         "facts.yaml, line 1: a key is a word; put it in quotes if it looks like something else."),
        ("facts.yaml", "- {id: expired}", "- {id: expired}\t\x07",
         ("facts.yaml, line 1: this is not YAML "
          "(unacceptable character #x0007: control characters are not allowed).")),
    ],
)  # fmt: skip
def test_a_fault_is_told_where_it_stands(spoil: Spoil, file: str, old: str, new: str, fault: str) -> None:
    """Whatever is wrong is named with its file, its line and its place in the file."""
    assert fault in faults(spoil(file, old, new))


@pytest.mark.parametrize(
    "pattern",
    [
        "([a-z]+ ?)+$",
        "(.*,)*x",
        "((a+))+b",
        "(?:(?:a*)b?)*c",
        "(a{1,3})*b",
        "(氣+){2,}死",
        "(?=(a+)+b)a",
        "(a+){12}b",
        "(x(a?){0,9}y)*z",
    ],
)
def test_a_repetition_of_what_varies_in_length_is_told(spoil: Spoil, pattern: str) -> None:
    """However it is written, a customer's message must not hold the bot up for minutes."""
    assert [fault.rpartition(": ")[2] for fault in faults(spoil("zh-TW/signals.yaml", "'氣死'", f"'{pattern}'"))] == [
        "a repetition of what varies in length can take forever; write it once, or at most {0,5} times."
    ]


@pytest.mark.parametrize("pattern", ["(a|a)*b", "(?:a|b|ab)*c", "(請|請問)+x", "(?:Ab|ac)*d", "(a||b)+c"])
def test_a_repeated_choice_between_things_that_begin_alike_is_told(spoil: Spoil, pattern: str) -> None:
    """The same text could be taken apart in very many ways."""
    assert [fault.rpartition(": ")[2] for fault in faults(spoil("zh-TW/signals.yaml", "'氣死'", f"'{pattern}'"))] == [
        "a repeated choice between things that begin alike can take forever; let them differ, or at most {0,5} times."
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        r"not( \w+){0,3} angry",
        "(很|真的|太)+煩",
        "(ab){2,}",
        "(a|b)+c",
        "(?:ab|ac)+d",
        "(?:call|ring|write)+x",
        ".{0,14}a.{0,14}b",
        "((?!不).){0,14}回來",
        "a+b*c?",
        "(a{3})+b",
    ],
)
def test_a_repetition_that_can_be_read_in_one_way_is_allowed(spoil: Spoil, pattern: str) -> None:
    """What is short, of fixed length, or told apart by its first character is no danger."""
    assert faults(spoil("zh-TW/signals.yaml", "'氣死'", f"'{pattern}'")) == []


def test_yes_is_a_word(spoil: Spoil) -> None:
    """As in YAML 1.2: `yes`, `no`, `on`, `off` are words, so a dimension may have them as values."""
    spoil("decisions.yaml", "[low, high]", "[yes, no]")
    spoil("decisions.yaml", "{cost: [low]}", "{cost: [yes]}")
    spoil("decisions.yaml", "{cost: [high]}", "{cost: [no]}")
    assert load_playbook(spoil("plays.yaml", "{cost: [low]}", "{cost: [no]}")).dimensions == {"cost": ("yes", "no")}


def test_a_time_and_an_octal_are_words(spoil: Spoil) -> None:
    """`12:30` is no number of minutes, as YAML 1.1 would have it, and a date is no date."""
    folder = spoil("en/neutral.yaml", "does Tuesday at two work", "12:30, 2026-01-05")
    assert load_playbook(folder).words["en"].neutral.customer[1:3] == ("12:30", "2026-01-05")


def test_a_signal_without_words_is_told(folder: Path) -> None:
    """A signal needs its words in every language, its examples are what it is learnt from."""
    file = folder / "zh-CN/signals.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("counters_question:")], encoding="utf-8")
    assert faults(folder) == ["zh-CN/signals.yaml: the signal counters_question has no words here."]


def test_a_missing_file_and_a_strange_one_are_told(folder: Path) -> None:
    """A file that is misspelt is both."""
    (folder / "en/plays.yaml").rename(folder / "en/play.yaml")
    assert faults(folder) == [
        "en/play.yaml: this is not a file of a playbook; perhaps en/plays.yaml is meant.",
        "en/plays.yaml: this file is missing.",
    ]


def test_a_file_in_another_encoding_is_told(folder: Path) -> None:
    """Big5 is not guessed."""
    (folder / "zh-TW/plays.yaml").write_bytes(b"compensation_asked:\n" + "  title: 客人".encode("big5"))
    assert faults(folder) == ["zh-TW/plays.yaml, line 2: this is not UTF-8; save the file as UTF-8."]


def test_a_file_without_end_is_not_read(folder: Path) -> None:
    """A file over the bound is refused before it is parsed."""
    (folder / "facts.yaml").write_text("# " + "x" * 1_000_000, encoding="utf-8")
    assert faults(folder) == ["facts.yaml: the file is larger than 1,000,000 bytes."]


def test_every_fault_is_told_at_once(spoil: Spoil) -> None:
    """An author mends all of them in one go."""
    spoil("plays.yaml", "[exception_requested]", "[asked]")
    folder = spoil("en/plays.yaml", "{customer}", "{name}")
    assert [(fault.file, fault.line) for fault in read_playbook(folder)[1]] == [
        ("en/plays.yaml", 8),
        ("plays.yaml", 10),
    ]


def test_loading_names_the_first_fault_and_what_to_do(spoil: Spoil) -> None:
    """A typo stops the start with one clear sentence."""
    folder = spoil("plays.yaml", "routes: [supervisor]", "routes: [sales, boss]")
    with pytest.raises(UserError) as raised:
        load_playbook(folder)
    assert raised.value.what == (
        "The playbook cannot be used: plays.yaml, line 7, [0].routes[1]: this must be one of "
        "supervisor, sales, takeover, legal, engineer, peer."
    )
    assert raised.value.do == f"Correct it, then run `aside playbook check {folder}`."


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A mistyped path is a fault of its own."""
    assert read_playbook(tmp_path / "no") == (None, (Fault(str(tmp_path / "no"), 0, "", "there is no such folder"),))


@given(st.binary(max_size=200) | st.text(alphabet="[]{}:-&*!|>'\"#%@ \nab", max_size=80).map(str.encode))
@settings(deadline=None, max_examples=60)
def test_any_bytes_get_an_answer(content: bytes) -> None:
    """Whatever stands in a file, reading it ends in a playbook or in faults of that file."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(TINY, Path(temporary) / "playbook"))
        (folder / "facts.yaml").write_bytes(content)
        playbook, found = read_playbook(folder)
        assert (playbook is None) == bool(found)


def test_what_is_converted_is_not_told_twice(spoil: Spoil) -> None:
    """zh-CN takes what it does not say from zh-TW, so a fault there is one fault."""
    spoil("zh-TW/plays.yaml", "{customer}", "{name}")
    folder = spoil("zh-TW/decisions.yaml", "renew:", "renewal:")
    assert [fault.file for fault in read_playbook(folder)[1]] == ["zh-TW/decisions.yaml"] * 2 + ["zh-TW/plays.yaml"]


def test_what_zh_cn_says_wrongly_itself_is_told(folder: Path) -> None:
    """Where it stands, also when zh-TW has a fault at the same place."""
    (folder / "zh-CN/plays.yaml").write_text("compensation_asked:\n  lines: {heard: '{nmae}'}\n", encoding="utf-8")
    assert faults(folder) == [
        (
            "zh-CN/plays.yaml, line 2, compensation_asked.lines.heard: "
            "{nmae} is none of the placeholders {concession}, {customer}, {due_at}, {ended_on}, "
            "{missed_at}, {moved_from}, {product}."
        )
    ]


@pytest.mark.parametrize("empty", ["signals.yaml", "facts.yaml", "plays.yaml"])
def test_an_empty_list_ends_in_a_playbook_or_in_faults(folder: Path, empty: str) -> None:
    """Nothing is read as nothing, and whoever loads it hears why it cannot be used."""
    (folder / empty).write_text("[]\n", encoding="utf-8")
    playbook, found = read_playbook(folder)
    assert (playbook is None) == bool(found)


def test_a_file_that_cannot_be_read_is_told(folder: Path) -> None:
    """A folder in a file's place, as some tools leave it, is a fault like any other."""
    (folder / "zh-CN" / "plays.yaml").mkdir()
    assert read_playbook(folder)[1] == ()
    (folder / "facts.yaml").unlink()
    (folder / "facts.yaml").mkdir()
    assert faults(folder) == ["facts.yaml: this file is missing."]


def test_a_table_that_no_machine_could_try_is_refused(spoil: Spoil) -> None:
    """Every case is tried on every row, so both are bounded."""
    values = ", ".join(f"v{number}" for number in range(200))
    folder = spoil("decisions.yaml", "cost: [low, high]", f"cost: [low, high]\n  a: [{values}]\n  b: [{values}]")
    assert faults(folder) == [
        "decisions.yaml, line 1, dimensions: these make 80,000 different cases; more than 20,000 are too many."
    ]
