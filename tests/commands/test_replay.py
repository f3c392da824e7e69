"""`aside replay`: what the coach would have whispered in conversations of the past."""

import json
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli_replay import replay_command
from bot.errors import UserError
from bot.message import Role
from bot.playbook_files import load_playbook
from bot.replay import Line, Replay, Told
from bot.signals import Detector

TINY = Path(__file__).parent.parent / "playbook" / "tiny"
BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
COMPENSATION = "You must compensate us for the loss, we want a refund"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is replayed is told apart without the encoders, which take seconds to load and to learn."""
    monkeypatch.setenv("ASIDE_ENCODERS", "none")


@pytest.fixture(scope="module")
def detector() -> Detector:
    """Has learnt from the tests' small playbook."""
    return Detector.train(load_playbook(TINY))


@pytest.fixture(scope="module")
def coach(detector: Detector) -> Replay:
    """A coach with the tests' small playbook."""
    return Replay(load_playbook(TINY), detector)


def line(text: str, *, thread: str = "t", role: str = "customer", minute: float = 0, **more: Any) -> dict[str, Any]:
    """One line of a file to replay."""
    ts = (BEGAN + timedelta(minutes=minute)).isoformat()
    return {"ts": ts, "thread": thread, "speaker": "Wang", "role": role, "text": text, **more}


def replay(*lines: dict[str, Any] | str, more: tuple[str, ...] = ()) -> Result:
    """Run the command on these lines."""
    typed = "".join((each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)) + "\n" for each in lines)
    return CliRunner().invoke(replay_command, ["--playbook", str(TINY), *more], input=typed)


def answers(*lines: dict[str, Any] | str) -> list[dict[str, Any]]:
    """What `--json` answers to these lines."""
    result = replay(*lines, more=("--json",))
    assert result.exit_code == 0, result.exception
    return [json.loads(each) for each in result.stdout.splitlines()]


def refusal(*lines: dict[str, Any] | str) -> UserError:
    """The sentence with which these lines are refused."""
    error = replay(*lines).exception
    assert isinstance(error, UserError)
    return error


def test_each_message_is_answered_in_the_promised_shape() -> None:
    """One object a message, with the line's number; silence is null."""
    first, second = answers(line("how do I add a user"), line(COMPENSATION, facts={"cost": "low"}, minute=1))
    assert first == {"line": 1, "signals": [], "anger": 0, "advice": None}
    assert [each["id"] for each in second["signals"]] == ["demands_compensation"]
    assert second["advice"] == {
        "plays": ["compensation_asked"],
        "rules": ["R32", "R19"],
        "stage": "receive",
        "lines": [
            {
                "lang": "en",
                "text": "An afternoon without the line is a lot. I'm writing down exactly what happened.",
                "claims": [],
            }
        ],
        "routes": ["supervisor"],
        "withheld": [
            {
                "text": "I have asked my supervisor to look at it, and … will hear from me today.",
                "missing": ["exception_requested", "customer"],
            }
        ],
        "to": None,
    }


def test_advice_goes_to_the_agent_who_answers() -> None:
    """Who spoke for us last in the conversation is told; in another conversation that is nobody yet."""
    said = answers(
        line("hello there", role="agent"),
        line(COMPENSATION, facts={"cost": "low"}, minute=1),
        line(COMPENSATION, facts={"cost": "low"}, thread="other", minute=2),
    )
    assert [each["advice"] and each["advice"]["to"] for each in said] == [None, "Wang", None]


def test_a_fact_holds_from_its_line_on() -> None:
    """As if somebody had recorded it: before it the case stands where nothing is said, after it where it says."""
    said = answers(
        line(COMPENSATION, facts={"cost": "high"}),
        line(COMPENSATION, minute=10, facts={"cost": 1200}),
        line(COMPENSATION, minute=20, facts={"cost": "high"}),
    )
    assert [bool(each["advice"]) for each in said] == [False, True, False]


def test_the_same_play_is_not_whispered_again_at_once() -> None:
    """The cooldown of the policy holds in a replay as in Slack."""
    low = {"cost": "low"}
    said = answers(line(COMPENSATION, facts=low), line(COMPENSATION, minute=1), line(COMPENSATION, minute=30))
    assert [bool(each["advice"]) for each in said] == [True, False, True]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("{", "Line 2 is not JSON."),
        ("[]", "Line 2 is not a JSON object."),
        (line("hi") | {"role": "boss"}, 'Line 2: "role" is not usable'),
        ({key: value for key, value in line("hi").items() if key != "thread"}, 'Line 2: "thread" is missing.'),
        (line("hi") | {"ts": "yesterday"}, 'Line 2: "ts" is not usable'),
        (line("hi") | {"ts": "2026-11-20T09:00:00"}, 'Line 2: "ts" is not usable'),
        (line("hi", facts={"exeption_requested": True}), 'Line 2: There is no fact "exeption_requested".'),
        (line("hi", facts={"cost": "cheap"}), "Line 2: The fact \"cost\" is one of low, high, not 'cheap'."),
        (line("hi", facts={"expired": "perhaps"}), "Line 2: The fact \"expired\" is true or false, not 'perhaps'."),
        (
            line("hi", ts="0001-01-01T00:00:00Z"),
            'Line 2: "ts" is not usable (Input should be greater than or equal to 1970-01-01T00:00:00Z).',
        ),
        (line("hi", facts={"expired": ["yes"]}), "Line 2: The fact \"expired\" is true or false, not ['yes']."),
    ],
)
def test_a_bad_line_is_named(bad: dict[str, Any] | str, what: str) -> None:
    """One sentence with the line's number and what is wrong with it."""
    assert refusal(line("hello"), bad).what.startswith(what)


