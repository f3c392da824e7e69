"""`aside run`, `aside demo` and the help: one clear sentence when they cannot start, and a quiet end."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.commands.conftest import TINY, Aside, free_port, said
from tests.fresh import in_a_file

COMMANDS = (
    *("demo", "run", "manifest", "workspaces", "setup", "doctor", "import", "warranty", "backup", "restore", "report"),
    *("export", "forget", "case", "detect", "replay", "playbook"),
)
STOPPING = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def aside(aside: Aside) -> Aside:
    """With the playbook that comes with it."""
    del aside.environment["ASIDE_PLAYBOOK"]
    return aside


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What it prints, up to the line with this text."""
    seen = ""
    assert process.stdout
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    assert process.stderr
    raise AssertionError(seen + process.stderr.read())


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def is_alive(pid: int) -> bool:
    """Whether there is such a process, a dead one that nobody buried aside."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Send a signal; the exit code and what it still said on standard error."""
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


# --- run


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            {"ASIDE_SLACK_BOT_TOKEN": ""},
            ["ASIDE_SLACK_BOT_TOKEN is not set.", "Copy the bot token (xoxb-…) of your Slack app into it."],
        ),
        (
            {"ASIDE_SLACK_BOT_TOKEN": "xoxb-wrong"},
            ["Slack does not accept the bot token: invalid_auth.", "Check ASIDE_SLACK_BOT_TOKEN."],
        ),
        (
            {"ASIDE_SLACK_APP_TOKEN": ""},
            [
                "ASIDE_SLACK_APP_TOKEN is not set.",
                "Make an app-level token (xapp-…) with connections:write, or set ASIDE_SLACK_SIGNING_SECRET for HTTP.",
            ],
        ),
        (
            {"ASIDE_SLACK_APP_TOKEN": "xapp-wrong"},
            [
                "Slack does not open a Socket Mode connection: invalid_auth.",
                "Check ASIDE_SLACK_APP_TOKEN and that Socket Mode is on.",
            ],
        ),
        (
            {"ASIDE_SLACK_SIGNING_SECRET": "sandbox"},
            [
                "ASIDE_SLACK_APP_TOKEN and ASIDE_SLACK_SIGNING_SECRET are both set.",
                "Leave out the second for Socket Mode, or the first for HTTP; a Slack app has one or the other.",
            ],
        ),
        (
            {"ASIDE_SLACK_APP_TOKEN": "", "ASIDE_SLACK_SIGNING_SECRET": "sandbox", "ASIDE_HTTP_HOST": "192.0.2.1"},
            [
                "Port 3000 of 192.0.2.1 cannot be used: Cannot assign requested address.",
                "Take another one: ASIDE_HTTP_PORT and ASIDE_HTTP_HOST.",
            ],
        ),
        pytest.param(
            {"ASIDE_DATA": "/dev/null/data"},
            ["The data folder /dev/null/data cannot be written: Not a directory.", "Set ASIDE_DATA to another folder."],
            marks=in_a_file,
        ),
    ],
)
def test_what_keeps_the_bot_from_starting_is_one_sentence(
    aside: Aside, settings: dict[str, str], lines: list[str]
) -> None:
    """And one what to do; no traceback, exit code 1."""
    quickly = {"ASIDE_PLAYBOOK": str(TINY), "ASIDE_ENCODERS": "none"}
    assert said(aside("run", **quickly, **settings)) == (1, lines)


@in_a_file
@pytest.mark.slow
@pytest.mark.parametrize("number", STOPPING)
def test_a_running_bot_stops_when_asked(aside: Aside, data: Path, number: signal.Signals) -> None:
    """A second one on the same folder is refused meanwhile; the end is quiet, and the folder is free again."""
    first = aside.start("run", ASIDE_LOG_LEVEL="warning")
    read_until(first, "Aside is listening. Ctrl-C stops it.")
    second = aside.in_a_process("run")
    assert said(second) == (
        1,
        [f"Another Aside is already running on {data}.", "Stop it first, or set ASIDE_DATA to another folder."],
    )
    assert end(first, number) == (0, "")
    third = aside.start("run", ASIDE_LOG_LEVEL="warning")
    read_until(third, "Aside is listening.")
    assert end(third, number) == (0, "")


