"""Aside and a plain Bolt app against local-slack, a stand-in for Slack that nobody here wrote."""

import sys
from pathlib import Path

import pytest

from tests.flow.conftest import AGENT, CUSTOMER, SHARED
from tests.judges.local_slack import LocalSlack, running
from tests.judges.npm import OutOfReach

pytestmark = pytest.mark.slow

ECHO_BOT = Path(__file__).with_name("echo_bot.py")


def test_a_plain_bolt_app_hears_a_message_and_whispers(slack: LocalSlack) -> None:
    """An unmodified Bolt app over Socket Mode is heard and whispers, so a failure below is Aside's own."""
    slack.inside.start("echo", [sys.executable, str(ECHO_BOT), AGENT], slack.settings)
    slack.wait_for_bot("echo")
    slack.say(SHARED, CUSTOMER, "印表機又卡紙了")
    whisper = slack.wait_for_whisper(SHARED, "echo")
    assert (whisper["ephemeral_to"], whisper["text"]) == (AGENT, "印表機又卡紙了")
    assert slack.spoken_by_bot(SHARED) == []


def test_only_loopback_exists_around_the_stand_in(slack: LocalSlack) -> None:
    """local-slack listens on all addresses; in its namespace these are loopback and no other."""
    interfaces = [line.split(":")[0].strip() for line in slack.inside.run(["cat", "/proc/net/dev"]).splitlines()[2:]]
    ours = Path("/proc/self/ns/net").readlink()
    assert interfaces == ["lo"]
    assert Path(f"/proc/{slack.inside.holder}/ns/net").readlink() != ours


def test_the_customer_of_this_world_cannot_be_looked_up(slack: LocalSlack) -> None:
    """A person whose look-up fails counts as an outsider: that is how a customer is played here."""
    answer = slack.inside.request("GET", f"/api/users.info?user={CUSTOMER}")
    assert answer == {"ok": False, "error": "user_not_found"}


def test_nothing_outlives_the_stand_in() -> None:
    """What a judge started is gone when it is closed: a test leaves no process and no namespace behind."""
    try:
        with running() as slack:
            holder = slack.inside.holder
            slack.inside.start("idle", ["sleep", "1000"])
    except OutOfReach as reason:
        pytest.skip(str(reason))
    assert not Path(f"/proc/{holder}").exists()
    assert not slack.inside.folder.exists()