def test_a_screen_shows_the_whispers_and_a_summary() -> None:
    """Silence is not listed; the counts are at the end."""
    result = replay(line("how do I add a user"), line(COMPENSATION, facts={"cost": "low"}, minute=1))
    assert "how do I add a user" not in result.output
    assert "→ on duty: They ask for compensation" in result.output
    assert "“An afternoon without the line is a lot. I'm writing down exactly what happened.”" in result.output
    assert "not yet true (exception_requested, customer)" in result.output
    assert "whispers" in result.output
    assert "1 (50%)" in result.output


def test_two_playbooks_show_what_they_answer_differently(tmp_path: Path) -> None:
    """Only the messages that differ are listed, each with both answers, and they are counted."""
    other = tmp_path / "other"
    for file in TINY.rglob("*.yaml"):
        to = other / file.relative_to(TINY)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(file.read_text(encoding="utf-8").replace("An afternoon without", "A day without"), "utf-8")
    lines = (line(COMPENSATION, facts={"cost": "low"}), line("how do I add a user", minute=1))
    shown = replay(*lines, more=("--playbook", str(other))).output
    assert "first playbook" in shown
    assert "“A day without the line is a lot." in shown
    assert "1 of 2 messages are answered differently." in shown
    both = replay(*lines, more=("--playbook", str(other), "--json")).stdout.splitlines()
    assert [json.loads(each)["differs"] for each in both] == [True, False]


def export_of(folder: Path) -> None:
    """A small Slack export: our agent, a guest, an app that mirrors mail, and what nobody said."""
    users = [
        {"id": "U1", "name": "amy", "team_id": "T1"},
        {"id": "U3", "name": "bob", "team_id": "T1"},
        {"id": "U2", "name": "wang", "team_id": "T1", "is_restricted": True},
    ]
    at = BEGAN.timestamp()
    first = [
        {"type": "message", "subtype": "channel_join", "user": "U2", "text": "joined", "ts": f"{at:.6f}"},
        {"type": "message", "user": "U2", "text": COMPENSATION + " &amp; soon", "ts": f"{at + 60:.6f}"},
        {
            "type": "message",
            "user": "U1",
            "text": "<@U2> one moment",
            "ts": f"{at + 120:.6f}",
            "thread_ts": f"{at + 60:.6f}",
        },
        {"type": "message", "bot_id": "B1", "text": "from a mail", "ts": f"{at + 180:.6f}"},
        *({"type": "message", "user": "U2", "text": "at no time", "ts": ts} for ts in ("inf", "nan", "-5", "1e300")),
    ]
    (folder / "support").mkdir(parents=True)
    (folder / "users.json").write_text(json.dumps(users), "utf-8")
    (folder / "channels.json").write_text("[]", "utf-8")
    (folder / "support" / "2026-11-20.json").write_text(json.dumps(first), "utf-8")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_slack_export_is_replayed(tmp_path: Path, *, zipped: bool) -> None:
    """Guests are customers, our people agents, apps nobody unless they are named; a zip file or its folder."""
    export_of(tmp_path / "export")
    path = tmp_path / "export"
    if zipped:
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in (tmp_path / "export").rglob("*.json"):
                archive.write(file, file.relative_to(tmp_path / "export").as_posix())
    arguments = [str(path), "--playbook", str(TINY), "--json"]
    said = [json.loads(each) for each in CliRunner().invoke(replay_command, arguments).stdout.splitlines()]
    assert [[signal["id"] for signal in each["signals"]] for each in said] == [["demands_compensation"], []]
    named = CliRunner().invoke(replay_command, [*arguments, "--customer", "B1"]).stdout.splitlines()
    assert len(named) == 3


def test_what_is_no_export_is_told(tmp_path: Path) -> None:
    """A folder without users.json is refused with what to do."""
    error = CliRunner().invoke(replay_command, [str(tmp_path), "--playbook", str(TINY)]).exception
    assert isinstance(error, UserError)
    assert error.what.endswith("is not a Slack export: users.json is missing.")


def test_ten_times_as_many_conversations_need_no_more_memory(detector: Detector) -> None:
    """Only the conversations heard most lately are remembered."""
    remembered = 40
    coach = Replay(load_playbook(TINY), detector, most_conversations=remembered)

    def hear(first: int, count: int) -> int:
        for number in range(first, first + count):
            coach.hear(Line.model_validate(line("ok", thread=f"thread {number}")))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    once = hear(0, 2 * remembered)
    tenfold = hear(2 * remembered, 18 * remembered)
    tracemalloc.stop()
    assert tenfold - once < once / 2


def test_a_conversation_forgotten_begins_anew(detector: Detector) -> None:
    """What was said in it before, and who answered, is no longer known."""
    coach = Replay(load_playbook(TINY), detector, most_conversations=1)
    asked = Line.model_validate(line(COMPENSATION, facts={"cost": "low"}))
    answer = Line.model_validate(line("let me look", role="agent"))
    coach.hear(answer)
    assert coach.hear(asked).to == "Wang"
    coach.hear(Line.model_validate(line("hello", thread="other")))
    assert coach.hear(asked).to is None


@settings(max_examples=40, deadline=None)
@given(text=st.text(alphabet=st.characters(), max_size=300), role=st.sampled_from(["customer", "agent", "sales"]))
def test_any_text_is_heard(coach: Replay, text: str, role: str) -> None:
    """Halves of characters, marks that cannot be seen, emoji: an answer, never a stall."""
    told = coach.hear(Line.model_validate(line(text, role=role)))
    assert isinstance(told, Told)
    assert told.line.role is Role(role)
