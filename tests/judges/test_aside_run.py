"""The real product, `aside run`, against local-slack, a stand-in for Slack that nobody here wrote."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, SHARED, SUPERVISOR
from tests.judges.local_slack import LocalSlack
from tests.judges.published import Record

pytestmark = pytest.mark.slow

ASIDE = Path(sys.executable).with_name("aside")
COMPLAINT = "你們的系統又當機了！我已經講三次了，到底有沒有人要處理？叫你們主管出來！"

SETTING_UP = (
    (
        *("setup", "--channel", SHARED, "--duty", f"{SHARED}={AGENT}", "--agent", AGENT),
        *("--supervisor", SUPERVISOR, "--approvals", APPROVALS, "--sales-channel", APPROVALS),
    ),
)
"""The `aside` commands that set up `SHARED` with `AGENT` on duty and `APPROVALS` for approvals and sales."""


@pytest.fixture(autouse=True)
def held_to_types(slack: LocalSlack) -> Iterator[None]:
    """What the bot said is as Slack publishes it."""
    yield
    record = Record()
    for entry in slack.log():
        if (entry["direction"], entry["kind"]) == ("from_bot", "web_api"):
            record.note({"dir": "call", "name": entry["summary"], "body": entry["detail"] or {}, "error": None})
    record.check()


@pytest.mark.parametrize("slack", ["socket", "http"], indirect=True)
def test_a_message_in_a_whisper_out(slack: LocalSlack, tmp_path: Path) -> None:
    """An outsider's complaint in a support channel brings one whisper to the agent on duty, nobody else."""
    settings = {
        **slack.settings,
        "ASIDE_DATA": str(tmp_path),
        "ASIDE_DIRECTORY": str(tmp_path / "directory.db"),
    }
    for command in SETTING_UP:
        slack.inside.run([str(ASIDE), *command], settings)
    slack.inside.start("aside", [str(ASIDE), "run"], settings)
    slack.wait_for_bot("aside")

    slack.say(SHARED, CUSTOMER, COMPLAINT)

    slack.wait_for_whisper(SHARED, "aside")
    whispers = slack.whispers(SHARED)
    assert [whisper["ephemeral_to"] for whisper in whispers] == [AGENT]
    assert whispers[0]["blocks"], "a whisper is made of blocks"
    assert slack.spoken_by_bot(SHARED) == []
    assert slack.spoken_by_bot(APPROVALS) == []
