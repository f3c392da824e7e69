"""`aside detect`: one line of JSON in, the same with what it shows out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli_detect import detect_command
from bot.errors import UserError
from tests.commands.conftest import Aside


def detect(tiny: Path, content: str | bytes) -> Result:
    """Run the command on what comes in at standard input."""
    return CliRunner().invoke(detect_command, ["--playbook", str(tiny)], input=content)


def line(**fields: Any) -> str:
    """One line of input."""
    return json.dumps(fields, ensure_ascii=False) + "\n"


def test_each_line_comes_back_with_signals_and_anger(tiny: Path) -> None:
    """The same object in the same order, ids with scores, anger as a number, words as they were typed."""
    result = detect(
        tiny,
        line(role="customer", text="我們要求全額賠償這次的停工！", ticket=7)
        + line(role="agent", text="Please share the serial number")
        + line(role="customer", text="氣死！！"),
    )
    answers = [json.loads(answer) for answer in result.stdout.splitlines()]
    assert [list(answer) for answer in answers] == [
        ["role", "text", "ticket", "signals", "anger"],
        ["role", "text", "signals", "anger"],
        ["role", "text", "signals", "anger"],
    ]
    assert answers[0]["ticket"] == 7
    assert "我們要求全額賠償這次的停工！" in result.stdout
    assert [found["id"] for found in answers[0]["signals"]] == ["demands_compensation"]
    assert [sorted(found) for answer in answers for found in answer["signals"]] == [["id", "score"]] * 2
    assert answers[1]["signals"] == []
    assert [answer["anger"] for answer in answers] == [0, 0, 3]


def test_each_line_stands_alone_unless_it_names_a_thread(tiny: Path) -> None:
    """Two threads in one file do not hear each other; lines without a thread hear nothing."""
    refusal = "您的設備已經過保了，沒辦法免費處理"
    result = detect(
        tiny,
        line(role="agent", text=refusal, thread="a")
        + line(role="agent", text=refusal, thread="b")
        + line(role="agent", text=refusal)
        + line(role="agent", text=refusal, thread="a"),
    )
    answers = [json.loads(answer) for answer in result.stdout.splitlines()]
    assert ["repeats_refusal" in [found["id"] for found in answer["signals"]] for answer in answers] == [
        False,
        False,
        False,
        True,
    ]


def test_learnt_anger_is_a_plain_number() -> None:
    """What only the head hears as anger can be written as JSON like any other."""
    texts = ("等了一整天沒人回", "再拖下去我們就換廠商", "你們再不處理我就去客訴")
    result = CliRunner().invoke(detect_command, input="".join(line(role="customer", text=text) for text in texts))
    assert result.exit_code == 0, result.exception
    assert {type(json.loads(answer)["anger"]) for answer in result.stdout.splitlines()} == {int}


def test_half_a_character_comes_back_escaped(tiny: Path) -> None:
    """A lone surrogate, which UTF-8 cannot hold, is written as the escape it came in as."""
    result = detect(tiny, '{"role": "customer", "text": "\\ud83d 你好"}\n')
    assert result.exit_code == 0
    assert json.loads(result.stdout)["text"] == "\ud83d 你好"
    assert result.stdout.startswith('{"role": "customer", "text": "\\ud83d ')


def test_blank_lines_and_a_byte_order_mark_are_no_messages(tiny: Path) -> None:
    """They get no answer and are no fault."""
    given = b"\xef\xbb\xbf" + line(role="customer", text="hi").encode() + b"\n  \n"
    assert len(detect(tiny, given).stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("{", "Line 2 is not JSON."),
        ("NaN", "Line 2 is not JSON."),
        ("[" * 100_000, "Line 2 is not JSON."),
        ('{"role": "customer", "text": ' + "9" * 5_000 + "}", "Line 2 is not JSON."),
        ("[]", "Line 2 is not a JSON object."),
        ("{}", 'Line 2 has no "role" of customer or agent.'),
        ('{"role": "bot", "text": "x"}', 'Line 2 has no "role" of customer or agent.'),
        ('{"role": ["customer"], "text": "x"}', 'Line 2 has no "role" of customer or agent.'),
        ('{"role": "customer"}', 'Line 2 has no "text".'),
        ('{"role": "customer", "text": null}', 'Line 2 has no "text".'),
        (
            '{"role": "customer", "text": "x", "thread": {}}',
            'Line 2 has a "thread" that is neither text nor an integer.',
        ),
    ],
)
def test_a_bad_line_is_named_after_the_answers_before_it(tiny: Path, bad: str, what: str) -> None:
    """The lines before a bad one have their answers, then one sentence names the line."""
    result = detect(tiny, line(role="customer", text="hi") + bad + "\n")
    assert isinstance(result.exception, UserError)
    assert result.exception.what == what
    assert len(result.stdout.splitlines()) == 1


def test_a_line_that_is_not_utf_8_is_named(tiny: Path) -> None:
    """A file in another encoding is told, not guessed."""
    result = detect(tiny, line(role="customer", text="hi").encode() + '{"role":"客"}'.encode("big5"))
    assert isinstance(result.exception, UserError)
    assert str(result.exception) == "Line 2 is not UTF-8. Save the file as UTF-8."


def test_the_command_fails_with_a_sentence(tiny: Path, tmp_path: Path) -> None:
    """As a program: answers on standard output, the sentence on standard error, a code that is not zero."""
    file = tmp_path / "messages.jsonl"
    file.write_text(line(role="customer", text="😡") + "oops\n", encoding="utf-8")
    done = Aside({"ASIDE_ENCODERS": "none"})("detect", "--playbook", str(tiny), str(file))
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"role": "customer", "text": "😡", "signals": [], "anger": 1}
    assert "Line 2 is not JSON." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_answers_come_while_lines_still_come(tiny: Path) -> None:
    """Whoever feeds one line gets its answer before they send the next."""
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "detect", "--playbook", str(tiny)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("hi", "你們要賠償"):
            process.stdin.write(line(role="customer", text=text).encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.close()
        assert process.wait(30) == 0
