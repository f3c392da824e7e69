"""What somebody typed is shown on a terminal and never obeyed by it."""

import json
from pathlib import Path

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot.cli_replay import replay_command
from bot.terminal import printable
from tests.commands.conftest import TINY

OBEYED = "\x1b]0;another title\x07\x1b[2J\x9b31m\x08\x00"


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    """Letters of every script, marks and emoji stay; what moves the cursor or paints the screen goes."""
    shown = printable(text)
    shown.encode()  # no half of a character is left
    assert len(shown) == len(text)
    assert all(each == "\n" or each.isprintable() or ord(each) > 0x9F for each in shown)


def test_what_a_customer_once_wrote_does_not_reach_the_terminal(tmp_path: Path) -> None:
    """A replayed conversation may hold anything, names included."""
    file = tmp_path / "conversation.jsonl"
    said = {
        "ts": "2026-03-04T10:00:00+08:00",
        "thread": "1",
        "speaker": f"王{OBEYED}",
        "role": "customer",
        "facts": {"cost": "low"},
        "text": f"You must compensate us for the loss, we want a refund {OBEYED}",
    }
    file.write_text(json.dumps(said) + "\n", "utf-8")
    told = CliRunner().invoke(replay_command, [str(file), "--playbook", str(TINY)], catch_exceptions=False).stdout
    assert "we want a refund" in told
    assert [each for each in "\x1b\x07\x9b\x08\x00" if each in told] == []