@pytest.mark.slow
def test_a_bot_over_http_says_that_it_is_ready(aside: Aside) -> None:
    """Whoever supervises it asks the port that was given with the command."""
    port = free_port()
    bot = aside.start("run", "--port", str(port), ASIDE_SLACK_APP_TOKEN="", ASIDE_SLACK_SIGNING_SECRET="sandbox")
    read_until(bot, "Aside is listening.")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
        found = answer.status, json.load(answer)
    code, _ = end(bot, signal.SIGTERM)
    assert (*found, code) == (
        200,
        {"status": "ready", "database": "ok", "directory": "ok", "playbook": "ok", "slack": "ok"},
        0,
    )


# --- demo


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPPING)
def test_the_demo_gives_an_address_and_takes_its_slack_with_it(
    aside: Aside, data: Path, number: signal.Signals
) -> None:
    """The page is there while it runs; a second demo leaves it alone; afterwards no process is left."""
    real = {
        "ASIDE_DATABASE_URL": "postgresql://nowhere.invalid/the-real-one",
        "ASIDE_DIRECTORY": "/nonexistent/directory.db",
        "ASIDE_SLACK_SIGNING_SECRET": "the real one's",
        "ASIDE_SLACK_CLIENT_ID": "the real one's",
        "ASIDE_SLACK_CLIENT_SECRET": "the real one's",
        "ASIDE_WORKSPACE": "T0REAL",
    }
    demo = aside.start("demo", "--port", "0", **real)
    seen = read_until(demo, "Ctrl-C ends the demo.")
    url = next(word for word in seen.split() if word.startswith("http"))
    (sandbox,) = children(demo.pid)
    with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310 - our own server
        assert page.status == 200
    before = sorted((data / "demo").rglob("*.db"))
    second = aside.in_a_process("demo", "--port", "0")
    assert said(second) == (
        1,
        [
            f"Another Aside is already running on {data / 'demo'}.",
            "Stop it first, or set ASIDE_DATA to another folder.",
        ],
    )
    assert sorted((data / "demo").rglob("*.db")) == before
    assert end(demo, number) == (0, "")
    assert not is_alive(sandbox)


@pytest.mark.slow
def test_a_demo_stopped_before_it_is_ready_leaves_nothing_behind(aside: Aside) -> None:
    """The make-believe Slack is started first, so it has to be ended from there on."""
    demo = aside.start("demo", "--port", "0")
    read_until(demo, "Making up a software vendor")
    (sandbox,) = children(demo.pid)
    assert end(demo, signal.SIGTERM) == (0, "")
    assert not is_alive(sandbox)


def test_a_port_that_is_taken_is_told(aside: Aside) -> None:
    """With a way out, and before anything is made up."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, lines = said(aside.in_a_process("demo", "--port", str(port)))
    assert code == 1
    assert lines[0].startswith(f"Port {port} cannot be used: ")
    assert lines[1:] == ["The make-believe Slack did not start.", "Take a free port: aside demo --port 0."]


def test_a_port_that_cannot_be_is_a_usage_error(aside: Aside) -> None:
    """Ports end at 65535."""
    code, lines = said(aside("demo", "--port", "70000"))
    assert (code, lines[-1]) == (
        2,
        "Error: Invalid value for '--port': 70000 is not in the range 0<=x<=65535.",
    )


# --- help


def test_the_help_names_every_command_in_the_order_in_which_people_meet_them(aside: Aside) -> None:
    """The list is at hand without loading any of them."""
    done = aside("--help")
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines() if line.strip()]
    assert tuple(listed) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(aside: Aside, command: str) -> None:
    """What it does and what each option means, without any setting."""
    done = aside(command, "--help", ASIDE_SLACK_BOT_TOKEN="", ASIDE_DIRECTORY="", ASIDE_DATA=os.devnull)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: python -m bot {command} ")
    options = done.stdout.partition("Options:\n")[2]
    assert "-h, --help" in options
    assert all(len(line.split("  ")) > 1 for line in options.splitlines() if line.lstrip().startswith("--"))


def test_an_unknown_command_is_a_usage_error(aside: Aside) -> None:
    """With the way to the help."""
    assert said(aside("nonsense")) == (
        2,
        [
            "Usage: python -m bot [OPTIONS] COMMAND [ARGS]...",
            "Try 'python -m bot --help' for help.",
            "",
            "Error: No such command 'nonsense'.",
        ],
    )
